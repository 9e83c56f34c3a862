/* fuzz_software - the name found lies inside the greeting
 * SPDX-License-Identifier: MIT */
#include "proto/software.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes found;
	struct buf host = BUF(1000);

	software_hidden_host((struct bytes){ data, size }, &host);
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] < '-' || host.p[i] > 'z')
			abort();
	buf_free(&host);

	if (!software_find((struct bytes){ data, size }, &found))
		return 0;
	if (found.n == 0 || found.p < data || found.p + found.n > data + size)
		abort();
	return 0;
}
