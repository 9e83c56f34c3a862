/* fuzz_digest - any octets as a message of DIGEST-MD5
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
	buf_clear(&out);
	buf_clear(&due);
	if (digest_user(x.challenge, &out, &due) && out.n == 0)
		abort();
	/* not a proof of anybody's password */
	if (digest_verify(BYTES("realm=\"r\",nonce=\"n\",algorithm=md5-sess"), x.challenge,
			    BYTES("0pB7vQ"), &due))
		abort();
	buf_free(&out);
	buf_free(&due);
	return 0;
}
