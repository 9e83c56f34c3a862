/* load - figures of smtptalk's --repeat, and how they are told
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/smtptalk/smtptalk.h"
#include "sys/spread.h"

/* What is measured. LOAD_TOTAL: from the connect, or with --reuse from MAIL, to the answer to the
 * dot. */
enum load_stage {
	LOAD_CONNECT,
	LOAD_BANNER,
	LOAD_EHLO,
	LOAD_TLS,
	LOAD_AUTH,
	LOAD_MAIL,
	LOAD_RCPT,
	LOAD_DATA,
	LOAD_TOTAL,
	LOAD_STAGES
};

enum { LOAD_FAILURES = 16, LOAD_TEXT_MAX = 160 };

/* Failures that are alike: the same stage, and the same code (or our error). */
struct load_failure {
	enum load_stage stage;
	enum err_kind kind;       /* ERR_NONE: a reply */
	char code[10];            /* "452 4.3.1" */
	char text[LOAD_TEXT_MAX]; /* of the first, foreign */
	unsigned count;
};

struct load_figures {
	unsigned wanted, parallel, accepted, failed;
	uint64_t elapsed_us;                         /* to the last answer */
	struct spread times[LOAD_STAGES];            /* microseconds */
	struct load_failure failures[LOAD_FAILURES]; /* the last one holds all others, too */
	size_t failure_count;
};

void load_count_failure(struct load_figures *f, const struct load_failure *failure);

/* The table or the JSON object, then the verdicts. */
void load_tell(struct smtptalk *s, const struct load_figures *f);
