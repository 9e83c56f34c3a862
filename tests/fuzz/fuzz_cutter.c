/* fuzz_cutter - fuzzes the maker of whole lines
 * SPDX-License-Identifier: MIT */
#include "sys/cutter.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void cut_in_place(struct bytes in, size_t step, struct buf *out)
{
	struct cutter c;

	cutter_init(&c);
	for (; in.n > 0; in = bytes_skip(in, step)) {
		size_t begun = cutter_begin(&c, out);
		struct bytes piece = bytes_head(in, step);
		buf_put(out, piece);
		cutter_end(&c, out, begun, piece.n);
	}
	cutter_flush(&c, out);
	cutter_free(&c);
}

static void cut(struct bytes in, size_t step, struct buf *out)
{
	struct cutter c;

	cutter_init(&c);
	for (; in.n > 0; in = bytes_skip(in, step))
		cutter_feed(&c, bytes_head(in, step), out);
	cutter_flush(&c, out);
	cutter_free(&c);
}

/* Fed whole or in pieces, the lines are the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf whole = BUF(2 * n + CUTTER_LINE_MAX), pieces = BUF(2 * n + CUTTER_LINE_MAX),
		   in_place = BUF(2 * n + 2 * CUTTER_LINE_MAX);

	if (n > 0) {
		cut((struct bytes){ data + 1, n - 1 }, n, &whole);
		cut((struct bytes){ data + 1, n - 1 }, 1 + data[0], &pieces);
		cut_in_place((struct bytes){ data + 1, n - 1 }, 1 + data[0], &in_place);
		if (!bytes_equal(buf_bytes(&whole), buf_bytes(&pieces)) ||
				!bytes_equal(buf_bytes(&whole), buf_bytes(&in_place)))
			abort();
	}
	buf_free(&whole);
	buf_free(&pieces);
	buf_free(&in_place);
	return 0;
}
