/* test_install - unit tests of applets/install
 * SPDX-License-Identifier: MIT */
#include "applets/install.h"
#include "tests/fakes/fake_world.h"

#include <errno.h>
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

static const struct applet list[] = {
	{ "one", "", NULL, NULL, false },
	{ "hidden", "", NULL, NULL, true },
	{ "two", "", NULL, NULL, false },
	{ 0 },
};

/* Beside the test program, so that a hard link to it is possible. */
static char self[4096], directory[4200];

static int begin(void **state)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (n <= 0)
		return -1;
	snprintf(directory, sizeof(directory), "%s.XXXXXX", self);
	return mkdtemp(directory) ? 0 : -1;
}

static const char *in_directory(const char *name)
{
	static char path[4300];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int end(void **state)
{
	(void)state;
	unlink(in_directory("one"));
	unlink(in_directory("two"));
	return rmdir(directory);
}

static bool is_self(const char *path)
{
	struct stat a, b;

	return stat(self, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
			a.st_dev == b.st_dev;
}

static void test_links(void **state)
{
	(void)state;
	for (int is_symbolic = 0; is_symbolic < 2; is_symbolic++) {
		struct fake_world f;
		struct stat st;
		char target[4096] = "";
		fake_world_init(&f);
		assert_int_equal(install_links(&f.w, list, "x", directory, is_symbolic), 0);
		assert_memory_equal(fake_world_out(&f), "2 new links in ", 15);
		assert_true(is_self(in_directory("one")) && is_self(in_directory("two")));
		assert_int_equal(access(in_directory("hidden"), F_OK), -1);
		assert_int_equal(lstat(in_directory("one"), &st), 0);
		assert_int_equal(S_ISLNK(st.st_mode), is_symbolic);
		if (is_symbolic) {
			assert_true(readlink(in_directory("one"), target, sizeof(target) - 1) > 0);
			assert_string_equal(target, self);
		}
		fake_world_clear(&f);
		assert_int_equal(install_links(&f.w, list, "x", directory, !is_symbolic),
				0); /* again */
		assert_memory_equal(fake_world_out(&f), "0 new links in ", 15);
		fake_world_free(&f);
		end(NULL);
		assert_int_equal(mkdir(directory, 0700), 0);
	}
}

static void test_taken(void **state)
{
	struct fake_world f;
	char text[4] = "";

	(void)state;
	int fd = open(in_directory("one"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "me", 2), 2);
	close(fd);
	assert_int_equal(symlink("/nonexistent", in_directory("two")), 0);
	fake_world_init(&f);
	assert_int_equal(install_links(&f.w, list, "x", directory, true), 1);
	assert_non_null(strstr(fake_world_err(&f), "/one: another file has this name\n"));
	assert_non_null(strstr(fake_world_err(&f), "/two: another file has this name\n"));
	fd = open(in_directory("one"), O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	assert_string_equal(text, "me");
	close(fd);
	fake_world_free(&f);
	unlink(in_directory("one"));
	unlink(in_directory("two"));
}

static void test_no_directory(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	assert_int_equal(install_links(&f.w, list, "x", "/nonexistent/\033", true), 3);
	assert_string_equal(fake_world_err(&f),
			"mtabox: link /nonexistent/\\x1b/one: No such file or directory\n");
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
