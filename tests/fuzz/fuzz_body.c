/* fuzz_body - bodies made fit for the wire, and back
 * SPDX-License-Identifier: MIT
 *
 * First octet: the size of the pieces for the writer that works in pieces.
 */
#include "proto/b64.h"
#include "proto/dot.h"
#include "proto/mailtext.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 76 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static unsigned hex(unsigned char c)
{
	must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')); /* RFC 2045 6.7 (1) */
	return c <= '9' ? (unsigned)c - '0' : (unsigned)c - 'A' + 10;
}

/* Every CR belongs to a CRLF, and so does every LF. */
static void check_lines(struct bytes in, size_t columns)
{
	size_t column = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\r') {
			must(i + 1 < in.n && in.p[++i] == '\n');
			column = 0;
			continue;
		}
		must(in.p[i] != '\n');
		must(++column <= columns);
	}
}

/* The same as what is sent by parts of any size. */
static void check_crlf(struct bytes in, size_t piece, struct buf *text)
{
	struct buf parts = BUF(2 * in.n + 8), again = BUF(2 * in.n + 8);
	struct dot_writer lines = { .no_dots = true };

	must(mailtext_crlf(in, text));
	check_lines(buf_bytes(text), SIZE_MAX);
	for (struct bytes rest = in; rest.n > 0; rest = bytes_skip(rest, piece))
		dot_write(&lines, bytes_head(rest, piece), &parts);
	if (lines.mid_line)
		buf_puts(&parts, "\r\n");
	must(bytes_equal(buf_bytes(&parts), buf_bytes(text)));
	must(mailtext_crlf(buf_bytes(text), &again));
	must(bytes_equal(buf_bytes(&again), buf_bytes(text)));
	buf_free(&parts);
	buf_free(&again);
}

static void check_quoted(struct bytes text)
{
	struct buf wire = BUF(8 * text.n + 8), back = BUF(text.n + 8);

	must(mailtext_quoted(text, &wire));
	struct bytes in = buf_bytes(&wire);
	check_lines(in, COLUMNS);
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = in.p[i];
		must(c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c < 127));
		if (c == ' ' || c == '\t') /* RFC 2045 6.7 (3) */
			must(i + 1 < in.n && in.p[i + 1] != '\r');
		if (c != '=') {
			buf_putc(&back, c);
			continue;
		}
		must(i + 2 < in.n);
		if (in.p[i + 1] != '\r')
			buf_putc(&back, (unsigned char)(hex(in.p[i + 1]) * 16 + hex(in.p[i + 2])));
		i += 2;
	}
	must(bytes_equal(buf_bytes(&back), text));
	buf_free(&wire);
	buf_free(&back);
}

static void check_base64(struct bytes octets)
{
	struct buf wire = BUF(2 * octets.n + 8), back = BUF(octets.n + 8);
	struct bytes line;

	must(mailtext_base64(octets, &wire));
	check_lines(buf_bytes(&wire), COLUMNS);
	for (struct bytes rest = buf_bytes(&wire); bytes_line(&rest, &line);)
		must(b64_decode(line, &back, NULL) == B64_OK);
	must(bytes_equal(buf_bytes(&back), octets));
	buf_free(&wire);
	buf_free(&back);
}

/* Where there is no room for all, that is said. */
static void check_room(struct bytes in, size_t room)
{
	struct buf whole = BUF(8 * in.n + 8), part = BUF(room);

	must(mailtext_quoted(in, &whole));
	must(mailtext_quoted(in, &part) == (whole.n <= room));
	buf_clear(&whole);
	buf_clear(&part);
	must(mailtext_base64(in, &whole));
	must(mailtext_base64(in, &part) == (whole.n <= room));
	buf_free(&whole);
	buf_free(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF(2 * size + 8);

	if (size == 0)
		return 0;
	struct bytes in = { data + 1, size - 1 };
	check_crlf(in, data[0] % 17 + 1u, &text);
	check_quoted(buf_bytes(&text));
	check_base64(in);
	check_room(buf_bytes(&text), data[0]);
	buf_free(&text);
	return 0;
}
