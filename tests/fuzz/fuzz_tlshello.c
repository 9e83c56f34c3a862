/* fuzz_tlshello - fuzzes the reader of a ServerHello
 * SPDX-License-Identifier: MIT */
#include "proto/tlshello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tlshello_answer a;

	tlshello_read((struct bytes){ data, n }, &a);
	tlshello_name(a.version);
	return 0;
}
