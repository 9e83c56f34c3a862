/* fuzz_tls - CA files, and names in certificates
 * SPDX-License-Identifier: MIT */
#include "net/tls_store.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_store store = { .packed = BUF(1 << 20) };
	struct bytes in = { data, size }, der, subject;
	size_t line = bytes_find(in, '\n');

	/* what matches is a host name of the same number of labels */
	if (tls_name_matches(bytes_head(in, line), BYTES("mail.example.com")))
		must(line >= 13 && line <= 16);

	tls_store_add(&store, in);
	struct bytes rest = buf_bytes(&store.packed);
	size_t count = 0;
	while (tls_store_next(&rest, &der)) {
		must(tls_store_subject(der, &subject));
		must(subject.p > der.p && subject.p + subject.n <= der.p + der.n);
		count++;
	}
	must(count == store.count && rest.n == 0);
	tls_store_free(&store);
	return 0;
}
