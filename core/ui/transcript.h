/* transcript - the annotated conversation
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/opt.h"

enum {
	TRANSCRIPT_NOTE_AT = 32, /* columns before the arrow */
	TRANSCRIPT_TEXT_MAX =
			1000, /* octets of a line that are shown; RFC 5321 4.5.3.1.6 allows 1000 */
	TRANSCRIPT_JSON_MAX = 65536, /* octets of a line that JSON has */
};

/* Prints "S: 250-SIZE 10485760 <- largest message 10 MiB": the note right of a line that ends
 * before the arrow's column, else below it, wrapped to the terminal. Lines are escaped here and cut
 * for display, never wrapped: a terminal does that, and a line can be copied. The arrow is U+2190
 * in a UTF-8 locale. With json each line is an object
 * {"type":"line","dir":"S","text":...,"note":...}; with nagios or quiet there is no transcript.
 * Each call is flushed. */
struct transcript {
	struct world *w;
	bool off, json, color;
	/* Gets the text form of all that is shown, without colour; borrowed, NULL = not kept. */
	struct buf *keep;
};

void transcript_init(struct transcript *t, struct world *w, const struct opt_common *c);

/* "== localhost [127.0.0.1]:25 from 127.0.0.1, plain text" */
void transcript_head(struct transcript *t, const char *text);

/* who: 'S' or 'C'. text is foreign. note NULL or "" = none; several sentences are allowed. */
void transcript_line(struct transcript *t, char who, struct bytes text, const char *note);

/* A line that the user typed, and so sees already: only kept. */
void transcript_typed(struct transcript *t, struct bytes text);

/* A note of our own on no line: "   .. waiting for the greeting, 5 s". */
void transcript_note(struct transcript *t, const char *text);
