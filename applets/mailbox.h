/* mailbox - what pop3talk and imaptalk share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailview.h"
#include "applets/talk.h"
#include "proto/limits.h"
#include "talk/keep.h"

/* Options of both. */
struct mailbox_options {
	bool stat, list, source;
	const char *read, *headers; /* a number, "last", imaptalk: or "uid:N" */
	const char *find, *dump;
	unsigned max; /* --list, --find: newest messages that are shown */
	unsigned wait_s;
	struct opt_list delete; /* as read */
	bool yes;               /* without asking */
	const char *warning, *critical;
	struct limits warn, crit; /* out of these */
};

/* What thresholds are about. Times are seconds since 1970. */
struct mailbox_figures {
	uint64_t messages;
	bool has_times; /* false: not known */
	int64_t oldest, newest;
};

/* Does any of them need a login? */
bool mailbox_wanted(const struct mailbox_options *o);

/* False: said what does not fit. */
bool mailbox_options_ok(struct mailbox_options *o, struct talk *t);

/* Is the age of messages asked for? */
bool mailbox_wants_ages(const struct mailbox_options *o);
void mailbox_add_time(struct mailbox_figures *f, int64_t seconds);

/* Performance data, and a verdict on each threshold that is passed. */
void mailbox_judge(struct talk *t, const struct mailbox_options *o,
		const struct mailbox_figures *f);

/* Connects and reads the greeting: in clear on loopback, TLS at once elsewhere, unless the user
 * says otherwise. False: told. */
bool mailbox_greet(struct talk *t, unsigned port, unsigned tls_port);

/* What a greeting tells of the server. */
void mailbox_note_greeting(struct bytes text, struct buf *note);

/* Lines from standard input; data lines go to lines. False: standard input had none, so the plain
 * check is what is wanted. */
bool mailbox_typed(struct talk *t, struct mailview_lines *lines);

/* The verdicts of runs that leave the mailbox alone. */
void mailbox_logged_in(struct talk *t);
void mailbox_speaks(struct talk *t);

/* --find or --wait came to nothing: adds the verdict; returns false. */
bool mailbox_not_found(struct talk *t, const struct mailbox_options *o);

/* --wait, since mailbox_wait_begin; count is the number of messages now. */
enum { MAILBOX_POLL_MS = 5000 };
struct mailbox_wait {
	uint64_t until_ms; /* 0 = not begun */
	uint64_t count;    /* of the messages that were there before */
	unsigned rounds;
};
void mailbox_wait_begin(struct mailbox_wait *wait, struct talk *t, const struct mailbox_options *o,
		uint64_t count);
uint64_t mailbox_wait_left(const struct mailbox_wait *wait, struct talk *t);

void mailbox_wait_end(struct talk *t); /* the transcript is on again */

/* --delete: is it confirmed? By --yes, or by who is asked on the terminal. */
bool mailbox_confirms_delete(struct talk *t, const struct mailbox_options *o);

/* "There is no message WHICH"; returns false. */
bool mailbox_lacks(struct talk *t, const char *which, uint64_t count);

enum { MAILBOX_REFUSED_MAX = 50 }; /* in a row, and a copy is given up */

/* --dump: messages that are copied. */
struct mailbox_dump {
	struct talk *t;
	struct keep keep;
	struct out data;    /* what was standard output, with "-" */
	uint64_t at, total; /* messages */
	uint64_t octets;
	uint64_t begun_ms, shown_ms, synced_ms;
	unsigned refused, refused_row; /* messages that the server does not give; in a row */
};

/* Before anything is shown: with "-" all but the messages goes to standard error. False: standard
 * output is a terminal, and said so. */
bool mailbox_dump_redirect(struct mailbox_dump *d, struct talk *t, const char *path);
bool mailbox_dump_open(struct mailbox_dump *d, struct talk *t, const char *path);

/* The next message: where it comes from. False: it is kept already, or (err) it cannot be kept. */
bool mailbox_dump_begin(struct mailbox_dump *d, struct bytes folder, struct bytes uid);
/* Has what is kept of the folder been numbered otherwise (IMAP's UIDVALIDITY)? Then nothing tells
 * which messages are there already. */
bool mailbox_dump_renumbered(struct mailbox_dump *d, struct bytes folder, uint64_t validity);

/* One that the server refuses (a damaged file) does not keep the others from being copied: the
 * first is told. False: too many in a row, or the session is over. */
bool mailbox_dump_refused(struct mailbox_dump *d, struct talk *t);
bool mailbox_dump_part(void *dump, struct bytes part); /* fits dialog_read_data */
bool mailbox_dump_end(struct mailbox_dump *d);         /* it is whole; false: told */

/* Adds the verdict of a failure to keep; returns false. */
bool mailbox_dump_failed(struct mailbox_dump *d);

/* What is whole is kept, also when the run failed. Returns ok, or false (told). */
bool mailbox_dump_close(struct mailbox_dump *d, bool ok);
void mailbox_dump_fact(const struct mailbox_dump *d, struct buf *fact);
