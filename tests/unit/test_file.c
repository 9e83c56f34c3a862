/* test_file - unit tests of sys/file
 * SPDX-License-Identifier: MIT */
#include "sys/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/test_file.XXXXXX";
static char path[64], link_path[64];

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(link_path, sizeof(link_path), "%s/link", directory);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	unlink(link_path);
	return rmdir(directory);
}

static void test_write_and_read(void **state)
{
	struct buf out = BUF(100);
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_true(file_write(path, BYTES("a\0b\n"), false, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(file_read(path, &out, &e));
	assert_int_equal(out.n, 4);
	assert_memory_equal(out.p, "a\0b\n", 4);
	assert_false(file_write(path, BYTES("x"), false, &e)); /* not over a file that is there */
	assert_non_null(strstr(e.text, "File exists"));
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_true(file_write(path, BYTES("x"), true, &e));
	buf_clear(&out);
	assert_true(file_read(path, &out, &e));
	assert_string_equal(buf_text(&out), "x");
	buf_free(&out);
	unlink(path);
}

/* Not through a link that somebody put there. */
static void test_write_link(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(symlink(path, link_path), 0);
	assert_false(file_write(link_path, BYTES("x"), false, &e));
	assert_int_equal(access(path, F_OK), -1);
	unlink(link_path);
}

static void test_write_full(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(file_write("/dev/full", BYTES("x"), true, &e));
	assert_string_equal(e.text, "write /dev/full: No space left on device");
}

static void test_limit(void **state)
{
	struct buf out = BUF(3);
	struct err e = { 0 };

	(void)state;
	assert_true(file_write(path, BYTES("abc"), true, &e));
	assert_true(file_read(path, &out, &e)); /* exactly the maximum */
	assert_true(file_write(path, BYTES("abcd"), true, &e));
	buf_clear(&out);
	assert_false(file_read(path, &out, &e));
	assert_non_null(strstr(e.text, "larger than 3 octets"));
	assert_string_equal(buf_text(&out), "abc");
	buf_free(&out);
	unlink(path);
}

static void test_no_file(void **state)
{
	struct buf out = BUF(10);
	struct err e = { 0 };

	(void)state;
	assert_false(file_read("/nonexistent/x", &out, &e));
	assert_string_equal(e.text, "open /nonexistent/x: No such file or directory");
	assert_false(file_read(directory, &out, &e));
	assert_non_null(strstr(e.text, "Is a directory"));
	buf_free(&out);
}

static const struct {
	const char *name;
	struct bytes in;
	const char *line; /* NULL: an error */
	const char *err;
	size_t rest; /* octets left for the next reader */
} line_rows[] = {
	{ "LF", BYTES("pass\nmore\n"), "pass", NULL, 5 },
	{ "CRLF", BYTES("pass\r\nmore"), "pass", NULL, 4 },
	{ "exactly one line end goes", BYTES("pass\r\r\n"), "pass\r", NULL, 0 },
	{ "no line end", BYTES("pass"), "pass", NULL, 0 },
	{ "blanks stay", BYTES(" pass \n"), " pass ", NULL, 0 },
	{ "an empty line is an empty password", BYTES("\nmore"), "", NULL, 4 },
	{ "an empty file is an error", BYTES(""), NULL, "x: empty", 0 },
	{ "NUL", BYTES("pa\0ss\n"), NULL, "x: NUL octet in the first line", 3 },
	{ "the maximum", BYTES("1234567890\n"), "1234567890", NULL, 0 },
	{ "too long", BYTES("12345678901\n"), NULL, "x: first line longer than 10 octets", 1 },
};

static void test_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(line_rows) / sizeof(line_rows[0]); i++) {
		struct buf out = BUF_SECRET(10);
		struct err e = { 0 };
		char rest[100];
		int fds[2];
		print_message("%s\n", line_rows[i].name);
		assert_int_equal(pipe(fds), 0);
		assert_int_equal(write(fds[1], line_rows[i].in.p, line_rows[i].in.n),
				line_rows[i].in.n);
		close(fds[1]);
		assert_int_equal(file_read_line(fds[0], "x", &out, &e), line_rows[i].line != NULL);
		if (line_rows[i].line)
			assert_string_equal(buf_text(&out), line_rows[i].line);
		else
			assert_string_equal(e.text, line_rows[i].err);
		assert_int_equal(read(fds[0], rest, sizeof(rest)), line_rows[i].rest);
		close(fds[0]);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_write_link),
		cmocka_unit_test(test_write_full),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
