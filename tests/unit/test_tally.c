/* test_tally - unit tests of maillogwatch/tally
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void add_number(struct tally *t, unsigned i, uint64_t n)
{
	struct buf text = BUF(40);

	buf_printf(&text, "number %u", i);
	tally_add(t, buf_bytes(&text), n);
	buf_free(&text);
}

static void test_counts_and_order(void **state)
{
	struct tally t = { .dropped = 0 };

	(void)state;
	assert_int_equal(tally_get(&t, BYTES("a")), 0);
	tally_add(&t, BYTES("b"), 2);
	tally_add(&t, BYTES("a"), 1);
	tally_add(&t, BYTES("c"), 5);
	tally_add(&t, BYTES("a"), 1);
	tally_add(&t, BYTES(""), 1);
	tally_add(&t, BYTES("a\0b"), 1);
	assert_int_equal(tally_get(&t, BYTES("a")), 2);
	assert_int_equal(tally_sum(&t), 11);
	tally_top(&t, 5);
	static const struct bytes order[] = { BYTES("c"), BYTES("a"), BYTES("b"), BYTES(""),
		BYTES("a\0b") };
	for (size_t i = 0; i < 5; i++)
		assert_true(bytes_equal(tally_text(&t, &t.rows[i]), order[i]));
	tally_free(&t);
}

static void test_many(void **state)
{
	struct tally t = { .dropped = 0 };

	(void)state;
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 3000; i++)
			add_number(&t, i, i);
	assert_int_equal(t.count, 3000);
	assert_int_equal(tally_get(&t, BYTES("number 2999")), 3 * 2999);
	tally_free(&t);
}

/* Room is bounded: what was counted most stays, and nothing is lost from the sum. */
static void test_full(void **state)
{
	struct tally t = { .dropped = 0 };

	(void)state;
	add_number(&t, 0, 1000000);
	for (unsigned i = 1; i < 3 * TALLY_ROWS_MAX; i++)
		add_number(&t, i, 1);
	assert_true(t.count <= TALLY_ROWS_MAX);
	assert_true(t.dropped > 0);
	assert_int_equal(tally_get(&t, BYTES("number 0")), 1000000);
	assert_int_equal(tally_sum(&t), 1000000 + 3 * TALLY_ROWS_MAX - 1);
	tally_free(&t);
}

/* Sorted, it is counted on as before. */
static void test_sort(void **state)
{
	struct tally t = { .dropped = 0 };

	(void)state;
	tally_sort(&t);
	for (unsigned i = 0; i < 500; i++)
		add_number(&t, i * 7 % 500, i % 13);
	tally_sort(&t);
	for (size_t i = 1; i < t.count; i++) {
		struct tally_row *a = &t.rows[i - 1], *b = &t.rows[i];
		assert_true(a->count > b->count ||
				(a->count == b->count &&
						memcmp(tally_text(&t, a).p, tally_text(&t, b).p,
								a->n < b->n ? a->n : b->n) <= 0));
	}
	for (unsigned i = 0; i < 510; i++)
		add_number(&t, i, 1);
	assert_int_equal(t.count, 510);
	assert_int_equal(tally_get(&t, BYTES("number 3")), 429 % 13 + 1);
	assert_int_equal(tally_get(&t, BYTES("number 509")), 1);
	tally_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_and_order),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_sort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
