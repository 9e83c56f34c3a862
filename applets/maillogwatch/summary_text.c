/* summary_text - a summary for people
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"
#include "applets/maillogwatch/summary.h"
#include "know/advice.h"
#include "net/addr.h"
#include "ui/show.h"

#include <inttypes.h>
#include <string.h>

enum {
	ROWS = 10,
	FEW_ROWS = 5,
	LINE_MAX_BYTES = 4096,
	NEXT_INDENT = 8,
	DIGITS_MAX = 32,
	HIDDEN_MIN = 20 /* failed logins that tell something about where they come from */
};

/* "1,456,323" */
static const char *grouped(uint64_t n, char to[DIGITS_MAX])
{
	size_t at = DIGITS_MAX - 1, digits = 0;

	to[at] = '\0';
	do {
		if (digits > 0 && digits % 3 == 0)
			to[--at] = ',';
		to[--at] = (char)('0' + n % 10);
		n /= 10;
		digits++;
	} while (n > 0);
	return to + at;
}

struct pair {
	const char *name;
	uint64_t n;
};

/* "received 121,847   delivered 111,542", those that are zero left out, broken at the width. */
static void put_pairs(struct world *w, const struct pair *pairs, size_t count)
{
	size_t column = 0;

	for (size_t i = 0; i < count; i++) {
		char digits[DIGITS_MAX];
		if (pairs[i].n == 0 && i > 0)
			continue;
		const char *n = grouped(pairs[i].n, digits);
		size_t wide = strlen(pairs[i].name) + 1 + strlen(n);
		bool is_first = column == 0;
		if (!is_first && column + 3 + wide > w->columns) {
			out_puts(&w->out, "\n");
			column = 0;
			is_first = true;
		}
		out_printf(&w->out, "%s%s %s", is_first ? "" : "   ", pairs[i].name, n);
		column += wide + (is_first ? 0 : 3);
	}
	out_puts(&w->out, "\n");
}

static void put_head(struct summary *s, struct world *w, const char *name)
{
	struct buf line = BUF(LINE_MAX_BYTES);
	char digits[DIGITS_MAX];

	show_safe(&line, bytes_of(name), w->utf8);
	if (s->segment_count > 0) {
		buf_puts(&line, "   ");
		event_time(&line, s->segments[0].from_s);
		buf_puts(&line, " .. ");
		event_time(&line, s->segments[s->segment_count - 1].to_s);
	}
	buf_printf(&line, "   %s lines", grouped(s->lines, digits));
	out_printf(&w->out, "%s\n", buf_text(&line));
	buf_free(&line);
}

static void put_totals(struct summary *s, struct world *w)
{
	const uint64_t *c = s->counts;
	const struct pair mails[] = { { "received", c[LOG_RECEIVED] }, { "delivered", c[LOG_SENT] },
		{ "deferred mails", s->deferred_mails }, { "deferrals", c[LOG_DEFERRED] },
		{ "bounced", c[LOG_BOUNCED] }, { "expired", c[LOG_EXPIRED] },
		{ "rejected", c[LOG_REJECTED] }, { "held", c[LOG_HELD] },
		{ "discarded", c[LOG_DISCARDED] }, { "stored", c[LOG_STORED] },
		{ "seen by filters", c[LOG_FILTERED] } };
	const struct pair sessions[] = { { "connections", c[LOG_CONNECT] }, { "lost", c[LOG_LOST] },
		{ "logins", c[LOG_LOGIN] }, { "logins failed", c[LOG_LOGIN_FAILED] },
		{ "TLS in", s->tls_in }, { "TLS out", s->tls_out },
		{ "TLS failed", c[LOG_TLS_FAILED] }, { "attacks and noise", c[LOG_ATTACK] },
		{ "banned", c[LOG_BANNED] }, { "troubles", c[LOG_TROUBLE] } };

	put_pairs(w, mails, sizeof(mails) / sizeof(mails[0]));
	put_pairs(w, sessions, sizeof(sessions) / sizeof(sessions[0]));
	if (s->mail_octets > 0) {
		struct buf size = BUF(40);
		show_size(&size, s->mail_octets);
		out_printf(&w->out, "size of all mails %s\n", buf_text(&size));
		buf_free(&size);
	}
}

static void put_hours(struct summary *s, struct world *w)
{
	static const char steps[] = " .:-=+*#%@";
	uint64_t most = 0;
	size_t busiest = 0;
	char bar[25] = "", digits[DIGITS_MAX];

	for (size_t i = 0; i < 24; i++)
		if (s->hours[i] > most) {
			most = s->hours[i];
			busiest = i;
		}
	if (most == 0)
		return;
	for (size_t i = 0; i < 24; i++) /* what is not nothing is seen */
		bar[i] = steps[s->hours[i] ? 1 + s->hours[i] * (sizeof(steps) - 3) / most : 0];
	out_printf(&w->out, "per hour  00 %s 23   busiest %02zu:00 (%s)\n", bar, busiest,
			grouped(most, digits));
}

static void put_delays(struct summary *s, struct world *w)
{
	static const char *const steps[SUMMARY_DELAY_STEPS] = { "within 1 s", "10 s", "1 min",
		"10 min", "1 h", "later" };
	static const char *const stages[4] = { "before the queue manager", "in the queue",
		"connecting", "talking" };
	struct pair pairs[SUMMARY_DELAY_STEPS];
	uint64_t any = 0;

	for (size_t i = 0; i < SUMMARY_DELAY_STEPS; i++) {
		pairs[i] = (struct pair){ steps[i], s->delay_steps[i] };
		any += s->delay_steps[i];
	}
	if (any > 0) {
		out_puts(&w->out, "delivery attempts by age of the mail: ");
		put_pairs(w, pairs, SUMMARY_DELAY_STEPS);
	}
	for (size_t i = 0; s->staged > 0 && i < 4; i++) {
		uint64_t ms = s->stage_ms[i] / s->staged;
		out_printf(&w->out, "%s%" PRIu64 ".%02" PRIu64 " s %s", i ? ", " : "on average ",
				ms / 1000, ms % 1000 / 10, stages[i]);
	}
	if (s->staged > 0)
		out_puts(&w->out, "\n");
}

static void put_indented(struct world *w, struct bytes text)
{
	struct buf line = BUF(LINE_MAX_BYTES);

	show_blanks(&line, NEXT_INDENT);
	show_wrap(&line, text, NEXT_INDENT, NEXT_INDENT, w->columns);
	out_printf(&w->out, "%s\n", buf_text(&line));
	buf_free(&line);
}

/* What the knowledge base has to say about a text of ours. */
static void put_advice(struct world *w, struct bytes text)
{
	struct finding f = { .is_partial = true, .proto = ADVICE_LOG };
	struct buf means = BUF(LINE_MAX_BYTES);
	struct advice_binds binds;

	f.text = bytes_skip(text, bytes_search(text, BYTES(": ")) + 2);
	const struct advice *a = advise(&f, &binds);
	if (a) {
		buf_puts(&means, "means: ");
		advice_expand(&means, a->means, &f, &binds);
		buf_printf(&means, "   [%s]", a->id);
		put_indented(w, buf_bytes(&means));
	}
	buf_free(&means);
}

static void put_row(struct world *w, uint64_t n, struct bytes text, const char *unit, bool is_whole)
{
	struct buf safe = BUF(LINE_MAX_BYTES), line = BUF(LINE_MAX_BYTES);
	char digits[DIGITS_MAX];

	show_safe(&safe, text.n ? text : BYTES("(none)"), w->utf8);
	buf_printf(&line, "%9s%s  ", grouped(n, digits), unit);
	if (is_whole)
		show_wrap(&line, buf_bytes(&safe), line.n, line.n, w->columns);
	else
		show_cut(&line, buf_bytes(&safe), w->columns > line.n ? w->columns - line.n : 1);
	out_printf(&w->out, "%s\n", buf_text(&line));
	buf_free(&safe);
	buf_free(&line);
}

static void put_table(struct summary *s, struct world *w, enum summary_table table,
		const char *title)
{
	struct tally *t = &s->tables[table];
	unsigned unit = table == SUMMARY_SLOW ? 1000 : 1;

	if (t->count == 0)
		return;
	tally_top(t, ROWS);
	out_printf(&w->out, "\n%s\n", title);
	for (size_t i = 0; i < t->count && i < ROWS; i++)
		put_row(w, t->rows[i].count / unit, tally_text(t, &t->rows[i]),
				unit > 1 ? " s" : "", table == SUMMARY_REASONS);
	if (t->count > ROWS)
		out_printf(&w->out, "%9s  and %zu more\n", "", t->count - ROWS);
	if (t->dropped > 0)
		out_printf(&w->out, "%9s  (rare ones were left out for room: %" PRIu64 " in all)\n",
				"", t->dropped / unit);
}

/* Addresses that tried logins, with how many names each tried. */
static void put_failed(struct summary *s, struct world *w)
{
	struct tally *ips = &s->tables[SUMMARY_FAILED_IPS],
		     *pairs = &s->tables[SUMMARY_FAILED_PAIRS];
	struct tally users = { .dropped = 0 };

	if (ips->count == 0)
		return;
	for (size_t i = 0; i < pairs->count; i++) {
		struct bytes pair = tally_text(pairs, &pairs->rows[i]);
		tally_add(&users, bytes_head(pair, bytes_find(pair, ' ')), 1);
	}
	tally_top(ips, ROWS);
	out_puts(&w->out, "\nfailed logins by address (and how many user names it tried)\n");
	for (size_t i = 0; i < ips->count && i < ROWS; i++) {
		struct bytes ip = tally_text(ips, &ips->rows[i]);
		struct buf line = BUF(LINE_MAX_BYTES);
		uint64_t names = 0;
		for (size_t k = 0; k < users.count; k++)
			if (bytes_equal(tally_text(&users, &users.rows[k]), ip))
				names = users.rows[k].count;
		buf_put(&line, ip);
		buf_printf(&line, "  (%" PRIu64 ")", names);
		put_row(w, ips->rows[i].count, buf_bytes(&line), "", false);
		buf_free(&line);
	}
	tally_free(&users);
	uint64_t all = tally_sum(ips), most = ips->rows[0].count;
	struct bytes ip = tally_text(ips, &ips->rows[0]);
	if (all >= HIDDEN_MIN && most * 100 >= all * 95 && addr_is_private(ip)) {
		put_indented(w,
				BYTES("nearly all from one private address: a proxy or NAT hides who tries"
				      " (likely); a ban would be for everybody"));
	}
}

static void put_alarms(struct summary *s, struct world *w)
{
	struct tally *t = &s->tables[SUMMARY_ALARMS];

	tally_top(t, ROWS);
	out_printf(&w->out, "\nALARMS    %s\n", t->count ? "something does not work:" : "none");
	for (size_t i = 0; i < t->count && i < ROWS; i++) {
		struct bytes text = tally_text(t, &t->rows[i]);
		put_row(w, t->rows[i].count, text, "", true);
		put_advice(w, text);
	}
}

/* What an entry says of whomever it may be. */
static void put_meaning(struct world *w, const struct advice *a)
{
	struct buf means = BUF(LINE_MAX_BYTES);

	advice_expand(&means, a->means, &(struct finding){ .is_partial = true }, NULL);
	put_indented(w, buf_bytes(&means));
	buf_free(&means);
}

static void put_fault(struct world *w, const struct summary_fault *fault, const struct advice *a)
{
	struct buf text = BUF(LINE_MAX_BYTES);

	buf_puts(&text, a->id);
	if (fault->first_s != SYSLOG_NO_TIME) {
		buf_puts(&text, "   ");
		event_time(&text, fault->first_s);
		if (fault->last_s != fault->first_s) {
			buf_puts(&text, " .. ");
			event_time(&text, fault->last_s);
		}
	}
	put_row(w, fault->count, buf_bytes(&text), "", true);
	put_meaning(w, a);
	buf_free(&text);
}

/* What the knowledge base says about all lines that tell of problems. */
static void put_faults(struct summary *s, struct world *w)
{
	struct tally order = { .dropped = 0 };

	for (size_t i = 0; i < advice_count; i++)
		if (s->faults[i].count > 0)
			tally_add(&order, bytes_of(advice_list()[i].id), s->faults[i].count);
	if (order.count > 0)
		out_puts(&w->out, "\nknown faults (\"mtabox explain ID\" tells more)\n");
	tally_top(&order, ROWS);
	for (size_t i = 0; i < order.count && i < ROWS; i++) {
		const struct advice *a = advice_by_id(tally_text(&order, &order.rows[i]));
		put_fault(w, &s->faults[a - advice_list()], a);
	}
	if (order.count > ROWS)
		out_printf(&w->out, "%9s  and %zu more\n", "", order.count - ROWS);
	tally_free(&order);
	put_table(s, w, SUMMARY_UNEXPLAINED, "problems that are not known here, by kind");
}

/* What the numbers above cannot know. */
static void put_complete(struct summary *s, struct world *w)
{
	uint64_t unknown = s->counts[LOG_UNKNOWN] - s->foreign;
	char digits[DIGITS_MAX];

	out_puts(&w->out, "\ncomplete? ");
	out_printf(&w->out, "%s lines of unknown form", grouped(unknown, digits));
	out_printf(&w->out, ", %s of other programs\n", grouped(s->foreign, digits));
	if (s->lost_lines > 0)
		out_printf(&w->out, "  syslog itself lost %s lines (rate limit)\n",
				grouped(s->lost_lines, digits));
	if (s->forgotten_ids > 0)
		out_printf(&w->out, "  %s mails were forgotten before they were done with\n",
				grouped(s->forgotten_ids, digits));
	if (s->is_damaged)
		out_puts(&w->out, "  a log could not be read in full (said above)\n");
	for (size_t i = 1; i < s->segment_count && i <= ROWS; i++) {
		struct buf line = BUF(200);
		event_time(&line, s->segments[i - 1].to_s);
		buf_puts(&line, " .. ");
		event_time(&line, s->segments[i].from_s);
		out_printf(&w->out, "  no line at all %s\n", buf_text(&line));
		buf_free(&line);
	}
	put_table(s, w, SUMMARY_UNKNOWN, "lines of unknown form, by kind");
}

void summary_print(struct summary *s, struct world *w, const char *name)
{
	static const struct {
		enum summary_table table;
		const char *title;
	} tables[] = {
		{ SUMMARY_REASONS, "why mail was put off, returned or refused" },
		{ SUMMARY_SENDERS, "senders (mails)" },
		{ SUMMARY_RECIPIENTS, "recipients (attempts)" },
		{ SUMMARY_DOMAINS, "domains of recipients (attempts)" },
		{ SUMMARY_RELAYS, "next hops (attempts)" },
		{ SUMMARY_SLOW, "next hops that took longest, connecting and talking" },
		{ SUMMARY_REJECTED_IPS, "addresses that were refused" },
		{ SUMMARY_FAILED_USERS, "failed logins by user name" },
	};

	put_head(s, w, name);
	put_totals(s, w);
	put_hours(s, w);
	put_delays(s, w);
	put_alarms(s, w);
	put_faults(s, w);
	put_table(s, w, SUMMARY_TROUBLES, "troubles");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		put_table(s, w, tables[i].table, tables[i].title);
	put_failed(s, w);
	put_complete(s, w);
}
