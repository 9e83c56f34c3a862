/* cutter - whole lines out of octets that come in pieces
 * SPDX-License-Identifier: MIT */
#include "sys/cutter.h"

#include <string.h>

void cutter_init(struct cutter *c)
{
	*c = (struct cutter){ .partial = BUF(CUTTER_LINE_MAX) };
}

void cutter_free(struct cutter *c)
{
	buf_free(&c->partial);
}

static void end_line(struct cutter *c, struct buf *out)
{
	if (!c->is_skipping) {
		buf_put(out, buf_bytes(&c->partial));
		buf_putc(out, '\n');
	}
	c->is_skipping = false;
	buf_clear(&c->partial);
}

/* A part of a line, without its end. */
static void add_part(struct cutter *c, struct bytes part, struct buf *out)
{
	if (c->is_skipping || part.n == 0 || buf_put(&c->partial, part))
		return;
	c->long_lines++;
	end_line(c, out);
	c->is_skipping = true;
}

/* At most CUTTER_LINE_MAX octets without NUL: what lies between two ends in them is no long line,
 * and is copied as a whole. */
static void feed_piece(struct cutter *c, struct bytes in, struct buf *out)
{
	size_t first = bytes_find(in, '\n');

	add_part(c, bytes_head(in, first), out);
	if (first == in.n)
		return;
	end_line(c, out);
	in = bytes_skip(in, first + 1);
	const unsigned char *last = in.n > 0 ? memrchr(in.p, '\n', in.n) : NULL;
	size_t whole = last ? (size_t)(last - in.p) + 1 : 0;
	buf_put(out, bytes_head(in, whole));
	add_part(c, bytes_skip(in, whole), out);
}

void cutter_feed(struct cutter *c, struct bytes in, struct buf *out)
{
	while (in.n > 0) {
		struct bytes piece = bytes_head(in, CUTTER_LINE_MAX);
		piece = bytes_head(piece, bytes_find(piece, '\0'));
		if (piece.n == 0) {
			c->nuls++;
			if (++c->nul_run == CUTTER_NUL_RUN)
				cutter_flush(c, out);
			in = bytes_skip(in, 1);
			continue;
		}
		c->nul_run = 0;
		feed_piece(c, piece, out);
		in = bytes_skip(in, piece.n);
	}
}

size_t cutter_begin(struct cutter *c, struct buf *out)
{
	size_t n = c->partial.n;

	buf_put(out, buf_bytes(&c->partial));
	buf_clear(&c->partial);
	return n;
}

/* Lines, the last of which may go on, and none is too long; no NULs. */
static bool is_plain(const struct cutter *c, struct bytes in)
{
	if (c->is_skipping || bytes_find(in, '\0') < in.n)
		return false;
	while (in.n > CUTTER_LINE_MAX) {
		const unsigned char *end = memrchr(in.p, '\n', CUTTER_LINE_MAX + 1);
		if (!end)
			return false;
		in = bytes_skip(in, (size_t)(end - in.p) + 1);
	}
	return true;
}

void cutter_end(struct cutter *c, struct buf *out, size_t begun, size_t more)
{
	struct bytes in = bytes_skip(buf_bytes(out), out->n - begun - more);

	if (is_plain(c, in)) {
		const unsigned char *last = in.n > 0 ? memrchr(in.p, '\n', in.n) : NULL;
		struct bytes part = bytes_skip(in, last ? (size_t)(last - in.p) + 1 : 0);
		c->nul_run = more > 0 ? 0 : c->nul_run;
		buf_put(&c->partial, part);
		out->n -= part.n;
		return;
	}
	struct buf copy = BUF(CUTTER_IN_PLACE_MAX);
	buf_put(&copy, bytes_skip(in, begun));
	buf_put(&c->partial, bytes_head(in, begun));
	out->n -= in.n;
	cutter_feed(c, buf_bytes(&copy), out);
	buf_free(&copy);
}

bool cutter_flush(struct cutter *c, struct buf *out)
{
	bool any = c->partial.n > 0;

	if (any)
		end_line(c, out);
	return any;
}
