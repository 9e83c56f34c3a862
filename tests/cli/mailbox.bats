#!/usr/bin/env bats
# mailbox - pop3talk and imaptalk against mailsink
# SPDX-License-Identifier: MIT

load ../lib/common

setup() { sink --port 0 --no-tls --user sample:password; }

send() { # SUBJECT
	smtptalk "localhost:$SMTP" --from a@example.com --to b@example.com --subject "$1" >sent </dev/null
}

imap() { try imaptalk "localhost:$IMAP" -u sample --pass-file pass "$@"; }

pop3() { try pop3talk "localhost:$POP3" -u sample --pass-file pass "$@"; }

@test "imaptalk --wait asks by NOOP where IDLE is not offered" {
	send one
	local sender
	(soon grep -q NOOP out && send "the token") 3>&- &
	sender=$!
	imap --find "the token" --wait 60 --read last
	exits 0
	says "asks by NOOP every 5 s" "| Subject: the token" "2 messages"
	wait "$sender"
}

@test "what came to nothing in the time given is said" {
	imap --wait 1
	exits 2
	says "no new message came in 1 s" "imap-not-found"
	pop3 --find token --wait 1
	exits 2
	says "no such message came in 1 s" "pop3-not-found"
	pop3 --wait 20 -t 10
	exits 3
	complains "--timeout 10 ends the run before --wait 20 does"
}
