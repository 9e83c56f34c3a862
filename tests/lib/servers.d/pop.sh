#!/bin/sh
# pop - Courier, Cyrus, GNU mailutils and popa3d: POP3 and IMAP; sourced by servers
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # servers reads these, and sets those
set -eu

packages='courier-pop courier-imap courier-authlib-userdb dash libpam-modules
cyrus-pop3d cyrus-imapd libsasl2-modules sasl2-bin
mailutils-pop3d mailutils-imap4d
popa3d'
# the servers and the modules that are used have no need of these
needless='dpkg|e2fsprogs|exim4-.*|gawk|gnutls-bin|guile-.*|libclamav.*|libcurl.*|libglib2.*|libgnutls-dane.*
	|libmpfr.*|libperl.*|libpython.*|libunbound.*|tar'
accounts='courier:61021 cyrus:61022 popa3d:61023 mail:61024 sample:61005'
ports='COURIER_POP3 COURIER_POP3S COURIER_IMAP COURIER_IMAPS CYRUS_POP3 CYRUS_POP3S CYRUS_IMAP CYRUS_IMAPS
	MAILUTILS_POP3 MAILUTILS_IMAP POPA3D_POP3'

own_key() { # OWNER FILE: certificate and key
	cat "$root/etc/pki/good.pem" "$root/etc/pki/good.key" >"$root/$2"
	chown "$1" "$root/$2"
	chmod 600 "$root/$2"
}

# What Courier's "makeuserdb" does, which is Perl: passwords stand in a file of their own.
userdb() { # USER HOME
	place="uid=61005|gid=61005|home=$2|mail=$2/Maildir"
	printf '%s\t%s|_=\n' "$1" "$place" >>"$dir/userdb"
	for kind in '' -hmac-md5 -hmac-sha1 -hmac-sha256; do
		name=${kind#-}
		printf '%s%s=%s' "${kind:+|}" "${name:-system}pw" \
			"$(printf 'password\npassword\n' | chroot "$root" /usr/sbin/userdbpw $kind 2>/dev/null)"
	done | sed "s/^/$1	/; \$a\\" >>"$dir/userdbshadow"
}

courier() {
	mkdir -p "$root/run/courier/authdaemon" "$root/var/lib/courier"
	chown -R 61021 "$root/run/courier" "$root/var/lib/courier"
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/; s/^daemons=.*/daemons=2/' "$root/etc/courier/authdaemonrc"
	rm -f "$dir/userdb" "$dir/userdbshadow"
	userdb sample /var/mail/courier
	userdb homeless /var/mail/nowhere
	for db in userdb userdbshadow; do
		{ cat "$dir/$db" && echo . ; } | chroot "$root" /usr/lib/courier/courier-authlib/makedatprog - \
			/etc/courier/$db.tmp /etc/courier/$db.dat
	done
	chmod 600 "$root/etc/courier/userdbshadow.dat"
	own_key 61021 etc/courier/key.pem
	fill courier.sh etc/courier/run
}

cyrus() {
	rm -rf "$root/var/lib/cyrus" "$root/var/spool/cyrus" "$root/etc/sasldb2"
	mkdir -p "$root/run/cyrus/socket" "$root/run/cyrus/proc" "$root/run/cyrus/lock" "$root/var/lib/cyrus" \
		"$root/var/spool/cyrus/mail"
	printf password | chroot "$root" /usr/sbin/saslpasswd2 -p -c -u localhost sample
	own_key 61022 etc/cyrus.pem
	fill imapd.conf etc/imapd.conf
	fill cyrus.conf etc/cyrus.conf
	chown -R 61022 "$root/run/cyrus" "$root/var/lib/cyrus" "$root/var/spool/cyrus" "$root/etc/sasldb2"
}

small() {
	echo "sample:$(openssl passwd -6 password):19000:0:99999:7:::" >"$root/etc/shadow"
	chmod 600 "$root/etc/shadow"
	rm -f "$root"/etc/pam.d/*
	printf '%s required pam_unix.so nodelay\n' auth account >"$root/etc/pam.d/other"
	mkdir -p "$root/var/lib/popa3d" "$root/var/mailutils"
	chmod 1777 "$root/var/mail" "$root/var/mailutils"
	own_key 0 etc/mailutils.pem
	fill pop3d.conf etc/pop3d.conf
	fill imap4d.conf etc/imap4d.conf
}

configure() {
	ln -sf dash "$root/usr/bin/sh"
	ln -sfn /run "$root/var/run"
	courier
	cyrus
	small
	cat >>"$env" <<-EOF
	COURIER_MAIL=$root/var/mail/courier
	POPA3D_MAIL=$root/var/mail/sample
	MAILUTILS_MAIL=$root/var/mailutils/sample
	EOF
}

run() {
	detached /usr/bin/sh /etc/courier/run
	detached /usr/sbin/cyrmaster -C /etc/imapd.conf -M /etc/cyrus.conf
	detached /usr/sbin/pop3d --config-file=/etc/pop3d.conf
	detached /usr/sbin/imap4d --config-file=/etc/imap4d.conf
}
