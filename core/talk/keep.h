/* keep - messages kept in a Maildir or an mbox, each once
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

enum {
	KEEP_NAME_MAX = 240,
	KEEP_CHUNK = 32 * 1024,
	KEEP_KNOWN_MAX = 1000 * 1000, /* messages of an mbox that is gone on with */
	KEEP_WAITING_MAX = 64,        /* whole messages that wait for keep_sync */
};

/* A Maildir or an mbox file that is written, or standard output. A message's name is made from
 * where it comes from, so that a run that was cut off goes on where it ended: what stands in new/
 * is whole and on the disk; an mbox has FILE.mbox.kept beside it, with a line "NAME OFFSET" for
 * each message: a name without an offset is written before anything that keep_sync has not brought
 * to the disk. Waiting for the disk takes milliseconds, so it is done for many messages at once.
 * Zeroed = closed. */
struct keep {
	bool is_mbox;
	int dir, fd, known_fd; /* 0 = none; fd: of the message in tmp/, or of the mbox */
	struct out *to;        /* standard output; borrowed */
	char name[KEEP_NAME_MAX];
	bool has_cr;      /* a CR came and is not written yet */
	bool no_end;      /* set before keep_end: the last line end is no part of the message */
	unsigned matched; /* mbox: octets of "From " at the line's start, held back */
	uint64_t offset;  /* mbox: where the next octet goes */
	uint64_t whole;   /* mbox: where the last whole message ends */
	bool is_begun;    /* mbox: a message is not whole yet */
	struct buf known; /* mbox: sorted hashes of the names in .kept */
	struct buf out;
	struct buf waiting; /* Maildir: names; mbox: what .kept does not say yet */
	int waiting_fds[KEEP_WAITING_MAX];
	size_t waiting_count;
	uint64_t kept, had;
	struct err err; /* of the first failure */
};

/* path "-": to, as mbox; "FILE.mbox": an mbox; else a Maildir, of which what is missing is created
 * (0700). False: err; an mbox that something else has written to is left alone. */
bool keep_open(struct keep *k, const char *path, struct out *to);
void keep_close(struct keep *k); /* what waits is not kept: keep_sync before */

/* The next message; name has no slash and no blank. False: it is kept already (err.kind is
 * ERR_NONE), or no file can be made. */
bool keep_begin(struct keep *k, const char *name);

/* Octets of it; CRLF becomes LF, as local mail has it. In an mbox "From " at the start of a line,
 * behind any number of ">", gets one more ">" (mboxrd). */
bool keep_part(struct keep *k, struct bytes part);

/* It is whole, and waits; KEEP_WAITING_MAX of them are brought to the disk at once. */
bool keep_end(struct keep *k);

/* What waits goes through to the disk, and then stands among what is kept. */
bool keep_sync(struct keep *k);

/* Is there a message whose name is_it says yes to, of those kept before keep_open? */
bool keep_find(struct keep *k, bool (*is_it)(void *ctx, struct bytes name), void *ctx);
