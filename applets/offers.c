/* offers - what is offered before TLS, and with it
 * SPDX-License-Identifier: MIT */
#include "applets/offers.h"

#include "proto/smtp.h"

static bool has_line(struct bytes list, struct bytes wanted)
{
	struct bytes line;

	while (bytes_line(&list, &line))
		if (bytes_equal_nocase(line, wanted))
			return true;
	return false;
}

enum { COLUMN = 32 };

static void put_row(struct buf *out, struct bytes left, struct bytes right)
{
	struct bytes part = bytes_head(left, COLUMN - 1);

	buf_put(out, part);
	for (size_t n = part.n; n < COLUMN; n++)
		buf_putc(out, ' ');
	buf_put(out, bytes_head(right, COLUMN));
}

/* The line of the other list with the same keyword, or "-". In IMAP none has: each word stands for
 * itself. */
static struct bytes partner(const struct talk *t, struct bytes list, struct bytes wanted)
{
	struct bytes line;

	while (t->proto != PROTO_IMAP && bytes_line(&list, &line))
		if (bytes_equal_nocase(smtp_keyword(line), smtp_keyword(wanted)))
			return line;
	return BYTES("-");
}

static void note_row(struct talk *t, struct bytes left, struct bytes right)
{
	struct buf row = BUF(2 * COLUMN + 1);

	put_row(&row, left, right);
	transcript_note(&t->transcript, buf_text(&row));
	buf_free(&row);
}

void offers_compare(struct talk *t, struct bytes before, struct bytes after)
{
	struct bytes starttls = t->proto == PROTO_POP3 ? BYTES("STLS") : BYTES("STARTTLS");
	struct bytes rest = before, line;
	bool any = false;

	/* that goes away: RFC 3207 4.2, RFC 2595 4 */
	while (bytes_line(&rest, &line))
		any |= !has_line(after, line) && !bytes_equal_nocase(line, starttls);
	rest = after;
	while (bytes_line(&rest, &line))
		any |= !has_line(before, line);
	if (!any)
		return;
	note_row(t, BYTES("offered in clear text"), BYTES("offered with TLS"));
	rest = before;
	while (bytes_line(&rest, &line))
		if (!has_line(after, line))
			note_row(t, line, partner(t, after, line));
	rest = after;
	while (bytes_line(&rest, &line))
		if (!has_line(before, line) && bytes_equal(partner(t, before, line), BYTES("-")))
			note_row(t, BYTES("-"), line);
}
