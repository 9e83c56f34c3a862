/* dns - stub resolver with a deadline, and the hosts file
 * SPDX-License-Identifier: MIT
 *
 * libc's own resolver has no deadline and does not say which server answered, and musl 1.2.3 knows
 * no TCP. Questions go out one after another: a mail check asks few of them. */
#include "net/dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/stream.h"
#include "sys/file.h"

enum { FILE_MAX = 1024 * 1024, RCODE_FORMERR = 1, RCODE_NOTIMP = 4 };

/* One question on its way. */
struct asking {
	struct world *w;
	struct dns_question q;
	uint64_t deadline_ms; /* of this try */
	struct buf message;
};

static bool read_conf(struct dns_conf *conf, const struct dns_options *o, struct err *e)
{
	struct buf file = BUF(FILE_MAX);
	struct endpoint ep;

	file_read("/etc/resolv.conf", &file, NULL);
	dns_conf_parse(conf, buf_bytes(&file));
	buf_free(&file);
	if (!o->server)
		return true;
	conf->server_count = 1;
	if (!endpoint_parse(&ep, o->server, e) || ep.kind != ADDR_TCP ||
			!addr_parse(&conf->servers[0], ep.host, ep.port ? ep.port : 53, e))
		return err_set(e, ERR_USAGE, "DNS server '%s': an IP address is needed", o->server);
	return true;
}

/* Every try has an id of its own: a late answer to the one before is not taken for this one's. */
static bool write_question(struct asking *a, bool edns, struct err *e)
{
	unsigned char id[2];

	a->w->random(a->w, id, sizeof(id));
	a->q.id = (unsigned)id[0] << 8 | id[1];
	buf_clear(&a->message);
	return dns_ask(&a->message, &a->q, edns, e);
}

/* Takes what comes until an answer to our question is among it. Anything else, as a forger
 * sends it, is passed over. */
static bool receive(struct asking *a, int fd, struct dns_answer *answer, struct err *e)
{
	unsigned char in[DNS_UDP_MAX];
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (world_poll(a->w, &wait, 1, a->deadline_ms) > 0) {
		ssize_t n = recv(fd, in, sizeof(in), 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return err_set(e, ERR_DNS, "%s", strerror(errno));
		struct bytes message = { in, (size_t)n };
		if (dns_parse(message, &a->q, answer, e))
			return true;
		if (e->kind == ERR_DNS)
			return false;
	}
	return err_set(e, ERR_DNS, "no answer in time");
}

/* The socket is connected, so that only this server is heard, and its "port unreachable" too. */
static bool ask_udp(struct asking *a, const struct addr *server, struct dns_answer *answer,
		struct err *e)
{
	int fd = socket(server->sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&server->sa, server->len) == 0 &&
			send(fd, a->message.p, a->message.n, 0) == (ssize_t)a->message.n;

	if (!ok)
		err_set(e, ERR_DNS, "%s", strerror(errno));
	else
		ok = receive(a, fd, answer, e);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool talk_tcp(struct asking *a, struct stream *s, struct dns_answer *answer, struct err *e)
{
	struct buf out = BUF(DNS_QUERY_MAX + 2), in = BUF(DNS_TCP_MAX + 2);

	buf_putc(&out, (unsigned char)(a->message.n >> 8)); /* RFC 1035 4.2.2 */
	buf_putc(&out, (unsigned char)a->message.n);
	buf_put(&out, buf_bytes(&a->message));
	bool ok = stream_write(s, buf_bytes(&out), a->deadline_ms, e) == IO_OK;
	while (ok && (in.n < 2 || in.n < 2 + ((size_t)in.p[0] << 8 | in.p[1])))
		ok = stream_read(s, &in, a->deadline_ms, e) == IO_OK;
	if (ok) {
		size_t n = (size_t)in.p[0] << 8 | in.p[1];
		ok = dns_parse(bytes_head(bytes_skip(buf_bytes(&in), 2), n), &a->q, answer, e);
		if (ok && answer->is_truncated)
			ok = err_set(e, ERR_DNS, "a truncated answer over TCP");
	}
	buf_free(&in);
	buf_free(&out);
	return ok;
}

static bool ask_tcp(struct asking *a, const struct addr *server, struct dns_answer *answer,
		struct err *e)
{
	struct addr_list list = { .at = { *server }, .count = 1 };
	struct stream_connect c = { .deadline_ms = a->deadline_ms };
	struct stream *s = stream_connect(a->w, &list, &c, e);

	if (!s)
		return false;
	bool ok = talk_tcp(a, s, answer, e);
	stream_close(s);
	return ok;
}

static bool ask_server(struct asking *a, const struct addr *server, struct dns_answer *answer,
		struct err *e)
{
	if (!write_question(a, true, e))
		return false;
	bool ok = ask_udp(a, server, answer, e);
	if (!ok && (answer->rcode == RCODE_FORMERR || answer->rcode == RCODE_NOTIMP)) {
		/* RFC 6891 7: a server from before EDNS */
		if (!write_question(a, false, e))
			return false;
		ok = ask_udp(a, server, answer, e);
	}
	return ok && answer->is_truncated ? ask_tcp(a, server, answer, e) : ok;
}

static void name_server(char out[ADDR_TEXT_MAX], const struct addr *server)
{
	if (addr_port(server) == 53)
		addr_ip(server, out);
	else
		addr_text(server, out);
}

/* All servers in order, and all over again as often as the configuration says. */
static bool ask_servers(struct asking *a, const struct dns_conf *conf, uint64_t deadline_ms,
		struct dns_answer *answer, struct err *e)
{
	struct buf tried = BUF(ERR_TEXT_MAX);
	char server[ADDR_TEXT_MAX];
	bool ok = false;

	for (size_t i = 0; !ok && i < conf->attempts * conf->server_count; i++) {
		const struct addr *to = &conf->servers[i % conf->server_count];
		struct err why = { .kind = ERR_NONE };
		uint64_t now = a->w->mono_ms(a->w);
		if (now >= deadline_ms)
			break;
		a->deadline_ms = now + (uint64_t)conf->timeout_s * 1000;
		if (a->deadline_ms > deadline_ms)
			a->deadline_ms = deadline_ms;
		*answer = (struct dns_answer){ .count = 0 };
		ok = ask_server(a, to, answer, &why);
		name_server(server, to);
		memcpy(answer->server, server, sizeof(server));
		if (!ok && i < conf->server_count)
			buf_printf(&tried, "%s%s: %s", i ? "; " : "", server, why.text);
	}
	if (!ok)
		err_set(e, ERR_DNS, "DNS: %s: nobody could tell (%s)", a->q.name,
				tried.n ? buf_text(&tried) : "the time was up");
	buf_free(&tried);
	return ok;
}

bool dns_query(struct world *w, const struct dns_question *q, const struct dns_options *o,
		struct dns_answer *answer, struct err *e)
{
	struct asking a = { .w = w, .q = *q, .message = BUF(DNS_QUERY_MAX) };
	struct dns_conf conf;
	bool ok = false;

	*answer = (struct dns_answer){ .count = 0 };
	if (read_conf(&conf, o, e) && write_question(&a, true, e))
		ok = ask_servers(&a, &conf, o->deadline_ms, answer, e);
	buf_free(&a.message);
	return ok;
}

bool dns_ptr(struct world *w, const struct addr *a, const struct dns_options *o,
		struct dns_answer *answer, struct err *e)
{
	char name[ADDR_HOST_MAX], ip[ADDR_TEXT_MAX];
	struct dns_question q = { .name = name, .type = DNS_PTR };

	addr_ip(a, ip);
	dns_ptr_name(a, name);
	if (!dns_query(w, &q, o, answer, e))
		return false;
	return answer->count > 0 ||
			err_set(e, ERR_RESOLVE, "%s has no name in DNS (said by %s)", ip,
					answer->server);
}

/* --- addresses of a host --- */

static void add_answer(struct addr_list *list, const struct dns_answer *answer, unsigned port)
{
	for (size_t i = 0; i < answer->count && list->count < ADDR_LIST_MAX; i++) {
		list->at[list->count] = answer->at[i].addr;
		addr_set_port(&list->at[list->count++], port);
	}
	snprintf(list->source, sizeof(list->source), "dns %s", answer->server);
}

/* Asks the kernel for a route; no packet is sent. */
static bool has_route(const struct addr *a)
{
	int fd = socket(a->sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* One form of the name. False with ERR_RESOLVE only when every server question was answered
 * "no". */
static bool ask_addresses(struct world *w, const char *name, const struct dns_options *o,
		struct addr_list *list, struct err *e)
{
	static const struct {
		int family;
		enum dns_type type;
	} kinds[] = { { AF_INET6, DNS_AAAA }, { AF_INET, DNS_A } };
	struct dns_answer answers[2] = { { .count = 0 }, { .count = 0 } };
	struct err failed = { .kind = ERR_NONE };
	size_t last = 0;

	for (size_t i = 0; i < 2; i++) {
		if (o->family != AF_UNSPEC && o->family != kinds[i].family)
			continue;
		struct dns_question q = { .name = name, .type = kinds[i].type };
		if (!dns_query(w, &q, o, &answers[i], &failed))
			continue;
		last = i;
		if (answers[i].nxdomain) /* there is no other type either (RFC 8020 2) */
			return err_set(e, ERR_RESOLVE, "%s: this name does not exist (said by %s)",
					name, answers[i].server);
	}
	size_t first = answers[0].count > 0 && has_route(&answers[0].at[0].addr) ? 0 : 1;
	if (answers[first].count > 0)
		add_answer(list, &answers[first], o->port);
	if (answers[1 - first].count > 0)
		add_answer(list, &answers[1 - first], o->port);
	if (list->count > 0)
		return true;
	if (failed.kind != ERR_NONE) {
		*e = failed;
		return false;
	}
	return err_set(e, ERR_RESOLVE, "%s: no %saddress (said by %s)", name,
			o->family == AF_INET                  ? "IPv4 " :
					o->family == AF_INET6 ? "IPv6 " :
								"",
			answers[last].server);
}

static bool add_numeric(const char *host, const struct dns_options *o, struct addr_list *list,
		struct err *e)
{
	if (!addr_parse(&list->at[0], host, o->port, e))
		return false;
	if (o->family != AF_UNSPEC && o->family != list->at[0].sa.ss_family)
		return err_set(e, ERR_RESOLVE, "%s is no IPv%c address", host,
				o->family == AF_INET ? '4' : '6');
	list->count = 1;
	snprintf(list->source, sizeof(list->source), "numeric");
	return true;
}

static bool find_in_hosts(const char *host, const struct dns_options *o, struct addr_list *list)
{
	struct buf file = BUF(FILE_MAX);

	file_read("/etc/hosts", &file, NULL);
	bool found = dns_hosts_find(buf_bytes(&file), host, o->port, o->family, list);
	buf_free(&file);
	snprintf(list->source, sizeof(list->source), "/etc/hosts");
	return found;
}

static bool add_localhost(const char *host, const struct dns_options *o, struct addr_list *list)
{
	struct bytes name = bytes_of(host);

	if (bytes_ends(name, BYTES(".")))
		name.n--;
	bool is_local = bytes_equal_nocase(name, BYTES("localhost")) ||
			(name.n > 10 &&
					bytes_equal_nocase(bytes_skip(name, name.n - 10),
							BYTES(".localhost")));
	if (!is_local)
		return false;
	if (o->family != AF_INET6)
		addr_parse(&list->at[list->count++], "127.0.0.1", o->port, NULL);
	if (o->family != AF_INET)
		addr_parse(&list->at[list->count++], "::1", o->port, NULL);
	snprintf(list->source, sizeof(list->source), "built-in");
	return true;
}

bool dns_resolve(struct world *w, const char *host, const struct dns_options *o,
		struct addr_list *list, struct err *e)
{
	char full[2 * ADDR_HOST_MAX];
	struct dns_conf conf;
	struct err first, ignored;

	if (!e)
		e = &ignored;
	*list = (struct addr_list){ .count = 0 };
	if (addr_is_numeric(host))
		return add_numeric(host, o, list, e);
	if (!o->server && find_in_hosts(host, o, list))
		return true;
	if (add_localhost(host, o, list))
		return true;
	if (!read_conf(&conf, o, e))
		return false;
	if (strchr(host, '.'))
		return ask_addresses(w, host, o, list, e);
	for (size_t i = 0; i < conf.search_count; i++) {
		snprintf(full, sizeof(full), "%s.%s", host, conf.search[i]);
		if (ask_addresses(w, full, o, list, e))
			return true;
		if (i == 0)
			first = *e; /* of the name that the user most likely meant */
	}
	if (ask_addresses(w, host, o, list, e))
		return true;
	if (conf.search_count > 0)
		*e = first;
	return false;
}
