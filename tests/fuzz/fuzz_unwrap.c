/* fuzz_unwrap - fuzzes what makes plain lines of log entries
 * SPDX-License-Identifier: MIT */
#include "proto/unwrap.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whole lines, all at once or one by one: the same comes out, and not much more than went in. */
static void make_plain(struct bytes in, bool is_whole, struct buf *out)
{
	struct unwrap j;

	unwrap_init(&j);
	while (in.n > 0) {
		struct bytes some = in;
		size_t had = out->n;
		if (!is_whole)
			some = bytes_head(in, bytes_find(in, '\n') + 1);
		buf_put(out, some);
		unwrap_lines(&j, out, had);
		in = bytes_skip(in, some.n);
	}
	unwrap_finish(&j, out);
	unwrap_free(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct bytes in = { data, n };
	struct buf whole = BUF(8 * n + 1000), lines = BUF(8 * n + 1000);

	if (n > 0 && data[n - 1] == '\n') {
		make_plain(in, true, &whole);
		make_plain(in, false, &lines);
		if (!bytes_equal(buf_bytes(&whole), buf_bytes(&lines)) || whole.overflow)
			abort();
	}
	buf_free(&whole);
	buf_free(&lines);
	return 0;
}
