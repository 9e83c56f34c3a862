/* test_show - unit tests of ui/show
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_world.h"
#include "ui/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *name;
	struct bytes in;
	const char *utf8;  /* in a UTF-8 locale */
	const char *ascii; /* elsewhere; NULL = the same */
};

static const struct row safe_rows[] = {
	{ "plain text stays", BYTES("220 mail ESMTP"), "220 mail ESMTP", NULL },
	{ "backslash stays", BYTES("a\\x1bb"), "a\\x1bb", NULL },
	{ "NUL, ESC, DEL", BYTES("a\0b\033[2J\177"), "a\\x00b\\x1b[2J\\x7f", NULL },
	{ "tab has a letter", BYTES("a\tb"), "a\\tb", NULL },
	{ "CR and LF", BYTES("a\r\nb"), "a\\x0d\\x0ab", NULL },
	{ "umlaut is kept in UTF-8 only", BYTES("M\xc3\xbcller"), "M\xc3\xbcller", "M\\u{fc}ller" },
	{ "four octets", BYTES("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", "\\u{1f600}" },
	{ "Latin-1 is no UTF-8", BYTES("M\xfcller"), "M\\xfcller", NULL },
	{ "C1 as an octet",
			BYTES("\x9b"
			      "31m"),
			"\\x9b31m", NULL },
	{ "C1 as a character",
			BYTES("\xc2\x9b"
			      "31m"),
			"\\u{9b}31m", NULL },
	{ "overlong slash", BYTES("\xc0\xaf"), "\\xc0\\xaf", NULL },
	{ "overlong in three octets", BYTES("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", NULL },
	{ "overlong in four octets", BYTES("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf", NULL },
	{ "surrogate", BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", NULL },
	{ "last before the surrogates", BYTES("\xed\x9f\xbf"), "\xed\x9f\xbf", "\\u{d7ff}" },
	{ "above U+10FFFF", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", NULL },
	{ "five octets", BYTES("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80", NULL },
	{ "cut character", BYTES("a\xe2\x82"), "a\\xe2\\x82", NULL },
	{ "cut character, then ASCII", BYTES("\xe2\x82x"), "\\xe2\\x82x", NULL },
	{ "right-to-left override",
			BYTES("a\xe2\x80\xae"
			      "b"),
			"a\\u{202e}b", NULL },
	{ "bidi isolate", BYTES("\xe2\x81\xa6"), "\\u{2066}", NULL },
	{ "arabic letter mark", BYTES("\xd8\x9c"), "\\u{61c}", NULL },
	{ "zero width space",
			BYTES("a\xe2\x80\x8b"
			      "b"),
			"a\\u{200b}b", NULL },
	{ "line separator", BYTES("\xe2\x80\xa8"), "\\u{2028}", NULL },
	{ "byte order mark", BYTES("\xef\xbb\xbfx"), "\\u{feff}x", NULL },
	{ "tag", BYTES("\xf3\xa0\x81\x81"), "\\u{e0041}", NULL },
	{ "noncharacter", BYTES("\xef\xbf\xbf"), "\\u{ffff}", NULL },
	{ "soft hyphen",
			BYTES("a\xc2\xad"
			      "b"),
			"a\\u{ad}b", NULL },
	{ "nothing", BYTES(""), "", NULL },
};

static void test_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(safe_rows); i++) {
		const struct row *r = &safe_rows[i];
		struct buf out = BUF(1000);
		print_message("%s\n", r->name);
		show_safe(&out, r->in, true);
		assert_string_equal(buf_text(&out), r->utf8);
		buf_clear(&out);
		show_safe(&out, r->in, false);
		assert_string_equal(buf_text(&out), r->ascii ? r->ascii : r->utf8);
		buf_free(&out);
	}
}

static void test_quoted(void **state)
{
	struct buf out = BUF(1000);

	(void)state;
	show_quoted(&out, BYTES("\\0 \"x\" \0"), true);
	assert_string_equal(buf_text(&out), "\\\\0 \\\"x\\\" \\x00");
	buf_free(&out);
}

/* Every code point: accepted in its shortest form alone, and no hidden one is let through. */
static void test_every_character(void **state)
{
	(void)state;
	for (uint32_t code = 0x80; code <= 0x10ffff; code++) {
		unsigned char c[4];
		size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		uint32_t read = 0;
		for (size_t i = n - 1, rest = code; i > 0; i--, rest >>= 6)
			c[i] = 0x80 | (rest & 0x3f);
		c[0] = (unsigned char)((0xf00 >> n) | (code >> (6 * (n - 1))));
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		assert_int_equal(show_utf8((struct bytes){ c, n }, &read), is_surrogate ? 0 : n);
		if (!is_surrogate)
			assert_int_equal(read, code);
		assert_int_equal(show_utf8((struct bytes){ c, n - 1 }, &read), 0);
	}
}

static const struct {
	const char *name, *text;
	size_t width;
} width_rows[] = {
	{ "ASCII", "abc", 3 },
	{ "umlaut", "\xc3\xbc", 1 },
	{ "combining mark", "u\xcc\x88", 1 },
	{ "Japanese", "\xe6\x97\xa5\xe6\x9c\xac", 4 },
	{ "Hangul", "\xed\x95\x9c", 2 },
	{ "half-width katakana", "\xef\xbd\xb1", 1 },
	{ "emoji with selector", "\xe2\x9d\xa4\xef\xb8\x8f", 1 },
	{ "emoji", "\xf0\x9f\x98\x80", 2 },
};

static void test_width(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(width_rows); i++) {
		print_message("%s\n", width_rows[i].name);
		assert_int_equal(show_width(bytes_of(width_rows[i].text)), width_rows[i].width);
	}
}

static const struct {
	const char *name, *text;
	size_t columns;
	const char *out;
} cut_rows[] = {
	{ "it fits exactly", "abcdef", 6, "abcdef" },
	{ "one too many", "abcdefg", 6, "abc..." },
	{ "a wide character is not halved", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5,
			"\xe6\x97\xa5..." },
	{ "no room for a letter", "abcdef", 3, "..." },
	{ "two columns", "abcdef", 2, ".." },
	{ "none", "abcdef", 0, "" },
};

static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cut_rows); i++) {
		struct buf out = BUF(100);
		print_message("%s\n", cut_rows[i].name);
		show_cut(&out, bytes_of(cut_rows[i].text), cut_rows[i].columns);
		assert_string_equal(buf_text(&out), cut_rows[i].out);
		buf_free(&out);
	}
}

static const struct {
	const char *name, *text;
	size_t first, indent, columns;
	const char *out;
} wrap_rows[] = {
	{ "fits", "one two", 0, 2, 80, "one two" },
	{ "breaks at the blank", "one two three", 0, 2, 8, "one two\n  three" },
	{ "fills the last column", "one two three", 0, 0, 7, "one two\nthree" },
	{ "first line begins late", "one two", 76, 10, 80, "one\n          two" },
	{ "first word does not fit", "word", 78, 4, 80, "\n    word" },
	{ "a long word alone passes", "abcdefghij x", 0, 2, 5, "abcdefghij\n  x" },
	{ "a long word is not moved from the indent", "abcdefghij", 4, 4, 8, "abcdefghij" },
	{ "blanks inside stay", "cmd    # note", 0, 2, 80, "cmd    # note" },
	{ "blanks at a break go", "one     two", 0, 2, 8, "one\n  two" },
	{ "LF breaks", "one\ntwo", 2, 2, 80, "one\n  two" },
	{ "nothing", "", 0, 2, 80, "" },
};

static void test_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrap_rows); i++) {
		struct buf out = BUF(1000);
		print_message("%s\n", wrap_rows[i].name);
		show_wrap(&out, bytes_of(wrap_rows[i].text), wrap_rows[i].first,
				wrap_rows[i].indent, wrap_rows[i].columns);
		assert_string_equal(buf_text(&out), wrap_rows[i].out);
		buf_free(&out);
	}
}

static const struct {
	const char *name;
	enum show_when when;
	bool tty;
	const char *term, *no_color;
	bool color;
} color_rows[] = {
	{ "a terminal", SHOW_AUTO, true, "xterm", NULL, true },
	{ "no terminal", SHOW_AUTO, false, "xterm", NULL, false },
	{ "NO_COLOR", SHOW_AUTO, true, "xterm", "1", false },
	{ "NO_COLOR empty does not count", SHOW_AUTO, true, "xterm", "", true },
	{ "dumb terminal", SHOW_AUTO, true, "dumb", NULL, false },
	{ "TERM unset", SHOW_AUTO, true, NULL, NULL, false },
	{ "always", SHOW_ALWAYS, false, "dumb", "1", true },
	{ "never", SHOW_NEVER, true, "xterm", NULL, false },
};

static void test_color(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(color_rows); i++) {
		struct fake_world f;
		print_message("%s\n", color_rows[i].name);
		fake_world_init(&f);
		f.w.out.tty = color_rows[i].tty;
		fake_world_setenv(&f, "TERM", color_rows[i].term);
		fake_world_setenv(&f, "NO_COLOR", color_rows[i].no_color);
		assert_int_equal(show_use_color(&f.w, color_rows[i].when), color_rows[i].color);
		fake_world_free(&f);
	}
}

static void test_paint(void **state)
{
	struct buf out = BUF(100);

	(void)state;
	show_paint(&out, SHOW_BAD, "x", true);
	show_paint(&out, SHOW_BAD, "y", false);
	show_paint(&out, SHOW_PLAIN, "z", true);
	assert_string_equal(buf_text(&out), "\033[31mx\033[0myz");
	buf_free(&out);
}

static const struct {
	uint64_t octets;
	const char *text;
} size_rows[] = {
	{ 0, "0 bytes" },
	{ 1, "1 byte" },
	{ 999, "999 bytes" },
	{ 1000, "1.0 kB" },
	{ 1795, "1.8 kB" },
	{ 9949, "9.9 kB" },
	{ 9950, "10 kB" },
	{ 10485760, "10 MB" },
	{ 999499, "999 kB" },
	{ 999500, "1.0 MB" },
	{ 1500000000, "1.5 GB" },
	{ UINT64_MAX, "18 EB" },
};

static const struct {
	uint64_t ms;
	const char *text;
} duration_rows[] = {
	{ 0, "0.00 s" },
	{ 410, "0.41 s" },
	{ 9999, "9.99 s" },
	{ 12345, "12.3 s" },
	{ 59999, "59.9 s" },
	{ 60000, "1m 00s" },
	{ 245000, "4m 05s" },
	{ 3720000, "1h 02m" },
	{ 360000000, "100h 00m" },
};

static void test_numbers(void **state)
{
	struct buf out = BUF(100);

	(void)state;
	for (size_t i = 0; i < COUNT(size_rows); i++) {
		buf_clear(&out);
		show_size(&out, size_rows[i].octets);
		assert_string_equal(buf_text(&out), size_rows[i].text);
	}
	for (size_t i = 0; i < COUNT(duration_rows); i++) {
		buf_clear(&out);
		show_duration(&out, duration_rows[i].ms);
		assert_string_equal(buf_text(&out), duration_rows[i].text);
	}
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_paint),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
