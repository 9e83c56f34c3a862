/* ntlm - NTLMv2 messages of both sides (MS-NLMP)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/hash.h"
#include "sys/buf.h"

enum { NTLM_CHALLENGE = 8 };

/* Message type 1: what we can do; no names. */
void ntlm_negotiate(struct buf *out);

struct ntlm_exchange {
	struct bytes user; /* "DOMAIN\user", else the domain is the one that the server names */
	struct bytes password;
	struct bytes challenge; /* message type 2 */
	unsigned char nonce[NTLM_CHALLENGE];
};

/* Message type 3 with NTLMv2 answers, without session key. False, and why: the challenge is not
 * message type 2, or a name is not UTF-8. */
bool ntlm_authenticate(const struct ntlm_exchange *x, struct buf *out, const char **why);

/* RFC 1320. Only NTLM needs it, and mbedTLS no longer has it. */
void ntlm_md4(struct bytes in, unsigned char out[HASH_MD5_SIZE]);

/* The fields of a message of type 1, 2 or 3, slices into it; texts are UTF-16LE unless is_oem. */
struct ntlm_fields {
	unsigned type;
	uint32_t flags;
	bool is_oem;
	struct bytes target, challenge, info;           /* type 2 */
	struct bytes domain, user, workstation, lm, nt; /* type 3 */
};

/* False when it is no NTLM message, or a field points outside. */
bool ntlm_read(struct bytes in, struct ntlm_fields *f);

/* The server's side. Message type 2: target names it, ASCII. */
void ntlm_challenge(struct buf *out, const char *target,
		const unsigned char challenge[NTLM_CHALLENGE]);

/* The NTLMv2 answer in f, of message type 3, is the one that this password gives. */
bool ntlm_verify(const struct ntlm_fields *f, struct bytes challenge, struct bytes password);

/* Appends UTF-16LE as UTF-8; what is none becomes U+FFFD. */
void ntlm_put_text(struct buf *out, struct bytes utf16);
