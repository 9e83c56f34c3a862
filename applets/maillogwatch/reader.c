/* reader - logs, line by line, oldest first
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/maillogwatch/source.h"
#include "ui/show.h"

enum {
	LOOK = 4096, /* octets */
	LOOKS = 64,
	HALF_YEAR_S = 182 * 86400
};

static void feed_line(struct watch *t, struct bytes line)
{
	struct log_event e, shown;

	if (!syslog_read(&t->reader, line, &e.at))
		return;
	maillog_read(&e.at, &e);
	if (e.arrived_s > 0)
		syslog_hint(&t->reader, &e.at, e.arrived_s);
	if (t->has_filter && !filter_passes(t, &e))
		return;
	if (!t->redact)
		t->take(t->ctx, &e);
	else if (redact_event(t->redact, &e, &shown))
		t->take(t->ctx, &shown);
}

void reader_feed(struct watch *t, struct bytes lines)
{
	struct bytes line;

	t->octets += lines.n;
	while (bytes_line(&lines, &line)) {
		t->lines++;
		feed_line(t, line);
	}
	syslog_keep(&t->reader);
}

/* Dates of a log that names no years, each taken for one of the year before the log's end. */
struct dates {
	struct syslog_reader r;
	int64_t first_s, last_s;
	int years; /* so often they fell back: the log is so many years longer */
};

static void look(struct dates *d, const struct source *s, off_t offset)
{
	unsigned char piece[LOOK];
	struct syslog_line at;
	struct bytes line;

	ssize_t got = pread(s->fd, piece, sizeof(piece), offset);
	struct bytes rest = { piece, got > 0 ? (size_t)got : 0 };
	if (offset > 0)
		rest = bytes_skip(rest, bytes_find(rest, '\n') + 1);
	while (bytes_line(&rest, &line)) {
		d->r.last_s = SYSLOG_NO_TIME;
		if (!syslog_read(&d->r, line, &at) || at.wall_s == SYSLOG_NO_TIME)
			continue;
		struct syslog_date date = syslog_date(at.wall_s);
		if (date.month == 2 && date.day == 29)
			continue; /* not of the year before the end */
		if (d->first_s == SYSLOG_NO_TIME)
			d->first_s = d->last_s = at.wall_s;
		d->years += at.wall_s < d->last_s - HALF_YEAR_S;
		d->last_s = at.wall_s;
	}
	syslog_keep(&d->r);
}

/* When the log began, by looking here and there. */
static int64_t began_s(const struct source *s, off_t size, int64_t end_s)
{
	struct dates d = { .first_s = SYSLOG_NO_TIME };
	off_t step = size / LOOKS > LOOK ? (size - LOOK + LOOKS - 1) / LOOKS : LOOK;

	syslog_init(&d.r, end_s);
	for (off_t at = 0; at < size; at += step)
		look(&d, s, at);
	syslog_free(&d.r);
	if (d.first_s == SYSLOG_NO_TIME)
		return d.first_s;
	struct syslog_date first = syslog_date(d.first_s);
	first.year -= d.years;
	return syslog_wall(&first);
}

/* Lines without a year are of no time after their file was written last. */
static void begin_log(const struct watch *t, struct syslog_reader *r, const struct source *s)
{
	struct stat st;

	r->now_s = t->now_s;
	r->last_s = SYSLOG_NO_TIME;
	r->day_key_n = 0;
	if (s->fd < 0 || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	int64_t wall_s = (int64_t)st.st_mtime + t->zone_s;
	if (wall_s < t->now_s)
		r->now_s = wall_s;
	if (!s->gz)
		r->last_s = began_s(s, st.st_size, r->now_s);
}

/* The year of a log that names none may stand in an id further down: without it the first lines
 * would be taken for the latest that they can be. */
static void find_year(struct syslog_reader *log, struct bytes lines)
{
	struct syslog_reader r;
	struct syslog_line at;
	struct log_event e = { .arrived_s = 0 };
	struct bytes line;

	syslog_init(&r, log->now_s);
	while (e.arrived_s <= 0 && bytes_line(&lines, &line))
		if (syslog_read(&r, line, &at))
			maillog_read(&at, &e);
	if (e.arrived_s > 0)
		log->last_s = e.arrived_s;
	syslog_free(&r);
}

/* A log and the time of its first line that has one. */
struct log_name {
	const char *name;
	int64_t first_s;
	size_t order;
};

static int64_t first_time(struct watch *t, const char *name)
{
	struct source s;
	struct err e;
	struct buf chunk = BUF(SOURCE_ROOM);
	struct syslog_reader r;
	struct syslog_line at = { .wall_s = SYSLOG_NO_TIME };
	struct bytes line;

	if (!source_open(&s, t->w, name, &e))
		return SYSLOG_NO_TIME; /* said when it is read */
	syslog_init(&r, 0);
	begin_log(t, &r, &s);
	source_read(&s, &chunk, WORLD_FOREVER, &e);
	struct bytes rest = buf_bytes(&chunk);
	find_year(&r, rest);
	while (at.wall_s == SYSLOG_NO_TIME && bytes_line(&rest, &line))
		syslog_read(&r, line, &at);
	syslog_free(&r);
	buf_free(&chunk);
	source_close(&s);
	return at.wall_s;
}

static int compare_names(const void *a, const void *b)
{
	const struct log_name *x = a, *y = b;

	if (x->first_s != y->first_s)
		return x->first_s < y->first_s ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

bool reader_is_pipe(const char *name)
{
	return source_kind(name) == SOURCE_PIPE;
}

static void tell(struct watch *t, const char *text)
{
	buf_printf(&t->troubles, "%s\n", text);
	t->is_damaged = true;
}

static bool read_one(struct watch *t, const char *name, struct buf *chunk)
{
	struct source s;
	struct err e = { 0 };
	struct buf trouble = BUF(8192);

	if (!source_open(&s, t->w, name, &e)) {
		tell(t, e.text);
		return false;
	}
	if (s.gz)
		gz_beside(s.gz);
	begin_log(t, &t->reader, &s);
	for (bool is_first = true; !world_stopping() && source_read(&s, chunk, WORLD_FOREVER, &e);
			is_first = false) {
		if (is_first)
			find_year(&t->reader, buf_bytes(chunk));
		t->feed(t, buf_bytes(chunk));
		buf_clear(chunk);
	}
	t->feed(t, buf_bytes(chunk));
	buf_clear(chunk);
	if (e.kind != ERR_NONE && !world_stopping())
		tell(t, e.text);
	buf_printf(&trouble, "%s: ", name);
	if (source_trouble(&s, &trouble))
		tell(t, buf_text(&trouble));
	buf_free(&trouble);
	source_close(&s);
	return true;
}

bool reader_read(struct watch *t, const struct opt_list *names)
{
	struct log_name sorted[OPT_LIST_MAX];
	struct buf chunk = BUF(SOURCE_ROOM);
	bool any = false;

	for (size_t i = 0; i < names->count; i++) {
		sorted[i] = (struct log_name){ names->at[i], SYSLOG_NO_TIME, i };
		if (names->count > 1 && !reader_is_pipe(names->at[i]))
			sorted[i].first_s = first_time(t, names->at[i]);
	}
	qsort(sorted, names->count, sizeof(sorted[0]), compare_names);
	for (size_t i = 0; i < names->count; i++)
		any = read_one(t, sorted[i].name, &chunk) || any;
	buf_free(&chunk);
	return any;
}

void reader_tell(struct watch *t)
{
	struct bytes rest = buf_bytes(&t->troubles), line;
	struct buf safe = BUF(WATCH_TROUBLES_MAX);

	while (bytes_line(&rest, &line)) {
		buf_clear(&safe);
		show_safe(&safe, line, t->w->utf8);
		out_printf(&t->w->err, "maillogwatch: %s\n", buf_text(&safe));
	}
	buf_free(&safe);
	buf_clear(&t->troubles);
}
