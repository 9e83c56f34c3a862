/* mailbox - pop3talk's transactions: STAT, LIST, UIDL, RETR, TOP, DELE
 * SPDX-License-Identifier: MIT */
#include "applets/pop3talk/pop3talk.h"

#include "proto/mailtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 1000 * 1000 * 1000 };

static void ignore_line(void *ctx, struct bytes line)
{
	(void)ctx;
	(void)line;
}

static bool read_lines(struct pop3talk *p, void (*line)(void *ctx, struct bytes line), void *ctx)
{
	struct dot_reader dots = { 0 };
	struct mailview_lines lines;

	mailview_lines_begin(&lines, line, ctx);
	bool ok = dialog_read_data(&p->talk.d, &dots, mailview_lines_take, &lines);
	mailview_lines_end(&lines);
	return ok || talk_failed(&p->talk, p->talk.stage);
}

/* Sends a command and, when it is answered by data, hands the lines on. False: failed or refused,
 * and told. */
static bool ask(struct pop3talk *p, const char *command, void (*line)(void *ctx, struct bytes line),
		void *ctx)
{
	struct talk *t = &p->talk;

	if (!dialog_ask(&t->d, command))
		return talk_failed(t, t->stage);
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, t->stage, NULL);
	return !pop3_is_multiline(bytes_of(command)) ||
			read_lines(p, line ? line : ignore_line, ctx);
}

/* A finding, no failure: what follows goes on. */
static bool warn(struct pop3talk *p, const char *error, const char *fact)
{
	p->agrees = false;
	p->talk.stage = "fetch";
	talk_own(&p->talk, REPORT_WARNING, error, fact);
	return true;
}

bool pop3talk_stat(struct pop3talk *p)
{
	if (!ask(p, "STAT", NULL, NULL))
		return false;
	if (pop3_stat(reply_text(&p->talk.d.reply, 0), &p->count, &p->octets))
		return true;
	err_set(&p->talk.d.err, ERR_PROTOCOL, "STAT: no count and size in the answer");
	return talk_failed(&p->talk, "fetch");
}

struct named {
	struct bytes uid;
	uint64_t number; /* 0 = none */
};

static void on_named(void *ctx, struct bytes line)
{
	struct named *n = ctx;
	uint64_t number;
	struct bytes uid;
	bool odd = false;

	if (pop3_uidl_line(line, &number, &uid, &odd) && bytes_equal(uid, n->uid))
		n->number = number;
}

/* "3", "last" or "uid:..." as a message number; false (told) when there is no such message. */
static bool number_of(struct pop3talk *p, const char *which, uint64_t *number)
{
	struct named n = { bytes_skip(bytes_of(which), 4), 0 };

	if (bytes_starts_nocase(bytes_of(which), BYTES("uid:"))) {
		if (!ask(p, "UIDL", on_named, &n))
			return false;
		*number = n.number;
	} else if (strcmp(which, "last") == 0)
		*number = p->count;
	else if (!bytes_is_uint(bytes_of(which), NUMBER_MAX, number))
		*number = 0;
	if (*number >= 1 && *number <= p->count)
		return true;
	return mailbox_lacks(&p->talk, which, p->count);
}

/* ---- --list ---- */

/* What LIST says, and later TOP. */
struct listing {
	struct pop3talk *p;
	struct table table;
	uint64_t sum, lines;
	uint64_t *sizes; /* of some messages that follow each other: */
	uint64_t first, kept;
	struct buf sizes_buf;
	struct buf head;   /* header of the message asked for */
	bool in_body, hit; /* --find */
};

static void on_list_line(void *ctx, struct bytes line)
{
	struct listing *l = ctx;
	uint64_t number, octets;

	if (!pop3_list_line(line, &number, &octets))
		return;
	l->lines++;
	l->sum += octets;
	if (number >= l->first && number - l->first < l->kept)
		l->sizes[number - l->first] = octets;
}

static void on_head_line(void *ctx, struct bytes line)
{
	struct listing *l = ctx;

	buf_put(&l->head, line);
	buf_putc(&l->head, '\n');
}

static void add_row(struct listing *l, uint64_t number)
{
	struct mailview_row row = { .number = number, .size = l->sizes[number - l->first] };

	mailview_row_read(&row, buf_bytes(&l->head));
	if (l->p->talk.common->json)
		mailview_row_json(l->p->talk.w, &row);
	else
		mailview_row_add(&l->table, &row, l->p->talk.w->utf8);
	mailview_row_free(&row);
}

static bool list_agrees(struct pop3talk *p, const struct listing *l)
{
	char fact[160];

	if (l->lines == p->count && l->sum == p->octets)
		return true;
	snprintf(fact, sizeof(fact),
			"STAT says %llu messages, %llu octets; LIST adds up to %llu, %llu",
			(unsigned long long)p->count, (unsigned long long)p->octets,
			(unsigned long long)l->lines, (unsigned long long)l->sum);
	return warn(p, "list-differs", fact);
}

/* Many answers in a row would bury what is to be seen: they are shown with -v only. */
static const struct dialog_observer *hush(struct pop3talk *p)
{
	const struct dialog_observer *ob = p->talk.d.ob;

	if (p->talk.common->verbose == 0)
		p->talk.d.ob = NULL;
	p->talk.stage = "fetch";
	return ob;
}

static bool fetch_rows(struct listing *l)
{
	const struct dialog_observer *ob = hush(l->p);
	bool ok = true, has_top = l->p->caps.has & POP3_TOP;

	for (uint64_t n = l->first; ok && n >= 1 && n <= l->p->count; n++) {
		char command[40];
		buf_clear(&l->head);
		snprintf(command, sizeof(command), "TOP %llu 0", (unsigned long long)n);
		if (has_top)
			ok = ask(l->p, command, on_head_line, l);
		if (ok)
			add_row(l, n);
	}
	l->p->talk.d.ob = ob;
	return ok;
}

/* LIST, keeping the sizes from first on. */
static bool ask_sizes(struct listing *l, uint64_t first)
{
	l->first = first;
	l->lines = l->sum = 0;
	memset(l->sizes, 0, (size_t)l->kept * sizeof(l->sizes[0]));
	return ask(l->p, "LIST", on_list_line, l);
}

static bool listing_begin(struct listing *l, struct pop3talk *p, uint64_t first, uint64_t most)
{
	size_t fits;

	*l = (struct listing){ .p = p,
		.kept = p->count < most ? p->count : most,
		.head = BUF(MAILTEXT_HEADER_MAX) };
	l->sizes_buf.max = (size_t)l->kept * sizeof(l->sizes[0]) + 8;
	l->sizes = (uint64_t *)(void *)buf_room(&l->sizes_buf, l->sizes_buf.max, &fits);
	mailview_table_init(&l->table);
	return ask_sizes(l, first) && list_agrees(p, l);
}

/* Of the newest --max messages. */
static bool list_newest(struct listing *l, struct pop3talk *p)
{
	return listing_begin(l, p, p->count > p->o.max ? p->count - p->o.max + 1 : 1, p->o.max);
}

static void listing_end(struct listing *l)
{
	table_free(&l->table);
	buf_free(&l->head);
	buf_free(&l->sizes_buf);
}

bool pop3talk_list(struct pop3talk *p)
{
	struct listing l;
	bool ok = list_newest(&l, p) && fetch_rows(&l);

	if (ok)
		mailview_table_print(&l.table, p->talk.w, p->talk.common, l.first - 1);
	listing_end(&l);
	return ok;
}

/* ---- --find ---- */

static void on_find_line(void *ctx, struct bytes line)
{
	struct listing *l = ctx;
	struct bytes text = bytes_of(l->p->o.find);

	if (line.n == 0)
		l->in_body = true;
	if (!l->in_body)
		on_head_line(ctx, line);
	if (bytes_search_nocase(line, text) < line.n)
		l->hit = true;
}

/* In the header as a reader sees it? */
static bool head_holds(const struct listing *l)
{
	struct mailview_row row = { 0 };
	struct bytes text = bytes_of(l->p->o.find);

	mailview_row_read(&row, buf_bytes(&l->head));
	bool holds = bytes_search_nocase(buf_bytes(&row.subject), text) < row.subject.n ||
			bytes_search_nocase(buf_bytes(&row.from), text) < row.from.n;
	mailview_row_free(&row);
	return holds;
}

/* Newest first; by TOP all that match, by RETR the first. */
static bool find_by(struct listing *l, bool is_top, bool *found)
{
	bool ok = true;

	for (uint64_t n = l->p->count; ok && n >= l->first && n > 0; n--) {
		char command[40];
		l->hit = l->in_body = false;
		buf_clear(&l->head);
		snprintf(command, sizeof(command), is_top ? "TOP %llu 0" : "RETR %llu",
				(unsigned long long)n);
		ok = ask(l->p, command, on_find_line, l);
		if (!ok || !(l->hit || head_holds(l)))
			continue;
		*found = true;
		add_row(l, n);
		if (!is_top)
			break;
	}
	return ok;
}

bool pop3talk_find(struct pop3talk *p, bool *found)
{
	struct listing l;

	*found = false;
	if (p->wait.until_ms > 0 && p->octets_seen == p->octets + 1)
		return true; /* nothing new since the last look */
	p->octets_seen = p->octets + 1;
	bool ok = list_newest(&l, p);
	const struct dialog_observer *ob = hush(p);
	if (ok && p->caps.has & POP3_TOP)
		ok = find_by(&l, true, found);
	if (ok && !*found)
		ok = find_by(&l, false, found);
	p->talk.d.ob = ob;
	if (ok && *found)
		mailview_table_print(&l.table, p->talk.w, p->talk.common, 0);
	listing_end(&l);
	return ok;
}

/* ---- --warning, --critical ---- */

/* When it was delivered, by the last server's own line; else when it was written. */
static bool delivered(struct bytes head, int64_t *seconds)
{
	struct bytes value;
	int zone;

	if (mailtext_header(head, "Received", &value)) {
		size_t at = value.n;
		while (at > 0 && value.p[at - 1] != ';')
			at--;
		if (at > 0 && mailtext_date(bytes_skip(value, at), seconds, &zone))
			return true;
	}
	return mailtext_header(head, "Date", &value) && mailtext_date(value, seconds, &zone);
}

bool pop3talk_ages(struct pop3talk *p)
{
	struct listing l = { .head = BUF(MAILTEXT_HEADER_MAX) };
	const struct dialog_observer *ob = hush(p);
	bool ok = true;

	for (uint64_t n = p->count; ok && n > 0; n = n > 1 ? 1 : 0) {
		char command[40];
		int64_t seconds;
		buf_clear(&l.head);
		snprintf(command, sizeof(command),
				p->caps.has & POP3_TOP ? "TOP %llu 0" : "RETR %llu",
				(unsigned long long)n);
		ok = ask(p, command, on_head_line, &l);
		if (ok && delivered(buf_bytes(&l.head), &seconds))
			mailbox_add_time(&p->figures, seconds);
	}
	p->talk.d.ob = ob;
	buf_free(&l.head);
	return ok;
}

/* ---- --uidl ---- */

static void on_uidl_line(void *ctx, struct bytes line)
{
	struct pop3talk *p = ctx;
	uint64_t number;
	struct bytes uid;
	bool odd = false;

	if (!pop3_uidl_line(line, &number, &uid, &odd))
		return;
	transcript_line(&p->talk.transcript, 'S', line,
			odd ? "not 1 to 70 visible ASCII characters (RFC 1939 7)" : NULL);
}

bool pop3talk_uidl(struct pop3talk *p)
{
	return ask(p, "UIDL", on_uidl_line, p);
}

/* ---- --read, --headers ---- */

/* One finding of each kind tells more than a thousand; tell_others adds how many there were. */
static void tell_odd(struct pop3talk *p, enum pop3talk_odd odd, uint64_t number, const char *what)
{
	static const char *const errors[] = { "size-differs", "dot-unstuffed", "bare-lf",
		"dot-cut" };
	char fact[200];

	if (p->odd[odd]++ > 0)
		return;
	snprintf(fact, sizeof(fact), "message %llu: %s", (unsigned long long)number, what);
	warn(p, errors[odd], fact);
}

static void look_at(struct pop3talk *p, uint64_t number, uint64_t listed,
		const struct dot_reader *dots)
{
	char what[120];

	snprintf(what, sizeof(what), "LIST says %llu octets, %llu came", (unsigned long long)listed,
			(unsigned long long)dots->octets);
	if (dots->octets == listed + 2)
		/* dovecot 2.3, courier 1.0, cyrus 3.6: a message stored without a last line end */
		p->no_end++;
	else if (dots->octets != listed)
		tell_odd(p, ODD_SIZE, number, what);
	if (dots->unstuffed_dot)
		tell_odd(p, ODD_DOT, number, "a line began with a dot that was not doubled");
	if (dots->cut_dot)
		tell_odd(p, ODD_CUT, number, "the connection ended inside the final dot");
	if (dots->bare_lf > 0)
		tell_odd(p, ODD_LF, number, "it came with bare LF line ends");
}

/* A line of a lone dot inside a message ends it for us, when the server does not double dots: the
 * rest must not be taken for the answer to what is asked next. */
static bool is_in_step(struct pop3talk *p, uint64_t number, uint64_t listed,
		const struct dot_reader *dots)
{
	struct dialog *d = &p->talk.d;
	char fact[160];

	if (d->is_over || (dots->octets >= listed && d->in.n == 0))
		return true;
	if (!dialog_more_waits(d)) {
		bool ok = dialog_ask(d, "NOOP");
		if (!ok && d->err.kind != ERR_PROTOCOL)
			return talk_failed(&p->talk, "fetch");
		if (ok && dialog_is_ok(d) && !dialog_more_waits(d))
			return true;
	}
	d->is_over = true;
	snprintf(fact, sizeof(fact),
			"message %llu: text came behind the final dot, after %llu of %llu octets",
			(unsigned long long)number, (unsigned long long)dots->octets,
			(unsigned long long)listed);
	p->talk.stage = "fetch";
	return talk_own(&p->talk, REPORT_CRITICAL, "dot-early", fact);
}

static void tell_others(struct pop3talk *p)
{
	static const char *const what[POP3TALK_ODD] = { "size differs", "dots are not doubled",
		"line ends are bare LF", "final dot is cut" };
	char note[120];

	for (size_t i = 0; i < POP3TALK_ODD; i++) {
		snprintf(note, sizeof(note), "%u messages in all whose %s", p->odd[i], what[i]);
		if (p->odd[i] > 1)
			transcript_note(&p->talk.transcript, note);
	}
	snprintf(note, sizeof(note),
			"%llu of the messages: 2 octets more than LIST says: the last line had no line end",
			(unsigned long long)p->no_end);
	if (p->no_end > 0)
		transcript_note(&p->talk.transcript, note);
}

static bool fetch(struct pop3talk *p, struct mailview *v, const char *command,
		struct dot_reader *dots)
{
	struct talk *t = &p->talk;

	if (!dialog_ask(&t->d, command))
		return talk_failed(t, "fetch");
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, "fetch", NULL);
	bool ok = dialog_read_data(&t->d, dots, mailview_lines_take, &v->lines);
	mailview_end(v);
	return ok || talk_failed(t, "fetch");
}

bool pop3talk_read(struct pop3talk *p, const char *which, bool headers_only)
{
	struct mailview v;
	struct dot_reader dots = { 0 };
	uint64_t number, same, listed = 0;
	char command[40];

	if (!number_of(p, which, &number))
		return false;
	snprintf(command, sizeof(command), "LIST %llu", (unsigned long long)number);
	bool ok = ask(p, command, NULL, NULL);
	if (ok && !pop3_list_line(reply_text(&p->talk.d.reply, 0), &same, &listed))
		listed = 0;
	snprintf(command, sizeof(command), headers_only ? "TOP %llu 0" : "RETR %llu",
			(unsigned long long)number);
	mailview_begin(&v, p->talk.w, p->talk.common, p->o.source);
	ok = ok && fetch(p, &v, command, &dots) &&
			(headers_only || is_in_step(p, number, listed, &dots));
	if (ok && p->talk.common->json)
		mailview_json(&v, number, dots.octets);
	if (ok && !headers_only)
		look_at(p, number, listed, &dots);
	if (ok && !headers_only)
		tell_others(p);
	mailview_free(&v);
	return ok;
}

/* ---- --dump, --check ---- */

/* All messages are read one after the other, however many: of a window of them the sizes and the
 * unique ids are kept, and asked for again when that has been gone through. */
enum { WINDOW = 50000, IDS_MAX = 2 * 1024 * 1024 };

struct window {
	struct listing l;  /* begins with number l.first */
	uint64_t end;      /* the number behind it */
	struct buf ids;    /* lines "NUMBER ID" */
	uint64_t named;    /* messages so far that have one */
	struct buf hashes; /* of all ids, while the first window is asked for */
	struct buf shared; /* struct shared, sorted */
};

/* An id that several messages have, and how many of them were read. */
struct shared {
	uint64_t hash, nth;
};

static void on_id(void *ctx, struct bytes line)
{
	struct window *w = ctx;
	struct pop3talk *p = w->l.p;
	struct bytes uid;
	uint64_t number;
	bool odd = false;

	if (!pop3_uidl_line(line, &number, &uid, &odd))
		return;
	if (w->l.first == 1) {
		uint64_t hash = bytes_hash(BYTES_HASH, uid);
		buf_put(&w->hashes, (struct bytes){ (unsigned char *)&hash, sizeof(hash) });
		p->ids.hash = bytes_hash(bytes_hash(p->ids.hash, line), BYTES("\n"));
		p->ids.count++;
	}
	if (number < w->l.first || number >= w->end)
		return;
	if (line.n >= w->ids.max - w->ids.n) {
		w->end = number;
		return;
	}
	buf_put(&w->ids, line);
	buf_putc(&w->ids, '\n');
}

/* UIDL is optional (RFC 1939 7): the lines of LIST do instead. */
static bool ask_ids(struct window *w)
{
	struct pop3talk *p = w->l.p;
	struct talk *t = &p->talk;

	buf_clear(&w->ids);
	w->end = w->l.first + w->l.kept;
	if (w->end > p->count)
		w->end = p->count + 1;
	if (p->no_uidl)
		return ask(p, "LIST", on_id, w);
	if (!dialog_ask(&t->d, "UIDL"))
		return talk_failed(t, t->stage);
	if (dialog_is_ok(&t->d))
		return read_lines(p, on_id, w);
	if (t->d.is_over || w->l.first > 1)
		return talk_refused(t, t->stage, NULL);
	p->no_uidl = true;
	transcript_note(&t->transcript,
			"no unique ids (UIDL) here: a copy that is cut off has to be begun anew");
	return ask(p, "LIST", on_id, w);
}

/* RFC 1939 7: no two messages have the same unique id; seen: popa3d 1.0 makes it of some fields of
 * the header. */
static void find_shared(struct window *w)
{
	const uint64_t *at = (uint64_t *)(void *)w->hashes.p;
	size_t count = w->hashes.n / sizeof(*at);

	if (count > 0)
		qsort(w->hashes.p, count, sizeof(*at), bytes_hash_order);
	for (size_t i = 1; i < count; i++) {
		struct shared s = { at[i], 0 };
		if (at[i] == at[i - 1] && (i == 1 || at[i] != at[i - 2]))
			buf_put(&w->shared, (struct bytes){ (unsigned char *)&s, sizeof(s) });
	}
	buf_free(&w->hashes);
	if (w->shared.n > 0 && !w->l.p->no_uidl)
		warn(w->l.p, "uidl-twice", "two messages have the same unique id (UIDL)");
}

/* The second message of the same id gets a name of its own, which later runs find again. */
static void name_of(const struct window *w, struct bytes uid, struct buf *name)
{
	uint64_t hash = bytes_hash(BYTES_HASH, uid);
	struct shared *s = w->shared.n == 0 ? NULL :
					      bsearch(&hash, w->shared.p, w->shared.n / sizeof(*s),
							      sizeof(*s), bytes_hash_order);

	buf_clear(name);
	buf_put(name, bytes_head(uid, 900));
	if (s && ++s->nth > 1)
		buf_printf(name, " %llu", (unsigned long long)s->nth);
}

static bool no_octet(void *ctx, struct bytes part)
{
	(void)ctx;
	(void)part;
	return true;
}

/* Numbers are all the names that messages have without UIDL, and only for this session. */
static bool had_before(struct pop3talk *p)
{
	err_set(&p->talk.d.err, ERR_LOCAL,
			"%s has messages, and this server has no UIDL to tell which: give another name",
			p->o.dump);
	return talk_failed(&p->talk, "local");
}

/* One message, into the dump when there is one. */
static bool fetch_one(struct pop3talk *p, uint64_t number, uint64_t listed, struct bytes uid)
{
	struct talk *t = &p->talk;
	struct mailbox_dump *dump = &p->dump;
	struct dot_reader dots = { 0 };
	char command[40];

	if (p->o.dump && !mailbox_dump_begin(dump, BYTES(""), uid))
		return dump->keep.err.kind == ERR_NONE ? !p->no_uidl || had_before(p) :
							 mailbox_dump_failed(dump);
	snprintf(command, sizeof(command), "RETR %llu", (unsigned long long)number);
	if (!dialog_ask(&t->d, command))
		return talk_failed(t, "fetch");
	if (!dialog_is_ok(&t->d))
		return mailbox_dump_refused(dump, t);
	dump->refused_row = 0;
	bool ok = dialog_read_data(&t->d, &dots, p->o.dump ? mailbox_dump_part : no_octet, dump);
	if (dump->keep.err.kind != ERR_NONE)
		return mailbox_dump_failed(dump);
	if (!ok)
		return talk_failed(t, "fetch");
	if (!is_in_step(p, number, listed, &dots))
		return false;
	look_at(p, number, listed, &dots);
	dump->keep.no_end = dots.octets == listed + 2 && p->odd[ODD_SIZE] == 0;
	return !p->o.dump || mailbox_dump_end(dump);
}

static bool fetch_window(struct window *w)
{
	struct buf name = BUF(1000);
	struct bytes rest = buf_bytes(&w->ids), line, uid;
	uint64_t number;
	bool odd, ok = true;

	while (ok && bytes_line(&rest, &line)) {
		pop3_uidl_line(line, &number, &uid, &odd);
		if (number >= w->end)
			continue;
		w->named++;
		name_of(w, uid, &name);
		ok = fetch_one(w->l.p, number, w->l.sizes[number - w->l.first], buf_bytes(&name));
	}
	buf_free(&name);
	return ok;
}

static bool fetch_rest(struct window *w)
{
	struct pop3talk *p = w->l.p;
	char fact[120];
	bool ok = fetch_window(w);

	while (ok && w->end > w->l.first && w->end <= p->count)
		ok = ask_sizes(&w->l, w->end) && ask_ids(w) && fetch_window(w);
	snprintf(fact, sizeof(fact), "STAT says %llu messages, UIDL names %llu: not all were read",
			(unsigned long long)p->count, (unsigned long long)w->named);
	return ok && (w->named >= p->count || warn(p, "list-differs", fact));
}

static bool too_many(struct pop3talk *p)
{
	err_set(&p->talk.d.err, ERR_LOCAL, "over %d messages: too many for --dump and --check",
			POP3TALK_ALL_MAX);
	return talk_failed(&p->talk, "local");
}

bool pop3talk_fetch_all(struct pop3talk *p)
{
	struct window w = { .ids = BUF(IDS_MAX),
		.hashes = BUF(POP3TALK_ALL_MAX * sizeof(uint64_t)),
		.shared = BUF(POP3TALK_ALL_MAX * sizeof(uint64_t)) };

	if (p->count > POP3TALK_ALL_MAX)
		return too_many(p);
	const struct dialog_observer *ob = hush(p);
	bool ok = listing_begin(&w.l, p, 1, WINDOW) && ask_ids(&w);
	find_shared(&w);
	p->dump.total = p->count;
	if (p->o.dump)
		ok = ok && mailbox_dump_open(&p->dump, &p->talk, p->o.dump);
	ok = ok && fetch_rest(&w);
	p->talk.d.ob = ob;
	if (p->o.dump)
		ok = mailbox_dump_close(&p->dump, ok);
	if (ok)
		tell_others(p);
	p->is_again = ok && p->own.check && !p->no_uidl && p->ids.count > 0;
	listing_end(&w.l);
	buf_free(&w.ids);
	buf_free(&w.hashes);
	buf_free(&w.shared);
	return ok;
}

struct again {
	uint64_t left, hash;
};

static void on_id_again(void *ctx, struct bytes line)
{
	struct again *a = ctx;
	struct bytes uid;
	uint64_t number;
	bool odd = false;

	if (a->left > 0 && pop3_uidl_line(line, &number, &uid, &odd)) {
		a->hash = bytes_hash(bytes_hash(a->hash, line), BYTES("\n"));
		a->left--;
	}
}

/* The second session of --check: nothing was deleted, so the first one's lines are the head of
 * this one's (RFC 1939 7: a unique id persists across sessions). */
bool pop3talk_check_again(struct pop3talk *p)
{
	struct again a = { p->ids.count, 0 };
	const struct dialog_observer *ob = hush(p);
	bool ok = ask(p, "UIDL", on_id_again, &a);

	p->talk.d.ob = ob;
	if (ok && (a.left > 0 || a.hash != p->ids.hash))
		warn(p, "uidl-unstable", "a second login gave other unique ids (UIDL)");
	return ok;
}

/* ---- --delete ---- */

bool pop3talk_delete(struct pop3talk *p, const char *which)
{
	uint64_t number;
	char command[40];

	if (!number_of(p, which, &number))
		return false;
	snprintf(command, sizeof(command), "DELE %llu", (unsigned long long)number);
	if (!ask(p, command, NULL, NULL))
		return false;
	p->deleted++;
	return true;
}
