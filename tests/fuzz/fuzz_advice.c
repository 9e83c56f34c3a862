/* fuzz_advice - the knowledge base on hostile replies and names
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses protocol and stage; the rest is the reply, and the user's name as well.
 */
#include "know/advice.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Whatever the peer and the user wrote: nothing but printable ASCII comes out. */
static void expand_all(const struct advice *a, const struct finding *f,
		const struct advice_binds *b)
{
	const char *const templates[] = { a->means, a->likely[0], a->likely[1], a->proves,
		a->not_proves, a->next, "{user}{local}{domain}{host}{mech}{from}{to}{id}" };

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		struct buf out = BUF(1 << 20);
		if (templates[i])
			advice_expand(&out, templates[i], f, b);
		for (size_t j = 0; j < out.n; j++)
			must(out.p[j] >= ' ' && out.p[j] <= '~');
		buf_free(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const stages[] = { NULL, "banner", "ehlo", "auth", "rcpt", "data",
		"fetch", "tls" };
	const struct advice *found[ADVICE_GUESS_MAX];
	struct advice_binds binds;

	if (size == 0)
		return 0;
	struct bytes line = { data + 1, size - 1 };
	struct finding f = { .proto = (enum advice_proto)(data[0] & 7),
		.stage = stages[data[0] >> 3 & 7],
		.user = line,
		.host = line,
		.from = line,
		.to = line };
	advice_read_reply(line, &f);
	must(f.code == 0 || (f.code >= 200 && f.code < 600));
	const struct advice *a = advise(&f, &binds);
	must(a == advise(&f, NULL));
	if (a) {
		must(advice_score(a, &f, NULL) > 0);
		for (size_t i = 0; i < binds.n; i++)
			must(binds.bind[i].value.p >= line.p &&
					binds.bind[i].value.p + binds.bind[i].value.n <=
							line.p + line.n);
		expand_all(a, &f, &binds);
	}

	struct finding guess = { .user = line };
	size_t n = advice_guess(line, &guess, found);
	must(n <= ADVICE_GUESS_MAX);
	for (size_t i = 0; i < n; i++) {
		advice_score(found[i], &guess, &binds);
		expand_all(found[i], &guess, &binds);
	}
	return 0;
}
