/* test_summary - unit tests of maillogwatch's sums
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/summary.h"
#include "know/advice.h"
#include "sys/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { JSON_MAX = 8 * 1024 * 1024, TEXT_MAX = 1024 * 1024, LINES_MAX = 4000, PARTS = 3, CUTS = 24 };

static struct summary *feed(struct bytes lines)
{
	struct summary *s = xmalloc(sizeof(*s));
	struct syslog_reader r;
	struct syslog_line at;
	struct log_event e;
	struct bytes line;

	summary_init(s);
	syslog_init(&r, 1741060800);
	while (bytes_line(&lines, &line))
		if (syslog_read(&r, line, &at)) {
			maillog_read(&at, &e);
			summary_event(s, &e);
			s->lines++;
			s->octets += line.n + 1;
		}
	syslog_free(&r);
	return s;
}

static void drop(struct summary *s)
{
	summary_free(s);
	free(s);
}

/* --- what one log gives --- */

#define AT "2025-03-03T04:05:06Z mx1 "
#define LATE(time)         \
	"2025-03-03T" time \
	"Z mx1 postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.com>, status=deferred (x)\n"
#define SMTPD AT "postfix/smtpd[1]: "
#define QMGR AT "postfix/qmgr[1]: "
#define TO \
	AT "postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.com>, relay=mx.example.com[192.0.2.9]:25, "
#define QUEUED QMGR "3F1A2B4C5D: from=<a@example.org>, size=1000, nrcpt=1 (queue active)\n"
#define BEGUN SMTPD "3F1A2B4C5D: client=a.example[192.0.2.1]\n" QUEUED
#define DEFERRED TO "delay=2, delays=0/0/1/1, dsn=4.0.0, status=deferred (host x said: 450 no)\n"

static const struct {
	const char *name, *lines, *number;
	uint64_t is;
} totals[] = {
	{ "a mail is received once", BEGUN QUEUED QUEUED, "mail_octets", 1000 },
	{ "a mail whose beginning is not there counts at the end", QUEUED, "mail_octets", 1000 },
	{ "two deferrals are one deferred mail", BEGUN DEFERRED DEFERRED, "deferred_mails", 1 },
	{ "a deferral of a mail from before", DEFERRED, "deferred_mails", 1 },
	{ "a deferral logged behind the end is of the same mail",
			BEGUN DEFERRED QMGR "3F1A2B4C5D: removed\n" LATE("04:06:06"),
			"deferred_mails", 1 },
	{ "a minute behind the end it is of another",
			BEGUN DEFERRED QMGR "3F1A2B4C5D: removed\n" LATE("04:06:07"),
			"deferred_mails", 2 },
	{ "a bounce begins with its message-id",
			AT "postfix/cleanup[1]: 3F1A2B4C5D: message-id=<x@y>\n" QUEUED DEFERRED
					DEFERRED,
			"deferred_mails", 1 },
	{ "the same id again is another mail",
			BEGUN DEFERRED QMGR "3F1A2B4C5D: removed\n" BEGUN DEFERRED,
			"deferred_mails", 2 },
	{ "lines that the log daemon left out",
			AT "rsyslogd: imuxsock lost 432 messages from pid 9 due to rate-limiting\n",
			"lost_lines", 432 },
	{ "encrypted, inbound",
			SMTPD "Anonymous TLS connection established from a.example[192.0.2.1]: x\n",
			"tls_in", 1 },
	{ "encrypted, outbound",
			AT
			"postfix/smtp[1]: Trusted TLS connection established to b[192.0.2.9]:25: x\n",
			"tls_out", 1 },
	{ "lines of others", AT "cron[1]: (root) CMD (x)\n", "foreign", 1 },
};

static uint64_t number(struct summary *s, const char *name)
{
	for (size_t i = 0; i < summary_number_count; i++)
		if (strcmp(summary_numbers[i].name, name) == 0)
			return *summary_number(s, i);
	fail_msg("no number is called %s", name);
	return 0;
}

static void test_totals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(totals); i++) {
		struct summary *s = feed(bytes_of(totals[i].lines));
		summary_close(s);
		if (number(s, totals[i].number) != totals[i].is)
			fail_msg("%s: %llu", totals[i].name,
					(unsigned long long)number(s, totals[i].number));
		drop(s);
	}
}

static void test_reasons_are_the_same_whoever_it_was(void **state)
{
	static const char lines[] = TO
			"dsn=5.1.1, status=bounced (host a[192.0.2.9] said: 550 5.1.1 <b@example.com>: no)\n" AT
			"postfix/smtp[1]: 4F1A2B4C5D: to=<c@example.net>, relay=none, dsn=5.1.1,"
			" status=bounced (host b[192.0.2.8] said: 550 5.1.1 <c@example.net>: no)\n";
	struct summary *s = feed(bytes_of(lines));

	(void)state;
	assert_int_equal(s->tables[SUMMARY_REASONS].count, 1);
	assert_int_equal(tally_get(&s->tables[SUMMARY_REASONS],
					 BYTES("bounced 550 5.1.1 <<addr>>: no")),
			2);
	drop(s);
}

static void test_silence_is_a_gap(void **state)
{
	static const char lines[] = "2025-03-03T04:00:00Z mx1 dovecot: x\n"
				    "2025-03-03T05:59:00Z mx1 dovecot: x\n"
				    "2025-03-03T09:00:00Z mx1 dovecot: x\n";
	struct summary *s = feed(bytes_of(lines));

	(void)state;
	assert_int_equal(s->segment_count, 2);
	assert_int_equal(s->segments[0].to_s - s->segments[0].from_s, 119 * 60);
	drop(s);
}

/* --- logs in parts, added up in any order --- */

static uint32_t seed = 7;

static uint32_t next(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Mails on their way, each line of one after the line before, mixed with what else is logged. */
static void make_lines(struct buf *out)
{
	static const char *const ends[] = {
		"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F1A2B4C5D)",
		"dsn=4.4.1, status=deferred (connect to b[192.0.2.9]:25: Connection timed out)",
		"dsn=5.1.1, status=bounced (host b[192.0.2.9] said: 550 5.1.1 no)",
	};
	unsigned step[40] = { 0 }, round[40] = { 0 };

	for (unsigned i = 0; i < LINES_MAX; i++) {
		unsigned m = next(40), s = i * 20;
		buf_printf(out, "2025-03-%02uT%02u:%02u:%02uZ mx%u postfix/", 3 + s / 86400,
				s / 3600 % 24, s / 60 % 60, s % 60, m % 2);
		if (next(8) == 0) {
			buf_printf(out,
					"smtpd[1]: warning: unknown[192.0.2.%u]: SASL LOGIN"
					" authentication failed: x, sasl_username=u%u\n",
					next(9), next(5));
			continue;
		}
		unsigned id = 0xabc000 + m + 64 * (round[m] % 2);
		switch (step[m]++) {
		case 0: /* some begin with what cleanup writes, some are not seen to begin */
			buf_printf(out, "%s%X: %s\n", m % 4 ? "smtpd[1]: " : "cleanup[1]: ", id,
					m % 4 == 0 ? "message-id=<x@example.org>" :
							next(8) ?
						     "client=a.example[192.0.2.1]" :
						     "to=<x@example.com>, relay=none, status=deferred (x)");
			break;
		case 1:
			buf_printf(out,
					"qmgr[1]: %X: from=<s%u@example.org>, size=%u, nrcpt=1"
					" (queue active)\n",
					id, m % 7, 100 + m);
			break;
		case 5:
			buf_printf(out, "qmgr[1]: %X: removed\n", id);
			if (next(4) == 0) /* logged late */
				buf_printf(out,
						"2025-03-%02uT%02u:%02u:%02uZ mx%u postfix/smtp[1]: %X:"
						" to=<r@example.com>, relay=none, %s\n",
						3 + s / 86400, s / 3600 % 24, s / 60 % 60, s % 60,
						m % 2, id, ends[1]);
			step[m] = 0;
			round[m]++;
			break;
		default:
			buf_printf(out,
					"smtp[1]: %X: to=<r%u@example.com>, relay=b[192.0.2.9]:25,"
					" delay=%u, delays=0/0/1/%u, %s\n",
					id, m % 11, next(4000), next(9), ends[next(3)]);
			break;
		}
	}
}

static void put_summary(struct summary *s, struct buf *out)
{
	buf_clear(out);
	summary_json(s, out);
	assert_false(out->overflow);
}

/* The log cut at two lines, each part summed up by itself; the sums added up as order says. */
static void check_parts(struct bytes log, const size_t cut[2], const unsigned order[PARTS])
{
	const struct bytes parts[PARTS] = { bytes_head(log, cut[0]),
		{ log.p + cut[0], cut[1] - cut[0] }, bytes_skip(log, cut[1]) };
	struct summary *whole = feed(log), *sum = feed((struct bytes){ NULL, 0 });
	struct buf json = BUF(JSON_MAX), want = BUF(JSON_MAX);

	for (size_t i = 0; i < PARTS; i++) {
		struct summary *part = feed(parts[order[i]]);
		put_summary(part, &json);
		assert_true(summary_merge(sum, buf_bytes(&json)));
		drop(part);
	}
	put_summary(whole, &want);
	put_summary(sum, &json);
	assert_string_equal(buf_text(&want), buf_text(&json));
	summary_close(whole);
	summary_close(sum);
	put_summary(whole, &want);
	put_summary(sum, &json);
	assert_string_equal(buf_text(&want), buf_text(&json));
	buf_free(&json);
	buf_free(&want);
	drop(whole);
	drop(sum);
}

static void test_merge(void **state)
{
	static const unsigned orders[][PARTS] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct buf log = BUF(TEXT_MAX);

	(void)state;
	make_lines(&log);
	for (size_t i = 0; i < CUTS; i++) {
		size_t cut[2];
		for (size_t k = 0; k < 2; k++) {
			cut[k] = next((uint32_t)log.n);
			cut[k] += bytes_find(bytes_skip(buf_bytes(&log), cut[k]), '\n') + 1;
		}
		if (cut[0] > cut[1]) {
			size_t larger = cut[0];
			cut[0] = cut[1];
			cut[1] = larger;
		}
		check_parts(buf_bytes(&log), cut, orders[i % COUNT(orders)]);
	}
	buf_free(&log);
}

static void test_what_is_no_summary(void **state)
{
	static const char *const texts[] = { "", "{}", "[]", "{\"type\":\"event\"}", "x",
		"{\"type\":\"summary\",", "{\"type\":\"summary\",\"version\":1}" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct summary *s = feed((struct bytes){ NULL, 0 });
		if (summary_merge(s, bytes_of(texts[i])))
			fail_msg("%s", texts[i]);
		drop(s);
	}
}

/* Of another version's knowledge base, and times that are none. */
static void test_foreign_summary(void **state)
{
	static const char json[] =
			"{\"type\":\"summary\",\"version\":2,"
			"\"segments\":[{\"from\":9000000000000000000,\"to\":9000000000000000001},"
			"{\"from\":5,\"to\":9}],"
			"\"faults\":[{\"id\":\"not-known-here\",\"n\":3,\"first\":1,\"last\":2},"
			"{\"id\":\"postfix-sasl-failed\",\"n\":2,\"first\":7,\"last\":8}],"
			"\"open\":[{\"id\":5,\"flags\":8,\"last\":9223372036854775807}]}";
	struct summary *s = feed((struct bytes){ NULL, 0 });
	const struct advice *a = advice_by_id(BYTES("postfix-sasl-failed"));

	(void)state;
	assert_true(summary_merge(s, bytes_of(json)));
	assert_true(summary_merge(s, bytes_of(json)));
	assert_int_equal(tally_get(&s->tables[SUMMARY_UNEXPLAINED], BYTES("not-known-here")), 6);
	assert_int_equal(s->faults[a - advice_list()].count, 4);
	assert_int_equal(s->faults[a - advice_list()].first_s, 7);
	assert_int_equal(s->faults[a - advice_list()].last_s, 8);
	assert_int_equal(s->segment_count, 1);
	summary_close(s);
	drop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_reasons_are_the_same_whoever_it_was),
		cmocka_unit_test(test_silence_is_a_gap),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_what_is_no_summary),
		cmocka_unit_test(test_foreign_summary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
