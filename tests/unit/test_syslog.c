/* test_syslog - unit tests of proto/syslog
 * SPDX-License-Identifier: MIT */
#include "proto/syslog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT_03 1740974706 /* 2025-03-03 04:05:06 */

/* now is 2025-03-04 */
static const int64_t now_s = AT_03 + 86400;

static const struct row {
	const char *name, *line;
	int64_t wall_s;
	const char *host, *program;
	uint32_t pid;
	const char *text;
	enum syslog_level level;
	int zone_min;
} rows[] = {
	{ "BSD", "Mar  3 04:05:06 mx1 postfix/smtpd[123]: connect from a[192.0.2.1]", AT_03, "mx1",
			"postfix/smtpd", 123, "connect from a[192.0.2.1]", SYSLOG_NONE,
			SYSLOG_NO_ZONE },
	{ "BSD, day with zero (postlogd)", "Mar 03 04:05:06 mx1 postfix/smtpd[1]: x", AT_03, "mx1",
			"postfix/smtpd", 1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "BSD with fraction", "Mar 03 04:05:06.123456 mx1 postfix/smtpd[1]: x", AT_03, "mx1",
			"postfix/smtpd", 1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "ISO, offset", "2025-03-03T04:05:06.123456+01:00 mx1 postfix/smtpd[123]: x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_NONE, 60 },
	{ "ISO, Z, one digit", "2025-03-03T04:05:06.1Z mx1 dovecot: imap-login: Login: x", AT_03,
			"mx1", "dovecot", 0, "imap-login: Login: x", SYSLOG_NONE, 0 },
	{ "journalctl short-iso", "2025-03-03T04:05:06+0100 mx1 postfix/qmgr[9]: x", AT_03, "mx1",
			"postfix/qmgr", 9, "x", SYSLOG_NONE, 60 },
	{ "journalctl short-full", "Mon 2025-03-03 04:05:06 CET mx1 postfix/qmgr[9]: x", AT_03,
			"mx1", "postfix/qmgr", 9, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "journalctl short-unix", "1740974706.123456 mx1 postfix/qmgr[9]: x", AT_03, "mx1",
			"postfix/qmgr", 9, "x", SYSLOG_NONE, 0 },
	{ "journalctl short-monotonic", "[   12.345678] mx1 postfix/qmgr[9]: x", SYSLOG_NO_TIME,
			"mx1", "postfix/qmgr", 9, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "RFC 5424", "<22>1 2025-03-03T04:05:06.1+01:00 mx1 postfix/smtpd 123 - - x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_INFO, 60 },
	{ "RFC 5424 with data and BOM",
			"<20>1 2025-03-03T04:05:06Z mx1 dovecot - ID1 [a@1 b=\"c ]\\\" d\"] \xef\xbb\xbfx y",
			AT_03, "mx1", "dovecot", 0, "x y", SYSLOG_WARNING, 0 },
	{ "RFC 3164 with PRI", "<22>Mar  3 04:05:06 mx1 postfix/smtpd[123]: x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_INFO, SYSLOG_NO_ZONE },
	{ "FreeBSD -v", "Mar  3 04:05:06 <2.6> mx1 postfix/smtpd[123]: x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_INFO, SYSLOG_NO_ZONE },
	{ "FreeBSD -vv", "Mar  3 04:05:06 <mail.info> mx1 postfix/smtpd[123]: x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_INFO, SYSLOG_NO_ZONE },
	{ "busybox", "Mar  3 04:05:06 mx1 mail.warn postfix/smtpd[123]: x", AT_03, "mx1",
			"postfix/smtpd", 123, "x", SYSLOG_WARNING, SYSLOG_NO_ZONE },
	{ "severity in words", "2025-03-03T04:05:06.365668+01:00 WARNING postfix/tlsmgr[143]: x",
			AT_03, "", "postfix/tlsmgr", 143, "x", SYSLOG_WARNING, 60 },
	{ "docker compose", "mail_1  | Mar  3 04:05:06 mx1 postfix/smtpd[1]: x", AT_03, "mx1",
			"postfix/smtpd", 1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "docker compose in colour",
			"\x1b[36mmail_1  |\x1b[0m 2025-03-03T04:05:06Z mx1 dovecot: x", AT_03,
			"mx1", "dovecot", 0, "x", SYSLOG_NONE, 0 },
	{ "Kubernetes", "2025-03-03T04:05:07.5Z stdout F Mar  3 04:05:06 mx1 postfix/smtpd[1]: x",
			AT_03, "mx1", "postfix/smtpd", 1, "x", SYSLOG_NONE, 0 },
	{ "nested", "Mar  3 04:05:07 mail smtp[1426]: Mar  3 04:05:06 mx1 postfix/smtpd[384]: x",
			AT_03, "mx1", "postfix/smtpd", 384, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "nested program", "Mar  3 04:05:06 h dockerd-current[1313]: postfix/smtpd[43]: x", AT_03,
			"h", "postfix/smtpd", 43, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "no host", "Mar  3 04:05:06 postfix/smtp[2097]: x", AT_03, "", "postfix/smtp", 2097, "x",
			SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Dovecot's own file", "Mar 03 04:05:06 imap-login: Info: Login: x", AT_03, "",
			"imap-login", 0, "Info: Login: x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Dovecot's own file, other time", "2025-03-03 04:05:06 imap-login: Error: x", AT_03, "",
			"imap-login", 0, "Error: x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Dovecot 1's own file", "Mar 03 04:05:06 Info: imap-login: Login: x", AT_03, "",
			"imap-login", 0, "Login: x", SYSLOG_INFO, SYSLOG_NO_ZONE },
	{ "svlogd in front", "2025-03-03T04:05:06.32349 2025-03-03T04:05:06 imap-login: Info: x",
			AT_03, "", "imap-login", 0, "Info: x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Exim", "2025-03-03 04:05:06 1tp0ab-00003f-1X <= a@example.com", AT_03, "", "exim", 0,
			"1tp0ab-00003f-1X <= a@example.com", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Exim with pid, ms and zone", "2025-03-03 04:05:06.123 +0100 [77] 1tp0ab-00003f-1X => x",
			AT_03, "", "exim", 77, "1tp0ab-00003f-1X => x", SYSLOG_NONE, 60 },
	{ "rspamd", "2025-03-03 04:05:06 #123(rspamd_proxy) <c474cc>; task; x", AT_03, "", "rspamd",
			123, "<c474cc>; task; x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "web page, German", "03-03-2025 04:05:06 | info | postfix/smtpd[1]: x", AT_03, "",
			"postfix/smtpd", 1, "x", SYSLOG_INFO, SYSLOG_NO_ZONE },
	{ "web page, American", "3/3/2025, 4:05:06 AM\twarning\tpostfix/smtpd[1]: x", AT_03, "",
			"postfix/smtpd", 1, "x", SYSLOG_WARNING, SYSLOG_NO_ZONE },
	{ "daemontools", "@4000000067c52a7c00000000 imap-login: Info: x", AT_03, "", "imap-login",
			0, "Info: x", SYSLOG_NONE, 0 },
	{ "Italian month", "mar 03 04:05:06 mx1 postfix/smtpd[1]: x", AT_03, "mx1", "postfix/smtpd",
			1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "French month", "mars 3 04:05:06 mx1 postfix/smtpd[1]: x", AT_03, "mx1", "postfix/smtpd",
			1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "Greek month", "\xce\x9c\xce\xb1\xcf\x81 3 04:05:06 mx1 postfix/smtpd[1]: x", AT_03,
			"mx1", "postfix/smtpd", 1, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "a date of last year", "Mar  9 04:05:06 mx1 dovecot: x", AT_03 - 359 * 86400, "mx1",
			"dovecot", 0, "x", SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "CR at the end", "Mar  3 04:05:06 mx1 dovecot: x\r", AT_03, "mx1", "dovecot", 0, "x",
			SYSLOG_NONE, SYSLOG_NO_ZONE },
	{ "no prefix", "just words", SYSLOG_NO_TIME, "", "", 0, "just words", SYSLOG_NONE,
			SYSLOG_NO_ZONE },
	{ "hour 25 is no time", "Mar  3 25:05:06 mx1 dovecot: x", SYSLOG_NO_TIME, "", "", 0,
			"Mar  3 25:05:06 mx1 dovecot: x", SYSLOG_NONE, SYSLOG_NO_ZONE },
};

static void assert_text(const char *name, const char *what, struct bytes is, const char *want)
{
	if (!bytes_equal(is, bytes_of(want)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", name, what, (int)is.n,
				(const char *)is.p, want);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct syslog_reader r;
		struct syslog_line at;
		syslog_init(&r, now_s);
		assert_true(syslog_read(&r, bytes_of(row->line), &at));
		if (at.wall_s != row->wall_s)
			fail_msg("%s: time %lld", row->name, (long long)at.wall_s);
		assert_text(row->name, "host", at.host, row->host);
		assert_text(row->name, "program", at.program, row->program);
		assert_text(row->name, "text", at.text, row->text);
		if (at.pid != row->pid || at.level != row->level || at.zone_min != row->zone_min)
			fail_msg("%s: pid %u level %d zone %d", row->name, at.pid, (int)at.level,
					at.zone_min);
		syslog_free(&r);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t n = 0; n < strlen(rows[i].line); n++) {
			struct syslog_reader r;
			struct syslog_line at;
			char *copy = test_malloc(n + 1);
			memcpy(copy, rows[i].line, n);
			syslog_init(&r, now_s);
			syslog_read(&r, (struct bytes){ (unsigned char *)copy, n }, &at);
			assert_true(at.text.n <= n);
			syslog_free(&r);
			test_free(copy);
		}
}

/* A log without years: lines, and the year that each gets. */
static void test_years(void **state)
{
	static const struct {
		const char *when;
		int year;
	} lines[] = { { "Oct 30", 2024 }, { "Dec 31", 2024 }, { "Jan  1", 2025 },
		{ "Dec 31", 2024 }, { "Jan  1", 2025 }, { "Mar  3", 2025 }, { "Mar  2", 2025 },
		{ "Nov 30", 2025 }, { "Mar  1", 2026 }, { "Sep 20", 2026 } };
	struct syslog_reader r;

	(void)state;
	syslog_init(&r, now_s);
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf text = BUF(100);
		struct syslog_line at;
		buf_printf(&text, "%s 04:05:06 mx1 dovecot: x", lines[i].when);
		syslog_read(&r, buf_bytes(&text), &at);
		assert_int_equal(syslog_date(at.wall_s).year, lines[i].year);
		buf_free(&text);
	}
	syslog_free(&r);
}

static void test_leap_day_tells_the_year(void **state)
{
	struct syslog_reader r;
	struct syslog_line at;

	(void)state;
	syslog_init(&r, now_s);
	syslog_read(&r, BYTES("Feb 29 04:05:06 mx1 dovecot: x"), &at);
	assert_int_equal(syslog_date(at.wall_s).year, 2024);
	assert_int_equal(syslog_date(at.wall_s).day, 29);
	syslog_free(&r);
}

static void test_hint_gives_the_year(void **state)
{
	struct syslog_reader r;
	struct syslog_line at;

	(void)state;
	syslog_init(&r, now_s);
	syslog_read(&r, BYTES("Mar  3 04:05:06 mx1 dovecot: x"), &at);
	syslog_hint(&r, &at, AT_03 - 3 * 365 * 86400);
	assert_int_equal(syslog_date(at.wall_s).year, 2022);
	syslog_read(&r, BYTES("Mar  3 04:05:07 mx1 dovecot: x"), &at);
	assert_int_equal(syslog_date(at.wall_s).year, 2022);
	syslog_free(&r);
}

static void test_repeated(void **state)
{
	struct syslog_reader r;
	struct syslog_line at;

	(void)state;
	syslog_init(&r, now_s);
	syslog_read(&r, BYTES("Mar  3 04:05:06 mx1 dovecot: auth: x"), &at);
	assert_true(syslog_read(&r, BYTES("Mar  3 04:05:16 mx1 last message repeated 5 times"),
			&at));
	assert_true(at.is_repeat);
	assert_int_equal(at.count, 5);
	assert_int_equal(at.wall_s, AT_03 + 10);
	assert_text("last message", "program", at.program, "dovecot");
	assert_text("last message", "text", at.text, "auth: x");
	syslog_keep(&r);
	syslog_read(&r, BYTES("Mar 3 04:05:17: --- last message repeated 2 times ---"), &at);
	assert_int_equal(at.count, 2);
	assert_text("macOS", "text", at.text, "auth: x");
	syslog_read(&r, BYTES("Mar  3 04:05:18 mx2 last message repeated 5 times"), &at);
	assert_false(at.is_repeat); /* another host's message is not here */
	syslog_read(&r, BYTES("Mar  3 04:05:18 mx1 a[1]: message repeated 3 times: [ some text]"),
			&at);
	assert_int_equal(at.count, 3);
	assert_text("rsyslog", "text", at.text, "some text");
	syslog_free(&r);
}

static void test_no_messages(void **state)
{
	static const char *const lines[] = { "", "\r", "-- Journal begins at Mon 2025-03-03. --",
		"-- No entries --", "-- Boot 0f12 --" };
	struct syslog_reader r;
	struct syslog_line at;

	(void)state;
	syslog_init(&r, now_s);
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_false(syslog_read(&r, bytes_of(lines[i]), &at));
	syslog_free(&r);
}

static void test_dates(void **state)
{
	(void)state;
	for (int64_t s = -86400 * 400; s < 86400LL * 365 * 80; s += 86400 * 5 + 3601) {
		struct syslog_date d = syslog_date(s);
		assert_int_equal(syslog_wall(&d), s);
	}
}

/* A line of the day and host of the one before is read as if it stood alone. */
static void test_same_head(void **state)
{
	static const char *const firsts[] = {
		"Mar  3 04:05:06 mx1 postfix/smtpd[43]: connect from a",
		"2025-03-03T04:05:06.123+01:00 mx1 postfix/smtpd[43]: connect from a",
		"2025-03-03 04:05:06 mx1 postfix/smtpd[43]: connect from a",
	};
	static const char *const times[] = { "Mar  3 04:05:06", "Mar  3 04:05:07.25",
		"Mar  3 24:05:07", "Mar  4 04:05:07", "2025-03-03T04:05:07.5Z",
		"2025-03-03T04:05:07+0200", "2025-03-03_04:05:07", "2025-03-03 04:05:07",
		"2025-03-03T04:05", "2025-03-0" };
	static const char *const rests[] = { " mx1 postfix/qmgr[900]: 9E03F810FC: removed",
		" mx1 kernel: Out of memory", " mx1 a: b: c", " mx1 ab 04:05: x",
		" mx1 mail.info postfix/qmgr[900]: x",
		" mx1 dockerd[13]: postfix/smtpd[44]: connect from b",
		" mx1 fwd[13]: Mar  3 04:05:07 mx2 postfix/smtpd[44]: x", " mx1 postfix/qmgr[0]: x",
		" mx1 postfix/qmgr[4294967296]: x", " mx1 postfix/qmgr[]: x",
		" mx1 postfix/qmgr[1][2]: x", " mx1 [postfix[2]: x", " mx1 key=value[7]: x",
		" mx1 imap(a)<7><b>: x", " mx1 <7>abcdefg: x", " mx1 dovecot:", " mx1 ", " mx1", "",
		" mx10 postfix/smtpd[43]: connect from a" };

	(void)state;
	for (size_t i = 0; i < COUNT(firsts) * COUNT(times) * COUNT(rests); i++) {
		struct syslog_reader warm, cold;
		struct syslog_line a, b;
		char line[200];
		snprintf(line, sizeof(line), "%s%s", times[i / COUNT(rests) % COUNT(times)],
				rests[i % COUNT(rests)]);
		syslog_init(&warm, 1741000000);
		syslog_init(&cold, 1741000000);
		assert_true(syslog_read(&warm, bytes_of(firsts[i / COUNT(rests) / COUNT(times)]),
				&a));
		assert_true(syslog_read(&warm, bytes_of(line), &a));
		assert_true(syslog_read(&cold, bytes_of(line), &b));
		assert_true(bytes_equal(a.when, b.when) && bytes_equal(a.host, b.host));
		if (!bytes_equal(a.program, b.program) || !bytes_equal(a.text, b.text))
			fail_msg("%s", line);
		assert_true(a.line.p == b.line.p && a.text.p == b.text.p);
		assert_int_equal(a.wall_s, b.wall_s);
		assert_int_equal(a.micro_s, b.micro_s);
		assert_int_equal(a.zone_min, b.zone_min);
		assert_int_equal(a.pid, b.pid);
		assert_int_equal(a.level, b.level);
		syslog_free(&warm);
		syslog_free(&cold);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_head),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_years),
		cmocka_unit_test(test_leap_day_tells_the_year),
		cmocka_unit_test(test_hint_gives_the_year),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_no_messages),
		cmocka_unit_test(test_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
