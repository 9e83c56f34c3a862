/* take - one string taken apart
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/b64.h"
#include "proto/sasl_look.h"
#include "ui/report.h"

enum { B64AUTH_KEPT_MAX = 16384, B64AUTH_SCRAMS_MAX = 8 };

/* How a message stands to the password that was given. */
enum b64auth_match {
	B64AUTH_NOT_COMPARED, /* none was given, or the message has nothing of it */
	B64AUTH_NO_CHALLENGE, /* what the server sent before is not known */
	B64AUTH_SAME,
	B64AUTH_OTHER,
};

/* All slices are borrowed from the input and the decoded octets, which may be secrets. */
struct b64auth_taken {
	struct bytes text; /* the base64 string */
	size_t lines;      /* that it was wrapped into; 1 = not */
	enum b64_fault fault;
	size_t fault_at;
	struct bytes decoded;
	struct bytes want_user, want_password; /* given, to compare with */
	enum b64auth_match match;
	bool is_plain_due; /* the line says AUTH PLAIN */
	bool is_answer;    /* to a prompt of the server's, in the line before */
	bool show_secrets;
	bool is_encoded; /* decoded is base64 again, hence the whole of it a secret */
	int64_t now_s;   /* seconds since 1970 */
	enum sasl_look look;
	struct sasl_look_fields f;
};

/* What an exchange has shown so far, for the messages to come. */
struct b64auth_kept {
	struct buf challenge, first; /* the server's, and SCRAM's first of the client */
	struct buf due;              /* what the server must end with */
	unsigned scrams;             /* compared */
};

#define B64AUTH_KEPT                                                          \
	((struct b64auth_kept){ BUF(B64AUTH_KEPT_MAX), BUF(B64AUTH_KEPT_MAX), \
			BUF_SECRET(B64AUTH_KEPT_MAX), 0 })

/* Sets t->match when a password is given, and keeps what later messages need of t. */
void b64auth_compare(struct b64auth_kept *k, struct b64auth_taken *t);
void b64auth_kept_free(struct b64auth_kept *k);

/* Who takes the fields. The value may be anything, and is borrowed for the call. */
struct b64auth_sink {
	void (*put)(void *ctx, const char *name, struct bytes value);
	void *ctx;
};

/* Hands over every field but user name, authzid and what is secret. */
void b64auth_fields(const struct b64auth_taken *t, const struct b64auth_sink *s);

/* Until when a web token is good, in seconds since 1970. False: it is none, or does not say. */
bool b64auth_expiry(struct bytes token, int64_t *at);

/* A field that holds seconds since 1970, and such seconds as "2025-01-15 11:20:00 UTC". */
bool b64auth_is_time(const char *name);
void b64auth_put_time(struct buf *out, int64_t at);

/* Appends the octets, each visible: "\0 sample \0 ********", or "\0sample\0password" with the secret. */
void b64auth_put_octets(struct buf *out, const struct b64auth_taken *t, bool show_secrets,
		bool utf8);

/* The text is base64 again, of what is appended to inner. Short words of letters pass for base64
 * too, so a pad or a NUL has to show. */
bool b64auth_is_encoded(struct bytes text, struct buf *inner);

/* What the secret field of a look is called: "password", "token", ... */
const char *b64auth_secret_name(enum sasl_look look);

/* Appends "8 bytes, lower-case letters". */
void b64auth_put_kind(struct buf *out, struct bytes secret);

/* Adds the one verdict: the first thing that is wrong, or that nothing is. */
void b64auth_judge(struct report *r, const struct b64auth_taken *t);
