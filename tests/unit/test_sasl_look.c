/* test_sasl_look - naming the SASL message that a string is
 * SPDX-License-Identifier: MIT */
#include "proto/sasl_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_bytes(struct bytes got, struct bytes wanted, const char *name)
{
	if (!bytes_equal(got, wanted))
		fail_msg("%s: got %zu octets \"%.*s\", wanted %zu \"%.*s\"", name, got.n,
				(int)got.n, (const char *)got.p, wanted.n, (int)wanted.n,
				(const char *)wanted.p);
}

/* clang-format off */
#define NO_FIELDS {.user = {0}}
/* clang-format on */

static const struct look_case {
	struct bytes in;
	enum sasl_look look;
	struct sasl_look_fields f;
} looks[] = {
	{ BYTES("\0sample\0password"), SASL_LOOK_PLAIN,
			{ .user = BYTES("sample"), .password = BYTES("password") } },
	{ BYTES("Ursel\0Kurt\0xipj3plmq"), SASL_LOOK_PLAIN,
			{ BYTES("Ursel"), BYTES("Kurt"), BYTES("xipj3plmq") } },
	{ BYTES("\0\0"), SASL_LOOK_PLAIN, NO_FIELDS },
	{ BYTES("\0u\0pass\n"), SASL_LOOK_PLAIN,
			{ .user = BYTES("u"), .password = BYTES("pass\n") } },
	{ BYTES("\0a\0b\0c"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("\0sample\0password\0"), SASL_LOOK_PLAIN_MANY_NULS,
			{ .user = BYTES("sample"), .password = BYTES("password\0") } },
	{ BYTES("U\0s\0e\0r\0"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("\0U\0s\0e\0r"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("NTLMSSP\0\1\0\0"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("sample\0password"), SASL_LOOK_PLAIN_ONE_NUL,
			{ .user = BYTES("sample"), .password = BYTES("password") } },
	{ BYTES("\0samplepassword"), SASL_LOOK_PLAIN_ONE_NUL,
			{ .password = BYTES("samplepassword") } },
	{ BYTES("user01\\0passwd"), SASL_LOOK_PLAIN_NO_NUL,
			{ .user = BYTES("user01"), .password = BYTES("passwd") } },
	{ BYTES("\\0user01\\0passwd"), SASL_LOOK_PLAIN_NO_NUL,
			{ .user = BYTES("user01"), .password = BYTES("passwd") } },
	{ BYTES("\\000u\\x00p"), SASL_LOOK_PLAIN_NO_NUL,
			{ .user = BYTES("u"), .password = BYTES("p") } },
	{ BYTES("Username:"), SASL_LOOK_LOGIN_PROMPT, NO_FIELDS },
	{ BYTES("Password:"), SASL_LOOK_LOGIN_PROMPT, NO_FIELDS },
	{ BYTES("User Name\0"), SASL_LOOK_LOGIN_PROMPT, NO_FIELDS },
	{ BYTES("Password\0"), SASL_LOOK_LOGIN_PROMPT, NO_FIELDS },
	{ BYTES("login: "), SASL_LOOK_LOGIN_PROMPT, NO_FIELDS },
	{ BYTES("Password"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("<1896.697170952@postoffice.reston.mci.net>"), SASL_LOOK_CRAM_CHALLENGE,
			NO_FIELDS },
	{ BYTES("<a@b> and more"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("<no at sign>"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("u \x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10"
		"\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10"),
			SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("tim b913a602c7eda7a495b4e6e7334d3890"), SASL_LOOK_CRAM_RESPONSE,
			{ .user = BYTES("tim"),
					.password = BYTES("b913a602c7eda7a495b4e6e7334d3890") } },
	{ BYTES("tim q b913a602c7eda7a495b4e6e7334d3890"), SASL_LOOK_CRAM_RESPONSE,
			{ .user = BYTES("tim q"),
					.password = BYTES("b913a602c7eda7a495b4e6e7334d3890") } },
	{ BYTES(" b913a602c7eda7a495b4e6e7334d3890"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("tim b913a602c7eda7a495b4e6e7334d389g"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\","
		"algorithm=md5-sess,charset=utf-8"),
			SASL_LOOK_DIGEST_CHALLENGE, NO_FIELDS },
	{ BYTES("charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\","
		"nonce=\"OA6MG9tEQGm2hh\",nc=00000001,cnonce=\"OA6MHXh6VqTrRk\","
		"digest-uri=\"imap/elwood.innosoft.com\","
		"response=d388dad90d4bbd760a152321f2143af7,qop=auth"),
			SASL_LOOK_DIGEST_RESPONSE,
			{ .user = BYTES("chris"),
					.password = BYTES("d388dad90d4bbd760a152321f2143af7") } },
	{ BYTES("rspauth=ea40f60335c427b5527b84dbabcdfffd"), SASL_LOOK_DIGEST_END, NO_FIELDS },
	{ BYTES("cnonce=\"x\""), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("nonce="), SASL_LOOK_DIGEST_CHALLENGE, NO_FIELDS },
	{ BYTES("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"), SASL_LOOK_SCRAM_FIRST,
			{ .user = BYTES("user") } },
	{ BYTES("p=tls-exporter,a=boss,n=a=3Db,r=x"), SASL_LOOK_SCRAM_FIRST,
			{ .authzid = BYTES("boss"), .user = BYTES("a=3Db") } },
	{ BYTES("n,,n=,r=x"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("z,,n=user,r=x"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("n,b=boss,n=user,r=x"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
			SASL_LOOK_SCRAM_SERVER, NO_FIELDS },
	{ BYTES("r=a,s=b,i=40x6"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
			SASL_LOOK_SCRAM_FINAL,
			{ .password = BYTES("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=") } },
	{ BYTES("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), SASL_LOOK_SCRAM_END, NO_FIELDS },
	{ BYTES("e=invalid-proof"), SASL_LOOK_SCRAM_END, NO_FIELDS },
	{ BYTES("e=2.71828"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("v=short"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("user=someuser@example.com\001auth=Bearer ya29.x\001\001"), SASL_LOOK_XOAUTH2,
			{ .user = BYTES("someuser@example.com"), .password = BYTES("ya29.x") } },
	{ BYTES("n,a=user@example.com,\001host=server.example.com\001port=143\001"
		"auth=Bearer vF9d==\001\001"),
			SASL_LOOK_OAUTHBEARER,
			{ .authzid = BYTES("user@example.com"), .password = BYTES("vF9d==") } },
	{ BYTES("{\"status\":\"401\",\"schemes\":\"bearer mac\"}\n"), SASL_LOOK_OAUTH_ERROR,
			NO_FIELDS },
	{ BYTES("NTLMSSP\0u\0p"), SASL_LOOK_PLAIN, { BYTES("NTLMSSP"), BYTES("u"), BYTES("p") } },
	{ BYTES("NTLMSSP\0\1\0\0\0"), SASL_LOOK_NTLM, NO_FIELDS },
	{ BYTES("NTLMSSP"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("sample"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("user\n"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES("m\xc3\xbcller"), SASL_LOOK_TEXT, NO_FIELDS },
	{ BYTES(""), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("\n"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("a\nb"), SASL_LOOK_NOTHING, NO_FIELDS },
	{ BYTES("\001"), SASL_LOOK_NOTHING, NO_FIELDS },
};

static void test_look(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		const struct look_case *c = &looks[i];
		const char *name = (const char *)c->in.p;
		struct sasl_look_fields f = { .user = BYTES("old") };
		enum sasl_look look = sasl_look_at(c->in, &f);
		if (look != c->look)
			fail_msg("\"%s\" looks like %s, wanted %s", name, sasl_look_name(look),
					sasl_look_name(c->look));
		assert_bytes(f.authzid, c->f.authzid, name);
		assert_bytes(f.user, c->f.user, name);
		assert_bytes(f.password, c->f.password, name);
	}
}

static void test_every_look_has_a_name_and_a_case(void **state)
{
	(void)state;
	for (int look = 0; look < SASL_LOOK_COUNT; look++) {
		size_t i = 0;
		assert_true(strlen(sasl_look_name((enum sasl_look)look)) > 4);
		while (look <= SASL_LOOK_TEXT && i < sizeof(looks) / sizeof(looks[0]) &&
				(int)looks[i].look != look)
			i++;
		assert_true(i < sizeof(looks) / sizeof(looks[0]));
	}
}

static void test_token(void **state)
{
	static const struct {
		const char *word;
		bool is;
	} cases[] = {
		{ "eyJhIjoxfQ.eyJiIjoyfQ.c2ln", true },
		{ "eyJhIjoxfQ.eyJiIjoyfQ.", true }, /* unsigned: RFC 7519 6.1 */
		{ "eyJhIjoxfQ.eyJiIjoyfQ", false },
		{ "eyJhIjoxfQ.eyJiIjoyfQ.c2ln.x", false },
		{ "eyJhIjoxfQ.eyJi IjoyfQ.c2ln", false },
		{ "YTI.YTI.YTI", false },
		{ "eyJ", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(sasl_look_is_token(bytes_of(cases[i].word)), cases[i].is);
}

static void test_typed_nul(void **state)
{
	static const struct {
		struct bytes in;
		size_t at, n;
	} cases[] = {
		{ BYTES("a\\0b"), 1, 2 },
		{ BYTES("a\\000b"), 1, 4 },
		{ BYTES("a\\00b"), 1, 2 },
		{ BYTES("\\x00"), 0, 4 },
		{ BYTES("\\x0"), 3, 0 },
		{ BYTES("ab\\"), 3, 0 },
		{ BYTES(""), 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 9;
		assert_int_equal(sasl_look_typed_nul(cases[i].in, &n), cases[i].at);
		assert_int_equal(n, cases[i].n);
	}
}

/* Every cut of every case, in a block of just its size: the sanitizer sees a read past the end. */
static void test_look_at_cut_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		for (size_t cut = 0; cut <= looks[i].in.n; cut++) {
			unsigned char *p = malloc(cut + 1);
			struct sasl_look_fields f;
			assert_non_null(p);
			memcpy(p + 1, looks[i].in.p, cut);
			enum sasl_look look = sasl_look_at((struct bytes){ p + 1, cut }, &f);
			assert_in_range(look, SASL_LOOK_NOTHING, SASL_LOOK_TEXT);
			free(p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_every_look_has_a_name_and_a_case),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_typed_nul),
		cmocka_unit_test(test_look_at_cut_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
