/* lineedit - edits a line on a terminal, with history
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

enum {
	LINEEDIT_LINE_MAX = 12288, /* RFC 4954 4: the longest line of an AUTH exchange */
	LINEEDIT_HISTORY_MAX = 16 * 1024,
	LINEEDIT_TYPED_MAX = 64 * 1024, /* of a paste, not looked at yet */
};

enum lineedit_result { LINEEDIT_MORE, LINEEDIT_LINE, LINEEDIT_END /* ^D or ^C on an empty line */ };

/* Keys: arrows, Home, End, Delete, Backspace, ^A ^E ^B ^F ^U ^K ^W ^P ^N ^L ^C ^D. Zero it and
 * call lineedit_init. */
struct lineedit {
	struct world *w;
	const char *prompt;
	/* Octets from which the line is a secret: shown as stars and kept out of the history;
	 * line.n = none. */
	size_t (*secret_from)(void *ctx, struct bytes line);
	void *ctx;
	/* lineedit.c's own */
	struct buf line;    /* octets; secret */
	size_t at;          /* where the cursor is */
	struct buf history; /* lines, each with its LF */
	unsigned back;      /* how many lines above the newest, 0 = the one being typed */
	struct buf stash;   /* that one, while others are shown */
	struct buf typed;   /* not looked at yet */
	unsigned char escape[8];
	size_t escape_n;
	struct lineedit_terminal *terminal; /* while it is raw */
};

void lineedit_init(struct lineedit *e, struct world *w, const char *prompt);
void lineedit_free(struct lineedit *e); /* restores the terminal, too */

/* Makes the terminal raw and shows the line as far as it is typed. Signals that would leave it so
 * are held until lineedit_pause, and *signals becomes readable when one waits (-1: none can be
 * seen). False: it is no terminal that can do this. Calling it again is harmless. */
bool lineedit_begin(struct lineedit *e, int *signals);

/* Gives the terminal back as it was; a held signal strikes now. */
void lineedit_pause(struct lineedit *e);

/* Keys, as they were read; then, for as long as it says LINEEDIT_LINE, the lines of them, one a
 * call. out gets the line with an LF. */
void lineedit_typed(struct lineedit *e, struct bytes keys);
enum lineedit_result lineedit_next(struct lineedit *e, struct buf *out);
