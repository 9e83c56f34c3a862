/* test_digest - what a DIGEST-MD5 challenge may look like
 * SPDX-License-Identifier: MIT */
#include "proto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FIRST "username=\"u\\\"x\""

static const struct {
	const char *name, *challenge, *has;
} cases[] = {
	{ "no realm, no qop", "nonce=\"n\",algorithm=md5-sess", FIRST ",nonce=\"n\",nc=00000001" },
	{ "an empty realm is sent back", "realm=\"\",nonce=\"n\",algorithm=md5-sess",
			FIRST ",realm=\"\",nonce=\"n\"" },
	{ "the first of two realms", "realm=\"a\",realm=\"b\",nonce=n,algorithm=MD5-sess",
			",realm=\"a\",nonce=\"n\"" },
	{ "escapes are kept", "nonce=\"a\\\"b\",algorithm=md5-sess", ",nonce=\"a\\\"b\"" },
	{ "blanks and empty elements", " , nonce=\"n\" ,, algorithm=md5-sess ,", ",nonce=\"n\"" },
	{ "a comma in quotes", "nonce=\"a,b\",qop=\"auth-int,auth\",algorithm=md5-sess",
			",nonce=\"a,b\"" },
	/* the responses were computed by Python's hashlib */
	{ "backslashes are no part of what is hashed",
			"realm=\"a\\\"b, c\",realm=\"other\",nonce=\"n\\\\x,\\\"y\",qop=auth,"
			"algorithm=\"md5-sess\"",
			",response=56a4eeb1d7c091d48fe0cae25b69a5ac" },
	{ "they are sent back as they came",
			"realm=\"a\\\"b, c\",nonce=\"n\\\\x,\\\"y\",algorithm=\"md5-sess\"",
			",realm=\"a\\\"b, c\",nonce=\"n\\\\x,\\\"y\"" },
};

static void test_challenges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct digest_exchange x = { .user = BYTES("u\"x"),
			.password = BYTES("p"),
			.service = BYTES("smtp"),
			.host = BYTES("h"),
			.nonce = BYTES("c"),
			.challenge = bytes_of(cases[i].challenge) };
		struct buf out = BUF_SECRET(1000), due = BUF_SECRET(1000);
		const char *why = NULL;
		if (!digest_response(&x, &out, &due, &why))
			fail_msg("%s: %s", cases[i].name, why);
		assert_int_equal(due.n, strlen("rspauth=") + 32);
		if (!strstr(buf_text(&out), cases[i].has))
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		buf_free(&out);
		buf_free(&due);
	}
}

/* RFC 2831 4, the example with IMAP */
static void test_verify(void **state)
{
	const struct bytes challenge =
			BYTES("realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\","
			      "qop=\"auth\",algorithm=md5-sess,charset=utf-8");
	const struct bytes response =
			BYTES("charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\","
			      "nonce=\"OA6MG9tEQGm2hh\",nc=00000001,cnonce=\"OA6MHXh6VqTrRk\","
			      "digest-uri=\"imap/elwood.innosoft.com\","
			      "response=d388dad90d4bbd760a152321f2143af7,qop=auth");
	struct buf due = BUF_SECRET(100), user = BUF(100), authzid = BUF(100);

	(void)state;
	assert_true(digest_user(response, &user, &authzid));
	assert_string_equal(buf_text(&user), "chris");
	assert_int_equal(authzid.n, 0);
	assert_true(digest_verify(challenge, response, BYTES("secret"), &due));
	assert_string_equal(buf_text(&due), "rspauth=ea40f60335c427b5527b84dbabcdfffd");
	assert_false(digest_verify(challenge, response, BYTES("Secret"), &due));
	assert_false(digest_user(BYTES("username=\"chris"), &user, &authzid));
	buf_free(&due);
	buf_free(&user);
	buf_free(&authzid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
