/* lineedit - edits a line on a terminal, with history
 * SPDX-License-Identifier: MIT
 *
 * A line is drawn on one row: where it is wider, the part around the cursor is shown. So nothing
 * has to be known of the terminal but its width, CR, "erase to the end of the row" and "so many
 * columns to the right". */
#include "ui/lineedit.h"

#include "sys/mem.h"
#include "ui/show.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define KEY(letter) ((letter)&0x1f)

enum { KEY_ESC = 0x1b, KEY_DELETE = 0x7f };

struct lineedit_terminal {
	struct termios was;
	sigset_t signals_were;
	int signals;
};

void lineedit_init(struct lineedit *e, struct world *w, const char *prompt)
{
	*e = (struct lineedit){ .w = w, .prompt = prompt };
	buf_init_secret(&e->line, LINEEDIT_LINE_MAX);
	buf_init_secret(&e->stash, LINEEDIT_LINE_MAX);
	buf_init_secret(&e->typed, LINEEDIT_TYPED_MAX);
	buf_init(&e->history, LINEEDIT_HISTORY_MAX);
}

void lineedit_free(struct lineedit *e)
{
	if (!e->w)
		return;
	lineedit_pause(e);
	buf_free(&e->line);
	buf_free(&e->stash);
	buf_free(&e->typed);
	buf_free(&e->history);
}

/* ---- drawing ---- */

static bool is_inner(unsigned char c)
{
	return (c & 0xc0) == 0x80; /* of a UTF-8 character, not its first */
}

static size_t secret_from(const struct lineedit *e)
{
	return e->secret_from ? e->secret_from(e->ctx, buf_bytes(&e->line)) : e->line.n;
}

/* Appends octets from to below to as they are shown. */
static void put_part(const struct lineedit *e, struct buf *out, size_t from, size_t to)
{
	if (from == to)
		return;
	size_t secret = secret_from(e);
	size_t open = secret < from ? from : secret < to ? secret : to;

	show_safe(out, (struct bytes){ e->line.p + from, open - from }, e->w->utf8);
	for (size_t i = open; i < to; i++)
		if (!is_inner(e->line.p[i]))
			buf_putc(out, '*');
}

static size_t width_of(const struct lineedit *e, size_t from, size_t to)
{
	struct buf part = BUF_SECRET(6 * LINEEDIT_LINE_MAX);

	put_part(e, &part, from, to);
	size_t width = show_width(buf_bytes(&part));
	buf_free(&part);
	return width;
}

static size_t next_at(const struct lineedit *e, size_t at)
{
	if (at < e->line.n)
		at++;
	while (at < e->line.n && is_inner(e->line.p[at]))
		at++;
	return at;
}

static size_t previous_at(const struct lineedit *e, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && is_inner(e->line.p[at]))
		at--;
	return at;
}

static void draw(const struct lineedit *e)
{
	struct buf row = BUF_SECRET(6 * LINEEDIT_LINE_MAX);
	size_t head = strlen(e->prompt);
	size_t room = e->w->columns > head + 20 ? e->w->columns - head - 1 : 20;
	size_t from = 0;
	size_t to = e->line.n;

	if (!e->terminal)
		return;
	while (from < e->at && width_of(e, from, e->at) > room)
		from = next_at(e, from);
	while (to > e->at && width_of(e, from, to) > room)
		to = previous_at(e, to);
	buf_printf(&row, "\r%s", e->prompt);
	put_part(e, &row, from, to);
	buf_printf(&row, "\033[K\r\033[%zuC", head + width_of(e, from, e->at));
	out_put(&e->w->out, buf_bytes(&row));
	out_flush(&e->w->out);
	buf_free(&row);
}

/* ---- the terminal ---- */

bool lineedit_begin(struct lineedit *e, int *signals)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct lineedit_terminal *t;
	struct termios raw;
	sigset_t set;

	if (e->terminal) {
		*signals = e->terminal->signals;
		return true;
	}
	if (tcgetattr(e->w->in_fd, &raw) < 0)
		return false;
	t = xmalloc(sizeof(*t));
	t->was = raw;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, &t->signals_were);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(e->w->in_fd, TCSADRAIN, &raw);
	e->terminal = t;
	*signals = t->signals;
	draw(e);
	return true;
}

void lineedit_pause(struct lineedit *e)
{
	struct lineedit_terminal *t = e->terminal;

	if (!t)
		return;
	out_puts(&e->w->out, "\r\033[K");
	out_flush(&e->w->out);
	tcsetattr(e->w->in_fd, TCSADRAIN, &t->was);
	if (t->signals >= 0)
		close(t->signals);
	e->terminal = NULL;
	sigset_t were = t->signals_were;
	free(t);
	sigprocmask(SIG_SETMASK, &were, NULL); /* what is pending strikes here */
}

/* ---- editing ---- */

static void set_line(struct lineedit *e, struct bytes text)
{
	buf_clear(&e->line);
	buf_put(&e->line, text);
	e->at = e->line.n;
}

static void erase(struct lineedit *e, size_t from, size_t to)
{
	e->at = from;
	if (from == to)
		return;
	memmove(e->line.p + from, e->line.p + to, e->line.n - to);
	e->line.n -= to - from;
}

static void insert(struct lineedit *e, unsigned char c)
{
	if (!buf_putc(&e->line, c)) {
		e->line.overflow = false; /* full: the key is not taken */
		return;
	}
	memmove(e->line.p + e->at + 1, e->line.p + e->at, e->line.n - 1 - e->at);
	e->line.p[e->at++] = c;
}

static size_t word_before(const struct lineedit *e)
{
	size_t at = e->at;

	while (at > 0 && e->line.p[at - 1] == ' ')
		at--;
	while (at > 0 && e->line.p[at - 1] != ' ')
		at--;
	return at;
}

/* The line so many above the newest, 1 = the newest. */
static bool history_at(const struct lineedit *e, unsigned back, struct bytes *line)
{
	size_t end = e->history.n;

	for (;;) {
		if (end == 0)
			return false;
		size_t start = end - 1;
		while (start > 0 && e->history.p[start - 1] != '\n')
			start--;
		*line = (struct bytes){ e->history.p + start, end - 1 - start };
		if (--back == 0)
			return true;
		end = start;
	}
}

static void history_move(struct lineedit *e, int step)
{
	struct bytes line;
	unsigned back = e->back + (unsigned)step;

	if (step < 0 && e->back == 0)
		return;
	if (e->back == 0) {
		buf_clear(&e->stash);
		buf_put(&e->stash, buf_bytes(&e->line));
	}
	if (back == 0)
		line = buf_bytes(&e->stash);
	else if (!history_at(e, back, &line))
		return;
	e->back = back;
	set_line(e, line);
}

static void history_add(struct lineedit *e)
{
	struct bytes last;

	if (e->line.n == 0 || secret_from(e) < e->line.n || e->line.n > LINEEDIT_HISTORY_MAX / 4)
		return;
	if (history_at(e, 1, &last) && bytes_equal(last, buf_bytes(&e->line)))
		return;
	while (e->history.n + e->line.n + 1 > LINEEDIT_HISTORY_MAX)
		buf_drop(&e->history, bytes_find(buf_bytes(&e->history), '\n') + 1);
	buf_put(&e->history, buf_bytes(&e->line));
	buf_putc(&e->history, '\n');
}

/* What an escape sequence stands for, as the control key that does the same; 0 = nothing. */
static unsigned char key_of(struct bytes sequence)
{
	static const struct {
		const char *sequence;
		unsigned char key;
	} keys[] = {
		{ "[A", KEY('P') },
		{ "OA", KEY('P') },
		{ "[B", KEY('N') },
		{ "OB", KEY('N') },
		{ "[C", KEY('F') },
		{ "OC", KEY('F') },
		{ "[D", KEY('B') },
		{ "OD", KEY('B') },
		{ "[H", KEY('A') },
		{ "OH", KEY('A') },
		{ "[1~", KEY('A') },
		{ "[7~", KEY('A') },
		{ "[F", KEY('E') },
		{ "OF", KEY('E') },
		{ "[4~", KEY('E') },
		{ "[8~", KEY('E') },
		{ "[3~", KEY('D') },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bytes_equal(sequence, bytes_of(keys[i].sequence)))
			return keys[i].key;
	return 0;
}

/* Octets behind ESC, up to the letter or "~" that ends the sequence. */
static unsigned char escape_take(struct lineedit *e, unsigned char c)
{
	bool is_intro = e->escape_n == 1 && (c == '[' || c == 'O');
	bool is_end = !is_intro && c >= 0x40;

	e->escape[e->escape_n++] = c;
	if (!is_end && e->escape_n < sizeof(e->escape))
		return 0;
	struct bytes sequence = { e->escape + 1, e->escape_n - 1 };
	e->escape_n = 0;
	return key_of(sequence);
}

static void edit(struct lineedit *e, unsigned char c)
{
	switch (c) {
	case KEY('A'):
		e->at = 0;
		break;
	case KEY('E'):
		e->at = e->line.n;
		break;
	case KEY('B'):
		e->at = previous_at(e, e->at);
		break;
	case KEY('F'):
		e->at = next_at(e, e->at);
		break;
	case KEY('D'):
		erase(e, e->at, next_at(e, e->at));
		break;
	case KEY('H'):
	case KEY_DELETE:
		erase(e, previous_at(e, e->at), e->at);
		break;
	case KEY('W'):
		erase(e, word_before(e), e->at);
		break;
	case KEY('U'):
		erase(e, 0, e->at);
		break;
	case KEY('C'):
		erase(e, 0, e->line.n);
		break;
	case KEY('K'):
		e->line.n = e->at;
		break;
	case KEY('P'):
		history_move(e, 1);
		break;
	case KEY('N'):
		history_move(e, -1);
		break;
	default:
		if (c >= 0x20 || c == '\t')
			insert(e, c);
	}
}

static void finish(struct lineedit *e, struct buf *out)
{
	e->at = e->line.n;
	draw(e);
	if (e->terminal)
		out_puts(&e->w->out, "\n");
	history_add(e);
	buf_put(out, buf_bytes(&e->line));
	buf_putc(out, '\n');
	buf_clear(&e->line);
	buf_clear(&e->stash);
	e->at = 0;
	e->back = 0;
}

void lineedit_typed(struct lineedit *e, struct bytes keys)
{
	buf_put(&e->typed, keys);
}

enum lineedit_result lineedit_next(struct lineedit *e, struct buf *out)
{
	bool changed = e->typed.n > 0;

	while (e->typed.n > 0) {
		unsigned char c = e->typed.p[0];
		buf_drop(&e->typed, 1);
		if (e->escape_n > 0) {
			c = escape_take(e, c);
			if (c)
				edit(e, c);
		} else if (c == KEY_ESC) {
			e->escape[e->escape_n++] = c;
		} else if (c == '\r' || c == '\n') {
			finish(e, out);
			return LINEEDIT_LINE;
		} else if ((c == KEY('D') || c == KEY('C')) && e->line.n == 0) {
			return LINEEDIT_END;
		} else {
			edit(e, c);
		}
	}
	if (changed)
		draw(e);
	return LINEEDIT_MORE;
}
