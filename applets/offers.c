/* offers - what is offered before TLS, and with it
 * SPDX-License-Identifier: MIT */
#include "applets/offers.h"

#include "proto/smtp.h"

/* Of lines (bytes_line) or words (bytes_word). */
static bool has(struct bytes list, bool (*next)(struct bytes *, struct bytes *),
		struct bytes wanted)
{
	struct bytes one;

	while (next(&list, &one))
		if (bytes_equal_nocase(one, wanted))
			return true;
	return false;
}

enum { COLUMN = 32 };

/* The line with the same keyword. In IMAP there is none: each word stands for itself. */
static struct bytes partner(const struct talk *t, struct bytes list, struct bytes wanted)
{
	struct bytes line;

	while (t->proto != PROTO_IMAP && bytes_line(&list, &line))
		if (bytes_equal_nocase(smtp_keyword(line), smtp_keyword(wanted)))
			return line;
	return (struct bytes){ NULL, 0 };
}

/* The keyword, and what the other line does not have; "-" when it has all. */
static void put_own(struct buf *out, struct bytes line, struct bytes other)
{
	struct bytes rest = line, word;
	size_t begin = out->n;

	bytes_word(&rest, &word);
	buf_put(out, word);
	size_t bare = out->n;
	while (bytes_word(&rest, &word))
		if (!has(other, bytes_word, word)) {
			buf_putc(out, ' ');
			buf_put(out, word);
		}
	if (out->n == bare && (other.n > 0 || line.n == 0)) {
		out->n = begin;
		buf_putc(out, '-');
	}
}

static void note_row(struct talk *t, struct bytes before, struct bytes after)
{
	struct buf row = BUF(TALK_NOTE_MAX);

	put_own(&row, before, after);
	bool is_same = row.p[0] == '-';
	do
		buf_putc(&row, ' ');
	while (row.n < COLUMN);
	put_own(&row, after, before);
	is_same = is_same && row.p[row.n - 1] == '-'; /* in another order */
	if (!is_same)
		transcript_note(&t->transcript, buf_text(&row));
	buf_free(&row);
}

static void compare(struct talk *t, struct bytes before, struct bytes after)
{
	struct bytes starttls = t->proto == PROTO_POP3 ? BYTES("STLS") : BYTES("STARTTLS");
	struct bytes rest = before, line;
	bool any = false;

	/* that goes away: RFC 3207 4.2, RFC 2595 4 */
	while (bytes_line(&rest, &line))
		any |= !has(after, bytes_line, line) && !bytes_equal_nocase(line, starttls);
	rest = after;
	while (bytes_line(&rest, &line))
		any |= !has(before, bytes_line, line);
	if (!any)
		return;
	transcript_note(&t->transcript, "offered in clear text           offered with TLS");
	rest = before;
	while (bytes_line(&rest, &line))
		if (!has(after, bytes_line, line))
			note_row(t, line, partner(t, after, line));
	rest = after;
	while (bytes_line(&rest, &line))
		if (!has(before, bytes_line, line) && partner(t, before, line).n == 0)
			note_row(t, (struct bytes){ NULL, 0 }, line);
}

bool offers_secure(struct talk *t, bool offered, struct buf *list, bool (*ask)(struct talk *t))
{
	struct buf before = BUF(OFFERS_MAX);
	bool started;

	if (!talk_starttls(t, offered, &started))
		return false;
	buf_put(&before, buf_bytes(list));
	bool ok = !started || ask(t);
	if (ok && started)
		compare(t, buf_bytes(&before), buf_bytes(list));
	buf_free(&before);
	return ok;
}
