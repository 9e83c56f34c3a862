/* test_places - unit tests of maillogwatch's places
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/places.h"

#include "sys/buf.h"

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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char root[] = "/tmp/test_places.XXXXXX";

static const char *in_root(const char *path)
{
	static char text[300];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(root) && mkdir(in_root("/var"), 0700) == 0 &&
					mkdir(in_root("/var/log"), 0700) == 0 ?
			0 :
			-1;
}

static int end(void **state)
{
	(void)state;
	rmdir(in_root("/run/systemd/journal"));
	rmdir(in_root("/run/systemd"));
	rmdir(in_root("/run"));
	rmdir(in_root("/var/log"));
	rmdir(in_root("/var"));
	return rmdir(root);
}

static void make_file(const char *path, const char *content, time_t written)
{
	struct timespec times[2] = { { .tv_sec = written }, { .tv_sec = written } };
	int fd = open(in_root(path), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	futimens(fd, times);
	close(fd);
}

static void expect_found(const char *path)
{
	struct err e = { 0 };
	char *found = places_find(root, &e);

	if (!path) {
		assert_null(found);
		assert_non_null(strstr(e.text, "no mail log found"));
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, strncmp(path, "exec:", 5) ? in_root(path) : path);
	free(found);
}

static void test_find(void **state)
{
	(void)state;
	expect_found(NULL);
	make_file("/var/log/mail.log", "", 5000); /* empty: nobody writes it */
	expect_found(NULL);
	make_file("/var/log/messages", "x\n", 9000);
	expect_found("/var/log/messages");
	make_file("/var/log/dovecot.log", "x\n", 1000);
	expect_found("/var/log/dovecot.log");
	make_file("/var/log/maillog", "x\n", 1000);
	expect_found("/var/log/maillog");
	make_file("/var/log/mail.log", "x\n", 2000);
	expect_found("/var/log/mail.log");
	unlink(in_root("/var/log/mail.log"));
	unlink(in_root("/var/log/maillog"));
	unlink(in_root("/var/log/dovecot.log"));
	mkdir(in_root("/run"), 0700);
	mkdir(in_root("/run/systemd"), 0700);
	mkdir(in_root("/run/systemd/journal"), 0700);
	expect_found(PLACES_JOURNAL);
	make_file("/var/log/mail.log", "x\n", 2000);
	expect_found("/var/log/mail.log");
	unlink(in_root("/var/log/mail.log"));
	unlink(in_root("/var/log/messages"));
}

/* Each row's names in the order they are to be read; made in another. */
static const char *const sets[][8] = {
	{ "mail.log.10.gz", "mail.log.2.gz", "mail.log.1", "mail.log" },
	{ "maillog-20241231.gz", "maillog-20250101", "maillog-20250303.xz", "maillog" },
	{ "maillog.1.bz2", "maillog.0.bz2", "maillog" },
	{ "postfix.log.20250303-040506.gz", "postfix.log.20250303-235959", "postfix.log" },
	{ "m.log-20250101", "m.log.2", "m.log.1" }, /* the log itself is not there */
};

static const char *const strangers[] = { "mail.log.err", "mail.log2", "mail.log.1.swp",
	"mail.log-2025-03-03", "mail.logs.1", "mail.log.", "mail.log.gz", "xmail.log",
	"mail.log.12345678901" };

static void expect_set(const char *const *names, size_t count)
{
	struct places set;
	struct err e = { 0 };
	char log[100];
	size_t base = strcspn(names[count - 1], ".-");

	base += strncmp(names[count - 1] + base, ".log", 4) ? 0 : 4;
	snprintf(log, sizeof(log), "/var/log/%.*s", (int)base, names[count - 1]);
	assert_true(places_rotated(in_root(log), &set, &e));
	assert_int_equal(set.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(strrchr(set.at[i], '/') + 1, names[i]);
	places_free(&set);
}

static void test_rotated(void **state)
{
	struct places set;
	struct err e = { 0 };
	char path[100];

	(void)state;
	assert_false(places_rotated(in_root("/var/log/mail.log"), &set, &e));
	assert_non_null(strstr(e.text, "no such file"));
	assert_false(places_rotated(in_root("/var/logs/mail.log"), &set, &e));
	assert_non_null(strstr(e.text, "No such file or directory"));
	for (size_t i = 0; i < COUNT(strangers); i++) {
		snprintf(path, sizeof(path), "/var/log/%s", strangers[i]);
		make_file(path, "x\n", 0);
	}
	for (size_t i = 0; i < COUNT(sets); i++) {
		size_t count = 0;
		while (count < COUNT(sets[i]) && sets[i][count])
			count++;
		for (size_t j = 0; j < count; j++) {
			snprintf(path, sizeof(path), "/var/log/%s", sets[i][(j * 3 + 1) % count]);
			make_file(path, "x\n", 1000 * (time_t)(j + 1));
			snprintf(path, sizeof(path), "/var/log/%s", sets[i][j]);
			make_file(path, "x\n", 1000 * (time_t)(j + 1));
		}
		expect_set(sets[i], count);
		for (size_t j = 0; j < count; j++) {
			snprintf(path, sizeof(path), "/var/log/%s", sets[i][j]);
			unlink(in_root(path));
		}
	}
	for (size_t i = 0; i < COUNT(strangers); i++) {
		snprintf(path, sizeof(path), "/var/log/%s", strangers[i]);
		unlink(in_root(path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rotated),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
