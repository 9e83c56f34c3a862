/* test_hash - MD5, SHA, HMAC and PBKDF2 against published vectors
 * SPDX-License-Identifier: MIT */
#include "proto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_hex(enum hash_kind kind, const unsigned char *digest, const char *wanted)
{
	char hex[2 * HASH_MAX + 1];

	hash_hex(digest, hash_size(kind), hex);
	assert_string_equal(hex, wanted);
}

static void test_hashes(void **state)
{
	static const struct {
		const char *name;
		enum hash_kind kind;
		const char *in, *digest;
	} cases[] = {
		{ "RFC 1321 A.5 nothing", HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "RFC 1321 A.5 abc", HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "RFC 3174 7.3 TEST1", HASH_SHA1, "abc",
				"a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "RFC 3174 7.3 TEST2a", HASH_SHA1,
				"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
				"84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
		{ "FIPS 180-2 B.1", HASH_SHA256, "abc",
				"ba7816bf8f01cfea414140de5dae2223"
				"b00361a396177a9cb410ff61f20015ad" },
		{ "FIPS 180-2 C.1", HASH_SHA512, "abc",
				"ddaf35a193617abacc417349ae204131"
				"12e6fa4e89a97ea20a9eeee64b55d39a"
				"2192992a274fc1a836ba3c23a3feebbd"
				"454d4423643ce80e2a9ac94fa54ca49f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char digest[HASH_MAX];
		struct bytes in = bytes_of(cases[i].in);
		hash_of(cases[i].kind, &in, 1, digest);
		assert_hex(cases[i].kind, digest, cases[i].digest);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct bytes parts[] = { bytes_head(in, cut), bytes_skip(in, cut) };
			hash_of(cases[i].kind, parts, 2, digest);
			assert_hex(cases[i].kind, digest, cases[i].digest);
		}
	}
}

/* RFC 4231 4.3 (short key) and 4.7 (131 octets of 0xaa, longer than either block); RFC 2202 3. */
static void test_hmac_sha_published(void **state)
{
	static const struct bytes jefe = BYTES("Jefe");
	static const struct bytes question = BYTES("what do ya want for nothing?");
	static const struct bytes block = BYTES("Test Using Larger Than Block-Size Key - "
						"Hash Key First");
	unsigned char digest[HASH_MAX], aa[131];

	(void)state;
	memset(aa, 0xaa, sizeof(aa));
	hash_hmac(HASH_SHA1, jefe, question, digest);
	assert_hex(HASH_SHA1, digest, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	hash_hmac(HASH_SHA256, jefe, question, digest);
	assert_hex(HASH_SHA256, digest,
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hash_hmac(HASH_SHA512, jefe, question, digest);
	assert_hex(HASH_SHA512, digest,
			"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
			"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
	hash_hmac(HASH_SHA256, (struct bytes){ aa, sizeof(aa) }, block, digest);
	assert_hex(HASH_SHA256, digest,
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hash_hmac(HASH_SHA512, (struct bytes){ aa, sizeof(aa) }, block, digest);
	assert_hex(HASH_SHA512, digest,
			"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
			"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

static void test_hmac_key_of_exactly_a_block(void **state)
{
	unsigned char key[64], longer[HASH_MAX], same[HASH_MAX];
	struct bytes hashed = { longer, 16 };

	(void)state;
	memset(key, 'k', sizeof(key));
	hash_hmac(HASH_MD5, (struct bytes){ key, 64 }, BYTES("x"), same);
	hash_of(HASH_MD5, &(struct bytes){ key, 64 }, 1, longer);
	hash_hmac(HASH_MD5, hashed, BYTES("x"), longer);
	assert_false(hash_equal(same, longer, 16)); /* 64 octets are used as they are */
	assert_hex(HASH_MD5, same, "f38420ee2e6c7cd5d9977bffba49d984");
}

static void test_pbkdf2_published(void **state)
{
	unsigned char key[HASH_MAX];

	(void)state;
	/* RFC 7914 11, first half of the first vector */
	hash_pbkdf2(HASH_SHA256, BYTES("passwd"), BYTES("salt"), 1, key);
	assert_hex(HASH_SHA256, key,
			"55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

static void test_equal(void **state)
{
	unsigned char a[16] = { 0 }, b[16] = { 0 };

	(void)state;
	assert_true(hash_equal(a, b, 16));
	assert_true(hash_equal(a, b, 0));
	for (size_t i = 0; i < 16; i++) {
		b[i] = 0x80;
		assert_false(hash_equal(a, b, 16));
		assert_true(hash_equal(a, b, i));
		b[i] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_hmac_sha_published),
		cmocka_unit_test(test_hmac_key_of_exactly_a_block),
		cmocka_unit_test(test_pbkdf2_published),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
