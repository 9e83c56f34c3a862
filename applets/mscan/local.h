/* local - what listens on this machine
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "proto/procnet.h"

struct local_listener {
	struct procnet_row row;
	char process[32]; /* "" = not known: only root may see that of others */
};

struct local {
	struct local_listener *at;
	size_t count;
	bool is_readable;    /* /proc/net/tcp is there */
	bool knows_firewall; /* rules holds all there are */
	struct buf rules;    /* nft list ruleset, or iptables-save */
	const char *why_not; /* the firewall is not known */
};

/* How a port is listened on. */
struct local_port {
	bool any, loopback, others; /* at all; on 127/8 or ::1; on any other address */
	bool v4, v6;                /* families that reach it from outside */
	char process[32];
	struct buf addresses; /* "0.0.0.0 [::]"; to be freed */
};

void local_read(struct local *l, struct world *w);
void local_free(struct local *l);
void local_look(const struct local *l, unsigned port, struct local_port *out);

/* What the firewall's rules say of a port. */
enum local_rule {
	LOCAL_RULE_UNKNOWN,
	LOCAL_RULE_NONE,   /* there are no rules that drop or reject */
	LOCAL_RULE_OTHER,  /* there are such rules, none names this port */
	LOCAL_RULE_ACCEPT, /* one that names it accepts */
	LOCAL_RULE_DROP    /* one that names it drops or rejects */
};
enum local_rule local_rule_of(const struct local *l, unsigned port, struct bytes *line);

/* Adds the addresses of this machine to the run: loopback first. */
bool local_add_addresses(struct mscan_run *run, int family, struct err *e);
