#!/usr/bin/env bats
# popissues - what other POP3, IMAP and SASL clients were reported to do wrong, and ours do not
# SPDX-License-Identifier: MIT

load ../lib/common

big() { # pop3|imap COUNT
	needs python3
	: >big.port
	"$BATS_TEST_DIRNAME/../lib/bigbox" "$1" "$2" >big.port 2>big.err </dev/null 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	soon test -s big.port
	BIG=127.0.0.1:$(<big.port)
}

# hermes-agent PR 109779, TA-dmarc 36
@test "row 27: 200,000 messages, UIDL of 15 MB, a SEARCH response of 2 MB: in 16 MB of memory" {
	local talk
	DEADLINE_S=120
	for talk in pop3 imap; do
		big $talk 200000
		try sh -c "${talk}talk $BIG --tls none -t 110 -u sample --pass-file pass --dump - | grep -c '^Subject: '"
		exits 0
		complains "200000 messages" "200000 kept now, 0 before"
		[ "$output" = 200000 ]
	done
	try imaptalk "$BIG" --tls none -t 110 -u sample --pass-file pass --check --find x --max 2
	exits 0
	says "200000 messages" "sizes, line ends and UIDs are in order"
	[ "$(wc -c <out)" -lt 5000 ] || fail "$(wc -c <out) octets"
}
