/* fuzz_dns - DNS answers, resolv.conf and hosts files
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses what the rest is: an answer to a question of some type, or a file. */
#include "net/dns.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_answer(struct bytes message, enum dns_type type)
{
	struct dns_answer answer;
	struct dns_question q = { .id = 0x1234, .name = "a.example", .type = type };
	struct err e = { .kind = ERR_NONE };

	if (!dns_parse(message, &q, &answer, &e)) {
		must(e.kind == ERR_PROTOCOL || e.kind == ERR_DNS);
		return;
	}
	must(answer.count <= DNS_RECORDS_MAX);
	for (size_t i = 0; i < answer.count; i++) {
		const struct dns_record *r = &answer.at[i];
		must(r->type == type);
		for (const char *p = r->name; *p; p++)
			must(*p > ' ' && *p <= '~');
		if (type == DNS_A || type == DNS_AAAA)
			must(r->addr.len > 0);
	}
}

static void check_files(struct bytes file)
{
	struct addr_list list = { .count = 0 };
	struct dns_conf conf;

	dns_conf_parse(&conf, file);
	must(conf.server_count > 0 && conf.server_count <= DNS_SERVERS_MAX);
	must(conf.search_count <= DNS_SEARCH_MAX && conf.timeout_s > 0 && conf.attempts > 0);
	must(dns_hosts_find(file, "mail", 25, AF_UNSPEC, &list) == (list.count > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_CNAME,
		DNS_TLSA };
	enum { TYPES = sizeof(types) / sizeof(types[0]) };

	if (size == 0)
		return 0;
	struct bytes rest = { data + 1, size - 1 };
	unsigned kind = data[0] % (TYPES + 1);
	if (kind < TYPES)
		check_answer(rest, types[kind]);
	else
		check_files(rest);
	return 0;
}
