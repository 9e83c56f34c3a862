/* keep - messages kept in a Maildir or an mbox, each once
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

enum {
	KEEP_NAME_MAX = 240,
	KEEP_CHUNK = 32 * 1024,
	KEEP_KNOWN_MAX = 16 * 1024 * 1024, /* of FILE.mbox.kept: over 100,000 messages */
};

/* A Maildir or an mbox file that is written, or standard output. A message's name is made from
 * where it comes from, so that a run that was cut off goes on where it ended: what stands in new/
 * is whole and on the disk; an mbox has FILE.mbox.kept beside it, with a line "NAME OFFSET" for
 * each message: the name is written before the message, the offset of its end once it is on the
 * disk. Zeroed = closed. */
struct keep {
	bool is_mbox;
	int dir, fd, known_fd; /* 0 = none; fd: of the message in tmp/, or of the mbox */
	struct out *to;        /* standard output; borrowed */
	char name[KEEP_NAME_MAX];
	bool has_cr;      /* a CR came and is not written yet */
	unsigned matched; /* mbox: octets of "From " at the line's start, held back */
	uint64_t offset;  /* mbox: where the last whole message ends */
	size_t known_at;  /* where in known the next name is looked for first */
	struct buf known, out;
	uint64_t kept, had;
	struct err err; /* of the first failure */
};

/* path "-": to, as mbox; "FILE.mbox": an mbox; else a Maildir, of which what is missing is created
 * (0700). False: err; an mbox that something else has written to is left alone. */
bool keep_open(struct keep *k, const char *path, struct out *to);
void keep_close(struct keep *k);

/* The next message; name has no slash and no blank. False: it is kept already (err.kind is
 * ERR_NONE), or no file can be made. */
bool keep_begin(struct keep *k, const char *name);

/* Octets of it; CRLF becomes LF, as local mail has it. In an mbox "From " at the start of a line,
 * behind any number of ">", gets one more ">" (mboxrd). */
bool keep_part(struct keep *k, struct bytes part);

/* It is whole: through to the disk, then it counts. */
bool keep_end(struct keep *k);
