#!/usr/bin/env bats
# transport - smtptalk's ways to a server: MX, PROXY, XCLIENT, LMTP, TLS versions
# SPDX-License-Identifier: MIT

load ../lib/common

HELLO=('send 220 mail.example.com ESMTP' 'expect EHLO' 'send 250 mail.example.com')
BYE=('expect QUIT' 'send 221 Bye')

# MX 127.0.0.1 and kin: rdata of priority $1 and name mx$2.example
mx() { printf '\\x00\\x%02x\\x03mx%d\\x07example\\x00' "$1" "$2"; }

@test "--mx tries the hosts in the order of their priority" {
	netns
	names example 15 "$(mx 20 2)" example 15 "$(mx 10 1)" mx1.example 1 '\x7f\x00\x00\x02' \
		mx2.example 1 '\x7f\x00\x00\x01'
	peer "${HELLO[@]}" "${BYE[@]}"
	try smtptalk --dns "$DNS" --mx "example:$PORT" -4
	exits 1
	peer_done
	says 'MX 1 of 2: mx1.example, priority 10' 'MX 2 of 2: mx2.example' \
		'WARNING connect: mx1.example' 'OK ehlo'
}

@test "--mx goes on behind a host that greets with 4xx or 5xx; the last one's no is the verdict" {
	netns
	names example 15 "$(mx 10 1)" example 15 "$(mx 20 2)" mx1.example 1 '\x7f\x00\x00\x01' \
		mx2.example 1 '\x7f\x00\x00\x01'
	PEER_OPTIONS='-n 2' peer 'send 554 5.7.1 no'
	try smtptalk --dns "$DNS" --mx "example:$PORT" -4
	exits 2
	says 'WARNING banner: mx1.example: 554' 'CRITICAL banner: refused: 554'
}

@test "--mx: a host without an address, an address in place of a host" {
	names example 15 "$(mx 10 1)" example.org 15 '\x00\x0a\x03127\x010\x010\x011\x00'
	try smtptalk --dns "$DNS" --mx example:1
	exits 2
	says 'MX 1 of 1: mx1.example' 'CRITICAL dns: mx1.example: ' '[mx-dangling]' 'dig +short mx1.example'
	try smtptalk --dns "$DNS" --mx nothing.example:1
	exits 2
	says '[name-not-found]'
	peer "${HELLO[@]}" "${BYE[@]}"
	try smtptalk --dns "$DNS" --mx "example.org:$PORT" --caps
	exits 1
	says 'WARNING dns: the MX record names an address, 127.0.0.1' '[mx-address]' 'dig +short MX example.org' 'OK ehlo'
	peer_done
}

@test "--mx without MX record uses the domain itself; a null MX takes no mail" {
	netns
	names plain.example 1 '\x7f\x00\x00\x01' null.example 15 '\x00\x00\x00'
	peer "${HELLO[@]}" "${BYE[@]}"
	try smtptalk --dns "$DNS" --mx "plain.example:$PORT" -4
	exits 0
	says 'no MX record'
	try smtptalk --dns "$DNS" --mx null.example
	exits 2
	says 'CRITICAL dns: the domain takes no mail'
}

@test "--proxy-protocol v1 comes first, and says what the connection says" {
	peer 'expect PROXY TCP4 127.0.0.1 127.0.0.1 ' "${HELLO[@]}" "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --proxy-protocol v1
	exits 0
	peer_done
}

@test "--proxy-protocol v2 is binary" {
	peer 'read' 'read' 'expect QUIT' "${HELLO[@]}" "${BYE[@]}"
	PEER_OPTIONS=
	try smtptalk "127.0.0.1:$PORT" --proxy-protocol v2 -t 2
	[ "$(head -c 16 "$PEER_LOG" | od -An -tx1 | tr -d ' \n')" = 0d0a0d0a000d0a515549540a2111000c ]
}

@test "--xclient says all attributes in one command, and EHLO again" {
	peer 'send 220 x' 'expect EHLO' 'raw 250-x\r\n250 XCLIENT NAME ADDR\r\n' \
		'expect XCLIENT ADDR=192.0.2.1 NAME=mail.example.net' 'send 220 x' 'expect EHLO' 'send 250 x' "${BYE[@]}"
	try smtptalk "localhost:$PORT" --xclient ADDR=192.0.2.1 --xclient NAME=mail.example.net
	exits 0
	peer_done
	peer 'send 220 x' 'expect EHLO' 'send 250 x' 'expect XCLIENT' 'send 550 5.7.0 Error: insufficient authorization' \
		"${BYE[@]}"
	try smtptalk --json "localhost:$PORT" --xclient ADDR=192.0.2.1
	exits 2
	verdict CRITICAL command
}

@test "LMTP: LHLO, and a reply for each recipient behind the dot" {
	steps=('send 220 x LMTP' 'expect LHLO' 'send 250 x' 'expect MAIL' 'send 250 ok' 'expect RCPT'
		'send 250 ok' 'expect RCPT' 'send 250 ok' 'expect DATA' 'send 354 go' 'until .')
	mail=(--from a@example.com --to b@example.com --to c@example.com)
	peer "${steps[@]}" 'raw 250 2.1.5 ok\r\n552 5.2.2 quota exceeded\r\n' "${BYE[@]}"
	try smtptalk "lmtp://localhost:$PORT" "${mail[@]}"
	exits 2
	peer_done
	says 'accepted for 1 of 2' '552 5.2.2'
	peer "${steps[@]}" 'raw 250 2.1.5 ok\r\n250 2.1.5 ok\r\n' "${BYE[@]}"
	try smtptalk --lmtp "localhost:$PORT" "${mail[@]}"
	exits 0
	says 'accepted for 2 of 2'
}

@test "--bind: from that address; one that is none of ours is our own trouble" {
	netns
	peer 'send 220 x' 'expect EHLO' 'send 250 x' 'expect QUIT' 'send 221 Bye'
	try smtptalk "127.0.0.1:$PORT" --bind 127.0.0.7 --caps
	exits 0
	says 'from 127.0.0.7'
	for ip in 192.0.2.77 ::1; do
		try smtptalk 127.0.0.1:1 --bind "$ip"
		exits 3
		says 'UNKNOWN connect' "our address $ip"
		says_not 'no way to' 'likely'
	done
	# the other family's address does not hide what this one answers
	names both.example 1 '\x7f\x00\x00\x01' both.example 28 "$(printf '\\x00%.0s' {1..15})\\x01"
	for ip in 127.0.0.7 ::1; do
		try smtptalk --dns "$DNS" both.example:1 --bind "$ip"
		exits 2
		says 'tried connect to' "not of the family of our address $ip" 'CRITICAL connect' 'Connection refused'
	done
}

@test "a UNIX socket and a child's pipe are ways, too" {
	printf '220 x ESMTP\r\n250 x\r\n221 Bye\r\n' >said
	try smtptalk 'exec:cat said'
	says '== exec:cat said, plain text' 'S: 220 x ESMTP' 'S: 250 x'
	printf '220 x\r\n550 5.9.9 no\r\n' >said
	try smtptalk 'exec:cat said'
	exits 2
	says "next: smtptalk 'exec:cat said' -v"
	try smtptalk "unix:$PWD/missing"
	exits 3
}

@test "--tls-min and --tls-max bound the version" {
	sink --smtp 0 --cert-out cert.pem
	try smtptalk "localhost:$SMTP" --tls starttls --ca-file cert.pem --tls-max 1.2
	exits 0
	says TLS1.2
	try smtptalk "localhost:$SMTP" --tls starttls --ca-file cert.pem --tls-min 1.3
	exits 0
	says TLS1.3
	try smtptalk "localhost:$SMTP" --tls-min 1.3 --tls-max 1.2
	exits 3
}

@test "--cert gives our certificate to a server that wants one" {
	command -v openssl >/dev/null || skip "no openssl command"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=client.example.com \
		-keyout key.pem -out own.pem -days 2 2>/dev/null
	cat own.pem key.pem >both.pem
	printf '220 x\r\n250 x\r\n221 Bye\r\n' >said
	for with in '--cert own.pem --key key.pem' '--cert both.pem' ''; do
		rm -f server.out # of the one before
		(cat said; sleep 2) | openssl s_server -accept 0 -cert own.pem -key key.pem -Verify 1 \
			-CAfile own.pem -verify_return_error -naccept 1 >server.out 2>&1 3>&- &
		OTHER_PIDS="${OTHER_PIDS:-} $!"
		soon grep -q '^ACCEPT' server.out
		port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.out)
		# shellcheck disable=SC2086
		try smtptalk "localhost:$port" --tls implicit --ca-file own.pem -k $with
		if [ -n "$with" ]; then
			says 'S: 220 x'
			grep -q 'CN *= *client.example.com' server.out
		else
			says_not 'S: 220 x'
		fi
	done
	try smtptalk "localhost:1" --key key.pem
	exits 3
}
