/* compare - a message against what the given password makes
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "proto/digest.h"
#include "proto/ntlm.h"
#include "proto/sasl.h"
#include "proto/scram.h"

enum { SHA1_PROOF = 28 /* octets of base64; SHA-256 has 44 */ };

static enum b64auth_match match_of(bool is_equal)
{
	return is_equal ? B64AUTH_SAME : B64AUTH_OTHER;
}

static enum b64auth_match match_digest_of(struct b64auth_kept *k, const struct b64auth_taken *t)
{
	const struct sasl_creds creds = { .user = t->f.user, .password = t->want_password };
	struct buf right = BUF_SECRET(B64AUTH_KEPT_MAX);

	if (t->look == SASL_LOOK_APOP)
		sasl_apop(&right, buf_bytes(&k->challenge), creds.password);
	else
		sasl_cram_md5(&right, &creds, buf_bytes(&k->challenge));
	bool is_equal = bytes_equal(buf_bytes(&right),
			t->look == SASL_LOOK_APOP ? t->f.password : t->decoded);
	buf_free(&right);
	return match_of(is_equal);
}

static enum b64auth_match match_scram(struct b64auth_kept *k, const struct b64auth_taken *t)
{
	const struct scram_exchange x = {
		.hash = t->f.password.n == SHA1_PROOF ? HASH_SHA1 : HASH_SHA256,
		.password = t->want_password,
		.client_first = buf_bytes(&k->first),
		.server_first = buf_bytes(&k->challenge),
		.few_rounds = true,
	};
	struct buf right = BUF_SECRET(B64AUTH_KEPT_MAX);
	const char *why;

	/* each takes up to a second, and a file may hold thousands */
	bool ok = k->first.n > 0 && k->scrams++ < B64AUTH_SCRAMS_MAX &&
			scram_final(&x, &right, &k->due, &why);
	enum b64auth_match match = !ok ? B64AUTH_NO_CHALLENGE :
					 match_of(bytes_equal(buf_bytes(&right), t->decoded));
	buf_free(&right);
	return match;
}

static enum b64auth_match match_ntlm(struct b64auth_kept *k, const struct b64auth_taken *t)
{
	struct ntlm_fields f, c;

	if (!ntlm_read(t->decoded, &f) || f.type != 3)
		return B64AUTH_NOT_COMPARED;
	if (f.nt.n <= 24 || !ntlm_read(buf_bytes(&k->challenge), &c)) /* NTLMv1, or no type 2 */
		return B64AUTH_NO_CHALLENGE;
	return match_of(ntlm_verify(&f, c.challenge, t->want_password));
}

static enum b64auth_match match_response(struct b64auth_kept *k, const struct b64auth_taken *t)
{
	if (k->challenge.n == 0)
		return B64AUTH_NO_CHALLENGE;
	buf_clear(&k->due);
	switch (t->look) {
	case SASL_LOOK_DIGEST_RESPONSE:
		return match_of(digest_verify(buf_bytes(&k->challenge), t->decoded,
				t->want_password, &k->due));
	case SASL_LOOK_SCRAM_FINAL:
		return match_scram(k, t);
	case SASL_LOOK_NTLM:
		return match_ntlm(k, t);
	default:
		return match_digest_of(k, t);
	}
}

static void keep(struct buf *b, struct bytes message)
{
	buf_clear(b);
	buf_put(b, message);
}

static enum b64auth_match match(struct b64auth_kept *k, const struct b64auth_taken *t)
{
	switch (t->look) {
	case SASL_LOOK_PLAIN:
	case SASL_LOOK_TEXT:
	case SASL_LOOK_XOAUTH2:
	case SASL_LOOK_OAUTHBEARER:
	case SASL_LOOK_TOKEN:
		return t->f.password.n == 0 ?
				B64AUTH_NOT_COMPARED :
				match_of(bytes_equal(t->f.password, t->want_password));
	case SASL_LOOK_NTLM:
	case SASL_LOOK_APOP:
	case SASL_LOOK_CRAM_RESPONSE:
	case SASL_LOOK_DIGEST_RESPONSE:
	case SASL_LOOK_SCRAM_FINAL:
		return match_response(k, t);
	case SASL_LOOK_DIGEST_END:
	case SASL_LOOK_SCRAM_END:
		return k->due.n == 0 ? B64AUTH_NO_CHALLENGE :
				       match_of(bytes_equal(t->decoded, buf_bytes(&k->due)));
	default:
		return B64AUTH_NOT_COMPARED;
	}
}

void b64auth_compare(struct b64auth_kept *k, struct b64auth_taken *t)
{
	struct ntlm_fields f;

	if (t->want_password.n > 0 && !t->fault)
		t->match = match(k, t);
	if (t->look == SASL_LOOK_SCRAM_FIRST)
		keep(&k->first, t->decoded);
	else if (t->look == SASL_LOOK_CRAM_CHALLENGE || t->look == SASL_LOOK_DIGEST_CHALLENGE ||
			t->look == SASL_LOOK_SCRAM_SERVER ||
			(t->look == SASL_LOOK_NTLM && ntlm_read(t->decoded, &f) && f.type == 2))
		keep(&k->challenge, t->decoded);
}

void b64auth_kept_free(struct b64auth_kept *k)
{
	buf_free(&k->challenge);
	buf_free(&k->first);
	buf_free(&k->due);
}
