/* test_bytes - unit tests of sys/bytes
 * SPDX-License-Identifier: MIT */
#include "sys/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_bytes(struct bytes got, struct bytes want)
{
	assert_int_equal(got.n, want.n);
	if (want.n > 0)
		assert_memory_equal(got.p, want.p, want.n);
}

static const struct {
	const char *name;
	struct bytes in;
	uint64_t max;
	bool ok;
	uint64_t value;
	size_t left;
} uint_rows[] = {
	{ "one digit", BYTES("7"), 9, true, 7, 0 },
	{ "stops at a letter", BYTES("25x"), 100, true, 25, 1 },
	{ "the maximum", BYTES("65535"), 65535, true, 65535, 0 },
	{ "one above", BYTES("65536"), 65535, false, 0, 5 },
	{ "a digit above a small maximum", BYTES("7"), 5, false, 0, 1 },
	{ "leading zeros", BYTES("00025"), 65535, true, 25, 0 },
	{ "2^64 - 1", BYTES("18446744073709551615"), UINT64_MAX, true, UINT64_MAX, 0 },
	{ "2^64", BYTES("18446744073709551616"), UINT64_MAX, false, 0, 20 },
	{ "a digit more", BYTES("184467440737095516150"), UINT64_MAX, false, 0, 21 },
	{ "sign", BYTES("+1"), 9, false, 0, 2 },
	{ "minus", BYTES("-1"), 9, false, 0, 2 },
	{ "blank", BYTES(" 1"), 9, false, 0, 2 },
	{ "nothing", BYTES(""), 9, false, 0, 0 },
	{ "maximum zero", BYTES("0"), 0, true, 0, 0 },
	{ "above a maximum of zero", BYTES("1"), 0, false, 0, 1 },
};

static void test_uint(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(uint_rows); i++) {
		struct bytes in = uint_rows[i].in;
		uint64_t value = 0;
		print_message("%s\n", uint_rows[i].name);
		assert_int_equal(bytes_uint(&in, uint_rows[i].max, &value), uint_rows[i].ok);
		assert_true(value == uint_rows[i].value);
		assert_int_equal(in.n, uint_rows[i].left);
		assert_int_equal(bytes_is_uint(uint_rows[i].in, uint_rows[i].max, &value),
				uint_rows[i].ok && uint_rows[i].left == 0);
	}
}

static const struct {
	const char *name;
	struct bytes in, what;
	size_t at, at_nocase;
} search_rows[] = {
	{ "at the start", BYTES("STARTTLS"), BYTES("START"), 0, 0 },
	{ "at the end", BYTES("250-STARTTLS"), BYTES("TLS"), 9, 9 },
	{ "the first of two", BYTES("abab"), BYTES("ab"), 0, 0 },
	{ "overlapping start", BYTES("aaab"), BYTES("aab"), 1, 1 },
	{ "other case", BYTES("x starttls"), BYTES("STARTTLS"), 10, 2 },
	{ "absent", BYTES("abc"), BYTES("d"), 3, 3 },
	{ "longer than the text", BYTES("ab"), BYTES("abc"), 2, 2 },
	{ "behind a NUL", BYTES("a\0b"), BYTES("b"), 2, 2 },
	{ "empty text", BYTES(""), BYTES("a"), 0, 0 },
	{ "empty word", BYTES("abc"), BYTES(""), 0, 0 },
	{ "@ and ` are not one letter in two cases", BYTES("a@"), BYTES("`"), 2, 2 },
};

static void test_search(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(search_rows); i++) {
		print_message("%s\n", search_rows[i].name);
		assert_int_equal(bytes_search(search_rows[i].in, search_rows[i].what),
				search_rows[i].at);
		assert_int_equal(bytes_search_nocase(search_rows[i].in, search_rows[i].what),
				search_rows[i].at_nocase);
	}
	assert_int_equal(bytes_find(BYTES("a\0b"), 'b'), 2);
	assert_int_equal(bytes_find(BYTES("a\0b"), 0), 1);
	assert_int_equal(bytes_find(BYTES("abc"), 'd'), 3);
	assert_int_equal(bytes_find((struct bytes){ NULL, 0 }, 'd'), 0);
}

static void test_compare(void **state)
{
	const struct bytes nothing = { NULL, 0 };

	(void)state;
	assert_true(bytes_equal(BYTES("a\0b"), BYTES("a\0b")));
	assert_false(bytes_equal(BYTES("a\0b"), BYTES("a\0c")));
	assert_true(bytes_equal(nothing, BYTES("")));
	assert_false(bytes_equal(BYTES("a"), BYTES("A")));
	assert_true(bytes_equal_nocase(BYTES("aZ-1"), BYTES("Az-1")));
	assert_false(bytes_equal_nocase(BYTES("\xe4"), BYTES("\xc4"))); /* ASCII only */
	assert_false(bytes_equal_nocase(BYTES("["), BYTES("{")));
	assert_true(bytes_starts(BYTES("250 ok"), BYTES("250")));
	assert_false(bytes_starts(BYTES("25"), BYTES("250")));
	assert_true(bytes_starts(BYTES("25"), nothing));
	assert_true(bytes_starts_nocase(BYTES("Auth=PLAIN"), BYTES("AUTH=")));
	assert_true(bytes_ends(BYTES("mail.example"), BYTES(".example")));
	assert_false(bytes_ends(BYTES("ample"), BYTES("example")));
	assert_true(bytes_ends(nothing, nothing));
	assert_int_equal(bytes_of(NULL).n, 0);
	assert_int_equal(bytes_of("abc").n, 3);
}

static void test_parts(void **state)
{
	(void)state;
	assert_bytes(bytes_head(BYTES("abc"), 2), BYTES("ab"));
	assert_bytes(bytes_head(BYTES("abc"), 9), BYTES("abc"));
	assert_bytes(bytes_skip(BYTES("abc"), 2), BYTES("c"));
	assert_bytes(bytes_skip(BYTES("abc"), 3), BYTES(""));
	assert_bytes(bytes_skip(BYTES("abc"), SIZE_MAX), BYTES(""));
	assert_bytes(bytes_trim(BYTES(" \t\r\na b\n ")), BYTES("a b"));
	assert_bytes(bytes_trim(BYTES(" \n")), BYTES(""));
	assert_bytes(bytes_trim(BYTES("\0 ")), BYTES("\0"));
}

static const struct {
	const char *name;
	struct bytes in;
	struct bytes parts[4];
	size_t count;
} word_rows[] = {
		{"words", BYTES("AUTH PLAIN\tLOGIN"), {BYTES("AUTH"), BYTES("PLAIN"), BYTES("LOGIN")}, 3},
		{"runs of blanks", BYTES("  a   b  "), {BYTES("a"), BYTES("b")}, 2},
		{"blanks only", BYTES(" \t "), {{NULL, 0}}, 0},
		{"nothing", BYTES(""), {{NULL, 0}}, 0},
		{"NUL is no blank", BYTES("a\0b c"), {BYTES("a\0b"), BYTES("c")}, 2},
}, line_rows[] = {
		{"LF and CRLF", BYTES("a\nb\r\nc\n"), {BYTES("a"), BYTES("b"), BYTES("c")}, 3},
		{"no LF at the end", BYTES("a\nb"), {BYTES("a"), BYTES("b")}, 2},
		{"empty lines", BYTES("\n\r\nx"), {BYTES(""), BYTES(""), BYTES("x")}, 3},
		{"one CR is taken", BYTES("a\r\r\n"), {BYTES("a\r")}, 1},
		{"CR inside stays", BYTES("a\rb\n"), {BYTES("a\rb")}, 1},
		{"nothing", BYTES(""), {{NULL, 0}}, 0},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(word_rows); i++) {
		struct bytes in = word_rows[i].in;
		struct bytes part;
		print_message("%s\n", word_rows[i].name);
		for (size_t j = 0; j < word_rows[i].count; j++) {
			assert_true(bytes_word(&in, &part));
			assert_bytes(part, word_rows[i].parts[j]);
		}
		assert_false(bytes_word(&in, &part));
	}
}

static void test_among(void **state)
{
	static const char list[] = "db cf  conf";

	(void)state;
	assert_true(bytes_among(BYTES("db"), list));
	assert_true(bytes_among(BYTES("conf"), list));
	assert_false(bytes_among(BYTES("con"), list));
	assert_false(bytes_among(BYTES("db cf"), list));
	assert_false(bytes_among(BYTES(""), list));
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(line_rows); i++) {
		struct bytes in = line_rows[i].in;
		struct bytes part;
		print_message("%s\n", line_rows[i].name);
		for (size_t j = 0; j < line_rows[i].count; j++) {
			assert_true(bytes_line(&in, &part));
			assert_bytes(part, line_rows[i].parts[j]);
		}
		assert_false(bytes_line(&in, &part));
	}
}

static void test_control(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const unsigned char text[] = { 'a', (unsigned char)c, 'b' };
		assert_int_equal(bytes_has_control((struct bytes){ text, 3 }),
				c < 0x20 || c == 0x7f);
	}
	assert_false(bytes_has_control(BYTES("")));
}

/* Blocks of sixteen octets and what is left of them: every place in every length gives the same. */
static void test_search_at_every_place(void **state)
{
	static const char *const words[] = { "x", "xy", "xyz", "x23456789012345y",
		"x234567890123456y" };

	(void)state;
	for (size_t n = 0; n < 70; n++)
		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
			struct bytes word = bytes_of(words[w]);
			unsigned char *text = test_malloc(n + 1);
			for (size_t at = 0; at < n; at++) {
				memset(text, '-', n);
				if (at + word.n <= n)
					memcpy(text + at, word.p, word.n);
				else
					text[at] = 'x'; /* its beginning alone is no hit */
				size_t want = at + word.n <= n || word.n == 1 ? at : n;
				struct bytes in = { text, n };
				assert_int_equal(bytes_search(in, word), want);
				assert_int_equal(bytes_find(in, 'x'), at);
				for (size_t i = 0; i < 4; i++) {
					unsigned char any[4] = { '1', '2', '3', '4' };
					any[i] = 'x';
					assert_int_equal(bytes_find_any(in, any), at);
				}
			}
			test_free(text);
		}
}

/* At each place of a text longer than what is looked at at once. */
static void test_begins_line(void **state)
{
	unsigned char text[100];

	(void)state;
	for (size_t n = 0; n <= sizeof(text); n++)
		for (size_t at = 0; at < n; at++) {
			memset(text, 'x', sizeof(text));
			text[at] = '{';
			assert_int_equal(bytes_begins_line((struct bytes){ text, n }, '{', '_'),
					at == 0);
			if (at > 0)
				text[at - 1] = '\n';
			assert_true(bytes_begins_line((struct bytes){ text, n }, '{', '_'));
			assert_true(bytes_begins_line((struct bytes){ text, n }, '_', '{'));
			assert_false(bytes_begins_line((struct bytes){ text, n }, '_', '['));
		}
}

/* One octet differs, at each place of each length. */
static void test_equal_at_every_place(void **state)
{
	unsigned char a[40], b[40];

	(void)state;
	for (size_t n = 0; n <= sizeof(a); n++) {
		memset(a, 'x', sizeof(a));
		memset(b, 'x', sizeof(b));
		memset(b + n, 'y', sizeof(b) - n);
		assert_true(bytes_equal((struct bytes){ a, n }, (struct bytes){ b, n }));
		for (size_t at = 0; at < n; at++) {
			b[at] = 'y';
			assert_false(bytes_equal((struct bytes){ a, n }, (struct bytes){ b, n }));
			b[at] = 'x';
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins_line),
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_among),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_search_at_every_place),
		cmocka_unit_test(test_equal_at_every_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
