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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
