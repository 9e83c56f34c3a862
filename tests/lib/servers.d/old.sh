#!/bin/sh
# old - OpenSMTPD 6.8, which ends every TLS handshake; sourced by servers
# SPDX-License-Identifier: MIT
#
# It comes to no signature with OpenSSL 3 and says so by alert 80 (OpenSMTPD issues 1171 and
# 1239): a real server at fault. Of bookworm on every machine.
# shellcheck disable=SC2034,SC2154 # servers reads these, and sets those
set -eu

suite=bookworm
packages=opensmtpd
needless='dpkg|ed|lib.*-perl|libgdbm.*|libperl.*|tar|usrmerge'
accounts='opensmtpd:61012 opensmtpq:61013'
ports='OLD_OPENSMTPD OLD_OPENSMTPD_TLS'

configure() {
	ln -sfn /run "$root/var/run"
	rm -rf "$root/var/spool/smtpd"
	install -d "$root/var/lib/opensmtpd/empty"
	install -d -m 711 "$root/var/spool/smtpd"
	install -d -o 61005 -g 61005 "$root/var/mail/opensmtpd"
	cp "$root/etc/pki/good.key" "$root/etc/pki/opensmtpd.key"
	chmod 600 "$root/etc/pki/opensmtpd.key"
	fill smtpd.conf etc/smtpd.conf
}

run() {
	detached /usr/sbin/smtpd -d -f /etc/smtpd.conf
}
