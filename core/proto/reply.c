/* reply - one server reply of SMTP, POP3 or IMAP
 * SPDX-License-Identifier: MIT
 *
 * Every decision is taken on whole lines (or at a limit counted in octets since the reply
 * began), never on what one read() happened to bring, so that the result cannot depend on how
 * the network cut the reply.
 */
#include "proto/reply.h"

enum { NOTED_LINE_MAX = 512 }; /* RFC 5321 4.5.3.1.5, RFC 1939 3; CRLF included */

/* What the front of a line says. */
struct head {
	bool is_reply; /* a line of the protocol */
	bool is_whole; /* the status cannot change if octets follow */
	bool is_last;  /* no further line belongs to the reply */
	int code;
	enum reply_status status;
	size_t text; /* where the text begins */
	unsigned faults;
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_space(struct bytes line, size_t at)
{
	while (at < line.n && is_space(line.p[at]))
		at++;
	return at;
}

/* RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39. The second digit is not held against
 * anybody. */
static struct head smtp_head(struct bytes line)
{
	static const enum reply_status status[] = { REPLY_OK, REPLY_CONTINUE, REPLY_NO, REPLY_NO };
	struct head h = { 0 };

	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) ||
			!is_digit(line.p[2]))
		return h;
	bool is_bare = line.n == 3;
	if (!is_bare && line.p[3] != '-' && !is_space(line.p[3]))
		return h;
	h.is_reply = true;
	h.is_whole = !is_bare;
	h.is_last = is_bare || line.p[3] != '-';
	h.code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
	h.status = status[line.p[0] - '2'];
	h.text = skip_space(line, is_bare ? 3 : 4);
	h.faults = is_bare ? REPLY_BARE_CODE : 0;
	return h;
}

/* RFC 1939 3, RFC 5034 4 ("+ " challenge; some servers leave the blank out when it is empty).
 * All of curl, poplib and mpop bear "+OKready". "+ERR" (an old hMailServer fault) is neither yes
 * nor no. */
static struct head pop3_head(struct bytes line)
{
	struct head h = { .is_last = true };
	size_t word = 0;
	bool is_upper = true;

	if (bytes_starts_nocase(line, BYTES("+OK"))) {
		word = 3;
		h.status = REPLY_OK;
		is_upper = bytes_starts(line, BYTES("+OK"));
	} else if (bytes_starts_nocase(line, BYTES("-ERR"))) {
		word = 4;
		h.status = REPLY_NO;
		is_upper = bytes_starts(line, BYTES("-ERR"));
	} else if (line.n > 0 && line.p[0] == '+' && (line.n == 1 || is_space(line.p[1]))) {
		word = 1;
		h.status = REPLY_CONTINUE;
	} else {
		return h;
	}
	h.is_reply = true;
	h.is_whole = word > 1 || line.n > 1;
	h.text = skip_space(line, word);
	if (!is_upper || (word < line.n && !is_space(line.p[word])))
		h.faults = REPLY_ODD_STATUS;
	return h;
}

static enum reply_status imap_status(struct bytes word, bool is_untagged)
{
	static const struct {
		const char *word;
		enum reply_status status;
		bool only_untagged;
	} words[] = {
		{ "OK", REPLY_OK, false },
		{ "NO", REPLY_NO, false },
		{ "BAD", REPLY_BAD, false },
		{ "PREAUTH", REPLY_OK, true },
		{ "BYE", REPLY_BYE, true },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(words[i].word)) &&
				(is_untagged || !words[i].only_untagged))
			return words[i].status;
	return REPLY_NONE;
}

/* RFC 9051 2.2.2: "+" continuation, "*" untagged, else "tag status text". */
static struct head imap_head(struct bytes line)
{
	struct head h = { .is_last = true };
	struct bytes rest = line;
	struct bytes tag;
	struct bytes word;

	if (line.n == 0 || is_space(line.p[0]))
		return h;
	bytes_word(&rest, &tag);
	bool is_untagged = bytes_equal(tag, BYTES("*"));
	if (bytes_equal(tag, BYTES("+"))) {
		h.is_reply = true;
		h.is_whole = line.n > 1;
		h.status = REPLY_CONTINUE;
		h.text = skip_space(line, 1);
		return h;
	}
	if (!bytes_word(&rest, &word))
		return h;
	h.status = imap_status(word, is_untagged);
	h.is_whole = h.status != REPLY_NONE;
	h.is_reply = is_untagged || h.is_whole;
	if (h.is_reply)
		h.text = skip_space(line, h.is_whole ? line.n - rest.n : tag.n);
	return h;
}

static struct head line_head(enum proto proto, struct bytes line)
{
	if (proto == PROTO_SMTP)
		return smtp_head(line);
	return proto == PROTO_POP3 ? pop3_head(line) : imap_head(line);
}

/* What a stream that ended may have left of a status: to call "25" or "+O" another protocol
 * would be rash. */
static bool is_begun(enum proto proto, struct bytes line)
{
	if (proto == PROTO_POP3)
		return bytes_starts_nocase(BYTES("+OK"), line) ||
				bytes_starts_nocase(BYTES("-ERR"), line);
	if (proto == PROTO_IMAP)
		return line.n > 0 && line.p[0] == '*';
	if (line.n >= 3)
		return false;
	for (size_t i = 0; i < line.n; i++)
		if (!is_digit(line.p[i]))
			return false;
	return true;
}

static unsigned octet_faults(struct bytes line)
{
	unsigned faults = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = line.p[i];
		if (c == '\0')
			faults |= REPLY_NUL;
		else if (c > 0x7f)
			faults |= REPLY_EIGHT_BIT;
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			faults |= REPLY_CONTROL;
	}
	return faults;
}

/* The octets from open_at on become a line. */
static struct bytes close_line(struct reply *r, enum reply_end end)
{
	struct bytes whole = bytes_skip(buf_bytes(&r->raw), r->open_at);
	struct reply_line line = { .start = r->open_at, .n = whole.n, .end = end };

	if (end != REPLY_END_NONE)
		line.n--;
	if (line.n > 0 && whole.p[line.n - 1] == '\r')
		line.n--;
	if (end == REPLY_END_LF && line.n + 2 == whole.n)
		line.end = REPLY_END_CRLF;
	else if (end == REPLY_END_LF)
		r->faults |= REPLY_BARE_LF;
	if (whole.n > NOTED_LINE_MAX)
		r->faults |= REPLY_LONG_LINE;
	buf_put(&r->line_store, (struct bytes){ (const unsigned char *)&line, sizeof(line) });
	r->lines = (struct reply_line *)(void *)r->line_store.p;
	r->line_count++;
	r->open_at = r->raw.n;
	struct bytes text = bytes_head(whole, line.n);
	r->faults |= octet_faults(text);
	return text;
}

static enum reply_state state_of(const struct reply *r)
{
	if (r->faults & REPLY_FATAL)
		return REPLY_BROKEN;
	return r->is_done ? REPLY_DONE : REPLY_MORE;
}

/* Puts what a whole line says into the reply. */
static void apply_line(struct reply *r, struct bytes line)
{
	struct head h = line_head(r->proto, line);

	r->faults |= h.faults;
	if (!h.is_reply) {
		r->faults |= r->line_count == 1 ? REPLY_NOT_PROTO : REPLY_CODE_MIX;
		return;
	}
	if (r->line_count > 1 && h.code != r->code)
		r->faults |= REPLY_CODE_MIX;
	r->code = h.code;
	r->status = h.status;
	r->is_done = h.is_last;
}

/* Takes octets up to a line end or a limit. True when the open line is whole. */
static bool take_line(struct reply *r, struct bytes *in)
{
	size_t line_room = REPLY_LINE_MAX - (r->raw.n - r->open_at);
	size_t total_room = REPLY_TOTAL_MAX - r->raw.n;
	size_t room = line_room < total_room ? line_room : total_room;
	size_t at = bytes_find(bytes_head(*in, room), '\n');
	bool is_whole = at < in->n && at < room;
	size_t n = is_whole ? at + 1 : at;

	buf_put(&r->raw, bytes_head(*in, n));
	*in = bytes_skip(*in, n);
	if (!is_whole && n == room) {
		close_line(r, REPLY_END_NONE);
		r->faults |= REPLY_TOO_LONG;
	}
	return is_whole;
}

void reply_init(struct reply *r, enum proto proto)
{
	*r = (struct reply){
		.proto = proto,
		.raw = BUF(REPLY_TOTAL_MAX),
		.line_store = BUF((REPLY_LINES_MAX + 1) * sizeof(struct reply_line)),
	};
}

void reply_free(struct reply *r)
{
	buf_free(&r->raw);
	buf_free(&r->line_store);
	reply_init(r, r->proto);
}

void reply_reset(struct reply *r)
{
	struct reply kept = *r;

	reply_init(r, kept.proto);
	r->raw = kept.raw;
	r->line_store = kept.line_store;
	buf_clear(&r->raw);
	buf_clear(&r->line_store);
}

enum reply_state reply_feed(struct reply *r, struct bytes *in)
{
	while (in->n > 0 && state_of(r) == REPLY_MORE) {
		if (!take_line(r, in))
			continue;
		apply_line(r, close_line(r, REPLY_END_LF));
		if (!r->is_done && r->line_count >= REPLY_LINES_MAX)
			r->faults |= REPLY_TOO_MANY;
		if (r->raw.n == REPLY_TOTAL_MAX && !r->is_done)
			r->faults |= REPLY_TOO_LONG;
	}
	return state_of(r);
}

enum reply_state reply_eof(struct reply *r)
{
	if (state_of(r) != REPLY_MORE)
		return state_of(r);
	if (r->raw.n == r->open_at) {
		r->faults |= REPLY_CUT;
		return REPLY_BROKEN;
	}
	bool has_cr = r->raw.p[r->raw.n - 1] == '\r';
	struct bytes line = close_line(r, REPLY_END_NONE);
	struct head h = line_head(r->proto, line);
	if (h.is_reply || !is_begun(r->proto, line))
		apply_line(r, line);
	if (!r->is_done || (!h.is_whole && !has_cr)) {
		r->faults |= REPLY_CUT;
		r->is_done = false;
	}
	return state_of(r);
}

struct bytes reply_line(const struct reply *r, size_t i)
{
	if (i >= r->line_count)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ r->raw.p + r->lines[i].start, r->lines[i].n };
}

struct bytes reply_text(const struct reply *r, size_t i)
{
	struct bytes line = reply_line(r, i);

	return bytes_skip(line, line_head(r->proto, line).text);
}

/* RFC 3463 2: class "." subject "." detail, one to three digits in the last two. */
struct bytes reply_enhanced(const struct reply *r, size_t i)
{
	struct bytes rest = reply_text(r, i);
	struct bytes word;
	uint64_t part[3];
	const struct bytes none = { NULL, 0 };

	if (r->proto != PROTO_SMTP || !bytes_word(&rest, &word))
		return none;
	struct bytes left = word;
	for (size_t k = 0; k < 3; k++) {
		size_t before = left.n;
		if (!bytes_uint(&left, 999, &part[k]) || before - left.n > 3)
			return none;
		if (k < 2 && (left.n == 0 || left.p[0] != '.'))
			return none;
		if (k < 2)
			left = bytes_skip(left, 1);
	}
	return left.n == 0 && part[0] == (uint64_t)r->code / 100 ? word : none;
}

const char *reply_guess_proto(struct bytes first)
{
	static const struct {
		const char *head;
		const char *proto;
	} heads[] = {
		{ "\x15\x03", "TLS alert" },
		{ "SSH-", "SSH" },
		{ "HTTP/", "HTTP" },
		{ "<html", "HTTP" },
		{ "<!doctype", "HTTP" },
		{ "+OK", "POP3" },
		{ "-ERR", "POP3" },
		{ "* OK", "IMAP" },
		{ "* BYE", "IMAP" },
		{ "* PREAUTH", "IMAP" },
		{ "* NO", "IMAP" },
		{ "* BAD", "IMAP" },
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (bytes_starts_nocase(first, bytes_of(heads[i].head)))
			return heads[i].proto;
	struct head h = smtp_head(first);
	if (!h.is_reply)
		return NULL;
	if (bytes_search_nocase(first, BYTES("FTP")) < first.n)
		return "FTP";
	if (bytes_search_nocase(first, BYTES("MTP")) < first.n)
		return "SMTP";
	/* Only mail servers greet so (RFC 5321 4.3.2); FTP knows 220 and 421 as well. */
	return h.code == 554 ? "SMTP" : NULL;
}
