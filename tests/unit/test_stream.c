/* test_stream - sockets, children and memory as streams
 * SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakes/fake_world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { LIMIT_MS = 10000 };

static int setup(void **state)
{
	struct fake_world *f = test_calloc(1, sizeof(*f));

	fake_world_init(f);
	fake_world_real_clock(f);
	signal(SIGPIPE, SIG_DFL); /* a write to a dead peer must not need it ignored */
	*state = f;
	return 0;
}

static int setup_fake_clock(void **state)
{
	setup(state);
	struct fake_world *f = *state;
	fake_world_free(f);
	fake_world_init(f);
	return 0;
}

static int teardown(void **state)
{
	fake_world_free(*state);
	test_free(*state);
	return 0;
}

static uint64_t limit(struct world *w)
{
	return w->mono_ms(w) + LIMIT_MS;
}

/* --- memory --- */

static void test_memory_chunks(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ "220 a\r\n", 0, false },
		{ "250 b\r\n", 0, true },
		{ "c\0d", 3, false },
	};
	struct fake_world *f = *state;

	for (size_t max = 0; max < 9; max++) { /* whole, byte by byte, in larger parts */
		struct stream_memory m = { .chunks = chunks,
			.count = COUNT(chunks),
			.max_read = max,
			.advance = fake_world_advance };
		struct stream *s = stream_memory(&f->w, &m);
		struct buf in = BUF(1000);
		struct err e;
		while (in.n < 7) {
			size_t before = in.n;
			assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
			assert_true(max == 0 || in.n - before <= max);
		}
		assert_string_equal(buf_text(&in), "220 a\r\n");
		assert_int_equal(stream_read(s, &in, limit(&f->w), &e),
				IO_TIMEOUT); /* nothing was written */
		assert_int_equal(e.kind, ERR_TIMEOUT);
		assert_int_equal(stream_write(s, BYTES("EHLO x\r\n"), limit(&f->w), &e), IO_OK);
		while (in.n < 17)
			assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
		assert_memory_equal(in.p, "220 a\r\n250 b\r\nc\0d", 17);
		assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_CLOSED);
		assert_int_equal(e.kind, ERR_CLOSED);
		assert_string_equal(buf_text(&m.written), "EHLO x\r\n");
		assert_true(stream_is_local(s));
		assert_false(stream_is_tls(s));
		assert_false(stream_pending(s));
		assert_int_equal(stream_get_fd(s), -1);
		stream_close(s);
		buf_free(&in);
		buf_free(&m.written);
	}
}

static void test_memory_hang_moves_the_clock(void **state)
{
	struct fake_world *f = *state;
	struct stream_memory m = { .hang = true, .advance = fake_world_advance };
	struct stream *s = stream_memory(&f->w, &m);
	struct buf in = BUF(100);
	uint64_t begin = f->w.mono_ms(&f->w);
	struct err e;

	assert_int_equal(stream_read(s, &in, begin + 60000, &e), IO_TIMEOUT);
	assert_int_equal(f->w.mono_ms(&f->w), begin + 60000);
	assert_non_null(strstr(e.text, "memory: no answer in time"));
	stream_close(s);
	buf_free(&in);
}

static void test_deadline_stops_a_flood(void **state)
{
	static const struct stream_chunk flood = { "xxxxxxxxxxxxxxxxxxxxxxxx", 0, false };
	struct fake_world *f = *state;
	struct stream_memory m = { .chunks = &flood, .count = 1, .max_read = 1 };
	struct stream *s = stream_memory(&f->w, &m);
	struct buf in = BUF(100);
	uint64_t deadline = f->w.mono_ms(&f->w) + 5;
	struct err e;

	for (int i = 0; i < 5; i++) { /* each octet takes a millisecond */
		assert_int_equal(stream_read(s, &in, deadline, &e), IO_OK);
		fake_world_advance(&f->w, f->w.mono_ms(&f->w) + 1);
	}
	assert_int_equal(stream_read(s, &in, deadline, &e), IO_TIMEOUT);
	assert_int_equal(stream_write(s, BYTES("x"), deadline, &e), IO_TIMEOUT);
	assert_int_equal(stream_read(s, &in, 0, &e), IO_OK); /* 0 looks */
	stream_close(s);
	buf_free(&in);
}

static void test_full_buffer(void **state)
{
	static const struct stream_chunk chunk = { "0123456789", 0, false };
	struct fake_world *f = *state;
	struct stream_memory m = { .chunks = &chunk, .count = 1 };
	struct stream *s = stream_memory(&f->w, &m);
	struct buf in = BUF(4);
	struct err e;

	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
	assert_int_equal(in.n, 4);
	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_FAILED);
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_string_equal(e.text, "memory: more than 4 octets came");
	stream_close(s);
	buf_free(&in);
}

static void test_partial_writes(void **state)
{
	struct fake_world *f = *state;

	for (size_t max = 0; max < 7; max++) {
		struct stream_memory m = { .max_write = max };
		struct stream *s = stream_memory(&f->w, &m);
		struct err e;
		assert_int_equal(stream_write(s, BYTES("NOOP\r\n"), limit(&f->w), &e), IO_OK);
		assert_string_equal(buf_text(&m.written), "NOOP\r\n");
		stream_close(s);
		buf_free(&m.written);
	}
}

static void test_close_of_nothing(void **state)
{
	(void)state;
	stream_close(NULL);
}

/* --- sockets --- */

/* A listener on a free port of 127.0.0.1, or of ip. */
static int listen_on(const char *ip, struct addr *a)
{
	int fd;

	assert_true(addr_parse(a, ip, 0, NULL));
	fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a->sa, a->len), 0);
	assert_int_equal(listen(fd, 5), 0);
	a->len = sizeof(a->sa);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a->sa, &a->len), 0);
	return fd;
}

static struct stream *connect_to(struct world *w, const struct addr *a, const char *bind_ip,
		struct err *e)
{
	struct addr_list list = { .at = { *a }, .count = 1 };
	struct stream_connect c = { .deadline_ms = limit(w), .bind_ip = bind_ip };

	return stream_connect(w, &list, &c, e);
}

static void test_tcp(void **state)
{
	struct fake_world *f = *state;
	struct addr a;
	struct err e = { .kind = ERR_NONE };
	struct buf in = BUF(1000);
	char text[ADDR_TEXT_MAX];
	int listener = listen_on("127.0.0.1", &a);
	struct stream *s = connect_to(&f->w, &a, "127.0.0.3", &e);

	assert_non_null(s);
	struct stream *peer = stream_fd(&f->w, accept(listener, NULL, NULL));
	addr_text(&a, text);
	assert_string_equal(stream_peer(s), text);
	assert_string_equal(stream_peer_ip(s), "127.0.0.1");
	assert_string_equal(stream_local_ip(s), "127.0.0.3");
	assert_string_equal(stream_peer_ip(peer), "127.0.0.3");
	assert_string_equal(stream_local_ip(peer), "127.0.0.1");
	assert_true(stream_is_local(s));
	assert_true(stream_get_fd(s) > 2);

	short wants;
	assert_int_equal(stream_try_read(s, &in, &wants, &e), IO_TIMEOUT);
	assert_int_equal(wants, POLLIN);
	assert_int_equal(stream_write(peer, BYTES("220 x\r\n"), limit(&f->w), &e), IO_OK);
	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
	assert_string_equal(buf_text(&in), "220 x\r\n");
	assert_int_equal(stream_read(s, &in, f->w.mono_ms(&f->w) + 20, &e), IO_TIMEOUT);
	stream_close(peer);
	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_CLOSED);
	snprintf(text, sizeof(text), "%s: closed the connection", stream_peer(s));
	assert_string_equal(e.text, text);
	stream_close(s);
	close(listener);
	buf_free(&in);
}

static void test_slow_peer_and_much_data(void **state)
{
	enum { SIZE = 8 << 20 };
	struct fake_world *f = *state;
	struct buf data = BUF(SIZE), in = BUF(SIZE);
	struct err e;
	size_t sent = 0, n;
	short wants;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	struct stream *a = stream_fd(&f->w, fd[0]), *b = stream_fd(&f->w, fd[1]);
	for (size_t i = 0; i < SIZE; i++)
		buf_putc(&data, (unsigned char)(i * 7 + i / 256));
	assert_int_equal(stream_write(a, buf_bytes(&data), f->w.mono_ms(&f->w) + 50, &e),
			IO_TIMEOUT);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_string_equal(e.text, "unix: does not take what we send");
	while (stream_try_read(b, &in, &wants, &e) == IO_OK)
		;
	sent = in.n;
	while (in.n < SIZE) {
		enum io io = stream_try_write(a, bytes_skip(buf_bytes(&data), sent), &n, &wants,
				&e);
		assert_true(io == IO_OK || (io == IO_TIMEOUT && wants == POLLOUT && n == 0));
		sent += n;
		assert_int_equal(stream_read(b, &in, limit(&f->w), &e), IO_OK);
	}
	assert_memory_equal(in.p, data.p, SIZE);
	stream_close(a);
	stream_close(b);
	buf_free(&data);
	buf_free(&in);
}

/* A server that says its last words and closes with our data unread resets the connection; the
 * words must still be read, also after a write has failed. */
static void test_last_words_before_a_reset(void **state)
{
	struct fake_world *f = *state;
	struct addr a;
	struct err e = { .kind = ERR_NONE };
	struct buf in = BUF(1000);
	int listener = listen_on("127.0.0.1", &a);
	struct stream *s = connect_to(&f->w, &a, NULL, &e);
	struct stream *peer = stream_fd(&f->w, accept(listener, NULL, NULL));
	struct pollfd wait = { .fd = stream_get_fd(s), .events = POLLIN };

	assert_int_equal(stream_write(peer, BYTES("421 bye\r\n"), limit(&f->w), &e), IO_OK);
	assert_int_equal(poll(&wait, 1, LIMIT_MS), 1);
	stream_close(peer);
	enum io io;
	do
		io = stream_write(s, BYTES("NOOP\r\n"), limit(&f->w), &e);
	while (io == IO_OK);
	assert_int_equal(io, IO_FAILED);
	assert_int_equal(e.kind, ERR_RESET);
	assert_non_null(strstr(e.text, stream_peer(s)));
	/* Linux keeps what was queued before the reset, once the error was reported */
	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
	assert_string_equal(buf_text(&in), "421 bye\r\n");
	stream_close(s);
	close(listener);
	buf_free(&in);
}

static void test_refused(void **state)
{
	struct fake_world *f = *state;
	struct addr a;
	struct err e;
	char text[ERR_TEXT_MAX], to[ADDR_TEXT_MAX];

	close(listen_on("127.0.0.1", &a));
	addr_text(&a, to);
	assert_null(connect_to(&f->w, &a, NULL, &e));
	assert_int_equal(e.kind, ERR_REFUSED);
	assert_int_equal(e.sys_errno, ECONNREFUSED);
	snprintf(text, sizeof(text), "connect to %s: Connection refused", to);
	assert_string_equal(e.text, text);
}

static void test_all_addresses_are_tried(void **state)
{
	struct fake_world *f = *state;
	struct addr_list list = { .count = 2 };
	struct buf tried = BUF(1000);
	struct stream_connect c = { .deadline_ms = limit(&f->w), .tried = &tried };
	char text[300], to[ADDR_TEXT_MAX];
	struct err e;

	close(listen_on("127.0.0.2", &list.at[0]));
	int listener = listen_on("127.0.0.1", &list.at[1]);
	struct stream *s = stream_connect(&f->w, &list, &c, &e);
	assert_non_null(s);
	assert_string_equal(stream_peer_ip(s), "127.0.0.1");
	addr_text(&list.at[0], to);
	snprintf(text, sizeof(text), "connect to %s: Connection refused\n", to);
	assert_string_equal(buf_text(&tried), text);
	stream_close(s);
	close(listener);
	buf_free(&tried);
}

/* A listener whose queue is full answers nothing: the way a filtered port looks. */
static void test_connect_times_out_and_goes_on(void **state)
{
	struct fake_world *f = *state;
	struct addr_list list = { .count = 3 };
	struct buf tried = BUF(1000);
	struct stream_connect c = { .connect_ms = 100, .tried = &tried };
	struct stream *fillers[8] = { NULL };
	struct err e;
	int full = listen_on("127.0.0.2", &list.at[0]);

	assert_int_equal(listen(full, 0), 0);
	for (size_t i = 0; i < COUNT(fillers); i++) {
		struct addr_list one = { .at = { list.at[0] }, .count = 1 };
		struct stream_connect quick = { .deadline_ms = f->w.mono_ms(&f->w) + 100 };
		fillers[i] = stream_connect(&f->w, &one, &quick, &e);
	}
	assert_null(fillers[COUNT(fillers) - 1]);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	list.at[1] = list.at[0];
	int listener = listen_on("127.0.0.1", &list.at[2]);
	c.deadline_ms = limit(&f->w);
	uint64_t begin = f->w.mono_ms(&f->w);
	struct stream *s = stream_connect(&f->w, &list, &c, &e);
	assert_non_null(s);
	assert_true(f->w.mono_ms(&f->w) - begin >= 200);
	assert_non_null(strstr(buf_text(&tried), "no answer in time"));
	stream_close(s);

	/* the time for all ends before the third is reached */
	buf_clear(&tried);
	c.deadline_ms = f->w.mono_ms(&f->w) + 150;
	assert_null(stream_connect(&f->w, &list, &c, &e));
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(buf_text(&tried), "not tried"));
	for (size_t i = 0; i < COUNT(fillers); i++)
		stream_close(fillers[i]);
	close(listener);
	close(full);
	buf_free(&tried);
}

static void test_bind_errors(void **state)
{
	static const struct {
		const char *ip;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ "192.0.2.77", ERR_LOCAL, "our address 192.0.2.77" },
		{ "::1", ERR_LOCAL, "not of the family of our address ::1" },
		{ "eth0", ERR_USAGE, "not an IP address" },
	};
	struct fake_world *f = *state;
	struct addr a;
	int listener = listen_on("127.0.0.1", &a);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = { .kind = ERR_NONE };
		assert_null(connect_to(&f->w, &a, cases[i].ip, &e));
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.text, cases[i].says));
	}
	close(listener);
}

static void test_no_address(void **state)
{
	struct fake_world *f = *state;
	struct addr_list list = { .count = 0 };
	struct stream_connect c = { .deadline_ms = limit(&f->w) };
	struct err e;

	assert_null(stream_connect(&f->w, &list, &c, &e));
	assert_int_equal(e.kind, ERR_RESOLVE);
}

static void test_unix_socket(void **state)
{
	struct fake_world *f = *state;
	char dir[] = "/tmp/test_stream.XXXXXX", path[64], long_path[200];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct err e = { .kind = ERR_NONE };

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	memcpy(a.sun_path, path, strlen(path));
	assert_null(stream_unix(&f->w, path, limit(&f->w), &e));
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_int_equal(e.sys_errno, ENOENT);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_null(stream_unix(&f->w, path, limit(&f->w), &e));
	assert_int_equal(e.kind, ERR_REFUSED); /* nobody listens */
	assert_int_equal(listen(listener, 0), 0);
	struct stream *s = stream_unix(&f->w, path, limit(&f->w), &e);
	assert_non_null(s);
	assert_true(stream_is_local(s));
	assert_string_equal(stream_peer(s) + 5, path);
	assert_string_equal(stream_peer_ip(s), "");
	assert_string_equal(stream_local_ip(s), "");
	assert_null(stream_unix(&f->w, path, f->w.mono_ms(&f->w) + 120,
			&e)); /* the queue is full */
	assert_int_equal(e.kind, ERR_TIMEOUT);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_null(stream_unix(&f->w, long_path, limit(&f->w), &e));
	assert_int_equal(e.kind, ERR_USAGE);
	stream_close(s);
	close(listener);
	unlink(path);
	rmdir(dir);
}

/* --- children --- */

static void test_child(void **state)
{
	struct fake_world *f = *state;
	struct err e = { .kind = ERR_NONE };
	struct buf in = BUF(1000);
	struct stream *s = stream_exec(&f->w, "  cat \t -  ", &e);

	assert_non_null(s);
	assert_true(stream_is_local(s));
	assert_string_equal(stream_peer(s), "exec:  cat \t -  ");
	assert_int_equal(stream_write(s, BYTES("there and back\n"), limit(&f->w), &e), IO_OK);
	while (in.n < 15)
		assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_OK);
	assert_string_equal(buf_text(&in), "there and back\n");
	stream_close(s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
	assert_int_equal(errno, ECHILD);
	buf_free(&in);
}

static void test_child_without_shell(void **state)
{
	struct fake_world *f = *state;
	struct err e = { .kind = ERR_NONE };
	struct buf in = BUF(1000);
	struct stream *s = stream_exec(&f->w, "echo $HOME ; \"a b\"", &e);

	assert_non_null(s);
	while (stream_read(s, &in, limit(&f->w), &e) == IO_OK)
		;
	assert_int_equal(e.kind, ERR_CLOSED);
	assert_string_equal(buf_text(&in), "$HOME ; \"a b\"\n");
	stream_close(s);
	buf_free(&in);
}

static void test_child_errors(void **state)
{
	struct fake_world *f = *state;
	struct err e = { .kind = ERR_NONE };
	char many[3 * STREAM_ARGS_MAX] = "";

	assert_null(stream_exec(&f->w, "/nonexistent/program -x", &e));
	assert_int_equal(e.kind, ERR_LOCAL);
	assert_int_equal(e.sys_errno, ENOENT);
	assert_null(stream_exec(&f->w, " \t", &e));
	assert_int_equal(e.kind, ERR_USAGE);
	for (size_t i = 0; i <= STREAM_ARGS_MAX; i++)
		memcpy(many + 2 * i, "x ", 2);
	assert_null(stream_exec(&f->w, many, &e));
	assert_int_equal(e.kind, ERR_USAGE);
}

/* Neither reads its input nor heeds SIGTERM. */
static void test_stubborn_child_is_ended(void **state)
{
	struct fake_world *f = *state;
	struct err e = { .kind = ERR_NONE };
	struct stream *s = stream_exec(&f->w, "env --ignore-signal=TERM sleep 1000", &e);

	assert_non_null(s);
	stream_close(s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_FAKE_CLOCK(f) cmocka_unit_test_setup_teardown(f, setup_fake_clock, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_FAKE_CLOCK(test_memory_chunks),
		TEST_FAKE_CLOCK(test_memory_hang_moves_the_clock),
		TEST_FAKE_CLOCK(test_deadline_stops_a_flood),
		TEST(test_full_buffer),
		TEST(test_partial_writes),
		TEST(test_close_of_nothing),
		TEST(test_tcp),
		TEST(test_slow_peer_and_much_data),
		TEST(test_last_words_before_a_reset),
		TEST(test_refused),
		TEST(test_all_addresses_are_tried),
		TEST(test_connect_times_out_and_goes_on),
		TEST(test_bind_errors),
		TEST(test_no_address),
		TEST(test_unix_socket),
		TEST(test_child),
		TEST(test_child_without_shell),
		TEST(test_child_errors),
		TEST(test_stubborn_child_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
