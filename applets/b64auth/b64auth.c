/* b64auth - makes, takes apart and checks SASL strings
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/b64auth.h"

#include "applets/applet.h"
#include "proto/sasl.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct b64auth, member)

static const struct opt options[] = {
	{ 'd', "take-apart", NULL, OPT_FLAG, AT(is_take),
			"say what a string is, field by field, and whether it is right", 0, 0 },
	{ 0, "authzid", "NAME", OPT_TEXT, AT(authzid), "plain: act as NAME, with the rights of -u",
			0, 0 },
	{ 'w', "wrap", "COLUMNS", OPT_NUMBER, AT(wrap),
			"encode: break lines; 0, the default, does not", 0, 1000000 },
	{ 0, "url", NULL, OPT_FLAG, AT(url), "encode, decode: base64url, RFC 4648 5", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"plain, login, cram-md5 and apop make what a client sends; encode and decode work on standard"
	" input. cram-md5 takes the server's challenge, as it came or decoded, apop the server's"
	" greeting, -d a string or a whole line (\"AUTH PLAIN AHNh...\"), else the lines of standard"
	" input.",
	"decode is strict: at the first fault it ends, says the offset, and exits with 2. Only line"
	" ends are passed over, as the files of base64(1) have them.",
	NULL,
};

static const char *const examples[] = {
	"echo password | b64auth plain -u sample --pass-file -",
	"the string behind AUTH PLAIN: AHNhbXBsZQBwYXNzd29yZA==",
	"b64auth -d 'AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA=='",
	"what is in it, and that it is well formed",
	NULL,
};

const struct opt_spec b64auth_spec = {
	.name = "b64auth",
	.what = "Makes, takes apart and checks the strings of SMTP, POP3 and IMAP logins.",
	.usage = "b64auth plain|login|cram-md5|apop|encode|decode|-d [options] [STRING]",
	.more = more,
	.options = options,
	.common = opt_common_login,
	.examples = examples,
	.operands_max = OPT_LIST_MAX, /* what is too much is told here: it may be a secret */
};

static int make_plain(struct b64auth *b)
{
	return b64auth_make(b, SASL_PLAIN);
}

static int make_login(struct b64auth *b)
{
	return b64auth_make(b, SASL_LOGIN);
}

static int make_cram_md5(struct b64auth *b)
{
	return b64auth_make(b, SASL_CRAM_MD5);
}

static const struct verb {
	const char *name;
	int (*run)(struct b64auth *b);
	const char *operand; /* what it needs behind it; NULL: nothing */
	bool is_plain, is_encode, is_pipe;
} verbs[] = {
	{ "plain", make_plain, NULL, true, false, false },
	{ "login", make_login, NULL, false, false, false },
	{ "cram-md5", make_cram_md5, "the server's challenge", false, false, false },
	{ "apop", b64auth_apop, "the server's greeting", false, false, false },
	{ "encode", b64auth_encode, NULL, false, true, true },
	{ "decode", b64auth_decode, NULL, false, false, true },
	{ 0 },
};

int b64auth_wrong(struct b64auth *b, const char *format, ...)
{
	struct buf text = BUF(4096);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	opt_wrong(b->w, &b64auth_spec, "%s", buf_text(&text));
	buf_free(&text);
	return 3;
}

bool b64auth_words(const struct b64auth *b, struct buf *out)
{
	for (size_t i = 0; i < b->words.count; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		buf_puts(out, b->words.at[i]);
	}
	return out->n > 0 && !out->overflow;
}

/* The word is not repeated: people forget -d, and then it is a password. */
static int unknown_verb(struct b64auth *b, const char *word)
{
	const char *names[sizeof(verbs) / sizeof(verbs[0])];
	size_t count = 0;

	while (verbs[count].name) {
		names[count] = verbs[count].name;
		count++;
	}
	const char *nearest = opt_nearest(bytes_of(word), names, count);
	if (nearest)
		return b64auth_wrong(b, "no such mechanism or job; nearest: %s", nearest);
	return b64auth_wrong(b,
			"the first word is plain, login, cram-md5, apop, encode or decode;"
			" -d takes a string apart");
}

static const char *misfit(const struct b64auth *b, const struct verb *v)
{
	if (b->authzid && !v->is_plain)
		return "--authzid goes with plain";
	if (b->wrap && !v->is_encode)
		return "--wrap goes with encode";
	if (b->url && !v->is_pipe)
		return "--url goes with encode and decode";
	if (b->words.count > 0 && v->is_pipe)
		return "encode and decode work on standard input";
	if (b->words.count > 0 && !v->operand)
		return "one word too many; the user name goes with -u, the password see --pass-file";
	return NULL;
}

static int run(struct b64auth *b)
{
	const struct verb *v = verbs;

	if (b->is_take)
		return b->authzid || b->wrap || b->url ?
				b64auth_wrong(b, "--authzid, --wrap and --url do not go with -d") :
				b64auth_take(b);
	if (b->words.count == 0)
		return b64auth_wrong(b, "usage: %s", b64auth_spec.usage);
	while (v->name && strcmp(v->name, b->words.at[0]) != 0)
		v++;
	if (!v->name)
		return unknown_verb(b, b->words.at[0]);
	b->words.count--;
	memmove(b->words.at, b->words.at + 1, b->words.count * sizeof(b->words.at[0]));
	const char *why = misfit(b, v);
	if (why)
		return b64auth_wrong(b, "%s", why);
	if (v->operand && b->words.count == 0)
		return b64auth_wrong(b, "%s needs %s behind it", v->name, v->operand);
	return v->run(b);
}

int b64auth_main(struct world *w, int argc, char **argv)
{
	struct b64auth b = { .w = w };
	enum opt_result result = opt_parse(w, &b64auth_spec, argc, argv,
			&(struct opt_into){ &b, &b.common, &b.words });
	int code = result == OPT_RUN ? run(&b) : result == OPT_HELPED ? 0 : 3;

	opt_common_free(&b.common);
	return out_flush(&w->out) ? code : 3;
}
