/* journal - the sessions told as they happen
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

/* Where an entry belongs. */
struct journal_at {
	unsigned session;  /* counted from 1 */
	const char *proto; /* "smtp", "pop3" */
};

/* Zeroed = says nothing. All text is foreign and escaped here; what is secret was taken out before.
 * */
struct journal {
	struct world *w; /* NULL = off */
	bool lines;      /* every line, for people or, with json, as objects */
	bool json;       /* one object for each event */
	bool show_secrets, stable;
};

/* "[1] smtp from 127.0.0.1:40112"; peer without its port where stable is set. */
void journal_connect(struct journal *j, const struct journal_at *at, const char *peer,
		const char *peer_ip, bool is_tls);

/* who: 'S' or 'C'. */
void journal_line(struct journal *j, const struct journal_at *at, char who, struct bytes text);

/* An event that is no line. key is the JSON type: "tls", "login", "note", "end". */
void journal_note(struct journal *j, const struct journal_at *at, const char *key,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

struct journal_message {
	const char *id, *with;
	struct bytes helo, from, recipients; /* recipients: each followed by LF */
	uint64_t octets;                     /* as received */
	uint64_t bare_lf;                    /* line ends without CR */
};
void journal_message(struct journal *j, const struct journal_at *at,
		const struct journal_message *m);
