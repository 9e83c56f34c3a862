#!/usr/bin/env bats
# pop3 - pop3talk against Dovecot
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

pop3() { # OPTION...
	try pop3talk "localhost:$POP3_PORT" --ca-file "$PKI/root.pem" -t 15 -u sample --pass-file pass "$@"
}

@test "STLS, then CAPA again, then the login" {
	pop3 --list
	exits 0
	says "C: STLS" "TLS1.3" "S: +OK Logged in." "0 messages"
	[ "$(grep -c 'C: CAPA' out)" -eq 2 ]
}

@test "implicit TLS" {
	try pop3talk "localhost:$POP3S_PORT" --tls implicit --ca-file "$PKI/root.pem" -u sample --pass-file pass --list
	exits 0
	says_not "C: STLS"
	try pop3talk "pop3s://sample@localhost:$POP3S_PORT" --ca-file "$PKI/root.pem" --pass-file pass --list
	exits 0
}

# Dovecot trusts a client only whose address is its own: at 127.0.0.2 it wants TLS.
@test "plain text refused by policy: the password is not blamed" {
	try pop3talk "127.0.0.2:$POP3_PORT" --tls none -t 15 -u sample --pass-file pass --list
	exits 2
	says "S: -ERR [AUTH]" "disallowed" "TLS"
	says_not "wrong password"
	try pop3talk "127.0.0.2:$POP3_PORT" --tls starttls --ca-file "$PKI/root.pem" -t 15 -u sample \
		--pass-file pass --list
	exits 0
}

@test "a wrong password" {
	try pop3talk "localhost:$POP3_PORT" --tls none -t 15 -u sample --pass-file wrong-pass --list --json
	exits 2
	verdict CRITICAL auth
	[ "$(grep -c '"text":"PASS ' out)" -le 1 ]
}

@test "UIDL, TOP and RETR of several messages; sizes agree" {
	printf 'From: a@example.com\nSubject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n\nfirst\n' | deliver 1.a
	printf 'From: b@example.com\nSubject: two\n\n.\n..dots\nlast line without end' | deliver 2.b
	pop3 --list
	exits 0
	says "2 messages, 144 octets"
	pop3 --uidl
	exits 0
	says "C: UIDL"
	pop3 --read 2
	exits 0
	says "..dots" "last line without end" "69 octets"
}

@test "an encoded subject is decoded in a UTF-8 terminal, and only there" {
	printf 'From: a@example.com\nSubject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\n\nx\n' | deliver 1.a
	LC_ALL=C.UTF-8 pop3 --list
	says "テスト"
	pop3 --list
	exits 0
}

@test "a message that would act on the terminal does not" {
	printf 'Subject: x\033[2J\n\n\033]0;owned\007 \302\233 \177 \001\n' | deliver 1.a
	pop3 --list
	exits 0
	pop3 --read 1
	exits 0
	says '\x1b'
}

@test "nothing is deleted without --delete and --yes, and then only what was named" {
	printf 'Subject: one\n\n1\n' | deliver 1.a
	printf 'Subject: two\n\n2\n' | deliver 2.b
	pop3 --list
	pop3 --read 1
	says_not "C: DELE"
	pop3 --delete 1
	exits 3
	[ "$(find "$MAILDIR" -type f -name '[12].*' | wc -l)" -eq 2 ]
	pop3 --delete 1 --yes
	exits 0
	says "C: DELE 1" "S: +OK Logging out, messages deleted."
	[ "$(find "$MAILDIR" -type f -name '[12].*' | sed 's/.*\///; s/[:,].*//')" = 2.b ]
}

@test "a message that is not there" {
	pop3 --read 7
	exits 2
	says "no message 7"
}

@test "curl reads what smtptalk sent" {
	command -v curl >/dev/null || skip "no curl"
	try smtptalk "localhost:$SMTP_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass \
		--from sample@example.com --to sample@example.com --subject "for curl"
	exits 0
	soon sh -c "ls '$MAILDIR'/new/*"
	curl -s --ssl-reqd --cacert "$PKI/root.pem" -u sample:password "pop3://localhost:$POP3_PORT/1" >got
	grep -q '^Subject: for curl' got
}

mailbox() { # hard|N
	"$BATS_TEST_DIRNAME/../lib/mkmail" "$1" "$MAILDIR"
}

sums() { "$BATS_TEST_DIRNAME/../lib/mkmail" sums "$@"; }

same() { # COPY-OF-SUMS
	sums "$MAILDIR/new" "$MAILDIR/cur" | cmp - "$1"
}

dump_killed() { # TARGET FILE-THAT-SAYS-IT-BEGAN
	pop3talk "localhost:$POP3_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass --dump "$1" >out 2>&1 3>&- &
	soon sh -c "[ -n \"\$(cat $2)\" ]"
	kill -9 $! || :
	wait $! || :
}

@test "hard messages come octet for octet" {
	mailbox hard
	pop3 --dump copy
	exits 0
	says "15 kept now" "2 of the messages: 2 octets more than LIST says" "nothing was deleted"
	sums copy/new >kept
	same kept
}

@test "a dump of 2000 messages goes on after a kill, none lost, none double" {
	mailbox 2000
	dump_killed copy "copy/new/*"
	[ "$(ls copy/new | wc -l)" -lt 2000 ]
	pop3 --dump copy
	exits 0
	says "2000 messages" "nothing was deleted"
	sums copy/new >kept
	[ "$(wc -l <kept)" -eq 2000 ]
	same kept
	[ "$(ls copy/tmp | wc -l)" -eq 0 ]
	pop3 --dump copy
	exits 0
	says "0 kept now, 2000 before"
}

@test "an mbox has the same messages after a kill, and on standard output" {
	mailbox 2000
	dump_killed a.mbox a.mbox.kept
	[ "$(wc -l <a.mbox.kept)" -lt 2000 ]
	pop3 --dump a.mbox
	exits 0
	pop3talk "localhost:$POP3_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass --dump - >b.mbox 2>err
	cmp a.mbox b.mbox
	mkdir apart
	awk '/^From / { close(f); f = "apart/" ++n; held = 0; next } { if (held) print "" >f; held = $0 == ""
		sub(/^>/, $0 ~ /^>+From / ? "" : ">"); if (!held) print >f }' a.mbox
	sums apart >kept
	[ "$(wc -l <kept)" -eq 2000 ]
	same kept
}

@test "messages that cannot be read: told, and all others are copied" {
	mailbox 9
	pop3 --stat
	chmod 0 "$MAILDIR"/*/*.0000[36].probe*
	chown 0:0 "$MAILDIR"/*/*.0000[36].probe*
	pop3 --dump copy
	exits 2
	says "7 kept now, 0 before; 2 refused" pop-message-gone
	[ "$(ls copy/new | wc -l)" -eq 7 ]
}

@test "check: two logins, all messages read" {
	mailbox 3
	pop3 --check
	exits 0
	says "sizes, line ends and unique ids are in order" "nothing was deleted"
	[ "$(grep -c 'C: PASS' out)" -eq 2 ]
}

@test "find and wait: the mail that comes later is shown" {
	mailbox 2
	pop3 --find "no such text"
	exits 2
	says "pop3-not-found"
	(sleep 1; printf 'Subject: the token\n\nx\n' | deliver 9.z) 3>&- &
	pop3 --find "the token" --wait 60 -t 70 --read last
	exits 0
	says "the token" "3 messages"
	wait
}

@test "a message is read: text decoded, attachment listed, nothing raw" {
	printf '%s\n' 'Subject: two parts' 'Content-Type: multipart/mixed; boundary=b' '' '--b' \
		'Content-Type: text/plain; charset=windows-1252' 'Content-Transfer-Encoding: quoted-printable' '' \
		'caf=E9=1B[31m' '--b' 'Content-Type: image/png; name="a.png"' 'Content-Transfer-Encoding: base64' '' \
		'iVBORw0KGgo=' '--b--' | deliver 1.a
	LC_ALL=C.UTF-8 pop3 --read last
	exits 0
	says '| café\x1b[31m' "-- part 2: image/png, a.png, 14 octets, not shown"
	says_not "iVBOR"
	pop3 --read last --source
	says "| caf=E9" "iVBOR"
}
