/* sasl - authentication mechanisms as exchanges of octets
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/reply.h"

/* Bits, so that an offer is a set. Order = strength, weakest first: pick the highest that both
 * know. */
enum sasl_mech {
	SASL_ANONYMOUS = 1 << 0,
	SASL_LOGIN = 1 << 1,
	SASL_PLAIN = 1 << 2,
	SASL_NTLM = 1 << 3,
	SASL_CRAM_MD5 = 1 << 4,
	SASL_DIGEST_MD5 = 1 << 5,
	SASL_XOAUTH2 = 1 << 6,
	SASL_OAUTHBEARER = 1 << 7,
	SASL_SCRAM_SHA_1 = 1 << 8,
	SASL_SCRAM_SHA_256 = 1 << 9,
	SASL_EXTERNAL = 1 << 10,
};

/* What sasl_step can do. */
#define SASL_IMPLEMENTED ((SASL_EXTERNAL << 1) - 1)

/* What shows the password to whoever reads the wire. */
#define SASL_TOKEN (SASL_XOAUTH2 | SASL_OAUTHBEARER)
#define SASL_CLEAR (SASL_PLAIN | SASL_LOGIN | SASL_TOKEN)

/* In which the server proves that it knows the password, too. */
#define SASL_MUTUAL (SASL_DIGEST_MD5 | SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256)

/* "PLAIN" etc., case ignored; 0 when unknown. And back: NULL unless mech is one known bit. */
unsigned sasl_mech_of(struct bytes name);
const char *sasl_mech_name(unsigned mech);

/* Adds the mechanisms of a blank-separated list to *mechs, and the number of those not known to
 * *unknown (may be NULL). */
void sasl_mechs_add(struct bytes list, unsigned *mechs, size_t *unknown);

struct sasl_creds {
	struct bytes authzid; /* usually empty */
	struct bytes user;
	struct bytes password;
	bool few_rounds; /* SCRAM: also when it is hashed fewer than SCRAM_ROUNDS_MIN times */
};

/* What some mechanisms need beside the credentials. Borrowed. */
struct sasl_about {
	struct bytes nonce; /* ours: random, printable, no comma or quote, 8 octets at least */
	struct bytes service, host; /* DIGEST-MD5: "smtp", "pop" or "imap"; OAUTHBEARER: the host */
	unsigned port;              /* OAUTHBEARER; 0 = not said */
};

/* One exchange. The creds are borrowed until its end. */
struct sasl {
	unsigned mech;
	struct sasl_creds creds;
	struct sasl_about about; /* the caller's, between sasl_begin and the first sasl_step */
	unsigned step;           /* messages made so far */
	bool is_proven;          /* the server has shown that it knows the password */
	struct buf first, due;   /* SCRAM's first message; what the server must end with */
};

enum sasl_result { SASL_MORE, SASL_LAST, SASL_FAILED };

/* Sets up s whatever it held. True when the mechanism can send a first message without a challenge
 * (all but CRAM-MD5 and DIGEST-MD5). sasl_end frees what sasl_step kept. */
bool sasl_begin(struct sasl *s, unsigned mech, const struct sasl_creds *creds);
void sasl_end(struct sasl *s);

/* Can the mechanism carry the creds at all? False: why; whatever the server says, it fails. */
bool sasl_fits(const struct sasl *s, const char **why);

/* Appends the client's answer (not yet base64) to a decoded challenge; for the initial response
 * the challenge is empty. out should be secret. SASL_LAST: this was the mechanism's last message,
 * but for the answer to a server that explains its refusal (XOAUTH2, OAUTHBEARER). SASL_FAILED:
 * why says so ("the challenge is empty"). LOGIN ignores the prompt's text: order decides (servers
 * ask in any wording). The password is the token of XOAUTH2 and OAUTHBEARER; EXTERNAL and
 * ANONYMOUS need none. */
enum sasl_result sasl_step(struct sasl *s, struct bytes challenge, struct buf *out,
		const char **why);

/* Octets of the longest AUTH command with an initial response, without its line end. What would be
 * longer goes without it; the first challenge is empty then (RFC 4954 4, RFC 5034 4). */
size_t sasl_command_max(enum proto proto);

/* The server says yes: may it be believed? False, and why, when the mechanism has the server prove
 * that it knows the password (DIGEST-MD5, SCRAM) and it did not. */
bool sasl_may_believe(const struct sasl *s, const char **why);

/* RFC 4616. False, and why, when user or password is empty or a part holds NUL. */
bool sasl_plain(struct buf *out, const struct sasl_creds *creds, const char **why);

/* RFC 2195: "user hex(hmac-md5(password, challenge))". */
void sasl_cram_md5(struct buf *out, const struct sasl_creds *creds, struct bytes challenge);

/* RFC 1939 7: hex(md5(stamp password)), 32 digits. The stamp goes in with its angle brackets. */
void sasl_apop(struct buf *out, struct bytes stamp, struct bytes password);
