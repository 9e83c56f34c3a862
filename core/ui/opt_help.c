/* opt_help - an option table as --help and as man page
 * SPDX-License-Identifier: MIT */
#include "sys/version.h"
#include "ui/opt.h"
#include "ui/show.h"

#include <string.h>

enum {
	HELP_COLUMNS = 80,
	HELP_COLUMN = 26,
	HELP_LINES = 14, /* of options, beside which the first paragraph still fits on a screen */
	HELP_MAX = 65536,
};

static bool is_end(const struct opt *o)
{
	return !o->name && !o->help;
}

/* "-t, --timeout S", "    --netrc[=FILE]" */
static void put_long_form(struct buf *out, const struct opt *o)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	else
		buf_puts(out, "    ");
	buf_printf(out, "--%s", o->name);
	if (o->arg && o->arg[0] == '[')
		buf_printf(out, "[=%s", o->arg + 1);
	else if (o->arg)
		buf_printf(out, " %s", o->arg);
}

/* "-t S", "--netrc[=FILE]": as little as says it. */
static void put_short_form(struct buf *out, const struct opt *o)
{
	if (o->letter)
		buf_printf(out, "-%c", o->letter);
	else
		buf_printf(out, "--%s", o->name);
	if (o->arg && o->arg[0] == '[')
		buf_printf(out, "[=%s", o->arg + 1);
	else if (o->arg)
		buf_printf(out, " %s", o->arg);
}

static void put_paragraph(struct buf *out, const char *text, size_t indent)
{
	show_blanks(out, indent);
	show_wrap(out, bytes_of(text), indent, indent, HELP_COLUMNS);
	buf_putc(out, '\n');
}

static void put_option(struct buf *out, const struct opt *o)
{
	size_t start = out->n;

	buf_puts(out, "  ");
	put_long_form(out, o);
	size_t used = out->n - start;
	if (used + 2 > HELP_COLUMN) {
		buf_putc(out, '\n');
		used = 0;
	}
	show_blanks(out, HELP_COLUMN - used);
	show_wrap(out, bytes_of(o->help), HELP_COLUMN, HELP_COLUMN, HELP_COLUMNS);
	buf_putc(out, '\n');
}

/* A heading and its options, names only: "Output: -q -v -j --nagios ...". Returns what follows. */
static const struct opt *put_condensed(struct buf *out, const struct opt *o)
{
	size_t at = out->n;

	buf_printf(out, "%s:", o->help);
	at = out->n - at;
	show_blanks(out, at < 12 ? 12 - at : 0);
	at = at < 12 ? 12 : at;
	for (o++; !is_end(o) && o->name; o++) {
		struct buf form = BUF(256);
		put_short_form(&form, o);
		if (at + 1 + form.n > HELP_COLUMNS) {
			buf_putc(out, '\n');
			show_blanks(out, 12);
			at = 12;
		}
		buf_printf(out, " %s", buf_text(&form));
		at += form.n + 1;
		buf_free(&form);
	}
	buf_putc(out, '\n');
	return o;
}

static void put_options(struct buf *out, const struct opt *o)
{
	while (o && !is_end(o)) {
		if (!o->name && o->max == OPT_NAMES_ONLY) {
			o = put_condensed(out, o);
			continue;
		}
		if (!o->name)
			buf_printf(out, "%s:\n", o->help);
		else
			put_option(out, o);
		o++;
	}
}

static void put_examples(struct buf *out, const char *const *examples)
{
	if (!examples || !examples[0])
		return;
	buf_puts(out, "Examples:\n");
	for (; examples[0] && examples[1]; examples += 2) {
		put_paragraph(out, examples[0], 2);
		put_paragraph(out, examples[1], 6);
	}
}

static size_t line_count(const struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; i < text->n; i++)
		count += text->p[i] == '\n';
	return count;
}

void opt_help(struct world *w, const struct opt_spec *spec)
{
	struct buf out = BUF(HELP_MAX);

	buf_printf(&out, "usage: %s\n", spec->usage);
	put_paragraph(&out, spec->what, 0);
	put_options(&out, spec->options);
	for (const struct opt *o = spec->common; o && !is_end(o);)
		o = put_condensed(&out, o); /* what every applet has */
	if (spec->more && *spec->more && line_count(&out) <= HELP_LINES)
		put_paragraph(&out, *spec->more, 0);
	put_examples(&out, spec->examples);
	buf_puts(&out, "Exit: 0 OK, 1 WARNING, 2 CRITICAL (the answer is no), 3 UNKNOWN (not tested).\n");
	buf_printf(&out, "All of it: mtabox --man %s | man -l -\n", spec->name);
	out_put(&w->out, buf_bytes(&out));
	buf_free(&out);
}

/* What roff would take for its own, or print as another character: quotes and dashes of a command
 * must survive being copied (groff_char(7)). */
static const char *roff_escape(char c)
{
	switch (c) {
	case '\\':
		return "\\e";
	case '-':
		return "\\-";
	case '\'':
		return "\\(aq";
	case '`':
		return "\\(ga";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

static void put_roff(struct buf *out, const char *text)
{
	for (bool is_start = true; *text; text++) {
		const char *escape = roff_escape(*text);
		if (is_start && *text == '.') /* no control line by accident */
			buf_puts(out, "\\&");
		if (escape)
			buf_puts(out, escape);
		else
			buf_putc(out, (unsigned char)*text);
		is_start = *text == '\n';
	}
}

static void put_man_paragraph(struct buf *out, const char *text)
{
	put_roff(out, text);
	buf_putc(out, '\n');
}

static void put_man_options(struct buf *out, const struct opt *o)
{
	for (; o && !is_end(o); o++) {
		if (!o->name) {
			buf_puts(out, ".SS ");
			put_man_paragraph(out, o->help);
			continue;
		}
		struct buf form = BUF(256);
		put_long_form(&form, o);
		buf_puts(out, ".TP\n\\fB");
		put_roff(out, buf_text(&form) + (o->letter ? 0 : 4));
		buf_puts(out, "\\fR\n");
		put_man_paragraph(out, o->help);
		buf_free(&form);
	}
}

static void put_man_examples(struct buf *out, const char *const *examples)
{
	if (!examples || !examples[0])
		return;
	buf_puts(out, ".SH EXAMPLES\n");
	for (; examples[0] && examples[1]; examples += 2) {
		buf_puts(out, ".TP\n\\fB");
		put_roff(out, examples[0]);
		buf_puts(out, "\\fR\n");
		put_man_paragraph(out, examples[1]);
	}
}

static void put_man_environment(struct buf *out, const struct opt *common)
{
	if (!common)
		return;
	buf_puts(out, ".SH ENVIRONMENT\n");
	if (common == opt_common_net || common == opt_common_login)
		buf_puts(out, ".TP\nMTABOX_PASS\nthe password, when no option gives it\n");
	if (common == opt_common_net)
		buf_puts(out, ".TP\nSSL_CERT_FILE\ntrusted certificates, when \\-\\-ca\\-file is not given\n");
	buf_puts(out, ".TP\nNO_COLOR\nno colour when set and not empty\n");
}

void opt_man(struct world *w, const struct opt_spec *spec)
{
	struct buf out = BUF(HELP_MAX);

	buf_printf(&out, ".TH %s 1 \"\" \"mtabox %s\" \"mtabox\"\n.SH NAME\n", spec->name,
			version_text);
	buf_printf(&out, "%s \\- ", spec->name);
	put_man_paragraph(&out, spec->what);
	buf_puts(&out, ".SH SYNOPSIS\n");
	put_man_paragraph(&out, spec->usage);
	if (spec->more && *spec->more)
		buf_puts(&out, ".SH DESCRIPTION\n");
	for (const char *const *more = spec->more; more && *more; more++) {
		buf_puts(&out, ".PP\n");
		put_man_paragraph(&out, *more);
	}
	buf_puts(&out, ".SH OPTIONS\n");
	put_man_options(&out, spec->options);
	put_man_options(&out, spec->common);
	put_man_examples(&out, spec->examples);
	buf_puts(&out,
			".SH \"EXIT STATUS\"\n0 OK, 1 WARNING, 2 CRITICAL (asked, and the answer is no),\n"
			"3 UNKNOWN (usage error, could not be tested, our own fault).\n");
	put_man_environment(&out, spec->common);
	if (spec->common)
		buf_puts(&out, ".SH \"SEE ALSO\"\nmtabox(1)\n");
	out_put(&w->out, buf_bytes(&out));
	buf_free(&out);
}
