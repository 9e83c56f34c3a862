/* digest - DIGEST-MD5 messages of both sides
 * SPDX-License-Identifier: MIT */
#include "proto/digest.h"

#include "proto/hash.h"
#include "proto/utf8.h"

enum { VALUE_MAX = 4096, HEX = 2 * HASH_MD5_SIZE };

enum field {
	REALM,
	NONCE,
	CHARSET,
	ALGORITHM,
	QOP,
	USERNAME,
	AUTHZID,
	CNONCE,
	URI,
	RESPONSE,
	FIELDS
};

static const char *const field_names[FIELDS] = {
	"realm",
	"nonce",
	"charset",
	"algorithm",
	"qop",
	"username",
	"authzid",
	"cnonce",
	"digest-uri",
	"response",
};

/* What a challenge or a response says, quotes and escapes undone. */
struct message {
	struct buf value[FIELDS];
	bool has[FIELDS];
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

/* False: said twice, which only realm may be; the first one counts. */
static bool keep(struct message *m, struct bytes name, struct bytes value)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (!bytes_equal_nocase(name, bytes_of(field_names[i])))
			continue;
		if (m->has[i])
			return i == REALM;
		m->has[i] = true;
		m->value[i].max = VALUE_MAX;
		return buf_put(&m->value[i], value);
	}
	return true;
}

static void message_free(struct message *m)
{
	for (size_t i = 0; i < FIELDS; i++)
		buf_free(&m->value[i]);
}

/* m is zeroed; message_free in any case. */
static bool read_message(struct bytes in, struct message *m)
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
		ok = ok && take_value(&in, &value) && keep(m, bytes_trim(name), buf_bytes(&value));
	}
	buf_free(&value);
	return ok;
}

static bool says(const struct message *m, enum field field, const char *what)
{
	return bytes_equal_nocase(buf_bytes(&m->value[field]), bytes_of(what));
}

static bool read_challenge(struct bytes in, struct message *c, const char **why)
{
	if (!read_message(in, c))
		*why = "the server's challenge is not of the form name=value,...";
	else if (c->value[NONCE].n == 0)
		*why = "the server's challenge has no nonce";
	else if (!says(c, ALGORITHM, "md5-sess"))
		*why = "the server's challenge is not for algorithm=md5-sess";
	else if (c->has[QOP] && !list_has(buf_bytes(&c->value[QOP]), BYTES("auth")))
		*why = "the server insists on a protection layer (qop) that is not known here";
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
static void hash_secret(const struct digest_exchange *x, const struct message *c, char hex[HEX + 1])
{
	struct buf secret = BUF_SECRET(4 * VALUE_MAX);
	unsigned char digest[HASH_MD5_SIZE];
	const struct bytes colon = BYTES(":");
	struct bytes session[] = { { digest, sizeof(digest) }, colon, buf_bytes(&c->value[NONCE]),
		colon, x->nonce, colon, x->authzid };

	put_charset(&secret, x->user);
	buf_putc(&secret, ':');
	put_charset(&secret, buf_bytes(&c->value[REALM]));
	buf_putc(&secret, ':');
	put_charset(&secret, x->password);
	hash_of(HASH_MD5, &(struct bytes){ secret.p, secret.n }, 1, digest);
	md5_hex(session, x->authzid.n > 0 ? 7 : 5, hex);
	buf_free(&secret);
}

/* method: "AUTHENTICATE" for the response, nothing for rspauth. */
static void put_response(struct buf *out, const struct digest_exchange *x, const struct message *c,
		struct bytes method)
{
	char a1[HEX + 1], a2[HEX + 1], response[HEX + 1];
	const struct bytes colon = BYTES(":");
	const struct bytes request[] = { method, colon, x->service, BYTES("/"), x->host };

	hash_secret(x, c, a1);
	md5_hex(request, 5, a2);
	const struct bytes whole[] = { { (unsigned char *)a1, HEX }, colon,
		buf_bytes(&c->value[NONCE]), BYTES(":00000001:"), x->nonce, BYTES(":auth:"),
		{ (unsigned char *)a2, HEX } };
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

static void put_message(struct buf *out, const struct digest_exchange *x, const struct message *c)
{
	buf_puts(out, says(c, CHARSET, "utf-8") ? "charset=utf-8," : "");
	put_quoted(out, "username", x->user);
	if (c->has[REALM])
		put_quoted(out, ",realm", buf_bytes(&c->value[REALM]));
	put_quoted(out, ",nonce", buf_bytes(&c->value[NONCE]));
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
	struct message c = { 0 };

	*why = NULL;
	if (read_challenge(x->challenge, &c, why)) {
		put_message(out, x, &c);
		buf_puts(due, "rspauth=");
		put_response(due, x, &c, BYTES(""));
		if (out->overflow)
			*why = "the server's challenge is too long";
	}
	message_free(&c);
	return !*why;
}

bool digest_user(struct bytes response, struct buf *user, struct buf *authzid)
{
	struct message m = { 0 };
	bool ok = read_message(response, &m) && m.value[USERNAME].n > 0 && m.has[RESPONSE];

	if (ok) {
		buf_put(user, buf_bytes(&m.value[USERNAME]));
		buf_put(authzid, buf_bytes(&m.value[AUTHZID]));
	}
	message_free(&m);
	return ok;
}

bool digest_verify(struct bytes challenge, struct bytes response, struct bytes password,
		struct buf *due)
{
	struct message c = { 0 }, m = { 0 };
	struct buf right = BUF_SECRET(HEX);
	bool ok = read_message(challenge, &c) && read_message(response, &m);
	struct bytes said = buf_bytes(&m.value[RESPONSE]), uri = buf_bytes(&m.value[URI]);
	size_t slash = bytes_find(uri, '/');
	struct digest_exchange x = { buf_bytes(&m.value[AUTHZID]), buf_bytes(&m.value[USERNAME]),
		password, bytes_head(uri, slash), bytes_skip(uri, slash + 1),
		buf_bytes(&m.value[CNONCE]), challenge };

	if (ok) {
		put_response(&right, &x, &c, BYTES("AUTHENTICATE"));
		ok = said.n == HEX && hash_equal(said.p, right.p, HEX);
		buf_puts(due, "rspauth=");
		put_response(due, &x, &c, BYTES(""));
	}
	buf_free(&right);
	message_free(&c);
	message_free(&m);
	return ok;
}
