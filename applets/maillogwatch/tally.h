/* tally - counts texts in bounded memory
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum {
	TALLY_ROWS_MAX = 32 * 1024, /* a power of two */
	TALLY_TEXT_MAX = 3 * 512 * 1024,
	TALLY_KEY_MAX = 400 /* octets of a text that are told apart */
};

struct tally_row {
	uint64_t count;
	uint32_t offset, n; /* of its text */
};

/* Zeroed = empty. */
struct tally {
	struct tally_row *rows;
	uint32_t *index; /* by hash: number of the row + 1, and 16 bits of it; 0 = free */
	size_t count, room, index_size;
	size_t last; /* row that was counted last: it often is again */
	struct buf text;
	uint64_t dropped; /* what rare texts counted that were given up for room */
};

void tally_free(struct tally *t);

/* When there is no room the texts that were counted least are given up, their counts in dropped. */
void tally_add(struct tally *t, struct bytes text, uint64_t n);
uint64_t tally_get(const struct tally *t, struct bytes text); /* 0 = not counted */
struct bytes tally_text(const struct tally *t, const struct tally_row *row);
uint64_t tally_sum(const struct tally *t);

/* Brings the k most counted rows to the front: the most counted first, texts in order among equals.
 * Only tally_free and reading are allowed after it. */
void tally_top(struct tally *t, size_t k);

/* All rows in the order of tally_top; what is counted later follows them. */
void tally_sort(struct tally *t);

uint64_t tally_hash(struct bytes text);
