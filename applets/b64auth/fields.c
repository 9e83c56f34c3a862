/* fields - what stands in a message beside names and secrets
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "applets/b64auth/b64auth.h"
#include "proto/jsonread.h"
#include "proto/ntlm.h"

#include <string.h>
#include <time.h>

enum { NAME_MAX_HERE = 20 };

static bool overlaps(struct bytes a, struct bytes b)
{
	return a.n > 0 && b.n > 0 && a.p < b.p + b.n && b.p < a.p + a.n;
}

/* SCRAM's names are letters (RFC 5802 5.1). */
static struct bytes long_name(struct bytes name)
{
	static const char *const names[] = { "rnonce", "ssalt", "irounds", "cbinding", "vproof",
		"eerror" };

	if (name.n != 1)
		return name;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i][0] == (char)name.p[0])
			return bytes_of(names[i] + 1);
	return (struct bytes){ 0 };
}

/* The peer gave the name: what is no lower-case word is no field. */
static void give(const struct b64auth_sink *s, struct bytes name, struct bytes value)
{
	char text[NAME_MAX_HERE + 1];

	name = long_name(name);
	if (name.n == 0 || name.n > NAME_MAX_HERE)
		return;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];
		if ((c < 'a' || c > 'z') && c != '-' && c != '_')
			return;
		text[i] = (char)c;
	}
	text[name.n] = '\0';
	s->put(s->ctx, text, value);
}

/* name=value or name="value", up to the next separator. */
static void give_pairs(const struct b64auth_sink *s, const struct b64auth_taken *t,
		unsigned char separator)
{
	struct bytes in = t->decoded;

	while (in.n > 0) {
		size_t equals = bytes_find(in, '='), end = bytes_find(in, separator);
		struct bytes value = bytes_skip(in, equals + 1);
		bool is_quoted = bytes_starts(value, BYTES("\""));
		if (is_quoted) {
			value = bytes_skip(value, 1);
			value.n = bytes_find(value, '"');
			end = equals + 2 + value.n;
			end += bytes_find(bytes_skip(in, end), separator);
		} else if (equals < end) {
			value.n = end - equals - 1;
		}
		bool is_told = overlaps(value, t->f.user) || overlaps(value, t->f.authzid) ||
				overlaps(value, t->f.password);
		if (equals < end && !is_told)
			give(s, bytes_trim(bytes_head(in, equals)), value);
		in = bytes_skip(in, end + 1);
	}
}

static void give_members(const struct b64auth_sink *s, struct bytes object)
{
	struct buf text = BUF_SECRET(object.n);
	struct jsonread_value v;
	struct bytes key;

	while (jsonread_member(&object, &key, &v)) {
		buf_clear(&text);
		give(s, key, jsonread_string(&v, &text) ? buf_bytes(&text) : v.text);
	}
	buf_free(&text);
}

/* The payload of a signed web token (RFC 7519): header, payload, signature, with dots between. */
static bool read_token(struct bytes token, struct buf *payload, struct bytes *object)
{
	struct bytes in = bytes_skip(token, bytes_find(token, '.') + 1);
	struct b64_decoder d = { .url = true };
	struct jsonread_value v = { 0 };
	size_t n = bytes_find(in, '.');

	if (n == in.n || !b64_decoder_put(&d, bytes_head(in, n), payload) ||
			!b64_decoder_end(&d, payload))
		return false;
	in = buf_bytes(payload);
	bool is_object = jsonread_take(&in, &v) && v.kind == JSONREAD_OBJECT;
	*object = v.text;
	return is_object;
}

bool b64auth_expiry(struct bytes token, int64_t *at)
{
	struct buf payload = BUF_SECRET(token.n);
	struct jsonread_value v;
	struct bytes object;
	bool has = read_token(token, &payload, &object) && jsonread_find(object, "exp", &v) &&
			jsonread_int(&v, at);

	buf_free(&payload);
	return has;
}

bool b64auth_is_time(const char *name)
{
	return !strcmp(name, "exp") || !strcmp(name, "iat") || !strcmp(name, "nbf");
}

void b64auth_put_time(struct buf *out, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm))
		buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d UTC", tm.tm_year + 1900,
				tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void give_token(const struct b64auth_sink *s, struct bytes token)
{
	struct buf payload = BUF_SECRET(token.n);
	struct bytes object;

	if (read_token(token, &payload, &object))
		give_members(s, object);
	buf_free(&payload);
}

static void give_ntlm_text(const struct b64auth_sink *s, const char *name, struct bytes text,
		bool is_oem)
{
	struct buf out = BUF(2 * text.n + 8);

	if (is_oem)
		buf_put(&out, text);
	else
		ntlm_put_text(&out, text);
	if (out.n > 0)
		s->put(s->ctx, name, buf_bytes(&out));
	buf_free(&out);
}

static void give_ntlm(const struct b64auth_sink *s, struct bytes in)
{
	char text[2 * NTLM_CHALLENGE + 1];
	struct buf out = BUF(64);
	struct ntlm_fields f;

	if (!ntlm_read(in, &f))
		return;
	buf_printf(&out, "%u, flags 0x%08x", f.type, (unsigned)f.flags);
	s->put(s->ctx, "type", buf_bytes(&out));
	give_ntlm_text(s, "target", f.target, f.is_oem);
	if (f.challenge.n == NTLM_CHALLENGE) {
		hash_hex(f.challenge.p, NTLM_CHALLENGE, text);
		s->put(s->ctx, "challenge", bytes_of(text));
	}
	give_ntlm_text(s, "domain", f.domain, f.is_oem);
	give_ntlm_text(s, "user", f.user, f.is_oem);
	give_ntlm_text(s, "computer", f.workstation, f.is_oem);
	if (f.nt.n > 0) /* MS-NLMP 2.2.2.6 and 2.2.2.8: version 1 has 24 octets, always */
		s->put(s->ctx, "answer", f.nt.n > 24 ? BYTES("NTLMv2") : BYTES("NTLMv1"));
	buf_free(&out);
}

void b64auth_fields(const struct b64auth_taken *t, const struct b64auth_sink *s)
{
	struct bytes in = bytes_trim(t->decoded);
	struct jsonread_value v;

	if (t->look == SASL_LOOK_NTLM)
		give_ntlm(s, t->decoded);
	else if (t->look == SASL_LOOK_TOKEN)
		give_token(s, t->f.password);
	else if (t->look == SASL_LOOK_OAUTH_ERROR && jsonread_take(&in, &v))
		give_members(s, v.text);
	else if (t->look == SASL_LOOK_XOAUTH2 || t->look == SASL_LOOK_OAUTHBEARER) {
		give_pairs(s, t, '\1');
		give_token(s, t->f.password);
	} else if (t->look >= SASL_LOOK_DIGEST_CHALLENGE && t->look <= SASL_LOOK_SCRAM_END) {
		give_pairs(s, t, ',');
	}
}
