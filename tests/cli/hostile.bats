#!/usr/bin/env bats
# hostile - peers that are silent, slow, endless, cut short or full of control bytes
# SPDX-License-Identifier: MIT
load ../lib/common

# The run ends by -t 2, says so for the right stage, and never calls it a success; try watches over
# memory, escapes and the deadline, which leaves the machine itself some time.
hostile() { # APPLET STAGE STEP...
	local applet=$1 stage=$2
	shift 2
	peer "$@"
	DEADLINE_S=5
	try "$applet" "127.0.0.1:$PORT" --tls none -t 2 --json
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status, not 2 or 3"
	verdict '[A-Z]*' "$stage"
}

smtp() { hostile smtptalk ehlo "send 220 mail.example.com ESMTP" "expect EHLO" "$@"; }

pop3() { hostile pop3talk ehlo "send +OK POP3 ready." "expect CAPA" "$@"; }

@test "smtptalk: silence instead of a greeting" { hostile smtptalk banner hang; }
@test "smtptalk: closed before the greeting" { hostile smtptalk banner; }
@test "smtptalk: reset before the greeting" { hostile smtptalk banner "delay 300" reset; }
@test "smtptalk: greeting at a byte a second" { hostile smtptalk banner "drip 1000 220 mail.example.com ESMTP"; }
@test "smtptalk: greeting cut in mid line" { hostile smtptalk banner "raw 220 mail.exam"; }
@test "smtptalk: greeting that is one endless line" { hostile smtptalk banner "flood 220 x"; }
@test "smtptalk: greeting of endless lines" { hostile smtptalk banner "flood 220-x\r\n"; }
@test "smtptalk: greeting of endless NUL bytes" { hostile smtptalk banner "flood \x00"; }
@test "smtptalk: greeting of another protocol" { hostile smtptalk banner "send HTTP/1.1 400 Bad Request" hang; }
@test "smtptalk: silence after EHLO" { smtp hang; }
@test "smtptalk: EHLO answered at a byte a second" { smtp "drip 1000 250-mail.example.com\r\n250 DSN\r\n"; }
@test "smtptalk: EHLO answered by one endless line" { smtp "flood 250-x"; }
@test "smtptalk: EHLO answered by endless lines" { smtp "flood 250-x\r\n"; }
@test "smtptalk: EHLO answer cut between two lines" { smtp "send 250-mail.example.com"; }
@test "smtptalk: reset after EHLO" { smtp reset; }
@test "smtptalk: closing direction only, and then nothing" { smtp shut hang; }

@test "pop3talk: silence instead of a greeting" { hostile pop3talk banner hang; }
@test "pop3talk: closed before the greeting" { hostile pop3talk banner; }
@test "pop3talk: greeting at a byte a second" { hostile pop3talk banner "drip 1000 +OK POP3 ready.\r\n"; }
@test "pop3talk: greeting that is one endless line" { hostile pop3talk banner "flood +OK x"; }
@test "pop3talk: greeting cut in mid line" { hostile pop3talk banner "raw +OK POP"; }
@test "pop3talk: CAPA answered by one endless line" { pop3 "send +OK" "flood x"; }
@test "pop3talk: CAPA answered by endless lines" { pop3 "flood +OK\r\n"; }
@test "pop3talk: silence after CAPA" { pop3 hang; }

@test "pop3talk: a message that never ends fills neither memory nor the deadline" {
	peer "send +OK" "expect CAPA" "send -ERR" "expect USER" "send +OK" "expect PASS" "send +OK" \
		"expect STAT" "send +OK 1 1795" "expect LIST 1" "send +OK 1 1795" "expect RETR 1" "send +OK 1795 octets" "flood x\r\n"
	DEADLINE_S=8
	try sh -c 'exec pop3talk "$@" >/dev/null' sh "127.0.0.1:$PORT" --tls none -t 3 -u sample \
		--pass-file pass --read 1
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
}

# What a terminal would obey is shown, but as text. The server does nothing forbidden else: the run goes on.
@test "smtptalk: control bytes, escapes and 8 bit in replies are shown harmlessly" {
	peer "send 220 mail.example.com \x1b[2J\x1b]0;owned\x07 \x00 \x9b31m \xc2\x9b \xe2\x80\xae \x7f \xff ESMTP" \
		"expect EHLO" "raw 250-mail.example.com \x1b[31m\r\n250 X-\x08\x08\r\n" \
		"expect QUIT" "send 221 \x1bc"
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5
	says '\x1b[2J' '\x07' '\x00' '\x7f' '\xff'
	peer_done
}

@test "smtptalk: the same in a UTF-8 locale, with colour and in JSON" {
	local option
	for option in --color=never --json --nagios; do
		peer "send 220 mail \x1b[2J \x9b31m \xc2\x9b31m \xe2\x80\xae \xe2\x80\x8b ESMTP" \
			"expect EHLO" "send 250 mail \x1b[31m" "expect QUIT" "send 221 \x1bc"
		LC_ALL=C.UTF-8 try smtptalk "127.0.0.1:$PORT" --tls none -t 5 "$option"
		says_not $'\u202e' $'\u200b'
		peer_done
	done
}

@test "pop3talk: control bytes in replies and in a message are shown harmlessly" {
	peer "send +OK \x1b[2J" "expect CAPA" "send -ERR \x9b" "expect USER sample" "send +OK \x07" \
		"expect PASS password" "send +OK" "expect STAT" "send +OK 1 60" "expect LIST 1" "send +OK 1 60" "expect RETR 1" \
		"raw +OK\r\nSubject: =?utf-8?q?=1b[31m=c2=9b=e2=80=ae?=\r\n\r\n\x1b[2J\xc2\x9b\x00\r\n.\r\n" \
		"expect NOOP" "send +OK" "expect QUIT" "send +OK"
	try pop3talk "127.0.0.1:$PORT" --tls none -t 5 -u sample --pass-file pass --read 1
	says '\x1b[2J'
	peer_done
}

@test "smtptalk: a bare LF in the banner is a finding" {
	peer "raw 220 mail.example.com ESMTP\n" "expect EHLO" "send 250 mail" "expect QUIT" "send 221 bye"
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5
	says "bare LF"
	peer_done
}

@test "smtptalk: a reply sent before the peer hung up is read and shown" {
	peer "send 554 5.7.1 go away" "delay 300" reset
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5
	exits 2
	says "554 5.7.1 go away" "CRITICAL banner"
}

@test "smtptalk: 421 in the middle is the server's word, not a broken connection" {
	peer "send 220 mail" "expect EHLO" "send 421 4.3.2 shutting down"
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5 --json
	exits 1
	says "421 4.3.2 shutting down"
	verdict WARNING ehlo
}

@test "smtptalk: after the final dot a silent peer leaves the outcome open" {
	peer "send 220 mail" "expect EHLO" "send 250 mail" "expect MAIL FROM:" "send 250 ok" \
		"expect RCPT TO:" "send 250 ok" "expect DATA" "send 354 go" "until ." hang
	DEADLINE_S=6
	try smtptalk "127.0.0.1:$PORT" --tls none -t 3 --json --from a@example.com --to b@example.com
	exits 3
	verdict UNKNOWN data
}

@test "smtptalk: closed after the final dot leaves the outcome open" {
	peer "send 220 mail" "expect EHLO" "send 250 mail" "expect MAIL FROM:" "send 250 ok" \
		"expect RCPT TO:" "send 250 ok" "expect DATA" "send 354 go" "until ."
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5 --json --from a@example.com --to b@example.com
	exits 3
	verdict UNKNOWN data
}

@test "smtptalk: STARTTLS with an answer injected behind it is refused and reported, a whole one or a piece" {
	local more
	for more in '250 injected\r\n' '250-inj' '2'; do
		rm -f "$PEER_LOG"
		peer "send 220 mail" "expect EHLO" "raw 250-mail\r\n250 STARTTLS\r\n" \
			"expect STARTTLS" "raw 220 go ahead\r\n$more" hang
		try smtptalk "127.0.0.1:$PORT" --tls starttls -t 3 -u sample --pass-file canary-pass --auth-only
		exits 2
		says "CRITICAL" "inject" "octets of clear text behind the go-ahead"
		peer_got STARTTLS
		peer_got_not AUTH
		! grep -qaP '^\x16\x03' "$PEER_LOG" || fail "TLS was begun all the same"
	done
}

@test "pop3talk: STLS with an answer injected behind it is refused and reported" {
	peer "send +OK POP3 ready." "expect CAPA" "raw +OK\r\nSTLS\r\nUSER\r\n.\r\n" \
		"expect STLS" "raw +OK go ahead\r\n+OK injected\r\n" hang
	try pop3talk "127.0.0.1:$PORT" --tls starttls -t 3 -u sample --pass-file canary-pass --list
	exits 2
	says "CRITICAL" "inject"
	peer_got STLS
	peer_got_not USER
	peer_got_not PASS
}

# Where implicit TLS has one cause, TLS that was agreed on has another.
@test "smtptalk: STARTTLS accepted, and then no TLS" {
	local row answer id
	for row in "starttls-silent|hang" "closed|reset" "starttls-plain|flood garbage\r\n" "starttls-plain|send 500 what" \
		"timeout|raw \x16\x03\x03\x00\x40\x02" "internal|raw \x15\x03\x03\x00\x02\x02\x50"; do
		id=${row%%|*} answer=${row#*|}
		peer "send 220 mail" "expect EHLO" "raw 250-mail\r\n250 STARTTLS\r\n" \
			"expect STARTTLS" "send 220 go ahead" "delay 200" "$answer" hang
		DEADLINE_S=6
		try smtptalk "127.0.0.1:$PORT" --tls starttls -t 3 --json
		exits 2
		verdict CRITICAL tls
		says "\"id\":\"tls-$id\"" "openssl s_client -connect 127.0.0.1:$PORT -starttls smtp"
	done
}

@test "pop3talk, imaptalk: the same, and the command to compare with is theirs" {
	peer "send +OK POP3 ready." "expect CAPA" "raw +OK\r\nSTLS\r\n.\r\n" "expect STLS" "send +OK go" "delay 200" "send -ERR no"
	try pop3talk "127.0.0.1:$PORT" --tls starttls -t 3
	exits 2
	says "[tls-starttls-plain]" "-starttls pop3"
	peer "send * OK [CAPABILITY IMAP4rev1 STARTTLS] ready" read \
		"raw * CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n" "expect a2 STARTTLS" "send a2 OK go" "delay 200" "send a2 BAD no"
	try imaptalk "127.0.0.1:$PORT" --tls starttls -t 3
	says "[tls-starttls-plain]" "-starttls imap"
}

@test "smtptalk: AUTH that asks for ever is given up" {
	peer "send 220 mail" "expect EHLO" "raw 250-mail\r\n250 AUTH PLAIN LOGIN\r\n" \
		"expect AUTH" "flood 334 VXNlcm5hbWU6\r\n"
	DEADLINE_S=6
	try smtptalk "127.0.0.1:$PORT" --tls none -t 3 --json -u sample --pass-file canary-pass --auth-only
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	verdict '[A-Z]*' auth
}
