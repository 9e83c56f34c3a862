/* match - finds knowledge-base entries fast, for whole logs
 * SPDX-License-Identifier: MIT
 *
 * Every text pattern holds a run of octets that must occur as they stand. Six octets of it, those
 * that the fewest patterns share, are looked for in one pass over the text (Wu and Manber 1994,
 * with blocks of two octets): most steps skip several octets. Only the entries found so are
 * weighed, by advice_score(), so that there is one truth about what fits.
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
	const struct advice *entries;
	unsigned protos;     /* that entries may be for */
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

static unsigned *shared(unsigned *counts, const unsigned char *p)
{
	unsigned h = 0;

	for (size_t i = 0; i < MATCH_HEAD; i++)
		h = h * 31 + p[i];
	return &counts[h % MATCH_HASHES];
}

static void add_literal(struct match *m, struct bytes run, size_t entry, unsigned *counts)
{
	struct match_literal *l = &m->literals[m->literal_count++];
	const unsigned char *p = run.p;

	for (size_t i = 1; i + MATCH_HEAD <= run.n; i++)
		if (*shared(counts, run.p + i) <= *shared(counts, p))
			p = run.p + i;
	memcpy(l->head, p, MATCH_HEAD);
	for (size_t i = 1; i < MATCH_HEAD; i++) {
		unsigned h = hash(p[i - 1], p[i]);
		unsigned char left = (unsigned char)(MATCH_HEAD - 1 - i);
		if (left < m->shift[h])
			m->shift[h] = left;
	}
	unsigned h = hash(p[MATCH_HEAD - 2], p[MATCH_HEAD - 1]);
	l->entry = (unsigned short)entry;
	l->next = m->first[h];
	m->first[h] = (unsigned short)m->literal_count;
}

/* Counts what the patterns of one entry share with others, or adds them then. False: it cannot be
 * found by text alone. */
static bool add_entry(struct match *m, size_t entry, unsigned *counts, bool is_counted)
{
	bool asks_text = false, is_found = true;
	struct bytes when = bytes_of(advice_list()[entry].when);
	struct bytes line;

	while (bytes_line(&when, &line)) {
		if (line.p[0] != 't' && line.p[0] != 'p')
			continue;
		struct bytes run = longest_run(bytes_skip(line, 1));
		asks_text = asks_text || line.p[0] == 't';
		is_found = is_found && run.n >= MATCH_HEAD;
		if (m->literal_count == MATCH_LITERALS_MAX)
			bug("MATCH_LITERALS_MAX is too small");
		if (is_counted && run.n >= MATCH_HEAD)
			add_literal(m, run, entry, counts);
		for (size_t i = 0; !is_counted && i + MATCH_HEAD <= run.n; i++)
			++*shared(counts, run.p + i);
	}
	return asks_text && is_found;
}

/* By conditions other than text, of a failure of our own only: nothing speaks for it in a reply. */
static bool needs_error(const struct advice *a)
{
	struct bytes when = bytes_of(a->when);
	struct bytes line;
	bool needs = false;

	while (bytes_line(&when, &line)) {
		if (!memchr("sxp", line.p[0], 3) ||
				(line.p[0] == 'p' &&
						longest_run(bytes_skip(line, 1)).n < MATCH_HEAD))
			return false;
		needs = needs || line.p[0] == 'x';
	}
	return needs;
}

void match_init(struct match *m)
{
	bool is_found[MATCH_ENTRIES_MAX];
	unsigned counts[MATCH_HASHES] = { 0 };

	memset(m, 0, sizeof(*m));
	memset(m->shift, MATCH_HEAD - 1, sizeof(m->shift));
	if (advice_count > MATCH_ENTRIES_MAX)
		bug("MATCH_ENTRIES_MAX is too small");
	for (int counted = 0; counted < 2; counted++)
		for (size_t i = 0; i < advice_count; i++)
			is_found[i] = add_entry(m, i, counts, counted);
	for (int errors = 0; errors < 2; errors++) {
		for (size_t i = 0; i < advice_count; i++)
			if (!is_found[i] && needs_error(&advice_list()[i]) == errors)
				m->always[m->always_count++] = (unsigned short)i;
		m->reply_count = errors ? m->reply_count : m->always_count;
	}
}

static void weigh(struct search *s, size_t entry)
{
	const struct advice *a = &s->entries[entry];
	struct best *best = &s->best[a->is_fallback];
	unsigned char bit = (unsigned char)(1 << entry % 8);

	if ((s->seen[entry / 8] & bit) || (a->protos && !(a->protos & s->protos)))
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
	struct search s = { .f = f, .entries = advice_list(), .protos = f->proto };

	if (!f->proto && f->is_partial)
		s.protos = ~0u;
	if (f->error)
		s.protos |= ADVICE_TLS | ADVICE_NET | ADVICE_DNS;
	if (f->is_partial && f->text.n == 0) /* texts are unknown there */
		return advise(f, binds);
	size_t count = f->error || f->stage ? m->always_count : m->reply_count;
	for (size_t i = 0; i < count; i++)
		weigh(&s, m->always[i]);
	search_text(m, &s, bytes_head(f->text, ADVICE_TEXT_MAX));
	const struct advice *a = s.best[0].entry ? s.best[0].entry : s.best[1].entry;
	if (a)
		advice_score(a, f, binds);
	else if (binds)
		binds->n = 0;
	return a;
}
