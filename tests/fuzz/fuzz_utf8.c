/* fuzz_utf8 - what is taken is put back the same
 * SPDX-License-Identifier: MIT */
#include "proto/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct buf out = BUF(size + 1);
	uint32_t code;

	while (utf8_take(&in, &code))
		utf8_put(&out, code);
	if (!bytes_equal(buf_bytes(&out), bytes_head((struct bytes){ data, size }, size - in.n)))
		abort();
	buf_free(&out);
	return 0;
}
