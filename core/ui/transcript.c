/* transcript - the annotated conversation
 * SPDX-License-Identifier: MIT */
#include "ui/transcript.h"

#include "ui/json.h"
#include "ui/show.h"

/* An octet takes 6 at most in JSON and 1.4 in base64; as much as a line of JSON can need. */
enum { OUT_MAX = 12 * TRANSCRIPT_JSON_MAX, NARROW = 60 };

void transcript_init(struct transcript *t, struct world *w, const struct opt_common *c)
{
	*t = (struct transcript){
		.w = w,
		.off = c->nagios || c->quiet,
		.json = c->json,
		.color = show_use_color(w, (enum show_when)c->color),
	};
}

static void keep(struct transcript *t, const struct buf *out)
{
	if (t->keep)
		buf_put(t->keep, buf_bytes(out));
}

static void emit(struct transcript *t, struct buf *out)
{
	out_put(&t->w->out, buf_bytes(out));
	out_flush(&t->w->out);
	buf_free(out);
}

static void emit_json(struct transcript *t, const char *type, const char *text)
{
	struct buf out = BUF(OUT_MAX);
	struct json j;

	json_begin(&j, &out);
	json_str(&j, "type", type);
	json_text(&j, "text", bytes_head(bytes_of(text), TRANSCRIPT_JSON_MAX));
	json_end(&j);
	emit(t, &out);
}

void transcript_head(struct transcript *t, const char *text)
{
	struct buf out = BUF(OUT_MAX);

	if (t->off)
		return;
	if (t->json) {
		emit_json(t, "head", text);
		return;
	}
	buf_puts(&out, "== ");
	show_safe(&out, bytes_head(bytes_of(text), TRANSCRIPT_TEXT_MAX), t->w->utf8);
	buf_putc(&out, '\n');
	keep(t, &out);
	emit(t, &out);
}

void transcript_note(struct transcript *t, const char *text)
{
	struct buf out = BUF(OUT_MAX);
	struct buf safe = BUF(OUT_MAX);

	if (t->off)
		return;
	if (t->json) {
		emit_json(t, "note", text);
		return;
	}
	show_safe(&safe, bytes_head(bytes_of(text), TRANSCRIPT_TEXT_MAX), t->w->utf8);
	buf_puts(&out, "   .. ");
	show_wrap(&out, buf_bytes(&safe), 6, 6, t->w->columns);
	buf_putc(&out, '\n');
	buf_free(&safe);
	keep(t, &out);
	emit(t, &out);
}

static void line_json(struct transcript *t, char who, struct bytes text, const char *note)
{
	struct buf out = BUF(OUT_MAX);
	struct json j;

	json_begin(&j, &out);
	json_str(&j, "type", "line");
	json_text(&j, "dir", (struct bytes){ (unsigned char *)&who, 1 });
	json_text(&j, "text", bytes_head(text, TRANSCRIPT_JSON_MAX));
	if (text.n > TRANSCRIPT_JSON_MAX)
		json_int(&j, "size", (int64_t)text.n);
	if (note && *note)
		json_str(&j, "note", note);
	json_end(&j);
	emit(t, &out);
}

/* As much of a long line as is shown; a character is not cut in two. */
static struct bytes shown_part(struct bytes text)
{
	size_t n = TRANSCRIPT_TEXT_MAX;

	if (text.n <= n)
		return text;
	for (int i = 0; i < 3 && (text.p[n] & 0xc0) == 0x80; i++)
		n--;
	return bytes_head(text, n);
}

/* at: columns that the line has taken. */
static void put_note(const struct transcript *t, struct buf *out, const char *note, size_t at,
		bool color)
{
	size_t column = t->w->columns < NARROW ? 6 : TRANSCRIPT_NOTE_AT;
	size_t arrow = t->w->utf8 ? 2 : 3;
	struct buf safe = BUF(OUT_MAX);
	struct buf wrapped = BUF(OUT_MAX);

	if (at >= column) {
		buf_putc(out, '\n');
		at = 0;
	}
	show_blanks(out, column - at);
	buf_puts(&wrapped, t->w->utf8 ? "\u2190 " : "<- ");
	show_safe(&safe, bytes_head(bytes_of(note), TRANSCRIPT_TEXT_MAX), t->w->utf8);
	show_wrap(&wrapped, buf_bytes(&safe), column + arrow, column + arrow, t->w->columns);
	show_paint(out, SHOW_DIM, buf_text(&wrapped), color);
	buf_free(&safe);
	buf_free(&wrapped);
}

static void put_line(const struct transcript *t, struct buf *out, char who, struct bytes text,
		bool color)
{
	struct buf safe = BUF(OUT_MAX);
	struct bytes part = shown_part(text);

	buf_printf(&safe, "%c: ", who);
	show_safe(&safe, part, t->w->utf8);
	if (part.n < text.n)
		buf_printf(&safe, "... (%zu bytes, cut here)", text.n);
	show_paint(out, who == 'C' ? SHOW_BOLD : SHOW_PLAIN, buf_text(&safe), color);
	buf_free(&safe);
}

static void build_line(const struct transcript *t, struct buf *out, char who, struct bytes text,
		const char *note)
{
	bool color = out != t->keep && t->color;
	struct buf plain = BUF(OUT_MAX);

	put_line(t, out, who, text, color);
	put_line(t, &plain, who, text, false);
	if (note && *note)
		put_note(t, out, note, show_width(buf_bytes(&plain)), color);
	buf_putc(out, '\n');
	buf_free(&plain);
}

void transcript_line(struct transcript *t, char who, struct bytes text, const char *note)
{
	struct buf out = BUF(OUT_MAX);

	if (t->off)
		return;
	if (t->json) {
		line_json(t, who, text, note);
		return;
	}
	build_line(t, &out, who, text, note);
	emit(t, &out);
	if (t->keep)
		build_line(t, t->keep, who, text, note);
}

void transcript_typed(struct transcript *t, struct bytes text)
{
	if (t->keep)
		build_line(t, t->keep, 'C', text, NULL);
}
