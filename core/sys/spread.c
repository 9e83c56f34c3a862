/* spread - how values are spread: percentiles in constant memory
 * SPDX-License-Identifier: MIT */
#include "sys/spread.h"

/* The octave is the number of bits above SPREAD_BITS; within it the leading bits are the step. */
static size_t step_of(uint64_t value)
{
	unsigned octave = 0;

	while (value >> octave >= 2 * SPREAD_STEPS)
		octave++;
	return ((size_t)octave << SPREAD_BITS) + (size_t)(value >> octave);
}

/* The largest value of a step. */
static uint64_t top_of(size_t step)
{
	size_t octave = step < 2 * SPREAD_STEPS ? 0 : (step >> SPREAD_BITS) - 1;

	return ((uint64_t)(step - (octave << SPREAD_BITS) + 1) << octave) - 1;
}

void spread_add(struct spread *s, uint64_t value)
{
	if (value > UINT32_MAX)
		value = UINT32_MAX;
	s->count++;
	s->at[step_of(value)]++;
	if (value > s->max)
		s->max = value;
}

uint64_t spread_at(const struct spread *s, unsigned permille)
{
	uint64_t due = (s->count * permille + 999) / 1000, seen = 0;

	for (size_t i = 0; i < SPREAD_SIZE; i++) {
		seen += s->at[i];
		if (seen > 0 && seen >= due)
			return top_of(i) < s->max ? top_of(i) : s->max;
	}
	return s->max;
}
