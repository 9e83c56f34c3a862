/* show - foreign octets made safe for a terminal
 * SPDX-License-Identifier: MIT */
#include "ui/show.h"

#include "proto/utf8.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

/* Sorted. What prints nothing but changes how a reader or a terminal takes the rest: Unicode's bidi
 * controls (UAX 9), default-ignorable characters, line separators, C1 and the noncharacters.
 * Variation selectors U+FE00-FE0F stay: they are common behind emoji and change one glyph. */
static const struct range hidden[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f },                                         /* combining grapheme joiner */
	{ 0x061c, 0x061c },                                         /* arabic letter mark */
	{ 0x115f, 0x1160 }, /* hangul fillers, as 3164 and ffa0 */
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, /* zero width space to right-to-left mark */
	{ 0x2028, 0x202e }, /* separators, bidi embeddings and overrides */
	{ 0x2060, 0x206f }, /* word joiner, invisible operators, bidi isolates */
	{ 0x3164, 0x3164 }, { 0xfdd0, 0xfdef }, /* noncharacters */
	{ 0xfeff, 0xfeff },                     /* byte order mark */
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff }, /* tags and more variation selectors */
};

/* Sorted. Marks that stand on the character before them: the scripts mail is written in. */
static const struct range combining[] = {
	{ 0x0300, 0x036f },
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05bd },
	{ 0x05bf, 0x05bf },
	{ 0x05c1, 0x05c2 },
	{ 0x05c4, 0x05c5 },
	{ 0x0610, 0x061a },
	{ 0x064b, 0x065f },
	{ 0x0670, 0x0670 },
	{ 0x06d6, 0x06dc },
	{ 0x06df, 0x06e4 },
	{ 0x06e7, 0x06e8 },
	{ 0x06ea, 0x06ed },
	{ 0x0900, 0x0902 },
	{ 0x093c, 0x093c },
	{ 0x0941, 0x0948 },
	{ 0x094d, 0x094d },
	{ 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a },
	{ 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0x302a, 0x302d },
	{ 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f },
};

/* Sorted. East Asian Width W and F (UAX 11), in coarse ranges. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },
	{ 0x231a, 0x231b },
	{ 0x23e9, 0x23ec },
	{ 0x25fd, 0x25fe },
	{ 0x2614, 0x2615 },
	{ 0x2648, 0x2653 },
	{ 0x26aa, 0x26ab },
	{ 0x26bd, 0x26be },
	{ 0x2705, 0x2705 },
	{ 0x270a, 0x270b },
	{ 0x2728, 0x2728 },
	{ 0x274c, 0x274c },
	{ 0x2753, 0x2755 },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0xa4cf },
	{ 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool in_ranges(const struct range *r, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count && r[i].first <= code; i++)
		if (code <= r[i].last)
			return true;
	return false;
}

size_t show_utf8(struct bytes in, uint32_t *code)
{
	size_t before = in.n;

	utf8_take(&in, code);
	return before - in.n;
}

bool show_is_hidden(uint32_t code)
{
	return in_ranges(hidden, COUNT(hidden), code) || (code & 0xfffe) == 0xfffe;
}

/* Octets at the front that are shown as they are: most text is nothing else. */
static size_t plain_run(struct bytes in, bool quoted)
{
	size_t n = 0;

	while (n < in.n && in.p[n] >= 0x20 && in.p[n] < 0x7f &&
			!(quoted && (in.p[n] == '\\' || in.p[n] == '"')))
		n++;
	return n;
}

static void put_escaped(struct buf *out, struct bytes in, bool utf8, bool quoted)
{
	while (in.n > 0) {
		uint32_t code;
		size_t n = plain_run(in, quoted);
		if (n > 0) {
			buf_put(out, bytes_head(in, n));
			in = bytes_skip(in, n);
			continue;
		}
		n = show_utf8(in, &code);
		if (n == 0 || code < 0x20 || code == 0x7f) {
			if (in.p[0] == '\t')
				buf_puts(out, "\\t");
			else
				buf_printf(out, "\\x%02x", in.p[0]);
			n = 1;
		} else if (show_is_hidden(code) || (code > 0x7f && !utf8)) {
			buf_printf(out, "\\u{%x}", (unsigned)code);
		} else {
			if (quoted && (code == '\\' || code == '"'))
				buf_putc(out, '\\');
			buf_put(out, bytes_head(in, n));
		}
		in = bytes_skip(in, n);
	}
}

void show_safe(struct buf *out, struct bytes in, bool utf8)
{
	put_escaped(out, in, utf8, false);
}

void show_quoted(struct buf *out, struct bytes in, bool utf8)
{
	put_escaped(out, in, utf8, true);
}

/* The character at the front: its octets, and its columns in *columns. */
static size_t one_char(struct bytes in, size_t *columns)
{
	uint32_t code;
	size_t n = show_utf8(in, &code);

	*columns = 1;
	if (n == 0)
		return 1;
	if (in_ranges(combining, COUNT(combining), code))
		*columns = 0;
	else if (in_ranges(wide, COUNT(wide), code))
		*columns = 2;
	return n;
}

size_t show_width(struct bytes text)
{
	size_t width = 0;
	size_t columns;

	while (text.n > 0) {
		text = bytes_skip(text, one_char(text, &columns));
		width += columns;
	}
	return width;
}

/* As many octets of text as fit into columns. */
static size_t fitting(struct bytes text, size_t columns)
{
	size_t at = 0;
	size_t width;

	while (at < text.n) {
		size_t n = one_char(bytes_skip(text, at), &width);
		if (width > columns)
			break;
		columns -= width;
		at += n;
	}
	return at;
}

void show_cut(struct buf *out, struct bytes text, size_t columns)
{
	if (show_width(text) <= columns) {
		buf_put(out, text);
		return;
	}
	size_t dots = columns < 3 ? columns : 3;
	buf_put(out, bytes_head(text, fitting(text, columns - dots)));
	buf_put(out, bytes_head(BYTES("..."), dots));
}

void show_blanks(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

/* One line of the text, without LF. at is the column reached, start where this line began. */
static void wrap_line(struct buf *out, struct bytes line, size_t first, size_t indent,
		size_t columns)
{
	size_t at = first;
	bool is_begin = first <= indent;

	while (line.n > 0) {
		size_t blanks = 0;
		while (blanks < line.n && line.p[blanks] == ' ')
			blanks++;
		struct bytes word = bytes_skip(line, blanks);
		word.n = bytes_find(word, ' ');
		if (word.n == 0)
			return;
		size_t width = show_width(word);
		if (!is_begin && at + blanks + width > columns) {
			buf_putc(out, '\n');
			show_blanks(out, indent);
			at = indent;
		} else {
			show_blanks(out, blanks);
			at += blanks;
		}
		buf_put(out, word);
		at += width;
		is_begin = false;
		line = bytes_skip(line, blanks + word.n);
	}
}

void show_wrap(struct buf *out, struct bytes text, size_t first, size_t indent, size_t columns)
{
	size_t n = bytes_find(text, '\n');

	wrap_line(out, bytes_head(text, n), first, indent, columns);
	while (n < text.n) {
		text = bytes_skip(text, n + 1);
		n = bytes_find(text, '\n');
		buf_putc(out, '\n');
		show_blanks(out, indent);
		wrap_line(out, bytes_head(text, n), indent, indent, columns);
	}
}

bool show_use_color(struct world *w, enum show_when when)
{
	const char *no_color = w->env(w, "NO_COLOR");
	const char *term = w->env(w, "TERM");

	if (when != SHOW_AUTO)
		return when == SHOW_ALWAYS;
	if (no_color && *no_color)
		return false;
	return w->out.tty && term && *term && strcmp(term, "dumb") != 0;
}

void show_paint(struct buf *out, enum show_color color, const char *text, bool on)
{
	static const char *const codes[] = {
		[SHOW_PLAIN] = "0",
		[SHOW_GOOD] = "32",
		[SHOW_WARN] = "33",
		[SHOW_BAD] = "31",
		[SHOW_DIM] = "2",
		[SHOW_BOLD] = "1",
	};

	if (on && color != SHOW_PLAIN)
		buf_printf(out, "\033[%sm%s\033[0m", codes[color], text);
	else
		buf_puts(out, text);
}

void show_size(struct buf *out, uint64_t octets)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t unit = 1000;
	size_t i = 0;

	if (octets < 1000) {
		buf_printf(out, octets == 1 ? "%u byte" : "%u bytes", (unsigned)octets);
		return;
	}
	/* 999.5 of a unit are one of the next, 9.95 have no decimal any more: rounded once only */
	for (; i < 5 && octets >= unit * 1000 - unit / 2; i++)
		unit *= 1000;
	if (octets < unit * 10 - unit / 20) {
		uint64_t tenths = (octets + unit / 20) / (unit / 10);
		buf_printf(out, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
				units[i]);
	} else {
		uint64_t whole = octets / unit + (octets % unit >= unit / 2);
		buf_printf(out, "%u %s", (unsigned)whole, units[i]);
	}
}

void show_duration(struct buf *out, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	if (ms < 10000)
		buf_printf(out, "%llu.%02u s", s, (unsigned)(ms % 1000 / 10));
	else if (s < 60)
		buf_printf(out, "%llu.%u s", s, (unsigned)(ms % 1000 / 100));
	else if (s < 3600)
		buf_printf(out, "%llum %02us", s / 60, (unsigned)(s % 60));
	else
		buf_printf(out, "%lluh %02um", s / 3600, (unsigned)(s / 60 % 60));
}
