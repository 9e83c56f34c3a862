/* mailtext_date - dates of messages (RFC 5322 3.3 and 4.3)
 * SPDX-License-Identifier: MIT */
#include "proto/mailtext.h"

#include <string.h>

enum { COMMENT_DEPTH_MAX = 100 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "SunMonTueWedThuFriSat";

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Blanks, folding and comments, which may nest. */
static void skip_cfws(struct bytes *in)
{
	unsigned depth = 0;

	while (in->n > 0) {
		unsigned char c = in->p[0];
		if (c == '(' && depth < COMMENT_DEPTH_MAX)
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			*in = bytes_skip(*in, 1);
		else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return;
		*in = bytes_skip(*in, 1);
	}
}

static struct bytes take_letters(struct bytes *in)
{
	size_t n = 0;

	skip_cfws(in);
	while (n < in->n && is_letter(in->p[n]))
		n++;
	struct bytes word = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	return word;
}

/* Which name of a list of three-letter names word is, from 0; -1: none. */
static int index_of(struct bytes word, const char *names)
{
	struct bytes list = bytes_of(names);

	for (size_t i = 0; word.n == 3 && i < list.n; i += 3)
		if (bytes_equal_nocase(word, bytes_head(bytes_skip(list, i), 3)))
			return (int)(i / 3);
	return -1;
}

/* A number of least to most digits. */
static bool take_number(struct bytes *in, size_t least, size_t most, int64_t *value)
{
	uint64_t number;

	skip_cfws(in);
	size_t before = in->n;
	if (!bytes_uint(in, 9999, &number))
		return false;
	*value = (int64_t)number;
	return before - in->n >= least && before - in->n <= most;
}

static bool take_octet(struct bytes *in, unsigned char c)
{
	skip_cfws(in);
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

/* Days since 1970-01-01 of a day of the Gregorian calendar; month from 1. Years begin in March,
 * so that the leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static int64_t days_in(int64_t year, int64_t month)
{
	return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

/* "+0900", "GMT", "EST" (RFC 5322 4.3). Other letters say nothing and count as +0000, as that
 * section has it. */
static bool take_zone(struct bytes *in, int *minutes)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "EDT", -240 },
		{ "EST", -300 },
		{ "CDT", -300 },
		{ "CST", -360 },
		{ "MDT", -360 },
		{ "MST", -420 },
		{ "PDT", -420 },
		{ "PST", -480 },
	};
	int64_t digits;

	skip_cfws(in);
	if (in->n > 0 && (in->p[0] == '+' || in->p[0] == '-')) {
		bool is_west = in->p[0] == '-';
		*in = bytes_skip(*in, 1);
		if (!take_number(in, 4, 4, &digits) || digits % 100 > 59)
			return false;
		*minutes = (int)(digits / 100 * 60 + digits % 100) * (is_west ? -1 : 1);
		return true;
	}
	struct bytes name = take_letters(in);
	*minutes = 0;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (bytes_equal_nocase(name, bytes_of(zones[i].name)))
			*minutes = zones[i].minutes;
	return name.n > 0;
}

/* RFC 5322 4.3: two digits below 50 are of this century, other years of two or three digits
 * count from 1900. */
static bool take_day(struct bytes *in, int64_t *days)
{
	int64_t day;
	int64_t year;

	struct bytes weekday = take_letters(in);
	if (weekday.n > 0) {
		if (index_of(weekday, weekdays) < 0)
			return false;
		take_octet(in, ',');
	}
	if (!take_number(in, 1, 2, &day))
		return false;
	int month = index_of(take_letters(in), months) + 1;
	skip_cfws(in);
	size_t before = in->n;
	if (month == 0 || !take_number(in, 2, 4, &year))
		return false;
	size_t digits = before - in->n;
	if (digits < 4)
		year += digits == 2 && year < 50 ? 2000 : 1900;
	if (year < 1900 || day < 1 || day > days_in(year, month))
		return false;
	*days = days_of(year, month, day);
	return true;
}

bool mailtext_date(struct bytes value, int64_t *seconds, int *zone_minutes)
{
	int64_t days;
	int64_t hour;
	int64_t minute;
	int64_t second = 0;
	int zone;

	if (!take_day(&value, &days) || !take_number(&value, 1, 2, &hour) ||
			!take_octet(&value, ':') || !take_number(&value, 2, 2, &minute))
		return false;
	if (take_octet(&value, ':') && !take_number(&value, 2, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60 || !take_zone(&value, &zone))
		return false;
	*seconds = days * 86400 + hour * 3600 + minute * 60 + second - (int64_t)zone * 60;
	*zone_minutes = zone;
	return true;
}

void mailtext_format_date(int64_t seconds, char out[40])
{
	int64_t time = seconds % 86400;
	int64_t days = seconds / 86400;
	if (time < 0) {
		time += 86400;
		days--;
	}
	int64_t since = days + 719468; /* 0000-03-01 */
	int64_t era = (since >= 0 ? since : since - 146096) / 146097;
	int64_t day_of_era = since - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
					      day_of_era / 146096) /
			365;
	int64_t day_of_year =
			day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	int day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	int month = (int)(shifted < 10 ? shifted + 2 : shifted - 10);
	long long year = (long long)(year_of_era + era * 400 + (month < 2));
	int weekday = (int)(((days + 4) % 7 + 7) % 7);
	struct buf text = BUF(39);

	buf_printf(&text, "%.3s, %02d %.3s %04lld %02d:%02d:%02d +0000", weekdays + 3 * weekday,
			day, months + 3 * month, year, (int)(time / 3600), (int)(time / 60 % 60),
			(int)(time % 60));
	memcpy(out, buf_text(&text), text.n + 1);
	buf_free(&text);
}
