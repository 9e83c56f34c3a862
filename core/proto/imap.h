/* imap - responses of an IMAP server, taken apart as they come
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum {
	IMAP_TEXT_MAX = 1024 * 1024, /* of one response, without what is handed over */
	IMAP_SEARCH_MAX = 16 * 1024, /* of a SEARCH response: then another one begins */
	IMAP_NAME_MAX = 1024,        /* of a folder, decoded */
};

/* One response, cut out of the stream: a line, and where it ends in a literal ("{12}") the octets
 * and the line behind them. Literals behind BODY[...] are message data of any size: they are
 * handed over in parts, and an empty quoted string stands for them in text. The line of a SEARCH
 * response has no bound but the folder's size: it comes as several of them. Zero it, set text.max,
 * feed it. */
struct imap_reader {
	struct buf text;       /* all else as it came, the last line end included */
	uint64_t literal_left; /* octets of a literal still to come */
	bool is_streamed;      /* they are handed over */
	size_t line_at;        /* where in text the unfinished line begins */
	bool is_cut;           /* a SEARCH response goes on behind this one */
};

enum imap_state { IMAP_MORE, IMAP_PART, IMAP_DONE, IMAP_TOO_LONG };

/* Takes octets off the front of in, as far as the end of the response. IMAP_PART: part points
 * into what was in, at least one octet; go on feeding. The result does not depend on how the
 * input was cut. Status responses (RFC 9051 7.1) and "+" hold no literals: a "{5}" at their end is
 * text. */
enum imap_state imap_feed(struct imap_reader *r, struct bytes *in, struct bytes *part);
void imap_reader_reset(struct imap_reader *r); /* for the next response */

enum imap_kind { IMAP_ATOM, IMAP_QUOTED, IMAP_LITERAL, IMAP_LIST };

/* One item of a response; text is without quotes, parentheses or the literal's "{n}", but a quoted
 * string keeps its backslashes: imap_string. */
struct imap_item {
	enum imap_kind kind;
	struct bytes text;
};

/* Takes the next item off the front of rest; an atom may hold brackets with blanks in them
 * ("BODY[HEADER.FIELDS (TO)]<0>"). False: the end, or nothing that is an item. */
bool imap_next(struct bytes *rest, struct imap_item *item);

/* Appends an item's text with the backslashes of a quoted string undone. NIL gives nothing. */
void imap_string(const struct imap_item *item, struct buf *out);

/* "* 12 FETCH (...)": word is FETCH, number 12; "* LIST ..." has number 0. False: not untagged,
 * or a status response. */
struct imap_untagged {
	struct bytes word, rest;
	uint64_t number;
};
bool imap_untagged(struct bytes text, struct imap_untagged *u);

enum imap_cap {
	IMAP_STARTTLS = 1 << 0,
	IMAP_LOGINDISABLED = 1 << 1,
	IMAP_SASL_IR = 1 << 2,
	IMAP_IDLE = 1 << 3,
	IMAP_NAMESPACE = 1 << 4,
	IMAP_QUOTA = 1 << 5,
	IMAP_ID = 1 << 6,
	IMAP_UIDPLUS = 1 << 7,
};
struct imap_caps {
	unsigned has;
	unsigned mechs; /* SASL_* bits of the AUTH= words */
};

/* Adds the words of a CAPABILITY list. */
void imap_caps_add(struct imap_caps *caps, struct bytes words);

/* What is asked for of a FETCH response's list; what it does not hold stays untouched. */
struct imap_fetch {
	uint64_t uid, size;
	struct bytes flags, date; /* INTERNALDATE */
	struct imap_item body;    /* of BODY[...] when it came as a quoted string or NIL */
};
bool imap_fetch(struct bytes rest, struct imap_fetch *f);

/* An INTERNALDATE ("17-Jul-1996 02:44:25 -0700", RFC 3501 9) to seconds since 1970. */
bool imap_date(struct bytes date, int64_t *seconds);

/* LIST: the flags' inside, the delimiter ('\0' = none), the name as an item. */
struct imap_folder {
	struct bytes flags;
	unsigned char delimiter;
	struct imap_item name;
};
bool imap_list(struct bytes rest, struct imap_folder *f);

/* STATUS: the number behind a word of its list. */
bool imap_status(struct bytes rest, const char *word, uint64_t *number);

/* QUOTA: usage and limit of a resource ("STORAGE": units of 1024 octets, RFC 9208 5.1). */
bool imap_quota(struct bytes rest, const char *resource, uint64_t *used, uint64_t *limit);

/* A folder's name out of and into modified UTF-7 (RFC 3501 5.1.3). Decoding: what is not valid
 * is appended as it came. Encoding false, out unchanged: no UTF-8. */
void imap_utf7_decode(struct bytes name, struct buf *out);
bool imap_utf7_encode(struct bytes name, struct buf *out);

/* Appends a quoted string. False, out unchanged: it holds CR, LF, NUL or 8-bit octets, which
 * quoted strings cannot (RFC 3501 9). */
bool imap_quote(struct bytes text, struct buf *out);
