/* test_rules - unit tests of what several log lines say together
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PAM "dovecot-auth: pam_unix(dovecot:auth): "
#define ASKED "dovecot-auth: pam_succeed_if(dovecot:auth): error retrieving information about user "
#define NO_NAME                                                                            \
	"postfix/smtp[5]: A4997FB6AA: to=<u@example.org>, relay=none, delay=1, dsn=4.4.3," \
	" status=deferred (Host or domain name not found. Name service error for"          \
	" name=example.org type=MX: Host not found, try again)"
#define TIMEOUT "postfix/smtp[5]: connect to mx.example.com[192.0.2.9]:25: Connection timed out"

enum { LINES_MAX = 4, TEXT_MAX = 4096 };

static const struct {
	const char *name;
	const char *lines[LINES_MAX];
	const char *says; /* NULL: nothing */
} rows[] = {
	{ "the address that PAM was asked for",
			{ "04:05:01 mx " ASKED "sample@example.com",
					"04:05:06 mx " PAM "check pass; user unknown" },
			"Given was: sample@example.com" },
	{ "the address stands in ruser=",
			{ "04:05:06 mx " PAM "check pass; user unknown",
					"04:05:06 mx " PAM
					"authentication failure; logname= uid=0 euid=0 tty=dovecot"
					" ruser=s@example.com rhost=192.0.2.20" },
			"Given was: s@example.com" },
	{ "a login name is no address",
			{ "04:05:01 mx " ASKED "sample",
					"04:05:06 mx " PAM "check pass; user unknown" },
			NULL },
	{ "an address alone is no unknown user", { "04:05:01 mx " ASKED "sample@example.com" },
			NULL },
	{ "the full disk explains the refusal",
			{ "04:05:01 mx postfix/smtpd[1]: warning: not enough free space in mail"
			  " queue: 967958 bytes < 1.5*message size limit",
					"04:05:01 mx postfix/smtpd[1]: NOQUEUE: reject: MAIL from"
					" a.example[192.0.2.1]: 452 4.3.1 Insufficient system"
					" storage; proto=ESMTP helo=<a>" },
			"full disk" },
	{ "a peer's full disk is not ours",
			{ "04:05:01 mx postfix/smtpd[1]: warning: not enough free space in mail"
			  " queue: 967958 bytes < 1.5*message size limit",
					"04:05:01 mx postfix/smtp[1]: A4997FB6AA: to=<u@example.org>,"
					" relay=a.example[192.0.2.1]:25, delay=1, dsn=4.3.1,"
					" status=deferred (host a.example[192.0.2.1] said: 452 4.3.1"
					" Insufficient system storage (in reply to MAIL FROM command))" },
			NULL },
	{ "a refusal alone says nothing of the disk's line",
			{ "04:05:01 mx postfix/smtpd[1]: NOQUEUE: reject: MAIL from"
			  " a.example[192.0.2.1]: 452 4.3.1 Insufficient system storage; helo=<a>" },
			NULL },
	{ "names, then a filter of our own that does not answer",
			{ "04:05:01 mx " NO_NAME,
					"04:06:01 mx postfix/smtpd[5]: warning: connect to Milter"
					" service inet:127.0.0.1:8891: Connection timed out" },
			NULL },
	{ "the same of Exim",
			{ "04:05:01 mx " NO_NAME,
					"04:06:01 mx exim[5]: 1tp0ab-00003f-1X == b@example.org"
					" R=dnslookup T=remote_smtp defer (110): Connection timed"
					" out" },
			"wo causes" },
	{ "greylisted once more is no refusal",
			{ "04:05:01 mx postgrey[7]: action=greylist, reason=early-retry (173s"
			  " missing), client_name=a.example, client_address=192.0.2.1" },
			"TEMPORARY" },
	{ "let in after greylisting",
			{ "04:05:01 mx postgrey[7]: action=pass, reason=triplet found" }, NULL },
	{ "letters beyond ASCII are no telnet",
			{ "04:05:01 mx exim[1]: SMTP syntax error in \"caf\\303\\251 \\377\" H=[192.0.2.1]" },
			NULL },
	{ "a block list's error code is not the client's fault",
			{ "04:05:01 mx postfix/dnsblog[1]: addr 192.0.2.1 listed by domain"
			  " zen.example.org as 127.255.255.254",
					"04:05:01 mx postfix/postscreen[1]: NOQUEUE: reject: RCPT from"
					" [192.0.2.1]:4242: 550 5.7.1 Service unavailable; client"
					" [192.0.2.1] blocked using zen.example.org; from=<a@b.example>" },
			"may be our fault" },
	{ "a listing is",
			{ "04:05:01 mx postfix/dnsblog[1]: addr 192.0.2.1 listed by domain"
			  " zen.example.org as 127.0.0.4",
					"04:05:01 mx postfix/postscreen[1]: NOQUEUE: reject: RCPT from"
					" [192.0.2.1]:4242: 550 5.7.1 Service unavailable; client"
					" [192.0.2.1] blocked using zen.example.org; from=<a@b.example>" },
			NULL },
	{ "a ban of a bridge",
			{ "04:05:01 mx fail2ban.actions[7]: NOTICE [postfix-sasl] Ban 172.18.0.1" },
			"everybody behind it" },
	{ "a ban of one from outside",
			{ "04:05:01 mx fail2ban.actions[7]: NOTICE [postfix-sasl] Ban 192.0.2.1" },
			NULL },
	{ "a login name after an address was asked for",
			{ "04:05:01 mx " ASKED "sample@example.com",
					"04:05:06 mx " PAM
					"authentication failure; logname= uid=0 euid=0 tty=dovecot"
					" ruser=alice rhost=192.0.2.20  user=alice" },
			NULL },
	{ "names, then connections: two causes", { "04:05:01 mx " NO_NAME, "04:06:01 mx " TIMEOUT },
			"wo causes" },
	{ "a timeout alone has one", { "04:06:01 mx " TIMEOUT }, NULL },
	{ "half an hour later it is another story",
			{ "04:05:01 mx " NO_NAME, "04:35:01 mx " TIMEOUT }, NULL },
	{ "a timeout before the names fail", { "04:05:01 mx " TIMEOUT, "04:06:01 mx " NO_NAME },
			NULL },
	{ "telnet's octets as Exim writes them",
			{ "04:05:01 mx exim[1]: SMTP syntax error in \"\\377\\373\\037\" H=[192.0.2.1]" },
			"telnet protocol" },
	{ "telnet's octets as rsyslog writes them", { "04:05:01 mx x[1]: got #377#375#006" },
			"telnet protocol" },
};

static void take(struct rules *r, struct syslog_reader *reader, const char *clock, struct buf *out)
{
	struct buf line = BUF(TEXT_MAX);
	struct syslog_line at;
	struct log_event e;

	buf_printf(&line, "Mar  3 %s", clock);
	assert_true(syslog_read(reader, buf_bytes(&line), &at));
	maillog_read(&at, &e);
	rules_take(r, &e, false, out);
	buf_free(&line);
}

static void lines_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct syslog_reader reader;
		struct rules r;
		struct buf out = BUF(TEXT_MAX);
		syslog_init(&reader, 1741000000);
		rules_init(&r);
		for (size_t k = 0; k < LINES_MAX && rows[i].lines[k]; k++)
			take(&r, &reader, rows[i].lines[k], &out);
		if (rows[i].says ? !strstr(buf_text(&out), rows[i].says) : out.n > 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&out));
		rules_free(&r);
		syslog_free(&reader);
		buf_free(&out);
	}
}

/* One rule speaks once a minute by the log's clock. */
static void says_it_once_a_minute(void **state)
{
	static const struct {
		const char *line;
		bool says;
	} steps[] = {
		{ "04:05:01 mx " NO_NAME, false },
		{ "04:05:02 mx " TIMEOUT, true },
		{ "04:05:30 mx " TIMEOUT, false },
		{ "04:06:30 mx " TIMEOUT, true },
	};
	struct syslog_reader reader;
	struct rules r;
	struct buf out = BUF(TEXT_MAX);

	(void)state;
	syslog_init(&reader, 1741000000);
	rules_init(&r);
	for (size_t i = 0; i < COUNT(steps); i++) {
		take(&r, &reader, steps[i].line, &out);
		if (steps[i].says != (out.n > 0))
			fail_msg("step %zu: %s", i, buf_text(&out));
		buf_clear(&out);
	}
	rules_free(&r);
	syslog_free(&reader);
	buf_free(&out);
}

static void clients_behind_one_address(void **state)
{
	static const struct {
		const char *ip, *last; /* the address of all, and of the last */
		bool says;
	} cases[] = {
		{ "172.18.0.1", "172.18.0.1", true },
		{ "fd00::1", "fd00::1", true },
		{ "172.18.0.1", "192.0.2.1", false },
		{ "192.0.2.1", "192.0.2.1", false }, /* one guesser from outside */
		{ "127.0.0.1", "127.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct syslog_reader reader;
		struct rules r;
		struct buf out = BUF(TEXT_MAX), line = BUF(TEXT_MAX);
		syslog_init(&reader, 1741000000);
		rules_init(&r);
		for (unsigned k = 1; k <= RULES_CLIENTS; k++) {
			assert_int_equal(out.n, 0);
			buf_clear(&line);
			buf_printf(&line, "04:05:01 mx postfix/smtpd[1]: connect from unknown[%s]",
					k == RULES_CLIENTS ? cases[i].last : cases[i].ip);
			take(&r, &reader, buf_text(&line), &out);
		}
		if (cases[i].says != (strstr(buf_text(&out), cases[i].ip) != NULL))
			fail_msg("%s: %s", cases[i].ip, buf_text(&out));
		rules_free(&r);
		syslog_free(&reader);
		buf_free(&out);
		buf_free(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_together),
		cmocka_unit_test(says_it_once_a_minute),
		cmocka_unit_test(clients_behind_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
