#!/usr/bin/env bats
# issues - what other SMTP clients were reported to do wrong, and smtptalk does not
# SPDX-License-Identifier: MIT

load ../lib/common

BYE=('expect QUIT' 'send 221 Bye')
HELLO=('send 220 mail.example.com ESMTP' 'expect EHLO')
MAIL=('expect MAIL' 'send 250 ok' 'expect RCPT' 'send 250 ok' 'expect DATA' 'send 354 go' 'until .' 'send 250 ok')

talk() { try smtptalk "127.0.0.1:$PORT" -t 10 --from a@example.com --to b@example.net "$@"; }

login() { try smtptalk "127.0.0.1:$PORT" -t 10 -u sample --pass-file pass --auth-only "$@"; }

# PHPMailer 1017, enough_mail 284
@test "a code with nothing behind it is a reply (RFC 5321 4.2)" {
	peer 'raw 220\r\n' 'expect EHLO' 'raw 250-SIZE 1\r\n250\r\n' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --caps
	exits 0
	peer_done
	peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH LOGIN\r\n' 'expect AUTH LOGIN' 'raw 334\r\n' 'expect c2FtcGxl' 'raw 334\r\n' \
		'expect cGFzc3dvcmQ=' 'raw 235\r\n' "${BYE[@]}"
	login
	exits 0
	peer_done
}

# emailjs 140, postal 3599
@test "a reply in pieces is one reply" {
	peer 'drip 5 220 fake\r\n' 'expect EHLO' 'drip 5 250-x\r\n250 SIZE 9000\r\n' "${MAIL[@]}" "${BYE[@]}"
	talk
	exits 0
	peer_done
}

# nim-lang/smtp 24, opencart 4035
@test "a banner of several lines is waited for, and shown" {
	peer 'raw 220-one\r\n' 'delay 200' 'raw 220-two\r\n' 'delay 200' 'raw 220 three\r\n' 'expect EHLO' 'send 250 x' "${MAIL[@]}" "${BYE[@]}"
	talk
	exits 0
	peer_done
	says 'S: 220-one' 'S: 220-two' 'S: 220 three'
}

# PHPMailer 2189, go-smtp 260
@test "HELO comes only after an EHLO that is not known" {
	for code in 500 502 504; do
		peer "${HELLO[@]}" "send $code 5.5.1 what" 'expect HELO' 'send 250 x' "${MAIL[@]}" "${BYE[@]}"
		talk
		exits 0
		peer_done
	done
	for code in 421 450 521 550 554; do
		rm -f "$PEER_LOG"
		peer "${HELLO[@]}" "send $code 4.7.0 PTR mismatch" read
		talk
		[ "$status" -ne 0 ]
		says "$code 4.7.0 PTR mismatch"
		peer_got_not HELO
	done
}

# curl 4080, go-simple-mail 119, MailKit 216
@test "334 although the response went along: it is sent again; and no second attempt" {
	peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH PLAIN\r\n' 'expect AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==' 'raw 334 \r\n' \
		'expect AHNhbXBsZQBwYXNzd29yZA==' 'send 235 ok' "${BYE[@]}"
	login
	exits 0
	peer_done
	rm "$PEER_LOG"
	peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH PLAIN LOGIN\r\n' 'expect AUTH PLAIN' 'send 535 5.7.8 no' "${BYE[@]}"
	login
	exits 2
	peer_done
	[ "$(grep -c '^AUTH' "$PEER_LOG")" -eq 1 ]
}

@test "a login's answer of several lines; a refusal whose words nobody knows, by code and by hanging up" {
	peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH PLAIN\r\n' 'expect AUTH' 'raw 235-2.7.0 welcome\r\n235 2.7.0 ok\r\n' "${BYE[@]}"
	login
	exits 0
	peer_done
	[ "$(grep -c 'user and password are right' out)" -eq 1 ]
	for code in 535 '535 5.7.8' '535 5.7.0'; do
		peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH PLAIN\r\n' 'expect AUTH' "send $code no such luck"
		login
		exits 2
		says 'refused (PLAIN, 1 attempt)' 'user name or password refused, or a rule' '[smtp-535]'
	done
}

# mox 223, go-mail 312
@test "LOGIN: the order decides, not what the prompts say" {
	for prompt in '334 ' '334 cHc/' '334 Username:' '334 VXNlcg=='; do
		peer "${HELLO[@]}" 'raw 250-x\r\n250 AUTH LOGIN\r\n' 'expect AUTH LOGIN' "raw $prompt\\r\\n" 'expect c2FtcGxl' \
			"raw $prompt\\r\\n" 'expect cGFzc3dvcmQ=' 'send 235 ok' "${BYE[@]}"
		login
		exits 0
		peer_done
	done
}

# SmtpClient-for-Qt 165, james-project 3195, MailKit 603
@test "AUTH=, lower case, tabs, double blanks, two AUTH lines" {
	for list in '250-AUTH=PLAIN\r\n' '250-auth plain\r\n' '250-AUTH\x09PLAIN\r\n' '250-AUTH  X-OWN  PLAIN \r\n' \
		'250-AUTH X-OWN\r\n250-AUTH=PLAIN\r\n' '250-AUTH PLAIN\r\n250-AUTH GSSAPI\r\n'; do
		peer "${HELLO[@]}" "raw 250-x\\r\\n${list}250 SIZE\\r\\n" 'expect AUTH PLAIN' 'send 235 ok' "${BYE[@]}"
		login
		exits 0
		peer_done
	done
	peer "${HELLO[@]}" 'raw 250-x\r\n250 X-EXPS GSSAPI NTLM\r\n' "${BYE[@]}"
	login
	exits 2
	says '[auth-missing]'
}

# phobos 9285, mail 669, curl 14169
@test "dots at the edges of what is read and written at once arrive as they were" {
	needs python3
	sink --smtp 0 --no-tls --maildir box
	for at in 0 510 511 512 4095 4096 8191 8192 16383 16384 32766 32767 32768 65534 65535 65536; do
		python3 - "$at" >body <<'PY'
import sys
at = int(sys.argv[1])
head, line = b"Subject: x\n\n", b"0123456789" * 6 + b"abc\n"
text = (line * (at // len(line) + 1))[: max(at - len(head) - 1, 0)].rstrip(b"\n")
text += b"y" * (at - len(head) - 1 - len(text)) + b"\n" if at > len(head) else b""
sys.stdout.buffer.write(head + text + b".\n..\n.x\n" + line * 3 + b".")
PY
		rm -rf box/new/*
		try smtptalk "localhost:$SMTP" -q --from a@example.com --to b@example.net --data body
		exits 0
		{ cat body; echo; } >whole
		tr -d '\r' <box/new/* | tail -c "$(wc -c <whole)" | cmp - whole || fail "dots at $at"
	done
}

# testssl.sh 218, nodemailer 56
@test "nothing is sent before the greeting is whole" {
	peer 'delay 1200' 'raw 220-wait' 'delay 500' 'raw \r\n220 go\r\n' 'expect EHLO' 'send 250 x' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --caps
	exits 0
	peer_done
}

# fail2ban 4006; smtplib's and msmtp's limits
@test "long lines and lists of replies are cut for display, and read on" {
	long=$(head -c 9000 /dev/zero | tr '\0' x)
	list=$(for i in $(seq 1000); do printf '250-X%d\\r\\n' "$i"; done)
	peer "${HELLO[@]}" "raw 250-x\\r\\n250-X$long\\r\\n${list}250 SIZE 9000\\r\\n" "${MAIL[@]}" "${BYE[@]}"
	talk
	exits 0
	peer_done
	says 'more lines not shown'
	[ "$(wc -L <out)" -lt 1100 ] || fail "$(wc -L <out) columns"
}

# dma 87, testssl.sh 1697
@test "STARTTLS that is refused is the server's reason, not a wrong version number" {
	for refusal in '454 4.7.0 TLS not available' '500 5.5.1 what' '502 5.5.1 not here'; do
		peer "${HELLO[@]}" 'raw 250-x\r\n250 STARTTLS\r\n' 'expect STARTTLS' "send $refusal" "${BYE[@]}"
		try smtptalk "127.0.0.1:$PORT" -t 10 --tls starttls
		exits 2
		says "refused: $refusal"
		says_not 'version'
		peer_done
	done
}

# cpython 87290, nodemailer GHSA-vvjj-xcjg-gr5g
@test "no option can bring a line of its own" {
	for option in --to --cc --bcc --subject --header --ehlo --vrfy --envid --orcpt --notify; do
		rm -f "$PEER_LOG"
		peer "${HELLO[@]}" 'raw 250-x\r\n250 DSN\r\n' read 'send 250 ok' read 'send 250 ok' read 'send 250 ok' read
		talk "$option" $'X: a@b>\r\nRCPT TO:<evil@example.org>'
		[ ! -e "$PEER_LOG" ] || peer_got_not 'RCPT TO:<evil'
		kill "$PEER_PID" 2>/dev/null || :
	done
	peer "${HELLO[@]}" 'send 250 x' "${BYE[@]}"
	try smtptalk "127.0.0.1:$PORT" --from $'a@b>\r\nRCPT TO:<evil@example.org>' --to b@example.net
	[ "$status" -eq 3 ]
	! grep -qa evil "$PEER_LOG" || fail "$(cat "$PEER_LOG")"
}

# swaks 30, 37
@test "TLS over a child's pipe; the certificate's name is looked at" {
	needs python3
	sink --smtp 0 --cert-out cert.pem
	try smtptalk "localhost:$SMTP" --tls starttls --ca-file cert.pem --sni other.example.com
	exits 2
	says 'wanted "other.example.com", it names localhost'
	cat >relay.py <<'PY'
import os, select, socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    for ready in select.select([0, peer], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else peer.recv(65536)
        if not data:
            sys.exit()
        peer.sendall(data) if ready == 0 else os.write(1, data)
PY
	MEMORY_KB=1000000 # the child is Python
	try smtptalk "exec:python3 relay.py $SMTP" --tls starttls --ca-file cert.pem --sni localhost
	exits 0
	says 'TLS works'
}
