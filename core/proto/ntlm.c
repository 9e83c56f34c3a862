/* ntlm - NTLMv2 messages of both sides (MS-NLMP)
 * SPDX-License-Identifier: MIT
 *
 * Section numbers are those of MS-NLMP. No signing, no session key: mail needs neither.
 */
#include "proto/ntlm.h"

#include "proto/utf8.h"
#include "sys/mem.h"

#include <string.h>

enum {
	TEXT_MAX = 2048,
	FLAG_UNICODE = 1 << 0,
	FLAG_TARGET = 1 << 2,
	FLAG_NTLM = 1 << 9,
	FLAG_SIGN = 1 << 15,
	FLAG_EXTENDED = 1 << 19,
	FLAG_INFO = 1 << 23,
	FLAGS = FLAG_UNICODE | FLAG_TARGET | FLAG_NTLM | FLAG_SIGN | FLAG_EXTENDED,
	HEAD_1 = 32,
	HEAD_2 = 48,
	HEAD_3 = 64,
	AV_DOMAIN = 2, /* 2.2.2.1 MsvAvNbDomainName */
	AV_TIME = 7,   /* MsvAvTimestamp */
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t get_le(const unsigned char *p, unsigned octets)
{
	uint32_t value = 0;

	while (octets-- > 0)
		value = value << 8 | p[octets];
	return value;
}

static void put_le(struct buf *out, uint32_t value, unsigned octets)
{
	for (; octets > 0; octets--, value >>= 8)
		buf_putc(out, (unsigned char)(value & 255));
}

/* One block of RFC 1320 3.4: three rounds of 16 steps. */
static void md4_block(uint32_t state[4], const unsigned char *block)
{
	static const unsigned char shifts[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 },
		{ 3, 9, 11, 15 } };
	static const unsigned char last_order[16] = { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11,
		7, 15 };
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (unsigned i = 0; i < 48; i++) {
		unsigned j = i % 16;
		uint32_t mix, add;
		if (i < 16) {
			mix = (b & c) | (~b & d);
			add = 0;
		} else if (i < 32) {
			mix = (b & c) | (b & d) | (c & d);
			add = 0x5a827999;
			j = j / 4 + j % 4 * 4;
		} else {
			mix = b ^ c ^ d;
			add = 0x6ed9eba1;
			j = last_order[j];
		}
		uint32_t next = rotate(a + mix + get_le(block + 4 * j, 4) + add,
				shifts[i / 16][i % 4]);
		a = d;
		d = c;
		c = b;
		b = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void ntlm_md4(struct bytes in, unsigned char out[HASH_MD5_SIZE])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	unsigned char last[128] = { 0 };
	uint64_t bits = (uint64_t)in.n * 8;

	for (; in.n >= 64; in = bytes_skip(in, 64))
		md4_block(state, in.p);
	if (in.n > 0)
		memcpy(last, in.p, in.n);
	last[in.n] = 0x80;
	size_t end = in.n < 56 ? 64 : 128;
	for (unsigned i = 0; i < 8; i++)
		last[end - 8 + i] = (unsigned char)(bits >> 8 * i & 255);
	for (size_t at = 0; at < end; at += 64)
		md4_block(state, last + at);
	for (unsigned i = 0; i < HASH_MD5_SIZE; i++)
		out[i] = (unsigned char)(state[i / 4] >> 8 * (i % 4) & 255);
	mem_wipe(last, sizeof(last));
}

/* Of the letters, those of Latin-1: a server upper-cases more, but names beyond are rare. */
static uint32_t upper(uint32_t code)
{
	bool is_small = (code >= 'a' && code <= 'z') ||
			(code >= 0xe0 && code <= 0xfe && code != 0xf7);

	return is_small ? code - 32 : code;
}

static bool put_utf16(struct buf *out, struct bytes in, bool is_upper)
{
	uint32_t code;

	while (utf8_take(&in, &code)) {
		code = is_upper ? upper(code) : code;
		if (code > 0xffff) {
			put_le(out, 0xd800 + ((code - 0x10000) >> 10), 2);
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
		}
		put_le(out, code, 2);
	}
	return in.n == 0 && !out->overflow;
}

void ntlm_put_text(struct buf *out, struct bytes in)
{
	for (; in.n >= 2; in = bytes_skip(in, 2)) {
		uint32_t code = get_le(in.p, 2);
		uint32_t low = in.n >= 4 ? get_le(in.p + 2, 2) : 0;
		if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			in = bytes_skip(in, 2);
		} else if (code >= 0xd800 && code < 0xe000) {
			code = 0xfffd;
		}
		utf8_put(out, code);
	}
}

static void put_head(struct buf *out, uint32_t type)
{
	buf_put(out, BYTES("NTLMSSP\0"));
	put_le(out, type, 4);
}

/* 2.2.1: length, room, offset, which moves past it. */
static void put_field(struct buf *out, uint32_t n, uint32_t *offset)
{
	put_le(out, n, 2);
	put_le(out, n, 2);
	put_le(out, *offset, 4);
	*offset += n;
}

void ntlm_negotiate(struct buf *out)
{
	put_head(out, 1);
	put_le(out, FLAGS, 4);
	for (unsigned i = 0; i < HEAD_1 - 16; i++)
		buf_putc(out, '\0');
}

static bool get_field(struct bytes in, size_t at, struct bytes *field)
{
	uint32_t n = get_le(in.p + at, 2), offset = get_le(in.p + at + 4, 4);

	*field = (struct bytes){ 0 };
	if (n == 0)
		return true;
	if (offset > in.n || n > in.n - offset)
		return false;
	*field = bytes_head(bytes_skip(in, offset), n);
	return true;
}

static bool read_2(struct bytes in, struct ntlm_fields *f)
{
	if (in.n < 32)
		return false;
	f->flags = get_le(in.p + 20, 4);
	f->challenge = bytes_head(bytes_skip(in, 24), NTLM_CHALLENGE);
	return get_field(in, 12, &f->target) &&
			(in.n < HEAD_2 || !(f->flags & FLAG_INFO) || get_field(in, 40, &f->info));
}

static bool read_3(struct bytes in, struct ntlm_fields *f)
{
	if (in.n < HEAD_3)
		return false;
	f->flags = get_le(in.p + 60, 4);
	return get_field(in, 12, &f->lm) && get_field(in, 20, &f->nt) &&
			get_field(in, 28, &f->domain) && get_field(in, 36, &f->user) &&
			get_field(in, 44, &f->workstation);
}

bool ntlm_read(struct bytes in, struct ntlm_fields *f)
{
	bool ok = in.n >= 16 && bytes_starts(in, BYTES("NTLMSSP\0"));

	*f = (struct ntlm_fields){ .type = ok ? get_le(in.p + 8, 4) : 0 };
	if (f->type == 1)
		f->flags = get_le(in.p + 12, 4);
	else if (f->type == 2)
		ok = read_2(in, f);
	else
		ok = f->type == 3 && read_3(in, f);
	f->is_oem = !(f->flags & FLAG_UNICODE);
	return ok;
}

/* The server's clock in its target information (2.2.2.1); empty when it sent none. */
static struct bytes find_time(struct bytes info)
{
	struct bytes none = { 0 };

	while (info.n >= 4) {
		uint32_t id = get_le(info.p, 2), n = get_le(info.p + 2, 2);
		if (id == 0)
			return none;
		if (id == AV_TIME && n == 8 && info.n >= 12)
			return bytes_head(bytes_skip(info, 4), 8);
		info = bytes_skip(info, 4 + (size_t)n);
	}
	return none;
}

/* 3.3.2 NTOWFv2 */
static bool make_key(const struct ntlm_exchange *x, struct bytes user, struct bytes domain16,
		unsigned char key[HASH_MD5_SIZE])
{
	struct buf text = BUF_SECRET(2 * TEXT_MAX);
	bool ok = put_utf16(&text, x->password, false);

	ntlm_md4(buf_bytes(&text), key);
	buf_clear(&text);
	ok = ok && put_utf16(&text, user, true) && buf_put(&text, domain16);
	hash_hmac(HASH_MD5, (struct bytes){ key, HASH_MD5_SIZE }, buf_bytes(&text), key);
	buf_free(&text);
	return ok;
}

/* Appends hmac(key, challenge + more) and more itself: the form of both answers (3.3.2). */
static void put_answer(struct buf *out, const unsigned char key[HASH_MD5_SIZE],
		struct bytes challenge, struct bytes more)
{
	struct buf data = BUF_SECRET(4 * TEXT_MAX);
	unsigned char proof[HASH_MD5_SIZE];

	buf_put(&data, challenge);
	buf_put(&data, more);
	hash_hmac(HASH_MD5, (struct bytes){ key, HASH_MD5_SIZE }, buf_bytes(&data), proof);
	buf_put(out, (struct bytes){ proof, sizeof(proof) });
	buf_put(out, more);
	buf_free(&data);
}

static void put_answers(const struct ntlm_exchange *x, const struct ntlm_fields *f,
		const unsigned char key[HASH_MD5_SIZE], struct buf *lm, struct buf *nt)
{
	static const unsigned char zero[24];
	struct buf blob = BUF_SECRET(4 * TEXT_MAX);
	struct bytes time = find_time(f->info), nonce = { x->nonce, NTLM_CHALLENGE };

	put_le(&blob, 0x101, 4);
	put_le(&blob, 0, 4);
	buf_put(&blob, time.n > 0 ? time : (struct bytes){ zero, 8 });
	buf_put(&blob, nonce);
	put_le(&blob, 0, 4);
	buf_put(&blob, f->info);
	put_le(&blob, 0, 4);
	put_answer(nt, key, f->challenge, buf_bytes(&blob));
	if (time.n > 0) /* 3.1.5.1.2: then the older answer is left out */
		buf_put(lm, (struct bytes){ zero, sizeof(zero) });
	else
		put_answer(lm, key, f->challenge, nonce);
	buf_free(&blob);
}

static void put_message(struct buf *out, const struct bytes fields[6])
{
	uint32_t offset = HEAD_3;

	put_head(out, 3);
	for (size_t i = 0; i < 6; i++)
		put_field(out, (uint32_t)fields[i].n, &offset);
	put_le(out, FLAGS, 4);
	for (size_t i = 0; i < 6; i++)
		buf_put(out, fields[i]);
}

bool ntlm_authenticate(const struct ntlm_exchange *x, struct buf *out, const char **why)
{
	struct buf domain = BUF(TEXT_MAX), user16 = BUF(TEXT_MAX);
	struct buf lm = BUF_SECRET(TEXT_MAX), nt = BUF_SECRET(4 * TEXT_MAX);
	unsigned char key[HASH_MD5_SIZE];
	struct ntlm_fields f;
	struct bytes user = x->user;
	size_t at = bytes_find(user, '\\');
	bool ok = true;

	*why = NULL;
	if (!ntlm_read(x->challenge, &f) || f.type != 2 || f.is_oem || f.info.n > TEXT_MAX) {
		*why = "the server's challenge is not an NTLM message of type 2";
		return false;
	}
	if (at < user.n) {
		ok = put_utf16(&domain, bytes_head(user, at), false);
		user = bytes_skip(user, at + 1);
	} else {
		ok = buf_put(&domain, f.target);
	}
	ok = ok && put_utf16(&user16, user, false) && make_key(x, user, buf_bytes(&domain), key);
	if (ok) {
		put_answers(x, &f, key, &lm, &nt);
		put_message(out,
				(const struct bytes[]){ buf_bytes(&lm), buf_bytes(&nt),
						buf_bytes(&domain), buf_bytes(&user16), { 0 },
						{ 0 } });
	} else {
		*why = "user name or password is not UTF-8, or too long";
	}
	mem_wipe(key, sizeof(key));
	buf_free(&domain);
	buf_free(&user16);
	buf_free(&lm);
	buf_free(&nt);
	return ok;
}

void ntlm_challenge(struct buf *out, const char *target,
		const unsigned char challenge[NTLM_CHALLENGE])
{
	struct buf name = BUF(TEXT_MAX);
	uint32_t offset = HEAD_2;

	put_utf16(&name, bytes_of(target), false);
	uint32_t n = (uint32_t)name.n;
	put_head(out, 2);
	put_field(out, n, &offset);
	put_le(out, FLAGS | FLAG_INFO, 4);
	buf_put(out, (struct bytes){ challenge, NTLM_CHALLENGE });
	put_le(out, 0, 4);
	put_le(out, 0, 4);
	put_field(out, n + 8, &offset); /* the name once more, as a pair, and the end of pairs */
	buf_put(out, buf_bytes(&name));
	put_le(out, AV_DOMAIN, 2);
	put_le(out, n, 2);
	buf_put(out, buf_bytes(&name));
	put_le(out, 0, 4);
	buf_free(&name);
}

bool ntlm_verify(const struct ntlm_fields *f, struct bytes challenge, struct bytes password)
{
	struct buf user = BUF(TEXT_MAX), right = BUF_SECRET(4 * TEXT_MAX);
	struct ntlm_exchange x = { .password = password };
	unsigned char key[HASH_MD5_SIZE];
	bool ok = f->nt.n > HASH_MD5_SIZE && !f->is_oem;

	ntlm_put_text(&user, f->user);
	ok = ok && make_key(&x, buf_bytes(&user), f->domain, key);
	if (ok) {
		put_answer(&right, key, challenge, bytes_skip(f->nt, HASH_MD5_SIZE));
		ok = right.n == f->nt.n && hash_equal(right.p, f->nt.p, right.n);
	}
	mem_wipe(key, sizeof(key));
	buf_free(&user);
	buf_free(&right);
	return ok;
}
