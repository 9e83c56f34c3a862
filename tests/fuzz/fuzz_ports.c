/* fuzz_ports - fuzzes the reader of port lists
 * SPDX-License-Identifier: MIT */
#include "proto/ports.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ports p;
	struct err e = { 0 };

	if (ports_parse(&p, (struct bytes){ data, n }, &e)) {
		if (p.count == 0 || p.count > PORTS_LAST)
			abort();
		for (size_t i = 0; i < p.count; i++)
			if (ports_at(&p, i) == 0)
				abort();
		ports_free(&p);
	} else if (e.kind != ERR_USAGE) {
		abort();
	}
	return 0;
}
