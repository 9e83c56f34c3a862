/* rules - what several lines of a log say together
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/maillog.h"

enum { RULES_MAX = 8, RULES_NAME_MAX = 200, RULES_CLIENTS = 20 };

/* Zeroed = nothing read yet. */
struct rules {
	struct {
		int64_t before_s, told_s; /* wall_s */
		bool has_before, is_told;
	} at[RULES_MAX];
	struct buf user;   /* the last name that PAM was asked for */
	struct buf client; /* the only client but for this host itself */
	unsigned clients;  /* lines that name it */
	bool has_others;   /* or there are others */
	bool has_ban;      /* of a private address: said once */
};

void rules_init(struct rules *r);
void rules_free(struct rules *r);

/* Takes the next line. Appends what it says together with those before it, as lines of text that is
 * safe to show; nothing for most lines, and the same not twice in a minute. */
void rules_take(struct rules *r, const struct log_event *e, bool utf8, struct buf *out);
