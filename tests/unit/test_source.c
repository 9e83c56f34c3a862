/* test_source - unit tests of maillogwatch's source and follow
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/follow.h"
#include "applets/maillogwatch/places.h"
#include "applets/maillogwatch/source.h"
#include "fakes/fake_world.h"
#include "sys/file.h"

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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GZ "tests/fuzz/corpus/gz/"

static struct fake_world world;
static char directory[] = "/tmp/test_source.XXXXXX", path[64];
static struct buf got = BUF(FOLLOW_ROOM), told = BUF(4096);

static int begin(void **state)
{
	(void)state;
	fake_world_init(&world);
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/mail.log", directory);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	buf_free(&got);
	buf_free(&told);
	fake_world_free(&world);
	return rmdir(directory);
}

static const struct row {
	const char *name; /* NULL: a file with this content */
	struct bytes content;
	const char *lines, *trouble, *error;
} rows[] = {
	{ NULL, BYTES("one\ntwo\n"), "one\ntwo\n", "", NULL },
	{ NULL, BYTES("a"), "a\n", "the last line has no end", NULL },
	{ NULL, BYTES(""), "", "", NULL },
	{ NULL, BYTES("one\n\0\0\0two\n"), "one\ntwo\n", "3 NUL octets left out", NULL },
	{ NULL,
			BYTES("\xfd"
			      "7zXZ\0..."),
			"", "", "packed by xz, which is not built in; use: xz -dc " },
	{ NULL, BYTES("BZh9..."), "", "", "use: bzip2 -dc " },
	{ NULL, BYTES("\x28\xb5\x2f\xfd..."), "", "", "use: zstd -dc " },
	{ GZ "one", { 0 }, "one\ntwo\n", "", NULL },
	{ GZ "two", { 0 }, "one\ntwo\none\ntwo\n", "", NULL },
	{ GZ "cut", { 0 }, "one\ntwo\n\n", "cut off in the middle of a gzip member", NULL },
	{ "/nonexistent/mail.log", { 0 }, "", "",
			"open /nonexistent/mail.log: No such file or directory" },
	{ "/tmp", { 0 }, "", "", "read /tmp: Is a directory" },
	{ "exec:printf one\\ntwo\\nthree", { 0 }, "one\ntwo\nthree\n", "the last line has no end",
			NULL },
	{ "exec:/nonexistent/journalctl", { 0 }, "", "", "/nonexistent/journalctl" },
};

static void check(const struct row *row, const char *name)
{
	struct buf trouble = BUF(1000);
	struct err e = { 0 };
	struct source s;

	buf_clear(&got);
	if (source_open(&s, &world.w, name, &e)) {
		while (source_read(&s, &got, WORLD_FOREVER, &e))
			;
		source_trouble(&s, &trouble);
		source_close(&s);
	}
	if (row->error) {
		if (!strstr(e.text, row->error))
			fail_msg("%s: \"%s\"", name, e.text);
	} else {
		assert_int_equal(e.kind, ERR_NONE);
		assert_string_equal(buf_text(&got), row->lines);
		assert_string_equal(buf_text(&trouble), row->trouble);
	}
	buf_free(&trouble);
}

static void test_sources(void **state)
{
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].name) {
			check(&rows[i], rows[i].name);
			continue;
		}
		assert_true(file_write(path, rows[i].content, true, &e));
		check(&rows[i], path);
		fake_world_stdin(&world, rows[i].content);
		check(&rows[i], "-");
	}
}

static void test_kinds(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(source_kind("-"), SOURCE_PIPE);
	assert_int_equal(source_kind(directory), SOURCE_PIPE);
	assert_int_equal(source_kind("/nonexistent/x"), SOURCE_FILE);
	assert_int_equal(source_kind(GZ "two"), SOURCE_PACKED);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].name)
			continue;
		assert_true(file_write(path, rows[i].content, true, &e));
		assert_int_equal(source_kind(path), rows[i].error ? SOURCE_PACKED : SOURCE_FILE);
	}
}

static void tell(void *ctx, const char *name, const char *text)
{
	(void)ctx;
	buf_printf(&told, "%s: %s\n", strrchr(name, '/') ? strrchr(name, '/') + 1 : name, text);
}

static void append(const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect(struct follow *f, const char *lines, const char *events)
{
	buf_clear(&got);
	while (follow_read(f, &got, 0) && got.n < strlen(lines))
		;
	assert_string_equal(buf_text(&got), lines);
	assert_string_equal(buf_text(&told), events);
	buf_clear(&told);
}

static void test_follow(void **state)
{
	struct follow *f = follow_new(&world.w, tell, NULL);
	struct err e = { 0 };
	char other[80];

	(void)state;
	snprintf(other, sizeof(other), "%s.1", path);
	unlink(path);
	append("one\ntwo\nthree\n");
	assert_true(follow_add(f, path, 2, &e));
	expect(f, "two\nthree\n", "");
	append("four\n");
	expect(f, "four\n", "");
	assert_int_equal(rename(path, other), 0);
	expect(f, "", "mail.log: nothing has this name now; waiting for it\n");
	append("five\nsi");
	expect(f, "five\n", "mail.log: another file has this name now: going on with that one\n");
	assert_false(follow_is_over(f));
	buf_clear(&got);
	follow_finish(f, &got);
	assert_string_equal(buf_text(&got), "si\n");
	assert_string_equal(buf_text(&told), "mail.log: its last line has no end\n");
	buf_clear(&told);
	follow_free(f);
	unlink(other);
}

/* A command's lines come as they are written, and its end ends the run. */
static void test_follow_command(void **state)
{
	struct follow *f = follow_new(&world.w, tell, NULL);
	struct err e = { 0 };

	(void)state;
	assert_true(follow_add(f, "exec:printf one\\ntwo", 0, &e));
	buf_clear(&got);
	for (int i = 0; i < 1000 && !follow_is_over(f); i++) {
		follow_read(f, &got, 0);
		usleep(10000);
	}
	assert_true(follow_is_over(f));
	assert_string_equal(buf_text(&got), "one\ntwo\n");
	assert_string_equal(buf_text(&told), "exec:printf one\\ntwo: the last line has no end\n");
	buf_clear(&told);
	assert_false(follow_add(f, "exec:/nonexistent/x", 0, &e));
	follow_free(f);
}

/* journalctl is started again where it ended, unless it never said anything. */
static void test_follow_journal(void **state)
{
	static const struct {
		const char *script, *lines, *told;
		bool is_over;
	} runs[] = {
		{ "#!/bin/sh\ncase $* in\n"
		  "*-f\\ -n\\ 7) echo one ;;\n"
		  "*-f\\ --no-tail\\ --since=@[1-9]*) echo two; exec sleep 60 ;;\n"
		  "esac\n",
				"one\ntwo\n", "started again", false },
		{ "#!/bin/sh\nexit 1\n", "", "ended without a line", true },
	};
	char program[100], command[] = PLACES_JOURNAL, *path_before = getenv("PATH");
	struct buf paths = BUF(4096);
	struct err e = { 0 };

	(void)state;
	snprintf(program, sizeof(program), "%s/journalctl", directory);
	buf_printf(&paths, "%s:%s", directory, path_before);
	setenv("PATH", buf_text(&paths), 1);
	for (size_t i = 0; i < COUNT(runs); i++) {
		struct follow *f = follow_new(&world.w, tell, NULL);
		assert_true(file_write(program, bytes_of(runs[i].script), true, &e));
		assert_int_equal(chmod(program, 0700), 0);
		assert_true(follow_add(f, command, 7, &e));
		buf_clear(&got);
		for (int n = 0; n < 500 && !follow_is_over(f) && !strstr(buf_text(&got), "two");
				n++) {
			follow_read(f, &got, 0);
			fake_world_advance(&world.w, world.now_ms + 100);
			usleep(10000);
		}
		assert_string_equal(buf_text(&got), runs[i].lines);
		assert_int_equal(follow_is_over(f), runs[i].is_over);
		assert_non_null(strstr(buf_text(&told), runs[i].told));
		buf_clear(&told);
		follow_free(f);
	}
	setenv("PATH", path_before, 1);
	unlink(program);
	buf_free(&paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_follow_command),
		cmocka_unit_test(test_follow_journal),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
