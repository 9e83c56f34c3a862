/* thread - one mail as a timeline, and why
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/thread.h"

#include "applets/maillogwatch/maillogwatch.h"
#include "know/advice.h"
#include "sys/mem.h"
#include "ui/show.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TEXT_MAX = 16384, WHEN_COLUMN = 2, TEXT_COLUMN = 24, NOTE_COLUMN = 4 };

static void add_recipient(struct thread *m, const struct log_event *e)
{
	size_t i = 0;

	while (i < m->recipient_count && !bytes_equal_nocase(m->recipients[i].to, e->to))
		i++;
	if (i == THREAD_RECIPIENTS_MAX)
		return;
	struct thread_recipient *r = &m->recipients[i];
	if (i == m->recipient_count) {
		*r = (struct thread_recipient){ .to = e->to, .first_s = e->at.wall_s };
		m->recipient_count++;
	}
	r->last = *e;
	r->tries++;
}

void thread_take(struct thread *m, const struct log_event *e)
{
	if (m->id.n == 0)
		m->id = e->id;
	if (!m->from.p)
		m->from = e->from;
	if (m->message_id.n == 0)
		m->message_id = e->message_id;
	if (m->first_s == SYSLOG_NO_TIME) {
		m->first_s = e->at.wall_s;
		m->first_us = e->at.micro_s;
	}
	switch (e->class) {
	case LOG_SENT:
	case LOG_DEFERRED:
	case LOG_BOUNCED:
	case LOG_EXPIRED:
		if (e->to.n > 0)
			add_recipient(m, e);
		break;
	case LOG_REMOVED:
		m->is_removed = true;
		break;
	case LOG_REJECTED:
	case LOG_HELD:
	case LOG_DISCARDED:
		m->is_rejected = true;
		m->end = *e;
		break;
	default:
		break;
	}
}

static void put_safe(struct buf *out, struct world *w, const char *before, struct bytes text)
{
	if (text.n == 0)
		return;
	buf_puts(out, before);
	show_safe(out, text, w->utf8);
}

static void put_stages(struct buf *out, const struct log_event *e)
{
	static const char *const names[4] = { "waiting before the queue manager", "in the queue",
		"connecting", "talking" };

	for (size_t i = 0; e->has_delays && i < 4; i++) {
		if (e->delays_ms[i] < 100)
			continue;
		buf_puts(out, "; ");
		show_duration(out, e->delays_ms[i]);
		buf_printf(out, " %s", names[i]);
	}
}

/* A line in words; its own words where it has no known form. */
static void describe(struct buf *out, struct world *w, const struct log_event *e)
{
	struct bytes program = e->daemon.n ? e->daemon : e->at.program;

	show_safe(out, program, w->utf8);
	buf_puts(out, ": ");
	switch (e->class) {
	case LOG_RECEIVED:
		buf_puts(out, "received");
		put_safe(out, w, " from ", e->client);
		put_safe(out, w, " [", e->ip);
		buf_puts(out, e->ip.n ? "]" : "");
		put_safe(out, w, ", login ", e->user);
		put_safe(out, w, ", sender ", e->from);
		break;
	case LOG_IDENTIFIED:
		put_safe(out, w, "message-id ", e->message_id);
		break;
	case LOG_QUEUED:
		put_safe(out, w, "queued, sender ", e->from.n ? e->from : BYTES("<>"));
		buf_puts(out, e->has_size ? ", " : "");
		if (e->has_size)
			show_size(out, e->size);
		if (e->recipients > 0)
			buf_printf(out, ", %u recipient%s", (unsigned)e->recipients,
					e->recipients == 1 ? "" : "s");
		break;
	case LOG_SENT:
	case LOG_DEFERRED:
	case LOG_BOUNCED:
	case LOG_EXPIRED:
		buf_puts(out, maillog_class_name(e->class));
		put_safe(out, w, ", to ", e->to);
		put_safe(out, w, ", by ", e->relay);
		put_stages(out, e);
		put_safe(out, w, ": ", e->reason);
		break;
	case LOG_NOTICE:
		put_safe(out, w, "the sender is told, by ", e->id2);
		break;
	case LOG_REMOVED:
		buf_puts(out, "done with, removed from the queue");
		break;
	case LOG_STORED:
		put_safe(out, w, "stored for ", e->user);
		put_safe(out, w, " in ", e->mailbox);
		break;
	default:
		show_safe(out, e->at.text, w->utf8);
		break;
	}
}

static void put_when(struct buf *out, const struct thread *m, const struct syslog_line *at)
{
	if (at->wall_s == SYSLOG_NO_TIME)
		return;
	int64_t us = (at->wall_s - m->first_s) * 1000000 + (int64_t)at->micro_s -
			(int64_t)m->first_us;
	if (us <= 0) {
		event_time(out, at->wall_s);
		return;
	}
	buf_puts(out, "+");
	show_duration(out, (uint64_t)us / 1000);
}

void thread_line(struct world *w, const struct thread *m, const struct log_event *e)
{
	struct buf line = BUF(TEXT_MAX), text = BUF(TEXT_MAX);

	show_blanks(&line, WHEN_COLUMN);
	put_when(&line, m, &e->at);
	if (line.n < TEXT_COLUMN)
		show_blanks(&line, TEXT_COLUMN - line.n);
	describe(&text, w, e);
	show_wrap(&line, buf_bytes(&text), TEXT_COLUMN, TEXT_COLUMN, w->columns);
	out_printf(&w->out, "%s\n", buf_text(&line));
	buf_free(&line);
	buf_free(&text);
}

static void put_template(struct world *w, const char *head, const char *template,
		const struct finding *f, const struct advice_binds *b)
{
	struct buf text = BUF(TEXT_MAX), out = BUF(TEXT_MAX);

	if (template) {
		buf_puts(&text, head);
		advice_expand(&text, template, f, b);
		show_blanks(&out, NOTE_COLUMN);
		show_wrap(&out, buf_bytes(&text), NOTE_COLUMN, NOTE_COLUMN, w->columns);
		out_printf(&w->out, "%s\n", buf_text(&out));
	}
	buf_free(&text);
	buf_free(&out);
}

static void explain(struct world *w, const struct thread *m, const struct log_event *e)
{
	struct finding f;
	struct advice_binds binds;
	struct match *match = xmalloc(sizeof(*match));
	match_init(match);
	const struct advice *a = event_advice(match, e, &f, &binds);
	free(match);

	f.from = m->from;
	f.id = m->id;
	if (!a) {
		out_printf(&w->out, "%*smeans:  not known here: the words above are all there is\n",
				NOTE_COLUMN, "");
		return;
	}
	put_template(w, "means:  ", a->means, &f, &binds);
	for (size_t i = 0; i < ADVICE_LIKELY_MAX; i++)
		put_template(w, "likely: ", a->likely[i], &f, &binds);
	put_template(w, "next:   ", a->next, &f, &binds);
	out_printf(&w->out, "%*s[%s]\n", NOTE_COLUMN, "", a->id);
}

static void put_lines(struct world *w, struct buf *text)
{
	struct buf out = BUF(TEXT_MAX);

	show_blanks(&out, WHEN_COLUMN);
	show_wrap(&out, buf_bytes(text), WHEN_COLUMN, NOTE_COLUMN, w->columns);
	out_printf(&w->out, "%s\n", buf_text(&out));
	buf_free(&out);
	buf_clear(text);
}

void thread_end(struct world *w, const struct thread *m)
{
	struct buf text = BUF(TEXT_MAX);

	for (size_t i = 0; i < m->recipient_count; i++) {
		const struct thread_recipient *r = &m->recipients[i];
		buf_puts(&text, "= ");
		show_safe(&text, r->to, w->utf8);
		buf_printf(&text, ": %s, %u tr%s", maillog_class_name(r->last.class), r->tries,
				r->tries == 1 ? "y" : "ies");
		put_lines(w, &text);
		if (r->last.class != LOG_SENT)
			explain(w, m, &r->last);
	}
	if (m->is_rejected) {
		buf_printf(&text, "= %s", maillog_class_name(m->end.class));
		put_safe(&text, w, ": ", m->end.reason);
		put_lines(w, &text);
		explain(w, m, &m->end);
	}
	if (m->recipient_count == 0 && !m->is_rejected) {
		buf_puts(&text,
				m->is_removed ? "= removed; its deliveries are not in these logs" :
						"= no delivery in these logs: still queued, or the log ends here");
		put_lines(w, &text);
	}
	buf_free(&text);
}

/* Where the time went, when most of it went into one stage. */
static void put_where(struct world *w, const struct log_event *e)
{
	static const char *const stages[4] = {
		"receiving and filtering it here, or waiting between tries", "waiting in the queue",
		"connecting to the next hop", "talking with the next hop"
	};
	uint64_t sum = 0;
	size_t most = 0;
	struct buf text = BUF(400);

	for (size_t i = 0; i < 4; i++) {
		sum += e->delays_ms[i];
		most = e->delays_ms[i] > e->delays_ms[most] ? i : most;
	}
	if (!e->has_delays || sum == 0)
		return;
	show_duration(&text, e->delays_ms[most]);
	buf_puts(&text, " of ");
	show_duration(&text, sum);
	buf_printf(&text, " went into %s", stages[most]);
	put_lines(w, &text);
	buf_free(&text);
}

void thread_why(struct world *w, const struct thread *m)
{
	struct buf text = BUF(TEXT_MAX);

	for (size_t i = 0; i < m->recipient_count; i++) {
		const struct thread_recipient *r = &m->recipients[i];
		show_safe(&text, m->id, w->utf8);
		buf_puts(&text, " ");
		show_safe(&text, m->from.n ? m->from : BYTES("<>"), w->utf8);
		put_safe(&text, w, " -> ", r->to);
		buf_printf(&text, ", %s", maillog_class_name(r->last.class));
		if (r->first_s != SYSLOG_NO_TIME) {
			buf_puts(&text, r->last.class == LOG_SENT ? " at " : " since ");
			event_time(&text,
					r->last.class == LOG_SENT ? r->last.at.wall_s : r->first_s);
		}
		buf_printf(&text, " (%u tr%s)", r->tries, r->tries == 1 ? "y" : "ies");
		put_lines(w, &text);
		put_where(w, &r->last);
		put_safe(&text, w, "last said: ", r->last.reason);
		put_lines(w, &text);
		if (r->last.class != LOG_SENT)
			explain(w, m, &r->last);
	}
	buf_free(&text);
	if (m->recipient_count == 0)
		thread_end(w, m);
}
