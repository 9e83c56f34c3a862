#!/usr/bin/env bats
# readme - the screens of README.md are what the applets print
# SPDX-License-Identifier: MIT

load ../lib/common

# The lines below "$ COMMAND" in the README, up to the next command or empty line, without their indent.
screen() { # COMMAND
	awk -v command="    \$ $1" '
		found && ($0 == "" || /^    \$ /) { exit }
		found { print substr($0, 5) }
		$0 == command { found = 1 }' "$TOP/README.md" >wanted
	[ -s wanted ] || fail "the README has no screen of: $1"
}

# Ports and times differ from run to run.
same() { # PORT, PORT-IN-README
	sed -e "s/:$1\\b/:$2/g" -e 's/([0-9.]* s)/(0.01 s)/' out | tr -d '\r' >got
	diff -u wanted got || fail "the README shows something else"
}

@test "b64auth" {
	SECRETS=()
	screen 'b64auth -d AHNhbXBsZQBwYXNzd29yZA=='
	try b64auth -d AHNhbXBsZQBwYXNzd29yZA==
	exits 0
	same none none
	screen 'b64auth -d -u user@example.com AHVzZXIuY29tAHBhc3M='
	try b64auth -d -u user@example.com AHVzZXIuY29tAHBhc3M=
	exits 2
	same none none
}

@test "explain" {
	local reply='454 4.7.0 Temporary authentication failure: generic failure'
	screen "mtabox explain '$reply'"
	try mtabox explain "$reply"
	exits 0
	same none none
}

@test "smtptalk" {
	screen 'smtptalk localhost -u sample@example.com --auth-only'
	peer 'send 220 mail.example.com ESMTP unknown' read 'send 250-mail.example.com' 'send 250-PIPELINING' \
		'send 250-SIZE 10485760' 'send 250 AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5' read \
		'send 535 5.7.8 Error: authentication failed: authentication failure' read 'send 221 2.0.0 Bye'
	try smtptalk "localhost:$PORT" -u sample@example.com --pass-file pass --auth-only --ehlo client.example.com
	exits 2
	# the id stands at the right margin, so a longer port number takes blanks from in front of it
	sed -i 's/ *\[auth-user/ [auth-user/' out wanted
	same "$PORT" 25
}

@test "pop3talk" {
	screen 'pop3talk localhost -u sample --list'
	peer 'send +OK POP3 ready.' read 'raw +OK\r\nTOP\r\nUSER\r\n.\r\n' read 'send +OK' read 'send +OK Logged in.' \
		read 'send +OK 1 1795' read 'raw +OK 1 messages:\r\n1 1795\r\n.\r\n' read \
		'raw +OK\r\nFrom: Ex sample\r\nSubject: Re: this is test\r\nDate: Sun, 19 Jan 2014 00:37:34 +0900\r\n\r\n.\r\n' \
		read 'send +OK Logging out.'
	try pop3talk "localhost:$PORT" -u sample --pass-file pass --list
	exits 0
	same "$PORT" 110
}

@test "imaptalk" {
	screen 'imaptalk localhost -u sample --list'
	peer 'send * OK ready.' read 'send * CAPABILITY IMAP4rev1 IDLE' 'send a1 OK done' read 'send a2 OK Logged in.' \
		read 'send * CAPABILITY IMAP4rev1 IDLE' 'send a3 OK done' read 'send * 1 EXISTS' \
		'send a4 OK [READ-ONLY] done' read \
		'raw * 1 FETCH (UID 1 RFC822.SIZE 1795 BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {85}\r\n' \
		'raw From: Ex sample\r\nSubject: Re: this is test\r\nDate: Sun, 19 Jan 2014 00:37:34 +0900\r\n\r\n)\r\n' \
		'send a5 OK done' read 'send * BYE Logging out' 'send a6 OK'
	try imaptalk "localhost:$PORT" -u sample --pass-file pass --list
	exits 0
	same "$PORT" 143
}

@test "pop3talk --dump" {
	screen 'pop3talk localhost -u sample --dump copy -q'
	peer 'send +OK POP3 ready.' read 'raw +OK\r\nTOP\r\nUSER\r\n.\r\n' read 'send +OK' read 'send +OK Logged in.' \
		read 'send +OK 1 13' read 'raw +OK\r\n1 13\r\n.\r\n' read 'raw +OK\r\n1 x\r\n.\r\n' read \
		'raw +OK\r\nA: b\r\n\r\nend\r\n.\r\n' read 'send +OK Logging out.'
	try pop3talk "localhost:$PORT" -u sample --pass-file pass --dump copy -q
	exits 0
	sed -i 's/13 octets/1795 octets/' out
	same "$PORT" 110
	grep -qx end copy/new/*
}

@test "mailsink says it is ready, with its ports" {
	screen 'mailsink --port 0 --user sample:password --show'
	sink --port 0 --user sample:password --show
	[ "$(sed 's/[0-9]\{4,\}/N/g' wanted)" = "$(head -n 1 sink.out | sed 's/[0-9]\{4,\}/N/g')" ]
}

@test "maillogwatch" {
	screen 'maillogwatch --why 4F1A2B4C5D'
	cat >log <<-'END'
	Mar  3 04:05:02 mx1 postfix/smtpd[14]: 4F1A2B4C5D: client=localhost[127.0.0.1]
	Mar  3 04:05:02 mx1 postfix/qmgr[12]: 4F1A2B4C5D: from=<a@example.org>, size=1999, nrcpt=1 (queue active)
	Mar  3 04:35:02 mx1 postfix/smtp[15]: 4F1A2B4C5D: to=<b@example.com>, relay=none, delay=150, delays=0.1/0/150/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)
	Mar  3 05:05:03 mx1 postfix/smtp[15]: 4F1A2B4C5D: to=<b@example.com>, relay=none, delay=1800, delays=1650/0/150/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)
	END
	MEMORY_KB=65536 try maillogwatch --now '2025-03-04 00:00' --why 4F1A2B4C5D log
	exits 0
	same none none
}
