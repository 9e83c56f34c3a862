/* tail - follows a growing file by its name
 * SPDX-License-Identifier: MIT
 *
 * Loggers rotate in two ways. Renamed: syslogd goes on writing to the old file until it is told, so
 * both are read until the old one is silent. Copied and truncated: the same file begins anew; when
 * it has grown past the old offset before we look, only the octets before the offset tell.
 */
#include "sys/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_at(int fd, void *to, size_t n, uint64_t offset)
{
	ssize_t got;

	do
		got = pread(fd, to, n, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got;
}

/* --- one file --- */

static void file_close(struct tail *t, struct tail_file *f)
{
	if (f->watch >= 0)
		inotify_rm_watch(t->notify, f->watch);
	if (f->fd >= 0)
		close(f->fd);
	cutter_free(&f->cutter);
	*f = (struct tail_file){ .fd = -1, .watch = -1 };
}

static void take_mark(struct tail_file *f, struct tail_mark *m, uint64_t at, size_t n)
{
	m->at = at;
	m->n = read_at(f->fd, m->octets, n, at) == (ssize_t)n ? n : 0;
}

static bool has_mark(const struct tail_file *f, const struct tail_mark *m)
{
	unsigned char found[TAIL_MARK];

	return read_at(f->fd, found, m->n, m->at) == (ssize_t)m->n &&
			memcmp(found, m->octets, m->n) == 0;
}

static void set_offset(struct tail_file *f, uint64_t offset)
{
	size_t n = offset < TAIL_MARK ? (size_t)offset : TAIL_MARK;

	f->offset = offset;
	take_mark(f, &f->last, offset - n, n);
	if (f->front.n < n)
		take_mark(f, &f->front, 0, n);
}

static bool is_as_before(const struct tail_file *f)
{
	struct stat st;

	return (fstat(f->fd, &st) != 0 || (uint64_t)st.st_size >= f->offset) &&
			has_mark(f, &f->last) && has_mark(f, &f->front);
}

static void start_anew(struct tail *t, struct tail_file *f, struct buf *out)
{
	if (cutter_flush(&f->cutter, out))
		t->events |= TAIL_INCOMPLETE;
	f->cutter.is_skipping = false;
	f->offset = 0;
	f->front.n = f->last.n = 0;
	t->events |= TAIL_TRUNCATED;
}

/* One piece. False: nothing new. */
static bool file_read_piece(struct tail *t, struct tail_file *f, struct buf *out)
{
	unsigned char piece[TAIL_CHUNK];

	if (!is_as_before(f))
		start_anew(t, f, out);
	ssize_t got = read_at(f->fd, piece, sizeof(piece), f->offset);
	if (got <= 0)
		return false;
	cutter_feed(&f->cutter, (struct bytes){ piece, (size_t)got }, out);
	set_offset(f, f->offset + (uint64_t)got);
	return true;
}

/* --- the name --- */

static void watch_directory(struct tail *t)
{
	struct buf directory = BUF(4096);
	const char *slash = strrchr(t->path, '/');

	if (!slash)
		buf_puts(&directory, ".");
	else
		buf_put(&directory,
				(struct bytes){ (const unsigned char *)t->path,
						(size_t)(slash - t->path) + 1 });
	inotify_add_watch(t->notify, buf_text(&directory), IN_CREATE | IN_MOVED_TO);
	buf_free(&directory);
}

/* False: not now; the reason is told once. */
static bool open_now(struct tail *t, struct tail_file *f)
{
	struct stat st;

	*f = (struct tail_file){ .fd = -1, .watch = -1 };
	int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int number = errno;
		if (fd >= 0)
			close(fd);
		if (number != ENOENT && !t->is_denied) {
			t->is_denied = true;
			t->denied_errno = number;
			t->events |= TAIL_DENIED;
		}
		return false;
	}
	f->fd = fd;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	cutter_init(&f->cutter);
	if (t->notify >= 0)
		f->watch = inotify_add_watch(t->notify, t->path,
				IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF);
	if (t->is_denied || t->is_missing)
		t->events |= TAIL_APPEARED;
	t->is_denied = t->is_missing = false;
	return true;
}

static void let_go_of_old(struct tail *t, struct buf *out)
{
	if (t->old.fd < 0)
		return;
	if (cutter_flush(&t->old.cutter, out))
		t->events |= TAIL_INCOMPLETE;
	file_close(t, &t->old);
}

/* Where the last lines begin. */
static uint64_t back_from(const struct tail_file *f, uint64_t end, unsigned lines)
{
	unsigned char piece[4096];
	unsigned ends = 0; /* line ends seen; the first may be that of the last line */

	for (uint64_t at = end; lines > 0 && lines < TAIL_ALL && at > 0;) {
		size_t n = at < sizeof(piece) ? (size_t)at : sizeof(piece);
		if (read_at(f->fd, piece, n, at - n) != (ssize_t)n)
			return end;
		for (; n > 0; n--, at--)
			if (piece[n - 1] == '\n' && at != end && ++ends == lines)
				return at;
	}
	return lines > 0 ? 0 : end;
}

static void go_to_end(struct tail_file *f, unsigned lines)
{
	off_t end = lseek(f->fd, 0, SEEK_END);

	set_offset(f, back_from(f, end > 0 ? (uint64_t)end : 0, lines));
}

/* Does the name still belong to the file that is read? */
static void look(struct tail *t, struct buf *out)
{
	struct tail_file next;
	struct stat st;

	if (stat(t->path, &st) != 0) {
		if (errno == ENOENT && !t->is_missing) {
			t->is_missing = true;
			t->from_end = false;
			t->events |= TAIL_GONE;
		}
	} else if (t->now.fd >= 0 && st.st_dev == t->now.dev && st.st_ino == t->now.ino) {
		t->is_missing = false;
		return;
	}
	if (!open_now(t, &next))
		return;
	if (t->now.fd >= 0) {
		while (t->old.fd >= 0 && file_read_piece(t, &t->old, out) &&
				out->n + 2 * TAIL_CHUNK < out->max)
			;
		let_go_of_old(t, out);
		t->old = t->now;
		t->old_read_ms = t->w->mono_ms(t->w);
		t->events |= TAIL_ROTATED;
		t->events &= ~(unsigned)TAIL_APPEARED;
	} else if (t->from_end) {
		go_to_end(&next, t->lines);
	}
	t->now = next;
	t->from_end = false;
}

/* --- the whole --- */

void tail_open(struct tail *t, struct world *w, const char *path)
{
	*t = (struct tail){ .w = w,
		.path = path,
		.now = { .fd = -1, .watch = -1 },
		.old = { .fd = -1, .watch = -1 },
		.notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
		.from_end = true };
	if (t->notify >= 0)
		watch_directory(t);
	look(t, NULL);
	t->events &= ~(unsigned)TAIL_APPEARED;
}

void tail_back(struct tail *t, unsigned lines)
{
	t->lines = lines;
	if (t->now.fd >= 0)
		go_to_end(&t->now, lines);
}

/* True when the kernel has reported something. */
static bool drain_reports(struct tail *t)
{
	char reports[4096];
	bool any = false;

	while (t->notify >= 0 && read(t->notify, reports, sizeof(reports)) > 0)
		any = true;
	return any;
}

bool tail_read(struct tail *t, struct buf *out)
{
	bool reported = drain_reports(t), any = false, any_old = false;
	uint64_t now = t->w->mono_ms(t->w);

	look(t, out);
	if (t->old.fd >= 0)
		any_old = file_read_piece(t, &t->old, out);
	if (any_old)
		t->old_read_ms = now;
	else if (t->old.fd >= 0 && now - t->old_read_ms >= TAIL_QUIET_MS)
		let_go_of_old(t, out);
	if (t->now.fd >= 0)
		any = file_read_piece(t, &t->now, out);
	if (reported)
		t->is_deaf = false;
	else if (any && t->was_idle)
		t->is_deaf = true;
	t->was_idle = !any && !any_old;
	return any || any_old;
}

int tail_fd(const struct tail *t)
{
	return t->notify;
}

uint64_t tail_due_ms(const struct tail *t)
{
	bool is_blind = t->notify < 0 || t->is_deaf;

	return t->w->mono_ms(t->w) + (is_blind ? TAIL_POLL_MS : TAIL_LOOK_MS);
}

void tail_close(struct tail *t, struct buf *out)
{
	struct buf nowhere = BUF(0);

	let_go_of_old(t, out ? out : &nowhere);
	if (t->now.fd >= 0) {
		if (cutter_flush(&t->now.cutter, out ? out : &nowhere))
			t->events |= TAIL_INCOMPLETE;
		file_close(t, &t->now);
	}
	if (t->notify >= 0)
		close(t->notify);
	t->notify = -1;
}
