/* relay - smtptalk's --relay-test: foreign sender, foreign recipient, no message
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

enum { FORMS = 5 };

/* From here a yes says nothing: servers relay for their own networks, and for who logged in. */
static bool is_trusted_place(const struct smtptalk *s)
{
	return stream_is_local(s->talk.d.s) || s->talk.creds.user.n > 0 ||
			addr_is_private(bytes_of(stream_local_ip(s->talk.d.s)));
}

/* H stands for the server, U and D for the halves of the foreign address. */
static void put_form(const struct smtptalk *s, const char *form, struct buf *out)
{
	struct bytes to = bytes_of(s->o.to.count > 0 ? s->o.to.at[0] : "relay-test@example.net");
	size_t at = bytes_find(to, '@');

	for (; *form; form++) {
		if (*form == 'H')
			buf_puts(out, s->banner_host[0] ? s->banner_host : s->talk.ep.host);
		else if (*form == 'U')
			buf_put(out, bytes_head(to, at));
		else if (*form == 'D')
			buf_put(out, bytes_skip(to, at + 1));
		else
			buf_putc(out, (unsigned char)*form);
	}
}

static bool ask_form(struct smtptalk *s, const char *form, struct buf *taken)
{
	struct buf path = BUF(1024), line = BUF(1200);

	put_form(s, form, &path);
	bool ok = smtp_path_command(&line, "RCPT TO", buf_bytes(&path), BYTES("")) &&
			dialog_ask(&s->talk.d, buf_text(&line));
	if (ok && dialog_is_ok(&s->talk.d))
		buf_printf(taken, "%s<%s>", taken->n > 0 ? " " : "", buf_text(&path));
	buf_free(&path);
	buf_free(&line);
	return ok;
}

/* tried: forms that were answered before the server hung up, 0 = all. */
static void relay_verdict(struct smtptalk *s, bool is_open, const char *taken, size_t tried)
{
	struct talk *t = &s->talk;
	struct buf fact = BUF(TALK_NOTE_MAX);

	t->stage = "rcpt";
	if (taken[0])
		buf_printf(&fact, "relay: accepted %s", taken);
	else if (tried > 0)
		buf_printf(&fact,
				"relay: %zu of %d forms of a foreign recipient are refused, then the server hung up",
				tried, FORMS);
	else
		buf_puts(&fact, "relay: all forms of a foreign recipient are refused");
	if (is_trusted_place(s))
		talk_own(t, REPORT_UNKNOWN, "relay-vantage", buf_text(&fact));
	else if (is_open)
		talk_own(t, REPORT_CRITICAL, "relay-open", buf_text(&fact));
	else if (taken[0])
		talk_own(t, REPORT_WARNING, "relay-maybe", buf_text(&fact));
	else
		talk_ok(t, "rcpt", NULL, buf_text(&fact), "that other senders are refused, too");
	buf_free(&fact);
}

void smtptalk_relay_test(struct smtptalk *s)
{
	/* RFC 5321 C and the tests of relay blocklists; the plain one first */
	static const char *const forms[FORMS] = { "U@D", "U%D@H", "\"U@D\"@H", "@H:U@D", "D!U@H" };
	struct talk *t = &s->talk;
	struct buf taken = BUF(TALK_NOTE_MAX), line = BUF(1024);
	bool is_open = false, ok;
	size_t tried = 0;

	ok = smtp_path_command(&line, "MAIL FROM",
			bytes_of(s->o.from ? s->o.from : "relay-test@example.org"), BYTES(""));
	ok = ok && dialog_ask(&t->d, buf_text(&line));
	if (ok && !dialog_is_ok(&t->d)) {
		talk_refused(t, "mail", NULL);
	} else if (ok) {
		for (; ok && !t->d.is_over && tried < FORMS; tried++) {
			ok = ask_form(s, forms[tried], &taken);
			is_open = is_open || (tried == 0 && taken.n > 0);
		}
		/* chasquid 1.15 takes three refusals; a 421 at once is none of ours */
		if (ok && t->d.is_over && tried == 1)
			talk_refused(t, "rcpt", NULL);
		else if (ok)
			relay_verdict(s, is_open, buf_text(&taken), t->d.is_over ? tried - 1 : 0);
	}
	if (!ok)
		talk_failed(t, "rcpt");
	buf_free(&taken);
	buf_free(&line);
}
