/* test_starved - whole applets whose allocations fail
 * SPDX-License-Identifier: MIT
 *
 * Linked with --wrap for malloc, calloc and realloc, so that the libraries' are met too. Each try
 * is a process of its own, as running out of memory ends one.
 */
#include "tests/fakes/fake_runs.h"

#include "sys/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TRIES_MAX = 30, FOUND_BY_SANITIZER = 99 };

struct starving {
	size_t seen;    /* allocations so far */
	size_t fail_at; /* this one fails; 0 = none */
	bool goes_on;   /* and all after it */
};

static struct starving *starving; /* shared with the child */

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:exitcode=99"; /* FOUND_BY_SANITIZER; 1 is an applet's own */
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
	if (!starving)
		return false;
	size_t number = ++starving->seen;
	return starving->fail_at > 0 &&
			(number == starving->fail_at ||
					(starving->goes_on && number > starving->fail_at));
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
	return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

/* The exit code; -1 = killed by a signal. */
static int attempt(const struct fake_run *run, struct bytes in, size_t fail_at, bool goes_on)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct buf shown = BUF(1 << 24);
		if (!freopen("/dev/null", "w", stderr))
			_exit(FOUND_BY_SANITIZER);
		*starving = (struct starving){ .fail_at = fail_at, .goes_on = goes_on };
		_exit(fake_runs_do(run, in, 0, &shown));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	starving->fail_at = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void starve(const char *name, struct bytes in)
{
	const struct fake_run *run = &fake_runs[in.p[0] % fake_runs_count];

	in = bytes_skip(in, 1);
	int whole = attempt(run, in, 0, false);

	assert_in_range(whole, 0, 3);
	size_t all = starving->seen;
	for (size_t i = 0; i < TRIES_MAX; i++) {
		size_t at = all <= TRIES_MAX ? i + 1 : 1 + i * all / TRIES_MAX;
		int code = attempt(run, in, at, i % 2 == 0);
		if (code < 0 || code > 3)
			fail_msg("%s: exit code %d, allocation %zu of %zu", name, code, at, all);
	}
}

/* The sessions that the fuzzer begins with. */
static void test_starved(void **state)
{
	static const char folder[] = "tests/fuzz/corpus/applets";
	DIR *d = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(d);
	starving = mmap(NULL, sizeof(*starving), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_ptr_not_equal(starving, MAP_FAILED);
	while ((entry = readdir(d)) != NULL) {
		struct buf text = BUF(1 << 20), path = BUF(4096);
		struct err e;
		if (entry->d_name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s", folder, entry->d_name);
		assert_true(file_read(buf_text(&path), &text, &e));
		starve(entry->d_name, buf_bytes(&text));
		buf_free(&text);
		buf_free(&path);
		count++;
	}
	closedir(d);
	assert_true(count > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_starved) };

	return cmocka_run_group_tests_name("starved", tests, NULL, NULL);
}
