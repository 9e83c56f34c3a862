/* gz - unpacks gzip files, also joined, cut and damaged ones
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

#include <sys/types.h>

/* What was wrong with the file so far; what could be read was. Bits. */
enum gz_fault {
	GZ_CUT = 1,     /* it ends inside of a member */
	GZ_DAMAGED = 2, /* a member's data or checksum is wrong: went on with the next one */
	GZ_GARBAGE = 4, /* something that is no member stands behind one (RFC 1952 2.2) */
};

/* Appends what scripts/pack has packed (a zlib stream of raw_size octets) to out; false when it
 * does not fit or is damaged. */
bool gz_unpack(struct bytes packed, size_t raw_size, struct buf *out);

/* The zlib in the binary: "1.3.1". */
const char *gz_zlib_version(void);

struct gz;

/* True for the first octets of a gzip file. */
bool gz_is_magic(struct bytes first);

/* Unpacks what fd holds from where it stands; fd stays the caller's. already: octets that were
 * read from it before (copied). name, for error texts, is borrowed. */
struct gz *gz_new(int fd, const char *name, struct bytes already);
void gz_free(struct gz *g);

/* Up to n octets of the text, at least one unless it ends: then 0. Where a member breaks off, a
 * line end is put in, so that its last line does not run into the next member's first. -1: e, the
 * file cannot be read. */
ssize_t gz_read(struct gz *g, unsigned char *to, size_t n, struct err *e);

/* From here on a child unpacks, and this process has its time for the text. Where there can be none
 * all goes on as before. */
void gz_beside(struct gz *g);

/* Bits of enum gz_fault; with a child, at the end only. */
unsigned gz_faults(const struct gz *g);
