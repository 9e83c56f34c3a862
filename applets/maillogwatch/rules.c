/* rules - what several lines of a log say together
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/rules.h"

#include "applets/maillogwatch/maillogwatch.h"
#include "net/addr.h"
#include "ui/show.h"

enum { MARKS_MAX = 3, QUIET_S = 60 };

/* A line of a class (0: any) with one of now, and before it, at most within_s ago, one with one of
 * before; none there: the line alone. needs_address: PAM was asked for one, which is added. */
static const struct rule {
	const char *before[MARKS_MAX], *now[MARKS_MAX];
	unsigned within_s;
	bool needs_address;
	unsigned char class;
	const char *text;
} rules[] = {
	{ { "check pass; user unknown", "error retrieving information about user " },
			{ "check pass; user unknown", "authentication failure; logname=" }, 60,
			true, 0,
			"The name given is a mail address; no account has it. The account may be the"
			" part before the \"@\" (likely). Given was: " },
	{ { "not enough free space in mail queue" }, { ": 452 4.3.1 " }, 600, false, LOG_REJECTED,
			"This is the full disk of the line \"not enough free space\" above (certain);"
			" the sender comes again." },
	{ { "Host not found, try again", "Temporary failure in name resolution",
			  "lookup error for DNS query" },
			{ "]:25: Connection timed out", "]:25: Operation timed out",
					"defer (110): Connection timed out" },
			600, false, 0,
			"Names could not be looked up before, but a connection that times out had got"
			" its address: the resolver is not its cause (certain). Two causes, each to be"
			" mended; one only if the way out is cut altogether (possible)." },
	{ { " as 127.255.255." }, { " blocked using " }, 600, false, LOG_REJECTED,
			"A block list has just answered with an error code (127.255.255.x, above): this"
			" refusal may be our fault, not the client's (likely)." },
	{ { NULL }, { "action=greylist, reason=early-retry (" }, 0, false, 0,
			"TEMPORARY: greylisted; the sender came again too soon and is let in once the"
			" seconds that are missing have passed. No refusal (certain)." },
	{ { NULL }, { "\xff\xfb", "\\377\\37", "#377#37" }, 0, false, 0,
			"255 and a number from 250 on are commands of the telnet protocol: a telnet"
			" program spoke, no mail program (likely)." },
};

_Static_assert(sizeof(rules) / sizeof(rules[0]) <= RULES_MAX, "struct rules has room for each");

void rules_init(struct rules *r)
{
	*r = (struct rules){ .user = BUF(RULES_NAME_MAX), .client = BUF(RULES_NAME_MAX) };
}

void rules_free(struct rules *r)
{
	buf_free(&r->user);
	buf_free(&r->client);
}

static bool holds(struct bytes text, const char *const marks[MARKS_MAX])
{
	for (size_t i = 0; i < MARKS_MAX && marks[i]; i++)
		if (bytes_search(text, bytes_of(marks[i])) < text.n)
			return true;
	return false;
}

static bool is_recent(int64_t then_s, int64_t now_s, unsigned within_s)
{
	return now_s != SYSLOG_NO_TIME && then_s != SYSLOG_NO_TIME && now_s >= then_s &&
			now_s - then_s <= within_s;
}

static void apply(struct rules *r, size_t i, const struct log_event *e, bool utf8, struct buf *out)
{
	const struct rule *rule = &rules[i];
	struct bytes user = buf_bytes(&r->user);
	int64_t now_s = e->at.wall_s;
	bool has_before = !rule->before[0] ||
			(r->at[i].has_before &&
					is_recent(r->at[i].before_s, now_s, rule->within_s));

	if (has_before && holds(e->at.text, rule->now) &&
			(!rule->class || rule->class == e->class) &&
			!(rule->needs_address && bytes_find(user, '@') == user.n) &&
			!(r->at[i].is_told && is_recent(r->at[i].told_s, now_s, QUIET_S))) {
		buf_puts(out, out->n ? "\n" : "");
		buf_puts(out, rule->text);
		if (rule->needs_address)
			show_safe(out, user, utf8);
		r->at[i].told_s = now_s;
		r->at[i].is_told = true;
	}
	if (holds(e->at.text, rule->before)) {
		r->at[i].before_s = now_s;
		r->at[i].has_before = true;
	}
}

static bool is_this_host(struct bytes ip)
{
	return filter_ip_in(ip, BYTES("127.0.0.0/8")) || filter_ip_in(ip, BYTES("::1"));
}

/* Behind a proxy or a container's bridge all have one address: bans and trust are for all then. */
static void count_client(struct rules *r, const struct log_event *e, struct buf *out)
{
	if (r->has_others || e->ip.n == 0 || e->ip.n > RULES_NAME_MAX || is_this_host(e->ip))
		return;
	if (r->client.n == 0)
		buf_put(&r->client, e->ip);
	if (!bytes_equal(buf_bytes(&r->client), e->ip)) {
		r->has_others = true;
		return;
	}
	if (++r->clients != RULES_CLIENTS || !addr_is_private(e->ip))
		return;
	buf_printf(out, "%sAll %u lines about clients so far name one private address, ",
			out->n ? "\n" : "", RULES_CLIENTS);
	buf_put(out, e->ip); /* filter_ip_in took it for an address: safe */
	buf_puts(out,
			": a proxy or NAT hides who they are (likely), unless it is the only client"
			" here. A ban, or trust, for it is for everybody.");
}

/* Whoever else is behind a proxy or NAT is shut out too. */
static void judge_ban(struct rules *r, const struct log_event *e, struct buf *out)
{
	if (e->class != LOG_BANNED || !addr_is_private(e->ip) || r->has_ban)
		return;
	r->has_ban = true;
	buf_puts(out, out->n ? "\n" : "");
	buf_puts(out,
			"A private address is banned: everybody behind it is shut out, when a proxy or"
			" NAT hides the clients (likely).");
}

void rules_take(struct rules *r, const struct log_event *e, bool utf8, struct buf *out)
{
	if (e->family == LOG_PAM && e->user.n > 0) {
		buf_clear(&r->user);
		buf_put(&r->user, bytes_head(e->user, RULES_NAME_MAX));
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		apply(r, i, e, utf8, out);
	judge_ban(r, e, out);
	if (e->class == LOG_CONNECT || e->class == LOG_LOGIN || e->class == LOG_LOGIN_FAILED ||
			e->class == LOG_REJECTED)
		count_client(r, e, out);
}
