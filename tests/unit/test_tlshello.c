/* test_tlshello - unit tests of proto/tlshello
 * SPDX-License-Identifier: MIT */
#include "proto/tlshello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const unsigned char noise[TLSHELLO_RANDOM] = { 1, 2, 3 };

/* Lengths agree with each other, and the record with the whole. */
static void test_make(void **state)
{
	(void)state;
	for (unsigned version = TLSHELLO_SSL3; version <= TLSHELLO_TLS13; version++) {
		struct buf out = BUF(TLSHELLO_MAX);
		assert_true(tlshello_make(&out, version, "mail.example.com", noise));
		assert_int_equal(out.p[0], 22);
		assert_int_equal(out.p[1], 3);
		assert_int_equal(out.p[2], version == TLSHELLO_SSL3 ? 0 : 1);
		assert_int_equal(out.p[3] << 8 | out.p[4], out.n - 5);
		assert_int_equal(out.p[6] << 16 | out.p[7] << 8 | out.p[8], out.n - 9);
		assert_int_equal(out.p[9] << 8 | out.p[10],
				version == TLSHELLO_TLS13 ? 0x303 : version);
		assert_memory_equal(out.p + 11, noise, 32);
		assert_int_equal(bytes_search(buf_bytes(&out), BYTES("mail.example.com")) < out.n,
				version != TLSHELLO_SSL3);
		buf_free(&out);
	}
	struct buf small = BUF(50);
	assert_false(tlshello_make(&small, TLSHELLO_TLS12, NULL, noise));
	buf_free(&small);
}

#define RANDOM32 "0123456789abcdef0123456789abcdef"

static void test_read(void **state)
{
	static const struct {
		const char *name;
		struct bytes in;
		struct tlshello_answer answer;
	} rows[] = {
		{ "nothing", { 0 }, { TLSHELLO_MORE, 0, 0, 0 } },
		{ "clear text", BYTES("220 mail.example.com"), { TLSHELLO_PLAIN, 0, 0, 0 } },
		{ "alert 70", BYTES("\x15\x03\x01\0\x02\x02\x46"), { TLSHELLO_ALERT, 0, 0, 70 } },
		{ "alert 40 of SSL 3", BYTES("\x15\x03\0\0\x02\x02\x28"),
				{ TLSHELLO_ALERT, 0, 0, 40 } },
		{ "an empty alert", BYTES("\x15\x03\x01\0\0"), { TLSHELLO_PLAIN, 0, 0, 0 } },
		{ "TLS 1.0", BYTES("\x16\x03\x01\0\x2a\x02\0\0\x26\x03\x01" RANDOM32 "\0\0\x2f\0"),
				{ TLSHELLO_HELLO, TLSHELLO_TLS10, 0x2f, 0 } },
		{ "a session id",
				BYTES("\x16\x03\x03\0\x2c\x02\0\0\x28\x03\x03" RANDOM32
				      "\x02xx\xc0\x2f\0"),
				{ TLSHELLO_HELLO, TLSHELLO_TLS12, 0xc02f, 0 } },
		{ "TLS 1.3",
				BYTES("\x16\x03\x03\0\x32\x02\0\0\x2e\x03\x03" RANDOM32
				      "\0\x13\x01\0\0\x06\0\x2b\0\x02\x03\x04"),
				{ TLSHELLO_HELLO, TLSHELLO_TLS13, 0x1301, 0 } },
		{ "another extension first",
				BYTES("\x16\x03\x03\0\x36\x02\0\0\x32\x03\x03" RANDOM32
				      "\0\x13\x01\0\0\x0a\xff\x01\0\0\0\x2b\0\x02\x03\x04"),
				{ TLSHELLO_HELLO, TLSHELLO_TLS13, 0x1301, 0 } },
		{ "another handshake message", BYTES("\x16\x03\x03\0\x04\x0b\0\0\0"),
				{ TLSHELLO_PLAIN, 0, 0, 0 } },
		{ "too short a hello", BYTES("\x16\x03\x03\0\x06\x02\0\0\x02\x03\x03"),
				{ TLSHELLO_PLAIN, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlshello_answer a;
		tlshello_read(rows[i].in, &a);
		if (memcmp(&a, &rows[i].answer, sizeof(a)) != 0)
			fail_msg("%s: kind %d version %x suite %x alert %u", rows[i].name, a.kind,
					a.version, a.suite, a.alert);
		for (size_t n = 0; n < rows[i].in.n && rows[i].answer.kind != TLSHELLO_PLAIN; n++) {
			tlshello_read(bytes_head(rows[i].in, n), &a);
			assert_int_equal(a.kind, TLSHELLO_MORE);
		}
	}
}

static void test_name(void **state)
{
	(void)state;
	assert_string_equal(tlshello_name(TLSHELLO_SSL3), "SSL 3");
	assert_string_equal(tlshello_name(TLSHELLO_TLS13), "TLS 1.3");
	assert_string_equal(tlshello_name(0x305), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
