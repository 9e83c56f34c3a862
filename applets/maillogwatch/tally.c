/* tally - counts texts in bounded memory
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/tally.h"

#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64 };

void tally_free(struct tally *t)
{
	free(t->rows);
	free(t->index);
	buf_free(&t->text);
	*t = (struct tally){ .dropped = 0 };
}

struct bytes tally_text(const struct tally *t, const struct tally_row *row)
{
	return (struct bytes){ t->text.p + row->offset, row->n };
}

/* Eight octets a step; the multiplier is that of FNV-1a's 64 bit form, mixed down at each step. */
uint64_t tally_hash(struct bytes text)
{
	uint64_t h = 0xcbf29ce484222325u ^ text.n;

	while (text.n > 0) {
		uint64_t word = 0;
		size_t n = text.n < sizeof(word) ? text.n : sizeof(word);
		memcpy(&word, text.p, n);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
		text = (struct bytes){ text.p + n, text.n - n };
	}
	return h;
}

static struct tally_slot *slot_of(const struct tally *t, struct bytes text, uint32_t hash)
{
	size_t mask = t->index_size - 1, at = hash & mask;

	while (t->index[at].row &&
			(t->index[at].hash != hash ||
					!bytes_equal(tally_text(t, &t->rows[t->index[at].row - 1]),
							text)))
		at = (at + 1) & mask;
	return &t->index[at];
}

static void make_index(struct tally *t)
{
	memset(t->index, 0, t->index_size * sizeof(t->index[0]));
	for (size_t i = 0; i < t->count; i++) {
		struct bytes text = tally_text(t, &t->rows[i]);
		uint32_t hash = (uint32_t)tally_hash(text);
		*slot_of(t, text, hash) = (struct tally_slot){ (uint32_t)i + 1, hash };
	}
}

static void grow(struct tally *t)
{
	t->room = t->room ? t->room * 2 : ROOM_FIRST;
	t->rows = xrealloc(t->rows, t->room * sizeof(t->rows[0]));
	free(t->index);
	t->index_size = t->room * 2;
	t->index = xcalloc(t->index_size, sizeof(t->index[0]));
	make_index(t);
}

static int compare_counts(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

/* Keeps the half that was counted most. */
static void prune(struct tally *t)
{
	struct buf text = BUF(TALLY_TEXT_MAX);
	size_t kept = t->count / 2;

	qsort(t->rows, t->count, sizeof(t->rows[0]), compare_counts);
	for (size_t i = kept; i < t->count; i++)
		t->dropped += t->rows[i].count;
	t->count = kept;
	for (size_t i = 0; i < kept; i++) {
		struct bytes old = tally_text(t, &t->rows[i]);
		t->rows[i].offset = (uint32_t)text.n;
		buf_put(&text, old);
	}
	buf_free(&t->text);
	t->text = text;
	make_index(t);
}

void tally_add(struct tally *t, struct bytes text, uint64_t n)
{
	text = bytes_head(text, TALLY_KEY_MAX);
	uint32_t hash = (uint32_t)tally_hash(text);
	if (t->count == t->room)
		grow(t);
	struct tally_slot *slot = slot_of(t, text, hash);
	if (slot->row) {
		t->rows[slot->row - 1].count += n;
		return;
	}
	t->text.max = TALLY_TEXT_MAX;
	if (t->count == TALLY_ROWS_MAX || t->text.n + text.n > TALLY_TEXT_MAX) {
		prune(t);
		slot = slot_of(t, text, hash);
	}
	t->rows[t->count] = (struct tally_row){ n, (uint32_t)t->text.n, (uint32_t)text.n };
	buf_put(&t->text, text);
	*slot = (struct tally_slot){ (uint32_t)++t->count, hash };
}

uint64_t tally_get(const struct tally *t, struct bytes text)
{
	text = bytes_head(text, TALLY_KEY_MAX);
	uint32_t row = t->room ? slot_of(t, text, (uint32_t)tally_hash(text))->row : 0;

	return row ? t->rows[row - 1].count : 0;
}

uint64_t tally_sum(const struct tally *t)
{
	uint64_t sum = t->dropped;

	for (size_t i = 0; i < t->count; i++)
		sum += t->rows[i].count;
	return sum;
}

static bool is_before(const struct tally *t, const struct tally_row *a, const struct tally_row *b)
{
	size_t n = a->n < b->n ? a->n : b->n;

	if (a->count != b->count)
		return a->count > b->count;
	int order = n ? memcmp(tally_text(t, a).p, tally_text(t, b).p, n) : 0;
	return order ? order < 0 : a->n < b->n;
}

void tally_top(struct tally *t, size_t k)
{
	for (size_t i = 0; i < k && i < t->count; i++) {
		struct tally_row *best = &t->rows[i], first = *best;
		for (struct tally_row *row = best + 1; row < t->rows + t->count; row++)
			if (is_before(t, row, best))
				best = row;
		t->rows[i] = *best;
		*best = first;
	}
}
