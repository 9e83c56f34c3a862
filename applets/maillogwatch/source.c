/* source - reads a log from its beginning to its end
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC = 6 };

/* At least MAGIC octets unless it ends before. */
static bool read_first(struct source *s, struct err *e)
{
	while (s->first.n < MAGIC) {
		size_t fits, had = s->first.n;
		unsigned char *to = buf_room(&s->first, MAGIC - had, &fits);
		ssize_t got = read(s->fd, to, MAGIC - had);
		if (got < 0 && errno == EINTR && !world_stopping())
			continue;
		if (got < 0)
			return err_sys(e, ERR_LOCAL, errno, "read %s", s->name);
		if (got == 0)
			break;
		buf_added(&s->first, (size_t)got);
	}
	return true;
}

/* What is packed it by; NULL: nothing that is known. */
static const char *packer_of(struct bytes first)
{
	static const struct {
		struct bytes magic;
		const char *packer;
	} rows[] = {
		{ BYTES("\xfd"
			"7zXZ\0"),
				"xz" },
		{ BYTES("BZh"), "bzip2" },
		{ BYTES("\x28\xb5\x2f\xfd"), "zstd" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_starts(first, rows[i].magic))
			return rows[i].packer;
	return NULL;
}

static bool refuse_packed(struct source *s, struct err *e)
{
	const char *packer = packer_of(buf_bytes(&s->first));

	if (packer)
		err_set(e, ERR_USAGE,
				"%s: packed by %s, which is not built in; use: %s -dc %s | mtabox maillogwatch -",
				s->name, packer, packer, s->name);
	return packer == NULL;
}

enum source_kind source_kind(const char *name)
{
	unsigned char first[MAGIC];
	struct stat st;

	if (strcmp(name, "-") == 0 || strncmp(name, "exec:", 5) == 0)
		return SOURCE_PIPE;
	if (stat(name, &st) != 0)
		return SOURCE_FILE;
	if (!S_ISREG(st.st_mode)) /* to open a named pipe and close it would end its writer */
		return SOURCE_PIPE;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? 0 : read(fd, first, sizeof(first));
	struct bytes magic = { first, got > 0 ? (size_t)got : 0 };
	if (fd >= 0)
		close(fd);
	return packer_of(magic) || gz_is_magic(magic) ? SOURCE_PACKED : SOURCE_FILE;
}

static bool open_file(struct source *s, struct world *w, struct err *e)
{
	if (strcmp(s->name, "-") == 0) {
		s->name = "standard input";
		s->fd = w->in_fd;
		if (s->fd < 0)
			return err_set(e, ERR_LOCAL, "standard input is closed");
	} else {
		s->fd = open(s->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		s->owns_fd = true;
		if (s->fd < 0 && errno == EACCES)
			return err_sys(e, ERR_LOCAL, EACCES,
					"open %s (be root, or in the group that owns it)", s->name);
		if (s->fd < 0)
			return err_sys(e, ERR_LOCAL, errno, "open %s", s->name);
	}
	if (!read_first(s, e) || !refuse_packed(s, e))
		return false;
	if (gz_is_magic(buf_bytes(&s->first))) {
		s->gz = gz_new(s->fd, s->name, buf_bytes(&s->first));
		buf_clear(&s->first);
	}
	return true;
}

bool source_open(struct source *s, struct world *w, const char *name, struct err *e)
{
	*s = (struct source){ .name = name, .fd = -1, .first = BUF(SOURCE_CHUNK) };
	cutter_init(&s->cutter);
	unwrap_init(&s->unwrap);
	if (strncmp(name, "exec:", 5) == 0)
		s->child = stream_exec(w, name + 5, e);
	if (s->child || (strncmp(name, "exec:", 5) != 0 && open_file(s, w, e)))
		return true;
	source_close(s);
	return false;
}

void source_close(struct source *s)
{
	stream_close(s->child);
	gz_free(s->gz);
	if (s->owns_fd && s->fd >= 0)
		close(s->fd);
	buf_free(&s->first);
	cutter_free(&s->cutter);
	unwrap_free(&s->unwrap);
	s->child = NULL;
	s->gz = NULL;
	s->fd = -1;
}

/* 0 at the end, -1 with e. */
static ssize_t read_some(struct source *s, unsigned char *to, size_t n, struct err *e)
{
	ssize_t got;

	if (s->gz)
		return gz_read(s->gz, to, n, e);
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR && !world_stopping());
	if (got < 0)
		err_sys(e, ERR_LOCAL, errno, "read %s", s->name);
	return got;
}

static bool finish(struct source *s, struct buf *out)
{
	s->at_end = true;
	s->incomplete = cutter_flush(&s->cutter, out);
	return s->incomplete;
}

static bool read_child(struct source *s, struct buf *out, uint64_t deadline_ms, struct err *e)
{
	enum io io = stream_read(s->child, &s->first, deadline_ms, e);

	if (io == IO_TIMEOUT || io == IO_FAILED)
		return false;
	e->kind = ERR_NONE;
	if (io == IO_CLOSED)
		return finish(s, out);
	cutter_feed(&s->cutter, buf_bytes(&s->first), out);
	buf_clear(&s->first);
	return true;
}

static bool read_lines(struct source *s, struct buf *out, uint64_t deadline_ms, struct err *e)
{
	size_t fits;

	e->kind = ERR_NONE;
	if (s->at_end)
		return false;
	if (s->child)
		return read_child(s, out, deadline_ms, e);
	if (s->first.n > 0) {
		cutter_feed(&s->cutter, buf_bytes(&s->first), out);
		buf_free(&s->first);
	}
	size_t begun = cutter_begin(&s->cutter, out);
	unsigned char *to = buf_room(out, SOURCE_CHUNK, &fits);
	ssize_t got = read_some(s, to, fits, e);
	size_t more = got > 0 ? (size_t)got : 0;
	buf_added(out, more);
	cutter_end(&s->cutter, out, begun, more);
	if (got < 0)
		return false;
	return got > 0 || finish(s, out);
}

bool source_read(struct source *s, struct buf *out, uint64_t deadline_ms, struct err *e)
{
	size_t had = out->n;
	bool is_read = read_lines(s, out, deadline_ms, e);

	unwrap_lines(&s->unwrap, out, had);
	if (s->at_end)
		unwrap_finish(&s->unwrap, out);
	return is_read;
}

bool source_trouble(const struct source *s, struct buf *out)
{
	static const struct {
		unsigned fault;
		const char *text;
	} rows[] = {
		{ GZ_CUT, "cut off in the middle of a gzip member" },
		{ GZ_DAMAGED, "a damaged gzip member: what could be read of it was" },
		{ GZ_GARBAGE, "something that is not gzip in between or at the end: passed over" },
	};
	unsigned faults = s->gz ? gz_faults(s->gz) : 0;
	size_t had = out->n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (faults & rows[i].fault)
			buf_printf(out, "%s%s", out->n > had ? "; " : "", rows[i].text);
	if (s->cutter.nuls > s->unwrap.nuls)
		buf_printf(out, "%s%" PRIu64 " NUL octets left out", out->n > had ? "; " : "",
				s->cutter.nuls - s->unwrap.nuls);
	if (s->cutter.long_lines > 0)
		buf_printf(out, "%s%" PRIu64 " lines over %d octets cut", out->n > had ? "; " : "",
				s->cutter.long_lines, CUTTER_LINE_MAX);
	if (s->incomplete)
		buf_printf(out, "%sthe last line has no end", out->n > had ? "; " : "");
	return out->n > had;
}
