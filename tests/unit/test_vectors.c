/* test_vectors - every published vector of tests/data/vectors.tsv
 * SPDX-License-Identifier: MIT
 *
 * Each row has to be of a kind that is run here or one that is listed with the reason why not.
 */
#include "proto/b64.h"
#include "proto/hash.h"
#include "proto/ntlm.h"
#include "proto/sasl.h"
#include "proto/sasl_look.h"
#include "proto/saslprep.h"
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { INPUTS_MAX = 7, FIELDS = 4 + INPUTS_MAX, ROWS = 107, ROOM = 4096 };

struct vector {
	struct bytes id, expected, in[INPUTS_MAX];
};

static void wrong(const struct vector *v, struct bytes got)
{
	fail_msg("%.*s: got %zu octets \"%.*s\", wanted %zu \"%.*s\"", (int)v->id.n,
			(const char *)v->id.p, got.n, (int)got.n, (const char *)got.p,
			v->expected.n, (int)v->expected.n, (const char *)v->expected.p);
}

static void check(const struct vector *v, struct bytes got)
{
	if (!bytes_equal(got, v->expected))
		wrong(v, got);
}

/* The sources print some messages as they are, others in base64. */
static void check_message(const struct vector *v, struct bytes got)
{
	struct buf text = BUF_SECRET(ROOM);

	assert_true(b64_encode(got, &text));
	if (!bytes_equal(got, v->expected))
		check(v, buf_bytes(&text));
	buf_free(&text);
}

static void check_hex(const struct vector *v, const unsigned char *digest, size_t n)
{
	char hex[2 * HASH_MAX + 1];

	hash_hex(digest, n, hex);
	check(v, bytes_of(hex));
}

/* octets */
static void base64_vector(const struct vector *v)
{
	struct buf out = BUF(ROOM);

	assert_true(b64_encode(v->in[0], &out));
	check(v, buf_bytes(&out));
	buf_clear(&out);
	assert_int_equal(b64_decode(v->expected, &out, NULL), B64_OK);
	assert_true(bytes_equal(buf_bytes(&out), v->in[0]));
	buf_free(&out);
}

/* octets; ours are in lower case */
static void base16_vector(const struct vector *v)
{
	char hex[2 * HASH_MAX + 1];

	hash_hex(v->in[0].p, v->in[0].n, hex);
	assert_true(bytes_equal_nocase(bytes_of(hex), v->expected));
}

/* octets */
static void md4_vector(const struct vector *v)
{
	unsigned char digest[HASH_MD5_SIZE];

	ntlm_md4(v->in[0], digest);
	check_hex(v, digest, sizeof(digest));
}

/* key, data */
static void hmac_md5_vector(const struct vector *v)
{
	unsigned char digest[HASH_MAX];

	hash_hmac(HASH_MD5, v->in[0], v->in[1], digest);
	check_hex(v, digest, hash_size(HASH_MD5));
}

/* password, salt, rounds */
static void pbkdf2_sha1_vector(const struct vector *v)
{
	unsigned char key[HASH_MAX];
	uint64_t rounds;

	assert_true(bytes_is_uint(v->in[2], UINT32_MAX, &rounds));
	hash_pbkdf2(HASH_SHA1, v->in[0], v->in[1], (uint32_t)rounds, key);
	check_hex(v, key, hash_size(HASH_SHA1));
}

/* time stamp, password */
static void apop_vector(const struct vector *v)
{
	struct buf digest = BUF_SECRET(ROOM);

	sasl_apop(&digest, v->in[0], v->in[1]);
	check(v, buf_bytes(&digest));
	buf_free(&digest);
}

/* A string and what it is to be taken for; the string in base64 is expected. */
static void check_look(const struct vector *v, enum sasl_look look)
{
	base64_vector(v);
	assert_int_equal(sasl_look_at(v->in[0], NULL), look);
}

static void login_prompt_vector(const struct vector *v)
{
	check_look(v, SASL_LOOK_LOGIN_PROMPT);
}

static void oauth_error_vector(const struct vector *v)
{
	check_look(v, SASL_LOOK_OAUTH_ERROR);
}

/* A mechanism's next message. */
static void check_step(const struct vector *v, struct sasl *s, struct bytes challenge,
		enum sasl_look look)
{
	struct buf message = BUF_SECRET(ROOM);
	const char *why;

	if (sasl_step(s, challenge, &message, &why) == SASL_FAILED)
		fail_msg("%s", why);
	check_message(v, buf_bytes(&message));
	assert_int_equal(sasl_look_at(buf_bytes(&message), NULL), look);
	sasl_end(s);
	buf_free(&message);
}

/* authzid, user, password */
static void plain_vector(const struct vector *v)
{
	struct sasl_creds creds = { v->in[0], v->in[1], v->in[2], false };
	struct sasl s;

	sasl_begin(&s, SASL_PLAIN, &creds);
	check_step(v, &s, BYTES(""), SASL_LOOK_PLAIN);
}

/* user, password, challenge */
static void cram_md5_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = v->in[0], .password = v->in[1] };
	struct sasl s;

	assert_int_equal(sasl_look_at(v->in[2], NULL), SASL_LOOK_CRAM_CHALLENGE);
	sasl_begin(&s, SASL_CRAM_MD5, &creds);
	check_step(v, &s, v->in[2], SASL_LOOK_CRAM_RESPONSE);
}

/* trace */
static void anonymous_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = v->in[0] };
	struct sasl s;

	sasl_begin(&s, SASL_ANONYMOUS, &creds);
	check_step(v, &s, BYTES(""), SASL_LOOK_TEXT);
}

/* user, token */
static void xoauth2_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = v->in[0], .password = v->in[1] };
	struct sasl s;

	sasl_begin(&s, SASL_XOAUTH2, &creds);
	check_step(v, &s, BYTES(""), SASL_LOOK_XOAUTH2);
}

/* user, host, port, token */
static void oauthbearer_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = v->in[0], .password = v->in[3] };
	uint64_t port;
	struct sasl s;

	assert_true(bytes_is_uint(v->in[2], 65535, &port));
	sasl_begin(&s, SASL_OAUTHBEARER, &creds);
	s.about.host = v->in[1];
	s.about.port = (unsigned)port;
	check_step(v, &s, BYTES(""), SASL_LOOK_OAUTHBEARER);
}

/* The answer to a server that explains its refusal. */
static void oauthbearer_dummy_vector(const struct vector *v)
{
	struct sasl_creds creds = { .user = BYTES("u"), .password = BYTES("p") };
	struct buf first = BUF_SECRET(ROOM);
	const char *why;
	struct sasl s;

	sasl_begin(&s, SASL_OAUTHBEARER, &creds);
	assert_int_equal(sasl_step(&s, BYTES(""), &first, &why), SASL_LAST);
	check_step(v, &s, BYTES("{}"), SASL_LOOK_NOTHING);
	buf_free(&first);
}

/* What the server ends with is taken, and not with any bit changed, nor cut. */
static void check_proof(struct sasl *s, struct bytes proof)
{
	struct buf changed = BUF(ROOM), none = BUF(1);
	const char *why;

	buf_put(&changed, proof);
	for (size_t i = 0; i < proof.n; i++) {
		changed.p[i] ^= 1;
		assert_int_equal(sasl_step(s, buf_bytes(&changed), &none, &why), SASL_FAILED);
		changed.p[i] ^= 1;
		assert_int_equal(sasl_step(s, bytes_head(proof, i), &none, &why), SASL_FAILED);
		assert_false(sasl_may_believe(s, &why));
	}
	assert_int_equal(sasl_step(s, proof, &none, &why), SASL_LAST);
	assert_int_equal(none.n, 0);
	assert_true(sasl_may_believe(s, &why));
	buf_free(&changed);
}

/* user, password, realm, nonce, cnonce, service, host: what is made of them. */
static void run_digest_md5(const struct vector *v, struct buf *message, struct buf *due)
{
	struct sasl_creds creds = { .user = v->in[0], .password = v->in[1] };
	struct buf challenge = BUF(ROOM);
	const char *why;
	struct sasl s;

	buf_puts(&challenge, "realm=\"");
	buf_put(&challenge, v->in[2]);
	buf_puts(&challenge, "\",nonce=\"");
	buf_put(&challenge, v->in[3]);
	buf_puts(&challenge, "\",qop=\"auth\",algorithm=md5-sess,charset=utf-8");
	sasl_begin(&s, SASL_DIGEST_MD5, &creds);
	s.about = (struct sasl_about){ v->in[4], v->in[5], v->in[6], 0 };
	assert_int_equal(sasl_step(&s, buf_bytes(&challenge), message, &why), SASL_MORE);
	buf_put(due, buf_bytes(&s.due));
	check_proof(&s, buf_bytes(due));
	sasl_end(&s);
	buf_free(&challenge);
}

static void check_digest_md5(const struct vector *v, bool is_rspauth, const char *before)
{
	struct buf message = BUF_SECRET(ROOM), due = BUF_SECRET(ROOM);

	run_digest_md5(v, &message, &due);
	struct bytes all = buf_bytes(is_rspauth ? &due : &message);
	struct bytes got = bytes_skip(all, bytes_search(all, bytes_of(before)) + strlen(before));
	check_message(v, *before ? bytes_head(got, 2 * (size_t)HASH_MD5_SIZE) : all);
	buf_free(&message);
	buf_free(&due);
}

static void digest_md5_response_vector(const struct vector *v)
{
	check_digest_md5(v, false, ",response=");
}

static void digest_md5_rspauth_vector(const struct vector *v)
{
	check_digest_md5(v, true, "rspauth=");
}

static void digest_md5_message_vector(const struct vector *v)
{
	check_digest_md5(v, false, "");
}

/* mechanism, user, password, nonce, the server's first message: what the client makes of them. */
static void run_scram(const struct vector *v, struct buf *first, struct buf *final,
		struct bytes proof)
{
	struct sasl_creds creds = { .user = v->in[1], .password = v->in[2] };
	const char *why;
	struct sasl s;

	sasl_begin(&s, sasl_mech_of(v->in[0]), &creds);
	s.about.nonce = v->in[3];
	assert_int_equal(sasl_step(&s, BYTES(""), first, &why), SASL_MORE);
	assert_int_equal(sasl_step(&s, v->in[4], final, &why), SASL_MORE);
	if (proof.n > 0)
		check_proof(&s, proof);
	sasl_end(&s);
}

static void check_scram(const struct vector *v, bool is_final)
{
	struct buf first = BUF_SECRET(ROOM), final = BUF_SECRET(ROOM);

	run_scram(v, &first, &final, BYTES(""));
	check(v, buf_bytes(is_final ? &final : &first));
	assert_int_equal(sasl_look_at(v->expected, NULL),
			is_final ? SASL_LOOK_SCRAM_FINAL : SASL_LOOK_SCRAM_FIRST);
	assert_int_equal(sasl_look_at(v->in[4], NULL), SASL_LOOK_SCRAM_SERVER);
	buf_free(&first);
	buf_free(&final);
}

static void scram_first_vector(const struct vector *v)
{
	check_scram(v, false);
}

static void scram_final_vector(const struct vector *v)
{
	check_scram(v, true);
}

static void scram_proof_vector(const struct vector *v)
{
	struct buf first = BUF_SECRET(ROOM), final = BUF_SECRET(ROOM);

	run_scram(v, &first, &final, v->expected);
	assert_int_equal(sasl_look_at(v->expected, NULL), SASL_LOOK_SCRAM_END);
	buf_free(&first);
	buf_free(&final);
}

/* user, password, our nonce, challenge message: the answer, and its fields. */
static void run_ntlm(const struct vector *v, struct buf *message, struct ntlm_fields *f)
{
	struct ntlm_exchange x = { v->in[0], v->in[1], v->in[3], { 0 } };
	const char *why;

	assert_int_equal(v->in[2].n, NTLM_CHALLENGE);
	memcpy(x.nonce, v->in[2].p, NTLM_CHALLENGE);
	assert_true(ntlm_authenticate(&x, message, &why));
	assert_true(ntlm_read(buf_bytes(message), f));
}

/* The NT answer is the proof and then what MS-NLMP calls temp. */
static void check_ntlm(const struct vector *v, bool is_lm, size_t from, size_t n)
{
	struct buf message = BUF_SECRET(ROOM);
	struct ntlm_fields f;

	run_ntlm(v, &message, &f);
	check(v, bytes_head(bytes_skip(is_lm ? f.lm : f.nt, from), n));
	buf_free(&message);
}

static void ntlm_temp_vector(const struct vector *v)
{
	check_ntlm(v, false, HASH_MD5_SIZE, ROOM);
}

static void ntlm_ntproofstr_vector(const struct vector *v)
{
	check_ntlm(v, false, 0, HASH_MD5_SIZE);
}

static void ntlm_lmv2_vector(const struct vector *v)
{
	check_ntlm(v, true, 0, ROOM);
}

/* The key itself stays inside: with the published one the proof must come out as ours. */
static void ntlm_ntowfv2_vector(const struct vector *v)
{
	struct buf message = BUF_SECRET(ROOM), data = BUF_SECRET(ROOM);
	unsigned char proof[HASH_MD5_SIZE];
	struct ntlm_fields ours, theirs;

	run_ntlm(v, &message, &ours);
	assert_true(ntlm_read(v->in[3], &theirs));
	buf_put(&data, theirs.challenge);
	buf_put(&data, bytes_skip(ours.nt, sizeof(proof)));
	hash_hmac(HASH_MD5, v->expected, buf_bytes(&data), proof);
	assert_memory_equal(proof, ours.nt.p, sizeof(proof));
	buf_free(&message);
	buf_free(&data);
}

/* All that a client reads in it. */
static void ntlm_challenge_vector(const struct vector *v)
{
	struct ntlm_fields f;

	assert_true(ntlm_read(v->expected, &f));
	assert_int_equal(f.type, 2);
	assert_true(bytes_equal(f.challenge, BYTES("\x01\x23\x45\x67\x89\xab\xcd\xef")));
	assert_true(bytes_equal(f.target, BYTES("S\0e\0r\0v\0e\0r\0")));
	assert_int_equal(f.info.n, 36);
	assert_true(bytes_equal(v->expected, v->in[3]));
}

/* The published one has a session key, a version and the computer's name; the rest is ours. */
static void ntlm_authenticate_vector(const struct vector *v)
{
	struct buf message = BUF_SECRET(ROOM);
	struct ntlm_fields ours, theirs;

	run_ntlm(v, &message, &ours);
	assert_true(ntlm_read(v->expected, &theirs));
	assert_int_equal(theirs.type, 3);
	assert_true(bytes_equal(theirs.lm, ours.lm));
	assert_true(bytes_equal(theirs.nt, ours.nt));
	assert_true(bytes_equal(theirs.domain, ours.domain));
	assert_true(bytes_equal(theirs.user, ours.user));
	assert_true(bytes_equal(theirs.workstation, BYTES("C\0O\0M\0P\0U\0T\0E\0R\0")));
	buf_free(&message);
}

/* text */
static void saslprep_vector(const struct vector *v)
{
	struct buf out = BUF(ROOM);
	const char *why;
	bool ok = saslprep_put(v->in[0], &out, &why);

	if (bytes_starts(v->expected, BYTES("ERROR")))
		assert_false(ok);
	else
		check(v, buf_bytes(&out));
	buf_free(&out);
}

static const struct kind {
	const char *name;
	void (*run)(const struct vector *v);
	const char *why_not; /* run NULL: what for it is not implemented */
} kinds[] = {
	{ "base64", base64_vector, NULL },
	{ "base16", base16_vector, NULL },
	{ "md4", md4_vector, NULL },
	{ "hmac-md5", hmac_md5_vector, NULL },
	{ "pbkdf2-sha1", pbkdf2_sha1_vector, NULL },
	{ "apop", apop_vector, NULL },
	{ "login-prompt", login_prompt_vector, NULL },
	{ "oauth-error", oauth_error_vector, NULL },
	{ "plain", plain_vector, NULL },
	{ "cram-md5", cram_md5_vector, NULL },
	{ "anonymous", anonymous_vector, NULL },
	{ "xoauth2", xoauth2_vector, NULL },
	{ "oauthbearer", oauthbearer_vector, NULL },
	{ "oauthbearer-dummy", oauthbearer_dummy_vector, NULL },
	{ "digest-md5-response", digest_md5_response_vector, NULL },
	{ "digest-md5-rspauth", digest_md5_rspauth_vector, NULL },
	{ "digest-md5-message", digest_md5_message_vector, NULL },
	{ "scram-first", scram_first_vector, NULL },
	{ "scram-final", scram_final_vector, NULL },
	{ "scram-proof", scram_proof_vector, NULL },
	{ "ntlm-ntowfv1", md4_vector, NULL }, /* of the password in UTF-16 */
	{ "ntlm-ntowfv2", ntlm_ntowfv2_vector, NULL },
	{ "ntlm-temp", ntlm_temp_vector, NULL },
	{ "ntlm-ntproofstr", ntlm_ntproofstr_vector, NULL },
	{ "ntlm-lmv2", ntlm_lmv2_vector, NULL },
	{ "ntlm-challenge-message", ntlm_challenge_vector, NULL },
	{ "ntlm-authenticate-message", ntlm_authenticate_vector, NULL },
	{ "saslprep", saslprep_vector, NULL },
	{ "base32", NULL, "no login of a mail protocol has it" },
	{ "base32hex", NULL, "no login of a mail protocol has it" },
	{ "ntlm-lmowfv1", NULL, "NTLMv1: DES, long broken; NTLMv2 is what is made" },
	{ "ntlm-ntlmv1", NULL, "NTLMv1: DES, long broken; NTLMv2 is what is made" },
	{ "ntlm-lmv1", NULL, "NTLMv1: DES, long broken; NTLMv2 is what is made" },
	{ "ntlm-sessionbasekey", NULL, "signs and seals what follows: mail has TLS for that" },
	{ "ntlm-encryptedkey", NULL, "signs and seals what follows: mail has TLS for that" },
	{ "digest-md5-auth-int", NULL, "signs and seals what follows: mail has TLS for that" },
	{ "scram-plus", NULL, "channel binding: the -PLUS mechanisms are not offered" },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static unsigned hex_digit(unsigned char c)
{
	return c <= '9' ? c - 48u : (c | 32u) - 87u;
}

/* Turns \xNN into octets, in place: the text only gets shorter. */
static struct bytes unescape(unsigned char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] == '\\' && i + 3 < n && p[i + 1] == 'x') {
			p[to++] = (unsigned char)(hex_digit(p[i + 2]) << 4 | hex_digit(p[i + 3]));
			i += 3;
		} else {
			p[to++] = p[i];
		}
	return (struct bytes){ p, to };
}

/* id, kind, source, expected, inputs. Returns which of kinds it is. */
static size_t run_row(unsigned char *p, size_t n)
{
	struct bytes field[FIELDS] = { { 0 } };
	size_t k = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		size_t tab = bytes_find((struct bytes){ p, n }, '\t');
		field[i] = unescape(p, tab);
		p += tab < n ? tab + 1 : n;
		n -= tab < n ? tab + 1 : n;
	}
	while (k < KINDS && !bytes_equal(field[1], bytes_of(kinds[k].name)))
		k++;
	if (k == KINDS)
		fail_msg("%.*s is of no known kind", (int)field[0].n, (const char *)field[0].p);
	struct vector v = { .id = field[0], .expected = field[3] };
	memcpy(v.in, field + 4, sizeof(v.in));
	if (kinds[k].run)
		kinds[k].run(&v);
	else
		print_message("# not implemented: %.*s (%s)\n", (int)v.id.n, (const char *)v.id.p,
				kinds[k].why_not);
	return k;
}

static void test_published(void **state)
{
	struct buf file = BUF(65536);
	size_t rows = 0, of_kind[KINDS] = { 0 };

	(void)state;
	assert_true(file_read("tests/data/vectors.tsv", &file, NULL));
	for (unsigned char *p = file.p, *end = p + file.n; p < end;) {
		size_t n = bytes_find((struct bytes){ p, (size_t)(end - p) }, '\n');
		if (*p != '#') {
			of_kind[run_row(p, n)]++;
			rows++;
		}
		p += n + 1;
	}
	assert_int_equal(rows, ROWS);
	for (size_t k = 0; k < KINDS; k++)
		assert_true(of_kind[k] > 0);
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
