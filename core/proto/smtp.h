/* smtp - EHLO lists, commands, queue ids (RFC 5321)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/reply.h"

enum smtp_cap {
	SMTP_PIPELINING = 1 << 0,
	SMTP_SIZE = 1 << 1,
	SMTP_STARTTLS = 1 << 2,
	SMTP_AUTH = 1 << 3,     /* "AUTH ..." */
	SMTP_AUTH_OLD = 1 << 4, /* "AUTH=..." of old Outlook clients */
	SMTP_8BITMIME = 1 << 5,
	SMTP_SMTPUTF8 = 1 << 6,
	SMTP_ENHANCED = 1 << 7,
	SMTP_DSN = 1 << 8,
	SMTP_CHUNKING = 1 << 9,
	SMTP_MASKED = 1 << 10, /* a firewall wrote X over a keyword (Cisco "inspect esmtp") */
};

/* What an EHLO answer offers. Keywords compare without case, double blanks and tabs are borne. */
struct smtp_caps {
	unsigned has;
	uint64_t size_max;  /* SIZE argument, 0 = none given or no fixed limit */
	unsigned mechs;     /* SASL_* bits (proto/sasl.h) of AUTH and AUTH= together */
	size_t other_mechs; /* mechanisms offered that we do not know */
};

/* Reads all lines of a positive EHLO reply (the first, the greeting, is skipped). */
void smtp_caps_read(const struct reply *ehlo, struct smtp_caps *out);

/* The first word of an EHLO line as offered ("SIZE", "AUTH"; with the '=' where one follows:
 * "AUTH="); line = reply_text(). */
struct bytes smtp_keyword(struct bytes line);

/* Banner (220 text): true and the words that tell the software ("Postfix (Debian/GNU)", "Exim
 * 4.96", "Microsoft ESMTP MAIL Service"...) when it names any, else false: hidden, as the
 * article's author wants it. The host name is not looked at. */
bool smtp_banner_software(struct bytes text, struct bytes *software);

/* The host name a banner or EHLO greeting starts with: a name with a dot, an address literal, or
 * a name without dot before "ESMTP", "SMTP", "LMTP" or "Hello"; empty when the first word is
 * none. */
struct bytes smtp_banner_host(struct bytes text);

/* Finds the queue id in the text of the reply to the final dot: Postfix (short and long ids),
 * Exim id=, Sendmail, OpenSMTPD, Exchange (InternalId), Gmail, qmail qp, Courier, LMTP "Saved",
 * Haraka, Stalwart, KumoMTA. False when there is none that is known for sure (chasquid gives
 * none). */
bool smtp_queue_id(struct bytes text, struct bytes *id);

/* Appends a command without its line end: "MAIL FROM:<addr> params". False (out unchanged) when
 * addr or params hold CR, LF, NUL or other controls, addr holds '<', '>' or a blank outside
 * quotes or a quote that is not closed, or out is full. The addr is given without angle
 * brackets; "" = null path. verb: "MAIL FROM" or "RCPT TO". params may be empty. */
bool smtp_path_command(struct buf *out, const char *verb, struct bytes addr, struct bytes params);

/* The name to give in EHLO is usable: a domain with at least one dot, or an address literal in
 * brackets (RFC 5321 2.3.5, 4.1.3). */
bool smtp_helo_ok(struct bytes name);
