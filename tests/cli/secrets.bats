#!/usr/bin/env bats
# secrets - where a password may go, and that no output holds one
# SPDX-License-Identifier: MIT
load ../lib/common

EHLO_AUTH=("send 220 mail.example.com ESMTP" "expect EHLO" "raw 250-mail.example.com\r\n250 AUTH PLAIN LOGIN\r\n")

@test "AUTH PLAIN of sample/password is the article's string, in one line" {
	peer "${EHLO_AUTH[@]}" "expect AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==" "send 235 2.0.0 Authentication successful" \
		"expect QUIT" "send 221 2.0.0 Bye"
	try smtptalk "127.0.0.1:$PORT" --tls none -u sample --pass-file pass --auth-only
	exits 0
	says 'C: AUTH PLAIN <hidden: user "sample", password 8 bytes>' "S: 235"
	peer_done
	grep -qxF $'AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r' "$PEER_LOG"
}

@test "--show-secrets shows it" {
	SECRETS=()
	peer "${EHLO_AUTH[@]}" "expect AUTH PLAIN" "send 235 ok" "expect QUIT" "send 221 bye"
	try smtptalk "127.0.0.1:$PORT" --tls none -u sample --pass-file pass --auth-only --show-secrets
	exits 0
	says "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA=="
}

@test "smtptalk: no password in clear to a host that is not loopback" {
	netns
	PEER_OPTIONS="-a 192.0.2.10"
	peer "${EHLO_AUTH[@]}" hang
	try smtptalk "192.0.2.10:$PORT" --tls none -t 5 -u sample --pass-file canary-pass --auth-only
	exits 3
	says UNKNOWN "not encrypted" "next:"
	peer_got EHLO
	peer_got_not AUTH
	peer_got_not "$CANARY"
}

@test "smtptalk: nor when STARTTLS is just not offered" {
	netns
	PEER_OPTIONS="-a 192.0.2.10"
	peer "${EHLO_AUTH[@]}" hang
	try smtptalk "192.0.2.10:$PORT" -t 5 -u sample --pass-file canary-pass --auth-only
	exits 3
	peer_got EHLO
	peer_got_not AUTH
}

@test "smtptalk: -k sends it all the same" {
	netns
	PEER_OPTIONS="-a 192.0.2.10"
	peer "${EHLO_AUTH[@]}" "expect AUTH PLAIN" "send 235 ok" "expect QUIT" "send 221 bye"
	try smtptalk "192.0.2.10:$PORT" --tls none -k -t 5 -u sample --pass-file canary-pass --auth-only
	exits 0
	peer_done
}

@test "pop3talk: no password in clear to a host that is not loopback" {
	netns
	PEER_OPTIONS="-a 192.0.2.10"
	peer "send +OK POP3 ready." "expect CAPA" "raw +OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n" hang
	try pop3talk "192.0.2.10:$PORT" --tls none -t 5 -u sample --pass-file canary-pass --list
	exits 3
	says UNKNOWN "not encrypted" "next:"
	peer_got CAPA
	peer_got_not PASS
	peer_got_not AUTH
}

# openssl as an SMTP server: it does TLS, a shell loop on two pipes speaks.
tls_server() { # CERTIFICATE-NAME
	"$TOP/tests/lib/mkcerts" pki
	mkfifo to-client from-client
	"${NETNS[@]}" openssl s_server -quiet -naccept 1 -accept 192.0.2.10:465 -cert "pki/$1.pem" \
		-key "pki/$1.key" <to-client >from-client 2>/dev/null 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	exec 4>to-client 5<from-client
	printf '220 mail.example.com ESMTP\r\n' >&4
	while read -r line <&5; do
		printf '%s\n' "$line" >>tls.log
		case $line in
		EHLO*) printf '250-mail.example.com\r\n250 AUTH PLAIN\r\n' >&4 ;;
		AUTH*) printf '235 2.7.0 ok\r\n' >&4 ;;
		*) printf '221 bye\r\n' >&4 ;;
		esac
	done 3>&- &
	OTHER_PIDS="$OTHER_PIDS $!"
	: >tls.log
	soon "${NETNS[@]}" grep -q ':01D1 .* 0A ' /proc/net/tcp
}

@test "smtptalk: no password over TLS that is not verified" {
	netns
	tls_server self-signed
	try smtptalk smtps://192.0.2.10 -t 5 -u sample --pass-file canary-pass --auth-only
	exits 3
	says "self-signed" "UNKNOWN auth" "next:"
	soon grep -q EHLO tls.log
	! grep -q AUTH tls.log || fail "the password was sent"
}

@test "smtptalk: over TLS that is verified it is sent" {
	netns
	"$TOP/tests/lib/mkcerts" pki
	tls_server good
	try smtptalk smtps://192.0.2.10 --ca-file pki/root.pem -t 5 -u sample \
		--pass-file canary-pass --auth-only
	exits 0
	soon grep -q "^AUTH PLAIN $(printf '\0sample\0%s' "$CANARY" | base64)" tls.log
}

@test "a refused password is in no form of output" {
	local option
	for option in -v -q --json --nagios --stable; do
		peer "${EHLO_AUTH[@]}" "expect AUTH" "send 535 5.7.8 no" "expect QUIT" "send 221 bye"
		try smtptalk "127.0.0.1:$PORT" --tls none -t 5 -u sample --pass-file canary-pass --auth-only "$option"
		exits 2
		peer "send +OK" "expect CAPA" "send -ERR" "expect USER" "send +OK" "expect PASS $CANARY" \
			"send -ERR [AUTH] no" "expect QUIT" "send +OK"
		try pop3talk "127.0.0.1:$PORT" --tls none -t 5 -u sample --pass-file canary-pass --list "$option"
		exits 2
	done
}

@test "a piped script's passwords are hidden" {
	local plain
	plain=$(printf '\0sample\0%s' "$CANARY" | base64)
	printf '%s\n' "EHLO client.example.com" "AUTH PLAIN $plain" "AUTH LOGIN" c2FtcGxl \
		"$(printf %s "$CANARY" | base64)" "AUTH PLAIN" "$plain" QUIT >script
	INPUT=script
	peer "${EHLO_AUTH[@]}" "expect AUTH PLAIN $plain" "send 535 no" "expect AUTH LOGIN" \
		"send 334 VXNlcm5hbWU6" "expect c2FtcGxl" "send 334 UGFzc3dvcmQ6" read "send 535 no" \
		"expect AUTH PLAIN" "send 334 " "expect $plain" "send 235 ok" "expect QUIT" "send 221 bye"
	try smtptalk "127.0.0.1:$PORT" --tls none -t 5 -i
	says "C: AUTH PLAIN <hidden" "C: AUTH LOGIN" "S: 235 ok"
	peer_done
	printf '%s\n' "USER sample" "PASS $CANARY" QUIT >script
	peer "send +OK" "expect USER sample" "send +OK" "expect PASS $CANARY" "send +OK" "expect QUIT" "send +OK"
	try pop3talk "127.0.0.1:$PORT" --tls none -t 5 -i
	says "C: PASS <hidden"
	peer_done
}

@test "-p warns, and the process list does not show it" {
	peer "send 220 mail" "expect EHLO" hang
	smtptalk "127.0.0.1:$PORT" --tls none -t 5 -u sample -p "$CANARY" --auth-only \
		>out 2>err </dev/null 3>&- &
	OTHER_PIDS=$!
	peer_got EHLO
	tr '\0' ' ' <"/proc/$OTHER_PIDS/cmdline" >cmdline
	grep -q auth-only cmdline
	no_secret cmdline
	grep -q -e -p err
	no_secret err
}

@test "--pass-file: one line end is stripped, CRLF too, blanks are kept" {
	local content
	for content in 'pass word \n' 'pass word \r\n' 'pass word '; do
		printf %b "$content" >odd-pass
		peer "${EHLO_AUTH[@]}" "expect AUTH PLAIN $(printf '\0sample\0pass word ' | base64)" "send 235 ok" \
			"expect QUIT" "send 221 bye"
		try smtptalk "127.0.0.1:$PORT" --tls none -t 5 -u sample --pass-file odd-pass --auth-only
		exits 0
		peer_done
	done
}

@test "the password comes from a descriptor, standard input, netrc or the environment" {
	local plain
	plain="expect AUTH PLAIN $(printf '\0sample\0%s' "$CANARY" | base64)"
	login() {
		peer "${EHLO_AUTH[@]}" "$plain" "send 235 ok" "expect QUIT" "send 221 bye"
		try "$@" smtptalk "127.0.0.1:$PORT" --tls none -t 5 --auth-only $how
		exits 0
		peer_done
	}
	how="-u sample --pass-fd 7"
	exec 7<canary-pass
	login env
	exec 7<&-
	how="-u sample --pass-file -"
	INPUT=canary-pass login env
	how="-u sample"
	login env MTABOX_PASS="$CANARY"
	printf 'machine 127.0.0.1 login sample password %s\n' "$CANARY" >netrc
	chmod 600 netrc
	how="--netrc=netrc"
	login env
}

@test "no core dump holds a password" {
	peer "${EHLO_AUTH[@]}" "expect AUTH" hang
	ulimit -S -c hard
	smtptalk "127.0.0.1:$PORT" --tls none -t 5 -u sample --pass-file canary-pass --auth-only \
		>out 2>err </dev/null 3>&- &
	OTHER_PIDS=$!
	peer_got AUTH
	grep -q 'Max core file size  *0 ' "/proc/$OTHER_PIDS/limits"
}

@test "output that is lost is not a success" {
	local lost
	for lost in '>/dev/full' '>&-'; do
		peer "send 220 mail" "expect EHLO" "send 250 mail" "expect QUIT" "send 221 bye"
		try sh -c "exec smtptalk 127.0.0.1:$PORT --tls none -t 5 $lost"
		exits 3
		try sh -c "exec b64auth plain -u sample --pass-file pass $lost"
		exits 3
		try sh -c "exec mtabox --help $lost"
		[ "$status" -ne 0 ] || fail "exit code 0 with $lost"
	done
}
