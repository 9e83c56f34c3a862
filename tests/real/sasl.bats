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
