/* tlshello - a ClientHello for any version, and its answer
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* Asks a server whether it would speak a version that our TLS library does not know any more.
 * Nothing is ever agreed on: the connection ends with the first answer. */
enum tlshello_version {
	TLSHELLO_SSL3 = 0x300, /* RFC 6101 */
	TLSHELLO_TLS10 = 0x301,
	TLSHELLO_TLS11 = 0x302,
	TLSHELLO_TLS12 = 0x303,
	TLSHELLO_TLS13 = 0x304,
};

enum { TLSHELLO_RANDOM = 64, TLSHELLO_MAX = 1024, TLSHELLO_ANSWER_MAX = 16 * 1024 + 5 };

/* Appends the record of a ClientHello (RFC 5246 7.4.1.2, RFC 8446 4.1.2) that offers this version
 * alone, and every suite in use with it. sni: server name to ask for, NULL = none; random:
 * TLSHELLO_RANDOM octets of it. False: out is full. */
bool tlshello_make(struct buf *out, enum tlshello_version version, const char *sni,
		const unsigned char random[TLSHELLO_RANDOM]);

enum tlshello_kind {
	TLSHELLO_MORE,  /* not whole yet */
	TLSHELLO_HELLO, /* ServerHello, also the HelloRetryRequest of TLS 1.3 */
	TLSHELLO_ALERT,
	TLSHELLO_PLAIN /* no TLS record */
};

struct tlshello_answer {
	enum tlshello_kind kind;
	unsigned version; /* that the server has chosen */
	unsigned suite;
	unsigned alert; /* RFC 8446 6: 40 handshake_failure, 70 protocol_version, ... */
};

/* Reads the beginning of what the server sent. */
void tlshello_read(struct bytes in, struct tlshello_answer *out);

/* "SSL 3", "TLS 1.0", ...; "?" for none of these. */
const char *tlshello_name(unsigned version);
