/* fuzz_pop3 - lines of CAPA, STAT, LIST, UIDL; greetings; commands
 * SPDX-License-Identifier: MIT */
#include "proto/pop3.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_be_in(struct bytes part, struct bytes whole)
{
	must(part.n > 0 && part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_line(struct bytes line)
{
	struct bytes part;
	uint64_t a;
	uint64_t b;
	bool odd;

	must(pop3_stat(line, &a, &b) == pop3_list_line(line, &a, &b));
	if (pop3_uidl_line(line, &a, &part, &odd)) {
		must_be_in(part, line);
		must(odd || (part.n <= 70 && !bytes_has_control(part)));
	}
	if (pop3_apop_stamp(line, &part)) {
		must_be_in(part, line);
		must(part.n >= 5 && part.p[0] == '<' && part.p[part.n - 1] == '>');
		must(!bytes_has_control(part) && bytes_find(part, ' ') == part.n);
	}
	if (pop3_greeting_software(line, &part))
		must_be_in(part, line);
	pop3_is_multiline(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct bytes line;
	struct pop3_caps caps = { 0 };

	check_line(in);
	while (bytes_line(&in, &line)) {
		pop3_caps_add(&caps, line);
		check_line(line);
	}
	must(caps.mechs == 0 || (caps.has & POP3_SASL));
	return 0;
}
