/* sink - what all sessions of one mailsink share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/faults.h"
#include "applets/mailsink/journal.h"
#include "applets/mailsink/store.h"
#include "applets/mailsink/users.h"
#include "sys/world.h"

/* Borrowed by every session. The random numbers of w go into time stamps and challenges; sessions
 * use nothing else of it. */
struct sink {
	struct world *w;
	const char *name;     /* this host, in replies and trace headers */
	const char *banner;   /* text of both greetings; NULL = our own */
	bool can_tls;         /* STARTTLS and STLS are offered */
	bool discard;         /* messages are taken and not kept */
	bool xclient;         /* XCLIENT may say who the client is */
	bool require_tls;     /* nothing is taken and nobody logs in in clear text */
	unsigned mechs;       /* SASL_*: offered to who can log in */
	uint64_t message_max; /* octets of one message */
	struct bytes script;  /* of every session, in place of a protocol; empty = none */
	struct users users;
	struct store store;
	struct journal journal;
	struct faults faults;
};
