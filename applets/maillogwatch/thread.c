/* thread - one mail as a timeline, and why
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/thread.h"

#include "applets/maillogwatch/explain.h"
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
	m->has_more = m->has_more || i == THREAD_RECIPIENTS_MAX;
	if (i == THREAD_RECIPIENTS_MAX)
		return;
	struct thread_recipient *r = &m->recipients[i];
	bool is_new = i == m->recipient_count;
	m->recipient_count += is_new;
	if (is_new || (r->last.class == LOG_SENT && !bytes_equal(r->last.id, e->id)))
		*r = (struct thread_recipient){ .to = e->to, .first_s = e->at.wall_s };
	r->before = r->last.reason;
	r->last = *e;
	r->tries++;
}

/* The whole mail is given up: what was last said of each recipient still is why. */
static void expire(struct thread *m, const struct log_event *e)
{
	for (size_t i = 0; i < m->recipient_count; i++) {
		struct log_event *last = &m->recipients[i].last;
		if (last->class != LOG_DEFERRED || !bytes_equal(last->id, e->id))
			continue;
		last->class = LOG_EXPIRED;
		last->at.wall_s = e->at.wall_s;
	}
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
		else if (e->class == LOG_EXPIRED)
			expire(m, e);
		break;
	case LOG_RECEIVED: /* Exim names the mail that its notice is about */
		if (e->id2.n > 0)
			m->notice = e->id;
		break;
	case LOG_NOTICE:
		m->notice = e->id2;
		break;
	case LOG_REMOVED:
		m->is_removed = true;
		for (size_t i = 0; i < m->recipient_count; i++)
			m->recipients[i].is_gone = m->recipients[i].is_gone ||
					bytes_equal(m->recipients[i].last.id, e->id);
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
	for (size_t i = 0; e->has_delays && i < 4; i++) {
		if (e->delays_ms[i] < 100)
			continue;
		buf_puts(out, "; ");
		show_duration(out, e->delays_ms[i]);
		buf_printf(out, " %s", explain_stages[i]);
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
		put_safe(out, w, ": the notice about ", e->id2);
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
	case LOG_FILTERED:
		show_safe(out, e->reason.n ? e->reason : e->at.text, w->utf8);
		put_safe(out, w, ", handed on as ", e->id2);
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

static bool is_notice(const struct thread *m, const struct log_event *e)
{
	return e->id.n > 0 && bytes_equal(e->id, m->notice);
}

static struct bytes sender_of(const struct thread *m, const struct log_event *e)
{
	return is_notice(m, e) ? (struct bytes){ NULL, 0 } : m->from;
}

static void explain(struct world *w, const struct thread *m, const struct log_event *e,
		bool has_facts)
{
	struct finding f;
	struct advice_binds binds;
	struct match *match = xmalloc(sizeof(*match));
	match_init(match);
	const struct advice *a = event_advice(match, e, &f, &binds);
	free(match);

	f.from = sender_of(m, e);
	if (!a) {
		out_printf(&w->out, "%*s? not known here: the words above are all there is\n",
				NOTE_COLUMN, "");
		return;
	}
	explain_note(w, a, &f, &binds, has_facts ? NULL : e);
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
		buf_printf(&text, ": %s, %u tr%s%s", maillog_class_name(r->last.class), r->tries,
				r->tries == 1 ? "y" : "ies",
				is_notice(m, &r->last) ? " (the notice to the sender)" : "");
		put_lines(w, &text);
		if (r->last.class != LOG_SENT)
			explain(w, m, &r->last, false);
	}
	if (m->has_more) {
		buf_puts(&text, "= and more recipients: --to shows one");
		put_lines(w, &text);
	}
	if (m->is_rejected) {
		buf_printf(&text, "= %s", maillog_class_name(m->end.class));
		put_safe(&text, w, ": ", m->end.reason);
		put_lines(w, &text);
		explain(w, m, &m->end, false);
	}
	if (m->recipient_count == 0 && !m->is_rejected) {
		buf_puts(&text,
				m->is_removed ? "= removed; its deliveries are not in these logs" :
						"= no delivery in these logs: still queued, or the log ends here");
		put_lines(w, &text);
	}
	buf_free(&text);
}

/* When a mail that waits is tried again, which none of these programs logs: who knows it. */
static void put_next_try(struct buf *out, const struct thread_recipient *r)
{
	static const char *const texts[LOG_FAMILIES] = {
		[LOG_POSTFIX] = "when its queue manager finds that it has waited long enough"
				" (minimal_backoff_time, then longer): mailq; at once: postqueue -i {id}",
		[LOG_EXIM] = "when its retry rule says: exinext {todomain}; at once: exim -M {id}",
		[LOG_SENDMAIL] = "at a queue run: mailq -qI{id}; at once: sendmail -v -qI{id}",
		[LOG_OPENSMTPD] = "smtpctl show message {id}; at once: smtpctl schedule {id}",
	};
	const char *text = texts[r->last.family];

	if (r->last.class != LOG_DEFERRED || !text)
		return;
	buf_puts(out, " Next try: ");
	if (r->is_gone)
		buf_puts(out, "none, it was taken out of the queue since");
	else
		advice_expand(out, text, &(struct finding){ .id = r->last.id, .to = r->to }, NULL);
	buf_putc(out, '.');
}

/* Who to whom, what became of it, since when, where it is stuck. */
static void why_one(struct world *w, const struct thread *m, const struct thread_recipient *r,
		struct buf *text)
{
	bool is_waiting = r->last.class == LOG_DEFERRED;
	struct bytes from = sender_of(m, &r->last);

	show_safe(text, r->last.id, w->utf8);
	buf_putc(text, ' ');
	show_safe(text, from.n ? from : BYTES("<>"), w->utf8);
	put_safe(text, w, " -> ", r->to);
	buf_printf(text, ", %s", maillog_class_name(r->last.class));
	if (r->first_s != SYSLOG_NO_TIME) {
		buf_puts(text, is_waiting ? " since " : " at ");
		event_time(text, is_waiting ? r->first_s : r->last.at.wall_s);
	}
	buf_printf(text, " (%u tr%s)", r->tries, r->tries == 1 ? "y" : "ies");
	put_safe(text, w, is_waiting ? ", stuck at " : ", by ", r->last.relay);
	if (is_waiting && r->last.relay.n == 0)
		buf_puts(text, ", no next hop was reached");
	buf_puts(text, ". ");
	size_t had = text->n;
	explain_facts(text, &r->last);
	text->n -= text->n == had; /* one blank is enough */
	put_safe(text, w, " Last said: ", r->last.reason);
	if (r->last.class == LOG_BOUNCED)
		put_safe(text, w, ". Before that: ", r->before);
	buf_putc(text, '.');
	put_next_try(text, r);
}

void thread_why(struct world *w, const struct thread *m)
{
	struct buf text = BUF(TEXT_MAX);

	for (size_t i = 0; i < m->recipient_count; i++) {
		const struct thread_recipient *r = &m->recipients[i];
		why_one(w, m, r, &text);
		put_lines(w, &text);
		if (r->last.class != LOG_SENT)
			explain(w, m, &r->last, true);
	}
	buf_free(&text);
	if (m->recipient_count == 0)
		thread_end(w, m);
}
