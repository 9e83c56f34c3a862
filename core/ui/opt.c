/* opt - one option table: parser, --help and man page
 * SPDX-License-Identifier: MIT
 *
 * This file parses; opt_common.c has the tables of all applets, opt_help.c prints them, and
 * opt_password.c gets the password.
 */
#include "ui/opt.h"

#include "sys/mem.h"
#include "ui/show.h"

#include <limits.h>
#include <string.h>

/* Monitoring systems give a check 10 s by default. */
enum { NEAREST_MAX = 2, WORD_MAX = 32, NAMES_MAX = 64, TABLES = 2, NAGIOS_TIMEOUT_S = 10 };

/* One run of the parser. tables[0] is the applet's own and wins. */
struct parse {
	struct world *w;
	const struct opt_spec *spec;
	const struct opt *tables[TABLES];
	void *bases[TABLES];
	int argc;
	char **argv;
	int at;
};

/* An option as found: its row, and the struct that its offset is in. */
struct found {
	const struct opt *opt;
	unsigned char *base;
};

/* For applets without common options, so that each has --help. */
static const struct opt help_rows[] = {
	{ 'h', "help", NULL, OPT_FLAG, 0, "this help", 0, 0 },
	{ 0 },
};
static const struct opt no_rows[] = { { 0 } };

enum opt_result opt_wrong(struct world *w, const struct opt_spec *spec, const char *format, ...)
{
	struct buf text = BUF(4096);
	struct buf line = BUF(16384);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	show_safe(&line, buf_bytes(&text), w->utf8);
	out_printf(&w->err, "%s: %s\n", spec->name, buf_text(&line));
	out_flush(&w->err);
	buf_free(&text);
	buf_free(&line);
	return OPT_WRONG;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau's distance in the restricted form: two neighbours swapped count as one edit. */
static unsigned distance(struct bytes a, struct bytes b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return UINT_MAX;
	for (unsigned i = 0; i <= a.n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= b.n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		for (size_t j = 1; j <= b.n; j++) {
			unsigned edits = d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
			edits = least(edits, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				edits = least(edits, d[i - 2][j - 2] + 1);
			d[i][j] = edits;
		}
	}
	return d[a.n][b.n];
}

const char *opt_nearest(struct bytes word, const char *const *names, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = NEAREST_MAX + 1;

	for (size_t i = 0; i < count; i++) {
		unsigned edits = distance(word, bytes_of(names[i]));
		if (edits < best_distance && edits < word.n && edits < strlen(names[i])) {
			best = names[i];
			best_distance = edits;
		}
	}
	return best;
}

static bool is_end(const struct opt *o)
{
	return !o->name && !o->help;
}

static struct found find_letter(const struct parse *p, char letter)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct opt *o = p->tables[t]; !is_end(o); o++)
			if (o->name && o->letter == letter)
				return (struct found){ o, p->bases[t] };
	return (struct found){ 0 };
}

static enum opt_result unknown(const struct parse *p, struct bytes name)
{
	const char *names[NAMES_MAX];
	size_t count = 0;

	for (size_t t = 0; t < TABLES; t++)
		for (const struct opt *o = p->tables[t]; !is_end(o); o++)
			if (o->name && count < NAMES_MAX)
				names[count++] = o->name;
	const char *nearest = opt_nearest(name, names, count);
	if (nearest)
		return opt_wrong(p->w, p->spec, "unknown option --%.*s, nearest: --%s", (int)name.n,
				(const char *)name.p, nearest);
	return opt_wrong(p->w, p->spec, "unknown option --%.*s; see %s --help", (int)name.n,
			(const char *)name.p, p->spec->name);
}

/* The whole name, or the only one that begins so. The applet's own row hides a common one of the
 * same name. */
static enum opt_result find_long(const struct parse *p, struct bytes name, struct found *found)
{
	const char *other = NULL;

	*found = (struct found){ 0 };
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct opt *o = p->tables[t]; !is_end(o); o++) {
			if (!o->name || name.n == 0 || !bytes_starts(bytes_of(o->name), name))
				continue;
			if (strlen(o->name) == name.n) {
				*found = (struct found){ o, p->bases[t] };
				return OPT_RUN;
			}
			if (found->opt)
				other = o->name;
			else
				*found = (struct found){ o, p->bases[t] };
		}
	}
	if (!found->opt)
		return unknown(p, name);
	if (other)
		return opt_wrong(p->w, p->spec, "--%.*s may be --%s or --%s", (int)name.n,
				(const char *)name.p, found->opt->name, other);
	return OPT_RUN;
}

static enum opt_result set_choice(const struct parse *p, struct found f, const char *value)
{
	struct bytes rest = bytes_of(f.opt->arg);
	struct bytes word = bytes_of(value);
	struct bytes nearest = { NULL, 0 };

	for (int i = 0; rest.n > 0; i++) {
		struct bytes choice = bytes_head(rest, bytes_find(rest, '|'));
		if (bytes_equal(choice, word)) {
			memcpy(f.base + f.opt->offset, &i, sizeof(i));
			return OPT_RUN;
		}
		if (nearest.n == 0 && distance(choice, word) <= NEAREST_MAX)
			nearest = choice;
		rest = bytes_skip(rest, choice.n + 1);
	}
	return opt_wrong(p->w, p->spec, "--%s takes %s, not \"%s\"%s%.*s", f.opt->name, f.opt->arg,
			value, nearest.n ? "; nearest: " : "", (int)nearest.n,
			(const char *)nearest.p);
}

static enum opt_result set_number(const struct parse *p, struct found f, const char *value)
{
	bool is_fd = f.opt->kind == OPT_FD;
	unsigned max = is_fd ? INT_MAX - 1 : f.opt->max;
	uint64_t number;

	if (!bytes_is_uint(bytes_of(value), max, &number) || number < f.opt->min)
		return opt_wrong(p->w, p->spec, "--%s takes a number from %u to %u, not \"%s\"",
				f.opt->name, f.opt->min, max, value);
	unsigned result = (unsigned)number + is_fd;
	memcpy(f.base + f.opt->offset, &result, sizeof(result));
	return OPT_RUN;
}

static enum opt_result set_secret(const struct parse *p, struct found f, char *value)
{
	struct buf secret = BUF_SECRET(OPT_SECRET_MAX);
	bool fits = buf_puts(&secret, value);

	buf_text(&secret); /* given, even when empty: p is set */
	mem_wipe(value, strlen(value));
	if (!fits) {
		buf_free(&secret);
		return opt_wrong(p->w, p->spec, "--%s: longer than %d bytes", f.opt->name,
				OPT_SECRET_MAX);
	}
	struct buf old;
	memcpy(&old, f.base + f.opt->offset, sizeof(old));
	buf_free(&old);
	memcpy(f.base + f.opt->offset, &secret, sizeof(secret));
	if (f.opt->letter)
		opt_wrong(p->w, p->spec,
				"warning: -%c shows the password to others in ps; better:"
				" --pass-file",
				f.opt->letter);
	else
		opt_wrong(p->w, p->spec, "warning: --%s shows the password to others in ps",
				f.opt->name);
	return OPT_RUN;
}

/* The value is NULL exactly for options without one. Members are written through memcpy: the table
 * knows their offset and kind only. */
static enum opt_result set_value(const struct parse *p, struct found f, char *value)
{
	unsigned char *member = f.base + f.opt->offset;
	const char *text = value;
	struct opt_list list;
	unsigned count;

	switch (f.opt->kind) {
	case OPT_FLAG:
		memcpy(member, &(bool){ true }, sizeof(bool));
		return OPT_RUN;
	case OPT_COUNT:
		memcpy(&count, member, sizeof(count));
		count++;
		memcpy(member, &count, sizeof(count));
		return OPT_RUN;
	case OPT_TEXT:
		memcpy(member, &text, sizeof(text));
		return OPT_RUN;
	case OPT_NUMBER:
	case OPT_FD:
		return set_number(p, f, value);
	case OPT_CHOICE:
		return set_choice(p, f, value);
	case OPT_SECRET:
		return set_secret(p, f, value);
	case OPT_LIST:
		memcpy(&list, member, sizeof(list));
		if (list.count == OPT_LIST_MAX)
			return opt_wrong(p->w, p->spec, "--%s: given more than %d times",
					f.opt->name, OPT_LIST_MAX);
		list.at[list.count++] = text;
		memcpy(member, &list, sizeof(list));
		return OPT_RUN;
	}
	bug("option kind");
}

/* Help is printed at once: what stands behind --help does not matter. */
static enum opt_result use(struct parse *p, struct found f, char *value)
{
	if (strcmp(f.opt->name, "help") == 0) {
		opt_help(p->w, p->spec);
		return OPT_HELPED;
	}
	if (f.opt->arg && !value) {
		if (f.opt->arg[0] == '[')
			value = p->argv[p->at] + strlen(p->argv[p->at]); /* "" */
		else if (p->at + 1 < p->argc)
			value = p->argv[++p->at];
		else
			return opt_wrong(p->w, p->spec, "--%s needs a value: %s", f.opt->name,
					f.opt->arg);
	}
	return set_value(p, f, value);
}

static enum opt_result parse_long(struct parse *p, char *word)
{
	struct bytes name = bytes_of(word);
	struct found found;
	char *value = NULL;

	name.n = bytes_find(name, '=');
	if (word[name.n] == '=')
		value = word + name.n + 1;
	if (find_long(p, name, &found) != OPT_RUN)
		return OPT_WRONG;
	if (value && !found.opt->arg)
		return opt_wrong(p->w, p->spec, "--%s takes no value", found.opt->name);
	return use(p, found, value);
}

/* "-qt5", "-qt 5": letters without a value, the last may have one. */
static enum opt_result parse_letters(struct parse *p, char *word)
{
	enum opt_result result = OPT_RUN;

	for (; *word && result == OPT_RUN; word++) {
		struct found found = find_letter(p, *word);
		if (!found.opt)
			return opt_wrong(p->w, p->spec, "unknown option -%c; see %s --help", *word,
					p->spec->name);
		bool takes_rest = found.opt->arg && found.opt->arg[0] != '[' && word[1];
		result = use(p, found, takes_rest ? word + 1 : NULL);
		if (takes_rest)
			break;
	}
	return result;
}

/* "-ERR ..." is no option: it is what POP3 servers say, pasted. */
static enum opt_result parse_words(struct parse *p, struct opt_list *operands)
{
	bool options_end = false;

	for (; p->at < p->argc; p->at++) {
		char *word = p->argv[p->at];
		enum opt_result result = OPT_RUN;
		if (!options_end && strcmp(word, "--") == 0)
			options_end = true;
		else if (!options_end && word[0] == '-' && word[1] == '-')
			result = parse_long(p, word + 2);
		else if (!options_end && word[0] == '-' && word[1] &&
				!bytes_starts(bytes_of(word), BYTES("-ERR")))
			result = parse_letters(p, word + 1);
		else if (operands->count == OPT_LIST_MAX)
			result = opt_wrong(p->w, p->spec, "more than %d operands", OPT_LIST_MAX);
		else
			operands->at[operands->count++] = word;
		if (result != OPT_RUN)
			return result;
	}
	return OPT_RUN;
}

static enum opt_result check_operands(const struct parse *p, const struct opt_list *operands)
{
	if (operands->count < p->spec->operands_min)
		return opt_wrong(p->w, p->spec, "operand missing; usage: %s", p->spec->usage);
	if (operands->count > p->spec->operands_max)
		return opt_wrong(p->w, p->spec, "\"%s\" is one word too many; usage: %s",
				operands->at[p->spec->operands_max], p->spec->usage);
	return OPT_RUN;
}

static enum opt_result check_common(struct world *w, const struct opt_spec *spec,
		struct opt_common *c)
{
	c->has_password = c->password.p != NULL;
	c->use_netrc = c->netrc != NULL;
	if (c->json && c->nagios)
		return opt_wrong(w, spec, "--json and --nagios exclude each other");
	if (c->ipv4 && c->ipv6)
		return opt_wrong(w, spec, "--ipv4 and --ipv6 exclude each other");
	if (c->nagios && c->timeout_s == 0)
		c->timeout_s = NAGIOS_TIMEOUT_S;
	return OPT_RUN;
}

enum opt_result opt_parse(struct world *w, const struct opt_spec *spec, int argc, char **argv,
		const struct opt_into *into)
{
	struct parse p = {
		.w = w,
		.spec = spec,
		.tables = { spec->options ? spec->options : no_rows,
				spec->common ? spec->common : help_rows },
		.bases = { into->values, into->common },
		.argc = argc,
		.argv = argv,
		.at = 1,
	};

	into->operands->count = 0;
	enum opt_result result = parse_words(&p, into->operands);
	if (result == OPT_RUN)
		result = check_operands(&p, into->operands);
	if (result == OPT_RUN && spec->common)
		result = check_common(w, spec, into->common);
	return result;
}
