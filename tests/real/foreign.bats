#!/usr/bin/env bats
# foreign - other people's clients against mailsink
# SPDX-License-Identifier: MIT
load ../lib/common

setup() {
	sink --port 0 --user sample:password --cert-out sink.pem
}

needs() { command -v "$1" >/dev/null || skip "no $1"; }

swaks_to() { # PORT OPTION...
	local port=$1
	shift
	needs swaks
	swaks --server 127.0.0.1 --port "$port" --ehlo client.example.com --from a@example.com \
		--to sample@example.com --timeout 10 "$@" >swaks.out 2>&1 || fail "$(<swaks.out)"
}

curl_pop3() { # OPTION... URL
	needs curl
	curl -s -S --max-time 10 -u sample:password "$@" || fail "curl: $?"
}

@test "swaks: plain text, a message kept" {
	swaks_to "$SMTP" --h-Subject "by swaks"
	grep -q '250 2.0.0 Ok: queued as' swaks.out
	curl_pop3 "pop3://127.0.0.1:$POP3/1" >got
	grep -q '^Subject: by swaks' got
}

@test "swaks: each mechanism, in clear text, over STARTTLS and over TLS" {
	local mech
	for mech in PLAIN LOGIN CRAM-MD5; do
		swaks_to "$SMTP" --auth $mech -au sample -ap password --quit-after AUTH
		swaks_to "$SMTP" -tls --auth $mech -au sample -ap password --quit-after AUTH
		swaks_to "$SMTPS" -tlsc --auth $mech -au sample -ap password --quit-after AUTH
		grep -q '235 2.7.0' swaks.out
	done
}

@test "swaks: a wrong password is refused with 535" {
	needs swaks
	swaks --server 127.0.0.1 --port "$SMTP" --auth PLAIN -au sample -ap wrong --quit-after AUTH >swaks.out 2>&1 ||
		status=$?
	[ "$status" -eq 28 ]
	grep -q '535 5.7.8' swaks.out
}

@test "curl: sends by SMTP, STARTTLS and SMTPS, reads by POP3, STLS and POP3S" {
	local url
	needs curl
	printf 'From: a@example.com\r\nSubject: by curl\r\n\r\n.dot\r\n' >mail
	for url in "smtp://localhost:$SMTP" "smtps://localhost:$SMTPS"; do
		curl -s -S --max-time 10 --cacert sink.pem -u sample:password --mail-from a@example.com \
			--mail-rcpt sample@example.com -T mail "$url" || fail "curl: $?"
	done
	curl -s -S --max-time 10 --ssl-reqd --cacert sink.pem -u sample:password --mail-from a@example.com \
		--mail-rcpt sample@example.com -T mail "smtp://localhost:$SMTP" || fail "curl: $?"
	for url in "pop3://localhost:$POP3/" "pop3s://localhost:$POP3S/"; do
		curl_pop3 --cacert sink.pem "$url" >list
		[ "$(grep -c '^[123] [0-9]' list)" -eq 3 ]
	done
	curl_pop3 --ssl-reqd --cacert sink.pem "pop3://localhost:$POP3/3" >got
	grep -qx $'.dot\r' got
}

@test "curl: APOP and SASL at the POP3 port" {
	local auth
	swaks_to "$SMTP"
	for auth in +APOP PLAIN LOGIN CRAM-MD5; do
		curl_pop3 --login-options "AUTH=$auth" "pop3://127.0.0.1:$POP3/" >list
		grep -q '^1 ' list
	done
}

@test "openssl: STARTTLS, STLS and both TLS ports, TLS 1.2 and 1.3, certificate verified" {
	local row proto port version
	needs openssl
	for row in "smtp $SMTP" "pop3 $POP3" "- $SMTPS" "- $POP3S"; do
		read -r proto port <<<"$row"
		for version in tls1_2 tls1_3; do
			[ "$proto" = - ] && set -- || set -- -starttls "$proto"
			printf 'QUIT\r\n' | timeout 10 openssl s_client "$@" -$version -crlf -verify_return_error -CAfile sink.pem \
				-verify_hostname localhost -connect "127.0.0.1:$port" >s_client.out 2>&1 || fail "$(tail -n 20 s_client.out)"
			grep -q 'Verify return code: 0 (ok)' s_client.out
		done
	done
}

@test "smtptalk and pop3talk against mailsink, verified by its certificate" {
	try smtptalk "localhost:$SMTP" --ca-file sink.pem -u sample --pass-file pass --from a@example.com \
		--to sample@example.com --subject "own client"
	exits 0
	try pop3talk "localhost:$POP3S" --tls implicit --ca-file sink.pem -u sample --pass-file pass --read 1
	exits 0
	says "own client"
}
