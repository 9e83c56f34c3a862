/* trace - the way of a mail through its logs
 * SPDX-License-Identifier: MIT
 *
 * What is known of a mail is a set of words: queue ids, message-ids, sessions, an address to begin
 * with. The logs are searched for these words as they stand; only lines that hold one are taken
 * apart, and may add words. That is done until no word is added: an id at the next hop or behind a
 * filter may be named later than its first line.
 */
#include "applets/maillogwatch/trace.h"

#include "applets/maillogwatch/thread.h"
#include "sys/mem.h"
#include "ui/json.h"
#include "ui/report.h"
#include "ui/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORDS_MAX = 64,
	WORD_MAX = 250,
	WORD_MIN = 5, /* shorter ones are in every line */
	PASSES_MAX = 9,
	HITS_MAX = 20000,
	HITS_TEXT_MAX = 16 * 1024 * 1024,
	PIPE_MAX = 24 * 1024 * 1024,
	TEXT_MAX = 8192,
};

struct word {
	char text[WORD_MAX + 1];
	size_t n;
	int thread; /* number of the mail it belongs to; -1 = what the search began with */
};

/* A line that belongs to it. */
struct hit {
	uint32_t offset, n; /* in text */
	int64_t year_s;     /* for lines without a year: when it was, as first read */
	int thread;         /* known when all was searched; -1: of none */
};

struct trace {
	struct watch *t;
	struct word words[WORDS_MAX];
	size_t word_count;
	int threads;  /* numbers given */
	bool is_full; /* more words than fit */
	struct hit *hits;
	size_t hit_count;
	bool is_cut;     /* more hits than fit */
	struct buf text; /* of the hits */
	struct buf pipe; /* what came through a pipe, which cannot be read twice */
};

static struct word *find_word(struct trace *r, struct bytes text)
{
	for (size_t i = 0; i < r->word_count; i++)
		if (bytes_equal((struct bytes){ (const unsigned char *)r->words[i].text,
						r->words[i].n },
				    text))
			return &r->words[i];
	return NULL;
}

/* A word of a thread; known already, its thread becomes one with this one. */
static void add_word(struct trace *r, struct bytes text, int thread)
{
	struct word *w = find_word(r, text);
	int other = w ? w->thread : -1;

	for (size_t i = 0; other >= 0 && i < r->word_count; i++)
		if (r->words[i].thread == other)
			r->words[i].thread = thread;
	if (w) /* the search may have begun with the message-id */
		w->thread = thread;
	if (w || text.n < WORD_MIN || text.n > WORD_MAX)
		return;
	if (r->word_count == WORDS_MAX) {
		r->is_full = true;
		return;
	}
	w = &r->words[r->word_count++];
	*w = (struct word){ .n = text.n, .thread = thread };
	memcpy(w->text, text.p, text.n);
}

/* The thread of a line; -1: none yet. */
static int thread_of(struct trace *r, const struct log_event *e)
{
	const struct bytes texts[] = { e->id, e->id2, e->message_id, e->session };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct word *w = texts[i].n ? find_word(r, texts[i]) : NULL;
		if (w && w->thread >= 0)
			return w->thread;
	}
	return -1;
}

/* What a line of the mail names that its other lines name too. */
static void learn(struct trace *r, const struct log_event *e)
{
	int thread = thread_of(r, e);

	if (thread < 0 && e->id.n == 0 && e->message_id.n == 0)
		return; /* holds the address: nothing that leads on */
	if (thread < 0)
		thread = r->threads++;
	add_word(r, e->id, thread);
	add_word(r, e->id2, thread);
	add_word(r, e->message_id, thread);
	if (e->class == LOG_STORED)
		add_word(r, e->session, thread);
}

static void keep_hit(struct trace *r, struct bytes line, int64_t wall_s)
{
	if (r->hit_count == HITS_MAX || r->text.n + line.n > HITS_TEXT_MAX) {
		r->is_cut = true;
		return;
	}
	r->hits[r->hit_count++] = (struct hit){ (uint32_t)r->text.n, (uint32_t)line.n, wall_s, -1 };
	buf_put(&r->text, line);
}

/* A word is there as a whole: "ABC123" is not in "ABC1234". */
static bool holds_word(struct bytes line, const struct word *w)
{
	struct bytes what = { (const unsigned char *)w->text, w->n };
	size_t at = 0;

	for (;;) {
		size_t hit = bytes_search(bytes_skip(line, at), what) + at;
		if (hit >= line.n)
			return false;
		unsigned char before = hit > 0 ? line.p[hit - 1] : ' ';
		unsigned char after = hit + w->n < line.n ? line.p[hit + w->n] : ' ';
		bool inside = (before < 0x80 && strchr("0123456789", before) && before) ||
				(unsigned)((before | 32) - 'a') < 26 ||
				(after < 0x80 && strchr("0123456789", after) && after) ||
				(unsigned)((after | 32) - 'a') < 26;
		if (!inside)
			return true;
		at = hit + 1;
	}
}

static void take_hit(struct trace *r, struct bytes line)
{
	struct syslog_line at;
	struct log_event e;

	if (!syslog_read(&r->t->reader, line, &at))
		return;
	maillog_read(&at, &e);
	if (e.arrived_s > 0)
		syslog_hint(&r->t->reader, &e.at, e.arrived_s);
	if (r->t->has_filter && !filter_passes(r->t, &e))
		return;
	learn(r, &e);
	keep_hit(r, line, e.at.wall_s);
}

static struct bytes line_around(struct bytes chunk, size_t at, size_t *end)
{
	size_t from = at;

	while (from > 0 && chunk.p[from - 1] != '\n')
		from--;
	*end = at + bytes_find(bytes_skip(chunk, at), '\n');
	return (struct bytes){ chunk.p + from, *end - from };
}

/* Lines that hold a word, in their order: next[i] is where word i is found next. */
static void search_chunk(struct trace *r, struct bytes chunk)
{
	size_t next[WORDS_MAX], from = 0, count = r->word_count;

	for (size_t i = 0; i < count; i++)
		next[i] = bytes_search(chunk,
				(struct bytes){ (const unsigned char *)r->words[i].text,
						r->words[i].n });
	while (from < chunk.n) {
		size_t at = chunk.n, end;
		for (size_t i = 0; i < count; i++)
			at = next[i] < at ? next[i] : at;
		if (at >= chunk.n)
			return;
		struct bytes line = line_around(chunk, at, &end);
		bool holds = false;
		for (size_t i = 0; i < count && !holds; i++)
			holds = next[i] < end && holds_word(line, &r->words[i]);
		if (holds)
			take_hit(r, line);
		from = end;
		for (size_t i = 0; i < count; i++)
			if (next[i] < from) {
				struct bytes what = { (const unsigned char *)r->words[i].text,
					r->words[i].n };
				next[i] = from + bytes_search(bytes_skip(chunk, from), what);
			}
	}
}

static void feed_search(struct watch *t, struct bytes lines)
{
	search_chunk(t->ctx, lines);
}

static void feed_pipe(struct watch *t, struct bytes lines)
{
	struct trace *r = t->ctx;

	buf_put(&r->pipe, lines);
}

static void one_pass(struct trace *r, const struct opt_list *names)
{
	syslog_free(&r->t->reader);
	syslog_init(&r->t->reader, r->t->now_s);
	buf_clear(&r->t->troubles);
	buf_clear(&r->text);
	r->hit_count = 0;
	r->is_cut = false;
	if (r->pipe.n > 0)
		search_chunk(r, buf_bytes(&r->pipe));
	else
		reader_read(r->t, names);
}

/* What a pass finds is all once it adds no word. False: nothing could be read. */
static bool search(struct trace *r, const struct opt_list *names)
{
	bool has_pipe = false, any = true;

	for (size_t i = 0; i < names->count; i++)
		has_pipe = has_pipe || reader_is_pipe(names->at[i]);
	r->t->ctx = r;
	if (has_pipe) {
		r->t->feed = feed_pipe;
		any = reader_read(r->t, names);
		if (r->pipe.overflow)
			buf_printf(&r->t->troubles,
					"only the first %d MB of a pipe are searched; give a file\n",
					PIPE_MAX / 1024 / 1024);
	}
	r->t->feed = feed_search;
	for (size_t pass = 0, before = 0; any && pass < PASSES_MAX && before != r->word_count;
			pass++) {
		before = r->word_count;
		one_pass(r, names);
	}
	return any;
}

static void read_hit(struct trace *r, const struct hit *hit, struct syslog_reader *reader,
		struct log_event *e)
{
	struct syslog_line at;

	syslog_init(reader, r->t->now_s);
	reader->last_s = hit->year_s;
	syslog_read(reader, (struct bytes){ r->text.p + hit->offset, hit->n }, &at);
	maillog_read(&at, e);
	syslog_free(reader);
}

static void put_json(struct trace *r, const struct log_event *e)
{
	struct buf text = BUF(TEXT_MAX * 64);
	struct json j;

	json_begin(&j, &text);
	event_json(&j, e);
	json_end(&j);
	out_put(&r->t->w->out, buf_bytes(&text));
	buf_free(&text);
}

/* The lines of one thread, or, thread -1, those that belong to none. */
static void show_thread(struct trace *r, int thread)
{
	struct thread m = { .first_s = SYSLOG_NO_TIME };
	struct syslog_reader reader;
	struct log_event e;
	bool any = false, is_brief = r->t->o->why != NULL;

	for (size_t i = 0; i < r->hit_count; i++) {
		if (r->hits[i].thread != thread)
			continue;
		read_hit(r, &r->hits[i], &reader, &e);
		if (!any && !is_brief) {
			struct buf head = BUF(TEXT_MAX);
			show_safe(&head,
					thread < 0             ? BYTES("further lines") :
							e.id.n ? e.id :
								 e.message_id,
					r->t->w->utf8);
			out_printf(&r->t->w->out, "%s\n", buf_text(&head));
			buf_free(&head);
		}
		any = true;
		thread_take(&m, &e);
		if (!is_brief)
			thread_line(r->t->w, &m, &e);
	}
	if (any && thread >= 0)
		(is_brief ? thread_why : thread_end)(r->t->w, &m);
}

/* Each hit's thread; then what is shown may be redacted. */
static void settle(struct trace *r)
{
	struct syslog_reader reader;
	struct log_event e;
	struct buf text = BUF(HITS_TEXT_MAX);
	bool is_redacted = redact_touches(r->t->redact, buf_bytes(&r->text));

	for (size_t i = 0; i < r->hit_count; i++) {
		struct hit *hit = &r->hits[i];
		read_hit(r, hit, &reader, &e);
		hit->thread = thread_of(r, &e);
		if (!is_redacted)
			continue;
		size_t from = text.n;
		redact_line(r->t->redact, e.at.line, &text);
		hit->offset = (uint32_t)from;
		hit->n = (uint32_t)(text.n - from);
	}
	if (is_redacted) {
		buf_free(&r->text);
		r->text = text;
	}
}

static void show_all(struct trace *r)
{
	struct syslog_reader reader;
	struct log_event e;

	settle(r);
	if (r->t->o->common.json) {
		for (size_t i = 0; i < r->hit_count; i++) {
			read_hit(r, &r->hits[i], &reader, &e);
			put_json(r, &e);
		}
		return;
	}
	for (int thread = 0; thread < r->threads; thread++)
		show_thread(r, thread);
	if (!r->t->o->why)
		show_thread(r, -1);
}

static int tell_none(struct trace *r, const char *what)
{
	struct buf safe = BUF(TEXT_MAX);

	show_safe(&safe, bytes_of(what), r->t->w->utf8);
	out_printf(&r->t->w->err,
			"maillogwatch: \"%s\": no line of these logs has it; rotated parts: --all\n",
			buf_text(&safe));
	buf_free(&safe);
	return REPORT_CRITICAL;
}

int trace_run(struct watch *t, const struct opt_list *names)
{
	const char *what = t->o->trace ? t->o->trace : t->o->why;
	struct trace *r = xmalloc(sizeof(*r));
	struct bytes word = bytes_of(what);
	int code = REPORT_OK;

	if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
		word = (struct bytes){ word.p + 1, word.n - 2 };
	*r = (struct trace){ .t = t, .text = BUF(HITS_TEXT_MAX), .pipe = BUF(PIPE_MAX) };
	r->hits = xcalloc(HITS_MAX, sizeof(r->hits[0]));
	bool is_word = word.n >= WORD_MIN && word.n <= WORD_MAX;
	if (is_word)
		add_word(r, word, maillog_id_kind(word, NULL) ? r->threads++ : -1);
	else
		out_printf(&t->w->err,
				"maillogwatch: a queue id, message-id or address has %d to %d octets\n",
				WORD_MIN, WORD_MAX);
	if (!is_word || !search(r, names))
		code = REPORT_UNKNOWN;
	else if (r->hit_count == 0)
		code = tell_none(r, what);
	if (r->is_full || r->is_cut)
		buf_puts(&t->troubles, "more lines and mails belong to it than are shown\n");
	reader_tell(t);
	if (code == REPORT_OK)
		show_all(r);
	buf_free(&r->text);
	buf_free(&r->pipe);
	free(r->hits);
	free(r);
	return code;
}
