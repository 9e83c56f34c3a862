/* mailtext - message headers as text: unfolding, RFC 2047, dates
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/b64.h"
#include "sys/buf.h"

enum {
	MAILTEXT_HEADER_MAX = 256 * 1024, /* all headers of one message that we look at */
	MAILTEXT_VALUE_MAX = 16 * 1024,   /* one decoded value */
};

/* Finds the first header of this name (case ignored) in the header block of a message (up to the
 * first empty line or MAILTEXT_HEADER_MAX; CRLF or LF); value is its raw, still folded text without
 * the blanks in front and the trailing line end, pointing into message. */
bool mailtext_header(struct bytes message, const char *name, struct bytes *value);

/* Walks all headers: takes the next one off the front of *message. False at the end and at the
 * empty line; *message is then what follows that: the body. A line that is no header gives an
 * empty name and the line as value. */
bool mailtext_next(struct bytes *message, struct bytes *name, struct bytes *value);

/* Appends the value as UTF-8, as much as out holds of it in whole characters (out->overflow:
 * there was more): unfolded, encoded words decoded (RFC 2047: B and Q, with RFC 2231 language;
 * also where they touch other text), adjacent words joined, so that a character split over two
 * words is whole again. Raw 8-bit octets are kept when they are UTF-8, else read as Latin-1.
 * Charsets: those of libc's iconv, but not those with known memory faults in musl before 1.2.6
 * (EUC-KR and its aliases, CVE-2025-26519). A word of another charset, or with broken base64,
 * stays as it is; what is invalid in a known charset becomes U+FFFD. The result may hold any
 * octet: show_* it. */
void mailtext_decode(struct bytes value, struct buf *out);

/* Appends text of a charset as UTF-8, under the same rules; a charset that is empty, unknown or
 * not to be had: read like raw 8-bit octets of a header. */
void mailtext_convert(struct bytes charset, struct bytes text, struct buf *out);

/* Appends a UTF-8 value of an unstructured header (Subject) or a display name: as it is when it
 * is short ASCII, else as RFC 2047 words folded at 76 columns. False, out unchanged: it holds
 * CR, LF or NUL, is no UTF-8, or out is full. */
bool mailtext_encode(struct bytes value, struct buf *out);

/* Bodies; false when out is full. mailtext_crlf: every line end (LF, CR, CRLF) as CRLF, and one
 * behind the last line. The other two are RFC 2045's: quoted-printable of text with such line ends,
 * and base64 in lines of 76. */
bool mailtext_crlf(struct bytes text, struct buf *out);
bool mailtext_quoted(struct bytes text, struct buf *out);
bool mailtext_base64(struct bytes octets, struct buf *out);

/* What an encoder begins with to write the same piece by piece, and how long it will be. */
#define MAILTEXT_BASE64 ((struct b64_encoder){ .wrap = 76, .crlf = true })
uint64_t mailtext_base64_size(uint64_t octets);

/* RFC 5322 3.3 date ("Sun, 19 Jan 2014 00:37:34 +0900" and the obsolete forms) to seconds since
 * 1970 and the zone it was written in. False: no such date, or one without zone. */
bool mailtext_date(struct bytes value, int64_t *seconds, int *zone_minutes);

/* And back: RFC 5322 date in UTC ("+0000"). out holds at least 40 octets. */
void mailtext_format_date(int64_t seconds, char out[40]);
