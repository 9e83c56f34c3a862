#!/usr/bin/env bats
# scan - mscan across a router and three firewalls
# SPDX-License-Identifier: MIT
load ../lib/common

LAB=$TOP/tests/lib/scan-lab
export SCAN_LAB=scan-${BATS_RUN_TMPDIR##*/}

setup_file() {
	[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
	command -v nft >/dev/null || skip "no nft command (nftables)"
	"$LAB" up
}

teardown_file() { [ "$(id -u)" -ne 0 ] || "$LAB" down; }

from() { # PLACE OPTION...
	NETNS=("$LAB" "$1")
	shift
	try mscan "$@"
}

row() { # PORT TEXT: a row of the table
	local line
	line=$(grep -E "^ *$1 " out) || fail "no row for $1"
	[[ $(flat "$line") == *"$2"* ]] || fail "row of $1 is: $line"
}

states() { # ADDRESS HOST-OF-ICMP ROUTER
	row 25 "open smtp syn-ack"
	row 465 "open submissions syn-ack"
	row 110 "open pop3 syn-ack"
	row 995 "open pop3s syn-ack"
	row 993 "closed imaps reset"
	row 2525 "closed smtp-alt reset"
	row 587 "filtered submission no reply (3)"
	row 24 "filtered lmtp no reply (3)"
	row 143 "filtered imap port-unreachable from $2"
	row 4190 "filtered sieve admin-prohibited from $3"
}

@test "states, reasons and who sent them, over IPv4" {
	from cli 198.51.100.2
	states 198.51.100.2 198.51.100.2 192.0.2.1
	says "[scan-port-dropped]" "[port-rejected-host]" "[port-rejected-router]"
}

@test "states, reasons and who sent them, over IPv6" {
	from cli 2001:db8:2::2
	states 2001:db8:2::2 2001:db8:2::2 2001:db8:1::1
}

@test "what answers: software, STARTTLS, TLS version, certificate and its days" {
	from cli 198.51.100.2 -p 25,465
	row 25 "mailsink, STARTTLS, TLS1.3"
	row 465 "mailsink, TLS1.3"
	from cli --certs 198.51.100.2
	says "25,110,465,995 mail.example.com" "8 RSA 2048 self-signed"
}

@test "this machine's own firewall is told from others'" {
	from cli 198.51.100.2 -p 26
	row 26 "filtered smtp-alt port-unreachable from 192.0.2.2"
	says "UNKNOWN 26" "[port-rejected-here]"
	exits 3
}

@test "no route" {
	"$LAB" cli ip route add unreachable 203.0.113.0/24
	from cli 203.0.113.7 -p 25
	exits 3
	row 25 "unreachable smtp no route from here"
}

@test "1000 ports as an unprivileged user, with 64 descriptors" {
	local place=${TMPDIR:-/tmp}/$SCAN_LAB
	cp "$MTABOX" "$place/mscan"
	NETNS=("$LAB" cli setpriv --reuid 65534 --regid 65534 --clear-groups env "PATH=$place:$PATH")
	try bash -c 'ulimit -n 64; exec mscan 198.51.100.2 -p 1-1000 --no-probe --grep'
	exits 0
	says 25/open 465/open 110/open 995/open 993/closed
	[ "$(grep -o /open out | wc -l)" -eq 4 ]
}

@test "every port of one protocol family, listed and not shown" {
	from cli 198.51.100.2 -p 1-1000 --no-probe
	says "Not shown: " "closed"
	row 587 filtered
}

@test "on the server itself: who listens where, and both views together" {
	from srv --local -p 25,587,10025,993
	row 25 "[::] mtabox open open"
	row 10025 "127.0.0.1 mtabox open/closed closed"
	row 993 "nobody"
	says "10025: listens on 127.0.0.1 only" "[local-loopback-only]"
	from cli 198.51.100.2 --json -p 25,587,143,993,4190,10025
	cp out outside.json
	from srv --local --compare "$PWD/outside.json"
	says "OK 25 at 198.51.100.2: fine" "CRITICAL 587 at 198.51.100.2: listens here, dropped outside; a rule here drops it" \
		"[local-host-firewall]" "143 at 198.51.100.2: listens here, and this machine rejects it outside" \
		"993 at 198.51.100.2: nothing listens here" "[local-daemon-down]" \
		"10025 at 198.51.100.2: listens for this machine alone"
}

@test "--since: what changed, and nothing else" {
	from cli 198.51.100.2 --json
	cp out before.json
	from cli 198.51.100.2 --since "$PWD/before.json"
	exits 0
	says "none since the scan before"
	"$LAB" srv nft add rule inet lab c tcp dport 110 drop
	from cli 198.51.100.2 --since "$PWD/before.json"
	"$LAB" srv nft -a list chain inet lab c | sed -n 's/.*dport 110 drop # handle //p' |
		xargs -I{} "$LAB" srv nft delete rule inet lab c handle {}
	exits 1
	says "110 at 198.51.100.2: filtered, was open"
}

@test "TLS versions: the same as openssl s_client finds" {
	from cli 198.51.100.2 --tls-versions -p 465,25
	row 465 "- - - yes yes"
	row 25 "- - - yes yes"
	for version in tls1_2 tls1_3; do
		echo QUIT | "$LAB" cli timeout 10 openssl s_client -connect 198.51.100.2:465 -$version >s_client 2>&1 ||
			fail "$(<s_client)"
	done
	! echo QUIT | "$LAB" cli timeout 10 openssl s_client -connect 198.51.100.2:465 -tls1_1 \
		-cipher DEFAULT@SECLEVEL=0 >s_client 2>&1 || fail "TLS 1.1 is taken"
}

@test "old TLS versions of a server that still has them" {
	cert=${TMPDIR:-/tmp}/$SCAN_LAB/cert.pem key=${TMPDIR:-/tmp}/$SCAN_LAB/key.pem
	"$LAB" srv timeout 30 openssl s_server -accept 993 -cert "$cert" -key "$key" -tls1 \
		-cipher DEFAULT@SECLEVEL=0 -quiet >/dev/null 2>&1 </dev/zero 3>&- &
	soon "$LAB" cli bash -c '</dev/tcp/198.51.100.2/993'
	from cli 198.51.100.2 --tls-versions -p 993 -t 15
	kill %1
	row 993 "- yes - - -"
	says "[tls-no-modern-version]" "[tls-old-version]"
}

@test "a host that takes five connections a second: nothing is missed, and it is told" {
	"$LAB" srv nft insert rule inet lab c tcp flags syn / syn,ack limit rate over 5/second burst 5 packets drop
	DEADLINE_S=90
	from cli 198.51.100.2 -p 25,465,110,995,993,1-12,587 --no-probe
	"$LAB" srv nft -a list chain inet lab c | sed -n 's/.*limit rate.*# handle //p' |
		xargs -I{} "$LAB" srv nft delete rule inet lab c handle {}
	for port in 25 465 110 995; do
		row "$port" open
	done
	row 587 filtered
	says "[scan-limited]"
}
