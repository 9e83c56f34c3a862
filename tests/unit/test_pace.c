/* test_pace - unit tests of mscan's pace
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_rto(void **state)
{
	static const struct {
		const char *name;
		uint64_t samples[8]; /* ends with 0 */
		uint64_t others, rto;
	} rows[] = {
		{ "nothing known", { 0 }, 0, PACE_RTO_UNKNOWN },
		{ "others are near", { 0 }, 34, 300 },
		{ "others are far", { 0 }, 200, 600 },
		{ "others are very far", { 0 }, 800, PACE_RTO_UNKNOWN },
		{ "34 ms once", { 34 }, 0, 102 }, /* 34 + 4 * 17 */
		{ "34 ms steady", { 34, 34, 34, 34, 34, 34 }, 0, 100 },
		{ "loopback", { 1, 1, 1 }, 0, PACE_RTO_MIN },
		{ "200 ms steady", { 200, 200, 200, 200, 200, 200, 200 }, 0, 400 },
		{ "a repetition of the kernel's is no sample", { 34, 34, 34, 34, 34, 1034 }, 0,
				100 },
		{ "jumps", { 100, 500, 100, 500 }, 0, 891 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace_rtt r = { 0 };
		for (size_t j = 0; rows[i].samples[j]; j++)
			pace_sample(&r, rows[i].samples[j]);
		uint64_t rto = pace_rto(&r, rows[i].others);
		if (rto + 5 < rows[i].rto || rto > rows[i].rto + 5)
			fail_msg("%s: %u", rows[i].name, (unsigned)rto);
	}
}

static void test_tries(void **state)
{
	static const unsigned rows[][3] = { /* sent, lost, tries */
		{ 0, 0, 3 }, { 7, 0, 3 }, { 1000, 0, 3 }, { 10, 1, 4 }, { 12, 3, 6 },
		{ 100, 10, 4 }, { 100, 19, 5 }, { 10, 9, 10 }, { 3, 3, 10 }, { 1000, 50, 3 }
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(pace_tries(rows[i][0], rows[i][1]), rows[i][2]);
}

/* In any second no more than the rate and one burst leaves the bucket, and never less than the
 * rate when it is asked often. */
static void test_bucket(void **state)
{
	static const unsigned rates[] = { 1, 10, 3000, 10000, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		struct pace_bucket b;
		uint64_t sent = 0, now = 5000;
		pace_begin(&b, rates[i], now);
		for (; now < 15000; now++)
			while (pace_take(&b, now)) {
				assert_true(pace_next(&b, now) >= now);
				sent++;
			}
		uint64_t most = UINT64_C(10) * rates[i];
		if (rates[i] > 50000) /* a burst a millisecond is all */
			most = UINT64_C(10000) * PACE_BURST;
		assert_true(sent <= most + PACE_BURST);
		assert_true(sent + PACE_BURST + 1 >= most);
	}
}

static void test_next(void **state)
{
	struct pace_bucket b;

	(void)state;
	pace_begin(&b, 10, 0);
	for (int i = 0; i < PACE_BURST; i++) {
		assert_int_equal(pace_next(&b, 0), 0);
		assert_true(pace_take(&b, 0));
	}
	assert_false(pace_take(&b, 0));
	assert_int_equal(pace_next(&b, 0), 100);
	assert_false(pace_take(&b, 99));
	assert_true(pace_take(&b, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rto),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
