/* sasl - authentication mechanisms as exchanges of octets
 * SPDX-License-Identifier: MIT */
#include "proto/sasl.h"

#include "proto/digest.h"
#include "proto/hash.h"
#include "proto/ntlm.h"
#include "proto/saslprep.h"
#include "proto/scram.h"

#include <string.h>

enum { KEPT_MAX = 8192 };

#define SCRAM (SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256)

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

/* EXTERNAL and ANONYMOUS: the password is not looked at, and the name may be empty. */
static bool identity_fits(const struct sasl *s, const char **why)
{
	if (has_nul(s->creds.user) || has_nul(s->creds.authzid))
		*why = "the user name holds a NUL byte";
	return !*why;
}

static enum sasl_result step_plain(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	(void)challenge;
	return sasl_plain(out, &s->creds, why) ? SASL_LAST : SASL_FAILED;
}

/* draft-murchison-sasl-login: the user name, then the password. */
static enum sasl_result step_login(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	(void)challenge;
	(void)why;
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

static bool prove(struct sasl *s, bool is_equal, const char *no, const char **why)
{
	s->is_proven = is_equal;
	if (!is_equal)
		*why = no;
	return is_equal;
}

static enum sasl_result step_digest_md5(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	const struct digest_exchange x = { s->creds.authzid, s->creds.user, s->creds.password,
		s->about.service, s->about.host, s->about.nonce, challenge };

	if (s->step == 0)
		return digest_response(&x, out, &s->due, why) ? SASL_MORE : SASL_FAILED;
	bool is_equal = challenge.n == s->due.n && hash_equal(challenge.p, s->due.p, s->due.n);
	return prove(s, is_equal, "the server's rspauth is wrong: it does not know this password",
			       why) ?
			SASL_LAST :
			SASL_FAILED;
}

static enum sasl_result step_scram(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	const struct scram_exchange x = {
		.hash = s->mech == SASL_SCRAM_SHA_1 ? HASH_SHA1 : HASH_SHA256,
		.password = s->creds.password,
		.client_first = buf_bytes(&s->first),
		.server_first = challenge,
		.few_rounds = s->creds.few_rounds,
	};
	bool ok;

	if (s->step == 0) {
		buf_clear(&s->first);
		ok = scram_first(&s->first, s->creds.authzid, s->creds.user, s->about.nonce, why);
		buf_put(out, buf_bytes(&s->first));
		return ok ? SASL_MORE : SASL_FAILED;
	}
	if (s->step == 1)
		return scram_final(&x, out, &s->due, why) ? SASL_MORE : SASL_FAILED;
	s->is_proven = scram_is_proven(challenge, buf_bytes(&s->due), why);
	return s->is_proven ? SASL_LAST : SASL_FAILED;
}

/* Google's XOAUTH2; an error object is answered with an empty message. */
static enum sasl_result step_xoauth2(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	(void)challenge;
	(void)why;
	if (s->step > 0)
		return SASL_LAST;
	buf_puts(out, "user=");
	buf_put(out, s->creds.user);
	buf_puts(out, "\1auth=Bearer ");
	buf_put(out, s->creds.password);
	buf_puts(out, "\1\1");
	return SASL_LAST;
}

/* RFC 7628 3.1; an error object is answered with one ^A (3.2.3). */
static enum sasl_result step_oauthbearer(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	struct bytes user = s->creds.authzid.n > 0 ? s->creds.authzid : s->creds.user;

	(void)challenge;
	(void)why;
	if (s->step > 0) {
		buf_putc(out, '\1');
		return SASL_LAST;
	}
	buf_puts(out, "n,a=");
	for (size_t i = 0; i < user.n; i++) /* a saslname, RFC 5801 4 */
		if (user.p[i] == ',' || user.p[i] == '=')
			buf_puts(out, user.p[i] == ',' ? "=2C" : "=3D");
		else
			buf_putc(out, user.p[i]);
	buf_puts(out, ",\1");
	if (s->about.host.n > 0) {
		buf_puts(out, "host=");
		buf_put(out, s->about.host);
		buf_putc(out, '\1');
	}
	if (s->about.port > 0)
		buf_printf(out, "port=%u\1", s->about.port);
	buf_puts(out, "auth=Bearer ");
	buf_put(out, s->creds.password);
	buf_puts(out, "\1\1");
	return SASL_LAST;
}

/* RFC 4422 A, RFC 4505: who one is, or an address; the certificate or nothing proves it. */
static enum sasl_result step_identity(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	(void)challenge;
	(void)why;
	buf_put(out, s->creds.authzid.n > 0 ? s->creds.authzid : s->creds.user);
	return SASL_LAST;
}

static enum sasl_result step_ntlm(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	struct ntlm_exchange x = { s->creds.user, s->creds.password, challenge, { 0 } };

	if (s->step == 0) {
		ntlm_negotiate(out);
		return SASL_MORE;
	}
	struct bytes nonce = bytes_head(s->about.nonce, NTLM_CHALLENGE);
	if (nonce.n > 0)
		memcpy(x.nonce, nonce.p, nonce.n);
	return ntlm_authenticate(&x, out, why) ? SASL_LAST : SASL_FAILED;
}

static const struct exchange {
	unsigned mechs;
	unsigned messages; /* at most, the answer to a server's refusal included */
	bool speaks_first, no_password;
	enum sasl_result (*step)(struct sasl *s, struct bytes challenge, struct buf *out,
			const char **why);
} exchanges[] = {
	{ SASL_PLAIN, 1, true, false, step_plain },
	{ SASL_LOGIN, 2, true, false, step_login },
	{ SASL_CRAM_MD5, 1, false, false, step_cram_md5 },
	{ SASL_DIGEST_MD5, 2, false, false, step_digest_md5 },
	{ SCRAM, 3, true, false, step_scram },
	{ SASL_XOAUTH2, 2, true, false, step_xoauth2 },
	{ SASL_OAUTHBEARER, 2, true, false, step_oauthbearer },
	{ SASL_EXTERNAL | SASL_ANONYMOUS, 1, true, true, step_identity },
	{ SASL_NTLM, 2, true, false, step_ntlm },
};

static const struct exchange *exchange_of(unsigned mech)
{
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
		if (exchanges[i].mechs & mech)
			return &exchanges[i];
	return NULL;
}

bool sasl_begin(struct sasl *s, unsigned mech, const struct sasl_creds *creds)
{
	const struct exchange *x = exchange_of(mech);

	*s = (struct sasl){ .mech = mech,
		.creds = *creds,
		.first = BUF_SECRET(KEPT_MAX),
		.due = BUF_SECRET(KEPT_MAX) };
	return x && x->speaks_first;
}

void sasl_end(struct sasl *s)
{
	buf_free(&s->first);
	buf_free(&s->due);
}

size_t sasl_command_max(enum proto proto)
{
	/* RFC 5321 4.5.3.1.4 and RFC 2449 4, with the line end; IMAP knows no limit */
	static const unsigned short max
			[] = { [PROTO_SMTP] = 512, [PROTO_POP3] = 255, [PROTO_IMAP] = UINT16_MAX };

	return max[proto] - 2u;
}

bool sasl_may_believe(const struct sasl *s, const char **why)
{
	*why = NULL;
	if (s->mech & SASL_MUTUAL && !s->is_proven)
		*why = "the server says yes, but did not prove that it knows the password";
	return !*why;
}

bool sasl_fits(const struct sasl *s, const char **why)
{
	const struct exchange *x = exchange_of(s->mech);
	struct buf password = BUF_SECRET(KEPT_MAX);

	*why = NULL;
	if (!x)
		*why = "this mechanism is not implemented";
	else if ((x->no_password ? identity_fits(s, why) : creds_fit(&s->creds, why)) &&
			s->mech & SCRAM)
		saslprep_put(s->creds.password, &password, why);
	buf_free(&password);
	return !*why;
}

enum sasl_result sasl_step(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why)
{
	const struct exchange *x = exchange_of(s->mech);
	enum sasl_result result = SASL_FAILED;

	if (sasl_fits(s, why) && s->step >= x->messages)
		*why = "the server asks for more than this mechanism has";
	if (!*why)
		result = x->step(s, challenge, out, why);
	if (result != SASL_FAILED && out->overflow) {
		*why = "user name and password are too long";
		result = SASL_FAILED;
	}
	if (result != SASL_FAILED)
		s->step++;
	return result;
}
