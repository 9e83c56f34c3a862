/* auth - logs in over a dialog: SASL, USER/PASS, APOP
 * SPDX-License-Identifier: MIT */
#include "talk/auth.h"

#include "proto/b64.h"

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
	unsigned usable = offered & SASL_IMPLEMENTED;
	unsigned best = 0;

	/* PLAIN is SASL's plainest proof that name and password are right, and servers with
	 * hashed passwords can do nothing else; where it is offered the wire was found safe.
	 * CRAM-MD5 only where it is alone. */
	for (unsigned bit = 1; bit <= usable; bit <<= 1)
		if (usable & bit && bit != SASL_CRAM_MD5)
			best = bit;
	return best ? best : usable & SASL_CRAM_MD5;
}

void auth_shown(struct buf *out, const struct sasl_creds *creds)
{
	buf_puts(out, "<hidden: user \"");
	buf_put(out, creds->user);
	buf_printf(out, "\", password %zu bytes>", creds->password.n);
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

/* LOGIN's first answer is the name alone, which is no secret; all others carry the password or a
 * proof of it. */
static void put_message(struct auth_line *l, const struct dialog *d, const struct sasl *s,
		struct bytes message)
{
	bool is_login_user = s->mech == SASL_LOGIN && s->step == 1;

	b64_encode(message, &l->sent);
	if (d->show_secrets || is_login_user)
		b64_encode(message, &l->shown);
	else if (s->mech == SASL_LOGIN)
		buf_printf(&l->shown, "<hidden: password %zu bytes>", s->creds.password.n);
	else
		auth_shown(&l->shown, &s->creds);
}

static bool cancel(struct dialog *d, const char *why)
{
	struct err reason = { 0 };

	err_set(&reason, ERR_PROTOCOL, "%s; cancelled with \"*\"", why);
	if (dialog_command(d, BYTES("*"), BYTES("*"), DIALOG_REPLY_MS))
		d->err = reason;
	return false;
}

/* Answers the challenge in d->reply. */
static bool answer(struct dialog *d, struct sasl *s)
{
	struct auth_line line = line_new();
	struct buf challenge = BUF(AUTH_LINE_MAX), message = BUF_SECRET(AUTH_LINE_MAX);
	const char *why = NULL;
	size_t at = 0;
	bool ok;

	enum b64_fault fault = b64_decode(bytes_trim(reply_text(&d->reply, 0)), &challenge, &at);
	/* LOGIN's prompt is decoration, and some servers send it unencoded */
	if (fault != B64_OK && s->mech != SASL_LOGIN)
		ok = cancel(d, "the server's challenge is not base64");
	else if (sasl_step(s, buf_bytes(&challenge), &message, &why) == SASL_FAILED)
		ok = cancel(d, why);
	else {
		put_message(&line, d, s, buf_bytes(&message));
		ok = dialog_command(d, buf_bytes(&line.sent), buf_bytes(&line.shown),
				DIALOG_REPLY_MS);
	}
	buf_free(&challenge);
	buf_free(&message);
	line_free(&line);
	return ok;
}

static bool begin(struct dialog *d, struct sasl *s, bool has_initial)
{
	struct auth_line line = line_new();
	struct buf message = BUF_SECRET(AUTH_LINE_MAX);
	const char *why = NULL;
	bool ok = true;

	buf_printf(&line.sent, "AUTH %s", sasl_mech_name(s->mech));
	buf_put(&line.shown, buf_bytes(&line.sent));
	if (has_initial) {
		ok = sasl_step(s, (struct bytes){ NULL, 0 }, &message, &why) != SASL_FAILED ||
				err_set(&d->err, ERR_USAGE, "%s", why);
		buf_putc(&line.sent, ' ');
		buf_putc(&line.shown, ' ');
		if (message.n == 0)
			buf_putc(&line.sent, '='); /* an empty initial response: RFC 4954 4 */
		put_message(&line, d, s, buf_bytes(&message));
	}
	if (ok)
		ok = dialog_command(d, buf_bytes(&line.sent), buf_bytes(&line.shown),
				DIALOG_REPLY_MS);
	buf_free(&message);
	line_free(&line);
	return ok;
}

bool auth_sasl(struct dialog *d, unsigned mech, const struct sasl_creds *creds)
{
	enum { ROUNDS_MAX = 6 };
	struct sasl s;
	bool has_initial = sasl_begin(&s, mech, creds);

	/* LOGIN has no initial response in any RFC: servers differ, so it is not sent */
	if (mech == SASL_LOGIN)
		has_initial = false;
	if (!begin(d, &s, has_initial))
		return false;
	for (int round = 0; dialog_is_continue(d); round++) {
		if (round == ROUNDS_MAX)
			return cancel(d, "the server asks without end");
		/* 334 although the response went along (seen: Exim with other server_prompts):
		 * it wants the same again */
		if (has_initial && round == 0 && mech == SASL_PLAIN)
			sasl_begin(&s, mech, creds);
		if (!answer(d, &s))
			return false;
	}
	return true;
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
