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

# A message is there, and the only one: $MESSAGE. The mailbox is empty before.
delivered() { # MAILBOX
	local files
	soon sh -c "ls '$MTA_MAIL/$1'/sample/new/*"
	files=("$MTA_MAIL/$1"/sample/new/*)
	[ ${#files[@]} -eq 1 ] || fail "${#files[@]} messages in $1"
	MESSAGE=${files[0]}
}

send() { # SERVER OPTION...
	rm -rf "$MTA_MAIL/${1,,}/sample"
	talk "$1" --from sender@example.net --to sample@example.com "${@:2}"
	exits 0
	delivered "${1,,}"
}

@test "a subject beyond ASCII, a text and two attachments arrive as they were" {
	local server subject='Grüße: 100 % «日本» – und eine Zeile, die in ein Wort nicht passt, so lang ist sie'
	printf 'Zeile mit ä\n.\n..zwei\nFrom here \n=20 \n\nlast' >text
	printf '\000\377bin\r\n.\r\n\n' >bin.dat
	seq 1 3000 >numbers.txt
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		send "$server" --subject "$subject" --body "$(<text)" --attach bin.dat --attach numbers.txt:text/csv
		python3 "$TOP/tests/lib/message.py" "$MESSAGE" "$subject" text bin.dat numbers.txt || fail "$server"
	done
}

@test "a message of one's own arrives byte for byte" {
	local server
	{
		printf 'Subject: raw\nFrom: sender@example.net\n\n'
		printf '.\n..\n.x\nFrom me\n\ttab \n trailing  \n8 bit: \303\244 \344\n\n'
		head -c 990 /dev/zero | tr '\0' x
		printf '\n\nend\n\n'
	} >raw.eml
	sed '1,/^$/d' raw.eml >raw.body
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		send "$server" --data raw.eml
		# chasquid hands on CRLF
		sed -e 's/\r$//' -e '1,/^\r*$/d' "$MESSAGE" | diff - raw.body || fail "$server"
	done
}

@test "the queue id is found in each wording" {
	local row server form
	for row in 'EXIM [0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}' 'OPENSMTPD [0-9a-f]{8}' \
		'SENDMAIL [0-9A-Za-z]{8}[0-9]{6}'; do
		read -r server form <<<"$row"
		send "$server"
		[[ $output =~ "accepted for 1 of 1 recipient, queue id "($form) ]] || fail "$server"
		[ "$(grep -c "queue id ${BASH_REMATCH[1]}" out)" -ge 2 ] || fail "$server"
	done
	send CHASQUID
	says "no queue id in the answer"
}
