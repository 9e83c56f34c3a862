/* saslprep - prepares names and passwords for comparison (RFC 4013)
 * SPDX-License-Identifier: MIT
 *
 * Whole NFKC needs tables far larger than all else here. So: ranges whose characters NFKC leaves
 * alone, a few that it maps, and an honest no to everything else.
 */
#include "proto/saslprep.h"

#include "proto/utf8.h"

enum kind {
	AS_IS,      /* NFKC leaves it alone; letters, from left to right */
	NEUTRAL,    /* the same, without direction */
	RIGHT_LEFT, /* the same, from right to left (RFC 3454 D.1) */
	NOTHING,    /* mapped to nothing (RFC 3454 B.1) */
	SPACE,      /* mapped to a space (RFC 3454 C.1.2) */
	FORBIDDEN,  /* RFC 4013 2.3 */
	WIDE,       /* full-width ASCII */
	UNKNOWN,
};

static const struct range {
	uint32_t first, last;
	enum kind kind;
} ranges[] = {
	{ 0x00, 0x1f, FORBIDDEN },
	{ 0x20, 0x40, NEUTRAL },
	{ 0x41, 0x5a, AS_IS },
	{ 0x5b, 0x60, NEUTRAL },
	{ 0x61, 0x7a, AS_IS },
	{ 0x7b, 0x7e, NEUTRAL },
	{ 0x7f, 0x9f, FORBIDDEN },
	{ 0xa0, 0xa0, SPACE },
	{ 0xa1, 0xa7, NEUTRAL },
	{ 0xa9, 0xa9, NEUTRAL },
	{ 0xab, 0xac, NEUTRAL },
	{ 0xad, 0xad, NOTHING },
	{ 0xae, 0xae, NEUTRAL },
	{ 0xb0, 0xb1, NEUTRAL },
	{ 0xb6, 0xb7, NEUTRAL },
	{ 0xbb, 0xbb, NEUTRAL },
	{ 0xbf, 0xbf, NEUTRAL },
	{ 0xc0, 0xd6, AS_IS },
	{ 0xd7, 0xd7, NEUTRAL },
	{ 0xd8, 0xf6, AS_IS },
	{ 0xf7, 0xf7, NEUTRAL },
	{ 0xf8, 0x131, AS_IS },
	{ 0x134, 0x13e, AS_IS },
	{ 0x141, 0x148, AS_IS },
	{ 0x14a, 0x17e, AS_IS },
	{ 0x386, 0x386, AS_IS },
	{ 0x388, 0x38a, AS_IS },
	{ 0x38c, 0x38c, AS_IS },
	{ 0x38e, 0x3a1, AS_IS },
	{ 0x3a3, 0x3ce, AS_IS },
	{ 0x400, 0x481, AS_IS },
	{ 0x48a, 0x4ce, AS_IS },
	{ 0x5d0, 0x5ea, RIGHT_LEFT },
	{ 0x621, 0x63a, RIGHT_LEFT },
	{ 0x641, 0x64a, RIGHT_LEFT },
	{ 0x1680, 0x1680, SPACE },
	{ 0x1806, 0x1806, NOTHING },
	{ 0x180b, 0x180d, NOTHING },
	{ 0x2000, 0x200b, SPACE },
	{ 0x200c, 0x200d, NOTHING },
	{ 0x200e, 0x200f, FORBIDDEN },
	{ 0x2010, 0x2010, NEUTRAL },
	{ 0x2012, 0x2016, NEUTRAL },
	{ 0x2018, 0x2022, NEUTRAL },
	{ 0x2028, 0x202e, FORBIDDEN },
	{ 0x202f, 0x202f, SPACE },
	{ 0x205f, 0x205f, SPACE },
	{ 0x2060, 0x2060, NOTHING },
	{ 0x2061, 0x2063, FORBIDDEN },
	{ 0x206a, 0x206f, FORBIDDEN },
	{ 0x20ac, 0x20ac, NEUTRAL },
	{ 0x3000, 0x3000, SPACE },
	{ 0x3041, 0x3096, AS_IS },
	{ 0x30a1, 0x30fa, AS_IS },
	{ 0x4e00, 0x9fa5, AS_IS },
	{ 0xac00, 0xd7a3, AS_IS },
	{ 0xd800, 0xf8ff, FORBIDDEN },
	{ 0xfe00, 0xfe0f, NOTHING },
	{ 0xfeff, 0xfeff, NOTHING },
	{ 0xff01, 0xff5e, WIDE },
	{ 0xfff9, 0xffff, FORBIDDEN },
	{ 0xe0000, 0x10ffff, FORBIDDEN },
};

static const struct mapping {
	uint16_t code;
	char to[6]; /* UTF-8 */
} mappings[] = {
	{ 0xaa, "a" },
	{ 0xb2, "2" },
	{ 0xb3, "3" },
	{ 0xb5, "\xce\xbc" },
	{ 0xb9, "1" },
	{ 0xba, "o" },
	{ 0x132, "IJ" },
	{ 0x133, "ij" },
	{ 0x17f, "s" },
	{ 0x2126, "\xce\xa9" },
	{ 0x212a, "K" },
	{ 0x212b, "\xc3\x85" },
	{ 0x2160, "I" },
	{ 0x2161, "II" },
	{ 0x2162, "III" },
	{ 0x2163, "IV" },
	{ 0x2164, "V" },
	{ 0x2165, "VI" },
	{ 0x2166, "VII" },
	{ 0x2167, "VIII" },
	{ 0x2168, "IX" },
	{ 0x2169, "X" },
	{ 0x216a, "XI" },
	{ 0x216b, "XII" },
	{ 0xfb00, "ff" },
	{ 0xfb01, "fi" },
	{ 0xfb02, "fl" },
};

/* The directions that a text has, and that it begins and ends with (RFC 3454 6). */
struct direction {
	bool any_left, any_right, first_right, last_right;
	bool any;
};

static enum kind kind_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].kind;
	return UNKNOWN;
}

static const char *mapping_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++)
		if (code == mappings[i].code)
			return mappings[i].to;
	return NULL;
}

static void see(struct direction *d, enum kind kind)
{
	d->last_right = kind == RIGHT_LEFT;
	d->first_right = d->any ? d->first_right : d->last_right;
	d->any_right = d->any_right || d->last_right;
	d->any_left = d->any_left || kind == AS_IS;
	d->any = true;
}

static bool put_code(uint32_t code, struct buf *out, struct direction *d, const char **why)
{
	const char *to = mapping_of(code);
	enum kind kind = to ? AS_IS : kind_of(code);

	if (kind == FORBIDDEN)
		*why = "user name or password holds a character that SASLprep forbids (RFC 4013)";
	else if (kind == UNKNOWN)
		*why = "user name or password holds a character that cannot be normalised here"
		       " (SASLprep, RFC 4013)";
	if (kind == FORBIDDEN || kind == UNKNOWN)
		return false;
	if (kind == NOTHING)
		return true;
	if (kind == SPACE || kind == WIDE) {
		code = kind == SPACE ? ' ' : code - 0xff01 + '!';
		kind = kind_of(code);
	}
	see(d, kind);
	return to ? buf_puts(out, to) : utf8_put(out, code);
}

bool saslprep_put(struct bytes in, struct buf *out, const char **why)
{
	struct direction d = { 0 };
	uint32_t code;

	*why = NULL;
	while (utf8_take(&in, &code))
		if (!put_code(code, out, &d, why)) {
			*why = *why ? *why : "user name or password is too long";
			return false;
		}
	if (in.n > 0)
		*why = "user name or password is not UTF-8";
	else if (!d.any)
		*why = "nothing is left of user name or password after SASLprep (RFC 4013)";
	else if (d.any_right && (d.any_left || !d.first_right || !d.last_right))
		*why = "user name or password mixes writing directions (SASLprep, RFC 4013)";
	return !*why;
}
