/* imap_utf7 - folder names in modified UTF-7 (RFC 3501 5.1.3)
 * SPDX-License-Identifier: MIT */
#include "proto/imap.h"

#include "proto/utf8.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Adds one UTF-16 unit; high holds the first half of a pair. False: halves that do not pair. */
static bool put_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;

	if (is_low != (*high != 0))
		return false;
	if (is_low) {
		utf8_put(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
		*high = 0;
	} else if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
	} else {
		utf8_put(out, unit);
	}
	return true;
}

/* The text between '&' and '-'. */
static bool decode_shifted(struct bytes in, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;

	for (size_t i = 0; i < in.n; i++) {
		size_t value = bytes_find(((struct bytes){ (const unsigned char *)alphabet, 64 }),
				in.p[i]);
		if (value >= 64)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!put_unit(out, bits >> count & 0xffff, &high))
			return false;
		bits &= (1u << count) - 1;
	}
	return high == 0 && count < 6 && bits == 0 && in.n > 0;
}

void imap_utf7_decode(struct bytes name, struct buf *out)
{
	struct buf plain = BUF(2 * IMAP_NAME_MAX);

	while (name.n > 0) {
		size_t end = bytes_find(name, '-');
		struct bytes shifted = bytes_skip(bytes_head(name, end), 1);
		buf_clear(&plain);
		if (name.p[0] != '&' || end == name.n) {
			buf_putc(out, name.p[0]);
			name = bytes_skip(name, 1);
			continue;
		}
		if (shifted.n == 0)
			buf_putc(out, '&');
		else if (decode_shifted(shifted, &plain) && !plain.overflow)
			buf_put(out, buf_bytes(&plain));
		else
			buf_put(out, bytes_head(name, end + 1));
		name = bytes_skip(name, end + 1);
	}
	buf_free(&plain);
}

/* What waits to be written in base64. */
struct shift {
	uint32_t bits;
	unsigned count;
	bool is_open;
};

static void shift_unit(struct shift *s, struct buf *out, uint32_t unit)
{
	if (!s->is_open)
		buf_putc(out, '&');
	s->is_open = true;
	s->bits = s->bits << 16 | unit;
	for (s->count += 16; s->count >= 6; s->count -= 6)
		buf_putc(out, (unsigned char)alphabet[s->bits >> (s->count - 6) & 63]);
	s->bits &= (1u << s->count) - 1;
}

static void shift_end(struct shift *s, struct buf *out)
{
	if (!s->is_open)
		return;
	if (s->count > 0)
		buf_putc(out, (unsigned char)alphabet[s->bits << (6 - s->count) & 63]);
	buf_putc(out, '-');
	*s = (struct shift){ 0 };
}

bool imap_utf7_encode(struct bytes name, struct buf *out)
{
	size_t begun = out->n;
	struct shift s = { 0 };
	uint32_t c;

	while (name.n > 0) {
		if (!utf8_take(&name, &c)) {
			out->n = begun;
			return false;
		}
		if (c >= 0x20 && c < 0x7f) {
			shift_end(&s, out);
			buf_putc(out, (unsigned char)c);
			if (c == '&')
				buf_putc(out, '-');
		} else if (c < 0x10000) {
			shift_unit(&s, out, c);
		} else {
			shift_unit(&s, out, 0xd800 + ((c - 0x10000) >> 10));
			shift_unit(&s, out, 0xdc00 + ((c - 0x10000) & 0x3ff));
		}
	}
	shift_end(&s, out);
	return true;
}
