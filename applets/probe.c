/* probe - what a server shows before a login, a verdict each
 * SPDX-License-Identifier: MIT */
#include "applets/probe.h"

static void add(struct talk *t, const char *stage, enum report_status status, const char *error,
		struct buf *fact)
{
	struct finding f = talk_finding(t, stage);
	struct report_verdict v = { .status = status, .stage = stage, .fact = buf_text(fact) };

	f.error = error;
	if (error)
		report_advise(&t->report, &v, &f);
	else
		report_add(&t->report, &v);
}

void probe_banner(struct talk *t)
{
	struct buf fact = BUF(TALK_NOTE_MAX);

	struct bytes line = reply_line(&t->d.reply, 0), text = reply_text(&t->d.reply, 0);

	if (t->proto == PROTO_IMAP && bytes_starts(text, BYTES("["))) /* told below */
		line = bytes_trim(bytes_skip(text, bytes_find(text, ']') + 1));
	buf_puts(&fact, "the server greets: ");
	buf_put(&fact, bytes_head(line, TALK_SHOWN_MAX));
	add(t, "banner", REPORT_OK, NULL, &fact);
	buf_free(&fact);
}

static void probe_words(struct talk *t, struct bytes words, struct buf *fact)
{
	struct bytes line, word;

	buf_puts(fact, words.n > 0 ? "offers" : "the list was given");
	while (bytes_line(&words, &line))
		if (bytes_word(&line, &word)) {
			buf_putc(fact, ' ');
			buf_put(fact, word);
		}
	add(t, "ehlo", REPORT_OK, NULL, fact);
}

static void probe_tls(struct talk *t, bool has_starttls, struct buf *fact)
{
	const struct tls_facts *tls = &t->facts.tls;

	if (stream_is_tls(t->d.s)) {
		buf_printf(fact, "%s, %s", tls->version, tls->suite);
		add(t, "tls", REPORT_OK, NULL, fact);
		if (tls->faults & TLS_CERT_FAULTS || tls->chain_count == 0)
			return;
		buf_clear(fact);
		talk_put_certificate(t, fact);
		add(t, "cert", REPORT_OK, NULL, fact);
	} else if (t->common->tls == OPT_TLS_NONE) {
		buf_puts(fact, "not tried, as asked");
		add(t, "tls", REPORT_UNKNOWN, NULL, fact);
	} else if (!has_starttls) {
		buf_printf(fact, "%s is not offered", t->proto == PROTO_POP3 ? "STLS" : "STARTTLS");
		add(t, "tls", REPORT_WARNING, "starttls-missing", fact);
	}
}

static void probe_auth(struct talk *t, const struct probe_offer *o, struct buf *fact)
{
	bool is_clear = (o->mechs & SASL_CLEAR || o->password) && !stream_is_tls(t->d.s) &&
			!stream_is_local(t->d.s);

	for (unsigned bit = 1; bit && bit <= o->mechs; bit <<= 1)
		if (o->mechs & bit)
			buf_printf(fact, "%s%s", fact->n > 0 ? " " : "", sasl_mech_name(bit));
	if (o->other_mechs)
		buf_printf(fact, "%s%zu not known here", fact->n > 0 ? " and " : "",
				o->other_mechs);
	if (o->password)
		buf_printf(fact, "%s%s", fact->n > 0 ? ", " : "", o->password);
	/* a mail exchanger takes mail from strangers and need not offer it */
	if (fact->n == 0) {
		bool is_mx = t->proto == PROTO_SMTP && t->ep.port == 25;
		buf_puts(fact, "no login is offered");
		add(t, "auth", is_mx ? REPORT_OK : REPORT_WARNING, is_mx ? NULL : "auth-missing",
				fact);
		return;
	}
	buf_puts(fact, is_clear ? " offered without TLS" : " offered");
	add(t, "auth", is_clear ? REPORT_WARNING : REPORT_OK, is_clear ? "auth-in-clear" : NULL,
			fact);
}

void probe_rest(struct talk *t, const struct probe_offer *o)
{
	struct buf fact = BUF(REPORT_FACT_MAX);

	probe_words(t, o->words, &fact);
	buf_clear(&fact);
	probe_tls(t, o->has_starttls, &fact);
	buf_clear(&fact);
	probe_auth(t, o, &fact);
	buf_free(&fact);
}
