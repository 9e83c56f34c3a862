#!/usr/bin/env bats
# hand - sessions by hand against real servers, on a terminal
# SPDX-License-Identifier: MIT
load ../lib/common

setup() { servers; }

@test "the article's session, typed at Postfix" {
	# the password is the servers' own throw-away one
	SECRETS=()
	terminal wait 'ESMTP' \
		wait 'C: ' type 'EHLO client.example.com\r' wait '250 ' \
		wait 'C: ' type "AUTH PLAIN $(printf '\0sample\0password' | base64)\r" wait '235 2' \
		wait 'C: ' type 'MAIL FROM:<sample@example.com>\r' wait '250 2' \
		wait 'C: ' type 'RCPT TO:<sample@example.com>\r' wait '250 2' \
		wait 'C: ' type 'DATA\r' wait '354 ' \
		wait 'C: ' type 'Subject: typed\r\rtest\r.\r' wait 'queue id' \
		wait 'C: ' type 'QUIT\r' wait '221 2' cooked \
		-- smtptalk "localhost:$PLAIN_PORT"
	exits 0
	says 'data: accepted, queue id'
}

@test "/starttls and /auth at Postfix; both EHLO lists" {
	printf '%s\n' 'EHLO client.example.com' /starttls 'EHLO client.example.com' '/auth sample' /quit >lines
	INPUT=lines
	try smtptalk "localhost:$SUBMISSION_PORT" --ca-file "$PKI/root.pem" --pass-file pass
	exits 0
	says 'C: STARTTLS' 'TLS1.3' 'S: 235' 'S: 221'
}

# TLS 1.3 servers send session tickets when nobody has asked for anything.
@test "typed behind /starttls, and in TLS from the first byte: nothing is waited for that was not asked" {
	terminal wait 'C: ' type 'EHLO client.example.com\r' wait '250 ' wait 'C: ' type '/starttls\r' wait 'TLS1.3' \
		wait 'C: ' type 'EHLO client.example.com\r' wait '250 ' wait 'C: ' type 'QUIT\r' wait '221 2' \
		-- smtptalk "localhost:$SMTP_PORT" --ca-file "$PKI/root.pem"
	exits 0
	terminal wait 'TLS1.3' wait 'C: ' type 'a1 LOGOUT\r' wait 'BYE' -- imaptalk "localhost:$IMAPS_PORT" --tls implicit --ca-file "$PKI/root.pem"
	exits 0
}

@test "the lists before and after STARTTLS stand side by side" {
	try smtptalk "localhost:$SUBMISSION_PORT" --ca-file "$PKI/root.pem" --quit-after tls
	exits 0
	says 'offered in clear text' 'offered with TLS' '- AUTH'
}

@test "typed into POP3: USER, PASS, STAT, QUIT, the password not shown" {
	terminal wait '+OK' wait 'C: ' type 'USER sample\r' wait '+OK' wait 'C: ' type "PASS $CANARY\r" wait '-ERR' \
		wait 'C: ' type 'USER sample\r' wait '+OK' wait 'C: ' type 'PASS password\r' wait '+OK' \
		wait 'C: ' type 'STAT\r' wait '+OK' wait 'C: ' type 'QUIT\r' wait '+OK' cooked \
		-- pop3talk "localhost:$POP3_PORT"
	says 'PASS ****'
}

@test "--expect at Postfix: relaying is to be refused" {
	try smtptalk "localhost:$PLAIN_PORT" --from sample@example.com --to sample@gmail.com --expect 554,rcpt
	exits 0
	says 'this refusal was expected'
}

@test "--all-mechs at Postfix with Dovecot" {
	try smtptalk "localhost:$SMTP_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass --all-mechs
	exits 0
	says 'logged in (PLAIN)' 'logged in (LOGIN)'
}
