/* fuzz_maillog - fuzzes the readers of all programs' lines
 * SPDX-License-Identifier: MIT */
#include "proto/maillog.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct bytes in, struct bytes part)
{
	if (part.n > 0 && (part.p < in.p || part.p + part.n > in.p + in.n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = { data, n }, line;
	struct syslog_reader r;
	struct syslog_line at;
	struct log_event e;

	syslog_init(&r, 1741060000);
	while (bytes_line(&rest, &line)) {
		if (!syslog_read(&r, line, &at) || at.is_repeat)
			continue;
		maillog_read(&at, &e);
		const struct bytes parts[] = { e.id, e.id2, e.session, e.message_id, e.from, e.to,
			e.orig_to, e.client, e.ip, e.helo, e.relay, e.relay_ip, e.user, e.method,
			e.mailbox, e.verb, e.reason, e.dsn };
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			check(line, parts[i]);
		if (e.class >= LOG_CLASSES || e.family >= LOG_FAMILIES)
			abort();
	}
	syslog_free(&r);
	return 0;
}
