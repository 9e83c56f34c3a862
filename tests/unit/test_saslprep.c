/* test_saslprep - what SASLprep maps, leaves and refuses
 * SPDX-License-Identifier: MIT */
#include "proto/saslprep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *in, *out; /* out NULL: refused */
	const char *why;             /* a part of it */
} cases[] = {
	{ "RFC 4013 3: soft hyphen goes", "I\xc2\xadX", "IX", NULL },
	{ "RFC 4013 3: nothing to do", "user", "user", NULL },
	{ "RFC 4013 3: case is kept", "USER", "USER", NULL },
	{ "RFC 4013 3: feminine ordinal", "\xc2\xaa", "a", NULL },
	{ "RFC 4013 3: Roman nine", "\xe2\x85\xa8", "IX", NULL },
	{ "RFC 4013 3: a control", "\x07", NULL, "forbids" },
	{ "RFC 4013 3: both directions", "\xd8\xa7\x31", NULL, "directions" },
	{ "Hebrew alone", "\xd7\x90\xd7\x91", "\xd7\x90\xd7\x91", NULL },
	{ "umlaut stays", "\xc3\xbc", "\xc3\xbc", NULL },
	{ "no-break space is a space", "a\xc2\xa0z", "a z", NULL },
	{ "full-width letters", "\xef\xbc\xa1\xef\xbd\x9a", "Az", NULL },
	{ "a combining accent would need the tables", "u\xcc\x88", NULL, "normalised" },
	{ "Latin-1", "\xfc", NULL, "not UTF-8" },
	{ "an overlong form", "\xc0\xaf", NULL, "not UTF-8" },
	{ "a cut character", "a\xe2\x85", NULL, "not UTF-8" },
	{ "nothing is left", "\xc2\xad", NULL, "nothing" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF(100);
		const char *why = "old";
		bool ok = saslprep_put(bytes_of(cases[i].in), &out, &why);
		if (ok != (cases[i].out != NULL))
			fail_msg("%s: %s", cases[i].name, why ? why : "accepted");
		if (ok)
			assert_string_equal(buf_text(&out), cases[i].out);
		else if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].name, why);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
