/* test_spread - percentiles against those of the sorted values
 * SPDX-License-Identifier: MIT */
#include "sys/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_empty(void **state)
{
	struct spread s = { 0 };

	(void)state;
	assert_int_equal(spread_at(&s, 500), 0);
	assert_int_equal(s.max, 0);
}

static void test_small_values_are_exact(void **state)
{
	struct spread s = { 0 };

	(void)state;
	for (uint64_t v = 1; v <= 100; v++)
		spread_add(&s, v);
	assert_int_equal(spread_at(&s, 0), 1);
	assert_int_equal(spread_at(&s, 10), 1);
	assert_int_equal(spread_at(&s, 500), 50);
	assert_int_equal(spread_at(&s, 501), 51);
	assert_int_equal(spread_at(&s, 900), 90);
	assert_int_equal(spread_at(&s, 990), 99);
	assert_int_equal(spread_at(&s, 1000), 100);
	assert_int_equal(s.max, 100);
}

/* Around every power of two: never too low, and at most 1/64 too high. */
static void test_every_size(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 32; bit++)
		for (int off = -2; off <= 2; off++) {
			uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
			if (v > UINT32_MAX)
				continue;
			struct spread s = { 0 };
			spread_add(&s, v);
			spread_add(&s, UINT32_MAX);
			uint64_t got = spread_at(&s, 500);
			if (got < v || got > v + v / 64)
				fail_msg("%llu came back as %llu", (unsigned long long)v,
						(unsigned long long)got);
		}
}

static void test_beyond_the_end(void **state)
{
	struct spread s = { 0 };

	(void)state;
	spread_add(&s, UINT64_MAX);
	assert_int_equal(s.max, UINT32_MAX);
	assert_int_equal(spread_at(&s, 500), UINT32_MAX);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_many(void **state)
{
	enum { MANY = 5000 };
	static const unsigned permilles[] = { 1, 250, 500, 900, 990, 999, 1000 };
	static uint64_t values[MANY];
	static struct spread s;
	uint64_t x = 1;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		values[i] = (x >> 33) >> (x >> 60); /* many sizes */
		spread_add(&s, values[i]);
	}
	qsort(values, MANY, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		uint64_t want = values[(MANY * permilles[i] + 999) / 1000 - 1];
		uint64_t got = spread_at(&s, permilles[i]);
		if (got < want || got > want + want / 64)
			fail_msg("%u: %llu, not %llu", permilles[i], (unsigned long long)got,
					(unsigned long long)want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_beyond_the_end),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
