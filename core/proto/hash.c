/* hash - MD5, SHA and HMAC over mbedTLS
 * SPDX-License-Identifier: MIT
 *
 * mbedTLS's plain hash functions on contexts of our own stack: its generic layer would allocate.
 * Those functions fail only in hardware drivers, which the configuration does not have.
 */
#include "proto/hash.h"

#include "sys/mem.h"

#include <mbedtls/md5.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#include <string.h>

enum { BLOCK_MAX = 128 };

struct hash {
	enum hash_kind kind;
	union {
		mbedtls_md5_context md5;
		mbedtls_sha1_context sha1;
		mbedtls_sha256_context sha256;
		mbedtls_sha512_context sha512;
	} u;
};

/* An HMAC under one key, with the two padded key blocks hashed already (RFC 2104 4). */
struct hmac {
	struct hash inner, outer;
};

size_t hash_size(enum hash_kind kind)
{
	static const unsigned char sizes[] = {
		[HASH_MD5] = 16,
		[HASH_SHA1] = 20,
		[HASH_SHA256] = 32,
		[HASH_SHA512] = 64,
	};

	return sizes[kind];
}

static size_t block_size(enum hash_kind kind)
{
	return kind == HASH_SHA512 ? 128 : 64;
}

static void hash_start(struct hash *h, enum hash_kind kind)
{
	int failed = 0;

	*h = (struct hash){ .kind = kind };
	switch (kind) {
	case HASH_MD5:
		failed = mbedtls_md5_starts(&h->u.md5);
		break;
	case HASH_SHA1:
		failed = mbedtls_sha1_starts(&h->u.sha1);
		break;
	case HASH_SHA256:
		failed = mbedtls_sha256_starts(&h->u.sha256, 0);
		break;
	case HASH_SHA512:
		failed = mbedtls_sha512_starts(&h->u.sha512, 0);
		break;
	}
	if (failed)
		bug("hash start");
}

static void hash_add(struct hash *h, const unsigned char *p, size_t n)
{
	int failed = 0;

	if (n == 0)
		return;
	switch (h->kind) {
	case HASH_MD5:
		failed = mbedtls_md5_update(&h->u.md5, p, n);
		break;
	case HASH_SHA1:
		failed = mbedtls_sha1_update(&h->u.sha1, p, n);
		break;
	case HASH_SHA256:
		failed = mbedtls_sha256_update(&h->u.sha256, p, n);
		break;
	case HASH_SHA512:
		failed = mbedtls_sha512_update(&h->u.sha512, p, n);
		break;
	}
	if (failed)
		bug("hash update");
}

/* Leaves the context wiped: it holds the end of the input, often of a password. */
static void hash_end(struct hash *h, unsigned char *out)
{
	int failed = 0;

	switch (h->kind) {
	case HASH_MD5:
		failed = mbedtls_md5_finish(&h->u.md5, out);
		break;
	case HASH_SHA1:
		failed = mbedtls_sha1_finish(&h->u.sha1, out);
		break;
	case HASH_SHA256:
		failed = mbedtls_sha256_finish(&h->u.sha256, out);
		break;
	case HASH_SHA512:
		failed = mbedtls_sha512_finish(&h->u.sha512, out);
		break;
	}
	mem_wipe(h, sizeof(*h));
	if (failed)
		bug("hash finish");
}

void hash_of(enum hash_kind kind, const struct bytes *parts, size_t count, unsigned char *out)
{
	struct hash h;

	hash_start(&h, kind);
	for (size_t i = 0; i < count; i++)
		hash_add(&h, parts[i].p, parts[i].n);
	hash_end(&h, out);
}

static void hmac_start(struct hmac *m, enum hash_kind kind, struct bytes key)
{
	unsigned char block[BLOCK_MAX] = { 0 };
	size_t n = block_size(kind);

	if (key.n > n)
		hash_of(kind, &key, 1, block);
	else if (key.n > 0)
		memcpy(block, key.p, key.n);
	for (size_t i = 0; i < n; i++)
		block[i] ^= 0x36;
	hash_start(&m->inner, kind);
	hash_add(&m->inner, block, n);
	for (size_t i = 0; i < n; i++)
		block[i] ^= 0x36 ^ 0x5c;
	hash_start(&m->outer, kind);
	hash_add(&m->outer, block, n);
	mem_wipe(block, sizeof(block));
}

/* The HMAC of one message of two parts; m stays ready for the next. */
static void hmac_of(const struct hmac *m, struct bytes data, struct bytes more, unsigned char *out)
{
	struct hash inner = m->inner;
	struct hash outer = m->outer;

	hash_add(&inner, data.p, data.n);
	hash_add(&inner, more.p, more.n);
	hash_end(&inner, out);
	hash_add(&outer, out, hash_size(m->outer.kind));
	hash_end(&outer, out);
}

void hash_hmac(enum hash_kind kind, struct bytes key, struct bytes data, unsigned char *out)
{
	struct hmac m;

	hmac_start(&m, kind, key);
	hmac_of(&m, data, (struct bytes){ 0 }, out);
	mem_wipe(&m, sizeof(m));
}

void hash_pbkdf2(enum hash_kind kind, struct bytes password, struct bytes salt, uint32_t rounds,
		unsigned char *out)
{
	unsigned char u[HASH_MAX];
	struct hmac m;
	size_t size = hash_size(kind);

	hmac_start(&m, kind, password);
	hmac_of(&m, salt, BYTES("\0\0\0\1"), u);
	memcpy(out, u, size);
	for (uint32_t i = 1; i < rounds; i++) {
		hmac_of(&m, (struct bytes){ u, size }, (struct bytes){ 0 }, u);
		for (size_t j = 0; j < size; j++)
			out[j] ^= u[j];
	}
	mem_wipe(&m, sizeof(m));
	mem_wipe(u, sizeof(u));
}

void hash_hex(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

bool hash_equal(const unsigned char *a, const unsigned char *b, size_t n)
{
	volatile unsigned char differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}
