/* lines - data in pieces, handed over line by line
 * SPDX-License-Identifier: MIT */
#include "applets/pop3talk/pop3talk.h"

void lines_begin(struct lines *l, void (*line)(void *ctx, struct bytes line), void *ctx)
{
	*l = (struct lines){ .line = line, .ctx = ctx, .part = BUF(POP3TALK_LINE_MAX) };
}

static void hand_over(struct lines *l)
{
	if (l->part.n > 0 && l->part.p[l->part.n - 1] == '\r')
		l->part.n--;
	l->line(l->ctx, buf_bytes(&l->part));
	buf_clear(&l->part);
}

bool lines_take(void *lines, struct bytes part)
{
	struct lines *l = lines;

	while (part.n > 0) {
		size_t n = bytes_find(part, '\n');
		struct bytes piece = bytes_head(part, n);
		if (piece.n > l->part.max - l->part.n)
			piece = bytes_head(piece, l->part.max - l->part.n);
		buf_put(&l->part, piece);
		part = bytes_skip(part, piece.n);
		if (piece.n == n && part.n > 0) {
			part = bytes_skip(part, 1);
			hand_over(l);
		} else if (l->part.n == l->part.max) {
			hand_over(l);
		}
	}
	return true;
}

void lines_end(struct lines *l)
{
	if (l->part.n > 0)
		hand_over(l);
	buf_free(&l->part);
}
