/* fuzz_match - the fast search answers like the slow one
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses the protocol, and whether all is known; the rest is the text.
 */
#include "know/match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct match match;

	if (match.literal_count == 0)
		match_init(&match);
	if (size == 0)
		return 0;
	struct finding f = { .proto = (enum advice_proto)(1 << data[0] % 7),
		.is_partial = data[0] >= 128,
		.text = { data + 1, size - 1 } };
	struct advice_binds slow, fast;
	if (advise(&f, &slow) != match_find(&match, &f, &fast) || slow.n != fast.n)
		abort();
	return 0;
}
