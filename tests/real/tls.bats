#!/usr/bin/env bats
# tls - each certificate fault by its name, versions, and the wrong kind of port
# SPDX-License-Identifier: MIT
load ../lib/common

setup() { servers; }

starttls() { # PORT OPTION...
	local port=$1
	shift
	try smtptalk "localhost:$port" --tls starttls --ca-file "$PKI/root.pem" -t 15 "$@"
}

# The words of one fault are there, and those of no other.
told_apart() { # PORT WORDS
	local words
	starttls "$1"
	exits 2
	says "$2"
	for words in expired "not valid yet" "self-signed" "intermediate" "unknown root" "other name"; do
		[ "$words" = "$2" ] || [[ $(grep -A1 '^CRITICAL' out | head -n 2) != *"$words"* ]] ||
			fail "also said: $words"
	done
	starttls "$1" --json
	verdict CRITICAL cert
}

@test "a good certificate: names, issuer and days are told" {
	starttls "$SMTP_PORT"
	exits 0
	says TLS1.3 "mail.example.com" "mtabox test root"
	says_not CRITICAL
}

@test "a chain with its intermediate" {
	starttls "$CHAIN_PORT"
	exits 0
	says_not CRITICAL
}

@test "expired" { told_apart "$EXPIRED_PORT" expired; }
@test "not yet valid" { told_apart "$EARLY_PORT" "not valid yet"; }
@test "wrong name" {
	starttls "$WRONG_NAME_PORT"
	exits 2
	says "other.example.net" "localhost"
	starttls "$WRONG_NAME_PORT" --json
	verdict CRITICAL cert
	starttls "$WRONG_NAME_PORT" --sni other.example.net
	exits 0
}
@test "self-signed" { told_apart "$SELF_SIGNED_PORT" self-signed; }
@test "unknown root" {
	starttls "$UNKNOWN_ROOT_PORT"
	exits 2
	says "root that no client knows"
	says_not "intermediate missing" "leaf only"
}
@test "leaf only: the intermediate is missing" { told_apart "$LEAF_ONLY_PORT" intermediate; }

@test "without --ca-file the test root is unknown" {
	try smtptalk "localhost:$SMTP_PORT" --tls starttls -t 15
	exits 2
	says "mtabox test root"
}

@test "-k goes on, and still tells" {
	starttls "$EXPIRED_PORT" -k -u sample --pass-file pass --auth-only
	says "S: 235" expired
}

@test "a TLS 1.2 server with an RSA key" {
	starttls "$TLS12_PORT" -u sample --pass-file pass --auth-only
	exits 0
	says TLS1.2 "S: 235"
}

@test "--tls-min above what the server speaks: no cause of the server's" {
	try smtptalk "localhost:$TLS12_PORT" --tls starttls --tls-min 1.3 --ca-file "$PKI/root.pem"
	exits 2
	says "CRITICAL tls" "[tls-version-bounds]"
	says_not "TLS 1.0"
}

@test "implicit TLS at a port that speaks clear text first" {
	try smtptalk "localhost:$SMTP_PORT" --tls implicit --ca-file "$PKI/root.pem" -t 15 --json
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	verdict '[A-Z]*' tls
	try smtptalk "localhost:$SMTP_PORT" --tls implicit --ca-file "$PKI/root.pem" -t 15
	says "clear text" "next:" "--tls starttls"
	try pop3talk "localhost:$POP3_PORT" --tls implicit --ca-file "$PKI/root.pem" -t 15
	says "clear text" "next:" "--tls starttls"
}

@test "clear text at a port that wants TLS at once" {
	try smtptalk "localhost:$SMTPS_PORT" --tls none --ca-file "$PKI/root.pem" -t 15
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	says "TLS from the first byte" "next:" "--tls implicit"
	try pop3talk "localhost:$POP3S_PORT" --tls none --ca-file "$PKI/root.pem" -t 15
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	says "TLS from the first byte" "next:" "--tls implicit"
}

@test "--tls auto finds out by itself" {
	local row applet port
	for row in "smtptalk $SMTP_PORT" "smtptalk $SMTPS_PORT" "pop3talk $POP3_PORT" "pop3talk $POP3S_PORT"; do
		read -r applet port <<<"$row"
		try "$applet" "localhost:$port" --ca-file "$PKI/root.pem" -t 20
		exits 0
		says TLS1.3
	done
}

@test "--tls starttls where it is not offered" {
	try smtptalk "localhost:$PLAIN_PORT" --tls starttls -t 15
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	says STARTTLS "not offered"
}

@test "TLS 1.2 and 1.3 of openssl s_server, closed without close_notify" {
	local version pid
	for version in tls1_2 tls1_3; do
		coproc { exec openssl s_server -quiet -naccept 1 -accept 127.0.0.1:0 -$version \
			-cert "$PKI/good.pem" -key "$PKI/good.key" 2>&1 3>&-; }
		pid=$COPROC_PID
		OTHER_PIDS="${OTHER_PIDS:-} $pid"
		soon listening "$pid"
		printf '220 mail.example.com ESMTP\r\n' >&"${COPROC[1]}"
		try smtptalk "localhost:$(listening "$pid")" --tls implicit --ca-file "$PKI/root.pem" -t 3
		says "TLS1.${version#tls1_}" "S: 220 mail.example.com ESMTP"
		kill "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
}

# The port that a process of ours listens on.
listening() { # PID
	local inode
	inode=$(readlink "/proc/$1"/fd/* | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' ')
	awk -v inodes=" $inode" '$4 == "0A" && index(inodes, " " $10 " ") {
		split($2, a, ":"); print a[2]; found = 1; exit } END { exit !found }' /proc/net/tcp |
		{ read -r hex && echo $((16#$hex)); }
}
