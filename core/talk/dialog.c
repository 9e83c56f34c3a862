/* dialog - one client conversation: greet, command, reply, STARTTLS
 * SPDX-License-Identifier: MIT */
#include "talk/dialog.h"

#include "sys/mem.h"

#include <stdio.h>

enum {
	WAIT_NOTE_AGAIN_MS = 5000,
	/* Message data has no known end, so its deadline moves, but only for progress that a
	 * byte a second does not make: DIALOG_REPLY_MS for each so many octets. */
	DATA_STRIDE = 16 * 1024,
};

void dialog_begin(struct dialog *d, struct world *w, struct stream *s, enum proto proto)
{
	d->w = w;
	d->s = s;
	d->proto = proto;
	d->asked_ms = w->mono_ms(w);
	if (d->deadline_ms == 0)
		d->deadline_ms = WORLD_FOREVER;
	buf_init(&d->in, DIALOG_CHUNK);
	reply_init(&d->reply, proto);
	d->response.text.max = IMAP_TEXT_MAX;
}

void dialog_end(struct dialog *d)
{
	stream_close(d->s);
	d->s = NULL;
	buf_free(&d->in);
	reply_free(&d->reply);
	buf_free(&d->response.text);
}

uint64_t dialog_deadline(const struct dialog *d, uint64_t ms)
{
	uint64_t until = d->w->mono_ms(d->w) + ms;

	return until < d->deadline_ms ? until : d->deadline_ms;
}

bool dialog_is_ok(const struct dialog *d)
{
	return d->reply.status == REPLY_OK;
}

bool dialog_is_continue(const struct dialog *d)
{
	return d->reply.status == REPLY_CONTINUE;
}

/* One stream_read until the deadline, telling the observer of long silences on the way. */
static enum io read_more(struct dialog *d, uint64_t begun_ms, uint64_t deadline_ms)
{
	for (;;) {
		uint64_t now = d->w->mono_ms(d->w);
		uint64_t waited = now - begun_ms;
		uint64_t pause = waited < DIALOG_WAIT_NOTE_MS ? DIALOG_WAIT_NOTE_MS - waited :
								WAIT_NOTE_AGAIN_MS;
		uint64_t until = now + pause < deadline_ms ? now + pause : deadline_ms;
		enum io io = stream_read(d->s, &d->in, until, &d->err);
		if (io != IO_TIMEOUT || until == deadline_ms)
			return io;
		if (d->ob && d->ob->waiting)
			d->ob->waiting(d->ob->ctx,
					(unsigned)((d->w->mono_ms(d->w) - begun_ms) / 1000));
	}
}

static const char *what_awaited(const struct dialog *d)
{
	return d->reply.raw.n > 0 ? "rest of the reply" : "reply";
}

static void read_failed(struct dialog *d, enum io io)
{
	const char *peer = stream_peer(d->s);
	uint64_t waited_ms = d->w->mono_ms(d->w) - d->asked_ms;

	if (io == IO_TIMEOUT)
		err_set(&d->err, ERR_TIMEOUT, "%s: no %s in %llu s", peer, what_awaited(d),
				(unsigned long long)((waited_ms + 500) / 1000));
	else if (io == IO_CLOSED)
		err_set(&d->err, ERR_CLOSED, "%s: closed where a %s was due", peer,
				what_awaited(d));
}

static bool tell_reply(struct dialog *d, bool is_whole)
{
	if (d->ob && d->ob->replied && d->reply.line_count > 0)
		d->ob->replied(d->ob->ctx, &d->reply);
	if (d->reply.code == 421 || d->reply.status == REPLY_BYE)
		d->is_over = true;
	return is_whole;
}

static bool reply_broke(struct dialog *d)
{
	unsigned faults = d->reply.faults;

	d->is_over = true;
	if (faults & REPLY_NOT_PROTO)
		err_set(&d->err, ERR_PROTOCOL, "%s: the answer is no reply of this protocol",
				stream_peer(d->s));
	else
		err_set(&d->err, ERR_PROTOCOL, "%s: a reply without end (%s passed)",
				stream_peer(d->s),
				faults & REPLY_TOO_MANY ? "4096 lines" :
							  "64 kB a line or 1 MB in all");
	return tell_reply(d, false);
}

/* The stream ended. A refusal that lacks only its line end is the peer's last word; anything
 * else may have been cut before its end, a queue id too. */
static bool refusal_is_whole(struct dialog *d)
{
	if (reply_eof(&d->reply) == REPLY_DONE && d->reply.status == REPLY_NO)
		return true;
	d->reply.faults |= REPLY_CUT;
	return false;
}

/* ---- IMAP: responses until the one with our tag ---- */

void dialog_tag(struct dialog *d, struct buf *line)
{
	snprintf(d->tag, sizeof(d->tag), "a%u", ++d->tags);
	buf_printf(line, "%s ", d->tag);
}

/* The reply is the response's first line; literals stay in d->response. */
static enum reply_state reply_of_response(struct dialog *d)
{
	struct bytes text = buf_bytes(&d->response.text);
	struct bytes line = bytes_head(text, bytes_find(text, '\n') + 1), end = BYTES("\r\n");

	if (line.n < REPLY_LINE_MAX)
		return reply_feed(&d->reply, &line);
	line = bytes_head(line, REPLY_LINE_MAX - end.n - 1);
	reply_feed(&d->reply, &line);
	return reply_feed(&d->reply, &end);
}

/* Takes what is there; *moved counts message data that was handed over. */
static enum reply_state feed_response(struct dialog *d, uint64_t *moved, bool *is_kept)
{
	struct bytes in = buf_bytes(&d->in), part;
	enum imap_state state;

	while ((state = imap_feed(&d->response, &in, &part)) == IMAP_PART) {
		*moved += part.n;
		if (d->untagged && d->untagged->part && *is_kept)
			*is_kept = d->untagged->part(d->untagged->ctx, part);
	}
	buf_drop(&d->in, d->in.n - in.n);
	if (state == IMAP_TOO_LONG) {
		d->reply.faults |= REPLY_TOO_LONG;
		return REPLY_BROKEN;
	}
	return state == IMAP_MORE ? REPLY_MORE : reply_of_response(d);
}

/* Is this what the command waits for? Before it come untagged responses. */
static bool is_answer(const struct dialog *d)
{
	struct bytes line = reply_line(&d->reply, 0), tag = bytes_of(d->tag), word;

	return tag.n == 0 || dialog_is_continue(d) ||
			(bytes_word(&line, &word) && bytes_equal(word, tag));
}

/* "* BYE" ends the conversation, but LOGOUT's own answer may follow. */
static bool nothing_follows_bye(struct dialog *d)
{
	struct err none = { 0 };

	return d->is_over && d->in.n == 0 &&
			stream_read(d->s, &d->in, dialog_deadline(d, DIALOG_LAST_WORD_MS), &none) !=
			IO_OK;
}

static bool read_tagged(struct dialog *d, uint64_t timeout_ms)
{
	uint64_t begun = d->w->mono_ms(d->w), moved = 0, mark = DATA_STRIDE;
	uint64_t deadline = dialog_deadline(d, timeout_ms);
	bool is_kept = true;

	imap_reader_reset(&d->response);
	for (;;) {
		enum reply_state state = feed_response(d, &moved, &is_kept);
		if (!is_kept) {
			d->is_over = true;
			return err_set(&d->err, ERR_LOCAL, "what was received could not be kept");
		}
		if (state == REPLY_BROKEN)
			return reply_broke(d);
		if (state == REPLY_DONE) {
			tell_reply(d, true);
			if (is_answer(d) || nothing_follows_bye(d))
				return true;
			if (d->untagged && d->untagged->response)
				d->untagged->response(d->untagged->ctx,
						buf_bytes(&d->response.text));
			moved += d->response.text.n;
			reply_reset(&d->reply);
			imap_reader_reset(&d->response);
			continue;
		}
		if (moved >= mark) {
			begun = d->w->mono_ms(d->w);
			deadline = dialog_deadline(d, timeout_ms);
			mark = moved + DATA_STRIDE;
		}
		enum io io = read_more(d, begun, deadline);
		if (io == IO_OK)
			continue;
		read_failed(d, io);
		d->is_over = true;
		struct bytes rest = buf_bytes(&d->response.text);
		reply_feed(&d->reply, &rest);
		return tell_reply(d, io == IO_CLOSED && refusal_is_whole(d));
	}
}

/* SMTP servers may think for minutes (RFC 5321 4.5.3.2): a deadline of the run is the user's word
 * on how long, and then the only one. */
static uint64_t reply_deadline(const struct dialog *d, uint64_t ms)
{
	bool is_told = d->proto == PROTO_SMTP && ms >= DIALOG_REPLY_MS &&
			d->deadline_ms != WORLD_FOREVER;

	return is_told ? d->deadline_ms : dialog_deadline(d, ms);
}

bool dialog_read_reply(struct dialog *d, uint64_t timeout_ms)
{
	uint64_t begun = d->w->mono_ms(d->w);
	uint64_t deadline = reply_deadline(d, timeout_ms);

	reply_reset(&d->reply);
	d->err = (struct err){ 0 };
	if (d->proto == PROTO_IMAP)
		return read_tagged(d, timeout_ms);
	for (;;) {
		struct bytes in = buf_bytes(&d->in);
		enum reply_state state = reply_feed(&d->reply, &in);
		buf_drop(&d->in, d->in.n - in.n);
		if (state == REPLY_DONE)
			return tell_reply(d, true);
		if (state == REPLY_BROKEN)
			return reply_broke(d);
		enum io io = read_more(d, begun, deadline);
		if (io == IO_OK)
			continue;
		read_failed(d, io);
		d->is_over = true;
		return tell_reply(d, io == IO_CLOSED && refusal_is_whole(d));
	}
}

bool dialog_wait(struct dialog *d, uint64_t timeout_ms)
{
	uint64_t begun = d->w->mono_ms(d->w);

	reply_reset(&d->reply);
	d->err = (struct err){ 0 };
	if (d->in.n > 0)
		return true;
	enum io io = read_more(d, begun, dialog_deadline(d, timeout_ms));
	if (io != IO_OK)
		read_failed(d, io);
	return io == IO_OK;
}

bool dialog_send_raw(struct dialog *d, struct bytes data)
{
	enum io io = stream_write(d->s, data, dialog_deadline(d, DIALOG_REPLY_MS), &d->err);

	d->asked_ms = d->w->mono_ms(d->w);
	if (io == IO_OK)
		return true;
	if (io == IO_TIMEOUT)
		err_set(&d->err, ERR_TIMEOUT, "%s: does not take what we send", stream_peer(d->s));
	d->is_over = true;
	return false;
}

bool dialog_send(struct dialog *d, struct bytes sent, struct bytes shown)
{
	struct buf line = BUF_SECRET(sent.n + 2);

	for (size_t i = 0; i < sent.n; i++)
		if (sent.p[i] == '\r' || sent.p[i] == '\n' || sent.p[i] == '\0')
			return err_set(&d->err, ERR_POLICY,
					"a line end or NUL inside a command: not sent");
	if (d->ob && d->ob->sent)
		d->ob->sent(d->ob->ctx, shown);
	buf_put(&line, sent);
	buf_put(&line, BYTES("\r\n"));
	bool ok = dialog_send_raw(d, buf_bytes(&line));
	buf_free(&line);
	return ok;
}

bool dialog_send_line(struct dialog *d, struct bytes line)
{
	return dialog_send(d, line, line);
}

/* Replies that came before we asked (a 421 on its way out, a second answer in one packet) are
 * shown and passed over, so that the next one read belongs to the next command. True: it was the
 * peer's last word. */
static bool last_word_waits(struct dialog *d)
{
	while (d->in.n > 0) {
		struct bytes in = buf_bytes(&d->in);
		if (d->proto == PROTO_IMAP && bytes_starts(in, BYTES("* ")) &&
				!bytes_starts_nocase(in, BYTES("* BYE")))
			return false; /* news of the mailbox: read_tagged hands them over */
		reply_reset(&d->reply);
		if (reply_feed(&d->reply, &in) != REPLY_DONE)
			return false; /* reply_reset by the next read: d->in still holds it all */
		buf_drop(&d->in, d->in.n - in.n);
		if (d->proto != PROTO_IMAP) /* "* BYE" comes at any time */
			d->reply.faults |= REPLY_UNASKED;
		tell_reply(d, true);
		if (d->is_over)
			return true;
	}
	return false;
}

bool dialog_command(struct dialog *d, struct bytes sent, struct bytes shown, uint64_t timeout_ms)
{
	if (last_word_waits(d))
		return true;
	if (dialog_send(d, sent, shown))
		return dialog_read_reply(d, timeout_ms);
	struct err write_err = d->err;
	if (write_err.kind != ERR_RESET && write_err.kind != ERR_CLOSED)
		return false;
	if (dialog_read_reply(d, DIALOG_LAST_WORD_MS))
		return true;
	d->err = write_err;
	return false;
}

bool dialog_ask(struct dialog *d, const char *line)
{
	struct buf sent = BUF(REPLY_LINE_MAX);

	if (d->proto == PROTO_IMAP)
		dialog_tag(d, &sent);
	buf_puts(&sent, line);
	bool ok = dialog_command(d, buf_bytes(&sent), buf_bytes(&sent), DIALOG_REPLY_MS);
	buf_free(&sent);
	return ok;
}

bool dialog_read_data(struct dialog *d, struct dot_reader *dots,
		bool (*taker)(void *ctx, struct bytes part), void *ctx)
{
	struct buf part = BUF(DIALOG_CHUNK);
	bool ok = true;
	uint64_t begun = d->w->mono_ms(d->w);
	uint64_t deadline = dialog_deadline(d, DIALOG_REPLY_MS);
	uint64_t mark = DATA_STRIDE;

	for (;;) {
		struct bytes in = buf_bytes(&d->in);
		dot_read(dots, &in, &part);
		buf_drop(&d->in, d->in.n - in.n);
		if (part.n > 0 && !taker(ctx, buf_bytes(&part)))
			ok = err_set(&d->err, ERR_LOCAL, "what was received could not be kept");
		buf_clear(&part);
		if (dots->is_done || !ok)
			break;
		if (d->in.n > 0)
			continue; /* part was full */
		if (dots->octets >= mark) {
			begun = d->w->mono_ms(d->w);
			deadline = dialog_deadline(d, DIALOG_REPLY_MS);
			mark = dots->octets + DATA_STRIDE;
		}
		enum io io = read_more(d, begun, deadline);
		if (io == IO_OK)
			continue;
		read_failed(d, io);
		d->is_over = true;
		if (io == IO_CLOSED && dot_eof(dots))
			break;
		ok = err_wrap(&d->err, "the data is not whole (%llu octets came%s)",
				(unsigned long long)dots->octets,
				dots->state == DOT_DOT ? ", then a dot without CR LF" :
						dots->state == DOT_DOT_CR ?
							 ", then a dot and CR without LF" :
							 "");
		break;
	}
	buf_free(&part);
	return ok;
}

bool dialog_more_waits(struct dialog *d)
{
	short wants = 0;

	if (d->in.n == 0 && !stream_pending(d->s))
		stream_try_read(d->s, &d->in, &wants, NULL);
	return d->in.n > 0;
}

bool dialog_handshake(struct dialog *d, const struct tls_options *o, struct tls_facts *facts)
{
	d->is_over = true; /* until TLS stands there is no way back to clear text */
	/* what stands in clear text behind the go-ahead must not be taken for what came by TLS */
	if (dialog_more_waits(d))
		return err_set(&d->err, ERR_POLICY,
				"%s: %zu octets of clear text behind the go-ahead for TLS: refused",
				stream_peer(d->s), d->in.n);
	d->is_over = !tls_client(d->s, o, dialog_deadline(d, TLS_HANDSHAKE_MS), facts, &d->err);
	facts->by_starttls = true;
	return !d->is_over;
}

bool dialog_starttls(struct dialog *d, const struct tls_options *o, struct tls_facts *facts)
{
	return dialog_ask(d, d->proto == PROTO_POP3 ? "STLS" : "STARTTLS") && dialog_is_ok(d) &&
			dialog_handshake(d, o, facts);
}
