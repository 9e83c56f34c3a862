/* explain - what a log line says beyond its entry
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/advice.h"
#include "proto/maillog.h"

/* This entry tells what follows from an earlier failure ("throttling", "exit status 1"). */
bool explain_is_consequence(const struct advice *a);

/* Of delays=a/b/c/d (postconf(5), delay_logging_resolution_limit): the first is all the time before
 * this try. */
extern const char *const explain_stages[4];

/* Appends what the line itself says when it is read with a pencil: where most of the time of a try
 * went ("150 of 150 s went into connecting."), what a base64 prompt is. Nothing for other lines. */
void explain_facts(struct buf *out, const struct log_event *e);

/* Prints what an entry says, with the facts of e (may be NULL). */
struct world;
void explain_note(struct world *w, const struct advice *a, const struct finding *f,
		const struct advice_binds *b, const struct log_event *e);
