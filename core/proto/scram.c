/* scram - SCRAM messages of a client and the server's proof
 * SPDX-License-Identifier: MIT */
#include "proto/scram.h"

#include "proto/b64.h"
#include "proto/saslprep.h"
#include "sys/mem.h"

enum { FIELD_MAX = 4096 };

/* What the server's first message says. */
struct server_first {
	struct bytes nonce, salt; /* the salt in base64 */
	uint32_t rounds;
};

/* A name with "=" and "," escaped (RFC 5802 5.1). */
static bool put_name(struct buf *out, struct bytes name, const char **why)
{
	struct buf ready = BUF_SECRET(FIELD_MAX);
	bool ok = saslprep_put(name, &ready, why);

	for (size_t i = 0; ok && i < ready.n; i++) {
		if (ready.p[i] == '=')
			buf_puts(out, "=3D");
		else if (ready.p[i] == ',')
			buf_puts(out, "=2C");
		else
			buf_putc(out, ready.p[i]);
	}
	buf_free(&ready);
	return ok;
}

bool scram_first(struct buf *out, struct bytes authzid, struct bytes user, struct bytes nonce,
		const char **why)
{
	buf_puts(out, "n,");
	if (authzid.n > 0) {
		buf_puts(out, "a=");
		if (!put_name(out, authzid, why))
			return false;
	}
	buf_puts(out, ",n=");
	if (!put_name(out, user, why))
		return false;
	buf_puts(out, ",r=");
	buf_put(out, nonce);
	return true;
}

/* Takes "x=value" and the comma behind it off the front of in (RFC 5802 7). */
static bool take_attribute(struct bytes *in, char name, struct bytes *value)
{
	if (in->n < 2 || in->p[0] != name || in->p[1] != '=')
		return false;
	*value = bytes_head(bytes_skip(*in, 2), bytes_find(bytes_skip(*in, 2), ','));
	*in = bytes_skip(*in, 2 + value->n + 1);
	return value->n > 0;
}

static bool read_server_first(const struct scram_exchange *x, struct bytes own_nonce,
		struct server_first *out, const char **why)
{
	struct bytes in = x->server_first, rounds;
	uint64_t number = 0;

	if (bytes_starts(in, BYTES("m=")))
		*why = "the server asks for an extension of SCRAM that is not known here";
	else if (bytes_starts(in, BYTES("e=")))
		*why = "the server ended SCRAM with an error";
	else if (!take_attribute(&in, 'r', &out->nonce) || !take_attribute(&in, 's', &out->salt) ||
			!take_attribute(&in, 'i', &rounds))
		*why = "the server's challenge is not of the form r=...,s=...,i=...";
	else if (!bytes_starts(out->nonce, own_nonce) || out->nonce.n == own_nonce.n)
		*why = "the server's nonce does not continue ours";
	else if (!bytes_is_uint(rounds, UINT32_MAX, &number) || number == 0)
		*why = "the server's iteration count is not a number";
	else if (number > SCRAM_ROUNDS_MAX)
		*why = "the server asks to hash the password more than a million times";
	else if (number < SCRAM_ROUNDS_MIN && !x->few_rounds)
		*why = "the server asks to hash the password fewer than 4096 times";
	out->rounds = (uint32_t)number;
	return !*why;
}

/* Where the part behind "n,a=...," begins (RFC 5801 4): no comma stands in an authzid. */
static size_t bare_at(struct bytes client_first)
{
	size_t at = bytes_find(client_first, ',') + 1;

	return at + bytes_find(bytes_skip(client_first, at), ',') + 1;
}

static bool salt_password(const struct scram_exchange *x, const struct server_first *first,
		unsigned char *salted, const char **why)
{
	struct buf password = BUF_SECRET(FIELD_MAX), salt = BUF(FIELD_MAX);
	bool ok = saslprep_put(x->password, &password, why);

	if (ok && b64_decode(first->salt, &salt, NULL) != B64_OK) {
		*why = "the server's salt is not base64";
		ok = false;
	}
	if (ok)
		hash_pbkdf2(x->hash, buf_bytes(&password), buf_bytes(&salt), first->rounds, salted);
	buf_free(&password);
	buf_free(&salt);
	return ok;
}

/* RFC 5802 3. auth: the AuthMessage. */
static void put_proofs(enum hash_kind hash, const unsigned char *salted, struct bytes auth,
		struct buf *out, struct buf *due)
{
	size_t n = hash_size(hash);
	unsigned char key[HASH_MAX], stored[HASH_MAX], signature[HASH_MAX];

	hash_hmac(hash, (struct bytes){ salted, n }, BYTES("Client Key"), key);
	hash_of(hash, &(struct bytes){ key, n }, 1, stored);
	hash_hmac(hash, (struct bytes){ stored, n }, auth, signature);
	for (size_t i = 0; i < n; i++)
		key[i] ^= signature[i];
	buf_puts(out, ",p=");
	b64_encode((struct bytes){ key, n }, out);
	hash_hmac(hash, (struct bytes){ salted, n }, BYTES("Server Key"), key);
	hash_hmac(hash, (struct bytes){ key, n }, auth, signature);
	buf_puts(due, "v=");
	b64_encode((struct bytes){ signature, n }, due);
	mem_wipe(key, sizeof(key));
	mem_wipe(stored, sizeof(stored));
}

bool scram_final(const struct scram_exchange *x, struct buf *out, struct buf *due, const char **why)
{
	struct buf auth = BUF_SECRET(4 * FIELD_MAX);
	struct server_first first = { 0 };
	unsigned char salted[HASH_MAX];
	size_t at = bare_at(x->client_first), begin = out->n;
	struct bytes bare = bytes_skip(x->client_first, at);
	/* the nonce is the last attribute, and holds no comma */
	struct bytes nonce = bytes_skip(bare, bytes_search(bare, BYTES(",r=")) + 3);

	*why = NULL;
	if (!read_server_first(x, nonce, &first, why) || !salt_password(x, &first, salted, why))
		return false;
	buf_puts(out, "c=");
	b64_encode(bytes_head(x->client_first, at), out);
	buf_puts(out, ",r=");
	buf_put(out, first.nonce);
	buf_put(&auth, bare);
	buf_putc(&auth, ',');
	buf_put(&auth, x->server_first);
	buf_putc(&auth, ',');
	buf_put(&auth, bytes_skip(buf_bytes(out), begin));
	if (auth.overflow || out->overflow)
		*why = "the server's challenge is too long";
	else
		put_proofs(x->hash, salted, buf_bytes(&auth), out, due);
	mem_wipe(salted, sizeof(salted));
	buf_free(&auth);
	return !*why;
}

bool scram_is_proven(struct bytes server_final, struct bytes due, const char **why)
{
	struct bytes said = bytes_head(server_final, bytes_find(server_final, ','));

	*why = NULL;
	if (bytes_starts(said, BYTES("e=")))
		*why = "the server ended SCRAM with an error";
	else if (!bytes_starts(said, BYTES("v=")))
		*why = "the server's last message is not of the form v=...";
	else if (said.n != due.n || !hash_equal(said.p, due.p, due.n))
		*why = "the server's signature is wrong: it does not know this password";
	return !*why;
}
