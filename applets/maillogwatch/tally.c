/* tally - counts texts in bounded memory
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/tally.h"

#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64, ROW = 0xffff };

void tally_free(struct tally *t)
{
	free(t->rows);
	free(t->index);
	buf_free(&t->text);
	*t = (struct tally){ .dropped = 0 };
}

struct bytes tally_text(const struct tally *t, const struct tally_row *row)
{
	return bytes_head(bytes_skip(buf_bytes(&t->text), row->offset), row->n);
}

static uint64_t mix(uint64_t h, const unsigned char *p, size_t n)
{
	uint64_t word = 0;

	if (n == sizeof(word))
		memcpy(&word, p, sizeof(word));
	else
		while (n > 0)
			word = word << 8 | p[--n];
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Eight octets a step, the last maybe once more; the multiplier is 2^64 by the golden ratio. */
uint64_t tally_hash(struct bytes text)
{
	uint64_t h = 0xcbf29ce484222325u ^ text.n;
	size_t i = 0;

	for (; i + sizeof(h) < text.n; i += sizeof(h))
		h = mix(h, text.p + i, sizeof(h));
	if (i > 0)
		text = bytes_skip(text, text.n - sizeof(h));
	return mix(h, text.p, text.n);
}

static struct tally_row *row_of(const struct tally *t, uint32_t slot)
{
	return &t->rows[(slot & ROW) - 1];
}

static uint32_t *slot_of(const struct tally *t, struct bytes text, uint64_t hash)
{
	size_t mask = t->index_size - 1, at = (size_t)hash & mask;
	uint32_t slot;

	while ((slot = t->index[at]) != 0 &&
			(((slot ^ (uint32_t)(hash >> 32)) & ~ROW) ||
					!bytes_equal(tally_text(t, row_of(t, slot)), text)))
		at = (at + 1) & mask;
	return &t->index[at];
}

static void fill_slot(uint32_t *slot, size_t row, uint64_t hash)
{
	*slot = ((uint32_t)(hash >> 32) & ~ROW) | (uint32_t)(row + 1);
}

static void make_index(struct tally *t)
{
	memset(t->index, 0, t->index_size * sizeof(t->index[0]));
	for (size_t i = 0; i < t->count; i++) {
		struct bytes text = tally_text(t, &t->rows[i]);
		uint64_t hash = tally_hash(text);
		fill_slot(slot_of(t, text, hash), i, hash);
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
	if (t->last < t->count && bytes_equal(text, tally_text(t, &t->rows[t->last]))) {
		t->rows[t->last].count += n;
		return;
	}
	uint64_t hash = tally_hash(text);
	if (t->count == t->room && t->room < TALLY_ROWS_MAX)
		grow(t);
	uint32_t *slot = slot_of(t, text, hash);
	if (*slot) {
		t->last = (*slot & ROW) - 1;
		t->rows[t->last].count += n;
		return;
	}
	t->text.max = TALLY_TEXT_MAX;
	if (t->count == TALLY_ROWS_MAX || t->text.n + text.n > TALLY_TEXT_MAX) {
		prune(t);
		slot = slot_of(t, text, hash);
	}
	fill_slot(slot, t->count, hash);
	t->last = t->count;
	t->rows[t->count++] = (struct tally_row){ n, (uint32_t)t->text.n, (uint32_t)text.n };
	buf_put(&t->text, text);
}

uint64_t tally_get(const struct tally *t, struct bytes text)
{
	text = bytes_head(text, TALLY_KEY_MAX);
	uint32_t slot = t->room ? *slot_of(t, text, tally_hash(text)) : 0;

	return slot ? row_of(t, slot)->count : 0;
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

static int compare_rows(const void *a, const void *b, void *tally)
{
	return is_before(tally, a, b) ? -1 : is_before(tally, b, a);
}

void tally_sort(struct tally *t)
{
	if (t->count > 0)
		qsort_r(t->rows, t->count, sizeof(t->rows[0]), compare_rows, t);
	if (t->room > 0)
		make_index(t);
}
