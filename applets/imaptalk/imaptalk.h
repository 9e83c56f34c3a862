/* imaptalk - an annotated IMAP conversation: parts shared by its files
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailbox.h"
#include "proto/imap.h"

struct imaptalk_options {
	bool folders, check;
	const char *folder; /* UTF-8 */
};

struct imaptalk {
	struct talk talk; /* first: talk's callbacks get this pointer */
	struct mailbox_options o;
	struct imaptalk_options own;
	struct dialog_untagged untagged;
	struct imap_caps caps;
	struct buf offers;    /* the words of CAPABILITY, a line each */
	struct buf explained; /* capability words whose note was shown, each with a blank behind */
	struct buf folder;    /* as a quoted string in modified UTF-7 */
	uint64_t exists, uidvalidity;
	bool has_news; /* EXISTS came */
	struct mailbox_wait wait;
	struct mailbox_figures figures;
	struct mailbox_dump dump;
	struct {
		uint64_t count, uids, uidvalidity; /* of the first session; 0 messages: not begun */
		bool is_odd;
	} check;
	bool is_dumping;    /* a refused message does not end the run */
	bool is_again;      /* another session is wanted: */
	uint64_t dump_from; /* UID of the message that ended the one before; 0 = there was none */
	bool is_open;       /* EXAMINE or SELECT was answered well */
	uint64_t expunged, deleted; /* told by the server; of these by us */

	/* of the command that runs: who takes what comes */
	void *ctx;
	struct bytes literal; /* sent when the server says "+" */
	void (*on_untagged)(struct imaptalk *im, const struct imap_untagged *u);
	bool (*on_part)(struct imaptalk *im, struct bytes part);
};

/* From here on message data goes to on_part; NULL: nowhere. */
void imaptalk_take(struct imaptalk *im, void *ctx,
		bool (*on_part)(struct imaptalk *im, struct bytes part));

/* What dialog tells of, for d.untagged. */
void imaptalk_response(void *ctx, struct bytes text);
bool imaptalk_part(void *ctx, struct bytes part);

/* A FETCH response with message data (news of flags come unasked, without). What came in the line
 * itself, as a quoted string, is handed over as a literal is. */
bool imaptalk_fetched(struct imaptalk *im, const struct imap_untagged *u, struct imap_fetch *f);

/* Sends a command; where the server goes on with "+", literal follows. False: failed or refused,
 * and told. */
bool imaptalk_ask(struct imaptalk *im, const char *command, struct bytes literal);

/* One whose answer goes to on_untagged (and message data to im->on_part), and is not shown but
 * with -v: what is made of it says it better. */
bool imaptalk_ask_quietly(struct imaptalk *im, const char *command,
		void (*on_untagged)(struct imaptalk *im, const struct imap_untagged *u), void *ctx);

/* The transactions; each tells its own trouble and returns false. */
bool imaptalk_folders(struct imaptalk *im);
bool imaptalk_stat(struct imaptalk *im);
bool imaptalk_open(struct imaptalk *im); /* read-only unless messages are to be deleted */
bool imaptalk_list(struct imaptalk *im);
bool imaptalk_find(struct imaptalk *im, bool *found);
bool imaptalk_wait(struct imaptalk *im);  /* for what --find finds, or a new message */
bool imaptalk_ages(struct imaptalk *im);  /* INTERNALDATE of all messages */
bool imaptalk_check(struct imaptalk *im); /* in two sessions */
bool imaptalk_check_again(struct imaptalk *im);
bool imaptalk_dump(struct imaptalk *im);
bool imaptalk_read(struct imaptalk *im, const char *which, bool headers_only);
bool imaptalk_delete(struct imaptalk *im);

/* "3", "last" or "uid:77". False: told that there is no such message. */
bool imaptalk_number_of(struct imaptalk *im, const char *which, uint64_t *number, bool *is_uid);
