/* fuzz_applets - whole applets: options, session, verdict, output
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses one of fake_runs, its highest bit reads and writes of single octets.
 * Nothing that is shown may move a terminal or tell the secret.
 */
#include "tests/fakes/fake_runs.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* JSON is UTF-8, but for the control characters of ISO 8859-1 (RFC 8259 would let them be). */
static void must_be_safe(struct bytes shown)
{
	bool is_json = shown.n > 0 && shown.p[0] == '{';

	for (size_t i = 0; i < shown.n; i++) {
		unsigned char c = shown.p[i];
		must(c == '\n' || (c >= ' ' && c < 0x7f) || (is_json && c >= 0x80));
		must(c != 0xc2 || (i + 1 < shown.n && shown.p[i + 1] >= 0xa0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes secret = BYTES(FAKE_RUNS_SECRET);
	struct bytes in = { data, size };
	struct buf shown = BUF(SIZE_MAX);

	if (size == 0)
		return 0;
	const struct fake_run *run = &fake_runs[data[0] % 128 % fake_runs_count];
	in = bytes_skip(in, 1);
	int code = fake_runs_do(run, in, data[0] / 128, &shown);
	must(code >= 0 && code <= 3);
	if (!run->is_raw)
		must_be_safe(buf_bytes(&shown));
	if (bytes_search(in, secret) == in.n)
		must(bytes_search(buf_bytes(&shown), secret) == shown.n);
	buf_free(&shown);
	return 0;
}
