/* inject - is a command in clear behind STARTTLS run in TLS?
 * SPDX-License-Identifier: MIT
 *
 * A server that keeps what it has read already when TLS begins (CVE-2011-0411) lets whoever sits on
 * the way put commands in front of the client's own. Here NOOP stands for them, which does nothing,
 * and it is told by counting: where NOOP was run, each answer in TLS is that to the command before.
 */
#include "applets/smtptalk/smtptalk.h"

/* No look at what waits already, which dialog_command takes for unasked. */
static bool ask(struct smtptalk *s, const char *line)
{
	struct dialog *d = &s->talk.d;

	return dialog_send_line(d, bytes_of(line)) && dialog_read_reply(d, DIALOG_REPLY_MS);
}

static void judge(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct buf hello = BUF(ADDR_HOST_MAX + 8);
	bool ok;

	buf_printf(&hello, "EHLO %s", s->ehlo_name);
	ok = ask(s, buf_text(&hello)) && ask(s, "QUIT");
	buf_free(&hello);
	t->is_quit = true;
	t->stage = "tls";
	if (!ok)
		talk_failed(t, t->stage);
	else if (t->d.reply.code == 250) /* EHLO's: QUIT has 221 */
		talk_own(t, REPORT_CRITICAL, "starttls-kept",
				"a NOOP in clear behind STARTTLS was answered in TLS");
	else
		talk_ok(t, t->stage, NULL, "a NOOP in clear behind STARTTLS is not run in TLS",
				"the same of other ways to it: a proxy may end TLS in front");
}

void smtptalk_inject(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct tls_options o = talk_tls_options(t);
	struct buf fact = BUF(TALK_NOTE_MAX);

	t->stage = "tls";
	if (!(s->caps.has & SMTP_STARTTLS)) {
		talk_own(t, REPORT_UNKNOWN, stream_is_tls(t->d.s) ? NULL : "starttls-missing",
				"no STARTTLS to put a command behind");
		return;
	}
	transcript_line(&t->transcript, 'C', BYTES("STARTTLS, and NOOP in the same write"), NULL);
	if (!dialog_send_raw(&t->d, BYTES("STARTTLS\r\nNOOP\r\n")) ||
			!dialog_read_reply(&t->d, DIALOG_REPLY_MS)) {
		talk_failed(t, t->stage);
	} else if (!dialog_is_ok(&t->d)) {
		buf_puts(&fact, "STARTTLS with a NOOP behind it is refused: ");
		buf_put(&fact, bytes_head(reply_line(&t->d.reply, 0), TALK_SHOWN_MAX));
		talk_ok(t, t->stage, NULL, buf_text(&fact), "that TLS works without it");
	} else if (!dialog_handshake(&t->d, &o, &t->facts.tls)) {
		/* Dovecot 2.3 takes the NOOP for a broken ClientHello */
		buf_puts(&fact, "a NOOP in clear behind STARTTLS lets no TLS come about: ");
		buf_puts(&fact, t->d.err.text);
		talk_ok(t, t->stage, NULL, buf_text(&fact), "that TLS works without it");
	} else {
		talk_show_tls(t);
		judge(s);
	}
	buf_free(&fact);
}
