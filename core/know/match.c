/* match - finds knowledge-base entries fast, for whole logs
 * SPDX-License-Identifier: MIT
 *
 * Every text pattern holds a run of octets that must occur as they stand. Of six octets of it,
 * those that share the least with other patterns, each four are in a table: so it is enough to look
 * up four octets of the text at every third place. Only the entries whose patterns are found so are
 * weighed, by the rules of advise(), so that there is one truth about what fits.
 */
#include "know/match.h"

#include <string.h>

#include "sys/mem.h"

enum { HITS_MAX = 64, CODE_MAX = 999 };

struct best {
	const struct advice *entry;
	unsigned score;
};

/* An entry whose patterns fit, and what the best of each kind is worth. */
struct hit {
	unsigned short entry, text, phrase;
};

struct search {
	const struct finding *f;
	const struct advice *entries;
	unsigned protos;     /* that entries may be for */
	struct best best[2]; /* by is_fallback */
	struct hit hits[HITS_MAX];
	size_t hit_count;
	bool is_full;      /* there were more hits */
	struct bytes text; /* folded */
};

static uint32_t block_at(const unsigned char *p)
{
	uint32_t block;

	memcpy(&block, p, sizeof(block));
	return block;
}

static unsigned hash(uint32_t block)
{
	return (block * 0x9e3779b1u) >> (32 - MATCH_HASH_BITS);
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
	return &counts[hash(block_at(p))];
}

/* What the blocks of six octets at p share with other patterns. */
static unsigned all_shared(unsigned *counts, const unsigned char *p)
{
	unsigned sum = 0;

	for (size_t i = 0; i < MATCH_STEP; i++)
		sum += *shared(counts, p + i);
	return sum;
}

static void add_literal(struct match *m, struct bytes line, size_t entry, unsigned *counts)
{
	struct match_literal *l = &m->literals[m->literal_count++];
	struct match_block *block = &m->blocks[m->block_count];
	struct bytes pattern = bytes_skip(line, 1), run = longest_run(pattern);
	const unsigned char *p = run.p;
	size_t stars = (pattern.p[0] == '*') + (pattern.p[pattern.n - 1] == '*');

	for (size_t i = 1; i + MATCH_HEAD <= run.n; i++)
		if (all_shared(counts, run.p + i) <= all_shared(counts, p))
			p = run.p + i;
	l->pattern = pattern;
	l->run = run;
	l->entry = (unsigned short)entry;
	l->worth = (unsigned short)advice_pattern_worth(pattern);
	l->is_phrase = line.p[0] == 'p';
	l->is_run = stars == 2 && run.n + stars == pattern.n;
	for (size_t i = 0; i < MATCH_STEP; i++, block++) {
		uint32_t value = block_at(p + i);
		unsigned h = hash(value);
		*block = (struct match_block){ .value = value,
			.tail = block_at(run.p + run.n - sizeof(value)),
			.next = m->first[h],
			.literal = (unsigned short)(m->literal_count - 1),
			.offset = (unsigned short)(p + i - run.p),
			.run_n = (unsigned short)run.n };
		m->first[h] = (unsigned short)++m->block_count;
		m->is_first[h / 8] |= (unsigned char)(1u << h % 8);
	}
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
			add_literal(m, line, entry, counts);
		for (size_t i = 0; !is_counted && i + sizeof(uint32_t) <= run.n; i++)
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

/* Widens the codes that an entry may fit by those of a list. */
static void add_codes(struct match_always *w, struct bytes list)
{
	struct bytes word;

	while (bytes_word(&list, &word)) {
		unsigned min = 0, max = 0; /* "-" and "[auth]" are for no code */
		for (size_t i = 0; word.n == 3 && word.p[0] != '[' && i < 3; i++) {
			min = min * 10 + (word.p[i] == 'x' ? 0u : word.p[i] - 48u);
			max = max * 10 + (word.p[i] == 'x' ? 9u : word.p[i] - 48u);
		}
		w->code_min = (unsigned short)(min < w->code_min ? min : w->code_min);
		w->code_max = (unsigned short)(max > w->code_max ? max : w->code_max);
	}
}

static void add_always(struct match *m, size_t entry)
{
	const struct advice *a = &advice_list()[entry];
	struct match_always *w = &m->always[m->always_count++];
	struct bytes when = bytes_of(a->when), line;
	bool has_phrase = false;

	w->entry = (unsigned short)entry;
	w->protos = (unsigned char)a->protos;
	w->is_fallback = a->is_fallback;
	w->code_max = CODE_MAX;
	while (bytes_line(&when, &line)) {
		if (line.p[0] == 'c') {
			w->code_min = CODE_MAX;
			w->code_max = 0;
			add_codes(w, bytes_skip(line, 1));
		}
		has_phrase = has_phrase || line.p[0] == 'p';
		w->is_text = !has_phrase && line.p[0] == 't';
	}
}

static enum match_kind kind_of(const struct advice *a)
{
	if (needs_error(a))
		return MATCH_ERRORS;
	return a->protos == 0 || (a->protos & ADVICE_LOG) ? MATCH_LOGS : MATCH_REPLIES;
}

void match_init(struct match *m)
{
	bool is_found[MATCH_ENTRIES_MAX];
	unsigned counts[1 << MATCH_HASH_BITS] = { 0 };

	memset(m, 0, sizeof(*m));
	if (advice_count > MATCH_ENTRIES_MAX)
		bug("MATCH_ENTRIES_MAX is too small");
	for (int counted = 0; counted < 2; counted++)
		for (size_t i = 0; i < advice_count; i++)
			is_found[i] = add_entry(m, i, counts, counted);
	for (int kind = 0; kind < MATCH_KINDS; kind++) {
		for (size_t i = 0; i < advice_count; i++)
			if (!is_found[i] && (int)kind_of(&advice_list()[i]) == kind)
				add_always(m, i);
		m->always_end[kind] = m->always_count;
	}
}

static void take_score(struct search *s, size_t entry, unsigned score)
{
	const struct advice *a = &s->entries[entry];
	struct best *best = &s->best[a->is_fallback];

	/* entries lie in one list: of two equal ones advise() takes the earlier */
	if (score > best->score || (score && score == best->score && a < best->entry))
		*best = (struct best){ a, score };
}

/* As advice_pattern_fits, of a folded text; a pattern with a {name} is left to that. */
static bool fits_folded(struct bytes pattern, struct bytes text)
{
	struct bytes piece = bytes_head(pattern, bytes_find(pattern, '*'));

	if (bytes_find(pattern, '{') < pattern.n || piece.n == pattern.n)
		return advice_pattern_fits(pattern, text);
	if (!bytes_starts(text, piece))
		return false;
	for (;;) {
		text = bytes_skip(text, piece.n);
		pattern = bytes_skip(pattern, piece.n + 1);
		piece = bytes_head(pattern, bytes_find(pattern, '*'));
		if (piece.n == pattern.n)
			return bytes_ends(text, piece);
		size_t at = bytes_search(text, piece);
		if (at == text.n)
			return false;
		text = bytes_skip(text, at);
	}
}

/* The best of the patterns on the text that fit; 0: none. */
static unsigned weigh_text(const struct advice *a, struct bytes text)
{
	struct bytes when = bytes_of(a->when + a->when_n), line;
	unsigned best = 0;

	while (bytes_line(&when, &line)) {
		struct bytes pattern = bytes_skip(line, 1);
		if (line.p[0] != 't' || !fits_folded(pattern, text))
			continue;
		unsigned worth = advice_pattern_worth(pattern);
		best = worth > best ? worth : best;
	}
	return best;
}

static void weigh_always(const struct match *m, struct search *s, bool is_fallback)
{
	const struct finding *f = s->f;
	enum match_kind kind = f->error || f->stage ? MATCH_ERRORS :
			s->protos == ADVICE_LOG     ? MATCH_LOGS :
						      MATCH_REPLIES;
	bool is_code_known = f->proto || !f->is_partial;

	for (size_t i = 0; i < m->always_end[kind]; i++) {
		const struct match_always *w = &m->always[i];
		if ((w->protos && !(w->protos & s->protos)) || w->is_fallback != is_fallback ||
				(is_code_known && (f->code < w->code_min || f->code > w->code_max)))
			continue;
		const struct advice *a = &s->entries[w->entry];
		unsigned text = w->is_text ? weigh_text(a, s->text) : 0;
		take_score(s, w->entry,
				w->is_text ? advice_weigh(a, f, text, 0) :
					     advice_score(a, f, NULL));
	}
}

static void add_hit(struct search *s, const struct match_literal *l)
{
	size_t i = 0;

	while (i < s->hit_count && s->hits[i].entry != l->entry)
		i++;
	if (i == HITS_MAX) {
		s->is_full = true;
		return;
	}
	if (i == s->hit_count)
		s->hits[s->hit_count++] = (struct hit){ .entry = l->entry };
	unsigned short *worth = l->is_phrase ? &s->hits[i].phrase : &s->hits[i].text;
	if (l->worth > *worth)
		*worth = l->worth;
}

/* Whether a pattern fits of which a block is at text.p[at]. */
static bool fits(const struct match *m, const struct match_block *block, struct bytes text,
		size_t at)
{
	size_t end = at - block->offset + block->run_n;

	if (block->value != block_at(text.p + at) || at < block->offset || end > text.n ||
			block->tail != block_at(text.p + end - sizeof(uint32_t)))
		return false;
	const struct match_literal *l = &m->literals[block->literal];
	if (!bytes_equal((struct bytes){ text.p + at - block->offset, l->run.n }, l->run))
		return false;
	return l->is_run || fits_folded(l->pattern, text);
}

/* text: folded */
static void search_text(const struct match *m, struct search *s, struct bytes text)
{
	for (size_t at = 0; at + sizeof(uint32_t) <= text.n; at += MATCH_STEP) {
		unsigned h = hash(block_at(text.p + at));
		if (!(m->is_first[h / 8] >> h % 8 & 1))
			continue;
		for (unsigned i = m->first[h]; i; i = m->blocks[i - 1].next)
			if (fits(m, &m->blocks[i - 1], text, at))
				add_hit(s, &m->literals[m->blocks[i - 1].literal]);
	}
}

/* As advice_fold, eight octets a step where no control octet is among them. */
static struct bytes fold(struct bytes text, unsigned char folded[ADVICE_TEXT_MAX])
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	size_t i = 0;

	text = bytes_head(text, ADVICE_TEXT_MAX);
	for (; i + sizeof(uint64_t) <= text.n; i += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, text.p + i, sizeof(word));
		uint64_t seven = word & ~high;
		uint64_t not_below_a = seven + (0x80 - 'A') * ones,
			 above_z = seven + (0x7f - 'Z') * ones;
		word |= ((not_below_a & ~above_z & ~word) & high) >> 2;
		memcpy(folded + i, &word, sizeof(word));
		if (~(seven + (0x80 - ' ') * ones) & ~word & high)
			for (size_t k = i; k < i + sizeof(word); k++)
				folded[k] = advice_fold(text.p[k]);
	}
	for (; i < text.n; i++)
		folded[i] = advice_fold(text.p[i]);
	return (struct bytes){ folded, text.n };
}

const struct advice *match_find(const struct match *m, const struct finding *f,
		struct advice_binds *binds)
{
	unsigned char folded[ADVICE_TEXT_MAX];
	struct search s;

	if (f->is_partial && f->text.n == 0) /* texts are unknown there */
		return advise(f, binds);
	s.f = f;
	s.entries = advice_list();
	s.protos = f->proto;
	s.best[0] = s.best[1] = (struct best){ NULL, 0 };
	s.hit_count = 0;
	s.is_full = false;
	if (!f->proto && f->is_partial)
		s.protos = ~0u;
	if (f->error)
		s.protos |= ADVICE_TLS | ADVICE_NET | ADVICE_DNS;
	s.text = fold(f->text, folded);
	search_text(m, &s, s.text);
	if (s.is_full)
		return advise(f, binds);
	for (size_t i = 0; i < s.hit_count; i++) {
		const struct hit *hit = &s.hits[i];
		take_score(&s, hit->entry,
				advice_weigh(&s.entries[hit->entry], f, hit->text, hit->phrase));
	}
	weigh_always(m, &s, false);
	if (!s.best[0].entry)
		weigh_always(m, &s, true);
	const struct advice *a = s.best[0].entry ? s.best[0].entry : s.best[1].entry;
	if (a && binds)
		advice_score(a, f, binds);
	else if (binds)
		binds->n = 0;
	return a;
}
