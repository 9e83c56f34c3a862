/* match - finds knowledge-base entries fast, for whole logs
 * SPDX-License-Identifier: MIT
 *
 * Every text pattern holds a run of octets that must occur as they stand. Six octets of it, its
 * last ones as the more telling, are looked for in one pass over the text (Wu and Manber 1994, with
 * blocks of two octets): most steps skip several octets. Only the entries found so are weighed, by
 * advice_score(), so that there is one truth about what fits.
 */
#include "know/match.h"

#include <string.h>

#include "sys/mem.h"

struct best {
	const struct advice *entry;
	unsigned score;
};

struct search {
	const struct finding *f;
	struct best best[2]; /* by is_fallback */
	unsigned char seen[MATCH_ENTRIES_MAX / 8];
};

static unsigned hash(unsigned char a, unsigned char b)
{
	return ((unsigned)advice_fold(a) << 5 ^ advice_fold(b)) % MATCH_HASHES;
}

/* The longest run of a pattern without "*" and {name}. */
static struct bytes longest_run(struct bytes pattern)
{
	struct bytes best = { NULL, 0 };

	while (pattern.n) {
		size_t star = bytes_find(pattern, '*'), brace = bytes_find(pattern, '{');
		struct bytes run = bytes_head(pattern, star < brace ? star : brace);
		if (run.n > best.n)
			best = run;
		pattern = bytes_skip(pattern, run.n);
		if (pattern.n && pattern.p[0] == '{')
			pattern = bytes_skip(pattern, bytes_find(pattern, '}'));
		pattern = bytes_skip(pattern, 1);
	}
	return best;
}

static void add_literal(struct match *m, struct bytes run, size_t entry)
{
	struct match_literal *l = &m->literals[m->literal_count++];

	for (size_t i = 0; i < MATCH_HEAD; i++)
		l->head[i] = advice_fold(run.p[run.n - MATCH_HEAD + i]);
	for (size_t i = 1; i < MATCH_HEAD; i++) {
		unsigned h = hash(l->head[i - 1], l->head[i]);
		unsigned char left = (unsigned char)(MATCH_HEAD - 1 - i);
		if (left < m->shift[h])
			m->shift[h] = left;
	}
	unsigned h = hash(l->head[MATCH_HEAD - 2], l->head[MATCH_HEAD - 1]);
	l->entry = (unsigned short)entry;
	l->next = m->first[h];
	m->first[h] = (unsigned short)m->literal_count;
}

/* Adds the patterns of one entry; false when it cannot be found by text alone. */
static bool add_entry(struct match *m, size_t entry)
{
	size_t had = m->literal_count;
	struct bytes when = bytes_of(advice_list()[entry].when);
	struct bytes line;

	while (bytes_line(&when, &line)) {
		if (line.p[0] != 't')
			continue;
		struct bytes run = longest_run(bytes_skip(line, 1));
		if (run.n < MATCH_HEAD)
			return false;
		if (m->literal_count == MATCH_LITERALS_MAX)
			bug("MATCH_LITERALS_MAX is too small");
		add_literal(m, run, entry);
	}
	return m->literal_count > had;
}

void match_init(struct match *m)
{
	memset(m, 0, sizeof(*m));
	memset(m->shift, MATCH_HEAD - 1, sizeof(m->shift));
	if (advice_count > MATCH_ENTRIES_MAX)
		bug("MATCH_ENTRIES_MAX is too small");
	for (size_t i = 0; i < advice_count; i++)
		if (!add_entry(m, i))
			m->always[m->always_count++] = (unsigned short)i;
}

static void weigh(struct search *s, size_t entry)
{
	const struct advice *a = &advice_list()[entry];
	struct best *best = &s->best[a->is_fallback];
	unsigned char bit = (unsigned char)(1 << entry % 8);

	if (s->seen[entry / 8] & bit)
		return;
	s->seen[entry / 8] |= bit;
	unsigned score = advice_score(a, s->f, NULL);
	/* entries lie in one list: of two equal ones advise() takes the earlier */
	if (score > best->score || (score && score == best->score && a < best->entry))
		*best = (struct best){ a, score };
}

static bool is_at(const struct match_literal *l, const unsigned char *p)
{
	for (size_t i = 0; i < MATCH_HEAD; i++)
		if (advice_fold(p[i]) != l->head[i])
			return false;
	return true;
}

static void search_text(const struct match *m, struct search *s, struct bytes text)
{
	size_t end = MATCH_HEAD - 1; /* where a literal would end */

	while (end < text.n) {
		unsigned h = hash(text.p[end - 1], text.p[end]);
		if (m->shift[h]) {
			end += m->shift[h];
			continue;
		}
		for (unsigned i = m->first[h]; i; i = m->literals[i - 1].next)
			if (is_at(&m->literals[i - 1], text.p + end - (MATCH_HEAD - 1)))
				weigh(s, m->literals[i - 1].entry);
		end++;
	}
}

const struct advice *match_find(const struct match *m, const struct finding *f,
		struct advice_binds *binds)
{
	struct search s = { .f = f };

	if (f->is_partial) /* texts may be unknown there, and phrases fit */
		return advise(f, binds);
	for (size_t i = 0; i < m->always_count; i++)
		weigh(&s, m->always[i]);
	search_text(m, &s, bytes_head(f->text, ADVICE_TEXT_MAX));
	const struct advice *a = s.best[0].entry ? s.best[0].entry : s.best[1].entry;
	if (a)
		advice_score(a, f, binds);
	else if (binds)
		binds->n = 0;
	return a;
}
