/* filter - which lines are wanted, and how much a line matters
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, IP_TEXT_MAX = 64 };

static const unsigned char ranks[LOG_CLASSES] = {
	[LOG_UNKNOWN] = WATCH_NORMAL,
	[LOG_ROUTINE] = WATCH_NOISE,
	[LOG_CONNECT] = WATCH_NOISE,
	[LOG_DISCONNECT] = WATCH_NOISE,
	[LOG_LOST] = WATCH_NOISE,
	[LOG_TLS] = WATCH_NOISE,
	[LOG_TLS_FAILED] = WATCH_PROBLEM,
	[LOG_RECEIVED] = WATCH_NORMAL,
	[LOG_IDENTIFIED] = WATCH_NOISE,
	[LOG_QUEUED] = WATCH_NORMAL,
	[LOG_SENT] = WATCH_NORMAL,
	[LOG_DEFERRED] = WATCH_PROBLEM,
	[LOG_BOUNCED] = WATCH_PROBLEM,
	[LOG_EXPIRED] = WATCH_PROBLEM,
	[LOG_HELD] = WATCH_PROBLEM,
	[LOG_DISCARDED] = WATCH_PROBLEM,
	[LOG_REJECTED] = WATCH_PROBLEM,
	[LOG_REMOVED] = WATCH_NOISE,
	[LOG_NOTICE] = WATCH_NORMAL,
	[LOG_FILTERED] = WATCH_NORMAL,
	[LOG_STORED] = WATCH_NORMAL,
	[LOG_LOGIN] = WATCH_NORMAL,
	[LOG_LOGIN_FAILED] = WATCH_PROBLEM,
	[LOG_LOGIN_DETAIL] = WATCH_PROBLEM,
	[LOG_LOGOUT] = WATCH_NOISE,
	[LOG_BANNED] = WATCH_NORMAL,
	[LOG_ATTACK] = WATCH_NOISE,
	[LOG_TROUBLE] = WATCH_PROBLEM,
	[LOG_FATAL] = WATCH_FATAL,
};

enum watch_rank filter_rank(const struct log_event *e)
{
	if (e->class == LOG_UNKNOWN && e->level <= SYSLOG_WARNING)
		return WATCH_PROBLEM;
	return (enum watch_rank)ranks[e->class];
}

/* As 16 octets, IPv4 mapped. False: no address. */
static bool read_ip(struct bytes text, unsigned char ip[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char name[IP_TEXT_MAX];

	if (bytes_starts_nocase(text, BYTES("IPv6:")))
		text = bytes_skip(text, 5);
	text = bytes_head(text, bytes_find(text, '%'));
	if (text.n == 0 || text.n >= sizeof(name))
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	if (inet_pton(AF_INET6, name, ip) == 1)
		return true;
	memcpy(ip, mapped, sizeof(mapped));
	return inet_pton(AF_INET, name, ip + 12) == 1;
}

/* The network's address and the bits of it that count. */
static bool read_net(struct bytes net, unsigned char ip[16], uint64_t *bits)
{
	size_t slash = bytes_find(net, '/');
	struct bytes address = bytes_head(net, slash);
	bool is_v4 = bytes_find(address, ':') == address.n;

	*bits = is_v4 ? 32 : 128;
	if (!read_ip(address, ip))
		return false;
	if (slash < net.n && !bytes_is_uint(bytes_skip(net, slash + 1), *bits, bits))
		return false;
	*bits += is_v4 ? 96 : 0;
	return true;
}

bool filter_ip_in(struct bytes ip, struct bytes net)
{
	unsigned char a[16], b[16];
	uint64_t bits;

	if (!read_ip(ip, a) || !read_net(net, b, &bits))
		return false;
	size_t whole = (size_t)(bits / 8);
	unsigned rest = (unsigned)(bits % 8);
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static int64_t unit_s(struct bytes unit)
{
	static const struct {
		const char *name;
		int64_t s;
	} rows[] = { { "s", 1 }, { "m", MINUTE_S }, { "min", MINUTE_S }, { "h", HOUR_S },
		{ "d", DAY_S }, { "w", 7 * DAY_S } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_equal(unit, bytes_of(rows[i].name)))
			return rows[i].s;
	return 0;
}

/* "04:05", "04:05:06" of the day that begins at day_s. */
static bool read_clock(struct bytes text, int64_t day_s, int64_t *wall_s)
{
	uint64_t part[3] = { 0 };
	static const uint64_t limit[3] = { 23, 59, 59 };

	for (size_t i = 0; i < 3; i++) {
		if (!bytes_uint(&text, limit[i], &part[i]) || (text.n > 0 && text.p[0] != ':'))
			return false;
		if (text.n == 0) {
			*wall_s = day_s +
					(int64_t)(part[0] * HOUR_S + part[1] * MINUTE_S + part[2]);
			return i > 0;
		}
		text = bytes_skip(text, 1);
	}
	return false;
}

static bool read_date(struct bytes text, int64_t *wall_s)
{
	struct syslog_reader r;
	struct syslog_line at;
	struct buf line = BUF(100);

	syslog_init(&r, 0);
	buf_put(&line, text);
	if (text.n == 10)
		buf_puts(&line, " 00:00:00");
	else if (text.n == 16)
		buf_puts(&line, ":00");
	buf_puts(&line, " x");
	bool is_read = syslog_read(&r, buf_bytes(&line), &at) && at.wall_s != SYSLOG_NO_TIME;
	*wall_s = at.wall_s;
	syslog_free(&r);
	buf_free(&line);
	return is_read;
}

bool filter_time(struct bytes text, int64_t now_s, int64_t *wall_s, bool *is_ago)
{
	int64_t today = now_s - (now_s % DAY_S + DAY_S) % DAY_S;
	struct bytes rest = text;
	uint64_t n;
	bool is_ago_here;

	is_ago = is_ago ? is_ago : &is_ago_here;
	*is_ago = false;
	if (bytes_equal(text, BYTES("now")) || bytes_equal(text, BYTES("today")) ||
			bytes_equal(text, BYTES("yesterday"))) {
		*is_ago = text.n == 3;
		*wall_s = *is_ago ? now_s : today - (text.n == 5 ? 0 : DAY_S);
		return true;
	}
	if (bytes_uint(&rest, UINT32_MAX, &n) && unit_s(rest) > 0) {
		*is_ago = true;
		*wall_s = now_s - (int64_t)n * unit_s(rest);
		return true;
	}
	return read_clock(text, today, wall_s) || (text.n >= 10 && read_date(text, wall_s));
}

/* The wall clock of this machine, as if it were UTC. */
static int64_t local_now(struct world *w)
{
	time_t now = (time_t)w->wall_s(w);
	struct tm local;

	return localtime_r(&now, &local) ? (int64_t)now + local.tm_gmtoff : (int64_t)now;
}

static bool wrong_time(struct watch *t, const char *option, const char *text)
{
	out_printf(&t->w->err,
			"maillogwatch: --%s: \"%s\" is no time: 1h, today, 04:05, 2025-03-03,"
			" \"2025-03-03 04:05\"\n",
			option, text);
	return false;
}

bool filter_init(struct watch *t)
{
	struct watch_options *o = t->o;
	const struct {
		const char *name, *text;
		int64_t *to;
		bool *is_ago;
	} rows[] = { { "now", o->now, &t->now_s, NULL },
		{ "since", o->since, &t->since_s, &t->is_since_ago },
		{ "until", o->until, &t->until_s, &t->is_until_ago } };
	unsigned char ip[16];
	uint64_t bits;

	t->now_s = local_now(t->w);
	t->zone_s = t->now_s - (int64_t)t->w->wall_s(t->w);
	t->since_s = INT64_MIN;
	t->until_s = INT64_MAX;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].text &&
				!filter_time(bytes_of(rows[i].text), t->now_s, rows[i].to,
						rows[i].is_ago))
			return wrong_time(t, rows[i].name, rows[i].text);
	for (size_t i = 0; i < o->ip.count; i++)
		if (!read_net(bytes_of(o->ip.at[i]), ip, &bits)) {
			out_printf(&t->w->err, "maillogwatch: --ip: \"%s\" is no address\n",
					o->ip.at[i]);
			return false;
		}
	syslog_init(&t->reader, t->now_s);
	t->has_filter = o->match.count || o->from.count || o->to.count || o->ip.count ||
			o->user.count || o->program.count || o->since || o->until || o->level;
	return true;
}

/* One of the wanted is in one of the fields; "@example.com" and parts of an address count. */
static bool any_in(const struct opt_list *wanted, const struct bytes *fields, size_t count)
{
	for (size_t i = 0; i < wanted->count; i++)
		for (size_t k = 0; k < count; k++)
			if (fields[k].n > 0 &&
					bytes_search_nocase(fields[k], bytes_of(wanted->at[i])) <
							fields[k].n)
				return true;
	return wanted->count == 0;
}

static bool any_ip(const struct opt_list *wanted, const struct log_event *e)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (filter_ip_in(e->ip, bytes_of(wanted->at[i])) ||
				filter_ip_in(e->relay_ip, bytes_of(wanted->at[i])))
			return true;
	return wanted->count == 0;
}

static bool is_in_time(const struct watch *t, const struct syslog_line *at)
{
	int64_t here_s = at->wall_s;

	if (at->wall_s == SYSLOG_NO_TIME)
		return !t->o->since && !t->o->until;
	if (at->zone_min != SYSLOG_NO_ZONE)
		here_s += t->zone_s - at->zone_min * MINUTE_S;
	return (t->is_since_ago ? here_s : at->wall_s) >= t->since_s &&
			(t->is_until_ago ? here_s : at->wall_s) <= t->until_s;
}

bool filter_passes(const struct watch *t, const struct log_event *e)
{
	const struct watch_options *o = t->o;
	const struct bytes to[] = { e->to, e->orig_to }, programs[] = { e->at.program, e->daemon };

	return is_in_time(t, &e->at) && (int)filter_rank(e) >= o->level &&
			any_in(&o->match, &e->at.line, 1) && any_in(&o->from, &e->from, 1) &&
			any_in(&o->to, to, 2) && any_ip(&o->ip, e) &&
			any_in(&o->user, &e->user, 1) && any_in(&o->program, programs, 2);
}
