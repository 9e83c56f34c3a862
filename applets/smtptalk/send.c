/* send - smtptalk's MAIL, RCPT and DATA
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "applets/smtptalk/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The message is a buf (built) or a descriptor (--data). */
struct source {
	struct buf built;
	size_t at; /* of built, what was sent */
	int fd;    /* -1 = built */
	const char *name;
	uint64_t size;  /* octets, 0 = unknown (a pipe) */
	bool eight_bit; /* or unknown */
};

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
		.stable = s->common.stable,
	};
	struct stat st;

	*src = (struct source){ .built = BUF(MESSAGE_MAX), .fd = -1, .name = o->data_file };
	if (!o->data_file) {
		if (!message_build(s->talk.w, &parts, &src->built, &s->talk.d.err))
			return false;
		src->size = src->built.n;
		src->eight_bit = !bytes_is_ascii(buf_bytes(&src->built));
		return true;
	}
	if (strcmp(o->data_file, "-") == 0)
		src->fd = fcntl(s->talk.w->in_fd, F_DUPFD_CLOEXEC, 3);
	else
		src->fd = open(o->data_file, O_RDONLY | O_CLOEXEC);
	if (src->fd < 0)
		return err_sys(&s->talk.d.err, ERR_LOCAL, errno, "open %s", o->data_file);
	if (fstat(src->fd, &st) == 0 && S_ISREG(st.st_mode))
		src->size = (uint64_t)st.st_size;
	src->eight_bit = true;
	return true;
}

static void source_close(struct source *src)
{
	buf_free(&src->built);
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

/* One command; false: failed or refused, and told. */
static bool ask_path(struct smtptalk *s, const char *stage, const char *verb, const char *path,
		const char *params)
{
	struct talk *t = &s->talk;
	struct buf line = BUF(4096);
	bool ok = smtp_path_command(&line, verb, bytes_of(path), bytes_of(params));

	if (!ok)
		err_set(&t->d.err, ERR_USAGE, "the address \"%s\" cannot stand in %s", path, verb);
	ok = ok && dialog_command(&t->d, buf_bytes(&line), buf_bytes(&line), DIALOG_REPLY_MS);
	buf_free(&line);
	if (!ok)
		return talk_failed(t, stage);
	if (dialog_is_ok(&t->d))
		return true;
	struct buf fact = BUF(TALK_NOTE_MAX);
	buf_printf(&fact, "<%s> refused: ", path);
	buf_put(&fact, bytes_head(reply_line(&t->d.reply, 0), 200));
	talk_refused(t, stage, buf_text(&fact));
	buf_free(&fact);
	return false;
}

static bool send_mail(struct smtptalk *s, const struct source *src)
{
	struct buf params = BUF(128);
	bool ascii = bytes_is_ascii(bytes_of(s->o.from));

	for (size_t i = 0; recipient(s, i); i++)
		ascii = ascii && bytes_is_ascii(bytes_of(recipient(s, i)));
	if (!ascii && !(s->caps.has & SMTP_SMTPUTF8)) {
		s->talk.stage = "mail";
		return talk_own(&s->talk, REPORT_CRITICAL, "smtputf8-missing",
				"SMTPUTF8 is not offered, and an address needs it");
	}
	if (s->caps.has & SMTP_SIZE && src->size > 0)
		buf_printf(&params, "SIZE=%llu ", (unsigned long long)src->size);
	if (s->caps.has & SMTP_8BITMIME && src->eight_bit)
		buf_puts(&params, "BODY=8BITMIME ");
	if (!ascii)
		buf_puts(&params, "SMTPUTF8 ");
	if (params.n > 0)
		params.n--; /* the last blank */
	bool ok = ask_path(s, "mail", "MAIL FROM", s->o.from, buf_text(&params));
	buf_free(&params);
	return ok;
}

static bool send_recipients(struct smtptalk *s)
{
	for (size_t i = 0; recipient(s, i) && !s->talk.d.is_over; i++) {
		s->talk.to = recipient(s, i);
		if (ask_path(s, "rcpt", "RCPT TO", s->talk.to, NULL))
			s->accepted++;
	}
	return s->accepted > 0 && !s->talk.d.is_over;
}

static bool next_part(struct smtptalk *s, struct source *src, struct buf *part)
{
	size_t fits;

	buf_clear(part);
	if (src->fd < 0) {
		buf_put(part, bytes_head(bytes_skip(buf_bytes(&src->built), src->at), part->max));
		src->at += part->n;
		return true;
	}
	unsigned char *to = buf_room(part, part->max, &fits);
	ssize_t n;
	do
		n = read(src->fd, to, fits);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(&s->talk.d.err, ERR_LOCAL, errno, "read %s", src->name);
	buf_added(part, (size_t)n);
	return true;
}

/* When the file cannot be read to its end, the dot must not follow: the connection is given up,
 * so that half a message is never accepted. */
static bool send_text(struct smtptalk *s, struct source *src, uint64_t *octets)
{
	enum { PART = 32 * 1024 };
	struct buf part = BUF(PART), wire = BUF(2 * PART + 8);
	struct dot_writer dots = { 0 };
	bool ok;

	for (;;) {
		ok = next_part(s, src, &part);
		if (!ok || part.n == 0)
			break;
		*octets += part.n;
		dot_write(&dots, buf_bytes(&part), &wire);
		ok = dialog_send_raw(&s->talk.d, buf_bytes(&wire));
		buf_clear(&wire);
		if (!ok)
			break;
	}
	if (ok) {
		dot_finish(&dots, &wire);
		ok = dialog_send_raw(&s->talk.d, buf_bytes(&wire));
	} else {
		s->talk.d.is_over = true;
	}
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
			s->common.stable || !stream_local_ip(t->d.s)[0] ? "here" :
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

static bool send_data(struct smtptalk *s, struct source *src)
{
	struct talk *t = &s->talk;
	uint64_t octets = 0;

	if (!dialog_ask(&t->d, "DATA"))
		return failed_before_dot(s);
	if (!dialog_is_continue(&t->d))
		return talk_refused(t, "data", NULL);
	if (!send_text(s, src, &octets))
		return failed_before_dot(s);
	buf_clear(&src->built);
	buf_printf(&src->built, "(message, %llu bytes) .", (unsigned long long)octets);
	transcript_line(&t->transcript, 'C',
			s->common.stable ? BYTES("(message) .") : buf_bytes(&src->built), NULL);
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

	ok = ok && send_mail(s, &src);
	if (ok && s->o.quit_after != SMTPTALK_MAIL)
		ok = send_recipients(s);
	if (ok && s->o.quit_after != SMTPTALK_MAIL && s->o.quit_after != SMTPTALK_RCPT)
		ok = send_data(s, &src);
	source_close(&src);
	return ok;
}
