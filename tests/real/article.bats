#!/usr/bin/env bats
# article - the article's whole check against real Postfix and Dovecot
# SPDX-License-Identifier: MIT
load ../lib/common

setup() { servers; }

# Puts a message into the mailbox that Dovecot serves; the only one there.
mailbox_holds() { # FILE
	rm -rf "$MAILDIR"
	mkdir -p "$MAILDIR/new" "$MAILDIR/cur" "$MAILDIR/tmp"
	cp "$1" "$MAILDIR/new/1390059498.M1P1.mail"
	chown -R 61005:61005 "$MAILDIR"
}

@test "sending: banner, EHLO, AUTH PLAIN, MAIL, RCPT, DATA, queue id, QUIT" {
	local id
	try smtptalk "localhost:$PLAIN_PORT" -u sample --pass-file pass --auth PLAIN --from sample@example.com \
		--to sample@gmail.com --subject "this is test" --body "test mail"
	exits 0
	says "S: 220 mail.example.com ESMTP unknown" "software name hidden" "C: EHLO" \
		"S: 250-SIZE 10485760" "largest message 10 MiB" "S: 250-AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5" \
		"S: 250-AUTH=DIGEST-MD5 PLAIN LOGIN CRAM-MD5" \
		'C: AUTH PLAIN <hidden: user "sample", password 8 bytes>' "S: 235 2.7.0 Authentication successful" \
		"C: MAIL FROM:<sample@example.com>" "S: 250 2.1.0 Ok" "can be forged" \
		"C: RCPT TO:<sample@gmail.com>" "S: 250 2.1.5 Ok" "C: DATA" "S: 354" \
		"S: 250 2.0.0 Ok: queued as" "C: QUIT" "S: 221 2.0.0 Bye" \
		"OK message: accepted for 1 of 1 recipient" "proves:" "does not prove:" "next:"
	id=$(sed -n 's/^S: .*queued as \([0-9A-Za-z]*\).*/\1/p' out)
	says "queue id $id" "next: grep $id"
	soon grep -q "$id: to=<sample@gmail.com>.*status=sent" "$MAIL_LOG"
}

@test "sending: no localhost and no bare name in EHLO" {
	try smtptalk "localhost:$PLAIN_PORT"
	exits 0
	grep -qE '^C: EHLO (\[[0-9A-Fa-f.:IPv]+\]|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)$' out || fail "$(grep EHLO out)"
	says_not "EHLO localhost"
}

@test "sending: the article's commands by a pipe, in lower case, without angle brackets" {
	printf '%s\n' "ehlo mail.example.com" "auth plain AHNhbXBsZQBwYXNzd29yZA==" \
		"mail from:sample@example.com" "rcpt to:sample@gmail.com" data "SUBJECT this is test" \
		"test mail" . quit >script
	INPUT=script
	try smtptalk "localhost:$PLAIN_PORT" -i
	exits 0
	says "S: 220 mail.example.com ESMTP unknown" "S: 235 2.7.0" "S: 250 2.1.0 Ok" "S: 250 2.1.5 Ok" \
		"S: 354" "S: 250 2.0.0 Ok: queued as" "S: 221 2.0.0 Bye"
}

@test "sending: user given as address" {
	try smtptalk "localhost:$PLAIN_PORT" -u sample@example.com --pass-file pass --auth-only
	exits 2
	says "S: 535 5.7.8 Error: authentication failed" 'CRITICAL auth: user "sample@example.com" refused' \
		'"sample"' "next:" "-u sample" "[auth-user-is-address]"
	[ "$(grep -c 'C: AUTH' out)" -eq 1 ] || fail "more than one attempt"
	try smtptalk "localhost:$PLAIN_PORT" -u sample@example.com --pass-file pass --auth-only --json
	exits 2
	verdict CRITICAL auth
	grep -q '"id":"auth-user-is-address"' out
	[ "$(grep -o '"likely":\[[^]]*\]' out | grep -o '","' | wc -l)" -le 1 ] || fail "more than two alternatives"
}

@test "sending: --nagios is one line" {
	try smtptalk "localhost:$PLAIN_PORT" -u sample --pass-file wrong-pass --auth-only --nagios
	exits 2
	[ "$(wc -l <out)" -eq 1 ]
	says "SMTPTALK CRITICAL - "
}

@test "receiving: USER, PASS, STAT, LIST, RETR, QUIT" {
	mailbox_holds "$TOP/tests/data/article.eml"
	try pop3talk "localhost:$POP3_PORT" --tls none -u sample --pass-file pass --list
	exits 0
	says "S: +OK POP3 ready." "C: USER sample" "S: +OK Logged in." "C: STAT" "S: +OK 1 1795" "1795 2014-01-19 00:37 Ex sample" \
		"Re: this is test" "OK mailbox: 1 message, 1795 octets" "C: QUIT" "S: +OK Logging out."
	try pop3talk "localhost:$POP3_PORT" --tls none -u sample --pass-file pass --read 1
	exits 0
	says "C: RETR 1" "S: +OK 1795 octets" "Subject: Re: this is test" "2014/1/19" "> test mail" "S: +OK Logging out."
	[ "$(find "$MAILDIR" -type f -name '1390059498*' | wc -l)" -eq 1 ] || fail "the message was deleted"
}

@test "receiving: user given as address" {
	try pop3talk "localhost:$POP3_PORT" --tls none -u sample@example.com --pass-file pass --list
	exits 2
	says "CRITICAL auth" "sample@example.com" '"sample"' "next:" "-u sample" "[auth-user-is-address]"
}

@test "receiving: the article's commands by a pipe" {
	mailbox_holds "$TOP/tests/data/article.eml"
	printf '%s\n' "USER sample" "PASS password" STAT LIST "RETR 1" QUIT >script
	INPUT=script
	try pop3talk "localhost:$POP3_PORT" --tls none -i
	exits 0
	says "S: +OK Logged in." "S: +OK 1 1795" "1 1795" "S: +OK 1795 octets" "Subject: Re: this is test" \
		"S: +OK Logging out." "C: PASS <hidden"
}

@test "what smtptalk sent is what pop3talk reads" {
	rm -rf "$MAILDIR"
	try smtptalk "localhost:$SMTP_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass \
		--from sample@example.com --to sample@example.com --subject "round trip $$" --body "a body"
	exits 0
	soon sh -c "ls '$MAILDIR'/new/*"
	try pop3talk "localhost:$POP3_PORT" --ca-file "$PKI/root.pem" -u sample --pass-file pass --read 1
	exits 0
	says "round trip $$" "a body"
}
