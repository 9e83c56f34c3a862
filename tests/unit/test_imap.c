/* test_imap - responses, items, decoders, folder names
 * SPDX-License-Identifier: MIT */
#include "proto/imap.h"
#include "proto/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct response_case {
	const char *name, *in, *text, *streamed, *left;
};

static const struct response_case responses[] = {
	{ "a line", "* 3 EXISTS\r\n* 0 RECENT\r\n", "* 3 EXISTS\r\n", "", "* 0 RECENT\r\n" },
	{ "a bare LF ends a line too", "* 3 EXISTS\nx", "* 3 EXISTS\n", "", "x" },
	{ "message data is handed over", "* 1 FETCH (UID 5 BODY[] {5}\r\na\r\nbc)\r\na1",
			"* 1 FETCH (UID 5 BODY[] \"\")\r\n", "a\r\nbc", "a1" },
	{ "a part's data too, with an origin", "* 1 FETCH (BODY[1]<0> {2}\r\nhi UID 7)\r\n",
			"* 1 FETCH (BODY[1]<0> \"\" UID 7)\r\n", "hi", "" },
	{ "two of them", "* 1 FETCH (BODY[HEADER] {1}\r\na BODY[TEXT] {1}\r\nb)\r\n",
			"* 1 FETCH (BODY[HEADER] \"\" BODY[TEXT] \"\")\r\n", "ab", "" },
	{ "an empty one", "* 1 FETCH (BODY[] {0}\r\n)\r\n", "* 1 FETCH (BODY[] \"\")\r\n", "", "" },
	{ "a literal that is a name stays", "* LIST () \"/\" {4}\r\n a{3\r\nx",
			"* LIST () \"/\" {4}\r\n a{3\r\n", "", "x" },
	{ "a literal that looks like an end", "* LIST () \"/\" {6}\r\na1 OK\n\r\nx",
			"* LIST () \"/\" {6}\r\na1 OK\n\r\n", "", "x" },
	{ "text in a status response is no literal", "* OK keep this {5}\r\na1",
			"* OK keep this {5}\r\n", "", "a1" },
	{ "nor in a tagged one", "a1 NO [ALERT] no {5}\r\nx", "a1 NO [ALERT] no {5}\r\n", "", "x" },
	{ "nor in a continuation", "+ {5}\r\nx", "+ {5}\r\n", "", "x" },
	{ "a brace without digits", "* FOO {}\r\nx", "* FOO {}\r\n", "", "x" },
	{ "a count past 64 bits", "* FOO {99999999999999999999}\r\nx",
			"* FOO {99999999999999999999}\r\n", "", "x" },
};

/* Feeds cut octets at a time, the first piece first octets. */
static void feed(const struct response_case *c, size_t first, size_t cut)
{
	struct imap_reader r = { .text.max = IMAP_TEXT_MAX };
	struct buf streamed = BUF(1000);
	struct bytes in = bytes_of(c->in), part;
	enum imap_state state = IMAP_MORE;
	size_t size = first;

	while (in.n > 0 && state != IMAP_DONE) {
		struct bytes piece = bytes_head(in, size);
		size_t offered = piece.n;
		while ((state = imap_feed(&r, &piece, &part)) == IMAP_PART)
			buf_put(&streamed, part);
		in = bytes_skip(in, offered - piece.n);
		size = cut;
	}
	if (state != IMAP_DONE || !bytes_equal(buf_bytes(&r.text), bytes_of(c->text)) ||
			!bytes_equal(buf_bytes(&streamed), bytes_of(c->streamed)) ||
			!bytes_equal(in, bytes_of(c->left)))
		fail_msg("%s (%zu, %zu): state %d\n%s%s", c->name, first, cut, (int)state,
				buf_text(&r.text), buf_text(&streamed));
	buf_free(&r.text);
	buf_free(&streamed);
}

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++) {
		size_t n = strlen(responses[i].in);
		feed(&responses[i], 1, 1);
		for (size_t first = 1; first <= n; first++)
			feed(&responses[i], first, n);
	}
}

static void test_a_response_has_an_end(void **state)
{
	struct imap_reader r = { .text.max = 100 };
	struct buf line = BUF(1000);
	struct bytes part;

	(void)state;
	for (int i = 0; i < 101; i++)
		buf_putc(&line, 'x');
	struct bytes in = buf_bytes(&line);
	assert_int_equal(imap_feed(&r, &in, &part), IMAP_TOO_LONG);
	buf_free(&r.text);
	buf_free(&line);
}

/* Several SEARCH responses say the same as a long one, and no number is cut. */
static void test_a_long_search(void **state)
{
	enum { NUMBERS = 30000 };
	struct buf line = BUF(NUMBERS * 10), numbers = BUF(NUMBERS * 10);
	static const size_t cuts[] = { 1, 7, 4096, NUMBERS * 10 };

	(void)state;
	buf_puts(&line, "* SEARCH");
	for (int i = 0; i < NUMBERS; i++)
		buf_printf(&line, " %d", 100000 + 7 * i);
	buf_puts(&line, "\r\nx");
	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct imap_reader r = { .text.max = IMAP_SEARCH_MAX + 100 };
		struct bytes in = buf_bytes(&line), part;
		buf_clear(&numbers);
		while (in.n > 1) {
			struct bytes piece = bytes_head(in, cuts[i] < in.n ? cuts[i] : in.n - 1);
			size_t offered = piece.n;
			enum imap_state s = imap_feed(&r, &piece, &part);
			in = bytes_skip(in, offered - piece.n);
			assert_true(s == IMAP_DONE || (s == IMAP_MORE && piece.n == 0));
			if (s != IMAP_DONE)
				continue;
			assert_true(bytes_starts(buf_bytes(&r.text), BYTES("* SEARCH ")));
			assert_true(bytes_ends(buf_bytes(&r.text), BYTES("\r\n")));
			buf_put(&numbers,
					bytes_skip(bytes_head(buf_bytes(&r.text), r.text.n - 2),
							8));
			imap_reader_reset(&r);
		}
		assert_int_equal(numbers.n, line.n - 8 - 3);
		assert_memory_equal(numbers.p, line.p + 8, numbers.n);
		assert_int_equal(r.text.n, 0);
		buf_free(&r.text);
	}
	buf_free(&line);
	buf_free(&numbers);
}

static void test_items(void **state)
{
	static const struct {
		const char *in;
		enum imap_kind kind;
		const char *text, *string, *left;
	} cases[] = {
		{ "abc def", IMAP_ATOM, "abc", "abc", " def" },
		{ "  NIL)", IMAP_ATOM, "NIL", "", ")" },
		{ "\"a \\\"b\\\\\" x", IMAP_QUOTED, "a \\\"b\\\\", "a \"b\\", " x" },
		{ "(a (b \")\") {1}\r\n)) c", IMAP_LIST, "a (b \")\") {1}\r\n)", NULL, " c" },
		{ "{3}\r\n\")( x", IMAP_LITERAL, "\")(", "\")(", " x" },
		{ "BODY[HEADER.FIELDS (A B)]<0> x", IMAP_ATOM, "BODY[HEADER.FIELDS (A B)]<0>", NULL,
				" x" },
	};
	static const char *const wrong[] = { "", "  ", ")", "(a", "\"a", "\"a\\", "BODY[x" };
	struct imap_item item;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes in = bytes_of(cases[i].in);
		struct buf string = BUF(100);
		assert_true(imap_next(&in, &item));
		assert_int_equal(item.kind, cases[i].kind);
		assert_true(bytes_equal(item.text, bytes_of(cases[i].text)));
		assert_true(bytes_equal(in, bytes_of(cases[i].left)));
		imap_string(&item, &string);
		if (cases[i].string)
			assert_string_equal(buf_text(&string), cases[i].string);
		buf_free(&string);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct bytes in = bytes_of(wrong[i]);
		assert_false(imap_next(&in, &item));
	}
}

static void test_decoders(void **state)
{
	struct imap_untagged u;
	struct imap_fetch f = { 0 };
	struct imap_folder folder;
	struct imap_caps caps = { 0 };
	uint64_t a = 0, b = 0;

	(void)state;
	assert_true(imap_untagged(BYTES("* 12 FETCH (FLAGS (\\Seen) UID 7 BODY[] \"x\" "
					"RFC822.SIZE 320 INTERNALDATE \"19-Jan-2014\")\r\n"),
			&u));
	assert_int_equal(u.number, 12);
	assert_true(bytes_equal(u.word, BYTES("FETCH")));
	assert_true(imap_fetch(u.rest, &f));
	assert_int_equal(f.uid, 7);
	assert_int_equal(f.size, 320);
	assert_true(bytes_equal(f.flags, BYTES("\\Seen")));
	assert_true(bytes_equal(f.date, BYTES("19-Jan-2014")));
	assert_true(bytes_equal(f.body.text, BYTES("x")));
	assert_false(imap_untagged(BYTES("* OK [UIDVALIDITY 7] x\r\n"), &u));
	assert_false(imap_untagged(BYTES("a1 OK x\r\n"), &u));
	assert_true(imap_list(BYTES(" (\\HasNoChildren \\Sent) \"/\" {4}\r\nSent\r\n"), &folder));
	assert_int_equal(folder.delimiter, '/');
	assert_true(bytes_equal(folder.name.text, BYTES("Sent")));
	assert_true(imap_list(BYTES(" () NIL INBOX"), &folder));
	assert_int_equal(folder.delimiter, 0);
	assert_false(imap_list(BYTES(" () \"/\""), &folder));
	assert_true(imap_status(BYTES(" \"a b\" (MESSAGES 5 UNSEEN 2)"), "UNSEEN", &a));
	assert_int_equal(a, 2);
	assert_false(imap_status(BYTES(" INBOX (MESSAGES 5)"), "UNSEEN", &a));
	assert_true(imap_quota(BYTES(" \"\" (MESSAGE 1 9 STORAGE 10 512)"), "STORAGE", &a, &b));
	assert_int_equal(a, 10);
	assert_int_equal(b, 512);
	imap_caps_add(&caps, BYTES("IMAP4rev1 starttls AUTH=PLAIN AUTH=CRAM-MD5 SASL-IR\r\n"));
	assert_int_equal(caps.has, IMAP_STARTTLS | IMAP_SASL_IR);
	assert_int_equal(caps.mechs, SASL_PLAIN | SASL_CRAM_MD5);
}

/* RFC 3501 5.1.3 has the second and third. */
static void test_folder_names(void **state)
{
	static const struct {
		const char *coded, *utf8;
	} names[] = {
		{ "INBOX", "INBOX" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
				"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "Tom &- Jerry", "Tom & Jerry" },
		{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
		{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
	};
	static const char *const kept[] = { "a&b", "&!!-", "&AB-", "&2D0-", "&3gA-" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf out = BUF(200);
		imap_utf7_decode(bytes_of(names[i].coded), &out);
		assert_string_equal(buf_text(&out), names[i].utf8);
		buf_clear(&out);
		assert_true(imap_utf7_encode(bytes_of(names[i].utf8), &out));
		assert_string_equal(buf_text(&out), names[i].coded);
		buf_free(&out);
	}
	for (size_t i = 0; i < COUNT(kept); i++) {
		struct buf out = BUF(200);
		imap_utf7_decode(bytes_of(kept[i]), &out);
		assert_string_equal(buf_text(&out), kept[i]);
		buf_free(&out);
	}
	struct buf out = BUF(200);
	assert_false(imap_utf7_encode(BYTES("a\xff"), &out));
	assert_false(imap_utf7_encode(BYTES("\xed\xa0\x80"), &out));
	assert_int_equal(out.n, 0);
	assert_true(imap_quote(BYTES("a\"b\\"), &out));
	assert_string_equal(buf_text(&out), "\"a\\\"b\\\\\"");
	assert_false(imap_quote(BYTES("a\r\nb LOGOUT"), &out));
	assert_false(imap_quote(BYTES("\xc3\xbc"), &out));
	buf_free(&out);
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0 = no such date */
	} dates[] = {
		{ "17-Jul-1996 02:44:25 -0700", 837596665 },
		{ " 7-Jul-1996 02:44:25 -0700", 836732665 },
		{ "17 Jul 1996 02:44:25 -0700", 0 },
		{ "17-Jul-1996", 0 },
		{ "17-Jul-1996 02:44:25", 0 },
		{ "17-Jul-1996 02:44:25 -0700 and more than that", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		int64_t seconds = 0;
		print_message("%s\n", dates[i].text);
		assert_int_equal(imap_date(bytes_of(dates[i].text), &seconds),
				dates[i].seconds != 0);
		assert_int_equal(seconds, dates[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_a_response_has_an_end),
		cmocka_unit_test(test_a_long_search),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_folder_names),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
