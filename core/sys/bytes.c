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

static inline uint64_t any16(const unsigned char *p, const unsigned char any[4])
{
	return (unsigned)_mm_movemask_epi8(
			_mm_or_si128(_mm_or_si128(equal(p, any[0]), equal(p, any[1])),
					_mm_or_si128(equal(p, any[2]), equal(p, any[3]))));
}
#elif defined(__aarch64__)
#define EQUAL_SHIFT 2
/* Four bits an octet, of which one is left. */
static inline uint64_t mask16(uint8x16_t equal)
{
	uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(equal), 4);

	return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0) & 0x1111111111111111u;
}

static inline uint64_t equal16(const unsigned char *p, unsigned char a, const unsigned char *q,
		unsigned char b)
{
	return mask16(vandq_u8(vceqq_u8(vld1q_u8(p), vdupq_n_u8(a)),
			vceqq_u8(vld1q_u8(q), vdupq_n_u8(b))));
}

static inline uint64_t any16(const unsigned char *p, const unsigned char any[4])
{
	uint8x16_t v = vld1q_u8(p), equal = vceqq_u8(v, vdupq_n_u8(any[0]));

	for (size_t i = 1; i < 4; i++)
		equal = vorrq_u8(equal, vceqq_u8(v, vdupq_n_u8(any[i])));
	return mask16(equal);
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

static inline uint64_t word8(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint32_t word4(const unsigned char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* By words, the last over the one before it: musl's memcmp goes octet by octet. */
bool bytes_equal(struct bytes a, struct bytes b)
{
	size_t i = 0;

	if (a.n != b.n)
		return false;
	if (a.n >= 8) {
		for (; i + 8 < a.n; i += 8)
			if (word8(a.p + i) != word8(b.p + i))
				return false;
		return word8(a.p + a.n - 8) == word8(b.p + a.n - 8);
	}
	if (a.n >= 4)
		return word4(a.p) == word4(b.p) && word4(a.p + a.n - 4) == word4(b.p + a.n - 4);
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

static bool is_any(unsigned char c, const unsigned char any[4])
{
	return c == any[0] || c == any[1] || c == any[2] || c == any[3];
}

#ifdef EQUAL_SHIFT
static inline uint64_t found16(const unsigned char *p, unsigned char c)
{
	return equal16(p, c, p, c);
}

/* Of eight octets the first that is c; 8 = none. */
static inline size_t find8(const unsigned char *p, unsigned char c)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t zero = word8(p) ^ ones * c, hit = (zero - ones) & ~zero & ones << 7;

	return hit ? (size_t)__builtin_ctzll(hit) >> 3 : 8;
}

size_t bytes_find(struct bytes in, unsigned char c)
{
	const unsigned char *p = in.p;
	size_t i = 0;

	if (in.n < 8) {
		while (i < in.n && p[i] != c)
			i++;
		return i;
	}
	if (in.n < 16) {
		i = find8(p, c);
		return i < 8 ? i : in.n - 8 + find8(p + in.n - 8, c);
	}
	uint64_t first = found16(p, c);
	if (first)
		return (size_t)__builtin_ctzll(first) >> EQUAL_SHIFT;
	i = 16;
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

size_t bytes_find_any(struct bytes in, const unsigned char any[4])
{
	size_t i = 0;

	for (; i + 16 <= in.n; i += 16) {
		uint64_t hits = any16(in.p + i, any);
		if (hits)
			return i + ((size_t)__builtin_ctzll(hits) >> EQUAL_SHIFT);
	}
	while (i < in.n && !is_any(in.p[i], any))
		i++;
	return i;
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
size_t bytes_find_any(struct bytes in, const unsigned char any[4])
{
	size_t i = 0;

	while (i < in.n && !is_any(in.p[i], any))
		i++;
	return i;
}

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
		for (uint64_t ends = found16(in.p + i, '\n'); ends; ends &= ends - 1) {
			size_t at = i + ((size_t)__builtin_ctzll(ends) >> EQUAL_SHIFT) + 1;
			if (in.p[at] == a || in.p[at] == b)
				return true;
		}
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

bool bytes_among(struct bytes word, const char *list)
{
	struct bytes rest = bytes_of(list), one;

	while (bytes_word(&rest, &one))
		if (bytes_equal(one, word))
			return true;
	return false;
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
