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

/* "3" or "last" as a message number; false (told) when there is no such message. */
static bool number_of(struct pop3talk *p, const char *which, uint64_t *number)
{
	if (strcmp(which, "last") == 0)
		*number = p->count;
	else if (!bytes_is_uint(bytes_of(which), NUMBER_MAX, number))
		*number = 0;
	if (*number >= 1 && *number <= p->count)
		return true;
	return mailbox_lacks(&p->talk, which, p->count);
}

/* ---- --list ---- */

/* What one LIST line says, and later TOP. Only the newest --max messages are kept for the table. */
struct listing {
	struct pop3talk *p;
	struct table table;
	uint64_t sum, lines;
	uint64_t *sizes; /* of the newest */
	uint64_t first;  /* number of sizes[0] */
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
	if (number >= l->first && number <= l->p->count)
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

/* LIST, keeping the sizes of the newest. */
static bool listing_begin(struct listing *l, struct pop3talk *p, uint64_t newest)
{
	size_t fits;

	*l = (struct listing){ .p = p,
		.head = BUF(MAILTEXT_HEADER_MAX),
		.sizes_buf = BUF((size_t)newest * sizeof(uint64_t) + 8) };
	l->first = p->count > newest ? p->count - newest + 1 : 1;
	l->sizes = (uint64_t *)(void *)buf_room(&l->sizes_buf, l->sizes_buf.max, &fits);
	memset(l->sizes, 0, fits);
	mailview_table_init(&l->table);
	return ask(p, "LIST", on_list_line, l) && list_agrees(p, l);
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
	bool ok = listing_begin(&l, p, p->o.max) && fetch_rows(&l);

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
	bool ok = listing_begin(&l, p, p->o.max);
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

static void on_keep_uidl(void *ctx, struct bytes line)
{
	struct buf *uids = ctx;

	buf_put(uids, line);
	buf_putc(uids, '\n');
}

static uint64_t hash_of(struct bytes text)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ text.p[i]) * 0x100000001b3;
	return hash;
}

struct rank {
	uint64_t hash;
	uint32_t at, nth; /* where in the list; how many of the same came up to it */
};

static int by_hash(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash > y->hash ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* RFC 1939 7: no two messages have the same unique id; seen: popa3d 1.0 makes it of some fields of
 * the header. The second of the same name gets a name of its own, which later runs find again. */
static bool rank_uids(struct bytes uids, struct buf *ranks)
{
	struct bytes line, uid;
	uint64_t number;
	bool odd = false, unique = true;

	while (bytes_line(&uids, &line)) {
		if (!pop3_uidl_line(line, &number, &uid, &odd))
			continue;
		struct rank r = { hash_of(uid), (uint32_t)(ranks->n / sizeof(r)), 1 };
		buf_put(ranks, (struct bytes){ (unsigned char *)&r, sizeof(r) });
	}
	struct rank *at = (struct rank *)(void *)ranks->p;
	size_t count = ranks->n / sizeof(*at);
	if (count > 0)
		qsort(at, count, sizeof(*at), by_hash);
	for (size_t i = 1; i < count; i++)
		if (at[i].hash == at[i - 1].hash) {
			at[i].nth = at[i - 1].nth + 1;
			unique = false;
		}
	if (count > 0)
		qsort(at, count, sizeof(*at), by_place);
	return unique;
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

/* UIDL is optional (RFC 1939 7): the lines of LIST do instead. */
static bool ask_ids(struct pop3talk *p)
{
	struct talk *t = &p->talk;

	if (!dialog_ask(&t->d, "UIDL"))
		return talk_failed(t, t->stage);
	p->no_uidl = !dialog_is_ok(&t->d);
	if (!p->no_uidl)
		return read_lines(p, on_keep_uidl, &p->uids_before);
	if (t->d.is_over)
		return talk_refused(t, t->stage, NULL);
	transcript_note(&t->transcript,
			"no unique ids (UIDL) here: a copy that is cut off has to be begun anew");
	return ask(p, "LIST", on_keep_uidl, &p->uids_before);
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

static bool fetch_each(struct listing *l, struct bytes uids, const struct buf *ranks)
{
	struct pop3talk *p = l->p;
	const struct rank *rank = (const struct rank *)(const void *)ranks->p;
	const struct rank *end = rank + ranks->n / sizeof(*rank);
	struct buf name = BUF(1000);
	struct bytes line, uid;
	uint64_t number, named = 0;
	bool odd, ok = true;
	char fact[120];

	while (ok && rank < end && bytes_line(&uids, &line)) {
		if (!pop3_uidl_line(line, &number, &uid, &odd))
			continue;
		buf_clear(&name);
		buf_put(&name, bytes_head(uid, 900));
		if (rank->nth > 1)
			buf_printf(&name, " %u", (unsigned)rank->nth);
		rank++;
		if (number < 1 || number > p->count)
			continue;
		named++;
		ok = fetch_one(p, number, l->sizes[number - 1], buf_bytes(&name));
	}
	buf_free(&name);
	snprintf(fact, sizeof(fact), "STAT says %llu messages, UIDL names %llu: not all were read",
			(unsigned long long)p->count, (unsigned long long)named);
	return ok && (named >= p->count || warn(p, "list-differs", fact));
}

static bool too_many(struct pop3talk *p)
{
	err_set(&p->talk.d.err, ERR_LOCAL, "over %d messages: too many for --dump and --check",
			POP3TALK_ALL_MAX);
	return talk_failed(&p->talk, "local");
}

bool pop3talk_fetch_all(struct pop3talk *p)
{
	struct buf *uids = &p->uids_before;
	struct buf ranks = BUF(POP3TALK_ALL_MAX * sizeof(struct rank));
	struct listing l = { 0 };

	if (p->count > POP3TALK_ALL_MAX)
		return too_many(p);
	const struct dialog_observer *ob = hush(p);
	bool ok = listing_begin(&l, p, p->count) && ask_ids(p);
	if (ok && !rank_uids(buf_bytes(uids), &ranks) && !p->no_uidl)
		warn(p, "uidl-twice", "two messages have the same unique id (UIDL)");
	p->dump.total = p->count;
	if (p->o.dump)
		ok = ok && mailbox_dump_open(&p->dump, &p->talk, p->o.dump);
	ok = ok && fetch_each(&l, buf_bytes(uids), &ranks);
	p->talk.d.ob = ob;
	if (p->o.dump)
		ok = mailbox_dump_close(&p->dump, ok);
	if (p->o.dump || p->no_uidl)
		buf_clear(uids);
	if (ok)
		tell_others(p);
	p->is_again = ok && p->own.check && uids->n > 0;
	listing_end(&l);
	buf_free(&ranks);
	return ok;
}

/* The second session of --check: nothing was deleted, so the first one's lines are the head of
 * this one's (RFC 1939 7: a unique id persists across sessions). */
bool pop3talk_check_again(struct pop3talk *p)
{
	struct buf uids = BUF(POP3TALK_UIDS_MAX);
	const struct dialog_observer *ob = hush(p);
	bool ok = ask(p, "UIDL", on_keep_uidl, &uids);

	p->talk.d.ob = ob;
	if (ok && !bytes_starts(buf_bytes(&uids), buf_bytes(&p->uids_before)))
		warn(p, "uidl-unstable", "a second login gave other unique ids (UIDL)");
	buf_free(&uids);
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
