/* test_pace - unit tests of mscan's timing: round trips, tries, token bucket
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
		uint64_t samples[4]; /* 0 ends them */
		uint64_t others, rto, rtt;
	} rows[] = {
		{ { 0 }, 0, PACE_RTO_UNKNOWN, 0 },
		{ { 0 }, 34, PACE_RTO_OTHERS, 0 },
		{ { 0 }, 200, 600, 0 },
		{ { 0 }, 5000, PACE_RTO_UNKNOWN, 0 },
		{ { 1 }, 0, PACE_RTO_MIN, 1 },
		{ { 34 }, 0, 102, 34 }, /* 34 + 4 * 17 */
		{ { 34, 34, 34, 34 }, 0, PACE_RTO_MIN, 34 },
		{ { 200, 200, 200, 200 }, 0, 400, 200 }, /* twice the round trip at least */
		{ { 951 }, 0, PACE_RTO_UNKNOWN, 0 }, /* may answer the kernel's own repetition */
		{ { 34, 3000 }, 0, 102, 34 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace_rtt r = { 0 };
		for (size_t n = 0; n < COUNT(rows[i].samples) && rows[i].samples[n]; n++)
			pace_sample(&r, rows[i].samples[n]);
		if (pace_rto(&r, rows[i].others) != rows[i].rto || pace_rtt_ms(&r) != rows[i].rtt)
			fail_msg("row %zu: %u ms, round trip %u ms", i,
					(unsigned)pace_rto(&r, rows[i].others),
					(unsigned)pace_rtt_ms(&r));
	}
}

/* A round trip that jumps makes the wait longer than both. */
static void test_rto_varies(void **state)
{
	struct pace_rtt r = { 0 };

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		pace_sample(&r, i % 2 ? 300 : 100);
	assert_true(pace_rto(&r, 0) > 400);
	assert_true(pace_rto(&r, 0) <= PACE_RTO_MAX);
}

static void test_tries(void **state)
{
	static const struct {
		unsigned sent, lost, tries;
	} rows[] = {
		{ 0, 0, 3 },
		{ 7, 0, 3 },
		{ 12, 1, 4 },
		{ 12, 3, 6 },
		{ 100, 1, 3 },
		{ 100, 20, 5 },
		{ 12, 12, PACE_TRIES_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (pace_tries(rows[i].sent, rows[i].lost) != rows[i].tries)
			fail_msg("%u lost of %u: %u tries", rows[i].lost, rows[i].sent,
					pace_tries(rows[i].sent, rows[i].lost));
}

/* What the number of tries is for: share ** tries stays at 1 in 1000, whatever was lost. */
static void test_tries_suffice(void **state)
{
	(void)state;
	for (unsigned lost = 1; lost <= 45; lost++) {
		double share = (lost + 1) / 103.0, missed = 1;
		for (unsigned n = pace_tries(100, lost); n > 0; n--)
			missed *= share;
		if (missed > 0.00101)
			fail_msg("%u lost of 100: %g", lost, missed);
	}
}

static void test_bucket(void **state)
{
	static const struct {
		unsigned rate, burst;
	} rows[] = { { 1, 50 }, { 100, 50 }, { 2500, 50 }, { 3000, 60 }, { 10000, 200 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace_bucket b;
		uint64_t now = 5000, taken = 0;
		pace_begin(&b, rows[i].rate, now);
		while (pace_take(&b, now))
			taken++;
		assert_int_equal(taken, rows[i].burst);
		uint64_t next = pace_next(&b, now);
		assert_true(next > now);
		assert_false(pace_take(&b, now));
		assert_true(pace_take(&b, next)); /* not a ms too early */
		for (now = next, taken = 0; taken < 200; taken++) {
			now = pace_next(&b, now);
			assert_true(pace_take(&b, now));
		}
		assert_true((now - next) * rows[i].rate >= (200 - rows[i].burst) * UINT64_C(1000));
	}
}

/* A long wait saves up no more than one burst. */
static void test_bucket_is_bounded(void **state)
{
	struct pace_bucket b;
	unsigned taken = 0;

	(void)state;
	pace_begin(&b, 1000, 0);
	while (pace_take(&b, 3600000))
		taken++;
	assert_int_equal(taken, PACE_BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rto),
		cmocka_unit_test(test_rto_varies),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_tries_suffice),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_bucket_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
