#!/usr/bin/env bats
# mta - smtptalk against Exim, OpenSMTPD, Sendmail and chasquid
# SPDX-License-Identifier: MIT
load ../lib/common

setup_file() { start_servers mta; }

teardown_file() { stop_servers mta; }

setup() { servers mta; }

port() { # NAME
	local name=$1_PORT
	echo "${!name}"
}

talk() { # NAME OPTION...
	local port
	port=$(port "$1")
	shift
	try smtptalk "localhost:$port" --ca-file "$PKI/root.pem" -t 15 "$@"
}

@test "every mechanism that each offers logs in, after STARTTLS" {
	local row server user mechs mech
	for row in "EXIM sample PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256" \
		"OPENSMTPD sample PLAIN LOGIN" \
		"SENDMAIL sample PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM" \
		"CHASQUID_SUBMISSION sample@example.com PLAIN"; do
		read -r server user mechs <<<"$row"
		talk "$server" -u "$user" --pass-file pass --all-mechs
		says "C: STARTTLS" "certificate ok"
		for mech in $mechs; do
			says "logged in ($mech)"
		done
	done
}

# Exim's NTLM is the old one, which is not spoken here: nothing is said of a wrong password as sure.
@test "NTLM at Exim: its go-ahead is no base64, its refusal has two causes" {
	talk EXIM -u sample --pass-file pass --auth NTLM --auth-only
	exits 2
	says "S: 334 NTLM supported" "S: 535 Incorrect authentication data" "NTLMv1" "[auth-ntlm-refused]"
}
