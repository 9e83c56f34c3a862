/* world - clock, random, streams and environment of a run
 * SPDX-License-Identifier: MIT */
#include "sys/world.h"

#include "sys/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_wanted;

bool out_flush(struct out *o)
{
	struct bytes left = buf_bytes(&o->pending);

	if (o->fd < 0 && o->capture)
		buf_put(o->capture, left);
	while (o->fd >= 0 && left.n > 0 && !o->failed) {
		ssize_t n = write(o->fd, left.p, left.n);
		if (n >= 0) {
			left = bytes_skip(left, (size_t)n);
		} else if (errno == EAGAIN) {
			/* a descriptor shared with somebody who made it non-blocking */
			struct pollfd wait = { .fd = o->fd, .events = POLLOUT };
			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			o->failed = true;
			o->failed_errno = errno;
		}
	}
	buf_clear(&o->pending);
	return !o->failed;
}

void out_put(struct out *o, struct bytes data)
{
	o->pending.max = SIZE_MAX;
	while (data.n > 0) {
		struct bytes part = bytes_head(data, OUT_CHUNK);
		buf_put(&o->pending, part);
		data = bytes_skip(data, part.n);
		if (o->pending.n >= OUT_CHUNK)
			out_flush(o);
	}
}

void out_puts(struct out *o, const char *text)
{
	out_put(o, bytes_of(text));
}

void out_printf(struct out *o, const char *format, ...)
{
	va_list args;

	o->pending.max = SIZE_MAX;
	va_start(args, format);
	buf_vprintf(&o->pending, format, args);
	va_end(args);
	if (o->pending.n >= OUT_CHUNK)
		out_flush(o);
}

uint64_t world_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t real_mono_ms(struct world *w)
{
	(void)w;
	return world_mono_us() / 1000;
}

static int64_t real_wall_s(struct world *w)
{
	(void)w;
	return (int64_t)time(NULL);
}

void world_random(void *p, size_t n)
{
	unsigned char *to = p;

	while (n > 0) {
		ssize_t got = getrandom(to, n, 0);
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		} else if (errno != EINTR) {
			bug("getrandom"); /* kernels before 3.17; nothing secret may be made up there */
		}
	}
}

static void real_random(struct world *w, void *p, size_t n)
{
	(void)w;
	world_random(p, n);
}

static const char *real_env(struct world *w, const char *name)
{
	(void)w;
	return getenv(name);
}

static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
			bug("a standard descriptor is closed and /dev/null is missing");
}

/* POSIX: the first of these that is set and not empty decides. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value && *value) {
			struct bytes b = bytes_of(value);
			return bytes_search_nocase(b, BYTES("utf-8")) < b.n ||
					bytes_search_nocase(b, BYTES("utf8")) < b.n;
		}
	}
	return false;
}

static unsigned terminal_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col < 200 ? size.ws_col : 200;
}

void world_init_real(struct world *w)
{
	bool in_closed = fcntl(0, F_GETFD) < 0;
	bool out_closed = fcntl(1, F_GETFD) < 0;

	open_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	*w = (struct world){
		.out = { .fd = 1, .tty = isatty(1) },
		.err = { .fd = 2, .tty = isatty(2) },
		.in_fd = in_closed ? -1 : 0,
		.in_tty = isatty(0),
		.columns = terminal_columns(1),
		.utf8 = locale_is_utf8(),
		.mono_ms = real_mono_ms,
		.wall_s = real_wall_s,
		.random = real_random,
		.env = real_env,
	};
	if (gethostname(w->host_name, sizeof(w->host_name) - 1) < 0)
		w->host_name[0] = '\0';
	if (out_closed) { /* what is written is lost, and that is a failed run */
		w->out.failed = true;
		w->out.failed_errno = EBADF;
	}
}

bool world_finish(struct world *w)
{
	bool out_kept = out_flush(&w->out);

	/* close() tells of a full disk on NFS; /dev/full and pipes are told by write() */
	if (w->out.fd >= 0 && out_kept && close(w->out.fd) < 0 && errno != EINTR) {
		w->out.failed = true;
		w->out.failed_errno = errno;
		out_kept = false;
	}
	if (!out_kept && w->err.fd >= 0)
		out_printf(&w->err, "mtabox: standard output was not written: %s\n",
				strerror(w->out.failed_errno));
	out_flush(&w->err);
	buf_free(&w->out.pending);
	buf_free(&w->err.pending);
	return out_kept;
}

int world_poll(struct world *w, struct pollfd *fds, size_t count, uint64_t deadline_ms)
{
	for (;;) {
		uint64_t now = w->mono_ms(w);
		uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
		int wait_ms = left > 3600000 ? 3600000 : (int)left;
		int ready = poll(fds, (nfds_t)count, wait_ms);
		if (ready > 0)
			return ready;
		if (world_stopping() || (ready == 0 && (uint64_t)wait_ms == left))
			return 0;
		if (ready < 0 && errno != EINTR && errno != EAGAIN)
			bug("poll");
	}
}

static void on_stop(int number)
{
	(void)number;
	stop_wanted = 1;
}

void world_catch_stop(void)
{
	struct sigaction action = { .sa_handler = on_stop };

	stop_wanted = 0;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

bool world_stopping(void)
{
	return stop_wanted != 0;
}
