/* notes - smtptalk's remarks beside the lines of a session
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "know/words.h"

#include <string.h>

static void note_banner(const struct reply *r, size_t i, struct buf *note)
{
	struct bytes software;

	if (r->code != 220 || i > 0)
		return;
	if (smtp_banner_software(reply_text(r, i), &software)) {
		buf_puts(note, "the banner names the software: ");
		buf_put(note, bytes_head(software, TALK_SHOWN_MAX));
	} else {
		buf_puts(note, "software name hidden");
	}
}

static void note_auth_list(const struct talk *t, struct bytes line, struct buf *note)
{
	struct smtp_caps caps = { 0 };
	struct bytes rest = bytes_skip(line, smtp_keyword(line).n);

	sasl_mechs_add(rest, &caps.mechs, &caps.other_mechs);
	if (!(caps.mechs & SASL_CLEAR))
		return;
	buf_puts(note,
			stream_is_tls(t->d.s)                   ? ": TLS hides it on the way" :
					stream_is_local(t->d.s) ? ": no TLS here, but loopback" :
								  ": no TLS here, the wire can be"
								  " read");
}

void smtptalk_note_mechs(struct smtptalk *s)
{
	const struct reply *r = &s->talk.d.reply;
	struct bytes word;

	for (size_t i = 1; i < r->line_count; i++) {
		struct bytes list = reply_text(r, i);
		bool is_auth = bytes_word(&list, &word) && bytes_equal_nocase(word, BYTES("AUTH"));
		while (is_auth && bytes_word(&list, &word)) {
			struct buf note = BUF(TALK_NOTE_MAX);
			buf_put(&note, bytes_head(word, TALK_SHOWN_MAX));
			buf_puts(&note, ": ");
			if (words_put(&note, WORDS_MECH, word))
				transcript_note(&s->talk.transcript, buf_text(&note));
			buf_free(&note);
		}
	}
}

/* A proxy in front greets by another name than the server behind it. */
static void note_name(const struct talk *t, struct bytes line, struct buf *note)
{
	const struct smtptalk *s = (const struct smtptalk *)t; /* its first member */
	struct bytes name = smtp_banner_host(line);

	if (name.n > 0 && s->banner_host[0] && !bytes_equal_nocase(name, bytes_of(s->banner_host)))
		buf_printf(note, "another name than the banner's, %s", s->banner_host);
}

static void note_ehlo(const struct talk *t, const struct reply *r, size_t i, struct buf *note)
{
	struct bytes line = reply_text(r, i);

	if (r->code != 250)
		return;
	if (i == 0) {
		note_name(t, line, note);
		return;
	}
	if (!words_put(note, WORDS_EHLO, line))
		return;
	if (bytes_starts_nocase(line, BYTES("AUTH ")))
		note_auth_list(t, line, note);
}

static void note_auth(const struct reply *r, size_t i, struct buf *note)
{
	if (r->code == 235 && i + 1 == r->line_count)
		buf_puts(note, "user and password are right");
	else if (r->code == 334)
		talk_note_challenge(reply_text(r, i), note);
}

static void note_data(const struct reply *r, size_t i, struct buf *note)
{
	struct bytes id;

	if (r->code == 354)
		buf_puts(note, "message text, up to a lone dot");
	else if (r->code / 100 == 2 && smtp_queue_id(reply_text(r, i), &id)) {
		buf_puts(note, "queue id ");
		buf_put(note, id);
	}
}

void smtptalk_annotate(struct talk *t, const struct reply *r, size_t i, struct buf *note)
{
	if (strcmp(t->stage, "banner") == 0)
		note_banner(r, i, note);
	else if (strcmp(t->stage, "ehlo") == 0)
		note_ehlo(t, r, i, note);
	else if (strcmp(t->stage, "auth") == 0)
		note_auth(r, i, note);
	else if (strcmp(t->stage, "mail") == 0 && r->code == 250)
		buf_puts(note, "the envelope sender can be forged");
	else if (strcmp(t->stage, "rcpt") == 0 && r->code == 251)
		buf_puts(note, "not local here; it will be forwarded");
	else if (strcmp(t->stage, "data") == 0)
		note_data(r, i, note);
}
