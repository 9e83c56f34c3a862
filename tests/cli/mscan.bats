#!/usr/bin/env bats
# mscan - the port scanner on loopback: states, what answers, bad words
# SPDX-License-Identifier: MIT

load ../lib/common

row() { # PORT TEXT
	local line
	line=$(grep -E "^ *$1 " out) || fail "no row for $1"
	[[ $(flat "$line") == *"$2"* ]] || fail "row of $1 is: $line"
}

json() { # PYTHON-EXPRESSION of the list "o" of objects
	needs python3
	python3 -c "
import json, sys
o = [json.loads(line) for line in open('out')]
assert $1, o" || fail "not so: $1"
}

@test "open, closed, and what answers" {
	sink --smtp 0 --pop3 0 --cert-out cert.pem --user sample:password
	try mscan localhost -4 -p "$SMTP,$POP3,1" --ca-file cert.pem
	exits 0
	row "$SMTP" "open"
	row "$SMTP" "mailsink, STARTTLS, TLS1.3"
	row "$POP3" "mailsink, STLS, TLS1.3"
	row 1 "closed"
	says "OK localhost: 2 open, 1 closed"
}

@test "--json: an object a port, with capabilities, mechanisms and certificate" {
	sink --smtp 0 --cert-out cert.pem --user sample:password
	try mscan 127.0.0.1 -p "$SMTP,1" --ca-file cert.pem --json
	exits 0
	json "[x['type'] for x in o] == ['port', 'port', 'verdict', 'result']"
	json "o[1]['state'] == 'open' and 'PIPELINING' in o[1]['caps'] and o[1]['starttls']"
	json "o[1]['auth'] and 'PLAIN' in o[1]['auth_tls'] and o[1]['tls']['version'] == 'TLS1.3'"
	json "o[1]['tls']['cert']['days'] > 300 and o[0]['state'] == 'closed' and o[0]['reason'] == 'reset'"
}

@test "no login is tried, the session is ended by QUIT, one connection a port" {
	peer 'send 220 mail.example.com ESMTP' read 'send 250-mail.example.com' 'send 250 AUTH PLAIN' read \
		'send 221 bye'
	try mscan "127.0.0.1:$PORT"
	row "$PORT" "software hidden, no STARTTLS"
	says "[port-no-starttls]"
	peer_got "EHLO "
	peer_got "QUIT"
	peer_got_not AUTH
	peer_done
}

@test "a server that goes on in clear text behind its yes to STARTTLS" {
	peer 'send +OK ready' 'expect CAPA' 'raw +OK\r\nSTLS\r\n.\r\n' 'expect STLS' 'send +OK go' 'delay 200' 'send -ERR no' hang
	try mscan "127.0.0.1:$PORT"
	exits 2
	row "$PORT" "no TLS"
	says "[tls-starttls-plain]" "-starttls pop3"
}

@test "nothing is sent before the greeting is whole" {
	peer 'send 220-mail.example.com ESMTP' 'delay 1000' 'send 220 mail.example.com ESMTP Postfix' read \
		'send 250 mail.example.com' read 'send 221 bye'
	try mscan "127.0.0.1:$PORT"
	row "$PORT" "Postfix"
	peer_done
}

@test "a tarpit costs five seconds, and not more" {
	peer 'send 220 slow' hang
	try mscan 127.0.0.1 -p "$PORT,1"
	row "$PORT" open
	peer hang
	try mscan "127.0.0.1:$PORT"
	row "$PORT" "silent: no greeting"
}

@test "a flood, escapes and garbage in a banner" {
	peer 'flood 220-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n'
	try mscan "127.0.0.1:$PORT"
	row "$PORT" "an answer without end"
	peer 'raw 220 \x1b]0;evil\x07 \x9b\xff\r\n' read 'send 221 bye'
	try mscan "127.0.0.1:$PORT" --json
	json "'evil' in o[0]['banner']"
	! LC_ALL=C grep -q '[^ -~]' out || fail "a raw octet"
}

@test "a hang-up, and a refusal, in the first words" {
	peer 'delay 1'
	try mscan "127.0.0.1:$PORT"
	row "$PORT" "hangs up without a word"
	peer 'send 554 5.7.1 go away' read 'send 221 bye'
	try mscan "127.0.0.1:$PORT"
	exits 2
	says "554 5.7.1 go away" "[port-refuses]"
}

@test "a bad word is named before anything is sent" {
	local list
	for list in 70000 100-50 0 , 25,,110 25x smpt; do
		try mscan 127.0.0.1 -p "$list"
		exits 3
		complains "mscan: ports:"
	done
	try mscan 10.0.0.0/99
	exits 3
	complains '"10.0.0.0/99": a network has 0 to 32 bits'
	try mscan fe80::1
	exits 3
	complains "needs its interface"
	try mscan
	exits 3
	complains "a target is missing"
	try mscan 127.0.0.1 --expect 25=ajar
	exits 3
	complains '"ajar" is no state'
	try mscan 127.0.0.1 -p 1-5000
	exits 3
	complains "--yes"
	try mscan 127.0.0.1 --local
	exits 3
	try mscan 127.0.0.1 --compare x
	exits 3
}

@test "a name that does not resolve is told, and the others are scanned" {
	try mscan no-such-host.invalid 127.0.0.1 -p 1 --dns 127.0.0.1:1 -t 5
	exits 3
	says "UNKNOWN no-such-host.invalid"
	row 1 closed
}

@test "a domain that takes no mail is told from a name that does not exist" {
	names null.example 15 '\x00\x00\x00'
	try mscan --mx null.example --dns "$DNS" -t 5
	exits 2
	says "CRITICAL null.example" "null MX" "[mx-null]"
	try mscan --egress null.example --dns "$DNS" -t 5
	exits 3
	says "UNKNOWN null.example" "[mx-null]"
	try mscan --mx none.example --dns "$DNS" -t 5
	exits 3
	says "UNKNOWN none.example" "[name-not-found]"
	try mscan --mx null.example --mx none.example --dns "$DNS" -t 5
	says "[mx-null]" "[name-not-found]"
}

@test "targets from a file and from standard input" {
	printf '127.0.0.1\n# none\n127.0.0.2-3\n' >list
	try mscan -f list -p 1 --grep
	exits 0
	[ "$(wc -l <out)" -eq 3 ]
	INPUT=list
	try mscan -f - -p 1 --grep
	[ "$(wc -l <out)" -eq 3 ]
	says "127.0.0.3 127.0.0.3 1/closed/reset"
}

@test "--nagios and --expect" {
	sink --smtp 0 --no-tls
	try mscan --nagios -e "$SMTP=open,1=closed" 127.0.0.1 --no-probe
	exits 0
	[ "$(wc -l <out)" -eq 1 ]
	says "MSCAN OK"
	try mscan --nagios -e "1=open" 127.0.0.1
	exits 2
	says "MSCAN CRITICAL" "1: closed, should be open"
}

@test "certificates: days left against -w and -c" {
	sink --smtps 0 --cert-out cert.pem
	try mscan localhost -4 -p "$SMTPS" --no-probe
	exits 0
	needs openssl
	sink --smtp 0 --cert-out cert.pem
	try mscan localhost -4 -p "$SMTP" --ca-file cert.pem -w 400
	exits 1
	says "certificate ends in" "[cert-ends-soon]"
	try mscan localhost -4 -p "$SMTP" --ca-file cert.pem -c 400 -w 400
	exits 2
	try mscan localhost -4 -p "$SMTP" --ca-file cert.pem --certs
	says "localhost 127.0.0.1" "EC P-256" ok
}

@test "interrupted: what is known is printed, and the exit code is 3" {
	netns
	"${NETNS[@]}" ip route add 198.51.100.0/24 dev lo 2>/dev/null || :
	DEADLINE_S=20
	NETNS=(timeout --preserve-status -s INT 1 "${NETNS[@]}")
	try mscan 198.51.100.9 -p 1-1000 --rate 100 --no-probe
	exits 3
	says "stopped before its end"
	NETNS=("${NETNS[@]:5}")
	try mscan 198.51.100.9 -p 1-1000 --rate 100 -t 1 --no-probe
	exits 3
	says "stopped before its end"
}

@test "without /proc, with standard input closed, with few descriptors" {
	sink --smtp 0 --no-tls
	status=0
	bash -c 'ulimit -n 32; exec mscan "127.0.0.1" -p 1-300,'"$SMTP"' --no-probe --grep <&-' >out 2>err || status=$?
	[ "$status" -eq 0 ] || fail "status $status"
	grep -q "$SMTP/open" out
	[ "$(grep -o /closed out | wc -l)" -eq 300 ]
}

@test "--local: without anything listening on mail ports" {
	netns
	try mscan --local -p 25,993
	exits 2
	says "nobody" "[local-daemon-down]"
}

@test "-v: banner, capabilities before and inside TLS, the certificate" {
	sink --smtp 0 --cert-out cert.pem --user sample:password
	try mscan localhost -4 -p "$SMTP" --ca-file cert.pem -v
	exits 0
	says "banner 220 mailsink.localhost ESMTP mailsink" "clear PIPELINING" "STARTTLS" "in TLS PIPELINING" \
		"TLS1.3" "certificate for localhost 127.0.0.1" "EC P-256"
}

@test "--certs: another certificate for who sends no server name" {
	needs openssl
	netns
	for name in with without; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.pem \
			-days 20 -subj "/CN=$name.example.com" -addext "subjectAltName=DNS:localhost,DNS:$name.example.com" \
			>/dev/null 2>&1
	done
	cat with.pem without.pem >both.pem
	"${NETNS[@]}" timeout 60 openssl s_server -accept 127.0.0.1:993 -cert without.pem -key without.key \
		-servername localhost -cert2 with.pem -key2 with.key -quiet >/dev/null 2>&1 </dev/zero 3>&- &
	soon "${NETNS[@]}" bash -c '</dev/tcp/127.0.0.1/993'
	try mscan localhost -4 -p 993 --ca-file both.pem --certs
	kill %%
	exits 1
	says "993 localhost with.example.com" "without SNI another certificate: localhost without.example.com" \
		"[cert-without-sni]"
}
