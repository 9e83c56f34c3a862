#!/usr/bin/env bats
# cases - refusals that cost real people days, and what is said of them
# SPDX-License-Identifier: MIT

load ../lib/common

BYE=('expect QUIT' 'send 221 Bye')

@test "a tenant's policy is not the password" {
	peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250 AUTH LOGIN XOAUTH2\r\n' 'expect AUTH LOGIN' \
		'send 334 VXNlcm5hbWU6' 'read' 'send 334 UGFzc3dvcmQ6' 'read' \
		'send 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled' "${BYE[@]}"
	try smtptalk "localhost:$PORT" -u a@example.com --pass-file canary-pass --auth-only
	exits 2
	peer_done
	says 'the password was not judged' 'neither a new one nor another try helps'
}

@test "504 at RCPT is about EHLO, and what follows from it is not told as another fault" {
	peer 'send 220 x' 'expect EHLO 15b0717dc4c2' 'send 250 x' 'expect MAIL' 'send 250 2.1.0 Ok' 'expect RCPT' \
		'send 504 5.5.2 <15b0717dc4c2>: Helo command rejected: need fully-qualified hostname' "${BYE[@]}"
	try smtptalk "localhost:$PORT" --ehlo 15b0717dc4c2 --from a@example.com --to b@example.com
	exits 2
	peer_done
	says 'the name given in EHLO' 'the recipient is not judged' '--ehlo'
	[ "$(grep -c ^CRITICAL out)" -eq 1 ]
}

@test "AUTH that comes only after STARTTLS" {
	peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250 STARTTLS\r\n' "${BYE[@]}"
	try smtptalk "localhost:$PORT" -u a --pass-file canary-pass --tls none
	exits 2
	peer_done
	says 'AUTH is not offered' 'it is offered behind STARTTLS' "localhost:$PORT -u a --tls starttls" '[auth-before-tls]'
	for list in '250-STARTTLS\r\n250-AUTH X-OWN' 250-SIZE; do
		peer 'send 220 x' 'expect EHLO' "raw 250-x\r\n$list\r\n250 DSN\r\n" "${BYE[@]}"
		try smtptalk "localhost:$PORT" -u a --pass-file canary-pass --tls none
		exits 2
		says '[auth-missing]'
	done
}

@test "implicit TLS at a port that speaks first: told, and with auto gone on in clear text" {
	PEER_OPTIONS='-n 2' peer 'send 220 x ESMTP' 'read' 'send 250 x' 'read' 'send 221 Bye'
	try smtptalk "localhost:$PORT" --tls implicit
	exits 2
	says '220 x ESMTP' 'TLS comes by STARTTLS'
	kill "$PEER_PID" 2>/dev/null
	PEER_OPTIONS='-n 2' peer 'send 220 x ESMTP' 'read' 'send 250 x' 'read' 'send 221 Bye'
	try smtptalk "smtps://localhost:$PORT"
	exits 0
	says 'went on without implicit TLS' 'S: 250 x'
	peer_done
	PEER_OPTIONS='-n 2' peer 'send 220 x ESMTP' read hang
	try smtptalk "smtps://localhost:$PORT" -t 3
	exits 3
	says 'no reply in 3 s'
	says_not 'TLS was begun' '[tls-'
}
