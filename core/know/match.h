/* match - finds knowledge-base entries fast, for whole logs
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/advice.h"

enum {
	MATCH_HEAD = 6, /* octets of a pattern that are looked for */
	MATCH_STEP = 3, /* so that one of the blocks of four octets in them is met */
	MATCH_HASH_BITS = 15,
	MATCH_LITERALS_MAX = 1024,
	MATCH_ENTRIES_MAX = 1024
};

struct match_literal {
	struct bytes pattern, run; /* the run is what is looked for */
	unsigned short entry, worth;
	bool is_phrase, is_run; /* is_run: nothing but "*" around the run */
};

/* Four octets of a run, with what is asked first about the text around them. */
struct match_block {
	uint32_t value, tail; /* tail: the last four of the run */
	unsigned short next;  /* of the same hash, counted from 1; 0 = none */
	unsigned short literal, offset, run_n;
};

/* Entries that ask for no text, or a short one: those that may fit lines of logs, replies only,
 * failures of our own only. */
enum match_kind { MATCH_LOGS, MATCH_REPLIES, MATCH_ERRORS, MATCH_KINDS };

/* An entry that has to be weighed though no pattern of it is found. */
struct match_always {
	unsigned short entry;
	unsigned short code_min, code_max; /* other codes it does not fit; 0 = none */
	unsigned char protos;
	bool is_fallback;
	bool is_text; /* it asks for a text, and knows no phrase */
};

/* 170 kB; the caller owns it, and nothing of it has to be freed. */
struct match {
	unsigned char is_first[(1 << MATCH_HASH_BITS) / 8]; /* bits: there is a first one */
	unsigned short first[1 << MATCH_HASH_BITS];         /* block by hash, from 1 */
	struct match_block blocks[MATCH_STEP * MATCH_LITERALS_MAX];
	struct match_literal literals[MATCH_LITERALS_MAX];
	struct match_always always[MATCH_ENTRIES_MAX]; /* by kind */
	size_t literal_count, block_count, always_count, always_end[MATCH_KINDS];
};

/* Reads the knowledge base; takes some milliseconds. */
void match_init(struct match *m);

/* Exactly what advise() answers. */
const struct advice *match_find(const struct match *m, const struct finding *f,
		struct advice_binds *binds);
