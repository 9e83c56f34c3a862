/* imapd - one IMAP session, the server's side
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/imapd.h"

#include "applets/mailsink/imapbox.h"
#include "proto/imap.h"
#include "proto/sasl.h"
#include "sys/mem.h"

#include <inttypes.h>

enum {
	COMMAND_MAX = 64 * 1024, /* literals included */
	TAG_MAX = 64,
	PIECE = 16 * 1024,
};

enum states { LOGIN = 1, AUTHED = 2, SELECTED = 4, ANY = LOGIN | AUTHED | SELECTED };

struct imapd {
	struct session s; /* first */
	struct buf tag;
	struct buf command; /* so far: lines and literals */
	uint64_t literal_left;
	bool has_box; /* this session has the lock */
	bool is_idle; /* IDLE: between its "+" and DONE (RFC 2177) */
	struct imapbox box;
	/* FETCH while it pours */
	struct buf set, items;
	size_t next;
	struct buf answer;
	size_t answer_at;
};

static struct imapd *imapd_of(struct session *s)
{
	return (struct imapd *)s;
}

/* What ends a command: "a1 OK text". */
static void tagged(struct session *s, const char *status, const char *text)
{
	struct imapd *m = imapd_of(s);

	session_reply(s, "%s %s %s", m->tag.n > 0 ? buf_text(&m->tag) : "*", status, text);
}

static void refuse(struct session *s, const char *status, const char *text)
{
	tagged(s, status, text);
	if (session_error(s))
		session_reply(s, "* BYE too many errors");
}

static bool may_log_in(const struct session *s)
{
	return s->sink->users.count > 0 && (s->is_tls || !s->sink->require_tls);
}

static void put_capabilities(const struct session *s, struct buf *out)
{
	buf_puts(out, "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR IDLE");
	if (s->sink->can_tls && !s->is_tls)
		buf_puts(out, " STARTTLS");
	if (!may_log_in(s))
		buf_puts(out, " LOGINDISABLED");
	else
		login_put_mechs(out, session_mechs(s), " AUTH=");
}

static void greet(struct session *s)
{
	struct buf caps = BUF(SESSION_LINE_MAX);

	put_capabilities(s, &caps);
	if (s->sink->banner)
		session_reply(s, "* OK [%s] %s", buf_text(&caps), s->sink->banner);
	else
		session_reply(s, "* OK [%s] %s IMAP4rev1 mailsink", buf_text(&caps), s->sink->name);
	buf_free(&caps);
}

static void do_capability(struct session *s, struct bytes arg)
{
	struct buf caps = BUF(SESSION_LINE_MAX);

	(void)arg;
	put_capabilities(s, &caps);
	session_reply(s, "* %s", buf_text(&caps));
	tagged(s, "OK", "done");
	buf_free(&caps);
}

static bool has_new_mail(const struct imapd *m)
{
	return m->has_box && m->box.count != m->s.sink->store.count;
}

static void tell_new_mail(struct session *s)
{
	struct imapd *m = imapd_of(s);

	if (!has_new_mail(m))
		return;
	m->box.count = s->sink->store.count;
	session_reply(s, "* %zu EXISTS", m->box.count);
}

static void do_noop(struct session *s, struct bytes arg)
{
	(void)arg;
	tell_new_mail(s);
	tagged(s, "OK", "done");
}

static void do_idle(struct session *s, struct bytes arg)
{
	(void)arg;
	imapd_of(s)->is_idle = true;
	session_reply(s, "+ idling");
}

static void end_idle(struct session *s, struct bytes line)
{
	bool is_done = bytes_equal_nocase(line, BYTES("DONE"));

	session_show(s, line, is_done);
	imapd_of(s)->is_idle = false;
	if (is_done)
		tagged(s, "OK", "done");
	else
		refuse(s, "BAD", "only DONE ends IDLE");
}

static void leave_box(struct imapd *m)
{
	size_t lost;

	if (m->has_box)
		store_unlock(&m->s.sink->store, false, &lost);
	m->has_box = false;
}

static void do_logout(struct session *s, struct bytes arg)
{
	(void)arg;
	leave_box(imapd_of(s));
	session_reply(s, "* BYE until next time");
	tagged(s, "OK", "done");
	s->is_over = true;
}

static void do_starttls(struct session *s, struct bytes arg)
{
	(void)arg;
	if (s->is_tls || !s->sink->can_tls) {
		refuse(s, "BAD", s->is_tls ? "TLS is active already" : "STARTTLS is not offered");
		return;
	}
	tagged(s, "OK", "begin TLS negotiation now");
	s->starts_tls = true;
}

/* False: said why. */
static bool login_open(struct session *s)
{
	if (may_log_in(s))
		return true;
	refuse(s, "NO",
			s->sink->users.count == 0 ?
					"nobody can log in: mailsink was started without --user" :
					"[PRIVACYREQUIRED] no login in clear text: use STARTTLS first");
	return false;
}

static void finish_login(struct session *s, struct bytes user, const char *how, bool ok)
{
	session_note_login(s, user, how, ok);
	s->is_authed = ok;
	if (ok)
		tagged(s, "OK", "logged in");
	else
		refuse(s, "NO", "[AUTHENTICATIONFAILED] authentication failed");
}

static void auth_end(struct session *s, enum login_result result)
{
	static const char *const refusals[] = {
		[LOGIN_CANCELLED] = "authentication aborted",
		[LOGIN_BAD_BASE64] = "malformed base64",
		[LOGIN_BAD_FORM] = "malformed response",
		[LOGIN_UNKNOWN] = "unknown mechanism",
	};

	if (result == LOGIN_OK || result == LOGIN_REFUSED)
		finish_login(s, buf_bytes(&s->login.user), sasl_mech_name(s->login.mech),
				result == LOGIN_OK);
	else
		refuse(s, result == LOGIN_UNKNOWN ? "NO" : "BAD", refusals[result]);
}

static void do_authenticate(struct session *s, struct bytes arg)
{
	if (login_open(s))
		session_auth(s, arg);
}

static void do_login(struct session *s, struct bytes arg)
{
	struct buf user = BUF(SESSION_LINE_MAX), password = BUF_SECRET(SESSION_LINE_MAX);
	struct imap_item first, second;

	if (!login_open(s))
		return;
	if (!imap_next(&arg, &first) || !imap_next(&arg, &second)) {
		refuse(s, "BAD", "LOGIN takes a name and a password");
		return;
	}
	imap_string(&first, &user);
	imap_string(&second, &password);
	finish_login(s, buf_bytes(&user), "LOGIN",
			users_check_password(&s->sink->users, buf_bytes(&user),
					buf_bytes(&password)));
	buf_free(&user);
	buf_free(&password);
}

/* The folder that the next item names is the one there is. False: said so. */
static bool take_folder(struct session *s, struct bytes *arg)
{
	struct imap_item item;

	if (!imap_next(arg, &item))
		refuse(s, "BAD", "a folder's name is missing");
	else if (!bytes_equal_nocase(item.text, BYTES("INBOX")))
		refuse(s, "NO", "[NONEXISTENT] there is only INBOX");
	else
		return true;
	return false;
}

static void open_box(struct session *s, struct bytes arg, bool is_write)
{
	struct imapd *m = imapd_of(s);
	struct store *store = &s->sink->store;

	leave_box(m);
	if (!take_folder(s, &arg))
		return;
	if (!store_lock(store)) {
		refuse(s, "NO", "[INUSE] another session has this mailbox");
		return;
	}
	m->has_box = true;
	m->box.store = store;
	m->box.count = store->count;
	m->box.is_write = is_write;
	session_reply(s, "* FLAGS (" IMAPBOX_FLAGS ")");
	session_reply(s, "* OK [PERMANENTFLAGS (%s)] for this run", is_write ? IMAPBOX_FLAGS : "");
	session_reply(s, "* %zu EXISTS", store->count);
	session_reply(s, "* %zu RECENT", store->count);
	session_reply(s, "* OK [UIDVALIDITY %" PRIu32 "] UIDs hold for this run", store->validity);
	session_reply(s, "* OK [UIDNEXT %" PRIu32 "] the next", store->numbered + 1);
	tagged(s, "OK", is_write ? "[READ-WRITE] done" : "[READ-ONLY] done");
}

static void do_examine(struct session *s, struct bytes arg)
{
	open_box(s, arg, false);
}

static void do_select(struct session *s, struct bytes arg)
{
	open_box(s, arg, true);
}

/* Removes what is deleted; false: a file could not be. */
static bool expunge(struct imapd *m, bool is_told)
{
	struct store *store = &m->s.sink->store;
	size_t gone = 0, lost;

	for (size_t i = 0; i < m->box.count; i++) {
		store->at[i].marked = m->box.is_write && store->at[i].flags & IMAPBOX_DELETED;
		if (store->at[i].marked && is_told)
			session_reply(&m->s, "* %zu EXPUNGE", i + 1 - gone);
		gone += store->at[i].marked;
	}
	store_unlock(store, true, &lost);
	store_lock(store);
	m->box.count -= gone - lost;
	return lost == 0;
}

static void do_expunge(struct session *s, struct bytes arg)
{
	(void)arg;
	if (expunge(imapd_of(s), true))
		tagged(s, "OK", "done");
	else
		tagged(s, "NO", "[SERVERBUG] not all files could be removed");
}

static void do_close(struct session *s, struct bytes arg)
{
	(void)arg;
	expunge(imapd_of(s), false);
	leave_box(imapd_of(s));
	tagged(s, "OK", "done");
}

static size_t count_unseen(const struct store *store)
{
	size_t unseen = 0;

	for (size_t i = 0; i < store->count; i++)
		unseen += !(store->at[i].flags & IMAPBOX_SEEN);
	return unseen;
}

static void do_list(struct session *s, struct bytes arg)
{
	struct imap_item reference, pattern;

	if (!imap_next(&arg, &reference) || !imap_next(&arg, &pattern)) {
		refuse(s, "BAD", "LIST takes a reference and a pattern");
		return;
	}
	if (pattern.text.n == 0)
		session_reply(s, "* LIST (\\Noselect) \"/\" \"\"");
	else if (bytes_equal_nocase(pattern.text, BYTES("INBOX")) ||
			bytes_find(BYTES("*%"), pattern.text.p[pattern.text.n - 1]) < 2)
		session_reply(s, "* LIST () \"/\" INBOX");
	tagged(s, "OK", "done");
}

static void do_status(struct session *s, struct bytes arg)
{
	const struct store *store = &s->sink->store;

	if (!take_folder(s, &arg))
		return;
	session_reply(s,
			"* STATUS INBOX (MESSAGES %zu RECENT %zu UNSEEN %zu UIDNEXT %" PRIu32
			" UIDVALIDITY %" PRIu32 ")",
			store->count, store->count, count_unseen(store), store->numbered + 1,
			store->validity);
	tagged(s, "OK", "done");
}

static void end_pouring(struct session *s, const char *why)
{
	struct imapd *m = imapd_of(s);

	s->is_pouring = false;
	if (why)
		refuse(s, "BAD", why);
	else
		tagged(s, "OK", "done");
	buf_free(&m->answer);
	imapbox_free(&m->box);
}

static void show_answer(struct session *s, struct bytes answer)
{
	struct bytes line = bytes_head(answer, bytes_find(answer, '\r'));
	struct buf shown = BUF(2 * SESSION_LINE_MAX);

	buf_put(&shown, bytes_head(line, SESSION_LINE_MAX));
	if (line.n + 2 < answer.n)
		buf_printf(&shown, " ... (%zu octets)", answer.n);
	journal_line(&s->sink->journal, &s->at, 'S', buf_bytes(&shown));
	buf_free(&shown);
}

/* The faults of a line hold for the first one of an answer, where its literal is announced. */
static void break_line(struct session *s, struct buf *answer)
{
	size_t n = bytes_find(buf_bytes(answer), '\n') + 1;
	struct buf line = BUF(2 * SESSION_LINE_MAX), all = BUF(IMAPBOX_ANSWER_MAX);

	if (s->fault.active && n <= SESSION_LINE_MAX) {
		buf_put(&line, bytes_head(buf_bytes(answer), n));
		faults_line(&s->sink->faults, &s->fault, &line);
		buf_put(&all, buf_bytes(&line));
		buf_put(&all, bytes_skip(buf_bytes(answer), n));
		buf_free(answer);
		*answer = all;
	}
	buf_free(&line);
}

static void pour_answer(struct session *s)
{
	struct imapd *m = imapd_of(s);

	show_answer(s, buf_bytes(&m->answer));
	break_line(s, &m->answer);
	m->answer_at = 0;
	s->is_pouring = true;
}

static void do_search(struct session *s, struct bytes arg)
{
	struct imapd *m = imapd_of(s);
	struct buf *found = &m->answer;
	const char *why = NULL;

	found->max = IMAPBOX_ANSWER_MAX;
	buf_puts(found, "* SEARCH");
	for (size_t i = 0; i < m->box.count && !why; i++)
		if (imapbox_matches(&m->box, arg, i, &why))
			buf_printf(found, " %zu",
					m->box.by_uid ? (size_t)m->box.store->at[i].number : i + 1);
	buf_puts(found, "\r\n");
	m->next = m->box.count; /* nothing but this pours */
	if (why)
		end_pouring(s, why);
	else
		pour_answer(s);
}

static void start_fetch(struct session *s, struct bytes set, struct bytes items)
{
	struct imapd *m = imapd_of(s);

	buf_clear(&m->set);
	buf_clear(&m->items);
	buf_put(&m->set, set);
	buf_put(&m->items, items);
	m->next = 0;
	s->is_pouring = true;
}

static void do_fetch(struct session *s, struct bytes arg)
{
	struct bytes set;

	if (!bytes_word(&arg, &set) || !imapbox_set_ok(set) || bytes_trim(arg).n == 0) {
		refuse(s, "BAD", "FETCH takes a set of messages and what to fetch");
		return;
	}
	start_fetch(s, set, bytes_trim(arg));
}

/* "+FLAGS.SILENT (\Seen)", also without the sign, the word and the parentheses (RFC 9051 6.4.6). */
static void do_store(struct session *s, struct bytes arg)
{
	struct imapd *m = imapd_of(s);
	struct bytes set, item;
	unsigned flags;

	if (!bytes_word(&arg, &set) || !imapbox_set_ok(set) || !bytes_word(&arg, &item) ||
			!imapbox_flags(bytes_trim(arg), &flags)) {
		refuse(s, "BAD", "STORE takes a set of messages, FLAGS and a list of flags");
		return;
	}
	if (!m->box.is_write) {
		refuse(s, "NO", "the folder was opened by EXAMINE");
		return;
	}
	unsigned char sign = item.p[0];
	for (size_t i = 0; i < m->box.count; i++) {
		unsigned *at = &m->box.store->at[i].flags;
		if (imapbox_in_set(&m->box, set, i))
			*at = sign == '+' ? *at | flags : sign == '-' ? *at & ~flags : flags;
	}
	if (bytes_search_nocase(item, BYTES(".SILENT")) < item.n)
		tagged(s, "OK", "done");
	else
		start_fetch(s, set, BYTES("FLAGS"));
}

static void pour(struct session *s)
{
	struct imapd *m = imapd_of(s);
	struct bytes rest = bytes_skip(buf_bytes(&m->answer), m->answer_at);
	const char *why = NULL;

	if (rest.n > 0) {
		buf_put(&s->out, bytes_head(rest, PIECE));
		m->answer_at += rest.n < PIECE ? rest.n : PIECE;
		return;
	}
	while (m->next < m->box.count && !imapbox_in_set(&m->box, buf_bytes(&m->set), m->next))
		m->next++;
	m->answer.max = IMAPBOX_ANSWER_MAX;
	buf_clear(&m->answer);
	if (m->next < m->box.count &&
			imapbox_fetch(&m->box, buf_bytes(&m->items), m->next++, &m->answer, &why)) {
		pour_answer(s);
	} else {
		end_pouring(s, why);
	}
}

static const struct session_command commands[] = {
	{ "AUTHENTICATE", LOGIN, do_authenticate },
	{ "CAPABILITY", ANY, do_capability },
	{ "CHECK", SELECTED, do_noop },
	{ "CLOSE", SELECTED, do_close },
	{ "EXAMINE", AUTHED | SELECTED, do_examine },
	{ "EXPUNGE", SELECTED, do_expunge },
	{ "FETCH", SELECTED, do_fetch },
	{ "IDLE", AUTHED | SELECTED, do_idle },
	{ "LIST", AUTHED | SELECTED, do_list },
	{ "LOGIN", LOGIN, do_login },
	{ "LOGOUT", ANY, do_logout },
	{ "NOOP", ANY, do_noop },
	{ "SEARCH", SELECTED, do_search },
	{ "SELECT", AUTHED | SELECTED, do_select },
	{ "STARTTLS", LOGIN, do_starttls },
	{ "STATUS", AUTHED | SELECTED, do_status },
	{ "STORE", SELECTED, do_store },
	{ 0 },
};

static void run_command(struct session *s, struct bytes in)
{
	struct imapd *m = imapd_of(s);
	struct bytes rest = in, tag = { 0 }, verb = { 0 };
	unsigned state = m->has_box ? SELECTED : s->is_authed ? AUTHED : LOGIN;

	bytes_word(&rest, &tag);
	bytes_word(&rest, &verb);
	m->box.by_uid = bytes_equal_nocase(verb, BYTES("UID"));
	if (m->box.by_uid && bytes_word(&rest, &verb) &&
			!bytes_equal_nocase(verb, BYTES("FETCH")) &&
			!bytes_equal_nocase(verb, BYTES("SEARCH")) &&
			!bytes_equal_nocase(verb, BYTES("STORE")))
		verb.n = 0;
	const struct session_command *command = session_find(s, verb);
	session_show(s, in, command != NULL);
	buf_clear(&m->tag);
	if (tag.n > 0 && tag.n <= TAG_MAX && !bytes_has_control(tag))
		buf_put(&m->tag, tag);
	s->fault.tag = buf_bytes(&m->tag);
	if (!session_stage(s, command ? command->verb : NULL))
		return;
	if (!command || m->tag.n == 0)
		refuse(s, "BAD", "unknown command");
	else if (!(command->when & state))
		refuse(s, "BAD", "not in this state");
	else
		command->run(s, bytes_trim(rest));
}

/* Takes "{12}" or "{12+}", for so many octets that follow, off the end of a line. */
static bool take_literal(struct bytes *line, uint64_t *n, bool *waits)
{
	size_t open = line->n;

	while (open > 0 && line->p[open - 1] != '{')
		open--;
	struct bytes rest = bytes_skip(*line, open);
	if (open == 0 || !bytes_uint(&rest, UINT32_MAX, n))
		return false;
	*waits = bytes_equal(rest, BYTES("}"));
	if (!*waits && !bytes_equal(rest, BYTES("+}")))
		return false;
	line->n = open - 1;
	return true;
}

static void take_line(struct session *s, struct bytes line)
{
	struct imapd *m = imapd_of(s);
	bool waits;

	if (m->is_idle) {
		end_idle(s, line);
		return;
	}
	if (take_literal(&line, &m->literal_left, &waits)) {
		buf_put(&m->command, line);
		buf_printf(&m->command, "{%" PRIu64 "}\r\n", m->literal_left);
		if (m->literal_left > m->command.max - m->command.n) {
			session_reply(s, "* BYE that literal is too long");
			s->is_over = true;
			return;
		}
		if (waits)
			session_reply(s, "+ ready for the literal");
		s->in_data = m->literal_left > 0;
		return;
	}
	buf_put(&m->command, line);
	if (m->command.overflow)
		refuse(s, "BAD", "the command is too long");
	else
		run_command(s, buf_bytes(&m->command));
	buf_clear(&m->command);
}

/* A literal's octets. */
static void take_data(struct session *s, struct bytes *in)
{
	struct imapd *m = imapd_of(s);
	struct bytes piece = bytes_head(*in, (size_t)m->literal_left);

	buf_put(&m->command, piece);
	*in = bytes_skip(*in, piece.n);
	m->literal_left -= piece.n;
	s->in_data = m->literal_left > 0;
	s->steps++;
}

static void line_too_long(struct session *s)
{
	login_end(&s->login);
	buf_clear(&imapd_of(s)->command);
	imapd_of(s)->is_idle = false;
	refuse(s, "BAD", "the line is too long");
}

static void tls_on(struct session *s)
{
	buf_clear(&imapd_of(s)->command);
}

static bool has_news(const struct session *s)
{
	const struct imapd *m = (const struct imapd *)s;

	return m->is_idle && has_new_mail(m);
}

static void leave(struct session *s, bool is_idle)
{
	session_reply(s, "* BYE %s", is_idle ? "silent for too long" : "mailsink stops");
}

static void end(struct session *s)
{
	struct imapd *m = imapd_of(s);

	leave_box(m);
	imapbox_free(&m->box);
	buf_free(&m->tag);
	buf_free(&m->command);
	buf_free(&m->set);
	buf_free(&m->items);
	buf_free(&m->answer);
}

const struct session_proto imapd_proto = {
	.name = "imap",
	.challenge = "+",
	.commands = commands,
	.greet = greet,
	.line = take_line,
	.line_too_long = line_too_long,
	.data = take_data,
	.pour = pour,
	.has_news = has_news,
	.tell_news = tell_new_mail,
	.tls_on = tls_on,
	.auth_end = auth_end,
	.leave = leave,
	.end = end,
};

struct session *imapd_new(struct sink *sink, const struct session_peer *peer)
{
	struct imapd *m = xmalloc(sizeof(*m));

	m->tag.max = TAG_MAX;
	buf_init_secret(&m->command, COMMAND_MAX);
	m->set.max = m->items.max = COMMAND_MAX;
	session_start(&m->s, &imapd_proto, sink, peer);
	return &m->s;
}
