/* addr - socket addresses and the endpoints a user names
 * SPDX-License-Identifier: MIT */
#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "proto/punycode.h"

/* RFC 3986 schemes as curl knows them, and RFC 6186's two names of submission. */
static const struct scheme {
	const char *name;
	unsigned port;
	enum proto proto;
	enum addr_tls tls;
	bool is_lmtp;
} schemes[] = {
	{ "imap", 143, PROTO_IMAP, ADDR_TLS_NONE, false },
	{ "imaps", 993, PROTO_IMAP, ADDR_TLS_IMPLICIT, false },
	{ "lmtp", 24, PROTO_SMTP, ADDR_TLS_NONE, true },
	{ "pop3", 110, PROTO_POP3, ADDR_TLS_NONE, false },
	{ "pop3s", 995, PROTO_POP3, ADDR_TLS_IMPLICIT, false },
	{ "smtp", 25, PROTO_SMTP, ADDR_TLS_NONE, false },
	{ "smtps", 465, PROTO_SMTP, ADDR_TLS_IMPLICIT, false },
	{ "submission", 587, PROTO_SMTP, ADDR_TLS_NONE, false },
	{ "submissions", 465, PROTO_SMTP, ADDR_TLS_IMPLICIT, false },
};

/* A slice as a C string; false when it does not fit. */
static bool to_text(struct bytes in, char *out, size_t size)
{
	if (in.n >= size)
		return false;
	if (in.n > 0)
		memcpy(out, in.p, in.n);
	out[in.n] = '\0';
	return true;
}

static bool parse_v4(struct addr *a, const char *text, unsigned port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, text, &v4.sin_addr) != 1)
		return false;
	*a = (struct addr){ .len = sizeof(v4) };
	memcpy(&a->sa, &v4, sizeof(v4));
	return true;
}

/* An interface by name or by number (RFC 4007 11.2). */
static unsigned scope_id(struct bytes scope)
{
	char name[IF_NAMESIZE];
	uint64_t number;

	if (bytes_is_uint(scope, UINT32_MAX, &number))
		return (unsigned)number;
	return scope.n && to_text(scope, name, sizeof(name)) ? if_nametoindex(name) : 0;
}

static bool split_v6(const char *text, struct in6_addr *ip, struct bytes *scope)
{
	struct bytes in = bytes_of(text);
	size_t percent = bytes_find(in, '%');
	char plain[INET6_ADDRSTRLEN];

	*scope = bytes_skip(in, percent + 1);
	return !bytes_has_control(*scope) && bytes_find(*scope, ' ') == scope->n &&
			to_text(bytes_head(in, percent), plain, sizeof(plain)) &&
			inet_pton(AF_INET6, plain, ip) == 1;
}

bool addr_parse(struct addr *a, const char *text, unsigned port, struct err *e)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct bytes scope;

	if (parse_v4(a, text, port))
		return true;
	if (!split_v6(text, &v6.sin6_addr, &scope))
		return err_set(e, ERR_USAGE, "%s: not an IP address", text);
	bool has_scope = strchr(text, '%') != NULL;
	if (has_scope) {
		v6.sin6_scope_id = scope_id(scope);
		if (v6.sin6_scope_id == 0)
			return err_set(e, ERR_USAGE, "%s: no such interface here", text);
	}
	if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) && !has_scope)
		return err_set(e, ERR_USAGE,
				"%s: a link-local address needs its interface: %s%%eth0", text,
				text);
	*a = (struct addr){ .len = sizeof(v6) };
	memcpy(&a->sa, &v6, sizeof(v6));
	return true;
}

bool addr_is_numeric(const char *text)
{
	struct in6_addr ip;
	struct bytes scope;

	return inet_pton(AF_INET, text, &ip) == 1 || split_v6(text, &ip, &scope);
}

/* sockaddr_storage is read by copy: a cast to the narrower type would break the aliasing
 * rules. */
static struct sockaddr_in as_v4(const struct addr *a)
{
	struct sockaddr_in v4;

	memcpy(&v4, &a->sa, sizeof(v4));
	return v4;
}

static struct sockaddr_in6 as_v6(const struct addr *a)
{
	struct sockaddr_in6 v6;

	memcpy(&v6, &a->sa, sizeof(v6));
	return v6;
}

void addr_ip(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	struct sockaddr_in v4 = as_v4(a);
	struct sockaddr_in6 v6 = as_v6(a);
	char name[IF_NAMESIZE];

	out[0] = '\0';
	if (a->sa.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4.sin_addr, out, ADDR_TEXT_MAX);
	if (a->sa.ss_family != AF_INET6)
		return;
	inet_ntop(AF_INET6, &v6.sin6_addr, out, ADDR_TEXT_MAX);
	if (v6.sin6_scope_id == 0)
		return;
	size_t n = strlen(out);
	if (if_indextoname(v6.sin6_scope_id, name))
		snprintf(out + n, ADDR_TEXT_MAX - n, "%%%s", name);
	else
		snprintf(out + n, ADDR_TEXT_MAX - n, "%%%u", (unsigned)v6.sin6_scope_id);
}

void addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char ip[ADDR_TEXT_MAX];

	addr_ip(a, ip);
	out[0] = '\0';
	if (ip[0])
		snprintf(out, ADDR_TEXT_MAX,
				a->sa.ss_family == AF_INET6 ? "[%.70s]:%u" : "%.70s:%u", ip,
				addr_port(a));
}

unsigned addr_port(const struct addr *a)
{
	if (a->sa.ss_family == AF_INET)
		return ntohs(as_v4(a).sin_port);
	return a->sa.ss_family == AF_INET6 ? ntohs(as_v6(a).sin6_port) : 0;
}

void addr_set_port(struct addr *a, unsigned port)
{
	struct sockaddr_in v4 = as_v4(a);
	struct sockaddr_in6 v6 = as_v6(a);

	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	if (a->sa.ss_family == AF_INET)
		memcpy(&a->sa, &v4, sizeof(v4));
	else if (a->sa.ss_family == AF_INET6)
		memcpy(&a->sa, &v6, sizeof(v6));
}

bool addr_is_loopback(const struct addr *a)
{
	struct sockaddr_in6 v6 = as_v6(a);

	if (a->sa.ss_family == AF_INET)
		return ntohl(as_v4(a).sin_addr.s_addr) >> 24 == 127;
	if (a->sa.ss_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
			(IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
}

bool addr_is_private(struct bytes ip)
{
	static const struct {
		uint32_t net, mask;
	} nets[] = {
		{ 0x0a000000, 0xff000000 }, /* 10/8 */
		{ 0xac100000, 0xfff00000 }, /* 172.16/12 */
		{ 0xc0a80000, 0xffff0000 }, /* 192.168/16 */
		{ 0x64400000, 0xffc00000 }, /* 100.64/10 */
		{ 0xa9fe0000, 0xffff0000 }, /* 169.254/16 */
	};
	char text[ADDR_TEXT_MAX];
	struct in6_addr v6;
	struct in_addr v4;
	struct bytes scope;

	if (!to_text(ip, text, sizeof(text)))
		return false;
	if (inet_pton(AF_INET, text, &v4) != 1) {
		if (!split_v6(text, &v6, &scope))
			return false;
		if (!IN6_IS_ADDR_V4MAPPED(&v6))
			return IN6_IS_ADDR_LINKLOCAL(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc;
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	}
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if ((ntohl(v4.s_addr) & nets[i].mask) == nets[i].net)
			return true;
	return false;
}

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986 2.1. A control octet is refused: the user goes into a command line of the protocol. */
static bool percent_decode(struct bytes in, char *out, size_t size)
{
	size_t n = 0;

	while (in.n > 0) {
		int c = in.p[0];
		size_t took = 1;
		if (c == '%') {
			if (in.n < 3 || hex(in.p[1]) < 0 || hex(in.p[2]) < 0)
				return false;
			c = hex(in.p[1]) * 16 + hex(in.p[2]);
			took = 3;
		}
		if (c < 0x20 || c == 0x7f || n + 1 >= size)
			return false;
		out[n++] = (char)c;
		in = bytes_skip(in, took);
	}
	out[n] = '\0';
	return true;
}

static bool take_user(struct endpoint *ep, struct bytes *rest, struct err *e)
{
	size_t at = rest->n;

	for (size_t i = 0; i < rest->n; i++)
		if (rest->p[i] == '@')
			at = i; /* the last one: users are often written as user@domain */
	if (at == rest->n)
		return true;
	struct bytes user = bytes_head(*rest, at);
	*rest = bytes_skip(*rest, at + 1);
	if (bytes_find(user, ':') < user.n)
		return err_set(e, ERR_USAGE,
				"no password in an address, others can read it there: "
				"use --pass-file");
	if (user.n == 0 || !percent_decode(user, ep->user, sizeof(ep->user)))
		return err_set(e, ERR_USAGE,
				"the user before '@' is empty, too long or badly encoded");
	return true;
}

/* RFC 3986 3.1: with letters of either case, up to "://". */
static bool take_scheme(struct endpoint *ep, struct bytes *rest, struct err *e)
{
	size_t n = bytes_search(*rest, BYTES("://"));
	struct bytes name = bytes_head(*rest, n);

	if (n == rest->n)
		return true;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const struct scheme *s = &schemes[i];
		if (!bytes_equal_nocase(name, bytes_of(s->name)))
			continue;
		ep->has_proto = true;
		ep->proto = s->proto;
		ep->is_lmtp = s->is_lmtp;
		ep->tls = s->tls;
		ep->port = s->port;
		*rest = bytes_skip(*rest, n + 3);
		size_t slash = bytes_find(*rest, '/');
		if (rest->n > slash + 1)
			return err_set(e, ERR_USAGE, "nothing may follow the host in a URL here");
		*rest = bytes_head(*rest, slash);
		return take_user(ep, rest, e);
	}
	return err_set(e, ERR_USAGE,
			"unknown scheme '%.*s://' (smtp, smtps, submission, pop3, pop3s, "
			"imap, imaps, lmtp)",
			(int)(n < 30 ? n : 30), (const char *)name.p);
}

/* Takes the host off the front: "[...]", a bare IPv6 address, or what stands before the colon. */
static bool take_host(struct bytes *rest, struct bytes *host, struct err *e)
{
	char text[ADDR_HOST_MAX];

	if (bytes_starts(*rest, BYTES("["))) {
		size_t n = bytes_find(*rest, ']');
		if (n == rest->n)
			return err_set(e, ERR_USAGE, "a ']' is missing behind the address");
		*host = bytes_skip(bytes_head(*rest, n), 1);
		*rest = bytes_skip(*rest, n + 1);
		if (bytes_starts_nocase(*host, BYTES("IPv6:"))) /* RFC 5321 4.1.3 */
			*host = bytes_skip(*host, 5);
		return true;
	}
	size_t n = bytes_find(*rest, ':');
	struct bytes behind = bytes_skip(*rest, n + 1);
	if (to_text(*rest, text, sizeof(text)) && addr_is_numeric(text))
		n = rest->n;
	else if (bytes_find(behind, ':') < behind.n)
		return err_set(e, ERR_USAGE,
				"with two colons it is no HOST:PORT, and it is no IPv6 address");
	*host = bytes_head(*rest, n);
	*rest = bytes_skip(*rest, n);
	return true;
}

static bool take_port(struct endpoint *ep, struct bytes rest, struct err *e)
{
	uint64_t port;

	if (rest.n == 0)
		return true;
	if (rest.p[0] != ':' || !bytes_is_uint(bytes_skip(rest, 1), 65535, &port) || port == 0)
		return err_set(e, ERR_USAGE,
				"the port behind the host must be a number from 1 to 65535");
	ep->port = (unsigned)port;
	return true;
}

static bool is_host_octet(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c == '-' || c == '.' || c == '_';
}

/* Host names by RFC 1123 2.1, the underscore (found in the wild) tolerated. */
static bool check_host(const char *host, struct err *e)
{
	struct bytes in = bytes_of(host);
	struct bytes last;

	if (addr_is_numeric(host))
		return true;
	if (in.n > 0 && in.p[in.n - 1] == '.')
		in.n--;
	if (in.n == 0 || in.n > 253 || in.p[0] == '.' || bytes_search(in, BYTES("..")) < in.n)
		return err_set(e, ERR_USAGE, "'%s' is no host name", host);
	for (size_t i = 0; i < in.n; i++) {
		if (!is_host_octet(in.p[i]))
			return err_set(e, ERR_USAGE, "'%s' is no host name", host);
	}
	last = in;
	while (bytes_find(last, '.') < last.n)
		last = bytes_skip(last, bytes_find(last, '.') + 1);
	uint64_t number;
	if (bytes_is_uint(last, UINT64_MAX, &number)) /* "127.1": no name ends in a number */
		return err_set(e, ERR_USAGE, "'%s' is no IP address and no host name", host);
	return true;
}

static bool parse_other(struct endpoint *ep, struct bytes rest, enum addr_kind kind, struct err *e)
{
	ep->kind = kind;
	rest = bytes_trim(rest);
	if (rest.n == 0 || bytes_has_control(rest) || !to_text(rest, ep->host, sizeof(ep->host)))
		return err_set(e, ERR_USAGE, "what follows %s must have 1 to %d printable octets",
				kind == ADDR_UNIX ? "unix:" : "exec:", ADDR_HOST_MAX - 1);
	return true;
}

bool endpoint_parse(struct endpoint *ep, const char *text, struct err *e)
{
	struct bytes rest = bytes_of(text);
	struct bytes host;

	*ep = (struct endpoint){ .kind = ADDR_TCP };
	if (bytes_starts(rest, BYTES("unix:")))
		return parse_other(ep, bytes_skip(rest, 5), ADDR_UNIX, e);
	if (bytes_starts(rest, BYTES("exec:")))
		return parse_other(ep, bytes_skip(rest, 5), ADDR_EXEC, e);
	if (!take_scheme(ep, &rest, e) || !take_host(&rest, &host, e) || !take_port(ep, rest, e))
		return false;
	struct buf name = BUF(sizeof(ep->host) - 1);
	const char *why = "it is too long";
	bool ok = punycode_host(host, &name, &why);
	if (ok)
		memcpy(ep->host, buf_text(&name), name.n + 1);
	buf_free(&name);
	if (!ok)
		return err_set(e, ERR_USAGE, "'%.*s' is no host name: %s",
				(int)bytes_head(host, ADDR_HOST_MAX).n, (const char *)host.p, why);
	return check_host(ep->host, e);
}
