/* faults - a server that lies, stalls and breaks on purpose
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/faults.h"

#include "ui/opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	TEASER_MS = 6000, /* postscreen_greet_wait of Postfix */
	NAME_MAX_SHOWN = 40,
	TLS_ALERT = 0x15,
	TLS_FATAL = 2,
};

enum arg { NO_ARG, NUMBER, TEXT, TEXTS };

/* Which parts of an answer an action changes. */
enum part { FIRST, EACH, LAST };

/* What answer functions work on. */
struct work {
	const struct fault *f;
	struct fault_state *s;
	struct buf *out;
	size_t at; /* where the part begins */
};

struct fault_action {
	const char *name;
	enum arg arg;
	uint64_t max; /* of the number */
	void (*line)(const struct fault *f, struct buf *line);
	enum part part;
	void (*answer)(const struct work *w);
};

static struct bytes part_of(const struct work *w)
{
	return bytes_skip(buf_bytes(w->out), w->at);
}

/* --- one line --- */

/* Where the text behind code, status or tag begins. */
static size_t text_start(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == ' ' || line.p[i] == '-')
			return i + 1;
	return 0;
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

/* A Cisco PIX with "fixup protocol smtp" leaves the digits of 220, and nothing else. */
static void cover(struct buf *line, unsigned char with)
{
	size_t i = text_start(buf_bytes(line));

	for (; i < line->n && !bytes_equal(buf_bytes(line), BYTES(".\r\n")); i++)
		if (is_plain(line->p[i]) && line->p[i] != '2' && line->p[i] != '0')
			line->p[i] = with;
}

static void line_mask(const struct fault *f, struct buf *line)
{
	(void)f;
	cover(line, '*');
}

static void line_xxxx(const struct fault *f, struct buf *line)
{
	(void)f;
	cover(line, 'X');
}

static void line_lower(const struct fault *f, struct buf *line)
{
	(void)f;
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] >= 'A' && line->p[i] <= 'Z')
			line->p[i] |= 0x20;
}

/* What comes behind at is put behind with instead of skip octets. */
static void splice(struct buf *line, size_t at, size_t skip, struct bytes with)
{
	struct buf rest = BUF(line->n);

	buf_put(&rest, bytes_skip(buf_bytes(line), at + skip));
	line->n = at;
	buf_put(line, with);
	buf_put(line, buf_bytes(&rest));
	buf_free(&rest);
}

static void line_spaces(const struct fault *f, struct buf *line)
{
	(void)f;
	for (size_t i = line->n; i > text_start(buf_bytes(line)); i--)
		if (line->p[i - 1] == ' ' || line->p[i - 1] == '\r')
			splice(line, i - 1, 0, BYTES(" "));
}

static void line_oldauth(const struct fault *f, struct buf *line)
{
	size_t at = bytes_search(buf_bytes(line), BYTES("AUTH "));

	(void)f;
	if (at < line->n && at == text_start(buf_bytes(line)))
		line->p[at + 4] = '=';
}

/* The last number that stands alone or in braces. */
static void line_lie(const struct fault *f, struct buf *line)
{
	char number[24];
	size_t end = line->n, start;

	while (end > 0) {
		while (end > 0 && (line->p[end - 1] < '0' || line->p[end - 1] > '9'))
			end--;
		for (start = end; start > 0 && line->p[start - 1] >= '0' &&
				line->p[start - 1] <= '9';)
			start--;
		if (start > 0 && bytes_find(BYTES(" {("), line->p[start - 1]) < 3)
			break;
		end = start;
	}
	if (end == 0)
		return;
	snprintf(number, sizeof(number), "%" PRIu64, f->number);
	splice(line, start, end - start, bytes_of(number));
}

/* The first time that it is there. */
static void line_swap(const struct fault *f, struct buf *line)
{
	size_t at = bytes_search(buf_bytes(line), buf_bytes(&f->old));

	if (at < line->n)
		splice(line, at, f->old.n, buf_bytes(&f->text));
}

/* --- an answer --- */

static void answer_text(const struct work *w)
{
	struct bytes text = buf_bytes(&w->f->text);

	w->out->n = w->at;
	if (text.n > 0 && bytes_find(BYTES("ONB"), text.p[0]) < 3 && w->s->tag.n > 0) {
		buf_put(w->out, w->s->tag);
		buf_putc(w->out, ' ');
	}
	buf_put(w->out, text);
	buf_puts(w->out, "\r\n");
	w->s->ends = bytes_starts(text, BYTES("421")) || bytes_starts_nocase(text, BYTES("* BYE"));
}

static void answer_close(const struct work *w)
{
	w->out->n = w->at;
	w->s->ends = true;
}

static void answer_reset(const struct work *w)
{
	answer_close(w);
	w->s->resets = true;
}

static void answer_cut(const struct work *w)
{
	w->out->n = w->at + (w->out->n - w->at) / 2;
	w->s->ends = true;
}

static void answer_silence(const struct work *w)
{
	w->out->n = w->at;
	w->s->is_mute = true;
}

static void answer_delay(const struct work *w)
{
	w->s->pause_at = w->at;
	w->s->pause_ms = (unsigned)w->f->number * 1000;
}

static void answer_drip(const struct work *w)
{
	w->s->by_octet = true;
	w->s->octet_ms = (unsigned)w->f->number;
}

static void answer_split(const struct work *w)
{
	w->s->by_octet = true;
}

static void answer_twice(const struct work *w)
{
	struct buf copy = BUF(FAULT_TAIL_MAX);

	buf_put(&copy, part_of(w));
	buf_put(w->out, buf_bytes(&copy));
	buf_free(&copy);
}

/* From here on the rest of the part waits for the filling to be sent. */
static void hold_back(const struct work *w, size_t at)
{
	w->s->tail.max = FAULT_TAIL_MAX;
	buf_put(&w->s->tail, bytes_skip(buf_bytes(w->out), at));
	w->out->n = at;
}

static void answer_fill(const struct work *w)
{
	struct bytes part = part_of(w);
	bool is_code = part.n >= 4 && part.p[0] >= '0' && part.p[0] <= '9';
	bool is_pop3 = bytes_starts(part, BYTES("+"));

	snprintf(w->s->fill, sizeof(w->s->fill), "%.*s%s", is_code ? 3 : 0, (const char *)part.p,
			is_code                 ? "-" :
					is_pop3 ? "" :
						  "* ");
	w->s->filled = 0;
	w->s->fill_left = w->f->action->arg == NUMBER ? w->f->number : UINT64_MAX;
	hold_back(w, w->at + (is_pop3 ? bytes_find(part, '\n') + 1 : 0));
}

static void answer_long(const struct work *w)
{
	w->s->long_left = w->f->number;
	hold_back(w, w->at + bytes_find(part_of(w), '\r'));
}

static void answer_insert(const struct work *w)
{
	buf_put(w->out, buf_bytes(&w->f->text));
	buf_puts(w->out, "\r\n");
}

static void answer_teaser(const struct work *w)
{
	struct bytes part = part_of(w);
	char line[] = "220-wait\r\n";

	if (part.n < 3 || part.p[0] < '0' || part.p[0] > '9') {
		w->s->pause_at = w->at + 1;
	} else {
		memcpy(line, part.p, 3);
		splice(w->out, w->at, 0, bytes_of(line));
		w->s->pause_at = w->at + strlen(line);
	}
	w->s->pause_ms = TEASER_MS;
}

static void answer_lf(const struct work *w)
{
	size_t to = w->at;

	for (size_t i = w->at; i < w->out->n; i++)
		if (w->out->p[i] != '\r')
			w->out->p[to++] = w->out->p[i];
	w->out->n = to;
}

static void drop_end(const struct work *w, struct bytes end)
{
	if (bytes_ends(part_of(w), end))
		w->out->n -= end.n;
}

static void answer_noeol(const struct work *w)
{
	drop_end(w, BYTES("\r\n"));
}

static void answer_nodot(const struct work *w)
{
	if (w->out->n - w->at == 3 || bytes_ends(part_of(w), BYTES("\n.\r\n")))
		drop_end(w, BYTES(".\r\n"));
}

/* RFC 8446 5.1 and 6: a record of the type alert, and what is in it. */
static void answer_alert(const struct work *w)
{
	const unsigned char record[] = { TLS_ALERT, 3, 3, 0, 2, TLS_FATAL,
		(unsigned char)w->f->number };

	w->out->n = w->at;
	buf_put(w->out, (struct bytes){ record, sizeof(record) });
	w->s->ends = true;
}

/* The first is a reply text, which has no name. */
static const struct fault_action actions[] = {
	{ "TEXT", TEXT, .answer = answer_text },
	{ "alert", NUMBER, 255, .answer = answer_alert },
	{ "close", NO_ARG, .answer = answer_close },
	{ "count", NUMBER, 10000000, .answer = answer_fill },
	{ "cut", NO_ARG, .answer = answer_cut },
	{ "delay", NUMBER, 86400, .answer = answer_delay },
	{ "drip", NUMBER, 60000, .answer = answer_drip },
	{ "endless", NO_ARG, .answer = answer_fill },
	{ "insert", TEXT, .part = LAST, .answer = answer_insert },
	{ "lf", NO_ARG, .part = EACH, .answer = answer_lf },
	{ "lie", NUMBER, UINT64_MAX, .line = line_lie },
	{ "long", NUMBER, 1000000000, .answer = answer_long },
	{ "lower", NO_ARG, .line = line_lower },
	{ "mask", NO_ARG, .line = line_mask },
	{ "nodot", NO_ARG, .part = LAST, .answer = answer_nodot },
	{ "noeol", NO_ARG, .part = LAST, .answer = answer_noeol },
	{ "oldauth", NO_ARG, .line = line_oldauth },
	{ "reset", NO_ARG, .answer = answer_reset },
	{ "silence", NO_ARG, .answer = answer_silence },
	{ "spaces", NO_ARG, .line = line_spaces },
	{ "split", NO_ARG, .answer = answer_split },
	{ "swap", TEXTS, .line = line_swap },
	{ "teaser", NO_ARG, .answer = answer_teaser },
	{ "twice", NO_ARG, .answer = answer_twice },
	{ "unstuffed", .arg = NO_ARG }, /* the session asks for it */
	{ "xxxx", NO_ARG, .line = line_xxxx },
};

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* --- reading --- */

bool faults_unescape(struct bytes in, struct buf *out)
{
	static const char names[] = "rn0\\", values[] = "\r\n\0\\";

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '\\') {
			buf_putc(out, in.p[i]);
			continue;
		}
		size_t at = ++i < in.n ? bytes_find(bytes_of(names), in.p[i]) : 4;
		int high = i + 2 < in.n && in.p[i] == 'x' ? bytes_hex(in.p[i + 1]) : -1;
		int low = high >= 0 ? bytes_hex(in.p[i + 2]) : -1;
		if (at == 4 && low < 0)
			return false;
		buf_putc(out, (unsigned char)(at < 4 ? values[at] : high * 16 + low));
		i += at < 4 ? 0 : 2;
	}
	return !out->overflow;
}

static bool not_known(struct err *e, const char *what, struct bytes word, const char *const *names,
		size_t count)
{
	const char *nearest = opt_nearest(word, names, count);

	return err_set(e, ERR_USAGE, "--fault: no %s \"%.*s\"%s%s%s", what,
			(int)bytes_head(word, NAME_MAX_SHOWN).n, (const char *)word.p,
			nearest ? "; did you mean \"" : "", nearest ? nearest : "",
			nearest ? "\"?" : "");
}

static bool read_stage(struct fault *f, struct bytes in, const char *const *stages, struct err *e)
{
	struct bytes times = bytes_skip(in, bytes_find(in, '*') + 1);
	struct buf upper = BUF(NAME_MAX_SHOWN);
	size_t count = 0;

	f->stage = bytes_head(in, bytes_find(in, '*'));
	f->is_limited = f->stage.n < in.n;
	if (f->is_limited && (!bytes_is_uint(times, UINT32_MAX, &f->left) || f->left == 0))
		return err_set(e, ERR_USAGE, "--fault %s: behind '*' stands how many times",
				f->spec);
	for (; stages[count]; count++)
		if (bytes_equal_nocase(f->stage, bytes_of(stages[count])))
			return true;
	for (size_t i = 0; i < f->stage.n; i++) {
		unsigned char c = f->stage.p[i];
		buf_putc(&upper, c >= 'a' && c <= 'z' ? c & ~0x20 : c);
	}
	not_known(e, "stage", buf_bytes(&upper), stages, count);
	buf_free(&upper);
	return false;
}

static const struct fault_action *find_action(struct bytes name, struct err *e)
{
	const char *names[ACTIONS];

	for (size_t i = 0; i < ACTIONS; i++) {
		names[i] = actions[i].name;
		if (i > 0 && bytes_equal(name, bytes_of(names[i])))
			return &actions[i];
	}
	not_known(e, "action", name, names + 1, ACTIONS - 1);
	return NULL;
}

static bool is_reply(struct bytes in, struct bytes word)
{
	return bytes_equal(word, BYTES("OK")) || bytes_equal(word, BYTES("NO")) ||
			bytes_equal(word, BYTES("BAD")) ||
			(in.n > 0 && bytes_find(BYTES("0123456789+-*"), in.p[0]) < 13);
}

static bool read_action(struct fault *f, struct bytes in, struct err *e)
{
	struct bytes word = bytes_head(in, bytes_find(in, ' '));
	struct bytes arg = bytes_skip(in, word.n + 1);

	f->action = is_reply(in, word) ? &actions[0] : find_action(word, e);
	if (!f->action)
		return false;
	switch (f->action->arg) {
	case NO_ARG:
		return arg.n == 0 ||
				err_set(e, ERR_USAGE, "--fault %s: nothing stands behind \"%s\"",
						f->spec, f->action->name);
	case NUMBER:
		return bytes_is_uint(arg, f->action->max, &f->number) ||
				err_set(e, ERR_USAGE,
						"--fault %s: \"%s\" wants a number up to %" PRIu64,
						f->spec, f->action->name, f->action->max);
	case TEXTS:
		word = bytes_head(arg, bytes_find(arg, ' '));
		if (word.n == 0 || word.n == arg.n || !faults_unescape(word, &f->old))
			return err_set(e, ERR_USAGE, "--fault %s: \"%s\" wants OLD NEW", f->spec,
					f->action->name);
		arg = bytes_skip(arg, word.n + 1);
		/* fallthrough */
	case TEXT:
		return faults_unescape(f->action == actions ? in : arg, &f->text) ||
				err_set(e, ERR_USAGE,
						"--fault: the escapes are \\r \\n \\0 \\\\ \\xNN,"
						" the text has at most %d octets",
						FAULT_TEXT_MAX);
	}
	return false;
}

bool faults_add(struct faults *f, const char *spec, const char *const *stages, struct err *e)
{
	struct bytes in = bytes_of(spec);
	struct fault *one = &f->at[f->count];
	size_t equals = bytes_find(in, '=');

	if (f->count == FAULTS_MAX)
		return err_set(e, ERR_USAGE, "more than %d faults", FAULTS_MAX);
	if (equals == in.n)
		return err_set(e, ERR_USAGE, "--fault takes STAGE=ACTION, not \"%s\"", spec);
	*one = (struct fault){ .spec = spec,
		.old = BUF(FAULT_TEXT_MAX),
		.text = BUF(FAULT_TEXT_MAX) };
	f->count++;
	return read_stage(one, bytes_head(in, equals), stages, e) &&
			read_action(one, bytes_skip(in, equals + 1), e);
}

void faults_free(struct faults *f)
{
	for (size_t i = 0; i < f->count; i++) {
		buf_free(&f->at[i].old);
		buf_free(&f->at[i].text);
	}
	f->count = 0;
}

/* --- in a session --- */

static bool refuses(const struct fault *f)
{
	struct bytes text = buf_bytes(&f->text);

	return f->action == actions && text.n > 0 && bytes_find(BYTES("45-NB"), text.p[0]) < 5;
}

static bool is_stage(const struct fault *f, struct bytes stage)
{
	if (bytes_equal_nocase(f->stage, BYTES("any"))) /* in the protocol, not below it */
		return !bytes_equal_nocase(stage, BYTES("tls"));
	return bytes_equal_nocase(f->stage, stage);
}

const struct fault *faults_begin(struct faults *f, struct fault_state *s, struct bytes stage)
{
	const struct fault *refusal = NULL;

	s->active = 0;
	s->is_begun = s->is_swapped = false;
	for (size_t i = 0; i < f->count; i++) {
		struct fault *one = &f->at[i];
		bool is_here = is_stage(one, stage);
		if (!is_here || (one->is_limited && one->left == 0) ||
				(refusal && one->action == actions))
			continue;
		one->left -= one->is_limited;
		s->active |= UINT32_C(1) << i;
		if (refuses(one))
			refusal = one;
	}
	return refusal;
}

void faults_line(const struct faults *f, const struct fault_state *s, struct buf *line)
{
	FAULTS_EACH(f, s, i)
	if (f->at[i].action->line && !(s->is_swapped && f->at[i].old.n > 0))
		f->at[i].action->line(&f->at[i], line);
}

void faults_message(const struct faults *f, struct fault_state *s, struct buf *message)
{
	FAULTS_EACH(f, s, i)
	if (f->at[i].old.n > 0)
		line_swap(&f->at[i], message);
	s->is_swapped = true;
}

void faults_answer(const struct faults *f, struct fault_state *s, struct buf *out, size_t at,
		bool is_last)
{
	FAULTS_EACH(f, s, i)
	{
		const struct fault_action *a = f->at[i].action;
		bool is_due = a->part == EACH || (a->part == LAST ? is_last : !s->is_begun);
		if (a->answer && is_due)
			a->answer(&(struct work){ &f->at[i], s, out, at });
	}
	s->is_begun = true;
	if (is_last)
		s->active = 0;
}

bool faults_pours(const struct fault_state *s)
{
	return s->fill_left > 0 || s->long_left > 0 || s->tail.n > 0;
}

void faults_pour(struct fault_state *s, struct buf *out, size_t high)
{
	for (; s->long_left > 0 && out->n < high; s->long_left--)
		buf_putc(out, 'x');
	while (s->fill_left > 0 && out->n < high) {
		s->filled++;
		if (s->fill_left != UINT64_MAX)
			s->fill_left--;
		buf_printf(out, "%s%" PRIu64 " %s\r\n", s->fill, s->filled,
				s->fill[0] ? "EXISTS" : "100");
	}
	if (s->long_left > 0 || s->fill_left > 0)
		return;
	buf_put(out, buf_bytes(&s->tail));
	buf_free(&s->tail);
}

bool faults_wait(const struct fault_state *s, const struct buf *out)
{
	return s->pause_ms > 0 || (s->by_octet && out->n > 0);
}

bool faults_unstuffed(const struct faults *f, const struct fault_state *s)
{
	FAULTS_EACH(f, s, i)
	if (bytes_equal(bytes_of(f->at[i].action->name), BYTES("unstuffed")))
		return true;
	return false;
}

void faults_end(struct fault_state *s)
{
	buf_free(&s->tail);
}
