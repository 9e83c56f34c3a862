/* auth - logs in over a dialog: SASL, USER/PASS, APOP
 * SPDX-License-Identifier: MIT */
#include "talk/auth.h"

#include "proto/b64.h"
#include "proto/hash.h"
#include "proto/imap.h"

enum { AUTH_LINE_MAX = 12288 }; /* RFC 4954 4: the longest line of the exchange */

bool auth_may_send(const struct stream *s, const struct tls_facts *tls, bool insecure,
		struct err *e)
{
	if (insecure || stream_is_local(s))
		return true;
	if (!stream_is_tls(s))
		return err_set(e, ERR_POLICY,
				"the connection to %s is not encrypted: the password was not sent",
				stream_peer(s));
	if (tls->faults & TLS_CERT_FAULTS)
		return err_set(e, ERR_POLICY,
				"%s is not proven to be the right server (%s): the password was not sent",
				stream_peer(s), tls_fault_text(tls->faults));
	return true;
}

unsigned auth_pick(unsigned offered)
{
	/* SCRAM shows nobody the password and proves the server too. Then PLAIN before the MD5
	 * mechanisms: it is the plainest proof that name and password are right, servers with
	 * hashed passwords can do nothing else, and where it is offered the wire was found safe.
	 * Tokens and certificates are no password: never picked, only asked for. */
	static const unsigned order[] = { SASL_SCRAM_SHA_256, SASL_SCRAM_SHA_1, SASL_PLAIN,
		SASL_LOGIN, SASL_DIGEST_MD5, SASL_CRAM_MD5, SASL_NTLM };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (offered & order[i])
			return order[i];
	return 0;
}

static void put_hidden(struct buf *out, const struct sasl *s)
{
	buf_puts(out, "<hidden: user \"");
	buf_put(out, s->creds.user);
	buf_printf(out, "\", %s %zu bytes>", s->mech & SASL_TOKEN ? "token" : "password",
			s->creds.password.n);
}

/* What goes out for one message of the mechanism, and how it may be shown. */
struct auth_line {
	struct buf sent, shown;
};

static void line_free(struct auth_line *l)
{
	buf_free(&l->sent);
	buf_free(&l->shown);
}

static struct auth_line line_new(void)
{
	return (struct auth_line){ BUF_SECRET(AUTH_LINE_MAX), BUF_SECRET(AUTH_LINE_MAX) };
}

/* LOGIN's first answer is the name alone, which is no secret, nor are EXTERNAL's and ANONYMOUS's;
 * nothing is in the empty message behind a server's proof, and in the answer to the refusal of a
 * token; all others carry the password or a proof of it. */
static void put_message(struct auth_line *l, const struct dialog *d, const struct sasl *s,
		struct bytes message)
{
	bool is_open = message.n == 0 || (s->mech == SASL_LOGIN && s->step == 1) ||
			s->mech == SASL_EXTERNAL || s->mech == SASL_ANONYMOUS ||
			(s->mech & SASL_TOKEN && s->step > 1);

	b64_encode(message, &l->sent);
	if (d->show_secrets || is_open)
		b64_encode(message, &l->shown);
	else if (s->mech == SASL_LOGIN)
		buf_printf(&l->shown, "<hidden: password %zu bytes>", s->creds.password.n);
	else
		put_hidden(&l->shown, s);
}

static bool cancel(struct dialog *d, const char *why)
{
	struct err reason = { 0 };

	err_set(&reason, ERR_EXCHANGE, "%s; cancelled with \"*\"", why);
	if (dialog_command(d, BYTES("*"), BYTES("*"), DIALOG_REPLY_MS))
		d->err = reason;
	return false;
}

/* Past what an IMAP server says of its own accord ("* OK still here"). */
static bool past_untagged(struct dialog *d)
{
	while (d->proto == PROTO_IMAP && bytes_starts(reply_line(&d->reply, 0), BYTES("* ")))
		if (!dialog_read_reply(d, DIALOG_REPLY_MS))
			return false;
	return true;
}

static bool send_line(struct dialog *d, const struct auth_line *line)
{
	if (line->sent.overflow)
		return err_set(&d->err, ERR_USAGE, "user name and password are too long");
	return dialog_command(d, buf_bytes(&line->sent), buf_bytes(&line->shown),
			       DIALOG_REPLY_MS) &&
			past_untagged(d);
}

/* Answers the challenge in d->reply. */
static bool answer(struct dialog *d, struct sasl *s)
{
	struct auth_line line = line_new();
	struct buf challenge = BUF(AUTH_LINE_MAX), message = BUF_SECRET(AUTH_LINE_MAX);
	const char *why = NULL;
	size_t at = 0;
	bool ok;

	struct bytes text = bytes_trim(reply_text(&d->reply, 0));
	if (bytes_equal(text, BYTES("="))) /* seen for an empty one, as initial responses have it */
		text = BYTES("");
	enum b64_fault fault = b64_decode(text, &challenge, &at);
	/* LOGIN's prompt is decoration, and so is what asks for our own first message; some
	 * servers send it unencoded ("334 NTLM supported": Exim 4.98, Exchange) */
	bool is_prompt = s->mech == SASL_LOGIN ||
			(s->step == 0 && !(s->mech & (SASL_CRAM_MD5 | SASL_DIGEST_MD5)));
	if (fault != B64_OK && !is_prompt)
		ok = cancel(d, "the server's challenge is not base64");
	else if (sasl_step(s, buf_bytes(&challenge), &message, &why) == SASL_FAILED)
		ok = cancel(d, why);
	else {
		put_message(&line, d, s, buf_bytes(&message));
		ok = send_line(d, &line);
	}
	buf_free(&challenge);
	buf_free(&message);
	line_free(&line);
	return ok;
}

/* The command, with the first message where the mechanism has one. */
static bool begin(struct dialog *d, struct sasl *s, bool has_initial)
{
	struct auth_line line = line_new();
	struct buf message = BUF_SECRET(AUTH_LINE_MAX);
	const char *why = NULL;
	bool ok = true;

	if (d->proto == PROTO_IMAP)
		dialog_tag(d, &line.sent);
	buf_printf(&line.sent, "%s %s", d->proto == PROTO_IMAP ? "AUTHENTICATE" : "AUTH",
			sasl_mech_name(s->mech));
	buf_put(&line.shown, buf_bytes(&line.sent));
	size_t command = line.sent.n;
	if (has_initial) {
		ok = sasl_step(s, (struct bytes){ NULL, 0 }, &message, &why) != SASL_FAILED ||
				err_set(&d->err, ERR_USAGE, "%s", why);
		/* an empty initial response is "=": RFC 4954 4, RFC 4959 3 */
		buf_puts(&line.sent, message.n == 0 ? " =" : " ");
		buf_puts(&line.shown, message.n == 0 ? " =" : " ");
		put_message(&line, d, s, buf_bytes(&message));
	}
	if (line.sent.n > sasl_command_max(d->proto)) { /* then the go-ahead is waited for */
		line.sent.n = line.shown.n = command;
		s->step = 0;
	}
	ok = ok && send_line(d, &line);
	buf_free(&message);
	line_free(&line);
	return ok;
}

/* Until the server decides. */
static bool answer_all(struct dialog *d, struct sasl *s, bool has_initial)
{
	enum { ROUNDS_MAX = 6 };

	for (int round = 0; dialog_is_continue(d); round++) {
		if (round == ROUNDS_MAX)
			return cancel(d, "the server asks without end");
		/* 334 although the response went along (seen: Exim with other server_prompts):
		 * it wants the same again */
		if (has_initial && round == 0 && s->mech == SASL_PLAIN)
			s->step = 0;
		if (!answer(d, s))
			return false;
	}
	return true;
}

/* The host as it was asked for, without its port and brackets. */
static struct bytes host_of(const struct stream *to)
{
	struct bytes host = bytes_of(stream_peer(to));

	if (bytes_starts(host, BYTES("[")))
		return bytes_head(bytes_skip(host, 1), bytes_find(host, ']') - 1);
	return bytes_head(host, bytes_find(host, ':'));
}

bool auth_start(struct sasl *s, char nonce[AUTH_NONCE_MAX], const struct stream *to,
		enum proto proto, const struct auth_how *how)
{
	static const char *const services
			[] = { [PROTO_SMTP] = "smtp", [PROTO_POP3] = "pop", [PROTO_IMAP] = "imap" };
	struct world *w = stream_world(to);
	unsigned char random[AUTH_NONCE_MAX / 2];
	bool has_initial = sasl_begin(s, how->mech, how->creds) && !how->no_initial;

	w->random(w, random, sizeof(random));
	hash_hex(random, sizeof(random), nonce);
	s->about = (struct sasl_about){ .nonce = bytes_of(nonce),
		.service = bytes_of(services[proto]),
		.host = host_of(to) };
	/* LOGIN and NTLM have no initial response in any RFC: servers differ, so it is not sent */
	return has_initial && !(how->mech & (SASL_LOGIN | SASL_NTLM));
}

bool auth_run(struct dialog *d, const struct auth_how *how)
{
	char nonce[AUTH_NONCE_MAX];
	const char *why = NULL;
	struct sasl s;
	bool has_initial = auth_start(&s, nonce, d->s, d->proto, how);
	bool ok = (sasl_fits(&s, &why) || err_set(&d->err, ERR_USAGE, "%s", why)) &&
			begin(d, &s, has_initial) && answer_all(d, &s, has_initial);

	if (ok && dialog_is_ok(d) && !sasl_may_believe(&s, &why))
		ok = err_set(&d->err, ERR_EXCHANGE, "%s", why);
	sasl_end(&s);
	return ok;
}

bool auth_sasl(struct dialog *d, unsigned mech, const struct sasl_creds *creds)
{
	return auth_run(d, &(struct auth_how){ .mech = mech, .creds = creds });
}

bool auth_user_pass(struct dialog *d, const struct sasl_creds *creds)
{
	struct auth_line line = line_new();

	buf_puts(&line.sent, "USER ");
	buf_put(&line.sent, creds->user);
	bool ok = dialog_command(d, buf_bytes(&line.sent), buf_bytes(&line.sent), DIALOG_REPLY_MS);
	if (ok && dialog_is_ok(d)) {
		buf_clear(&line.sent);
		buf_puts(&line.sent, "PASS ");
		buf_put(&line.sent, creds->password);
		buf_printf(&line.shown, "PASS <hidden, %zu bytes>", creds->password.n);
		ok = dialog_command(d, buf_bytes(&line.sent),
				buf_bytes(d->show_secrets ? &line.sent : &line.shown),
				DIALOG_REPLY_MS);
	}
	line_free(&line);
	return ok;
}

bool auth_login(struct dialog *d, const struct sasl_creds *creds)
{
	struct auth_line line = line_new();

	dialog_tag(d, &line.sent);
	buf_puts(&line.sent, "LOGIN ");
	bool ok = imap_quote(creds->user, &line.sent);
	buf_put(&line.shown, buf_bytes(&line.sent));
	buf_putc(&line.sent, ' ');
	buf_printf(&line.shown, " <hidden, %zu bytes>", creds->password.n);
	if (!ok || !imap_quote(creds->password, &line.sent))
		ok = err_set(&d->err, ERR_USAGE,
				"LOGIN cannot carry 8-bit octets: try --auth PLAIN");
	else
		ok = dialog_command(d, buf_bytes(&line.sent),
				buf_bytes(d->show_secrets ? &line.sent : &line.shown),
				DIALOG_REPLY_MS);
	line_free(&line);
	return ok;
}

bool auth_apop(struct dialog *d, const struct sasl_creds *creds, struct bytes stamp)
{
	struct auth_line line = line_new();

	buf_puts(&line.sent, "APOP ");
	buf_put(&line.sent, creds->user);
	buf_putc(&line.sent, ' ');
	buf_put(&line.shown, buf_bytes(&line.sent));
	sasl_apop(&line.sent, stamp, creds->password);
	buf_puts(&line.shown, "<hidden: digest of stamp and password>");
	bool ok = dialog_command(d, buf_bytes(&line.sent),
			buf_bytes(d->show_secrets ? &line.sent : &line.shown), DIALOG_REPLY_MS);
	line_free(&line);
	return ok;
}
