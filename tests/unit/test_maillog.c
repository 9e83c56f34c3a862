/* test_maillog - unit tests of proto/maillog
 * SPDX-License-Identifier: MIT */
#include "proto/maillog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT "Mar  3 04:05:06 mx1 "

enum { WANTS_MAX = 8 };

/* wants: "member=value" */
static const struct row {
	const char *line;
	enum log_class class;
	const char *wants[WANTS_MAX];
} rows[] = {
	{ AT "postfix/smtpd[1]: connect from mail.example.com[192.0.2.1]", LOG_CONNECT,
			{ "client=mail.example.com", "ip=192.0.2.1", "daemon=smtpd" } },
	{ AT "postfix/submission/smtpd[1]: 3F1A2B4C5D: client=a.example[192.0.2.1], sasl_method=PLAIN,"
	     " sasl_username=sample@example.com",
			LOG_RECEIVED,
			{ "id=3F1A2B4C5D", "service=submission", "user=sample@example.com",
					"method=PLAIN", "client=a.example" } },
	{ AT "postfix/cleanup[1]: 4cDCnd66Hyz1XPWFF: message-id=<a@example.com>", LOG_IDENTIFIED,
			{ "id=4cDCnd66Hyz1XPWFF", "message_id=a@example.com" } },
	{ AT "postfix/qmgr[1]: 3F1A2B4C5D: from=<>, size=1795, nrcpt=1 (queue active)", LOG_QUEUED,
			{ "id=3F1A2B4C5D", "from=", "size=1795" } },
	{ AT "postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.org>, orig_to=<c@example.com>,"
	     " relay=mx.example.org[192.0.2.9]:25, delay=3.6, delays=0.2/0.02/0.04/3.3, dsn=2.0.0,"
	     " status=sent (250 2.0.0 Ok: queued as 153053D)",
			LOG_SENT,
			{ "to=b@example.org", "orig_to=c@example.com", "relay=mx.example.org",
					"relay_ip=192.0.2.9", "dsn=2.0.0", "id2=153053D",
					"delay=3600", "talk=3300" } },
	{ AT "postfix/smtp[1]: 3F1A2B4C5D: to=<\"a>, b\"@example.org>, relay=none, delay=150,"
	     " delays=0.1/0/150/0, dsn=4.4.1, status=deferred (connect to a[192.0.2.9]:25: Connection"
	     " timed out)",
			LOG_DEFERRED,
			{ "relay=", "dsn=4.4.1", "connect=150000",
					"reason=connect to a[192.0.2.9]:25: Connection timed out" } },
	{ AT "postfix/error[1]: 3F1A2B4C5D: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0,"
	     " dsn=4.4.1, status=deferred (delivery temporarily suspended: x)",
			LOG_DEFERRED, { "daemon=error" } },
	{ AT "postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.org>, relay=a[192.0.2.9]:25, delay=1,"
	     " delays=1/0/0/0, dsn=5.1.1, status=bounced (host a[192.0.2.9] said: 550 5.1.1 <b>: no"
	     " (in reply to RCPT TO command))",
			LOG_BOUNCED, { "code=550", "dsn=5.1.1", "verb=RCPT TO" } },
	{ AT "postfix/qmgr[1]: 3F1A2B4C5D: from=<a@example.com>, status=expired, returned to sender",
			LOG_EXPIRED, { "from=a@example.com", "reason=returned to sender" } },
	{ AT "postfix/qmgr[1]: 3F1A2B4C5D: removed", LOG_REMOVED, { "id=3F1A2B4C5D" } },
	{ AT "postfix/bounce[1]: 3F1A2B4C5D: sender non-delivery notification: 9F1A2B4C5D",
			LOG_NOTICE, { "id2=9F1A2B4C5D" } },
	{ AT "postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <b@example.org>:"
	     " Relay access denied; from=<a@example.com> to=<b@example.org> proto=ESMTP helo=<x>",
			LOG_REJECTED,
			{ "id=", "verb=RCPT", "client=unknown", "ip=192.0.2.1", "code=554",
					"dsn=5.7.1", "to=b@example.org", "helo=x" } },
	{ AT "postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.1]:4984: 550 5.7.1 Service"
	     " unavailable; client [192.0.2.1] blocked using zen.example; from=<a@example.com>,"
	     " to=<b@example.org>, proto=ESMTP, helo=<x>",
			LOG_REJECTED,
			{ "ip=192.0.2.1", "from=a@example.com", "to=b@example.org", "helo=x" } },
	{ AT "postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed:"
	     " UGFzc3dvcmQ6, sasl_username=admin",
			LOG_LOGIN_FAILED,
			{ "ip=192.0.2.1", "method=LOGIN", "reason=UGFzc3dvcmQ6", "user=admin" } },
	{ AT "postfix/smtpd[1]: NOQUEUE: lost connection after CONNECT from a[192.0.2.1]", LOG_LOST,
			{ "ip=192.0.2.1" } },
	{ AT "postfix/postscreen[1]: PREGREET 11 after 0.05 from [192.0.2.1]:99: EHLO x\\r\\n",
			LOG_ATTACK, { "ip=192.0.2.1" } },
	{ AT "postfix/tlsmgr[1]: fatal: open database /var/lib/postfix/smtpd_scache.db: No such file or"
	     " directory",
			LOG_FATAL,
			{ "reason=open database /var/lib/postfix/smtpd_scache.db: No such file or"
			  " directory" } },
	{ AT "postfix/master[1]: warning: process /usr/lib/postfix/tlsmgr pid 2 exit status 1",
			LOG_TROUBLE, { "daemon=master" } },
	{ AT "postfix-example.com/smtpd[1]: connect from a[192.0.2.1]", LOG_CONNECT,
			{ "daemon=smtpd" } },
	{ AT "example.com/smtp[1]: 3F1A2B4C5D: to=<a@b>, relay=local, delay=1, dsn=2.0.0, status=sent (x)",
			LOG_SENT, { "daemon=smtp", "to=a@b", "reason=x" } },
	{ AT "postfix/smtpd[1]: warning: statistics are odd", LOG_TROUBLE, { "id=" } },
	{ AT "postfix/smtpd[1]: nobody knows this", LOG_UNKNOWN, { "id=" } },
	{ AT "dovecot: imap-login: Login: user=<sample@example.com>, method=PLAIN, rip=192.0.2.1,"
	     " lip=192.0.2.25, mpid=7, TLS, session=<AbC/1+2>",
			LOG_LOGIN,
			{ "user=sample@example.com", "method=PLAIN", "ip=192.0.2.1",
					"session=AbC/1+2", "tls=1", "daemon=imap-login" } },
	{ AT "dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs):"
	     " user=<admin>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.25, TLS, session=<S>",
			LOG_LOGIN_FAILED,
			{ "user=admin", "ip=192.0.2.1", "session=S",
					"reason=Disconnected: Connection closed (auth failed, 1 attempts in"
					" 2 secs)" } },
	{ AT "dovecot: pop3-login: Aborted login (no auth attempts in 3 secs): user=<>, rip=192.0.2.1,"
	     " lip=192.0.2.2",
			LOG_LOST, { "ip=192.0.2.1" } },
	{ AT "dovecot: auth-worker(24544): pam(toto,192.0.2.1): unknown user", LOG_LOGIN_DETAIL,
			{ "user=toto", "ip=192.0.2.1" } },
	{ AT "dovecot: auth-worker(9): conn unix:auth-worker (pid=811,uid=109): auth-worker<7>:"
	     " pam(admin,192.0.2.1,<S>): unknown user",
			LOG_LOGIN_DETAIL, { "user=admin", "ip=192.0.2.1", "session=S" } },
	{ AT "dovecot: lmtp(b@example.com)<77><S>: sieve: msgid=<a@example.org>: stored mail into mailbox"
	     " 'INBOX'",
			LOG_STORED,
			{ "user=b@example.com", "message_id=a@example.org", "mailbox=INBOX",
					"session=S" } },
	{ AT "dovecot: imap(u@example.com)<7><S>: Disconnected: Logged out in=90 out=900",
			LOG_LOGOUT, { "user=u@example.com" } },
	{ AT "dovecot[9]: master: Error: service(auth): command startup failed, throttling",
			LOG_TROUBLE, { "daemon=master" } },
	{ "Mar 03 04:05:06 imap-login: Info: Login: user=<u>, method=PLAIN, rip=192.0.2.1",
			LOG_LOGIN, { "user=u", "ip=192.0.2.1" } },
	{ AT "dovecot-auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0"
	     " tty=dovecot ruser=rhost=192.0.2.99 rhost=192.0.2.1  user=x",
			LOG_LOGIN_DETAIL, { "ip=192.0.2.1" } },
	{ AT "dovecot-auth: pam_succeed_if(dovecot:auth): error retrieving information about user"
	     " sample@example.com",
			LOG_LOGIN_DETAIL, { "user=sample@example.com" } },
	{ AT "saslauthd[9]: do_auth         : auth failure: [user=u] [service=smtp] [realm=] [mech=pam]"
	     " [reason=PAM auth error]",
			LOG_LOGIN_DETAIL, { "user=u", "method=pam", "reason=PAM auth error" } },
	{ "2025-03-03 04:05:06 [77] 1Ov4tU-0000Nz-Rm <= a@example.com H=mail.example.com (helo.example)"
	  " [192.0.2.1]:51792 I=[192.0.2.2]:25 P=esmtpsa X=TLS1.3 A=plain:sample S=21778 id=m@example.com"
	  " T=\"a subject\" for b@example.org",
			LOG_RECEIVED,
			{ "id=1Ov4tU-0000Nz-Rm", "from=a@example.com", "client=mail.example.com",
					"ip=192.0.2.1", "user=sample", "size=21778",
					"message_id=m@example.com", "helo=helo.example" } },
	{ "2025-03-03 04:05:06 1Ov4tU-0000Nz-Rm => b <b@example.org> R=dns T=smtp H=mx.example.org"
	  " [192.0.2.9] C=\"250 OK\" QT=2s",
			LOG_SENT,
			{ "to=b@example.org", "relay_ip=192.0.2.9", "delay=2000", "code=250" } },
	{ "2025-03-03 04:05:06 1tp0ab-0000000003f-1XyZ ** b@example.org R=dns T=smtp: SMTP error from remote"
	  " mail server after RCPT TO:<b@example.org>: host mx.example.org [192.0.2.9]: 550 5.1.1 no",
			LOG_BOUNCED, { "to=b@example.org", "id=1tp0ab-0000000003f-1XyZ" } },
	{ "2025-03-03 04:05:06 1Ov4tU-0000Nz-Rm Completed", LOG_REMOVED,
			{ "id=1Ov4tU-0000Nz-Rm" } },
	{ "2025-03-03 04:05:06 H=(x) [192.0.2.1] F=<a@example.com> rejected RCPT <b@example.org>: relay not"
	  " permitted",
			LOG_REJECTED,
			{ "ip=192.0.2.1", "from=a@example.com", "to=b@example.org", "verb=RCPT",
					"reason=relay not permitted" } },
	{ "2025-03-03 04:05:06 dovecot_login authenticator failed for (User) [192.0.2.1]: 535 Incorrect"
	  " authentication data (set_id=test)",
			LOG_LOGIN_FAILED,
			{ "ip=192.0.2.1", "user=test", "method=dovecot_login", "code=535" } },
	{ AT "sm-mta[5]: x23AbCdE123456: from=<a@example.com>, size=500, class=0, nrcpts=1,"
	     " msgid=<m@example.com>, proto=ESMTP, daemon=MTA, relay=mail.example.com [192.0.2.1]",
			LOG_RECEIVED,
			{ "id=x23AbCdE123456", "from=a@example.com", "size=500", "ip=192.0.2.1",
					"message_id=m@example.com", "client=mail.example.com" } },
	{ AT "sm-mta[5]: x23AbCdE123456: to=<b@example.org>, delay=00:00:02, xdelay=00:00:01, mailer=esmtp,"
	     " pri=1, relay=mx.example.org. [192.0.2.9], dsn=2.0.0, stat=Sent (Ok: queued)",
			LOG_SENT,
			{ "to=b@example.org", "dsn=2.0.0", "delay=2000", "relay_ip=192.0.2.9",
					"reason=Sent (Ok: queued)" } },
	{ AT "smtpd[5]: 0123456789abcdef smtp connected address=192.0.2.1 host=mail.example.com",
			LOG_CONNECT, { "ip=192.0.2.1", "client=mail.example.com" } },
	{ AT "smtpd[5]: 0123456789abcdef mta delivery evpid=aabbccdd00112233 from=<a@example.com>"
	     " to=<b@example.org> rcpt=<-> source=\"192.0.2.2\" relay=\"192.0.2.9 (mx.example.org)\""
	     " delay=1s result=\"Ok\" stat=\"250 2.0.0 Ok\"",
			LOG_SENT,
			{ "id=aabbccdd", "to=b@example.org", "reason=250 2.0.0 Ok", "code=250" } },
	{ AT "imapd[7]: LOGIN FAILED, user=u, ip=[::ffff:192.0.2.1]", LOG_LOGIN_FAILED,
			{ "user=u", "ip=::ffff:192.0.2.1" } },
	{ AT "dovecot: imap-login: Login failed: Plaintext authentication disabled: user=<>,"
	     " rip=192.0.2.1, lip=192.0.2.2, session=<ULQjemhh6Lp/AAAB>",
			LOG_LOGIN_FAILED, { "ip=192.0.2.1" } },
	{ "Nov 29 11:16:41 submission(sample)<7><MAR3bWhhdN5/AAAB>: Info: Successfully relayed message:"
	  " from=<a@example.net>, size=7503, id=x, nrcpt=1, reply=`250 2.0.0 Ok: queued as C503EAB6016'",
			LOG_ROUTINE, { "user=sample" } },
	{ AT "postfix/smtpd[1]: NOQUEUE: abort: TLS from a.example[192.0.2.1]: No client certificate presented",
			LOG_TLS_FAILED,
			{ "ip=192.0.2.1", "reason=No client certificate presented" } },
	{ "Nov 29 11:16:41 auth(sample,192.0.2.1,sasl:xoauth2)<x>: Info: xoauth2: oauth2 failed: Local"
	  " validation failed: Token has expired",
			LOG_LOGIN_DETAIL, { "user=sample", "ip=192.0.2.1" } },
	{ AT "dovecot: imap-login: Authenticate DIGEST-MD5 failed: Aborted: user=<>, method=DIGEST-MD5,"
	     " rip=192.0.2.1, lip=192.0.2.2, TLS, session=<x>",
			LOG_LOST, { "ip=192.0.2.1" } },
	{ AT "dovecot: imap-login: Logged in: user=<sample>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2,"
	     " mpid=5613, TLS, session=<y9t4bWhhPON/AAAB>",
			LOG_LOGIN, { "user=sample", "ip=192.0.2.1", "method=PLAIN" } },
	{ "Nov 29 11:16:41 auth(sample,192.0.2.1,sasl:plain)<MAR3bWhhdN5/AAAB>: Info: passwd-file:"
	  " Password mismatch",
			LOG_LOGIN_DETAIL, { "user=sample", "ip=192.0.2.1" } },
	{ AT "sendmail[5]: 6ATB6YZh024855: 6ATB6YZi024855: DSN: Host unknown (Name server: x: host not found)",
			LOG_NOTICE, { "id=6ATB6YZh024855", "id2=6ATB6YZi024855" } },
	{ AT "sendmail[5]: 6ATB6YZi024855: 6ATB6YZj024855: return to sender: User unknown",
			LOG_NOTICE,
			{ "id=6ATB6YZi024855", "id2=6ATB6YZj024855",
					"reason=return to sender: User unknown" } },
	{ AT "sendmail[5]: 6ATB6Yeu024872: from=<a@example.net>, size=389, class=0, nrcpts=0,"
	     " proto=ESMTPS, daemon=MTA, relay=a.example [192.0.2.1]",
			LOG_ROUTINE, { "id=6ATB6Yeu024872" } },
	{ AT "sendmail[5]: STARTTLS=server, error: accept failed=-1, reason=wrong version number,"
	     " SSL_error=1, errno=0, retry=-1, relay=a.example [192.0.2.1]",
			LOG_TLS_FAILED, { "ip=192.0.2.1" } },
	{ AT "sendmail[5]: 6ATB6Zed025134: rejecting server HELO from a.example [192.0.2.1] due to"
	     " traffic before response",
			LOG_ATTACK, { "ip=192.0.2.1" } },
	{ AT "smtpd[5]: 499180d9c2971814 mda delivery evpid=6773c8f2c4ec6162 from=<a@example.net>"
	     " to=<b@example.com> rcpt=<b@example.com> user=vmail delay=0s result=Ok stat=Delivered",
			LOG_SENT, { "id=6773c8f2", "to=b@example.com" } },
	{ AT "smtpd[5]: 0000000000000000 mta delivery evpid=9c33c0f67c1eb10f from=<a@example.net>"
	     " to=<x@example.org> rcpt=<-> source=\"203.0.113.1\" relay=\"192.0.2.9 (mx.example.org)\""
	     " delay=2s result=\"PermFail\" stat=\"550 5.1.1 <x@example.org>: no\"",
			LOG_BOUNCED,
			{ "relay=mx.example.org", "relay_ip=192.0.2.9", "code=550", "dsn=5.1.1" } },
	{ AT "sm-mta[1]: x23AbCdE123456: to=<b@example.org>, delay=00:00:03, xdelay=00:00:03,"
	     " mailer=esmtp, pri=120000, relay=mx.example.org. [192.0.2.3], dsn=4.2.0,"
	     " stat=Deferred: 450 4.2.0 <b@example.org>: Greylisted",
			LOG_DEFERRED, { "code=450", "dsn=4.2.0" } },
	{ AT "sm-mta[1]: x23AbCdE123456: to=<b@example.org>, mailer=esmtp, relay=mx.example.org."
	     " [192.0.2.3], dsn=5.1.1, reply=550 5.1.1 <b@example.org>: no, stat=User unknown",
			LOG_BOUNCED, { "code=550", "reason=550 5.1.1 <b@example.org>: no" } },
	{ "2026-11-29 11:46:10 1xXdMA-000000001cD-2cML H=mx.example.org [192.0.2.9]: SMTP error from"
	  " remote mail server after DATA: 450 4.3.0 Error: command failed",
			LOG_TROUBLE, { "code=450", "dsn=4.3.0", "relay_ip=192.0.2.9" } },
	{ "2026-11-29 11:46:10 1xXdMA-000000001c4-1yEm ** a@example.net: Unrouteable address",
			LOG_BOUNCED, { "to=a@example.net", "reason=Unrouteable address" } },
	{ AT "postfix/dnsblog[1]: addr 192.0.2.1 listed by domain zen.example.org as 127.255.255.254",
			LOG_TROUBLE, { "ip=192.0.2.1" } },
	{ "499180d826c0df6c smtp connected address=192.0.2.1 host=a.example", LOG_CONNECT,
			{ "ip=192.0.2.1", "client=a.example", "session=499180d826c0df6c" } },
	{ "499180d826c0df6c something else", LOG_UNKNOWN, { NULL } },
	{ AT "smtpd[5]: 499180ec4804ec7b smtp disconnected reason=\"io-error: handshake failed: x\"",
			LOG_TLS_FAILED, { "session=499180ec4804ec7b" } },
	{ AT "smtpd[5]: 499180eb5794bc6c smtp disconnected reason=quit", LOG_DISCONNECT, { NULL } },
	{ AT "smtpd[5]: 499180de09aae395 smtp authentication user=sample result=permfail",
			LOG_LOGIN_FAILED, { "user=sample" } },
	{ AT "smtpd[5]: 499180de09aae395 smtp failed-command command=\"AUTH PLAIN (...)\""
	     " result=\"535 Authentication failed\"",
			LOG_LOGIN_DETAIL, { "code=535" } },
	{ AT "smtpd[5]: 499180e697cb0f4b smtp bad-input result=\"500 5.5.1 Invalid command: x\"",
			LOG_ATTACK, { "code=500" } },
	{ AT "cyrus/pop3[7]: badlogin: a.example [192.0.2.1] plaintext (u) [SASL(-13): authentication"
	     " failure: checkpass failed]",
			LOG_LOGIN_FAILED, { "user=u", "ip=192.0.2.1" } },
	{ AT "cyrus/pop3s[7]: pop3s failed: a.example [192.0.2.1]", LOG_TLS_FAILED,
			{ "ip=192.0.2.1" } },
	{ AT "unix_chkpwd[7]: password check failed for user (u)", LOG_LOGIN_DETAIL, { "user=u" } },
	{ AT "cyrus/imap[7]: badlogin: host.example [192.0.2.1] plaintext u SASL(-13): authentication"
	     " failure: checkpass failed",
			LOG_LOGIN_FAILED, { "ip=192.0.2.1", "user=u", "client=host.example" } },
	{ AT "amavis[7]: (123-01) Passed CLEAN {RelayedInbound}, [192.0.2.1]:25 [192.0.2.1] <a@example.com>"
	     " -> <b@example.org>, Queue-ID: 3F1A2B4C5D, Message-ID: <m@example.com>, Hits: 1, queued_as:"
	     " 9F1A2B4C5D, 1 ms",
			LOG_FILTERED,
			{ "id=3F1A2B4C5D", "id2=9F1A2B4C5D", "from=a@example.com",
					"to=b@example.org", "verb=Passed",
					"message_id=m@example.com" } },
	{ "2025-03-03 04:05:06 #123(rspamd_proxy) <c474cc>; task; rspamd_task_write_log: id: <m@example.com>,"
	  " qid: <3F1A2B4C5D>, ip: 192.0.2.1, from: <a@example.com>, (default: F (no action): [1/15] []),",
			LOG_FILTERED,
			{ "id=3F1A2B4C5D", "ip=192.0.2.1", "message_id=m@example.com" } },
	{ AT "opendkim[8]: 3F1A2B4C5D: DKIM verification successful", LOG_FILTERED,
			{ "id=3F1A2B4C5D" } },
	{ AT "postgrey[8]: action=greylist, reason=new, client_name=unknown, client_address=192.0.2.1,"
	     " sender=a@example.com, recipient=b@example.org",
			LOG_FILTERED,
			{ "ip=192.0.2.1", "verb=greylist", "from=a@example.com",
					"to=b@example.org" } },
	{ AT "fail2ban.actions[9]: NOTICE [postfix] Ban 192.0.2.1", LOG_BANNED,
			{ "ip=192.0.2.1" } },
	{ "mailsink[1]: smtp: connect peer=<[::1]:54792>, tls=false", LOG_CONNECT,
			{ "ip=::1", "daemon=smtp" } },
	{ "mailsink[2]: smtp: login text=<login of \"s@example.com\" by PLAIN refused>",
			LOG_LOGIN_FAILED, { "user=s@example.com", "method=PLAIN" } },
	{ "mailsink[2]: pop3: login text=<login of \"s\" by PASS accepted>", LOG_LOGIN,
			{ "user=s", "method=PASS", "daemon=pop3" } },
	{ "mailsink[1]: smtp: message id=<0F486D0001>, with=<ESMTPA>, helo=<[127.0.0.1]>,"
	  " from=<a@example.com>, to=<b@example.com>, octets=396, bare_lf=0",
			LOG_RECEIVED,
			{ "id=0F486D0001", "from=a@example.com", "to=b@example.com", "size=396" } },
	{ "mailsink[1]: smtp: tls text=<TLS1.3, x>", LOG_TLS, { "id=" } },
	{ AT "kernel: Out of memory: Killed process 7 (clamd)", LOG_FATAL, { "daemon=kernel" } },
	{ AT "systemd[1]: postfix@-.service: Failed with result 'exit-code'.", LOG_FATAL,
			{ "ip=" } },
	{ AT "postfix/smtp[1]: cannot load Certification Authority data, CAfile=\"x\": disabling TLS"
	     " support",
			LOG_TROUBLE, { "daemon=smtp" } },
	{ AT "postfix/tlsproxy[1]: TLS handshake failed for service=smtpd peer=[192.0.2.1]:53598",
			LOG_TLS_FAILED, { "ip=192.0.2.1" } },
	{ AT "postfix/smtpd[1]: proxy-reject: END-OF-MESSAGE: 451 4.3.0 Error: queue file write error;"
	     " from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<x>",
			LOG_REJECTED,
			{ "verb=END-OF-MESSAGE", "code=451", "dsn=4.3.0", "to=b@example.com" } },
	{ AT "dovecot: imap-login: Disconnected (tried to use unsupported auth mechanism): user=<>,"
	     " method=LOGIN, rip=192.0.2.1, lip=192.0.2.2, TLS",
			LOG_LOGIN_FAILED, { "method=LOGIN", "ip=192.0.2.1" } },
	{ AT "dovecot: imap-login: Maximum number of connections from user+IP exceeded"
	     " (mail_max_userip_connections=10): user=<u>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2",
			LOG_TROUBLE, { "user=u", "ip=192.0.2.1" } },
	{ "Aug 30 09:56:53 imap(u)<674><S>: Error: fcntl(/x, write-lock, F_SETLKW) locking failed: x",
			LOG_TROUBLE, { "user=u", "daemon=imap" } },
	{ "2025-03-03 04:05:06 Tainted filename for search '/etc/exim4/aliases'", LOG_TROUBLE,
			{ "daemon=exim" } },
	{ AT "cyrus/cyr_expire[7]: IOERROR: invalid cache record for user.u1 uid 4", LOG_TROUBLE,
			{ "id=" } },
	{ AT "amavis[7]: (00900-01) (!)connect to /run/clamd.ctl failed, attempt #1", LOG_TROUBLE,
			{ "id=" } },
	{ "2025-03-03 04:05:06 #50(controller) redis_async_new: cannot connect to redis (port 0): x",
			LOG_TROUBLE, { "daemon=rspamd" } },
	{ AT "opendkim[8]: 4E8422055A: error loading key 'mail._domainkey.example.com'",
			LOG_TROUBLE, { "id=4E8422055A" } },
	{ AT "systemd[1]: postfix@-.service: Start request repeated too quickly.", LOG_FATAL,
			{ "daemon=systemd" } },
	{ AT "systemd-journald[230]: Suppressed 7124 messages from postfix@-.service", LOG_TROUBLE,
			{ "id=" } },
	{ AT "rsyslogd: imuxsock lost 432 messages from pid 9832 due to rate-limiting", LOG_TROUBLE,
			{ "id=" } },
	{ "Aug 30 00:10:57 auth(u@example.com,192.0.2.110,sasl:login)<S>: Info: sql: Password mismatch",
			LOG_LOGIN_DETAIL, { "user=u@example.com", "ip=192.0.2.110" } },
	{ AT "sendmail[5]: 06I02CNi016765: AUTH failure (LOGIN): x (-13) SASL(-13): checkpass failed,"
	     " user=criminal, relay=[192.0.2.100], relay=[192.0.2.4] (may be forged)",
			LOG_LOGIN_FAILED, { "ip=192.0.2.4" } },
	{ AT "daemon: pam_unix(auth): authentication failure; logname= uid=0 euid=0 tty=x ruser=t"
	     " rhost=192.0.2.151 rhost=192.0.2.1  user=a",
			LOG_LOGIN_FAILED, { "ip=192.0.2.1" } },
	{ AT "daemon: pam_unix(auth): authentication failure; logname= uid=0 euid=0 tty=x ruser="
	     " rhost=192.0.2.1 user=t rhost=192.0.2.152",
			LOG_LOGIN_FAILED, { "ip=192.0.2.1" } },
	{ AT "postfix/local[1]: 3F1A2B4C5D: to=<b@example.org>, relay=local, delay=3.1,"
	     " delays=1.8/0.86/0/0.44, dsn=2.0.0, status=sent (forwarded as 9F1A2B4C5D)",
			LOG_SENT, { "id2=9F1A2B4C5D", "relay=local" } },
	{ "2025-03-03 04:05:06 1tp0ab-00003f-1X DKIM: d=example.org s=m c=x a=rsa [verification succeeded]",
			LOG_FILTERED, { "id=1tp0ab-00003f-1X" } },
	{ AT "amavis[7]: (00900-01) ...no autolearn_force=no, 12 ms", LOG_ROUTINE, { "id=" } },
	{ AT "cron[9]: (root) CMD (x)", LOG_UNKNOWN, { "id=" } },
};

static bool member_is(const struct log_event *e, struct bytes key, struct bytes value)
{
	const struct {
		const char *name;
		struct bytes is;
	} texts[] = { { "id", e->id }, { "id2", e->id2 }, { "session", e->session },
		{ "message_id", e->message_id }, { "from", e->from }, { "to", e->to },
		{ "orig_to", e->orig_to }, { "client", e->client }, { "ip", e->ip },
		{ "helo", e->helo }, { "relay", e->relay }, { "relay_ip", e->relay_ip },
		{ "user", e->user }, { "method", e->method }, { "mailbox", e->mailbox },
		{ "verb", e->verb }, { "reason", e->reason }, { "dsn", e->dsn },
		{ "daemon", e->daemon }, { "service", e->service } };
	const struct {
		const char *name;
		uint64_t is;
	} numbers[] = { { "code", e->code }, { "size", e->size }, { "delay", e->delay_ms },
		{ "connect", e->delays_ms[2] }, { "talk", e->delays_ms[3] }, { "tls", e->is_tls } };
	uint64_t n;

	for (size_t i = 0; i < COUNT(texts); i++)
		if (bytes_equal(key, bytes_of(texts[i].name)))
			return bytes_equal(value, texts[i].is);
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (bytes_equal(key, bytes_of(numbers[i].name)))
			return bytes_is_uint(value, UINT32_MAX, &n) && n == numbers[i].is;
	return false;
}

static void read_line(struct bytes line, struct log_event *e)
{
	struct syslog_reader r;
	struct syslog_line at;

	syslog_init(&r, 1741060000);
	syslog_read(&r, line, &at);
	maillog_read(&at, e);
	syslog_free(&r);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct log_event e;
		read_line(bytes_of(rows[i].line), &e);
		if (e.class != rows[i].class)
			fail_msg("%s: %s", rows[i].line, maillog_class_name(e.class));
		for (size_t k = 0; k < WANTS_MAX && rows[i].wants[k]; k++) {
			struct bytes want = bytes_of(rows[i].wants[k]);
			size_t eq = bytes_find(want, '=');
			if (!member_is(&e, bytes_head(want, eq), bytes_skip(want, eq + 1)))
				fail_msg("%s: not %s", rows[i].line, rows[i].wants[k]);
		}
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t n = 0; n <= strlen(rows[i].line); n++) {
			struct log_event e;
			unsigned char *copy = test_malloc(n + 1);
			memcpy(copy, rows[i].line, n);
			read_line((struct bytes){ copy, n }, &e);
			assert_true(e.class < LOG_CLASSES);
			test_free(copy);
		}
}

static void test_ids(void **state)
{
	static const struct {
		const char *word;
		enum log_id_kind kind;
		int64_t arrived_s;
	} ids[] = {
		{ "3F1A2B", LOG_ID_SHORT, 0 },
		{ "3F1A2", LOG_ID_NONE, 0 },
		{ "3mPVKl0Mhjz7sXv", LOG_ID_LONG, 1436104331 },
		{ "4cDCnd66Hyz1XPWFF", LOG_ID_LONG, 0 },
		{ "1tp0ab-00003f-1X", LOG_ID_EXIM, 0 },
		{ "1tp0ab-0000000003f-1XyZ", LOG_ID_EXIM, 0 },
		{ "x23AbCdE123456", LOG_ID_SENDMAIL, 0 },
		{ "warning", LOG_ID_NONE, 0 },
		{ "statistics", LOG_ID_NONE, 0 },
		{ "connect", LOG_ID_NONE, 0 },
		{ "NOQUEUE", LOG_ID_NONE, 0 },
		{ "", LOG_ID_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		int64_t arrived_s;
		if (maillog_id_kind(bytes_of(ids[i].word), &arrived_s) != ids[i].kind)
			fail_msg("%s", ids[i].word);
		if (ids[i].arrived_s)
			assert_in_range(arrived_s, ids[i].arrived_s - 86400,
					ids[i].arrived_s + 86400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
