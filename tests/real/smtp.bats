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
	says "C: STARTTLS" "S: 220 2.0.0 Ready to start TLS" "TLS1.3" "S: 235"
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
