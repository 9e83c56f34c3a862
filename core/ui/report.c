/* report - verdicts: text, JSON, nagios line and exit code
 * SPDX-License-Identifier: MIT */
#include "ui/report.h"

#include "know/advice.h"
#include "ui/show.h"

#include <string.h>

/* Each field of a verdict is cut at FIELD_MAX octets: ours are shorter, what a peer adds may not
 * be. */
enum {
	FIELD_MAX = 4096,
	SAFE_MAX = FIELD_MAX * 6,
	VERDICT_MAX = 16 * SAFE_MAX,
	TEXT_AT = 10,
	ID_COLUMNS = 80, /* the id does not wander off on a wide terminal */
};

const char *report_status_name(enum report_status s)
{
	static const char *const names[] = {
		[REPORT_OK] = "OK",
		[REPORT_WARNING] = "WARNING",
		[REPORT_CRITICAL] = "CRITICAL",
		[REPORT_UNKNOWN] = "UNKNOWN",
	};

	return names[s];
}

static unsigned rank(enum report_status s)
{
	static const unsigned ranks[] = {
		[REPORT_OK] = 0,
		[REPORT_WARNING] = 1,
		[REPORT_UNKNOWN] = 2,
		[REPORT_CRITICAL] = 3,
	};

	return ranks[s];
}

void report_init(struct report *r, struct world *w, const char *applet, const char *target,
		const struct opt_common *c)
{
	*r = (struct report){
		.w = w,
		.applet = applet,
		.target = target,
		.json = c->json,
		.nagios = c->nagios,
		.stable = c->stable,
		.color = show_use_color(w, (enum show_when)c->color),
		.worst = BUF(REPORT_FACT_MAX),
		.perfdata = BUF(REPORT_PERF_MAX),
		.perf = BUF(REPORT_PERF_MAX),
		.held = BUF(REPORT_HELD_MAX),
	};
}

void report_free(struct report *r)
{
	buf_free(&r->worst);
	buf_free(&r->perfdata);
	buf_free(&r->perf);
	buf_free(&r->held);
}

static const char *subject_of(const struct report_verdict *v)
{
	return v->subject ? v->subject : v->stage;
}

/* Appends the text escaped, cut at FIELD_MAX. */
static void put_safe(const struct report *r, struct buf *out, struct bytes text)
{
	show_safe(out, bytes_head(text, FIELD_MAX), r->w->utf8);
}

/* "subject: fact", escaped. */
static void put_fact(const struct report *r, struct buf *out, const struct report_verdict *v)
{
	const char *subject = subject_of(v);

	if (subject) {
		put_safe(r, out, bytes_of(subject));
		buf_puts(out, v->fact ? ": " : "");
	}
	put_safe(r, out, bytes_of(v->fact));
}

static void put_head(const struct report *r, struct buf *out, const struct report_verdict *v)
{
	static const enum show_color colors[] = {
		[REPORT_OK] = SHOW_GOOD,
		[REPORT_WARNING] = SHOW_WARN,
		[REPORT_CRITICAL] = SHOW_BAD,
		[REPORT_UNKNOWN] = SHOW_BOLD,
	};
	const char *name = report_status_name(v->status);
	struct buf fact = BUF(2 * SAFE_MAX);

	put_fact(r, &fact, v);
	show_paint(out, colors[v->status], name, r->color);
	buf_putc(out, ' ');
	show_wrap(out, buf_bytes(&fact), strlen(name) + 1, 2, r->w->columns);
	buf_putc(out, '\n');
	buf_free(&fact);
}

/* "  label  text", the text at column at, wrapped there. */
static void put_field(const struct report *r, struct buf *out, const char *label, const char *text,
		size_t at)
{
	struct buf safe = BUF(SAFE_MAX);

	if (!text)
		return;
	put_safe(r, &safe, bytes_of(text));
	buf_puts(out, label);
	show_blanks(out, at - strlen(label));
	show_wrap(out, buf_bytes(&safe), at, at, r->w->columns);
	buf_putc(out, '\n');
	buf_free(&safe);
}

/* A command that is too long goes on behind a backslash, so that it can be pasted. Returns the
 * columns of its last line. */
static size_t put_command(const struct report *r, struct buf *out, struct bytes command)
{
	struct buf safe = BUF(SAFE_MAX);
	struct buf wrapped = BUF(VERDICT_MAX);

	put_safe(r, &safe, command);
	show_wrap(&wrapped, buf_bytes(&safe), TEXT_AT, TEXT_AT, r->w->columns - 2);
	struct bytes rest = buf_bytes(&wrapped);
	size_t at = TEXT_AT;
	for (size_t n = bytes_find(rest, '\n'); n < rest.n; n = bytes_find(rest, '\n')) {
		buf_put(out, bytes_head(rest, n));
		buf_puts(out, " \\\n");
		rest = bytes_skip(rest, n + 1);
		at = 0; /* the indent is part of the line */
	}
	buf_put(out, rest);
	at += show_width(rest);
	buf_free(&safe);
	buf_free(&wrapped);
	return at;
}

/* The commands, and the id at the right end of the last of them where there is room. */
static void put_next(const struct report *r, struct buf *out, const char *next, const char *id)
{
	size_t columns = r->w->columns < ID_COLUMNS ? r->w->columns : ID_COLUMNS;
	size_t id_width = id ? strlen(id) + 2 : 0;
	struct bytes rest = bytes_of(next);
	struct bytes line;
	size_t at = 0;

	for (bool is_first = true; bytes_line(&rest, &line); is_first = false) {
		if (!is_first)
			buf_putc(out, '\n');
		buf_puts(out, is_first ? "  next:   " : "          ");
		at = put_command(r, out, line);
	}
	if (id && at > 0 && at + 2 + id_width > columns) {
		buf_putc(out, '\n');
		at = 0;
	}
	if (id) {
		show_blanks(out, columns > at + id_width ? columns - at - id_width : 1);
		buf_printf(out, "[%s]", id);
	}
	if (at > 0 || id)
		buf_putc(out, '\n');
}

static void put_text(const struct report *r, struct buf *out, const struct report_verdict *v)
{
	put_head(r, out, v);
	put_field(r, out, "  means:", v->means, TEXT_AT);
	put_field(r, out, "          likely:", v->likely[0], 18);
	put_field(r, out, "          or:", v->likely[1], 18);
	put_field(r, out, "  proves:", v->proves, TEXT_AT);
	put_field(r, out, "  does not prove:", v->not_proves, 18);
	put_field(r, out, "  right:", v->right, TEXT_AT);
	put_next(r, out, v->next, v->id);
}

static void put_json(struct buf *out, const struct report_verdict *v)
{
	struct json j;

	json_begin(&j, out);
	json_str(&j, "type", "verdict");
	json_str(&j, "status", report_status_name(v->status));
	json_str(&j, "stage", v->stage);
	json_str(&j, "subject", subject_of(v));
	json_str(&j, "fact", v->fact);
	json_str(&j, "means", v->means);
	if (v->likely[0]) {
		json_array(&j, "likely");
		json_item(&j, bytes_of(v->likely[0]));
		if (v->likely[1])
			json_item(&j, bytes_of(v->likely[1]));
		json_close(&j);
	}
	json_str(&j, "proves", v->proves);
	json_str(&j, "not_proves", v->not_proves);
	json_str(&j, "right", v->right);
	json_str(&j, "next", v->next);
	json_str(&j, "id", v->id);
	json_end(&j);
}

/* The nagios line has room for one fact; '|' begins the performance data there. */
static void keep_worst(struct report *r, const struct report_verdict *v)
{
	struct buf fact = BUF(2 * SAFE_MAX);

	put_fact(r, &fact, v);
	for (size_t i = 0; i < fact.n; i++)
		if (fact.p[i] == '|')
			fact.p[i] = '/';
	buf_clear(&r->worst);
	show_cut(&r->worst, buf_bytes(&fact), REPORT_FACT_MAX / 2);
	buf_free(&fact);
}

void report_add(struct report *r, const struct report_verdict *v)
{
	struct buf out = BUF(VERDICT_MAX);

	if (!r->any || rank(v->status) > rank(r->status)) {
		r->status = v->status;
		keep_worst(r, v);
	}
	r->any = true;
	if (r->nagios)
		return;
	if (r->json)
		put_json(&out, v);
	else
		put_text(r, &out, v);
	if (r->at_end && !r->json)
		buf_put(&r->held, buf_bytes(&out));
	else
		out_put(&r->w->out, buf_bytes(&out));
	out_flush(&r->w->out);
	buf_free(&out);
}

/* What the verdict leaves open is taken from the knowledge base; text holds it. */
static void fill(const char **to, const char *template, struct buf *text, const struct finding *f,
		const struct advice_binds *binds)
{
	*text = BUF(FIELD_MAX);
	if (*to || !template)
		return;
	advice_expand(text, template, f, binds);
	*to = buf_text(text);
}

void report_advise(struct report *r, const struct report_verdict *v, const struct finding *f)
{
	struct report_verdict full = *v;
	struct advice_binds binds;
	const struct advice *a = advise(f, &binds);
	struct buf texts[6];

	if (!a) {
		report_add(r, v);
		return;
	}
	fill(&full.means, a->means, &texts[0], f, &binds);
	fill(&full.proves, a->proves, &texts[1], f, &binds);
	fill(&full.not_proves, a->not_proves, &texts[2], f, &binds);
	fill(&full.next, a->next, &texts[3], f, &binds);
	/* the two alternatives go together: the second of ours is none to the first of the caller's
	 * */
	fill(&full.likely[0], a->likely[0], &texts[4], f, &binds);
	fill(&full.likely[1], v->likely[0] ? NULL : a->likely[1], &texts[5], f, &binds);
	if (!full.id)
		full.id = a->id;
	report_add(r, &full);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		buf_free(&texts[i]);
}

/* Three digits behind the point, without the zeros at the end: nagios knows no exponent. */
static void put_value(struct buf *out, double value)
{
	size_t start = out->n;

	buf_printf(out, "%.3f", value);
	while (out->n > start && out->p[out->n - 1] == '0')
		out->n--;
	if (out->n > start && out->p[out->n - 1] == '.')
		out->n--;
}

void report_perf(struct report *r, const char *label, double value, const char *unit)
{
	report_perf_limits(r, label, value, unit, "");
}

void report_perf_limits(struct report *r, const char *label, double value, const char *unit,
		const char *limits)
{
	bool is_time = strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0;
	struct buf text = BUF(64);

	if (r->stable && is_time)
		return;
	put_value(&text, value);
	buf_printf(&r->perfdata, "%s%s=%s%s%s", r->perfdata.n ? " " : "", label, buf_text(&text),
			unit, limits);
	buf_printf(&r->perf, "%s\"%s\":%s", r->perf.n ? "," : "", label, buf_text(&text));
	buf_free(&text);
}

static void put_nagios(struct report *r, enum report_status status)
{
	struct out *out = &r->w->out;

	for (const char *p = r->applet; *p; p++) {
		bool is_lower = *p >= 'a' && *p <= 'z';
		out_printf(out, "%c", is_lower ? *p - 'a' + 'A' : *p);
	}
	out_printf(out, " %s - %s", report_status_name(status),
			r->any ? buf_text(&r->worst) : "nothing was tested");
	if (r->perfdata.n > 0)
		out_printf(out, " | %s", buf_text(&r->perfdata));
	out_puts(out, "\n");
}

static void put_result(struct report *r, enum report_status status)
{
	struct buf text = BUF(VERDICT_MAX);
	struct json j;

	json_begin(&j, &text);
	json_str(&j, "type", "result");
	json_str(&j, "applet", r->applet);
	if (r->target)
		json_text(&j, "target", bytes_head(bytes_of(r->target), FIELD_MAX));
	json_str(&j, "status", report_status_name(status));
	json_int(&j, "exit", (int)status);
	json_object(&j, "perf");
	buf_put(&text, buf_bytes(&r->perf));
	json_end(&j);
	out_put(&r->w->out, buf_bytes(&text));
	buf_free(&text);
}

int report_finish(struct report *r)
{
	enum report_status status = r->any ? r->status : REPORT_UNKNOWN;

	out_put(&r->w->out, buf_bytes(&r->held));
	buf_clear(&r->held);
	if (r->nagios)
		put_nagios(r, status);
	else if (r->json)
		put_result(r, status);
	return out_flush(&r->w->out) ? (int)status : (int)REPORT_UNKNOWN;
}
