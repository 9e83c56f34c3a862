/* fuzz_summary - fuzzes the reader of sums that are added up
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/summary.h"

#include <stdlib.h>

enum { OUT_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was added up and written is the same when it is read and written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf once = BUF(OUT_MAX), twice = BUF(OUT_MAX);
	struct bytes in = { data, n };
	struct summary s;

	summary_init(&s);
	if (summary_merge(&s, in) && summary_merge(&s, in)) {
		summary_json(&s, &once);
		summary_close(&s);
		summary_free(&s);
		summary_init(&s);
		if (!summary_merge(&s, buf_bytes(&once)))
			abort();
		summary_json(&s, &twice);
		if (!bytes_equal(buf_bytes(&once), buf_bytes(&twice)))
			abort();
	}
	summary_free(&s);
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
