/* probe - what a server shows before a login, a verdict each
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/talk.h"

struct probe_offer {
	struct bytes words; /* capabilities, a line each; empty = not told */
	unsigned mechs;     /* SASL_* bits */
	size_t other_mechs;
	const char *password; /* the command that takes one beside AUTH, where it is offered */
	bool has_starttls;    /* before TLS */
};

/* d.reply is the greeting. */
void probe_banner(struct talk *t);

/* The list, TLS, the certificate, the ways to log in, as they stand now. What failed on the way
 * has its verdict already. */
void probe_rest(struct talk *t, const struct probe_offer *o);
