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
			"what a string is, and whether it is right", 0, 0 },
	{ 0, "authzid", "NAME", OPT_TEXT, AT(authzid), "act as NAME, with the rights of -u", 0, 0 },
	{ 0, "line", NULL, OPT_FLAG, AT(line), "the whole line: AUTH PLAIN ...", 0, 0 },
	{ 0, "host", "HOST[:PORT]", OPT_TEXT, AT(host), "digest-md5, oauthbearer: the server", 0,
			0 },
	{ 0, "nonce", "TEXT", OPT_TEXT, AT(nonce), "ours; without it a random one", 0, 0 },
	{ 'w', "wrap", "COLUMNS", OPT_NUMBER, AT(wrap), "encode: break lines", 0, 1000000 },
	{ 0, "url", NULL, OPT_FLAG, AT(url), "encode, decode: base64url, RFC 4648 5", 0, 0 },
	{ 0, NULL, NULL, OPT_FLAG, 0, "Protocol", 0, OPT_NAMES_ONLY },
	{ 0, "smtp", NULL, OPT_FLAG, AT(smtp), "the string is for SMTP (the default),", 0, 0 },
	{ 0, "pop3", NULL, OPT_FLAG, AT(pop3), "for POP3,", 0, 0 },
	{ 0, "imap", NULL, OPT_FLAG, AT(imap), "for IMAP", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"MECHANISM: plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer"
	" external anonymous ntlm apop. STRING: what the server sent.",
	"A mechanism's messages are made as far as the STRINGs, the server's messages, let it get; a last"
	" one is the server's proof, and checked. The message that answers a challenge of SCRAM takes the"
	" --nonce of the one before.",
	"-d takes a string, a line of a session or of a log, a whole session or a web token, from the words"
	" or standard input. With -u and a password they are compared with what is in it. For CRAM-MD5,"
	" DIGEST-MD5, SCRAM, NTLM and APOP that takes the messages of the server, too.",
	"NTLM is its version 2, without session key; DIGEST-MD5 is qop=auth; SCRAM has no channel binding"
	" (-PLUS). SASLprep (RFC 4013) is applied to the names and passwords of SCRAM in Latin, Greek,"
	" Cyrillic, Hebrew, Arabic, Japanese, Chinese and Korean; what would take larger tables is refused.",
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
	.usage = "b64auth MECHANISM|encode|decode|-d [options] [STRING...]",
	.more = more,
	.options = options,
	.common = opt_common_login,
	.examples = examples,
	.operands_max = OPT_LIST_MAX, /* what is too much is told here: it may be a secret */
};

static const struct verb {
	const char *name;
	unsigned mech;
	int (*run)(struct b64auth *b); /* when it is no mechanism */
	const char *operand;           /* what it needs behind it; NULL: nothing */
	bool takes_operand, is_encode, is_pipe;
} verbs[] = {
	{ "plain", SASL_PLAIN, NULL, NULL, false, false, false },
	{ "login", SASL_LOGIN, NULL, NULL, false, false, false },
	{ "cram-md5", SASL_CRAM_MD5, NULL, "the server's challenge", true, false, false },
	{ "digest-md5", SASL_DIGEST_MD5, NULL, "the server's challenge", true, false, false },
	{ "scram-sha-1", SASL_SCRAM_SHA_1, NULL, NULL, true, false, false },
	{ "scram-sha-256", SASL_SCRAM_SHA_256, NULL, NULL, true, false, false },
	{ "xoauth2", SASL_XOAUTH2, NULL, NULL, true, false, false },
	{ "oauthbearer", SASL_OAUTHBEARER, NULL, NULL, true, false, false },
	{ "external", SASL_EXTERNAL, NULL, NULL, false, false, false },
	{ "anonymous", SASL_ANONYMOUS, NULL, NULL, false, false, false },
	{ "ntlm", SASL_NTLM, NULL, NULL, true, false, false },
	{ "apop", 0, b64auth_apop, "the server's greeting", true, false, false },
	{ "encode", 0, b64auth_encode, NULL, false, true, true },
	{ "decode", 0, b64auth_decode, NULL, false, false, true },
	{ 0 },
};

enum {
	TAKE_AUTHZID = SASL_PLAIN | SASL_DIGEST_MD5 | SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256 |
			SASL_OAUTHBEARER | SASL_EXTERNAL,
	TAKE_NONCE = SASL_DIGEST_MD5 | SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256 | SASL_NTLM,
	TAKE_HOST = SASL_DIGEST_MD5 | SASL_OAUTHBEARER,
	NONCE_MIN = 8,
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
			"the first word is a mechanism (plain, login, ...), apop, encode or"
			" decode; -d takes a string apart");
}

/* A nonce stands in messages between commas and quotes. */
static bool is_nonce(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (text[n] <= ' ' || text[n] > '~' || strchr(",\"\\", text[n]))
			return false;
	return n >= NONCE_MIN;
}

static const char *misfit(const struct b64auth *b, const struct verb *v)
{
	if (b->authzid && !(v->mech & TAKE_AUTHZID))
		return "--authzid goes with plain, digest-md5, scram, oauthbearer and external";
	if (b->nonce && !(v->mech & TAKE_NONCE))
		return "--nonce goes with digest-md5, scram and ntlm";
	if (b->nonce && !is_nonce(b->nonce))
		return "--nonce takes 8 printable characters or more, no blank, comma, quote";
	if (b->host && !(v->mech & TAKE_HOST))
		return "--host goes with digest-md5 and oauthbearer";
	if ((b->line || b->pop3) && v->is_pipe)
		return "--line goes with mechanisms";
	if ((b->smtp || b->imap) && !v->mech)
		return "--smtp and --imap go with mechanisms";
	if (b->smtp + b->pop3 + b->imap > 1)
		return "one of --smtp, --pop3 and --imap";
	if (v->mech == SASL_DIGEST_MD5 && (!b->host || !(b->smtp || b->pop3 || b->imap)))
		return "digest-md5 needs --host and one of --smtp, --pop3 and --imap:"
		       " both are part of the digest";
	if (b->wrap && !v->is_encode)
		return "--wrap goes with encode";
	if (b->url && !v->is_pipe)
		return "--url goes with encode and decode";
	if (b->words.count > 0 && v->is_pipe)
		return "encode and decode work on standard input";
	if (b->words.count > 0 && !v->takes_operand)
		return "one word too many; the user name goes with -u, the password see --pass-file";
	return NULL;
}

static int run(struct b64auth *b)
{
	const struct verb *v = verbs;

	if (b->is_take)
		return b->authzid || b->wrap || b->url || b->nonce || b->host || b->line ?
				b64auth_wrong(b,
						"with -d go neither --url, --wrap nor the options that make a string") :
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
	return v->mech ? b64auth_make(b, v->mech) : v->run(b);
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
