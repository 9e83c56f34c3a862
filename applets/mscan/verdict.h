/* verdict - what a scan means
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "ui/report.h"

#include "know/advice.h"

/* "25,587=open,143=closed": what ports ought to be. */
struct expectations {
	struct buf list; /* pairs of uint16_t: port, enum mscan_state */
	size_t count;
};

/* False: ERR_USAGE. A list without a state means open. */
bool verdict_expect_parse(struct expectations *x, struct bytes text, struct err *e);

/* The ports in it, as the set to scan. */
bool verdict_expect_ports(const struct expectations *x, struct ports *p, struct err *e);

struct verdict_options {
	unsigned warning, critical;        /* days that a certificate has left */
	const struct expectations *expect; /* NULL: judged as a mail host */
};
void mscan_verdicts(const struct mscan_run *run, struct report *report,
		const struct verdict_options *o);
