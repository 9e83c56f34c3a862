/* thread - one mail as a timeline, and why
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/maillog.h"
#include "sys/world.h"

enum { THREAD_RECIPIENTS_MAX = 100 };

/* What is known of one recipient. */
struct thread_recipient {
	struct bytes to;
	struct log_event last;
	unsigned tries;      /* since it was handed on under its last id */
	int64_t first_s;     /* of the first of them */
	struct bytes before; /* the reason of the try before the last */
	bool is_gone;        /* that id was removed from the queue */
};

/* Slices point into the lines, which the caller keeps. */
struct thread {
	struct bytes id, from, message_id;
	int64_t first_s;
	uint32_t first_us;
	struct thread_recipient recipients[THREAD_RECIPIENTS_MAX];
	size_t recipient_count;
	bool has_more;       /* recipients than fit */
	struct bytes notice; /* id of the mail that tells the sender */
	bool is_removed, is_rejected;
	struct log_event end; /* of a mail that was refused */
};

void thread_take(struct thread *m, const struct log_event *e);
/* "  +0.4 s  sent to <..> by .." */
void thread_line(struct world *w, const struct thread *m, const struct log_event *e);
/* What became of each recipient, and why. */
void thread_end(struct world *w, const struct thread *m);
/* --why: one paragraph for each recipient. */
void thread_why(struct world *w, const struct thread *m);
