/* keep - messages kept in a Maildir, each once
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

enum { KEEP_NAME_MAX = 120 };

/* A Maildir that is written. A message's file name is made from where it comes from, so that a
 * run that was cut off goes on where it ended: what stands in new/ is whole and on the disk.
 * Zeroed = closed. */
struct keep {
	int dir, fd; /* 0 = none */
	char name[KEEP_NAME_MAX];
	bool has_cr; /* a CR came and is not written yet */
	uint64_t kept, had;
	struct err err; /* of the first failure */
};

/* Creates what is missing of path, tmp, new and cur (0700). */
bool keep_open(struct keep *k, const char *path);
void keep_close(struct keep *k);

/* The next message; name has no slash. False: it is kept already (err.kind is ERR_NONE), or no
 * file can be made. */
bool keep_begin(struct keep *k, const char *name);

/* Octets of it; CRLF becomes LF, as local mail has it. */
bool keep_part(struct keep *k, struct bytes part);

/* It is whole: through to the disk, then into new/. */
bool keep_end(struct keep *k);
