/* b64auth - the parts of the b64auth applet
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/opt.h"

enum {
	B64AUTH_LINE_MAX = 12288,      /* RFC 4954 4: the longest line of an exchange */
	B64AUTH_INPUT_MAX = 256 * 1024 /* of -d: far more than anybody pastes */
};

struct b64auth {
	struct world *w;
	struct opt_common common;
	bool is_take; /* -d */
	bool url;
	unsigned wrap;
	bool line, smtp, pop3, imap;
	const char *authzid, *nonce, *host;
	struct opt_list words; /* operands behind the verb; with -d all of them */
};

/* Each does its job, says what went wrong on standard error and returns the exit code. */

/* Makes the client's messages of the mechanism (SASL_PLAIN, ...), one a line, as far as the
 * server's messages (the words) let it get; then what the server owes, or that it gave it. */
int b64auth_make(struct b64auth *b, unsigned mech);

/* The digest of POP3's APOP. */
int b64auth_apop(struct b64auth *b);

/* Takes strings apart: the words as one line, or the lines of standard input. */
int b64auth_take(struct b64auth *b);

/* Standard input to standard output, in constant memory. */
int b64auth_encode(struct b64auth *b);
int b64auth_decode(struct b64auth *b);

/* One line "b64auth: text" on standard error, the text escaped; returns 3. */
int b64auth_wrong(struct b64auth *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the words, joined by blanks. False when there are none, or too many for out. */
bool b64auth_words(const struct b64auth *b, struct buf *out);
