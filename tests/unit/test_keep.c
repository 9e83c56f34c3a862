/* test_keep - a Maildir that is written: whole messages only, each once
 * SPDX-License-Identifier: MIT */
#include "sys/file.h"
#include "talk/keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
		assert_true(keep_open(&k, place, NULL));
		assert_true(keep_begin(&k, "a"));
		for (size_t at = 0; at < text.n; at += cut)
			assert_true(keep_part(&k, bytes_head(bytes_skip(text, at), cut)));
		assert_true(keep_end(&k));
		assert_true(keep_sync(&k));
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

static void test_a_line_end_that_the_message_has_not(void **state)
{
	struct keep k = { 0 };
	char path[200];

	(void)state;
	assert_true(keep_open(&k, place, NULL));
	assert_true(keep_begin(&k, "a"));
	assert_true(keep_part(&k, BYTES("x\r\ny\r\n")));
	k.no_end = true;
	assert_true(keep_end(&k));
	assert_true(keep_sync(&k));
	holds("a", "x\ny");
	keep_close(&k);
	snprintf(path, sizeof(path), "%s/new/a", place);
	assert_int_equal(unlink(path), 0);
}

static void test_half_a_message_is_not_kept(void **state)
{
	struct keep k = { 0 };

	(void)state;
	assert_true(keep_open(&k, place, NULL));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_part(&k, BYTES("half of it, and longer than the whole")));
	keep_close(&k);
	k = (struct keep){ 0 };
	assert_true(keep_open(&k, place, NULL));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_part(&k, BYTES("whole")));
	assert_true(keep_end(&k));
	assert_true(keep_sync(&k));
	holds("b", "whole");
	keep_close(&k);
}

static void test_whole_messages_wait_for_the_disk(void **state)
{
	struct keep k = { 0 };
	char path[200], name[40];

	(void)state;
	snprintf(path, sizeof(path), "%s/new/b", place);
	unlink(path);
	assert_true(keep_open(&k, place, NULL));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_end(&k));
	assert_int_equal(access(path, F_OK), -1);
	keep_close(&k);
	k = (struct keep){ 0 };
	assert_true(keep_open(&k, place, NULL));
	assert_true(keep_begin(&k, "b"));
	assert_true(keep_end(&k));
	for (int i = 1; i < KEEP_WAITING_MAX; i++) {
		assert_int_equal(access(path, F_OK), -1);
		snprintf(name, sizeof(name), "%d", i);
		assert_true(keep_begin(&k, name));
		assert_true(keep_end(&k));
	}
	assert_int_equal(access(path, F_OK), 0);
	keep_close(&k);
	for (int i = 1; i < KEEP_WAITING_MAX; i++) {
		snprintf(path, sizeof(path), "%s/new/%d", place, i);
		assert_int_equal(unlink(path), 0);
	}
}

/* How a run over the first count of three messages ends: well, inside the last of them, or killed
 * with whole ones waiting. */
enum run_end { WELL, CUT, KILLED };

static void run_mbox(const char *path, int count, enum run_end end, int had)
{
	static const char *const names[] = { "one", "two", "three" };
	struct keep k = { 0 };

	if (!keep_open(&k, path, NULL))
		fail_msg("%s", k.err.text);
	for (int i = 0; i < count; i++) {
		if (!keep_begin(&k, names[i]))
			continue;
		assert_true(keep_part(&k, BYTES("S: x\r\n\r\n>From a\r\nFro")));
		if (end == CUT && i == count - 1)
			break;
		assert_true(keep_part(&k, BYTES("m b\r\nFro\r\n")));
		assert_true(keep_end(&k));
	}
	assert_int_equal(k.had, had);
	if (end != KILLED)
		assert_true(keep_sync(&k));
	keep_close(&k);
}

static void test_mbox_goes_on_after_a_cut(void **state)
{
	static const char from[] = "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"
				   "S: x\n\n>>From a\n>From b\nFro\n\n";
	struct buf content = BUF(10000);
	struct err e = { 0 };
	char path[100], beside[120];

	(void)state;
	snprintf(path, sizeof(path), "%s/a.mbox", place);
	snprintf(beside, sizeof(beside), "%s.kept", path);
	run_mbox(path, 3, KILLED, 0);
	run_mbox(path, 1, CUT, 0);
	run_mbox(path, 2, CUT, 0);
	run_mbox(path, 2, WELL, 1);
	run_mbox(path, 3, KILLED, 2);
	run_mbox(path, 3, CUT, 2);
	run_mbox(path, 3, WELL, 2);
	run_mbox(path, 3, WELL, 3);
	assert_true(file_read(path, &content, &e));
	assert_int_equal(content.n, 3 * (sizeof(from) - 1));
	assert_true(bytes_starts(buf_bytes(&content), BYTES(from)));
	buf_free(&content);

	/* what somebody else put there is never cut off */
	struct keep k = { 0 };
	assert_true(file_read(path, &content, &e));
	buf_puts(&content, "more");
	assert_true(file_write(path, buf_bytes(&content), true, &e));
	assert_false(keep_open(&k, path, NULL));
	keep_close(&k);
	assert_int_equal(unlink(beside), 0);
	k = (struct keep){ 0 };
	assert_false(keep_open(&k, path, NULL));
	keep_close(&k);
	struct buf again = BUF(10000);
	assert_true(file_read(path, &again, &e));
	assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&content)));
	buf_free(&again);
	buf_free(&content);
	unlink(path);
	unlink(beside);
}

/* One that vanished on the server leaves no trace, wherever in the run it stood. */
static void test_mbox_without_what_never_ended(void **state)
{
	static const char from[] = "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n";
	struct buf content = BUF(200000);
	struct err e = { 0 };
	char path[100], beside[120];

	(void)state;
	snprintf(path, sizeof(path), "%s/b.mbox", place);
	snprintf(beside, sizeof(beside), "%s.kept", path);
	for (int missing = 0; missing < 3; missing++) {
		for (int round = 0; round < 2; round++) {
			static char big[KEEP_CHUNK + 100];
			struct keep k = { 0 };
			if (!keep_open(&k, path, NULL))
				fail_msg("%s", k.err.text);
			for (int i = 0; i < 3; i++) {
				char name[2] = { (char)('a' + i), '\0' };
				if (!keep_begin(&k, name))
					continue;
				memset(big, name[0], sizeof(big));
				assert_true(keep_part(&k,
						bytes_head((struct bytes){ (unsigned char *)big,
									   sizeof(big) },
								i == missing ? sizeof(big) : 1)));
				assert_true(i == missing || keep_end(&k));
			}
			assert_int_equal(k.had, round == 0 ? 0 : 2);
			assert_true(keep_sync(&k));
			keep_close(&k);
			assert_true(file_read(path, &content, &e));
			if (missing < 2) /* the last one is cut off when the file is next opened */
				assert_int_equal(content.n, 2 * (sizeof(from) - 1 + 3));
			buf_clear(&content);
		}
		unlink(path);
		unlink(beside);
	}
	buf_free(&content);
}

/* More than what .kept is read by at a time. */
static void test_mbox_of_many(void **state)
{
	enum { MANY = 3000 };
	char path[100], beside[120], name[40];

	(void)state;
	snprintf(path, sizeof(path), "%s/c.mbox", place);
	snprintf(beside, sizeof(beside), "%s.kept", path);
	for (int round = 0; round < 2; round++) {
		struct keep k = { 0 };
		if (!keep_open(&k, path, NULL))
			fail_msg("%s", k.err.text);
		for (int i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "name-of-a-message-%d", i * 7 % MANY);
			if (i % 2 == 0 || round > 0)
				assert_true(!keep_begin(&k, name) || keep_end(&k));
		}
		assert_int_equal(k.kept, MANY / 2);
		assert_int_equal(k.had, round == 0 ? 0 : MANY / 2);
		assert_true(keep_sync(&k));
		keep_close(&k);
	}
	unlink(path);
	unlink(beside);
}

static void test_kept_is_none_of_ours(void **state)
{
	static const struct {
		const char *text;
		size_t times;
	} cases[] = { { "Dear diary,\n", 1 }, { "name 3x\n", 1 }, { "no end", 100 },
		{ "no end", 100000 } };
	char path[100], beside[120];

	(void)state;
	snprintf(path, sizeof(path), "%s/d.mbox", place);
	snprintf(beside, sizeof(beside), "%s.kept", path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf kept = BUF(1000000), left = BUF(100);
		struct keep k = { 0 };
		struct err e = { 0 };
		for (size_t n = 0; n < cases[i].times; n++)
			buf_puts(&kept, cases[i].text);
		assert_true(file_write(path, BYTES("a letter"), true, &e));
		assert_true(file_write(beside, buf_bytes(&kept), true, &e));
		assert_false(keep_open(&k, path, NULL));
		keep_close(&k);
		assert_true(file_read(path, &left, &e));
		assert_string_equal(buf_text(&left), "a letter");
		buf_free(&kept);
		buf_free(&left);
	}
	unlink(path);
	unlink(beside);
}

static void test_no_place(void **state)
{
	struct keep k = { 0 };

	(void)state;
	assert_false(keep_open(&k, "/dev/null/x", NULL));
	assert_int_equal(k.err.kind, ERR_LOCAL);
	keep_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends_and_pieces),
		cmocka_unit_test(test_a_line_end_that_the_message_has_not),
		cmocka_unit_test(test_half_a_message_is_not_kept),
		cmocka_unit_test(test_whole_messages_wait_for_the_disk),
		cmocka_unit_test(test_mbox_goes_on_after_a_cut),
		cmocka_unit_test(test_mbox_without_what_never_ended),
		cmocka_unit_test(test_mbox_of_many),
		cmocka_unit_test(test_kept_is_none_of_ours),
		cmocka_unit_test(test_no_place),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
