/* table - rows in columns that fit the terminal
 * SPDX-License-Identifier: MIT */
#include "ui/table.h"

#include "sys/mem.h"
#include "ui/show.h"

#include <string.h>

enum { GAP = 2, LINE_MAX_OCTETS = TABLE_COLUMNS_MAX * TABLE_CELL_MAX * 8 };

void table_init(struct table *t, const struct table_column *columns, size_t count)
{
	if (count > TABLE_COLUMNS_MAX)
		bug("too many columns");
	*t = (struct table){ .columns = columns,
		.column_count = count,
		.cells = BUF(TABLE_CELLS_MAX) };
	for (size_t i = 0; i < count; i++)
		t->width[i] = show_width(bytes_of(columns[i].title));
}

void table_free(struct table *t)
{
	buf_free(&t->cells);
}

void table_row(struct table *t, const struct bytes *cells, bool utf8)
{
	size_t start = t->cells.n;
	size_t width[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->column_count; i++) {
		size_t at = t->cells.n;
		show_safe(&t->cells, bytes_head(cells[i], TABLE_CELL_MAX), utf8);
		width[i] = show_width(bytes_skip(buf_bytes(&t->cells), at));
		buf_putc(&t->cells, '\0');
	}
	if (t->cells.overflow) {
		t->cells.n = start;
		t->dropped++;
		return;
	}
	for (size_t i = 0; i < t->column_count; i++)
		if (width[i] > t->width[i])
			t->width[i] = width[i];
	t->rows++;
}

/* The widest column that can still give; SIZE_MAX when none can. */
static size_t widest(const struct table *t, const size_t *width)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->column_count; i++) {
		const struct table_column *c = &t->columns[i];
		if (c->may_shrink && width[i] > c->min &&
				(best == SIZE_MAX || width[i] > width[best]))
			best = i;
	}
	return best;
}

static void shrink(const struct table *t, size_t *width, size_t columns)
{
	size_t total = GAP * (t->column_count - 1);

	for (size_t i = 0; i < t->column_count; i++)
		total += width[i];
	for (; total > columns; total--) {
		size_t i = widest(t, width);
		if (i == SIZE_MAX)
			return;
		width[i]--;
	}
}

/* One cell; the last of a row gets no blanks behind it. */
static void put_cell(const struct table *t, struct buf *line, size_t i, struct bytes text,
		size_t width)
{
	size_t start = line->n;
	size_t used = show_width(text);
	size_t room = used < width ? width - used : 0;

	if (t->columns[i].right)
		show_blanks(line, room);
	show_cut(line, text, width);
	if (i + 1 == t->column_count)
		return;
	if (!t->columns[i].right) {
		used = show_width(bytes_skip(buf_bytes(line), start));
		show_blanks(line, used < width ? width - used : 0);
	}
	show_blanks(line, GAP);
}

static void end_line(struct world *w, struct buf *line)
{
	while (line->n > 0 && line->p[line->n - 1] == ' ')
		line->n--;
	buf_putc(line, '\n');
	out_put(&w->out, buf_bytes(line));
	buf_clear(line);
}

void table_print(struct table *t, struct world *w)
{
	struct buf line = BUF(LINE_MAX_OCTETS);
	struct bytes rest = buf_bytes(&t->cells);
	size_t width[TABLE_COLUMNS_MAX];

	memcpy(width, t->width, sizeof(width));
	shrink(t, width, w->columns);
	for (size_t i = 0; i < t->column_count; i++)
		put_cell(t, &line, i, bytes_of(t->columns[i].title), width[i]);
	end_line(w, &line);
	for (size_t row = 0; row < t->rows; row++) {
		for (size_t i = 0; i < t->column_count; i++) {
			struct bytes cell = bytes_head(rest, bytes_find(rest, '\0'));
			put_cell(t, &line, i, cell, width[i]);
			rest = bytes_skip(rest, cell.n + 1);
		}
		end_line(w, &line);
	}
	if (t->dropped > 0)
		out_printf(&w->out, "(%zu more rows)\n", t->dropped);
	out_flush(&w->out);
	buf_free(&line);
}
