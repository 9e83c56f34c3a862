/* names - what a server calls itself, and offers
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>

static bool same_host(struct bytes a, const char *b)
{
	struct bytes name = bytes_of(b);

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return bytes_equal_nocase(a, name);
}

void smtptalk_banner_name(struct smtptalk *s)
{
	struct buf name = BUF(sizeof(s->banner_host) - 1);

	buf_put(&name, smtp_banner_host(reply_text(&s->talk.d.reply, 0)));
	memcpy(s->banner_host, buf_text(&name), name.n + 1);
	buf_free(&name);
}

/* Asked only where an answer can mean something: loopback and private paths have no PTR to match,
 * and no resolver is no fault of the server's. */
void smtptalk_check_ptr(struct smtptalk *s)
{
	enum { PTR_MS = 3000 };
	struct talk *t = &s->talk;
	struct dns_options o = { .server = s->talk.common->dns,
		.deadline_ms = dialog_deadline(&t->d, PTR_MS) };
	struct dns_answer *answer = xmalloc(sizeof(*answer));
	struct addr a;
	struct err e;
	struct buf note = BUF(TALK_NOTE_MAX);

	if (s->banner_host[0] && !t->transcript.off && !s->talk.common->stable &&
			!stream_is_local(t->d.s) && addr_parse(&a, stream_peer_ip(t->d.s), 0, &e) &&
			dns_ptr(t->w, &a, &o, answer, &e) && answer->count > 0) {
		bool matches = false;
		for (size_t i = 0; i < answer->count; i++)
			matches |= same_host(bytes_of(s->banner_host), answer->at[i].name);
		buf_printf(&note, "PTR of %s: %s; the banner's name %s", stream_peer_ip(t->d.s),
				answer->at[0].name, matches ? "matches" : "is another");
		transcript_note(&t->transcript, buf_text(&note));
	}
	buf_free(&note);
	free(answer);
}

void smtptalk_masked(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct finding f = talk_finding(t, "ehlo");
	struct report_verdict v = { .status = REPORT_WARNING, .stage = "ehlo" };
	struct buf fact = BUF(TALK_NOTE_MAX);

	for (size_t i = 1; i < t->d.reply.line_count && fact.n == 0; i++) {
		struct bytes word = smtp_keyword(reply_text(&t->d.reply, i));
		if (!bytes_starts(word, BYTES("XXX")))
			continue;
		advice_read_reply(reply_line(&t->d.reply, i), &f);
		buf_puts(&fact, "the list holds \"");
		buf_put(&fact, bytes_head(word, TALK_SHOWN_MAX));
		buf_puts(&fact,
				word.n == sizeof("STARTTLS") - 1 ?
						"\": as many letters as STARTTLS" :
						"\"");
	}
	v.fact = buf_text(&fact);
	report_advise(&t->report, &v, &f);
	buf_free(&fact);
}
