/* gz - unpacks gzip files, also joined, cut and damaged ones
 * SPDX-License-Identifier: MIT */
#include "sys/gz.h"

#include "sys/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
	IN_SIZE = 128 * 1024,
	HEADER = 10,
	PIPE_SIZE = 1024 * 1024,
	CODE_ERRNO = 128 /* in a child's exit code: errno is added; else its faults */
};

struct gz {
	z_stream z;
	int fd;
	const char *name;
	bool at_end;    /* of the file */
	bool in_member; /* or else between two of them */
	bool any;       /* a member was seen */
	bool broke_off; /* a line end is due */
	unsigned faults;
	bool is_beside; /* a child unpacks */
	pid_t child;    /* 0 = it has ended */
	int pipe;       /* from it; -1 = at its end */
	unsigned char in[IN_SIZE];
};

/* RFC 1952 2.3: the magic, method 8, no reserved flags. Inside of damaged data more is asked for:
 * the extra flags that are in use and a known system. */
static bool is_header(const unsigned char *p, bool strictly)
{
	if (p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || (p[3] & 0xe0))
		return false;
	return !strictly || ((p[8] & ~6) == 0 && (p[9] <= 13 || p[9] == 255));
}

bool gz_is_magic(struct bytes first)
{
	return first.n >= 4 && is_header(first.p, false);
}

/* zlib gets its memory as we do: there is enough, or the process ends. */
static voidpf take_memory(voidpf ctx, uInt count, uInt n)
{
	(void)ctx;
	return xcalloc(count, n);
}

static void free_memory(voidpf ctx, voidpf p)
{
	(void)ctx;
	free(p);
}

static void begin(z_stream *z, int window_bits)
{
	z->zalloc = take_memory;
	z->zfree = free_memory;
	if (inflateInit2(z, window_bits) != Z_OK)
		bug("inflateInit2");
}

struct gz *gz_new(int fd, const char *name, struct bytes already)
{
	struct gz *g = xmalloc(sizeof(*g));

	if (already.n > IN_SIZE)
		bug("gz_new");
	begin(&g->z, 16 + MAX_WBITS);
	g->fd = fd;
	g->name = name;
	g->pipe = -1;
	if (already.n > 0)
		memcpy(g->in, already.p, already.n);
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)already.n;
	return g;
}

/* The exit code of the child; -1: it was killed. */
static int reap(struct gz *g)
{
	int status = 0;
	pid_t got;

	do
		got = waitpid(g->child, &status, 0);
	while (got < 0 && errno == EINTR);
	g->child = 0;
	return got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void gz_free(struct gz *g)
{
	if (!g)
		return;
	if (g->pipe >= 0)
		close(g->pipe);
	if (g->child > 0) { /* not read to the end */
		kill(g->child, SIGKILL);
		reap(g);
	}
	inflateEnd(&g->z);
	free(g);
}

unsigned gz_faults(const struct gz *g)
{
	return g->faults;
}

/* Reads more behind what is there. False: e. */
static bool fill(struct gz *g, struct err *e)
{
	ssize_t n;

	memmove(g->in, g->z.next_in, g->z.avail_in);
	g->z.next_in = g->in;
	do
		n = read(g->fd, g->in + g->z.avail_in, IN_SIZE - g->z.avail_in);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, ERR_LOCAL, errno, "read %s", g->name);
	g->at_end = n == 0;
	g->z.avail_in += (uInt)n;
	return true;
}

static void pass(struct gz *g, uInt n)
{
	g->z.next_in += n;
	g->z.avail_in -= n;
}

/* Goes to the next member; at_end and nothing left when there is none. Zeros between members are
 * padding. */
static bool find_member(struct gz *g, struct err *e)
{
	for (;;) {
		while (g->z.avail_in > 0 && *g->z.next_in == 0)
			pass(g, 1);
		if (g->z.avail_in < HEADER && !g->at_end) {
			if (!fill(g, e))
				return false;
			continue;
		}
		if (g->z.avail_in == 0)
			return true;
		if (g->z.avail_in < HEADER) { /* the beginning of one, or garbage */
			g->faults |= g->any && *g->z.next_in == 0x1f ? GZ_CUT : GZ_GARBAGE;
			pass(g, g->z.avail_in);
			return true;
		}
		bool strictly = g->faults & (GZ_DAMAGED | GZ_GARBAGE);
		if (is_header(g->z.next_in, strictly)) {
			inflateReset(&g->z);
			g->in_member = g->any = true;
			return true;
		}
		g->faults |= GZ_GARBAGE;
		pass(g, 1);
	}
}

static void break_off(struct gz *g, enum gz_fault why)
{
	g->faults |= why;
	g->in_member = false;
	g->broke_off = true;
}

/* One step of unpacking; what came is counted by z.avail_out. */
static bool step(struct gz *g, struct err *e)
{
	if (g->z.avail_in == 0 && !g->at_end && !fill(g, e))
		return false;
	uInt had_in = g->z.avail_in, had_out = g->z.avail_out;
	int code = inflate(&g->z, Z_NO_FLUSH);
	if (code == Z_STREAM_END)
		g->in_member = false;
	else if (code != Z_OK && code != Z_BUF_ERROR)
		break_off(g, GZ_DAMAGED);
	else if (g->at_end && g->z.avail_in == 0 && had_out == g->z.avail_out)
		break_off(g, GZ_CUT);
	else if (code == Z_BUF_ERROR && had_in == g->z.avail_in && had_in == IN_SIZE)
		break_off(g, GZ_DAMAGED); /* takes nothing: cannot be */
	return true;
}

/* The child: unpacks into the pipe. */
static _Noreturn void pass_on(struct gz *g, int to)
{
	unsigned char piece[IN_SIZE];
	struct err e;
	ssize_t n, put;

	while ((n = gz_read(g, piece, sizeof(piece), &e)) > 0)
		for (ssize_t at = 0; at < n; at += put) {
			do
				put = write(to, piece + at, (size_t)(n - at));
			while (put < 0 && errno == EINTR);
			if (put < 0) /* nobody reads it any more */
				_exit(0);
		}
	_exit(n < 0 ? CODE_ERRNO + (errno & (CODE_ERRNO - 1)) : (int)g->faults);
}

void gz_beside(struct gz *g)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* or what is allowed */
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		pass_on(g, ends[1]);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return;
	}
	g->is_beside = true;
	g->child = child;
	g->pipe = ends[0];
}

static ssize_t read_child(struct gz *g, unsigned char *to, size_t n, struct err *e)
{
	ssize_t got;

	if (g->pipe < 0)
		return 0;
	do
		got = read(g->pipe, to, n);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	close(g->pipe);
	g->pipe = -1;
	int code = reap(g);
	if (code >= CODE_ERRNO)
		err_sys(e, ERR_LOCAL, code - CODE_ERRNO, "read %s", g->name);
	else if (code < 0)
		err_set(e, ERR_LOCAL, "read %s: the process that unpacks it was killed", g->name);
	else
		g->faults = (unsigned)code;
	return code < 0 || code >= CODE_ERRNO ? -1 : 0;
}

ssize_t gz_read(struct gz *g, unsigned char *to, size_t n, struct err *e)
{
	if (g->is_beside)
		return read_child(g, to, n, e);
	g->z.next_out = to;
	g->z.avail_out = (uInt)(n < UINT32_MAX ? n : UINT32_MAX);
	uInt room = g->z.avail_out;

	while (g->z.avail_out == room) {
		if (g->broke_off) {
			g->broke_off = false;
			*to = '\n';
			return 1;
		}
		if (!g->in_member) {
			if (!find_member(g, e))
				return -1;
			if (!g->in_member)
				return 0;
		}
		if (!step(g, e))
			return -1;
	}
	return (ssize_t)(room - g->z.avail_out);
}

bool gz_unpack(struct bytes packed, size_t raw_size, struct buf *out)
{
	size_t fits;
	z_stream z = {
		.next_in = packed.p,
		.avail_in = (uInt)packed.n,
		.next_out = buf_room(out, raw_size, &fits),
		.avail_out = (uInt)raw_size,
	};

	if (!z.next_out || fits < raw_size)
		return false;
	begin(&z, MAX_WBITS);
	bool ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
	inflateEnd(&z);
	if (ok)
		buf_added(out, raw_size);
	return ok;
}

const char *gz_zlib_version(void)
{
	return zlibVersion();
}
