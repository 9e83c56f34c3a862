/* syslog - the prefix of a log line: when, where, who
 * SPDX-License-Identifier: MIT
 *
 * A line is read from the left in layers: what a container runtime or a forwarder put in front,
 * <PRI>, the time, host and severity words, the program. When what the program said begins with
 * such a prefix again, that inner one counts. What is cold here is left small by the compiler: most
 * lines go by take_head.
 */
#include "proto/syslog.h"

#include <string.h>

enum {
	LAYERS_MAX = 4, /* prefixes inside of each other */
	LINE_KEPT_MAX = 64 * 1024 + 1,
	PROGRAM_MAX = 100,
	PID_DIGITS = 10,
	PROGRAM_MIN = 8, /* with its pid: shorter ones take the long way */
	DAY_S = 86400,
	HALF_YEAR_S = 182 * DAY_S,
	YEAR_S = 365 * DAY_S,
	DISORDER_S = 15 * DAY_S,
	AHEAD_S = 2 * DAY_S, /* clocks and zones differ by less */
	YEAR_FIRST = 1971,
	YEAR_LAST = 9999
};

#define STARTS(in, literal) \
	((in).n >= sizeof(literal) - 1 && memcmp((in).p, literal, sizeof(literal) - 1) == 0)

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* n digits at p as a number; -1 when they are none. A blank may stand for a leading zero. */
static int digits(const unsigned char *p, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 && p[i] == ' ' && n > 1)
			continue;
		if (!is_digit(p[i]))
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

/* Days since 1970-01-01 (proleptic Gregorian; years of 400 have one length). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

__attribute__((cold)) struct syslog_date syslog_date(int64_t wall_s)
{
	int64_t days = wall_s / DAY_S - (wall_s % DAY_S < 0), s = wall_s - days * DAY_S;
	int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct syslog_date){ .year = (int)(yoe + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(s / 3600),
		.minute = (int)(s / 60 % 60),
		.second = (int)(s % 60) };
}

int64_t syslog_wall(const struct syslog_date *d)
{
	return days_of(d->year, d->month, d->day) * DAY_S + d->hour * 3600 + d->minute * 60 +
			d->second;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The year of a date without one: the newest that is not in the future, then the one that keeps
 * the log in order. Small steps back are disorder or summer time, never a new year, nor is one from
 * January to December. */
static int guess_year(const struct syslog_reader *r, int month, int day)
{
	bool is_first = r->last_s == SYSLOG_NO_TIME;
	int year = syslog_date(is_first ? r->now_s : r->last_s).year;

	if (is_first) {
		if (days_of(year, month, day) * DAY_S > r->now_s + AHEAD_S)
			year--;
	} else {
		int64_t step = days_of(year, month, day) * DAY_S - r->last_s;
		if (step < -HALF_YEAR_S)
			year++;
		else if (step > YEAR_S - DISORDER_S)
			year--;
	}
	while (month == 2 && day == 29 && !is_leap(year))
		year--;
	return year;
}

static void set_day(struct syslog_reader *r, struct bytes key, int64_t day_s)
{
	r->day_key_n = (unsigned char)(key.n <= sizeof(r->day_key) ? key.n : 0);
	memcpy(r->day_key, key.p, r->day_key_n);
	r->day_s = day_s;
}

static bool is_day(const struct syslog_reader *r, const unsigned char *p, size_t n)
{
	return bytes_equal((struct bytes){ r->day_key, r->day_key_n }, (struct bytes){ p, n });
}

static bool read_clock(struct syslog_reader *r, const unsigned char *p)
{
	if (p[2] != ':' || p[5] != ':')
		return false;
	int h = digits(p, 2), m = digits(p + 3, 2), s = digits(p + 6, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || !is_digit(p[7]))
		return false;
	memcpy(r->clock, p, sizeof(r->clock));
	r->clock_s = h * 3600 + m * 60 + s;
	return true;
}

/* HH:MM:SS and a fraction at the front of in. */
static bool take_clock(struct syslog_reader *r, struct bytes *in, struct syslog_line *out,
		int64_t day_s)
{
	if (in->n < 8 || (memcmp(in->p, r->clock, sizeof(r->clock)) != 0 && !read_clock(r, in->p)))
		return false;
	out->wall_s = day_s + r->clock_s;
	*in = bytes_skip(*in, 8);
	if (in->n < 2 || (in->p[0] != '.' && in->p[0] != ',') || !is_digit(in->p[1]))
		return true;
	size_t i = 1;
	uint32_t scale = 100000;
	out->micro_s = 0;
	for (; i < in->n && is_digit(in->p[i]); i++, scale /= 10)
		out->micro_s += (uint32_t)(in->p[i] - '0') * scale;
	*in = bytes_skip(*in, i);
	return true;
}

/* "Z", "+01:00", "+0100", maybe behind a blank. */
static void take_zone(struct bytes *in, struct syslog_line *out)
{
	size_t at = in->n > 0 && in->p[0] == ' ';
	struct bytes z = bytes_skip(*in, at);

	if (z.n > 0 && z.p[0] == 'Z' && !at) {
		out->zone_min = 0;
		*in = bytes_skip(z, 1);
		return;
	}
	if (z.n < 5 || (z.p[0] != '+' && z.p[0] != '-'))
		return;
	size_t colon = z.p[3] == ':';
	if (z.n < 5 + colon)
		return;
	int h = digits(z.p + 1, 2), m = digits(z.p + 3 + colon, 2);
	if (h < 0 || m < 0 || h > 14 || m > 59 || (z.n > 5 + colon && z.p[5 + colon] != ' ' && at))
		return;
	out->zone_min = (z.p[0] == '-' ? -1 : 1) * (h * 60 + m);
	*in = bytes_skip(z, 5 + colon);
}

/* Month words by month: English, French, Italian, German, Spanish, Dutch, Greek; without the dot
 * that some locales put behind it. */
static const char *const month_words[] = {
	"jan janv gen ene Ιαν",
	"feb f\303\251vr febr Φεβ",
	"mar mars m\303\244r mrt Μαρ Μάρ",
	"apr avr avril abr Απρ",
	"may mai mag mei Μαι Μαΐ Μάι",
	"jun juin giu Ιουν",
	"jul juil lug Ιουλ",
	"aug ao\303\273t ago Αυγ Αύγ",
	"sep sept set Σεπ",
	"oct okt ott Οκτ",
	"nov νοε Νοε",
	"dec d\303\251c dic dez Δεκ",
};

static int month_of(struct bytes word)
{
	if (word.n > 3 && word.p[word.n - 1] == '.')
		word.n--;
	for (int m = 0; m < 12; m++) {
		struct bytes words = bytes_of(month_words[m]), one;
		while (bytes_word(&words, &one))
			if (bytes_equal_nocase(one, word))
				return m + 1;
	}
	return 0;
}

static int64_t day_without_year(struct syslog_reader *r, struct bytes key, int month, int day)
{
	int year = guess_year(r, month, day);
	int64_t day_s = days_of(year, month, day) * DAY_S;

	set_day(r, key, day_s);
	return day_s;
}

/* "Mar  3 04:05:06", "Mar 03 04:05:06.123", "ott 13 00:40:47", "Mar  3 04:05:06 2025" no. */
static bool take_bsd(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	struct bytes rest;

	if (in->n >= 15 && is_day(r, in->p, 6)) {
		rest = bytes_skip(*in, 7);
		if (!take_clock(r, &rest, out, r->day_s))
			return false;
		*in = rest;
		return true;
	}
	size_t word = bytes_find(*in, ' ');
	if (word < 3 || word > 12 || in->n < word + 12)
		return false;
	rest = bytes_skip(*in, word + 1);
	size_t pad = rest.p[0] == ' ', width = is_digit(rest.p[pad + 1]) ? 2u : 1u;
	int day = digits(rest.p + pad, width), month = month_of(bytes_head(*in, word));
	if (day < 1 || day > 31 || rest.n < pad + width + 9 || rest.p[pad + width] != ' ')
		return false;
	struct bytes clock = bytes_skip(rest, pad + width + 1);
	if (!take_clock(r, &clock, out, 0))
		return false;
	/* a month in a language that is not known here: the one before, or now */
	if (month == 0)
		month = syslog_date(r->last_s == SYSLOG_NO_TIME ? r->now_s : r->last_s).month;
	struct bytes key = bytes_head(*in, word + 1 + pad + width);
	out->wall_s += day_without_year(r, key, month, day);
	*in = clock;
	return true;
}

/* "2025-03-03T04:05:06.1+01:00", "2025-03-03 04:05:06", "2025-03-03T04:05:06+0100". */
static bool take_iso(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	const unsigned char *p = in->p;

	if (in->n < 19 || p[4] != p[7] || (p[4] != '-' && p[4] != '/') ||
			(p[10] != 'T' && p[10] != ' '))
		return false;
	struct bytes rest = bytes_skip(*in, 11);
	if (!is_day(r, p, 10)) {
		int year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);
		if (year < YEAR_FIRST || month < 1 || month > 12 || day < 1 || day > 31)
			return false;
		set_day(r, bytes_head(*in, 10), days_of(year, month, day) * DAY_S);
	}
	if (!take_clock(r, &rest, out, r->day_s))
		return false;
	take_zone(&rest, out);
	*in = rest;
	return true;
}

/* "23-10-2018 11:00:42", "4/24/2019, 4:04:23 PM" (copied out of web pages). */
static bool take_web(struct bytes *in, struct syslog_line *out)
{
	uint64_t at[6] = { 0 };
	struct bytes rest = *in;

	for (size_t i = 0; i < 6; i++) {
		if (!bytes_uint(&rest, YEAR_LAST, &at[i]))
			return false;
		if (i == 2 && STARTS(rest, ","))
			rest = bytes_skip(rest, 1);
		if (i < 5 && (rest.n == 0 || !memchr("-/ :", rest.p[0], 4)))
			return false;
		rest = bytes_skip(rest, i < 5);
	}
	bool is_us = bytes_find(*in, '/') < 3;
	bool is_pm = bytes_starts(rest, BYTES(" PM"));
	struct syslog_date d = { .year = (int)at[2],
		.month = (int)at[is_us ? 0 : 1],
		.day = (int)at[is_us ? 1 : 0],
		.hour = (int)at[3] + (is_pm && at[3] < 12 ? 12 : 0),
		.minute = (int)at[4],
		.second = (int)at[5] };
	if (d.year < YEAR_FIRST || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 ||
			d.hour > 23 || d.minute > 59 || d.second > 60)
		return false;
	out->wall_s = syslog_wall(&d);
	*in = bytes_skip(rest, is_pm || bytes_starts(rest, BYTES(" AM")) ? 3 : 0);
	return true;
}

/* TAI64N (daemontools): "@" and 24 hexadecimal digits; 10 s of leap seconds since 1972 at least. */
static bool take_tai(struct bytes *in, struct syslog_line *out)
{
	uint64_t s = 0;

	if (in->n < 25 || in->p[0] != '@')
		return false;
	for (size_t i = 1; i < 25; i++) {
		unsigned char c = in->p[i];
		if (!is_digit(c) && !(c >= 'a' && c <= 'f'))
			return false;
		if (i < 17)
			s = s << 4 | (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	if (s >> 62 != 1 || (s & ~(1ull << 62)) > (1ull << 40))
		return false;
	out->wall_s = (int64_t)(s & ~(1ull << 62)) - 10;
	out->zone_min = 0;
	*in = bytes_skip(*in, 25);
	return true;
}

/* "1740971106.123456" (journalctl -o short-unix). */
static bool take_unix(struct bytes *in, struct syslog_line *out)
{
	uint64_t s, fraction;
	struct bytes rest = *in;

	if (!bytes_uint(&rest, UINT32_MAX, &s) || s < 100000000 || rest.n < 8 || rest.p[0] != '.')
		return false;
	rest = bytes_skip(rest, 1);
	if (!bytes_uint(&rest, 999999999, &fraction))
		return false;
	out->wall_s = (int64_t)s;
	out->zone_min = 0;
	*in = rest;
	return true;
}

/* "[   12.345]" (monotonic): a time, but not of a day. */
static bool take_monotonic(struct bytes *in)
{
	size_t i = 1;

	while (i < in->n && i < 24 && (is_digit(in->p[i]) || in->p[i] == ' ' || in->p[i] == '.'))
		i++;
	if (i < 4 || i >= in->n || in->p[i] != ']' || !memchr(in->p, '.', i))
		return false;
	*in = bytes_skip(*in, i + 1);
	return true;
}

/* "Mon 2025-03-03 04:05:06 CET" (journalctl -o short-full). */
static bool take_full(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	struct bytes rest = bytes_skip(*in, 4), word;

	if (in->n < 24 || in->p[3] != ' ' || !take_iso(r, &rest, out))
		return false;
	if (rest.n > 4 && rest.p[0] == ' ' && bytes_word(&rest, &word) && word.n <= 5)
		*in = rest;
	else
		return false;
	return true;
}

static bool take_time(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	unsigned char first = in->n ? in->p[0] : 0;

	if (first == '[')
		return take_monotonic(in);
	if (first == '@')
		return take_tai(in, out);
	if (is_digit(first))
		return take_iso(r, in, out) || take_unix(in, out) || take_web(in, out);
	return take_bsd(r, in, out) || take_full(r, in, out);
}

static const char *const level_words[] = { "emerg", "alert", "crit", "err", "warning", "notice",
	"info", "debug" };

const char *syslog_level_name(enum syslog_level level)
{
	return level < SYSLOG_NONE ? level_words[level] : "";
}

/* "warn", "WARNING", "error" ... */
static enum syslog_level level_of(struct bytes word)
{
	static const struct {
		const char *word;
		enum syslog_level level;
	} more[] = { { "warn", SYSLOG_WARNING }, { "error", SYSLOG_ERR }, { "panic", SYSLOG_EMERG },
		{ "fatal", SYSLOG_CRIT }, { "critical", SYSLOG_CRIT } };

	if (word.n < 3 || word.n > 8 || !memchr("eacwnidpf", word.p[0] | 32, 9))
		return SYSLOG_NONE;
	for (size_t i = 0; i < SYSLOG_NONE; i++)
		if (bytes_equal_nocase(word, bytes_of(level_words[i])))
			return (enum syslog_level)i;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(more[i].word)))
			return more[i].level;
	return SYSLOG_NONE;
}

static void blanks(struct bytes *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = bytes_skip(*in, 1);
}

/* What no name has, and what ends it. */
static const unsigned char name_ends[4] = { ' ', '=', '<', '[' };

/* "name[pid]: ", as nearly all lines have it. */
static bool take_plain_program(struct bytes *in, struct syslog_line *out)
{
	struct bytes word = bytes_head(*in, PROGRAM_MAX);
	size_t open = bytes_find_any(word, name_ends), i = open + 1;
	size_t end = i + PID_DIGITS < word.n ? i + PID_DIGITS : word.n;
	uint64_t pid = 0;

	if (open == 0 || open >= word.n || word.p[open] != '[')
		return false;
	for (unsigned digit; i < end && (digit = word.p[i] - (unsigned)'0') < 10; i++)
		pid = pid * 10 + digit;
	if (i == open + 1 || pid > UINT32_MAX || i + 3 > word.n || word.p[i] != ']' ||
			word.p[i + 1] != ':' || word.p[i + 2] != ' ')
		return false;
	out->program = bytes_head(word, open);
	out->pid = (uint32_t)pid;
	*in = (struct bytes){ in->p + i + 3, in->n - i - 3 };
	return true;
}

/* "name[pid]:" or "name:", then a blank or the end, at the front of in. */
static bool take_program(struct bytes *in, struct syslog_line *out)
{
	if (take_plain_program(in, out))
		return true;
	struct bytes word = bytes_head(*in, PROGRAM_MAX + 2);
	size_t open = word.n, n = 0;
	for (; n < word.n; n++) {
		n += bytes_find_any(bytes_skip(word, n), name_ends);
		if (n >= word.n || word.p[n] == ' ')
			break;
		if (word.p[n] == '=' ||
				(word.p[n] == '<' && (n == 0 || !memchr(")>", word.p[n - 1], 2))))
			return false;
		if (word.p[n] == '[' && open == word.n)
			open = n;
	}
	if (n < 2 || n > PROGRAM_MAX + 1 || word.p[n - 1] != ':')
		return false;
	uint64_t pid = 0;
	word.n = n - 1;
	if (word.p[n - 2] == ']') {
		struct bytes number = bytes_head(bytes_skip(word, open + 1), n - 3 - open);
		if (open == 0 || open + 1 >= n - 2 || !bytes_is_uint(number, UINT32_MAX, &pid))
			return false;
		word.n = open;
	}
	out->program = word;
	out->pid = (uint32_t)pid;
	*in = bytes_skip(*in, n + (n < in->n));
	return true;
}

/* "mail.info", "<2.6>", "<mail.info>": facility and severity in words. */
static bool take_facility(struct bytes *in, struct syslog_line *out)
{
	struct bytes rest = *in, word;

	if (!bytes_word(&rest, &word) || word.n < 3)
		return false;
	bool is_marked = word.p[0] == '<' && word.p[word.n - 1] == '>';
	if (is_marked)
		word = (struct bytes){ word.p + 1, word.n - 2 };
	size_t dot = bytes_find(word, '.');
	struct bytes level = bytes_skip(word, dot + 1);
	uint64_t number;
	if (is_marked && bytes_is_uint(level, SYSLOG_DEBUG, &number))
		out->level = (enum syslog_level)number;
	else if (dot < 9 && level_of(level) != SYSLOG_NONE)
		out->level = level_of(level);
	else
		return false;
	blanks(&rest);
	*in = rest;
	return true;
}

static bool is_repeat_text(struct bytes text)
{
	if (STARTS(text, "--- "))
		text = bytes_skip(text, 4);
	return STARTS(text, "last message repeated ");
}

/* What follows a time by syslog's rules: [severity] [host] [facility] program: text. False: not of
 * that form. */
static bool take_names(struct bytes *in, struct syslog_line *out)
{
	struct bytes rest = *in, host;

	blanks(&rest);
	if (STARTS(rest, "<"))
		take_facility(&rest, out);
	if (take_program(&rest, out) || is_repeat_text(rest)) {
		struct bytes program = rest;
		if (out->pid == 0 && level_of(out->program) != SYSLOG_NONE) {
			out->level = level_of(out->program); /* "Info: imap-login: " */
			take_program(&program, out);
		}
		*in = program;
		return true;
	}
	size_t n = bytes_find(rest, ' ');
	host = bytes_head(rest, n);
	rest = bytes_skip(rest, n);
	blanks(&rest);
	if (host.n == 0 || host.n > 255 || rest.n == 0)
		return false;
	enum syslog_level level = level_of(host);
	bool is_named = take_program(&rest, out);
	if ((!is_named && take_facility(&rest, out)) || level == SYSLOG_NONE)
		out->host = host;
	else
		out->level = level;
	if (!is_named && !is_repeat_text(rest) && !take_program(&rest, out))
		return false;
	*in = rest;
	return true;
}

/* RFC 5424 6: "1 TIME HOST PROGRAM PID MSGID SD text", the <PRI> is gone. */
static bool take_5424(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	struct bytes rest = bytes_skip(*in, 2), word[3];
	uint64_t pid;

	if (!STARTS(*in, "1 "))
		return false;
	const unsigned char *from = rest.p;
	if (STARTS(rest, "- "))
		rest = bytes_skip(rest, 1);
	else if (!take_iso(r, &rest, out))
		return false;
	else
		out->when = (struct bytes){ from, (size_t)(rest.p - from) };
	if (!bytes_word(&rest, &out->host) || !bytes_word(&rest, &out->program) ||
			!bytes_word(&rest, &word[0]) || !bytes_word(&rest, &word[1]))
		return false;
	out->pid = bytes_is_uint(word[0], UINT32_MAX, &pid) ? (uint32_t)pid : 0;
	blanks(&rest);
	if (STARTS(rest, "[")) { /* structured data: quotes escape brackets */
		size_t i = 0;
		bool quoted = false;
		for (; i < rest.n &&
				(quoted || rest.p[i] != ']' ||
						(i + 1 < rest.n && rest.p[i + 1] == '['));
				i++)
			if (rest.p[i] == '"' && (i == 0 || rest.p[i - 1] != '\\'))
				quoted = !quoted;
		rest = bytes_skip(rest, i + 1);
	} else if (!bytes_word(&rest, &word[2])) {
		return false;
	}
	blanks(&rest);
	*in = STARTS(rest, "\xef\xbb\xbf") ? bytes_skip(rest, 3) : rest;
	return true;
}

static void take_pri(struct bytes *in, struct syslog_line *out)
{
	uint64_t pri;
	struct bytes rest = bytes_skip(*in, 1);

	if (in->n < 3 || in->p[0] != '<' || !bytes_uint(&rest, 191, &pri) || rest.n == 0 ||
			rest.p[0] != '>')
		return;
	out->level = (enum syslog_level)(pri & 7);
	*in = bytes_skip(rest, 1);
}

/* "\x1b[36m" */
static void skip_colour(struct bytes *in)
{
	if (in->n > 2 && in->p[0] == 0x1b && in->p[1] == '[')
		*in = bytes_skip(*in, bytes_find(*in, 'm') + 1);
}

/* The colours and the name that docker compose puts in front ("mail_1  | "). */
__attribute__((cold)) static void take_compose(struct bytes *in)
{
	struct bytes rest = *in, word;

	skip_colour(&rest);
	struct bytes name = bytes_head(rest, bytes_find(bytes_head(rest, 60), '|'));
	size_t bar = name.n;
	bool is_one_word = bytes_word(&name, &word) && !bytes_word(&name, &word);
	if (is_one_word && bar < rest.n && rest.p[bar] == '|') {
		rest = bytes_skip(rest, bar + 1);
		skip_colour(&rest);
		blanks(&rest);
	}
	*in = rest;
}

/* "2025-03-03T04:05:06.1Z stdout F " (Kubernetes): in stands behind the time. */
static bool take_cri(struct bytes *in)
{
	if (!STARTS(*in, " stdout ") && !STARTS(*in, " stderr "))
		return false;
	*in = bytes_skip(*in, in->n > 9 && in->p[9] == ' ' ? 10 : 8);
	return true;
}

/* What stands behind the time in copies of web pages: "| info |", "info", "[info]". */
static void take_web_level(struct bytes *in, struct syslog_line *out)
{
	struct bytes rest = *in, word;

	if (!bytes_word(&rest, &word))
		return;
	bool bars = bytes_equal(word, BYTES("|"));
	if (bars && !bytes_word(&rest, &word))
		return;
	if (word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']')
		word = (struct bytes){ word.p + 1, word.n - 2 };
	if (level_of(word) == SYSLOG_NONE)
		return;
	out->level = level_of(word);
	if (bars)
		rest = bytes_skip(rest, bytes_find(rest, '|') + 1);
	blanks(&rest);
	*in = rest;
}

/* "[pid] " of Exim. */
static void take_exim_pid(struct bytes *in, struct syslog_line *out)
{
	uint64_t pid;
	struct bytes rest = bytes_skip(*in, 1);

	if (in->n > 3 && in->p[0] == '[' && bytes_uint(&rest, UINT32_MAX, &pid) && rest.n > 1 &&
			rest.p[0] == ']') {
		out->pid = (uint32_t)pid;
		*in = bytes_skip(rest, 1);
		blanks(in);
	}
}

/* Files that a program writes by itself, where the line does not name it. */
static void own_file(struct bytes *in, struct syslog_line *out)
{
	blanks(in);
	if (in->n > 1 && in->p[0] == '#' && is_digit(in->p[1])) { /* #123(rspamd_proxy) <c474cc>; */
		struct bytes rest = bytes_skip(*in, 1);
		uint64_t pid;
		if (bytes_uint(&rest, UINT32_MAX, &pid))
			out->pid = (uint32_t)pid;
		out->program = BYTES("rspamd");
		*in = bytes_skip(rest, bytes_find(rest, ' '));
		blanks(in);
		return;
	}
	take_exim_pid(in, out);
	out->program = BYTES("exim");
}

static bool has_program(const struct syslog_line *out)
{
	return out->program.n > 0;
}

/* Text that begins with a prefix of its own: a time, or "postfix/smtpd[43]: ". */
static bool is_nested(struct bytes text)
{
	if (text.n < 16)
		return false;
	if (text.p[0] == '<' && is_digit(text.p[1])) {
		size_t end = bytes_find(bytes_head(text, 5), '>');
		return end < 5 && !memchr(text.p, '.', end);
	}
	if (is_digit(text.p[0]))
		return text.p[4] == '-' && text.p[7] == '-' &&
				(text.p[10] == 'T' || text.p[10] == ' ');
	return text.p[3] == ' ' && text.p[6] == ' ' && text.p[9] == ':' && text.p[12] == ':';
}

/* One prefix. False: in does not begin with one; out may be changed. */
__attribute__((cold)) static bool take_prefix(struct syslog_reader *r, struct bytes *in,
		struct syslog_line *out)
{
	take_pri(in, out);
	if (take_5424(r, in, out))
		return true;
	const unsigned char *from = in->p;
	size_t n = in->n;
	if (!take_time(r, in, out))
		return false;
	out->when = (struct bytes){ from, n - in->n };
	if (in->n > 0 && in->p[0] == ':' &&
			take_names(&(struct bytes){ in->p + 1, in->n - 1 }, out))
		*in = bytes_skip(*in, 1); /* "Mar 11 09:39:39: --- last ..." */
	if (take_cri(in))
		return true;
	struct bytes behind = bytes_skip(*in, STARTS(*in, " "));
	if (is_nested(behind)) { /* svlogd's time in front of the program's */
		blanks(in);
		return true;
	}
	bool is_own = n > 10 && from[4] == '-' && from[10] == ' ';
	struct bytes rest = *in;
	take_web_level(&rest, out);
	struct syslog_line named = *out;
	named.host = named.program = (struct bytes){ NULL, 0 };
	struct bytes after = rest;
	if (take_names(&after, &named) && !(is_own && named.host.n > 0 && named.pid == 0)) {
		*out = named;
		*in = after;
		return true;
	}
	*in = rest;
	if (is_own && !has_program(out))
		own_file(in, out);
	blanks(in);
	return true;
}

/* A whole prefix again, of the writer that was forwarded. */
__attribute__((cold)) static bool take_nested(struct syslog_reader *r, struct bytes *in,
		struct syslog_line *out)
{
	struct syslog_line inner = *out;
	struct bytes rest = *in;

	if (!take_prefix(r, &rest, &inner))
		return false;
	*out = inner;
	*in = rest;
	return true;
}

/* "dockerd[1313]: postfix/smtpd[43]: ...": only a path with a pid is taken for a program. */
static bool take_inner_program(struct bytes *in, struct syslog_line *out)
{
	size_t n = bytes_find(bytes_head(*in, 80), ' ');

	if (n < 8 || n >= in->n || in->p[n - 1] != ':' || in->p[n - 2] != ']' ||
			!memchr(in->p, '/', n))
		return false;
	struct syslog_line inner = *out;
	struct bytes rest = *in;
	if (!take_program(&rest, &inner))
		return false;
	*out = inner;
	*in = rest;
	return true;
}

/* Remembers " host " of a line of the plain form "time host program[pid]: text". */
__attribute__((cold)) static void keep_head(struct syslog_reader *r, struct bytes line,
		struct bytes text, const struct syslog_line *out)
{
	const unsigned char *program = out->program.p, *host = out->host.p,
			    *from = line.p + out->when.n;

	r->head_n = 0;
	if (out->when.p != line.p || out->pid == 0 || out->host.n == 0 || host != from + 1 ||
			(unsigned)((host[0] | 32) - 'a') >= 26 ||
			program != host + out->host.n + 1 || program[out->program.n] != '[' ||
			text.n == 0 || text.p[-2] != ':' ||
			(size_t)(program - from) > sizeof(r->head))
		return;
	r->head_n = (unsigned char)(program - from);
	memcpy(r->head, from, r->head_n);
}

/* The same day and host again: what take_prefix looks for besides cannot be there. */
static bool take_head(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	size_t day = r->day_key_n;
	struct bytes rest = bytes_skip(*in, day + 1);

	if (r->head_n == 0 || day == 0 || rest.n == 0 || !is_day(r, in->p, day))
		return false;
	bool is_iso = is_digit(in->p[0]), is_own = is_iso && in->p[day] == ' ';
	if ((is_iso && !is_own && in->p[day] != 'T') || !take_clock(r, &rest, out, r->day_s))
		return false;
	if (is_iso)
		take_zone(&rest, out);
	struct bytes host = bytes_head(rest, r->head_n);
	if (!bytes_equal(host, (struct bytes){ r->head, r->head_n }))
		return false;
	rest = bytes_skip(rest, host.n);
	size_t n = rest.n;
	if (!take_program(&rest, out) || n - rest.n < PROGRAM_MIN || (is_own && out->pid == 0)) {
		out->program = (struct bytes){ NULL, 0 };
		out->pid = 0;
		return false;
	}
	out->when = (struct bytes){ in->p, (size_t)(host.p - in->p) };
	out->host = (struct bytes){ host.p + 1, host.n - 2 };
	*in = rest;
	return true;
}

static bool take_first(struct syslog_reader *r, struct bytes *in, struct syslog_line *out)
{
	struct bytes line = *in;

	if (take_head(r, in, out))
		return true;
	if (!take_prefix(r, in, out))
		return false;
	keep_head(r, line, *in, out);
	return true;
}

static void read_layers(struct syslog_reader *r, struct bytes in, struct syslog_line *out)
{
	struct bytes text = in;

	if (STARTS(text, "\xef\xbb\xbf"))
		text = bytes_skip(text, 3);
	if (!take_first(r, &text, out)) {
		take_compose(&text);
		struct syslog_line named = *out;
		struct bytes rest = text;
		if (take_names(&rest, &named) && (named.pid > 0 || named.host.n == 0)) {
			*out = named;
			text = rest;
		}
	}
	for (int i = 1; i < LAYERS_MAX; i++)
		if (!(is_nested(text) && take_nested(r, &text, out)) &&
				!take_inner_program(&text, out))
			break;
	out->text = text;
}

/* "message repeated 3 times: [ text]" */
static void open_repeated(struct syslog_line *out)
{
	struct bytes rest = out->text;
	uint64_t n;

	if (!STARTS(rest, "message repeated "))
		return;
	rest = bytes_skip(rest, 17);
	if (!bytes_uint(&rest, UINT32_MAX, &n) || !STARTS(rest, " times: ["))
		return;
	rest = bytes_skip(rest, 9);
	blanks(&rest);
	if (rest.n > 0 && rest.p[rest.n - 1] == ']')
		rest.n--;
	out->text = rest;
	out->count = (uint32_t)n;
}

/* "last message repeated N times": what the line before said, again. */
__attribute__((cold)) static void repeat_last(struct syslog_reader *r, struct syslog_line *out)
{
	struct syslog_line now = *out, last = { .zone_min = SYSLOG_NO_ZONE, .level = SYSLOG_NONE };
	struct bytes rest = bytes_skip(out->text, bytes_search(out->text, BYTES("repeated ")) + 9);
	uint64_t n;

	if (!bytes_uint(&rest, UINT32_MAX, &n) || r->last.n == 0)
		return;
	last.wall_s = SYSLOG_NO_TIME;
	read_layers(r, r->last, &last);
	open_repeated(&last);
	if (now.host.n > 0 && last.host.n > 0 && !bytes_equal(now.host, last.host))
		return;
	*out = last;
	out->line = now.line;
	out->when = now.when;
	out->wall_s = now.wall_s;
	out->micro_s = now.micro_s;
	out->count = (uint32_t)n;
	out->is_repeat = true;
}

void syslog_init(struct syslog_reader *r, int64_t now_s)
{
	*r = (struct syslog_reader){ .now_s = now_s,
		.clock = { '0', '0', ':', '0', '0', ':', '0', '0' },
		.last_s = SYSLOG_NO_TIME,
		.kept = BUF(LINE_KEPT_MAX) };
}

void syslog_free(struct syslog_reader *r)
{
	buf_free(&r->kept);
	r->last = (struct bytes){ NULL, 0 };
}

void syslog_keep(struct syslog_reader *r)
{
	if (r->last.p == r->kept.p)
		return;
	buf_clear(&r->kept);
	buf_put(&r->kept, r->last);
	r->last = buf_bytes(&r->kept);
}

bool syslog_read(struct syslog_reader *r, struct bytes line, struct syslog_line *out)
{
	*out = (struct syslog_line){ .wall_s = SYSLOG_NO_TIME,
		.zone_min = SYSLOG_NO_ZONE,
		.level = SYSLOG_NONE,
		.count = 1 };
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	out->line = out->text = line;
	if (line.n == 0 || STARTS(line, "-- "))
		return false;
	read_layers(r, line, out);
	if (out->wall_s != SYSLOG_NO_TIME)
		r->last_s = out->wall_s;
	if (out->text.n > 0 &&
			(out->text.p[0] == 'm' || out->text.p[0] == 'l' || out->text.p[0] == '-')) {
		open_repeated(out);
		if (out->program.n == 0 && is_repeat_text(out->text)) {
			repeat_last(r, out);
			return true;
		}
	}
	r->last = line;
	return true;
}

void syslog_hint(struct syslog_reader *r, struct syslog_line *line, int64_t epoch_s)
{
	int64_t off = line->wall_s - epoch_s;

	if (line->wall_s == SYSLOG_NO_TIME || line->zone_min != SYSLOG_NO_ZONE ||
			(line->when.n > 4 && line->when.p[4] == '-'))
		return;
	if (off > -HALF_YEAR_S && off < HALF_YEAR_S)
		return;
	struct syslog_date d = syslog_date(line->wall_s);
	d.year = syslog_date(epoch_s).year;
	line->wall_s = syslog_wall(&d);
	off = line->wall_s - epoch_s;
	if (off > HALF_YEAR_S || off < -HALF_YEAR_S) {
		d.year += off > 0 ? -1 : 1;
		line->wall_s = syslog_wall(&d);
	}
	r->last_s = line->wall_s;
	r->day_key_n = 0;
}
