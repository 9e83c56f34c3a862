/* past - the JSON of another scan
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"

enum { PAST_FILE_MAX = 64 * 1024 * 1024 };

struct past_port {
	char addr[ADDR_TEXT_MAX];
	uint16_t port;
	unsigned char state; /* enum mscan_state */
	bool by_icmp;
	char icmp_from[ADDR_TEXT_MAX];
	char sha256[65]; /* of the certificate; "" = none */
};

struct past {
	struct past_port *at;
	size_t count;
};

/* Reads what mscan --json wrote. False: not readable, or no scan is in it. */
bool past_read(struct past *p, const char *path, struct err *e);
void past_free(struct past *p);

/* NULL: that scan did not try it. */
const struct past_port *past_find(const struct past *p, const char *addr, unsigned port);
