/* pop3talk - an annotated POP3 conversation: parts shared by its files
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailview.h"
#include "applets/talk.h"
#include "proto/pop3.h"

struct pop3talk_options {
	bool stat, list, uidl, apop, auth_only, yes, source, interactive;
	const char *read, *headers; /* a number, or "last" */
	const char *auth;
	struct opt_list delete;
	unsigned max; /* --list: newest messages whose headers are asked for */
};

struct pop3talk {
	struct talk talk; /* first: talk's callbacks get this pointer */
	struct opt_common common;
	struct pop3talk_options o;
	struct pop3_caps caps;
	struct buf stamp;       /* APOP's, out of the greeting */
	uint64_t count, octets; /* STAT */
	uint64_t deleted;
	bool agrees; /* no size differed so far */
};

/* Sends a command and, when it is answered by data, hands the lines to taker. False: failed or
 * refused, and told. */
bool pop3talk_ask(struct pop3talk *p, const char *command,
		void (*line)(void *ctx, struct bytes line), void *ctx);

/* The transactions; each tells its own trouble and returns false. */
bool pop3talk_stat(struct pop3talk *p);
bool pop3talk_list(struct pop3talk *p);
bool pop3talk_uidl(struct pop3talk *p);
bool pop3talk_read(struct pop3talk *p, const char *which, bool headers_only);
bool pop3talk_delete(struct pop3talk *p, const char *which);

/* "3" or "last" as a message number; false (told) when there is no such message. */
bool pop3talk_number(struct pop3talk *p, const char *which, uint64_t *number);
