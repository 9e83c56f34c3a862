/* test_ntlm - MD4 of RFC 1320, messages cut short
 * SPDX-License-Identifier: MIT */
#include "proto/ntlm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void put_hex(struct buf *out, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (; *hex; hex += 2)
		buf_putc(out,
				(unsigned char)((strchr(digits, hex[0]) - digits) << 4 |
						(strchr(digits, hex[1]) - digits)));
}

static void test_md4(void **state)
{
	static const struct {
		const char *in, *hex;
	} cases[] = {
		{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
		{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
		{ "1234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890",
				"e33b4ddc9c38f2199c3e7b164fcc0536" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char digest[HASH_MD5_SIZE];
		char hex[2 * HASH_MD5_SIZE + 1];
		ntlm_md4(bytes_of(cases[i].in), digest);
		hash_hex(digest, sizeof(digest), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

/* MS-NLMP 4.2.4.3 */
static const char challenge_hex[] =
		"4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef"
		"00000000000000002400240044000000060070170000000f5300650072007600"
		"6500720002000c0044006f006d00610069006e0001000c005300650072007600"
		"6500720000000000";

/* The answer to MS-NLMP 4.2.4.3's challenge; tests/data/vectors.tsv has its octets. */
static void test_verify(void **state)
{
	struct buf challenge = BUF(1000), out = BUF_SECRET(1000);
	struct ntlm_exchange x = { .user = BYTES("Domain\\User"), .password = BYTES("Password") };
	struct ntlm_fields f;
	const char *why;

	(void)state;
	put_hex(&challenge, challenge_hex);
	x.challenge = buf_bytes(&challenge);
	assert_true(ntlm_authenticate(&x, &out, &why));
	assert_true(ntlm_read(buf_bytes(&out), &f));
	const struct bytes ours = BYTES("\x01\x23\x45\x67\x89\xab\xcd\xef");
	assert_true(ntlm_verify(&f, ours, BYTES("Password")));
	assert_false(ntlm_verify(&f, ours, BYTES("password")));
	assert_false(ntlm_verify(&f, BYTES("\x01\x23\x45\x67\x89\xab\xcd\xee"), BYTES("Password")));
	buf_free(&challenge);
	buf_free(&out);
}

static void test_challenge(void **state)
{
	struct buf out = BUF(1000);
	struct ntlm_fields f;

	(void)state;
	ntlm_challenge(&out, "SINK", (const unsigned char *)"12345678");
	assert_true(ntlm_read(buf_bytes(&out), &f));
	assert_int_equal(f.type, 2);
	assert_true(bytes_equal(f.challenge, BYTES("12345678")));
	assert_true(bytes_equal(f.target, BYTES("S\0I\0N\0K\0")));
	assert_true(bytes_equal(f.info, BYTES("\2\0\x8\0S\0I\0N\0K\0\0\0\0\0")));
	buf_free(&out);
}

static void test_cut_everywhere(void **state)
{
	struct buf challenge = BUF(1000);

	(void)state;
	put_hex(&challenge, challenge_hex);
	for (size_t n = 0; n < challenge.n; n++) {
		struct buf part = BUF(1000);
		struct ntlm_fields f;
		buf_put(&part, bytes_head(buf_bytes(&challenge), n));
		assert_false(ntlm_read(buf_bytes(&part), &f));
		buf_free(&part);
	}
	buf_free(&challenge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_md4),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_cut_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
