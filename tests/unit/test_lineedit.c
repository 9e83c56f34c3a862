/* test_lineedit - keys in, lines out
 * SPDX-License-Identifier: MIT */
#include "ui/lineedit.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

static const struct {
	const char *name, *keys, *lines;
} rows[] = {
	{ "a line as typed", "EHLO x\r", "EHLO x\n" },
	{ "LF ends it too", "QUIT\n", "QUIT\n" },
	{ "several of a paste", "a\rb\r", "a\nb\n" },
	{ "backspace", "QUITT\x7f\r", "QUIT\n" },
	{ "backspace on nothing", "\x7f\x08x\r", "x\n" },
	{ "insert before the cursor", "QIT" LEFT LEFT "U\r", "QUIT\n" },
	{ "to the right no further than the end", "a" RIGHT RIGHT "b\r", "ab\n" },
	{ "^A and ^E", "UIT\001Q\005!\r", "QUIT!\n" },
	{ "Home and End as xterm and as vt220 say them", "b\033[Ha\033OFc\033[1~0\033[4~d\r",
			"0abcd\n" },
	{ "^U erases what is before the cursor", "abc" LEFT "\025\r", "c\n" },
	{ "^K erases what is behind it", "abc" LEFT "\013\r", "ab\n" },
	{ "^W erases a word with its blanks", "MAIL  FROM  \027x\r", "MAIL  x\n" },
	{ "Delete and ^D", "abc\001\033[3~\004\r", "c\n" },
	{ "^C empties the line", "abc\003d\r", "d\n" },
	{ "a character of two octets is one", "a\xc3\xb6" LEFT "x\x7f\x7f\005\x7f\r", "\n" },
	{ "history", "one\rtwo\r" UP UP "\r", "one\ntwo\none\n" },
	{ "and back to what was being typed", "one\rtw" UP DOWN "o\r", "one\ntwo\n" },
	{ "above the oldest there is nothing", "one\r" UP UP UP "\r", "one\none\n" },
	{ "below the newest neither", "a" DOWN "b\r", "ab\n" },
	{ "a line from above can be changed", "one\r" UP "s\r" UP UP "\r", "one\nones\none\n" },
	{ "the same line is kept once", "a\rb\rb\r" UP UP "\r", "a\nb\nb\na\n" },
	{ "an unknown sequence is nothing", "a\033[15~\033[Z\033xb\r", "ab\n" },
	{ "other control keys are nothing", "a\007\032b\r", "ab\n" },
	{ "a secret is not in the history", "one\rPASS x\r" UP "\r", "one\nPASS x\none\n" },
};

static size_t pass_is_secret(void *ctx, struct bytes line)
{
	(void)ctx;
	return bytes_starts(line, BYTES("PASS ")) ? 5 : line.n;
}

/* step: so many keys a call. */
static void run(const char *keys, size_t step, struct buf *lines)
{
	struct fake_world f;
	struct lineedit e;
	struct bytes in = bytes_of(keys);

	fake_world_init(&f);
	lineedit_init(&e, &f.w, "");
	e.secret_from = pass_is_secret;
	while (in.n > 0) {
		lineedit_typed(&e, bytes_head(in, step));
		in = bytes_skip(in, step);
		while (lineedit_next(&e, lines) == LINEEDIT_LINE)
			continue;
	}
	lineedit_free(&e);
	fake_world_free(&f);
}

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t step = 1; step <= strlen(rows[i].keys); step++) {
			struct buf lines = BUF(1000);
			run(rows[i].keys, step, &lines);
			if (strcmp(buf_text(&lines), rows[i].lines) != 0)
				fail_msg("%s, %zu at once: \"%s\"", rows[i].name, step,
						buf_text(&lines));
			buf_free(&lines);
		}
	}
}

static void test_end(void **state)
{
	struct fake_world f;
	struct lineedit e;
	struct buf lines = BUF(1000);

	(void)state;
	fake_world_init(&f);
	lineedit_init(&e, &f.w, "");
	lineedit_typed(&e, BYTES("x\003\004y"));
	assert_int_equal(lineedit_next(&e, &lines), LINEEDIT_END);
	assert_int_equal(lines.n, 0);
	lineedit_free(&e);
	fake_world_free(&f);
}

/* What does not fit is not taken, and the history stays within its bound. */
static void test_limits(void **state)
{
	struct fake_world f;
	struct lineedit e;
	struct buf lines = BUF(1 << 20);

	(void)state;
	fake_world_init(&f);
	lineedit_init(&e, &f.w, "");
	for (int i = 0; i < LINEEDIT_LINE_MAX + 10; i++) {
		lineedit_typed(&e, BYTES("x"));
		lineedit_next(&e, &lines);
	}
	lineedit_typed(&e, BYTES("\r"));
	assert_int_equal(lineedit_next(&e, &lines), LINEEDIT_LINE);
	assert_int_equal(lines.n, LINEEDIT_LINE_MAX + 1);
	for (int i = 0; i < 3000; i++) {
		struct buf line = BUF(100);
		buf_printf(&line, "MAIL FROM:<%d@example.com>\r", i);
		lineedit_typed(&e, buf_bytes(&line));
		lineedit_next(&e, &lines);
		buf_free(&line);
	}
	assert_true(e.history.n <= LINEEDIT_HISTORY_MAX);
	buf_clear(&lines);
	lineedit_typed(&e, BYTES(UP "\r"));
	lineedit_next(&e, &lines);
	assert_string_equal(buf_text(&lines), "MAIL FROM:<2999@example.com>\n");
	buf_free(&lines);
	lineedit_free(&e);
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
