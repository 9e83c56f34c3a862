/* imapbox - what IMAP's SEARCH and FETCH tell of the messages
 * SPDX-License-Identifier: MIT
 *
 * RFC 9051 6.4.4 and 6.4.5 without ENVELOPE and BODYSTRUCTURE. Flags hold for this run, and each
 * message is always recent.
 */
#include "applets/mailsink/imapbox.h"

#include "proto/imap.h"
#include "proto/mailtext.h"

#include <inttypes.h>

enum { DEPTH_MAX = 10, WORD_MAX = 4096 };

void imapbox_free(struct imapbox *b)
{
	buf_free(&b->file);
	buf_free(&b->text);
}

static uint64_t uid_of(const struct imapbox *b, size_t i)
{
	return b->store->at[i].number;
}

/* --- flags --- */

bool imapbox_flags(struct bytes list, unsigned *flags)
{
	struct bytes word, names, name;
	struct imap_item item;

	*flags = 0;
	if (imap_next(&(struct bytes){ list.p, list.n }, &item) && item.kind == IMAP_LIST)
		list = item.text;
	while (bytes_word(&list, &word)) {
		unsigned bit = 1;
		for (names = BYTES(IMAPBOX_FLAGS); bytes_word(&names, &name); bit <<= 1)
			if (bytes_equal_nocase(name, word))
				break;
		if (bit > 16)
			return false;
		*flags |= bit;
	}
	return true;
}

static bool put_flags(unsigned flags, struct buf *out)
{
	struct bytes names = BYTES(IMAPBOX_FLAGS), name;

	buf_puts(out, "FLAGS (\\Recent");
	for (; bytes_word(&names, &name); flags >>= 1)
		if (flags & 1)
			buf_printf(out, " %.*s", (int)name.n, (const char *)name.p);
	return buf_putc(out, ')');
}

/* --- sets --- */

/* A number or "*", which stands for the last. */
static bool take_end(struct bytes *in, uint64_t last, uint64_t *out)
{
	*out = last;
	if (in->n == 0 || in->p[0] != '*')
		return bytes_uint(in, UINT32_MAX, out);
	*in = bytes_skip(*in, 1);
	return true;
}

/* One "a" or "a:b" off the front of set. */
static bool take_range(struct bytes *set, uint64_t last, uint64_t *from, uint64_t *to)
{
	if (!take_end(set, last, from))
		return false;
	*to = *from;
	if (set->n > 0 && set->p[0] == ':') {
		*set = bytes_skip(*set, 1);
		if (!take_end(set, last, to))
			return false;
	}
	if (set->n > 0 && set->p[0] != ',')
		return false;
	*set = bytes_skip(*set, 1);
	return true;
}

bool imapbox_set_ok(struct bytes set)
{
	uint64_t from, to;
	bool ok = set.n > 0 && set.p[set.n - 1] != ',';

	while (ok && set.n > 0)
		ok = take_range(&set, 1, &from, &to);
	return ok;
}

bool imapbox_in_set(const struct imapbox *b, struct bytes set, size_t i)
{
	uint64_t number = b->by_uid ? uid_of(b, i) : i + 1;
	uint64_t last = b->by_uid ? uid_of(b, b->count - 1) : b->count;
	uint64_t from, to;

	while (set.n > 0 && take_range(&set, last, &from, &to))
		if ((from <= number && number <= to) || (to <= number && number <= from))
			return true;
	return false;
}

/* --- a message's text --- */

/* Each line end CRLF, as RFC 9051 4.3.1 wants it, the last one too: what RFC822.SIZE counts. */
static bool load(struct imapbox *b, size_t i, const char **why)
{
	struct bytes data, line;
	struct err e = { 0 };

	if (!store_read(b->store, i, &b->file, &data, &e)) {
		*why = "the message cannot be read";
		return false;
	}
	b->text.max = IMAPBOX_ANSWER_MAX;
	buf_clear(&b->text);
	while (bytes_line(&data, &line)) {
		buf_put(&b->text, line);
		buf_puts(&b->text, "\r\n");
	}
	return true;
}

static struct bytes header_of(struct bytes text)
{
	size_t n = bytes_search(text, BYTES("\r\n\r\n"));

	return bytes_head(text, n + 4);
}

/* --- SEARCH --- */

enum operand { NONE, STRING, STRINGS, SET };

static bool in_field(struct bytes text, const char *name, struct bytes what)
{
	struct bytes value;

	return mailtext_header(text, name, &value) &&
			(what.n == 0 || bytes_search_nocase(value, what) < value.n);
}

static bool holds(struct bytes text, struct bytes what)
{
	return what.n == 0 || bytes_search_nocase(text, what) < text.n;
}

struct search {
	struct imapbox *b;
	size_t i;
	struct bytes text;
	const char **why;
};

static const struct {
	const char *word;
	enum operand operand;
	bool is;       /* without an operand: always, or never ... */
	unsigned flag; /* ... or whether this one is set */
} keys[] = {
	{ "ALL", NONE, true, 0 },
	{ "ANSWERED", NONE, true, 4 },
	{ "BODY", STRING, false, 0 },
	{ "CC", STRING, false, 0 },
	{ "DELETED", NONE, true, IMAPBOX_DELETED },
	{ "DRAFT", NONE, true, 16 },
	{ "FLAGGED", NONE, true, 8 },
	{ "FROM", STRING, false, 0 },
	{ "HEADER", STRINGS, false, 0 },
	{ "NEW", NONE, false, IMAPBOX_SEEN },
	{ "OLD", NONE, false, 0 },
	{ "RECENT", NONE, true, 0 },
	{ "SEEN", NONE, true, IMAPBOX_SEEN },
	{ "SUBJECT", STRING, false, 0 },
	{ "TEXT", STRING, false, 0 },
	{ "TO", STRING, false, 0 },
	{ "UID", SET, false, 0 },
	{ "UNANSWERED", NONE, false, 4 },
	{ "UNDELETED", NONE, false, IMAPBOX_DELETED },
	{ "UNDRAFT", NONE, false, 16 },
	{ "UNFLAGGED", NONE, false, 8 },
	{ "UNSEEN", NONE, false, IMAPBOX_SEEN },
};

static bool take_string(struct search *s, struct bytes *rest, struct buf *out)
{
	struct imap_item item;

	if (!imap_next(rest, &item)) {
		*s->why = "a search key has no value";
		return false;
	}
	imap_string(&item, out);
	return true;
}

static bool match_strings(struct search *s, const char *word, enum operand operand,
		struct bytes *rest)
{
	struct buf name = BUF(WORD_MAX), what = BUF(WORD_MAX);
	bool is = false;

	if (operand == STRING)
		buf_puts(&name, word);
	else if (!take_string(s, rest, &name))
		return false;
	if (take_string(s, rest, &what)) {
		struct bytes value = buf_bytes(&what);
		if (bytes_equal(buf_bytes(&name), BYTES("TEXT")))
			is = holds(s->text, value);
		else if (bytes_equal(buf_bytes(&name), BYTES("BODY")))
			is = holds(bytes_skip(s->text, header_of(s->text).n), value);
		else
			is = in_field(s->text, buf_text(&name), value);
	}
	buf_free(&name);
	buf_free(&what);
	return is;
}

static bool match_set(struct search *s, struct bytes set, bool by_uid)
{
	bool before = s->b->by_uid;

	if (!imapbox_set_ok(set)) {
		*s->why = "a search key is not known";
		return false;
	}
	s->b->by_uid = by_uid;
	bool is = imapbox_in_set(s->b, set, s->i);
	s->b->by_uid = before;
	return is;
}

static bool match_one(struct search *s, struct bytes *rest, unsigned depth);

static bool match_all(struct search *s, struct bytes rest, unsigned depth)
{
	bool is = true;

	while (!*s->why && bytes_trim(rest).n > 0)
		is = match_one(s, &rest, depth) && is;
	return is;
}

/* NOT and OR, which hold other keys. */
static bool match_joined(struct search *s, struct bytes word, struct bytes *rest, unsigned depth)
{
	bool first = match_one(s, rest, depth + 1);

	if (bytes_equal_nocase(word, BYTES("NOT")))
		return !first;
	return match_one(s, rest, depth + 1) || first;
}

static bool match_one(struct search *s, struct bytes *rest, unsigned depth)
{
	struct imap_item item;
	struct bytes set;

	if (depth > DEPTH_MAX || !imap_next(rest, &item)) {
		*s->why = "the search cannot be read";
		return false;
	}
	if (item.kind == IMAP_LIST)
		return match_all(s, item.text, depth + 1);
	if (bytes_equal_nocase(item.text, BYTES("NOT")) ||
			bytes_equal_nocase(item.text, BYTES("OR")))
		return match_joined(s, item.text, rest, depth);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!bytes_equal_nocase(item.text, bytes_of(keys[i].word)))
			continue;
		if (keys[i].operand == NONE) {
			unsigned flags = s->b->store->at[s->i].flags;
			return keys[i].flag ? !!(flags & keys[i].flag) == keys[i].is : keys[i].is;
		}
		if (keys[i].operand != SET)
			return match_strings(s, keys[i].word, keys[i].operand, rest);
		return bytes_word(rest, &set) && match_set(s, set, true);
	}
	return match_set(s, item.text, false);
}

bool imapbox_matches(struct imapbox *b, struct bytes criteria, size_t i, const char **why)
{
	struct search s = { b, i, { 0 }, why };
	struct bytes rest = criteria, word;

	*why = NULL;
	if (bytes_starts_nocase(criteria, BYTES("CHARSET "))) {
		bytes_word(&rest, &word);
		bytes_word(&rest, &word);
	}
	if (!load(b, i, why))
		return false;
	s.text = buf_bytes(&b->text);
	return match_all(&s, rest, 0) && !*why;
}

/* --- FETCH --- */

/* The header fields whose names are in list, or those that are not. */
static void put_fields(struct bytes text, struct bytes list, bool others, struct buf *out)
{
	struct bytes rest = text, name, value, word, names;
	const unsigned char *start = rest.p;

	while (mailtext_next(&rest, &name, &value)) {
		bool is_named = false;
		names = list;
		while (!is_named && bytes_word(&names, &word))
			is_named = bytes_equal_nocase(word, name);
		if (is_named != others)
			buf_put(out, (struct bytes){ start, (size_t)(rest.p - start) });
		start = rest.p;
	}
	buf_puts(out, "\r\n");
}

/* What stands in the brackets of BODY[...]. */
static bool put_section(struct bytes text, struct bytes section, struct buf *out)
{
	struct bytes list = bytes_skip(section, bytes_find(section, '(') + 1);
	bool others = bytes_starts_nocase(section, BYTES("HEADER.FIELDS.NOT"));

	list = bytes_head(list, bytes_find(list, ')'));
	if (section.n == 0)
		return buf_put(out, text);
	if (bytes_equal_nocase(section, BYTES("HEADER")))
		return buf_put(out, header_of(text));
	if (bytes_equal_nocase(section, BYTES("TEXT")) || bytes_equal(section, BYTES("1")))
		return buf_put(out, bytes_skip(text, header_of(text).n));
	if (!bytes_starts_nocase(section, BYTES("HEADER.FIELDS")))
		return false;
	put_fields(text, list, others, out);
	return true;
}

/* "<0.100>" behind the bracket: from where, and how much (RFC 9051 6.4.5). */
static struct bytes cut_partial(struct bytes all, struct bytes partial, struct buf *label)
{
	uint64_t from, n;

	partial = bytes_skip(partial, 1);
	if (!bytes_uint(&partial, UINT32_MAX, &from) || partial.n == 0)
		return all;
	partial = bytes_skip(partial, 1);
	if (!bytes_uint(&partial, UINT32_MAX, &n))
		return all;
	buf_printf(label, "<%" PRIu64 ">", from);
	return bytes_head(bytes_skip(all, (size_t)from), (size_t)n);
}

static bool put_body(struct imapbox *b, struct bytes item, struct buf *out)
{
	size_t open = bytes_find(item, '['), close = bytes_find(item, ']');
	struct bytes section = bytes_head(bytes_skip(item, open + 1), close - open - 1);
	struct buf part = BUF(IMAPBOX_ANSWER_MAX), label = BUF(WORD_MAX);

	if (open >= close || close == item.n || !put_section(buf_bytes(&b->text), section, &part)) {
		buf_free(&part);
		return false;
	}
	struct bytes body = cut_partial(buf_bytes(&part), bytes_skip(item, close + 1), &label);
	buf_printf(out, "BODY[%.*s]%s {%zu}\r\n", (int)section.n, (const char *)section.p,
			buf_text(&label), body.n);
	buf_put(out, body);
	buf_free(&part);
	buf_free(&label);
	return true;
}

/* The old names (RFC 3501 6.4.5) for parts of BODY. */
static bool put_old(struct imapbox *b, struct bytes item, struct buf *out)
{
	static const struct {
		const char *name, *section;
	} rows[] = { { "RFC822", "" }, { "RFC822.HEADER", "HEADER" }, { "RFC822.TEXT", "TEXT" } };
	struct buf part = BUF(IMAPBOX_ANSWER_MAX);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!bytes_equal_nocase(item, bytes_of(rows[i].name)))
			continue;
		put_section(buf_bytes(&b->text), bytes_of(rows[i].section), &part);
		buf_printf(out, "%s {%zu}\r\n", rows[i].name, part.n);
		buf_put(out, buf_bytes(&part));
		buf_free(&part);
		return true;
	}
	return false;
}

/* RFC 9051 9, date-time: "19-Jan-2014 00:37:34 +0000", the day in two octets. */
static bool put_date(int64_t seconds, struct buf *out)
{
	char date[40];

	mailtext_format_date(seconds, date);
	struct bytes rest = bytes_skip(bytes_of(date), bytes_find(bytes_of(date), ',') + 2);
	struct bytes day = { 0 }, month = { 0 };
	bytes_word(&rest, &day);
	bytes_word(&rest, &month);
	return buf_printf(out, "INTERNALDATE \"%s%.*s-%.*s-%.*s\"", day.n == 1 ? " " : "",
			(int)day.n, (const char *)day.p, (int)month.n, (const char *)month.p,
			(int)bytes_trim(rest).n, (const char *)bytes_trim(rest).p);
}

static bool put_item(struct imapbox *b, struct bytes item, size_t i, struct buf *out)
{
	if (bytes_equal_nocase(item, BYTES("FLAGS")))
		return put_flags(b->store->at[i].flags, out);
	if (bytes_equal_nocase(item, BYTES("UID")))
		return buf_printf(out, "UID %" PRIu64, uid_of(b, i));
	if (bytes_equal_nocase(item, BYTES("RFC822.SIZE")))
		return buf_printf(out, "RFC822.SIZE %zu", b->text.n);
	if (bytes_equal_nocase(item, BYTES("INTERNALDATE")))
		return put_date(b->store->at[i].arrived_s, out);
	if (b->is_write && !bytes_starts_nocase(item, BYTES("BODY.PEEK")) &&
			!bytes_equal_nocase(item, BYTES("RFC822.HEADER")))
		b->store->at[i].flags |= IMAPBOX_SEEN;
	return put_old(b, item, out) ||
			(bytes_starts_nocase(item, BYTES("BODY")) && put_body(b, item, out));
}

bool imapbox_fetch(struct imapbox *b, struct bytes items, size_t i, struct buf *out,
		const char **why)
{
	struct imap_item item;
	bool is_first = true, has_uid = false;

	if (!load(b, i, why))
		return false;
	if (bytes_equal_nocase(items, BYTES("FAST")))
		items = BYTES("FLAGS INTERNALDATE RFC822.SIZE");
	else if (imap_next(&(struct bytes){ items.p, items.n }, &item) && item.kind == IMAP_LIST)
		items = item.text;
	buf_printf(out, "* %zu FETCH (", i + 1);
	while (imap_next(&items, &item)) {
		buf_puts(out, is_first ? "" : " ");
		is_first = false;
		has_uid = has_uid || bytes_equal_nocase(item.text, BYTES("UID"));
		if (!put_item(b, item.text, i, out)) {
			*why = "an item to fetch is not known";
			return false;
		}
	}
	if (b->by_uid && !has_uid) /* RFC 9051 6.4.9 */
		buf_printf(out, "%sUID %" PRIu64, is_first ? "" : " ", uid_of(b, i));
	buf_puts(out, ")\r\n");
	return true;
}
