/* fuzz_show - what show lets through can act on no terminal
 * SPDX-License-Identifier: MIT */
#include "ui/show.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written without show_utf8: an error there must not hide itself. Returns the length of a character
 * that may be printed, 0 for anything else. */
static size_t harmless(const unsigned char *p, size_t n, bool utf8)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (!utf8)
		return 0;
	size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t code = p[0] & (0xff >> (need + 1));
	if (p[0] < 0xc2 || p[0] > 0xf4 || need > n)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
		code = code * 64 + (p[i] & 0x3f);
	}
	static const uint32_t first[] = { 0, 0, 0x80, 0x800, 0x10000 };
	bool is_bad = code < first[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
	bool is_c1 = code < 0xa0;
	bool is_bidi = code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
			(code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
			code == 0xfeff || (code >= 0xe0000 && code <= 0xe007f);
	return is_bad || is_c1 || is_bidi ? 0 : need;
}

static void check(const struct buf *out, bool utf8, bool may_break)
{
	for (size_t i = 0; i < out->n;) {
		size_t n = harmless(out->p + i, out->n - i, utf8);
		if (n == 0 && may_break && out->p[i] == '\n')
			n = 1;
		if (n == 0)
			abort();
		i += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct buf safe = BUF(SIZE_MAX);
		struct buf out = BUF(SIZE_MAX);
		show_safe(&safe, in, utf8);
		check(&safe, utf8, false);
		show_quoted(&out, in, utf8);
		check(&out, utf8, false);
		buf_clear(&out);
		show_wrap(&out, buf_bytes(&safe), 5, 3, 20);
		check(&out, utf8, true);
		for (size_t columns = 0; columns < 12; columns++) {
			buf_clear(&out);
			show_cut(&out, buf_bytes(&safe), columns);
			check(&out, utf8, false);
			if (show_width(buf_bytes(&out)) > columns)
				abort();
		}
		buf_free(&safe);
		buf_free(&out);
	}
	return 0;
}
