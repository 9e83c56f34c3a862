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
