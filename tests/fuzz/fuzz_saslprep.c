/* fuzz_saslprep - any octets as a name
 * SPDX-License-Identifier: MIT */
#include "proto/saslprep.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct buf once = BUF_SECRET(4 * size + 16), twice = BUF_SECRET(4 * size + 16);
	const char *why;

	if (saslprep_put(in, &once, &why)) {
		must(saslprep_put(buf_bytes(&once), &twice, &why));
		must(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
	} else {
		must(why != NULL);
	}
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
