/* test_report - unit tests of ui/report
 * SPDX-License-Identifier: MIT */
#include "know/advice.h"
#include "tests/fakes/fake_world.h"
#include "ui/report.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct report_verdict refused = {
	.status = REPORT_CRITICAL,
	.stage = "auth",
	.fact = "user \"sample@example.com\" refused (PLAIN, 1 attempt)",
	.means = "the server checked name and password and said no (certain)",
	.likely = { "it knows \"sample\", not the mail address", "the password is wrong" },
	.proves = "the AUTH path works",
	.not_proves = "which of the two is wrong",
	.next = "smtptalk localhost -u sample --auth-only",
	.id = "auth-user-is-address",
};

static const struct {
	const char *name;
	struct report_verdict v;
	unsigned columns;
	const char *out;
} text_rows[] = {
	{ "every field", refused, 80,
			"CRITICAL auth: user \"sample@example.com\" refused (PLAIN, 1 attempt)\n"
			"  means:  the server checked name and password and said no (certain)\n"
			"          likely: it knows \"sample\", not the mail address\n"
			"          or:     the password is wrong\n"
			"  proves: the AUTH path works\n"
			"  does not prove: which of the two is wrong\n"
			"  next:   smtptalk localhost -u sample --auth-only        [auth-user-is-address]\n" },
	{ "fact only", { .status = REPORT_OK, .fact = "well formed" }, 80, "OK well formed\n" },
	{ "subject before stage",
			{ .status = REPORT_WARNING,
					.stage = "cert",
					.subject = "993",
					.fact = "x" },
			80, "WARNING 993: x\n" },
	{ "subject only", { .status = REPORT_UNKNOWN, .stage = "connect" }, 80,
			"UNKNOWN connect\n" },
	{ "the id ends at column 80",
			{ .fact = "x",
					.next = "123456789 123456789 123456789 123456789 12345",
					.id = "auth-user-is-address-" },
			80,
			"OK x\n  next:   123456789 123456789 123456789 123456789 12345"
			"  [auth-user-is-address-]\n" },
	{ "an id that does not fit",
			{ .fact = "x",
					.next = "123456789 123456789 123456789 123456789 123456789",
					.id = "auth-user-is-address" },
			80,
			"OK x\n  next:   123456789 123456789 123456789 123456789 123456789\n"
			"                                                          [auth-user-is-address]\n" },
	{ "an id alone", { .fact = "x", .id = "a-b" }, 80,
			"OK x\n                                                                           [a-b]\n" },
	{ "two commands", { .fact = "x", .next = "one\ntwo", .id = "a" }, 40,
			"OK x\n  next:   one\n          two                        [a]\n" },
	{ "a long command can be pasted",
			{ .fact = "x", .next = "command --option value --other value", .id = "a" },
			40,
			"OK x\n"
			"  next:   command --option value \\\n"
			"          --other value              [a]\n" },
	{ "wrapped text",
			{ .fact = "one two three four five six seven",
					.means = "one two three four five six seven" },
			30,
			"OK one two three four five six\n"
			"  seven\n"
			"  means:  one two three four\n"
			"          five six seven\n" },
	{ "foreign octets",
			{ .subject = "a\033",
					.fact = "\033[2J\nx\xff",
					.means = "\007",
					.next = "x\033" },
			80, "OK a\\x1b: \\x1b[2J\\x0ax\\xff\n  means:  \\x07\n  next:   x\\x1b\n" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(text_rows); i++) {
		struct opt_common c = { 0 };
		struct fake_world f;
		struct report r;
		print_message("%s\n", text_rows[i].name);
		fake_world_init(&f);
		f.w.columns = text_rows[i].columns;
		report_init(&r, &f.w, "smtptalk", "localhost", &c);
		report_add(&r, &text_rows[i].v);
		assert_string_equal(fake_world_out(&f), text_rows[i].out);
		report_free(&r);
		fake_world_free(&f);
	}
}

static void test_json(void **state)
{
	struct opt_common c = { .json = true };
	struct fake_world f;
	struct report r;

	(void)state;
	fake_world_init(&f);
	report_init(&r, &f.w, "smtptalk", "localhost:25", &c);
	report_add(&r, &refused);
	report_perf(&r, "time", 0.4125, "s");
	report_perf(&r, "size", 412, "B");
	assert_int_equal(report_finish(&r), 2);
	assert_string_equal(fake_world_out(&f),
			"{\"type\":\"verdict\",\"status\":\"CRITICAL\",\"stage\":\"auth\",\"subject\":\"auth\","
			"\"fact\":\"user \\\"sample@example.com\\\" refused (PLAIN, 1 attempt)\","
			"\"means\":\"the server checked name and password and said no (certain)\","
			"\"likely\":[\"it knows \\\"sample\\\", not the mail address\",\"the password is wrong\"],"
			"\"proves\":\"the AUTH path works\",\"not_proves\":\"which of the two is wrong\","
			"\"next\":\"smtptalk localhost -u sample --auth-only\",\"id\":\"auth-user-is-address\"}\n"
			"{\"type\":\"result\",\"applet\":\"smtptalk\",\"target\":\"localhost:25\",\"status\":\"CRITICAL\","
			"\"exit\":2,\"perf\":{\"time\":0.412,\"size\":412}}\n");
	report_free(&r);
	fake_world_free(&f);
}

static const struct {
	const char *name;
	enum report_status statuses[3];
	size_t count;
	int code;
	const char *line;
} nagios_rows[] = {
	{ "nothing reported", { 0 }, 0, 3, "SMTPTALK UNKNOWN - nothing was tested\n" },
	{ "all well", { REPORT_OK, REPORT_OK }, 2, 0, "SMTPTALK OK - s: fact 0\n" },
	{ "a warning outdoes", { REPORT_OK, REPORT_WARNING, REPORT_OK }, 3, 1,
			"SMTPTALK WARNING - s: fact 1\n" },
	{ "unknown outdoes a warning", { REPORT_UNKNOWN, REPORT_WARNING }, 2, 3,
			"SMTPTALK UNKNOWN - s: fact 0\n" },
	{ "critical outdoes unknown", { REPORT_UNKNOWN, REPORT_CRITICAL, REPORT_UNKNOWN }, 3, 2,
			"SMTPTALK CRITICAL - s: fact 1\n" },
	{ "the first of the worst", { REPORT_CRITICAL, REPORT_CRITICAL }, 2, 2,
			"SMTPTALK CRITICAL - s: fact 0\n" },
};

static void test_nagios(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(nagios_rows); i++) {
		struct opt_common c = { .nagios = true };
		struct fake_world f;
		struct report r;
		print_message("%s\n", nagios_rows[i].name);
		fake_world_init(&f);
		report_init(&r, &f.w, "smtptalk", "localhost", &c);
		for (size_t j = 0; j < nagios_rows[i].count; j++) {
			const char fact[] = { 'f', 'a', 'c', 't', ' ', (char)('0' + j), '\0' };
			struct report_verdict v = { .status = nagios_rows[i].statuses[j],
				.stage = "s",
				.fact = fact };
			report_add(&r, &v);
		}
		assert_int_equal(report_finish(&r), nagios_rows[i].code);
		assert_string_equal(fake_world_out(&f), nagios_rows[i].line);
		report_free(&r);
		fake_world_free(&f);
	}
}

static void test_nagios_perf(void **state)
{
	struct opt_common c = { .nagios = true };
	struct report_verdict v = { .status = REPORT_OK, .fact = "a | b\nc" };
	struct fake_world f;
	struct report r;

	(void)state;
	fake_world_init(&f);
	for (int stable = 0; stable < 2; stable++) {
		c.stable = stable;
		report_init(&r, &f.w, "pop3talk", "localhost", &c);
		report_add(&r, &v);
		report_perf(&r, "time", 0.41, "s");
		report_perf_limits(&r, "messages", 10, "", ";100;");
		assert_int_equal(report_finish(&r), 0);
		report_free(&r);
	}
	assert_string_equal(fake_world_out(&f),
			"POP3TALK OK - a / b\\x0ac | time=0.41s messages=10;100;\n"
			"POP3TALK OK - a / b\\x0ac | messages=10;100;\n");
	fake_world_free(&f);
}

/* Whatever was found: an answer that nobody received is no answer. */
static void test_lost_output(void **state)
{
	static const enum report_status statuses[] = { REPORT_OK, REPORT_WARNING, REPORT_CRITICAL };

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct opt_common c = { 0 };
		struct report_verdict v = { .status = statuses[i], .fact = "x" };
		struct fake_world f;
		struct report r;
		fake_world_init(&f);
		f.w.out.fd = open("/dev/full", O_WRONLY);
		assert_true(f.w.out.fd >= 0);
		report_init(&r, &f.w, "smtptalk", NULL, &c);
		report_add(&r, &v);
		assert_int_equal(report_finish(&r), 3);
		report_free(&r);
		close(f.w.out.fd);
		fake_world_free(&f);
	}
}

/* The article's case: the texts come from the knowledge base, the status and fact stay the
 * caller's. */
static void test_advise(void **state)
{
	const struct finding finding = {
		.proto = ADVICE_SMTP,
		.stage = "auth",
		.code = 535,
		.enh = BYTES("5.7.8"),
		.text = BYTES("Error: authentication failed: authentication failure"),
		.user = BYTES("sample@example.com"),
		.host = BYTES("localhost"),
		.port = 25,
	};
	struct opt_common c = { .json = true };
	struct report_verdict v = { .status = REPORT_CRITICAL, .stage = "auth", .fact = "refused" };
	struct fake_world f;
	struct report r;

	(void)state;
	fake_world_init(&f);
	report_init(&r, &f.w, "smtptalk", "localhost", &c);
	report_advise(&r, &v, &finding);
	assert_non_null(strstr(fake_world_out(&f), "\"id\":\"auth-user-is-address\""));
	assert_non_null(strstr(fake_world_out(&f), "\"means\":\""));
	assert_non_null(strstr(fake_world_out(&f), "\"likely\":[\""));
	assert_non_null(strstr(fake_world_out(&f), "-u sample"));
	assert_null(v.means); /* the caller's own is left as it was */
	fake_world_clear(&f);
	v.means = "mine";
	v.likely[0] = "only this";
	v.id = "my-id";
	v.next = "my command";
	report_advise(&r, &v, &finding);
	assert_non_null(strstr(fake_world_out(&f),
			"\"means\":\"mine\",\"likely\":[\"only this\"],"));
	assert_non_null(strstr(fake_world_out(&f), "\"next\":\"my command\",\"id\":\"my-id\""));
	report_free(&r);
	fake_world_free(&f);
}

static void test_no_advice(void **state)
{
	const struct finding nothing = { .proto = ADVICE_SMTP, .code = 250 };
	struct opt_common c = { 0 };
	struct report_verdict v = { .status = REPORT_OK, .fact = "fine" };
	struct fake_world f;
	struct report r;

	(void)state;
	fake_world_init(&f);
	report_init(&r, &f.w, "smtptalk", NULL, &c);
	report_advise(&r, &v, &nothing);
	assert_string_equal(fake_world_out(&f), "OK fine\n");
	report_free(&r);
	fake_world_free(&f);
}

static void test_color(void **state)
{
	struct opt_common c = { .color = 1 };
	struct report_verdict v = { .status = REPORT_OK, .fact = "fine" };
	struct fake_world f;
	struct report r;

	(void)state;
	fake_world_init(&f);
	report_init(&r, &f.w, "smtptalk", NULL, &c);
	report_add(&r, &v);
	assert_string_equal(fake_world_out(&f), "\033[32mOK\033[0m fine\n");
	report_free(&r);
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nagios),
		cmocka_unit_test(test_nagios_perf),
		cmocka_unit_test(test_lost_output),
		cmocka_unit_test(test_advise),
		cmocka_unit_test(test_no_advice),
		cmocka_unit_test(test_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
