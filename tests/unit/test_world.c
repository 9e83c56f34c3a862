/* test_world - unit tests of sys/world, and of the fake one
 * SPDX-License-Identifier: MIT */
#include "sys/world.h"
#include "tests/fakes/fake_world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_out_capture(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	out_puts(&f.w.out, "a");
	out_printf(&f.w.out, "%d", 1);
	out_put(&f.w.err, BYTES("x\0y"));
	assert_int_equal(f.out.n, 0); /* waits for the flush */
	assert_string_equal(fake_world_out(&f), "a1");
	fake_world_err(&f);
	assert_int_equal(f.err.n, 3);
	fake_world_clear(&f);
	assert_string_equal(fake_world_out(&f), "");
	fake_world_free(&f);
}

static void test_out_chunks(void **state)
{
	static char text[3 * OUT_CHUNK + 5];
	struct fake_world f;

	(void)state;
	memset(text, 'x', sizeof(text));
	fake_world_init(&f);
	out_put(&f.w.out, (struct bytes){ (unsigned char *)text, sizeof(text) });
	assert_int_equal(f.out.n, 3 * OUT_CHUNK); /* memory stays small without a flush */
	out_flush(&f.w.out);
	assert_int_equal(f.out.n, sizeof(text));
	fake_world_free(&f);
}

static void test_out_full(void **state)
{
	struct out o = { .fd = open("/dev/full", O_WRONLY) };

	(void)state;
	out_puts(&o, "x");
	assert_false(out_flush(&o));
	assert_int_equal(o.failed_errno, ENOSPC);
	assert_false(out_flush(&o)); /* it stays failed */
	close(o.fd);
	buf_free(&o.pending);
}

static void test_out_closed_pipe(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	struct out o = { .fd = fds[1] };
	out_puts(&o, "x");
	assert_false(out_flush(&o));
	assert_int_equal(o.failed_errno, EPIPE);
	close(fds[1]);
	buf_free(&o.pending);
}

/* What a slow reader of a non-blocking pipe gets is whole. */
static void test_out_nonblocking(void **state)
{
	static char text[1 << 20];
	int fds[2];
	int status = -1;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	pid_t pid = fork();
	if (pid == 0) {
		size_t total = 0;
		close(fds[1]);
		for (ssize_t n = 1; n > 0; total += (size_t)n)
			n = read(fds[0], text, sizeof(text));
		_exit(total != sizeof(text));
	}
	close(fds[0]);
	struct out o = { .fd = fds[1] };
	out_put(&o, (struct bytes){ (unsigned char *)text, sizeof(text) });
	assert_true(out_flush(&o));
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_free(&o.pending);
}

static void test_poll(void **state)
{
	struct pollfd p;
	struct world w;
	int fds[2];

	(void)state;
	world_init_real(&w);
	assert_int_equal(pipe(fds), 0);
	p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	assert_int_equal(world_poll(&w, &p, 1, 0), 0); /* a look */
	uint64_t begun = w.mono_ms(&w);
	assert_int_equal(world_poll(&w, &p, 1, begun + 30), 0);
	assert_true(w.mono_ms(&w) >= begun + 30);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(world_poll(&w, &p, 1, 0), 1);
	assert_int_equal(world_poll(&w, &p, 1, WORLD_FOREVER), 1);
	assert_true(p.revents & POLLIN);
	close(fds[0]);
	close(fds[1]);
}

static void test_stop(void **state)
{
	struct world w;

	(void)state;
	world_init_real(&w);
	world_catch_stop();
	assert_false(world_stopping());
	raise(SIGTERM);
	assert_true(world_stopping());
	assert_int_equal(world_poll(&w, NULL, 0, w.mono_ms(&w) + 10), 0);
	world_catch_stop();
	assert_false(world_stopping());
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
}

static void test_real(void **state)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };
	struct rlimit core;
	struct world w;

	(void)state;
	world_init_real(&w);
	w.random(&w, a, sizeof(a));
	w.random(&w, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(w.wall_s(&w) > FAKE_WORLD_EPOCH);
	assert_null(w.env(&w, "MTABOX_NO_SUCH_VARIABLE"));
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_cur, 0);
	assert_int_equal(write(1, "", 0), 0);
	assert_true(w.columns >= 20 && w.columns <= 200);
}

static const struct {
	const char *all, *ctype, *lang;
	bool utf8;
} locale_rows[] = {
	{ NULL, NULL, NULL, false },
	{ NULL, NULL, "de_DE.UTF-8", true },
	{ NULL, NULL, "C.utf8", true },
	{ "C", NULL, "de_DE.UTF-8", false },
	{ "", "", "de_DE.UTF-8", true },
	{ NULL, "de_DE.ISO-8859-1", "de_DE.UTF-8", false },
	{ "en_US.utf-8", "C", "C", true },
};

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void test_locale(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(locale_rows) / sizeof(locale_rows[0]); i++) {
		struct world w;
		set("LC_ALL", locale_rows[i].all);
		set("LC_CTYPE", locale_rows[i].ctype);
		set("LANG", locale_rows[i].lang);
		world_init_real(&w);
		assert_int_equal(w.utf8, locale_rows[i].utf8);
	}
}

/* Closed standard descriptors: nothing of ours becomes number 0 to 2, and the loss of output is
 * known. */
static void test_closed(void **state)
{
	int status = -1;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct world w;
		close(0);
		close(1);
		close(2);
		world_init_real(&w);
		int next = open("/dev/null", O_RDONLY);
		bool ok = next > 2 && w.in_fd == -1 && w.out.failed && w.out.failed_errno == EBADF;
		out_puts(&w.out, "x");
		ok = ok && !world_finish(&w);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_fake(void **state)
{
	unsigned char a[8], b[8];
	struct fake_world f;
	char text[10] = "";

	(void)state;
	fake_world_init(&f);
	assert_true(f.w.mono_ms(&f.w) == 0 && f.w.wall_s(&f.w) == FAKE_WORLD_EPOCH);
	fake_world_advance(&f.w, 61000);
	fake_world_advance(&f.w, 5); /* never back */
	fake_world_advance(&f.w, WORLD_FOREVER);
	assert_true(f.w.mono_ms(&f.w) == 61000 && f.w.wall_s(&f.w) == FAKE_WORLD_EPOCH + 61);
	f.w.random(&f.w, a, sizeof(a));
	fake_world_setenv(&f, "A", "1");
	fake_world_setenv(&f, "A", "2");
	assert_string_equal(f.w.env(&f.w, "A"), "2");
	fake_world_setenv(&f, "A", NULL);
	assert_null(f.w.env(&f.w, "A"));
	fake_world_stdin(&f, BYTES("one"));
	fake_world_stdin(&f, BYTES("two"));
	assert_int_equal(read(f.w.in_fd, text, sizeof(text)), 3);
	assert_string_equal(text, "two");
	fake_world_free(&f);
	fake_world_init(&f);
	f.w.random(&f.w, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out_capture),
		cmocka_unit_test(test_out_chunks),
		cmocka_unit_test(test_out_full),
		cmocka_unit_test(test_out_closed_pipe),
		cmocka_unit_test(test_out_nonblocking),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_locale),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_fake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
