/* addr - socket addresses and the endpoints a user names
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/reply.h"
#include "sys/err.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* A text is at most "[" address "%" interface "]:65535"; a host name is at most 253 octets long
 * (RFC 1035 3.1), a path or a command of an endpoint 255. */
enum { ADDR_TEXT_MAX = 80, ADDR_HOST_MAX = 256, ADDR_LIST_MAX = 32 };

struct addr {
	struct sockaddr_storage sa;
	socklen_t len;
};

struct addr_list {
	struct addr at[ADDR_LIST_MAX];
	size_t count;
	char source[ADDR_TEXT_MAX +
			16]; /* who said so: "numeric", "/etc/hosts", "dns 192.0.2.53" */
};

/* Reads a numeric address only: "192.0.2.1", "2001:db8::1", "fe80::1%eth0". False (ERR_USAGE)
 * when it is none, or when a link-local one lacks its scope id or names an interface that is
 * not here. */
bool addr_parse(struct addr *a, const char *text, unsigned port, struct err *e);

/* Whether text has the form of a numeric address; never fails for want of a scope id. */
bool addr_is_numeric(const char *text);

/* "192.0.2.1" / "2001:db8::1" (addr_ip) and "192.0.2.1:25" / "[2001:db8::1]:25" (addr_text). An
 * address of no internet family gives "". */
void addr_ip(const struct addr *a, char out[ADDR_TEXT_MAX]);
void addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);
unsigned addr_port(const struct addr *a);
void addr_set_port(struct addr *a, unsigned port);

/* 127/8, ::1, v4-mapped 127/8; a UNIX socket or pipe is local by its own rule
 * (stream_is_local). */
bool addr_is_loopback(const struct addr *a);

/* Whether a numeric address, with or without scope id, is one that the Internet does not route:
 * RFC 1918, RFC 6598 (carriers), RFC 3927 and RFC 4291 2.5.6 (link-local), RFC 4193; v4-mapped
 * ones too. False for what is no address, and for loopback. */
bool addr_is_private(struct bytes ip);

enum addr_kind { ADDR_TCP, ADDR_UNIX, ADDR_EXEC };
enum addr_tls { ADDR_TLS_UNSAID, ADDR_TLS_NONE /* plain start */, ADDR_TLS_IMPLICIT };

/* What the user wrote: HOST, HOST:PORT, [v6]:PORT, bare v6, scheme://[user@]host[:port][/],
 * unix:/path, exec:COMMAND. */
struct endpoint {
	enum addr_kind kind;
	char host[ADDR_HOST_MAX]; /* name or address; for unix: and exec: the path / command */
	unsigned port;            /* 0 = not said (a scheme says it: smtps:// = 465) */
	char user[ADDR_HOST_MAX]; /* user@ of a URL, percent-decoded; "" when not given */
	bool has_proto;
	enum proto proto;
	bool is_lmtp;
	enum addr_tls tls; /* what the scheme says */
};

/* False: ERR_USAGE. International host names get their ASCII form. A password in a URL is refused
 * and not repeated in the error's text. */
bool endpoint_parse(struct endpoint *ep, const char *text, struct err *e);
