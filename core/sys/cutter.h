/* cutter - whole lines out of octets that come in pieces
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum {
	CUTTER_LINE_MAX = 64 * 1024, /* what is behind it of a line is left out */
	CUTTER_NUL_RUN = 8           /* so many NULs end a line: a hole, not a part of it */
};

/* Zeroed + cutter_init = nothing read yet. For logs: NULs (a hole in the file: a writer that kept
 * its offset over a truncation, a crash) are left out and counted, and no line is so long that it
 * stops the reader. */
struct cutter {
	struct buf partial; /* the line that is not whole yet */
	bool is_skipping;   /* the rest of one that was too long */
	size_t nul_run;
	uint64_t nuls, long_lines;
};

void cutter_init(struct cutter *c);
void cutter_free(struct cutter *c);

/* Appends the lines that in makes whole to out, each with its LF. out must have room for
 * CUTTER_LINE_MAX + 1 + in.n octets. */
void cutter_feed(struct cutter *c, struct bytes in, struct buf *out);

/* The same without a copy: cutter_begin appends the line that is not whole yet to out and returns
 * its length; then others append more octets, at most CUTTER_IN_PLACE_MAX; cutter_end is told both
 * and leaves whole lines there. */
enum { CUTTER_IN_PLACE_MAX = 256 * 1024 };
size_t cutter_begin(struct cutter *c, struct buf *out);
void cutter_end(struct cutter *c, struct buf *out, size_t begun, size_t more);

/* Appends what is left, with an LF. False: nothing was. */
bool cutter_flush(struct cutter *c, struct buf *out);
