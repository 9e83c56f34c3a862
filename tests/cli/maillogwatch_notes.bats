#!/usr/bin/env bats
# maillogwatch_notes - what stands beneath the lines of a log
# SPDX-License-Identifier: MIT

load ../lib/common

notes() {
	run "$MTABOX" maillogwatch - <<<"$1"
	[ "$status" -eq 0 ]
	echo "$output"
}

@test "maillogwatch: a session cache that cannot be made is the cause, throttling its consequence" {
	notes 'Jan 18 20:28:39 mx postfix/tlsmgr[1248]: fatal: open database /var/lib/postfix/smtpd_scache.db: No such file or directory
Jan 18 20:28:40 mx postfix/master[983]: warning: process /usr/lib/tlsmgr pid 1248 exit status 1
Jan 18 20:28:40 mx postfix/master[983]: warning: /usr/lib/tlsmgr: bad command startup -- throttling'
	[[ $output == *"! tlsmgr cannot make its TLS session cache"* ]]
	[ "$(grep -c 'follows from what stands above.*\[tlsmgr-no-data-directory\]' <<<"$output")" -eq 2 ]
	[[ $output != *"[postfix-throttling]"* ]]
}

@test "maillogwatch: throttling alone points at the line before it" {
	notes 'Jan 18 20:28:40 mx postfix/master[983]: warning: /usr/lib/tlsmgr: bad command startup -- throttling'
	[[ $output == *"[postfix-throttling]"* ]]
}

@test "maillogwatch: of the base64 in a failed login only prompts and challenges are decoded" {
	sasl() { notes "Mar  3 04:05:00 mx postfix/smtpd[9]: warning: unknown[192.0.2.44]: SASL $1 authentication failed: $2"; }
	sasl LOGIN UGFzc3dvcmQ6
	[[ $output == *'base64 for "Password:": the server'"'"'s prompt'* ]]
	sasl LOGIN 'VXNlcm5hbWU6, sasl_username=bob'
	[[ $output == *'base64 for "Username:"'* ]]
	sasl CRAM-MD5 "$(printf '<1896.697170952@mx.example.org>' | base64 -w0)"
	[[ $(flat "$output") == *'<1896.697170952@mx.example.org>": the server'"'"'s challenge'* ]]
	for text in "$(printf 'hunter2' | base64)" 'Invalid authentication mechanism' 'generic failure'; do
		sasl LOGIN "$text"
		[[ $output != *'is base64'* ]] || fail "decoded: $text"
	done
}

@test "maillogwatch: lines without a time: a note comes once" {
	notes 'postfix/smtpd[9]: warning: SASL: Connect to private/auth failed: No such file or directory
postfix/smtpd[9]: warning: SASL: Connect to private/auth failed: No such file or directory'
	[ "$(grep -c '^    ! ' <<<"$output")" -eq 1 ]
	[[ $output == *"1 more of these since"* ]]
}

@test "maillogwatch: a failed login is no cause of throttling" {
	notes 'Jan 18 20:28:39 mx postfix/smtpd[9]: warning: unknown[192.0.2.44]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
Jan 18 20:28:40 mx postfix/master[983]: warning: /usr/lib/tlsmgr: bad command startup -- throttling'
	[[ $output == *'base64 for "Password:"'* ]]
	[[ $output != *"follows from"* ]]
}

@test "maillogwatch: PAM was given an address" {
	notes 'Jan 18 22:26:38 mx dovecot-auth: pam_unix(dovecot:auth): check pass; user unknown
Jan 18 22:26:38 mx dovecot-auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=sample@example.com rhost=192.0.2.20'
	[[ $output == *"[pam-user-unknown]"* ]]
	[[ $output == *"The name given is a mail address; no account has it."* ]]
}

@test "maillogwatch: a wrong password is one, when PAM says nothing of an unknown user" {
	notes 'Jan 18 22:26:30 mx dovecot-auth: pam_unix(dovecot:auth): check pass; user unknown
Jan 18 22:26:38 mx dovecot-auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=alice rhost=192.0.2.44  user=alice'
	[[ $output == *"[pam-user-unknown]"*"[pam-password-wrong]"* ]]
	[[ $output == *"doveadm auth test alice"* ]]
}

@test "maillogwatch: what the peer's host is to look at is not looked for here" {
	notes 'Mar  3 04:05:00 mx postfix/smtp[5]: A4997FB6AA: to=<u@example.org>, relay=mx.example.org[192.0.2.10]:25, delay=1, delays=0/0/1/0, dsn=4.3.1, status=deferred (host mx.example.org[192.0.2.10] said: 452 4.3.1 Insufficient system storage (in reply to MAIL FROM command))'
	[[ $output == *"next, on that host: df -h"*"[disk-full]"* ]]
	[[ $output != *"full disk of the line"* ]]
	notes 'Mar  3 04:05:00 mx postfix/smtpd[782]: NOQUEUE: reject: MAIL from mx.example.org[192.0.2.10]: 452 4.3.1 Insufficient system storage; proto=ESMTP helo=<mx.example.org>'
	[[ $output == *"next: df -h"* ]]
}

@test "maillogwatch: who does not answer decides what is said of it" {
	while read -r id what; do
		notes "Mar  3 04:05:00 mx postfix/x[5]: $what: Connection timed out"
		[[ $output == *"[$id]"* ]] || fail "not $id: $what"
	done <<-'END'
	postfix-connect-timeout connect to mx.example.org[192.0.2.9]:25
	postfix-hop-timeout connect to store.example.org[192.0.2.9]:24
	postfix-milter-unreachable warning: connect to Milter service inet:127.0.0.1:8891
	postfix-sql-down warning: connect to mysql server 192.0.2.3: Can't connect to server (110)
	postfix-policy-down warning: connect to 127.0.0.1:10023
	END
}

@test "maillogwatch: Dovecot's own log is explained as what syslog has of it" {
	for head in 'Nov 29 11:14:07 auth: Info:' 'Nov 29 11:14:07 mx dovecot: auth:' '2025-11-29T11:14:07.123456+01:00 mx dovecot[7]: auth:'; do
		notes "$head passwd-file(sample,192.0.2.1,<DsZLZGhhVOt/AAAB>): Password mismatch"
		[[ $output == *"next: doveadm auth test sample"*"[dovecot-password-mismatch]"* ]] || fail "$head"
	done
}

@test "maillogwatch: a refused login of PAM's is looked into where it was asked for" {
	for row in 'dovecot:auth pam-user-unknown pam-password-wrong' 'smtp:auth pam-account-unknown pam-login-refused'; do
		read -r service unknown wrong <<<"$row"
		notes "Mar  3 04:05:00 mx auth[9]: pam_unix($service): check pass; user unknown"
		[[ $output == *"[$unknown]"* ]] || fail "$service"
		notes "Mar  3 04:05:00 mx auth[9]: pam_unix($service): authentication failure; logname= uid=0 euid=0 tty=x ruser= rhost=192.0.2.44  user=alice"
		[[ $output == *" alice"*"[$wrong]"* ]] || fail "$service"
	done
	notes 'Mar  3 04:05:00 mx popa3d[9]: pam_unix(popa3d:auth): check pass; user unknown
Mar  3 04:05:00 mx popa3d[9]: pam_unix(popa3d:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost='
	[[ $output == *'follows from what stands above (likely)   [pam-account-unknown]'* ]]
}

@test "maillogwatch: a peer's reply is one, whatever program took it" {
	while read -r line; do
		notes "$line"
		[[ $(flat "$output") == *'first contact put off on purpose'*'next: smtptalk mx.example.org'*':25 --from '*'[greylisted]'* ]] || fail "$output"
	done <<-'END'
	Mar  3 04:05:06 mx postfix/smtp[1]: A4997FB6AA: to=<b@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/1/0, dsn=4.2.0, status=deferred (host mx.example.org[192.0.2.9] said: 450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted (in reply to RCPT TO command))
	2025-03-03 04:05:07 1tp0ab-00003f-1Z == b@example.org R=dnslookup T=remote_smtp defer (-44) H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<b@example.org>: 450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted
	Mar  3 04:05:06 mx sm-mta[1]: x23AbCdE123456: to=<b@example.org>, delay=00:00:03, xdelay=00:00:03, mailer=esmtp, pri=120000, relay=mx.example.org. [192.0.2.9], dsn=4.2.0, stat=Deferred: 450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted
	Mar  3 04:05:06 mx smtpd[7]: 0000000000000000 mta delivery evpid=9c33c0f67c1eb10f from=<a@example.net> to=<b@example.org> rcpt=<-> source="203.0.113.1" relay="192.0.2.9 (mx.example.org)" delay=2s result="TempFail" stat="450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted"
	END
}

@test "maillogwatch: a store that speaks LMTP is asked in LMTP" {
	notes 'Nov 29 11:42:06 mail postfix/lmtp[8427]: F1CC1AB6224: to=<u@example.com>, relay=store.example.com[192.0.2.8]:24, delay=0.03, delays=0/0/0.03/0.01, dsn=5.1.1, status=bounced (host store.example.com[192.0.2.8] said: 550 5.1.1 <u@example.com> User does not exist: u@example.com (in reply to RCPT TO command))'
	[[ $(flat "$output") == *'next: smtptalk --lmtp store.example.com:24 '* ]]
}

@test "maillogwatch: what our own server answers is no reason to talk to the client" {
	notes 'Mar  3 04:05:00 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from mx.example.org[192.0.2.10]: 452 4.5.3 Error: too many recipients; from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<x>'
	[[ $output == *' ! '* ]]
	[[ $output != *'next: smtptalk'* ]]
}

@test "maillogwatch: the seconds of a delivery are told apart" {
	notes 'Jan 18 20:30:40 mx postfix/smtp[99]: DC95C602BA: to=<user@gmail.com>, relay=none, delay=150, delays=0.05/0.01/150/0, dsn=4.4.1, status=deferred (connect to alt4.gmail-smtp-in.l.google.com[74.125.193.27]:25: Operation timed out)'
	[[ $output == *"150 of 150 s went into connecting."* ]]
}

@test "maillogwatch: the peer's quoted reply is what is explained" {
	notes 'Jan 18 20:30:40 mx postfix/smtp[99]: DC95C602BA: to=<u@example.org>, relay=mx.example.org[192.0.2.10]:25, delay=1, delays=0/0/1/0, dsn=4.2.0, status=deferred (host mx.example.org[192.0.2.10] said: 450 4.2.0 <u@example.org>: Recipient address rejected: Greylisted, see http://postgrey.example/help (in reply to RCPT TO command))'
	[[ $output == *"[greylisted]"* ]]
}

@test "maillogwatch: an error code of a block list is no listing" {
	notes 'Jan 18 20:30:40 mx postfix/smtpd[3468]: NOQUEUE: reject: RCPT from mail.example.org[192.0.2.10]: 554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using sbl.spamhaus.org; Error: open resolver; https://www.spamhaus.org/returnc/pub/198.51.100.1; from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<x>'
	[[ $output == *"WE refuse everybody"*"[postfix-blocklist-error]"* ]]
}

@test "maillogwatch: a problem nobody knows is said to be unknown" {
	notes 'Jan 18 20:30:40 mx postfix/smtpd[3468]: warning: the moon is made of cheese'
	[[ $output == *"? trouble that is not known here"* ]]
}

@test "maillogwatch: the two logs of the article are explained down to their causes" {
	try maillogwatch --now '2014-01-19 00:00' "$TOP/tests/data/article-pam.log"
	exits 0
	says '[pam-user-unknown]' 'The name given is a mail address' 'Given was: sample@example.com' \
		'follows from what stands above (likely) [pam-user-unknown]'
	says_not '[pam-password-wrong]'
	try maillogwatch --now '2014-01-19 00:00' "$TOP/tests/data/article-tlsmgr.log"
	exits 0
	says 'tlsmgr cannot make its TLS session cache' 'the data directory is missing' 'ls -ld /var/lib/postfix'
	[ "$(grep -c 'follows from what stands above' out)" -eq 2 ] || fail "two consequences"
}

@test "maillogwatch: all clients behind one private address" {
	for i in $(seq 20); do
		echo "Mar  3 04:05:$((i + 10)) mx postfix/smtpd[9]: warning: unknown[172.18.0.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
	done >log
	MEMORY_KB=65536 try maillogwatch log
	says 'one private address, 172.18.0.1' 'is for everybody' 'base64 for "Password:"'
}

@test "maillogwatch: greylisting that seems never to end is temporary" {
	notes 'Mar  3 04:05:00 mx postgrey[77]: action=greylist, reason=early-retry (173s missing), client_name=mx.example.org, client_address=198.51.100.56/32, sender=a@example.org, recipient=b@example.com
Mar  3 04:05:00 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from mx.example.org[198.51.100.56]: 450 4.2.0 <b@example.com>: Recipient address rejected: Delayed by Postgrey; from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<x>'
	[ "$(grep -c 'TEMPORARY: greyl' <<<"$output")" -eq 2 ]
}

@test "maillogwatch: postscreen and smtpd behind a container's bridge: trust is for everybody" {
	for i in $(seq 10); do
		printf 'Mar  3 04:05:%s mx postfix/%s\n' \
			"$((i + 10))" 'postscreen[7]: CONNECT from [172.22.1.1]:40682 to [172.22.1.253]:25' \
			"$((i + 10))" 'postscreen[7]: ALLOWLISTED [172.22.1.1]:40682' \
			"$((i + 10))" 'smtpd[9]: connect from unknown[172.22.1.1]' \
			"$((i + 10))" 'smtpd[9]: CCFD9269BE5: client=unknown[172.22.1.1]'
	done >log
	MEMORY_KB=65536 try maillogwatch log
	says 'one private address, 172.22.1.1: a proxy or NAT hides' 'A ban, or trust, for it is for everybody'
	says_not 'open relay'
}

@test "maillogwatch: a full disk is the cause of 452, names and connections are two causes" {
	notes 'Mar  3 04:05:00 mx postfix/smtpd[782]: warning: not enough free space in mail queue: 9679581184 bytes < 1.5*message size limit
Mar  3 04:05:00 mx postfix/smtpd[782]: NOQUEUE: reject: MAIL from mx.example.org[192.0.2.10]: 452 4.3.1 Insufficient system storage; proto=ESMTP helo=<mx.example.org>'
	[[ $output == *"[postfix-minfree]"*"[postfix-no-space]"*"full disk of the line"* ]]
	notes 'Mar  3 04:05:00 mx postfix/smtp[5]: A4997FB6AA: to=<u@example.org>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=example.org type=MX: Host not found, try again)
Mar  3 04:06:00 mx postfix/smtp[5]: connect to mx.example.com[192.0.2.9]:25: Connection timed out'
	[[ $output == *"[postfix-dns-try-again]"*"[postfix-connect-timeout]"*"Two causes"* ]]
}

@test "maillogwatch: a telnet program that negotiates is told as such" {
	notes $'Mar  3 04:05:00 mx postfix/smtpd[9]: warning: non-SMTP command from unknown[192.0.2.44]: \xff\xfb\x1f\xff\xfb\x20'
	[[ $output == *"commands of the telnet protocol"* ]]
}

@test "maillogwatch: IPv4 that does not answer is the trouble, a missing IPv6 is none" {
	notes 'Mar  3 04:05:00 mx postfix/smtp[3288]: connect to mx.example.com[192.0.2.27]:25: Connection timed out
Mar  3 04:05:00 mx postfix/smtp[3288]: connect to mx.example.com[2001:db8::1b]:25: Cannot assign requested address'
	[[ $output == *"[postfix-connect-timeout]"*"[postfix-no-source-address]"* ]]
	[[ $(flat "$output") == *"usually no IPv6"* ]]
}

@test "maillogwatch: a destination that is left alone for a while" {
	notes 'Mar  3 04:05:00 mx postfix/error[30933]: D9386B16C: to=<bob@example.org>, relay=none, delay=38275, delays=38245/31/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to mx.example.org[192.0.2.10]:25: Connection timed out)'
	[[ $(flat "$output") == *"31 of 31 s went into waiting in the queue manager. Postfix did not try this mail"* ]]
}
