/* file - whole files and first lines, with a ceiling
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

/* Appends the whole file (or, path "-", descriptor 0) to out. False: not readable, or larger
 * than out's maximum (said so); out then holds what was read. */
bool file_read(const char *path, struct buf *out, struct err *e);

/* The same from an open descriptor, until its end; name is for the error text. */
bool file_read_fd(int fd, const char *name, struct buf *out, struct err *e);

/* One read() into the room that out has left (it must have some), at most 64 kB: appends what came,
 * nothing at the end of the file. */
bool file_read_some(int fd, const char *name, struct buf *out, struct err *e);

/* Appends the first line of a descriptor to out, without its line end (LF or CRLF, exactly one).
 * Reads octet by octet, so that what follows the line stays for the next reader. An empty file
 * is an error; a NUL in the line too (no protocol of ours can carry it in a password). */
bool file_read_line(int fd, const char *name, struct buf *out, struct err *e);

/* Creates path (mode 0600, not following an existing file unless replace) with this content,
 * through to the disk. */
bool file_write(const char *path, struct bytes content, bool replace, struct err *e);
