/* fuzz_procnet - fuzzes the reader of /proc/net/tcp
 * SPDX-License-Identifier: MIT */
#include "proto/procnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = { data, n }, line;
	struct procnet_row row;

	while (bytes_line(&rest, &line))
		procnet_read(line, &row);
	return 0;
}
