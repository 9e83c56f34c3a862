/* fuzz_reply - replies of all three protocols, whole and in pieces
 * SPDX-License-Identifier: MIT
 *
 * First octet: protocol, and whether the stream ends; second: size of the pieces.
 */
#include "proto/reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Returns how many octets were left. */
static size_t feed(struct reply *r, struct bytes in, size_t piece_size, bool is_eof)
{
	enum reply_state state = REPLY_MORE;

	while (in.n > 0 && state == REPLY_MORE) {
		struct bytes piece = bytes_head(in, piece_size);
		size_t offered = piece.n;
		state = reply_feed(r, &piece);
		must(state != REPLY_MORE || piece.n == 0);
		in = bytes_skip(in, offered - piece.n);
	}
	if (is_eof)
		must(reply_eof(r) != REPLY_MORE);
	return in.n;
}

static void check_same(const struct reply *a, const struct reply *b)
{
	must(a->faults == b->faults && a->status == b->status && a->code == b->code);
	must(a->is_done == b->is_done && a->line_count == b->line_count &&
			a->open_at == b->open_at);
	must(bytes_equal(buf_bytes(&a->raw), buf_bytes(&b->raw)));
	for (size_t i = 0; i < a->line_count; i++) {
		must(a->lines[i].start == b->lines[i].start && a->lines[i].n == b->lines[i].n);
		must(a->lines[i].end == b->lines[i].end);
	}
}

static void check_parts(const struct reply *r)
{
	for (size_t i = 0; i <= r->line_count; i++) {
		struct bytes line = reply_line(r, i);
		struct bytes text = reply_text(r, i);
		must(bytes_ends(line, text));
		must(bytes_find(line, '\n') == line.n);
		must(bytes_search(text, reply_enhanced(r, i)) <= text.n);
	}
	must(!r->is_done || !(r->faults & REPLY_FATAL));
	must(r->proto == PROTO_SMTP || r->line_count <= 1);
	must(!r->is_done || r->proto != PROTO_SMTP || (r->code >= 200 && r->code <= 599));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply whole;
	struct reply pieces;

	if (size < 2)
		return 0;
	struct bytes in = { data + 2, size - 2 };
	bool is_eof = data[0] & 4;
	reply_init(&whole, (enum proto)((data[0] & 3) % 3));
	reply_init(&pieces, whole.proto);
	size_t left = feed(&whole, in, in.n, is_eof);
	must(feed(&pieces, in, data[1] % 16 + 1u, is_eof) == left);
	check_same(&whole, &pieces);
	check_parts(&whole);
	reply_reset(&pieces);
	must(feed(&pieces, in, in.n, is_eof) == left);
	check_same(&whole, &pieces);
	reply_guess_proto(in);
	reply_free(&whole);
	reply_free(&pieces);
	return 0;
}
