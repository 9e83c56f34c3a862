/* fuzz_software - the name found lies inside the greeting
 * SPDX-License-Identifier: MIT */
#include "proto/software.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes found;

	if (!software_find((struct bytes){ data, size }, &found))
		return 0;
	if (found.n == 0 || found.p < data || found.p + found.n > data + size)
		abort();
	return 0;
}
