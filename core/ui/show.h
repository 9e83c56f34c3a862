/* show - foreign octets made safe for a terminal
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/world.h"

/* Appends in with everything that could act on a terminal or deceive a reader escaped: C0, DEL and
 * octets that are no UTF-8 as \xNN (always two digits), a tab as \t; C1, bidi, zero-width and other
 * invisible characters as \u{...}. Other characters beyond ASCII are kept only when utf8, else
 * escaped too. A backslash stays: for a reader, not for a parser (show_quoted is). */
void show_safe(struct buf *out, struct bytes in, bool utf8);

/* The same with backslash and '"' escaped by a backslash, so that the octets can be told from it.
 * */
void show_quoted(struct buf *out, struct bytes in, bool utf8);

/* Length of the valid UTF-8 character at the front of in (RFC 3629: no overlong form, no surrogate,
 * nothing above U+10FFFF), its code point in *code; 0 when there is none. */
size_t show_utf8(struct bytes in, uint32_t *code);

/* A character that is not seen but acts: control, bidi, zero-width, tag, noncharacter. */
bool show_is_hidden(uint32_t code);

/* Columns that safe text takes on a terminal (wide East Asian = 2, combining = 0). */
size_t show_width(struct bytes text);

/* Appends safe text cut to at most columns, "..." at the end when something was cut. */
void show_cut(struct buf *out, struct bytes text, size_t columns);

/* Appends safe text broken at blanks: the first line starts at column first (what stands before it
 * is the caller's), later ones are indented by indent. None passes columns unless a word alone
 * does. An LF breaks the line too. No LF at the end. */
void show_wrap(struct buf *out, struct bytes text, size_t first, size_t indent, size_t columns);

/* Appends n blanks. */
void show_blanks(struct buf *out, size_t n);

enum show_color { SHOW_PLAIN, SHOW_GOOD, SHOW_WARN, SHOW_BAD, SHOW_DIM, SHOW_BOLD };
enum show_when { SHOW_AUTO, SHOW_ALWAYS, SHOW_NEVER };

/* Colour on: --color, terminal, NO_COLOR unset or empty, TERM set and not "dumb". */
bool show_use_color(struct world *w, enum show_when when);

/* Appends text in a colour (SGR, reset behind it), or without when on is false. */
void show_paint(struct buf *out, enum show_color color, const char *text, bool on);

/* Appends "1 byte", "412 bytes", "1.8 kB", "10 MB" (powers of 1000). */
void show_size(struct buf *out, uint64_t octets);

/* Appends "0.41 s", "12.3 s", "4m 05s", "1h 02m". */
void show_duration(struct buf *out, uint64_t ms);
