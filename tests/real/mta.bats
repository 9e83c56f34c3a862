#!/usr/bin/env bats
# mta - smtptalk against Exim, OpenSMTPD, Sendmail and chasquid
# SPDX-License-Identifier: MIT
load ../lib/common

setup_file() {
	start_servers mta
	start_servers old
}

teardown_file() {
	stop_servers mta
	stop_servers old
}

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
	local row server how
	{
		printf 'Subject: raw\nFrom: sender@example.net\n\n'
		printf '.\n..\n.x\nFrom me\n\ttab \n trailing  \n8 bit: \303\244 \344\n\n'
		head -c 990 /dev/zero | tr '\0' x
		printf '\n\nend\n\n'
	} >raw.eml
	sed '1,/^$/d' raw.eml >raw.body
	for row in EXIM OPENSMTPD SENDMAIL CHASQUID "EXIM --chunking" "EXIM --pipelining" "SENDMAIL --pipelining" \
		"CHASQUID --pipelining"; do
		read -r server how <<<"$row"
		send "$server" --data raw.eml ${how:+"$how"}
		# chasquid hands on CRLF
		sed -e 's/\r$//' -e '1,/^\r*$/d' "$MESSAGE" | diff - raw.body || fail "$row"
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

# Each row: server, recipient, stage, status, entry; sent from an address that Sendmail does not trust.
refusals() { # ROW...
	local row server to stage grade id
	for row; do
		read -r server to stage grade id <<<"$row"
		talk "$server" -b 127.0.0.2 --json --from sender@example.net --to "$to@${DOMAIN:-example.com}"
		verdict "$grade" "$stage"
		grep -q "\"id\":\"$id\"" out || fail "$server: no verdict has the id $id"
		if [ "$grade" = WARNING ]; then exits 1; else exits 2; fi
	done
}

@test "user unknown, in each server's words" {
	refusals "EXIM no-one rcpt CRITICAL user-unknown-exim" "OPENSMTPD no-one rcpt CRITICAL opensmtpd-expansion" \
		"SENDMAIL no-one rcpt CRITICAL user-unknown-sendmail" "CHASQUID no-one rcpt CRITICAL user-unknown"
}

@test "relaying denied" {
	DOMAIN=gmail.com refusals "EXIM sample rcpt CRITICAL relay-denied" "SENDMAIL sample rcpt CRITICAL relay-denied" \
		"OPENSMTPD sample rcpt CRITICAL opensmtpd-invalid-recipient" "CHASQUID sample rcpt CRITICAL relay-denied"
}

@test "greylisting, at the recipient or after the message" {
	refusals "EXIM grey rcpt WARNING greylisted" "OPENSMTPD_GREY grey rcpt WARNING greylisted" \
		"SENDMAIL grey rcpt WARNING greylisted" "CHASQUID grey data WARNING greylisted"
}

@test "one recipient refused among accepted ones: the message goes to the others" {
	local server
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		rm -rf "$MTA_MAIL/${server,,}/sample"
		talk "$server" --from sender@example.net --to no-one@example.com --to sample@example.com
		exits 2
		says "CRITICAL rcpt: <no-one@example.com> refused" "OK message: accepted for 1 of 2 recipients"
		delivered "${server,,}"
	done
}

@test "a message beyond SIZE is not sent; what a server says to it is understood" {
	local server
	{
		printf 'Subject: big\n\n'
		yes "a line of a message that is too large" | head -c 1100000
	} >big.eml
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		talk "$server" --json --from sender@example.net --to sample@example.com --data big.eml
		exits 2
		verdict CRITICAL mail
		says '"id":"over-size"'
	done
	printf 'EHLO client.example.com\nMAIL FROM:<sender@example.net> SIZE=1000000\nQUIT\n' >script
	for server in EXIM SENDMAIL; do
		talk "$server" --tls none --script script
		exits 2
		says "S: 552" "[message-too-big]"
	done
}

@test "a wrong password is told as such by each" {
	local row server user id
	for row in "EXIM sample auth-failed-exim" "OPENSMTPD sample auth-failed" "SENDMAIL sample auth-realm" \
		"CHASQUID_SUBMISSION sample@example.com auth-user-is-address"; do
		read -r server user id <<<"$row"
		talk "$server" -u "$user" --pass-file wrong-pass --auth-only
		exits 2
		says "refused" "[$id]"
		[ "$(grep -c 'C: AUTH' out)" -eq 1 ]
	done
}

@test "the submission ports want a login, or TLS first" {
	local row server id
	for row in "OPENSMTPD_SUBMISSION auth-required" "SENDMAIL_SUBMISSION auth-required" \
		"CHASQUID_SUBMISSION auth-required"; do
		read -r server id <<<"$row"
		talk "$server" --from sender@example.net --to sample@example.com
		exits 2
		says "C: STARTTLS" "CRITICAL mail" "[$id]"
	done
	talk OPENSMTPD_SUBMISSION --tls none --from sender@example.net --to sample@example.com
	exits 2
	says "[starttls-first]"
}

@test "TLS from the start, and each side's mistake about it" {
	local server
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		talk "${server}_TLS" --tls implicit --caps
		exits 0
		says "TLS1.3, certificate ok"
		says_not "C: STARTTLS"
		talk "$server" --tls implicit --caps
		exits 2
		says "[tls-plain-peer]"
	done
}

@test "--inject: none of them runs in TLS what came in clear" {
	local row server fact
	for row in "EXIM is not run in TLS" "SENDMAIL is not run in TLS" "CHASQUID is not run in TLS" \
		"OPENSMTPD is refused: 500 5.5.1 Invalid command: Pipelining not supported"; do
		read -r server fact <<<"$row"
		talk "$server" --inject
		exits 0
		says "OK tls" "$fact"
	done
}

# GnuTLS takes no server name that is none (swaks 30).
@test "TLS over the pipe to a child: exim -bs" {
	rm -rf "$MTA_MAIL/exim/sample"
	MEMORY_KB=1000000 # the child is Exim
	try smtptalk "exec:chroot ${MTA_MAIL%/var/mail} /usr/sbin/exim4 -bs" --ca-file "$PKI/root.pem" -t 15 \
		--from sender@example.net --to sample@example.com
	exits 0
	says "== exec:chroot" "TLS1.3, certificate ok" 'checked for "localhost"' "queue id"
	delivered exim
}

# Debian 12's OpenSMTPD: alert 80 for every client, which is no word on certificate or password.
@test "a server whose TLS is broken: OpenSMTPD 6.8, by STARTTLS and from the first byte" {
	servers old
	talk OLD_OPENSMTPD -u sample --pass-file pass --auth-only
	exits 2
	says "C: STARTTLS" "CRITICAL tls" "(TLS alert 80, internal_error)" "OpenSMTPD 6.8" "-starttls smtp [tls-internal]"
	says_not "C: AUTH" "OK "
	talk OLD_OPENSMTPD_TLS --tls implicit
	exits 2
	says "(TLS alert 80, internal_error)" "[tls-internal]"
	says_not "-starttls"
	talk OLD_OPENSMTPD --tls none --caps
	exits 0
}

@test "--vrfy: who tells, and who does not" {
	local row server fact
	for row in "SENDMAIL OK sample@example.com: VRFY says that the address is known" "EXIM UNKNOWN rcpt: VRFY sample@example.com: 252" \
		"OPENSMTPD UNKNOWN rcpt: VRFY sample@example.com: 500" "CHASQUID UNKNOWN rcpt: VRFY sample@example.com: 502"; do
		read -r server fact <<<"$row"
		talk "$server" --tls none --vrfy sample@example.com
		says "$fact"
	done
}

# Sendmail relays for 127.0.0.1, as it comes; chasquid hangs up after three refusals.
@test "--relay-test: from loopback nothing is proven, whatever each says" {
	local row server fact
	for row in "EXIM all forms of a foreign recipient are refused" "SENDMAIL accepted <relay-test@example.net>" \
		"OPENSMTPD all forms of a foreign recipient are refused" "CHASQUID then the server hung up"; do
		read -r server fact <<<"$row"
		talk "$server" --tls none --relay-test
		exits 3
		says "UNKNOWN rcpt: relay: " "$fact" "[relay-vantage]"
		says_not "C: DATA"
	done
}

@test "--probe: what each offers, sending nothing" {
	local server
	for server in EXIM OPENSMTPD SENDMAIL CHASQUID; do
		talk "$server" --probe
		exits 0
		says "OK banner" "OK ehlo" "OK tls: TLS1.3" "OK cert" "OK auth" "PLAIN"
		says_not "C: MAIL"
	done
}
