/* advice - explains replies and failures from the knowledge base
 * SPDX-License-Identifier: MIT
 *
 * The entries are data (advice.txt, packed by scripts/gen-advice). An entry's conditions are lines
 * of one string, in lower case, each beginning with a letter:
 *
 *   s stages   c reply or [response] codes, "-" for none   e enhanced codes   x error kinds
 *   h pattern on the host   u on the user name   m on the mechanism of a login
 *   t pattern on the peer's text (any of several)
 *   p pattern on a pasted phrase, which is enough by itself (other programs' words)
 *
 * All conditions have to hold. Each adds to the score what it narrows down, so that an entry that
 * names a vendor's whole sentence beats one that names the code only, in whatever order they stand.
 */
#include "know/advice.h"

#include <string.h>

/* What a condition is worth; text and names add WEIGHT_LITERAL per byte that had to be there. */
enum {
	WEIGHT_PROTO = 4,
	WEIGHT_STAGE = 16,
	WEIGHT_CODE_DIGIT = 10,
	WEIGHT_CODE_NONE = 5,
	WEIGHT_RESPCODE = 30,
	WEIGHT_ENH_PART = 12,
	WEIGHT_ERROR = 40,
	WEIGHT_NAME = 24,
	WEIGHT_LITERAL = 4,
	WEIGHT_BASE = 1000, /* a partial finding's unknowns are taken off this */
	WEIGHT_UNKNOWN = 12,
	GUESS_CLOSE = 40 /* an entry that falls back further is no second answer to a pasted line */
};

const unsigned char advice_flips[256] = {
	['A' ... 'Z'] = 'A' ^ 'a',
	['\t'] = '\t' ^ ' ',
	['\r'] = '\r' ^ ' ',
	['\n'] = '\n' ^ ' ',
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static void bind_add(struct advice_binds *b, struct bytes name, struct bytes value)
{
	if (!b || b->n == ADVICE_BINDS_MAX)
		return;
	b->bind[b->n].name = name;
	b->bind[b->n].value = value;
	b->n++;
}

/*
 * Matches a pattern piece without "*" at text[*at] and moves *at past it. A {capture} takes the
 * bytes up to the literal that follows it, one at least, and never a blank: there is nothing to
 * try again, so hostile text cannot make it slow.
 */
static bool piece_fits(struct bytes piece, struct bytes text, size_t *at, struct advice_binds *b)
{
	size_t pos = *at;
	size_t i = 0;

	while (i < piece.n) {
		if (piece.p[i] != '{') {
			if (pos == text.n || advice_fold(text.p[pos]) != piece.p[i])
				return false;
			pos++;
			i++;
			continue;
		}
		struct bytes name = bytes_skip(piece, i + 1);
		name.n = bytes_find(name, '}');
		i += name.n + 2;
		size_t start = pos;
		while (pos < text.n && text.p[pos] > ' ' &&
				!(i < piece.n && advice_fold(text.p[pos]) == piece.p[i]))
			pos++;
		if (pos == start)
			return false;
		bind_add(b, name, (struct bytes){ text.p + start, pos - start });
	}
	*at = pos;
	return true;
}

static unsigned literal_bytes(struct bytes pattern)
{
	unsigned n = 0;
	bool in_name = false;

	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '{')
			in_name = true;
		n += !in_name && pattern.p[i] != '*';
		if (pattern.p[i] == '}')
			in_name = false;
	}
	return n;
}

/* Where a piece may lie: AT_START at *at only, AT_END up to the end of the text. */
enum { AT_START = 1, AT_END = 2 };

/* The leftmost place from *at on where the piece fits; moves *at past it. */
static bool piece_find(struct bytes piece, struct bytes text, size_t *at, int place,
		struct advice_binds *b)
{
	size_t had = b ? b->n : 0;
	unsigned char first = piece.n > 0 ? piece.p[0] : '{';

	for (size_t start = *at; start <= text.n; start++) {
		size_t end = start;
		while (first != '{' && !(place & AT_START) && start < text.n &&
				advice_fold(text.p[start]) != first)
			end = ++start;
		if (piece_fits(piece, text, &end, b) && (!(place & AT_END) || end == text.n)) {
			*at = end;
			return true;
		}
		if (b)
			b->n = had;
		if (place & AT_START)
			break;
	}
	return false;
}

/* The whole text against a pattern: "*" any run, {name} a capture, blanks and case alike. */
static bool pattern_fits(struct bytes pattern, struct bytes text, struct advice_binds *b)
{
	size_t at = 0;
	int place = AT_START;

	for (;;) {
		struct bytes piece = bytes_head(pattern, bytes_find(pattern, '*'));
		bool is_last = piece.n == pattern.n;
		if (is_last)
			place |= AT_END;
		if (place == AT_END && piece.n == 0) /* ends in "*" */
			return true;
		if (!piece_find(piece, text, &at, place, b))
			return false;
		if (is_last)
			return true;
		pattern = bytes_skip(pattern, piece.n + 1);
		place = 0;
	}
}

/* The pattern words of a list against one value: the worth of the best, 0 when none fits. */
static unsigned weigh_words(struct bytes list, struct bytes value, unsigned worth)
{
	unsigned best = 0;
	struct bytes word;

	while (bytes_word(&list, &word)) {
		unsigned w = worth + literal_bytes(word);
		if (w > best && pattern_fits(word, value, NULL))
			best = w;
	}
	return best;
}

static unsigned weigh_code(struct bytes word, int code)
{
	unsigned char digits[3] = { (unsigned char)('0' + code / 100 % 10),
		(unsigned char)('0' + code / 10 % 10), (unsigned char)('0' + code % 10) };
	unsigned weight = 0;

	if (word.n != sizeof(digits) || code == 0)
		return 0;
	for (size_t i = 0; i < sizeof(digits); i++) {
		if (word.p[i] == 'x')
			continue;
		if (word.p[i] != digits[i])
			return 0;
		weight += WEIGHT_CODE_DIGIT;
	}
	return weight;
}

static bool is_reply_without_code(const struct finding *f)
{
	if (f->is_partial && !f->proto) /* a phrase: no reply was read */
		return false;
	return !f->error && f->code == 0 && f->respcode.n == 0;
}

/* One list serves SMTP codes ("535", "5xx"), response codes ("[AUTH]") and their absence ("-"). */
static unsigned weigh_codes(struct bytes list, const struct finding *f)
{
	unsigned best = 0;
	struct bytes word;

	while (bytes_word(&list, &word)) {
		unsigned w = 0;
		if (word.p[0] == '[' && f->respcode.n)
			w = weigh_words((struct bytes){ word.p + 1, word.n - 2 }, f->respcode,
					WEIGHT_RESPCODE);
		else if (word.p[0] == '-')
			w = is_reply_without_code(f) ? WEIGHT_CODE_NONE : 0;
		else
			w = weigh_code(word, f->code);
		if (w > best)
			best = w;
	}
	return best;
}

/* "5.7.x" against "5.7.8": part by part. */
static unsigned weigh_enh(struct bytes word, struct bytes enh)
{
	unsigned weight = 1;

	for (int part = 0; part < 3; part++) {
		struct bytes a = bytes_head(word, bytes_find(word, '.'));
		struct bytes b = bytes_head(enh, bytes_find(enh, '.'));
		word = bytes_skip(word, a.n + 1);
		enh = bytes_skip(enh, b.n + 1);
		if (bytes_equal(a, BYTES("x")))
			continue;
		if (!bytes_equal(a, b))
			return 0;
		weight += WEIGHT_ENH_PART;
	}
	return weight;
}

static unsigned weigh_enhs(struct bytes list, struct bytes enh)
{
	unsigned best = 0;
	struct bytes word;

	while (bytes_word(&list, &word)) {
		unsigned w = weigh_enh(word, enh);
		if (w > best)
			best = w;
	}
	return best;
}

bool advice_pattern_fits(struct bytes pattern, struct bytes text)
{
	return pattern_fits(pattern, text, NULL);
}

unsigned advice_pattern_worth(struct bytes pattern)
{
	return 1 + WEIGHT_LITERAL * literal_bytes(pattern);
}

/* The best of the patterns of one kind; its captures go to b. Sets *asked when there is one. */
static unsigned weigh_texts(const struct advice *a, char kind, struct bytes text,
		struct advice_binds *b, bool *asked)
{
	struct bytes when = bytes_of(a->when + a->when_n);
	struct bytes line;
	struct bytes pattern = { NULL, 0 };
	unsigned best = 0;

	*asked = false;
	text = bytes_head(text, ADVICE_TEXT_MAX);
	while (bytes_line(&when, &line)) {
		if (line.p[0] != kind)
			continue;
		*asked = true;
		struct bytes rest = bytes_skip(line, 1);
		unsigned w = advice_pattern_worth(rest);
		if (w > best && pattern_fits(rest, text, NULL)) {
			best = w;
			pattern = rest;
		}
	}
	if (best)
		pattern_fits(pattern, text, b);
	return best;
}

/* Any condition but text. */
static unsigned weigh_condition(struct bytes line, const struct finding *f)
{
	struct bytes rest = bytes_skip(line, 1);

	switch (line.p[0]) {
	case 's':
		return f->stage ? weigh_words(rest, bytes_of(f->stage), WEIGHT_STAGE) : 0;
	case 'c':
		return weigh_codes(rest, f);
	case 'e':
		return f->enh.n ? weigh_enhs(rest, f->enh) : 0;
	case 'x':
		return f->error ? weigh_words(rest, bytes_of(f->error), WEIGHT_ERROR) : 0;
	case 'h':
		return weigh_words(rest, f->host, WEIGHT_NAME);
	case 'm':
		return f->mech.n ? weigh_words(rest, f->mech, WEIGHT_NAME) : 0;
	default:
		return weigh_words(rest, f->user, WEIGHT_NAME);
	}
}

/* In a pasted line, what a condition asks for may simply not be known. */
static bool is_unknown(unsigned char kind, const struct finding *f)
{
	if (!f->is_partial)
		return false;
	switch (kind) {
	case 's':
		return !f->stage;
	case 'c':
	case 'e': /* a reply that was read has them or not */
		return !f->proto;
	case 'x':
		return !f->error;
	case 'h': /* entries about one provider, or about tokens, are not for everybody */
	case 'm':
		return false;
	case 'u':
		return f->user.n == 0;
	default:
		return f->text.n == 0;
	}
}

static bool proto_fits(const struct advice *a, const struct finding *f)
{
	unsigned spoken = f->proto;

	if (a->protos == 0 || (f->is_partial && spoken == 0))
		return true;
	if (f->error)
		spoken |= ADVICE_TLS | ADVICE_NET | ADVICE_DNS;
	return (a->protos & spoken) != 0;
}

struct weighing {
	unsigned sum, unknowns;
	bool is_stage_unknown;
};

/* The conditions other than text; false when one does not hold. */
static bool weigh_rest(const struct advice *a, const struct finding *f, struct weighing *so_far)
{
	struct bytes when = { (const unsigned char *)a->when, a->when_n };
	struct bytes line;

	while (bytes_line(&when, &line)) {
		unsigned w = weigh_condition(line, f);
		if (w == 0 && !is_unknown(line.p[0], f))
			return false;
		if (w == 0 && line.p[0] == 's')
			so_far->is_stage_unknown = true;
		so_far->unknowns += w == 0;
		so_far->sum += w;
	}
	return true;
}

static unsigned worth_of(const struct advice *a)
{
	return WEIGHT_BASE + a->rank + (a->protos ? WEIGHT_PROTO : 0);
}

static unsigned add_up(const struct advice *a, const struct weighing *w, unsigned text)
{
	if (w->is_stage_unknown && text == 0) /* its code alone is too little */
		return 0;
	if (w->sum + text == 0) /* nothing known speaks for it */
		return 0;
	return worth_of(a) + w->sum + text - WEIGHT_UNKNOWN * w->unknowns;
}

unsigned advice_score(const struct advice *a, const struct finding *f, struct advice_binds *binds)
{
	struct weighing w = { 0 };
	bool asks_text;

	if (binds)
		binds->n = 0;
	if (!proto_fits(a, f))
		return 0;
	if (f->is_partial) {
		unsigned phrase = weigh_texts(a, 'p', f->text, binds, &asks_text);
		if (phrase)
			return worth_of(a) + phrase;
	}
	if (!weigh_rest(a, f, &w)) /* the cheap ones first */
		return 0;
	unsigned text = weigh_texts(a, 't', f->text, binds, &asks_text);
	if (asks_text && text == 0) {
		if (!is_unknown('t', f) || f->enh.n + f->respcode.n == 0)
			return 0;
		w.unknowns++;
	}
	return add_up(a, &w, text);
}

unsigned advice_weigh(const struct advice *a, const struct finding *f, unsigned text,
		unsigned phrase)
{
	struct weighing w = { 0 };

	if (!proto_fits(a, f))
		return 0;
	if (f->is_partial && phrase)
		return worth_of(a) + phrase;
	return text && weigh_rest(a, f, &w) ? add_up(a, &w, text) : 0;
}

const struct advice *advise(const struct finding *f, struct advice_binds *binds)
{
	const struct advice *best = NULL;
	unsigned best_score = 0;

	for (int fallback = 0; fallback < 2 && !best; fallback++) {
		for (size_t i = 0; i < advice_count; i++) {
			if (advice_list()[i].is_fallback != fallback)
				continue;
			unsigned score = advice_score(&advice_list()[i], f, NULL);
			if (score > best_score) {
				best_score = score;
				best = &advice_list()[i];
			}
		}
	}
	if (best)
		advice_score(best, f, binds);
	else if (binds)
		binds->n = 0;
	return best;
}

const struct advice *advice_by_id(struct bytes id)
{
	for (size_t i = 0; i < advice_count; i++) {
		if (bytes_equal(bytes_of(advice_list()[i].id), id))
			return &advice_list()[i];
	}
	return NULL;
}

/* "5.7.8" at the front of *in, followed by a blank or the end (RFC 3463 2). */
static struct bytes read_enh(struct bytes *in)
{
	struct bytes rest = *in;
	uint64_t number;

	for (int part = 0; part < 3; part++) {
		if (part && (rest.n == 0 || rest.p[0] != '.'))
			return (struct bytes){ NULL, 0 };
		rest = bytes_skip(rest, part > 0);
		if (!bytes_uint(&rest, part ? 999 : 5, &number))
			return (struct bytes){ NULL, 0 };
	}
	if (rest.n && advice_fold(rest.p[0]) != ' ')
		return (struct bytes){ NULL, 0 };
	struct bytes enh = bytes_head(*in, in->n - rest.n);
	*in = bytes_trim(rest);
	return enh;
}

/* "535 5.7.8 text", "535-text", "535" (RFC 5321 4.2). */
static bool read_smtp(struct bytes line, struct finding *f)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) ||
			!is_digit(line.p[2]))
		return false;
	if (line.n > 3 && advice_fold(line.p[3]) != ' ' && line.p[3] != '-')
		return false;
	f->code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
	f->text = bytes_trim(bytes_skip(line, 4));
	f->enh = read_enh(&f->text);
	if (!f->proto)
		f->proto = ADVICE_SMTP;
	return true;
}

/* "[AUTH] text", "[WEBALERT url] text": the code is the first word (RFC 2449 8, RFC 3501 7.1). */
static void read_respcode(struct finding *f)
{
	struct bytes inner = bytes_skip(f->text, 1);

	if (f->text.n == 0 || f->text.p[0] != '[')
		return;
	inner.n = bytes_find(inner, ']');
	if (inner.n + 1 >= f->text.n)
		return;
	f->text = bytes_trim(bytes_skip(f->text, inner.n + 2));
	bytes_word(&inner, &f->respcode);
}

static bool is_one_of(struct bytes word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes_equal(word, bytes_of(names[i])))
			return true;
	}
	return false;
}

/* "-ERR [AUTH] text", "a1 NO [AUTHENTICATIONFAILED] text", "* BYE text", "NO text", "+ challenge". */
static bool read_status(struct bytes line, struct finding *f)
{
	static const char *const pop3[] = { "-ERR", "+ERR", "+OK" };
	static const char *const imap[] = { "NO", "BAD", "BYE", "OK" };
	enum advice_proto spoken = ADVICE_IMAP;
	struct bytes word;

	if (!bytes_word(&line, &word))
		return false;
	if (bytes_equal(word, BYTES("+"))) {
		f->text = bytes_trim(line);
		return true;
	}
	if (is_one_of(word, pop3, sizeof(pop3) / sizeof(pop3[0])))
		spoken = ADVICE_POP3;
	else if (!is_one_of(word, imap, sizeof(imap) / sizeof(imap[0])) &&
			!(bytes_word(&line, &word) /* the first was a tag */
					&& is_one_of(word, imap, sizeof(imap) / sizeof(imap[0]))))
		return false;
	if (f->proto && f->proto != spoken)
		return false;
	f->proto = spoken;
	f->text = bytes_trim(line);
	read_respcode(f);
	return true;
}

bool advice_read_reply(struct bytes line, struct finding *f)
{
	line = bytes_trim(line);
	if ((!f->proto || f->proto == ADVICE_SMTP) && read_smtp(line, f))
		return true;
	if (f->proto != ADVICE_SMTP && read_status(line, f))
		return true;
	f->text = line;
	return false;
}

/* Which command a log line says was answered: "(in reply to RCPT TO command)" of Postfix. */
static const char *read_stage(struct bytes line)
{
	static const struct {
		const char *words, *stage;
	} stages[] = {
		{ "in reply to ehlo", "ehlo" },
		{ "in reply to helo", "ehlo" },
		{ "in reply to mail", "mail" },
		{ "in reply to rcpt", "rcpt" },
		{ "in reply to data", "data" },
		{ "in reply to end of data", "data" },
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (bytes_search_nocase(line, bytes_of(stages[i].words)) < line.n)
			return stages[i].stage;
	}
	return NULL;
}

/* Takes off what transcripts of other programs (and ours) put in front of a reply. */
static struct bytes strip_mark(struct bytes line)
{
	static const char *const marks[] = { "S: ", "<~* ", "<** ", "<~  ", "<-  ", "<-- ", "< " };

	line = bytes_trim(line);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (bytes_starts(line, bytes_of(marks[i])))
			return bytes_trim(bytes_skip(line, bytes_of(marks[i]).n));
	}
	return line;
}

/* Keeps the best ADVICE_GUESS_MAX in order; of equals the earlier stays in front. */
struct top {
	const struct advice *entry[ADVICE_GUESS_MAX];
	unsigned score[ADVICE_GUESS_MAX];
	size_t n;
};

static void top_add(struct top *top, const struct advice *a, unsigned score)
{
	size_t at = top->n;

	while (at > 0 && top->score[at - 1] < score)
		at--;
	if (at == ADVICE_GUESS_MAX)
		return;
	if (top->n < ADVICE_GUESS_MAX)
		top->n++;
	for (size_t i = top->n - 1; i > at; i--) {
		top->entry[i] = top->entry[i - 1];
		top->score[i] = top->score[i - 1];
	}
	top->entry[at] = a;
	top->score[at] = score;
}

/* For a phrase that fits no pattern: entries that use it, in the id, the patterns, the meaning. */
static unsigned mention_score(const struct advice *a, struct bytes phrase)
{
	const char *const places[] = { a->id, a->when, a->means };
	const unsigned n = sizeof(places) / sizeof(places[0]);

	for (unsigned i = 0; i < n; i++) {
		struct bytes place = bytes_of(places[i]);
		if (phrase.n > 2 && bytes_search_nocase(place, phrase) < place.n)
			return n - i;
	}
	return 0;
}

size_t advice_guess(struct bytes line, struct finding *f,
		const struct advice *found[ADVICE_GUESS_MAX])
{
	struct top top = { .n = 0 };
	struct bytes said = BYTES(" said: "); /* Postfix: host mx[192.0.2.1] said: 550 ... */
	size_t at = bytes_search_nocase(line, said);

	f->is_partial = true;
	if (!f->stage)
		f->stage = read_stage(line);
	if (at < line.n)
		line = bytes_skip(line, at + said.n);
	line = strip_mark(line);
	if (line.n == 0)
		return 0;
	advice_read_reply(line, f);
	for (int round = 0; round < 3 && top.n == 0; round++) {
		for (size_t i = 0; i < advice_count; i++) {
			const struct advice *a = &advice_list()[i];
			unsigned score = 0;
			if (round == 2)
				score = mention_score(a, line);
			else if (a->is_fallback == round)
				score = advice_score(a, f, NULL);
			if (score)
				top_add(&top, a, score);
		}
	}
	while (top.n > 1 &&
			(top.entry[0]->is_fallback ||
					top.score[top.n - 1] + GUESS_CLOSE < top.score[0]))
		top.n--;
	for (size_t i = 0; i < top.n; i++)
		found[i] = top.entry[i];
	return top.n;
}

/* A host as one writes it before ":port": IPv6 in brackets. */
static void put_value(struct buf *out, struct bytes value, bool is_host)
{
	const char *plain = "@._:/+-=";
	bool wants_brackets = is_host && bytes_find(value, ':') < value.n;
	bool wants_quotes = wants_brackets;

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = advice_fold(value.p[i]);
		wants_quotes |= !is_digit(c) && !(c >= 'a' && c <= 'z') && !strchr(plain, c);
	}
	if (wants_quotes)
		buf_putc(out, '\'');
	if (wants_brackets)
		buf_putc(out, '[');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, value.p[i]);
	}
	if (wants_brackets)
		buf_putc(out, ']');
	if (wants_quotes)
		buf_putc(out, '\'');
}

/* "-x" would be an option, "@x" a server and "+x" a switch to dig. */
static bool is_fit_to_paste(struct bytes value)
{
	return value.n > 0 && !strchr("-@+", value.p[0]) && bytes_is_ascii(value) &&
			!bytes_has_control(value);
}

/* What stands before the last "@" of an address, or behind it. */
static struct bytes address_part(struct bytes address, bool wants_domain)
{
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (wants_domain)
		return at ? bytes_skip(address, at) : (struct bytes){ NULL, 0 };
	return at ? bytes_head(address, at - 1) : address;
}

static struct bytes value_of(struct bytes name, const struct finding *f,
		const struct advice_binds *b)
{
	const struct {
		struct bytes name, value;
	} known[] = {
		{ BYTES("user"), f->user },
		{ BYTES("host"), f->host },
		{ BYTES("mech"), f->mech },
		{ BYTES("from"), f->from },
		{ BYTES("to"), f->to },
		{ BYTES("id"), f->id },
		{ BYTES("local"), address_part(f->user, false) },
		{ BYTES("domain"), address_part(f->user, true) },
		{ BYTES("fromdomain"), address_part(f->from, true) },
		{ BYTES("todomain"), address_part(f->to, true) },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (bytes_equal(name, known[i].name) && known[i].value.n)
			return known[i].value;
	}
	for (size_t i = 0; b && i < b->n; i++) {
		if (bytes_equal(name, b->bind[i].name))
			return b->bind[i].value;
	}
	return (struct bytes){ NULL, 0 };
}

/* A socket's or a child's endpoint, which has no port. */
static bool is_local_endpoint(struct bytes host)
{
	return bytes_starts(host, BYTES("unix:")) || bytes_starts(host, BYTES("exec:"));
}

struct spoken {
	const char *talk, *starttls;
};

static const struct spoken *spoken(const struct finding *f)
{
	static const struct spoken smtp = { "smtptalk", " -starttls smtp" };
	static const struct spoken lmtp = { "smtptalk --lmtp", " -starttls lmtp" };
	static const struct spoken pop3 = { "pop3talk", " -starttls pop3" };
	static const struct spoken imap = { "imaptalk", " -starttls imap" };

	return f->proto == ADVICE_POP3          ? &pop3 :
			f->proto == ADVICE_IMAP ? &imap :
			f->is_lmtp              ? &lmtp :
						  &smtp;
}

static void put_name(struct buf *out, struct bytes name, const struct finding *f,
		const struct advice_binds *b)
{
	if (bytes_equal(name, BYTES("talk"))) {
		buf_puts(out, spoken(f)->talk);
		return;
	}
	if (bytes_equal(name, BYTES("starttls"))) {
		buf_puts(out, f->is_starttls ? spoken(f)->starttls : "");
		return;
	}
	if (bytes_equal(name, BYTES("port")) && f->port) {
		buf_printf(out, "%u", f->port);
		return;
	}
	struct bytes value = value_of(name, f, b);
	if (is_fit_to_paste(value)) {
		put_value(out, value,
				bytes_equal(name, BYTES("host")) && !is_local_endpoint(value));
		return;
	}
	buf_putc(out, '<');
	buf_put(out, name);
	buf_putc(out, '>');
}

void advice_expand(struct buf *out, const char *template, const struct finding *f,
		const struct advice_binds *b)
{
	struct bytes rest = bytes_of(template);

	while (rest.n) {
		size_t open = bytes_find(rest, '{');
		buf_put(out, bytes_head(rest, open));
		if (open == rest.n)
			return;
		rest = bytes_skip(rest, open + 1);
		struct bytes name = bytes_head(rest, bytes_find(rest, '}'));
		rest = bytes_skip(rest, name.n + 1);
		put_name(out, name, f, b);
		if (bytes_starts(rest, BYTES(":{port}")) && is_local_endpoint(f->host))
			rest = bytes_skip(rest, sizeof(":{port}") - 1);
	}
}
