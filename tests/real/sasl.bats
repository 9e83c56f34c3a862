#!/usr/bin/env bats
# sasl - Dovecot takes what is made for each mechanism, and its proofs hold
# SPDX-License-Identifier: MIT
load ../lib/common

setup() { servers; }

login_pop3() { # MECHANISM PASSWORD-FILE
	try pop3talk "localhost:$POP3_PORT" --ca-file "$PKI/root.pem" -t 15 -u sample \
		--pass-file "$2" --auth "$1" --auth-only
}

@test "POP3: every mechanism that Dovecot offers" {
	for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
		login_pop3 $mech pass
		exits 0
		says "+OK Logged in."
	done
}

@test "POP3: a wrong password is refused by every mechanism" {
	for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
		login_pop3 $mech wrong-pass
		exits 2
		says "CRITICAL auth:"
	done
}

@test "SMTP: every mechanism that Postfix has from Dovecot" {
	for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
		try smtptalk "localhost:$SUBMISSION_PORT" --ca-file "$PKI/root.pem" -t 15 -u sample \
			--pass-file pass --auth $mech --auth-only
		exits 0
		says "S: 235"
	done
}

base64url() { base64 -w0 | tr -d = | tr +/ -_; }

# A web token (RFC 7519) that Dovecot's key signs: token USER EXPIRY [WHATEVER]
token() {
	local text
	text=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(
		printf '{"sub":"%s","iat":1700000000,"exp":%d,"scope":"mail%s"}' "$1" "$2" "${3-}" | base64url)
	printf '%s.%s\n' "$text" \
		"$(printf %s "$text" | openssl dgst -sha256 -hmac "$TOKEN_KEY" -binary | base64url)"
}

with_token() { # APPLET:PORT MECHANISM
	try "${1%:*}" "localhost:${1#*:}" --ca-file "$PKI/root.pem" -t 15 -u sample \
		--pass-file token --auth "$2"
}

talkers() { echo "pop3talk:$POP3_PORT imaptalk:$IMAP_PORT smtptalk:$SUBMISSION_PORT"; }

@test "a token opens POP3, IMAP and SMTP, also one too long for a command line" {
	local applet mech
	token sample 1999999999 >token
	SECRETS+=("$(<token)")
	for applet in $(talkers); do
		for mech in xoauth2 oauthbearer; do
			with_token "$applet" $mech
			exits 0
			says "<hidden: user \"sample\", token $(($(wc -c <token) - 1)) bytes>"
		done
	done
	token sample 1999999999 "$(printf '%01200d' 0)" >token
	for applet in $(talkers); do
		with_token "$applet" xoauth2
		exits 0
	done
}

@test "a token that has expired is refused, and the server's reason shown" {
	local applet
	token sample 1700000001 >token
	SECRETS+=("$(<token)")
	for applet in $(talkers); do
		with_token "$applet" xoauth2
		exits 2
		says '"status":"401"' "the server refused the token" token-refused
		with_token "$applet" oauthbearer
		exits 2
		says '"status":"invalid_token"' "C: AQ==" token-refused
	done
}

# A session by hand, in which what b64auth prints is pasted. dial PORT
dial() {
	exec 4<>"/dev/tcp/127.0.0.1/$1"
	hear
}

# The server's next reply: the last line of several, or what IMAP says to the command a1.
hear() {
	heard=
	while [[ -z $heard || $heard == 250-* || $heard == "* "[^O]* ]]; do
		read -t 10 -r heard <&4 || fail "the server hung up"
		heard=${heard%$'\r'}
	done
}

paste() {
	printf '%s\r\n' "$1" >&4
	hear
}

make() { # WHAT-B64AUTH-IS-TOLD...
	try b64auth "${@:1:1}" --line "${@:2}" -u sample --pass-file "$password"
	exits 0
	mapfile -t made <out
}

# One login over protocol pop3, smtp or imap. Every message comes from b64auth, which is given the
# replies as they are, and finds the server's proof right where there is one.
by_hand() { # PROTOCOL PORT MECHANISM
	local own=() nonce=() challenge proof password=pass
	case $3 in
	digest-md5) own=(--host localhost) nonce=(--nonce 0123456789abcdef) ;;
	scram-*) nonce=(--nonce 0123456789abcdef) ;;
	*oauth*) password=token ;;
	esac
	own+=("--$1")
	dial "$2"
	[ "$1" != smtp ] || paste "EHLO client.example.com"
	case $3 in
	login)
		make login "${own[@]}"
		paste "${made[0]}"
		paste "${made[1]}"
		paste "${made[2]}"
		;;
	cram-md5 | digest-md5)
		paste "$([ "$1" = imap ] && echo a1 AUTHENTICATE || echo AUTH) ${3^^}"
		challenge=$heard
		make "$3" "${own[@]}" "${nonce[@]}" "$challenge"
		paste "${made[1]}"
		;;
	scram-*)
		make "$3" "${own[@]}" "${nonce[@]}"
		paste "${made[0]}"
		challenge=$heard
		make "$3" "${own[@]}" "${nonce[@]}" "$challenge"
		paste "${made[1]}"
		;;
	*)
		make "$3" "${own[@]}"
		paste "${made[0]}"
		[ ${#made[@]} -eq 1 ] || paste "${made[1]}" # it was too long for the command
		;;
	esac
	if [ ${#nonce[@]} -gt 0 ]; then
		proof=$heard
		make "$3" "${own[@]}" "${nonce[@]}" "$challenge" "$proof"
		says "the server's proof is right"
		try b64auth "$3" "${own[@]}" "${nonce[@]}" -u sample --pass-file wrong-pass "$challenge" "$proof"
		exits 2
		paste ''
	fi
	case $1:$heard in
	pop3:"+OK Logged in."* | smtp:235* | imap:"a1 OK"*) ;;
	*) fail "$1 $3: $heard" ;;
	esac
	exec 4>&-
}

@test "what b64auth prints, pasted into sessions with Dovecot and Postfix, logs in" {
	local mech
	SECRETS=() # they are the product
	token sample 1999999999 >token
	for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer; do
		by_hand pop3 "$POP3_PORT" $mech
		by_hand smtp "$PLAIN_PORT" $mech
		by_hand imap "$IMAP_PORT" $mech
	done
}

@test "what b64auth prints for APOP, pasted, logs in" {
	SECRETS=()
	local password=pass
	dial "$POP3_PORT"
	make apop "$heard"
	paste "${made[0]}"
	[ "$heard" = "+OK Logged in." ]
}
