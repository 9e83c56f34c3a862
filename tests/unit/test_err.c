/* test_err - unit tests of sys/err
 * SPDX-License-Identifier: MIT */
#include "sys/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(err_set(&e, ERR_USAGE, "port %d", 0));
	assert_string_equal(e.text, "port 0");
	assert_int_equal(e.kind, ERR_USAGE);
	assert_false(err_sys(&e, ERR_REFUSED, ECONNREFUSED, "connect to %s", "192.0.2.1:25"));
	assert_string_equal(e.text, "connect to 192.0.2.1:25: Connection refused");
	assert_int_equal(e.sys_errno, ECONNREFUSED);
	assert_false(err_wrap(&e, "step %d", 2));
	assert_string_equal(e.text, "step 2: connect to 192.0.2.1:25: Connection refused");
	assert_int_equal(e.kind, ERR_REFUSED); /* kind and number stay */
	assert_int_equal(e.sys_errno, ECONNREFUSED);
	assert_false(err_set(&e, ERR_LOCAL, "new"));
	assert_int_equal(e.sys_errno, 0);
}

static void test_no_err_wanted(void **state)
{
	(void)state;
	assert_false(err_set(NULL, ERR_USAGE, "x"));
	assert_false(err_sys(NULL, ERR_LOCAL, ENOENT, "x"));
	assert_false(err_wrap(NULL, "x"));
}

static void test_cut(void **state)
{
	char text[2 * ERR_TEXT_MAX];
	struct err e = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_LOCAL, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	err_wrap(&e, "outer");
	assert_memory_equal(e.text, "outer: xxx", 10);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	err_sys(&e, ERR_LOCAL, ENOENT, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	err_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

static const struct {
	int number;
	enum err_kind kind;
} kind_rows[] = {
	{ 0, ERR_NONE },
	{ ECONNREFUSED, ERR_REFUSED },
	{ ETIMEDOUT, ERR_TIMEOUT },
	{ ECONNRESET, ERR_RESET },
	{ EPIPE, ERR_RESET },
	{ EHOSTUNREACH, ERR_UNREACHABLE },
	{ ENETUNREACH, ERR_UNREACHABLE },
	{ EADDRNOTAVAIL, ERR_UNREACHABLE },
	{ EMFILE, ERR_LOCAL },
	{ ENOSPC, ERR_LOCAL },
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kind_rows) / sizeof(kind_rows[0]); i++)
		assert_int_equal(err_kind_of(kind_rows[i].number), kind_rows[i].kind);
}

/* Names are promises (JSON, knowledge base): each kind has its own. */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(err_name(ERR_TIMEOUT), "timeout");
	assert_string_equal(err_name(ERR_REFUSED), "refused");
	for (int i = ERR_NONE; i <= ERR_POLICY; i++) {
		assert_non_null(err_name((enum err_kind)i));
		for (int j = ERR_NONE; j < i; j++)
			assert_string_not_equal(err_name((enum err_kind)i),
					err_name((enum err_kind)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_no_err_wanted),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
