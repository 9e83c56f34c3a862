/* test_copy - unit tests of sys/copy
 * SPDX-License-Identifier: MIT */
#include "sys/copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 300, ROOM = 3 * MOST };

/* Every octet differs from its neighbours, up to 251 away. */
static void fill(unsigned char *room)
{
	for (size_t i = 0; i < ROOM; i++)
		room[i] = (unsigned char)(i % 251);
}

/* What copying n octets from MOST to at must give, octet by octet. */
static void assert_copied(const unsigned char *room, size_t at, size_t n)
{
	for (size_t i = 0; i < ROOM; i++) {
		size_t from = i >= at && i < at + n ? MOST + i - at : i;

		if (room[i] != from % 251)
			fail_msg("%zu octets from %d to %zu: octet %zu is wrong", n, MOST, at, i);
	}
}

static void test_any(void **state)
{
	static const size_t places[] = { 0, MOST - 129, MOST - 8, MOST - 7, MOST - 1, MOST,
		MOST + 1, MOST + 7, MOST + 8, MOST + 9, MOST + 129, 2 * MOST };
	unsigned char room[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t n = 0; n <= MOST; n++) {
			fill(room);
			assert_ptr_equal(copy_any(room + places[i], room + MOST, n),
					room + places[i]);
			assert_copied(room, places[i], n);
		}
}

static void test_apart(void **state)
{
	unsigned char room[ROOM];

	(void)state;
	for (size_t at = 2 * MOST - 9; at <= 2 * MOST; at++)
		for (size_t n = 0; n <= at - MOST; n++) {
			fill(room);
			assert_ptr_equal(copy_apart(room + at, room + MOST, n), room + at);
			assert_copied(room, at, n);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
