/* load_tell - what --repeat has measured, as table, JSON and verdicts
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/load.h"

#include "ui/table.h"

#include <stdio.h>
#include <string.h>

static const char *const stages[LOAD_STAGES] = { "connect", "banner", "ehlo", "tls", "auth", "mail",
	"rcpt", "data", "total" };

static const struct {
	const char *title, *key;
	unsigned permille;
} points[] = {
	{ "p50", "p50_ms", 500 },
	{ "p90", "p90_ms", 900 },
	{ "p99", "p99_ms", 990 },
	{ "max", "max_ms", 1000 },
};

enum { POINTS = sizeof(points) / sizeof(points[0]) };

void load_count_failure(struct load_figures *f, const struct load_failure *failure)
{
	for (size_t i = 0; i < f->failure_count; i++) {
		struct load_failure *known = &f->failures[i];
		bool is_same = known->stage == failure->stage && known->kind == failure->kind &&
				strcmp(known->code, failure->code) == 0;
		if (is_same || i == LOAD_FAILURES - 1) {
			known->count++;
			return;
		}
	}
	f->failures[f->failure_count] = *failure;
	f->failures[f->failure_count++].count = 1;
}

static void put_table(struct smtptalk *s, const struct load_figures *f)
{
	static const struct table_column columns[] = {
		{ .title = "stage" },
		{ .title = "count", .right = true },
		{ .title = "p50 ms", .right = true },
		{ .title = "p90 ms", .right = true },
		{ .title = "p99 ms", .right = true },
		{ .title = "max ms", .right = true },
	};
	struct table table;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < LOAD_STAGES; i++) {
		const struct spread *times = &f->times[i];
		char text[1 + POINTS][24];
		struct bytes cells[2 + POINTS] = { bytes_of(stages[i]) };
		if (times->count == 0)
			continue;
		snprintf(text[0], sizeof(text[0]), "%llu", (unsigned long long)times->count);
		for (size_t k = 0; k < POINTS; k++)
			snprintf(text[1 + k], sizeof(text[0]), "%.2f",
					(double)spread_at(times, points[k].permille) / 1000);
		for (size_t k = 0; k <= POINTS; k++)
			cells[1 + k] = bytes_of(text[k]);
		table_row(&table, cells, false);
	}
	table_print(&table, s->talk.w);
	table_free(&table);
}

static double rate_of(const struct load_figures *f)
{
	return f->elapsed_us > 0 ? f->accepted * 1e6 / (double)f->elapsed_us : 0;
}

static void put_json(struct smtptalk *s, const struct load_figures *f)
{
	struct buf line = BUF(64 * 1024);
	struct json j;

	json_begin(&j, &line);
	json_str(&j, "type", "load");
	json_int(&j, "messages", f->wanted);
	json_int(&j, "parallel", f->parallel);
	json_bool(&j, "reuse", s->o.reuse);
	json_int(&j, "accepted", f->accepted);
	json_int(&j, "failed", f->failed);
	if (!s->talk.common->stable) {
		json_real(&j, "seconds", (double)f->elapsed_us / 1e6);
		json_real(&j, "per_second", rate_of(f));
	}
	json_object(&j, "stages");
	for (size_t i = 0; i < LOAD_STAGES && !s->talk.common->stable; i++) {
		if (f->times[i].count == 0)
			continue;
		json_object(&j, stages[i]);
		json_int(&j, "count", (int64_t)f->times[i].count);
		for (size_t k = 0; k < POINTS; k++)
			json_real(&j, points[k].key,
					(double)spread_at(&f->times[i], points[k].permille) / 1000);
		json_close(&j);
	}
	json_close(&j);
	json_array(&j, "failures");
	for (size_t i = 0; i < f->failure_count; i++) {
		json_item_object(&j);
		json_str(&j, "stage", stages[f->failures[i].stage]);
		json_int(&j, "count", f->failures[i].count);
		json_str(&j, "text", f->failures[i].text);
		json_close(&j);
	}
	json_end(&j);
	out_put(&s->talk.w->out, buf_bytes(&line));
	buf_free(&line);
}

static void failure_verdict(struct talk *t, const struct load_figures *f,
		const struct load_failure *failure)
{
	const char *stage = stages[failure->stage];
	struct finding finding = talk_finding(t, stage);
	struct buf fact = BUF(REPORT_FACT_MAX);
	struct report_verdict v = {
		.status = f->accepted > 0 ? REPORT_WARNING : REPORT_CRITICAL,
		.stage = stage,
	};

	if (failure->kind == ERR_NONE)
		advice_read_reply(bytes_of(failure->text), &finding);
	else
		finding.error = err_name(failure->kind);
	buf_printf(&fact, "%u of %u failed%s: %s", failure->count, f->wanted,
			failure == &f->failures[LOAD_FAILURES - 1] ? " here or otherwise" : "",
			failure->text);
	v.fact = buf_text(&fact);
	report_advise(&t->report, &v, &finding);
	buf_free(&fact);
}

void load_tell(struct smtptalk *s, const struct load_figures *f)
{
	struct talk *t = &s->talk;
	struct buf fact = BUF(REPORT_FACT_MAX);
	struct report_verdict v = {
		.status = f->accepted == f->wanted ? REPORT_OK :
				f->accepted > 0    ? REPORT_WARNING :
						     REPORT_CRITICAL,
		.stage = "data",
		.subject = "load",
		.not_proves = "delivery, nor what the server bears for longer",
	};

	if (t->transcript.json)
		put_json(s, f);
	else if (!t->transcript.off && !t->common->stable)
		put_table(s, f);
	for (size_t i = 0; i < f->failure_count; i++)
		failure_verdict(t, f, &f->failures[i]);
	buf_printf(&fact, "%u of %u message%s accepted, %u at a time", f->accepted, f->wanted,
			f->wanted == 1 ? "" : "s", f->parallel);
	if (!t->common->stable)
		buf_printf(&fact, ", %.0f a second", rate_of(f));
	if (f->accepted + f->failed < f->wanted)
		buf_printf(&fact, "; ended before the other %u",
				f->wanted - f->accepted - f->failed);
	if (!t->common->stable) {
		buf_printf(&fact, "   (%.2f s)", (double)f->elapsed_us / 1e6);
		report_perf(&t->report, "per_second", rate_of(f), "");
		for (size_t k = 0; k < POINTS; k++)
			report_perf(&t->report, points[k].title,
					(double)spread_at(&f->times[LOAD_TOTAL],
							points[k].permille) /
							1e6,
					"s");
	}
	v.fact = buf_text(&fact);
	report_add(&t->report, &v);
	buf_free(&fact);
}
