/* test_keep - a Maildir that is written: whole messages only, each once
 * SPDX-License-Identifier: MIT */
#include "sys/file.h"
#include "talk/keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char place[] = "/tmp/mtabox-keep-XXXXXX";

static int make_place(void **state)
{
	(void)state;
	return mkdtemp(place) ? 0 : -1;
}

static int remove_place(void **state)
{
	static const char *const parts[] = { "new/a", "new/b", "tmp/b", "tmp", "new", "cur", "" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", place, parts[i]);
		remove(path);
	}
	return 0;
}

static void holds(const char *name, const char *text)
{
	struct buf content = BUF(1000);
	struct err e = { 0 };
	char path[200];

	snprintf(path, sizeof(path), "%s/new/%s", place, name);
	if (!file_read(path, &content, &e))
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(&content), text);
	buf_free(&content);
}

static void test_line_ends_and_pieces(void **state)
{
	const struct bytes text = BYTES("a\r\nb\rc\n\r\r\nd\r");

	(void)state;
	for (size_t cut = 1; cut <= text.n; cut++) {
		struct keep k = { 0 };
		assert_true(keep_open(&k, place));
		assert_true(keep_begin(&k, "a"));
		for (size_t at = 0; at < text.n; at += cut)
			assert_true(keep_part(&k, bytes_head(bytes_skip(text, at), cut)));
		assert_true(keep_end(&k));
		holds("a", "a\nb\rc\n\r\nd\r");
		assert_false(keep_begin(&k, "a"));
		assert_int_equal(k.err.kind, ERR_NONE);
		assert_int_equal(k.had, 1);
		keep_close(&k);
		char path[200];
		snprintf(path, sizeof(path), "%s/new/a", place);
		assert_int_equal(unlink(path), 0);
	}
}

static void test_half_a_message_is_not_kept(void **state)
{
	struct keep k = { 0 };

	(void)state;
	assert_true(keep_open(&k, place));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_part(&k, BYTES("half of it, and longer than the whole")));
	keep_close(&k);
	k = (struct keep){ 0 };
	assert_true(keep_open(&k, place));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_part(&k, BYTES("whole")));
	assert_true(keep_end(&k));
	holds("b", "whole");
	keep_close(&k);
}

static void test_no_place(void **state)
{
	struct keep k = { 0 };

	(void)state;
	assert_false(keep_open(&k, "/dev/null/x"));
	assert_int_equal(k.err.kind, ERR_LOCAL);
	keep_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends_and_pieces),
		cmocka_unit_test(test_half_a_message_is_not_kept),
		cmocka_unit_test(test_no_place),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
