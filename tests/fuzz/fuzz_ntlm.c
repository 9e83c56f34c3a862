/* fuzz_ntlm - any octets as an NTLM message
 * SPDX-License-Identifier: MIT */
#include "proto/ntlm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ntlm_exchange x = { .user = BYTES("u"),
		.password = BYTES("p"),
		.challenge = { data, size } };
	struct buf out = BUF_SECRET(65536), text = BUF(65536);
	struct ntlm_fields f;
	const char *why;

	if (ntlm_read(x.challenge, &f)) {
		ntlm_put_text(&text, f.target);
		ntlm_put_text(&text, f.user);
		must(!ntlm_verify(&f, BYTES("12345678"), BYTES("0pB7vQ")));
	}
	if (ntlm_authenticate(&x, &out, &why))
		must(ntlm_read(buf_bytes(&out), &f) && f.type == 3 && f.nt.n >= 44);
	else
		must(why != NULL);
	buf_free(&out);
	buf_free(&text);
	return 0;
}
