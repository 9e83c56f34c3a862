/* test_sasl - names of mechanisms, their exchanges
 * SPDX-License-Identifier: MIT */
#include "proto/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static const struct sasl_creds sample = {
	.user = { (const unsigned char *)"sample", 6 },
	.password = { (const unsigned char *)"password", 8 },
};

static void assert_bytes(struct bytes got, struct bytes wanted, const char *name)
{
	if (!bytes_equal(got, wanted))
		fail_msg("%s: got %zu octets \"%.*s\", wanted %zu \"%.*s\"", name, got.n,
				(int)got.n, (const char *)got.p, wanted.n, (int)wanted.n,
				(const char *)wanted.p);
}

static void test_mech_names(void **state)
{
	(void)state;
	for (unsigned mech = 1; mech <= SASL_EXTERNAL; mech <<= 1) {
		assert_non_null(sasl_mech_name(mech));
		assert_int_equal(sasl_mech_of(bytes_of(sasl_mech_name(mech))), mech);
	}
	assert_null(sasl_mech_name(0));
	assert_null(sasl_mech_name(SASL_PLAIN | SASL_LOGIN));
	assert_null(sasl_mech_name(SASL_EXTERNAL << 1));
	assert_int_equal(sasl_mech_of(BYTES("cram-md5")), SASL_CRAM_MD5);
	assert_int_equal(sasl_mech_of(BYTES("PLAI")), 0);
	assert_int_equal(sasl_mech_of(BYTES("PLAINX")), 0);
	assert_int_equal(sasl_mech_of(BYTES("SCRAM-SHA-1-PLUS")), 0);
	assert_int_equal(sasl_mech_of(BYTES("")), 0);
}

static void test_mechs_add(void **state)
{
	unsigned mechs = SASL_EXTERNAL;
	size_t unknown = 1;

	(void)state;
	sasl_mechs_add(BYTES("  DIGEST-MD5 PLAIN\tlogin CRAM-MD5 GSSAPI SCRAM-SHA-256-PLUS "),
			&mechs, &unknown);
	assert_int_equal(mechs,
			SASL_EXTERNAL | SASL_DIGEST_MD5 | SASL_PLAIN | SASL_LOGIN | SASL_CRAM_MD5);
	assert_int_equal(unknown, 3);
	sasl_mechs_add(BYTES(""), &mechs, &unknown);
	assert_int_equal(unknown, 3);
	sasl_mechs_add(BYTES("NTLM X-UNHEARD"), &mechs, NULL);
	assert_true(mechs & SASL_NTLM);
}

static void test_refused_credentials(void **state)
{
	static const struct {
		const char *name;
		struct sasl_creds creds;
		const char *why;
	} cases[] = {
		{ "no user", { .password = BYTES("x") }, "the user name is empty" },
		{ "no password", { .user = BYTES("x") }, "the password is empty" },
		{ "NUL in user", { .user = BYTES("a\0b"), .password = BYTES("x") },
				"the user name holds a NUL byte" },
		{ "NUL in password", { .user = BYTES("a"), .password = BYTES("x\0") },
				"the password holds a NUL byte" },
		{ "NUL in authzid", { BYTES("\0"), BYTES("a"), BYTES("x"), false },
				"the authorization identity holds a NUL byte" },
	};
	static const unsigned mechs[] = { SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_SECRET(ROOM);
		const char *why = NULL;
		assert_false(sasl_plain(&out, &cases[i].creds, &why));
		assert_string_equal(why, cases[i].why);
		for (size_t m = 0; m < sizeof(mechs) / sizeof(mechs[0]); m++) {
			struct sasl s;
			sasl_begin(&s, mechs[m], &cases[i].creds);
			assert_int_equal(sasl_step(&s, BYTES("<1@x>"), &out, &why), SASL_FAILED);
			sasl_end(&s);
			assert_string_equal(why, cases[i].why);
		}
		assert_int_equal(out.n, 0);
		buf_free(&out);
	}
}

#define TOO_MUCH "the server asks for more than this mechanism has"

struct step {
	struct bytes challenge;
	enum sasl_result result;
	struct bytes out;
	const char *why;
};

static const struct exchange {
	const char *name;
	unsigned mech;
	bool speaks_first;
	struct step steps[4];
} exchanges[] = {
	{ "PLAIN has one message", SASL_PLAIN, true,
			{ { BYTES(""), SASL_LAST, BYTES("\0sample\0password"), NULL },
					{ BYTES(""), SASL_FAILED, BYTES(""),
							"the server asks for more than this "
							"mechanism has" } } },
	{ "LOGIN answers by order, whatever is asked", SASL_LOGIN, true,
			{ { BYTES("Password:"), SASL_MORE, BYTES("sample"), NULL },
					{ BYTES("\xff?"), SASL_LAST, BYTES("password"), NULL },
					{ BYTES("Username:"), SASL_FAILED, BYTES(""),
							"the server asks for more than this "
							"mechanism has" } } },
	{ "CRAM-MD5 over any octets", SASL_CRAM_MD5, false,
			{ { BYTES("no msg-id\0"), SASL_LAST,
					BYTES("sample b0ef77f7d25fa48aaf9d8e53ed0b5de6"),
					NULL } } },
	{ "CRAM-MD5 needs a challenge", SASL_CRAM_MD5, false,
			{ { BYTES(""), SASL_FAILED, BYTES(""), "the challenge is empty" } } },
	{ "XOAUTH2, and the empty answer to an error", SASL_XOAUTH2, true,
			{ { BYTES(""), SASL_LAST, BYTES("user=sample\1auth=Bearer password\1\1"),
					  NULL },
					{ BYTES("{}"), SASL_LAST, BYTES(""), NULL },
					{ BYTES("{}"), SASL_FAILED, BYTES(""), TOO_MUCH } } },
	{ "OAUTHBEARER, and ^A as answer to an error (RFC 7628 4.3)", SASL_OAUTHBEARER, true,
			{ { BYTES(""), SASL_LAST,
					  BYTES("n,a=sample,\1host=server.example.com\1port=143\1"
						"auth=Bearer password\1\1"),
					  NULL },
					{ BYTES("{}"), SASL_LAST, BYTES("\1"), NULL } } },
	{ "EXTERNAL says who", SASL_EXTERNAL, true,
			{ { BYTES(""), SASL_LAST, BYTES("sample"), NULL } } },
	{ "ANONYMOUS leaves a trace", SASL_ANONYMOUS, true,
			{ { BYTES(""), SASL_LAST, BYTES("sample"), NULL } } },
	{ "SCRAM: the server's nonce must continue ours", SASL_SCRAM_SHA_1, true,
			{ { BYTES(""), SASL_MORE, BYTES("n,,n=sample,r=clientnonce"), NULL },
					{ BYTES("r=another,s=QSXCR+Q6sek8bf92,i=4096"), SASL_FAILED,
							BYTES(""),
							"the server's nonce does not continue ours" } } },
	{ "SCRAM: a count over the cap is refused at once", SASL_SCRAM_SHA_256, true,
			{ { BYTES(""), SASL_MORE, BYTES("n,,n=sample,r=clientnonce"), NULL },
					{ BYTES("r=clientnonceX,s=QSXCR+Q6sek8bf92,i=4294967295"),
							SASL_FAILED, BYTES(""),
							"the server asks to hash the password more "
							"than a million times" } } },
	{ "SCRAM: no rounds at all", SASL_SCRAM_SHA_256, true,
			{ { BYTES(""), SASL_MORE, BYTES("n,,n=sample,r=clientnonce"), NULL },
					{ BYTES("r=clientnonceX,s=QSXCR+Q6sek8bf92,i=0"),
							SASL_FAILED, BYTES(""),
							"the server's iteration count is not a "
							"number" } } },
	{ "DIGEST-MD5: no nonce", SASL_DIGEST_MD5, false,
			{ { BYTES("realm=\"x\",algorithm=md5-sess"), SASL_FAILED, BYTES(""),
					"the server's challenge has no nonce" } } },
	{ "DIGEST-MD5: a quote that does not end", SASL_DIGEST_MD5, false,
			{ { BYTES("nonce=\"x,algorithm=md5-sess"), SASL_FAILED, BYTES(""),
					"the server's challenge is not of the form name=value,..." } } },
	{ "DIGEST-MD5: only integrity", SASL_DIGEST_MD5, false,
			{ { BYTES("nonce=\"x\",qop=\"auth-int\",algorithm=md5-sess"), SASL_FAILED,
					BYTES(""),
					"the server insists on a protection layer (qop) that is "
					"not known here" } } },
	{ "NTLM: what is no type 2", SASL_NTLM, true,
			{ { BYTES(""), SASL_MORE,
					  BYTES("NTLMSSP\0\1\0\0\0\5\x82\x08\0"
						"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
					  NULL },
					{ BYTES("NTLMSSP\0\2\0\0\0"), SASL_FAILED, BYTES(""),
							"the server's challenge is not an NTLM message "
							"of type 2" } } },
	{ "no mechanism", 0, false,
			{ { BYTES("x"), SASL_FAILED, BYTES(""),
					"this mechanism is not implemented" } } },
};

static void test_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		const struct exchange *x = &exchanges[i];
		struct sasl s;
		assert_int_equal(sasl_begin(&s, x->mech, &sample), x->speaks_first);
		s.about = (struct sasl_about){ BYTES("clientnonce"), BYTES("imap"),
			BYTES("server.example.com"), 143 };
		for (const struct step *t = x->steps; t->out.n || t->why; t++) {
			struct buf out = BUF_SECRET(ROOM);
			const char *why = "old";
			if (sasl_step(&s, t->challenge, &out, &why) != t->result)
				fail_msg("%s: another result", x->name);
			assert_bytes(buf_bytes(&out), t->out, x->name);
			if (t->why)
				assert_string_equal(why, t->why);
			else
				assert_null(why);
			buf_free(&out);
		}
		sasl_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mech_names),
		cmocka_unit_test(test_mechs_add),
		cmocka_unit_test(test_refused_credentials),
		cmocka_unit_test(test_exchanges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
