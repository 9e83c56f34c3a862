/* scram - SCRAM messages of a client and the server's proof
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/hash.h"
#include "sys/buf.h"

enum {
	/* The server says how often the password is hashed, and may not say more than this: about
	 * a second's work. Servers of today ask for 4096 to 600000. */
	SCRAM_ROUNDS_MAX = 1000000,
	/* RFC 5802 5.1, RFC 7677 4. With few rounds, a server that is none soon knows the password
	 * from our answer. */
	SCRAM_ROUNDS_MIN = 4096,
};

/* RFC 5802 5: "n,a=authzid,n=user,r=nonce". The nonce is the caller's: printable, no comma. All
 * functions: false, and why, when it cannot be done. */
bool scram_first(struct buf *out, struct bytes authzid, struct bytes user, struct bytes nonce,
		const char **why);

/* What scram_final works on. */
struct scram_exchange {
	enum hash_kind hash;
	struct bytes password, client_first, server_first;
	bool few_rounds; /* fewer than SCRAM_ROUNDS_MIN are taken */
};

/* Appends the client's last message, and to due the "v=..." that the server must answer with. */
bool scram_final(const struct scram_exchange *x, struct buf *out, struct buf *due,
		const char **why);

/* The server's last message says what is due. Compared in constant time. */
bool scram_is_proven(struct bytes server_final, struct bytes due, const char **why);
