/* main - finds the applet by its name and runs it
 * SPDX-License-Identifier: MIT
 *
 * The name is that of the program (a link, see --install) or the first word after "mtabox".
 */
#include "applets/applet.h"
#include "applets/install.h"
#include "net/tls.h"
#include "sys/gz.h"
#include "sys/version.h"
#include "ui/show.h"

#include <stddef.h>
#include <string.h>

enum { APPLETS_MAX = 32 };

const struct applet applet_list[] = {
	{ "b64auth", "makes, takes apart and checks SASL strings", b64auth_main, &b64auth_spec,
			false },
	{ "explain", "what a reply or an advice id means", explain_main, &explain_spec, true },
	{ "imaptalk", "an annotated IMAP session", imaptalk_main, &imaptalk_spec, false },
	{ "maillogwatch", "follows, explains, traces and sums up mail logs", maillogwatch_main,
			&maillogwatch_spec, false },
	{ "mailsink", "a small SMTP, POP3 and IMAP server for tests", mailsink_main, &mailsink_spec,
			false },
	{ "mscan", "which ports of a mail host are open, and why not", mscan_main, &mscan_spec,
			false },
	{ "pop3talk", "an annotated POP3 session", pop3talk_main, &pop3talk_spec, false },
	{ "smtptalk", "an annotated SMTP session; sends mail", smtptalk_main, &smtptalk_spec,
			false },
	{ NULL, NULL, NULL, NULL, false },
};

struct box {
	bool is_install, is_symbolic, is_version;
	const char *man;
};

static const struct opt box_options[] = {
	{ 0, "install", NULL, OPT_FLAG, offsetof(struct box, is_install),
			"make a link for each applet in DIR: hard links", 0, 0 },
	{ 's', "symbolic", NULL, OPT_FLAG, offsetof(struct box, is_symbolic),
			"with --install: symbolic links", 0, 0 },
	{ 0, "man", "APPLET", OPT_TEXT, offsetof(struct box, man),
			"write the manual page of APPLET, or of mtabox, for man -l", 0, 0 },
	{ 'V', "version", NULL, OPT_FLAG, offsetof(struct box, is_version), "say the version", 0,
			0 },
	{ 0 },
};

static const char *const box_more[] = {
	"\"mtabox help APPLET\" and \"APPLET --help\" say the same. An applet is run as \"mtabox APPLET\" or"
	" through a link of its name.",
	NULL,
};

static const char *const box_examples[] = {
	"mtabox explain '535 5.7.8 Error: authentication failed'",
	"what the reply means and what to do next",
	"mtabox --man smtptalk",
	"the manual page; \"| man -l -\" shows it",
	NULL,
};

static const struct opt_spec box_spec = {
	.name = "mtabox",
	.what = "Finds out whether a mail server works, and if not, why.",
	.usage = "mtabox APPLET [arguments] | --install [-s] DIR | --man APPLET | --version",
	.more = box_more,
	.options = box_options,
	.examples = box_examples,
	.operands_max = 1,
};

static const struct applet *find_exact(struct bytes name)
{
	for (const struct applet *a = applet_list; a->name; a++)
		if (bytes_equal(bytes_of(a->name), name))
			return a;
	return NULL;
}

/* Without "-0.1", "0.1" or "-2" at the end. */
static struct bytes strip_version(struct bytes name)
{
	while (name.n > 0 &&
			(name.p[name.n - 1] == '.' ||
					(name.p[name.n - 1] >= '0' && name.p[name.n - 1] <= '9')))
		name.n--;
	if (name.n > 0 && name.p[name.n - 1] == '-')
		name.n--;
	return name;
}

/* What the program was called as: no path, and not the dash that login puts in front. */
static struct bytes called_as(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	struct bytes name = bytes_of(slash ? slash + 1 : argv0);

	return bytes_starts(name, BYTES("-")) ? bytes_skip(name, 1) : name;
}

static int unknown(struct world *w, struct bytes name)
{
	const char *names[APPLETS_MAX];
	size_t count = 0;

	for (const struct applet *a = applet_list; a->name && count < APPLETS_MAX; a++)
		names[count++] = a->name;
	const char *nearest = opt_nearest(name, names, count);
	opt_wrong(w, &box_spec, "no applet \"%.*s\"%s%s", (int)name.n, (const char *)name.p,
			nearest ? "; nearest: " : "; \"mtabox\" lists them",
			nearest ? nearest : "");
	return 3;
}

static void put_list(struct world *w)
{
	for (const struct applet *a = applet_list; a->name; a++)
		out_printf(&w->out, "  %-14s %s\n", a->name, a->what);
}

static int list_applets(struct world *w)
{
	out_printf(&w->out, "mtabox %s: %s\n", version_text, box_spec.what);
	out_printf(&w->out, "usage: mtabox APPLET [arguments]; mtabox --help\n\n");
	put_list(w);
	return 0;
}

static int help_box(struct world *w)
{
	opt_help(w, &box_spec);
	out_puts(&w->out, "Applets:\n");
	put_list(w);
	return 0;
}

static int help_applet(struct world *w, const char *name)
{
	const struct applet *a = find_exact(bytes_of(name));

	if (!a)
		return strcmp(name, box_spec.name) == 0 ? help_box(w) : unknown(w, bytes_of(name));
	opt_help(w, a->spec);
	return 0;
}

static int man_page(struct world *w, const char *name)
{
	const struct applet *a = find_exact(bytes_of(name));

	if (a) {
		opt_man(w, a->spec);
		return 0;
	}
	if (strcmp(name, box_spec.name) != 0)
		return unknown(w, bytes_of(name));
	opt_man(w, &box_spec);
	out_puts(&w->out, ".SH APPLETS\n");
	for (a = applet_list; a->name; a++)
		out_printf(&w->out, ".TP\n\\fB%s\\fR\n%s\n", a->name, a->what);
	return 0;
}

/* "mtabox --something". */
static int run_options(struct world *w, int argc, char **argv)
{
	struct box box = { 0 };
	struct opt_list operands;
	enum opt_result result = opt_parse(w, &box_spec, argc, argv,
			&(struct opt_into){ &box, NULL, &operands });

	if (result == OPT_HELPED) {
		out_puts(&w->out, "Applets:\n");
		put_list(w);
		return 0;
	}
	if (result == OPT_WRONG)
		return 3;
	if (box.is_install && operands.count == 1)
		return install_links(w, applet_list, argv[0], operands.at[0], box.is_symbolic);
	if (box.is_install) {
		opt_wrong(w, &box_spec, "--install needs a directory");
		return 3;
	}
	if (box.man)
		return man_page(w, box.man);
	if (!box.is_version) {
		opt_wrong(w, &box_spec, "usage: %s", box_spec.usage);
		return 3;
	}
	out_printf(&w->out, "mtabox %s\n%s, zlib %s\n", version_text, tls_library(),
			gz_zlib_version());
	return 0;
}

/* "mtabox ...". */
static int run_box(struct world *w, int argc, char **argv)
{
	if (argc < 2)
		return list_applets(w);
	if (argv[1][0] == '-')
		return run_options(w, argc, argv);
	if (strcmp(argv[1], "help") == 0)
		return argc > 2 ? help_applet(w, argv[2]) : help_box(w);
	const struct applet *a = find_exact(bytes_of(argv[1]));
	return a ? a->main(w, argc - 1, argv + 1) : unknown(w, bytes_of(argv[1]));
}

static int run(struct world *w, int argc, char **argv)
{
	struct bytes name = called_as(argc > 0 ? argv[0] : "mtabox");
	const struct applet *a = find_exact(name);

	if (!a)
		a = find_exact(strip_version(name));
	if (a)
		return a->main(w, argc, argv);
	return bytes_starts(name, BYTES("mtabox")) ? run_box(w, argc, argv) : unknown(w, name);
}

int main(int argc, char **argv)
{
	struct world w;

	world_init_real(&w);
	int code = run(&w, argc, argv);
	return world_finish(&w) ? code : 3;
}
