/* fake_world - a world for unit tests: fake clock, captured output
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

enum { FAKE_WORLD_ENV_MAX = 16 };

/* 2025-01-15 12:00:00 UTC: what wall_s starts with. */
#define FAKE_WORLD_EPOCH INT64_C(1736942400)

/* Nothing but tests moves the clock; random octets are the same in each run; the environment is
 * empty until set; standard input is closed until given. w comes first, so that a struct world * of
 * it can be turned back; w.ctx stays free for the test. Fields of w (columns, utf8, out.tty ...)
 * may be changed. */
struct fake_world {
	struct world w;
	struct buf out, err; /* what was flushed to the two outputs; see fake_world_out() */
	uint64_t now_ms;     /* the monotonic clock; the wall clock moves along */
	uint64_t seed;
	struct {
		const char *name, *value;
	} env[FAKE_WORLD_ENV_MAX];
	size_t env_count;
};

void fake_world_init(struct fake_world *f);
void fake_world_free(struct fake_world *f);

/* All that was written to standard output and standard error so far, flushed first. Valid until
 * more is written. */
const char *fake_world_out(struct fake_world *f);
const char *fake_world_err(struct fake_world *f);

/* Forgets what was written. */
void fake_world_clear(struct fake_world *f);

/* Standard input: a file that holds text. Replaces the one before. */
void fake_world_stdin(struct fake_world *f, struct bytes text);

/* Sets a variable of the environment, NULL unsets it. Both borrowed. */
void fake_world_setenv(struct fake_world *f, const char *name, const char *value);

/* Moves the clock forward to to_ms; never back. As struct stream_memory.advance wants it. */
void fake_world_advance(struct world *w, uint64_t to_ms);

/* Runs an applet with these words (NULL behind the last), the first of which is its name: copies,
 * because it may overwrite them. Its exit code. */
int fake_world_run(struct world *w, int (*applet)(struct world *w, int argc, char **argv),
		const char *const *words);

/* From now on the monotonic clock is the machine's: for tests with sockets. */
void fake_world_real_clock(struct fake_world *f);
