#!/usr/bin/env bats
# maillog - the fresh logs of Postfix and Dovecot, followed, traced and summed up
# SPDX-License-Identifier: MIT
load ../lib/common

MEMORY_KB=65536

setup() {
	servers
	: >seen
	"$BIN/maillogwatch" -f "$MAIL_LOG" "$DOVECOT_LOG" >seen 2>told </dev/null 3>&- &
	OTHER_PIDS=$!
	cp "$MAIL_LOG" before
}

seen() { soon grep -qaF -e "$1" seen; }

# What Postfix logged since the test began.
fresh() { tail -c "+$(($(wc -c <before) + 1))" "$MAIL_LOG" >fresh; }

send_to() { # RECIPIENT
	try smtptalk "localhost:$PLAIN_PORT" -t 15 --from sample@example.com --to "$1"
}

@test "a mail is sent: followed while it goes, traced by the id that the server gave" {
	send_to sample@example.com
	exits 0
	id=$(sed -n 's/.*S: 250 2.0.0 Ok: queued as \([0-9A-Za-z]*\).*/\1/p' out)
	[ -n "$id" ] || fail "no queue id"
	seen "$id: removed"
	try maillogwatch --trace "$id" "$MAIL_LOG"
	exits 0
	says "$id" 'sample@example.com: sent, 1 try'
	try maillogwatch --why "$id" "$MAIL_LOG"
	says "$id sample@example.com -> sample@example.com, sent"
}

@test "a refused relay and a greylisted mail are explained as they happen" {
	send_to sample@gmail.com
	seen '[postfix-relay-denied]'
	send_to grey@example.com
	seen 'TEMPORARY: greylisting'
}

@test "a failed login is in the followed logs, with what it means" {
	try smtptalk "localhost:$PLAIN_PORT" -u sample --pass-file wrong-pass --auth-only
	exits 2
	seen 'SASL SCRAM-SHA-256 authentication failed'
	seen '[postfix-sasl-failed]'
}

@test "greylisting by a policy server: put off as it happens, let in on the next try" {
	needs python3
	grey() { try smtptalk "localhost:$POLICY_PORT" -t 15 --tls none --from "$BATS_TEST_NUMBER.$$@example.net" --to sample@example.com; }
	rm -f "$POLICY_DIR/policy"
	grey
	seen 'warning: problem talking to server private/policy: No such file or directory'
	seen '[postfix-policy-down]'
	python3 "$TOP/tests/lib/policy.py" "$POLICY_DIR" </dev/null >policy.out 2>&1 3>&- &
	OTHER_PIDS="$OTHER_PIDS $!"
	soon test -S "$POLICY_DIR/policy"
	grey
	exits 1
	seen 'Recipient address rejected: Greylisted'
	seen '[postfix-greylisted]'
	grey
	exits 0
	id=$(sed -n 's/.*S: 250 2.0.0 Ok: queued as \([0-9A-Za-z]*\).*/\1/p' out)
	seen "$id: removed"
}

@test "Dovecot's failed logins, with what they mean" {
	try pop3talk "localhost:$POP3_PORT" -u sample --pass-file wrong-pass
	exits 2
	seen 'pop3-login: '
	soon grep -q 'auth failed.*user=<sample>' seen
	try imaptalk "localhost:$IMAP_PORT" -u "nobody$$@example.com" --pass-file wrong-pass
	exits 2
	seen "nobody$$@example.com"
	seen '[dovecot-user-unknown]'
	seen '[dovecot-password-mismatch]'
	try imaptalk "localhost:$IMAP_PORT" -u sample --pass-file pass
	logged_in() { try maillogwatch --json --user sample --program imap-login "$DOVECOT_LOG"; grep -q '"class":"login"' out; }
	soon logged_in
}

@test "a trace joins Postfix's log and that of Dovecot's LMTP" {
	send_to sample+lmtp@example.com
	exits 0
	id=$(sed -n 's/.*S: 250 2.0.0 Ok: queued as \([0-9A-Za-z]*\).*/\1/p' out)
	seen "$id: removed"
	try maillogwatch --trace "$id" "$MAIL_LOG" "$DOVECOT_LOG"
	exits 0
	says 'lmtp: sent, to sample+lmtp@example.com' "stored for sample" 'in INBOX' \
		'= sample+lmtp@example.com: sent, 1 try'
}

@test "the summary counts what was done" {
	for i in 1 2 3; do send_to sample@example.com; done
	for i in 1 2; do send_to sample@gmail.com; done
	removed() { fresh; [ "$(grep -c ': removed' fresh)" -ge 3 ]; }
	soon removed
	try maillogwatch --summary --json fresh
	exits 0
	says '"received":3' '"sent":3' '"rejected":2'
}
