/* digest - DIGEST-MD5 messages of both sides
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

/* The server's side. Who the client says it is, quotes and escapes undone; authzid is usually
 * empty. False: response is not of that form. */
bool digest_user(struct bytes response, struct buf *user, struct buf *authzid);

/* The response is the one that this password gives for our challenge. Appends to due the
 * "rspauth=..." that proves as much to the client, which must only be sent when this is true. */
bool digest_verify(struct bytes challenge, struct bytes response, struct bytes password,
		struct buf *due);
