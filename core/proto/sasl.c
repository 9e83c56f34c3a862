/* sasl - authentication mechanisms as exchanges of octets
 * SPDX-License-Identifier: MIT */
#include "proto/sasl.h"

#include "proto/hash.h"

static const struct {
	unsigned mech;
	const char *name;
} mechs_known[] = {
	{ SASL_ANONYMOUS, "ANONYMOUS" },
	{ SASL_LOGIN, "LOGIN" },
	{ SASL_PLAIN, "PLAIN" },
	{ SASL_NTLM, "NTLM" },
	{ SASL_CRAM_MD5, "CRAM-MD5" },
	{ SASL_DIGEST_MD5, "DIGEST-MD5" },
	{ SASL_XOAUTH2, "XOAUTH2" },
	{ SASL_OAUTHBEARER, "OAUTHBEARER" },
	{ SASL_SCRAM_SHA_1, "SCRAM-SHA-1" },
	{ SASL_SCRAM_SHA_256, "SCRAM-SHA-256" },
	{ SASL_EXTERNAL, "EXTERNAL" },
};

enum { MECH_COUNT = sizeof(mechs_known) / sizeof(mechs_known[0]) };

unsigned sasl_mech_of(struct bytes name)
{
	for (size_t i = 0; i < MECH_COUNT; i++)
		if (bytes_equal_nocase(name, bytes_of(mechs_known[i].name)))
			return mechs_known[i].mech;
	return 0;
}

const char *sasl_mech_name(unsigned mech)
{
	for (size_t i = 0; i < MECH_COUNT; i++)
		if (mechs_known[i].mech == mech)
			return mechs_known[i].name;
	return NULL;
}

void sasl_mechs_add(struct bytes list, unsigned *mechs, size_t *unknown)
{
	struct bytes word;

	while (bytes_word(&list, &word)) {
		unsigned mech = sasl_mech_of(word);
		*mechs |= mech;
		if (!mech && unknown)
			(*unknown)++;
	}
}

static bool has_nul(struct bytes in)
{
	return bytes_find(in, '\0') < in.n;
}

/* What no mechanism of ours can carry, or what no server takes. */
static bool creds_fit(const struct sasl_creds *creds, const char **why)
{
	*why = NULL;
	if (creds->user.n == 0)
		*why = "the user name is empty";
	else if (creds->password.n == 0)
		*why = "the password is empty";
	else if (has_nul(creds->user))
		*why = "the user name holds a NUL byte";
	else if (has_nul(creds->password))
		*why = "the password holds a NUL byte";
	else if (has_nul(creds->authzid))
		*why = "the authorization identity holds a NUL byte";
	return !*why;
}

bool sasl_plain(struct buf *out, const struct sasl_creds *creds, const char **why)
{
	if (!creds_fit(creds, why))
		return false;
	buf_put(out, creds->authzid);
	buf_putc(out, '\0');
	buf_put(out, creds->user);
	buf_putc(out, '\0');
	buf_put(out, creds->password);
	return true;
}

static void put_hex(struct buf *out, const unsigned char digest[HASH_MD5_SIZE])
{
	char hex[2 * HASH_MD5_SIZE + 1];

	hash_hex(digest, HASH_MD5_SIZE, hex);
	buf_puts(out, hex);
}

void sasl_cram_md5(struct buf *out, const struct sasl_creds *creds, struct bytes challenge)
{
	unsigned char digest[HASH_MD5_SIZE];

	hash_hmac(HASH_MD5, creds->password, challenge, digest);
	buf_put(out, creds->user);
	buf_putc(out, ' ');
	put_hex(out, digest);
}

void sasl_apop(struct buf *out, struct bytes stamp, struct bytes password)
{
	unsigned char digest[HASH_MD5_SIZE];

	hash_of(HASH_MD5, (const struct bytes[]){ stamp, password }, 2, digest);
	put_hex(out, digest);
}

bool sasl_begin(struct sasl *s, unsigned mech, const struct sasl_creds *creds)
{
	*s = (struct sasl){ .mech = mech, .creds = *creds };
	return mech == SASL_PLAIN || mech == SASL_LOGIN;
}

static enum sasl_result step_plain(struct sasl *s, struct buf *out, const char **why)
{
	return sasl_plain(out, &s->creds, why) ? SASL_LAST : SASL_FAILED;
}

/* draft-murchison-sasl-login: the user name, then the password. */
static enum sasl_result step_login(struct sasl *s, struct buf *out)
{
	buf_put(out, s->step == 0 ? s->creds.user : s->creds.password);
	return s->step == 0 ? SASL_MORE : SASL_LAST;
}

/* RFC 2195 2 wants a msg-id, but the digest is one over any octets, and servers that challenge with
 * something else do let clients in that do not look. An empty challenge would be a fixed digest. */
static enum sasl_result step_cram_md5(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	if (challenge.n == 0) {
		*why = "the challenge is empty";
		return SASL_FAILED;
	}
	sasl_cram_md5(out, &s->creds, challenge);
	return SASL_LAST;
}

enum sasl_result sasl_step(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	enum sasl_result result = SASL_FAILED;
	unsigned messages = s->mech == SASL_LOGIN ? 2 : 1;

	*why = NULL;
	if (!(s->mech & SASL_IMPLEMENTED))
		*why = "this mechanism is not implemented";
	else if (s->step >= messages)
		*why = "the server asks for more than this mechanism has";
	else if (!creds_fit(&s->creds, why))
		return SASL_FAILED;
	else if (s->mech == SASL_PLAIN)
		result = step_plain(s, out, why);
	else if (s->mech == SASL_LOGIN)
		result = step_login(s, out);
	else
		result = step_cram_md5(s, challenge, out, why);
	if (result != SASL_FAILED)
		s->step++;
	return result;
}
