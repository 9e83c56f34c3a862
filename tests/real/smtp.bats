#!/usr/bin/env bats
# smtp - smtptalk against Postfix: mechanisms, refusals, odd servers
# SPDX-License-Identifier: MIT
load ../lib/common

setup() { servers; }

login() { # PORT OPTION...
	local port=$1
	shift
	try smtptalk "localhost:$port" --ca-file "$PKI/root.pem" -t 15 -u sample --pass-file pass "$@"
}

send_to() { # RECIPIENT OPTION...
	local to=$1
	shift
	try smtptalk "localhost:$PLAIN_PORT" -t 15 --from sample@example.com --to "$to" "$@"
}

@test "STARTTLS, then EHLO again, then AUTH" {
	login "$SMTP_PORT" --auth-only
	exits 0
	says "C: STARTTLS" "S: 220 2.0.0 Ready to start TLS" "TLS1.3" "no TLS here, but loopback" "TLS hides it on the way" "S: 235"
	[ "$(grep -c 'C: EHLO' out)" -eq 2 ]
}

@test "submission: AUTH is offered only after STARTTLS" {
	login "$SUBMISSION_PORT" --auth-only
	exits 0
	says "C: STARTTLS" "S: 235"
	[ "$(grep -n 'AUTH' out | head -n 1 | cut -d: -f1)" -gt "$(grep -n 'C: STARTTLS' out | cut -d: -f1)" ]
}

@test "submission without TLS: the refusal is about TLS, not about the password" {
	login "$SUBMISSION_PORT" --auth-only --tls none
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	says "STARTTLS" "next:"
	says_not "C: AUTH"
}

@test "implicit TLS" {
	login "$SMTPS_PORT" --auth-only --tls implicit
	exits 0
	says "TLS1.3" "S: 220 mail.example.com ESMTP unknown" "S: 235"
	says_not "C: STARTTLS"
	try smtptalk "smtps://sample@localhost:$SMTPS_PORT" --ca-file "$PKI/root.pem" --pass-file pass --auth-only
	exits 0
}

@test "a wrong password is one refused attempt" {
	try smtptalk "localhost:$PLAIN_PORT" -u sample --pass-file wrong-pass --auth-only --json
	exits 2
	verdict CRITICAL auth
	[ "$(grep -c '"text":"AUTH ' out)" -eq 1 ]
}

@test "relay without login is denied, and what that means is said" {
	send_to sample@gmail.com
	exits 2
	says "S: 554 5.7.1 <sample@gmail.com>: Relay access denied" "CRITICAL rcpt" "means:" "next:"
}

@test "greylisting is temporary" {
	send_to grey@example.com --json
	verdict '[A-Z]*' rcpt
	send_to grey@example.com
	says "S: 450 4.2.0" "greylist"
	says_not "permanent"
	[ "$status" -ne 0 ]
}

@test "a blocklist hit" {
	send_to blocked@example.com
	exits 2
	says "S: 554 5.7.1 <blocked@example.com>" "zen.spamhaus.org" "means:"
}

@test "a full mailbox" {
	send_to full@example.com
	[ "$status" -ne 0 ]
	says "S: 452 4.2.2" "means:"
}

@test "one recipient accepted, one refused" {
	send_to sample@example.com --to blocked@example.com
	[ "$status" -ne 0 ]
	says "1 of 2 recipients"
}

@test "a server that wants a full name in EHLO gets one" {
	try smtptalk "localhost:$FQDN_HELO_PORT" --tls none -t 15 --from sample@example.com --to sample@example.com
	exits 0
}

@test "refused before the greeting" {
	try smtptalk "localhost:$REFUSES_PORT" -t 15 --json
	exits 2
	verdict CRITICAL banner
	says "554 5.7.1"
}

# Postfix without its SASL service: the connection is closed, or later just silent.
@test "the login service behind the server is missing: no banner" {
	try smtptalk "localhost:$NO_BACKEND_PORT" -t 3 --json
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "exit code $status"
	verdict '[A-Z]*' banner
}

@test "a message larger than the server's SIZE is not even sent" {
	head -c 11000000 /dev/zero | tr '\0' x | fold -w 70 >big
	printf 'Subject: big\n\n' | cat - big >big.eml
	send_to sample@example.com --data big.eml
	exits 2
	says "10485760"
}

@test "--quit-after stops there, and is OK" {
	local stage
	for stage in banner ehlo auth mail rcpt; do
		login "$PLAIN_PORT" --from sample@example.com --to sample@gmail.com --quit-after $stage
		exits 0
		says "C: QUIT" "S: 221"
		says_not "C: DATA"
	done
	login "$PLAIN_PORT" --from sample@example.com --to sample@gmail.com --quit-after rcpt
	says "C: RCPT TO"
}

@test "dots at line starts, a bare LF and a missing last line end arrive as they were" {
	rm -rf "$MAILDIR"
	printf 'Subject: dots\n\n.\n..\n.x\nend' >dots.eml
	send_to sample@example.com --data dots.eml
	exits 0
	soon sh -c "ls '$MAILDIR'/new/*"
	sed '1,/^$/d' "$MAILDIR"/new/* >got
	printf '.\n..\n.x\nend\n' | diff - got
}

# The only message in the mailbox, which was empty before.
delivered() {
	local files
	soon sh -c "ls '$MAILDIR'/new/*"
	files=("$MAILDIR"/new/*)
	[ ${#files[@]} -eq 1 ] || fail "${#files[@]} messages"
	MESSAGE=${files[0]}
}

@test "a subject beyond ASCII, a text and an attachment arrive as they were: Postfix, submission, LMTP" {
	local subject='Grüße: «日本»' row to options
	printf 'Zeile mit ä\n.\nFrom here \n\nlast' >text
	head -c 5000 /dev/urandom >"bin ä.dat"
	for row in "localhost:$SMTP_PORT" "localhost:$BIG_PORT --chunking" "localhost:$RELAY_PORT -u sample --pass-file pass" \
		"smtps://localhost:$RELAYS_PORT -u sample --pass-file pass" "lmtp://localhost:$LMTP_PORT"; do
		read -r to options <<<"$row"
		rm -rf "$MAILDIR"
		# shellcheck disable=SC2086 # words
		try smtptalk "$to" $options --ca-file "$PKI/root.pem" -t 15 --from a@example.net --to sample@example.com \
			--subject "$subject" --body "$(<text)" --attach "bin ä.dat"
		exits 0
		says "accepted for 1 of 1 recipient, queue id "
		delivered
		python3 "$TOP/tests/lib/message.py" "$MESSAGE" "$subject" text "bin ä.dat" || fail "$to"
	done
}

@test "30 MB arrive byte for byte, and take little memory" {
	{
		printf 'Subject: big\n\n'
		yes '.. thirty million octets, and dots that have to be doubled and undone' | head -c 30000000
	} >big.eml
	rm -rf "$MAILDIR"
	MEMORY_KB=4096 # of addresses, not only of pages
	try smtptalk "localhost:$BIG_PORT" --ca-file "$PKI/root.pem" -t 60 --from a@example.net --to sample@example.com --data big.eml
	exits 0
	delivered
	sed '1,/^$/d' "$MESSAGE" | cmp - <(tail -n +3 big.eml; echo)
}

@test "Dovecot's submission: every mechanism it offers" {
	local mech
	login "$RELAY_PORT" --all-mechs
	exits 0
	for mech in PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		says "logged in ($mech)"
	done
}

@test "a proxy takes the login, and Postfix behind it denies relaying: a cause of its own" {
	login "$RELAY_PORT" --from sample@example.com --to sample@gmail.com --to sample@example.com
	exits 2
	says "Relay access denied" "[relay-denied-logged-in]" "accepted for 1 of 2 recipients"
	says_not "you did not log in"
}

@test "LMTP: a reply for each recipient" {
	try smtptalk --lmtp "localhost:$LMTP_PORT" --ca-file "$PKI/root.pem" -t 15 --from a@example.net \
		--to sample@example.com --to no-one@example.com
	exits 2
	says "C: LHLO" "S: 550 5.1.1 <no-one@example.com> User doesn't exist" "[user-unknown]" "smtptalk --lmtp localhost"
	says "accepted for 1 of 2 recipients"
}

@test "user unknown, in Postfix's tables" {
	send_to no-one@example.com
	exits 2
	says "CRITICAL rcpt" "User unknown in virtual mailbox table" "[user-unknown-postfix]" "postmap -q no-one@example.com"
}

@test "XCLIENT and PROXY: who the server then believes to speak with" {
	local row port options
	for row in "$XCLIENT_PORT --xclient NAME=mx.example.org --xclient ADDR=192.0.2.77" "$PROXY_PORT --proxy-protocol v1" \
		"$PROXY_PORT --proxy-protocol v2"; do
		read -r port options <<<"$row"
		# shellcheck disable=SC2086 # words
		try smtptalk "localhost:$port" --tls none -t 15 --from a@example.net --to sample@example.com $options
		exits 0
	done
	soon grep -q 'client=mx.example.org\[192.0.2.77\]' "$MAIL_LOG"
}

@test "no PROXY header where one is due" {
	try smtptalk "localhost:$PROXY_PORT" -t 15 --caps
	exits 2
	says "CRITICAL banner" "[proxy-header-missing]"
}

@test "a client certificate is wanted" {
	try smtptalk "localhost:$CLIENT_CERT_PORT" --ca-file "$PKI/root.pem" -t 15 --quit-after tls
	exits 2
	says "No client certificate presented" "[client-cert-wanted]"
	try smtptalk "localhost:$CLIENT_CERT_PORT" --ca-file "$PKI/root.pem" -t 15 --quit-after tls \
		--cert "$PKI/good.pem" --key "$PKI/good.key"
	exits 0
}

@test "SIZE 2000; what the server itself says to more" {
	try smtptalk "localhost:$SMALL_PORT" --tls none -t 15 --from a@example.net --to sample@example.com --body "$(seq 1 900)"
	exits 2
	says "SIZE allows 2000: not sent" "[over-size]"
	printf 'EHLO x.example.com\nMAIL FROM:<a@example.net> SIZE=2001\nQUIT\n' >script
	try smtptalk "localhost:$SMALL_PORT" --tls none -t 15 --script script
	exits 2
	says "S: 552 5.3.4 Message size exceeds fixed limit" "[message-too-big]"
}

@test "three errors, then 421" {
	printf 'FOO\nFOO\nFOO\nFOO\nFOO\n' >script
	try smtptalk "localhost:$ERRORS_PORT" --tls none -t 15 --script script
	exits 2
	says "S: 421 4.7.0 mail.example.com Error: too many errors"
	[ "$(grep -c '\[too-many-errors\]' out)" -eq 1 ]
}

@test "a server whose key cannot be read" {
	try smtptalk "localhost:$NO_KEY_PORT" -t 15 --quit-after tls
	exits 2
	says "C: STARTTLS" "S: 454 4.7.0 TLS not available" "CRITICAL tls" "[tls-not-available]"
}

@test "saslauthd is down: nothing is said of the password" {
	try smtptalk "localhost:$NO_SASLAUTHD_PORT" --ca-file "$PKI/root.pem" -t 15 -u sample --pass-file pass --auth-only
	[ "$status" -ne 0 ]
	says "S: 454 4.7.0 Temporary authentication failure" "[auth-backend-down]" "does not prove: that the password is wrong"
}

@test "postscreen: the whole greeting is waited for" {
	try smtptalk "localhost:$POSTSCREEN_PORT" --tls none -t 15 --from a@example.net --to sample@example.com
	exits 0
	says "S: 220-wait" "S: 220 mail.example.com"
}

@test "a bare LF is refused only when it was sent" {
	printf 'Subject: x\n\nbare\nlf\n' >lf.eml
	try smtptalk "localhost:$NO_BARE_LF_PORT" --tls none -t 15 --from a@example.net --to sample@example.com --data lf.eml
	exits 0
	try smtptalk "localhost:$NO_BARE_LF_PORT" --tls none -t 15 --from a@example.net --to sample@example.com --data lf.eml --raw
	exits 2
	says "S: 550 5.5.2 mail.example.com Error: bare <LF> received" "CRITICAL data" "[bare-lf]"
}

@test "smtp-sink: no EHLO, so HELO" {
	try smtptalk "localhost:$SINK_NO_EHLO_PORT" -t 15 --from a@example.com --to b@example.com
	exits 0
	says "C: HELO"
}

@test "smtp-sink: an EHLO list that ends in an empty line" {
	try smtptalk "localhost:$SINK_PORT" -t 15 --from a@example.com --to b@example.com
	exits 0
}

@test "smtp-sink: each refusal has its stage" {
	local row port stage
	for row in "$SINK_HARD_RCPT_PORT rcpt" "$SINK_SOFT_DATA_PORT data" "$SINK_DROP_RCPT_PORT rcpt" \
		"$SINK_421_MAIL_PORT mail"; do
		read -r port stage <<<"$row"
		try smtptalk "localhost:$port" -t 15 --json --from a@example.com --to b@example.com
		[ "$status" -eq 2 ] || [ "$status" -eq 3 ] || [ "$status" -eq 1 ] || fail "exit code $status"
		verdict '[A-Z]*' "$stage"
	done
}

@test "smtp-sink: an answer to the final dot that takes long is waited for" {
	try smtptalk "localhost:$SINK_SLOW_DOT_PORT" -t 15 --from a@example.com --to b@example.com
	exits 0
}

@test "--repeat: STARTTLS and AUTH for each message, or once for many" {
	login "$SMTP_PORT" --from sample@example.com --to sample@gmail.com --repeat 12 --parallel 4
	exits 0
	says 'OK load: 12 of 12 messages accepted, 4 at a time'
	login "$SMTPS_PORT" --tls implicit --auth SCRAM-SHA-256 --from sample@example.com --to sample@gmail.com \
		--repeat 30 --parallel 2 --reuse
	exits 0
	says '30 of 30 messages accepted'
	send_to sample@gmail.com --repeat 4
	exits 2
	says '4 of 4 failed: 554 5.7.1' '[relay-denied]'
}

smuggle() { # PORT
	smtptalk "localhost:$1" --tls none --from sample@example.com --to sample@example.com --smuggle </dev/null 3>&-
}

@test "--inject: Postfix forgets what came in clear, Dovecot takes it for a broken ClientHello" {
	try smtptalk "localhost:$SMTP_PORT" --inject
	exits 0
	says "OK tls: a NOOP in clear behind STARTTLS is not run in TLS"
	try smtptalk "localhost:$RELAY_PORT" --inject
	exits 0
	says "OK tls: a NOOP in clear behind STARTTLS lets no TLS come about"
}

@test "--smuggle: Postfix that takes bare LF, and the one that does not; no second mail" {
	rm -rf "$MAILDIR"
	smuggle "$NORMALIZES_PORT" >safe 2>&1 &
	local safe=$! port=$PLAIN_PORT
	[ "$DOVECOT_VERSION" = 2.3 ] || port=$NORMALIZES_PORT # Postfix 3.10 is safe by default
	smuggle "$port" >out 2>&1 || status=$?
	wait $safe || fail "$(cat safe)"
	output=$(<safe)
	says 'OK data: smuggling: none of 10'
	output=$(<out)
	[ "$port" = "$PLAIN_PORT" ] || return 0
	exits 2
	says '.. \n.\n ENDS the message: 250' '.. \r.\r is not taken' 'taken for the end of a message: \n.\n \n.\r\n \r\n.\n' \
		'[smtp-smuggling]'
	# both servers' first message, and the four that Postfix took
	sleep 1
	[ "$(find "$MAILDIR/new" -type f | wc -l)" -eq 6 ] || fail "$(ls "$MAILDIR/new")"
	! grep -rl NOOP "$MAILDIR/new"
}
