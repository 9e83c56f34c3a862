/* smuggle - what a server takes for the end of a message
 * SPDX-License-Identifier: MIT
 *
 * Where a sending server passes on other line ends round the dot, and the receiving one takes them
 * for the end, what follows is read as commands: a second mail in the first one's name. Here only
 * NOOP follows, and a server that took nothing gets no true end, so nothing is delivered; where it
 * did take it, the test message arrives, as the user asked for.
 */
#include "applets/smtptalk/smtptalk.h"

enum { WAIT_MS = 1000, WAIT_MAX_MS = 50 * 1000, MORE_MS = 1000, VARIANT_MAX = 24 };

/* The variants of the reports (SEC Consult 2023, CVE-2023-51764 to 51766) and their kin. */
static const struct bytes variants[] = {
	BYTES("\n.\n"),
	BYTES("\n.\r\n"),
	BYTES("\r\n.\n"),
	BYTES("\r.\r"),
	BYTES("\r.\r\n"),
	BYTES("\r\n.\r"),
	BYTES("\r.\n"),
	BYTES("\n.\r"),
	BYTES("\r\n\0.\r\n"),
	BYTES("\r\r\n.\r\r\n"),
};

enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

enum outcome { NOT_TAKEN, TAKEN, REFUSED, FAILED };

static void put_variant(struct bytes v, struct buf *out)
{
	for (size_t i = 0; i < v.n; i++)
		switch (v.p[i]) {
		case '\r':
			buf_puts(out, "\\r");
			break;
		case '\n':
			buf_puts(out, "\\n");
			break;
		case '\0':
			buf_puts(out, "\\0");
			break;
		default:
			buf_putc(out, v.p[i]);
		}
}

/* To where the text is awaited. */
static bool begin_data(struct smtptalk *s, const struct smtptalk_letter *letter)
{
	struct dialog *d = &s->talk.d;
	struct bytes rcpts = buf_bytes(&letter->rcpts), line = bytes_trim(buf_bytes(&letter->mail));
	bool ok = dialog_command(d, line, line, DIALOG_REPLY_MS) && dialog_is_ok(d);

	while (ok && bytes_line(&rcpts, &line))
		ok = dialog_command(d, line, line, DIALOG_REPLY_MS) && dialog_is_ok(d);
	return ok && dialog_ask(d, "DATA") && dialog_is_continue(d);
}

/* The answer, where one came, goes to said. After a refusal a second answer, NOOP's, tells that
 * the server reads commands again. */
static enum outcome try_variant(struct smtptalk *s, const struct smtptalk_letter *letter,
		struct bytes variant, uint64_t wait_ms, struct buf *said)
{
	/* without its true end */
	static const struct bytes end = BYTES("\r\n.\r\n");
	struct dialog *d = &s->talk.d;
	struct buf wire = BUF(letter->text.n + VARIANT_MAX);

	buf_put(&wire, bytes_head(buf_bytes(&letter->text), letter->text.n - end.n));
	buf_put(&wire, variant);
	buf_puts(&wire, "NOOP\r\n");
	bool ok = begin_data(s, letter) && dialog_send_raw(d, buf_bytes(&wire));
	buf_free(&wire);
	if (!ok)
		return FAILED;
	if (!dialog_read_reply(d, wait_ms))
		return NOT_TAKEN;
	buf_put(said, bytes_head(reply_line(&d->reply, 0), TALK_SHOWN_MAX));
	if (dialog_is_ok(d))
		return TAKEN;
	if (d->is_over)
		return REFUSED;
	return dialog_read_reply(d, MORE_MS) && dialog_is_ok(d) ? TAKEN : REFUSED;
}

static void tell_variant(struct smtptalk *s, struct bytes variant, enum outcome outcome,
		struct bytes said)
{
	static const char *const words[] = {
		[NOT_TAKEN] = "is not taken",
		[TAKEN] = "ENDS the message",
		[REFUSED] = "is refused",
	};
	struct talk *t = &s->talk;
	struct buf text = BUF(TALK_NOTE_MAX);

	put_variant(variant, &text);
	if (t->transcript.json) {
		struct buf line = BUF(1024);
		struct json j;
		json_begin(&j, &line);
		json_str(&j, "type", "smuggle");
		json_str(&j, "variant", buf_text(&text));
		json_bool(&j, "taken", outcome == TAKEN);
		json_text(&j, "answer", said);
		json_end(&j);
		out_put(&t->w->out, buf_bytes(&line));
		buf_free(&line);
	} else {
		buf_printf(&text, " %s%s", words[outcome], said.n > 0 ? ": " : "");
		buf_put(&text, said);
		transcript_note(&t->transcript, buf_text(&text));
	}
	buf_free(&text);
}

/* Each in its own session, of which only the outcome is shown. */
static bool try_all(struct smtptalk *s, const struct smtptalk_letter *letter, uint64_t wait_ms,
		bool (*reopen)(struct smtptalk *s), struct buf *taken)
{
	struct talk *t = &s->talk;
	bool was_off = t->transcript.off;

	for (size_t i = 0; i < VARIANTS; i++) {
		struct buf said = BUF(TALK_SHOWN_MAX);
		t->transcript.off = true;
		bool ok = reopen(s) && (t->creds.user.n == 0 || smtptalk_login(s));
		enum outcome outcome =
				ok ? try_variant(s, letter, variants[i], wait_ms, &said) : FAILED;
		t->transcript.off = was_off;
		if (outcome == FAILED) {
			if (ok && t->d.err.kind == ERR_NONE)
				talk_refused(t, t->stage, NULL);
			else if (ok)
				talk_failed(t, t->stage);
			return false;
		}
		tell_variant(s, variants[i], outcome, buf_bytes(&said));
		buf_free(&said);
		if (outcome == TAKEN) {
			buf_puts(taken, taken->n > 0 ? " " : "");
			put_variant(variants[i], taken);
		} else {
			t->d.is_over = true; /* no QUIT: it would be text */
		}
	}
	return true;
}

void smtptalk_smuggle(struct smtptalk *s, bool (*reopen)(struct smtptalk *s))
{
	struct talk *t = &s->talk;
	struct buf taken = BUF(TALK_NOTE_MAX), fact = BUF(TALK_NOTE_MAX);
	uint64_t begun_ms = t->w->mono_ms(t->w);
	struct smtptalk_letter letter;

	/* a message with the true end first: is it taken at all, and how long does that take? */
	if (!smtptalk_send(s))
		return;
	uint64_t wait_ms = WAIT_MS + 3 * (t->w->mono_ms(t->w) - begun_ms);
	if (wait_ms > WAIT_MAX_MS)
		wait_ms = WAIT_MAX_MS;
	if (smtptalk_letter(s, &letter) && try_all(s, &letter, wait_ms, reopen, &taken)) {
		t->stage = "data";
		if (taken.n > 0) {
			buf_printf(&fact, "smuggling: taken for the end of a message: %s",
					buf_text(&taken));
			talk_own(t, REPORT_CRITICAL, "smuggling", buf_text(&fact));
		} else {
			buf_printf(&fact,
					"smuggling: none of %d other line ends round the dot ends a message",
					(int)VARIANTS);
			talk_ok(t, "data", NULL, buf_text(&fact),
					"that what it sends on to other servers is clean");
		}
	}
	smtptalk_letter_free(&letter);
	buf_free(&taken);
	buf_free(&fact);
}
