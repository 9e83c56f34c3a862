/* dns - stub resolver with a deadline, and the hosts file
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/addr.h"
#include "sys/world.h"

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_AAAA = 28, DNS_TLSA = 52 };

struct dns_options {
	int family;         /* AF_UNSPEC, AF_INET, AF_INET6 */
	unsigned port;      /* dns_resolve puts it into the addresses */
	const char *server; /* --dns: only this address, or ADDRESS:PORT; NULL = /etc/resolv.conf */
	uint64_t deadline_ms;
};

/* Addresses of a host name: numeric, hosts file (not with a server given), then DNS (A and
 * AAAA; CNAMEs followed in the server's answer; a name without a dot in the search domains
 * first). "localhost" needs neither (RFC 6761 6.3). IPv6 first only when this machine has a
 * route to it. ERR_RESOLVE: the name does not exist or has no address; ERR_DNS: no server
 * could tell (each tried server and why is in the text); ERR_USAGE: no name at all. Never
 * falls back to a resolver that is not configured; with none configured it is the one on
 * 127.0.0.1, as resolv.conf(5) has it. list->source says who answered. */
bool dns_resolve(struct world *w, const char *host, const struct dns_options *o,
		struct addr_list *list, struct err *e);

struct dns_question {
	const char *name; /* with or without a dot at its end */
	enum dns_type type;
	unsigned id; /* dns_query makes its own */
};

enum { DNS_RECORDS_MAX = 64 };
struct dns_record {
	enum dns_type type;
	unsigned priority;        /* MX */
	char name[ADDR_HOST_MAX]; /* MX, PTR, CNAME: dotted text, odd octets as \DDD */
	struct addr addr;         /* A, AAAA */
	struct dns_tlsa {         /* RFC 6698 2.1 */
		unsigned char usage, selector, matching;
		unsigned char data[64]; /* a hash; what is longer is cut */
		size_t data_n;          /* as sent */
	} tlsa;
};

struct dns_answer {
	struct dns_record at[DNS_RECORDS_MAX];
	size_t count;
	bool is_cut;       /* there were more than DNS_RECORDS_MAX */
	bool is_truncated; /* TC bit: there is more over TCP (dns_query has asked there already) */
	char server[ADDR_TEXT_MAX];
	unsigned rcode; /* RFC 1035 4.1.1; only 0 and 3 (nxdomain) are answers */
	bool nxdomain;
	bool authentic; /* AD bit */
};

/* One question: servers in order, UDP with EDNS, TCP when truncated. True with count 0: the
 * name exists (or not: nxdomain) but has no such record. */
bool dns_query(struct world *w, const struct dns_question *q, const struct dns_options *o,
		struct dns_answer *answer, struct err *e);

/* The PTR names of an address; false (e) when it has none or nobody could tell. */
bool dns_ptr(struct world *w, const struct addr *a, const struct dns_options *o,
		struct dns_answer *answer, struct err *e);

/* --- pure parts, for dns.c, the tests and the fuzzer --- */

enum {
	DNS_UDP_MAX = 1232, /* offered by EDNS: whole on any path (DNS flag day 2020) */
	DNS_TCP_MAX = 65535,
	DNS_QUERY_MAX = 300, /* 12 + 255 + 4, and 11 for EDNS */
	DNS_SERVERS_MAX = 3, /* resolv.conf(5) */
	DNS_SEARCH_MAX = 6,
};

/* Appends a question, with recursion wanted. False (ERR_USAGE): name is none. */
bool dns_ask(struct buf *out, const struct dns_question *q, bool edns, struct err *e);

/* Reads a whole response message to the question. False: ERR_PROTOCOL when it is no answer to
 * this question or malformed, ERR_DNS when the server says that it cannot answer (rcode). */
bool dns_parse(struct bytes message, const struct dns_question *q, struct dns_answer *answer,
		struct err *e);

/* "1.2.0.192.in-addr.arpa" and kin. */
void dns_ptr_name(const struct addr *a, char out[ADDR_HOST_MAX]);

struct dns_conf {
	struct addr servers[DNS_SERVERS_MAX];
	size_t server_count;
	char search[DNS_SEARCH_MAX][ADDR_HOST_MAX];
	size_t search_count;
	unsigned timeout_s, attempts;
};

/* Reads the content of resolv.conf. What it does not understand it leaves out; never without a
 * server. */
void dns_conf_parse(struct dns_conf *conf, struct bytes file);

/* Adds the addresses of host from the content of a hosts file, family or AF_UNSPEC; false when
 * it has none. */
bool dns_hosts_find(struct bytes file, const char *host, unsigned port, int family,
		struct addr_list *list);
