/* tell - verdicts of a scan, one a cause
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/advice.h"
#include "ui/report.h"

enum { TELL_FACT_MAX = 400, TELL_HELD_MAX = 64 };

/* One verdict. error: its name in the knowledge base; NULL: nothing to explain. */
struct told {
	enum report_status status;
	const char *error, *stage, *fact;
	unsigned port;              /* of the finding; 0 = none */
	enum advice_proto starttls; /* of the finding: what TLS was begun in; 0 = none */
};

/* Verdicts about ports are held back, so that ports which share error and fact stand in one. */
struct tell {
	struct report *report;
	const char *host;   /* for the commands to type */
	const char *suffix; /* behind the ports: " at 192.0.2.1"; NULL = none */
	const char *prefix; /* before them: "192.0.2.1 "; NULL = none */
	unsigned count;     /* verdicts so far */
	struct tell_held {
		struct told told;
		struct buf fact, ports;
	} held[TELL_HELD_MAX];
	size_t held_count;
};

/* At once; subject as it stands. */
void tell_now(struct tell *t, const char *subject, const struct told *v);

/* Held until tell_flush. */
void tell_port(struct tell *t, unsigned port, const struct told *v);
void tell_flush(struct tell *t);
