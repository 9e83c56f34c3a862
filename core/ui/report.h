/* report - verdicts: text, JSON, nagios line and exit code
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/json.h"
#include "ui/opt.h"

/* One map for all applets; the values are the exit codes. Their rank (what a run ends with) is
 * OK < WARNING < UNKNOWN < CRITICAL: "no" is surer than "not known". */
enum report_status { REPORT_OK = 0, REPORT_WARNING = 1, REPORT_CRITICAL = 2, REPORT_UNKNOWN = 3 };

enum { REPORT_FACT_MAX = 200, REPORT_PERF_MAX = 1024, REPORT_HELD_MAX = 1024 * 1024 };

struct finding;

/* All texts are borrowed for the call that adds the verdict; foreign octets in them are made safe
 * here, secrets never enter. NULL members are left out. */
struct report_verdict {
	enum report_status status;
	/* dns connect banner ehlo tls cert auth mail rcpt data quit log fetch local */
	const char *stage;
	const char *subject; /* "auth", "message"; NULL = the stage */
	const char *fact;    /* observed fact, one line */
	const char *means, *likely[2], *proves, *not_proves;
	const char *right; /* what it should have been */
	const char *next;  /* commands, one a line */
	const char *id;
};

struct report {
	struct world *w;
	const char *applet;
	const char *target; /* as the user named it; for JSON; may be NULL */
	bool json, nagios, stable, color;
	bool at_end;               /* text waits for report_finish, below the session it is about */
	struct buf held;           /* such text */
	enum report_status status; /* worst so far */
	bool any;
	struct buf worst;    /* "subject: fact" of the first of the worst: the nagios line */
	struct buf perfdata; /* "label=value ...", for the nagios line */
	struct buf perf;     /* the same as members of a JSON object */
};

void report_init(struct report *r, struct world *w, const char *applet, const char *target,
		const struct opt_common *c);
void report_free(struct report *r);

/* Prints (or, with --nagios or at_end, keeps) one verdict. */
void report_add(struct report *r, const struct report_verdict *v);

/* The same, explained from the knowledge base: what advise() says about f fills means, likely,
 * proves, not_proves, next and id where v has none. */
void report_advise(struct report *r, const struct report_verdict *v, const struct finding *f);

/* A measured value: label=value[unit] in the nagios line, a member of "perf" in JSON. Times are
 * left out with --stable. */
void report_perf(struct report *r, const char *label, double value, const char *unit);

/* The same with thresholds behind it in the nagios line: ";WARN;CRIT". */
void report_perf_limits(struct report *r, const char *label, double value, const char *unit,
		const char *limits);

/* The exit code: the worst status; 3 when nothing was reported, or standard output was lost. Prints
 * the nagios line, or in JSON
 * {"type":"result","applet":...,"target":...,"status":...,"exit":N,"perf":{}}. */
int report_finish(struct report *r);

const char *report_status_name(enum report_status s); /* "OK", "WARNING", ... */
