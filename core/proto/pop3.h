/* pop3 - CAPA, LIST, STAT, greeting stamp (RFC 1939, 2449)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/reply.h"

enum pop3_cap {
	POP3_TOP = 1 << 0,
	POP3_USER = 1 << 1,
	POP3_UIDL = 1 << 2,
	POP3_STLS = 1 << 3,
	POP3_SASL = 1 << 4,
	POP3_RESP_CODES = 1 << 5,
	POP3_AUTH_RESP_CODE = 1 << 6,
	POP3_PIPELINING = 1 << 7,
	POP3_UTF8 = 1 << 8,
};

/* What a CAPA answer offers. Zeroed = nothing yet. */
struct pop3_caps {
	unsigned has;
	unsigned mechs;     /* SASL_* bits (proto/sasl.h) of the SASL line */
	size_t other_mechs; /* mechanisms offered that we do not know */
};

/* Adds one line of a CAPA answer; case is ignored, unknown capabilities (Dovecot's "CAPA",
 * "EXPIRENEVER") are passed over. */
void pop3_caps_add(struct pop3_caps *caps, struct bytes line);

/* "2 320" -> count, octets; what follows them is ignored (RFC 1939 5). Text as reply_text()
 * gives it. False: no two numbers, the outputs unchanged. */
bool pop3_stat(struct bytes text, uint64_t *count, uint64_t *octets);

/* One line of LIST ("1 120") or the +OK text of LIST n. As pop3_stat. */
bool pop3_list_line(struct bytes line, uint64_t *number, uint64_t *octets);

/* One line of UIDL ("1 whqtswO00WBw418f9t5JxYwZ"); uid points into line. RFC 1939 7: 1 to 70
 * octets 0x21-0x7e; other uids are taken as they are and *odd is set. False: no number, or
 * nothing behind it. */
bool pop3_uidl_line(struct bytes line, uint64_t *number, struct bytes *uid, bool *odd);

/* The APOP time stamp in a greeting, with its angle brackets: a valid msg-id of RFC 822 form
 * (one '@', printable ASCII without blanks, CVE-2007-1558), else false. */
bool pop3_apop_stamp(struct bytes greeting, struct bytes *stamp);

/* Names the software of a greeting ("Dovecot", "Cyrus POP3 3.6.1", ...) or false: hidden. */
bool pop3_greeting_software(struct bytes text, struct bytes *software);

/* What a command answers with after a +OK: data up to the lone dot (true), or only the one line.
 * command is the whole command: LIST, UIDL, AUTH, LANG without argument; RETR, TOP, CAPA always
 * (RFC 1939 3, RFC 2449 5, RFC 6856 3.2). */
bool pop3_is_multiline(struct bytes command);
