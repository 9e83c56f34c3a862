/* store - messages that came in, in memory or a Maildir
 * SPDX-License-Identifier: MIT
 *
 * Nothing that a client says becomes part of a file name. A Maildir file is written in tmp/,
 * brought to the disk, and renamed into new/, as maildir(5) has it; its lines end with LF.
 */
#include "applets/mailsink/store.h"

#include "proto/hash.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_TEXT_MAX = 4096 };

uint64_t store_octets(struct bytes data)
{
	uint64_t octets = 0;
	unsigned char before = '\n';

	for (size_t i = 0; i < data.n; i++) {
		unsigned char c = data.p[i];
		if (c == '\r' || (c == '\n' && before != '\r'))
			octets += 2;
		else if (c != '\n')
			octets++;
		before = c;
	}
	return before == '\n' || before == '\r' ? octets : octets + 2;
}

static struct store_message *append(struct store *s)
{
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 16;
		s->at = xrealloc(s->at, s->room * sizeof(s->at[0]));
	}
	struct store_message *m = &s->at[s->count++];
	*m = (struct store_message){ .number = ++s->numbered };
	return m;
}

static void forget(struct store_message *m)
{
	free(m->data);
	free(m->path);
}

/* The file name without its flags is unique (maildir(5)) and stays; what RFC 1939 7 does not allow
 * as a uid is hashed. */
static void set_uid(struct store_message *m, const char *name)
{
	struct bytes base = bytes_head(bytes_of(name), bytes_find(bytes_of(name), ':'));
	unsigned char digest[HASH_MAX];
	bool fits = base.n > 0 && base.n <= STORE_UID_MAX;

	for (size_t i = 0; i < base.n; i++)
		fits = fits && base.p[i] > 0x20 && base.p[i] < 0x7f;
	if (fits) {
		memcpy(m->uid, base.p, base.n);
		return;
	}
	hash_of(HASH_SHA256, &base, 1, digest);
	hash_hex(digest, hash_size(HASH_SHA256), m->uid);
}

static char *make_path(const char *directory, const char *part, const char *name)
{
	struct buf path = BUF(PATH_TEXT_MAX);

	buf_printf(&path, "%s/%s%s%s", directory, part, *name ? "/" : "", name);
	char *text = xstrdup(buf_text(&path));
	buf_free(&path);
	return text;
}

static bool list_file(struct store *s, char *path, const char *name, struct err *e)
{
	struct buf text = BUF(STORE_FILE_MAX);
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(path);
		return true;
	}
	if (!file_read(path, &text, e)) {
		buf_free(&text);
		free(path);
		return false;
	}
	struct store_message *m = append(s);
	m->path = path;
	m->octets = store_octets(buf_bytes(&text));
	m->arrived_s = st.st_mtime;
	set_uid(m, name);
	s->bytes += m->octets;
	buf_free(&text);
	return true;
}

static bool list_part(struct store *s, const char *part, struct err *e)
{
	char *path = make_path(s->maildir, part, "");
	struct dirent **names = NULL;
	int count = scandir(path, &names, NULL,
			alphasort); /* names begin with the time of arrival */
	bool ok = count >= 0 || err_sys(e, ERR_LOCAL, errno, "list %s", path);

	for (int i = 0; i < count; i++) {
		if (ok && names[i]->d_name[0] != '.')
			ok = list_file(s, make_path(s->maildir, part, names[i]->d_name),
					names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	free(path);
	return ok;
}

bool store_open(struct store *s, struct err *e)
{
	static const char *const parts[] = { "", "tmp", "new", "cur" };

	s->validity = s->stable ? 1 : (uint32_t)s->w->wall_s(s->w);
	for (size_t i = 0; s->maildir && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *path = make_path(s->maildir, parts[i], "");
		bool ok = mkdir(path, 0700) == 0 || errno == EEXIST ||
				err_sys(e, ERR_LOCAL, errno, "make directory %s", path);
		free(path);
		if (!ok)
			return false;
	}
	return !s->maildir || (list_part(s, "cur", e) && list_part(s, "new", e));
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < s->count; i++)
		forget(&s->at[i]);
	free(s->at);
	s->at = NULL;
	s->count = s->room = 0;
	s->bytes = 0;
}

bool store_book(struct store *s, uint64_t n)
{
	if (s->count >= s->messages_max || s->bytes > s->bytes_max || n > s->bytes_max - s->bytes)
		return false;
	s->bytes += n;
	return true;
}

void store_unbook(struct store *s, uint64_t n)
{
	s->bytes -= n;
}

void store_id(struct store *s, char id[STORE_ID_MAX])
{
	uint32_t random = 0;

	s->serial++;
	if (!s->stable)
		s->w->random(s->w, &random, sizeof(random));
	snprintf(id, STORE_ID_MAX, "%06" PRIX32 "%04" PRIX32, random & 0xffffff, s->serial);
}

/* rename() is on the disk when the directory is. */
static bool sync_directory(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (!ok)
		err_sys(e, ERR_LOCAL, errno, "sync %s", path);
	if (fd >= 0)
		close(fd);
	return ok;
}

static void put_lf(struct buf *out, struct bytes in)
{
	while (in.n > 0) {
		size_t n = bytes_search(in, BYTES("\r\n"));
		buf_put(out, bytes_head(in, n));
		if (n < in.n)
			buf_putc(out, '\n');
		in = bytes_skip(in, n + 2);
	}
}

static bool write_file(struct store *s, struct store_message *m, const char *id, struct bytes text,
		struct err *e)
{
	struct buf lf = BUF(text.n);
	uint64_t random;
	char name[STORE_UID_MAX + 1];

	s->w->random(s->w, &random, sizeof(random));
	snprintf(name, sizeof(name), "%" PRId64 ".R%016" PRIX64 "Q%s.mailsink", s->w->wall_s(s->w),
			random, id);
	char *tmp = make_path(s->maildir, "tmp", name);
	char *new = make_path(s->maildir, "new", name);
	char *new_dir = make_path(s->maildir, "new", "");
	put_lf(&lf, text);
	bool ok = file_write(tmp, buf_bytes(&lf), false, e);
	if (ok && rename(tmp, new) < 0)
		ok = err_sys(e, ERR_LOCAL, errno, "rename %s to new/", tmp);
	ok = ok && sync_directory(new_dir, e);
	if (!ok) { /* not accepted, so not kept */
		unlink(tmp);
		unlink(new);
	}
	set_uid(m, name);
	m->path = new;
	free(new_dir);
	free(tmp);
	buf_free(&lf);
	return ok;
}

bool store_add(struct store *s, const struct envelope *v, struct bytes data, char id[STORE_ID_MAX],
		struct err *e)
{
	struct buf text = BUF(ENVELOPE_TRACE_MAX + data.n);

	store_id(s, id);
	envelope_trace(v, id, s->w->wall_s(s->w), &text);
	buf_put(&text, data);
	struct store_message *m = append(s);
	m->arrived_s = s->w->wall_s(s->w);
	if (s->maildir) {
		if (!write_file(s, m, id, buf_bytes(&text), e)) {
			forget(m);
			s->count--;
			buf_free(&text);
			return false;
		}
	} else {
		set_uid(m, id);
		m->size = text.n;
		m->data = xmalloc(text.n); /* buf may have grown to twice its content */
		memcpy(m->data, text.p, text.n);
	}
	m->octets = store_octets(buf_bytes(&text));
	s->bytes += m->octets;
	buf_free(&text);
	return true;
}

bool store_read(struct store *s, size_t i, struct buf *file, struct bytes *data, struct err *e)
{
	const struct store_message *m = &s->at[i];

	*data = (struct bytes){ m->data, m->size };
	if (m->data)
		return true;
	file->max = STORE_FILE_MAX;
	buf_clear(file);
	bool ok = file_read(m->path, file, e);
	*data = buf_bytes(file);
	return ok;
}

bool store_lock(struct store *s)
{
	if (s->locked)
		return false;
	s->locked = true;
	return true;
}

void store_unlock(struct store *s, bool remove, size_t *lost)
{
	size_t kept = 0;

	*lost = 0;
	for (size_t i = 0; i < s->count; i++) {
		struct store_message *m = &s->at[i];
		bool gone = m->marked && remove;
		if (gone && m->path && unlink(m->path) < 0 && errno != ENOENT) {
			gone = false;
			++*lost;
		}
		m->marked = false;
		if (gone) {
			s->bytes -= m->octets;
			forget(m);
		} else {
			s->at[kept++] = *m;
		}
	}
	s->count = kept;
	s->locked = false;
}
