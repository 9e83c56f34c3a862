/* reader - logs, line by line, oldest first
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"

#include <stdlib.h>
#include <string.h>

#include "applets/maillogwatch/source.h"
#include "ui/show.h"

enum { REDACTED_MAX = 256 * 1024 };

static void feed_line(struct watch *t, struct bytes line)
{
	struct syslog_line at;
	struct log_event e;

	if (!syslog_read(&t->reader, line, &at))
		return;
	maillog_read(&at, &e);
	if (e.arrived_s > 0)
		syslog_hint(&t->reader, &e.at, e.arrived_s);
	if (!t->has_filter || filter_passes(t, &e))
		t->take(t->ctx, &e);
}

static void feed_redacted(struct watch *t, struct bytes line)
{
	struct buf other = BUF(REDACTED_MAX);

	redact_line(t->redact, line, &other);
	feed_line(t, buf_bytes(&other));
	syslog_keep(&t->reader);
	buf_free(&other);
}

void reader_feed(struct watch *t, struct bytes lines)
{
	struct bytes line;

	t->octets += lines.n;
	while (bytes_line(&lines, &line)) {
		t->lines++;
		if (t->redact)
			feed_redacted(t, line);
		else
			feed_line(t, line);
	}
	syslog_keep(&t->reader);
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
	syslog_init(&r, t->reader.now_s);
	source_read(&s, &chunk, WORLD_FOREVER, &e);
	struct bytes rest = buf_bytes(&chunk);
	while (at.wall_s == SYSLOG_NO_TIME && bytes_line(&rest, &line)) {
		struct log_event event;
		if (!syslog_read(&r, line, &at))
			continue;
		maillog_read(&at, &event);
		if (event.arrived_s > 0)
			syslog_hint(&r, &at, event.arrived_s);
	}
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
	return strcmp(name, "-") == 0 || strncmp(name, "exec:", 5) == 0;
}

static void tell(struct watch *t, const char *name, const char *text)
{
	buf_printf(&t->troubles, "%s: %s\n", name, text);
	t->is_damaged = true;
}

/* The year of a log that names none may stand in an id further down: without it the first lines
 * would be taken for the latest that they can be. */
static void find_year(struct watch *t, struct bytes lines)
{
	struct syslog_reader r;
	struct syslog_line at;
	struct log_event e = { .arrived_s = 0 };
	struct bytes line;

	syslog_init(&r, t->reader.now_s);
	while (e.arrived_s <= 0 && bytes_line(&lines, &line))
		if (syslog_read(&r, line, &at))
			maillog_read(&at, &e);
	if (e.arrived_s > 0)
		t->reader.last_s = e.arrived_s;
	syslog_free(&r);
}

static bool read_one(struct watch *t, const char *name, struct buf *chunk)
{
	struct source s;
	struct err e;
	struct buf trouble = BUF(1000);

	if (!source_open(&s, t->w, name, &e)) {
		buf_printf(&t->troubles, "%s\n", e.text);
		t->is_damaged = true;
		return false;
	}
	while (!world_stopping() && source_read(&s, chunk, WORLD_FOREVER, &e)) {
		if (t->reader.last_s == SYSLOG_NO_TIME)
			find_year(t, buf_bytes(chunk));
		t->feed(t, buf_bytes(chunk));
		buf_clear(chunk);
	}
	t->feed(t, buf_bytes(chunk));
	buf_clear(chunk);
	if (e.kind != ERR_NONE)
		tell(t, name, e.text);
	if (source_trouble(&s, &trouble))
		tell(t, name, buf_text(&trouble));
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
