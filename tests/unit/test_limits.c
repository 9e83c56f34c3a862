/* test_limits - thresholds of a mailbox check
 * SPDX-License-Identifier: MIT */
#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NONE UINT64_MAX

static const struct {
	const char *name, *text;
	bool ok;
	uint64_t most[LIMITS_COUNT]; /* NONE = not given */
} cases[] = {
	{ "messages", "messages=100", true, { 100, NONE, NONE } },
	{ "zero is a threshold", "messages=0", true, { 0, NONE, NONE } },
	{ "an age is in seconds", "oldest=90", true, { NONE, 90, NONE } },
	{ "seconds by letter", "oldest=90s", true, { NONE, 90, NONE } },
	{ "minutes", "newest=10m", true, { NONE, NONE, 600 } },
	{ "hours", "oldest=2h", true, { NONE, 7200, NONE } },
	{ "days", "oldest=1d", true, { NONE, 86400, NONE } },
	{ "weeks", "oldest=2w", true, { NONE, 1209600, NONE } },
	{ "all, in any order", "newest=1h,messages=5,oldest=1d", true, { 5, 86400, 3600 } },
	{ "the largest does not wrap", "oldest=1000000000w", true,
			{ NONE, 604800000000000, NONE } },
	{ "above it", "oldest=1000000001", false, { 0 } },
	{ "nothing", "", false, { 0 } },
	{ "no number", "messages=", false, { 0 } },
	{ "no name", "=5", false, { 0 } },
	{ "no sign", "messages", false, { 0 } },
	{ "unknown name", "size=5", false, { 0 } },
	{ "messages have no age", "messages=5h", false, { 0 } },
	{ "unknown unit", "oldest=5y", false, { 0 } },
	{ "two units", "oldest=5hm", false, { 0 } },
	{ "negative", "messages=-5", false, { 0 } },
	{ "twice", "oldest=1h,oldest=2h", false, { 0 } },
	{ "a comma at the end", "messages=5,", false, { 0 } },
	{ "a comma in front", ",messages=5", false, { 0 } },
	{ "a blank", "messages=5, oldest=1h", false, { 0 } },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct limits l = { 0 };
		print_message("%s\n", cases[i].name);
		assert_int_equal(limits_parse(bytes_of(cases[i].text), &l), cases[i].ok);
		for (size_t k = 0; cases[i].ok && k < LIMITS_COUNT; k++) {
			assert_int_equal(l.given[k], cases[i].most[k] != NONE);
			if (l.given[k])
				assert_int_equal(l.most[k], cases[i].most[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
