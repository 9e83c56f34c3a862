/* test_login - mailsink's side of each mechanism against the client's
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/login.h"

#include "proto/b64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 8192, ROUNDS_MAX = 5 };

static void fake_random(struct world *w, void *p, size_t n)
{
	(void)w;
	memset(p, 1, n);
}

struct bench {
	struct world w;
	struct users users;
	struct login login;
	struct sasl client;
};

static const char *const people[] = { "sample:password", "a,b=c:pass\"word\\",
	"\xc3\xa4:p\xc3\xb6" };

static void bench_open(struct bench *b, unsigned mech, const struct sasl_creds *creds)
{
	struct err e = { 0 };

	*b = (struct bench){ .w = { .random = fake_random } };
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		assert_true(users_add(&b->users, bytes_of(people[i]), &e));
	login_begin(&b->login, mech, &b->w, "sink.example", "sample");
	sasl_begin(&b->client, mech, creds);
	b->client.about = (struct sasl_about){ BYTES("0123456789abcdef"), BYTES("smtp"),
		BYTES("sink.example"), 25 };
}

static void bench_close(struct bench *b)
{
	login_end(&b->login);
	sasl_end(&b->client);
	users_free(&b->users);
}

static enum login_result say(struct bench *b, struct bytes message, struct buf *challenge)
{
	struct buf line = BUF_SECRET(TEXT_MAX);

	b64_encode(message, &line);
	struct bytes text = buf_bytes(&line);
	buf_clear(challenge);
	enum login_result result = login_step(&b->login, &b->users, &text, challenge);
	buf_free(&line);
	return result;
}

/* The whole exchange; without an initial response when is_asked. */
static enum login_result converse(struct bench *b, bool is_asked)
{
	struct buf challenge = BUF(TEXT_MAX), message = BUF_SECRET(TEXT_MAX);
	enum login_result result = LOGIN_MORE;
	const char *why;

	if (is_asked)
		assert_int_equal(login_step(&b->login, &b->users, NULL, &challenge), LOGIN_MORE);
	for (int i = 0; result == LOGIN_MORE && i < ROUNDS_MAX; i++) {
		buf_clear(&message);
		if (sasl_step(&b->client, buf_bytes(&challenge), &message, &why) == SASL_FAILED)
			fail_msg("%s: %s", sasl_mech_name(b->client.mech), why);
		result = say(b, buf_bytes(&message), &challenge);
	}
	if (result == LOGIN_OK)
		assert_true(sasl_may_believe(&b->client, &why));
	buf_free(&challenge);
	buf_free(&message);
	return result;
}

static const struct {
	const char *name, *user, *password;
	enum login_result result;
} cases[] = {
	{ "right", "sample", "password", LOGIN_OK },
	{ "name and password to be escaped", "a,b=c", "pass\"word\\", LOGIN_OK },
	{ "beyond ASCII", "\xc3\xa4", "p\xc3\xb6", LOGIN_OK },
	{ "wrong password", "sample", "Password", LOGIN_REFUSED },
	{ "no such user", "other", "password", LOGIN_REFUSED },
	{ "another one's password", "sample", "p\xc3\xb6", LOGIN_REFUSED },
};

static void test_each_mechanism(void **state)
{
	(void)state;
	for (unsigned mech = SASL_LOGIN; mech < SASL_EXTERNAL; mech <<= 1) {
		for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
			const struct sasl_creds creds = { { 0 }, bytes_of(cases[i / 2].user),
				bytes_of(cases[i / 2].password), false };
			struct bench b;
			bench_open(&b, mech, &creds);
			bool first = mech != SASL_CRAM_MD5 && mech != SASL_DIGEST_MD5;
			enum login_result got = converse(&b, !first || i % 2 == 0);
			if (got != cases[i / 2].result ||
					!bytes_equal(buf_bytes(&b.login.user), creds.user))
				fail_msg("%s, %s: result %d, user %s", sasl_mech_name(mech),
						cases[i / 2].name, got, buf_text(&b.login.user));
			bench_close(&b);
		}
	}
}

static const struct {
	const char *name;
	unsigned mech;
	bool is_asked;
	struct bytes message;
	enum login_result result;
} singles[] = {
	{ "EXTERNAL: the certificate's owner", SASL_EXTERNAL, false, BYTES(""), LOGIN_OK },
	{ "EXTERNAL: the owner is named", SASL_EXTERNAL, false, BYTES("sample"), LOGIN_OK },
	{ "EXTERNAL: another user", SASL_EXTERNAL, true, BYTES("a,b=c"), LOGIN_REFUSED },
	{ "EXTERNAL: nobody", SASL_EXTERNAL, true, BYTES("other"), LOGIN_REFUSED },
	{ "ANONYMOUS", SASL_ANONYMOUS, true, BYTES("me@example.com"), LOGIN_OK },
	{ "PLAIN for another", SASL_PLAIN, false, BYTES("other\0sample\0password"), LOGIN_REFUSED },
	{ "PLAIN with an empty password", SASL_PLAIN, false, BYTES("\0sample\0"), LOGIN_BAD_FORM },
	{ "CRAM-MD5 before the challenge", SASL_CRAM_MD5, false,
			BYTES("sample 0123456789abcdef0123456789abcdef"), LOGIN_BAD_FORM },
	{ "CRAM-MD5 without digest", SASL_CRAM_MD5, true, BYTES("sample"), LOGIN_BAD_FORM },
	{ "DIGEST-MD5 before the challenge", SASL_DIGEST_MD5, false,
			BYTES("username=\"sample\",response=x"), LOGIN_BAD_FORM },
	{ "DIGEST-MD5 without response", SASL_DIGEST_MD5, true, BYTES("username=\"sample\""),
			LOGIN_BAD_FORM },
	{ "DIGEST-MD5 with a name said twice", SASL_DIGEST_MD5, true,
			BYTES("username=\"sample\",username=\"x\",response=y"), LOGIN_BAD_FORM },
	{ "DIGEST-MD5 for another", SASL_DIGEST_MD5, true,
			BYTES("username=\"sample\",authzid=\"x\",response=y"), LOGIN_REFUSED },
	{ "SCRAM with channel binding", SASL_SCRAM_SHA_1, false,
			BYTES("p=tls-unique,,n=sample,r=abc"), LOGIN_BAD_FORM },
	{ "SCRAM with an extension", SASL_SCRAM_SHA_1, false, BYTES("n,,n=sample,r=abc,x=y"),
			LOGIN_BAD_FORM },
	{ "SCRAM with a mandatory extension", SASL_SCRAM_SHA_1, false, BYTES("n,,m=x,n=sample,r=y"),
			LOGIN_BAD_FORM },
	{ "SCRAM for another", SASL_SCRAM_SHA_256, false, BYTES("n,a=other,n=sample,r=abc"),
			LOGIN_REFUSED },
	{ "SCRAM: PLAIN instead", SASL_SCRAM_SHA_256, false, BYTES("\0sample\0password"),
			LOGIN_BAD_FORM },
	{ "OAUTHBEARER for nobody", SASL_OAUTHBEARER, false, BYTES("n,,\1auth=Bearer password\1\1"),
			LOGIN_BAD_FORM },
	{ "XOAUTH2 without token", SASL_XOAUTH2, false, BYTES("user=sample\1auth=Bearer \1\1"),
			LOGIN_BAD_FORM },
	{ "NTLM: type 3 first", SASL_NTLM, false, BYTES("NTLMSSP\0\3\0\0\0\0\0\0\0"),
			LOGIN_BAD_FORM },
	{ "NTLM: Negotiate", SASL_NTLM, false, BYTES("\x60\x28\x06\x06"), LOGIN_BAD_FORM },
};

static void test_single_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		struct buf challenge = BUF(TEXT_MAX);
		struct bench b;
		bench_open(&b, singles[i].mech, &(struct sasl_creds){ 0 });
		if (singles[i].is_asked)
			login_step(&b.login, &b.users, NULL, &challenge);
		enum login_result got = say(&b, singles[i].message, &challenge);
		if (got != singles[i].result)
			fail_msg("%s: result %d", singles[i].name, got);
		buf_free(&challenge);
		bench_close(&b);
	}
}

/* Whoever does not know the password is shown nothing made of it. */
static void test_no_proof_for_strangers(void **state)
{
	static const unsigned mechs[] = { SASL_SCRAM_SHA_1, SASL_SCRAM_SHA_256, SASL_DIGEST_MD5 };

	(void)state;
	for (size_t i = 0; i < sizeof(mechs) / sizeof(mechs[0]); i++) {
		const struct sasl_creds creds = { { 0 }, BYTES("sample"), BYTES("guess"), false };
		struct buf challenge = BUF(TEXT_MAX), message = BUF_SECRET(TEXT_MAX);
		struct bench b;
		const char *why;
		enum login_result result = LOGIN_MORE;
		bench_open(&b, mechs[i], &creds);
		if (mechs[i] == SASL_DIGEST_MD5)
			login_step(&b.login, &b.users, NULL, &challenge);
		while (result == LOGIN_MORE) {
			buf_clear(&message);
			sasl_step(&b.client, buf_bytes(&challenge), &message, &why);
			result = say(&b, buf_bytes(&message), &challenge);
		}
		assert_int_equal(result, LOGIN_REFUSED);
		assert_int_equal(challenge.n, 0);
		buf_free(&challenge);
		buf_free(&message);
		bench_close(&b);
	}
}

static void test_offer(void **state)
{
	struct buf out = BUF(TEXT_MAX);

	(void)state;
	login_put_mechs(&out, SASL_PLAIN | SASL_LOGIN | SASL_SCRAM_SHA_256, " ");
	assert_string_equal(buf_text(&out), " SCRAM-SHA-256 PLAIN LOGIN");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mechanism),
		cmocka_unit_test(test_single_messages),
		cmocka_unit_test(test_no_proof_for_strangers),
		cmocka_unit_test(test_offer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
