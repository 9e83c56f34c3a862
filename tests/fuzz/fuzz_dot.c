/* fuzz_dot - dot-stuffed data read in pieces, and there and back
 * SPDX-License-Identifier: MIT
 *
 * First octet: size of the pieces, and whether only CRLF ends a line; second: room for output.
 */
#include "proto/dot.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 1 << 20 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Returns how many octets were left. */
static size_t read_all(struct dot_reader *d, struct bytes in, size_t piece_size, size_t room,
		struct buf *all)
{
	struct buf out = BUF(room);

	while (in.n > 0 && !d->is_done) {
		struct bytes piece = bytes_head(in, piece_size);
		size_t offered = piece.n;
		buf_clear(&out);
		dot_read(d, &piece, &out);
		must(piece.n < offered || out.n > 0);
		must(!out.overflow);
		must(piece.n == 0 || d->is_done || out.n == out.max);
		buf_put(all, buf_bytes(&out));
		in = bytes_skip(in, offered - piece.n);
	}
	buf_free(&out);
	return in.n;
}

static void check_read(struct bytes in, bool crlf_only, size_t piece_size, size_t room)
{
	struct dot_reader a = { .crlf_only = crlf_only };
	struct dot_reader b = { .crlf_only = crlf_only };
	struct buf whole = BUF(OUT_MAX);
	struct buf pieces = BUF(OUT_MAX);
	size_t left = read_all(&a, in, in.n, OUT_MAX, &whole);

	must(read_all(&b, in, piece_size, room, &pieces) == left);
	must(bytes_equal(buf_bytes(&whole), buf_bytes(&pieces)));
	must(a.octets == whole.n && b.octets == a.octets && a.state == b.state &&
			a.is_done == b.is_done);
	must(a.crlf == b.crlf && a.bare_lf == b.bare_lf && a.bare_cr == b.bare_cr &&
			a.nul == b.nul);
	must(a.lone_dot_lf == b.lone_dot_lf && a.unstuffed_dot == b.unstuffed_dot);
	must(!crlf_only || !a.lone_dot_lf);
	struct bytes eaten = bytes_head(in, in.n - left);
	if (crlf_only && a.is_done)
		must(bytes_equal(eaten, BYTES(".\r\n")) || bytes_ends(eaten, BYTES("\r\n.\r\n")));
	must(dot_eof(&a) == a.is_done);
	buf_free(&whole);
	buf_free(&pieces);
}

/* Whatever is written ends at its own end for a strict reader, holds no bare CR or LF, and a
 * second time is the same. */
static void check_write(struct bytes in, size_t piece_size)
{
	struct dot_writer w = { 0 };
	struct dot_writer v = { 0 };
	struct dot_reader d = { .crlf_only = true };
	struct buf wire = BUF(OUT_MAX);
	struct buf back = BUF(OUT_MAX);
	struct buf again = BUF(OUT_MAX);

	for (struct bytes rest = in; rest.n > 0; rest = bytes_skip(rest, piece_size))
		dot_write(&w, bytes_head(rest, piece_size), &wire);
	dot_finish(&w, &wire);
	must(read_all(&d, buf_bytes(&wire), piece_size, OUT_MAX, &back) == 0);
	must(d.is_done && d.bare_cr == 0 && d.bare_lf == 0 && !d.unstuffed_dot);
	dot_write(&v, buf_bytes(&back), &again);
	dot_finish(&v, &again);
	must(bytes_equal(buf_bytes(&again), buf_bytes(&wire)));
	buf_free(&wire);
	buf_free(&back);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > OUT_MAX / 4)
		return 0;
	struct bytes in = { data + 2, size - 2 };
	size_t piece_size = data[0] % 16 + 1u;
	check_read(in, data[0] & 16, piece_size, data[1] % 16 + 1u);
	check_write(in, piece_size);
	return 0;
}
