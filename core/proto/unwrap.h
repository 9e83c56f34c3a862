/* unwrap - JSON and export entries of logs, made plain lines
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* What is told apart line by line: `journalctl -o json`, docker's json-file log and `mailsink
 * --json` (an object a line), `journalctl -o export` (a field a line, an empty line behind each
 * entry; systemd's JOURNAL_EXPORT_FORMATS), and plain lines, which stay as they are. NULs are gone
 * already. */

enum { UNWRAP_TEXT_MAX = 64 * 1024, UNWRAP_PARTS = 8 };

/* Zeroed + unwrap_init = nothing read yet. */
struct unwrap {
	struct buf parts[UNWRAP_PARTS];
	bool is_open;             /* within an entry of the export form */
	bool has_text;            /* and its message was there */
	bool is_binary;           /* the next line begins with a length */
	unsigned char low, low_n; /* of which this octet came already (it was a line feed) */
	int binary;               /* part that it is for; -1 = none that matters */
	uint64_t left;            /* octets to come of a value that has line feeds */
	uint64_t nuls;            /* so many were in lengths */
};

void unwrap_init(struct unwrap *u);
void unwrap_free(struct unwrap *u);

/* Rewrites what stands in lines from offset on: "TIME HOST PROGRAM[PID]: TEXT", with <PRIORITY> in
 * front where that is a warning or worse; docker's: "TIME LINE"; mailsink's: "mailsink[SESSION]:
 * PROTO: TYPE key=<value>, key=number". A line feed in a text becomes #012 as rsyslog does it. An
 * entry is at most some hundred octets longer than what it was. */
void unwrap_lines(struct unwrap *u, struct buf *lines, size_t offset);

/* At the end: an entry that is not closed by an empty line. */
void unwrap_finish(struct unwrap *u, struct buf *lines);
