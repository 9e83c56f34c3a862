/* script - lines typed or piped, each sent after the whole reply
 * SPDX-License-Identifier: MIT */
#include "talk/script.h"

#include "proto/pop3.h"
#include "sys/mem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool hide_after(struct bytes line, struct bytes kept, struct buf *shown)
{
	struct bytes secret = bytes_trim(bytes_skip(line, kept.n));

	if (secret.n == 0) {
		buf_put(shown, line);
		return false;
	}
	buf_put(shown, kept);
	buf_printf(shown, "%s<hidden, %zu bytes>", kept.n > 0 ? " " : "", secret.n);
	return true;
}

bool script_shown(enum proto proto, enum script_state state, struct bytes line, struct buf *shown)
{
	struct bytes rest = line, verb, mech;
	bool is_imap = proto == PROTO_IMAP;

	if (state == SCRIPT_CHALLENGED && !bytes_equal(bytes_trim(line), BYTES("*")) &&
			!(is_imap && bytes_equal_nocase(line, BYTES("DONE")))) /* of IDLE */
		return hide_after(line, bytes_head(line, 0), shown);
	if (is_imap)
		bytes_word(&rest, &verb); /* the tag */
	bytes_word(&rest, &verb);
	/* up to the end of the word, blanks in front included */
	struct bytes kept = bytes_head(line, line.n - rest.n);
	if (state == SCRIPT_COMMAND && is_imap && bytes_equal_nocase(verb, BYTES("LOGIN")))
		return hide_after(line, kept, shown);
	if (state == SCRIPT_COMMAND &&
			bytes_equal_nocase(verb, is_imap ? BYTES("AUTHENTICATE") : BYTES("AUTH")) &&
			bytes_word(&rest, &mech))
		return hide_after(line, bytes_head(line, line.n - rest.n), shown);
	if (state == SCRIPT_COMMAND && proto == PROTO_POP3 &&
			bytes_equal_nocase(verb, BYTES("PASS")))
		return hide_after(line, kept, shown);
	if (state == SCRIPT_COMMAND && proto == PROTO_POP3 &&
			bytes_equal_nocase(verb, BYTES("APOP")) && bytes_word(&rest, &mech))
		return hide_after(line, bytes_head(line, line.n - rest.n), shown);
	buf_put(shown, line);
	return false;
}

static bool is_verb(enum proto proto, struct bytes line, struct bytes verb)
{
	struct bytes word;

	if (proto == PROTO_IMAP)
		bytes_word(&line, &word); /* the tag */
	return bytes_word(&line, &word) && bytes_equal_nocase(word, verb);
}

/* The peer said something (421 for an idle client) or hung up while we waited for a line. */
static bool peer_spoke(struct script *s)
{
	struct dialog *d = s->d;
	char tag[sizeof(d->tag)];
	short wants;

	/* RFC 8446 4.6.1: a session ticket, which says nothing */
	if (d->in.n == 0 && stream_try_read(d->s, &d->in, &wants, &d->err) == IO_TIMEOUT)
		return true;
	/* IMAP: news; the command it was typed with may go on (IDLE) */
	memcpy(tag, d->tag, sizeof(tag));
	d->tag[0] = '\0';
	bool ok = dialog_read_reply(d, DIALOG_REPLY_MS);
	memcpy(d->tag, tag, sizeof(tag));
	return ok && !d->is_over;
}

enum input { INPUT_LINE, INPUT_END, INPUT_PEER, INPUT_FAILED };

/* What stands in the editor already, and the keys read now. */
static void take_keys(struct script *s, struct bytes keys)
{
	if (!s->input->typed(s->input->ctx, keys, &s->in))
		s->at_end = true;
}

static enum input read_failed(struct script *s)
{
	if (errno == EINTR || errno == EAGAIN)
		return INPUT_LINE;
	err_sys(&s->d->err, ERR_LOCAL, errno, "read the script");
	return INPUT_FAILED;
}

static enum input fill_keys(struct script *s)
{
	unsigned char keys[1024];
	ssize_t n = read(s->in_fd, keys, sizeof(keys));

	if (n < 0)
		return read_failed(s);
	if (n == 0)
		s->at_end = true;
	take_keys(s, (struct bytes){ keys, (size_t)n });
	mem_wipe(keys, sizeof(keys));
	return INPUT_LINE;
}

static enum input fill(struct script *s)
{
	size_t fits;
	unsigned char *to;

	if (s->input)
		return fill_keys(s);
	to = buf_room(&s->in, 4096, &fits);
	if (!to) {
		err_set(&s->d->err, ERR_USAGE, "a line of over %d octets in the script",
				SCRIPT_LINE_MAX);
		return INPUT_FAILED;
	}
	ssize_t n = read(s->in_fd, to, fits);
	if (n < 0)
		return read_failed(s);
	if (n == 0)
		s->at_end = true;
	buf_added(&s->in, (size_t)n);
	return INPUT_LINE;
}

static void pause_input(struct script *s)
{
	if (s->input)
		s->input->pause(s->input->ctx);
}

static int begin_input(struct script *s)
{
	int signals = -1;

	if (s->input && !s->input->begin(s->input->ctx, s->state, &signals))
		s->input = NULL;
	if (s->input)
		take_keys(s, (struct bytes){ NULL, 0 });
	return signals;
}

static bool has_line(const struct script *s)
{
	return bytes_find(buf_bytes(&s->in), '\n') < s->in.n;
}

/* Waits for a whole line in s->in, looking at the peer too. Of a paste the editor shows a line when
 * the one before was answered. */
static enum input await_line(struct script *s)
{
	for (;;) {
		int signals = has_line(s) ? -1 : begin_input(s);
		if (has_line(s))
			return INPUT_LINE;
		if (s->at_end)
			return s->in.n > 0 ? INPUT_LINE : INPUT_END;
		struct pollfd fds[3] = {
			{ .fd = s->in_fd, .events = POLLIN },
			{ .fd = stream_get_fd(s->d->s), .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
		};
		bool waits = s->d->in.n > 0 || stream_pending(s->d->s);
		if (!waits && world_poll(s->d->w, fds, 3, s->d->deadline_ms) == 0) {
			err_set(&s->d->err, ERR_TIMEOUT, "the time of this run (-t) is over");
			return INPUT_FAILED;
		}
		if (waits || fds[1].revents || fds[2].revents)
			pause_input(s);
		if ((waits || fds[1].revents) && !peer_spoke(s))
			return INPUT_PEER;
		if (fds[0].revents && fill(s) == INPUT_FAILED)
			return INPUT_FAILED;
	}
}

static enum input next_line(struct script *s)
{
	enum input input = await_line(s);

	pause_input(s);
	return input;
}

static bool send_data_line(struct script *s, struct bytes line)
{
	struct buf whole = BUF(SCRIPT_LINE_MAX + 2);

	if (s->d->ob && s->d->ob->sent)
		s->d->ob->sent(s->d->ob->ctx, line);
	buf_put(&whole, line);
	buf_put(&whole, BYTES("\r\n"));
	bool ok = dialog_send_raw(s->d, buf_bytes(&whole));
	buf_free(&whole);
	if (!ok || !bytes_equal(line, BYTES(".")))
		return ok;
	s->state = SCRIPT_COMMAND;
	return dialog_read_reply(s->d, DIALOG_FINAL_DOT_MS);
}

/* The answer to a typed IMAP command is the one with the tag it was typed with. */
static bool take_tag(struct dialog *d, struct bytes line)
{
	struct bytes tag, verb;

	if (!bytes_word(&line, &tag) || !bytes_word(&line, &verb) || tag.n >= sizeof(d->tag))
		return false;
	memcpy(d->tag, tag.p, tag.n);
	d->tag[tag.n] = '\0';
	return true;
}

static bool send_command(struct script *s, struct bytes line, struct buf *shown)
{
	bool is_secret = script_shown(s->d->proto, s->state, line, shown);

	if (is_secret && !auth_may_send(s->d->s, s->tls, s->insecure, &s->d->err))
		return false;
	if (is_verb(s->d->proto, line, BYTES("STARTTLS")) ||
			is_verb(s->d->proto, line, BYTES("STLS"))) {
		struct tls_options tls = *s->tls_options;
		tls.insecure = true; /* the certificate counts where a secret is to be sent */
		return dialog_starttls(s->d, &tls, s->tls) || s->d->err.kind == ERR_NONE;
	}
	if (s->d->proto == PROTO_IMAP && s->state == SCRIPT_COMMAND && !take_tag(s->d, line))
		return err_set(&s->d->err, ERR_USAGE, "an IMAP command begins with a tag: a1 NOOP");
	return dialog_command(s->d, line, s->d->show_secrets ? line : buf_bytes(shown),
			DIALOG_REPLY_MS);
}

/* What the reply makes of the next line. */
static bool follow_up(struct script *s, struct bytes line)
{
	struct dialog *d = s->d;

	s->state = SCRIPT_COMMAND;
	if (d->proto == PROTO_SMTP && d->reply.code == 354)
		s->state = SCRIPT_DATA;
	else if (dialog_is_continue(d))
		s->state = SCRIPT_CHALLENGED;
	else if (d->proto == PROTO_POP3 && dialog_is_ok(d) && pop3_is_multiline(line)) {
		struct dot_reader dots = { 0 };
		return dialog_read_data(d, &dots, s->data, s->ctx);
	}
	return true;
}

/* The file may be a transcript: of it the client's lines are sent (mailsink --script plays the
 * server's). */
static enum script_look look_at(struct script *s, struct bytes *line)
{
	static const char *const others[] = { "S:", "#", "==", "        " };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (bytes_starts(*line, bytes_of(others[i])))
			return SCRIPT_DONE;
	if (bytes_starts(*line, BYTES("C: "))) {
		*line = bytes_skip(*line, 3);
		if (bytes_search(*line, BYTES("<hidden")) < line->n) {
			err_set(&s->d->err, ERR_USAGE,
					"the transcript hides a secret: put it where \"<hidden\" is");
			return SCRIPT_BROKE;
		}
	}
	return s->look ? s->look(s->look_ctx, s->state, line) : SCRIPT_SEND;
}

/* One line out of s->in, sent and answered. */
static bool run_line(struct script *s, bool *quit)
{
	struct bytes in = buf_bytes(&s->in), line;
	struct buf shown = BUF(SCRIPT_LINE_MAX + 64);
	bool ok;

	bytes_line(&in, &line);
	enum script_look look = s->state == SCRIPT_DATA ? SCRIPT_SEND : look_at(s, &line);
	if (look != SCRIPT_SEND) {
		ok = look == SCRIPT_DONE;
	} else if (s->state == SCRIPT_DATA) {
		ok = send_data_line(s, line);
		if (ok && s->state == SCRIPT_COMMAND && s->answered)
			s->answered(s->ctx, line);
	} else if (line.n == 0 && s->state == SCRIPT_COMMAND) {
		ok = true; /* an empty line asks nothing; servers count it as an error */
	} else {
		*quit = s->state == SCRIPT_COMMAND &&
				is_verb(s->d->proto, line,
						s->d->proto == PROTO_IMAP ? BYTES("LOGOUT") :
									    BYTES("QUIT"));
		ok = send_command(s, line, &shown);
		if (ok && s->answered)
			s->answered(s->ctx, buf_bytes(&shown));
		ok = ok && follow_up(s, line);
	}
	buf_free(&shown);
	buf_drop(&s->in, s->in.n - in.n);
	return ok;
}

/* No command can follow inside message data, and at a challenge only behind its end (RFC 4954 4,
 * RFC 5034 4). IMAP's "+" may await anything. */
static void leave(struct script *s)
{
	struct dialog *d = s->d;
	struct err e = d->err;

	if (s->state == SCRIPT_DATA || (s->state == SCRIPT_CHALLENGED && d->proto == PROTO_IMAP))
		d->is_over = true;
	else if (s->state == SCRIPT_CHALLENGED && !d->is_over)
		dialog_command(d, BYTES("*"), BYTES("*"), DIALOG_REPLY_MS);
	if (e.kind != ERR_NONE)
		d->err = e;
}

enum script_end script_run(struct script *s)
{
	enum script_end end = SCRIPT_ENDED;

	buf_init_secret(&s->in, SCRIPT_LINE_MAX);
	s->state = SCRIPT_COMMAND;
	s->at_end = s->in_fd < 0;
	for (;;) {
		enum input input = next_line(s);
		bool quit = false;
		if (input == INPUT_END) {
			end = s->state == SCRIPT_COMMAND ? SCRIPT_ENDED : SCRIPT_UNENDED;
			break;
		}
		if (input != INPUT_LINE || !run_line(s, &quit)) {
			end = s->d->is_over ? SCRIPT_PEER_LEFT : SCRIPT_FAILED;
			break;
		}
		if (quit || s->d->is_over) {
			end = quit && dialog_is_ok(s->d) ? SCRIPT_QUIT : SCRIPT_CUT;
			break;
		}
	}
	leave(s);
	buf_free(&s->in);
	return end;
}
