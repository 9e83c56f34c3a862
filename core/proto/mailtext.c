/* mailtext - message headers as text: unfolding, RFC 2047
 * SPDX-License-Identifier: MIT
 *
 * Adjacent encoded words of one charset are decoded to octets first and converted together: RFC
 * 2047 5 forbids to split a character over two words, and many senders do it all the same.
 */
#include "proto/mailtext.h"

#include <iconv.h>

#include "proto/b64.h"
#include "proto/utf8.h"
#include "sys/charsets.h"

enum {
	INPUT_MAX = 4 * MAILTEXT_VALUE_MAX, /* of a value */
	CHARSET_MAX = 40,      /* the longest registered name has 45, none of use more than 20 */
	PLAIN_MAX = 900,       /* below RFC 5322 2.1.1's 998 with a header name before it */
	FIRST_OCTETS = 30,     /* of the first word, leaving room for a header name in 76 columns */
	FOLLOWING_OCTETS = 45, /* 60 digits, "=?UTF-8?B?" and "?=": 72 */
};

/* One encoded word; slices into the value. */
struct word {
	struct bytes whole, charset, text;
	bool is_base64;
};

/* Words read one after the other whose octets are still to be converted. */
struct run {
	bool is_open;
	bool is_utf8, is_gb18030;
	iconv_t cd; /* unless is_utf8 */
	struct bytes charset;
	struct buf octets;
};

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- UTF-8 (RFC 3629) ---- */

/* Appends whole characters only. */
static void put_char(struct buf *out, struct bytes character)
{
	if (out->overflow || character.n > out->max - out->n)
		out->overflow = true;
	else
		buf_put(out, character);
}

static void put_replacement(struct buf *out)
{
	put_char(out, BYTES("\xef\xbf\xbd"));
}

static void put_utf8(struct buf *out, struct bytes in)
{
	while (in.n > 0 && !out->overflow) {
		struct bytes rest = in;
		uint32_t code;
		if (utf8_take(&rest, &code)) {
			put_char(out, bytes_head(in, in.n - rest.n));
			in = rest;
		} else {
			put_replacement(out);
			in = bytes_skip(in, 1);
		}
	}
}

static void put_code(struct buf *out, uint32_t code)
{
	struct buf character = BUF(4);

	utf8_put(&character, code);
	put_char(out, buf_bytes(&character));
	buf_free(&character);
}

static void put_latin1(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		put_code(out, in.p[i]);
}

/* Text outside of words: a line end before a blank is folding and vanishes (RFC 5322 2.2.3). */
static void put_plain(struct buf *out, struct bytes in)
{
	bool is_good = utf8_prefix(in) == in.n;

	while (in.n > 0) {
		size_t end = bytes_find(in, '\n');
		bool is_fold = end + 1 < in.n && (in.p[end + 1] == ' ' || in.p[end + 1] == '\t');
		size_t n = end < in.n && !is_fold ? end + 1 : end;
		if (is_fold && n > 0 && in.p[n - 1] == '\r')
			n--;
		if (is_good)
			put_utf8(out, bytes_head(in, n));
		else
			put_latin1(out, bytes_head(in, n));
		in = bytes_skip(in, end + 1);
	}
}

/* ---- Charsets ---- */

/* Letters and digits in lower case: how musl's iconv compares names, more or less, and how senders
 * vary them. */
static void fold_name(struct bytes charset, struct buf *out)
{
	for (size_t i = 0; i < charset.n; i++)
		if (is_alnum(charset.p[i]))
			buf_putc(out,
					charset.p[i] >= 'A' && charset.p[i] <= 'Z' ?
							(unsigned char)(charset.p[i] + 32) :
							charset.p[i]);
}

/* Any name that may reach the EUC-KR converter (CVE-2025-26519): rather one too many. */
static bool is_forbidden(struct bytes name)
{
	static const char *const parts[] = { "euckr", "ksc", "ksx", "949", "uhc", "korean", "johab",
		"isoir149" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (bytes_search(name, bytes_of(parts[i])) < name.n)
			return true;
	return false;
}

/* Names that libc does not know, or knows too narrowly: mail that says GB2312 is GBK as a rule. */
static const char *alias_of(struct bytes name)
{
	static const struct {
		const char *name;
		const char *libc;
	} aliases[] = {
		{ "gb2312", "GB18030" },
		{ "xgbk", "GB18030" },
		{ "xsjis", "SHIFT_JIS" },
		{ "sjis", "SHIFT_JIS" },
		{ "cp932", "SHIFT_JIS" },
		{ "ms932", "SHIFT_JIS" },
		{ "windows31j", "SHIFT_JIS" },
		{ "xeucjp", "EUC-JP" },
		{ "eucjpms", "EUC-JP" },
		{ "cp51932", "EUC-JP" },
		{ "cp50220", "ISO-2022-JP" },
		{ "cp50221", "ISO-2022-JP" },
		{ "iso2022jpms", "ISO-2022-JP" },
		{ "iso88598i", "ISO-8859-8" },
		{ "iso88598e", "ISO-8859-8" },
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (bytes_equal(name, bytes_of(aliases[i].name)))
			return aliases[i].libc;
	return NULL;
}

/* Makes run ready for words of this charset. False: not one of ours; run is then closed. */
static bool run_open(struct run *run, struct bytes charset)
{
	struct buf name = BUF(CHARSET_MAX);
	struct buf exact = BUF(CHARSET_MAX);

	run->charset = charset;
	fold_name(charset, &name);
	buf_put(&exact, charset);
	run->is_utf8 = bytes_equal(buf_bytes(&name), BYTES("utf8"));
	run->is_open = run->is_utf8;
	if (!run->is_utf8 && !is_forbidden(buf_bytes(&name))) {
		const char *alias = alias_of(buf_bytes(&name));
		run->is_gb18030 = bytes_equal(buf_bytes(&name), BYTES("gb18030"));
		charsets_unpack();
		run->cd = iconv_open("UTF-8", alias ? alias : buf_text(&exact));
		run->is_open = run->cd != (iconv_t)-1;
	}
	buf_free(&name);
	buf_free(&exact);
	return run->is_open;
}

/* GB 18030 has characters beyond U+FFFF in four octets, which musl 1.2.3 takes for others. */
static size_t before_wide(struct bytes in)
{
	size_t i = 0;

	while (i < in.n) {
		unsigned char first = in.p[i], second = i + 1 < in.n ? in.p[i + 1] : 0;
		bool is_four = first >= 0x80 && second >= '0' && second <= '9';
		if (is_four && first >= 0x90 && first <= 0xe3)
			break;
		i += is_four ? 4 : first >= 0x80 ? 2 : 1;
	}
	return i < in.n ? i : in.n;
}

static bool take_wide(struct bytes in, struct buf *out)
{
	if (in.n < 4 || in.p[2] < 0x81 || in.p[3] < '0' || in.p[3] > '9')
		return false;
	uint32_t code = (((uint32_t)(in.p[0] - 0x90) * 10 + in.p[1] - '0') * 126 + in.p[2] - 0x81) *
					10 +
			in.p[3] - '0' + 0x10000;
	if (code <= 0x10ffff)
		put_code(out, code);
	return code <= 0x10ffff;
}

/* The front of rest; returns how many octets that were. */
static size_t convert_some(struct run *run, struct bytes rest, struct buf *out)
{
	char chunk[512], *to = chunk;
	char *in = (char *)run->octets.p + (run->octets.n - rest.n);
	size_t n = run->is_gb18030 ? before_wide(rest) : rest.n;
	size_t left = n, room = sizeof(chunk);

	if (n == 0 && take_wide(rest, out))
		return 4;
	bool is_fault = n == 0 || iconv(run->cd, &in, &left, &to, &room) == (size_t)-1;
	put_utf8(out, (struct bytes){ (unsigned char *)chunk, sizeof(chunk) - room });
	/* With output, chunk may only have been full: the next round tells. */
	if (!is_fault || room < sizeof(chunk))
		return n - left;
	put_replacement(out);
	return n - left + 1;
}

static void run_convert(struct run *run, struct buf *out)
{
	struct bytes rest = buf_bytes(&run->octets);

	while (rest.n > 0 && !out->overflow)
		rest = bytes_skip(rest, convert_some(run, rest, out));
}

/* Ends the run: what it holds goes to out. */
static void run_flush(struct run *run, struct buf *out)
{
	if (!run->is_open)
		return;
	if (run->is_utf8) {
		put_utf8(out, buf_bytes(&run->octets));
	} else {
		run_convert(run, out);
		iconv_close(run->cd);
	}
	buf_clear(&run->octets);
	run->is_open = false;
}

/* ---- Encoded words (RFC 2047 2) ---- */

/* No '/': it would lead glibc's iconv_open to options ("//IGNORE") and to files. */
static bool is_charset_octet(unsigned char c)
{
	return is_alnum(c) || c == '-' || c == '_' || c == ':' || c == '+' || c == '(' ||
			c == ')' || c == '.';
}

/* The word at the front of in. Blanks and '?' in the text are borne, the start of another word
 * is not. */
static bool word_parse(struct bytes in, struct word *w)
{
	if (!bytes_starts(in, BYTES("=?")))
		return false;
	size_t at = 2;
	while (at < in.n && at < CHARSET_MAX + 2 && is_charset_octet(in.p[at]))
		at++;
	w->charset = bytes_skip(bytes_head(in, at), 2);
	if (at < in.n && in.p[at] == '*') { /* RFC 2231 5: language */
		at++;
		while (at < in.n && (is_alnum(in.p[at]) || in.p[at] == '-'))
			at++;
	}
	if (w->charset.n == 0 || in.n - at < 5 || in.p[at] != '?' || in.p[at + 2] != '?')
		return false;
	unsigned char encoding = in.p[at + 1] | 0x20;
	if (encoding != 'b' && encoding != 'q')
		return false;
	w->is_base64 = encoding == 'b';
	size_t start = at + 3;
	for (at = start; at + 1 < in.n && in.p[at] != '\n'; at++) {
		bool is_end = in.p[at] == '?' && in.p[at + 1] == '=';
		if (is_end) {
			w->text = bytes_skip(bytes_head(in, at), start);
			w->whole = bytes_head(in, at + 2);
			return true;
		}
		if (in.p[at] == '=' && in.p[at + 1] == '?' &&
				(at + 2 >= in.n || in.p[at + 2] != '='))
			return false;
	}
	return false;
}

/* A '=' that two hex digits do not follow stands for itself. */
static void put_quoted(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '=' && i + 2 < text.n ? bytes_hex(text.p[i + 1]) : -1;
		int low = high >= 0 ? bytes_hex(text.p[i + 2]) : -1;
		if (low >= 0) {
			buf_putc(out, (unsigned char)(high * 16 + low));
			i += 2;
		} else {
			buf_putc(out, text.p[i] == '_' ? ' ' : text.p[i]);
		}
	}
}

/* Appends the word's octets. False, out unchanged: broken base64 (missing padding is borne). */
static bool word_octets(const struct word *w, struct buf *out)
{
	size_t before = out->n;
	size_t at = 0;

	if (!w->is_base64) {
		put_quoted(w->text, out);
		return true;
	}
	enum b64_fault fault = b64_decode(w->text, out, &at);
	if (fault == B64_OK || fault == B64_BITS || (fault == B64_PADDING && at == w->text.n))
		return true;
	out->n = before;
	return false;
}

static bool is_all_blank(struct bytes in)
{
	return bytes_trim(in).n == 0;
}

/* Takes one word that follows the text between into the run. False: it cannot be read, and
 * nothing has changed. */
static bool run_add(struct run *run, const struct word *w, struct bytes between, struct buf *out)
{
	struct buf octets = BUF(INPUT_MAX);
	struct run next = { .octets = BUF(INPUT_MAX) };
	bool is_adjacent = run->is_open && is_all_blank(between);
	bool is_same = is_adjacent && bytes_equal_nocase(run->charset, w->charset);

	if (!word_octets(w, &octets) || (!is_same && !run_open(&next, w->charset))) {
		buf_free(&octets);
		return false;
	}
	if (!is_same) {
		run_flush(run, out);
		buf_free(&run->octets);
		*run = next;
	}
	if (!is_adjacent)
		put_plain(out, between);
	buf_put(&run->octets, buf_bytes(&octets));
	buf_free(&octets);
	return true;
}

void mailtext_decode(struct bytes value, struct buf *out)
{
	struct run run = { .octets = BUF(INPUT_MAX) };
	struct bytes in = bytes_head(value, INPUT_MAX);
	size_t done = 0; /* in front of it all is in out or in the run */
	size_t at = 0;

	while (at < in.n && !out->overflow) {
		struct word w;
		struct bytes between = bytes_skip(bytes_head(in, at), done);
		if (word_parse(bytes_skip(in, at), &w) && run_add(&run, &w, between, out)) {
			at += w.whole.n;
			done = at;
		} else {
			at += 1 + bytes_find(bytes_skip(in, at + 1), '=');
		}
	}
	run_flush(&run, out);
	buf_free(&run.octets);
	put_plain(out, bytes_skip(in, done));
	if (in.n < value.n)
		out->overflow = true;
}

void mailtext_convert(struct bytes charset, struct bytes text, struct buf *out)
{
	struct run run = { .octets = BUF(text.n) };
	bool is_name = charset.n > 0 && charset.n < CHARSET_MAX;

	for (size_t i = 0; i < charset.n; i++)
		is_name = is_name && is_charset_octet(charset.p[i]);
	if (is_name && run_open(&run, charset)) {
		buf_put(&run.octets, text);
		run_flush(&run, out);
	} else if (utf8_prefix(text) == text.n) {
		put_utf8(out, text);
	} else {
		put_latin1(out, text);
	}
	buf_free(&run.octets);
}

/* ---- Encoding ---- */

static bool is_plain(struct bytes value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] > '~' || (value.p[i] < ' ' && value.p[i] != '\t'))
			return false;
	return value.n <= PLAIN_MAX && bytes_search(value, BYTES("=?")) == value.n;
}

/* How many of the first octets end with a whole character and are no more than max. */
static size_t whole_chars(struct bytes in, size_t max)
{
	if (in.n <= max)
		return in.n;
	while (max > 0 && (in.p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

bool mailtext_encode(struct bytes value, struct buf *out)
{
	size_t before = out->n;
	bool is_first = true;
	bool fits = true;

	if (bytes_find(value, '\r') < value.n || bytes_find(value, '\n') < value.n ||
			bytes_find(value, '\0') < value.n || utf8_prefix(value) < value.n)
		return false;
	if (is_plain(value)) {
		fits = buf_put(out, value);
		value.n = 0;
	}
	while (fits && value.n > 0) {
		size_t n = whole_chars(value, is_first ? FIRST_OCTETS : FOLLOWING_OCTETS);
		fits = buf_puts(out, is_first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") &&
				b64_encode(bytes_head(value, n), out) && buf_puts(out, "?=");
		value = bytes_skip(value, n);
		is_first = false;
	}
	if (!fits)
		out->n = before;
	return fits;
}

/* ---- Header fields (RFC 5322 2.2) ---- */

/* Where the line at the front of in ends, its line end included. */
static size_t line_size(struct bytes in)
{
	size_t end = bytes_find(in, '\n');

	return end < in.n ? end + 1 : end;
}

static struct bytes without_line_end(struct bytes line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Field name and what may stand between it and the colon (RFC 5322 4.5); 0 when there is none. */
static size_t name_size(struct bytes line, size_t *colon)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	*colon = n;
	while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t'))
		++*colon;
	return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

bool mailtext_next(struct bytes *message, struct bytes *name, struct bytes *value)
{
	size_t colon;
	size_t size = line_size(*message);
	struct bytes line = without_line_end(bytes_head(*message, size));

	*name = *value = (struct bytes){ NULL, 0 };
	if (line.n == 0) {
		*message = bytes_skip(*message, size);
		return false;
	}
	size_t n = name_size(line, &colon);
	if (n == 0) {
		*value = line;
		*message = bytes_skip(*message, size);
		return true;
	}
	while (size < message->n && (message->p[size] == ' ' || message->p[size] == '\t'))
		size += line_size(bytes_skip(*message, size));
	*name = bytes_head(line, n);
	*value = bytes_skip(without_line_end(bytes_head(*message, size)), colon + 1);
	while (value->n > 0 && is_blank(value->p[0]))
		*value = bytes_skip(*value, 1);
	*message = bytes_skip(*message, size);
	return true;
}

bool mailtext_header(struct bytes message, const char *name, struct bytes *value)
{
	struct bytes rest = bytes_head(message, MAILTEXT_HEADER_MAX);
	struct bytes found_name;
	struct bytes found;

	while (mailtext_next(&rest, &found_name, &found)) {
		if (bytes_equal_nocase(found_name, bytes_of(name))) {
			*value = found;
			return true;
		}
	}
	return false;
}
