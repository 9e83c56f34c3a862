/* keep - messages kept in a Maildir or an mbox, each once
 * SPDX-License-Identifier: MIT */
#include "talk/keep.h"

#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_LINE_MAX = KEEP_NAME_MAX + 24 }; /* a name, and in .kept an offset */

static bool failed(struct keep *k, const char *what, const char *name)
{
	return err_sys(&k->err, ERR_LOCAL, errno, "%s %s", what, name);
}

/* ---- Maildir ---- */

static bool open_maildir(struct keep *k, const char *path)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return failed(k, "create", path);
	k->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->dir < 0) {
		k->dir = 0;
		return failed(k, "open", path);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(k->dir, parts[i], 0700) < 0 && errno != EEXIST)
			return failed(k, "create", parts[i]);
	return true;
}

static const char *in_folder(const char *folder, const char *name, char path[KEEP_NAME_MAX + 8])
{
	snprintf(path, KEEP_NAME_MAX + 8, "%s/%s", folder, name);
	return path;
}

static bool begin_file(struct keep *k)
{
	char path[KEEP_NAME_MAX + 8];

	if (k->fd > 0)
		close(k->fd); /* the one before was never ended: it stays in tmp */
	k->fd = 0;
	if (faccessat(k->dir, in_folder("new", k->name, path), F_OK, 0) == 0) {
		k->had++;
		return false;
	}
	k->fd = openat(k->dir, in_folder("tmp", k->name, path),
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (k->fd >= 0)
		return true;
	k->fd = 0;
	return failed(k, "create", path);
}

/* syncfs brings all to the disk at the price of one fsync; what it met with a single file, kernels
 * before 5.8 tell only to who asks about the file. */
static bool sync_files(struct keep *k)
{
	bool ok = syncfs(k->dir) == 0 || failed(k, "write", "tmp");

	for (size_t i = 0; i < k->waiting_count; i++) {
		if (sync_file_range(k->waiting_fds[i], 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) < 0 &&
				errno != ENOSYS && ok)
			ok = failed(k, "write", "tmp");
		if (close(k->waiting_fds[i]) < 0 && ok)
			ok = failed(k, "write", "tmp");
	}
	return ok;
}

static bool sync_maildir(struct keep *k)
{
	char name[KEEP_NAME_MAX], from[KEEP_NAME_MAX + 8], to[KEEP_NAME_MAX + 8];
	struct bytes names = buf_bytes(&k->waiting), line;
	bool ok = sync_files(k);

	while (ok && bytes_line(&names, &line)) {
		snprintf(name, sizeof(name), "%.*s", (int)line.n, (const char *)line.p);
		if (renameat(k->dir, in_folder("tmp", name, from), k->dir,
				    in_folder("new", name, to)) < 0)
			ok = failed(k, "rename", from);
	}
	int folder = ok ? openat(k->dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (ok && (folder < 0 || fsync(folder) < 0))
		ok = failed(k, "write", "new");
	if (folder >= 0)
		close(folder);
	return ok;
}

static bool end_file(struct keep *k)
{
	if (k->no_end && ftruncate(k->fd, lseek(k->fd, 0, SEEK_CUR) - 1) < 0)
		return failed(k, "cut", k->name);
	k->waiting_fds[k->waiting_count] = k->fd;
	k->fd = 0;
	buf_puts(&k->waiting, k->name);
	buf_putc(&k->waiting, '\n');
	return true;
}

/* ---- mbox ---- */

/* Hands on the whole lines of .kept, as long as taker wants more; *end is where they end. False:
 * err. */
static bool each_known(struct keep *k, bool (*taker)(void *ctx, struct bytes line), void *ctx,
		off_t *end)
{
	struct buf text = BUF(KEEP_CHUNK);
	bool ok = lseek(k->known_fd, 0, SEEK_SET) == 0 || failed(k, "read", k->name);
	bool goes_on = ok;

	for (*end = 0; goes_on && text.n < text.max;) {
		size_t had = text.n, n;
		ok = file_read_some(k->known_fd, ".kept", &text, &k->err);
		goes_on = ok && text.n > had;
		struct bytes in = buf_bytes(&text);
		while (goes_on && (n = bytes_find(in, '\n')) < in.n) {
			goes_on = taker(ctx, bytes_head(in, n));
			in = bytes_skip(in, n + 1);
			*end += (off_t)n + 1;
		}
		buf_drop(&text, text.n - in.n);
	}
	buf_free(&text);
	return ok;
}

struct knowing {
	struct keep *k;
	bool is_ours;
};

/* "NAME OFFSET"; the last offset is where the mbox ends. */
static bool on_known(void *ctx, struct bytes line)
{
	struct knowing *o = ctx;
	struct bytes name = bytes_head(line, bytes_find(line, ' '));
	uint64_t hash = bytes_hash(BYTES_HASH, name);

	o->is_ours = bytes_is_uint(bytes_skip(line, name.n + 1), INT64_MAX, &o->k->offset);
	return o->is_ours &&
			buf_put(&o->k->known,
					(struct bytes){ (const unsigned char *)&hash,
							sizeof(hash) });
}

/* *end is where the whole lines of .kept end. False: err, or it is not ours. */
static bool read_known(struct keep *k, off_t *end)
{
	struct knowing o = { k, true };

	if (!each_known(k, on_known, &o, end))
		return false;
	if (k->known.overflow)
		return err_set(&k->err, ERR_LOCAL,
				"over %d messages in the mbox: give another name", KEEP_KNOWN_MAX);
	if (k->known.n > 0)
		qsort(k->known.p, k->known.n / sizeof(uint64_t), sizeof(uint64_t),
				bytes_hash_order);
	return o.is_ours;
}

static bool is_known(const struct keep *k)
{
	uint64_t hash = bytes_hash(BYTES_HASH, bytes_of(k->name));

	return k->known.n > 0 &&
			bsearch(&hash, k->known.p, k->known.n / sizeof(hash), sizeof(hash),
					bytes_hash_order);
}

static bool changed(struct keep *k, const char *path)
{
	return err_set(&k->err, ERR_LOCAL,
			"%s is not what %s.kept says of it: it was left alone; give another name",
			path, path);
}

/* What follows the last whole line of .kept, and its offset in the mbox, was being written when a
 * run was cut off. */
static bool go_on_behind(struct keep *k, const char *path)
{
	struct stat mbox = { 0 }, kept = { 0 };
	off_t end;

	bool is_ours = read_known(k, &end) && fstat(k->fd, &mbox) == 0 &&
			fstat(k->known_fd, &kept) == 0;
	if (k->err.kind != ERR_NONE)
		return false;
	uint64_t size = (uint64_t)mbox.st_size, rest = (uint64_t)(kept.st_size - end);
	if (!is_ours || rest > KEPT_LINE_MAX || size < k->offset || (size > k->offset && rest == 0))
		return changed(k, path);
	return (ftruncate(k->fd, (off_t)k->offset) == 0 && ftruncate(k->known_fd, end) == 0 &&
			       lseek(k->fd, 0, SEEK_END) >= 0 &&
			       lseek(k->known_fd, 0, SEEK_END) >= 0) ||
			failed(k, "cut", path);
}

static bool open_mbox(struct keep *k, const char *path)
{
	struct buf beside = BUF(4096);

	buf_printf(&beside, "%s.kept", path);
	k->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	k->known_fd = open(buf_text(&beside), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool ok = (k->fd > 0 && k->known_fd > 0) ||
			failed(k, "open", k->fd > 0 ? buf_text(&beside) : path);
	buf_free(&beside);
	return ok && (lockf(k->known_fd, F_TLOCK, 0) == 0 || failed(k, "lock", path)) &&
			go_on_behind(k, path);
}

static bool write_all(struct keep *k, int fd, struct bytes data)
{
	while (data.n > 0) {
		ssize_t n = write(fd, data.p, data.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(k, "write", k->name);
		data = bytes_skip(data, (size_t)n);
	}
	return true;
}

/* The order matters: .kept never says more than what stands in the mbox on the disk. */
static bool sync_mbox(struct keep *k)
{
	return (k->waiting_count == 0 || fsync(k->fd) == 0 || failed(k, "write", k->name)) &&
			write_all(k, k->known_fd, buf_bytes(&k->waiting)) &&
			(fsync(k->known_fd) == 0 || failed(k, "write", k->name));
}

static bool flush(struct keep *k)
{
	struct bytes data = buf_bytes(&k->out);
	bool ok = true;

	if (k->to)
		out_put(k->to, data);
	else
		ok = write_all(k, k->fd, data);
	k->offset += data.n;
	buf_clear(&k->out);
	return ok;
}

static bool put(struct keep *k, struct bytes data)
{
	while (data.n > 0) {
		size_t n = k->out.max - k->out.n < data.n ? k->out.max - k->out.n : data.n;
		buf_put(&k->out, bytes_head(data, n));
		data = bytes_skip(data, n);
		if (k->out.n == k->out.max && !flush(k))
			return false;
	}
	return true;
}

/* A message that was begun and never ended: its name goes, and what came of it. */
static bool forget(struct keep *k)
{
	size_t n = bytes_of(k->name).n + 1;

	k->is_begun = false;
	k->offset = k->whole;
	if (ftruncate(k->fd, (off_t)k->offset) < 0 || lseek(k->fd, 0, SEEK_END) < 0)
		return failed(k, "cut", k->name);
	if (k->waiting.n > 0) {
		k->waiting.n -= n;
		return true;
	}
	off_t end = lseek(k->known_fd, -(off_t)n, SEEK_END);
	return (end >= 0 && ftruncate(k->known_fd, end) == 0) || failed(k, "cut", k->name);
}

/* The date is no part of what a server tells by POP3; a fixed one keeps copies alike. */
static bool begin_mbox(struct keep *k)
{
	if (is_known(k)) {
		k->had++;
		return false;
	}
	k->matched = 0;
	k->whole = k->offset;
	if (!k->to) {
		k->is_begun = true;
		buf_printf(&k->waiting, "%s ", k->name);
		if (k->waiting_count == 0 && !keep_sync(k))
			return false;
	}
	return put(k, BYTES("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"));
}

enum { MID_LINE = 5 };

/* Octets with LF line ends. */
static bool put_mbox(struct keep *k, struct bytes text)
{
	static const char from[] = "From ";
	bool ok = true;

	while (ok && text.n > 0) {
		size_t n = 1;
		if (k->matched == 0 && text.p[0] == '>') {
			ok = put(k, BYTES(">"));
		} else if (k->matched < MID_LINE && text.p[0] == (unsigned char)from[k->matched]) {
			if (++k->matched == MID_LINE)
				ok = put(k, BYTES(">From "));
		} else {
			if (k->matched < MID_LINE)
				put(k, bytes_head(bytes_of(from), k->matched));
			n = bytes_find(text, '\n') + 1;
			ok = put(k, bytes_head(text, n));
			k->matched = n <= text.n ? 0 : MID_LINE;
		}
		text = bytes_skip(text, n);
	}
	return ok;
}

static bool end_mbox(struct keep *k)
{
	if (k->matched > 0 && k->matched < MID_LINE)
		put(k, bytes_head(BYTES("From "), k->matched));
	if (k->matched > 0)
		put(k, BYTES("\n"));
	if (!put(k, BYTES("\n")) || !flush(k))
		return false;
	if (k->to)
		return out_flush(k->to) || (errno = k->to->failed_errno, failed(k, "write", "-"));
	k->is_begun = false;
	buf_printf(&k->waiting, "%llu\n", (unsigned long long)k->offset);
	return true;
}

/* ---- both ---- */

bool keep_open(struct keep *k, const char *path, struct out *to)
{
	bool is_standard = bytes_equal(bytes_of(path), BYTES("-"));

	k->known = BUF(KEEP_KNOWN_MAX * sizeof(uint64_t));
	k->out = BUF(KEEP_CHUNK);
	k->waiting = BUF((size_t)KEEP_WAITING_MAX * KEPT_LINE_MAX);
	k->is_mbox = is_standard || bytes_ends(bytes_of(path), BYTES(".mbox"));
	if (is_standard)
		k->to = to;
	else
		return k->is_mbox ? open_mbox(k, path) : open_maildir(k, path);
	return true;
}

void keep_close(struct keep *k)
{
	const int fds[] = { k->fd, k->known_fd, k->dir };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 0)
			close(fds[i]);
	for (size_t i = 0; !k->is_mbox && i < k->waiting_count; i++)
		close(k->waiting_fds[i]);
	k->fd = k->known_fd = k->dir = 0;
	k->waiting_count = 0;
	buf_free(&k->known);
	buf_free(&k->out);
	buf_free(&k->waiting);
}

bool keep_sync(struct keep *k)
{
	if (k->waiting.n == 0)
		return true;
	bool ok = k->is_mbox ? sync_mbox(k) : sync_maildir(k);
	k->waiting_count = 0;
	buf_clear(&k->waiting);
	return ok;
}

bool keep_begin(struct keep *k, const char *name)
{
	if (k->is_begun && !forget(k))
		return false;
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->has_cr = k->no_end = false;
	buf_clear(&k->out);
	return k->is_mbox ? begin_mbox(k) : begin_file(k);
}

static bool put_text(struct keep *k, struct bytes text)
{
	return k->is_mbox ? put_mbox(k, text) : put(k, text);
}

bool keep_part(struct keep *k, struct bytes part)
{
	while (part.n > 0) {
		if (k->has_cr && part.p[0] != '\n' && !put_text(k, BYTES("\r")))
			return false;
		size_t n = bytes_find(part, '\r');
		k->has_cr = n < part.n;
		if (!put_text(k, bytes_head(part, n)))
			return false;
		part = bytes_skip(part, n + 1);
	}
	return true;
}

bool keep_end(struct keep *k)
{
	bool ok = !k->has_cr || put_text(k, BYTES("\r"));

	ok = ok && (k->is_mbox ? end_mbox(k) : flush(k) && end_file(k));
	if (!ok)
		return false;
	k->kept++;
	return k->to || ++k->waiting_count < KEEP_WAITING_MAX || keep_sync(k);
}

struct search {
	bool (*is_it)(void *ctx, struct bytes name);
	void *ctx;
	bool found;
};

static bool look_for(void *ctx, struct bytes line)
{
	struct search *f = ctx;

	f->found = f->is_it(f->ctx, bytes_head(line, bytes_find(line, ' ')));
	return !f->found;
}

static bool find_in_mbox(struct keep *k, struct search *f)
{
	off_t end;

	return k->known_fd > 0 && each_known(k, look_for, f, &end) &&
			lseek(k->known_fd, 0, SEEK_END) >= 0 && f->found;
}

bool keep_find(struct keep *k, bool (*is_it)(void *ctx, struct bytes name), void *ctx)
{
	struct search f = { is_it, ctx, false };

	if (k->is_mbox)
		return find_in_mbox(k, &f);
	int fd = openat(k->dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	while (folder && (entry = readdir(folder)) && look_for(&f, bytes_of(entry->d_name)))
		;
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
	return f.found;
}
