/* explain - what a reply or an advice id means
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"

#include "know/advice.h"
#include "ui/report.h"
#include "ui/show.h"

enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024, LIST_AT = 28 };

struct explain {
	const char *user;
	bool is_list;
};

static const struct opt options[] = {
	{ 'l', "list", NULL, OPT_FLAG, offsetof(struct explain, is_list), "list all ids", 0, 0 },
	{ 'u', "user", "NAME", OPT_TEXT, offsetof(struct explain, user),
			"the user name that was given: it can decide between two causes", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"TEXT is a reply line as the server sent it, a log line that quotes one, or a part of either.",
	NULL,
};

static const char *const examples[] = {
	"mtabox explain -u sample@example.com '535 5.7.8 Error: authentication failed'",
	"why was this login refused?",
	"mtabox explain relay-denied",
	"the entry that a verdict names in brackets",
	NULL,
};

const struct opt_spec explain_spec = {
	.name = "explain",
	.what = "Says what a reply or an advice id means and what to do next.",
	.usage = "mtabox explain [options] ID | TEXT... | --list",
	.more = more,
	.options = options,
	.common = opt_common_output,
	.examples = examples,
	.operands_max = OPT_LIST_MAX,
};

/* Prints one entry, its templates filled from f, below "subject: fact". */
static void put_entry(struct report *r, const struct advice *a, const struct finding *f,
		const char *subject, const char *fact)
{
	struct report_verdict v = { .status = (enum report_status)a->severity,
		.id = a->id,
		.subject = subject,
		.fact = fact };
	struct advice_binds binds;
	const struct {
		const char *template;
		const char **to;
	} fields[] = {
		{ a->means, &v.means },
		{ a->likely[0], &v.likely[0] },
		{ a->likely[1], &v.likely[1] },
		{ a->proves, &v.proves },
		{ a->not_proves, &v.not_proves },
		{ a->next, &v.next },
	};
	enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };
	struct buf texts[FIELDS];

	advice_score(a, f, &binds); /* for the captures */
	for (size_t i = 0; i < FIELDS; i++) {
		buf_init(&texts[i], TEXT_MAX_BYTES);
		if (!fields[i].template)
			continue;
		advice_expand(&texts[i], fields[i].template, f, &binds);
		*fields[i].to = buf_text(&texts[i]);
	}
	report_add(r, &v);
	for (size_t i = 0; i < FIELDS; i++)
		buf_free(&texts[i]);
}

/* The source of an entry, as its fact. */
static void put_known(struct report *r, const struct advice *a, const struct finding *f,
		const char *subject)
{
	struct buf fact;

	buf_init(&fact, TEXT_MAX_BYTES);
	buf_printf(&fact, "known from %s", a->source ? a->source : "experience");
	put_entry(r, a, f, subject, buf_text(&fact));
	buf_free(&fact);
}

/* False when nothing is known about the line. */
static bool explain_line(struct report *r, struct buf *line, const char *user)
{
	struct finding f = { .is_partial = true, .user = bytes_of(user) };
	const struct advice *found[ADVICE_GUESS_MAX];
	const struct advice *a = advice_by_id(buf_bytes(line));

	if (a) {
		put_known(r, a, &f, "entry");
		return true;
	}
	size_t n = advice_guess(buf_bytes(line), &f, found);
	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			put_entry(r, found[i], &f, "reply", buf_text(line));
		else
			put_known(r, found[i], &f, "also possible");
	}
	return n > 0;
}

static void list_entries(struct world *w)
{
	const struct finding nothing = { .code = 0 };
	struct buf means, line;

	buf_init(&means, TEXT_MAX_BYTES);
	buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < advice_count; i++) {
		buf_clear(&means);
		buf_clear(&line);
		advice_expand(&means, advice_list()[i].means, &nothing, NULL);
		buf_printf(&line, "%-*s", LIST_AT, advice_list()[i].id);
		show_wrap(&line, buf_bytes(&means), LIST_AT, LIST_AT, w->columns);
		out_printf(&w->out, "%s\n", buf_text(&line));
	}
	buf_free(&means);
	buf_free(&line);
}

int explain_main(struct world *w, int argc, char **argv)
{
	struct explain o = { .user = NULL };
	struct opt_common common = { .quiet = false };
	struct opt_list words;
	enum opt_result result = opt_parse(w, &explain_spec, argc, argv,
			&(struct opt_into){ &o, &common, &words });

	if (result != OPT_RUN)
		return result == OPT_HELPED ? REPORT_OK : REPORT_UNKNOWN;
	if (o.is_list) {
		list_entries(w);
		return out_flush(&w->out) ? REPORT_OK : REPORT_UNKNOWN;
	}
	if (words.count == 0 || common.nagios) {
		opt_wrong(w, &explain_spec,
				words.count ? "explains, and tests nothing: no --nagios" :
					      "what? give an id or a reply line");
		return REPORT_UNKNOWN;
	}
	struct report r;
	struct buf line;
	report_init(&r, w, explain_spec.name, NULL, &common);
	buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < words.count; i++) {
		buf_puts(&line, i ? " " : "");
		buf_puts(&line, words.at[i]);
	}
	bool is_known = explain_line(&r, &line, o.user);
	if (!is_known)
		opt_wrong(w, &explain_spec, "nothing is known about \"%s\"; --list shows all ids",
				buf_text(&line));
	buf_free(&line);
	report_free(&r);
	/* the severity is the reply's: being asked about a failure is none */
	return out_flush(&w->out) && is_known ? REPORT_OK : REPORT_UNKNOWN;
}
