#!/usr/bin/env bats
# popservers - pop3talk and imaptalk against Courier, Cyrus, GNU mailutils and popa3d
# SPDX-License-Identifier: MIT
load ../lib/common

setup_file() { start_servers pop; }

teardown_file() { stop_servers pop; }

setup() { servers pop; }

mkmail() { "$BATS_TEST_DIRNAME/../lib/mkmail" "$@"; }

sums() { mkmail sums "$@"; }

courier_sums() { sums "$COURIER_MAIL/Maildir/new" "$COURIER_MAIL/Maildir/cur"; }

port() { # SERVER PROTOCOL
	local name=$1_$2_PORT
	echo "${!name}"
}

talk() { # SERVER POP3|POP3S|IMAP|IMAPS OPTION...
	local applet=${2,,} port
	port=$(port "$1" "$2")
	shift 2
	try "${applet%s}talk" "localhost:$port" --ca-file "$PKI/root.pem" -t 20 -u sample --pass-file pass "$@"
}

courier() { # hard|N
	rm -rf "$COURIER_MAIL"
	mkdir "$COURIER_MAIL"
	chown 61005:61005 "$COURIER_MAIL"
	mkmail "$1" "$COURIER_MAIL/Maildir"
}

mbox() { # FILE
	mkmail mbox "$1"
	chown 61005:61024 "$1"
	chmod 600 "$1"
}

# Cyrus takes what has CR LF and no NUL.
cyrus() {
	local file
	talk CYRUS IMAP --stat
	! [[ $output == *"13 messages"* ]] || return 0
	mkmail crlf messages
	for file in messages/*; do
		curl -s -S -u sample:password -T "$file" "imap://127.0.0.1:$CYRUS_IMAP_PORT/INBOX"
	done
}

# Most of the time goes by in waiting, so the rows wait together.
together() { # FUNCTION ROW...
	local check=$1 row pids=
	shift
	for row; do
		mkdir "$row"
		# shellcheck disable=SC2086 # words
		(cd "$row" && cp ../pass . && $check $row) >"$row/log" 2>&1 3>&- &
		pids="$pids $!"
	done
	for row; do
		# shellcheck disable=SC2086 # words
		set -- $pids
		wait "$1" || fail "$row: $(<"$row/log")"
		shift
		pids=$*
	done
}

each_mech() { # SERVER PROTOCOL MECH...
	local server=$1 proto=$2 mech
	shift 2
	for mech; do
		talk "$server" "$proto" --auth "$mech" --auth-only
		exits 0
		says "OK auth: user \"sample\" logged in"
	done
}

@test "Courier: each mechanism, by POP3 and IMAP, STLS, STARTTLS, both TLS ports" {
	courier hard
	talk COURIER POP3 --stat
	exits 0
	says "C: STLS" "TLS1.3" "C: UTF8" "C: PASS" "OK mailbox: 15 messages"
	each_mech COURIER POP3 plain login cram-md5
	talk COURIER POP3S --tls implicit --stat
	exits 0
	says_not "C: STLS"
	talk COURIER IMAP --stat
	exits 0
	says "STARTTLS" "TLS1.3" "LOGIN \"sample\"" "INBOX: 15 messages"
	each_mech COURIER IMAP plain cram-md5
	talk COURIER IMAPS --tls implicit --auth-only
	exits 0
}

@test "Cyrus: each mechanism, APOP, by POP3 and IMAP, STLS, STARTTLS, both TLS ports" {
	local mechs="plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 ntlm"
	talk CYRUS POP3 --stat
	exits 0
	says "C: STLS" "TLS1.3" "C: PASS"
	talk CYRUS POP3 --apop --auth-only
	exits 0
	each_mech CYRUS POP3 $mechs
	talk CYRUS POP3S --tls implicit --stat
	exits 0
	talk CYRUS IMAP --stat
	exits 0
	each_mech CYRUS IMAP $mechs
	talk CYRUS IMAPS --tls implicit --folders
	exits 0
	says INBOX
}

@test "mailutils and popa3d: what they offer" {
	mbox "$MAILUTILS_MAIL"
	mbox "$POPA3D_MAIL"
	talk MAILUTILS POP3 --stat
	exits 0
	says "EXPIRENEVER" "C: STLS" "OK mailbox: 15 messages"
	talk MAILUTILS IMAP --stat
	exits 0
	says "STARTTLS" "OK mailbox: INBOX: 15 messages"
	each_mech MAILUTILS IMAP plain login
	talk POPA3D POP3 --stat
	exits 0
	says "no capability list here" "OK mailbox: 15 messages"
}

refused() { # SERVER PROTOCOL ID
	talk "$1" "$2" --auth-only
	exits 2
	says "$3"
}

@test "a refused login is told in the terms of each server" {
	printf 'wrong\n' >pass
	together refused "COURIER POP3 courier-auth-failed" "COURIER IMAP courier-auth-failed" \
		"CYRUS POP3 cyrus-auth-failed" "CYRUS IMAP cyrus-auth-failed" "MAILUTILS POP3 mailutils-auth-failed" \
		"MAILUTILS IMAP mailutils-auth-failed" "POPA3D POP3 popa3d-auth-failed"
	printf 'password\n' >pass
	talk COURIER POP3 -u homeless --stat
	exits 2
	says "courier-temporary-problem"
}

unlisted() { # SERVER PROTOCOL
	talk "$1" "$2" --auth scram-sha-1 --auth-only
	exits 2
	says "this mechanism is not offered" "auth-mech-unlisted"
}

@test "a mechanism that is not offered: the password is not blamed" {
	together unlisted "COURIER POP3" "COURIER IMAP" "MAILUTILS POP3" "POPA3D POP3"
}

@test "a mailbox that another session holds: no wrong password" {
	mbox "$MAILUTILS_MAIL"
	mkfifo keys
	pop3talk "localhost:$MAILUTILS_POP3_PORT" --tls none -t 15 -i <keys >held 2>&1 3>&- &
	OTHER_PIDS=$!
	exec 9>keys
	printf 'USER sample\nPASS password\nSTAT\n' >&9
	soon grep -qE '^S: \+OK [0-9]+ [0-9]+' held
	talk MAILUTILS POP3 --stat
	exits 1
	says "pop-in-use"
	exec 9>&-
	wait "$OTHER_PIDS" || :
}

list_read_find() { # SERVER PROTOCOL
	local number
	LC_ALL=C.UTF-8 talk "$1" "$2" --list --find "8 bit" --read last
	[ "$status" -le 1 ] # mailutils: LIST does not add up to STAT
	says "テストの件名" "café" "1 MB attachment" "8 bit"
	number=$(sed -n 's/^ *\([0-9]*\) .* dot lines$/\1/p' out)
	talk "$1" "$2" --read "$number"
	[ "$status" -le 1 ]
	says "| ." "| .leading" "| ...three"
}

@test "list, read and find" {
	courier hard
	cyrus
	mbox "$MAILUTILS_MAIL"
	mbox "$POPA3D_MAIL"
	together list_read_find "COURIER POP3" "COURIER IMAP" "CYRUS POP3" "CYRUS IMAP" "MAILUTILS IMAP" "POPA3D POP3"
	list_read_find MAILUTILS POP3
}

@test "Courier: hard messages come octet for octet, by POP3 and IMAP" {
	courier hard
	talk COURIER POP3 --dump copy
	exits 0
	says "15 kept now" "2 of the messages: 2 octets more than LIST says"
	courier_sums >there
	sums copy/new | cmp - there
	talk COURIER IMAP --dump copy2
	exits 0
	says "15 kept now"
	sums copy2/new | cmp - there
	talk COURIER POP3 --check
	exits 0
}

@test "Cyrus: what was stored comes octet for octet, by POP3 and IMAP" {
	cyrus
	mkmail crlf messages
	sums messages >there
	talk CYRUS POP3 --dump copy
	exits 0
	says "13 kept now"
	sums copy/new | cmp - there
	talk CYRUS IMAP --dump copy2
	exits 0
	sums copy2/new | cmp - there
	talk CYRUS POP3 --dump copy
	exits 0
	says "0 kept now, 13 before"
}

@test "popa3d: a mailbox comes octet for octet, though two unique ids are the same" {
	mbox "$POPA3D_MAIL"
	talk POPA3D POP3 --dump copy
	exits 1
	says "15 kept now" pop3-uidl-twice
	mkmail quoted there
	sums copy/new >got
	sums there/new | cmp - got
	talk POPA3D POP3 --dump copy
	exits 1
	says "0 kept now, 15 before"
}

# It writes fields of its own into the mailbox and the messages, but counts without them. By IMAP it adds a line
# end to the message that has no body.
@test "mailutils: all but the fields it adds comes octet for octet; the sizes are a finding" {
	mbox "$MAILUTILS_MAIL"
	mkmail ended there
	sums there/new >sums
	talk MAILUTILS POP3 --dump copy
	exits 1
	says "15 kept now" "15 messages in all whose size differs" pop3-size-differs
	talk MAILUTILS IMAP --dump copy2
	exits 0
	says "15 kept now"
	sed -i -E '1,/^$/{/^(X-UIDL|X-IMAPbase|X-UID|Status): /d}' copy*/new/*
	sums copy/new | cmp - sums
	[ "$(sums copy2/new | comm -12 - sums | wc -l)" -ge 14 ]
	talk MAILUTILS POP3 --dump copy
	says "0 kept now, 15 before"
}

@test "Courier: a dump of 2000 messages goes on after a kill, none lost, none double" {
	local row
	courier 2000
	courier_sums >there
	printf 'a1 LOGIN sample password\na2 SELECT INBOX\na3 LOGOUT\n' >lines
	INPUT=lines try imaptalk "localhost:$COURIER_IMAP_PORT" --tls none -i # else UIDVALIDITY does not last
	exits 0
	for row in "pop3talk $COURIER_POP3_PORT" "imaptalk $COURIER_IMAP_PORT"; do
		# shellcheck disable=SC2086 # words
		set -- $row
		"$1" "localhost:$2" --tls none -u sample --pass-file pass --dump "copy.$1" >out 2>&1 3>&- &
		soon sh -c "[ -n \"\$(ls copy.$1/new)\" ]"
		kill -9 $! || :
		wait $! || :
		[ "$(ls "copy.$1/new" | wc -l)" -lt 2000 ]
		try "$1" "localhost:$2" --tls none -t 60 -u sample --pass-file pass --dump "copy.$1"
		exits 0
		says "2000 messages"
		sums "copy.$1/new" | cmp - there
	done
}

validity() { sed -n 's/.*UIDVALIDITY \([0-9]*\).*/\1/p' out | head -n 1; }

# As long as it was not selected.
numbered_anew() { # UIDVALIDITY
	talk COURIER IMAP --stat
	[ "$(validity)" != "$1" ]
}

# What was never selected has another UIDVALIDITY each second.
@test "Courier: a folder that is numbered anew is not copied twice" {
	local target
	courier 5
	for target in copy copy.mbox; do
		talk COURIER IMAP --dump $target
		exits 0
		soon numbered_anew "$(validity)"
		talk COURIER IMAP --dump $target
		exits 3
		says "numbered the folder anew"
	done
	[ "$(ls copy/new | wc -l)" -eq 5 ]
}
