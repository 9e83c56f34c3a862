/* fuzz_addr - addresses and endpoints
 * SPDX-License-Identifier: MIT */
#include "net/addr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What was taken names nothing that could break out of a command line or a report. */
static void check_endpoint(const char *text)
{
	struct endpoint ep;
	struct err e = { .kind = ERR_NONE };

	if (!endpoint_parse(&ep, text, &e)) {
		must(e.kind == ERR_USAGE && e.text[0]);
		return;
	}
	must(ep.host[0] && strlen(ep.host) < ADDR_HOST_MAX && ep.port <= 65535);
	must(!bytes_has_control(bytes_of(ep.host)) && !bytes_has_control(bytes_of(ep.user)));
}

/* An address written out and read again is the same one. */
static void check_addr(const char *text)
{
	char ip[ADDR_TEXT_MAX], again[ADDR_TEXT_MAX];
	struct addr a, b;

	if (!addr_parse(&a, text, 25, NULL))
		return;
	must(addr_is_numeric(text));
	addr_ip(&a, ip);
	must(addr_parse(&b, ip, 25, NULL));
	addr_ip(&b, again);
	must(strcmp(ip, again) == 0);
	must(addr_is_loopback(&a) == addr_is_loopback(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_endpoint(text);
	check_addr(text);
	addr_is_private((struct bytes){ data, size });
	free(text);
	return 0;
}
