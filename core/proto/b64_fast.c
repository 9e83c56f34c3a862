/* b64_fast - base64 sixteen octets at a time, where the processor can
 * SPDX-License-Identifier: MIT
 *
 * SSSE3 shuffles octets by a table of sixteen: that spreads 12 octets over 16 digits, and also
 * looks up what has to be added to a value to get its digit, or to a digit to get its value. The
 * ranges of the alphabet differ in their upper nibble, all but for the place of '/'.
 */
#include "proto/b64_impl.h"

#include "sys/cpu.h"

#if defined(__x86_64__)

#include <tmmintrin.h>

#define SSSE3 __attribute__((target("ssse3")))

/* 12 octets to 16 values of six bits. Each group of octets a b c is laid out as b a c b, so that
 * the four values lie within 16-bit words; multiplying shifts each to its octet. */
SSSE3 static __m128i split(__m128i in)
{
	const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	__m128i groups = _mm_shuffle_epi8(in, spread);
	__m128i even = _mm_mulhi_epu16(_mm_and_si128(groups, _mm_set1_epi32(0x0fc0fc00)),
			_mm_set1_epi32(0x04000040));
	__m128i odd = _mm_mullo_epi16(_mm_and_si128(groups, _mm_set1_epi32(0x003f03f0)),
			_mm_set1_epi32(0x01000010));

	return _mm_or_si128(even, odd);
}

/* Values to digits: what to add is found at 0 for a-z, 1 to 10 for 0-9, 11 and 12 for the last two
 * digits, and 13 for A-Z. */
SSSE3 static __m128i to_digits(__m128i values, __m128i offsets)
{
	__m128i place = _mm_subs_epu8(values, _mm_set1_epi8(51));
	__m128i is_capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), values);

	place = _mm_or_si128(place, _mm_and_si128(is_capital, _mm_set1_epi8(13)));
	return _mm_add_epi8(values, _mm_shuffle_epi8(offsets, place));
}

SSSE3 static size_t encode(struct bytes in, bool url, unsigned char *to)
{
	const char digit = '0' - 52, last = url ? '-' - 62 : '+' - 62,
		   end = url ? '_' - 63 : '/' - 63;
	const __m128i offsets = _mm_setr_epi8('a' - 26, digit, digit, digit, digit, digit, digit,
			digit, digit, digit, digit, last, end, 'A', 0, 0);
	size_t at = 0;

	for (; in.n - at >= 16; at += 12, to += 16) {
		__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(in.p + at));
		_mm_storeu_si128((__m128i *)(void *)to, to_digits(split(octets), offsets));
	}
	return at;
}

/* False when one of the digits is none. Each nibble has a set of bits, one for each range that the
 * digit cannot be in; both sets have one in common exactly when the octet is no digit. */
SSSE3 static bool to_values(__m128i digits, __m128i *values)
{
	const __m128i low_sets = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
			0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
	const __m128i high_sets = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
			0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
	const __m128i offsets = _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
			26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i high = _mm_and_si128(_mm_srli_epi32(digits, 4), nibble);
	__m128i low = _mm_and_si128(digits, nibble);
	__m128i bad = _mm_and_si128(_mm_shuffle_epi8(low_sets, low),
			_mm_shuffle_epi8(high_sets, high));
	__m128i is_slash = _mm_cmpeq_epi8(digits, _mm_set1_epi8('/'));

	*values = _mm_add_epi8(digits, _mm_shuffle_epi8(offsets, _mm_add_epi8(high, is_slash)));
	return _mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) == 0xffff;
}

/* 16 values of six bits to 12 octets, and 4 that do not count. */
SSSE3 static __m128i join(__m128i values)
{
	const __m128i pack = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	__m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));

	return _mm_shuffle_epi8(_mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000)), pack);
}

SSSE3 static size_t decode(struct bytes in, unsigned char *to)
{
	__m128i values;
	size_t at = 0;

	for (; in.n - at >= 16; at += 16, to += 12) {
		__m128i digits = _mm_loadu_si128((const __m128i *)(const void *)(in.p + at));
		if (!to_values(digits, &values))
			break;
		_mm_storeu_si128((__m128i *)(void *)to, join(values));
	}
	return at;
}

size_t b64_fast_encode(struct bytes in, bool url, unsigned char *to)
{
	return cpu_has_ssse3() ? encode(in, url, to) : 0;
}

size_t b64_fast_decode(struct bytes in, unsigned char *to)
{
	return cpu_has_ssse3() ? decode(in, to) : 0;
}

#else

size_t b64_fast_encode(struct bytes in, bool url, unsigned char *to)
{
	(void)in;
	(void)url;
	(void)to;
	return 0;
}

size_t b64_fast_decode(struct bytes in, unsigned char *to)
{
	(void)in;
	(void)to;
	return 0;
}

#endif
