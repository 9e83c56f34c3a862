/* bytes - a borrowed slice of octets
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Network and log data are octets, not strings: they may hold NUL. A struct bytes owns nothing;
 * what it points at must outlive it. The empty slice may have any p, NULL included. */
struct bytes {
	const unsigned char *p;
	size_t n;
};

/* A slice over a string literal (its terminating NUL left out). */
#define BYTES(literal) ((struct bytes){ (const unsigned char *)(literal), sizeof(literal) - 1 })

/* A slice over a C string of ours; NULL gives the empty slice. */
struct bytes bytes_of(const char *text);

bool bytes_equal(struct bytes a, struct bytes b);

/* ASCII case ignored (protocol keywords, RFC 5321 2.4). */
bool bytes_equal_nocase(struct bytes a, struct bytes b);
bool bytes_starts(struct bytes in, struct bytes head);
bool bytes_starts_nocase(struct bytes in, struct bytes head);
bool bytes_ends(struct bytes in, struct bytes tail);

/* Offset of the first octet c, of the first occurrence of what; in.n when there is none. */
size_t bytes_find(struct bytes in, unsigned char c);
size_t bytes_find_any(struct bytes in, const unsigned char any[4]); /* one of four octets */
size_t bytes_search(struct bytes in, struct bytes what);
size_t bytes_search_nocase(struct bytes in, struct bytes what);

/* A line of in begins with a or b. */
bool bytes_begins_line(struct bytes in, unsigned char a, unsigned char b);

/* The first n octets, and all but the first n; n may pass the end. */
static inline struct bytes bytes_head(struct bytes in, size_t n)
{
	return (struct bytes){ in.p, n < in.n ? n : in.n };
}

static inline struct bytes bytes_skip(struct bytes in, size_t n)
{
	if (n >= in.n)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ in.p + n, in.n - n };
}

/* Without leading and trailing blanks (space, tab, CR, LF). */
struct bytes bytes_trim(struct bytes in);

/* Takes the next word (octets up to a space or tab) off the front of in, blanks before it skipped.
 * Returns false at the end. */
bool bytes_word(struct bytes *in, struct bytes *word);

/* One of the words in list, which blanks part. */
bool bytes_among(struct bytes word, const char *list);

/* Takes the next line off the front of in, without its LF or CRLF. A last line without LF counts.
 * Returns false at the end. */
bool bytes_line(struct bytes *in, struct bytes *line);

/* Reads decimal digits at the front of in and moves in past them. Returns false, moving nothing,
 * when there is no digit or the value passes max. */
bool bytes_uint(struct bytes *in, uint64_t max, uint64_t *out);

/* The whole slice is one decimal number of at most max. */
bool bytes_is_uint(struct bytes in, uint64_t max, uint64_t *out);

/* Any C0 control octet or DEL: what must never stand in a command we build. */
bool bytes_has_control(struct bytes in);

/* No octet over 127. */
bool bytes_is_ascii(struct bytes in);

/* FNV-1a of octets that follow those whose hash is given; BYTES_HASH: of none. Fast, and no match
 * for somebody who looks for two that are the same. */
#define BYTES_HASH UINT64_C(0xcbf29ce484222325)
uint64_t bytes_hash(uint64_t hash, struct bytes in);

/* For qsort and bsearch of what begins with such a hash. */
int bytes_hash_order(const void *a, const void *b);

/* The value of a hexadecimal digit of either case, -1 for any other octet. */
int bytes_hex(unsigned char c);
