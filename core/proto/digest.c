/* digest - DIGEST-MD5 messages of a client and the server's proof
 * SPDX-License-Identifier: MIT */
#include "proto/digest.h"

#include "proto/hash.h"
#include "proto/utf8.h"

enum { VALUE_MAX = 4096, HEX = 2 * HASH_MD5_SIZE };

/* What the challenge says, quotes and escapes undone. */
struct challenge {
	struct buf realm, nonce;
	bool has_realm, is_utf8, is_sess, has_qop, has_auth;
};

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

/* Takes a value off the front of in: a quoted string (RFC 2616 2.2) or all before a comma. */
static bool take_value(struct bytes *in, struct buf *value)
{
	buf_clear(value);
	if (!bytes_starts(*in, BYTES("\""))) {
		struct bytes word = bytes_head(*in, bytes_find(*in, ','));
		*in = bytes_skip(*in, word.n);
		return buf_put(value, bytes_trim(word));
	}
	for (size_t i = 1; i < in->n; i++) {
		if (in->p[i] == '"') {
			*in = bytes_skip(*in, i + 1);
			return !value->overflow;
		}
		i += in->p[i] == '\\' && i + 1 < in->n;
		buf_putc(value, in->p[i]);
	}
	return false;
}

/* A list such as "auth,auth-int" has the word. */
static bool list_has(struct bytes list, struct bytes word)
{
	while (list.n > 0) {
		struct bytes item = bytes_head(list, bytes_find(list, ','));
		if (bytes_equal_nocase(bytes_trim(item), word))
			return true;
		list = bytes_skip(list, item.n + 1);
	}
	return false;
}

static void keep(struct challenge *c, struct bytes name, struct bytes value)
{
	if (bytes_equal_nocase(name, BYTES("realm")) && !c->has_realm) { /* the first of several */
		c->has_realm = true;
		buf_put(&c->realm, value);
	} else if (bytes_equal_nocase(name, BYTES("nonce"))) {
		buf_clear(&c->nonce);
		buf_put(&c->nonce, value);
	} else if (bytes_equal_nocase(name, BYTES("charset"))) {
		c->is_utf8 = bytes_equal_nocase(value, BYTES("utf-8"));
	} else if (bytes_equal_nocase(name, BYTES("algorithm"))) {
		c->is_sess = bytes_equal_nocase(value, BYTES("md5-sess"));
	} else if (bytes_equal_nocase(name, BYTES("qop"))) {
		c->has_qop = true;
		c->has_auth = list_has(value, BYTES("auth"));
	}
}

static bool read_challenge(struct bytes in, struct challenge *c, const char **why)
{
	struct buf value = BUF(VALUE_MAX);
	bool ok = true;

	while (ok) {
		while (in.n > 0 && is_blank(in.p[0]))
			in = bytes_skip(in, 1);
		if (in.n == 0)
			break;
		struct bytes name = bytes_head(in, bytes_find(in, '='));
		ok = name.n < in.n;
		in = bytes_skip(in, name.n + 1);
		ok = ok && take_value(&in, &value);
		if (ok)
			keep(c, bytes_trim(name), buf_bytes(&value));
	}
	if (!ok)
		*why = "the server's challenge is not of the form name=value,...";
	else if (c->nonce.n == 0)
		*why = "the server's challenge has no nonce";
	else if (!c->is_sess)
		*why = "the server's challenge is not for algorithm=md5-sess";
	else if (c->has_qop && !c->has_auth)
		*why = "the server insists on a protection layer (qop) that is not known here";
	buf_free(&value);
	return !*why;
}

/* RFC 2831 2.1.2.1: what is all ISO 8859-1 is hashed as that, else as UTF-8. */
static void put_charset(struct buf *out, struct bytes in)
{
	struct bytes rest = in;
	uint32_t code;

	while (utf8_take(&rest, &code))
		if (code > 255)
			break;
	if (rest.n > 0) {
		buf_put(out, in);
		return;
	}
	while (utf8_take(&in, &code))
		buf_putc(out, (unsigned char)code);
}

static void md5_hex(const struct bytes *parts, size_t count, char hex[HEX + 1])
{
	unsigned char digest[HASH_MD5_SIZE];

	hash_of(HASH_MD5, parts, count, digest);
	hash_hex(digest, sizeof(digest), hex);
}

/* hex(A1) */
static void hash_secret(const struct digest_exchange *x, const struct challenge *c,
		char hex[HEX + 1])
{
	struct buf secret = BUF_SECRET(4 * VALUE_MAX);
	unsigned char digest[HASH_MD5_SIZE];
	const struct bytes colon = BYTES(":");
	struct bytes session[] = { { digest, sizeof(digest) }, colon, buf_bytes(&c->nonce), colon,
		x->nonce, colon, x->authzid };

	put_charset(&secret, x->user);
	buf_putc(&secret, ':');
	put_charset(&secret, buf_bytes(&c->realm));
	buf_putc(&secret, ':');
	put_charset(&secret, x->password);
	hash_of(HASH_MD5, &(struct bytes){ secret.p, secret.n }, 1, digest);
	md5_hex(session, x->authzid.n > 0 ? 7 : 5, hex);
	buf_free(&secret);
}

/* method: "AUTHENTICATE" for the response, nothing for rspauth. */
static void put_response(struct buf *out, const struct digest_exchange *x,
		const struct challenge *c, struct bytes method)
{
	char a1[HEX + 1], a2[HEX + 1], response[HEX + 1];
	const struct bytes colon = BYTES(":");
	const struct bytes request[] = { method, colon, x->service, BYTES("/"), x->host };

	hash_secret(x, c, a1);
	md5_hex(request, 5, a2);
	const struct bytes whole[] = { { (unsigned char *)a1, HEX }, colon, buf_bytes(&c->nonce),
		BYTES(":00000001:"), x->nonce, BYTES(":auth:"), { (unsigned char *)a2, HEX } };
	md5_hex(whole, 7, response);
	buf_puts(out, response);
}

static void put_quoted(struct buf *out, const char *name, struct bytes value)
{
	buf_printf(out, "%s=\"", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, value.p[i]);
	}
	buf_putc(out, '"');
}

static void put_message(struct buf *out, const struct digest_exchange *x, const struct challenge *c)
{
	buf_puts(out, c->is_utf8 ? "charset=utf-8," : "");
	put_quoted(out, "username", x->user);
	if (c->has_realm)
		put_quoted(out, ",realm", buf_bytes(&c->realm));
	put_quoted(out, ",nonce", buf_bytes(&c->nonce));
	buf_puts(out, ",nc=00000001");
	put_quoted(out, ",cnonce", x->nonce);
	buf_puts(out, ",digest-uri=\"");
	buf_put(out, x->service);
	buf_putc(out, '/');
	buf_put(out, x->host);
	buf_puts(out, "\",response=");
	put_response(out, x, c, BYTES("AUTHENTICATE"));
	buf_puts(out, ",qop=auth");
	if (x->authzid.n > 0)
		put_quoted(out, ",authzid", x->authzid);
}

bool digest_response(const struct digest_exchange *x, struct buf *out, struct buf *due,
		const char **why)
{
	struct challenge c = { .realm = BUF(VALUE_MAX), .nonce = BUF(VALUE_MAX) };

	*why = NULL;
	if (read_challenge(x->challenge, &c, why)) {
		put_message(out, x, &c);
		buf_puts(due, "rspauth=");
		put_response(due, x, &c, BYTES(""));
		if (out->overflow)
			*why = "the server's challenge is too long";
	}
	buf_free(&c.realm);
	buf_free(&c.nonce);
	return !*why;
}
