/* fuzz_limits - fuzzes the reader of a check's thresholds
 * SPDX-License-Identifier: MIT */
#include "proto/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct limits l = { 0 };
	bool any = false;

	if (!limits_parse((struct bytes){ data, n }, &l))
		return 0;
	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		any = any || l.given[i];
		if (l.most[i] > UINT64_C(1000000000) * 604800)
			abort();
	}
	if (!any)
		abort();
	return 0;
}
