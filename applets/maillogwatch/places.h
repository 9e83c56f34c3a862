/* places - where this system keeps its mail log
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/err.h"

/* Where the log of this machine is, as source_open and follow_add take it: the path of a file, or a
 * journalctl command when the journal alone has it. Owned by the caller. NULL: e says what was
 * looked for. root stands in front of every path ("" but in tests). */
char *places_find(const char *root, struct err *e);

/* What places_find answers on a host that has only the journal: mail, logins, the kernel and the
 * service manager. "-f" and the like may be added. */
#define PLACES_JOURNAL                                                              \
	"exec:journalctl --no-pager -q -a -o short-iso-precise SYSLOG_FACILITY=2 +" \
	" SYSLOG_FACILITY=4 + SYSLOG_FACILITY=10 + _TRANSPORT=kernel + SYSLOG_IDENTIFIER=systemd"

/* Names, each owned, oldest content first. */
struct places {
	char **at;
	size_t count;
};

/* A log and what rotation made of it: PATH.2.gz PATH.1 PATH, PATH-20250303, PATH.0.bz2,
 * PATH.20250303-040506.gz. False: the directory cannot be read. */
bool places_rotated(const char *path, struct places *set, struct err *e);
void places_free(struct places *set);
