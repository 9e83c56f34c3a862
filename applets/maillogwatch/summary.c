/* summary - a log in numbers that can be added up
 * SPDX-License-Identifier: MIT
 *
 * Everything is a sum, so that summaries of parts of a log add up to the summary of the whole. Two
 * things are not by nature: how many mails were deferred (however often), and who sent how many:
 * both need to know a mail again (summary_mails.c).
 */
#include "applets/maillogwatch/summary.h"

#include "applets/maillogwatch/maillogwatch.h"
#include "know/advice.h"
#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

const char *const summary_table_names[SUMMARY_TABLES] = { "reasons", "senders", "recipients",
	"domains", "relays", "slow_ms", "rejected_ips", "failed_ips", "failed_users",
	"failed_pairs", "alarms", "troubles", "unknown", "unexplained" };

#define NUMBER(name)                                  \
	{                                             \
#name, offsetof(struct summary, name) \
	}
const struct summary_number summary_numbers[] = {
	NUMBER(lines),
	NUMBER(octets),
	NUMBER(foreign),
	NUMBER(deferred_mails),
	NUMBER(mail_octets),
	NUMBER(tls_in),
	NUMBER(tls_out),
	NUMBER(lost_lines),
	NUMBER(forgotten_ids),
	NUMBER(staged),
};
const size_t summary_number_count = sizeof(summary_numbers) / sizeof(summary_numbers[0]);

uint64_t *summary_number(struct summary *s, size_t i)
{
	return (uint64_t *)(void *)((char *)s + summary_numbers[i].offset);
}

void summary_init(struct summary *s)
{
	*s = (struct summary){ .text = BUF(TEXT_MAX) };
	s->faults = xcalloc(advice_count, sizeof(s->faults[0]));
	s->match = xmalloc(sizeof(*s->match));
	match_init(s->match);
	summary_mails_init(s);
}

void summary_free(struct summary *s)
{
	for (size_t i = 0; i < SUMMARY_TABLES; i++)
		tally_free(&s->tables[i]);
	free(s->faults);
	free(s->match);
	summary_mails_free(s);
	buf_free(&s->text);
}

static void count_text(struct summary *s, enum summary_table table, struct bytes text, uint64_t n)
{
	if (text.n > 0)
		tally_add(&s->tables[table], text, n);
}

static void count_reason(struct summary *s, const struct log_event *e)
{
	struct bytes reason = e->reason;

	buf_clear(&s->text);
	buf_puts(&s->text, maillog_class_name(e->class));
	buf_putc(&s->text, ' ');
	size_t said = bytes_search(reason, BYTES(" said: "));
	if (said < reason.n)
		reason = bytes_skip(reason, said + 7);
	event_normal(&s->text, reason);
	tally_add(&s->tables[SUMMARY_REASONS], buf_bytes(&s->text), e->at.count);
}

static void count_delays(struct summary *s, const struct log_event *e)
{
	static const uint32_t steps[SUMMARY_DELAY_STEPS - 1] = { 1000, 10000, 60000, 600000,
		3600000 };
	size_t step = 0;

	if (e->has_delay) {
		while (step < SUMMARY_DELAY_STEPS - 1 && e->delay_ms > steps[step])
			step++;
		s->delay_steps[step]++;
	}
	if (!e->has_delays)
		return;
	s->staged++;
	for (size_t i = 0; i < 4; i++)
		s->stage_ms[i] += e->delays_ms[i];
	if (e->relay.n > 0)
		tally_add(&s->tables[SUMMARY_SLOW], e->relay,
				e->delays_ms[2] + (uint64_t)e->delays_ms[3]);
}

static void count_delivery(struct summary *s, const struct log_event *e)
{
	count_text(s, SUMMARY_RECIPIENTS, e->to, e->at.count);
	size_t at = bytes_find(e->to, '@');
	count_text(s, SUMMARY_DOMAINS, bytes_skip(e->to, at + 1), e->at.count);
	count_text(s, SUMMARY_RELAYS, e->relay, e->at.count);
	count_delays(s, e);
	if (e->class == LOG_DEFERRED && e->id.n == 0)
		s->deferred_mails++;
	else if (e->class == LOG_DEFERRED)
		summary_mail(s, e, SUMMARY_DEFERRED);
	if (e->class != LOG_SENT)
		count_reason(s, e);
}

static void count_failed(struct summary *s, const struct log_event *e)
{
	count_text(s, SUMMARY_FAILED_IPS, e->ip, e->at.count);
	count_text(s, SUMMARY_FAILED_USERS, e->user, e->at.count);
	if (e->ip.n == 0 || e->user.n == 0)
		return;
	buf_clear(&s->text);
	buf_put(&s->text, e->ip);
	buf_putc(&s->text, ' ');
	buf_put(&s->text, e->user);
	tally_add(&s->tables[SUMMARY_FAILED_PAIRS], buf_bytes(&s->text), e->at.count);
}

static void count_said(struct summary *s, const struct log_event *e, enum summary_table table)
{
	buf_clear(&s->text);
	buf_put(&s->text, e->daemon.n ? e->daemon : e->at.program);
	buf_puts(&s->text, ": ");
	event_normal(&s->text, e->at.text);
	tally_add(&s->tables[table], buf_bytes(&s->text), e->at.count);
}

/* Refusals that are this server's own trouble, whoever it refuses. */
static void count_own_refusal(struct summary *s, const struct log_event *e)
{
	static const struct bytes marks[] = { BYTES("; Error: open resolver"),
		BYTES("127.255.255."), BYTES("nsufficient system storage") };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (bytes_search(e->reason, marks[i]) < e->reason.n) {
			buf_clear(&s->text);
			buf_put(&s->text, e->daemon);
			buf_puts(&s->text, ": ");
			event_normal(&s->text, e->reason);
			tally_add(&s->tables[SUMMARY_ALARMS], buf_bytes(&s->text), e->at.count);
		}
}

/* rsyslog and journald tell what they left out. */
static void count_lost(struct summary *s, const struct log_event *e)
{
	static const struct bytes before[] = { BYTES("imuxsock lost "), BYTES("Suppressed "),
		BYTES("imjournal: ") };
	struct bytes text = e->at.text;

	if (!bytes_starts(e->at.program, BYTES("rsyslogd")) &&
			!bytes_starts(e->at.program, BYTES("systemd-journal")))
		return;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		struct bytes rest = bytes_skip(text, bytes_search(text, before[i]) + before[i].n);
		uint64_t n;
		if (bytes_uint(&rest, UINT32_MAX, &n))
			s->lost_lines += n;
	}
}

static void count_unknown(struct summary *s, const struct log_event *e)
{
	if (e->family != LOG_OTHER) {
		count_said(s, e, SUMMARY_UNKNOWN);
		return;
	}
	s->foreign += e->at.count;
}

void summary_add_fault(struct summary *s, const struct advice *a, const struct summary_fault *more)
{
	struct summary_fault *fault = &s->faults[a - advice_list()];

	if (fault->count == 0) {
		*fault = *more;
		return;
	}
	fault->count += more->count;
	if (fault->first_s == SYSLOG_NO_TIME ||
			(more->first_s != SYSLOG_NO_TIME && more->first_s < fault->first_s))
		fault->first_s = more->first_s;
	if (more->last_s > fault->last_s)
		fault->last_s = more->last_s;
}

static void count_fault(struct summary *s, const struct log_event *e)
{
	struct finding f;
	const struct advice *a = event_advice(s->match, e, &f, NULL);

	if (a)
		summary_add_fault(s, a,
				&(struct summary_fault){ e->at.count, e->at.wall_s, e->at.wall_s });
	else
		count_said(s, e, SUMMARY_UNEXPLAINED);
}

static void count_time(struct summary *s, const struct log_event *e)
{
	struct summary_segment *last = &s->segments[s->segment_count - (s->segment_count > 0)];
	int64_t at = e->at.wall_s;

	if (at == SYSLOG_NO_TIME)
		return;
	if (s->segment_count > 0 && at >= last->from_s && at <= last->to_s + SUMMARY_GAP_S) {
		if (at > last->to_s)
			last->to_s = at;
		return;
	}
	summary_add_segment(s, (struct summary_segment){ at, at });
}

static void count_hour(struct summary *s, const struct log_event *e)
{
	if (e->at.wall_s != SYSLOG_NO_TIME)
		s->hours[(e->at.wall_s / 3600 % 24 + 24) % 24] += e->at.count;
}

void summary_event(struct summary *s, const struct log_event *e)
{
	s->counts[e->class] += e->at.count;
	count_time(s, e);
	if (filter_rank(e) >= WATCH_PROBLEM)
		count_fault(s, e);
	switch (e->class) {
	case LOG_RECEIVED:
		count_hour(s, e);
		if (e->id.n > 0)
			summary_mail(s, e, SUMMARY_BEGUN);
		if (e->id.n > 0 && e->from.p && e->family != LOG_POSTFIX)
			summary_mail(s, e, SUMMARY_QUEUED);
		break;
	case LOG_IDENTIFIED:
		summary_mail(s, e, SUMMARY_BEGUN | SUMMARY_NAMED);
		break;
	case LOG_QUEUED:
		summary_mail(s, e, SUMMARY_QUEUED);
		break;
	case LOG_SENT:
	case LOG_DEFERRED:
	case LOG_BOUNCED:
	case LOG_EXPIRED:
		count_delivery(s, e);
		break;
	case LOG_REMOVED:
		summary_mail(s, e, SUMMARY_DONE);
		break;
	case LOG_REJECTED:
		count_hour(s, e);
		count_text(s, SUMMARY_REJECTED_IPS, e->ip, e->at.count);
		count_reason(s, e);
		count_own_refusal(s, e);
		break;
	case LOG_LOGIN:
		count_hour(s, e);
		break;
	case LOG_LOGIN_FAILED:
		count_hour(s, e);
		count_failed(s, e);
		break;
	case LOG_TLS:
		*(e->is_inbound ? &s->tls_in : &s->tls_out) += e->at.count;
		break;
	case LOG_TROUBLE:
		count_lost(s, e);
		/* fall through */
	case LOG_FATAL:
		count_said(s, e, e->class == LOG_FATAL ? SUMMARY_ALARMS : SUMMARY_TROUBLES);
		break;
	case LOG_UNKNOWN:
		count_unknown(s, e);
		break;
	default:
		break;
	}
}

/* Those that the new one touches become one with it; the list stays in order. */
void summary_add_segment(struct summary *s, struct summary_segment segment)
{
	size_t at = 0, end;

	while (at < s->segment_count && s->segments[at].to_s + SUMMARY_GAP_S < segment.from_s)
		at++;
	for (end = at; end < s->segment_count &&
			s->segments[end].from_s <= segment.to_s + SUMMARY_GAP_S;
			end++) {
		if (s->segments[end].from_s < segment.from_s)
			segment.from_s = s->segments[end].from_s;
		if (s->segments[end].to_s > segment.to_s)
			segment.to_s = s->segments[end].to_s;
	}
	if (end == at && s->segment_count == SUMMARY_SEGMENTS_MAX) { /* one gap less is told */
		at = at > 0 ? at - 1 : 0;
		if (segment.from_s < s->segments[at].from_s)
			s->segments[at].from_s = segment.from_s;
		if (segment.to_s > s->segments[at].to_s)
			s->segments[at].to_s = segment.to_s;
		return;
	}
	memmove(&s->segments[at + 1], &s->segments[end],
			(s->segment_count - end) * sizeof(s->segments[0]));
	s->segment_count = s->segment_count - (end - at) + 1;
	s->segments[at] = segment;
}

void summary_close(struct summary *s)
{
	summary_mails_close(s);
}
