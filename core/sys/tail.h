/* tail - follows a growing file by its name
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/cutter.h"
#include "sys/world.h"

#include <limits.h>
#include <sys/types.h>

enum {
	TAIL_MARK = 256, /* octets at the front and before the offset that have to be the same */
	TAIL_CHUNK = 128 * 1024,
	TAIL_QUIET_MS = 5000, /* a renamed file is let go after it was silent for so long */
	TAIL_LOOK_MS = 1000,  /* a look at the file even when the kernel reports nothing */
	TAIL_POLL_MS = 200,   /* the same where it cannot report */
};

/* What happened since the caller cleared events. Bits. */
enum tail_event {
	TAIL_ROTATED = 1,    /* another file has the name now; the old one is read to its end */
	TAIL_TRUNCATED = 2,  /* made shorter, or written anew (copytruncate): what was written just
				before may be lost */
	TAIL_GONE = 4,       /* nothing has the name; the file itself is still read */
	TAIL_DENIED = 8,     /* it may not be read; errno in denied_errno */
	TAIL_APPEARED = 16,  /* after the two before */
	TAIL_INCOMPLETE = 32 /* the last line handed out had no end */
};

/* Octets of a file, to know it again. */
struct tail_mark {
	uint64_t at;
	size_t n;
	unsigned char octets[TAIL_MARK];
};

struct tail_file {
	int fd; /* -1 = none */
	dev_t dev;
	ino_t ino;
	uint64_t offset;
	struct tail_mark front, last; /* what stands before the offset: equal lines may end alike */
	struct cutter cutter;
	int watch; /* inotify's, -1 = none */
};

struct tail {
	struct world *w;
	const char *path;          /* borrowed */
	struct tail_file now, old; /* old: the file that had the name before */
	uint64_t old_read_ms;      /* when something came from it last */
	int notify;                /* inotify descriptor, -1 = none */
	bool is_deaf;              /* data came without a report (network file systems) */
	bool was_idle;
	bool is_missing, is_denied;
	bool from_end;  /* it was there but not readable when all began */
	unsigned lines; /* to go back then */
	int denied_errno;
	unsigned events; /* bits of enum tail_event; the caller clears them */
};

/* Begins at the end of the file, also when it can be read only later; at its beginning when it is
 * not there yet. */
void tail_open(struct tail *t, struct world *w, const char *path);

/* Goes back by so many lines, TAIL_ALL = to its beginning; right after tail_open. */
#define TAIL_ALL UINT_MAX
void tail_back(struct tail *t, unsigned lines);

/* Appends the whole lines that are there to out, which must have room for 3 * TAIL_CHUNK. True:
 * there may be more at once. */
bool tail_read(struct tail *t, struct buf *out);

/* Descriptor to poll for reading, -1 = none; and when (mono_ms) tail_read is due whatever it says.
 */
int tail_fd(const struct tail *t);
uint64_t tail_due_ms(const struct tail *t);

/* At the end of the run: appends what is left of a line to out (may be NULL). */
void tail_close(struct tail *t, struct buf *out);
