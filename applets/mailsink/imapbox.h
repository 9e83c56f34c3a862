/* imapbox - what IMAP's SEARCH and FETCH tell of the messages
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/store.h"

enum { IMAPBOX_ANSWER_MAX = 2 * STORE_FILE_MAX + 64 * 1024 };

/* The messages of one session, numbered from 1. */
struct imapbox {
	struct store *store;
	size_t count;
	bool by_uid;   /* sets name UIDs */
	bool is_write; /* SELECT: what is fetched becomes seen */
	/* one message as IMAP sends it, each line end CRLF; of the last call */
	struct buf file, text;
};

/* RFC 9051 2.3.2, in store_message.flags. */
enum { IMAPBOX_SEEN = 1, IMAPBOX_DELETED = 2 };
#define IMAPBOX_FLAGS "\\Seen \\Deleted \\Answered \\Flagged \\Draft" /* from bit 0 on */

/* Reads a list of them, with or without parentheses; false: one is not known. */
bool imapbox_flags(struct bytes list, unsigned *flags);

void imapbox_free(struct imapbox *b);

/* Message i (from 0) is in a set such as "1:3,7,9:*". */
bool imapbox_in_set(const struct imapbox *b, struct bytes set, size_t i);
bool imapbox_set_ok(struct bytes set);

/* Message i meets all of the criteria. False, and *why, too when they cannot be read (*why is NULL
 * when they can). */
bool imapbox_matches(struct imapbox *b, struct bytes criteria, size_t i, const char **why);

/* Appends what FETCH says of message i: "* 1 FETCH (...)"; items with or without parentheses.
 * False: *why. */
bool imapbox_fetch(struct imapbox *b, struct bytes items, size_t i, struct buf *out,
		const char **why);
