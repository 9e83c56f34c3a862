/* hash - MD5, SHA and HMAC over mbedTLS
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };
enum { HASH_MAX = 64, HASH_MD5_SIZE = 16 };

/* Octets of a result, at most HASH_MAX. */
size_t hash_size(enum hash_kind kind);

/* out has room for hash_size(kind) octets. parts are hashed one after the other. */
void hash_of(enum hash_kind kind, const struct bytes *parts, size_t count, unsigned char *out);

/* RFC 2104; a key longer than the block is hashed first. */
void hash_hmac(enum hash_kind kind, struct bytes key, struct bytes data, unsigned char *out);

/* RFC 2898 5.2 PBKDF2 with HMAC, one block of output: Hi() of RFC 5802 2.2. Takes the time of
 * 2 * rounds hashes: whoever passes on a peer's number of rounds caps it. */
void hash_pbkdf2(enum hash_kind kind, struct bytes password, struct bytes salt, uint32_t rounds,
		unsigned char *out);

/* Lower-case hex of n octets into out (2 n + 1 octets, NUL-terminated). */
void hash_hex(const unsigned char *in, size_t n, char *out);

/* Equal, in a time that does not tell where they differ. */
bool hash_equal(const unsigned char *a, const unsigned char *b, size_t n);
