#!/usr/bin/env bats
# popissues - what other POP3, IMAP and SASL clients were reported to do wrong, and ours do not
# SPDX-License-Identifier: MIT

load ../lib/common

big() { # pop3|imap COUNT [OCTETS]
	needs python3
	: >big.port
	"$BATS_TEST_DIRNAME/../lib/bigbox" "$@" >big.port 2>big.err </dev/null 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	soon test -s big.port
	BIG=127.0.0.1:$(<big.port)
}

HELLO3=('send +OK' 'expect CAPA' 'send -ERR')
IN3=("${HELLO3[@]}" 'expect USER' 'send +OK' 'expect PASS' 'send +OK')
HELLO4=('send * OK' 'expect a1 CAPABILITY' 'raw * CAPABILITY IMAP4rev1 SASL-IR\r\na1 OK\r\n')
IN4=("${HELLO4[@]}" 'expect a2 LOGIN' 'send a2 OK')

pop3() { try pop3talk "127.0.0.1:$PORT" --tls none -t 10 -u sample --pass-file pass "$@"; }

imap() { try imaptalk "127.0.0.1:$PORT" --tls none -t 10 -u sample --pass-file pass "$@"; }

# cyrus-imapd 4717
@test "row 7: a final dot and CR without LF is named when the time is over" {
	peer "${IN3[@]}" 'expect STAT' 'send +OK 1 5' 'expect LIST 1' 'send +OK 1 5' 'expect RETR 1' 'raw +OK\r\nx: y\r\n.\r' hang
	pop3 --read 1 -t 2
	exits 3
	says 'the data is not whole (6 octets came, then a dot and CR without LF)' '[reply-timeout]'
}

# net-imap PR 667
@test "row 11: TLS is wanted and refused, taken back or not begun: no name and no password" {
	local row
	for row in 'send -ERR no' 'send -ERR [SYS/TEMP] TLS is not available' 'raw +OK go\r\n+OK go on in clear\r\n' 'raw +OK\r\n-ERR what?\r\n'; do
		rm -f "$PEER_LOG"
		peer 'send +OK' 'expect CAPA' 'raw +OK\r\nSTLS\r\nUSER\r\n.\r\n' 'expect STLS' "$row" read
		pop3 --tls starttls --stat
		[ "$status" -ne 0 ]
		peer_got_not USER
	done
	for row in 'send a2 NO no' 'send a2 BAD what?' 'raw a2 OK\r\na3 OK in clear\r\n' 'raw a2 OK\r\n* BYE\r\n'; do
		rm -f "$PEER_LOG"
		peer 'send * OK' 'expect a1 CAPABILITY' 'raw * CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n' 'expect a2 STARTTLS' "$row" read
		imap --tls starttls --stat
		exits 2
		peer_got_not LOGIN
	done
	peer 'send * OK' 'expect a1 CAPABILITY' 'raw * CAPABILITY IMAP4rev1\r\na1 OK\r\n' 'expect a2 LOGOUT' 'send a2 OK'
	imap --tls starttls --stat
	exits 2
	says '[starttls-missing]'
	peer_done
}

# Indy 427, imapclient 192
@test "row 12: what was offered before TLS is forgotten, asked for again, and what changed is told" {
	sink --pop3 0 --imap 0 --require-tls --user sample:password --cert-out cert.pem
	try pop3talk "localhost:$POP3" --ca-file cert.pem -u sample --pass-file pass --auth-only
	exits 0
	[ "$(grep -c '^C: CAPA' out)" -eq 2 ]
	says 'offered in clear text offered with TLS' 'STLS - ' '- USER' '- SASL SCRAM-SHA-256 '
	try imaptalk "localhost:$IMAP" --ca-file cert.pem -u sample --pass-file pass --auth-only
	exits 0
	[ "$(grep -c '^C: a[0-9]* CAPABILITY' out)" -eq 2 ]
	says 'offered in clear text offered with TLS' 'STARTTLS - ' 'LOGINDISABLED - ' '- AUTH=SCRAM-SHA-256' '- AUTH=PLAIN'
}

# rust-imap 98, swift-nio-imap PR 222, neomutt 1236
@test "row 15: a go-ahead in any form; behind BAD nothing of the exchange is sent" {
	local go
	for go in '+\r\n' '+ \r\n' '+ =\r\n' '+  \r\n'; do
		peer 'send * OK' 'expect a1 CAPABILITY' 'raw * CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK\r\n' 'expect a2 AUTHENTICATE PLAIN' "raw $go" \
			'expect AHNhbXBsZQBwYXNzd29yZA==' 'send a2 BAD what' 'expect a3 LOGOUT' 'send a3 OK'
		imap --auth plain --stat
		exits 2
		says '1 attempt'
		peer_done
		peer "${HELLO3[@]}" 'expect AUTH LOGIN' "raw $go" 'expect c2FtcGxl' "raw $go" 'expect cGFzc3dvcmQ=' 'send -ERR what' 'expect QUIT' 'send +OK'
		pop3 --auth login --stat
		exits 2
		peer_done
	done
	peer "${HELLO4[@]}" 'expect a2 AUTHENTICATE CRAM-MD5' 'raw + !!!\r\n' 'expect *' 'send a2 BAD cancelled' 'expect a3 LOGOUT' 'send a3 OK'
	imap --auth cram-md5 --stat
	exits 2
	says 'cancelled with "*"' '[auth-exchange-broken]'
	peer_done
}

# go-imap 760
@test "row 16: an empty answer is an empty line, not =" {
	peer "${HELLO3[@]}" 'expect AUTH XOAUTH2' 'raw + eyJzdGF0dXMiOiI0MDAifQ==\r\n' 'until ' 'send -ERR no' 'expect QUIT' 'send +OK'
	pop3 --auth xoauth2 --auth-only
	exits 2
	peer_done
}

# msmtp 121, cyrus-sasl 180
@test "row 17: CRAM-MD5 with a password over 64 octets" {
	local long
	long=$(printf 'a%.0s' {1..65})
	printf '%s\n' "$long" >long-pass
	sink --pop3 0 --no-tls --user "sample:$long"
	try pop3talk "localhost:$POP3" -u sample --pass-file long-pass --auth cram-md5 --auth-only
	exits 0
	peer "${HELLO3[@]}" 'expect AUTH CRAM-MD5' 'raw + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n' \
		"expect $(printf 'sample %s' "$(printf %s '<1896.697170952@postoffice.reston.mci.net>' |
			openssl dgst -md5 -hmac "$long" | sed 's/.* //')" | base64 -w0)" 'send +OK' 'expect QUIT' 'send +OK'
	try pop3talk "127.0.0.1:$PORT" --tls none -u sample --pass-file long-pass --auth cram-md5 --auth-only
	exits 0
	peer_done
}

# cyrus-sasl 811, irssi PR 1630, net-imap PR 654
@test "row 19: SCRAM with too few or too many rounds stops, unless told" {
	local rounds
	for rounds in 1 4095 0 1000001 4294967295 99999999999 abc; do
		kill "${SINK_PID:-}" 2>/dev/null || :
		sink --pop3 0 --imap 0 --no-tls --user sample:password --fault "auth=swap i=4096 i=$rounds" --fault "authenticate=swap i=4096 i=$rounds"
		for talk in "pop3talk localhost:$POP3" "imaptalk localhost:$IMAP"; do
			try $talk --tls none -t 10 -u sample --pass-file pass --auth scram-sha-256 --auth-only
			exits 2
			says "i=$rounds" 'cancelled with "*"' '[auth-exchange-broken]'
			says_not 'checked name and password' 'another service'
		done
	done
	kill "$SINK_PID"
	sink --pop3 0 --no-tls --user sample:password --fault "auth=swap i=4096 i=4000"
	try pop3talk "localhost:$POP3" --tls none -t 10 -u sample --pass-file pass --auth scram-sha-256 --auth-only -k
	says_not 'cancelled'
	says '[pop-auth-failed]' # the server counts 4096 itself
}

# ponylang/postgres 204, Dekaf 3049
@test "row 20: a server that says yes, and does not prove that it knows the password" {
	local fault mech
	for fault in '+OK in' 'swap v= v=AAAA'; do
		for mech in scram-sha-1 scram-sha-256; do
			kill "${SINK_PID:-}" 2>/dev/null || :
			sink --pop3 0 --no-tls --user sample:password --fault "proof=$fault"
			try pop3talk "localhost:$POP3" -t 10 -u sample --pass-file pass --auth $mech --stat
			exits 2
			says 'CRITICAL auth:' '[auth-exchange-broken]'
			says_not 'OK auth' 'STAT'
		done
	done
}

# K-9 1673, MailKit 204, cpython 93548
@test "row 21: passwords beyond ASCII are UTF-8 by each mechanism; Latin-1 is told" {
	local mech word
	for word in 'pässwörd' 'C@d€t€s' $'so\u00adft'; do
		printf '%s\n' "$word" >own-pass
		kill "${SINK_PID:-}" 2>/dev/null || :
		sink --pop3 0 --imap 0 --no-tls --user "sample:$word"
		for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
			try pop3talk "localhost:$POP3" -u sample --pass-file own-pass --auth $mech --auth-only
			exits 0
			try imaptalk "localhost:$IMAP" -u sample --pass-file own-pass --auth $mech --auth-only
			exits 0
		done
		for talk in "pop3talk localhost:$POP3" "imaptalk localhost:$IMAP"; do
			try $talk -u sample --pass-file own-pass --auth-only
			exits 0
		done
	done
	printf 'p\xe4ssw\xf6rd\n' >own-pass
	try pop3talk "localhost:$POP3" -u sample --pass-file own-pass --auth plain --auth-only
	exits 2
	says 'user or password is not UTF-8'
	try pop3talk "localhost:$POP3" -u sample --pass-file own-pass --auth scram-sha-256 --auth-only
	exits 3
	says 'not UTF-8'
}

# gmail_xoauth PR 14, node-imap 233
@test "row 22: a refused token: the reason is shown, the exchange ended, the last word told" {
	local row reason=eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==
	for row in 'XOAUTH2:until ' 'OAUTHBEARER:expect AQ=='; do
		peer "${HELLO4[@]}" "expect a2 AUTHENTICATE ${row%%:*}" "raw + $reason\\r\\n" "${row#*:}" \
			'send a2 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)' 'expect a3 LOGOUT' 'send a3 OK'
		imap --auth "${row%%:*}" --stat
		exits 2
		says '"status":"400"' 'https://mail.google.com/' 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)' '1 attempt'
		peer_done
		peer "${HELLO3[@]}" "expect AUTH ${row%%:*}" "raw + $reason\\r\\n" "${row#*:}" 'send -ERR [AUTH] no' 'expect QUIT' 'send +OK'
		pop3 --auth "${row%%:*}" --stat
		exits 2
		says '"status":"400"' '-ERR [AUTH] no'
		peer_done
	done
}

# node-imap 689, MailKit 1494, imapsync 411
@test "row 24: a login that works with a mailbox that does not is no success, and no wrong password" {
	peer "${IN4[@]}" 'expect a3 CAPABILITY' 'send a3 BAD User is authenticated but not connected.' 'expect a4 LOGOUT' 'send a4 OK'
	imap --stat
	exits 2
	says '[exchange-not-connected]' 'User is authenticated but not connected.'
	says_not 'OK mailbox' 'password is wrong'
	peer "${IN4[@]}" 'expect a3 CAPABILITY' 'send a3 OK' 'expect a4 STATUS' 'send a4 BAD User is authenticated but not connected.' 'expect a5 LOGOUT' 'send a5 OK'
	imap --stat
	exits 2
	says '[exchange-not-connected]'
	peer "${IN3[@]}" 'expect STAT' 'send -ERR [SYS/TEMP] Internal error occurred.' 'expect QUIT' 'send +OK'
	pop3
	[ "$status" -ne 0 ]
	says_not 'OK mailbox' 'password is wrong'
}

# perdition 4, yam 305, cyrus-imapd 383
@test "row 25: a mailbox in use, a login too soon: not what a wrong password is" {
	local row
	for row in '-ERR [IN-USE] Mailbox is locked by another POP3 session.' '-ERR [LOGIN-DELAY] Logins must be at least 1 minute(s) apart'; do
		peer "${HELLO3[@]}" 'expect USER' 'send +OK' 'expect PASS' "send $row" 'expect QUIT' 'send +OK'
		pop3 --stat
		exits 1
		says "$row"
		says_not 'the password is wrong'
	done
	peer "${HELLO4[@]}" 'expect a2 LOGIN' 'send a2 NO [INUSE] Mailbox is locked' 'expect a3 LOGOUT' 'send a3 OK'
	imap --stat
	exits 1
	peer "${HELLO3[@]}" 'expect USER' 'send +OK' 'expect PASS' 'send -ERR [AUTH] Authentication failed.' 'expect QUIT' 'send +OK'
	pop3 --stat
	exits 2
}

# botan 5439, base64 27, ocaml-base64 42, zig 16942
@test "row 26: base64 that is none: which octet, and what stood before it" {
	local row text at good
	for row in 'Zm9vYg=:7:foob' 'Zm9v=YmFy:4:foo' 'Zm9v YmFy:4:foo' 'Zm9v!YmFy:4:foo' 'Zh==:1:f' 'Zm9vY:4:foo' 'Pz8_Pj4-:3:'; do
		IFS=: read -r text at good <<<"$row"
		printf %s "$text" >text
		INPUT=text try b64auth decode
		exits 2
		complains "offset $at:"
		[ "$output" = "$good" ] || fail "$row"
		try b64auth -d "$text"
		[ "$status" -ne 0 ]
		says "offset $at"
	done
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

# POP-ERRORS 59
@test "the host that Exchange hides in its greeting" {
	local hidden=QwBIADIAUABSADEANAAuAG8AdQB0AGwAbwBvAGsALgBjAG8AbQA=
	peer "send +OK The Microsoft Exchange POP3 service is ready. [$hidden]" 'expect CAPA' 'send -ERR' 'expect QUIT' 'send +OK'
	try pop3talk "127.0.0.1:$PORT" --tls none
	exits 0
	says 'names the software: Microsoft Exchange' 'the host that answers: CH2PR14.outlook.com'
	peer "send * OK The Microsoft Exchange IMAP4 service is ready. [$hidden]" 'expect a1' 'send a1 OK' 'expect a2' 'send a2 OK'
	try imaptalk "127.0.0.1:$PORT" --tls none
	exits 0
	says 'names the software: Microsoft Exchange' 'the host that answers: CH2PR14.outlook.com'
	peer 'send * PREAUTH [CAPABILITY IMAP4rev1] hello' 'expect a1' 'send a1 OK' 'expect a2' 'send a2 OK' 'expect a3' 'send a3 OK' 'expect a4' 'send a4 OK'
	try imaptalk "127.0.0.1:$PORT" --tls none
	says 'software name hidden; logged in already'
}

@test "a message of 100 MB, in 16 MB of memory, and how far it is" {
	local talk
	DEADLINE_S=60
	for talk in pop3 imap; do
		big $talk 1 100000000
		try sh -c "${talk}talk $BIG --tls none -t 50 -u sample --pass-file pass --dump - | wc -l"
		exits 0
		[ "$output" -eq 1388893 ]
		try sh -c "${talk}talk $BIG --tls none -t 50 -u sample --pass-file pass -q --read 1 --source | wc -l"
		exits 0
		[ "$output" -ge 1388891 ]
		terminal -- sh -c "ulimit -v 16384; exec ${talk}talk $BIG --tls none -u sample --pass-file pass --dump copy.$talk"
		exits 0
		says "1 of 1 messages, 95 MB"
	done
}

# POP-ERRORS 5, 29
@test "an alert is told with what it means" {
	peer "${IN4[@]}" 'expect a3' 'send a3 OK' 'expect a4 EXAMINE' \
		'raw * OK [ALERT] Filesystem notification initialization error -- contact your mail administrator (check for FAM)\r\n* NO [ALERT] Tea is ready\r\n* 0 EXISTS\r\na4 OK\r\n' \
		'expect a5 LOGOUT' 'send a5 OK'
	imap --list
	exits 0
	says 'the file watcher is missing' 'the server wants its users to see this'
	peer_done
}
