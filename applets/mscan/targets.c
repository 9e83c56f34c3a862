/* targets - from what the user names to addresses
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/targets.h"

#include "sys/file.h"
#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 * 1024 * 1024, TARGET_MAX = 300 };

/* Is it among the first count? */
static bool is_known(const struct mscan_run *run, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (run->hosts[i].addr.len == a->len &&
				memcmp(&run->hosts[i].addr.sa, &a->sa, a->len) == 0)
			return true;
	return false;
}

/* known: so many of those that are there may be the same. */
static bool add_address(struct targets *t, const char *name, const struct addr *a, size_t known,
		struct err *e)
{
	struct mscan_run *run = t->run;

	if (t->dns.family != AF_UNSPEC && a->sa.ss_family != t->dns.family)
		return true;
	if (is_known(run, known, a))
		return true;
	if (run->host_count == MSCAN_HOSTS_MAX)
		return err_set(e, ERR_USAGE, "more than %d addresses", MSCAN_HOSTS_MAX);
	if (run->host_count == t->room) {
		t->room = t->room ? 2 * t->room : 8;
		run->hosts = xrealloc(run->hosts, t->room * sizeof(run->hosts[0]));
	}
	struct mscan_host *h = &run->hosts[run->host_count++];
	*h = (struct mscan_host){ .name = xstrdup(name), .addr = *a };
	addr_ip(a, h->ip);
	return true;
}

/* --- ranges --- */

/* The octets of the address itself: 4 or 16. */
static unsigned char *octets_of(struct addr *a, size_t *n)
{
	if (a->sa.ss_family == AF_INET6) {
		*n = 16;
		return ((struct sockaddr_in6 *)&a->sa)->sin6_addr.s6_addr;
	}
	*n = 4;
	return (unsigned char *)&((struct sockaddr_in *)&a->sa)->sin_addr;
}

static void next_address(struct addr *a)
{
	size_t n;
	unsigned char *p = octets_of(a, &n);

	while (n-- > 0 && ++p[n] == 0)
		;
}

static bool add_run(struct targets *t, struct addr *first, uint64_t count, struct err *e)
{
	char name[ADDR_TEXT_MAX];
	size_t known = t->run->host_count;

	for (; count > 0; count--, next_address(first)) {
		addr_ip(first, name);
		if (!add_address(t, name, first, known, e))
			return false;
	}
	return true;
}

static bool no_target(struct err *e, const char *text, const char *why)
{
	return err_set(e, ERR_USAGE, "target \"%.100s\": %s", text, why);
}

/* ADDRESS/BITS. */
static bool add_cidr(struct targets *t, const char *text, size_t slash, struct err *e)
{
	char base[TARGET_MAX];
	struct addr first;
	uint64_t bits;
	size_t n;

	memcpy(base, text, slash);
	base[slash] = '\0';
	if (!addr_parse(&first, base, 0, NULL))
		return no_target(e, text, "no address before the \"/\"");
	unsigned char *p = octets_of(&first, &n);
	if (!bytes_is_uint(bytes_of(text + slash + 1), 8 * n, &bits))
		return no_target(e, text,
				n == 4 ? "a network has 0 to 32 bits" :
					 "a network has 0 to 128 bits");
	if (8 * n - bits > 16)
		return no_target(e, text, "more than 65536 addresses");
	for (size_t i = (size_t)bits; i < 8 * n; i++)
		p[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return add_run(t, &first, UINT64_C(1) << (8 * n - bits), e);
}

static uint64_t low_octets(struct addr *a)
{
	size_t n;
	const unsigned char *p = octets_of(a, &n);

	return (uint64_t)p[n - 4] << 24 | (uint64_t)p[n - 3] << 16 | (uint64_t)p[n - 2] << 8 |
			p[n - 1];
}

/* ADDRESS-ADDRESS or, in IPv4, ADDRESS-NUMBER for the last octet. */
static bool add_range(struct targets *t, const char *text, size_t dash, struct err *e)
{
	char base[TARGET_MAX];
	struct addr first, last;
	uint64_t number, from;

	memcpy(base, text, dash);
	base[dash] = '\0';
	addr_parse(&first, base, 0, NULL);
	from = low_octets(&first);
	if (first.sa.ss_family == AF_INET && bytes_is_uint(bytes_of(text + dash + 1), 255, &number))
		number |= from & ~UINT64_C(255);
	else if (addr_parse(&last, text + dash + 1, 0, NULL) &&
			last.sa.ss_family == first.sa.ss_family)
		number = low_octets(&last);
	else
		return no_target(e, text, "what follows the \"-\" ends no range");
	if (number < from)
		return no_target(e, text, "this range runs backwards");
	if (number - from >= MSCAN_HOSTS_MAX)
		return no_target(e, text, "more than 65536 addresses");
	return add_run(t, &first, number - from + 1, e);
}

static bool is_address_before(const char *text, size_t n)
{
	char base[TARGET_MAX];

	memcpy(base, text, n);
	base[n] = '\0';
	return addr_parse(&(struct addr){ 0 }, base, 0, NULL);
}

/* --- names --- */

static bool take_port(struct targets *t, const struct endpoint *ep, const char *text, struct err *e)
{
	if (ep->port == 0 || ep->port == t->port)
		return true;
	if (t->port != 0)
		return no_target(e, text,
				"another port than the target before; use -p for the ports");
	t->port = ep->port;
	return true;
}

static bool add_name(struct targets *t, const char *host, struct err *e)
{
	struct addr_list list;
	struct err why = { 0 };

	if (!dns_resolve(t->run->w, host, &t->dns, &list, &why)) {
		if (why.kind == ERR_USAGE)
			return err_set(e, ERR_USAGE, "%s", why.text);
		t->unresolved(t->ctx, host, &why);
		return true;
	}
	for (size_t i = 0; i < list.count; i++)
		if (!add_address(t, host, &list.at[i], t->run->host_count, e))
			return false;
	return true;
}

bool targets_add(struct targets *t, const char *text, struct err *e)
{
	size_t slash = strcspn(text, "/"), dash = strcspn(text, "-");
	struct endpoint ep;
	struct addr a;

	if (strlen(text) >= TARGET_MAX)
		return no_target(e, text, "too long");
	if (text[slash] && !strstr(text, "://") && strncmp(text, "unix:", 5) != 0)
		return add_cidr(t, text, slash, e);
	if (text[dash] && is_address_before(text, dash))
		return add_range(t, text, dash, e);
	if (!endpoint_parse(&ep, text, e))
		return false;
	if (ep.kind != ADDR_TCP)
		return no_target(e, text, "only hosts have ports");
	if (!take_port(t, &ep, text, e))
		return false;
	if (!addr_is_numeric(ep.host))
		return add_name(t, ep.host, e);
	return addr_parse(&a, ep.host, 0, e) && add_address(t, ep.host, &a, t->run->host_count, e);
}

bool targets_add_file(struct targets *t, const char *path, struct err *e)
{
	struct buf file = BUF(FILE_MAX);
	struct bytes rest, line;
	bool ok = file_read(path, &file, e);

	rest = buf_bytes(&file);
	while (ok && bytes_line(&rest, &line)) {
		char text[TARGET_MAX + 1];
		line = bytes_trim(bytes_head(line, bytes_find(line, '#')));
		if (line.n == 0)
			continue;
		if (line.n >= sizeof(text) || bytes_has_control(line)) {
			ok = err_set(e, ERR_USAGE, "%s: a line is no target", path);
			break;
		}
		memcpy(text, line.p, line.n);
		text[line.n] = '\0';
		ok = targets_add(t, text, e);
	}
	buf_free(&file);
	return ok;
}

static int by_priority(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	return x->priority < y->priority ? -1 : x->priority > y->priority;
}

bool targets_add_mx(struct targets *t, const char *domain, struct err *e)
{
	struct dns_question q = { .name = domain, .type = DNS_MX };
	struct dns_answer *answer = xmalloc(sizeof(*answer));
	bool ok = dns_query(t->run->w, &q, &t->dns, answer, e);

	t->is_null_mx = false;
	if (ok && answer->nxdomain)
		ok = err_set(e, ERR_RESOLVE, "%s: there is no such domain", domain);
	if (ok && answer->count == 0)
		ok = add_name(t, domain, e);
	if (ok && answer->count == 1 && !answer->at[0].name[0]) {
		t->is_null_mx = true;
		ok = err_set(e, ERR_RESOLVE, "%s takes no mail: null MX (RFC 7505)", domain);
	}
	qsort(answer->at, ok ? answer->count : 0, sizeof(answer->at[0]), by_priority);
	for (size_t i = 0; ok && i < answer->count; i++)
		ok = add_name(t, answer->at[i].name, e);
	free(answer);
	return ok;
}

void targets_free(struct mscan_run *run)
{
	for (size_t i = 0; i < run->host_count; i++)
		free(run->hosts[i].name);
	free(run->hosts);
	run->hosts = NULL;
	run->host_count = 0;
}
