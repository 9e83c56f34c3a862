/* fuzz_digest - any octets as a DIGEST-MD5 challenge
 * SPDX-License-Identifier: MIT */
#include "proto/digest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct digest_exchange x = { { 0 }, BYTES("u"), BYTES("p"), BYTES("smtp"), BYTES("h"),
		BYTES("c"), { data, size } };
	struct buf out = BUF_SECRET(16384), due = BUF_SECRET(128);
	const char *why;

	if (digest_response(&x, &out, &due, &why) != !why)
		abort();
	buf_free(&out);
	buf_free(&due);
	return 0;
}
