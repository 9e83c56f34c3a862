/* test_scram - what a SCRAM server may say
 * SPDX-License-Identifier: MIT */
#include "proto/scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *server_first, *why; /* why NULL: taken */
} cases[] = {
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=4096", NULL },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=4096,x=extension", NULL },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=4095",
			"the server asks to hash the password fewer than 4096 times" },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=1000001",
			"the server asks to hash the password more than a million times" },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=0", "the server's iteration count is not a number" },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=1x", "the server's iteration count is not a number" },
	{ "r=nonceX,s=QSXCR+Q6sek8bf92,i=99999999999",
			"the server's iteration count is not a number" },
	{ "r=nonceX,s=!,i=4096", "the server's salt is not base64" },
	{ "r=nonce,s=QSXCR+Q6sek8bf92,i=1", "the server's nonce does not continue ours" },
	{ "r=,s=QSXCR+Q6sek8bf92,i=1",
			"the server's challenge is not of the form r=...,s=...,i=..." },
	{ "m=x,r=nonceX,s=QSXCR+Q6sek8bf92,i=1",
			"the server asks for an extension of SCRAM that is not known here" },
	{ "e=no-resources", "the server ended SCRAM with an error" },
	{ "", "the server's challenge is not of the form r=...,s=...,i=..." },
};

static void test_server_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct scram_exchange x = { HASH_SHA256, BYTES("p"), BYTES("n,,n=u,r=nonce"),
			bytes_of(cases[i].server_first), false };
		struct buf out = BUF_SECRET(1000), due = BUF_SECRET(1000);
		const char *why = "old";
		assert_int_equal(scram_final(&x, &out, &due, &why), !cases[i].why);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		buf_free(&out);
		buf_free(&due);
	}
}

static void test_few_rounds_when_told(void **state)
{
	const struct scram_exchange x = { HASH_SHA256, BYTES("p"), BYTES("n,,n=u,r=nonce"),
		BYTES("r=nonceX,s=QSXCR+Q6sek8bf92,i=1"), true };
	struct buf out = BUF_SECRET(1000), due = BUF_SECRET(1000);
	const char *why;

	(void)state;
	assert_true(scram_final(&x, &out, &due, &why));
	buf_free(&out);
	buf_free(&due);
}

static void test_server_final(void **state)
{
	static const char *const wrong[] = { "", "v=", "v=AAA", "v=AAAAx", "v=AAAB", "e=other",
		"x=AAAA" };
	const char *why;

	(void)state;
	assert_true(scram_is_proven(BYTES("v=AAAA"), BYTES("v=AAAA"), &why));
	assert_true(scram_is_proven(BYTES("v=AAAA,x=1"), BYTES("v=AAAA"), &why));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(scram_is_proven(bytes_of(wrong[i]), BYTES("v=AAAA"), &why));
		assert_non_null(why);
	}
}

static void test_authzid(void **state)
{
	struct buf out = BUF_SECRET(1000);
	const char *why;

	(void)state;
	assert_true(scram_first(&out, BYTES("a,b"), BYTES("u"), BYTES("nonce"), &why));
	assert_string_equal(buf_text(&out), "n,a=a=2Cb,n=u,r=nonce");
	assert_false(scram_first(&out, BYTES("\x01"), BYTES("u"), BYTES("nonce"), &why));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_first),
		cmocka_unit_test(test_few_rounds_when_told),
		cmocka_unit_test(test_server_final),
		cmocka_unit_test(test_authzid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
