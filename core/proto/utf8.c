/* utf8 - UTF-8 to characters and back
 * SPDX-License-Identifier: MIT */
#include "proto/utf8.h"

bool utf8_take(struct bytes *in, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	if (in->n == 0)
		return false;
	unsigned char head = in->p[0];
	size_t more = head < 0x80 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3;
	if ((head >= 0x80 && head < 0xc2) || head > 0xf4 || in->n <= more)
		return false;
	uint32_t c = more == 0 ? head : head & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((in->p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (in->p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	*code = c;
	*in = bytes_skip(*in, more + 1);
	return true;
}

size_t utf8_prefix(struct bytes in)
{
	struct bytes rest = in;
	uint32_t code;

	while (utf8_take(&rest, &code))
		;
	return in.n - rest.n;
}

bool utf8_put(struct buf *out, uint32_t code)
{
	unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	bool fits = buf_putc(out, (unsigned char)(heads[more] | code >> 6 * more));

	while (more-- > 0)
		fits = buf_putc(out, (unsigned char)(0x80 | (code >> 6 * more & 0x3f))) && fits;
	return fits;
}
