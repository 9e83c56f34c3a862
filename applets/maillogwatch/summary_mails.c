/* summary_mails - mails that are counted once, however often they are named
 * SPDX-License-Identifier: MIT
 *
 * Queue ids are given out again, so the lines with one id are lives: a life begins with the line
 * that gives the id out, and is over with "removed", but for what is logged late. Lives that a log
 * has from their beginning are counted as they go. The others are kept, those that are over too:
 * another log may have what came before. To add up logs is to join the last life of an id in one
 * with the first in the next, which is what a line does to the life that it belongs to.
 */
#include "applets/maillogwatch/summary.h"

#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_FIRST = 1024,
	SLOTS_MAX = 2 * SUMMARY_IDS_MAX,
	OVER_MAX = SLOTS_MAX, /* more than there are in a full table */
	ROOM_FIRST = 64,
	SENDERS_MAX = 4 * 1024 * 1024,
	LATE_S = 60,    /* what is logged so long behind "removed" is of the same mail */
	NAMING_S = 3600 /* message-id= comes sooner behind client= */
};

void summary_mails_init(struct summary *s)
{
	s->senders = BUF(SENDERS_MAX);
	buf_putc(&s->senders, '\0');
	s->slots = SLOTS_FIRST;
	s->lives = xcalloc(s->slots, sizeof(s->lives[0]));
}

void summary_mails_free(struct summary *s)
{
	free(s->lives);
	free(s->over.at);
	free(s->parts.at);
	buf_free(&s->senders);
}

static void push(struct summary_lives *list, const struct summary_life *life)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : ROOM_FIRST;
		list->at = xrealloc(list->at, list->room * sizeof(list->at[0]));
	}
	list->at[list->count++] = *life;
}

static struct bytes sender_of(const struct summary *s, const struct summary_life *life)
{
	return bytes_of((const char *)s->senders.p + life->sender);
}

static void count_queued(struct summary *s, uint32_t size, struct bytes sender)
{
	s->mail_octets += size;
	tally_add(&s->tables[SUMMARY_SENDERS], sender.n ? sender : BYTES("<>"), 1);
}

/* What a life that is not begun adds. */
static void count(struct summary *s, const struct summary_life *life, unsigned flags)
{
	if (flags & SUMMARY_QUEUED)
		count_queued(s, life->size, sender_of(s, life));
	if (flags & SUMMARY_DEFERRED)
		s->deferred_mails++;
}

static void count_rest(struct summary *s, const struct summary_life *life)
{
	if (!(life->flags & SUMMARY_BEGUN))
		count(s, life, life->flags);
}

static uint32_t put_sender(struct buf *senders, struct bytes sender)
{
	size_t at = senders->n;

	if (sender.n == 0 || at + sender.n + 1 > SENDERS_MAX)
		return 0;
	buf_put(senders, sender);
	buf_putc(senders, '\0');
	return (uint32_t)at;
}

/* Counts the lives that are over as if nothing came before them, and makes room. */
static void give_up(struct summary *s)
{
	struct buf senders = BUF(SENDERS_MAX);
	size_t parts = s->parts.count;

	for (size_t i = 0; i < s->over.count; i++)
		if (!(s->over.at[i].flags & SUMMARY_BEGUN)) {
			count_rest(s, &s->over.at[i]);
			s->forgotten_ids++;
		}
	s->over.count = 0;
	buf_putc(&senders, '\0');
	for (size_t i = 0; i < parts + s->slots; i++) {
		struct summary_life *life = i < parts ? &s->parts.at[i] : &s->lives[i - parts];
		life->sender = put_sender(&senders, sender_of(s, life));
	}
	buf_free(&s->senders);
	s->senders = senders;
}

static void keep_sender(struct summary *s, struct summary_life *life, struct bytes sender)
{
	sender = bytes_head(sender, TALLY_KEY_MAX);
	sender = bytes_head(sender, bytes_find(sender, '\0'));
	life->sender = 0;
	if (s->senders.n + sender.n + 1 > SENDERS_MAX)
		give_up(s);
	life->sender = put_sender(&s->senders, sender);
}

/* Another log may end with the line that named this mail first, as if it were another. */
static bool may_be_named_before(const struct summary *s, const struct summary_life *life)
{
	return (life->flags & SUMMARY_NAMED) &&
			(s->segment_count == 0 ||
					life->first_s <= s->segments[0].from_s + NAMING_S);
}

static void end(struct summary *s, const struct summary_life *life)
{
	if ((life->flags & SUMMARY_BEGUN) && !may_be_named_before(s, life))
		return;
	if (s->over.count == OVER_MAX)
		give_up(s);
	push(&s->over, life);
	s->over.at[s->over.count - 1].flags |= SUMMARY_OVER;
}

/* Whether what is logged at that time comes too late to be of this mail. */
static bool is_past(const struct summary_life *life, int64_t now_s)
{
	if (life->flags & SUMMARY_OVER)
		return true;
	return (life->flags & SUMMARY_DONE) &&
			(life->last_s == SYSLOG_NO_TIME || now_s > life->last_s + LATE_S);
}

/* Linear probing; the one that was asked for, or the free slot where it belongs. */
static struct summary_life *find(struct summary *s, uint64_t hash)
{
	size_t at = (size_t)hash & (s->slots - 1);

	while (s->lives[at].hash != 0 && s->lives[at].hash != hash)
		at = (at + 1) & (s->slots - 1);
	return &s->lives[at];
}

static int64_t newest_s(const struct summary *s)
{
	return s->segment_count ? s->segments[s->segment_count - 1].to_s : SYSLOG_NO_TIME;
}

/* Into so many slots, without what is past; what was heard of last before limit_s is forgotten. */
static void move(struct summary *s, size_t slots, int64_t limit_s)
{
	struct summary_life *old = s->lives, *stop = old + s->slots;
	int64_t now_s = newest_s(s);

	if (s->over.count + s->life_count > OVER_MAX) /* not while they are on their way */
		give_up(s);
	s->slots = slots;
	s->lives = xcalloc(slots, sizeof(s->lives[0]));
	s->life_count = 0;
	for (struct summary_life *life = old; life < stop; life++) {
		if (life->hash == 0)
			continue;
		if (is_past(life, now_s)) {
			end(s, life);
		} else if (life->last_s >= limit_s) {
			*find(s, life->hash) = *life;
			s->life_count++;
		} else {
			count_rest(s, life);
			s->forgotten_ids++;
		}
	}
	free(old);
}

/* Forgets the older half of all; those without a time are the oldest. */
static void forget(struct summary *s)
{
	int64_t oldest = INT64_MAX, newest = SYSLOG_NO_TIME;

	for (size_t i = 0; i < s->slots; i++) {
		int64_t last_s = s->lives[i].last_s;
		if (s->lives[i].hash == 0 || last_s == SYSLOG_NO_TIME)
			continue;
		oldest = last_s < oldest ? last_s : oldest;
		newest = last_s > newest ? last_s : newest;
	}
	move(s, s->slots, newest < oldest ? INT64_MAX : newest - (newest - oldest) / 2);
}

static void make_room(struct summary *s)
{
	move(s, s->slots, INT64_MIN);
	if (s->life_count < s->slots / 2)
		return;
	if (s->slots < SLOTS_MAX)
		move(s, s->slots * 2, INT64_MIN);
	else
		forget(s);
}

/* The last life of an id; a new one has no flags yet. */
static struct summary_life *open_life(struct summary *s, uint64_t hash)
{
	struct summary_life *life = find(s, hash);

	if (life->hash != 0)
		return life;
	if (s->life_count >= s->slots / 4 * 3) {
		make_room(s);
		life = find(s, hash);
	}
	*life = (struct summary_life){ .hash = hash };
	s->life_count++;
	return life;
}

static uint64_t hash_of(const struct log_event *e)
{
	uint64_t h = (tally_hash(e->id) ^ (tally_hash(e->at.host) << 1)) >> 1;

	return h ? h : 1;
}

void summary_mail(struct summary *s, const struct log_event *e, unsigned flags)
{
	struct summary_life *life = open_life(s, hash_of(e));
	int64_t now_s = e->at.wall_s;
	bool goes_on = life->flags && !is_past(life, now_s);

	if (life->flags && (!goes_on || (flags & SUMMARY_BEGUN))) {
		end(s, life);
		life->flags = 0;
	}
	if (life->flags == 0)
		life->first_s = life->last_s = now_s;
	else if (now_s > life->last_s)
		life->last_s = now_s;
	unsigned fresh = flags & ~life->flags & ~(goes_on ? SUMMARY_NAMED : 0u);
	life->flags |= fresh;
	if (!(life->flags & SUMMARY_BEGUN) && (fresh & SUMMARY_QUEUED)) {
		life->size = e->size;
		keep_sender(s, life, e->from);
	} else if (life->flags & SUMMARY_BEGUN) {
		if (fresh & SUMMARY_QUEUED)
			count_queued(s, e->size, e->from);
		s->deferred_mails += (fresh & SUMMARY_DEFERRED) != 0;
	}
}

void summary_mails_add(struct summary *s, const struct summary_life *life, struct bytes sender,
		int64_t log_s)
{
	push(&s->parts, life);
	struct summary_life *part = &s->parts.at[s->parts.count - 1];
	part->log_s = log_s;
	part->order = (uint32_t)s->parts.count;
	keep_sender(s, part, sender);
}

/* By id, then by log, then as they stood there. */
static int compare(const void *a, const void *b)
{
	const struct summary_life *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->log_s != y->log_s)
		return x->log_s < y->log_s ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void join(struct summary *s, struct summary_life *life, const struct summary_life *next)
{
	unsigned fresh = next->flags & ~life->flags;

	if (life->flags & SUMMARY_BEGUN) {
		count(s, next, fresh);
	} else if (fresh & SUMMARY_QUEUED) {
		life->size = next->size;
		life->sender = next->sender;
	}
	life->flags |= fresh;
	if (next->last_s > life->last_s)
		life->last_s = next->last_s;
}

void summary_mails_join(struct summary *s)
{
	if (s->parts.count > 0)
		qsort(s->parts.at, s->parts.count, sizeof(s->parts.at[0]), compare);
	for (size_t i = 0; i < s->parts.count; i++) {
		const struct summary_life *next = &s->parts.at[i];
		struct summary_life *life = open_life(s, next->hash);
		bool goes_on = life->flags && !is_past(life, next->first_s);
		if (goes_on && !(next->flags & SUMMARY_BEGUN)) {
			join(s, life, next);
			continue;
		}
		if (life->flags)
			end(s, life);
		*life = *next;
		life->flags &= ~(goes_on ? SUMMARY_NAMED : 0u);
	}
	s->parts.count = 0;
}

/* What to write of a life; false: nothing. */
static bool list_life(const struct summary *s, struct summary_life *life)
{
	if (is_past(life, newest_s(s)))
		life->flags |= SUMMARY_OVER;
	if (!may_be_named_before(s, life))
		life->flags &= ~SUMMARY_NAMED;
	return (life->flags & (SUMMARY_BEGUN | SUMMARY_OVER | SUMMARY_NAMED)) !=
			(SUMMARY_BEGUN | SUMMARY_OVER);
}

/* In an order that does not tell how they were come by. */
void summary_mails_list(struct summary *s, struct summary_lives *list)
{
	summary_mails_join(s);
	for (size_t i = 0; i < s->over.count + s->slots; i++) {
		struct summary_life life =
				i < s->over.count ? s->over.at[i] : s->lives[i - s->over.count];
		life.log_s = 0;
		life.order = (uint32_t)i;
		if (life.hash != 0 && list_life(s, &life))
			push(list, &life);
	}
	if (list->count > 0)
		qsort(list->at, list->count, sizeof(list->at[0]), compare);
}

void summary_mails_close(struct summary *s)
{
	summary_mails_join(s);
	for (size_t i = 0; i < s->over.count; i++)
		count_rest(s, &s->over.at[i]);
	for (size_t i = 0; i < s->slots; i++)
		if (s->lives[i].hash)
			count_rest(s, &s->lives[i]);
}
