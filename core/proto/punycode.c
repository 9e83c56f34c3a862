/* punycode - international domain names in ASCII (RFC 3492, RFC 5890)
 * SPDX-License-Identifier: MIT */
#include "proto/punycode.h"

#include "proto/utf8.h"

/* RFC 3492 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

/* RFC 3492 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first)
{
	uint32_t k = 0;

	delta /= is_first ? DAMP : 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void put_number(uint32_t q, uint32_t bias, struct buf *out)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		if (q < t)
			break;
		buf_putc(out, (unsigned char)digits[t + (q - t) % (BASE - t)]);
		q = (q - t) / (BASE - t);
	}
	buf_putc(out, (unsigned char)digits[q]);
}

/* RFC 3492 6.3. Nothing can overflow: U+10FFFF for each of 63 characters stays below 2^32. */
void punycode_encode(const uint32_t *in, size_t n, struct buf *out)
{
	uint32_t next = FIRST, delta = 0, bias = BIAS;
	size_t basic = 0;

	for (size_t i = 0; i < n; i++)
		if (in[i] < FIRST) {
			buf_putc(out, (unsigned char)in[i]);
			basic++;
		}
	if (basic > 0)
		buf_putc(out, '-');
	for (size_t done = basic; done < n; delta++, next++) {
		uint32_t least = UINT32_MAX;
		for (size_t i = 0; i < n; i++)
			if (in[i] >= next && in[i] < least)
				least = in[i];
		delta += (least - next) * (uint32_t)(done + 1);
		next = least;
		for (size_t i = 0; i < n; i++) {
			delta += in[i] < next;
			if (in[i] != next)
				continue;
			put_number(delta, bias, out);
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

/* ---- what a name may hold ---- */

enum { ODD = -1, EVEN = -2 }; /* capital and small letter alternate, the capital's number is so */

static uint32_t small(uint32_t c)
{
	static const struct {
		uint16_t first, last;
		int16_t by;
	} rows[] = {
		{ 'A', 'Z', 32 },
		{ 0xc0, 0xd6, 32 },
		{ 0xd8, 0xde, 32 },
		{ 0x100, 0x12f, EVEN },
		{ 0x132, 0x137, EVEN },
		{ 0x139, 0x148, ODD },
		{ 0x14a, 0x177, EVEN },
		{ 0x178, 0x178, -121 },
		{ 0x179, 0x17e, ODD },
		{ 0x386, 0x386, 38 },
		{ 0x388, 0x38a, 37 },
		{ 0x38c, 0x38c, 64 },
		{ 0x38e, 0x38f, 63 },
		{ 0x391, 0x3a1, 32 },
		{ 0x3a3, 0x3ab, 32 },
		{ 0x400, 0x40f, 80 },
		{ 0x410, 0x42f, 32 },
		{ 0x460, 0x481, EVEN },
		{ 0x48a, 0x4bf, EVEN },
		{ 0x4c1, 0x4ce, ODD },
		{ 0x4d0, 0x52f, EVEN },
		{ 0x531, 0x556, 48 },
		{ 0x1e00, 0x1e95, EVEN },
		{ 0x1ea0, 0x1eff, EVEN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (c < rows[i].first || c > rows[i].last)
			continue;
		if (rows[i].by == EVEN || rows[i].by == ODD)
			return c + (c % 2 == (rows[i].by == ODD));
		return c + (uint32_t)rows[i].by;
	}
	return c;
}

/* What IDNA never allows and a slip of the hand brings in: controls, blanks, marks of direction,
 * invisible and private characters; accents that belong into the letter before them. */
static bool is_refused(uint32_t c, const char **why)
{
	static const struct {
		uint32_t first, last;
	} rows[] = {
		{ 0, 0x2c },
		{ 0x2f, 0x2f },
		{ 0x3a, 0x5e },
		{ 0x60, 0x60 },
		{ 0x7b, 0xb6 },
		{ 0xb8, 0xbf },
		{ 0xd7, 0xd7 },
		{ 0xf7, 0xf7 },
		{ 0x130, 0x130 },
		{ 0x2000, 0x2bff },
		{ 0x3000, 0x3004 },
		{ 0xd800, 0xf8ff },
		{ 0xfe00, 0xffff },
		{ 0xe0000, 0x10ffff },
	};

	if (c >= 0x300 && c <= 0x36f) {
		*why = "an accent stands apart from its letter: write the two as one character";
		return true;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (c >= rows[i].first && c <= rows[i].last) {
			*why = "it holds a character that no name can hold";
			return true;
		}
	return false;
}

static bool is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61; /* RFC 3490 3.1 */
}

static bool put_label(const uint32_t *label, size_t n, bool is_ascii, struct buf *out,
		const char **why)
{
	size_t before = out->n;

	if (is_ascii) {
		for (size_t i = 0; i < n; i++)
			buf_putc(out, (unsigned char)label[i]);
	} else {
		buf_puts(out, "xn--");
		punycode_encode(label, n, out);
		if (label[0] == '-' || label[n - 1] == '-')
			*why = "a label begins or ends with a hyphen";
	}
	if (out->n - before > PUNYCODE_LABEL_MAX || out->overflow)
		*why = "it is too long";
	return !*why;
}

bool punycode_host(struct bytes in, struct buf *out, const char **why)
{
	uint32_t label[PUNYCODE_LABEL_MAX], c;
	size_t n = 0;
	bool is_ascii = true;

	*why = "it is too long";
	if (bytes_is_ascii(in))
		return buf_put(out, in);
	*why = NULL;
	while (in.n > 0) {
		if (!utf8_take(&in, &c)) {
			*why = "it is not UTF-8";
			return false;
		}
		if (is_dot(c)) {
			if (!put_label(label, n, is_ascii, out, why))
				return false;
			buf_putc(out, '.');
			n = 0;
			is_ascii = true;
			continue;
		}
		c = small(c);
		if (is_refused(c, why))
			return false;
		if (n == PUNYCODE_LABEL_MAX) {
			*why = "it is too long";
			return false;
		}
		is_ascii = is_ascii && c < FIRST;
		label[n++] = c;
	}
	return put_label(label, n, is_ascii, out, why);
}
