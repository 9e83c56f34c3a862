/* spread - how values are spread: percentiles in constant memory
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Values up to 127 are counted one by one, larger ones in steps of 1/64 of their size: a percentile
 * is at most 1.6 % too high. What passes 2^32 - 1 counts as that. Zeroed = empty. */
enum {
	SPREAD_BITS = 6,
	SPREAD_STEPS = 1 << SPREAD_BITS,
	SPREAD_SIZE = (33 - SPREAD_BITS) << SPREAD_BITS
};

struct spread {
	uint64_t count, max;
	uint32_t at[SPREAD_SIZE];
};

void spread_add(struct spread *s, uint64_t value);

/* The smallest value that at least permille/1000 of all do not pass; the last is max itself. 0 when
 * there is none. */
uint64_t spread_at(const struct spread *s, unsigned permille);
