/* fuzz_syslog - fuzzes the reader of log prefixes
 * SPDX-License-Identifier: MIT */
#include "proto/syslog.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct syslog_line *at, struct bytes part)
{
	const struct bytes in = at->line;

	if (part.n > 0 && !at->is_repeat && (part.p < in.p || part.p + part.n > in.p + in.n) &&
			part.n > 6) /* "exim" and "rspamd" are ours */
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = { data, n }, line;
	struct syslog_reader r;
	struct syslog_line at;

	syslog_init(&r, 1741060000);
	for (unsigned i = 0; bytes_line(&rest, &line); i++) {
		if (!syslog_read(&r, line, &at))
			continue;
		check(&at, at.text);
		check(&at, at.program);
		check(&at, at.host);
		if (at.count == 0 && !at.is_repeat && at.line.n < 10)
			abort();
		if (at.wall_s != SYSLOG_NO_TIME)
			syslog_hint(&r, &at, 1400000000);
		if (i % 3 == 0)
			syslog_keep(&r);
	}
	syslog_free(&r);
	return 0;
}
