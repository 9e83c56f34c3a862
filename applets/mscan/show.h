/* show - what a scan found, for people and for programs
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "applets/mscan/probe.h"
#include "ui/opt.h"

/* The state as it stands in table and JSON: "open", ..., "undecided". */
const char *mscan_state_name(enum mscan_state state);

/* And back, letters of either case; MSCAN_NONE for what is no state that a port can be found in. */
enum mscan_state mscan_state_of(struct bytes name);

/* "syn-ack 34 ms", "no reply (3)", "port-unreachable from 192.0.2.1"; stable: without times. */
void mscan_reason(const struct mscan_run *run, const struct mscan_port *r, bool stable,
		struct buf *out);

/* The same as one word: "syn-ack", "reset", "no-reply", "icmp", ... */
const char *mscan_reason_word(const struct mscan_port *r);

/* "port-unreachable", "admin-prohibited", ...; "icmp T/C" for what has no name. */
void mscan_icmp(const struct mscan_host *h, const struct mscan_port *r, struct buf *out);

/* What the port said, in one line; foreign octets are not escaped yet. */
void mscan_info(const struct mscan_run *run, const struct mscan_port *r, struct buf *out);

struct mscan_view {
	bool stable, reason, all; /* all: rows for every port that was asked for */
};
void mscan_table(const struct mscan_run *run, size_t host, const struct mscan_view *view);
/* For -v: banner, capabilities in clear and inside TLS, and the certificate of each port asked. */
void mscan_details(const struct mscan_run *run, size_t host);
void mscan_grep(const struct mscan_run *run, size_t host);
void mscan_json(const struct mscan_run *run, size_t host, bool stable);

/* Days until t, rounded down; negative when it has passed. */
int64_t mscan_days(const struct mscan_run *run, int64_t t);
