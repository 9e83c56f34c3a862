/* pace - when to send, and how long to wait
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Arithmetic only: no clock, no sockets. Times in ms. */
enum {
	PACE_RTO_MIN = 100, /* the kernel of the peer may delay by so much */
	PACE_RTO_MAX = 3000,
	PACE_RTO_UNKNOWN = 1000, /* RFC 6298 2.1: nothing has answered yet */
	PACE_RTO_OTHERS = 300,   /* the least for a silent host when others have answered */
	PACE_SAMPLE_MAX = 950,   /* a longer one may be the answer to the kernel's own repetition */
	PACE_TRIES_MIN = 3,
	PACE_TRIES_MAX = 10,
};

/* Round trips to one host, in 1/8 ms (RFC 6298 2). */
struct pace_rtt {
	uint32_t srtt, var;
	bool known;
};
void pace_sample(struct pace_rtt *r, uint64_t ms);

/* others: the longest round trip (ms) of hosts that answered, 0 when none has. */
uint64_t pace_rto(const struct pace_rtt *r, uint64_t others);
uint64_t pace_rtt_ms(const struct pace_rtt *r);

/* How many silent tries make "filtered": so many that less than one in 1000 ports that answer is
 * missed, judged by what was lost of sent tries to ports that did answer. */
unsigned pace_tries(unsigned sent, unsigned lost);

/* A token bucket. What a busy machine lets pass by is made up for in one burst: of 20 ms, and of
 * PACE_BURST tries at least. */
enum { PACE_BURST = 50, PACE_BURSTS_A_SECOND = 50 };
struct pace_bucket {
	unsigned rate; /* a second */
	unsigned burst;
	uint64_t level; /* tries * 1000 */
	uint64_t at_ms; /* when level was counted */
};
void pace_begin(struct pace_bucket *b, unsigned rate, uint64_t now_ms);
bool pace_take(struct pace_bucket *b, uint64_t now_ms);

/* When the next try may be sent. */
uint64_t pace_next(const struct pace_bucket *b, uint64_t now_ms);
