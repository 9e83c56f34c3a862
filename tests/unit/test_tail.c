/* test_tail - unit tests of sys/tail
 * SPDX-License-Identifier: MIT */
#include "sys/tail.h"

#include "fakes/fake_world.h"

#include <fcntl.h>
#include <poll.h>
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

static struct fake_world world;
static struct tail tail;
static struct buf got = BUF(8 * TAIL_CHUNK);
static char directory[] = "/tmp/test_tail.XXXXXX", path[64], other[64];

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/mail.log", directory);
	snprintf(other, sizeof(other), "%s/mail.log.1", directory);
	fake_world_init(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	buf_free(&got);
	fake_world_free(&world);
	return rmdir(directory);
}

static void write_to(const char *to, int flags, const char *text)
{
	int fd = open(to, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void add(const char *text)
{
	write_to(path, O_APPEND, text);
}

/* Everything that is there now, and what happened. */
static void expect(const char *lines, unsigned events)
{
	while (tail_read(&tail, &got))
		;
	assert_string_equal(buf_text(&got), lines);
	assert_int_equal(tail.events, events);
	buf_clear(&got);
	tail.events = 0;
}

static void follow(const char *content)
{
	unlink(path);
	unlink(other);
	if (content)
		write_to(path, O_TRUNC, content);
	tail_open(&tail, &world.w, path);
}

static void finish(const char *lines, unsigned events)
{
	tail_close(&tail, &got);
	assert_string_equal(buf_text(&got), lines);
	assert_int_equal(tail.events, events);
	buf_clear(&got);
}

static void wait_quiet(void)
{
	fake_world_advance(&world.w, world.now_ms + TAIL_QUIET_MS);
}

static void test_growing(void **state)
{
	(void)state;
	follow("old\n");
	expect("", 0);
	add("one\ntwo\n");
	expect("one\ntwo\n", 0);
	add("half");
	expect("", 0);
	add(" line\n");
	expect("half line\n", 0);
	add("rest");
	expect("", 0);
	finish("rest\n", TAIL_INCOMPLETE);
}

static void test_back(void **state)
{
	static const struct {
		const char *content;
		unsigned lines;
		const char *expect;
	} rows[] = {
		{ "", 10, "" },
		{ "one\n", 10, "one\n" },
		{ "one\ntwo\nthree\n", 2, "two\nthree\n" },
		{ "one\ntwo\nthree\n", 3, "one\ntwo\nthree\n" },
		{ "one\ntwo\nthree\n", 0, "" },
		{ "\n\n\n", 2, "\n\n" },
		{ "one\ntwo\nhal", 2, "two\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		follow(rows[i].content);
		tail_back(&tail, rows[i].lines);
		expect(rows[i].expect, 0);
		tail_close(&tail, NULL);
	}
	/* more than a block back */
	struct buf content = BUF(1 << 20);
	for (int n = 0; n < 9000; n++)
		buf_printf(&content, "line %d\n", n);
	follow(buf_text(&content));
	tail_back(&tail, 8000);
	tail_read(&tail, &got);
	assert_true(bytes_starts(buf_bytes(&got), BYTES("line 1000\nline 1001\n")));
	buf_clear(&got);
	tail_close(&tail, NULL);
	buf_free(&content);
}

/* hpcloud/tail#127: syslogd writes to the renamed file until it is told. */
static void test_renamed(void **state)
{
	(void)state;
	follow("old\n");
	add("before\n");
	assert_int_equal(rename(path, other), 0);
	expect("before\n", TAIL_GONE);
	write_to(other, O_APPEND, "late 1\n");
	expect("late 1\n", 0);
	add("new 1\n");
	expect("new 1\n", TAIL_ROTATED);
	write_to(other, O_APPEND, "late 2\n");
	add("new 2\n");
	expect("late 2\nnew 2\n", 0);
	write_to(other, O_APPEND, "never ended");
	expect("", 0);
	wait_quiet();
	expect("never ended\n", TAIL_INCOMPLETE);
	write_to(other, O_APPEND, "too late\n");
	add("new 3\n");
	expect("new 3\n", 0);
	finish("", 0);
}

static void test_renamed_twice_at_once(void **state)
{
	(void)state;
	follow("old\n");
	rename(path, other);
	add("second\n");
	expect("second\n", TAIL_ROTATED);
	write_to(other, O_APPEND, "late\n");
	rename(path, other);
	add("third\n");
	expect("late\nthird\n", TAIL_ROTATED);
	finish("", 0);
}

/* rsyslog#1417: copied and truncated, then refilled to less, the same, or more than before. */
static void test_truncated(void **state)
{
	(void)state;
	follow("");
	add("one\ntwo\nthree\n");
	expect("one\ntwo\nthree\n", 0);
	write_to(path, O_TRUNC, "four\n");
	expect("four\n", TAIL_TRUNCATED);
	write_to(path, O_TRUNC, "five\n");
	expect("five\n", TAIL_TRUNCATED);
	write_to(path, O_TRUNC, "a long line, and\nsecond\n");
	expect("a long line, and\nsecond\n", TAIL_TRUNCATED);
	assert_int_equal(truncate(path, 0), 0);
	expect("", TAIL_TRUNCATED);
	add("again\n");
	expect("again\n", 0);
	finish("", 0);
}

/* Lines of one length that differ in their times only: what stands before the offset is the same,
 * the front of the file is not. */
static void test_truncated_to_lines_alike(void **state)
{
	struct buf lines = BUF(1 << 16);

	(void)state;
	follow("");
	for (int from = 10; from < 50; from += 20) {
		buf_clear(&lines);
		for (int n = 0; n < 9; n++)
			buf_printf(&lines, "%d:%d %0300d\n", from, from + n, 0);
		write_to(path, O_TRUNC, buf_text(&lines));
		expect(buf_text(&lines), from > 10 ? TAIL_TRUNCATED : 0);
	}
	finish("", 0);
	buf_free(&lines);
}

/* A writer without O_APPEND goes on at its offset: the file gets a hole. */
static void test_hole(void **state)
{
	(void)state;
	follow("");
	add("one\n");
	expect("one\n", 0);
	assert_int_equal(truncate(path, 1 << 20), 0);
	add("two\n");
	expect("two\n", 0);
	assert_true(tail.now.cutter.nuls > 1000000);
	finish("", 0);
}

static void test_not_there_yet(void **state)
{
	(void)state;
	follow(NULL);
	assert_int_equal(tail.events, TAIL_GONE);
	tail.events = 0;
	expect("", 0);
	add("first\n");
	expect("first\n", TAIL_APPEARED);
	finish("", 0);
}

static void test_unreadable_at_first(void **state)
{
	(void)state;
	if (geteuid() == 0) { /* root may read all; a loop of links is not readable for it either */
		unlink(path);
		assert_int_equal(symlink(path, path), 0);
	} else {
		follow("secret\n");
		chmod(path, 0);
	}
	tail_open(&tail, &world.w, path);
	assert_int_equal(tail.events, TAIL_DENIED);
	assert_int_not_equal(tail.denied_errno, 0);
	tail.events = 0;
	tail_back(&tail, 1);
	expect("", 0); /* told once */
	unlink(path);
	add("before\nlast\n"); /* its end, as if it had been readable from the start */
	expect("last\n", TAIL_APPEARED);
	add("now\n");
	expect("now\n", 0);
	finish("", 0);
}

/* The kernel says so when a line comes, so that nobody has to look all the time. */
static void test_report(void **state)
{
	(void)state;
	follow("old\n");
	expect("", 0);
	struct pollfd report = { .fd = tail_fd(&tail), .events = POLLIN };
	if (report.fd < 0)
		skip();
	assert_int_equal(poll(&report, 1, 0), 0);
	add("one\n");
	assert_int_equal(poll(&report, 1, 1000), 1);
	expect("one\n", 0);
	assert_int_equal(poll(&report, 1, 0), 0);
	assert_int_equal(tail_due_ms(&tail), world.now_ms + TAIL_LOOK_MS);
	rename(path, other);
	add("two\n");
	assert_int_equal(poll(&report, 1, 1000), 1);
	expect("two\n", TAIL_ROTATED);
	add("three\n");
	assert_int_equal(poll(&report, 1, 1000), 1);
	expect("three\n", 0);
	finish("", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_renamed_twice_at_once),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_truncated_to_lines_alike),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_not_there_yet),
		cmocka_unit_test(test_unreadable_at_first),
		cmocka_unit_test(test_report),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
