/* mailview - shows messages: rows of a list, readable views
 * SPDX-License-Identifier: MIT */
#include "applets/mailview.h"

#include "proto/mailtext.h"
#include "ui/show.h"

#include <stdio.h>
#include <time.h>

enum { JSON_SOURCE_MAX = 256 * 1024 /* of a message; the rest is said to be cut */ };

/* ---- lines ---- */

void mailview_lines_begin(struct mailview_lines *l, void (*line)(void *ctx, struct bytes line),
		void *ctx)
{
	*l = (struct mailview_lines){ .line = line, .ctx = ctx, .part = BUF(LINES_MAX) };
}

static void hand_over(struct mailview_lines *l)
{
	if (l->part.n > 0 && l->part.p[l->part.n - 1] == '\r')
		l->part.n--;
	l->line(l->ctx, buf_bytes(&l->part));
	buf_clear(&l->part);
}

bool mailview_lines_take(void *lines, struct bytes part)
{
	struct mailview_lines *l = lines;

	while (part.n > 0) {
		size_t n = bytes_find(part, '\n');
		struct bytes piece = bytes_head(part, n);
		if (piece.n > l->part.max - l->part.n)
			piece = bytes_head(piece, l->part.max - l->part.n);
		buf_put(&l->part, piece);
		part = bytes_skip(part, piece.n);
		if (piece.n == n && part.n > 0) {
			part = bytes_skip(part, 1);
			hand_over(l);
		} else if (l->part.n == l->part.max) {
			hand_over(l);
		}
	}
	return true;
}

void mailview_lines_end(struct mailview_lines *l)
{
	if (l->part.n > 0)
		hand_over(l);
	buf_free(&l->part);
}

/* ---- a row ---- */

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

void mailview_row_json(struct world *w, const struct mailview_row *row)
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

void mailview_table_init(struct table *t)
{
	static const struct table_column columns[] = {
		{ "#", true, false, 0 },
		{ "size", true, false, 0 },
		{ "date", false, false, 0 },
		{ "from", false, true, 12 },
		{ "subject", false, true, 16 },
	};

	table_init(t, columns, sizeof(columns) / sizeof(columns[0]));
}

void mailview_table_print(struct table *t, struct world *w, const struct opt_common *c,
		uint64_t older)
{
	if (c->json || c->nagios)
		return;
	table_print(t, w);
	if (older > 0)
		out_printf(&w->out, "   (%llu older messages not shown; --max)\n",
				(unsigned long long)older);
}

void mailview_row_add(struct table *t, const struct mailview_row *row, bool utf8)
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

void mailview_row_read(struct mailview_row *row, struct bytes head)
{
	struct bytes value;

	row->from = BUF(MAILTEXT_VALUE_MAX);
	row->subject = BUF(MAILTEXT_VALUE_MAX);
	row->date = BUF(40);
	if (mailtext_header(head, "From", &value))
		mailtext_decode(value, &row->from);
	if (mailtext_header(head, "Subject", &value))
		mailtext_decode(value, &row->subject);
	if (mailtext_header(head, "Date", &value))
		put_date(value, &row->date);
}

void mailview_row_free(struct mailview_row *row)
{
	buf_free(&row->from);
	buf_free(&row->subject);
	buf_free(&row->date);
}

/* ---- a message ---- */

/* "| " in front, so that no line of a message can be taken for one of ours. */
static void show_line(struct mailview *v, struct bytes line)
{
	struct buf text = BUF(8 * LINES_MAX);

	if (v->json || v->silent)
		return;
	buf_puts(&text, "| ");
	show_safe(&text, line, v->w->utf8);
	buf_putc(&text, '\n');
	out_put(&v->w->out, buf_bytes(&text));
	buf_free(&text);
}

static void show_head(struct mailview *v)
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

static void on_text(void *ctx, struct bytes line)
{
	show_line(ctx, line);
}

static void on_part(void *ctx, const struct mime_part *part)
{
	struct mailview *v = ctx;
	struct buf text = BUF(8 * MIME_NAME_MAX);

	if (v->json || v->silent || (part->is_shown && !part->is_cut))
		return;
	buf_printf(&text, "   -- part %u: ", part->number);
	show_safe(&text, buf_bytes(&part->type), v->w->utf8);
	if (part->name.n > 0) {
		buf_puts(&text, ", ");
		show_safe(&text, buf_bytes(&part->name), v->w->utf8);
	}
	buf_printf(&text, ", %llu octets, %s\n", (unsigned long long)part->octets,
			part->is_cut ? "too long or broken: see --source" : "not shown");
	out_put(&v->w->out, buf_bytes(&text));
	buf_free(&text);
}

static void on_message_line(void *ctx, struct bytes line)
{
	struct mailview *v = ctx;

	if (v->json) {
		buf_put(&v->source, line);
		buf_puts(&v->source, "\r\n");
	}
	if (v->as_source) {
		show_line(v, line);
	} else if (v->in_body) {
		mime_line(&v->mime, line);
	} else if (line.n == 0) {
		show_head(v);
		show_line(v, line);
		v->in_body = true;
		mime_begin(&v->mime, buf_bytes(&v->head));
	} else {
		buf_put(&v->head, line);
		buf_putc(&v->head, '\n');
	}
}

void mailview_json(struct mailview *v, uint64_t number, uint64_t octets)
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
	out_put(&v->w->out, buf_bytes(&line));
	buf_free(&line);
	buf_free(&subject);
}

void mailview_begin(struct mailview *v, struct world *w, const struct opt_common *c, bool as_source)
{
	*v = (struct mailview){
		.w = w,
		.json = c->json,
		.silent = c->nagios,
		.as_source = as_source,
		.head = BUF(MAILTEXT_HEADER_MAX),
		.source = BUF(JSON_SOURCE_MAX),
		.mime = { .ctx = v, .text = on_text, .part = on_part },
	};
	mailview_lines_begin(&v->lines, on_message_line, v);
}

void mailview_end(struct mailview *v)
{
	mailview_lines_end(&v->lines);
	if (v->in_body)
		mime_end(&v->mime);
	else if (!v->as_source)
		show_head(v); /* a message without a body, or cut in its header */
}

void mailview_free(struct mailview *v)
{
	buf_free(&v->head);
	buf_free(&v->source);
}
