/* test_procnet - unit tests of proto/procnet
 * SPDX-License-Identifier: MIT */
#include "proto/procnet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* As Linux 6.18 on x86_64 prints them. */
static void test_rows(void **state)
{
	static const struct {
		const char *line, *ip;
		unsigned port, state;
		uint32_t uid;
		uint64_t inode;
	} rows[] = {
		{ "   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
		  "        0 12345 1 0000000000000000 100 0 0 10 0",
				"127.0.0.1", 25, PROCNET_LISTEN, 0, 12345 },
		{ "  17: 00000000:03E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101"
		  "        0 99 1 0000000000000000 100 0 0 10 0",
				"0.0.0.0", 993, PROCNET_LISTEN, 101, 99 },
		{ "   1: 00000000000000000000000001000000:024B 00000000000000000000000000000000:0000 0A"
		  " 00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 100 0 0",
				"::1", 587, PROCNET_LISTEN, 0, 5 },
		{ "   2: 0202090A:C35A 0201090A:01BB 01 00000000:00000000 02:000AFC8B 00000000     0"
		  "        0 7 2 0000000000000000 20 4 30 10 -1",
				"10.9.2.2", 50010, 1, 0, 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct procnet_row row;
		char ip[INET6_ADDRSTRLEN];
		assert_true(procnet_read(bytes_of(rows[i].line), &row));
		assert_non_null(inet_ntop(row.is_v6 ? AF_INET6 : AF_INET, row.ip, ip, sizeof(ip)));
		if (htonl(1) != 1)
			assert_string_equal(ip, rows[i].ip);
		assert_int_equal(row.port, rows[i].port);
		assert_int_equal(row.state, rows[i].state);
		assert_int_equal(row.uid, rows[i].uid);
		assert_int_equal(row.inode, rows[i].inode);
		/* cut anywhere before the end of the inode's field: no row, or a shorter number */
		for (size_t n = 0; n < 90; n++)
			assert_false(procnet_read((struct bytes){ (const unsigned char *)rows[i]
										  .line,
								  n },
					&row));
	}
}

static void test_no_rows(void **state)
{
	static const char *const lines[] = {
		"",
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
		" inode",
		"   0: 0100007F:00019 0:0 0A 0:0 0:0 0 0 0",
		"   0: 0100007:0019 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"   0: 0100007G:0019 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"   0: 0100007F:10019 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"   0: 0100007F: 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"   0: 0100007F:0019 00000000:0000 0A 0:0 00:0 0 0 0 -1",
	};
	struct procnet_row row;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_false(procnet_read(bytes_of(lines[i]), &row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_no_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
