/* login - the server's side of one SASL exchange
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/users.h"
#include "sys/world.h"

/* What EHLO and CAPA offer. */
#define LOGIN_MECHS "PLAIN LOGIN CRAM-MD5"

enum login_result {
	LOGIN_MORE, /* challenge holds, in base64, what to ask with */
	LOGIN_OK,
	LOGIN_REFUSED,   /* well formed, but not a user's proof */
	LOGIN_CANCELLED, /* the client sent "*" */
	LOGIN_BAD_BASE64,
	LOGIN_BAD_FORM, /* decoded, it is no message of this mechanism */
	LOGIN_UNKNOWN,  /* not one of our mechanisms; login_step never says so */
};

/* Zeroed = no exchange runs (mech is 0). */
struct login {
	unsigned mech; /* SASL_* */
	unsigned step;
	struct buf user; /* who tries; known after LOGIN_OK and LOGIN_REFUSED, with CRAM-MD5 too */
	struct buf challenge; /* CRAM-MD5: not yet base64 */
};

/* False: mech is not one of LOGIN_MECHS. name is our host's, for the challenge of CRAM-MD5. */
bool login_begin(struct login *l, struct world *w, unsigned mech, const char *name);

/* Takes the client's line, in base64; NULL when AUTH came without an initial response. A lone "="
 * as initial response is the empty one (RFC 4954 4): login_initial makes it so. Any result but
 * LOGIN_MORE ends the exchange. */
enum login_result login_step(struct login *l, const struct users *users, const struct bytes *line,
		struct buf *challenge);
struct bytes login_initial(struct bytes word);

/* Forgets the exchange. */
void login_end(struct login *l);
