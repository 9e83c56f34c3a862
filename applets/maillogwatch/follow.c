/* follow - waits for new lines in several logs at once
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/follow.h"

#include "applets/maillogwatch/places.h"
#include "applets/maillogwatch/source.h"
#include "sys/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RESTART_MS = 1000, COMMAND_MAX = 1000 };

/* A file, or a pipe. */
struct item {
	const char *name; /* borrowed */
	bool is_file, is_over;
	struct tail tail;
	struct unwrap unwrap; /* of the file */
	struct source source;
	char *command;       /* of the journal: started again when it ends */
	uint64_t restart_ms; /* 0 = it runs */
	int64_t ended_s;     /* wall clock */
	bool has_begun;      /* a line has come */
	bool is_told;        /* that it ended, since a line came last */
};

struct follow {
	struct world *w;
	void (*tell)(void *ctx, const char *name, const char *text);
	void *ctx;
	struct item at[FOLLOW_MAX];
	size_t count;
};

struct follow *follow_new(struct world *w,
		void (*tell)(void *ctx, const char *name, const char *text), void *ctx)
{
	struct follow *f = xmalloc(sizeof(*f));

	f->w = w;
	f->tell = tell;
	f->ctx = ctx;
	return f;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++) {
		unwrap_free(&f->at[i].unwrap);
		if (f->at[i].is_file)
			tail_close(&f->at[i].tail, NULL);
		else
			source_close(&f->at[i].source);
		free(f->at[i].command);
	}
	free(f);
}

/* The journal's own way to follow: the last lines, or (lines 0) all since it ended. */
static char *journal_command(unsigned lines, int64_t since_s)
{
	struct buf text = BUF(COMMAND_MAX);

	buf_printf(&text, "%s -f", PLACES_JOURNAL);
	if (lines > 0 && lines < TAIL_ALL)
		buf_printf(&text, " -n %u", lines);
	else
		buf_puts(&text, " --no-tail");
	if (lines == 0)
		buf_printf(&text, " --since=@%" PRId64, since_s);
	char *copy = xstrdup(buf_text(&text));
	buf_free(&text);
	return copy;
}

bool follow_add(struct follow *f, const char *name, unsigned lines, struct err *e)
{
	struct item *item = &f->at[f->count];

	if (f->count == FOLLOW_MAX)
		return err_set(e, ERR_USAGE, "more than %d logs to follow", FOLLOW_MAX);
	*item = (struct item){ .name = name };
	unwrap_init(&item->unwrap);
	if (source_kind(name) == SOURCE_FILE) {
		item->is_file = true;
		tail_open(&item->tail, f->w, name);
		tail_back(&item->tail, lines);
		f->count++;
		return true;
	}
	if (strcmp(name, PLACES_JOURNAL) == 0)
		item->command = journal_command(lines, 0);
	if (!source_open(&item->source, f->w, item->command ? item->command : name, e)) {
		free(item->command);
		return false;
	}
	f->count++;
	return true;
}

static void tell_events(struct follow *f, struct item *item)
{
	static const struct {
		unsigned event;
		const char *text;
	} rows[] = {
		{ TAIL_GONE, "nothing has this name now; waiting for it" },
		{ TAIL_APPEARED, "it is there now" },
		{ TAIL_ROTATED, "another file has this name now: going on with that one" },
		{ TAIL_TRUNCATED,
				"truncated: going on from its beginning; lines written just"
				" before are possibly lost" },
		{ TAIL_INCOMPLETE, "its last line has no end" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (item->tail.events & rows[i].event)
			f->tell(f->ctx, item->name, rows[i].text);
	if (item->tail.events & TAIL_DENIED) {
		struct err e;
		err_sys(&e, ERR_LOCAL, item->tail.denied_errno, "not readable; trying on");
		f->tell(f->ctx, item->name, e.text);
	}
	item->tail.events = 0;
}

static void restart(struct follow *f, struct item *item)
{
	struct err e;

	free(item->command);
	item->command = journal_command(0, item->ended_s);
	item->restart_ms = 0;
	if (source_open(&item->source, f->w, item->command, &e))
		return;
	f->tell(f->ctx, item->name, e.text);
	item->is_over = true;
}

static void end_pipe(struct follow *f, struct item *item, const struct err *e)
{
	struct buf trouble = BUF(500);

	if (e->kind != ERR_NONE)
		f->tell(f->ctx, item->name, e->text);
	if (source_trouble(&item->source, &trouble))
		f->tell(f->ctx, item->name, buf_text(&trouble));
	buf_free(&trouble);
	if (!item->command || !item->has_begun) {
		if (item->command)
			f->tell(f->ctx, item->name, "journalctl ended without a line");
		item->is_over = true;
		return;
	}
	source_close(&item->source);
	item->restart_ms = f->w->mono_ms(f->w) + RESTART_MS;
	item->ended_s = f->w->wall_s(f->w);
	if (!item->is_told)
		f->tell(f->ctx, item->name,
				"journalctl ended: started again; lines of that second may come twice");
	item->is_told = true;
}

static bool read_pipe(struct follow *f, struct item *item, struct buf *out)
{
	struct err e = { 0 };

	if (item->restart_ms > 0) {
		if (f->w->mono_ms(f->w) >= item->restart_ms)
			restart(f, item);
		return false;
	}
	size_t had = out->n;
	bool is_read = source_read(&item->source, out, 0, &e);
	if (out->n > had) {
		item->has_begun = true;
		item->is_told = false;
	}
	if (is_read)
		return true;
	if (e.kind != ERR_TIMEOUT)
		end_pipe(f, item, &e);
	return false;
}

/* A pipe other than a child is read by a blocking read(): only when poll() says so. */
static bool read_ready(struct follow *f, const struct pollfd *fds, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < f->count && out->n + 4 * TAIL_CHUNK < out->max; i++) {
		struct item *item = &f->at[i];
		if (item->is_file) {
			size_t had = out->n;
			any = tail_read(&item->tail, out) || any;
			unwrap_lines(&item->unwrap, out, had);
			tell_events(f, item);
		} else if (!item->is_over &&
				(item->source.child || item->restart_ms || fds[i].revents)) {
			any = read_pipe(f, item, out) || any;
		}
	}
	return any;
}

static int item_fd(const struct item *item)
{
	if (item->is_file)
		return tail_fd(&item->tail);
	if (item->is_over || item->restart_ms)
		return -1;
	return item->source.child ? stream_get_fd(item->source.child) : item->source.fd;
}

static uint64_t prepare(struct follow *f, struct pollfd *fds, uint64_t deadline_ms)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct item *item = &f->at[i];
		uint64_t due = item->is_file ? tail_due_ms(&item->tail) : item->restart_ms;
		fds[i] = (struct pollfd){ .fd = item_fd(item), .events = POLLIN };
		if (due > 0 && due < deadline_ms)
			deadline_ms = due;
	}
	return deadline_ms;
}

bool follow_is_over(const struct follow *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (!f->at[i].is_over)
			return false;
	return true;
}

bool follow_read(struct follow *f, struct buf *out, uint64_t deadline_ms)
{
	struct pollfd fds[FOLLOW_MAX] = { { 0 } };

	while (!world_stopping() && !follow_is_over(f)) {
		prepare(f, fds, 0);
		world_poll(f->w, fds, f->count, 0);
		if (read_ready(f, fds, out) || out->n > 0)
			return true;
		if (follow_is_over(f) || f->w->mono_ms(f->w) >= deadline_ms)
			return false;
		world_poll(f->w, fds, f->count, prepare(f, fds, deadline_ms));
	}
	return false;
}

void follow_finish(struct follow *f, struct buf *out)
{
	for (size_t i = 0; i < f->count; i++) {
		struct item *item = &f->at[i];
		if (item->is_file) {
			size_t had = out->n;
			tail_close(&item->tail, out);
			unwrap_lines(&item->unwrap, out, had);
			unwrap_finish(&item->unwrap, out);
			tell_events(f, item);
		} else if (!item->restart_ms) {
			cutter_flush(&item->source.cutter, out);
		}
	}
}
