/* table - rows in columns that fit the terminal
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"

enum {
	TABLE_COLUMNS_MAX = 8,
	TABLE_CELL_MAX = 1000,             /* octets of a cell that are looked at */
	TABLE_CELLS_MAX = 4 * 1024 * 1024, /* of all cells; rows beyond are counted, not kept */
};

struct table_column {
	const char *title;
	bool right;      /* numbers */
	bool may_shrink; /* cut with "..." when the row is too wide */
	unsigned min;    /* but not below this */
};

/* Rows are collected, then printed with widths from their content. Cells are foreign text: made
 * safe here. */
struct table {
	const struct table_column *columns;
	size_t column_count;
	struct buf cells; /* table.c's own: each ends with a NUL */
	size_t rows, dropped;
	size_t width[TABLE_COLUMNS_MAX];
};

void table_init(struct table *t, const struct table_column *columns, size_t count);
void table_row(struct table *t, const struct bytes *cells, bool utf8);
void table_print(struct table *t, struct world *w);
void table_free(struct table *t);
