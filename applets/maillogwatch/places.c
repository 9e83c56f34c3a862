/* places - where this system keeps its mail log
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/places.h"

#include "sys/buf.h"
#include "sys/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096 };

/* In groups: one of an earlier group is preferred, within a group the one written last. */
static const struct {
	const char *path;
	unsigned char group;
} logs[] = {
	{ "/var/log/mail.log", 1 },      /* Debian, Ubuntu, Alpine, macOS */
	{ "/var/log/maillog", 1 },       /* Red Hat, FreeBSD, OpenBSD */
	{ "/var/log/mail", 1 },          /* SUSE: a file */
	{ "/var/log/mail/mail.log", 1 }, /* docker-mailserver */
	{ "/var/log/exim4/mainlog", 2 },
	{ "/var/log/exim_mainlog", 2 }, /* cPanel */
	{ "/var/log/exim/mainlog", 2 },
	{ "/var/log/dovecot.log", 2 },
	{ "/var/log/messages", 4 }, /* everything is in there */
	{ "/var/log/syslog", 4 },
};
enum { GROUP_JOURNAL = 3 };

static bool is_log(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode) && st->st_size > 0;
}

char *places_find(const char *root, struct err *e)
{
	struct buf path = BUF(PATH_LEN_MAX), best = BUF(PATH_LEN_MAX);
	unsigned group = 0;
	struct stat st;
	time_t written = 0;
	char *found = NULL;

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		buf_clear(&path);
		buf_printf(&path, "%s%s", root, logs[i].path);
		if (!is_log(buf_text(&path), &st) || (group && logs[i].group > group) ||
				(group == logs[i].group && st.st_mtime <= written))
			continue;
		buf_clear(&best);
		buf_put(&best, buf_bytes(&path));
		group = logs[i].group;
		written = st.st_mtime;
	}
	buf_clear(&path);
	buf_printf(&path, "%s/run/systemd/journal", root);
	bool has_journal = access(buf_text(&path), F_OK) == 0;
	if (has_journal && (group == 0 || group > GROUP_JOURNAL))
		found = xstrdup(PLACES_JOURNAL);
	else if (group)
		found = xstrdup(buf_text(&best));
	else
		err_set(e, ERR_LOCAL,
				"no mail log found: neither /var/log/mail.log, maillog, mail, "
				"exim4/mainlog, messages, syslog nor a journal; name the file");
	buf_free(&path);
	buf_free(&best);
	return found;
}

/* --- what rotation made of a log --- */

/* A name's place in time; the higher the newer. Plain numbers count backwards. */
struct suffix {
	bool is_dated;
	uint64_t number;
};

static bool is_digits(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
	return in.n > 0;
}

/* ".1", "-20250303", ".20250303-040506", each perhaps with ".gz" or another packer's suffix. */
static bool read_suffix(struct bytes in, struct suffix *out)
{
	static const char *const packers[] = { ".gz", ".xz", ".bz2", ".zst" };
	uint64_t number, time_of_day = 0;

	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (bytes_ends(in, bytes_of(packers[i]))) {
			in.n -= strlen(packers[i]);
			break;
		}
	if (in.n < 2 || (*in.p != '.' && *in.p != '-'))
		return false;
	in = bytes_skip(in, 1);
	struct bytes first = bytes_head(in, bytes_find(in, '-'));
	struct bytes second = bytes_skip(in, first.n + 1);
	if (!is_digits(first) || !bytes_is_uint(first, 99991231, &number))
		return false;
	if (first.n < in.n && (!is_digits(second) || !bytes_is_uint(second, 235960, &time_of_day)))
		return false;
	out->is_dated = first.n == 8;
	if (first.n < in.n && !out->is_dated)
		return false;
	out->number = number * 1000000 + time_of_day;
	return true;
}

struct entry {
	char *path;
	struct suffix suffix;
	bool is_live; /* the log itself */
};

static int by_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->is_live != y->is_live)
		return x->is_live ? 1 : -1;
	if (x->suffix.is_dated != y->suffix.is_dated)
		return x->suffix.is_dated ? -1 : 1;
	if (x->suffix.number != y->suffix.number)
		return (x->suffix.number < y->suffix.number) == x->suffix.is_dated ? -1 : 1;
	return strcmp(x->path, y->path);
}

struct entries {
	struct entry *at;
	size_t count, room;
};

static void add_entry(struct entries *list, struct bytes directory, const char *name,
		const struct entry *as)
{
	struct buf path = BUF(PATH_LEN_MAX);

	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->at = xrealloc(list->at, list->room * sizeof(list->at[0]));
	}
	buf_put(&path, directory);
	buf_puts(&path, name);
	list->at[list->count] = *as;
	list->at[list->count++].path = xstrdup(buf_text(&path));
	buf_free(&path);
}

static void collect(DIR *d, struct bytes directory, struct bytes base, struct entries *list)
{
	const struct dirent *item;

	while ((item = readdir(d))) {
		struct bytes name = bytes_of(item->d_name);
		struct entry entry = { .is_live = bytes_equal(name, base) };
		if (!bytes_starts(name, base))
			continue;
		if (entry.is_live || read_suffix(bytes_skip(name, base.n), &entry.suffix))
			add_entry(list, directory, item->d_name, &entry);
	}
}

bool places_rotated(const char *path, struct places *set, struct err *e)
{
	struct bytes whole = bytes_of(path), base = whole;
	struct buf directory = BUF(PATH_LEN_MAX);
	struct entries list = { 0 };

	*set = (struct places){ 0 };
	while (bytes_find(base, '/') < base.n)
		base = bytes_skip(base, bytes_find(base, '/') + 1);
	buf_put(&directory, bytes_head(whole, whole.n - base.n));
	DIR *d = opendir(directory.n > 0 ? buf_text(&directory) : ".");
	if (!d) {
		err_sys(e, ERR_LOCAL, errno, "open %s", directory.n ? buf_text(&directory) : ".");
		buf_free(&directory);
		return false;
	}
	collect(d, buf_bytes(&directory), base, &list);
	closedir(d);
	buf_free(&directory);
	if (list.count == 0)
		return err_set(e, ERR_LOCAL, "%s: no such file, nor rotated ones", path);
	qsort(list.at, list.count, sizeof(list.at[0]), by_age);
	set->at = xcalloc(list.count, sizeof(set->at[0]));
	for (; set->count < list.count; set->count++)
		set->at[set->count] = list.at[set->count].path;
	free(list.at);
	return true;
}

void places_free(struct places *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->at[i]);
	free(set->at);
	*set = (struct places){ 0 };
}
