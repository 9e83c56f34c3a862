/* fuzz_proxy - any octets as a PROXY header
 * SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Octet by octet; each result is the last one, and never comes later than at PROXY_MAX. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum proxy_result result = PROXY_MORE;
	const char *why = NULL;
	struct addr from;
	size_t n = 0;

	while (result == PROXY_MORE && n < size)
		result = proxy_read((struct bytes){ data, ++n }, &from, &why);
	must(n <= PROXY_MAX);
	must((result == PROXY_BAD) == (why != NULL));
	if (result == PROXY_OK && from.len > 0) {
		char text[ADDR_TEXT_MAX];
		addr_ip(&from, text);
		must(addr_is_numeric(text));
	}
	return 0;
}
