/* test_sasl - names of mechanisms, their exchanges, published vectors
 * SPDX-License-Identifier: MIT */
#include "proto/sasl.h"
#include "proto/sasl_look.h"

#include "proto/b64.h"
#include "tests/unit/vectors.h"

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

static void plain_vector(const struct vector *v)
{
	struct sasl_creds creds = { v->in[0], v->in[1], v->in[2] };
	struct buf message = BUF_SECRET(ROOM), text = BUF_SECRET(ROOM);
	struct sasl_look_fields f;
	const char *why;

	assert_true(sasl_plain(&message, &creds, &why));
	assert_true(b64_encode(buf_bytes(&message), &text));
	assert_bytes(buf_bytes(&text), v->expected, "plain");
	assert_int_equal(sasl_look_at(buf_bytes(&message), &f), SASL_LOOK_PLAIN);
	assert_bytes(f.authzid, creds.authzid, "authzid");
	assert_bytes(f.user, creds.user, "user");
	assert_bytes(f.password, creds.password, "password");
	buf_free(&message);
	buf_free(&text);
}

static void cram_md5_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = v->in[0], .password = v->in[1] };
	struct buf message = BUF_SECRET(ROOM);
	struct sasl_look_fields f;

	sasl_cram_md5(&message, &creds, v->in[2]);
	assert_bytes(buf_bytes(&message), v->expected, "cram-md5");
	assert_int_equal(sasl_look_at(v->in[2], NULL), SASL_LOOK_CRAM_CHALLENGE);
	assert_int_equal(sasl_look_at(buf_bytes(&message), &f), SASL_LOOK_CRAM_RESPONSE);
	assert_bytes(f.user, creds.user, "user");
	buf_free(&message);
}

static void apop_vector(const struct vector *v)
{
	struct buf digest = BUF_SECRET(ROOM);

	sasl_apop(&digest, v->in[0], v->in[1]);
	assert_bytes(buf_bytes(&digest), v->expected, "apop");
	buf_free(&digest);
}

static void test_published_vectors(void **state)
{
	(void)state;
	assert_int_equal(vectors_each("plain", plain_vector), 6);
	assert_int_equal(vectors_each("cram-md5", cram_md5_vector), 2);
	assert_int_equal(vectors_each("apop", apop_vector), 1);
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
		{ "NUL in authzid", { BYTES("\0"), BYTES("a"), BYTES("x") },
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
			assert_string_equal(why, cases[i].why);
		}
		assert_int_equal(out.n, 0);
		buf_free(&out);
	}
}

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
	{ "not implemented is said", SASL_NTLM, false,
			{ { BYTES("x"), SASL_FAILED, BYTES(""),
					"this mechanism is not implemented" } } },
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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mech_names),
		cmocka_unit_test(test_mechs_add),
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_refused_credentials),
		cmocka_unit_test(test_exchanges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
