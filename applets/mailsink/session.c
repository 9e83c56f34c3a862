/* session - what the sides of all protocols have in common
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/session.h"

#include "proto/b64.h"
#include "proto/sasl.h"

#include <stdio.h>
#include <stdlib.h>

bool session_stage(struct session *s, const char *stage)
{
	struct faults *f = &s->sink->faults;
	const struct fault *refusal = faults_begin(f, &s->fault, bytes_of(stage));

	FAULTS_EACH(f, &s->fault, i)
	journal_note(&s->sink->journal, &s->at, "fault", "fault: %s", f->at[i].spec);
	if (refusal) /* faults_answer puts its text there */
		buf_puts(&s->out, "\r\n");
	return !refusal;
}

/* What was added to out from at on goes through the faults. */
static void end_part(struct session *s, size_t at)
{
	if (s->out.n == at || !s->fault.active)
		return;
	faults_answer(&s->sink->faults, &s->fault, &s->out, at, !s->is_pouring);
	s->is_over = s->is_over || s->fault.ends;
	s->starts_tls = s->starts_tls && !s->is_over && !s->fault.is_mute;
	s->is_pouring = s->is_pouring && !s->fault.is_mute;
}

void session_start(struct session *s, const struct session_proto *proto, struct sink *sink,
		const struct session_peer *peer)
{
	s->proto = proto;
	s->sink = sink;
	s->at = (struct journal_at){ peer->number, proto->name };
	s->is_tls = peer->is_tls;
	snprintf(s->peer_ip, sizeof(s->peer_ip), "%s", peer->ip);
	buf_init_secret(&s->line, SESSION_LINE_MAX);
	buf_init(&s->out, SESSION_OUT_MAX);
	if (session_stage(s, "greeting"))
		proto->greet(s);
	end_part(s, 0);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	s->proto->end(s);
	login_end(&s->login);
	faults_end(&s->fault);
	buf_free(&s->line);
	buf_free(&s->out);
	free(s);
}

static void put_reply(struct session *s, struct bytes sent, struct bytes shown)
{
	struct buf line = BUF(SESSION_OUT_MAX);

	buf_put(&line, sent);
	buf_puts(&line, "\r\n");
	faults_line(&s->sink->faults, &s->fault, &line);
	buf_put(&s->out, buf_bytes(&line));
	buf_free(&line);
	journal_line(&s->sink->journal, &s->at, 'S', shown);
}

void session_reply(struct session *s, const char *format, ...)
{
	struct buf text = BUF(SESSION_LINE_MAX);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	put_reply(s, buf_bytes(&text), buf_bytes(&text));
	buf_free(&text);
}

void session_reply_long(struct session *s, struct bytes text)
{
	put_reply(s, text, text);
}

void session_reply_random(struct session *s, const char *sent, const char *shown)
{
	put_reply(s, bytes_of(sent), bytes_of(s->sink->journal.stable ? shown : sent));
}

void session_note(struct session *s, const char *text)
{
	journal_note(&s->sink->journal, &s->at, "note", "%s", text);
}

/* How many words at the front may be shown; what follows them is secret. Both protocols are looked
 * for on each port, and IMAP's LOGIN: a client may well have the wrong one. */
static size_t open_words(struct bytes line, bool *has_secret)
{
	static const struct {
		unsigned place; /* of the keyword */
		const char *word;
		size_t shown;
	} rows[] = {
		{ 0, "PASS", 1 },
		{ 0, "AUTH", 2 },
		{ 0, "APOP", 2 },
		{ 1, "LOGIN", 2 },
		{ 1, "AUTHENTICATE", 3 },
	};
	struct bytes words[2] = { { 0 } }, rest = line;

	*has_secret = false;
	if (bytes_word(&rest, &words[0]))
		bytes_word(&rest, &words[1]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (bytes_equal_nocase(words[rows[i].place], bytes_of(rows[i].word))) {
			*has_secret = true;
			return rows[i].shown;
		}
	}
	return 0;
}

/* AUTH PLAIN tells whose login is tried, as far as the string can be read. */
static void put_hidden(struct buf *out, struct bytes secret)
{
	struct buf message = BUF_SECRET(SESSION_LINE_MAX);

	if (b64_decode(secret, &message, NULL) == B64_OK) {
		struct bytes rest = bytes_skip(buf_bytes(&message),
				bytes_find(buf_bytes(&message), '\0') + 1);
		struct bytes user = bytes_head(rest, bytes_find(rest, '\0'));
		if (user.n > 0 && user.n + 1 < rest.n) {
			buf_puts(out, "<hidden: user \"");
			buf_put(out, user);
			buf_printf(out, "\", password %zu bytes>", rest.n - user.n - 1);
			buf_free(&message);
			return;
		}
	}
	buf_free(&message);
	buf_printf(out, "<hidden, %zu bytes>", secret.n);
}

/* Shows a message of an AUTH exchange: its length only. */
static void show_hidden(struct session *s, struct bytes line)
{
	struct buf text = BUF(2 * SESSION_LINE_MAX);

	if (s->sink->journal.show_secrets || bytes_equal(line, BYTES("*")))
		buf_put(&text, line);
	else
		put_hidden(&text, line);
	journal_line(&s->sink->journal, &s->at, 'C', buf_bytes(&text));
	buf_free(&text);
}

void session_show(struct session *s, struct bytes line, bool is_command)
{
	struct buf text = BUF(2 * SESSION_LINE_MAX);
	struct bytes rest = line, word;
	bool has_secret;
	size_t shown = open_words(line, &has_secret);

	if (s->sink->journal.show_secrets ||
			(!has_secret && (is_command || s->is_authed || !s->auth_tried))) {
		journal_line(&s->sink->journal, &s->at, 'C', line);
	} else if (!has_secret) {
		/* a client that went on with its password although AUTH was refused */
		show_hidden(s, line);
	} else {
		for (size_t i = 0; i < shown && bytes_word(&rest, &word); i++) {
			buf_put(&text, word);
			buf_putc(&text, ' ');
		}
		/* only one blank parts the password of PASS from its command */
		rest = bytes_equal_nocase(bytes_head(line, 4), BYTES("PASS")) ?
				bytes_skip(line, 5) :
				bytes_trim(rest);
		if (rest.n > 0)
			put_hidden(&text, rest);
		else
			text.n--;
		journal_line(&s->sink->journal, &s->at, 'C', buf_bytes(&text));
	}
	s->auth_tried = s->auth_tried || has_secret;
	buf_free(&text);
}

const struct session_command *session_find(const struct session *s, struct bytes verb)
{
	for (const struct session_command *c = s->proto->commands; c->verb; c++)
		if (bytes_equal_nocase(verb, bytes_of(c->verb)))
			return c;
	return NULL;
}

bool session_error(struct session *s)
{
	s->is_over = s->is_over || ++s->errors >= SESSION_ERRORS_MAX;
	return s->is_over;
}

static void end_auth(struct session *s, enum login_result result)
{
	s->proto->auth_end(s, result);
	login_end(&s->login);
}

unsigned session_mechs(const struct session *s)
{
	return s->sink->mechs & ~(unsigned)(*s->certificate ? 0 : SASL_EXTERNAL);
}

void session_reply_mechs(struct session *s, const char *start, const char *before)
{
	struct buf line = BUF(SESSION_LINE_MAX);

	buf_puts(&line, start);
	login_put_mechs(&line, session_mechs(s), before);
	session_reply_long(s, buf_bytes(&line));
	buf_free(&line);
}

static void step_auth(struct session *s, const struct bytes *line)
{
	struct buf challenge = BUF(SESSION_LINE_MAX), reply = BUF(2 * SESSION_LINE_MAX);
	enum login_result result = login_step(&s->login, &s->sink->users, line, &challenge);
	bool is_random = s->login.mech != SASL_LOGIN && challenge.n > 0;

	if (s->login.is_refused)
		session_note_login(s, buf_bytes(&s->login.user), sasl_mech_name(s->login.mech),
				false);
	if (result == LOGIN_MORE) {
		faults_message(&s->sink->faults, &s->fault, &challenge);
		buf_printf(&reply, "%s ", s->proto->challenge);
		b64_encode(buf_bytes(&challenge), &reply);
		struct buf shown = BUF(SESSION_LINE_MAX);
		buf_printf(&shown, "%s <challenge>", s->proto->challenge);
		session_reply_random(s, buf_text(&reply),
				is_random ? buf_text(&shown) : buf_text(&reply));
		buf_free(&shown);
	} else {
		end_auth(s, result);
	}
	buf_free(&challenge);
	buf_free(&reply);
}

void session_auth(struct session *s, struct bytes arg)
{
	struct bytes name = { 0 }, initial;

	bytes_word(&arg, &name);
	unsigned mech = sasl_mech_of(name) & session_mechs(s);
	if (mech)
		login_begin(&s->login, mech, s->sink->w, s->sink->name, s->certificate);
	if (!mech) {
		end_auth(s, LOGIN_UNKNOWN);
	} else if (!bytes_word(&arg, &initial)) {
		step_auth(s, NULL);
	} else if (bytes_trim(arg).n > 0) {
		end_auth(s, LOGIN_BAD_FORM);
	} else {
		initial = login_initial(initial);
		step_auth(s, &initial);
	}
}

void session_note_login(struct session *s, struct bytes user, const char *how, bool ok)
{
	if (s->login.is_told)
		return;
	s->login.is_told = s->login.mech != 0;
	journal_note(&s->sink->journal, &s->at, "login", "login of \"%.*s\" by %s %s", (int)user.n,
			(const char *)user.p, how, ok ? "accepted" : "refused");
}

void session_note_injected(struct session *s)
{
	session_note(s,
			"more in clear text behind the command that starts TLS: ended"
			" (CVE-2011-0411)");
}

/* Up to and with the LF; the line goes to the protocol when it is whole. */
static void take_line(struct session *s, struct bytes *in)
{
	size_t n = bytes_find(*in, '\n');
	bool whole = n < in->n;

	if (!buf_put(&s->line, bytes_head(*in, n)))
		s->line_cut = true;
	*in = bytes_skip(*in, whole ? n + 1 : n);
	if (!whole)
		return;
	struct bytes line = buf_bytes(&s->line);
	if (bytes_ends(line, BYTES("\r"))) {
		line.n--;
	} else if (!s->line_cut && !s->told_bare_lf) {
		s->told_bare_lf = true;
		session_note(s, "the client ends its lines with LF instead of CRLF");
	}
	if (!s->told_telnet && bytes_search(line, BYTES("\xff\xfd")) < line.n) {
		s->told_telnet = true;
		session_note(s, "Telnet options in the line (RFC 854): the client is a telnet program");
	}
	s->steps++;
	if (s->line_cut) {
		session_note(s, "a command line over 4096 octets");
		s->proto->line_too_long(s);
	} else if (s->login.mech) {
		show_hidden(s, line);
		if (session_stage(s, "proof"))
			step_auth(s, &line);
		else
			login_end(&s->login);
	} else {
		s->proto->line(s, line);
	}
	buf_clear(&s->line);
	s->line_cut = false;
}

static bool has_news(const struct session *s)
{
	return s->proto->has_news && !s->fault.is_mute && !s->is_over && s->proto->has_news(s);
}

static void take_part(struct session *s, struct bytes *in)
{
	if (faults_pours(&s->fault)) {
		faults_pour(&s->fault, &s->out, SESSION_OUT_HIGH);
	} else if (s->fault.is_mute) {
		*in = bytes_skip(*in, in->n);
	} else if (has_news(s)) {
		s->proto->tell_news(s);
	} else if (s->is_pouring) {
		s->proto->pour(s);
	} else if (s->starts_tls) {
		session_note_injected(s);
		s->starts_tls = false;
		s->is_over = true;
	} else if (s->in_data) {
		s->proto->data(s, in);
	} else {
		take_line(s, in);
	}
}

void session_feed(struct session *s, struct bytes *in)
{
	while (session_has_work(s, in->n > 0)) {
		size_t at = s->out.n;
		bool is_filling = faults_pours(&s->fault);
		take_part(s, in);
		if (!is_filling)
			end_part(s, at);
	}
}

bool session_has_work(const struct session *s, bool has_input)
{
	if (s->out.n >= SESSION_OUT_HIGH || faults_wait(&s->fault, &s->out))
		return false;
	return faults_pours(&s->fault) || has_news(s) ||
			(!s->is_over && (has_input || s->is_pouring));
}

bool session_may_tls(struct session *s)
{
	session_stage(s, "tls");
	if (!s->fault.active)
		return true;
	buf_clear(&s->out);        /* a greeting that was to come inside TLS */
	buf_puts(&s->out, "\r\n"); /* for the faults to work on */
	end_part(s, 0);
	s->starts_tls = false;
	return false;
}

void session_set_client(struct session *s, const struct addr *a, const char *by)
{
	addr_ip(a, s->peer_ip);
	journal_note(&s->sink->journal, &s->at, "client", "the client is %s, says %s", s->peer_ip,
			by);
}

void session_tls_on(struct session *s)
{
	s->starts_tls = false;
	s->is_tls = true;
	s->is_authed = false;
	s->auth_tried = false;
	login_end(&s->login);
	s->proto->tls_on(s);
}

void session_leave(struct session *s, bool is_idle)
{
	if (s->is_over)
		return;
	session_note(s, is_idle ? "silent for too long: ended" : "mailsink stops");
	if (!s->fault.is_mute)
		s->proto->leave(s, is_idle);
	s->is_over = true;
}
