/* test_buf - unit tests of sys/buf
 * SPDX-License-Identifier: MIT */
#include "sys/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_limit(void **state)
{
	struct buf b = BUF(5);

	(void)state;
	assert_true(buf_puts(&b, "abc"));
	assert_true(buf_puts(&b, ""));
	assert_false(b.overflow);
	assert_false(buf_puts(&b, "defg")); /* what fits is kept */
	assert_string_equal(buf_text(&b), "abcde");
	assert_true(b.overflow);
	assert_false(buf_putc(&b, 'x'));
	assert_false(buf_printf(&b, "%d", 1));
	assert_true(buf_puts(&b, ""));
	assert_int_equal(b.n, 5);
	buf_clear(&b);
	assert_false(b.overflow);
	assert_true(buf_puts(&b, "12345"));
	buf_free(&b);
	assert_true(b.p == NULL && b.n == 0 && b.max == 5); /* usable again */
	assert_true(buf_puts(&b, "x"));
	buf_free(&b);
}

static void test_growth(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_true(buf_putc(&b, (unsigned char)(i % 251)));
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.p[i], i % 251);
	assert_int_equal(strlen(buf_text(&b) + 1), 250); /* a NUL inside, and one behind the last */
	assert_int_equal(b.p[b.n], 0);
	buf_free(&b);
}

static void test_printf(void **state)
{
	struct buf b = BUF(100);

	(void)state;
	assert_true(buf_printf(&b, "%s:%u", "host", 25u));
	assert_true(buf_printf(&b, "%s", ""));
	assert_string_equal(buf_text(&b), "host:25");
	b.max = 10;
	assert_false(buf_printf(&b, "%s", "abcdef"));
	assert_string_equal(buf_text(&b), "host:25abc");
	buf_free(&b);
}

static void test_drop(void **state)
{
	struct buf b = BUF(100);

	(void)state;
	buf_puts(&b, "abcdef");
	buf_drop(&b, 0);
	buf_drop(&b, 2);
	assert_string_equal(buf_text(&b), "cdef");
	buf_drop(&b, 100);
	assert_int_equal(b.n, 0);
	buf_drop(&b, 1);
	buf_free(&b);
}

static void test_room(void **state)
{
	struct buf b = BUF(10);
	size_t fits = 0;

	(void)state;
	unsigned char *to = buf_room(&b, 4, &fits);
	assert_non_null(to);
	assert_int_equal(fits, 4);
	memcpy(to, "abcd", 4);
	buf_added(&b, 4);
	to = buf_room(&b, 100, &fits);
	assert_non_null(to);
	assert_int_equal(fits, 6);
	memcpy(to, "efghij", 6);
	buf_added(&b, 6);
	assert_null(buf_room(&b, 1, &fits));
	assert_int_equal(fits, 0);
	assert_string_equal(buf_text(&b), "abcdefghij");
	buf_free(&b);
}

/* A secret leaves nothing behind in storage that stays ours: cleared, or dropped from the front. */
static void test_secret(void **state)
{
	struct buf b = BUF_SECRET(1000);

	(void)state;
	buf_puts(&b, "hunter2");
	buf_drop(&b, 6);
	assert_int_equal(b.p[0], '2');
	for (size_t i = 1; i < 7; i++)
		assert_int_equal(b.p[i], 0);
	buf_clear(&b);
	for (size_t i = 0; i < b.size; i++)
		assert_int_equal(b.p[i], 0);
	for (int i = 0; i < 100; i++)
		assert_true(buf_puts(&b, "1234567"));
	assert_memory_equal(b.p + 693, "1234567", 7); /* moved by growth, whole */
	buf_free(&b);
	assert_true(b.secret);
	buf_init_secret(&b, 3);
	assert_true(b.secret && b.max == 3);
}

static void test_empty(void **state)
{
	struct buf b = BUF(0);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_bytes(&b).n, 0);
	assert_false(buf_putc(&b, 'x'));
	buf_free(&b);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
