/* mailtext_body - message bodies for the wire: CRLF, quoted-printable, base64
 * SPDX-License-Identifier: MIT */
#include "proto/b64.h"
#include "proto/mailtext.h"

enum {
	QUOTED_COLUMNS = 76, /* RFC 2045 6.7 (5), the "=" of a soft line end included */
};

bool mailtext_crlf(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' || text.p[i] == '\n')
			buf_puts(out, "\r\n");
		else
			buf_putc(out, text.p[i]);
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			i++;
	}
	if (text.n > 0 && text.p[text.n - 1] != '\r' && text.p[text.n - 1] != '\n')
		buf_puts(out, "\r\n");
	return !out->overflow;
}

static bool ends_line(struct bytes in)
{
	return in.n == 0 || bytes_starts(in, BYTES("\r\n"));
}

bool mailtext_quoted(struct bytes text, struct buf *out)
{
	size_t column = 0;

	while (text.n > 0) {
		unsigned char c = text.p[0];
		if (bytes_starts(text, BYTES("\r\n"))) {
			buf_puts(out, "\r\n");
			text = bytes_skip(text, 2);
			column = 0;
			continue;
		}
		text = bytes_skip(text, 1);
		bool is_blank = c == ' ' || c == '\t'; /* lost on the way where it ends a line */
		bool is_plain = is_blank ? !ends_line(text) : c > ' ' && c < 127 && c != '=';
		size_t width = is_plain ? 1 : 3;
		if (column + width + !ends_line(text) > QUOTED_COLUMNS) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		column += width;
		if (is_plain)
			buf_putc(out, c);
		else
			buf_printf(out, "=%02X", c);
	}
	return !out->overflow;
}

uint64_t mailtext_base64_size(uint64_t octets)
{
	uint64_t digits = (octets + 2) / 3 * 4;

	return digits + (digits + 75) / 76 * 2;
}

bool mailtext_base64(struct bytes octets, struct buf *out)
{
	struct b64_encoder e = MAILTEXT_BASE64;

	return b64_encoder_put(&e, octets, out) && b64_encoder_end(&e, out);
}
