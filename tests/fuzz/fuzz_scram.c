/* fuzz_scram - any octets as messages of a SCRAM server
 * SPDX-License-Identifier: MIT */
#include "proto/scram.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A count that is legal but large only costs time here. */
static bool is_cheap(struct bytes in)
{
	struct bytes rounds = bytes_skip(in, bytes_search(in, BYTES(",i=")) + 3);
	uint64_t number;

	return !bytes_uint(&rounds, UINT32_MAX, &number) || number < 100 ||
			number > SCRAM_ROUNDS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	const struct scram_exchange x = { HASH_SHA1, BYTES("p"), BYTES("n,,n=u,r=nonce"), in,
		true };
	struct buf out = BUF_SECRET(8192), due = BUF_SECRET(128);
	const char *why;

	if (is_cheap(in)) {
		bool ok = scram_final(&x, &out, &due, &why);
		must(ok == !why);
		must(!ok || scram_is_proven(buf_bytes(&due), buf_bytes(&due), &why));
		must(!ok || !scram_is_proven(in, buf_bytes(&due), &why));
	}
	buf_free(&out);
	buf_free(&due);
	return 0;
}
