/* store - messages that came in, in memory or a Maildir
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/envelope.h"
#include "sys/err.h"
#include "sys/world.h"

enum {
	STORE_ID_MAX = 16,
	STORE_UID_MAX = 70,                /* RFC 1939 7 */
	STORE_FILE_MAX = 64 * 1024 * 1024, /* of a Maildir that others filled */
};

struct store_message {
	char uid[STORE_UID_MAX + 1];
	unsigned char *data; /* NULL in a Maildir */
	size_t size;
	char *path;        /* in a Maildir */
	uint64_t octets;   /* as POP3 sends it, each line with CRLF (RFC 1939 11) */
	int64_t arrived_s; /* since 1970 */
	uint32_t number;   /* counted from 1; IMAP's UID */
	unsigned flags;    /* IMAP's, for this run */
	bool marked;       /* to be removed when the lock is given up */
};

/* Set up by store_open. */
struct store {
	struct world *w;
	const char *maildir; /* borrowed; NULL = in memory */
	bool stable;         /* ids are counted from 1 instead of made up */
	size_t messages_max;
	uint64_t bytes_max;
	struct store_message *at;
	size_t count, room;
	uint64_t bytes;    /* of all messages and of those that are just coming in */
	uint32_t serial;   /* of queue ids */
	uint32_t validity; /* IMAP's UIDVALIDITY: numbers hold for this run only */
	uint32_t numbered; /* messages so far, with those that are gone */
	bool locked;       /* by a POP3 session */
};

/* Makes the Maildir where there is none, and lists what is in it. */
bool store_open(struct store *s, struct err *e);
void store_close(struct store *s);

/* Books n octets of a message that is coming in. False: the store is full. */
bool store_book(struct store *s, uint64_t n);
void store_unbook(struct store *s, uint64_t n);

/* Keeps a message behind its trace headers; data as it came. In a Maildir it has reached the disk
 * before this returns. id gets the queue id. Booking is the caller's own business. */
bool store_add(struct store *s, const struct envelope *v, struct bytes data, char id[STORE_ID_MAX],
		struct err *e);

/* A queue id for a message that is not kept. */
void store_id(struct store *s, char id[STORE_ID_MAX]);

/* The text of message i, in memory or read into file. */
bool store_read(struct store *s, size_t i, struct buf *file, struct bytes *data, struct err *e);

/* One POP3 session at a time, as RFC 1939 8 wants it. */
bool store_lock(struct store *s);

/* Removes what is marked, or takes the marks back; the lock is given up. *lost counts files that
 * could not be removed. */
void store_unlock(struct store *s, bool remove, size_t *lost);

/* Octets of data with each line end (CRLF, LF, CR) counted as CRLF, and one at the end. */
uint64_t store_octets(struct bytes data);
