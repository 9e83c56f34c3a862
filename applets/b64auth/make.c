/* make - the client's messages of a mechanism
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/b64auth.h"

#include "applets/b64auth/line.h"
#include "proto/b64.h"
#include "proto/hash.h"
#include "proto/pop3.h"
#include "proto/sasl.h"
#include "ui/json.h"

#include <string.h>

enum { JSON_MAX = 8 * B64AUTH_LINE_MAX };

struct made {
	struct bytes lines, due; /* due: what the server must still answer with */
	bool is_proven;
};

/* What is made is the product: standard output gets it whatever --show-secrets says. */
static void print(struct b64auth *b, const char *mech, const struct made *made)
{
	struct buf text = BUF_SECRET(JSON_MAX);
	struct bytes line, rest = made->lines;
	struct json j;

	if (!b->common.json) {
		out_put(&b->w->out, made->lines);
		if (made->due.n > 0)
			out_printf(&b->w->out, "server owes: %.*s\n", (int)made->due.n,
					(const char *)made->due.p);
		else if (made->is_proven)
			out_puts(&b->w->out,
					"the server's proof is right: it knows the password\n");
		return;
	}
	json_begin(&j, &text);
	json_str(&j, "type", "made");
	json_str(&j, "mechanism", mech);
	json_text(&j, "user", bytes_of(b->common.user));
	json_array(&j, "lines");
	while (bytes_line(&rest, &line))
		json_item(&j, line);
	json_close(&j);
	if (made->due.n > 0)
		json_text(&j, "server_owes", made->due);
	if (made->is_proven)
		json_bool(&j, "server_proven", true);
	json_end(&j);
	out_put(&b->w->out, buf_bytes(&text));
	buf_free(&text);
}

/* User and password. Without a user it is not even asked for a password. */
static bool get_creds(struct b64auth *b, struct buf *password, struct sasl_creds *creds)
{
	struct err e = { 0 };

	if (!b->common.user && !b->common.use_netrc)
		b64auth_wrong(b, "no user name: give it with -u");
	else if (!opt_password(b->w, &b->common, NULL, password, &e))
		b64auth_wrong(b, "%s", e.text);
	else if (!b->common.user)
		b64auth_wrong(b, "no user name: the netrc file has none; give it with -u");
	else {
		*creds = (struct sasl_creds){ bytes_of(b->authzid), bytes_of(b->common.user),
			buf_bytes(password), true };
		return true;
	}
	return false;
}

/* Text of a mechanism as it is before base64, not to be found in base64. */
static bool is_decoded(struct bytes text)
{
	return bytes_starts(text, BYTES("<")) || bytes_starts(text, BYTES("r=")) ||
			bytes_starts(text, BYTES("v=")) || bytes_starts(text, BYTES("e=")) ||
			bytes_starts(text, BYTES("{")) || bytes_starts(text, BYTES("rspauth=")) ||
			bytes_find(text, '"') < text.n;
}

/* A message of the server, be it "<...>" as decoded, or base64 alone or in its line "334 PDE4...". */
static bool read_message(struct bytes text, struct buf *message)
{
	struct b64auth_line line;

	text = bytes_trim(text);
	if (is_decoded(text))
		return buf_put(message, text);
	b64auth_read_line(text, &line);
	if (line.kind == B64AUTH_WORDS)
		line.text = b64auth_find(line.text, false);
	return b64_decode(line.text, message, NULL) == B64_OK && message->n > 0;
}

/* Takes the server's next message off the words; a status that the shell made a word of its own is
 * passed over. CRAM-MD5's is all of them: it may hold blanks. False: there is none left, or it is
 * wrong (*why). */
static bool next_message(struct b64auth *b, unsigned mech, struct buf *message, const char **why)
{
	struct buf words = BUF(B64AUTH_LINE_MAX);
	struct opt_list *list = &b->words;
	size_t used = list->count;
	bool is_status = used > 1 && (!strcmp(list->at[0], "334") || !strcmp(list->at[0], "+"));

	buf_clear(message);
	if (used == 0)
		return false;
	if (mech == SASL_CRAM_MD5) {
		b64auth_words(b, &words);
	} else {
		used = is_status ? 2 : 1;
		buf_puts(&words, list->at[used - 1]);
	}
	list->count -= used;
	memmove(list->at, list->at + used, list->count * sizeof(list->at[0]));
	bool ok = read_message(buf_bytes(&words), message);
	if (!ok)
		*why = "the challenge is neither base64 nor a message of this mechanism";
	buf_free(&words);
	return ok;
}

/* The command. A first message goes with it where it may: an empty one as "=" (RFC 4954 4), a long
 * one on a line of its own, which waits for the server to ask. */
static void put_command(struct b64auth *b, unsigned mech, bool has_initial, size_t message,
		struct buf *lines)
{
	enum proto proto = b->imap ? PROTO_IMAP : b->pop3 ? PROTO_POP3 : PROTO_SMTP;

	buf_puts(lines, b->imap ? "a1 AUTHENTICATE " : "AUTH ");
	buf_puts(lines, sasl_mech_name(mech));
	if (has_initial && message == 0)
		buf_puts(lines, " =");
	else if (has_initial && lines->n + 1 + (message + 2) / 3 * 4 <= sasl_command_max(proto))
		buf_putc(lines, ' ');
	else
		buf_putc(lines, '\n');
}

/* Runs the exchange as far as it goes. False, and why. */
static bool put_messages(struct b64auth *b, struct sasl *s, bool speaks_first, struct buf *lines,
		const char **why)
{
	struct buf message = BUF_SECRET(B64AUTH_LINE_MAX), challenge = BUF(B64AUTH_LINE_MAX);
	bool is_login = s->mech == SASL_LOGIN;
	bool has_initial = speaks_first && !is_login && s->mech != SASL_NTLM;

	if (b->line && !speaks_first)
		put_command(b, s->mech, false, 0, lines);
	for (;;) {
		bool is_first = s->step == 0 && speaks_first;
		if (!is_first && !(is_login && s->step < 2) &&
				!next_message(b, s->mech, &challenge, why))
			break;
		if (is_login && s->step == 2)
			break;
		if (s->step > 0 && !b->nonce && s->mech & SASL_MUTUAL) {
			*why = "this answers a message with a nonce: give that one with --nonce";
			buf_clear(&s->due); /* it was not compared */
			break;
		}
		buf_clear(&message);
		if (sasl_step(s, buf_bytes(&challenge), &message, why) == SASL_FAILED)
			break;
		if (b->line && is_first)
			put_command(b, s->mech, has_initial, message.n, lines);
		if (!s->is_proven && b64_encode(buf_bytes(&message), lines))
			buf_putc(lines, '\n');
	}
	if (lines->overflow && !*why)
		*why = "user name and password are too long";
	buf_free(&message);
	buf_free(&challenge);
	return !*why;
}

/* What is still owed by the server, so that it can be compared by eye. */
static void put_due(const struct sasl *s, struct buf *due)
{
	if (s->due.n > 0 && !s->is_proven)
		b64_encode(buf_bytes(&s->due), due);
}

static struct sasl_about about(const struct b64auth *b, const char *nonce)
{
	struct bytes host = bytes_of(b->host);
	size_t colon = bytes_find(host, ':');
	uint64_t port = 0;

	/* bare IPv6 has more colons than one, and then no port */
	if (bytes_is_uint(bytes_skip(host, colon + 1), 65535, &port))
		host = bytes_head(host, colon);
	return (struct sasl_about){ .nonce = bytes_of(b->nonce ? b->nonce : nonce),
		.service = bytes_of(b->imap             ? "imap" :
						b->pop3 ? "pop" :
							  "smtp"),
		.host = host,
		.port = (unsigned)port };
}

int b64auth_make(struct b64auth *b, unsigned mech)
{
	struct buf password = BUF_SECRET(OPT_SECRET_MAX), lines = BUF_SECRET(B64AUTH_LINE_MAX);
	struct buf due = BUF_SECRET(B64AUTH_LINE_MAX);
	struct sasl_creds creds = { bytes_of(b->authzid), bytes_of(b->common.user), { 0 }, true };
	bool no_password = mech & (SASL_EXTERNAL | SASL_ANONYMOUS);
	unsigned char random[16];
	char nonce[2 * sizeof(random) + 1];
	const char *why = NULL;
	struct sasl s;
	int code = 3;

	if (no_password || get_creds(b, &password, &creds)) {
		b->w->random(b->w, random, sizeof(random));
		hash_hex(random, sizeof(random), nonce);
		bool speaks_first = sasl_begin(&s, mech, &creds);
		s.about = about(b, nonce);
		bool ok = put_messages(b, &s, speaks_first, &lines, &why);
		put_due(&s, &due);
		bool is_refused = !ok && due.n > 0;
		if (ok || is_refused)
			print(b, sasl_mech_name(mech),
					&(struct made){ buf_bytes(&lines), buf_bytes(&due),
							s.is_proven });
		if (!ok)
			b64auth_wrong(b, "%s", why);
		code = ok ? 0 : is_refused ? 2 : 3;
		sasl_end(&s);
	}
	buf_free(&password);
	buf_free(&lines);
	buf_free(&due);
	return code;
}

int b64auth_apop(struct b64auth *b)
{
	struct buf password = BUF_SECRET(OPT_SECRET_MAX), line = BUF_SECRET(B64AUTH_LINE_MAX);
	struct buf banner = BUF(B64AUTH_LINE_MAX);
	struct sasl_creds creds;
	struct bytes stamp;
	bool ok = false;

	if (!b64auth_words(b, &banner) || !pop3_apop_stamp(buf_bytes(&banner), &stamp))
		b64auth_wrong(b,
				"no time stamp <...@...> in the greeting: this server has no APOP");
	else
		ok = get_creds(b, &password, &creds);
	if (ok) {
		if (b->line) {
			buf_puts(&line, "APOP ");
			buf_put(&line, creds.user);
			buf_putc(&line, ' ');
		}
		sasl_apop(&line, stamp, creds.password);
		buf_putc(&line, '\n');
		print(b, "APOP", &(struct made){ .lines = buf_bytes(&line) });
	}
	buf_free(&password);
	buf_free(&line);
	buf_free(&banner);
	return ok ? 0 : 3;
}
