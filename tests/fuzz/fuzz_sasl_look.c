/* fuzz_sasl_look - any octets as a message to be named
 * SPDX-License-Identifier: MIT */
#include "proto/sasl_look.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_in(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct sasl_look_fields f;
	size_t n;

	must(sasl_look_name(sasl_look_at(in, &f)) != NULL);
	must(lies_in(f.authzid, in) && lies_in(f.user, in) && lies_in(f.password, in));
	sasl_look_is_token(in);
	must(sasl_look_typed_nul(in, &n) + n <= in.n);
	return 0;
}
