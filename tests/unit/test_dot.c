/* test_dot - dot-stuffed data both ways, cut anywhere
 * SPDX-License-Identifier: MIT */
#include "proto/dot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An initialiser, not a block. */
/* clang-format off */
#define B(literal) { (const unsigned char *)(literal), sizeof(literal) - 1 }
/* clang-format on */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { OUT_MAX = 4096 };

struct read_row {
	const char *name;
	bool crlf_only;
	struct bytes in;
	struct bytes out;
	size_t left;
	struct dot_reader want; /* the counters; octets is out.n */
};

static const struct read_row read_rows[] = {
	{ "empty message", false, B(".\r\n"), B(""), 0, { .is_done = true } },
	{ "one line", false, B("a\r\n.\r\n"), B("a\r\n"), 0, { .is_done = true, .crlf = 1 } },
	{ "what follows stays", false, B("a\r\n.\r\n+OK\r\n"), B("a\r\n"), 5,
			{ .is_done = true, .crlf = 1 } },
	{ "stuffed dots", false, B("..\r\n..a\r\n...\r\n.\r\n"), B(".\r\n.a\r\n..\r\n"), 0,
			{ .is_done = true, .crlf = 3 } },
	{ "dot inside a line", false, B("a.\r\na..b\r\n.\r\n"), B("a.\r\na..b\r\n"), 0,
			{ .is_done = true, .crlf = 2 } },
	{ "peer does not stuff", false, B(".a\r\n.\r\n"), B("a\r\n"), 0,
			{ .is_done = true, .crlf = 1, .unstuffed_dot = true } },
	{ "dot, CR, text", false, B(".\ra\r\n.\r\n"), B("\ra\r\n"), 0,
			{ .is_done = true, .crlf = 1, .bare_cr = 1, .unstuffed_dot = true } },
	{ "dot, CR, CR, LF", false, B(".\r\r\n.\r\n"), B("\r\r\n"), 0,
			{ .is_done = true, .crlf = 1, .bare_cr = 1, .unstuffed_dot = true } },
	{ "bare CR", false, B("a\rb\r\n.\r\n"), B("a\rb\r\n"), 0,
			{ .is_done = true, .crlf = 1, .bare_cr = 1 } },
	{ "bare CR is no line start", false, B("a\r.\r\n.\r\n"), B("a\r.\r\n"), 0,
			{ .is_done = true, .crlf = 1, .bare_cr = 1 } },
	{ "NUL", false, B("a\0b\r\n\0\r\n.\r\n"), B("a\0b\r\n\0\r\n"), 0,
			{ .is_done = true, .crlf = 2, .nul = 2 } },
	{ "empty lines", false, B("\r\n\r\n.\r\n"), B("\r\n\r\n"), 0,
			{ .is_done = true, .crlf = 2 } },
	{ "peer ends all lines by LF", false, B("a\n..b\n.\n+OK\n"), B("a\n.b\n"), 4,
			{ .is_done = true, .bare_lf = 2, .lone_dot_lf = true } },
	{ "empty message of such a peer", false, B(".\n+OK"), B(""), 3,
			{ .is_done = true, .lone_dot_lf = true } },
	{ "LF dot CRLF of such a peer", false, B("a\n.\r\n"), B("a\n"), 0,
			{ .is_done = true, .bare_lf = 1, .lone_dot_lf = true } },
	{ "LF dot LF after a CRLF is text", false, B("h\r\na\n.\nb\r\n.\r\n"),
			B("h\r\na\n.\nb\r\n"), 0, { .is_done = true, .crlf = 2, .bare_lf = 2 } },
	{ "CRLF dot LF is no end", false, B("a\r\n.\nb\r\n.\r\n"), B("a\r\n\nb\r\n"), 0,
			{ .is_done = true, .crlf = 2, .bare_lf = 1, .unstuffed_dot = true } },
	{ "LF dot CRLF after a CRLF is text (smuggling)", false, B("h\r\na\n.\r\nb\r\n.\r\n"),
			B("h\r\na\n.\r\nb\r\n"), 0, { .is_done = true, .crlf = 3, .bare_lf = 1 } },
	{ "a server is not fooled by LF dot LF", true, B("a\n.\nMAIL\r\n.\r\n"),
			B("a\n.\nMAIL\r\n"), 0,
			{ .crlf_only = true, .is_done = true, .crlf = 1, .bare_lf = 2 } },
	{ "nor by LF dot CRLF", true, B("a\n.\r\nMAIL\r\n.\r\n"), B("a\n.\r\nMAIL\r\n"), 0,
			{ .crlf_only = true, .is_done = true, .crlf = 2, .bare_lf = 1 } },
	{ "nor by a first line dot LF", true, B(".\nMAIL\r\n.\r\n"), B("\nMAIL\r\n"), 0,
			{ .crlf_only = true,
					.is_done = true,
					.crlf = 1,
					.bare_lf = 1,
					.unstuffed_dot = true } },
	{ "nor by CR dot CR", true, B("a\r.\rMAIL\r\n.\r\n"), B("a\r.\rMAIL\r\n"), 0,
			{ .crlf_only = true, .is_done = true, .crlf = 1, .bare_cr = 2 } },
	{ "no end yet", false, B("a\r\n"), B("a\r\n"), 0, { .crlf = 1 } },
	{ "end without its line end", false, B("a\r\n."), B("a\r\n"), 0,
			{ .crlf = 1, .state = DOT_DOT } },
	{ "end without LF", false, B("a\r\n.\r"), B("a\r\n"), 0,
			{ .crlf = 1, .state = DOT_DOT_CR } },
	{ "CR at the end of the piece", false, B("a\r"), B("a\r"), 0, { .state = DOT_CR } },
};

/* Reads the input cut at one place (or octet by octet), with an out that holds no more than room
 * at a time. */
static size_t read_all(struct dot_reader *d, struct bytes in, size_t cut, size_t room,
		struct buf *all)
{
	size_t at = 0;

	while (at < in.n && !d->is_done) {
		size_t n = cut == 0 ? 1 : at < cut ? cut - at : in.n - at;
		struct bytes piece = bytes_head(bytes_skip(in, at), n);
		struct buf out = BUF(room);
		while (piece.n > 0 && !d->is_done) {
			size_t before = piece.n;
			buf_clear(&out);
			dot_read(d, &piece, &out);
			assert_true(piece.n < before || out.n > 0);
			buf_put(all, buf_bytes(&out));
		}
		buf_free(&out);
		at += n - piece.n;
	}
	return in.n - at;
}

static void check_read(const struct read_row *row, size_t cut, size_t room)
{
	struct dot_reader d = { .crlf_only = row->crlf_only };
	struct buf all = BUF(OUT_MAX);
	size_t left = read_all(&d, row->in, cut, room, &all);
	const struct dot_reader *w = &row->want;

	if (!bytes_equal(buf_bytes(&all), row->out) || left != row->left || d.octets != row->out.n)
		fail_msg("%s, cut %zu, room %zu: \"%s\", left %zu", row->name, cut, room,
				buf_text(&all), left);
	if (d.is_done != w->is_done || d.crlf != w->crlf || d.bare_lf != w->bare_lf ||
			d.bare_cr != w->bare_cr || d.nul != w->nul ||
			d.lone_dot_lf != w->lone_dot_lf || d.unstuffed_dot != w->unstuffed_dot ||
			(w->state && d.state != w->state))
		fail_msg("%s, cut %zu, room %zu: counters or state differ", row->name, cut, room);
	buf_free(&all);
}

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_rows); i++) {
		const struct read_row *row = &read_rows[i];
		for (size_t cut = 0; cut <= row->in.n; cut++) {
			check_read(row, cut, OUT_MAX);
			check_read(row, cut, 1);
		}
	}
}

static void test_eof(void **state)
{
	static const struct {
		struct bytes in;
		bool is_done;
		bool cut_dot;
	} rows[] = {
		{ B("a\r\n.\r\n"), true, false },
		{ B("a\r\n."), true, true },
		{ B("a\r\n.\r"), true, true },
		{ B("a\r\n"), false, false },
		{ B("a"), false, false },
		{ B("a\r"), false, false },
		{ B("a."), false, false },
		{ B(""), false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dot_reader d = { 0 };
		struct buf all = BUF(OUT_MAX);
		read_all(&d, rows[i].in, 0, OUT_MAX, &all);
		assert_int_equal(dot_eof(&d), rows[i].is_done);
		assert_int_equal(d.cut_dot, rows[i].cut_dot);
		assert_int_equal(d.is_done, rows[i].is_done);
		buf_free(&all);
	}
}

struct write_row {
	const char *name;
	struct bytes in, out;
};

static const struct write_row write_rows[] = {
	{ "nothing", B(""), B(".\r\n") },
	{ "CRLF stays", B("a\r\nb\r\n"), B("a\r\nb\r\n.\r\n") },
	{ "LF", B("a\nb\n"), B("a\r\nb\r\n.\r\n") },
	{ "CR", B("a\rb\r"), B("a\r\nb\r\n.\r\n") },
	{ "mixed", B("a\rb\nc\r\nd"), B("a\r\nb\r\nc\r\nd\r\n.\r\n") },
	{ "CR CR LF is two line ends", B("a\r\r\nb"), B("a\r\n\r\nb\r\n.\r\n") },
	{ "LF CR is two line ends", B("a\n\rb"), B("a\r\n\r\nb\r\n.\r\n") },
	{ "last line end added", B("a"), B("a\r\n.\r\n") },
	{ "dot line", B(".\n"), B("..\r\n.\r\n") },
	{ "last line a dot without line end", B("a\n."), B("a\r\n..\r\n.\r\n") },
	{ "dots at line starts only", B(".a.b\n..c\nd.\n"), B("..a.b\r\n...c\r\nd.\r\n.\r\n") },
	{ "dot after bare CR", B("a\r.b"), B("a\r\n..b\r\n.\r\n") },
	{ "smuggling is made harmless", B("a\n.\r\nMAIL FROM:<e@x>\r\n"),
			B("a\r\n..\r\nMAIL FROM:<e@x>\r\n.\r\n") },
	{ "NUL and 8-bit go through", B("\0\xff\n"), B("\0\xff\r\n.\r\n") },
	{ "empty lines", B("\n\n"), B("\r\n\r\n.\r\n") },
};

static void check_write(const struct write_row *row, size_t cut)
{
	struct dot_writer w = { 0 };
	struct buf out = BUF(OUT_MAX);
	size_t n;

	for (size_t at = 0; at < row->in.n; at += n) {
		n = cut == 0 ? 1 : at < cut ? cut - at : row->in.n - at;
		dot_write(&w, bytes_head(bytes_skip(row->in, at), n), &out);
	}
	dot_finish(&w, &out);
	if (!bytes_equal(buf_bytes(&out), row->out))
		fail_msg("%s, cut %zu: \"%s\"", row->name, cut, buf_text(&out));
	assert_false(w.mid_line || w.after_cr);
	buf_free(&out);
}

static void test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(write_rows); i++)
		for (size_t cut = 0; cut <= write_rows[i].in.n; cut++)
			check_write(&write_rows[i], cut);
}

/* What is written comes back, with every dot at the edges where other clients lost one (curl
 * issue 14169). */
static void test_round_trip(void **state)
{
	static const size_t edges[] = { 0, 1, 2, 511, 512, 513, 1023, 1024 };
	unsigned char text[1100];

	(void)state;
	for (size_t i = 0; i < COUNT(edges); i++) {
		struct buf wire = BUF(2 * OUT_MAX);
		struct buf back = BUF(OUT_MAX);
		struct dot_writer w = { 0 };
		struct dot_reader d = { .crlf_only = true };
		memset(text, 'x', sizeof(text));
		if (edges[i] >= 2)
			memcpy(text + edges[i] - 2, "\r\n", 2);
		text[edges[i]] = '.';
		memcpy(text + sizeof(text) - 2, "\r\n", 2);
		struct bytes in = { text, sizeof(text) };
		dot_write(&w, bytes_head(in, 512), &wire);
		dot_write(&w, bytes_skip(in, 512), &wire);
		dot_finish(&w, &wire);
		assert_int_equal(read_all(&d, buf_bytes(&wire), 512, OUT_MAX, &back), 0);
		assert_true(d.is_done && !d.unstuffed_dot);
		assert_true(bytes_equal(buf_bytes(&back), in));
		buf_free(&wire);
		buf_free(&back);
	}
}

/* A full out is said, not hidden. */
static void test_write_overflow(void **state)
{
	struct dot_writer w = { 0 };
	struct buf out = BUF(4);

	(void)state;
	dot_write(&w, BYTES(".abc"), &out);
	assert_true(out.overflow);
	buf_free(&out);
}

/* What went out as it is: the dot has to stand behind a CRLF, whatever the cut. */
static void test_pass(void **state)
{
	static const struct write_row rows[] = {
		{ "nothing", B(""), B(".\r\n") },
		{ "CRLF", B("a\r\n"), B(".\r\n") },
		{ "LF is no line end", B("a\n"), B("\r\n.\r\n") },
		{ "CR is no line end", B("a\r"), B("\r\n.\r\n") },
		{ "LF behind CRLF", B("a\r\n\n"), B("\r\n.\r\n") },
		{ "mid-line", B("\r\na"), B("\r\n.\r\n") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
			struct dot_writer w = { 0 };
			struct buf out = BUF(OUT_MAX);
			dot_pass(&w, bytes_head(rows[i].in, cut));
			dot_pass(&w, bytes_skip(rows[i].in, cut));
			dot_finish(&w, &out);
			if (!bytes_equal(buf_bytes(&out), rows[i].out))
				fail_msg("%s, cut %zu", rows[i].name, cut);
			buf_free(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_eof),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_write_overflow),
		cmocka_unit_test(test_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
