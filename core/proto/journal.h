/* journal - JSON and export entries of logs, made plain lines
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* What is told apart line by line: `journalctl -o json` and docker's json-file log (an object a
 * line), `journalctl -o export` (a field a line, an empty line behind each entry; systemd's
 * JOURNAL_EXPORT_FORMATS), and plain lines, which stay as they are. NULs are gone already. */

enum { JOURNAL_TEXT_MAX = 64 * 1024, JOURNAL_PARTS = 8 };

/* Zeroed + journal_init = nothing read yet. */
struct journal {
	struct buf parts[JOURNAL_PARTS];
	bool is_open;             /* within an entry of the export form */
	bool has_text;            /* and its message was there */
	bool is_binary;           /* the next line begins with a length */
	unsigned char low, low_n; /* of which this octet came already (it was a line feed) */
	int binary;               /* part that it is for; -1 = none that matters */
	uint64_t left;            /* octets to come of a value that has line feeds */
	uint64_t nuls;            /* so many were in lengths */
};

void journal_init(struct journal *j);
void journal_free(struct journal *j);

/* Rewrites what stands in lines from offset on: "TIME HOST PROGRAM[PID]: TEXT", with <PRIORITY> in
 * front where that is a warning or worse; docker's: "TIME LINE". A line feed in a text becomes #012
 * as rsyslog does it. An entry is at most some hundred octets longer than what it was. */
void journal_plain(struct journal *j, struct buf *lines, size_t offset);

/* At the end: an entry that is not closed by an empty line. */
void journal_finish(struct journal *j, struct buf *lines);
