#!/usr/bin/env bats
# imap - imaptalk against Dovecot
# SPDX-License-Identifier: MIT
load ../lib/common

setup() {
	servers
	rm -rf "$MAILDIR"
	mkdir -p "$MAILDIR/new" "$MAILDIR/cur" "$MAILDIR/tmp"
	chown -R 61005:61005 "$MAILDIR"
}

deliver() { # NAME < MESSAGE
	cat >"$MAILDIR/new/$1"
	chown 61005:61005 "$MAILDIR/new/$1"
}

imap() { # OPTION...
	try imaptalk "localhost:$IMAP_PORT" --ca-file "$PKI/root.pem" -t 15 -u sample --pass-file pass "$@"
}

@test "STARTTLS, then CAPABILITY again, then the login" {
	imap
	exits 0
	says "STARTTLS" "TLS1.3" "OK Logged in" "INBOX: 0 messages"
	[ "$(grep -c 'C: a[0-9]* CAPABILITY' out)" -eq 3 ]
}

@test "implicit TLS" {
	try imaptalk "imaps://sample@localhost:$IMAPS_PORT" --ca-file "$PKI/root.pem" --pass-file pass --folders
	exits 0
	says "INBOX" "folders listed"
	says_not "STARTTLS"
}

@test "every mechanism that Dovecot offers" {
	for mech in PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		imap --auth $mech --auth-only
		exits 0
		says "logged in"
	done
}

@test "plain text refused by policy: the password is not sent" {
	try imaptalk "127.0.0.2:$IMAP_PORT" --tls none -t 15 -u sample --pass-file pass --list
	exits 2
	says "forbids LOGIN"
	says_not "LOGIN \"sample\""
}

@test "a wrong password" {
	try imaptalk "localhost:$IMAP_PORT" --tls none -t 15 -u sample --pass-file wrong-pass --json
	exits 2
	verdict CRITICAL auth
}

@test "list, search and read leave a message unseen" {
	printf 'From: a@example.com\nSubject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n\nfirst\n' | deliver 1.a
	printf 'From: b@example.com\nSubject: two\n\n.\n..dots\nlast line without end' | deliver 2.b
	LC_ALL=C.UTF-8 imap --list
	exits 0
	says "テスト" "2 messages"
	imap --find dots --read uid:2
	exits 0
	says "| ..dots" "| last line without end"
	imap --read last --source --headers 1
	exits 0
	imap
	says "UNSEEN 2"
}

@test "a folder that is not there" {
	imap --folder Nowhere --list
	exits 2
	says "Mailbox doesn't exist" "imap-no-mailbox"
}

sums() { "$BATS_TEST_DIRNAME/../lib/mkmail" sums "$@"; }

# IMAP has no NUL (RFC 3501 4.3): Dovecot makes it 0x80.
@test "hard messages come octet for octet" {
	"$BATS_TEST_DIRNAME/../lib/mkmail" hard "$MAILDIR"
	imap --dump copy
	exits 0
	says "15 kept now"
	sed -i 's/\x00/\x80/' "$MAILDIR"/*/*.00014.probe*
	sums copy/new >kept
	sums "$MAILDIR/new" "$MAILDIR/cur" | cmp - kept
}

@test "a dump of 2000 messages goes on after a kill, none lost, none double" {
	"$BATS_TEST_DIRNAME/../lib/mkmail" 2000 "$MAILDIR"
	imaptalk "localhost:$IMAP_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass --dump copy >out 2>&1 3>&- &
	soon sh -c '[ "$(ls copy/new | wc -l)" -ge 1 ]'
	kill -9 $! || :
	wait $! || :
	[ "$(ls copy/new | wc -l)" -lt 2000 ]
	imap --dump copy
	exits 0
	says "2000 messages" "nothing was deleted or changed there"
	sums copy/new >kept
	[ "$(wc -l <kept)" -eq 2000 ]
	sums "$MAILDIR/new" "$MAILDIR/cur" | cmp - kept
	imap --dump copy
	exits 0
	says "0 kept now, 2000 before"
}

# Dovecot ends the session at such a one.
@test "messages that cannot be read: told, and all others are copied" {
	"$BATS_TEST_DIRNAME/../lib/mkmail" 9 "$MAILDIR"
	imap --list
	chmod 0 "$MAILDIR"/*/*.0000[36].probe*
	chown 0:0 "$MAILDIR"/*/*.0000[36].probe*
	imap --dump copy
	exits 2
	says "the session ended at message uid:3" "7 kept now, 0 before; 2 refused" pop-mailbox-unreadable
	[ "$(ls copy/new | wc -l)" -eq 7 ]
}

@test "find and wait: IDLE tells of the mail that comes later" {
	printf 'Subject: one\n\nx\n' | deliver 1.a
	imap --find "the token"
	exits 2
	says "imap-not-found"
	(soon grep -q idling out && printf 'Subject: the token\n\nx\n' | deliver 9.z) 3>&- &
	imap --find "the token" --wait 60 -t 70 --read last
	exits 0
	says "IDLE" "+ idling" "* 2 EXISTS" "C: DONE" "| Subject: the token" "2 messages"
	wait
}

@test "IDLE by hand: what comes is shown, DONE is no secret" {
	printf 'Subject: one\n\nx\n' | deliver 1.a
	mkfifo keys
	imaptalk "localhost:$IMAP_PORT" --tls none -t 15 -i <keys >out 2>&1 3>&- &
	OTHER_PIDS=$!
	exec 9>keys
	printf 'a1 LOGIN sample password\na2 EXAMINE INBOX\na3 IDLE\n' >&9
	soon grep -q idling out
	printf 'Subject: two\n\nx\n' | deliver 2.b
	soon grep -q '2 EXISTS' out
	printf 'DONE\na4 LOGOUT\n' >&9
	exec 9>&-
	wait "$OTHER_PIDS"
	output=$(<out)
	says "C: DONE" "S: a3 OK" "S: a4 OK"
}

@test "check: two logins, all messages read" {
	printf 'Subject: one\n\n1\n' | deliver 1.a
	printf 'Subject: two\n\n.\nno end' | deliver 2.b
	imap --check
	exits 0
	says "sizes, line ends and UIDs are in order" "nothing was deleted"
	[ "$(grep -c 'C: a[0-9]* LOGIN' out)" -eq 2 ]
	imap
	says "UNSEEN 2"
}

@test "thresholds: the age by INTERNALDATE" {
	printf 'Date: Wed, 1 Jan 2020 00:00:00 +0000\n\n1\n' | deliver 1.a
	touch -d '2 days ago' "$MAILDIR/new/1.a"
	imap --nagios -w oldest=1d,messages=5 -c newest=3d
	exits 1
	says "IMAPTALK WARNING - mailbox: the oldest message came 48h 00m ago, more than 24h 00m"
}

@test "--delete takes what it names, and leaves what another program has marked" {
	for n in 1 2 3; do printf 'Subject: %s\n\n%s\n' $n $n | deliver $n.a; done
	printf 'x SELECT INBOX\nx STORE 1 +FLAGS (\\Deleted)\nx LOGOUT\n' >lines
	INPUT=lines imap -i
	imap --delete 2 --yes
	exits 0
	says "UID EXPUNGE 2" "INBOX: 2 messages; 1 deleted"
	imap --list
	says " 1 " " 3"
	[ "$(cat "$MAILDIR"/cur/* | grep -c '^Subject: [13]$')" -eq 2 ]
}
