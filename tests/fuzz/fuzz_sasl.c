/* fuzz_sasl - any octets as challenge, mechanism list and credentials
 * SPDX-License-Identifier: MIT */
#include "proto/sasl.h"
#include "proto/sasl_look.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What sasl_plain makes of any three parts, sasl_look_at takes apart again. */
static void plain_comes_back(struct bytes in)
{
	struct bytes rest = in, word[3] = { { 0 } };
	struct sasl_look_fields f;
	struct buf out = BUF_SECRET(2 * in.n + 16);
	const char *why;

	for (size_t i = 0; i < 3; i++)
		bytes_word(&rest, &word[i]);
	struct sasl_creds creds = { .authzid = word[2], .user = word[0], .password = word[1] };
	if (sasl_plain(&out, &creds, &why)) {
		must(sasl_look_at(buf_bytes(&out), &f) == SASL_LOOK_PLAIN);
		must(bytes_equal(f.user, creds.user) && bytes_equal(f.password, creds.password) &&
				bytes_equal(f.authzid, creds.authzid));
	}
	buf_free(&out);
}

static void exchange(unsigned mech, struct bytes challenge)
{
	struct sasl_creds creds = { .user = BYTES("u"), .password = BYTES("p") };
	struct buf out = BUF_SECRET(256);
	struct sasl s;
	const char *why;
	int steps = 0;

	sasl_begin(&s, mech, &creds);
	s.about = (struct sasl_about){ BYTES("nonce"), BYTES("smtp"), BYTES("h"), 0 };
	while (sasl_step(&s, challenge, &out, &why) != SASL_FAILED)
		must(++steps <= 3);
	must(why != NULL);
	sasl_end(&s);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	unsigned mechs = 0;
	size_t unknown = 0;

	sasl_mechs_add(in, &mechs, &unknown);
	must(unknown <= in.n);
	plain_comes_back(in);
	for (unsigned mech = 1; mech <= SASL_EXTERNAL; mech <<= 1)
		exchange(mech, in);
	return 0;
}
