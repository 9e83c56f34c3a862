#!/bin/sh
# core - Postfix, Dovecot and smtp-sink; sourced by servers
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # servers reads these, and sets those
set -eu

packages='postfix dovecot-core dovecot-pop3d dovecot-imapd dovecot-lmtpd dovecot-submissiond libsasl2-modules'
accounts='postfix:61001 postdrop:61002 dovecot:61003 dovenull:61004'
ports='SMTP PLAIN SUBMISSION SMTPS TLS12 CHAIN LEAF_ONLY EXPIRED EARLY WRONG_NAME SELF_SIGNED
	UNKNOWN_ROOT NO_BACKEND FQDN_HELO REFUSES XCLIENT PROXY CLIENT_CERT SMALL BIG ERRORS NO_KEY
	NORMALIZES NO_BARE_LF NO_SASLAUTHD POLICY POSTSCREEN POP3 POP3S IMAP IMAPS LMTP RELAY RELAYS
	SINK SINK_NO_EHLO SINK_HARD_RCPT SINK_SOFT_DATA SINK_DROP_RCPT SINK_421_MAIL SINK_SLOW_DOT'
TOKEN_KEY=of-the-tests-only

spool() {
	rm -rf "$root/var/spool/postfix" "$root/var/lib/postfix" "$root/var/lib/dovecot"
	mkdir -p "$root/run/dovecot" "$root/var/lib/postfix" "$root/var/lib/dovecot" "$root/var/spool/postfix/pid"
	chown 61001 "$root/var/lib/postfix"
	for queue in active bounce corrupt defer deferred flush hold incoming private saved trace; do
		mkdir -m 700 "$root/var/spool/postfix/$queue"
		chown 61001 "$root/var/spool/postfix/$queue"
	done
	mkdir -m 710 "$root/var/spool/postfix/public"
	mkdir -m 730 "$root/var/spool/postfix/maildrop"
	chown 61001:61002 "$root/var/spool/postfix/public" "$root/var/spool/postfix/maildrop"
}

configure() {
	spool
	dovecot=$(chroot "$root" /usr/sbin/dovecot --version | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
	[ -f "$here/conf/core/dovecot-$dovecot.conf" ] || fail "no configuration for Dovecot $dovecot"
	cat >>"$env" <<-EOF
	MAILDIR=$root/var/mail/sample
	MAIL_LOG=$root/var/log/mail.log
	POLICY_DIR=$root/var/spool/postfix/private
	DOVECOT_LOG=$root/var/log/dovecot.log
	DOVECOT_VERSION=$dovecot
	TOKEN_KEY=$TOKEN_KEY
	EOF
	rm -rf "$root/etc/postfix" "$root/etc/dovecot"
	mkdir -p "$root/etc/postfix/sasl" "$root/etc/dovecot"
	for file in main.cf master.cf mailboxes recipients; do
		fill $file etc/postfix/$file
	done
	fill users etc/dovecot/users
	fill "dovecot-$dovecot.conf" etc/dovecot/dovecot.conf
	[ "$dovecot" != 2.3 ] || fill oauth2.conf etc/dovecot/oauth2.conf
	mkdir -p "$root/etc/dovecot/keys/default/HS256"
	printf %s "$TOKEN_KEY" | base64 >"$root/etc/dovecot/keys/default/HS256/default"
	printf 'pwcheck_method: saslauthd\nmech_list: PLAIN\n' >"$root/etc/postfix/sasl/broken.conf"
	# Postfix sleeps until its files are two seconds old, lest it read half a file
	touch -d '1 minute ago' "$root"/etc/postfix/*
}

sink() { # PORT-NAME OPTION...
	listen=127.0.0.1:$(port "$1")
	shift
	detached /usr/sbin/smtp-sink -u nobody "$@" "$listen" 64
}

# Dovecot first: an smtpd that finds no SASL socket gives up.
run() {
	detached /usr/sbin/dovecot
	wait_for_ports POP3 POP3S IMAP IMAPS
	detached /usr/lib/postfix/sbin/master
	sink SINK
	sink SINK_NO_EHLO -e
	sink SINK_HARD_RCPT -f rcpt
	sink SINK_SOFT_DATA -r data
	sink SINK_DROP_RCPT -q rcpt
	sink SINK_421_MAIL -Q mail
	sink SINK_SLOW_DOT -w 2
}
