/* bytes - a borrowed slice of octets
 * SPDX-License-Identifier: MIT */
#include "sys/bytes.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Sixteen octets at once, where the machine can: musl's memchr takes one word a step, and logs are
 * searched through by the gigabyte. Bit i << EQUAL_SHIFT: p[i] is a and q[i] is b. */
#if defined(__SSE2__)
#define EQUAL_SHIFT 0
static inline __m128i equal(const unsigned char *p, unsigned char c)
{
	return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p),
			_mm_set1_epi8((char)c));
}

static inline uint64_t equal16(const unsigned char *p, unsigned char a, const unsigned char *q,
		unsigned char b)
{
	return (unsigned)_mm_movemask_epi8(_mm_and_si128(equal(p, a), equal(q, b)));
}
#elif defined(__aarch64__)
#define EQUAL_SHIFT 2
static inline uint64_t equal16(const unsigned char *p, unsigned char a, const unsigned char *q,
		unsigned char b)
{
	uint8x16_t equal = vandq_u8(vceqq_u8(vld1q_u8(p), vdupq_n_u8(a)),
			vceqq_u8(vld1q_u8(q), vdupq_n_u8(b)));
	uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(equal), 4);

	return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0) & 0x1111111111111111u;
}
#endif

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, text ? strlen(text) : 0 };
}

/* By words: musl's memcmp goes octet by octet. */
bool bytes_equal(struct bytes a, struct bytes b)
{
	size_t i = 0;

	if (a.n != b.n)
		return false;
	for (; i + sizeof(uint64_t) <= a.n; i += sizeof(uint64_t)) {
		uint64_t x, y;
		memcpy(&x, a.p + i, sizeof(x));
		memcpy(&y, b.p + i, sizeof(y));
		if (x != y)
			return false;
	}
	while (i < a.n && a.p[i] == b.p[i])
		i++;
	return i == a.n;
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool bytes_starts(struct bytes in, struct bytes head)
{
	return in.n >= head.n && bytes_equal(bytes_head(in, head.n), head);
}

bool bytes_starts_nocase(struct bytes in, struct bytes head)
{
	return in.n >= head.n && bytes_equal_nocase(bytes_head(in, head.n), head);
}

bool bytes_ends(struct bytes in, struct bytes tail)
{
	return in.n >= tail.n && bytes_equal(bytes_skip(in, in.n - tail.n), tail);
}

#ifdef EQUAL_SHIFT
static inline uint64_t found16(const unsigned char *p, unsigned char c)
{
	return equal16(p, c, p, c);
}

size_t bytes_find(struct bytes in, unsigned char c)
{
	const unsigned char *p = in.p;
	size_t i = 0;

	if (in.n < 16) {
		while (i < in.n && p[i] != c)
			i++;
		return i;
	}
	while (i + 64 <= in.n &&
			!(found16(p + i, c) | found16(p + i + 16, c) | found16(p + i + 32, c) |
					found16(p + i + 48, c)))
		i += 64;
	for (; i < in.n; i += 16) {
		if (i + 16 > in.n)
			i = in.n - 16; /* some of it once more */
		uint64_t hits = found16(p + i, c);
		if (hits)
			return i + ((size_t)__builtin_ctzll(hits) >> EQUAL_SHIFT);
	}
	return in.n;
}

/* Where the first and the last octet of what are at their distance, the others are compared. */
size_t bytes_search(struct bytes in, struct bytes what)
{
	size_t i = 0, last = what.n - 1;

	if (what.n == 0 || in.n < what.n)
		return what.n ? in.n : 0;
	for (; i + last + 16 <= in.n; i += 16) {
		uint64_t hits = equal16(in.p + i, what.p[0], in.p + i + last, what.p[last]);
		for (; hits; hits &= hits - 1) {
			size_t at = i + ((size_t)__builtin_ctzll(hits) >> EQUAL_SHIFT);
			if (bytes_equal((struct bytes){ in.p + at, what.n }, what))
				return at;
		}
	}
	for (; i + what.n <= in.n; i++)
		if (in.p[i] == what.p[0] && memcmp(in.p + i, what.p, what.n) == 0)
			return i;
	return in.n;
}
#else
size_t bytes_find(struct bytes in, unsigned char c)
{
	const unsigned char *hit = in.n ? memchr(in.p, c, in.n) : NULL;

	return hit ? (size_t)(hit - in.p) : in.n;
}

size_t bytes_search(struct bytes in, struct bytes what)
{
	size_t i = 0;

	if (what.n == 0)
		return 0;
	for (; i + what.n <= in.n; i++) {
		i += bytes_find(bytes_skip(in, i), what.p[0]);
		if (i + what.n <= in.n && memcmp(in.p + i, what.p, what.n) == 0)
			return i;
	}
	return in.n;
}
#endif

bool bytes_begins_line(struct bytes in, unsigned char a, unsigned char b)
{
	size_t i = 0;

	if (in.n > 0 && (in.p[0] == a || in.p[0] == b))
		return true;
#ifdef EQUAL_SHIFT
	for (; i + 17 <= in.n; i += 16)
		if (equal16(in.p + i, '\n', in.p + i + 1, a) |
				equal16(in.p + i, '\n', in.p + i + 1, b))
			return true;
#endif
	for (; i + 1 < in.n; i++)
		if (in.p[i] == '\n' && (in.p[i + 1] == a || in.p[i + 1] == b))
			return true;
	return false;
}

size_t bytes_search_nocase(struct bytes in, struct bytes what)
{
	for (size_t i = 0; i + what.n <= in.n; i++)
		if (bytes_starts_nocase(bytes_skip(in, i), what))
			return i;
	return in.n;
}

struct bytes bytes_trim(struct bytes in)
{
	while (in.n > 0 && is_blank(in.p[0]))
		in = bytes_skip(in, 1);
	while (in.n > 0 && is_blank(in.p[in.n - 1]))
		in.n--;
	return in;
}

bool bytes_word(struct bytes *in, struct bytes *word)
{
	while (in->n > 0 && is_blank(in->p[0]))
		*in = bytes_skip(*in, 1);
	size_t n = 0;
	while (n < in->n && !is_blank(in->p[n]))
		n++;
	*word = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	return n > 0;
}

bool bytes_line(struct bytes *in, struct bytes *line)
{
	if (in->n == 0)
		return false;
	size_t n = bytes_find(*in, '\n');
	*line = bytes_head(*in, n);
	*in = bytes_skip(*in, n + 1);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool bytes_uint(struct bytes *in, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < in->n && (unsigned)(in->p[i] - '0') < 10; i++) {
		uint64_t digit = in->p[i] - '0';
		if (value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit)
			return false;
		value = value * 10 + digit;
	}
	if (i == 0 || value > max)
		return false;
	*in = bytes_skip(*in, i);
	*out = value;
	return true;
}

bool bytes_is_uint(struct bytes in, uint64_t max, uint64_t *out)
{
	return bytes_uint(&in, max, out) && in.n == 0;
}

bool bytes_has_control(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] < 0x20 || in.p[i] == 0x7f)
			return true;
	return false;
}

bool bytes_is_ascii(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] > 127)
			return false;
	return true;
}

int bytes_hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t bytes_hash(uint64_t hash, struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		hash = (hash ^ in.p[i]) * 0x100000001b3;
	return hash;
}

int bytes_hash_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}
