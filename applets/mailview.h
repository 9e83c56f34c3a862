/* mailview - shows messages: rows of a list, readable views
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/mime.h"
#include "sys/world.h"
#include "ui/json.h"
#include "ui/opt.h"
#include "ui/table.h"

/* Splits data into lines for a taker; text longer than LINES_MAX is handed over in pieces. */
enum { LINES_MAX = 64 * 1024 };
struct mailview_lines {
	void (*line)(void *ctx, struct bytes line);
	void *ctx;
	struct buf part;
};
void mailview_lines_begin(struct mailview_lines *l, void (*line)(void *ctx, struct bytes line),
		void *ctx);
bool mailview_lines_take(void *lines, struct bytes part); /* fits dialog_read_data */
void mailview_lines_end(struct mailview_lines *l); /* hands over a last line without end, frees */

/* What a list shows of a message; the texts decoded, as they are. The caller fills in the numbers,
 * mailview_row_read the rest, from the header; mailview_row_free frees. */
struct mailview_row {
	uint64_t number, size;
	struct buf from, subject, date;
};
void mailview_row_read(struct mailview_row *row, struct bytes head);
void mailview_row_free(struct mailview_row *row);
void mailview_row_json(struct world *w, const struct mailview_row *row);
void mailview_table_init(struct table *t);
void mailview_row_add(struct table *t, const struct mailview_row *row, bool utf8);

/* Prints it, but not with --json, which has its own lines, or --nagios. older: messages that are
 * not in it. */
void mailview_table_print(struct table *t, struct world *w, const struct opt_common *c,
		uint64_t older);

/* A message as it comes in: header lines are collected and shown decoded, the first text part is
 * shown decoded, other parts are listed (as_source: all lines as they are); with --json nothing
 * is shown before mailview_json. */
struct mailview {
	struct world *w;
	bool json, silent, as_source, in_body;
	struct mailview_lines lines; /* mailview_lines_take(&v->lines, part) feeds it */
	struct buf head, source;
	struct mime mime;
};
void mailview_begin(struct mailview *v, struct world *w, const struct opt_common *c,
		bool as_source);
void mailview_end(struct mailview *v);
void mailview_json(struct mailview *v, uint64_t number, uint64_t octets);
void mailview_free(struct mailview *v);
