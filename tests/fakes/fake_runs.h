/* fake_runs - whole applets against made-up peers and files
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

/* The secret of every run; it must never be shown. */
#define FAKE_RUNS_SECRET "hush-Zx9"

/* In the input: what the peer says next waits until the applet has written. */
enum { FAKE_RUNS_TURN = 0x1e };

struct fake_run {
	int (*applet)(struct world *w, int argc, char **argv);
	const char *words[16]; /* argv, NULL-ended */
	bool stdin_first;      /* the input up to the first turn is standard input */
	bool is_raw;           /* octets of the input come out as they are */
};

/* Every applet that can run without network, by the ways it is used. */
extern const struct fake_run fake_runs[];
extern const size_t fake_runs_count;

/* Runs it; each connection meets the whole input. Reads and writes of the peer are cut to step
 * octets (0: not cut). Returns the exit code; what was shown goes to shown. */
int fake_runs_do(const struct fake_run *run, struct bytes in, size_t step, struct buf *shown);
