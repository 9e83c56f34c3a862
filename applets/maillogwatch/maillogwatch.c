/* maillogwatch - follows, explains, traces and sums up mail logs
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"

#include "applets/applet.h"
#include "applets/maillogwatch/places.h"
#include "applets/maillogwatch/show_lines.h"
#include "applets/maillogwatch/summary.h"
#include "applets/maillogwatch/trace.h"
#include "sys/file.h"
#include "sys/mem.h"
#include "ui/report.h"
#include "ui/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_OUT_MAX = 32 * 1024 * 1024, NAME_MAX_BYTES = 500, ROTATED_MAX = OPT_LIST_MAX };

#define AT(member) offsetof(struct watch_options, member)

static const struct opt options[] = {
	{ 'f', "follow", NULL, OPT_FLAG, AT(follow), "wait for new lines (default on a terminal)",
			0, 0 },
	{ 'a', "all", NULL, OPT_FLAG, AT(all), "the rotated parts of the log too, oldest first", 0,
			0 },
	{ 's', "summary", NULL, OPT_FLAG, AT(summary), "totals, top reasons, alarms", 0, 0 },
	{ 0, "trace", "WHAT", OPT_TEXT, AT(trace), "a mail's way: queue id, message-id or address",
			0, 0 },
	{ 0, "why", "ID", OPT_TEXT, AT(why), "where a mail is stuck, in one paragraph", 0, 0 },
	{ 0, "merge", NULL, OPT_FLAG, AT(merge), "add up files that --summary --json wrote", 0, 0 },
	{ 0, "prom", "FILE", OPT_TEXT, AT(prom), "the summary for the node exporter", 0, 0 },
	{ 0, "redact", NULL, OPT_FLAG, AT(redact), "other addresses and IPs, the same for the same",
			0, 0 },
	{ 0, NULL, NULL, OPT_FLAG, 0, "Only lines with", 0, 0 },
	{ 'm', "match", "TEXT", OPT_LIST, AT(match), "this text", 0, 0 },
	{ 0, "from", "ADDR", OPT_LIST, AT(from), "this sender; a part is enough", 0, 0 },
	{ 0, "to", "ADDR", OPT_LIST, AT(to), "this recipient", 0, 0 },
	{ 0, "ip", "IP[/N]", OPT_LIST, AT(ip), "this address or network", 0, 0 },
	{ 'u', "user", "NAME", OPT_LIST, AT(user), "this login", 0, 0 },
	{ 0, "program", "NAME", OPT_LIST, AT(program), "this program", 0, 0 },
	{ 0, "since", "TIME", OPT_TEXT, AT(since), "1h, today, 04:05, 2025-03-03", 0, 0 },
	{ 0, "until", "TIME", OPT_TEXT, AT(until), "the same", 0, 0 },
	{ 0, "level", "noise|normal|problem|fatal", OPT_CHOICE, AT(level), "that matter so much", 0,
			0 },
	{ 0, "now", "TIME", OPT_TEXT, AT(now), "as if it were then: years, --since", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"FILE is a log, packed by gzip or not, \"-\" (standard input) or \"exec:COMMAND ARGS\": as syslog or"
	" the programs write it, as journalctl prints it (also -o json and export), or of docker."
	" Without FILE the log of this system is found, the journal too.",
	"Filters of one kind are alternatives, those of several kinds have to hold together; with -f the"
	" last ten lines that pass come first. -q leaves the notes out. Passwords that a log holds are"
	" hidden (--show-secrets).",
	"--merge gives what --summary of all the logs would, but for rows that were left out for room and a"
	" \"last message repeated\" that a part begins with. Parts of one log may come in any order; when"
	" some were merged before, those have to be neighbours.",
	NULL,
};

static const char *const examples[] = {
	"maillogwatch --summary /var/log/mail.log*",
	"what happened",
	"maillogwatch --trace 526562BE062",
	"what happened to this mail",
	NULL,
};

const struct opt_spec maillogwatch_spec = {
	.name = "maillogwatch",
	.what = "Follows, explains, traces and sums up mail logs.",
	.usage = "maillogwatch [options] [FILE...]",
	.more = more,
	.options = options,
	.common = opt_common_output,
	.examples = examples,
	.operands_max = OPT_LIST_MAX,
};

static void take_summary(void *ctx, const struct log_event *e)
{
	summary_event(ctx, e);
}

static bool merge_files(struct watch *t, struct summary *s, const struct opt_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct buf text = BUF(SUMMARY_OUT_MAX);
		struct err e = { 0 };
		bool ok = file_read(names->at[i], &text, &e);
		if (ok && !summary_merge(s, buf_bytes(&text)))
			ok = err_set(&e, ERR_USAGE, "%s: no summary as --summary --json writes it",
					names->at[i]);
		buf_free(&text);
		if (!ok) {
			buf_printf(&t->troubles, "%s\n", e.text);
			return false;
		}
	}
	return true;
}

/* Written beside and renamed, so that the exporter never reads half of it. */
static bool write_prom(struct watch *t, struct summary *s)
{
	struct buf text = BUF(SUMMARY_OUT_MAX), beside = BUF(4096);
	struct err e = { 0 };

	summary_prom(s, &text);
	buf_printf(&beside, "%s.new", t->o->prom);
	bool ok = file_write(buf_text(&beside), buf_bytes(&text), true, &e);
	if (ok && rename(buf_text(&beside), t->o->prom) != 0)
		ok = err_set(&e, ERR_LOCAL, "%s: cannot be renamed to", t->o->prom);
	if (!ok)
		buf_printf(&t->troubles, "%s\n", e.text);
	buf_free(&text);
	buf_free(&beside);
	return ok;
}

/* The status board: what does not work, and what was not read. */
static int nagios(struct watch *t, struct summary *s)
{
	struct report r;
	struct buf fact = BUF(REPORT_FACT_MAX);
	struct tally *alarms = &s->tables[SUMMARY_ALARMS];

	report_init(&r, t->w, "maillogwatch", NULL, &t->o->common);
	tally_top(alarms, 1);
	enum report_status status = REPORT_OK;
	if (alarms->count > 0) {
		status = REPORT_CRITICAL;
		buf_put(&fact,
				bytes_head(tally_text(alarms, &alarms->rows[0]),
						REPORT_FACT_MAX / 2));
	} else if (s->is_damaged || s->lines == 0) {
		status = REPORT_UNKNOWN;
		buf_puts(&fact, s->lines ? "a log could not be read in full" : "no line was read");
	} else {
		buf_puts(&fact, "no alarm in the log");
	}
	report_perf(&r, "lines", (double)s->lines, "");
	report_perf(&r, "received", (double)s->counts[LOG_RECEIVED], "");
	report_perf(&r, "deferrals", (double)s->counts[LOG_DEFERRED], "");
	report_perf(&r, "rejected", (double)s->counts[LOG_REJECTED], "");
	report_perf(&r, "failed_logins", (double)s->counts[LOG_LOGIN_FAILED], "");
	report_add(&r,
			&(struct report_verdict){ .status = status,
					.stage = "log",
					.subject = "log",
					.fact = buf_text(&fact) });
	int code = report_finish(&r);
	report_free(&r);
	buf_free(&fact);
	return code;
}

static void put_json(struct watch *t, struct summary *s)
{
	struct buf text = BUF(SUMMARY_OUT_MAX);

	summary_json(s, &text);
	out_put(&t->w->out, buf_bytes(&text));
	buf_free(&text);
}

static const char *names_text(const struct opt_list *names, struct buf *text)
{
	for (size_t i = 0; i < names->count; i++)
		if (i == 0 || i + 1 == names->count)
			buf_printf(text, "%s%s", i ? " .. " : "", names->at[i]);
	return buf_text(text);
}

static int sum_up(struct watch *t, const struct opt_list *names)
{
	struct summary *s = xmalloc(sizeof(*s));
	struct buf name = BUF(NAME_MAX_BYTES);
	int code = REPORT_OK;

	summary_init(s);
	t->take = take_summary;
	t->ctx = s;
	bool any = t->o->merge ? merge_files(t, s, names) : reader_read(t, names);
	s->lines += t->lines;
	s->octets += t->octets;
	s->is_damaged = s->is_damaged || t->is_damaged;
	if (any && t->o->common.json && !t->o->common.nagios)
		put_json(t, s);
	summary_close(s);
	any = any && (!t->o->prom || write_prom(t, s));
	reader_tell(t);
	if (t->o->common.nagios)
		code = nagios(t, s);
	else if (!any)
		code = REPORT_UNKNOWN;
	else if (!t->o->common.json && (t->o->summary || t->o->merge))
		summary_print(s, t->w, names_text(names, &name));
	if (code == REPORT_OK && t->is_damaged)
		code = REPORT_WARNING;
	summary_free(s);
	free(s);
	buf_free(&name);
	return code;
}

/* Counts, and shows no line. */
static bool is_sum(const struct watch_options *o)
{
	return o->summary || o->merge || o->prom || o->common.nagios;
}

/* Else says so. */
static bool is_one_job(struct watch *t)
{
	const struct watch_options *o = t->o;
	const char *const jobs[] = { o->follow ? "--follow" : NULL, o->summary ? "--summary" : NULL,
		o->merge ? "--merge" : NULL, o->trace ? "--trace" : NULL, o->why ? "--why" : NULL };
	const char *first = o->all && o->follow ? "--all" : NULL;

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (first && jobs[i]) {
			opt_wrong(t->w, &maillogwatch_spec, "%s and %s: one at a time", first,
					jobs[i]);
			return false;
		}
		first = jobs[i] ? jobs[i] : first;
	}
	return true;
}

static int run(struct watch *t, const struct opt_list *names)
{
	struct watch_options *o = t->o;

	if (is_sum(o))
		return sum_up(t, names);
	if (o->trace || o->why)
		return trace_run(t, names);
	return show_lines(t, names);
}

/* The logs to read when none is named: this system's, with --all its rotated parts. */
static bool find_logs(struct watch *t, struct opt_list *names, char **found, struct places *parts)
{
	struct err e = { 0 };

	if (names->count == 0) {
		*found = places_find("", &e);
		if (!*found) {
			opt_wrong(t->w, &maillogwatch_spec, "%s", e.text);
			return false;
		}
		names->at[names->count++] = *found;
		if (!t->o->common.quiet && !t->o->common.json && !t->o->common.nagios)
			out_printf(&t->w->err, "== %s\n", *found);
	}
	if (!t->o->all || strncmp(names->at[0], "exec:", 5) == 0)
		return true;
	if (names->count > 1) {
		opt_wrong(t->w, &maillogwatch_spec, "--all takes one FILE and finds its parts");
		return false;
	}
	if (!places_rotated(names->at[0], parts, &e)) {
		opt_wrong(t->w, &maillogwatch_spec, "%s", e.text);
		return false;
	}
	names->count = 0;
	for (size_t i = parts->count > ROTATED_MAX ? parts->count - ROTATED_MAX : 0;
			i < parts->count; i++)
		names->at[names->count++] = parts->at[i];
	return true;
}

int maillogwatch_main(struct world *w, int argc, char **argv)
{
	struct watch_options o = { .level = WATCH_NOISE };
	struct watch t = { .w = w,
		.o = &o,
		.feed = reader_feed,
		.troubles = BUF(WATCH_TROUBLES_MAX) };
	struct opt_list names;
	struct places parts = { .count = 0 };
	char *found = NULL;
	unsigned char key[REDACT_KEY_SIZE];
	int code = REPORT_UNKNOWN;
	enum opt_result result = opt_parse(w, &maillogwatch_spec, argc, argv,
			&(struct opt_into){ &o, &o.common, &names });

	if (result != OPT_RUN)
		return result == OPT_HELPED ? REPORT_OK : REPORT_UNKNOWN;
	world_catch_stop();
	if (o.merge && names.count == 0)
		opt_wrong(w, &maillogwatch_spec, "--merge: which files?");
	else if (is_one_job(&t) && filter_init(&t) &&
			(o.merge || find_logs(&t, &names, &found, &parts))) {
		w->random(w, key, sizeof(key));
		if (o.redact || !(o.common.show_secrets || is_sum(&o)))
			t.redact = redact_new((struct bytes){ key, sizeof(key) }, o.redact);
		code = run(&t, &names);
		redact_free(t.redact);
	}
	syslog_free(&t.reader);
	buf_free(&t.troubles);
	places_free(&parts);
	free(found);
	return out_flush(&w->out) ? code : REPORT_UNKNOWN;
}
