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

/* Exchanges as the RFCs print them, with the server's proof; a wrong one must be refused. */
static const struct published {
	const char *name;
	unsigned mech;
	struct bytes user, password, nonce, host;
	struct bytes first, challenge, final, proof;
} published[] = {
	{ "RFC 5802 5", SASL_SCRAM_SHA_1, BYTES("user"), BYTES("pencil"),
			BYTES("fyko+d2lbbFgONRv9qkxdawL"), BYTES(""),
			BYTES("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
			BYTES("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,"
			      "i=4096"),
			BYTES("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
			      "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
			BYTES("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") },
	{ "RFC 7677 3", SASL_SCRAM_SHA_256, BYTES("user"), BYTES("pencil"),
			BYTES("rOprNGfwEbeRWgbNEkqO"), BYTES(""),
			BYTES("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
			BYTES("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			      "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
			BYTES("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
			BYTES("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") },
	{ "comma and equals sign in a user name", SASL_SCRAM_SHA_1, BYTES("a=b,c"), BYTES("pencil"),
			BYTES("fyko+d2lbbFgONRv9qkxdawL"), BYTES(""),
			BYTES("n,,n=a=3Db=2Cc,r=fyko+d2lbbFgONRv9qkxdawL"),
			BYTES("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,"
			      "i=4096"),
			BYTES("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
			      "p=1bCdAZXKhBvrePv/w8lqKX8pRp8="),
			BYTES("v=InZZDGvXnR+jivHB2eZ5UzqnkIs=") },
	{ "a password that SASLprep changes", SASL_SCRAM_SHA_1, BYTES("user"), BYTES("I\xc2\xadX"),
			BYTES("fyko+d2lbbFgONRv9qkxdawL"), BYTES(""),
			BYTES("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
			BYTES("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,"
			      "i=4096"),
			BYTES("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
			      "p=LwdhH5xY322gXvSHctonEypmUfA="),
			BYTES("v=IGCjlFWdF74+YD+YPpH+Nwc7vGs=") },
	{ "RFC 2831 4", SASL_DIGEST_MD5, BYTES("chris"), BYTES("secret"), BYTES("OA6MHXh6VqTrRk"),
			BYTES("elwood.innosoft.com"), { 0 },
			BYTES("realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\","
			      "algorithm=md5-sess,charset=utf-8"),
			BYTES("charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\","
			      "nonce=\"OA6MG9tEQGm2hh\",nc=00000001,cnonce=\"OA6MHXh6VqTrRk\","
			      "digest-uri=\"imap/elwood.innosoft.com\","
			      "response=d388dad90d4bbd760a152321f2143af7,qop=auth"),
			BYTES("rspauth=ea40f60335c427b5527b84dbabcdfffd") },
};

static void run_published(const struct published *p, bool is_true)
{
	struct sasl_creds creds = { .user = p->user, .password = p->password };
	struct buf out = BUF_SECRET(ROOM), proof = BUF(ROOM);
	const char *why;
	struct sasl s;

	sasl_begin(&s, p->mech, &creds);
	s.about = (struct sasl_about){ p->nonce, BYTES("imap"), p->host, 0 };
	if (p->first.n > 0) {
		assert_int_equal(sasl_step(&s, BYTES(""), &out, &why), SASL_MORE);
		assert_bytes(buf_bytes(&out), p->first, p->name);
	}
	buf_clear(&out);
	assert_int_equal(sasl_step(&s, p->challenge, &out, &why), SASL_MORE);
	assert_bytes(buf_bytes(&out), p->final, p->name);
	assert_false(sasl_may_believe(&s, &why));
	buf_put(&proof, p->proof);
	proof.p[proof.n - 4] ^= is_true ? 0 : 1;
	buf_clear(&out);
	assert_int_equal(sasl_step(&s, buf_bytes(&proof), &out, &why),
			is_true ? SASL_LAST : SASL_FAILED);
	assert_int_equal(out.n, 0);
	assert_int_equal(sasl_may_believe(&s, &why), is_true);
	sasl_end(&s);
	buf_free(&out);
	buf_free(&proof);
}

static void test_published_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		run_published(&published[i], true);
		run_published(&published[i], false);
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
		cmocka_unit_test(test_published_exchanges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
