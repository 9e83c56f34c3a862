/* login - the server's side of one SASL exchange
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/users.h"
#include "proto/sasl.h"
#include "sys/world.h"

/* Offered unless others are named: what takes a password, or it as a token. Old clients turn to
 * NTLM first; the others need no password. */
#define LOGIN_USUAL (SASL_IMPLEMENTED & ~(unsigned)(SASL_NTLM | SASL_ANONYMOUS | SASL_EXTERNAL))

enum login_result {
	LOGIN_MORE, /* challenge holds what to ask with */
	LOGIN_OK,
	LOGIN_REFUSED,   /* well formed, but not a user's proof */
	LOGIN_CANCELLED, /* the client sent "*" */
	LOGIN_BAD_BASE64,
	LOGIN_BAD_FORM, /* decoded, it is no message of this mechanism */
	LOGIN_UNKNOWN,  /* not one that is offered; login_step never says so */
};

/* Zeroed = no exchange runs (mech is 0). */
struct login {
	unsigned mech;           /* SASL_* */
	unsigned step;           /* messages of the client so far */
	bool is_refused;         /* LOGIN_MORE, but only to tell why */
	bool is_told;            /* the journal knows the result */
	struct world *w;         /* its random numbers */
	const char *name;        /* our host's */
	const char *certificate; /* EXTERNAL: whose it is */
	struct buf user;         /* who tries; known after LOGIN_OK and LOGIN_REFUSED */
	struct buf first;        /* SCRAM: the client's first message */
	struct buf challenge;    /* the one that the client's proof is over */
};

/* Appends each mechanism's name, the strongest first, with before in front. */
void login_put_mechs(struct buf *out, unsigned mechs, const char *before);

/* Makes l ready; w, name and certificate are borrowed until the end. */
void login_begin(struct login *l, unsigned mech, struct world *w, const char *name,
		const char *certificate);

/* Takes the client's line, in base64; NULL when AUTH came without an initial response. A lone "="
 * as initial response is the empty one (RFC 4954 4): login_initial makes it so. Any result but
 * LOGIN_MORE ends the exchange. challenge is not base64 yet. */
enum login_result login_step(struct login *l, const struct users *users, const struct bytes *line,
		struct buf *challenge);
struct bytes login_initial(struct bytes word);

/* Forgets the exchange. */
void login_end(struct login *l);
