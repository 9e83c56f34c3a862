/* test_reply - replies of SMTP, POP3, IMAP, cut anywhere
 * SPDX-License-Identifier: MIT */
#include "proto/reply.h"

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

static void check_bytes(const char *name, const char *what, struct bytes got, const char *want)
{
	if (!bytes_equal(got, bytes_of(want)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", name, what, (int)got.n,
				(const char *)got.p, want);
}

struct row {
	const char *name;
	enum proto proto;
	bool is_eof; /* the stream ends behind the input */
	struct bytes in;
	enum reply_state state;
	int code;
	enum reply_status status;
	unsigned faults;
	size_t lines;
	size_t left;          /* octets that are not of this reply */
	const char *text;     /* of the last line */
	const char *enhanced; /* of the last line; NULL: none */
};

static const struct row rows[] = {
	/* SMTP, RFC 5321 4.2 */
	{ "one line", PROTO_SMTP, false, B("220 mail.example.com ESMTP\r\n"), REPLY_DONE, 220,
			REPLY_OK, 0, 1, 0, "mail.example.com ESMTP", NULL },
	{ "nothing yet", PROTO_SMTP, false, B(""), REPLY_MORE, 0, REPLY_NONE, 0, 0, 0, "", NULL },
	{ "line not whole yet", PROTO_SMTP, false, B("220 mail"), REPLY_MORE, 0, REPLY_NONE, 0, 0,
			0, "", NULL },
	{ "CR alone ends no line", PROTO_SMTP, false, B("220 mail\r"), REPLY_MORE, 0, REPLY_NONE, 0,
			0, 0, "", NULL },
	{ "hyphen says that more follows", PROTO_SMTP, false, B("250-a\r\n"), REPLY_MORE, 250,
			REPLY_OK, 0, 1, 0, "a", NULL },
	{ "multi-line banner", PROTO_SMTP, false, B("220-a\r\n220-b\r\n220 c\r\n"), REPLY_DONE, 220,
			REPLY_OK, 0, 3, 0, "c", NULL },
	{ "what follows the reply stays", PROTO_SMTP, false, B("220 go\r\n250-inj\r\n"), REPLY_DONE,
			220, REPLY_OK, 0, 1, 9, "go", NULL },
	{ "bare code", PROTO_SMTP, false, B("220\r\n"), REPLY_DONE, 220, REPLY_OK, REPLY_BARE_CODE,
			1, 0, "", NULL },
	{ "bare 334 (Yandex)", PROTO_SMTP, false, B("334\r\n"), REPLY_DONE, 334, REPLY_CONTINUE,
			REPLY_BARE_CODE, 1, 0, "", NULL },
	{ "bare code ends EHLO", PROTO_SMTP, false, B("250-SIZE 1\r\n250\r\n"), REPLY_DONE, 250,
			REPLY_OK, REPLY_BARE_CODE, 2, 0, "", NULL },
	{ "empty text ends EHLO (smtp-sink)", PROTO_SMTP, false, B("250-SIZE\r\n250 \r\n"),
			REPLY_DONE, 250, REPLY_OK, 0, 2, 0, "", NULL },
	{ "tab is borne behind the code", PROTO_SMTP, false, B("250\tok\r\n"), REPLY_DONE, 250,
			REPLY_OK, 0, 1, 0, "ok", NULL },
	{ "lone hyphen line then silence (postscreen)", PROTO_SMTP, false, B("220-please-wait\r\n"),
			REPLY_MORE, 220, REPLY_OK, 0, 1, 0, "please-wait", NULL },
	{ "two blanks (chasquid)", PROTO_SMTP, false, B("503  5.7.1 no\r\n"), REPLY_DONE, 503,
			REPLY_NO, 0, 1, 0, "5.7.1 no", "5.7.1" },
	{ "enhanced code", PROTO_SMTP, false, B("535 5.7.8 Error\r\n"), REPLY_DONE, 535, REPLY_NO,
			0, 1, 0, "5.7.8 Error", "5.7.8" },
	{ "enhanced code alone", PROTO_SMTP, false, B("250 2.0.0\r\n"), REPLY_DONE, 250, REPLY_OK,
			0, 1, 0, "2.0.0", "2.0.0" },
	{ "enhanced code of three digits", PROTO_SMTP, false, B("450 4.7.650 wait\r\n"), REPLY_DONE,
			450, REPLY_NO, 0, 1, 0, "4.7.650 wait", "4.7.650" },
	{ "enhanced code of another class is none", PROTO_SMTP, false, B("550 4.1.1 x\r\n"),
			REPLY_DONE, 550, REPLY_NO, 0, 1, 0, "4.1.1 x", NULL },
	{ "enhanced code of four digits is none", PROTO_SMTP, false, B("550 5.1.1000 x\r\n"),
			REPLY_DONE, 550, REPLY_NO, 0, 1, 0, "5.1.1000 x", NULL },
	{ "an address is no enhanced code", PROTO_SMTP, false, B("550 5.1.1.1 x\r\n"), REPLY_DONE,
			550, REPLY_NO, 0, 1, 0, "5.1.1.1 x", NULL },
	{ "glued enhanced code is none", PROTO_SMTP, false, B("550 5.1.1: x\r\n"), REPLY_DONE, 550,
			REPLY_NO, 0, 1, 0, "5.1.1: x", NULL },
	{ "421 says no", PROTO_SMTP, false, B("421 4.7.0 later\r\n"), REPLY_DONE, 421, REPLY_NO, 0,
			1, 0, "4.7.0 later", "4.7.0" },
	{ "354 goes on", PROTO_SMTP, false, B("354 End data\r\n"), REPLY_DONE, 354, REPLY_CONTINUE,
			0, 1, 0, "End data", NULL },
	{ "bare LF", PROTO_SMTP, false, B("220 x\n"), REPLY_DONE, 220, REPLY_OK, REPLY_BARE_LF, 1,
			0, "x", NULL },
	{ "bare LF in one of two lines", PROTO_SMTP, false, B("250-x\n250 y\r\n"), REPLY_DONE, 250,
			REPLY_OK, REPLY_BARE_LF, 2, 0, "y", NULL },
	{ "CR inside a line", PROTO_SMTP, false, B("220 a\rb\r\n"), REPLY_DONE, 220, REPLY_OK,
			REPLY_CONTROL, 1, 0, "a\rb", NULL },
	{ "two CR before LF", PROTO_SMTP, false, B("220 a\r\r\n"), REPLY_DONE, 220, REPLY_OK,
			REPLY_CONTROL, 1, 0, "a\r", NULL },
	{ "NUL", PROTO_SMTP, false, B("220 a\0b\r\n"), REPLY_DONE, 220, REPLY_OK, REPLY_NUL, 1, 0,
			NULL, NULL },
	{ "ESC", PROTO_SMTP, false, B("220 \x1b]0;x\x07\r\n"), REPLY_DONE, 220, REPLY_OK,
			REPLY_CONTROL, 1, 0, "\x1b]0;x\x07", NULL },
	{ "DEL", PROTO_SMTP, false, B("220 \x7f\r\n"), REPLY_DONE, 220, REPLY_OK, REPLY_CONTROL, 1,
			0, "\x7f", NULL },
	{ "tab is no control", PROTO_SMTP, false, B("220 a\tb\r\n"), REPLY_DONE, 220, REPLY_OK, 0,
			1, 0, "a\tb", NULL },
	{ "8-bit", PROTO_SMTP, false,
			B("220 \x9b"
			  "31m\r\n"),
			REPLY_DONE, 220, REPLY_OK, REPLY_EIGHT_BIT, 1, 0,
			"\x9b"
			"31m",
			NULL },
	{ "the code of the last line counts", PROTO_SMTP, false, B("250-a\r\n550 5.0.0 b\r\n"),
			REPLY_DONE, 550, REPLY_NO, REPLY_CODE_MIX, 2, 0, "5.0.0 b", "5.0.0" },
	{ "a later line without code belongs to the reply", PROTO_SMTP, false,
			B("220-a\r\n*****\r\n220 b\r\n"), REPLY_DONE, 220, REPLY_OK, REPLY_CODE_MIX,
			3, 0, "b", NULL },
	{ "lower limit of codes", PROTO_SMTP, false, B("200 x\r\n"), REPLY_DONE, 200, REPLY_OK, 0,
			1, 0, "x", NULL },
	{ "upper limit of codes", PROTO_SMTP, false, B("599 x\r\n"), REPLY_DONE, 599, REPLY_NO, 0,
			1, 0, "x", NULL },
	{ "1xx is no SMTP", PROTO_SMTP, false, B("199 x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "199 x", NULL },
	{ "6xx is no SMTP", PROTO_SMTP, false, B("600 x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "600 x", NULL },
	{ "four digits are no code", PROTO_SMTP, false, B("2200 x\r\n"), REPLY_BROKEN, 0,
			REPLY_NONE, REPLY_NOT_PROTO, 1, 0, "2200 x", NULL },
	{ "letters glued to the code", PROTO_SMTP, false, B("220x\r\n"), REPLY_BROKEN, 0,
			REPLY_NONE, REPLY_NOT_PROTO, 1, 0, "220x", NULL },
	{ "blank before the code", PROTO_SMTP, false, B(" 220 x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, " 220 x", NULL },
	{ "empty first line", PROTO_SMTP, false, B("\r\n220 x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 7, "", NULL },
	{ "SSH is no SMTP", PROTO_SMTP, false, B("SSH-2.0-x\r\nmore"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 4, "SSH-2.0-x", NULL },
	{ "POP3 is no SMTP", PROTO_SMTP, false, B("+OK ready\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "+OK ready", NULL },

	{ "third digit is none", PROTO_SMTP, false, B("22x y\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "22x y", NULL },
	{ "empty first line, bare LF", PROTO_SMTP, false, B("\n220 x\r\n"), REPLY_BROKEN, 0,
			REPLY_NONE, REPLY_NOT_PROTO | REPLY_BARE_LF, 1, 7, "", NULL },
	{ "all odd octets of a line are told", PROTO_SMTP, false, B("220 \x1b\0\xff\r\n"),
			REPLY_DONE, 220, REPLY_OK, REPLY_CONTROL | REPLY_NUL | REPLY_EIGHT_BIT, 1,
			0, NULL, NULL },
	{ "the faults of all lines are told", PROTO_SMTP, false, B("250-\xff\r\n250-a\n550 b\r\n"),
			REPLY_DONE, 550, REPLY_NO, REPLY_EIGHT_BIT | REPLY_BARE_LF | REPLY_CODE_MIX,
			3, 0, "b", NULL },
	{ "enhanced code with zeros in front", PROTO_SMTP, false, B("550 5.1.0001 x\r\n"),
			REPLY_DONE, 550, REPLY_NO, 0, 1, 0, "5.1.0001 x", NULL },

	/* SMTP at the end of the stream */
	{ "end before anything", PROTO_SMTP, true, B(""), REPLY_BROKEN, 0, REPLY_NONE, REPLY_CUT, 0,
			0, "", NULL },
	{ "end behind the reply", PROTO_SMTP, true, B("221 bye\r\n"), REPLY_DONE, 221, REPLY_OK, 0,
			1, 0, "bye", NULL },
	{ "end before the line end", PROTO_SMTP, true, B("421 bye"), REPLY_DONE, 421, REPLY_NO, 0,
			1, 0, "bye", NULL },
	{ "end between CR and LF", PROTO_SMTP, true, B("421 bye\r"), REPLY_DONE, 421, REPLY_NO, 0,
			1, 0, "bye", NULL },
	{ "end before the last line", PROTO_SMTP, true, B("250-a\r\n"), REPLY_BROKEN, 250, REPLY_OK,
			REPLY_CUT, 1, 0, "a", NULL },
	{ "end inside a middle line", PROTO_SMTP, true, B("250-a\r\n250-b"), REPLY_BROKEN, 250,
			REPLY_OK, REPLY_CUT, 2, 0, "b", NULL },
	{ "end inside the code of a later line", PROTO_SMTP, true, B("250-a\r\n25"), REPLY_BROKEN,
			250, REPLY_OK, REPLY_CUT, 2, 0, "25", NULL },
	{ "faults stay when the end comes", PROTO_SMTP, true, B("250-\xff\r\n25"), REPLY_BROKEN,
			250, REPLY_OK, REPLY_CUT | REPLY_EIGHT_BIT, 2, 0, "25", NULL },
	{ "no code at the end", PROTO_SMTP, true, B("25x"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT | REPLY_NOT_PROTO, 1, 0, "25x", NULL },
	{ "no digits at the end", PROTO_SMTP, true, B("2x"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT | REPLY_NOT_PROTO, 1, 0, "2x", NULL },
	{ "end inside the code", PROTO_SMTP, true, B("25"), REPLY_BROKEN, 0, REPLY_NONE, REPLY_CUT,
			1, 0, "25", NULL },
	{ "bare code at the end may go on", PROTO_SMTP, true, B("250"), REPLY_BROKEN, 250, REPLY_OK,
			REPLY_CUT | REPLY_BARE_CODE, 1, 0, "", NULL },
	{ "bare code and CR at the end is whole", PROTO_SMTP, true, B("250\r"), REPLY_DONE, 250,
			REPLY_OK, REPLY_BARE_CODE, 1, 0, "", NULL },
	{ "TLS alert", PROTO_SMTP, true, B("\x15\x03\x01\x00\x02\x02\x46"), REPLY_BROKEN, 0,
			REPLY_NONE, REPLY_CUT | REPLY_NOT_PROTO | REPLY_NUL | REPLY_CONTROL, 1, 0,
			NULL, NULL },

	/* POP3, RFC 1939 3 */
	{ "+OK", PROTO_POP3, false, B("+OK Dovecot ready.\r\nx"), REPLY_DONE, 0, REPLY_OK, 0, 1, 1,
			"Dovecot ready.", NULL },
	{ "+OK alone (popa3d)", PROTO_POP3, false, B("+OK\r\n"), REPLY_DONE, 0, REPLY_OK, 0, 1, 0,
			"", NULL },
	{ "-ERR", PROTO_POP3, false, B("-ERR [AUTH] no\r\n"), REPLY_DONE, 0, REPLY_NO, 0, 1, 0,
			"[AUTH] no", NULL },
	{ "-ERR alone", PROTO_POP3, false, B("-ERR\r\n"), REPLY_DONE, 0, REPLY_NO, 0, 1, 0, "",
			NULL },
	{ "+ok in lower case", PROTO_POP3, false, B("+Ok x\r\n"), REPLY_DONE, 0, REPLY_OK,
			REPLY_ODD_STATUS, 1, 0, "x", NULL },
	{ "+OK glued to the text", PROTO_POP3, false, B("+OKready\r\n"), REPLY_DONE, 0, REPLY_OK,
			REPLY_ODD_STATUS, 1, 0, "ready", NULL },
	{ "+OK and tab", PROTO_POP3, false, B("+OK\tready\r\n"), REPLY_DONE, 0, REPLY_OK, 0, 1, 0,
			"ready", NULL },
	{ "continuation", PROTO_POP3, false, B("+ PDE4OTY+\r\n"), REPLY_DONE, 0, REPLY_CONTINUE, 0,
			1, 0, "PDE4OTY+", NULL },
	{ "continuation without blank", PROTO_POP3, false, B("+\r\n"), REPLY_DONE, 0,
			REPLY_CONTINUE, 0, 1, 0, "", NULL },
	{ "continuation with nothing", PROTO_POP3, false, B("+ \r\n"), REPLY_DONE, 0,
			REPLY_CONTINUE, 0, 1, 0, "", NULL },
	{ "+ERR is neither", PROTO_POP3, false, B("+ERR x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "+ERR x", NULL },
	{ "echo without status (mailutils 3.15)", PROTO_POP3, false, B("NOOP AAA\r\n"),
			REPLY_BROKEN, 0, REPLY_NONE, REPLY_NOT_PROTO, 1, 0, "NOOP AAA", NULL },
	{ "SMTP is no POP3", PROTO_POP3, false, B("220 x ESMTP\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "220 x ESMTP", NULL },
	{ "an enhanced code is SMTP's", PROTO_POP3, false, B("-ERR 5.7.8 no\r\n"), REPLY_DONE, 0,
			REPLY_NO, 0, 1, 0, "5.7.8 no", NULL },
	{ "+OK cut before its line end", PROTO_POP3, true, B("+OK"), REPLY_DONE, 0, REPLY_OK, 0, 1,
			0, "", NULL },
	{ "status cut", PROTO_POP3, true, B("-ER"), REPLY_BROKEN, 0, REPLY_NONE, REPLY_CUT, 1, 0,
			"-ER", NULL },
	{ "a plus may become +OK", PROTO_POP3, true, B("+"), REPLY_BROKEN, 0, REPLY_CONTINUE,
			REPLY_CUT, 1, 0, "", NULL },
	{ "challenge cut before its line end", PROTO_POP3, true, B("+ PDE="), REPLY_DONE, 0,
			REPLY_CONTINUE, 0, 1, 0, "PDE=", NULL },
	{ "no status at the end", PROTO_POP3, true, B("hello"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT | REPLY_NOT_PROTO, 1, 0, "hello", NULL },

	/* IMAP, RFC 9051 7 */
	{ "untagged OK", PROTO_IMAP, false, B("* OK [CAPABILITY IMAP4rev1] hi\r\n"), REPLY_DONE, 0,
			REPLY_OK, 0, 1, 0, "[CAPABILITY IMAP4rev1] hi", NULL },
	{ "PREAUTH", PROTO_IMAP, false, B("* PREAUTH hi\r\n"), REPLY_DONE, 0, REPLY_OK, 0, 1, 0,
			"hi", NULL },
	{ "BYE", PROTO_IMAP, false, B("* bye x\r\n"), REPLY_DONE, 0, REPLY_BYE, 0, 1, 0, "x",
			NULL },
	{ "untagged data", PROTO_IMAP, false, B("* 3 EXISTS\r\n"), REPLY_DONE, 0, REPLY_NONE, 0, 1,
			0, "3 EXISTS", NULL },
	{ "tagged NO", PROTO_IMAP, false, B("a1 NO [AUTHENTICATIONFAILED] x\r\n"), REPLY_DONE, 0,
			REPLY_NO, 0, 1, 0, "[AUTHENTICATIONFAILED] x", NULL },
	{ "tagged BAD", PROTO_IMAP, false, B("a1 BAD\r\n"), REPLY_DONE, 0, REPLY_BAD, 0, 1, 0, "",
			NULL },
	{ "continuation with blank", PROTO_IMAP, false, B("+ go\r\n"), REPLY_DONE, 0,
			REPLY_CONTINUE, 0, 1, 0, "go", NULL },
	{ "continuation of nothing", PROTO_IMAP, false, B("+\r\n"), REPLY_DONE, 0, REPLY_CONTINUE,
			0, 1, 0, "", NULL },
	{ "BYE is never tagged", PROTO_IMAP, false, B("a1 BYE x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "a1 BYE x", NULL },
	{ "POP3 is no IMAP", PROTO_IMAP, false, B("+OK x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "+OK x", NULL },
	{ "tagged OK", PROTO_IMAP, false, B("a1 OK done\r\n"), REPLY_DONE, 0, REPLY_OK, 0, 1, 0,
			"done", NULL },
	{ "PREAUTH is never tagged", PROTO_IMAP, false, B("a1 PREAUTH x\r\n"), REPLY_BROKEN, 0,
			REPLY_NONE, REPLY_NOT_PROTO, 1, 0, "a1 PREAUTH x", NULL },
	{ "blank before the tag", PROTO_IMAP, false, B(" a1 OK x\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, " a1 OK x", NULL },
	{ "empty IMAP line", PROTO_IMAP, false, B("\r\n"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_NOT_PROTO, 1, 0, "", NULL },
	{ "a plus at the end", PROTO_IMAP, true, B("+"), REPLY_BROKEN, 0, REPLY_CONTINUE, REPLY_CUT,
			1, 0, "", NULL },
	{ "an asterisk at the end", PROTO_IMAP, true, B("*"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT, 1, 0, NULL, NULL },
	{ "a tag at the end", PROTO_IMAP, true, B("a1"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT | REPLY_NOT_PROTO, 1, 0, "a1", NULL },
	{ "untagged data cut", PROTO_IMAP, true, B("* 3 EXI"), REPLY_BROKEN, 0, REPLY_NONE,
			REPLY_CUT, 1, 0, "3 EXI", NULL },
};

/* Feeds in cut at one place, or (cut 0) octet by octet; returns how many octets were left. */
static size_t feed(struct reply *r, struct bytes in, size_t cut, bool is_eof)
{
	size_t at = 0;
	enum reply_state state = REPLY_MORE;

	while (at < in.n && state == REPLY_MORE) {
		size_t n = cut == 0 ? 1 : at < cut ? cut - at : in.n - at;
		struct bytes piece = bytes_head(bytes_skip(in, at), n);
		state = reply_feed(r, &piece);
		at += n - piece.n;
		assert_true(state != REPLY_MORE || piece.n == 0);
	}
	if (is_eof)
		reply_eof(r);
	return in.n - at;
}

static void check_same(const char *name, const struct reply *a, const struct reply *b)
{
	if (a->faults != b->faults || a->status != b->status || a->code != b->code ||
			a->is_done != b->is_done || a->line_count != b->line_count ||
			a->open_at != b->open_at)
		fail_msg("%s: a cut changes the result", name);
	assert_true(bytes_equal(buf_bytes(&a->raw), buf_bytes(&b->raw)));
	for (size_t i = 0; i < a->line_count; i++) {
		assert_int_equal(a->lines[i].start, b->lines[i].start);
		assert_int_equal(a->lines[i].n, b->lines[i].n);
		assert_int_equal(a->lines[i].end, b->lines[i].end);
	}
}

static void check_cuts(const char *name, const struct reply *whole, struct bytes in, bool is_eof,
		size_t want_left)
{
	struct reply r;

	reply_init(&r, whole->proto);
	for (size_t cut = 0; cut < in.n; cut++) {
		assert_int_equal(feed(&r, in, cut, is_eof), want_left);
		check_same(name, whole, &r);
		reply_reset(&r);
	}
	reply_free(&r);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct reply r;

		reply_init(&r, row->proto);
		size_t left = feed(&r, row->in, row->in.n, row->is_eof);
		struct bytes nothing = { NULL, 0 };
		if (reply_feed(&r, &nothing) != row->state || r.code != row->code ||
				r.status != row->status || r.faults != row->faults ||
				r.line_count != row->lines || left != row->left)
			fail_msg("%s: done %d code %d status %d faults %#x lines %zu left %zu",
					row->name, r.is_done, r.code, (int)r.status, r.faults,
					r.line_count, left);
		assert_int_equal(r.is_done, row->state == REPLY_DONE);
		size_t last = r.line_count ? r.line_count - 1 : 0;
		if (row->text)
			check_bytes(row->name, "text", reply_text(&r, last), row->text);
		check_bytes(row->name, "enhanced code", reply_enhanced(&r, last), row->enhanced);
		check_cuts(row->name, &r, row->in, row->is_eof, row->left);
		reply_free(&r);
	}
}

static void test_line_ends(void **state)
{
	struct reply r;
	struct bytes in = BYTES("250-a\r\n250-b\n250 c");

	(void)state;
	reply_init(&r, PROTO_SMTP);
	assert_int_equal(reply_feed(&r, &in), REPLY_MORE);
	assert_int_equal(reply_eof(&r), REPLY_DONE);
	assert_int_equal(r.lines[0].end, REPLY_END_CRLF);
	assert_int_equal(r.lines[1].end, REPLY_END_LF);
	assert_int_equal(r.lines[2].end, REPLY_END_NONE);
	check_bytes("line", "first", reply_line(&r, 0), "250-a");
	check_bytes("line", "last", reply_line(&r, 2), "250 c");
	check_bytes("line", "out of range", reply_line(&r, 3), "");
	check_bytes("text", "out of range", reply_text(&r, 3), "");
	reply_free(&r);
}

/* A finished reply takes nothing of the next one, whatever is offered; after a reset it does. */
static void test_two_replies(void **state)
{
	struct reply r;
	struct bytes in = BYTES("250 a\r\n354 b\r\n");

	(void)state;
	reply_init(&r, PROTO_SMTP);
	assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
	assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
	assert_int_equal(in.n, 7);
	assert_int_equal(reply_eof(&r), REPLY_DONE);
	reply_reset(&r);
	assert_int_equal(r.line_count, 0);
	assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
	assert_int_equal(r.code, 354);
	assert_int_equal(in.n, 0);
	reply_free(&r);
}

/* Feeds piece again and again until the reply takes no more; the state it ends in. */
static enum reply_state flood(struct reply *r, const char *head, const char *piece)
{
	struct bytes in = bytes_of(head);
	enum reply_state state = reply_feed(r, &in);

	for (size_t i = 0; i < 4 * REPLY_TOTAL_MAX && state == REPLY_MORE; i++) {
		in = bytes_of(piece);
		state = reply_feed(r, &in);
	}
	return state;
}

static void test_limits(void **state)
{
	static const struct {
		const char *name;
		const char *head;
		const char *piece;
		unsigned faults;
		size_t octets;
		size_t lines;
	} floods[] = {
		{ "endless line", "220 ", "aaaaaaaaaaaaaaaa", REPLY_TOO_LONG | REPLY_LONG_LINE,
				REPLY_LINE_MAX, 1 },
		{ "endless garbage", "", "x", REPLY_TOO_LONG | REPLY_LONG_LINE, REPLY_LINE_MAX, 1 },
		{ "endless short lines", "", "250-x\n", REPLY_TOO_MANY | REPLY_BARE_LF,
				6 * REPLY_LINES_MAX, REPLY_LINES_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(floods); i++) {
		struct reply r;
		reply_init(&r, PROTO_SMTP);
		assert_int_equal(flood(&r, floods[i].head, floods[i].piece), REPLY_BROKEN);
		if (r.faults != floods[i].faults || r.raw.n != floods[i].octets ||
				r.line_count != floods[i].lines)
			fail_msg("%s: faults %#x octets %zu lines %zu", floods[i].name, r.faults,
					r.raw.n, r.line_count);
		reply_free(&r);
	}
}

static void test_total_limit(void **state)
{
	struct reply r;
	char piece[1001];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	memcpy(piece, "250-", 4);
	memcpy(piece + sizeof(piece) - 3, "\r\n", 3);
	reply_init(&r, PROTO_SMTP);
	assert_int_equal(flood(&r, "", piece), REPLY_BROKEN);
	assert_int_equal(r.faults, REPLY_TOO_LONG | REPLY_LONG_LINE);
	assert_int_equal(r.raw.n, REPLY_TOTAL_MAX);
	assert_true(r.raw.size <= 2 * REPLY_TOTAL_MAX);
	assert_int_equal(r.line_count, REPLY_TOTAL_MAX / 1000 + 1);
	reply_free(&r);
}

/* The longest line that passes, and one octet more. */
static void test_line_limit(void **state)
{
	unsigned char *line = malloc(REPLY_LINE_MAX + 1);

	(void)state;
	assert_non_null(line);
	for (size_t n = REPLY_LINE_MAX; n <= REPLY_LINE_MAX + 1; n++) {
		struct reply r;
		struct bytes in = { line, n };
		memset(line, 'a', n);
		memcpy(line, "220 ", 4);
		memcpy(line + n - 2, "\r\n", 2);
		reply_init(&r, PROTO_SMTP);
		enum reply_state got = reply_feed(&r, &in);
		assert_int_equal(got, n == REPLY_LINE_MAX ? REPLY_DONE : REPLY_BROKEN);
		assert_int_equal(in.n, n - REPLY_LINE_MAX);
		reply_free(&r);
	}
	free(line);
}

/* 512 octets with CRLF are legal, one more is noted. */
static void test_long_line_note(void **state)
{
	(void)state;
	for (size_t n = 512; n <= 513; n++) {
		struct reply r;
		struct buf line = BUF(1000);
		buf_puts(&line, "220 ");
		while (line.n < n - 2)
			buf_putc(&line, 'a');
		buf_puts(&line, "\r\n");
		struct bytes in = buf_bytes(&line);
		reply_init(&r, PROTO_SMTP);
		assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
		assert_int_equal(r.faults, n > 512 ? REPLY_LONG_LINE : 0);
		reply_free(&r);
		buf_free(&line);
	}
}

/* A 9 kB line and a thousand lines were seen on real servers and are no more than a note. */
static void test_large_but_good(void **state)
{
	struct reply r;
	struct bytes in;

	(void)state;
	reply_init(&r, PROTO_SMTP);
	for (size_t i = 0; i < 1000; i++) {
		in = BYTES("250-X-KEYWORD\r\n");
		assert_int_equal(reply_feed(&r, &in), REPLY_MORE);
	}
	in = BYTES("250-");
	reply_feed(&r, &in);
	for (size_t i = 0; i < 9000; i++) {
		in = BYTES("X");
		reply_feed(&r, &in);
	}
	in = BYTES("\r\n250 ok\r\n");
	assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
	assert_int_equal(r.line_count, 1002);
	assert_int_equal(r.faults, REPLY_LONG_LINE);
	assert_int_equal(reply_text(&r, 1000).n, 9000);
	reply_free(&r);
}

static void test_guess(void **state)
{
	static const struct {
		struct bytes first;
		const char *proto;
	} guesses[] = {
		{ B("\x15\x03\x01\x00\x02\x02\x46"), "TLS alert" },
		{ B("\x15"), NULL },
		{ B("SSH-2.0-OpenSSH_9.2p1"), "SSH" },
		{ B("HTTP/1.1 400 Bad Request"), "HTTP" },
		{ B("<!DOCTYPE html>"), "HTTP" },
		{ B("+OK Dovecot ready."), "POP3" },
		{ B("* OK IMAP4rev1 ready"), "IMAP" },
		{ B("* BYE too many"), "IMAP" },
		{ B("220 mail.example.com ESMTP"), "SMTP" },
		{ B("220 mail.example.com LMTP"), "SMTP" },
		{ B("554 no service"), "SMTP" },
		{ B("220 (vsFTPd 3.0.3)"), "FTP" },
		{ B("220 hello"), NULL },
		{ B("200 news ready"), NULL },
		{ B("hello"), NULL },
		{ B(""), NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(guesses); i++) {
		const char *got = reply_guess_proto(guesses[i].first);
		const char *want = guesses[i].proto;
		if (!got != !want || (got && strcmp(got, want) != 0))
			fail_msg("guess %zu: %s, not %s", i, got ? got : "(none)",
					want ? want : "(none)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_two_replies),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_total_limit),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_long_line_note),
		cmocka_unit_test(test_large_but_good),
		cmocka_unit_test(test_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
