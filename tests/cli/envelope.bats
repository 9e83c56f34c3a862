#!/usr/bin/env bats
# envelope - parameters, extensions and ways of transfer of smtptalk, as they cross the wire
# SPDX-License-Identifier: MIT

load ../lib/common

HELLO=('send 220 mail.example.com ESMTP' 'expect EHLO')
BYE=('expect QUIT' 'send 221 Bye')

talk() { try smtptalk "127.0.0.1:$PORT" -t 10 --from a@example.com --to b@example.net "$@"; }

@test "DSN and other parameters; xtext in them" {
	peer "${HELLO[@]}" 'send 250-x\r\n250-SIZE 1000000\r\n250 DSN' \
		'expect MAIL FROM:<a@example.com> SIZE=' 'send 250 ok' \
		'expect RCPT TO:<b@example.net> NOTIFY=success,delay ORCPT=rfc822;b+2Bc@example.net RRVS=x' 'send 550 5.1.1 no' \
		"${BYE[@]}"
	talk --notify success,delay --ret hdrs --envid 'a=b c' --orcpt b+c@example.net \
		--mail-param REQUIRETLS --mail-param MT-PRIORITY=3 --rcpt-param RRVS=x
	exits 2
	peer_done
	grep -q '^MAIL FROM:<a@example.com> SIZE=[0-9]* RET=HDRS ENVID=a+3Db+20c REQUIRETLS MT-PRIORITY=3' "$PEER_LOG" ||
		fail "$(cat "$PEER_LOG")"
}

@test "what does not go together, or is none, is a usage error and nothing is sent" {
	local row
	mail=(--from a@example.com --to b@example.com)
	while IFS='|' read -r row why; do
		# shellcheck disable=SC2086 # words
		try smtptalk 127.0.0.1:1 $row
		exits 3
		complains "$why"
	done <<-EOF
	${mail[*]} --probe|--probe and --to: one at a time
	--relay-test --vrfy x@example.com|--relay-test and --vrfy: one at a time
	-i --probe|--interactive and --probe: one at a time
	--quit-after rcpt|needs a --to
	--drop-after data|needs a --to
	--expect 250 --expect-rejection|one of them
	${mail[*]} --notify never,success|--notify: never, or of success,failure,delay
	${mail[*]} --notify success,|--notify: never
	${mail[*]} --raw|--raw needs --data
	--key x|--key needs --cert
	--tls-min 1.3 --tls-max 1.2|--tls-min is above --tls-max
	EOF
	try smtptalk 127.0.0.1:1 --ehlo ""
	exits 3
	complains '--ehlo: one word'
	for when in never success,FAILURE delay; do
		peer "${HELLO[@]}" 'raw 250-x\r\n250 DSN\r\n' 'expect MAIL' 'send 250 ok' "expect RCPT TO:<b@example.com> NOTIFY=$when" 'send 250 ok' "${BYE[@]}"
		try smtptalk "localhost:$PORT" "${mail[@]}" --notify "$when" --quit-after rcpt
		exits 0
		peer_done
	done
}

@test "a parameter cannot smuggle a line" {
	peer "${HELLO[@]}" 'send 250 x' "${BYE[@]}"
	talk --mail-param $'A=1\r\nRCPT TO:<c@d>'
	exits 3
	peer_got_not 'RCPT TO:<c@d>'
	peer_done
}

@test "what is not offered is not used, and said" {
	for option in '--ret full' '--notify never' --pipelining --chunking; do
		peer "${HELLO[@]}" 'send 250 x' "${BYE[@]}"
		# shellcheck disable=SC2086 # words
		talk $option
		exits 2
		peer_done
		says 'is not offered' '[extension-missing]'
	done
}

@test "a message above SIZE is not begun" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 SIZE 100' "${BYE[@]}"
	talk
	exits 2
	peer_done
	says 'SIZE allows 100: not sent' '[over-size]'
}

@test "SIZE counts a file's lines by CRLF; 8BITMIME only for what needs it" {
	printf 'a\nb\r\n.c\rd' >m
	peer "${HELLO[@]}" 'send 250-x\r\n250-8BITMIME\r\n250 SIZE' 'expect MAIL FROM:<a@example.com> SIZE=13' 'send 250 ok' \
		'expect RCPT' 'send 250 ok' 'expect DATA' 'send 354 go' 'until .' 'send 250 ok' "${BYE[@]}"
	talk --data m
	exits 0
	peer_done
	peer_got_not 8BITMIME
	printf 'a\r\nb\r\n..c\r\nd\r\n.\r\nQUIT\r\n' >want
	tail -c "$(wc -c <want)" "$PEER_LOG" | cmp - want || fail "$(cat -A "$PEER_LOG")"
	printf '\303\244\n' >m
	peer "${HELLO[@]}" 'send 250-x\r\n250 8BITMIME' 'expect MAIL FROM:<a@example.com> BODY=8BITMIME' 'send 550 no' "${BYE[@]}"
	talk --data m
	peer_done
}

@test "--raw sends what there is" {
	printf 'a\nb\r\n.c\r.\rd' >m
	peer "${HELLO[@]}" 'send 250 x' 'read' 'send 250 ok' 'read' 'send 250 ok' 'expect DATA' 'send 354 go' 'until .' \
		'send 250 ok' "${BYE[@]}"
	talk --data m --raw
	exits 0
	printf 'DATA\r\na\nb\r\n.c\r.\rd\r\n.\r\nQUIT\r\n' >want
	tail -c "$(wc -c <want)" "$PEER_LOG" | cmp - want || fail "$(cat -A "$PEER_LOG")"
}

@test "BDAT: sizes are right, no dot is doubled, a missing last line end is added" {
	printf 'a\n.b' >m
	peer "${HELLO[@]}" 'send 250-x\r\n250 CHUNKING' 'read' 'send 250 ok' 'read' 'send 250 ok' 'expect BDAT 5' 'read' \
		'send 250 ok' 'expect .bBDAT 2 LAST' 'read' 'send 250 2.0.0 Ok: queued as 3FB99A9054C' "${BYE[@]}"
	talk --data m --chunking
	printf 'BDAT 5\r\na\r\n.bBDAT 2 LAST\r\n\r\nQUIT\r\n' >want
	tail -c "$(wc -c <want)" "$PEER_LOG" | cmp - want || fail "$(cat -A "$PEER_LOG")"
}

@test "PIPELINING: the envelope at once; one refused recipient is one refused recipient" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 PIPELINING' 'expect MAIL' 'expect RCPT TO:<b@example.net>' \
		'expect RCPT TO:<c@example.net>' 'send 250 ok\r\n550 5.1.1 no such user\r\n250 ok' 'expect DATA' 'send 354 go' \
		'until .' 'send 250 2.0.0 Ok: queued as 3FB99A9054C' "${BYE[@]}"
	talk --cc c@example.net --pipelining
	exits 2
	peer_done
	says 'CRITICAL rcpt: <b@example.net> refused: 550 5.1.1' 'accepted for 1 of 2 recipients, queue id 3FB99A9054C'
}

@test "PIPELINING: a refused sender is told once, and nothing is sent" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 PIPELINING' 'expect MAIL' 'expect RCPT' 'expect RCPT' \
		'send 550 5.7.1 not you\r\n503 MAIL first\r\n503 MAIL first' "${BYE[@]}"
	talk --cc c@example.net --pipelining
	exits 2
	peer_done
	says 'CRITICAL mail: <a@example.com> refused'
	[ "$(grep -c '^CRITICAL' out)" -eq 1 ] || fail "told more than once"
}

@test "--vrfy: yes, no, and neither" {
	peer "${HELLO[@]}" 'send 250 x' 'expect VRFY a' 'send 250 2.1.5 <a@example.com>' 'expect VRFY b' 'send 252 2.0.0 b' \
		'expect VRFY c' 'send 550 5.1.1 <c>: User unknown' 'expect VRFY d' 'send 502 5.5.1 VRFY command is disabled' \
		'expect VRFY e' 'send 500 what' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --vrfy a --vrfy b --vrfy c --vrfy d --vrfy e
	exits 2
	peer_done
	says 'OK a: VRFY says' 'UNKNOWN rcpt: VRFY b: 252 2.0.0 b' '[vrfy-untold]' 'CRITICAL rcpt: VRFY c: 550' \
		'UNKNOWN rcpt: VRFY d: 502' 'UNKNOWN rcpt: VRFY e: 500'
	[ "$(grep -c 'vrfy-untold' out)" -eq 3 ]
}

@test "--caps asks nothing but EHLO; --drop-after hangs up without QUIT, before the dot" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 STARTTLS' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --caps
	exits 0
	peer_done
	rm "$PEER_LOG"
	peer "${HELLO[@]}" 'send 250 x' 'read' 'send 250 ok' 'read' 'send 250 ok' 'expect DATA' 'send 354 go' 'until .'
	talk --drop-after data --body hello
	exits 0
	says 'hung up here, without QUIT'
	wait "$PEER_PID" || :
	PEER_PID=
	peer_got hello
	peer_got_not QUIT
	says_not 'accepted'
	rm "$PEER_LOG"
	peer "${HELLO[@]}" 'send 250 x' 'read' 'send 250 ok' 'hang'
	talk --drop-after mail
	exits 0
	peer_got_not RCPT
	peer_got_not QUIT
}

RELAY=('expect MAIL FROM:<relay-test@example.org>' 'send 250 ok' 'expect RCPT TO:<relay-test@example.net>')

@test "--relay-test: from loopback it is UNKNOWN, whatever is said; no DATA" {
	peer "${HELLO[@]}" 'send 250 x' "${RELAY[@]}" 'send 250 ok' 'read' 'send 550 no' 'read' 'send 550 no' 'read' 'send 550 no' \
		'read' 'send 550 no' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --relay-test
	exits 3
	peer_done
	says 'UNKNOWN rcpt: relay: accepted <relay-test@example.net>' '[relay-vantage]'
	peer_got_not DATA
}

@test "--relay-test from elsewhere: open, roundabout, closed" {
	netns
	for plain in 250 550; do
		for other in 250 550; do
			peer -a 192.0.2.10 "${HELLO[@]}" 'send 250 x' "${RELAY[@]}" "send $plain a" \
				'expect RCPT TO:<relay-test%example.net@mail.example.com>' "send $other a" \
				'read' 'send 550 a' 'read' 'send 550 a' 'read' 'send 550 a' "${BYE[@]}"
			try smtptalk "192.0.2.10:$PORT" --relay-test
			peer_done
			case $plain$other in
			250*) exits 2 && says '[relay-open]' ;;
			550250) exits 1 && says '[relay-maybe]' ;;
			*) exits 0 && says 'all forms of a foreign recipient are refused' ;;
			esac
		done
	done
}

@test "--relay-test: a server that hangs up after some refusals has refused them" {
	peer 'send 220 mail.example.com' 'read' 'send 250 a' "${RELAY[@]}" 'send 550 no' 'read' 'send 421 4.5.0 Too many errors, bye'
	try smtptalk "127.0.0.1:$PORT" --relay-test
	exits 3
	says 'UNKNOWN rcpt: relay: 1 of 5 forms of a foreign recipient are refused, then the server hung up'
	says_not '[too-many-errors]'
}

@test "--relay-test: what is private ends where the RFCs say" {
	netns
	for ip in 172.31.0.1 100.127.0.1 172.32.0.1 100.128.0.1; do
		"${NETNS[@]}" ip address add $ip/32 dev lo
		peer -a $ip "${HELLO[@]}" 'send 250 x' "${RELAY[@]}" 'send 550 a' 'read' 'send 550 a' 'read' 'send 550 a' \
			'read' 'send 550 a' 'read' 'send 550 a' "${BYE[@]}"
		try smtptalk "$ip:$PORT" --relay-test
		peer_done
		case $ip in
		172.31.* | 100.127.*) exits 3 && says '[relay-vantage]' ;;
		*) exits 0 ;;
		esac
	done
}

# A server with STARTTLS: it keeps what came in clear when TLS begins, drops it, or offers none to
# its second client.
starttls_server() { # keeps|drops|once
	cat >server.py <<'PY'
import socket, ssl, sys
mode = sys.argv[1]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)

def serve(conn, has_starttls):
    conn.sendall(b"220 mail ESMTP\r\n")
    left, offer = b"", b"250 STARTTLS\r\n" if has_starttls else b"250 AUTH PLAIN LOGIN\r\n"
    while True:
        while b"\r\n" not in left:
            data = conn.recv(4096)
            if not data:
                return
            left += data
        line, left = left.split(b"\r\n", 1)
        verb = line.split()[0].upper()
        if verb == b"STARTTLS":
            conn.sendall(b"220 go\r\n")
            conn = context.wrap_socket(conn, server_side=True)
            left, offer = left if mode == "keeps" else b"", b"250 AUTH PLAIN LOGIN\r\n"
        elif verb == b"EHLO":
            conn.sendall(b"250-mail\r\n" + offer)
        elif verb == b"QUIT":
            conn.sendall(b"221 bye\r\n")
            return
        else:
            conn.sendall(b"250 ok\r\n")

for count in range(2):
    serve(listener.accept()[0], count == 0 or mode != "once")
PY
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
		-keyout key.pem -out cert.pem 2>/dev/null
	: >server.port
	timeout 30 python3 server.py "$1" >server.port 2>server.err 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	soon test -s server.port
	PORT=$(<server.port)
}

needs_tls_server() {
	needs openssl
	python3 -c 'import ssl' 2>/dev/null || skip "no python3 with ssl"
}

@test "STARTTLS that is offered, and then no more" {
	needs_tls_server
	starttls_server once
	try smtptalk "localhost:$PORT" -u sample --pass-file pass --all-mechs
	exits 2
	says 'CRITICAL tls: STARTTLS is not offered, and was in the session before' '[starttls-vanished]'
	[ "$(grep -c 'C: AUTH' out)" -eq 1 ] || fail 'a login in clear'
}

@test "--inject: a server that runs in TLS what came in clear, and one that does not" {
	needs_tls_server
	starttls_server keeps
	try smtptalk "localhost:$PORT" --inject
	exits 2
	says 'CRITICAL tls: a NOOP in clear behind STARTTLS was answered in TLS' '[starttls-kept]'
	starttls_server drops
	try smtptalk "localhost:$PORT" --inject
	exits 0
	says 'OK tls: a NOOP in clear behind STARTTLS is not run in TLS'
}

@test "--inject: refused, hung up, answered in clear, not offered" {
	offer=("${HELLO[@]}" 'raw 250-x\r\n250 STARTTLS\r\n' 'expect STARTTLS')
	peer "${offer[@]}" 'send 554 SMTP synchronization error'
	try smtptalk "127.0.0.1:$PORT" --inject
	exits 0
	says 'OK tls' 'is refused: 554 SMTP synchronization error'
	for end in '' 'raw 250 ok\r\n' 'send 500 what'; do
		peer "${offer[@]}" 'send 220 go' 'delay 200' ${end:+"$end"}
		try smtptalk "127.0.0.1:$PORT" --inject
		exits 0
		says 'OK tls' 'lets no TLS come about' 'does not prove: that TLS works'
	done
	rm "$PEER_LOG"
	peer "${HELLO[@]}" 'send 250 x' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --inject
	exits 3
	says 'UNKNOWN tls' '[starttls-missing]'
	peer_got_not NOOP
}

@test "--smuggle: what is taken, refused by hanging up, refused and gone on from" {
	needs python3
	cat >server.py <<'PY'
import socket, sys
def serve(listener, answer):
    peer = listener.accept()[0]
    peer.sendall(b"220 x ESMTP\r\n")
    had, in_data, lines = b"", False, peer.makefile("rb", 0)
    while True:
        if not in_data:
            verb = lines.readline()[:4].upper()
            if not verb:
                return
            in_data = verb == b"DATA"
            peer.sendall(b"354 go\r\n" if in_data else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            had = b""
            continue
        octet = lines.read(1)
        if not octet:
            return
        had += octet
        if had.endswith(b"\r\n.\r\n"):
            in_data = False
            peer.sendall(b"250 2.0.0 Ok: queued as 526562BE062\r\n")
        elif had.endswith(b"x\n.\r\n"): # variant 2
            in_data = False
            peer.sendall(answer + b"\r\n")
            if answer.startswith(b"521"):
                peer.shutdown(socket.SHUT_WR)
                return lines.read() # lest a reset overtakes the answer
listener = socket.create_server(("127.0.0.1", 0))
print("ready smtp=%d" % listener.getsockname()[1], flush=True)
while True:
    try:
        serve(listener, sys.argv[1].encode())
    except ConnectionError: # it hung up in the middle, as it may
        pass
PY
	for answer in '250 ok' '521 5.5.2 bare <LF> received' '554 5.7.1 spam'; do
		python3 server.py "$answer" >sink.out 3>&- &
		OTHER_PIDS="${OTHER_PIDS:-} $!"
		soon grep -q '^ready ' sink.out
		PORT=$(sed -n 's/^ready smtp=//p' sink.out)
		smtptalk "127.0.0.1:$PORT" --from a@example.com --to b@example.net --body x --smuggle </dev/null >"out.${answer%% *}" 2>&1 3>&- &
		runs="${runs:-} $!"
		: >sink.out
	done
	# shellcheck disable=SC2086 # numbers
	wait $runs || :
	output=$(<out.250)
	says '.. \n.\r\n ENDS the message: 250 ok' 'CRITICAL data: smuggling: taken for the end of a message: \n.\r\n means'
	output=$(<out.521)
	says '.. \n.\r\n is refused: 521 5.5.2 bare <LF>' 'OK data: smuggling: none of 10'
	output=$(<out.554)
	says '.. \n.\r\n ENDS the message' 'CRITICAL data: smuggling'
}

@test "an international domain goes in ASCII, without SMTPUTF8, in the envelope and the header" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 8BITMIME' 'expect MAIL FROM:<a@xn--bcher-kva.example>' 'send 250 ok' \
		'expect RCPT TO:<b@xn--bcher-kva.example>' 'send 250 ok' 'expect RCPT TO:<c@xn--e1afmkfd.example>' 'send 250 ok' \
		'expect DATA' 'send 354 go' 'until .' 'send 250 ok' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --from a@bücher.example --to b@BÜCHER.example --cc c@ПРИМЕР.example
	exits 0
	peer_done
	peer_got_not SMTPUTF8
	peer_got 'To: <b@xn--bcher-kva.example>'
	LC_ALL=C grep -qa '[^ -~[:space:]]' "$PEER_LOG" && fail "8-bit octets were sent"
	try smtptalk "127.0.0.1:1" --from a@example.com --to $'b@bu\xcc\x88cher.example'
	exits 3
	complains 'accent stands apart'
}

@test "an international local part needs SMTPUTF8, and is never made ASCII" {
	peer "${HELLO[@]}" 'send 250-x\r\n250 8BITMIME' "${BYE[@]}"
	talk --to jörg@bücher.example
	exits 2
	peer_done
	says 'SMTPUTF8 is not offered' '[smtputf8-missing]'
	peer_got_not 'MAIL'
	peer "${HELLO[@]}" 'send 250-x\r\n250-8BITMIME\r\n250 SMTPUTF8' 'expect MAIL FROM:<a@example.com>' 'send 250 ok' \
		'expect RCPT TO:<b@example.net>' 'send 250 ok' 'expect RCPT TO:<jörg@bücher.example>' 'send 550 5.1.1 no' \
		'expect DATA' 'send 354 go' 'until .' 'send 250 ok' "${BYE[@]}"
	talk --to jörg@bücher.example
	peer_done
	grep -qa '^MAIL FROM:.* SMTPUTF8' "$PEER_LOG"
}

@test "an international host name is looked up by its ASCII form" {
	names xn--bcher-kva.example 1 '\x7f\x00\x00\x01'
	peer "${HELLO[@]}" 'send 250 x' "${BYE[@]}"
	try smtptalk --dns "$DNS" -4 "BÜCHER.example:$PORT" --caps
	exits 0
	says '== xn--bcher-kva.example [127.0.0.1]'
}
