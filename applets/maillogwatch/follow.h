/* follow - waits for new lines in several logs at once
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/err.h"
#include "sys/tail.h"
#include "sys/world.h"

enum { FOLLOW_MAX = 32, FOLLOW_ROOM = 1024 * 1024 };

struct follow;

/* tell gets what happens to a log, for people: "another file has this name now: ...". The texts are
 * ours but for the name. */
struct follow *follow_new(struct world *w,
		void (*tell)(void *ctx, const char *name, const char *text), void *ctx);
void follow_free(struct follow *f);

/* A path (which may not be there yet), "-" or "exec:COMMAND ARGS". lines: so many of those that are
 * there already come first, TAIL_ALL = all; for a command they are its own business. A file that
 * cannot grow (packed) and a pipe are read to their ends. False: e. */
bool follow_add(struct follow *f, const char *name, unsigned lines, struct err *e);

/* Appends whole lines to out, whose maximum is FOLLOW_ROOM at least, waiting for them until
 * deadline_ms. False: the deadline passed, the run is to stop (world_stopping), or every command
 * and pipe has ended and no file is followed (follow_is_over). */
bool follow_read(struct follow *f, struct buf *out, uint64_t deadline_ms);
bool follow_is_over(const struct follow *f);

/* At the end of the run: what is left of lines without an end. */
void follow_finish(struct follow *f, struct buf *out);
