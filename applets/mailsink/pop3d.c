/* pop3d - one POP3 session, the server's side
 * SPDX-License-Identifier: MIT
 *
 * The list of messages is that of the moment of the login (RFC 1939 4): later ones are added behind
 * it, and only the session that has the lock removes any.
 */
#include "applets/mailsink/pop3d.h"

#include "proto/dot.h"
#include "proto/sasl.h"
#include "sys/mem.h"

#include <inttypes.h>

enum { TEXT_PIECE = 16 * 1024 };

enum pour { POUR_LIST, POUR_UIDL, POUR_TEXT };

struct pop3d {
	struct session s; /* first */
	struct buf stamp; /* of APOP, with its angle brackets; empty when nobody can log in */
	struct buf user;  /* of USER */
	bool in_mailbox;  /* TRANSACTION state: this session has the lock */
	size_t count;     /* messages of this session */
	enum pour pour;
	size_t next;       /* message to list */
	struct bytes text; /* what is left to send of a message */
	struct dot_writer dot;
	struct buf file;
};

enum states { LOGIN = 1, MAILBOX = 2, ANY = LOGIN | MAILBOX };

static struct pop3d *pop3d_of(struct session *s)
{
	return (struct pop3d *)s;
}

static struct store *store_of(struct pop3d *p)
{
	return &p->s.sink->store;
}

static void refuse(struct session *s, const char *text)
{
	session_reply(s, "-ERR %s", text);
	if (session_error(s))
		session_note(s, "too many errors: ended");
}

static void greet(struct session *s)
{
	struct pop3d *p = pop3d_of(s);
	struct buf text = BUF(SESSION_LINE_MAX), shown = BUF(SESSION_LINE_MAX);
	uint64_t random[2];

	buf_puts(&text, "+OK ");
	if (s->sink->banner)
		buf_puts(&text, s->sink->banner);
	else
		buf_printf(&text, "%s POP3 mailsink", s->sink->name);
	buf_put(&shown, buf_bytes(&text));
	if (s->sink->users.count > 0) {
		s->sink->w->random(s->sink->w, random, sizeof(random));
		buf_printf(&p->stamp, "<%" PRIu64 ".%" PRIu64 "@%s>", random[0], random[1],
				s->sink->name);
		buf_printf(&text, " %s", buf_text(&p->stamp));
		buf_puts(&shown, " <stamp>");
	}
	session_reply_random(s, buf_text(&text), buf_text(&shown));
	buf_free(&text);
	buf_free(&shown);
}

static bool may_log_in(const struct session *s)
{
	return s->sink->users.count > 0 && (s->is_tls || !s->sink->require_tls);
}

/* False: said why. */
static bool login_open(struct session *s)
{
	if (s->sink->users.count == 0)
		refuse(s, "[AUTH] nobody can log in: mailsink was started without --user");
	else if (!may_log_in(s))
		refuse(s, "[AUTH] no login in clear text: use STLS first");
	else
		return true;
	return false;
}

static void do_capa(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);

	(void)arg;
	session_reply(s, "+OK");
	session_reply(s, "TOP");
	session_reply(s, "UIDL");
	session_reply(s, "RESP-CODES");
	session_reply(s, "AUTH-RESP-CODE");
	session_reply(s, "PIPELINING");
	if (s->sink->can_tls && !s->is_tls && !p->in_mailbox)
		session_reply(s, "STLS");
	if (may_log_in(s)) {
		session_reply(s, "USER");
		session_reply_mechs(s, "SASL", " ");
	}
	session_reply(s, "IMPLEMENTATION mailsink");
	session_reply(s, ".");
}

static void do_stls(struct session *s, struct bytes arg)
{
	(void)arg;
	if (s->is_tls) {
		refuse(s, "TLS is active already");
	} else if (!s->sink->can_tls) {
		refuse(s, "STLS is not offered");
	} else {
		session_reply(s, "+OK Begin TLS negotiation now");
		s->starts_tls = true;
	}
}

/* The proof was right or wrong; a right one needs the lock, too. */
static void finish_login(struct session *s, struct bytes user, const char *how, bool ok)
{
	struct pop3d *p = pop3d_of(s);

	session_note_login(s, user, how, ok);
	if (!ok) {
		refuse(s, "[AUTH] Authentication failed");
	} else if (!store_lock(store_of(p))) {
		refuse(s, "[IN-USE] another session has this mailbox");
	} else {
		s->is_authed = true;
		p->in_mailbox = true;
		p->count = store_of(p)->count;
		session_reply(s, "+OK Logged in, %zu message%s", p->count,
				p->count == 1 ? "" : "s");
	}
}

static void do_user(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);

	if (!login_open(s))
		return;
	buf_clear(&p->user);
	if (arg.n == 0) {
		refuse(s, "Syntax: USER name");
		return;
	}
	buf_put(&p->user, arg);
	session_reply(s, "+OK");
}

static void do_pass(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);

	if (!login_open(s))
		return;
	if (p->user.n == 0) {
		refuse(s, "USER first");
		return;
	}
	bool ok = users_check_password(&s->sink->users, buf_bytes(&p->user), arg);
	finish_login(s, buf_bytes(&p->user), "PASS", ok);
	buf_clear(&p->user);
}

static void do_apop(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	size_t name_end = arg.n;

	if (!login_open(s))
		return;
	while (name_end > 0 && arg.p[name_end - 1] != ' ')
		name_end--;
	if (name_end < 2) {
		refuse(s, "Syntax: APOP name digest");
		return;
	}
	struct bytes name = bytes_head(arg, name_end - 1), digest = bytes_skip(arg, name_end);
	struct bytes password = users_password(&s->sink->users, name);
	struct buf due = BUF_SECRET(SESSION_LINE_MAX);
	sasl_apop(&due, buf_bytes(&p->stamp), password);
	finish_login(s, name, "APOP", password.n > 0 && users_same(buf_bytes(&due), digest));
	buf_free(&due);
}

static void auth_end(struct session *s, enum login_result result)
{
	static const char *const refusals[] = {
		[LOGIN_CANCELLED] = "Authentication aborted",
		[LOGIN_BAD_BASE64] = "Malformed base64",
		[LOGIN_BAD_FORM] = "Malformed response",
		[LOGIN_UNKNOWN] = "Unrecognized authentication mechanism",
	};

	if (result == LOGIN_OK || result == LOGIN_REFUSED)
		finish_login(s, buf_bytes(&s->login.user), sasl_mech_name(s->login.mech),
				result == LOGIN_OK);
	else
		refuse(s, refusals[result]);
}

/* Without an argument: the list that clients older than RFC 5034 ask for. */
static void list_mechs(struct session *s)
{
	struct buf names = BUF(SESSION_LINE_MAX);
	struct bytes rest, word;

	login_put_mechs(&names, session_mechs(s), " ");
	rest = buf_bytes(&names);
	session_reply(s, "+OK");
	while (bytes_word(&rest, &word))
		session_reply(s, "%.*s", (int)word.n, (const char *)word.p);
	session_reply(s, ".");
	buf_free(&names);
}

static void do_auth(struct session *s, struct bytes arg)
{
	if (!login_open(s))
		return;
	if (bytes_trim(arg).n == 0)
		list_mechs(s);
	else
		session_auth(s, arg);
}

/* The message that the next word names; NULL, and said so, when there is none. */
static struct store_message *take_number(struct pop3d *p, struct bytes *arg, size_t *index)
{
	struct bytes word = { 0 };
	uint64_t number;

	bytes_word(arg, &word);
	if (!bytes_is_uint(word, UINT32_MAX, &number)) {
		refuse(&p->s, "Syntax: a message number is missing");
		return NULL;
	}
	if (number == 0 || number > p->count || store_of(p)->at[number - 1].marked) {
		refuse(&p->s, "No such message");
		return NULL;
	}
	*index = (size_t)number - 1;
	return &store_of(p)->at[number - 1];
}

static void sum_up(struct pop3d *p, size_t *count, uint64_t *octets)
{
	*count = 0;
	*octets = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (store_of(p)->at[i].marked)
			continue;
		++*count;
		*octets += store_of(p)->at[i].octets;
	}
}

static void do_stat(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	size_t count;
	uint64_t octets;

	(void)arg;
	sum_up(p, &count, &octets);
	session_reply(s, "+OK %zu %" PRIu64, count, octets);
}

static void start_list(struct pop3d *p, enum pour pour)
{
	p->pour = pour;
	p->next = 0;
	p->s.is_pouring = true;
}

static void do_list(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	const struct store_message *m;
	size_t i, count;
	uint64_t octets;

	if (arg.n == 0) {
		sum_up(p, &count, &octets);
		session_reply(s, "+OK %zu messages (%" PRIu64 " octets)", count, octets);
		start_list(p, POUR_LIST);
		return;
	}
	m = take_number(p, &arg, &i);
	if (m)
		session_reply(s, "+OK %zu %" PRIu64, i + 1, m->octets);
}

static void do_uidl(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	const struct store_message *m;
	size_t i;

	if (arg.n == 0) {
		session_reply(s, "+OK");
		start_list(p, POUR_UIDL);
		return;
	}
	m = take_number(p, &arg, &i);
	if (m)
		session_reply(s, "+OK %zu %s", i + 1, m->uid);
}

/* Headers, the empty line and so many lines of the body. */
static struct bytes top_of(struct bytes text, uint64_t lines)
{
	struct bytes rest = text, line;
	bool in_body = false;

	while ((!in_body || lines > 0) && bytes_line(&rest, &line)) {
		if (in_body)
			lines--;
		else
			in_body = line.n == 0;
	}
	return bytes_head(text, text.n - rest.n);
}

static void start_text(struct pop3d *p, size_t i, bool top, uint64_t lines)
{
	const struct store_message *m = &store_of(p)->at[i];
	struct journal *journal = &p->s.sink->journal;
	struct buf shown = BUF(SESSION_LINE_MAX);
	struct err e = { 0 };

	if (!store_read(store_of(p), i, &p->file, &p->text, &e)) {
		session_note(&p->s, e.text);
		refuse(&p->s, "[SYS/TEMP] The message cannot be read");
		return;
	}
	if (top) {
		p->text = top_of(p->text, lines);
		session_reply(&p->s, "+OK");
	} else {
		session_reply(&p->s, "+OK %" PRIu64 " octets", m->octets);
	}
	buf_printf(&shown, "(%zu octets of message %zu)", p->text.n, i + 1);
	journal_line(journal, &p->s.at, 'S', buf_bytes(&shown));
	buf_free(&shown);
	p->dot = (struct dot_writer){ 0 };
	p->pour = POUR_TEXT;
	p->s.is_pouring = true;
}

static void do_retr(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	size_t i;

	if (take_number(p, &arg, &i))
		start_text(p, i, false, 0);
}

static void do_top(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	uint64_t lines;
	size_t i;

	if (!take_number(p, &arg, &i))
		return;
	if (bytes_is_uint(bytes_trim(arg), UINT32_MAX, &lines))
		start_text(p, i, true, lines);
	else
		refuse(s, "Syntax: TOP number lines");
}

static void pour_list(struct pop3d *p)
{
	const struct store_message *m;

	if (p->next == p->count) {
		session_reply(&p->s, ".");
		p->s.is_pouring = false;
		return;
	}
	m = &store_of(p)->at[p->next++];
	if (m->marked)
		return;
	if (p->pour == POUR_LIST)
		session_reply(&p->s, "%zu %" PRIu64, p->next, m->octets);
	else
		session_reply(&p->s, "%zu %s", p->next, m->uid);
}

static void pour(struct session *s)
{
	struct pop3d *p = pop3d_of(s);
	struct bytes piece = bytes_head(p->text, TEXT_PIECE);

	if (p->pour != POUR_TEXT) {
		pour_list(p);
		return;
	}
	if (faults_unstuffed(&s->sink->faults, &s->fault))
		buf_put(&s->out, piece);
	else
		dot_write(&p->dot, piece, &s->out);
	p->text = bytes_skip(p->text, piece.n);
	if (p->text.n > 0)
		return;
	dot_finish(&p->dot, &s->out);
	s->is_pouring = false;
	buf_free(&p->file);
}

static void do_dele(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	size_t i;
	struct store_message *m = take_number(p, &arg, &i);

	if (!m)
		return;
	m->marked = true;
	session_reply(s, "+OK Marked to be deleted");
}

static void do_rset(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);

	(void)arg;
	for (size_t i = 0; i < p->count; i++)
		store_of(p)->at[i].marked = false;
	session_reply(s, "+OK");
}

static void do_noop(struct session *s, struct bytes arg)
{
	(void)arg;
	session_reply(s, "+OK");
}

/* RFC 1939 6: only QUIT removes what was marked. */
static void do_quit(struct session *s, struct bytes arg)
{
	struct pop3d *p = pop3d_of(s);
	size_t lost = 0;

	(void)arg;
	if (p->in_mailbox)
		store_unlock(store_of(p), true, &lost);
	p->in_mailbox = false;
	if (lost > 0)
		session_reply(s, "-ERR [SYS/TEMP] %zu messages could not be removed", lost);
	else
		session_reply(s, "+OK Bye");
	s->is_over = true;
}

static const struct session_command commands[] = {
	{ "APOP", LOGIN, do_apop },
	{ "AUTH", LOGIN, do_auth },
	{ "CAPA", ANY, do_capa },
	{ "DELE", MAILBOX, do_dele },
	{ "LIST", MAILBOX, do_list },
	{ "NOOP", MAILBOX, do_noop },
	{ "PASS", LOGIN, do_pass },
	{ "QUIT", ANY, do_quit },
	{ "RETR", MAILBOX, do_retr },
	{ "RSET", MAILBOX, do_rset },
	{ "STAT", MAILBOX, do_stat },
	{ "STLS", LOGIN, do_stls },
	{ "TOP", MAILBOX, do_top },
	{ "UIDL", MAILBOX, do_uidl },
	{ "USER", LOGIN, do_user },
	{ 0 },
};

static void take_line(struct session *s, struct bytes line)
{
	struct bytes verb = bytes_head(line, bytes_find(line, ' '));
	struct bytes arg = bytes_skip(line, verb.n + 1); /* blanks in it are part of a password */
	const struct session_command *command = session_find(s, verb);
	bool in_mailbox = pop3d_of(s)->in_mailbox;

	session_show(s, line, command != NULL);
	if (!session_stage(s, command ? command->verb : NULL))
		return;
	if (!command || bytes_has_control(line))
		refuse(s, "Unknown command");
	else if (!(command->when & (in_mailbox ? MAILBOX : LOGIN)))
		refuse(s, in_mailbox ? "Not possible after the login" : "Log in first");
	else
		command->run(s, arg);
}

static void line_too_long(struct session *s)
{
	login_end(&s->login);
	refuse(s, "Line too long");
}

/* RFC 2595 4: what was said before TLS counts for nothing. */
static void tls_on(struct session *s)
{
	buf_clear(&pop3d_of(s)->user);
}

/* RFC 1939 3: the connection is closed without a word. */
static void leave(struct session *s, bool is_idle)
{
	(void)s;
	(void)is_idle;
}

static void end(struct session *s)
{
	struct pop3d *p = pop3d_of(s);
	size_t lost;

	if (p->in_mailbox)
		store_unlock(store_of(p), false, &lost);
	buf_free(&p->stamp);
	buf_free(&p->user);
	buf_free(&p->file);
}

const struct session_proto pop3d_proto = {
	.name = "pop3",
	.challenge = "+",
	.commands = commands,
	.greet = greet,
	.line = take_line,
	.line_too_long = line_too_long,
	.pour = pour,
	.tls_on = tls_on,
	.auth_end = auth_end,
	.leave = leave,
	.end = end,
};

struct session *pop3d_new(struct sink *sink, const struct session_peer *peer)
{
	struct pop3d *p = xmalloc(sizeof(*p));

	p->stamp.max = SESSION_LINE_MAX;
	p->user.max = SESSION_LINE_MAX;
	session_start(&p->s, &pop3d_proto, sink, peer);
	return &p->s;
}
