/* message - the test message smtptalk sends, built from its options
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/b64.h"
#include "sys/world.h"
#include "ui/opt.h"

#include <sys/stat.h>

enum {
	/* of a built one without its attachments; those, and --data FILE, have no limit of ours */
	MESSAGE_MAX = 64 * 1024 * 1024
};

struct message_parts {
	const char *from;
	const struct opt_list *to, *cc;
	const char *subject, *body;     /* NULL: defaults */
	const struct opt_list *headers; /* "Name: value"; replaces a default header of that name */
	const struct opt_list *attach;  /* "FILE" or "FILE:TYPE" */
	const char *ehlo_name;          /* right side of the Message-ID when from has no domain */
	int in_fd;                      /* what "-" names */
	bool stable;                    /* no token in the default subject */
};

/* Opens a file to be sent; "-" is in_fd. -1: e, also for a directory. */
int message_open(const char *path, int in_fd, struct stat *st, struct err *e);

struct message_file {
	const char *name; /* as it was given, borrowed */
	size_t at;        /* its place in the text */
	int fd;
	bool is_sized; /* false: a pipe */
	uint64_t size, done;
};

/* The octets of attached files are read and encoded as they go out. */
struct message {
	struct buf text; /* all the rest */
	struct message_file *files;
	size_t count;
	size_t at, file; /* what message_next has given out */
	struct b64_encoder encoder;
};

/* Makes header and body with CRLF line ends, not dot-stuffed: Date, From, To, Cc, Subject,
 * Message-ID, Auto-Submitted, MIME fields. The body is 7bit where it can be, else quoted-printable
 * or base64, whichever is shorter, so that any server can take it; only an address that is not
 * ASCII stays 8-bit. False: a part holds a line end or NUL where none may be, a header is no
 * header, or a file cannot be opened: e names it. message_free in either case. */
bool message_build(struct world *w, const struct message_parts *m, struct message *out,
		struct err *e);
void message_free(struct message *m);

/* Octets in all, 0 = not known. */
uint64_t message_size(const struct message *m);

/* The next octets into the empty part (of 4 kB at least); none: that was all. False: a file cannot
 * be read, or is not as long as it was. */
bool message_next(struct message *m, struct buf *part, struct err *e);
