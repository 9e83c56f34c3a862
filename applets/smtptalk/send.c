/* send - smtptalk's MAIL, RCPT and DATA
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "applets/smtptalk/message.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The message is built, or a descriptor (--data). */
struct source {
	struct message built;
	int fd; /* -1 = built */
	const char *name;
	uint64_t size;  /* octets, 0 = unknown (a pipe) */
	bool eight_bit; /* or unknown */
};

static bool next_part(struct smtptalk *s, struct source *src, struct buf *part)
{
	struct err *e = &s->talk.d.err;

	buf_clear(part);
	return src->fd < 0 ? message_next(&src->built, part, e) :
			     file_read_some(src->fd, src->name, part, e);
}

/* RFC 1870 3: SIZE counts the octets as they are sent, each line end as CRLF. */
static bool source_measure(struct smtptalk *s, struct source *src)
{
	struct buf part = BUF(32 * 1024), wire = BUF(2 * 32 * 1024 + 8);
	struct dot_writer lines = { .no_dots = true };
	off_t begin = lseek(src->fd, 0, SEEK_CUR);
	bool ok;

	src->eight_bit = false;
	while ((ok = next_part(s, src, &part)) && part.n > 0) {
		src->eight_bit = src->eight_bit || !bytes_is_ascii(buf_bytes(&part));
		buf_clear(&wire);
		dot_write(&lines, buf_bytes(&part), &wire);
		src->size += s->o.raw ? part.n : wire.n;
	}
	if (lines.mid_line && !s->o.raw)
		src->size += 2;
	buf_free(&part);
	buf_free(&wire);
	return ok && (begin < 0 || lseek(src->fd, begin, SEEK_SET) >= 0);
}

static bool source_open(struct smtptalk *s, struct source *src)
{
	struct smtptalk_options *o = &s->o;
	struct message_parts parts = {
		.from = o->from,
		.to = &o->to,
		.cc = &o->cc,
		.subject = o->subject,
		.body = o->body,
		.headers = &o->headers,
		.attach = &o->attach,
		.ehlo_name = s->ehlo_name,
		.in_fd = s->talk.w->in_fd,
		.stable = s->talk.common->stable,
	};
	struct stat st;

	*src = (struct source){ .fd = -1, .name = o->data_file };
	if (!o->data_file) {
		if (!message_build(s->talk.w, &parts, &src->built, &s->talk.d.err))
			return false;
		src->size = message_size(&src->built);
		src->eight_bit = !bytes_is_ascii(buf_bytes(&src->built.text));
		return true;
	}
	src->fd = message_open(o->data_file, s->talk.w->in_fd, &st, &s->talk.d.err);
	if (src->fd < 0)
		return false;
	src->eight_bit = true;
	return !S_ISREG(st.st_mode) || source_measure(s, src);
}

static void source_close(struct source *src)
{
	message_free(&src->built);
	if (src->fd >= 0)
		close(src->fd);
}

/* Those of --to, --cc and --bcc, NULL behind the last. */
static const char *recipient(const struct smtptalk *s, size_t i)
{
	const struct opt_list *lists[] = { &s->o.to, &s->o.cc, &s->o.bcc };

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		if (i < lists[k]->count)
			return lists[k]->at[i];
		i -= lists[k]->count;
	}
	return NULL;
}

/* ---- the envelope ---- */

/* RFC 3461 4: xtext. */
static void put_xtext(const char *text, struct buf *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		buf_printf(out, c <= ' ' || c > '~' || c == '+' || c == '=' ? "+%02X" : "%c", c);
	}
}

static void put_mail_params(struct smtptalk *s, const struct source *src, struct buf *out)
{
	const struct smtptalk_options *o = &s->o;

	if (s->caps.has & SMTP_SIZE && src->size > 0)
		buf_printf(out, " SIZE=%llu", (unsigned long long)src->size);
	if (s->caps.has & SMTP_8BITMIME && src->eight_bit)
		buf_puts(out, " BODY=8BITMIME");
	if (s->needs_utf8)
		buf_puts(out, " SMTPUTF8");
	if (o->ret)
		buf_puts(out, o->ret == 1 ? " RET=FULL" : " RET=HDRS");
	if (o->envid) {
		buf_puts(out, " ENVID=");
		put_xtext(o->envid, out);
	}
	for (size_t i = 0; i < o->mail_params.count; i++)
		buf_printf(out, " %s", o->mail_params.at[i]);
}

static void put_rcpt_params(struct smtptalk *s, struct buf *out)
{
	const struct smtptalk_options *o = &s->o;

	if (o->notify)
		buf_printf(out, " NOTIFY=%s", o->notify);
	if (o->orcpt) {
		buf_puts(out, " ORCPT=rfc822;");
		put_xtext(o->orcpt, out);
	}
	for (size_t i = 0; i < o->rcpt_params.count; i++)
		buf_printf(out, " %s", o->rcpt_params.at[i]);
}

/* Appends MAIL (src given) or RCPT, without its line end. */
static bool put_path(struct smtptalk *s, const struct source *src, const char *path,
		struct buf *line)
{
	const char *verb = src ? "MAIL FROM" : "RCPT TO";
	struct buf params = BUF(2048);

	if (src)
		put_mail_params(s, src, &params);
	else
		put_rcpt_params(s, &params);
	bool ok = smtp_path_command(line, verb, bytes_of(path), bytes_skip(buf_bytes(&params), 1));
	if (!ok || params.overflow)
		ok = err_set(&s->talk.d.err, ERR_USAGE, "\"%s\" or a parameter cannot stand in %s",
				path, verb);
	buf_free(&params);
	return ok || talk_failed(&s->talk, src ? "mail" : "rcpt");
}

/* With is_batch the answer is not waited for. */
static bool send_path(struct smtptalk *s, const struct source *src, const char *path, bool is_batch)
{
	struct talk *t = &s->talk;
	struct buf line = BUF(4096);
	bool is_made = put_path(s, src, path, &line), ok = is_made;

	if (is_made && is_batch)
		ok = dialog_send_line(&t->d, buf_bytes(&line));
	else if (is_made)
		ok = dialog_command(&t->d, buf_bytes(&line), buf_bytes(&line), DIALOG_REPLY_MS);
	buf_free(&line);
	return ok || (is_made && talk_failed(t, src ? "mail" : "rcpt"));
}

/* The answer to it, as a verdict where it is no. */
static bool path_taken(struct smtptalk *s, const char *stage, const char *path)
{
	struct talk *t = &s->talk;
	struct buf fact = BUF(TALK_NOTE_MAX);

	if (dialog_is_ok(&t->d))
		return true;
	buf_printf(&fact, "<%s> refused: ", path);
	buf_put(&fact, bytes_head(reply_line(&t->d.reply, 0), 200));
	talk_refused(t, stage, buf_text(&fact));
	buf_free(&fact);
	return false;
}

/* RFC 2920: all of the envelope, then all the answers. DATA waits for them, so that no message
 * goes out without a recipient. */
static bool send_batch(struct smtptalk *s, const struct source *src)
{
	struct talk *t = &s->talk;

	if (!send_path(s, src, s->o.from, true))
		return false;
	for (size_t i = 0; recipient(s, i); i++)
		if (!send_path(s, NULL, recipient(s, i), true))
			return false;
	t->stage = "mail";
	if (!dialog_read_reply(&t->d, DIALOG_REPLY_MS))
		return talk_failed(t, "mail");
	bool ok = path_taken(s, "mail", s->o.from);
	for (size_t i = 0; recipient(s, i) && !t->d.is_over; i++) {
		t->stage = "rcpt";
		t->to = recipient(s, i);
		if (!dialog_read_reply(&t->d, DIALOG_REPLY_MS))
			return talk_failed(t, "rcpt");
		if (ok && path_taken(s, "rcpt", t->to)) /* without MAIL they are all refused */
			s->accepted++;
	}
	return s->accepted > 0 && !t->d.is_over;
}

static bool send_envelope(struct smtptalk *s, const struct source *src)
{
	struct talk *t = &s->talk;
	int last = s->o.quit_after;

	if (s->o.pipelining && last != SMTPTALK_MAIL)
		return send_batch(s, src);
	if (!send_path(s, src, s->o.from, false) || !path_taken(s, "mail", s->o.from))
		return false;
	for (size_t i = 0; last != SMTPTALK_MAIL && recipient(s, i) && !t->d.is_over; i++) {
		t->to = recipient(s, i);
		if (send_path(s, NULL, t->to, false) && path_taken(s, "rcpt", t->to))
			s->accepted++;
	}
	return last == SMTPTALK_MAIL || (s->accepted > 0 && !t->d.is_over);
}

/* What the options need and the server does not have, before anything is sent. */
static bool may_send(struct smtptalk *s, const struct source *src)
{
	const struct smtptalk_options *o = &s->o;
	char fact[160];

	s->talk.stage = "mail";
	s->needs_utf8 = !bytes_is_ascii(bytes_of(o->from));
	for (size_t i = 0; recipient(s, i); i++)
		s->needs_utf8 = s->needs_utf8 || !bytes_is_ascii(bytes_of(recipient(s, i)));
	if (s->needs_utf8 && !(s->caps.has & SMTP_SMTPUTF8))
		return talk_own(&s->talk, REPORT_CRITICAL, "smtputf8-missing",
				"SMTPUTF8 is not offered, and an address needs it");
	const struct {
		bool is_wanted;
		unsigned cap;
		const char *fact;
	} needs[] = {
		{ o->notify || o->ret || o->envid || o->orcpt, SMTP_DSN, "DSN is not offered" },
		{ o->pipelining, SMTP_PIPELINING, "PIPELINING is not offered" },
		{ o->chunking, SMTP_CHUNKING, "CHUNKING is not offered" },
	};
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].is_wanted && !(s->caps.has & needs[i].cap))
			return talk_own(&s->talk, REPORT_CRITICAL, "extension-missing",
					needs[i].fact);
	if (s->caps.size_max == 0 || src->size <= s->caps.size_max)
		return true;
	snprintf(fact, sizeof(fact), "the message has %llu octets, SIZE allows %llu: not sent",
			(unsigned long long)src->size, (unsigned long long)s->caps.size_max);
	return talk_own(&s->talk, REPORT_CRITICAL, "over-size", fact);
}

/* ---- the message ---- */

static void put_text(struct smtptalk *s, struct dot_writer *dots, struct bytes part,
		struct buf *out)
{
	if (!s->o.raw) {
		dot_write(dots, part, out);
		return;
	}
	dot_pass(dots, part);
	buf_put(out, part);
}

/* When the file cannot be read to its end, the dot must not follow: the connection is given up,
 * so that half a message is never accepted. */
static bool send_text(struct smtptalk *s, struct source *src, uint64_t *octets)
{
	enum { PART = 32 * 1024 };
	struct buf part = BUF(PART), wire = BUF(2 * PART + 8);
	struct dot_writer dots = { 0 };
	bool ok, drops = s->o.drop_after == SMTPTALK_DATA;

	/* each part waits for the next, so that the dot goes with the last one */
	while ((ok = next_part(s, src, &part)) && part.n > 0) {
		*octets += part.n;
		ok = wire.n == 0 || dialog_send_raw(&s->talk.d, buf_bytes(&wire));
		if (!ok)
			break;
		buf_clear(&wire);
		put_text(s, &dots, buf_bytes(&part), &wire);
	}
	if (ok && !drops)
		dot_finish(&dots, &wire);
	ok = ok && (wire.n == 0 || dialog_send_raw(&s->talk.d, buf_bytes(&wire)));
	if (!ok)
		s->talk.d.is_over = true;
	buf_free(&part);
	buf_free(&wire);
	return ok;
}

/* The connection broke before the final dot: then the outcome is known. */
static bool failed_before_dot(struct smtptalk *s)
{
	const struct err *e = &s->talk.d.err;

	return talk_own(&s->talk, e->kind == ERR_LOCAL ? REPORT_UNKNOWN : REPORT_CRITICAL,
			"ended-before-dot", e->text);
}

static bool message_verdict(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct buf fact = BUF(TALK_NOTE_MAX), proves = BUF(TALK_NOTE_MAX),
		   next = BUF(TALK_NOTE_MAX);
	struct report_verdict v = { .status = REPORT_OK, .stage = "data", .subject = "message" };
	size_t wanted = s->o.to.count + s->o.cc.count + s->o.bcc.count;
	struct bytes id = { 0 };

	if (smtp_queue_id(reply_text(&t->d.reply, t->d.reply.line_count - 1), &id)) {
		buf_put(&next, bytes_head(id, sizeof(s->queue_id) - 1));
		memcpy(s->queue_id, buf_text(&next), next.n + 1);
		buf_clear(&next);
	}
	buf_printf(&fact, "accepted for %zu of %zu recipient%s", s->accepted, wanted,
			wanted == 1 ? "" : "s");
	if (s->queue_id[0])
		buf_printf(&fact, ", queue id %s", s->queue_id);
	else
		buf_puts(&fact, ", no queue id in the answer");
	talk_elapsed(t, &fact);
	v.fact = buf_text(&fact);
	buf_printf(&proves, "%sthe server takes this mail from %s",
			t->creds.user.n > 0 ? "login works; " : "",
			s->talk.common->stable || !stream_local_ip(t->d.s)[0] ?
					"here" :
					stream_local_ip(t->d.s));
	v.proves = buf_text(&proves);
	v.not_proves = "delivery; nor that it is accepted from elsewhere";
	if (s->queue_id[0]) {
		buf_printf(&next, "grep %s /var/log/mail*   (on the server)", s->queue_id);
		v.next = buf_text(&next);
	}
	report_add(&t->report, &v);
	buf_free(&fact);
	buf_free(&proves);
	buf_free(&next);
	return true;
}

/* RFC 2033 4.2: one reply for each recipient that was taken, in their order; the first was read. */
static bool read_more_replies(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	size_t due = s->accepted;

	for (s->accepted = 0; due > 0; due--) {
		if (dialog_is_ok(&t->d))
			s->accepted++;
		else
			talk_refused(t, "data", NULL);
		if (due > 1 && !dialog_read_reply(&t->d, DIALOG_FINAL_DOT_MS))
			return talk_failed(t, "data");
	}
	return true;
}

/* RFC 3030: each part with its size, answered by itself; no dots are doubled, and no dot ends it.
 */
static bool send_chunks(struct smtptalk *s, struct source *src)
{
	enum { PART = 32 * 1024 };
	struct talk *t = &s->talk;
	struct buf part = BUF(PART), wire = BUF(2 * PART + 8);
	struct dot_writer lines = { .no_dots = true };
	bool ok, is_last = false;
	char command[40];

	do {
		ok = next_part(s, src, &part) || failed_before_dot(s);
		is_last = part.n == 0;
		if (!s->o.raw)
			dot_write(&lines, buf_bytes(&part), &wire);
		else
			buf_put(&wire, buf_bytes(&part));
		if (is_last && lines.mid_line)
			buf_puts(&wire, "\r\n");
		snprintf(command, sizeof(command), "BDAT %zu%s", wire.n, is_last ? " LAST" : "");
		ok = ok &&
				((dialog_send_line(&t->d, bytes_of(command)) &&
						 dialog_send_raw(&t->d, buf_bytes(&wire)) &&
						 dialog_read_reply(&t->d, DIALOG_FINAL_DOT_MS)) ||
						talk_failed(t, "data"));
		ok = ok && (dialog_is_ok(&t->d) || talk_refused(t, "data", NULL));
		buf_clear(&wire);
	} while (ok && !is_last);
	buf_free(&part);
	buf_free(&wire);
	if (ok && s->o.lmtp)
		ok = read_more_replies(s);
	return ok && message_verdict(s);
}

static bool send_data(struct smtptalk *s, struct source *src)
{
	struct talk *t = &s->talk;
	uint64_t octets = 0;
	char shown[64];

	if (!dialog_ask(&t->d, "DATA"))
		return failed_before_dot(s);
	if (!dialog_is_continue(&t->d))
		return talk_refused(t, "data", NULL);
	if (!send_text(s, src, &octets))
		return failed_before_dot(s);
	if (s->o.drop_after == SMTPTALK_DATA)
		return true;
	snprintf(shown, sizeof(shown), "(message, %llu bytes) .", (unsigned long long)octets);
	transcript_line(&t->transcript, 'C',
			t->common->stable ? BYTES("(message) .") : bytes_of(shown), NULL);
	if (!dialog_read_reply(&t->d, DIALOG_FINAL_DOT_MS))
		return talk_failed(t, "data");
	if (s->o.lmtp && !read_more_replies(s))
		return false;
	if (!s->o.lmtp && !dialog_is_ok(&t->d))
		return talk_refused(t, "data", NULL);
	if (s->accepted == 0)
		return false;
	return message_verdict(s);
}

bool smtptalk_send(struct smtptalk *s)
{
	struct source src;
	bool ok = source_open(s, &src) || talk_failed(&s->talk, "local");

	ok = ok && may_send(s, &src) && send_envelope(s, &src);
	if (ok && s->o.quit_after != SMTPTALK_MAIL && s->o.quit_after != SMTPTALK_RCPT)
		ok = s->o.chunking ? send_chunks(s, &src) : send_data(s, &src);
	source_close(&src);
	return ok;
}

/* ---- the same message many times ---- */

/* All of it, as it goes over the wire. */
static bool read_text(struct smtptalk *s, struct source *src, struct buf *out)
{
	enum { PART = 32 * 1024 };
	struct buf part = BUF(PART);
	struct dot_writer dots = { 0 };
	bool ok;

	while ((ok = next_part(s, src, &part)) && part.n > 0)
		put_text(s, &dots, buf_bytes(&part), out);
	dot_finish(&dots, out);
	buf_free(&part);
	return ok &&
			(!out->overflow ||
					err_set(&s->talk.d.err, ERR_LOCAL, "over %d octets",
							MESSAGE_MAX));
}

bool smtptalk_letter(struct smtptalk *s, struct smtptalk_letter *l)
{
	static const struct bytes id = BYTES("\r\nMessage-ID: <");
	struct source src;

	*l = (struct smtptalk_letter){ .mail = BUF(4096),
		.rcpts = BUF(1024 * 1024),
		.text = BUF(MESSAGE_MAX + MESSAGE_MAX / 8) };
	bool ok = source_open(s, &src) || talk_failed(&s->talk, "local");
	ok = ok && may_send(s, &src) && put_path(s, &src, s->o.from, &l->mail);
	buf_puts(&l->mail, "\r\n");
	for (size_t i = 0; ok && recipient(s, i); i++) {
		ok = put_path(s, NULL, recipient(s, i), &l->rcpts);
		buf_puts(&l->rcpts, "\r\n");
	}
	ok = ok && (read_text(s, &src, &l->text) || talk_failed(&s->talk, "local"));
	if (ok && !s->o.data_file)
		l->id_at = bytes_search(buf_bytes(&l->text), id) + id.n;
	source_close(&src);
	return ok;
}

void smtptalk_letter_free(struct smtptalk_letter *l)
{
	buf_free(&l->mail);
	buf_free(&l->rcpts);
	buf_free(&l->text);
}
