/* message - the test message smtptalk sends, built or from a file
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/opt.h"

enum {
	MESSAGE_MAX = 1024 * 1024
}; /* of a built one; a file is streamed and has no limit of ours */

struct message_parts {
	const char *from;
	const struct opt_list *to;
	const char *subject, *body;     /* NULL: defaults */
	const struct opt_list *headers; /* "Name: value"; replaces a default header of that name */
	const char *ehlo_name;          /* right side of the Message-ID when from has no domain */
	bool stable;                    /* no token in the default subject */
};

/* Appends header and body with CRLF line ends, not dot-stuffed: Date, From, To, Subject,
 * Message-ID, Auto-Submitted, MIME fields; a body in UTF-8 goes out as 8bit or, when every octet
 * is ASCII, as 7bit. False: a part holds a line end or NUL where none may be, or a header is no
 * header: e names it. */
bool message_build(struct world *w, const struct message_parts *parts, struct buf *out,
		struct err *e);
