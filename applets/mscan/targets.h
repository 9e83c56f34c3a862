/* targets - from what the user names to addresses
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "net/dns.h"
#include "sys/buf.h"

struct targets {
	struct mscan_run *run;
	struct dns_options dns;
	size_t room;
	unsigned port;   /* the one that targets of the form HOST:PORT named; 0 = none */
	bool is_null_mx; /* of the last targets_add_mx: the domain takes no mail */
	/* Told of each name that cannot be resolved: the others are scanned all the same. */
	void (*unresolved)(void *ctx, const char *name, const struct err *e);
	void *ctx;
};

/* Adds a host name (each of its addresses), an address, HOST:PORT, a URL, 192.0.2.0/24,
 * 2001:db8::/120, 192.0.2.1-20 or 192.0.2.1-192.0.2.20. What is there already is not added again.
 * False (ERR_USAGE): the text is none of these. */
bool targets_add(struct targets *t, const char *text, struct err *e);

/* One target a line of the file ("-": standard input); blank lines and what follows a '#' are
 * passed over. */
bool targets_add_file(struct targets *t, const char *path, struct err *e);

/* Each MX host of the domain in order; the domain itself where it has none (RFC 5321 5.1). False:
 * ERR_USAGE, or nobody could tell, or a null MX (RFC 7505). */
bool targets_add_mx(struct targets *t, const char *domain, struct err *e);

void targets_free(struct mscan_run *run);
