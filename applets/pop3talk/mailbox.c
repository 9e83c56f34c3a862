/* mailbox - pop3talk's transactions: STAT, LIST, UIDL, RETR, TOP, DELE
 * SPDX-License-Identifier: MIT */
#include "applets/pop3talk/pop3talk.h"

#include "proto/mailtext.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 1000 * 1000 * 1000 };

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
	struct mailview_lines lines;

	if (!dialog_ask(&t->d, command))
		return talk_failed(t, t->stage);
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, t->stage, NULL);
	if (!pop3_is_multiline(bytes_of(command)))
		return true;
	mailview_lines_begin(&lines, line ? line : ignore_line, ctx);
	bool ok = dialog_read_data(&t->d, &dots, mailview_lines_take, &lines);
	mailview_lines_end(&lines);
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

static void add_row(struct listing *l, uint64_t number)
{
	struct mailview_row row = { .number = number, .size = l->sizes[number - l->first] };

	mailview_row_read(&row, buf_bytes(&l->head));
	if (l->p->common.json)
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

	if (!pop3talk_number(p, which, &number))
		return false;
	snprintf(command, sizeof(command), "LIST %llu", (unsigned long long)number);
	bool ok = pop3talk_ask(p, command, NULL, NULL);
	if (ok && !pop3_list_line(reply_text(&p->talk.d.reply, 0), &same, &listed))
		listed = 0;
	snprintf(command, sizeof(command), headers_only ? "TOP %llu 0" : "RETR %llu",
			(unsigned long long)number);
	mailview_begin(&v, p->talk.w, &p->common, p->o.source);
	ok = ok && fetch(p, &v, command, &dots);
	if (ok && p->common.json)
		mailview_json(&v, number, dots.octets);
	if (ok && !headers_only)
		ok = sizes_agree(p, number, listed, &dots);
	mailview_free(&v);
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
