#!/usr/bin/env bats
# smtptalk_notes - names, lists, DANE, times and logins told beside the session
# SPDX-License-Identifier: MIT

load ../lib/common

BYE=('expect QUIT' 'send 221 Bye')

@test "both EHLO lists stand side by side where they differ" {
	sink --smtp 0 --user sample:password --require-tls
	try smtptalk "localhost:$SMTP"
	says 'offered in clear text' 'offered with TLS' '- AUTH SCRAM-SHA-256 '
}

@test "STARTTLS written over by a firewall is a warning, not only a note" {
	peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250-XXXXXXXA\r\n250 SIZE\r\n' "${BYE[@]}"
	try smtptalk --json "localhost:$PORT"
	exits 1
	verdict WARNING ehlo
	says 'as many letters as STARTTLS' firewall-masks-smtp
}

@test "the banner's name is compared with the PTR, where it can mean something" {
	netns
	names 10.2.0.192.in-addr.arpa 12 '\x04mail\x07example\x00'
	PEER_OPTIONS='-a 192.0.2.10' peer 'send 220 mail.example ESMTP' 'expect EHLO' 'send 250 x' "${BYE[@]}"
	try smtptalk --dns "$DNS" "192.0.2.10:$PORT"
	exits 0
	says "PTR of 192.0.2.10: mail.example; the banner's name matches"
	PEER_OPTIONS='-a 192.0.2.10' peer 'send 220 other.example ESMTP' 'expect EHLO' 'send 250 x' "${BYE[@]}"
	try smtptalk --dns "$DNS" "192.0.2.10:$PORT"
	says "the banner's name is another"
}

@test "--all-mechs: one attempt each, each in its own session" {
	sink --smtp 0 --user sample:password
	try smtptalk "localhost:$SMTP" -u sample --pass-file pass --all-mechs --tls none
	exits 0
	says 'fail2ban' 'logged in (PLAIN)' 'logged in (LOGIN)' 'logged in (CRAM-MD5)'
	try smtptalk "localhost:$SMTP" -u sample --pass-file wrong-pass --all-mechs
	exits 2
	[ "$(grep -c 'S: 535' out)" -ge 3 ]
	try smtptalk "localhost:$SMTP" --all-mechs
	exits 3
}

@test "an answer that took long is told; with -v each, and what the mechanisms are" {
	peer 'delay 3100' 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250-AUTH=NTLM\r\n250 AUTH CRAM-MD5 X-OWN GSSAPI\r\n' 'expect QUIT' 'send 221 Bye'
	try smtptalk "localhost:$PORT" --caps
	exits 0
	says 'answered after 3.' 'a slow look-up of our name'
	[ "$(grep -c 'answered after' out)" -eq 1 ] || fail 'only one took long'
	says_not 'CRAM-MD5:'
	for more in -v -j --stable; do
		peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250-AUTH=NTLM\r\n250 AUTH CRAM-MD5 X-OWN GSSAPI\r\n' 'expect QUIT' 'send 221 Bye'
		try smtptalk "localhost:$PORT" --caps -v $more
		exits 0
		says 'CRAM-MD5: password not sent; weak today' 'GSSAPI: Kerberos ticket'
		says_not 'X-OWN:' 'NTLM:'
		[ "$more" = --stable ] || [ "$(grep -c 'answered after' out)" -eq 3 ] || fail 'each of three'
	done
	says_not 'answered after'
}

@test "--nagios has the time of each stage" {
	sink --smtp 0
	try smtptalk "localhost:$SMTP" --nagios --tls none --from a@example.com --to b@example.com
	exits 0
	[[ $output =~ \|\ dns=[0-9.]+s\ connect=[0-9.]+s\ banner=[0-9.]+s\ ehlo=[0-9.]+s\ mail=[0-9.]+s\ rcpt=[0-9.]+s\ data=[0-9.]+s\ quit= ]]
}

@test "--nagios: the time of TLS is that of its handshake, the banner's that of the wait for it" {
	local tls
	peer 'delay 700' 'send 220 mail' 'expect EHLO' 'raw 250-mail\r\n250 STARTTLS\r\n' 'expect STARTTLS' 'send 220 go' \
		'delay 1100' reset
	try smtptalk "127.0.0.1:$PORT" --nagios
	exits 2
	says 'CRITICAL - tls'
	[[ $output =~ banner=(0\.[5-9]|[1-9]) ]] && [[ $output =~ tls=[1-9] ]] || fail "$output"
	try smtptalk 127.0.0.1:1 --nagios
	[[ $output =~ \|\ dns=[0-9.]+s\ connect=[0-9.]+s$ ]] || fail "$output"
}

tlsa() { # of the key of cert.pem, as RDATA of a 3 1 1 record
	printf '\\x03\\x01\\x01'
	openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 |
		sed 's/.*= *//; s/../\\x&/g'
}

@test "--dane: a match, a mismatch, no AD bit, no record" {
	command -v openssl >/dev/null || skip "no openssl command"
	netns
	"${NETNS[@]}" mailsink --smtp 0 --cert-out cert.pem >sink.out 2>sink.err 3>&- &
	SINK_PID=$!
	soon grep -q '^ready ' sink.out
	port=$(sed -n 's/.*smtp=\([0-9]*\).*/\1/p' sink.out)
	host=(mail.example 1 '\x7f\x00\x00\x01')
	run_dane() {
		names "$@"
		try smtptalk --dns "$DNS" "mail.example:$port" -4 --dane --json
	}
	run_dane -a "${host[@]}" "_$port._tcp.mail.example" 52 "$(tlsa)"
	exits 0
	verdict OK cert
	says 'TLSA record 3 1 1 matches'
	try smtptalk --dns "$DNS" "mail.example:$port" -4 --dane --tls starttls
	exits 0
	says_not self-signed '[cert-'
	try smtptalk --dns "$DNS" "mail.example:$port" -4 --dane --caps
	exits 0
	says_not TLSA
	run_dane "${host[@]}" "_$port._tcp.mail.example" 52 "$(tlsa)"
	verdict UNKNOWN cert
	verdict WARNING cert
	try smtptalk --dns "$DNS" "mail.example:$port" -4 --dane --tls starttls
	exits 2
	says 'UNKNOWN cert' '(AD)' '[cert-self-signed]'
	run_dane -a "${host[@]}" "_$port._tcp.mail.example" 52 "\\x03\\x01\\x01$(printf '\\x%02x' {1..32})"
	verdict CRITICAL cert
	exits 2
	run_dane -a "${host[@]}"
	says 'no TLSA record'
}

@test "the error that an OAuth server hides in base64 is told" {
	peer 'send 220 x' 'expect AUTH' \
		"send 334 $(printf '{"status":"401","schemes":"bearer","scope":"https://mail.example.com/"}' | base64 -w0)" \
		'read' 'send 535 5.7.8 no' "${BYE[@]}"
	printf 'AUTH XOAUTH2 dXNlcj1h\n\nQUIT\n' >lines
	INPUT=lines
	try smtptalk "localhost:$PORT"
	exits 2
	says "the server's error" '"status":"401"'
}

@test "a server that calls itself otherwise in EHLO than in the banner" {
	peer 'send 220 proxy.example.com ESMTP' 'expect EHLO' 'raw 250-mail.example.com\r\n250 SIZE\r\n' "${BYE[@]}"
	try smtptalk "localhost:$PORT"
	exits 0
	says "another name than the banner's, proxy.example.com"
}

@test "--probe: a verdict for each, with TLS and without; no login, no mail" {
	sink --smtp 0 --pop3 0 --imap 0 --user sample:password --cert-out cert.pem
	for applet in "smtptalk $SMTP" "pop3talk $POP3" "imaptalk $IMAP"; do
		read -r applet port <<<"$applet"
		try "$applet" "localhost:$port" --probe --tls starttls --ca-file cert.pem -u sample --pass-file pass
		exits 0
		says 'OK banner: the server greets: ' 'OK ehlo: ' 'OK tls: TLS1.3, ' 'OK cert: ' 'OK auth: '
		says_not 'C: AUTH' 'C: MAIL' 'C: USER' 'LOGIN sample'
		try "$applet" "localhost:$port" --probe --tls starttls
		exits 2
		says 'CRITICAL cert: '
		try "$applet" "localhost:$port" --probe
		[ "$applet" = smtptalk ] || [ "$status" -eq 1 ] || fail "exit code $status"
	done
	try smtptalk "localhost:$SMTP" --probe --tls none --json
	exits 3
	verdict OK banner
	verdict UNKNOWN tls
	verdict OK auth
}

@test "--probe: no STARTTLS, no AUTH, passwords in clear on the wire are warnings" {
	netns
	peer -a 192.0.2.10 'send 220 mail.example ESMTP' 'expect EHLO' 'raw 250-x\r\n250 SIZE\r\n' "${BYE[@]}"
	try smtptalk "192.0.2.10:$PORT" --probe
	exits 1
	peer_done
	says 'OK ehlo: offers SIZE' 'WARNING tls: STARTTLS is not offered' '[starttls-missing]' \
		'WARNING auth: no login is offered' '[auth-missing]'
	peer -a 192.0.2.10 'send 220 mail.example ESMTP' 'expect EHLO' 'raw 250-x\r\n250 AUTH PLAIN X-OWN CRAM-MD5\r\n' "${BYE[@]}"
	try smtptalk "192.0.2.10:$PORT" --probe
	exits 1
	says 'WARNING auth: PLAIN CRAM-MD5 and 1 not known here offered without TLS' '[auth-in-clear]'
	peer -a 192.0.2.10 'send +OK hello' 'expect CAPA' 'raw +OK\r\nUSER\r\nSTLS\r\n.\r\n' 'expect STLS' 'send -ERR no' 'expect QUIT' 'send +OK'
	try pop3talk "192.0.2.10:$PORT" --tls auto --probe
	[ "$status" -eq 2 ] || fail "exit code $status"
}
