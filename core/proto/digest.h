/* digest - DIGEST-MD5 messages of a client and the server's proof
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

struct digest_exchange {
	struct bytes authzid, user, password;
	struct bytes service, host; /* of the digest-uri: "smtp", "mail.example.com" */
	struct bytes nonce;         /* ours */
	struct bytes challenge;
};

/* RFC 2831 2.1.2, without integrity or secrecy layers. Appends the response, and to due the
 * "rspauth=..." that the server must answer with. False, and why, when the challenge does not fit
 * or there is no room. */
bool digest_response(const struct digest_exchange *x, struct buf *out, struct buf *due,
		const char **why);
