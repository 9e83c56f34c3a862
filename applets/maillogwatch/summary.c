/* summary - a log in numbers that can be added up
 * SPDX-License-Identifier: MIT
 *
 * Everything is a sum, so that summaries of parts of a log add up to the summary of the whole. Two
 * things are not by nature: how many mails were deferred (however often), and who sent how many:
 * both need to know a mail again. Hence the table of mails that are not done with, which is written
 * out and merged too.
 */
#include "applets/maillogwatch/summary.h"

#include "applets/maillogwatch/maillogwatch.h"
#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024, SENDERS_MAX = 2 * 1024 * 1024, TEXT_MAX = 1024 };

const char *const summary_table_names[SUMMARY_TABLES] = { "reasons", "senders", "recipients",
	"domains", "relays", "slow_ms", "rejected_ips", "failed_ips", "failed_users",
	"failed_pairs", "alarms", "troubles", "unknown" };

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
	*s = (struct summary){ .senders = BUF(SENDERS_MAX), .text = BUF(TEXT_MAX) };
	s->slots = SLOTS_FIRST;
	s->ids = xcalloc(s->slots, sizeof(s->ids[0]));
	buf_putc(&s->senders, '\0');
}

void summary_free(struct summary *s)
{
	for (size_t i = 0; i < SUMMARY_TABLES; i++)
		tally_free(&s->tables[i]);
	free(s->ids);
	buf_free(&s->senders);
	buf_free(&s->text);
}

static void count_text(struct summary *s, enum summary_table table, struct bytes text, uint64_t n)
{
	if (text.n > 0)
		tally_add(&s->tables[table], text, n);
}

/* Linear probing; the one that was asked for, or the free slot where it belongs. */
static struct summary_id *find_id(struct summary *s, uint64_t hash)
{
	size_t at = (size_t)hash & (s->slots - 1);

	while (s->ids[at].hash != 0 && s->ids[at].hash != hash)
		at = (at + 1) & (s->slots - 1);
	return &s->ids[at];
}

/* Closes the hole: what follows and belongs before it moves up. */
static void drop_id(struct summary *s, struct summary_id *id)
{
	size_t hole = (size_t)(id - s->ids), at = hole;

	s->ids[hole].hash = 0;
	s->id_count--;
	for (;;) {
		at = (at + 1) & (s->slots - 1);
		if (s->ids[at].hash == 0)
			return;
		size_t home = (size_t)s->ids[at].hash & (s->slots - 1);
		if (((at - home) & (s->slots - 1)) < ((at - hole) & (s->slots - 1)))
			continue;
		s->ids[hole] = s->ids[at];
		s->ids[at].hash = 0;
		hole = at;
	}
}

/* What a mail adds once; ids without a beginning keep it for later. */
static void count_id(struct summary *s, const struct summary_id *id, uint8_t flags)
{
	const char *sender = (const char *)s->senders.p + id->sender;

	if (flags & SUMMARY_QUEUED) {
		s->mail_octets += id->size;
		tally_add(&s->tables[SUMMARY_SENDERS], id->sender ? bytes_of(sender) : BYTES("<>"),
				1);
	}
	if (flags & SUMMARY_DEFERRED)
		s->deferred_mails++;
}

/* Into so many slots; ids that were heard of last before limit_s are forgotten. */
static void move_ids(struct summary *s, size_t slots, int64_t limit_s)
{
	struct summary_id *old = s->ids, *end = old + s->slots;

	s->slots = slots;
	s->ids = xcalloc(slots, sizeof(s->ids[0]));
	s->id_count = 0;
	for (struct summary_id *id = old; id < end; id++) {
		if (id->hash == 0)
			continue;
		if (id->last_s >= limit_s) {
			*find_id(s, id->hash) = *id;
			s->id_count++;
			continue;
		}
		if (!(id->flags & SUMMARY_BEGUN))
			count_id(s, id, id->flags);
		s->forgotten_ids++;
	}
	free(old);
}

/* Forgets the older half of all ids; those without a time are the oldest. */
static void forget_ids(struct summary *s)
{
	int64_t oldest = INT64_MAX, newest = SYSLOG_NO_TIME;

	for (size_t i = 0; i < s->slots; i++) {
		int64_t last_s = s->ids[i].last_s;
		if (s->ids[i].hash == 0 || last_s == SYSLOG_NO_TIME)
			continue;
		oldest = last_s < oldest ? last_s : oldest;
		newest = last_s > newest ? last_s : newest;
	}
	move_ids(s, s->slots, newest < oldest ? INT64_MAX : newest - (newest - oldest) / 2);
}

static struct summary_id *make_id(struct summary *s, uint64_t hash)
{
	if (s->id_count >= SUMMARY_IDS_MAX)
		forget_ids(s);
	else if (s->id_count >= s->slots / 4 * 3)
		move_ids(s, s->slots * 2, INT64_MIN);
	struct summary_id *id = find_id(s, hash);
	if (id->hash == 0) {
		*id = (struct summary_id){ .hash = hash };
		s->id_count++;
	}
	return id;
}

static uint32_t keep_sender(struct summary *s, struct bytes sender)
{
	size_t at = s->senders.n;

	sender = bytes_head(sender, TALLY_KEY_MAX);
	if (sender.n == 0 || at + sender.n + 1 > SENDERS_MAX || memchr(sender.p, '\0', sender.n))
		return 0;
	buf_put(&s->senders, sender);
	buf_putc(&s->senders, '\0');
	return (uint32_t)at;
}

static uint64_t id_hash(const struct log_event *e)
{
	uint64_t h = (tally_hash(e->id) ^ (tally_hash(e->at.host) << 1)) >> 1;

	return h ? h : 1;
}

static void begin_id(struct summary *s, const struct log_event *e)
{
	struct summary_id *id = make_id(s, id_hash(e));

	if (id->flags && !(id->flags & SUMMARY_BEGUN)) { /* an id of before, used again */
		count_id(s, id, id->flags);
		id->flags = 0;
	}
	id->flags = (id->flags & ~SUMMARY_DONE) | SUMMARY_BEGUN;
	id->last_s = e->at.wall_s;
}

/* Sets flag for the mail; true when it is counted now: the first time, and its beginning known. */
static bool mark_id(struct summary *s, const struct log_event *e, uint8_t flag)
{
	struct summary_id *id = make_id(s, id_hash(e));
	bool is_first = !(id->flags & flag);

	id->last_s = e->at.wall_s;
	if (is_first && flag == SUMMARY_QUEUED && !(id->flags & SUMMARY_BEGUN)) {
		id->size = e->size;
		id->sender = keep_sender(s, e->from);
	}
	id->flags |= flag;
	return is_first && (id->flags & SUMMARY_BEGUN);
}

static void end_id(struct summary *s, const struct log_event *e)
{
	struct summary_id *id = find_id(s, id_hash(e));

	if (id->hash == 0)
		return; /* nothing of it is counted */
	if (id->flags & SUMMARY_BEGUN)
		drop_id(s, id);
	else
		id->flags |= SUMMARY_DONE;
}

static void count_queued(struct summary *s, const struct log_event *e)
{
	if (!mark_id(s, e, SUMMARY_QUEUED))
		return;
	s->mail_octets += e->size;
	tally_add(&s->tables[SUMMARY_SENDERS], e->from.n ? e->from : BYTES("<>"), 1);
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
	if (e->class == LOG_DEFERRED && (e->id.n == 0 || mark_id(s, e, SUMMARY_DEFERRED)))
		s->deferred_mails++;
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
	switch (e->class) {
	case LOG_RECEIVED:
		count_hour(s, e);
		if (e->id.n > 0)
			begin_id(s, e);
		if (e->id.n > 0 && e->from.p && e->family != LOG_POSTFIX)
			count_queued(s, e);
		break;
	case LOG_IDENTIFIED:
		if (find_id(s, id_hash(e))->hash == 0)
			begin_id(s, e);
		break;
	case LOG_QUEUED:
		count_queued(s, e);
		break;
	case LOG_SENT:
	case LOG_DEFERRED:
	case LOG_BOUNCED:
	case LOG_EXPIRED:
		count_delivery(s, e);
		break;
	case LOG_REMOVED:
		end_id(s, e);
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

void summary_add_id(struct summary *s, const struct summary_id *other, struct bytes sender)
{
	struct summary_id *id = make_id(s, other->hash);
	uint8_t had = id->flags, both = had | other->flags;

	if (had == 0) {
		*id = *other;
		id->sender = keep_sender(s, sender);
		return;
	}
	uint8_t fresh = other->flags & ~had;
	if (fresh & SUMMARY_QUEUED && !(other->flags & SUMMARY_BEGUN)) {
		id->size = other->size;
		id->sender = keep_sender(s, sender);
	}
	if (other->last_s > id->last_s)
		id->last_s = other->last_s;
	/* the part that has the beginning counted its own; the other's is added now */
	struct summary_id copy = *id;
	id->flags = both;
	if ((both & SUMMARY_BEGUN) && !(other->flags & SUMMARY_BEGUN))
		count_id(s, &copy, fresh);
	if ((other->flags & SUMMARY_BEGUN) && !(had & SUMMARY_BEGUN))
		count_id(s, &copy, had & ~other->flags);
	if ((both & SUMMARY_BEGUN) && (both & SUMMARY_DONE))
		drop_id(s, id);
}

void summary_close(struct summary *s)
{
	for (size_t i = 0; i < s->slots; i++)
		if (s->ids[i].hash && !(s->ids[i].flags & SUMMARY_BEGUN))
			count_id(s, &s->ids[i], s->ids[i].flags);
}
