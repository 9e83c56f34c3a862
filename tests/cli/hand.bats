#!/usr/bin/env bats
# hand - sessions by hand: local commands, hints, a real terminal
# SPDX-License-Identifier: MIT

load ../lib/common

lines() {
	printf '%s\n' "$@" >lines
	INPUT=lines
}

@test "local commands stay here; /quit is QUIT" {
	peer 'send 220 mail.example.com ESMTP' 'expect QUIT' 'send 221 Bye'
	lines '/b64 sample' '/unb64 c2FtcGxl' '/nothing' '/help' '/explain' '/quit'
	try smtptalk "localhost:$PORT"
	exits 0
	peer_done
	says 'c2FtcGxl' '.. sample' 'no such local command' '/starttls' 'no refusal' 'S: 221 Bye'
}

@test "/unb64 leaves a password out" {
	peer 'send 220 mail.example.com ESMTP' 'expect QUIT' 'send 221 Bye'
	lines "/unb64 $(printf '\0sample\0%s' "$CANARY" | base64)" '/quit'
	try smtptalk "localhost:$PORT"
	exits 0
	says '\x00sample\x00<hidden, 11 bytes>'
}

@test "/auth takes the strongest mechanism offered, /save writes it without the password" {
	sink --smtp 0 --user "sample:$CANARY"
	lines 'EHLO client.example.com' '/auth sample' 'NOOP' '/save session' '/quit'
	try smtptalk "localhost:$SMTP" --pass-file canary-pass
	exits 0
	says 'S: 235' 'S: 250' 'saved, without passwords'
	grep -q '^S: 235' session
	no_secret session
	[ "$(stat -c %a session)" = 600 ]
}

@test "/auth is refused: explained, and the session goes on" {
	sink --smtp 0 --user sample:password
	lines 'EHLO client.example.com' '/auth PLAIN sample' 'NOOP' '/quit'
	try smtptalk "localhost:$SMTP" --pass-file wrong-pass
	exits 2
	says 'S: 535' 'CRITICAL auth' 'C: NOOP' 'S: 221'
}

@test "/starttls, then EHLO again" {
	sink --smtp 0 --user sample:password
	lines 'EHLO client.example.com' '/starttls' 'EHLO client.example.com' '/quit'
	try smtptalk "localhost:$SMTP"
	exits 0
	says 'C: STARTTLS' 'TLS1.3' 'S: 221'
}

@test "/data sends a file: dots doubled, line ends CRLF" {
	sink --smtp 0 --pop3 0 --user sample:password --maildir box
	printf 'Subject: x\n\n.dot\n..\nlast' >message
	lines 'EHLO client.example.com' 'MAIL FROM:<a@example.com>' 'RCPT TO:<b@example.com>' \
		'/data message' '/quit'
	try smtptalk "localhost:$SMTP"
	exits 0
	says 'OK data: accepted, queue id'
	[ "$(tr -d '\r' <"$(find box -type f -path '*/new/*')" | tail -n 3)" = $'.dot\n..\nlast' ]
}

@test "hints where a refusal is certain, and the line is sent all the same" {
	peer 'send 220 x' 'expect RCPT' 'send 503 MAIL first' 'expect EHLO' 'raw 250-x\r\n250 STARTTLS\r\n' \
		'expect AUTH' 'send 530 5.7.0 Must issue a STARTTLS command first' 'expect QUIT' 'send 221 Bye'
	lines 'RCPT TO:<a@example.com>' 'EHLO client.example.com' 'AUTH LOGIN' 'QUIT'
	try smtptalk "localhost:$PORT"
	exits 2
	peer_done
	says 'RCPT needs one first' 'AUTH is not offered before TLS'
	peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250 DSN\r\n' 'expect STARTTLS' 'send 502 5.5.1 not implemented' 'expect QUIT' 'send 221 Bye'
	lines 'EHLO client.example.com' /starttls QUIT
	try smtptalk "localhost:$PORT"
	exits 2
	peer_done
	says 'STARTTLS is not in the list that EHLO gave' '[starttls-refused]'
	says_not 'offers STARTTLS'
	sink --smtp 0
	lines 'EHLO client.example.com' /starttls /starttls 'EHLO client.example.com' QUIT
	try smtptalk "localhost:$SMTP"
	says 'TLS is on already'
}

@test "a typed verb that nobody knows has a stage of its own" {
	peer 'send 220 x' 'expect EHLO' 'send 250 x' 'expect FROBNICATE' 'send 500 5.5.2 unrecognized' \
		'expect QUIT' 'send 221 Bye'
	lines 'EHLO client.example.com' 'FROBNICATE' 'QUIT'
	try smtptalk --json "localhost:$PORT"
	exits 2
	verdict CRITICAL command
}

@test "advice names the addresses that were typed" {
	peer 'send 220 x' 'expect MAIL' 'send 250 ok' 'expect RCPT' 'send 550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown in virtual mailbox table' \
		'expect RCPT' 'send 501 5.1.3 Bad recipient address syntax' 'expect QUIT' 'send 221 Bye'
	lines 'MAIL FROM:<a@example.org>' 'rcpt to:<nobody@example.com> NOTIFY=NEVER' 'RCPT TO:<>' QUIT
	try smtptalk "localhost:$PORT"
	says 'postmap -q nobody@example.com' '--from a@example.org --to <to>'
	peer_done
}

@test "an answer to 334 in clear text is told and shows nothing" {
	peer 'send 220 x' 'expect AUTH' 'send 334 VXNlcm5hbWU6' 'read' 'send 501 5.5.2 Cannot decode' \
		'expect QUIT' 'send 221 Bye'
	lines 'AUTH LOGIN' "$CANARY" 'QUIT'
	try smtptalk "localhost:$PORT"
	exits 2
	says 'no base64 of a text; sent as it is' '<hidden, 11 bytes>'
}

@test "--script sends each line after the whole reply to the one before" {
	peer 'send 220 x' 'expect EHLO' 'drip 5 250-x\r\n250 HELP\r\n' 'expect MAIL' 'send 250 ok' 'expect QUIT' \
		'send 221 Bye'
	printf 'EHLO client.example.com\nMAIL FROM:<a@example.com>\nQUIT\n' >script
	try smtptalk "localhost:$PORT" --script script
	exits 0
	peer_done
	try smtptalk "localhost:$PORT" --script missing
	exits 3
	complains '--script missing: No such file'
}

@test "the input ends inside the message, or inside a login: no command follows there" {
	peer 'send 220 x' 'expect DATA' 'send 354 go' 'expect Subject: x' 'read' hang
	printf 'DATA\nSubject: x\n' >lines
	INPUT=lines
	try smtptalk "localhost:$PORT"
	exits 3
	says 'UNKNOWN data' '[script-unended]'
	says_not 'C: QUIT'
	peer 'send 220 x' 'expect AUTH LOGIN' 'send 334 VXNlcm5hbWU6' 'expect *' 'send 501 5.7.0 cancelled' 'expect QUIT' 'send 221 Bye'
	printf 'AUTH LOGIN\n' >lines
	try smtptalk "localhost:$PORT" --script -
	exits 3
	says 'UNKNOWN auth' '[script-unanswered]'
	peer_done
}

@test "421 in answer to a line ends the session, and is judged once" {
	peer 'send 220 x' 'expect FOO' 'send 421 4.7.0 x Error: too many errors'
	printf 'FOO\nFOO\n' >script
	try smtptalk "localhost:$PORT" --script script
	exits 2
	[ "$(grep -c 'too-many-errors' out)" -eq 1 ]
	peer_done
}

@test "--expect makes a refusal the wanted outcome, and only this one" {
	steps=('send 220 x' 'expect EHLO' 'send 250 x' 'expect MAIL' 'send 250 ok' 'expect RCPT'
		'send 550 5.1.1 no such user' 'expect QUIT' 'send 221 Bye')
	mail=(--from a@example.com --to b@example.com)
	for row in '0 550' '0 5xx,rcpt' '2 450' '2 550,mail' '3 55' '3 550,nowhere' '3 550,connect' '3 550,fetch' '3 150'; do
		peer "${steps[@]}"
		try smtptalk "localhost:$PORT" "${mail[@]}" --expect "${row#* }"
		exits "${row%% *}"
		kill "$PEER_PID" 2>/dev/null || :
	done
	peer "${steps[@]}"
	try smtptalk "localhost:$PORT" "${mail[@]}" --expect-rejection
	exits 0
	says 'OK rcpt' 'this refusal was expected'
	peer 'send 220 x' 'expect EHLO' 'send 250 x' 'expect QUIT' 'send 221 Bye'
	try smtptalk "localhost:$PORT" --expect-rejection
	exits 2
	says 'expected was a refusal, which did not come'
}

# ---- on a terminal ----

@test "the article's session, typed" {
	sink --smtp 0 --user sample:password
	terminal wait 'ESMTP' \
		wait 'C: ' type 'EHLO client.example.com\r' wait 'SMTPUTF8' \
		wait 'C: ' type 'AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r' wait '235 2' \
		wait 'C: ' type 'MAIL FROM:<sample@example.com>\r' wait 'S: 250' \
		wait 'C: ' type 'RCPT TO:<sample@gmail.com>\r' wait 'S: 250' \
		wait 'C: ' type 'DATA\r' wait 'S: 354' \
		wait 'C: ' type 'Subject: test\r\rtest\r.\r' wait 'queue id' \
		wait 'C: ' type 'QUIT\r' wait 'S: 221' cooked \
		-- smtptalk "localhost:$SMTP"
	exits 0
	says 'data: accepted, queue id'
}

@test "lines are edited: arrows, ^A ^E ^U ^K ^W, history" {
	peer 'send 220 x' 'expect NOOP one' 'send 250 ok' 'expect NOOP two' 'send 250 ok' 'expect QUIT' \
		'send 221 Bye'
	terminal wait 'C: ' raw type 'xNOOP two\x17one\x01\x1b[3~\r' wait '250 ok' \
		wait 'C: ' type 'junk\x15\x1b[A\x17two\r' wait '250 ok' wait 'C: ' type 'QUIT\r' \
		-- smtptalk "localhost:$PORT"
	exits 0
	peer_done
	[ "$(tr -d '\r' <"$PEER_LOG")" = $'NOOP one\nNOOP two\nQUIT' ]
}

@test "of a paste each line is shown with its answer" {
	peer 'send 220 x' 'expect NOOP one' 'delay 300' 'send 250 first' 'expect NOOP two' 'send 250 second' 'expect QUIT' 'send 221 Bye'
	terminal wait 'C: ' raw type 'NOOP one\rNOOP two\rQUIT\r' wait '221' -- smtptalk "localhost:$PORT"
	exits 0
	peer_done
	[[ ${output%%NOOP two*} == *"250 first"* ]] && [[ ${output%%QUIT*} == *"250 second"* ]] || fail "$output"
}

@test "every typed line reaches the server, also R, Q and K (openssl s_client eats them)" {
	peer 'send 220 x' 'expect RCPT TO' 'send 250 ok' 'expect KILL' 'send 500 no' 'expect Q' 'send 500 no' \
		'expect QUIT' 'send 221 Bye'
	terminal wait 'C: ' type 'RCPT TO:<a@b>\r' wait '250 ok' wait 'C: ' type 'KILL\r' wait '500 no' \
		wait 'C: ' type 'Q\r' wait '500 no' wait 'C: ' type 'QUIT\r' wait '221' \
		-- smtptalk "localhost:$PORT"
	peer_done
}

@test "what is typed at 334 and behind AUTH is not shown, nor kept in the history" {
	secret=$(printf '\0sample\0%s' "$CANARY" | base64)
	peer 'send 220 x' 'expect AUTH PLAIN' 'send 535 5.7.8 no' 'expect AUTH LOGIN' 'send 334 VXNlcm5hbWU6' \
		'expect c2FtcGxl' 'send 334 UGFzc3dvcmQ6' "expect $(printf %s "$CANARY" | base64)" \
		'send 235 2.7.0 ok' 'expect QUIT' 'send 221 Bye'
	terminal wait 'C: ' type "AUTH PLAIN $secret\r" wait '535 5' \
		wait 'C: ' type '\x1b[AAUTH LOGIN\r' wait 'VXNlcm5hbWU6' \
		wait 'C: ' type 'c2FtcGxl\r' wait 'UGFzc3dvcmQ6' \
		wait 'C: ' type "$(printf %s "$CANARY" | base64)\r" wait '235 2' \
		wait 'C: ' type '/save session\r' wait 'saved' wait 'C: ' type 'QUIT\r' wait '221' \
		-- smtptalk "localhost:$PORT"
	peer_done
	says 'AUTH PLAIN ****'
	no_secret session
}

@test "clear text at 334 is held back, and its base64 sent on Enter" {
	peer 'send 220 x' 'expect AUTH LOGIN' 'send 334 VXNlcm5hbWU6' 'expect bXkgbmFtZQ==' 'send 334 UGFzc3dvcmQ6' \
		"expect $CANARY" 'send 535 5.7.8 no' 'expect AUTH LOGIN' 'send 334 VXNlcm5hbWU6' \
		'expect c2FtcGxl' 'send 334 UGFzc3dvcmQ6' 'expect cGFzc3dvcmQ=' 'send 535 5.7.8 no' 'expect QUIT' 'send 221 Bye'
	terminal wait 'C: ' type 'AUTH LOGIN\r' wait 'Username' \
		wait 'C: ' type 'my name\r' wait 'no base64' wait 'C: ' type '\r' wait 'Password' \
		wait 'C: ' type "$CANARY\r" wait 'no base64' wait 'C: ' type "$CANARY\r" wait '535 5' \
		wait 'C: ' type 'AUTH LOGIN\r' wait 'Username' wait 'C: ' type 'c2FtcGxl\r' wait 'Password' \
		wait 'C: ' type 'password\r' wait 'no base64' wait 'C: ' type '\r' wait '535 5' \
		wait 'C: ' type 'QUIT\r' wait '221' \
		-- smtptalk "localhost:$PORT"
	peer_done
}

@test "the terminal is itself again after ^D, ^C, SIGTERM, and when the server hangs up" {
	for end in 'type \x04' 'type abc\x03\x03' kill; do
		peer 'send 220 x' 'read' 'send 221 Bye'
		# shellcheck disable=SC2086
		terminal wait 'C: ' raw $end cooked -- sh -c "smtptalk -t 15 localhost:$PORT; sleep 0.3"
		kill "$PEER_PID" 2>/dev/null || :
	done
	peer 'send 220 x' 'delay 300' 'send 421 4.4.2 idle'
	terminal wait 'C: ' raw type 'MAIL' wait '421 4' cooked wait 'idle' -- sh -c "smtptalk localhost:$PORT; sleep 0.3"
	says 'S: 421 4.4.2 idle'
}

# The prompt stands when nothing is echoed any more: who types at once loses and shows nothing.
@test "/auth asks for the password without echo" {
	sink --smtp 0 --user "sample:$CANARY"
	terminal wait 'C: ' type 'EHLO client.example.com\r' wait 'SMTPUTF8' \
		wait 'C: ' type '/auth CRAM-MD5 sample\r' wait 'Password for sample' type "$CANARY\r" wait '235 2' \
		wait 'C: ' type '/quit\r' wait 'C: QUIT' wait '221' \
		-- smtptalk "localhost:$SMTP"
	exits 0
}

@test "a terminal that cannot move its cursor still works" {
	peer 'send 220 x' 'expect NOOP' 'send 250 ok' 'expect QUIT' 'send 221 Bye'
	terminal wait '220 x' cooked type 'NOOP\r' wait '250 ok' type 'QUIT\r' wait '221' \
		-- env TERM=dumb smtptalk "localhost:$PORT"
	exits 0
	peer_done
}

@test "IMAP: local commands, a forgotten tag, capabilities with what they mean" {
	sink --imap 0 --user sample:password
	terminal wait 'C: ' type 'x CAPABILITY\r' wait 'IDLE: new mail' wait 'x OK' wait 'C: ' type 'NOOP\r' wait 'begins with a tag' \
		wait 'C: ' type '/starttls\r' wait 'TLS1.3' wait 'C: ' type '/auth sample\r' wait 'Password' type 'password\r' wait 'OK logged in' \
		wait 'C: ' type 'x SELECT INBOX\r' wait '[READ-WRITE]' wait 'C: ' type '/quit\r' wait 'LOGOUT' -- imaptalk "localhost:$IMAP"
	exits 0
	says 'LOGIN "sample" <hidden, 8 bytes>'
	terminal wait 'C: ' type '/auth scram-sha-256 sample\r' wait 'Password' type 'password\r' wait 'OK logged in' \
		wait 'C: ' type '/quit\r' wait 'LOGOUT' -- imaptalk "localhost:$IMAP"
	exits 0
}

@test "POP3: clear text at + is held back; /auth by USER and PASS" {
	sink --pop3 0 --no-tls --user sample:password
	terminal wait 'C: ' type 'AUTH LOGIN\r' wait 'Username' wait 'C: ' type 'sample\r' wait 'no base64' wait 'C: ' type '\r' wait 'Password' \
		wait 'C: ' type 'password\r' wait 'no base64' wait 'C: ' type '\r' wait '+OK Logged in' wait 'C: ' type '/quit\r' wait 'Bye' \
		-- pop3talk "localhost:$POP3"
	exits 0
	terminal wait 'C: ' type '/auth sample\r' wait 'Password' type 'password\r' wait '+OK Logged in' wait 'C: ' type '/quit\r' wait 'Bye' \
		-- pop3talk "localhost:$POP3"
	exits 0
	says 'C: USER sample' 'PASS <hidden, 8 bytes>'
}
