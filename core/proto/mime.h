/* mime - the parts of a message, line by line
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/b64.h"

enum {
	MIME_DEPTH_MAX = 8,         /* multiparts in multiparts; a deeper one is one part */
	MIME_BOUNDARY_MAX = 70,     /* RFC 2046 5.1.1 */
	MIME_NAME_MAX = 255,        /* of a file */
	MIME_HEAD_MAX = 32 * 1024,  /* of a part */
	MIME_TEXT_MAX = 256 * 1024, /* decoded octets of a text that has to be collected */
};

/* A part that is no multipart. type and name are UTF-8, and may hold any octet: show_* them. */
struct mime_part {
	unsigned number; /* from 1 */
	struct buf type, name;
	uint64_t octets; /* of its lines as they came, two for each line end */
	bool is_shown;   /* its text was handed over */
	bool is_cut;     /* not all of it: too long, or broken base64 */
};

/* Walks a message in constant memory (RFC 2045, 2046). The first text part that is no attachment
 * is decoded (quoted-printable, base64, charset) and handed over. Set the callbacks, then
 * mime_begin with the message's header, mime_line with each line of its body (without line end),
 * mime_end, which frees. */
struct mime {
	void *ctx;
	void (*text)(void *ctx, struct bytes line);            /* decoded */
	void (*part)(void *ctx, const struct mime_part *part); /* that ended */
	/* mime.c's own */
	struct bytes boundaries[MIME_DEPTH_MAX];
	unsigned char boundary_octets[MIME_DEPTH_MAX][MIME_BOUNDARY_MAX];
	unsigned depth;
	bool in_head, in_part, has_text;
	bool is_plain;     /* the text goes on as it is */
	unsigned encoding; /* 'q', 'b' or 0 */
	struct b64_decoder b64;
	struct mime_part current;
	struct buf head, charset, octets;
};
void mime_begin(struct mime *m, struct bytes head);
void mime_line(struct mime *m, struct bytes line);
void mime_end(struct mime *m);

/* Appends the value of a parameter ("boundary") of a structured value ("multipart/mixed;
 * boundary=x"), quotes removed; one in sections or with a charset (RFC 2231), which counts before
 * a plain one, as UTF-8. False: there is none. */
bool mime_param(struct bytes value, const char *name, struct buf *out);
