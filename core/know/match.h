/* match - finds knowledge-base entries fast, for whole logs
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/advice.h"

enum {
	MATCH_HEAD = 6, /* octets of a pattern that are looked for */
	MATCH_HASHES = 4096,
	MATCH_LITERALS_MAX = 2048,
	MATCH_ENTRIES_MAX = 2048
};

struct match_literal {
	unsigned char head[MATCH_HEAD];
	unsigned short entry, next; /* next of the same hash, counted from 1; 0 = none */
};

/* 40 kB; the caller owns it, and nothing of it has to be freed. */
struct match {
	unsigned char shift[MATCH_HASHES];
	unsigned short first[MATCH_HASHES]; /* literal with this hash at its end, from 1 */
	struct match_literal literals[MATCH_LITERALS_MAX];
	/* entries that ask for no text, or a short one: those for replies before those for our own
	 * failures */
	unsigned short always[MATCH_ENTRIES_MAX];
	size_t literal_count, reply_count, always_count;
};

/* Reads the knowledge base; takes less than a millisecond. */
void match_init(struct match *m);

/* Exactly what advise() answers. */
const struct advice *match_find(const struct match *m, const struct finding *f,
		struct advice_binds *binds);
