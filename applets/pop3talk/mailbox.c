/* mailbox - pop3talk's transactions: STAT, LIST, UIDL, RETR, TOP, DELE
 * SPDX-License-Identifier: MIT */
#include "applets/pop3talk/pop3talk.h"

#include "proto/mailtext.h"
#include "ui/show.h"
#include "ui/table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	NUMBER_MAX = 1000 * 1000 * 1000,
	JSON_SOURCE_MAX = 256 * 1024, /* of a message that --json has; the rest is said to be cut */
};

static void ignore_line(void *ctx, struct bytes line)
{
	(void)ctx;
	(void)line;
}

bool pop3talk_ask(struct pop3talk *p, const char *command,
		void (*line)(void *ctx, struct bytes line), void *ctx)
{
	struct talk *t = &p->talk;
	struct dot_reader dots = { 0 };
	struct lines lines;

	if (!dialog_ask(&t->d, command))
		return talk_failed(t, t->stage);
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, t->stage, NULL);
	if (!pop3_is_multiline(bytes_of(command)))
		return true;
	lines_begin(&lines, line ? line : ignore_line, ctx);
	bool ok = dialog_read_data(&t->d, &dots, lines_take, &lines);
	lines_end(&lines);
	return ok || talk_failed(t, t->stage);
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
	if (!pop3talk_ask(p, "STAT", NULL, NULL))
		return false;
	if (pop3_stat(reply_text(&p->talk.d.reply, 0), &p->count, &p->octets))
		return true;
	err_set(&p->talk.d.err, ERR_PROTOCOL, "STAT: no count and size in the answer");
	return talk_failed(&p->talk, "fetch");
}

bool pop3talk_number(struct pop3talk *p, const char *which, uint64_t *number)
{
	char fact[120];
	struct report_verdict v = { .status = REPORT_CRITICAL, .stage = "fetch", .fact = fact };

	if (strcmp(which, "last") == 0)
		*number = p->count;
	else if (!bytes_is_uint(bytes_of(which), NUMBER_MAX, number))
		*number = 0;
	if (*number >= 1 && *number <= p->count)
		return true;
	snprintf(fact, sizeof(fact), "there is no message %.20s: the mailbox has %llu", which,
			(unsigned long long)p->count);
	report_add(&p->talk.report, &v);
	return false;
}

/* ---- --list ---- */

/* What one LIST line says, and later TOP. Only the newest --max messages are kept for the table. */
struct listing {
	struct pop3talk *p;
	struct table table;
	uint64_t sum, lines;
	uint64_t *sizes; /* of the newest */
	uint64_t first;  /* number of sizes[0] */
	struct buf head; /* header of the message asked for */
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

static void put_date(struct bytes value, struct buf *out)
{
	int64_t seconds;
	int zone;

	if (!mailtext_date(value, &seconds, &zone))
		return;
	time_t local = (time_t)(seconds + zone * 60);
	struct tm tm;
	if (gmtime_r(&local, &tm))
		buf_printf(out, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
				tm.tm_mday, tm.tm_hour, tm.tm_min);
}

/* The display name of a From header, else its address. */
static struct bytes short_from(struct bytes from)
{
	size_t angle = bytes_find(from, '<');
	struct bytes name = bytes_trim(bytes_head(from, angle));

	if (name.n > 1 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = bytes_head(bytes_skip(name, 1), name.n - 2);
	if (name.n > 0)
		return name;
	from = bytes_skip(from, angle + 1);
	return bytes_head(from, bytes_find(from, '>'));
}

/* One row of the table; the texts decoded, as they are. */
struct row {
	uint64_t number, size;
	struct buf from, subject, date;
};

static void json_row(struct world *w, const struct row *row)
{
	struct buf line = BUF(64 * 1024);
	struct json j;

	json_begin(&j, &line);
	json_str(&j, "type", "message");
	json_int(&j, "number", (int64_t)row->number);
	json_int(&j, "octets", (int64_t)row->size);
	json_text(&j, "date", buf_bytes(&row->date));
	json_text(&j, "from", buf_bytes(&row->from));
	json_text(&j, "subject", buf_bytes(&row->subject));
	json_end(&j);
	out_put(&w->out, buf_bytes(&line));
	buf_free(&line);
}

static void table_add(struct table *t, const struct row *row, bool utf8)
{
	char number[24], size[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)row->number);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)row->size);
	const struct bytes cells[] = {
		bytes_of(number),
		bytes_of(size),
		buf_bytes(&row->date),
		short_from(buf_bytes(&row->from)),
		buf_bytes(&row->subject),
	};
	table_row(t, cells, utf8);
}

static void add_row(struct listing *l, uint64_t number)
{
	struct row row = {
		.number = number,
		.size = l->sizes[number - l->first],
		.from = BUF(MAILTEXT_VALUE_MAX),
		.subject = BUF(MAILTEXT_VALUE_MAX),
		.date = BUF(40),
	};
	struct bytes head = buf_bytes(&l->head), value;

	if (mailtext_header(head, "From", &value))
		mailtext_decode(value, &row.from);
	if (mailtext_header(head, "Subject", &value))
		mailtext_decode(value, &row.subject);
	if (mailtext_header(head, "Date", &value))
		put_date(value, &row.date);
	if (l->p->common.json)
		json_row(l->p->talk.w, &row);
	else
		table_add(&l->table, &row, l->p->talk.w->utf8);
	buf_free(&row.from);
	buf_free(&row.subject);
	buf_free(&row.date);
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

/* The table's headers are fetched quietly: fifty TOP answers would bury what is to be seen. */
static bool fetch_rows(struct listing *l)
{
	struct talk *t = &l->p->talk;
	const struct dialog_observer *ob = t->d.ob;
	bool ok = true, has_top = l->p->caps.has & POP3_TOP;

	if (l->p->common.verbose == 0)
		t->d.ob = NULL;
	t->stage = "fetch";
	for (uint64_t n = l->first; ok && n >= 1 && n <= l->p->count; n++) {
		char command[40];
		buf_clear(&l->head);
		snprintf(command, sizeof(command), "TOP %llu 0", (unsigned long long)n);
		if (has_top)
			ok = pop3talk_ask(l->p, command, on_head_line, l);
		if (ok)
			add_row(l, n);
	}
	t->d.ob = ob;
	return ok;
}

bool pop3talk_list(struct pop3talk *p)
{
	static const struct table_column columns[] = {
		{ "#", true, false, 0 },
		{ "size", true, false, 0 },
		{ "date", false, false, 0 },
		{ "from", false, true, 12 },
		{ "subject", false, true, 16 },
	};
	struct listing l = { .p = p, .head = BUF(MAILTEXT_HEADER_MAX) };
	struct buf sizes = BUF((size_t)p->o.max * sizeof(uint64_t) + 8);
	size_t fits;

	l.first = p->count > p->o.max ? p->count - p->o.max + 1 : 1;
	l.sizes = (uint64_t *)(void *)buf_room(&sizes, sizes.max, &fits);
	memset(l.sizes, 0, fits);
	table_init(&l.table, columns, sizeof(columns) / sizeof(columns[0]));
	bool ok = pop3talk_ask(p, "LIST", on_list_line, &l) && list_agrees(p, &l) && fetch_rows(&l);
	if (ok && !p->common.json && !p->common.nagios) {
		table_print(&l.table, p->talk.w);
		if (l.first > 1)
			out_printf(&p->talk.w->out, "   (%llu older messages not shown; --max)\n",
					(unsigned long long)l.first - 1);
	}
	table_free(&l.table);
	buf_free(&l.head);
	buf_free(&sizes);
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
	return pop3talk_ask(p, "UIDL", on_uidl_line, p);
}

/* ---- --read, --headers ---- */

/* A message as it comes in: header lines are collected and shown decoded, body lines at once. */
struct view {
	struct pop3talk *p;
	struct lines lines;
	struct buf head;
	bool in_body;
	struct buf source; /* for --json */
};

/* "| " in front, so that no line of a message can be taken for one of ours. */
static void show_line(struct view *v, struct bytes line)
{
	struct buf text = BUF(8 * POP3TALK_LINE_MAX);

	if (v->p->common.json || v->p->common.nagios)
		return;
	buf_puts(&text, "| ");
	show_safe(&text, line, v->p->talk.w->utf8);
	buf_putc(&text, '\n');
	out_put(&v->p->talk.w->out, buf_bytes(&text));
	buf_free(&text);
}

static void show_head(struct view *v)
{
	struct bytes rest = buf_bytes(&v->head), name, value;
	struct buf line = BUF(MAILTEXT_VALUE_MAX + 1024);

	while (mailtext_next(&rest, &name, &value)) {
		buf_clear(&line);
		if (name.n > 0) {
			buf_put(&line, bytes_head(name, 900));
			buf_puts(&line, ": ");
			mailtext_decode(value, &line);
			for (size_t i = 0; i < line.n;
					i++) /* folding leaves tabs; a reader wants blanks */
				line.p[i] = line.p[i] == '\t' ? ' ' : line.p[i];
		} else {
			buf_put(&line, value);
		}
		show_line(v, buf_bytes(&line));
	}
	if (v->head.overflow)
		show_line(v, BYTES("(more header lines than 256 kB not shown)"));
	buf_free(&line);
}

static void on_message_line(void *ctx, struct bytes line)
{
	struct view *v = ctx;

	if (v->p->common.json) {
		buf_put(&v->source, line);
		buf_puts(&v->source, "\r\n");
	}
	if (v->in_body || v->p->o.source) {
		show_line(v, line);
	} else if (line.n == 0) {
		show_head(v);
		show_line(v, line);
		v->in_body = true;
	} else {
		buf_put(&v->head, line);
		buf_putc(&v->head, '\n');
	}
}

static void json_message(struct view *v, uint64_t number, uint64_t octets)
{
	struct buf line = BUF(8 * JSON_SOURCE_MAX), subject = BUF(MAILTEXT_VALUE_MAX);
	struct bytes value;
	struct json j;

	if (mailtext_header(buf_bytes(&v->source), "Subject", &value))
		mailtext_decode(value, &subject);
	json_begin(&j, &line);
	json_str(&j, "type", "message");
	json_int(&j, "number", (int64_t)number);
	json_int(&j, "octets", (int64_t)octets);
	json_text(&j, "subject", buf_bytes(&subject));
	json_bool(&j, "is_cut", v->source.overflow);
	json_text(&j, "source", buf_bytes(&v->source));
	json_end(&j);
	out_put(&v->p->talk.w->out, buf_bytes(&line));
	buf_free(&line);
	buf_free(&subject);
}

static bool sizes_agree(struct pop3talk *p, uint64_t number, uint64_t listed,
		const struct dot_reader *dots)
{
	char fact[160];

	snprintf(fact, sizeof(fact), "message %llu: LIST says %llu octets, %llu came",
			(unsigned long long)number, (unsigned long long)listed,
			(unsigned long long)dots->octets);
	if (dots->octets == listed + 2)
		/* dovecot 2.3, courier 1.0, cyrus 3.6: a message stored without a last line end */
		transcript_note(&p->talk.transcript,
				"2 octets more than LIST says: the last line had no line end");
	else if (dots->octets != listed)
		return warn(p, "size-differs", fact);
	if (dots->unstuffed_dot)
		return warn(p, "dot-unstuffed", "a line began with a dot that was not doubled");
	if (dots->bare_lf > 0)
		return warn(p, "bare-lf", "the message came with bare LF line ends");
	return true;
}

static bool fetch(struct view *v, const char *command, struct dot_reader *dots)
{
	struct talk *t = &v->p->talk;

	if (!dialog_ask(&t->d, command))
		return talk_failed(t, "fetch");
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, "fetch", NULL);
	lines_begin(&v->lines, on_message_line, v);
	bool ok = dialog_read_data(&t->d, dots, lines_take, &v->lines);
	lines_end(&v->lines);
	if (!v->in_body && !v->p->o.source)
		show_head(v); /* a message without a body, or cut in its header */
	return ok || talk_failed(t, "fetch");
}

bool pop3talk_read(struct pop3talk *p, const char *which, bool headers_only)
{
	struct view v = { .p = p,
		.head = BUF(MAILTEXT_HEADER_MAX),
		.source = BUF(JSON_SOURCE_MAX) };
	struct dot_reader dots = { 0 };
	uint64_t number, same, listed = 0;
	char command[40];

	if (!pop3talk_number(p, which, &number))
		return false;
	snprintf(command, sizeof(command), "LIST %llu", (unsigned long long)number);
	bool ok = pop3talk_ask(p, command, NULL, NULL);
	if (ok && !pop3_list_line(reply_text(&p->talk.d.reply, 0), &same, &listed))
		listed = 0;
	snprintf(command, sizeof(command), headers_only ? "TOP %llu 0" : "RETR %llu",
			(unsigned long long)number);
	ok = ok && fetch(&v, command, &dots);
	if (ok && p->common.json)
		json_message(&v, number, dots.octets);
	if (ok && !headers_only)
		ok = sizes_agree(p, number, listed, &dots);
	buf_free(&v.head);
	buf_free(&v.source);
	return ok;
}

/* ---- --delete ---- */

bool pop3talk_delete(struct pop3talk *p, const char *which)
{
	uint64_t number;
	char command[40];

	if (!pop3talk_number(p, which, &number))
		return false;
	snprintf(command, sizeof(command), "DELE %llu", (unsigned long long)number);
	if (!pop3talk_ask(p, command, NULL, NULL))
		return false;
	p->deleted++;
	return true;
}
