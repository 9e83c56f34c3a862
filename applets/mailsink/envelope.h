/* envelope - what SMTP knows of a message beside its text
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum {
	ENVELOPE_PATH_MAX = 320,        /* 64 + "@" + 255, RFC 5321 4.5.3.1 */
	ENVELOPE_RECIPIENTS_MAX = 1000, /* RFC 5321 4.5.3.1.8 asks for 100, Postfix takes 1000 */
	ENVELOPE_RECIPIENTS_OCTETS = 64 * 1024,
	ENVELOPE_NAME_MAX = 255,
	ENVELOPE_TRACE_MAX = 128 * 1024,
};

/* Set up by envelope_init. Addresses stand without angle brackets. */
struct envelope {
	struct buf helo;       /* the name the client gave */
	struct buf from;       /* "" = null path */
	struct buf recipients; /* each followed by LF */
	unsigned recipient_count;
	bool is_lmtp, is_esmtp, is_tls, is_authed, is_utf8;
	const char *peer_ip; /* borrowed */
	const char *host;    /* ours; borrowed */
};

void envelope_init(struct envelope *v);
void envelope_free(struct envelope *v);

/* Forgets sender and recipients; who speaks stays known. */
void envelope_clear(struct envelope *v);

/* False: there are too many. */
bool envelope_add(struct envelope *v, struct bytes recipient);

/* The protocol as RFC 3848 and RFC 6531 4.3 name it: "ESMTPSA". */
void envelope_with(const struct envelope *v, struct buf *out);

/* Appends the headers that the last hop puts in front (RFC 5321 4.4): Return-Path, one Delivered-To
 * for each recipient, Received with this id and time; with CRLF. */
void envelope_trace(const struct envelope *v, const char *id, int64_t wall_s, struct buf *out);

/* Takes a path off the front of in, as it stands behind "MAIL FROM:" and "RCPT TO:". path points
 * into in, without brackets and source route. False: not the syntax of RFC 5321 4.1.2. Blanks
 * before it and missing brackets are borne, as Postfix does; *bare tells of the latter. */
bool envelope_path(struct bytes *in, struct bytes *path, bool *bare);
