/* test_filter - unit tests of maillogwatch's filters
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"
#include "fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1741060800 /* 2025-03-04 04:00:00 */
#define TODAY (NOW - 4 * 3600)
#define DAY 86400
#define NO_TIME INT64_MIN

static void test_networks(void **state)
{
	static const struct {
		const char *ip, *net;
		bool is_in;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "192.0.2.0/24", true },
		{ "192.0.3.1", "192.0.2.0/24", false },
		{ "192.0.2.127", "192.0.2.0/25", true },
		{ "192.0.2.128", "192.0.2.0/25", false },
		{ "192.0.2.1", "0.0.0.0/0", true },
		{ "192.0.2.1", "192.0.2.1/33", false },
		{ "192.0.2.1", "192.0.2.0/", false },
		{ "192.0.2.1", "192.0.2.0/x", false },
		{ "::ffff:192.0.2.1", "192.0.2.0/24", true },
		{ "192.0.2.1", "::ffff:192.0.2.0/120", true },
		{ "2001:db8::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "2001:DB8:0:0::1", "2001:db8::1", true },
		{ "IPv6:2001:db8::1", "2001:db8::1", true },
		{ "fe80::1%eth0", "fe80::/10", true },
		{ "2001:db8::1", "::/0", true },
		{ "192.0.2.1", "::/0", true },
		{ "2001:db8::1", "0.0.0.0/0", false },
		{ "2001:db8::1", "2001:db8::1/129", false },
		{ "", "0.0.0.0/0", false },
		{ "unknown", "0.0.0.0/0", false },
		{ "192.0.2.1", "", false },
		{ "192.0.2.1", "mail.example.com", false },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee", "::/0",
				false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (filter_ip_in(bytes_of(rows[i].ip), bytes_of(rows[i].net)) != rows[i].is_in)
			fail_msg("%s in %s", rows[i].ip, rows[i].net);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t wall_s; /* NO_TIME: none */
		bool is_ago;
	} rows[] = {
		{ "now", NOW, true },
		{ "1h", NOW - 3600, true },
		{ "90m", NOW - 90 * 60, true },
		{ "90min", NOW - 90 * 60, true },
		{ "30s", NOW - 30, true },
		{ "2d", NOW - 2 * DAY, true },
		{ "1w", NOW - 7 * DAY, true },
		{ "today", TODAY, false },
		{ "yesterday", TODAY - DAY, false },
		{ "04:05", TODAY + 4 * 3600 + 5 * 60, false },
		{ "04:05:06", TODAY + 4 * 3600 + 5 * 60 + 6, false },
		{ "2025-03-03", TODAY - DAY, false },
		{ "2025-03-03 04:05", TODAY - DAY + 4 * 3600 + 5 * 60, false },
		{ "2025-03-03 04:05:06", TODAY - DAY + 4 * 3600 + 5 * 60 + 6, false },
		{ "2025-03-03T04:05:06", TODAY - DAY + 4 * 3600 + 5 * 60 + 6, false },
		{ "", NO_TIME, false },
		{ "1", NO_TIME, false },
		{ "h", NO_TIME, false },
		{ "1y", NO_TIME, false },
		{ "1h30m", NO_TIME, false },
		{ "24:00", NO_TIME, false },
		{ "04:60", NO_TIME, false },
		{ "04:05:06:07", NO_TIME, false },
		{ "2025-13-03", NO_TIME, false },
		{ "2025-03-03 25:00", NO_TIME, false },
		{ "whenever it is", NO_TIME, false },
		{ "99999999999h", NO_TIME, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t wall_s = 1;
		bool is_ago = false;
		bool is_time = filter_time(bytes_of(rows[i].text), NOW, &wall_s, &is_ago);
		if (is_time != (rows[i].wall_s != NO_TIME) ||
				(is_time && (wall_s != rows[i].wall_s || is_ago != rows[i].is_ago)))
			fail_msg("\"%s\": %d %lld", rows[i].text, is_time, (long long)wall_s);
	}
	int64_t wall_s;
	assert_true(filter_time(BYTES("1h"), NOW, &wall_s, NULL));
}

static const char line[] =
		"Mar  3 04:05:06 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[203.0.113.7]:"
		" 554 5.7.1 <b@example.net>: Relay access denied; from=<a@example.org>"
		" to=<b@example.net> proto=ESMTP helo=<h>";

static const struct row {
	const char *name;
	struct watch_options o;
	bool passes;
} passes[] = {
	{ "no filter", { .level = 0 }, true },
	{ "a text, letters of either case", { .match = { { "RELAY access" }, 1 } }, true },
	{ "another text", { .match = { { "greylist" }, 1 } }, false },
	{ "one of two texts", { .match = { { "greylist", "denied" }, 2 } }, true },
	{ "a sender's domain", { .from = { { "@EXAMPLE.org" }, 1 } }, true },
	{ "the recipient is no sender", { .from = { { "example.net" }, 1 } }, false },
	{ "a recipient", { .to = { { "b@" }, 1 } }, true },
	{ "a network", { .ip = { { "203.0.113.0/24" }, 1 } }, true },
	{ "another network", { .ip = { { "192.0.2.0/24" }, 1 } }, false },
	{ "a user where none is named", { .user = { { "a" }, 1 } }, false },
	{ "the daemon", { .program = { { "smtpd" }, 1 } }, true },
	{ "the whole program", { .program = { { "postfix/" }, 1 } }, true },
	{ "another program", { .program = { { "dovecot" }, 1 } }, false },
	{ "a problem", { .level = WATCH_PROBLEM }, true },
	{ "nothing fatal", { .level = WATCH_FATAL }, false },
	{ "two filters, one fits not", { .match = { { "denied" }, 1 }, .to = { { "c@" }, 1 } },
			false },
	{ "since then", { .since = "2025-03-03 04:05:06" }, true },
	{ "since a second later", { .since = "2025-03-03 04:05:07" }, false },
	{ "until then", { .until = "2025-03-03 04:05:06" }, true },
	{ "until a second before", { .until = "2025-03-03 04:05:05" }, false },
	{ "a day ago", { .since = "1d" }, true },
	{ "an hour ago", { .since = "1h" }, false },
};

static bool does_pass(struct fake_world *f, struct watch_options *o, struct bytes text)
{
	struct watch t = { .w = &f->w, .o = o };
	struct syslog_line at;
	struct log_event e;

	o->now = "2025-03-04 04:00:00";
	assert_true(filter_init(&t));
	assert_true(syslog_read(&t.reader, text, &at));
	maillog_read(&at, &e);
	bool passed = filter_passes(&t, &e);
	assert_true(t.has_filter || passed);
	syslog_free(&t.reader);
	return passed;
}

static void test_passes(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	for (size_t i = 0; i < COUNT(passes); i++) {
		struct watch_options o = passes[i].o;
		if (does_pass(&f, &o, bytes_of(line)) != passes[i].passes)
			fail_msg("%s", passes[i].name);
	}
	struct watch_options o = { .since = "1d" };
	assert_false(does_pass(&f, &o, BYTES("a line of no time")));
	fake_world_free(&f);
}

static void test_wrong_values(void **state)
{
	static const struct watch_options wrong[] = {
		{ .since = "whenever" },
		{ .until = "24:00" },
		{ .now = "1" },
		{ .ip = { { "300.1.1.1" }, 1 } },
		{ .ip = { { "192.0.2.1", "192.0.2.0/40" }, 2 } },
	};
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct watch_options o = wrong[i];
		struct watch t = { .w = &f.w, .o = &o };
		assert_false(filter_init(&t));
		assert_non_null(strstr(fake_world_err(&f), "maillogwatch: --"));
		fake_world_clear(&f);
	}
	fake_world_free(&f);
}

static void test_ranks(void **state)
{
	(void)state;
	for (int class = 0; class < LOG_CLASSES; class ++) {
		struct log_event e = { .class = (enum log_class) class, .level = SYSLOG_NONE };
		enum watch_rank rank = filter_rank(&e);
		assert_int_equal(rank == WATCH_FATAL, class == LOG_FATAL);
		e.level = SYSLOG_WARNING; /* what nobody knows is not hidden when it warns */
		assert_int_equal(filter_rank(&e), class == LOG_UNKNOWN ? WATCH_PROBLEM : rank);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_ranks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
