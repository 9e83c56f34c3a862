/* reply - one server reply of SMTP, POP3 or IMAP
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum proto { PROTO_SMTP, PROTO_POP3, PROTO_IMAP };

enum {
	/* Other clients stop far earlier; 1000-line EHLO answers and 9 kB lines were seen. */
	REPLY_LINE_MAX = 64 * 1024, /* line end included */
	REPLY_TOTAL_MAX = 1024 * 1024,
	REPLY_LINES_MAX = 4096,
};

enum reply_end {
	REPLY_END_CRLF,
	REPLY_END_LF,
	REPLY_END_NONE /* cut off by the end of the stream */
};

/* What the peer did wrong, as bits. The reply stays usable unless one of REPLY_FATAL is among
 * them. */
enum reply_fault {
	REPLY_BARE_LF = 1 << 0,
	REPLY_NUL = 1 << 1,
	REPLY_CONTROL = 1 << 2,     /* ESC, a CR inside a line and other C0 octets but TAB; DEL */
	REPLY_EIGHT_BIT = 1 << 3,   /* an octet over 127 */
	REPLY_CODE_MIX = 1 << 4,    /* another code, or none, in a later line of one SMTP reply */
	REPLY_LONG_LINE = 1 << 5,   /* over 512 octets (RFC 5321 4.5.3.1.5, RFC 1939 3): a note */
	REPLY_BARE_CODE = 1 << 6,   /* three digits and nothing after them: legal, RFC 5321 4.2 */
	REPLY_CUT = 1 << 7,         /* the stream ended inside the reply, or before it */
	REPLY_NOT_PROTO = 1 << 8,   /* the first line is no reply of this protocol */
	REPLY_TOO_LONG = 1 << 9,    /* REPLY_LINE_MAX or REPLY_TOTAL_MAX passed */
	REPLY_TOO_MANY = 1 << 10,   /* REPLY_LINES_MAX passed */
	REPLY_ODD_STATUS = 1 << 11, /* POP3: "+ok" (RFC 1939 3 wants upper case), "+OKready" */
	REPLY_UNASKED = 1 << 12,    /* set by struct dialog: it came before anything was asked */
	REPLY_FATAL = REPLY_CUT | REPLY_NOT_PROTO | REPLY_TOO_LONG | REPLY_TOO_MANY,
};

struct reply_line {
	size_t start, n; /* in struct reply.raw, line end left out */
	enum reply_end end;
};

/* POP3 and IMAP status. SMTP: by the first digit (2 = OK, 3 = CONTINUE; 4, 5 = NO). */
enum reply_status { REPLY_NONE, REPLY_OK, REPLY_CONTINUE, REPLY_NO, REPLY_BAD, REPLY_BYE };

/* Owned by the caller; reply_init, feed until done, reply_free. Lines point into raw by offset. */
struct reply {
	enum proto proto;
	struct buf raw;           /* every octet taken, line ends included */
	struct reply_line *lines; /* in line_store */
	size_t line_count;
	struct buf line_store;
	unsigned faults;
	enum reply_status status;
	int code;       /* SMTP, of the last line that had one; 0 when there is none */
	bool is_done;   /* the last line is whole */
	size_t open_at; /* where in raw the unfinished line begins */
};

enum reply_state { REPLY_MORE, REPLY_DONE, REPLY_BROKEN };

void reply_init(struct reply *r, enum proto proto);
void reply_free(struct reply *r);
void reply_reset(struct reply *r); /* empty again, storage kept */

/* Takes octets up to the end of the reply off the front of in and moves in past them; what
 * follows the reply stays. Pure: cutting the input anywhere gives the same result. SMTP: up to
 * the line without '-' behind the code (RFC 5321 4.2.1); POP3: one line (the data of a
 * multi-line answer is not part of it: struct dot_reader); IMAP: one line. A later SMTP line
 * without any code belongs to the reply. REPLY_BROKEN: a REPLY_FATAL fault is set, the last line
 * holds what there was. A reply that is done or broken takes nothing more. */
enum reply_state reply_feed(struct reply *r, struct bytes *in);

/* The stream ended: an unfinished line becomes a line with REPLY_END_NONE. Sets REPLY_CUT,
 * unless the line that was cut has its whole status and would be the last of the reply ("250
 * ok", "+OK"). */
enum reply_state reply_eof(struct reply *r);

/* A line as received, without its end; and the text behind the code and separator (SMTP) or
 * behind the status word (POP3: "-ERR [AUTH] no" gives "[AUTH] no"; IMAP: "a1 NO [ALERT] x"
 * gives "[ALERT] x", "* 3 EXISTS" gives "3 EXISTS"), blanks before it left out: servers double
 * them ("503  5.7.1", chasquid 1.15). Empty for i out of range. */
struct bytes reply_line(const struct reply *r, size_t i);
struct bytes reply_text(const struct reply *r, size_t i);

/* RFC 2034/3463 enhanced status code at the front of line i's text ("5.7.8"), else empty; its
 * class must agree with the reply code. */
struct bytes reply_enhanced(const struct reply *r, size_t i);

/* What this peer really speaks, judged by its first line: "POP3", "IMAP", "SSH", "HTTP", "SMTP",
 * "FTP", "TLS alert", or NULL when it cannot be told. For a first line that is not of the wanted
 * protocol. */
const char *reply_guess_proto(struct bytes first);
