/* ports - TCP ports of mail hosts by name and number
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

enum { PORTS_LAST = 65535, PORTS_WELL_KNOWN = 1023 };

/* What a server at a port speaks first of all, inside TLS where that comes first. */
enum port_talk {
	PORT_TALK_NONE,
	PORT_TALK_SMTP,
	PORT_TALK_LMTP,
	PORT_TALK_POP3,
	PORT_TALK_IMAP,
	PORT_TALK_SIEVE,
	PORT_TALK_ANY /* not known: its greeting tells */
};

struct port_info {
	uint16_t port;
	const char *name;   /* the IANA registry's; 465 is RFC 8314's */
	unsigned char talk; /* enum port_talk */
	bool is_tls;        /* from the first octet */
	bool is_default;    /* scanned unless told otherwise */
};

/* NULL when there is nothing to say of that port. */
const struct port_info *ports_info(unsigned port);

/* A set, and the order to scan it in: mail first. */
struct ports {
	struct buf list; /* of uint16_t */
	size_t count;
};

/* The port at i, below count. */
unsigned ports_at(const struct ports *p, size_t i);

/* Reads "25,587,smtp", "1-1023", "-100", "60000-", "-" (all), "mail" (every port of a mail host).
 * What is given twice counts once. False (ERR_USAGE) names the item that is wrong. */
bool ports_parse(struct ports *p, struct bytes spec, struct err *e);
void ports_default(struct ports *p);
void ports_free(struct ports *p);
