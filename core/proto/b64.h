/* b64 - strict base64 that tells its first fault
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum b64_fault {
	B64_OK,
	B64_ALPHABET,   /* an octet outside the alphabet */
	B64_URL,        /* '-' or '_': base64url (RFC 4648 5) */
	B64_WHITESPACE, /* blank, tab, CR or LF inside */
	B64_PADDING,    /* '=' missing, too many, or followed by data */
	B64_BITS,       /* the unused bits of the last digit are not zero */
	B64_LENGTH,     /* one digit left over: a digit is missing or too many */
	B64_ROOM,       /* out is full */
};

/* Encodes without line breaks. False when out is full. */
bool b64_encode(struct bytes in, struct buf *out);

/* Strict decoding, whole input. On a fault *at (may be NULL) is the offset of the offending
 * octet, in.n when something is missing at the end. out then holds what the digits before it
 * say, those of an unfinished group too: "Zm9vYg" gives "foob" and B64_PADDING at 6. */
enum b64_fault b64_decode(struct bytes in, struct buf *out, size_t *at);

/* Words for a fault: "a digit of base64url", ... */
const char *b64_fault_text(enum b64_fault fault);

/* Streaming form, for input of any size. Zero it, then set wrap, crlf and url. */
struct b64_encoder {
	unsigned char hold[3];
	size_t held, column;
	size_t wrap; /* columns, 0 = never; the last line gets its LF too, as base64(1) writes it */
	bool crlf;   /* lines end in CRLF, as mail wants it (RFC 2045 6.8) */
	bool url;    /* base64url, RFC 4648 5, with padding */
};

/* False when out is full: then what was written is of no use. */
bool b64_encoder_put(struct b64_encoder *e, struct bytes in, struct buf *out);
bool b64_encoder_end(struct b64_encoder *e, struct buf *out);

/* Streaming form. Zero it, then set skip_line_ends and url. */
struct b64_decoder {
	uint32_t bits;
	unsigned digits, pads;
	uint64_t offset;     /* octets read so far */
	uint64_t last_digit; /* offset of the digit read last */
	bool skip_line_ends; /* CR and LF are passed over, as files of base64(1) need it */
	bool url;            /* base64url; its padding may be left out (RFC 7515 2) */
	enum b64_fault fault;
	uint64_t fault_at;
};

/* False once a fault is set; nothing is read or written then. */
bool b64_decoder_put(struct b64_decoder *d, struct bytes in, struct buf *out);
bool b64_decoder_end(struct b64_decoder *d, struct buf *out);
