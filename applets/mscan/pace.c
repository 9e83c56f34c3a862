/* pace - when to send, and how long to wait
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/pace.h"

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

void pace_sample(struct pace_rtt *r, uint64_t ms)
{
	if (ms > PACE_SAMPLE_MAX)
		return;
	uint32_t sample = (uint32_t)ms * 8;
	if (!r->known) {
		*r = (struct pace_rtt){ .srtt = sample, .var = sample / 2, .known = true };
		return;
	}
	uint32_t off = sample > r->srtt ? sample - r->srtt : r->srtt - sample;
	r->var = (3 * r->var + off) / 4;
	r->srtt = (7 * r->srtt + sample) / 8;
}

uint64_t pace_rtt_ms(const struct pace_rtt *r)
{
	return (r->srtt + 4) / 8;
}

uint64_t pace_rto(const struct pace_rtt *r, uint64_t others)
{
	if (!r->known && others == 0)
		return PACE_RTO_UNKNOWN;
	if (!r->known)
		return clamp(3 * others, PACE_RTO_OTHERS, PACE_RTO_UNKNOWN);
	uint64_t least = clamp(2 * r->srtt / 8, PACE_RTO_MIN, PACE_RTO_MAX);
	return clamp((r->srtt + 4 * r->var) / 8, least, PACE_RTO_MAX);
}

/* Row n: with at most so much of 10000 round trips lost, n + 3 tries leave less than 1 in 1000:
 * q ** tries <= 0.001. */
unsigned pace_tries(unsigned sent, unsigned lost)
{
	static const uint16_t most[] = { 1000, 1778, 2512, 3162, 3728, 4217, 4642 };
	enum { ROWS = sizeof(most) / sizeof(most[0]) };
	uint64_t share = (lost + UINT64_C(1)) * 10000;
	unsigned n = 0;

	if (lost == 0)
		return PACE_TRIES_MIN;
	while (n < ROWS && share > most[n] * (sent + UINT64_C(3)))
		n++;
	return PACE_TRIES_MIN + n;
}

void pace_begin(struct pace_bucket *b, unsigned rate, uint64_t now_ms)
{
	unsigned burst = rate / PACE_BURSTS_A_SECOND;

	*b = (struct pace_bucket){ .rate = rate, .at_ms = now_ms };
	b->burst = burst > PACE_BURST ? burst : PACE_BURST;
	b->level = b->burst * UINT64_C(1000);
}

static uint64_t level_at(const struct pace_bucket *b, uint64_t now_ms)
{
	return clamp(b->level + (now_ms - b->at_ms) * b->rate, 0, b->burst * UINT64_C(1000));
}

bool pace_take(struct pace_bucket *b, uint64_t now_ms)
{
	b->level = level_at(b, now_ms);
	b->at_ms = now_ms;
	if (b->level < 1000)
		return false;
	b->level -= 1000;
	return true;
}

uint64_t pace_next(const struct pace_bucket *b, uint64_t now_ms)
{
	uint64_t level = level_at(b, now_ms);

	return level >= 1000 ? now_ms : now_ms + (1000 - level + b->rate - 1) / b->rate;
}
