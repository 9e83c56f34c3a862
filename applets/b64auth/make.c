/* make - the client's messages of a mechanism
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/b64auth.h"

#include "proto/b64.h"
#include "proto/pop3.h"
#include "proto/sasl.h"
#include "ui/json.h"

enum { JSON_MAX = 8 * B64AUTH_LINE_MAX };

/* What is made is the product: standard output gets it whatever --show-secrets says. */
static void print(struct b64auth *b, const char *mech, struct bytes lines)
{
	struct buf text = BUF_SECRET(JSON_MAX);
	struct bytes line;
	struct json j;

	if (!b->common.json) {
		out_put(&b->w->out, lines);
		return;
	}
	json_begin(&j, &text);
	json_str(&j, "type", "made");
	json_str(&j, "mechanism", mech);
	json_text(&j, "user", bytes_of(b->common.user));
	json_array(&j, "lines");
	while (bytes_line(&lines, &line))
		json_item(&j, line);
	json_end(&j);
	out_put(&b->w->out, buf_bytes(&text));
	buf_free(&text);
}

/* User and password. Without a user it is not even asked for a password. */
static bool get_creds(struct b64auth *b, struct buf *password, struct sasl_creds *creds)
{
	struct err e = { 0 };

	if (!b->common.user && !b->common.use_netrc)
		b64auth_wrong(b, "no user name: give it with -u");
	else if (!opt_password(b->w, &b->common, NULL, password, &e))
		b64auth_wrong(b, "%s", e.text);
	else if (!b->common.user)
		b64auth_wrong(b, "no user name: the netrc file has none; give it with -u");
	else {
		*creds = (struct sasl_creds){ bytes_of(b->authzid), bytes_of(b->common.user),
			buf_bytes(password) };
		return true;
	}
	return false;
}

/* The challenge, be it "<...>" as decoded, or base64 alone or in its line "334 PDE4...". */
static bool get_challenge(struct b64auth *b, struct buf *challenge)
{
	struct buf words = BUF(B64AUTH_LINE_MAX);
	bool ok = b64auth_words(b, &words);
	struct bytes text = bytes_trim(buf_bytes(&words));

	if (ok && bytes_starts(text, BYTES("<")))
		buf_put(challenge, text);
	else
		ok = ok && b64_decode(b64auth_find(text), challenge, NULL) == B64_OK &&
				challenge->n > 0;
	if (!ok)
		b64auth_wrong(b, "the challenge is neither base64 nor of the form <...@...>");
	buf_free(&words);
	return ok;
}

/* Runs the exchange to its end; each message is a line. */
static bool put_messages(struct b64auth *b, struct sasl *s, struct bytes challenge,
		struct buf *lines)
{
	struct buf message = BUF_SECRET(B64AUTH_LINE_MAX);
	enum sasl_result result;
	const char *why = NULL;

	do {
		buf_clear(&message);
		result = sasl_step(s, challenge, &message, &why);
		if (message.overflow || !b64_encode(buf_bytes(&message), lines) ||
				!buf_putc(lines, '\n')) {
			why = "user name and password are too long";
			result = SASL_FAILED;
		}
	} while (result == SASL_MORE);
	buf_free(&message);
	if (result == SASL_FAILED)
		b64auth_wrong(b, "%s", why);
	return result != SASL_FAILED;
}

int b64auth_make(struct b64auth *b, unsigned mech)
{
	struct buf password = BUF_SECRET(OPT_SECRET_MAX), lines = BUF_SECRET(B64AUTH_LINE_MAX);
	struct buf challenge = BUF(B64AUTH_LINE_MAX);
	struct sasl_creds creds;
	struct sasl s;

	bool ok = (mech != SASL_CRAM_MD5 || get_challenge(b, &challenge)) &&
			get_creds(b, &password, &creds);
	if (ok) {
		sasl_begin(&s, mech, &creds);
		ok = put_messages(b, &s, buf_bytes(&challenge), &lines);
		sasl_end(&s);
	}
	if (ok)
		print(b, sasl_mech_name(mech), buf_bytes(&lines));
	buf_free(&password);
	buf_free(&lines);
	buf_free(&challenge);
	return ok ? 0 : 3;
}

int b64auth_apop(struct b64auth *b)
{
	struct buf password = BUF_SECRET(OPT_SECRET_MAX), line = BUF_SECRET(B64AUTH_LINE_MAX);
	struct buf banner = BUF(B64AUTH_LINE_MAX);
	struct sasl_creds creds;
	struct bytes stamp;
	bool ok = false;

	if (!b64auth_words(b, &banner) || !pop3_apop_stamp(buf_bytes(&banner), &stamp))
		b64auth_wrong(b,
				"no time stamp <...@...> in the greeting: this server has no APOP");
	else
		ok = get_creds(b, &password, &creds);
	if (ok) {
		sasl_apop(&line, stamp, creds.password);
		buf_putc(&line, '\n');
		print(b, "APOP", buf_bytes(&line));
	}
	buf_free(&password);
	buf_free(&line);
	buf_free(&banner);
	return ok ? 0 : 3;
}
