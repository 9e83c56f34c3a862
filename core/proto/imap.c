/* imap - responses of an IMAP server, taken apart as they come
 * SPDX-License-Identifier: MIT
 *
 * Lines are judged when they are whole, so that the result cannot depend on how the network cut
 * them. Items are walked in place; nothing recurses, whatever the peer nests.
 */
#include "proto/imap.h"

#include "proto/mailtext.h"
#include "proto/sasl.h"

#include <string.h>

/* ---- one response out of the stream ---- */

static const char search[] = "* SEARCH ";

void imap_reader_reset(struct imap_reader *r)
{
	buf_clear(&r->text);
	if (r->is_cut)
		buf_puts(&r->text, search);
	r->is_cut = false;
	r->literal_left = 0;
	r->is_streamed = false;
	r->line_at = 0;
}

static bool is_status(struct bytes text)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	struct bytes tag, word;

	if (!bytes_word(&text, &tag))
		return true;
	if (bytes_equal(tag, BYTES("+")) || !bytes_word(&text, &word))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal_nocase(bytes_trim(word), bytes_of(words[i])))
			return true;
	return false;
}

/* Does the line end in "{n}"? at is where the brace stands. */
static bool literal_follows(struct bytes line, uint64_t *n, size_t *at)
{
	struct bytes digits;

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (!bytes_ends(line, BYTES("}")))
		return false;
	for (*at = line.n - 1; *at > 0 && line.p[*at - 1] >= '0' && line.p[*at - 1] <= '9';)
		--*at;
	digits = bytes_skip(bytes_head(line, line.n - 1), *at);
	if (*at == 0 || line.p[*at - 1] != '{' || !bytes_is_uint(digits, UINT64_MAX / 2, n))
		return false;
	--*at;
	return true;
}

/* A line is whole. True: a literal follows. */
static bool begin_literal(struct imap_reader *r)
{
	struct bytes line = bytes_skip(buf_bytes(&r->text), r->line_at), before;
	uint64_t n;
	size_t at;

	if (is_status(buf_bytes(&r->text)) || !literal_follows(line, &n, &at))
		return false;
	before = bytes_trim(bytes_head(line, at));
	r->is_streamed = bytes_ends(before, BYTES("]")) || bytes_ends(before, BYTES(">"));
	r->literal_left = n;
	if (r->is_streamed) {
		r->text.n = r->line_at + at;
		buf_puts(&r->text, "\"\"");
	}
	return true;
}

/* How much of in belongs to what text holds, up to the end of a line at most. */
static size_t piece_size(const struct imap_reader *r, struct bytes in)
{
	size_t line = bytes_find(in, '\n') + 1, head = sizeof(search) - 1;

	if (r->literal_left > 0)
		return r->literal_left < in.n ? (size_t)r->literal_left : in.n;
	if (r->text.n < head)
		return head - r->text.n < line ? head - r->text.n : line;
	if (!bytes_starts_nocase(buf_bytes(&r->text), bytes_of(search)))
		return line;
	size_t at = r->text.n < IMAP_SEARCH_MAX ? IMAP_SEARCH_MAX - r->text.n : 0;
	at += bytes_find(bytes_skip(in, at), ' ') + 1;
	return at < line ? at : line;
}

/* The blank behind a number becomes the end of a SEARCH response that is long enough. */
static bool cut_search(struct imap_reader *r)
{
	r->is_cut = r->text.n > IMAP_SEARCH_MAX && r->text.p[r->text.n - 1] == ' ' &&
			bytes_starts_nocase(buf_bytes(&r->text), bytes_of(search));
	if (r->is_cut) {
		r->text.n--;
		buf_puts(&r->text, "\r\n");
	}
	return r->is_cut;
}

enum imap_state imap_feed(struct imap_reader *r, struct bytes *in, struct bytes *part)
{
	while (in->n > 0) {
		struct bytes piece = bytes_head(*in, piece_size(r, *in));
		*in = bytes_skip(*in, piece.n);
		if (r->literal_left > 0 && r->is_streamed) {
			r->literal_left -= piece.n;
			r->line_at = r->text.n;
			*part = piece;
			return IMAP_PART;
		}
		buf_put(&r->text, piece);
		if (r->text.overflow)
			return IMAP_TOO_LONG;
		if (r->literal_left == 0 && cut_search(r))
			return IMAP_DONE;
		if (r->literal_left > 0) {
			r->literal_left -= piece.n;
			r->line_at = r->text.n;
		} else if (piece.p[piece.n - 1] == '\n' && !begin_literal(r)) {
			return IMAP_DONE;
		} else if (piece.p[piece.n - 1] == '\n') {
			r->line_at = r->text.n;
		}
	}
	return IMAP_MORE;
}

/* ---- items ---- */

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The size of the quoted string at the front, both quotes included; in.n + 1 without its end. */
static size_t quoted_size(struct bytes in)
{
	size_t i = 1;

	while (i < in.n && in.p[i] != '"')
		i += in.p[i] == '\\' ? 2 : 1;
	return i + 1;
}

/* The octets of a literal "{n}CRLF" at the front, and where they begin. */
static bool literal_at(struct bytes in, struct bytes *octets, size_t *size)
{
	struct bytes rest = bytes_skip(in, 1);
	uint64_t n;

	if (in.n == 0 || in.p[0] != '{' || !bytes_uint(&rest, IMAP_TEXT_MAX, &n) ||
			!bytes_starts(rest, BYTES("}")))
		return false;
	rest = bytes_skip(rest, 1);
	if (bytes_starts(rest, BYTES("\r")))
		rest = bytes_skip(rest, 1);
	if (!bytes_starts(rest, BYTES("\n")) || rest.n - 1 < n)
		return false;
	*octets = bytes_head(bytes_skip(rest, 1), (size_t)n);
	*size = in.n - rest.n + 1 + (size_t)n;
	return true;
}

/* The size of a list with its parentheses, or of an atom's brackets; in.n + 1 without the end. */
static size_t group_size(struct bytes in, unsigned char open, unsigned char close)
{
	size_t depth = 0, i = 0;

	while (i < in.n) {
		struct bytes octets;
		size_t size = 1;
		if (in.p[i] == '"')
			size = quoted_size(bytes_skip(in, i));
		else if (!literal_at(bytes_skip(in, i), &octets, &size))
			size = 1;
		if (in.p[i] == open)
			depth++;
		else if (in.p[i] == close && --depth == 0)
			return i + 1;
		i += size;
	}
	return in.n + 1;
}

static size_t atom_size(struct bytes in)
{
	size_t i = 0;

	while (i < in.n && !is_blank(in.p[i]) && in.p[i] != '(' && in.p[i] != ')' && in.p[i] != '"')
		i += in.p[i] == '[' ? group_size(bytes_skip(in, i), '[', ']') : 1;
	return i;
}

bool imap_next(struct bytes *rest, struct imap_item *item)
{
	struct bytes in = *rest;
	size_t size, edge = 0;

	while (in.n > 0 && is_blank(in.p[0]))
		in = bytes_skip(in, 1);
	if (in.n == 0)
		return false;
	if (literal_at(in, &item->text, &size)) {
		item->kind = IMAP_LITERAL;
		*rest = bytes_skip(in, size);
		return true;
	}
	if (in.p[0] == '"' || in.p[0] == '(') {
		item->kind = in.p[0] == '"' ? IMAP_QUOTED : IMAP_LIST;
		size = in.p[0] == '"' ? quoted_size(in) : group_size(in, '(', ')');
		edge = 1;
	} else {
		item->kind = IMAP_ATOM;
		size = atom_size(in);
	}
	if (size == 0 || size > in.n)
		return false;
	item->text = bytes_head(bytes_skip(in, edge), size - 2 * edge);
	*rest = bytes_skip(in, size);
	return true;
}

void imap_string(const struct imap_item *item, struct buf *out)
{
	struct bytes text = item->text;

	if (item->kind == IMAP_ATOM && bytes_equal_nocase(text, BYTES("NIL")))
		return;
	for (size_t i = 0; i < text.n; i++) {
		if (item->kind == IMAP_QUOTED && text.p[i] == '\\' && i + 1 < text.n)
			i++;
		buf_putc(out, text.p[i]);
	}
}

bool imap_untagged(struct bytes text, struct imap_untagged *u)
{
	struct imap_item item;

	if (is_status(text) || !bytes_starts(text, BYTES("* ")))
		return false;
	u->rest = bytes_skip(text, 2);
	u->number = 0;
	if (!imap_next(&u->rest, &item))
		return false;
	if (bytes_is_uint(item.text, UINT32_MAX, &u->number) && !imap_next(&u->rest, &item))
		return false;
	u->word = item.text;
	return item.kind == IMAP_ATOM;
}

/* ---- what single responses say ---- */

void imap_caps_add(struct imap_caps *caps, struct bytes words)
{
	static const struct {
		const char *word;
		unsigned bit;
	} known[] = {
		{ "STARTTLS", IMAP_STARTTLS },
		{ "LOGINDISABLED", IMAP_LOGINDISABLED },
		{ "SASL-IR", IMAP_SASL_IR },
		{ "IDLE", IMAP_IDLE },
		{ "NAMESPACE", IMAP_NAMESPACE },
		{ "QUOTA", IMAP_QUOTA },
		{ "ID", IMAP_ID },
		{ "UIDPLUS", IMAP_UIDPLUS },
	};
	struct bytes word;

	while (bytes_word(&words, &word)) {
		word = bytes_trim(word);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (bytes_equal_nocase(word, bytes_of(known[i].word)))
				caps->has |= known[i].bit;
		if (bytes_starts_nocase(word, BYTES("AUTH=")))
			caps->mechs |= sasl_mech_of(bytes_skip(word, 5));
	}
}

bool imap_fetch(struct bytes rest, struct imap_fetch *f)
{
	struct imap_item list, word, value;

	if (!imap_next(&rest, &list) || list.kind != IMAP_LIST)
		return false;
	while (imap_next(&list.text, &word) && imap_next(&list.text, &value)) {
		if (bytes_equal_nocase(word.text, BYTES("UID")))
			bytes_is_uint(value.text, UINT32_MAX, &f->uid);
		else if (bytes_equal_nocase(word.text, BYTES("RFC822.SIZE")))
			bytes_is_uint(value.text, UINT64_MAX / 2, &f->size);
		else if (bytes_equal_nocase(word.text, BYTES("FLAGS")))
			f->flags = value.text;
		else if (bytes_equal_nocase(word.text, BYTES("INTERNALDATE")))
			f->date = value.text;
		else if (bytes_starts_nocase(word.text, BYTES("BODY[")))
			f->body = value;
	}
	return true;
}

bool imap_date(struct bytes date, int64_t *seconds)
{
	unsigned char text[32];
	int zone;

	if (date.n < 12 || date.n > sizeof(text) || date.p[2] != '-' || date.p[6] != '-')
		return false;
	memcpy(text, date.p, date.n);
	text[2] = text[6] = ' '; /* now it is RFC 5322's */
	return mailtext_date((struct bytes){ text, date.n }, seconds, &zone);
}

bool imap_list(struct bytes rest, struct imap_folder *f)
{
	struct imap_item flags, delimiter;

	if (!imap_next(&rest, &flags) || flags.kind != IMAP_LIST || !imap_next(&rest, &delimiter) ||
			!imap_next(&rest, &f->name))
		return false;
	f->flags = flags.text;
	f->delimiter = '\0';
	if (delimiter.kind == IMAP_QUOTED && delimiter.text.n > 0)
		f->delimiter = delimiter.text.p[delimiter.text.n - 1];
	return f->name.kind != IMAP_LIST;
}

bool imap_status(struct bytes rest, const char *word, uint64_t *number)
{
	struct imap_item name, list, key, value;

	if (!imap_next(&rest, &name) || !imap_next(&rest, &list) || list.kind != IMAP_LIST)
		return false;
	while (imap_next(&list.text, &key) && imap_next(&list.text, &value))
		if (bytes_equal_nocase(key.text, bytes_of(word)))
			return bytes_is_uint(value.text, UINT64_MAX / 2, number);
	return false;
}

bool imap_quota(struct bytes rest, const char *resource, uint64_t *used, uint64_t *limit)
{
	struct imap_item root, list, name, usage, most;

	if (!imap_next(&rest, &root) || !imap_next(&rest, &list) || list.kind != IMAP_LIST)
		return false;
	while (imap_next(&list.text, &name) && imap_next(&list.text, &usage) &&
			imap_next(&list.text, &most))
		if (bytes_equal_nocase(name.text, bytes_of(resource)))
			return bytes_is_uint(usage.text, UINT64_MAX / 2, used) &&
					bytes_is_uint(most.text, UINT64_MAX / 2, limit);
	return false;
}

bool imap_quote(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\0' || text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] > 127)
			return false;
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, text.p[i]);
	}
	buf_putc(out, '"');
	return true;
}
