/* auth - logs in over a dialog: SASL, USER/PASS, APOP
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/sasl.h"
#include "talk/dialog.h"

/* May a secret go over this stream? Yes on loopback, inside TLS whose certificate was found
 * good, or when the user insists (-k). Else false with ERR_POLICY and the reason. The one place
 * that decides it. */
bool auth_may_send(const struct stream *s, const struct tls_facts *tls, bool insecure,
		struct err *e);

/* The strongest mechanism for a password that is offered: SCRAM, then PLAIN and LOGIN, then the MD5
 * ones; 0 when there is none. */
unsigned auth_pick(unsigned offered);

struct auth_how {
	unsigned mech;
	const struct sasl_creds *creds;
	bool no_initial; /* IMAP without SASL-IR (RFC 4959), SMTP and POP3 on demand */
};

/* The exchange alone, for who sends the lines himself: s begins, with a nonce of its own and what
 * its mechanism wants to know of the peer; both live until sasl_end. True: the first message goes
 * with the command. */
enum { AUTH_NONCE_MAX = 33 };
bool auth_start(struct sasl *s, char nonce[AUTH_NONCE_MAX], const struct stream *to,
		enum proto proto, const struct auth_how *how);

/* One attempt with AUTH (RFC 4954, RFC 5034) or AUTHENTICATE (RFC 9051 6.2.2), the first message
 * with the command where the mechanism has one. True: the server decided, d->reply is its answer.
 * False: the transport failed (d->err); or we gave up, and the exchange was cancelled with "*"; or
 * the server said yes without the proof that the mechanism asks of it: then d->err (ERR_PROTOCOL)
 * says why. Untagged lines of an IMAP server are passed over; observers see them. */
bool auth_run(struct dialog *d, const struct auth_how *how);

/* The same for SMTP and POP3, where nothing else is to be said. */
bool auth_sasl(struct dialog *d, unsigned mech, const struct sasl_creds *creds);

/* POP3 USER and PASS; when USER is refused that is the answer. */
bool auth_user_pass(struct dialog *d, const struct sasl_creds *creds);

/* IMAP LOGIN, name and password as quoted strings (RFC 9051 6.2.3). False with ERR_USAGE: they
 * hold octets that those cannot; AUTHENTICATE can. */
bool auth_login(struct dialog *d, const struct sasl_creds *creds);

/* POP3 APOP with the greeting's stamp (pop3_apop_stamp). */
bool auth_apop(struct dialog *d, const struct sasl_creds *creds, struct bytes stamp);
