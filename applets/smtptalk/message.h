/* message - the test message smtptalk sends, built from its options
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/opt.h"

enum {
	/* of a built one, attachments in base64 included; --data FILE has no limit of ours */
	MESSAGE_MAX = 64 * 1024 * 1024
};

struct message_parts {
	const char *from;
	const struct opt_list *to, *cc;
	const char *subject, *body;     /* NULL: defaults */
	const struct opt_list *headers; /* "Name: value"; replaces a default header of that name */
	const struct opt_list *attach;  /* "FILE" or "FILE:TYPE" */
	const char *ehlo_name;          /* right side of the Message-ID when from has no domain */
	bool stable;                    /* no token in the default subject */
};

/* Appends header and body with CRLF line ends, not dot-stuffed: Date, From, To, Cc, Subject,
 * Message-ID, Auto-Submitted, MIME fields. The body is 7bit where it can be, else quoted-printable
 * or base64, whichever is shorter, so that any server can take it; only an address that is not
 * ASCII stays 8-bit. False: a part holds a line end or NUL where none may be, a header is no
 * header, or a file cannot be read: e names it. */
bool message_build(struct world *w, const struct message_parts *parts, struct buf *out,
		struct err *e);
