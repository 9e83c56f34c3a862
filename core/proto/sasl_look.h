/* sasl_look - names the SASL message that a decoded string is
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

/* What a decoded string looks like. */
enum sasl_look {
	SASL_LOOK_NOTHING,
	SASL_LOOK_PLAIN,            /* [authzid] NUL user NUL password */
	SASL_LOOK_PLAIN_NO_NUL,     /* "user\0password" typed as backslash zero */
	SASL_LOOK_PLAIN_ONE_NUL,    /* one NUL only */
	SASL_LOOK_PLAIN_MANY_NULS,  /* more than two, as behind the password */
	SASL_LOOK_LOGIN_PROMPT,     /* "Username:" / "Password:" (a server's challenge) */
	SASL_LOOK_CRAM_CHALLENGE,   /* <...@...> */
	SASL_LOOK_CRAM_RESPONSE,    /* user + 32 hex digits */
	SASL_LOOK_DIGEST_CHALLENGE, /* nonce="...",... without response= */
	SASL_LOOK_DIGEST_RESPONSE,
	SASL_LOOK_DIGEST_END,   /* rspauth=32 hex digits */
	SASL_LOOK_SCRAM_FIRST,  /* n,,n=user,r=... */
	SASL_LOOK_SCRAM_SERVER, /* r=...,s=...,i=... */
	SASL_LOOK_SCRAM_FINAL,  /* c=...,r=...,p=... */
	SASL_LOOK_SCRAM_END,    /* v=... or e=... */
	SASL_LOOK_XOAUTH2,      /* user=...^Aauth=Bearer ...^A^A */
	SASL_LOOK_OAUTHBEARER,  /* n,a=...,^A...^A^A */
	SASL_LOOK_OAUTH_ERROR,  /* {"status":... */
	SASL_LOOK_NTLM,         /* NTLMSSP\0 */
	SASL_LOOK_TEXT,         /* printable text: a user name or password of LOGIN */
	/* never by sasl_look_at */
	SASL_LOOK_APOP,  /* user + 32 hex digits, as CRAM-MD5's */
	SASL_LOOK_TOKEN, /* a signed web token alone, which is no base64 */
	SASL_LOOK_COUNT
};

/* Fields of the look, where it has any: slices into the input, no escape undone. password is
 * whatever must not be shown: password, bearer token, or what was computed of a password. */
struct sasl_look_fields {
	struct bytes authzid, user, password;
};

/* Says what decoded is. fields may be NULL. */
enum sasl_look sasl_look_at(struct bytes decoded, struct sasl_look_fields *fields);

/* A signed web token as it stands in "Bearer eyJ...": header, payload and signature in base64url,
 * with dots between (RFC 7515 3.1). */
bool sasl_look_is_token(struct bytes word);

/* "AUTH PLAIN response", ...; for SASL_LOOK_NOTHING "no SASL message that is known here". */
const char *sasl_look_name(enum sasl_look look);

/* Offset of the first NUL that was typed as "\0", "\000" or "\x00", *n the octets it takes; in.n
 * when there is none. */
size_t sasl_look_typed_nul(struct bytes in, size_t *n);
