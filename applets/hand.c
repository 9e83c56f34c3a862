/* hand - a conversation typed by hand: local commands, hints
 * SPDX-License-Identifier: MIT */
#include "applets/hand.h"

#include "proto/b64.h"
#include "proto/dot.h"
#include "proto/sasl_look.h"
#include "sys/file.h"
#include "ui/show.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HAND_LINE_MAX = 12288 }; /* RFC 4954 4: the longest line of an AUTH exchange */

/* Shown, but not kept for /save: it may hold what the user typed in clear. */
static void say(struct hand *h, const char *text)
{
	struct transcript aside = h->t->transcript;

	aside.keep = NULL;
	transcript_note(&aside, text);
}

static bool is_verb(struct bytes line, const char *verb)
{
	struct bytes word;

	return bytes_word(&line, &word) && bytes_equal_nocase(word, bytes_of(verb));
}

/* An IMAP command, behind its tag. */
static bool is_imap_verb(const struct hand *h, struct bytes line, const char *verb)
{
	struct bytes tag;

	return h->t->proto == PROTO_IMAP && bytes_word(&line, &tag) && is_verb(line, verb);
}

/* ---- local commands ---- */

static enum script_look put_line(struct hand *h, struct bytes *line, const char *text)
{
	buf_clear(&h->line);
	buf_puts(&h->line, text);
	*line = buf_bytes(&h->line);
	return SCRIPT_SEND;
}

static enum script_look do_starttls(struct hand *h, struct bytes args, struct bytes *line)
{
	static const char *const verbs[] = { [PROTO_SMTP] = "STARTTLS",
		[PROTO_POP3] = "STLS",
		[PROTO_IMAP] = "a STARTTLS" }; /* the tag is given when it is sent */

	(void)args;
	return put_line(h, line, verbs[h->t->proto]);
}

static enum script_look do_quit(struct hand *h, struct bytes args, struct bytes *line)
{
	(void)args;
	return put_line(h, line, h->t->proto == PROTO_IMAP ? "a LOGOUT" : "QUIT");
}

static enum script_look do_b64(struct hand *h, struct bytes args, struct bytes *line)
{
	struct buf text = BUF_SECRET(HAND_LINE_MAX);

	(void)line;
	b64_encode(args, &text);
	say(h, text.n > 0 ? buf_text(&text) : "/b64 TEXT: the base64 of TEXT");
	buf_free(&text);
	return SCRIPT_DONE;
}

/* A password in it is left out, as everywhere. */
static void put_decoded(const struct hand *h, struct bytes plain, struct buf *out)
{
	struct sasl_look_fields f = { 0 };

	sasl_look_at(plain, &f);
	if (f.password.n == 0 || h->t->d.show_secrets) {
		show_quoted(out, plain, false);
		return;
	}
	size_t at = (size_t)(f.password.p - plain.p);
	show_quoted(out, bytes_head(plain, at), false);
	buf_printf(out, "<hidden, %zu bytes>", f.password.n);
	show_quoted(out, bytes_skip(plain, at + f.password.n), false);
}

static enum script_look do_unb64(struct hand *h, struct bytes args, struct bytes *line)
{
	struct buf plain = BUF_SECRET(HAND_LINE_MAX), text = BUF_SECRET(HAND_LINE_MAX);
	size_t at;

	(void)line;
	enum b64_fault fault = b64_decode(args, &plain, &at);
	if (fault != B64_OK)
		buf_printf(&text, "no base64: %s at offset %zu", b64_fault_text(fault), at);
	else
		put_decoded(h, buf_bytes(&plain), &text);
	say(h, buf_text(&text));
	buf_free(&plain);
	buf_free(&text);
	return SCRIPT_DONE;
}

static enum script_look do_explain(struct hand *h, struct bytes args, struct bytes *line)
{
	struct talk *t = h->t;

	(void)args;
	(void)line;
	if (t->d.reply.status == REPLY_NO || t->d.reply.status == REPLY_BAD)
		talk_refused(t, t->stage, NULL);
	else
		say(h, "the last answer is no refusal; its notes stand beside it");
	return SCRIPT_DONE;
}

/* A word of an argument list as a file name or user; the storage is the line. */
static const char *next_word(struct hand *h, struct bytes *args)
{
	struct bytes word;

	buf_clear(&h->line);
	if (!bytes_word(args, &word))
		return NULL;
	buf_put(&h->line, word);
	return buf_text(&h->line);
}

static enum script_look do_save(struct hand *h, struct bytes args, struct bytes *line)
{
	const char *path = next_word(h, &args);
	struct talk *t = h->t;
	struct err e = { 0 };

	(void)line;
	if (!path)
		say(h, "/save FILE: writes what was said so far to a new file");
	else if (t->d.show_secrets)
		say(h, "/save: not with --show-secrets, the file would hold them");
	else if (!file_write(path, buf_bytes(&t->kept), false, &e))
		say(h, e.text);
	else
		say(h,
				t->kept.overflow ?
						"saved; the transcript was longer, its end is missing" :
						"saved, without passwords");
	return SCRIPT_DONE;
}

/* ---- /data ---- */

static bool send_file(struct hand *h, int fd, const char *path)
{
	struct dialog *d = &h->t->d;
	struct buf raw = BUF(DIALOG_CHUNK), out = BUF(2 * DIALOG_CHUNK + 8);
	struct dot_writer dots = { 0 };
	bool ok = true, at_end = false;

	while (ok && !at_end) {
		buf_clear(&raw);
		buf_clear(&out);
		ok = file_read_some(fd, path, &raw, &d->err);
		at_end = raw.n == 0;
		dot_write(&dots, buf_bytes(&raw), &out);
		if (ok && at_end)
			dot_finish(&dots, &out);
		ok = ok && dialog_send_raw(d, buf_bytes(&out));
	}
	buf_free(&raw);
	buf_free(&out);
	if (!ok)
		d->is_over = true; /* the message is half sent: no command can follow */
	return ok && dialog_read_reply(d, DIALOG_FINAL_DOT_MS);
}

static enum script_look do_data(struct hand *h, struct bytes args, struct bytes *line)
{
	struct dialog *d = &h->t->d;
	const char *path = next_word(h, &args);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool ok;

	(void)line;
	if (fd < 0 || h->t->proto != PROTO_SMTP) {
		struct err e = { 0 };
		if (path && fd < 0)
			err_sys(&e, ERR_LOCAL, errno, "open %s", path);
		say(h, e.text[0] ? e.text : "/data FILE: SMTP's DATA, the file as message, and the dot");
		if (fd >= 0)
			close(fd);
		return SCRIPT_DONE;
	}
	ok = dialog_ask(d, "DATA");
	if (ok && dialog_is_continue(d)) {
		transcript_line(&h->t->transcript, 'C', BYTES("(the file) ."), NULL);
		ok = send_file(h, fd, path);
	}
	close(fd);
	if (ok)
		hand_answered(h, BYTES("."));
	return ok ? SCRIPT_DONE : SCRIPT_BROKE;
}

/* ---- /auth ---- */

static bool read_login(struct hand *h, struct bytes args, unsigned *mech, struct err *e)
{
	struct talk *t = h->t;
	struct bytes word, rest = args;

	*mech = bytes_word(&rest, &word) ? sasl_mech_of(word) : 0;
	const char *user = next_word(h, *mech ? &rest : &args);
	if (user && strlen(user) < sizeof(t->typed_user)) {
		memcpy(t->typed_user, user, strlen(user) + 1);
		buf_clear(&t->password);
		t->common->user = t->typed_user;
	}
	if (!t->common->user)
		return err_set(e, ERR_USAGE, "/auth [MECH] USER: which user?");
	if (*mech && !(*mech & SASL_IMPLEMENTED))
		return err_set(e, ERR_USAGE, "/auth: %s is not known here", sasl_mech_name(*mech));
	if (t->password.n == 0 && !opt_password(t->w, t->common, t->ep.host, &t->password, e))
		return false;
	t->creds.user = bytes_of(t->common->user);
	t->creds.password = buf_bytes(&t->password);
	return auth_may_send(t->d.s, &t->facts.tls, t->common->insecure, e);
}

/* Without a mechanism by the command that takes a password. */
static bool log_in(struct talk *t, unsigned mech)
{
	/* whether IMAP's SASL-IR is offered was perhaps not asked */
	struct auth_how how = { mech, &t->creds, .no_initial = t->proto == PROTO_IMAP };

	if (!mech)
		return t->proto == PROTO_IMAP ? auth_login(&t->d, &t->creds) :
						auth_user_pass(&t->d, &t->creds);
	return auth_run(&t->d, &how);
}

static enum script_look do_auth(struct hand *h, struct bytes args, struct bytes *line)
{
	struct talk *t = h->t;
	struct err e = { 0 };
	unsigned mech;

	(void)line;
	if (!read_login(h, args, &mech, &e)) {
		say(h, e.text);
		return SCRIPT_DONE;
	}
	if (!mech && t->proto == PROTO_SMTP)
		mech = auth_pick(h->caps.mechs);
	if (!mech && t->proto == PROTO_SMTP) {
		say(h, "no mechanism that is known here was offered; say EHLO first, or name one");
		return SCRIPT_DONE;
	}
	t->stage = "auth";
	t->mech = mech;
	bool ok = log_in(t, mech);
	if (!ok && !t->d.is_over) {
		say(h, t->d.err.text);
		return SCRIPT_DONE;
	}
	if (ok)
		hand_answered(h, BYTES("AUTH"));
	return ok ? SCRIPT_DONE : SCRIPT_BROKE;
}

/* ---- the list ---- */

static enum script_look do_help(struct hand *h, struct bytes args, struct bytes *line);

static const struct command {
	const char *name;
	enum script_look (*run)(struct hand *h, struct bytes args, struct bytes *line);
	const char *help;
} commands[] = {
	{ "/starttls", do_starttls, "/starttls          start TLS; then say EHLO (CAPA) again" },
	{ "/auth", do_auth, "/auth [MECH] USER  log in; the password is asked for" },
	{ "/b64", do_b64, "/b64 TEXT          the base64 of TEXT" },
	{ "/unb64", do_unb64, "/unb64 TEXT        what base64 says, a password left out" },
	{ "/data", do_data, "/data FILE         send a file as the message" },
	{ "/explain", do_explain, "/explain           what the last refusal means" },
	{ "/save", do_save, "/save FILE         write this session to a file" },
	{ "/help", do_help, "/help              this list; all else is sent as typed" },
	{ "/quit", do_quit, "/quit              QUIT" },
};

static enum script_look do_help(struct hand *h, struct bytes args, struct bytes *line)
{
	(void)args;
	(void)line;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		say(h, commands[i].help);
	return SCRIPT_DONE;
}

/* ---- hints ---- */

/* Certain by the session's own course, so that the server's no will be no surprise. */
static const char *hint_of(const struct hand *h, struct bytes line)
{
	const struct talk *t = h->t;
	bool has_auth = h->caps.has & (SMTP_AUTH | SMTP_AUTH_OLD);

	if (t->proto != PROTO_SMTP)
		return NULL;
	if (is_verb(line, "AUTH") && h->knows_caps && !has_auth)
		return h->caps.has & SMTP_STARTTLS && !stream_is_tls(t->d.s) ?
				"AUTH is not offered before TLS: /starttls, then EHLO again" :
				"AUTH is not in the list that EHLO gave";
	if (is_verb(line, "STARTTLS") && stream_is_tls(t->d.s))
		return "TLS is on already";
	if (is_verb(line, "STARTTLS") && h->knows_caps && !(h->caps.has & SMTP_STARTTLS))
		return "STARTTLS is not in the list that EHLO gave";
	if (is_verb(line, "RCPT") && !h->has_mail)
		return "no MAIL FROM was accepted yet: RCPT needs one first";
	if (is_verb(line, "DATA") && !h->has_rcpt)
		return "no RCPT TO was accepted yet: DATA needs one first";
	return NULL;
}

void hand_answered(void *ctx, struct bytes shown)
{
	struct hand *h = ctx;
	const struct dialog *d = &h->t->d;
	bool ok = dialog_is_ok(d);
	struct bytes rest = shown, word;

	h->t->is_typed = h->t->is_terminal;
	if (bytes_word(&rest, &word) && bytes_equal_nocase(word, BYTES("AUTH")))
		h->is_login = is_verb(rest, "LOGIN");
	if (ok && (is_verb(shown, "EHLO") || is_verb(shown, "LHLO"))) {
		smtp_caps_read(&d->reply, &h->caps);
		h->knows_caps = true;
	} else if (ok &&
			(is_verb(shown, "STARTTLS") || is_verb(shown, "STLS") ||
					is_imap_verb(h, shown, "STARTTLS"))) {
		h->knows_caps = false; /* RFC 3207 4.2 */
		talk_show_tls(h->t);
	}
	if (ok && is_verb(shown, "MAIL"))
		h->has_mail = true;
	else if (ok && is_verb(shown, "RCPT"))
		h->has_rcpt = true;
	else if (bytes_equal(shown, BYTES(".")) ||
			(ok && (is_verb(shown, "RSET") || is_verb(shown, "EHLO"))))
		h->has_mail = h->has_rcpt = false;
	if (h->answered)
		h->answered(h->ctx, shown);
}

static bool is_text(struct bytes in)
{
	uint32_t code;

	while (in.n > 0) {
		size_t n = show_utf8(in, &code);
		if (n == 0 || show_is_hidden(code))
			return false;
		in = bytes_skip(in, n);
	}
	return true;
}

/* LOGIN's prompts want base64 of text: "password" is base64 too, of octets that are none. What
 * other mechanisms answer may be anything. */
static bool is_answer(const struct hand *h, struct bytes line)
{
	struct buf plain = BUF_SECRET(HAND_LINE_MAX);
	bool ok = b64_decode(bytes_trim(line), &plain, NULL) == B64_OK &&
			(!h->is_login || is_text(buf_bytes(&plain)));

	buf_free(&plain);
	return ok;
}

/* At a challenge. On a terminal such a line is held back once; what comes next
 * decides: an empty line sends its base64, the same line again sends it as it is. */
static enum script_look look_answer(struct hand *h, struct bytes *line)
{
	bool again = h->held.n > 0 && bytes_equal(*line, buf_bytes(&h->held));

	if (h->held.n > 0 && line->n == 0) {
		buf_clear(&h->line);
		b64_encode(buf_bytes(&h->held), &h->line);
		buf_clear(&h->held);
		*line = buf_bytes(&h->line);
		return SCRIPT_SEND;
	}
	buf_clear(&h->held);
	if (again || bytes_equal(bytes_trim(*line), BYTES("*")) || is_answer(h, *line))
		return SCRIPT_SEND;
	if (!h->t->is_terminal) {
		say(h, "this answer is no base64 of a text; sent as it is (/b64 TEXT makes base64)");
		return SCRIPT_SEND;
	}
	buf_put(&h->held, *line);
	say(h,
			"that is no base64, so it is not sent yet: Enter alone sends its base64, the same"
			" line again sends it as it is, * cancels");
	return SCRIPT_DONE;
}

/* ---- the line editor ---- */

/* What script_shown would hide: the line agrees with what may be shown up to there. */
static size_t secret_from(void *ctx, struct bytes line)
{
	const struct hand *h = ctx;
	struct buf shown = BUF_SECRET(LINEEDIT_LINE_MAX + 64);
	size_t at = line.n;

	if (h->t->d.show_secrets || (line.n > 0 && line.p[0] == '/'))
		return at;
	if (script_shown(h->t->proto, h->state, line, &shown))
		for (at = 0; at < line.n && at < shown.n && line.p[at] == shown.p[at]; at++)
			continue;
	buf_free(&shown);
	return at;
}

static bool edit_begin(void *ctx, enum script_state state, int *signals)
{
	struct hand *h = ctx;

	h->state = state;
	return lineedit_begin(&h->edit, signals);
}

static void edit_pause(void *ctx)
{
	struct hand *h = ctx;

	lineedit_pause(&h->edit);
}

static bool edit_typed(void *ctx, struct bytes keys, struct buf *lines)
{
	struct hand *h = ctx;

	lineedit_typed(&h->edit, keys);
	return lineedit_next(&h->edit, lines) != LINEEDIT_END;
}

const struct script_input *hand_editor(struct hand *h)
{
	struct world *w = h->t->w;
	const char *term = w->env(w, "TERM");

	if (!h->t->is_terminal || !term || strcmp(term, "dumb") == 0)
		return NULL;
	lineedit_init(&h->edit, w, "C: ");
	h->edit.secret_from = secret_from;
	h->edit.ctx = h;
	h->input = (struct script_input){ edit_begin, edit_pause, edit_typed, h };
	return &h->input;
}

static void open_bufs(struct hand *h)
{
	if (h->line.max == 0) {
		buf_init_secret(&h->line, HAND_LINE_MAX * 4 / 3 + 4);
		buf_init_secret(&h->held, HAND_LINE_MAX);
	}
}

/* What it sends is not what was typed, so it is shown. */
static enum script_look run_command(struct hand *h, const struct command *c, struct bytes args,
		struct bytes *line)
{
	h->t->is_typed = false;
	enum script_look look = c->run(h, args, line);
	if (look != SCRIPT_SEND) /* else hand_answered does it */
		h->t->is_typed = h->t->is_terminal;
	return look;
}

static enum script_look hinted(struct hand *h, enum script_look look, struct bytes line)
{
	const char *hint = look == SCRIPT_SEND ? hint_of(h, line) : NULL;

	if (hint)
		say(h, hint);
	return look;
}

enum script_look hand_look(void *ctx, enum script_state state, struct bytes *line)
{
	struct hand *h = ctx;
	struct bytes args = *line, word = { 0 };

	open_bufs(h);
	bytes_word(&args, &word);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(commands[i].name))) {
			enum script_look look =
					run_command(h, &commands[i], bytes_trim(args), line);
			return hinted(h, look, *line);
		}
	/* base64 may begin with a slash too */
	if (state == SCRIPT_CHALLENGED)
		return h->t->proto != PROTO_IMAP ? look_answer(h, line) : SCRIPT_SEND;
	if (line->n > 0 && line->p[0] == '/') {
		say(h, "no such local command, and no server knows it either; not sent. /help lists them");
		return SCRIPT_DONE;
	}
	if (h->t->proto == PROTO_IMAP && h->t->is_terminal && word.n > 0 &&
			bytes_trim(args).n == 0) {
		say(h, "an IMAP command begins with a tag (a1 NOOP): not sent");
		return SCRIPT_DONE;
	}
	return hinted(h, SCRIPT_SEND, *line);
}

bool hand_data(void *ctx, struct bytes part)
{
	struct hand *h = ctx;

	return h->data(h->ctx, part);
}

void hand_free(struct hand *h)
{
	buf_free(&h->line);
	buf_free(&h->held);
	lineedit_free(&h->edit);
}
