/* pipe - base64 of standard input to standard output
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/b64auth.h"

#include "proto/b64.h"
#include "sys/file.h"

#include <inttypes.h>

/* Read at once; encoded with a line end behind each digit it is eight thirds of that. */
enum { CHUNK = 24576, ENCODED_MAX = 3 * CHUNK + 16 };

/* A buf that is cleared is wiped, which takes longer than the coding. Here the next piece goes over
 * the last one, and buf_free wipes that. */
static void reuse(struct buf *b)
{
	b->n = 0;
}

/* Writes out what is done. False at a lost output: then there is no use in reading on. */
static bool pass_on(struct b64auth *b, struct buf *out)
{
	out_put(&b->w->out, buf_bytes(out));
	reuse(out);
	return !b->w->out.failed;
}

/* The next piece of standard input; false at its end and at an error, which is told. */
static bool next_piece(struct b64auth *b, struct buf *in, bool *is_broken)
{
	struct err e = { 0 };

	reuse(in);
	*is_broken = b->w->in_fd < 0 ? !err_set(&e, ERR_USAGE, "standard input is closed") :
				       !file_read_some(b->w->in_fd, "standard input", in, &e);
	if (*is_broken)
		b64auth_wrong(b, "%s", e.text);
	return !*is_broken && in->n > 0;
}

int b64auth_encode(struct b64auth *b)
{
	struct b64_encoder e = { .wrap = b->wrap, .url = b->url };
	struct buf in = BUF_SECRET(CHUNK), out = BUF_SECRET(ENCODED_MAX);
	bool is_broken = false;

	while (next_piece(b, &in, &is_broken)) {
		b64_encoder_put(&e, buf_bytes(&in), &out);
		if (!pass_on(b, &out))
			break;
	}
	b64_encoder_end(&e, &out);
	pass_on(b, &out);
	buf_free(&in);
	buf_free(&out);
	return is_broken ? 3 : 0;
}

int b64auth_decode(struct b64auth *b)
{
	struct b64_decoder d = { .skip_line_ends = true, .url = b->url };
	struct buf in = BUF_SECRET(CHUNK), out = BUF_SECRET(CHUNK);
	bool is_broken = false;

	while (next_piece(b, &in, &is_broken)) {
		bool is_good = b64_decoder_put(&d, buf_bytes(&in), &out);
		if (!pass_on(b, &out) || !is_good)
			break;
	}
	b64_decoder_end(&d, &out);
	pass_on(b, &out);
	buf_free(&in);
	buf_free(&out);
	if (is_broken)
		return 3;
	if (d.fault)
		b64auth_wrong(b, "standard input, offset %" PRIu64 ": %s", d.fault_at,
				b64_fault_text(d.fault));
	return d.fault ? 2 : 0;
}
