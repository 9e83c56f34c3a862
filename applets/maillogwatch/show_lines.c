/* show_lines - prints a log with a note under what matters
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/show_lines.h"

#include "applets/maillogwatch/explain.h"
#include "applets/maillogwatch/follow.h"
#include "applets/maillogwatch/places.h"
#include "applets/maillogwatch/rules.h"
#include "applets/maillogwatch/source.h"
#include "know/advice.h"
#include "sys/mem.h"
#include "ui/json.h"
#include "ui/report.h"
#include "ui/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 70 * 1024,
	NOTES_MAX = 64,    /* notes that are remembered */
	NOTE_QUIET_S = 60, /* the same note is not shown again so soon, only counted */
	NOTE_INDENT = 4,
	LINE_INDENT = 2, /* of what does not fit into a row of the terminal */
	LINES_BACK = 10,
	SEARCH_BACK = 20000,  /* lines, for the last ten that pass the filters */
	JOURNAL_BACK_MS = 500 /* journalctl takes its time */
};

/* A note that was shown. */
struct note {
	const struct advice *advice;
	int64_t shown_s; /* by the log's clock */
	uint64_t more;   /* lines since that it explains too */
};

struct lines {
	struct watch *t;
	bool use_color;
	struct note notes[NOTES_MAX];
	size_t note_count;
	const struct advice *cause; /* the last that was no consequence of another */
	int64_t cause_s;
	const struct advice *pam; /* the last that named an unknown user */
	int64_t pam_s;
	struct rules rules;
	struct match match;
	struct buf text;
};

static void tell_more(struct lines *l, struct note *note)
{
	if (note->more > 0)
		out_printf(&l->t->w->out, "  . %" PRIu64 " more of these since   [%s]\n",
				note->more, note->advice->id);
	note->more = 0;
}

/* False: shown less than a minute ago. */
static bool is_due(struct lines *l, const struct advice *a, int64_t now_s)
{
	size_t i = 0, oldest = 0;

	for (; i < l->note_count && l->notes[i].advice != a; i++)
		if (l->notes[i].shown_s < l->notes[oldest].shown_s)
			oldest = i;
	if (i == NOTES_MAX)
		i = oldest;
	struct note *note = &l->notes[i];
	if (i < l->note_count && note->advice == a && now_s < note->shown_s + NOTE_QUIET_S) {
		note->more++;
		return false;
	}
	if (i == l->note_count)
		l->note_count++;
	else
		tell_more(l, note);
	*note = (struct note){ .advice = a, .shown_s = now_s };
	return true;
}

static bool tell_cause(struct lines *l, const struct advice *cause)
{
	out_printf(&l->t->w->out, "%*s. follows from what stands above (likely)   [%s]\n",
			NOTE_INDENT, "", cause->id);
	return true;
}

/* Of one login PAM writes a line that there is no such user, then one that it refused. */
static bool follows_pam(struct lines *l, const struct advice *a, int64_t now_s)
{
	if (bytes_among(bytes_of(a->id), "pam-user-unknown pam-account-unknown")) {
		l->pam = a;
		l->pam_s = now_s;
	}
	bool is_refused = bytes_among(bytes_of(a->id), "pam-password-wrong pam-login-refused");
	return is_refused && l->pam && now_s == l->pam_s && tell_cause(l, l->pam);
}

/* A consequence of what was explained just before is not explained again. */
static bool follows(struct lines *l, const struct advice *a, const struct log_event *e)
{
	int64_t now_s = e->at.wall_s;

	if (!explain_is_consequence(a)) {
		if (e->class != LOG_TROUBLE && e->class != LOG_FATAL)
			return follows_pam(l, a, now_s);
		l->cause = a;
		l->cause_s = now_s;
		return false;
	}
	return l->cause && now_s != SYSLOG_NO_TIME && now_s <= l->cause_s + NOTE_QUIET_S &&
			tell_cause(l, l->cause);
}

/* Nobody but an entry could say what it means. */
static bool is_trouble(const struct log_event *e)
{
	switch (e->class) {
	case LOG_UNKNOWN:
	case LOG_TLS_FAILED:
	case LOG_DEFERRED:
	case LOG_BOUNCED:
	case LOG_EXPIRED:
	case LOG_TROUBLE:
	case LOG_FATAL:
		return true;
	default:
		return false;
	}
}

static void put_note(struct lines *l, const struct log_event *e)
{
	struct finding f;
	struct advice_binds binds;
	const struct advice *a = event_advice(&l->match, e, &f, &binds);

	if (!a && is_trouble(e))
		out_printf(&l->t->w->out, "%*s? trouble that is not known here\n", NOTE_INDENT, "");
	int64_t now_s = e->at.wall_s == SYSLOG_NO_TIME ? 0 : e->at.wall_s; /* one long minute */
	if (!a || follows(l, a, e) || !is_due(l, a, now_s))
		return;
	explain_note(l->t->w, a, &f, &binds, e);
}

/* What this line says together with those before it. */
static void put_rules(struct lines *l, const struct log_event *e)
{
	struct buf text = BUF(TEXT_MAX), out = BUF(TEXT_MAX);

	rules_take(&l->rules, e, l->t->w->utf8, &text);
	if (text.n > 0) {
		show_blanks(&out, NOTE_INDENT);
		show_wrap(&out, buf_bytes(&text), NOTE_INDENT, NOTE_INDENT, l->t->w->columns);
		out_printf(&l->t->w->out, "%s\n", buf_text(&out));
	}
	buf_free(&text);
	buf_free(&out);
}

static void put_json(struct lines *l, const struct log_event *e)
{
	struct json j;

	buf_clear(&l->text);
	json_begin(&j, &l->text);
	event_json(&j, e);
	json_end(&j);
	out_put(&l->t->w->out, buf_bytes(&l->text));
}

static void take_line(void *ctx, const struct log_event *e)
{
	static const enum show_color colors[] = { SHOW_DIM, SHOW_PLAIN, SHOW_WARN, SHOW_BAD };
	struct lines *l = ctx;
	enum watch_rank rank = filter_rank(e);

	if (l->t->o->common.json) {
		put_json(l, e);
		return;
	}
	struct buf safe = BUF(4 * TEXT_MAX), wrapped = BUF(8 * TEXT_MAX);
	show_safe(&safe, e->at.line, l->t->w->utf8);
	if (l->t->w->out.tty)
		show_wrap(&wrapped, buf_bytes(&safe), 0, LINE_INDENT, l->t->w->columns);
	buf_clear(&l->text);
	show_paint(&l->text, colors[rank], buf_text(l->t->w->out.tty ? &wrapped : &safe),
			l->use_color && rank != WATCH_NORMAL);
	out_put(&l->t->w->out, buf_bytes(&l->text));
	buf_free(&wrapped);
	out_puts(&l->t->w->out, "\n");
	buf_free(&safe);
	if (l->t->o->common.quiet)
		return;
	if (rank >= WATCH_PROBLEM)
		put_note(l, e);
	put_rules(l, e);
}

static void tell(void *ctx, const char *name, const char *text)
{
	struct watch *t = ctx;
	struct buf safe = BUF(TEXT_MAX);

	show_safe(&safe, bytes_of(name), t->w->utf8);
	out_printf(&t->w->err, "maillogwatch: %s: %s\n", buf_text(&safe), text);
	out_flush(&t->w->err);
	buf_free(&safe);
}

/* The last lines that pass the filters, until all that was there already is read. */
struct back {
	struct buf lines[LINES_BACK];
	int64_t wall_s[LINES_BACK];
	size_t count;
};

static void keep_back(void *ctx, const struct log_event *e)
{
	struct back *back = ctx;
	size_t i = back->count++ % LINES_BACK;

	buf_clear(&back->lines[i]);
	buf_put(&back->lines[i], e->at.line);
	back->wall_s[i] = e->at.wall_s;
}

static void show_back(struct lines *l, struct back *back)
{
	struct syslog_reader reader;
	struct log_event e;

	syslog_init(&reader, l->t->now_s);
	for (size_t n = back->count < LINES_BACK ? back->count : LINES_BACK; n > 0; n--) {
		size_t i = (back->count - n) % LINES_BACK;
		struct syslog_line at;
		syslog_read(&reader, buf_bytes(&back->lines[i]), &at);
		at.wall_s = back->wall_s[i];
		maillog_read(&at, &e);
		take_line(l, &e);
	}
	syslog_free(&reader);
}

static void feed(struct watch *t, struct buf *chunk)
{
	reader_feed(t, buf_bytes(chunk));
	buf_clear(chunk);
}

static void search_back(struct watch *t, struct follow *f, struct buf *chunk, uint64_t until_ms)
{
	struct lines *l = t->ctx;
	struct back *back = xcalloc(1, sizeof(*back));

	for (size_t i = 0; i < LINES_BACK; i++)
		back->lines[i].max = TEXT_MAX;
	t->take = keep_back;
	t->ctx = back;
	while (follow_read(f, chunk, until_ms))
		feed(t, chunk);
	t->take = take_line;
	t->ctx = l;
	show_back(l, back);
	out_flush(&t->w->out);
	for (size_t i = 0; i < LINES_BACK; i++)
		buf_free(&back->lines[i]);
	free(back);
}

/* Of what is there only its last lines are to be shown: that needs something that has a past. */
static bool has_past(const struct opt_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->at[i], PLACES_JOURNAL) != 0 &&
				source_kind(names->at[i]) != SOURCE_FILE)
			return false;
	return true;
}

static int follow_logs(struct watch *t, const struct opt_list *names)
{
	struct follow *f = follow_new(t->w, tell, t);
	struct buf chunk = BUF(FOLLOW_ROOM);
	struct err e = { 0 };
	bool ok = true, is_search = t->has_filter && !t->o->since && has_past(names);
	unsigned back = t->o->since ? TAIL_ALL : is_search ? SEARCH_BACK : LINES_BACK;

	for (size_t i = 0; ok && i < names->count; i++)
		ok = follow_add(f, names->at[i], back, &e);
	if (ok && t->w->err.tty && !t->o->common.quiet) {
		out_puts(&t->w->err, "== following; Ctrl-C ends it\n");
		out_flush(&t->w->err);
	}
	if (!ok)
		tell(t, "cannot follow", e.text);
	if (ok && is_search)
		search_back(t, f, &chunk,
				strcmp(names->at[0], PLACES_JOURNAL) == 0 ?
						t->w->mono_ms(t->w) + JOURNAL_BACK_MS :
						0);
	while (ok && follow_read(f, &chunk, WORLD_FOREVER)) {
		feed(t, &chunk);
		if (!out_flush(&t->w->out))
			break;
	}
	if (ok) {
		follow_finish(f, &chunk);
		feed(t, &chunk);
	}
	follow_free(f);
	buf_free(&chunk);
	return ok ? REPORT_OK : REPORT_UNKNOWN;
}

static int read_logs(struct watch *t, const struct opt_list *names)
{
	bool any = reader_read(t, names);

	reader_tell(t);
	if (!any)
		return REPORT_UNKNOWN;
	return t->is_damaged ? REPORT_WARNING : REPORT_OK;
}

/* New lines are waited for: asked for, or on a terminal, unless it is of the past. */
static bool is_to_follow(const struct watch *t, const struct opt_list *names)
{
	const struct watch_options *o = t->o;

	if (o->follow || !t->w->out.tty || o->all || o->since || o->until)
		return o->follow;
	for (size_t i = 0; i < names->count; i++)
		if (source_kind(names->at[i]) == SOURCE_PACKED)
			return false;
	return true;
}

int show_lines(struct watch *t, const struct opt_list *names)
{
	struct lines *l = xmalloc(sizeof(*l));
	bool follow = is_to_follow(t, names);

	*l = (struct lines){ .t = t,
		.use_color = show_use_color(t->w, (enum show_when)t->o->common.color),
		.text = BUF(8 * TEXT_MAX) };
	match_init(&l->match);
	rules_init(&l->rules);
	t->take = take_line;
	t->ctx = l;
	int code = follow ? follow_logs(t, names) : read_logs(t, names);
	for (size_t i = 0; i < l->note_count && !t->o->common.json; i++)
		tell_more(l, &l->notes[i]);
	rules_free(&l->rules);
	buf_free(&l->text);
	free(l);
	return code;
}
