#!/bin/sh
# mta - Exim, OpenSMTPD, Sendmail and chasquid; sourced by servers
# SPDX-License-Identifier: MIT
#
# Of trixie on every machine: no TLS handshake with bookworm's OpenSMTPD 6.8 succeeds.
# shellcheck disable=SC2034,SC2154 # servers reads these, and sets those
set -eu

suite=trixie
packages=exim4-daemon-heavy
alone='opensmtpd dash sendmail-bin sendmail-cf sendmail-base m4 procmail libwrap0 liblockfile1
	sasl2-bin libsasl2-modules chasquid'
# the last has vmail's number, so that who runs as vmail may deliver to it
accounts='Debian-exim:61011 opensmtpd:61012 opensmtpq:61013 smmta:61014 smmsp:61015 mail:61016 sample:61005'
ports='EXIM EXIM_TLS OPENSMTPD OPENSMTPD_GREY OPENSMTPD_SUBMISSION OPENSMTPD_TLS
	SENDMAIL SENDMAIL_SUBMISSION SENDMAIL_TLS CHASQUID CHASQUID_SUBMISSION CHASQUID_TLS'

fresh() { # MODE OWNER DIRECTORY...
	mode=$1 owner=$2
	shift 2
	for directory; do
		rm -rf "${root:?}/$directory"
		mkdir -p "$root/$directory"
		chmod "$mode" "$root/$directory"
		chown "$owner:$owner" "$root/$directory"
	done
}

own_key() { # OWNER NAME FROM: a private key that nobody else may read
	cp "$root/etc/pki/$3.key" "$root/etc/pki/$2.key"
	chown "$1" "$root/etc/pki/$2.key"
	chmod 600 "$root/etc/pki/$2.key"
}

exim() {
	fresh 755 0 etc/exim4
	fresh 750 61011 var/spool/exim4
	own_key 61011 exim good
	fill exim.conf etc/exim4/exim4.conf
	echo "sample: password" >"$root/etc/exim4/users"
}

opensmtpd() {
	fresh 755 0 etc/opensmtpd var/lib/opensmtpd/empty
	fresh 711 0 var/spool/smtpd
	own_key 0 opensmtpd good
	mkdir -p "$root/etc/ssl/certs"
	cp "$root/etc/pki/root.pem" "$root/etc/ssl/certs/ca-certificates.crt"
	fill smtpd.conf etc/opensmtpd/smtpd.conf
	printf 'sample\t%s\n' "$(openssl passwd -6 password)" >"$root/etc/opensmtpd/logins"
}

# No local recipient is delivered to without a database of aliases, be it empty.
sendmail() {
	fresh 755 0 etc/mail
	fresh 700 0 var/spool/mqueue
	own_key 0 sendmail rsa
	fill sendmail.mc etc/mail/sendmail.mc
	printf 'hosts files\naliases files\n' >"$root/etc/mail/switch"
	# it misses sed and date, which only write a comment
	chroot "$root" /usr/bin/m4 /etc/mail/sendmail.mc >"$root/etc/mail/sendmail.cf" 2>>"$root/var/log/start.log"
	echo 'To:grey@example.com ERROR:4.7.1:"451 greylisted, please try again later"' |
		chroot "$root" /usr/libexec/sendmail/makemap hash /etc/mail/access
	: >"$root/etc/mail/aliases"
	chroot "$root" /usr/libexec/sendmail/sendmail -bi >/dev/null
	# shellcheck disable=SC2016 # procmail's
	echo 'DEFAULT=/var/mail/$1/$LOGNAME/' >"$root/etc/procmailrc"
}

# It greylists after the message, by a hook.
chasquid() {
	fresh 755 61005 etc/chasquid/hooks etc/chasquid/certs/mail.example.com \
		etc/chasquid/domains/example.com var/lib/chasquid
	own_key 61005 chasquid good
	fill chasquid.conf etc/chasquid/chasquid.conf
	fill chasquid-hook etc/chasquid/hooks/post-data
	chmod 755 "$root/etc/chasquid/hooks/post-data"
	cp "$root/etc/pki/good.pem" "$root/etc/chasquid/certs/mail.example.com/fullchain.pem"
	mv "$root/etc/pki/chasquid.key" "$root/etc/chasquid/certs/mail.example.com/privkey.pem"
	for user in sample grey; do
		chroot "$root" /usr/bin/chasquid-util -C=/etc/chasquid user-add \
			$user@example.com --password=password >>"$root/var/log/start.log"
	done
	chown -R 61005 "$root/etc/chasquid"
}

# The logins of Cyrus SASL, for Sendmail and for some mechanisms of Exim.
sasl() {
	fresh 755 0 etc/sasl2
	for who in exim Sendmail; do
		printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' 'sasldb_path: /etc/sasl2/db' \
			'mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM' >"$root/etc/sasl2/$who.conf"
	done
	printf password | chroot "$root" /usr/sbin/saslpasswd2 -p -c -f /etc/sasl2/db -u mail.example.com sample
	chown 0:61011 "$root/etc/sasl2/db"
	chmod 640 "$root/etc/sasl2/db"
}

configure() {
	ln -sfn /run "$root/var/run"
	[ ! -e "$root/usr/bin/sh" ] || ln -sf dash "$root/usr/bin/sh"
	sasl
	exim
	opensmtpd
	sendmail
	chasquid
	echo "MTA_MAIL=$root/var/mail" >>"$env"
	for server in exim opensmtpd sendmail chasquid; do
		fresh 755 61005 var/mail/$server
	done
}

run() {
	detached /usr/sbin/exim4 -bdf -q1m
	detached /usr/sbin/smtpd -d -f /etc/opensmtpd/smtpd.conf
	detached /usr/libexec/sendmail/sendmail -bD -q1m
	setsid -f chroot --userspec=61005:61005 "$root" /usr/bin/chasquid -config_dir=/etc/chasquid \
		</dev/null >"$root/var/log/chasquid.out" 2>&1
}
