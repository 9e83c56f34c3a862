/* test_utf8 - what is UTF-8, and back
 * SPDX-License-Identifier: MIT */
#include "proto/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_there_and_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x1000 ? 1 : 0x3f) {
		struct buf out = BUF(8);
		uint32_t got = 0;
		assert_true(utf8_put(&out, code));
		struct bytes in = buf_bytes(&out);
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		assert_int_equal(utf8_take(&in, &got), !is_surrogate);
		if (!is_surrogate) {
			assert_int_equal(got, code);
			assert_int_equal(in.n, 0);
		}
		buf_free(&out);
	}
}

static void test_refused(void **state)
{
	static const char *const cases[] = { "", "\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3",
		"\xc3(", "\xe0\x80\xaf", "\xe2\x85", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes in = bytes_of(cases[i]);
		uint32_t code;
		if (utf8_take(&in, &code))
			fail_msg("case %zu was taken for U+%04x", i, (unsigned)code);
		assert_int_equal(in.n, strlen(cases[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
