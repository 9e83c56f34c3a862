/* source - reads a log from its beginning to its end
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"
#include "proto/unwrap.h"
#include "sys/cutter.h"
#include "sys/gz.h"
#include "sys/world.h"

enum {
	SOURCE_CHUNK = 128 * 1024,
	/* octets that one source_read may add */
	SOURCE_ROOM = 2 * SOURCE_CHUNK + CUTTER_LINE_MAX + UNWRAP_TEXT_MAX
};

struct source {
	const char *name; /* borrowed */
	int fd;           /* -1 = a child */
	bool owns_fd;
	struct gz *gz; /* NULL = not packed */
	struct stream *child;
	struct buf first; /* octets read to see what it is */
	struct cutter cutter;
	struct unwrap unwrap;
	bool at_end;
	bool incomplete; /* its last line has no end */
};

/* name: a path, "-" for standard input, "exec:COMMAND ARGS". gzip is recognised by its first octets,
 * also on a pipe; what else is packed is refused, with the command to use. False: e. */
bool source_open(struct source *s, struct world *w, const char *name, struct err *e);
void source_close(struct source *s);

/* What a name is: a file that may grow (also when it is not there, or not readable, yet), a packed
 * one, or a stream of lines that has no past. */
enum source_kind { SOURCE_FILE, SOURCE_PACKED, SOURCE_PIPE };
enum source_kind source_kind(const char *name);

/* Appends whole lines to out, JSON and journal entries as plain ones (proto/unwrap.h), waiting for
 * them until deadline_ms (mono_ms; only a child is waited for with a limit). False: at the end
 * (e->kind ERR_NONE), past the deadline (ERR_TIMEOUT), or not readable (e). */
bool source_read(struct source *s, struct buf *out, uint64_t deadline_ms, struct err *e);

/* Appends what was not in order, as one line of text without its end: "2 NUL octets left out; ends in
 * the middle of a gzip member". False: nothing was. */
bool source_trouble(const struct source *s, struct buf *out);
