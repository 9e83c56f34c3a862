/* smtpd - one SMTP session, the server's side
 * SPDX-License-Identifier: MIT
 *
 * The wording of the replies is Postfix's where it has one, so that a client that looks at texts
 * meets what it knows.
 */
#include "applets/mailsink/smtpd.h"

#include "proto/dot.h"
#include "proto/sasl.h"
#include "sys/mem.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	DATA_PIECE = 16 * 1024,
	DATA_STEP = 4096, /* octets of text that count as progress */
};

/* What becomes of the text that is coming in. */
enum fate { FATE_KEEP, FATE_TOO_BIG, FATE_FULL, FATE_NOBODY /* to give it to */ };

struct smtpd {
	struct session s; /* first */
	struct envelope envelope;
	bool has_helo, has_mail;
	unsigned refused_recipients;
	struct dot_reader dot;
	struct buf data;
	uint64_t booked; /* of the store's room, for data */
	enum fate fate;
	size_t since_step;
	bool has_chunks; /* BDAT instead of DATA (RFC 3030) */
	bool is_last;    /* the chunk that is coming in */
	uint64_t chunk_left;
};

/* When a command may be used. */
enum { BEFORE_TLS = 1 /* even where TLS is required (RFC 3207 4) */ };

static struct smtpd *smtpd_of(struct session *s)
{
	return (struct smtpd *)s;
}

/* A reply that counts as the client's fault; too many end the session. */
static void refuse(struct session *s, const char *text)
{
	session_reply(s, "%s", text);
	if (session_error(s))
		session_reply(s, "421 4.7.0 %s Error: too many errors", s->sink->name);
}

static void end_transaction(struct smtpd *m)
{
	envelope_clear(&m->envelope);
	m->has_mail = false;
	m->refused_recipients = 0;
	store_unbook(&m->s.sink->store, m->booked);
	m->booked = 0;
	buf_free(&m->data);
	m->has_chunks = false;
}

static bool is_lmtp(const struct session *s)
{
	return s->proto == &smtpd_lmtp;
}

static void greet(struct session *s)
{
	if (s->sink->banner)
		session_reply(s, "220 %s", s->sink->banner);
	else
		session_reply(s, "220 %s %s mailsink", s->sink->name,
				is_lmtp(s) ? "LMTP" : "ESMTP");
}

static bool may_auth(const struct session *s)
{
	return s->sink->users.count > 0 && (s->is_tls || !s->sink->require_tls);
}

/* False: said so. */
static bool take_helo(struct smtpd *m, struct bytes arg, bool is_esmtp)
{
	struct bytes name;

	if (!bytes_word(&arg, &name) || name.n > ENVELOPE_NAME_MAX || bytes_trim(arg).n > 0) {
		refuse(&m->s,
				is_esmtp ? "501 5.5.4 Syntax: EHLO hostname" :
					   "501 5.5.4 Syntax: HELO hostname");
		return false;
	}
	end_transaction(m);
	buf_clear(&m->envelope.helo);
	buf_put(&m->envelope.helo, name);
	m->envelope.is_esmtp = is_esmtp;
	m->has_helo = true;
	return true;
}

#define XCLIENT_NAMES " NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"

static void forget_all(struct smtpd *m)
{
	end_transaction(m);
	buf_clear(&m->envelope.helo);
	m->has_helo = false;
}

/* One attribute of Postfix's XCLIENT_README; only the address is used. False: not one, or no
 * address. */
static bool take_attribute(struct bytes word, struct addr *client)
{
	struct bytes name = bytes_head(word, bytes_find(word, '='));
	struct bytes value = bytes_skip(word, name.n + 1), rest = BYTES(XCLIENT_NAMES), known;
	char ip[ADDR_TEXT_MAX];
	struct err e;

	if (name.n == word.n)
		return false;
	if (bytes_equal_nocase(name, BYTES("ADDR")) && !bytes_starts(value, BYTES("["))) {
		if (bytes_starts_nocase(value, BYTES("IPV6:")))
			value = bytes_skip(value, 5);
		snprintf(ip, sizeof(ip), "%.*s", (int)value.n, (const char *)value.p);
		return addr_parse(client, ip, 0, &e);
	}
	while (bytes_word(&rest, &known))
		if (bytes_equal_nocase(name, known))
			return true;
	return false;
}

static void do_xclient(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);
	struct addr client = { 0 };
	struct bytes word;

	if (!s->sink->xclient) {
		refuse(s, "550 5.7.0 Error: insufficient authorization");
		return;
	}
	if (m->has_mail) {
		refuse(s, "503 5.5.1 Error: MAIL transaction in progress");
		return;
	}
	do {
		if (!bytes_word(&arg, &word) || !take_attribute(word, &client)) {
			refuse(s, "501 5.5.4 Syntax: XCLIENT attribute=value...");
			return;
		}
	} while (bytes_trim(arg).n > 0);
	if (client.len > 0)
		session_set_client(s, &client, "XCLIENT");
	forget_all(m);
	s->is_authed = false;
	greet(s);
}

static void do_helo(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (take_helo(m, arg, false))
		session_reply(s, "250 %s", s->sink->name);
}

static void do_ehlo(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (!take_helo(m, arg, true))
		return;
	session_reply(s, "250-%s", s->sink->name);
	session_reply(s, "250-PIPELINING");
	session_reply(s, "250-SIZE %" PRIu64, s->sink->message_max);
	if (s->sink->can_tls && !s->is_tls)
		session_reply(s, "250-STARTTLS");
	if (may_auth(s))
		session_reply_mechs(s, "250-AUTH", " ");
	session_reply(s, "250-ENHANCEDSTATUSCODES");
	session_reply(s, "250-8BITMIME");
	session_reply(s, "250-CHUNKING");
	session_reply(s, "250-DSN");
	if (s->sink->xclient)
		session_reply(s, "250-XCLIENT" XCLIENT_NAMES);
	session_reply(s, "250 SMTPUTF8");
}

static void do_starttls(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (arg.n > 0)
		refuse(s, "501 5.5.4 Syntax: STARTTLS");
	else if (s->is_tls)
		refuse(s, "503 5.5.1 Error: TLS already active");
	else if (!s->sink->can_tls)
		refuse(s, "502 5.5.1 Error: command not implemented");
	else if (m->has_mail)
		refuse(s, "503 5.5.1 Error: MAIL transaction in progress");
	else {
		session_reply(s, "220 2.0.0 Ready to start TLS");
		s->starts_tls = true;
	}
}

static void auth_end(struct session *s, enum login_result result)
{
	static const char *const refusals[] = {
		[LOGIN_CANCELLED] = "501 5.7.0 Error: authentication aborted",
		[LOGIN_BAD_BASE64] = "501 5.5.2 Error: authentication failed: malformed base64",
		[LOGIN_BAD_FORM] = "501 5.5.2 Error: authentication failed: malformed response",
		[LOGIN_REFUSED] = "535 5.7.8 Error: authentication failed",
		[LOGIN_UNKNOWN] = "504 5.5.4 Error: unrecognized authentication mechanism",
	};

	if (result == LOGIN_OK || result == LOGIN_REFUSED)
		session_note_login(s, buf_bytes(&s->login.user), sasl_mech_name(s->login.mech),
				result == LOGIN_OK);
	if (result != LOGIN_OK) {
		refuse(s, refusals[result]);
		return;
	}
	s->is_authed = true;
	session_reply(s, "235 2.7.0 Authentication successful");
}

static void do_auth(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (s->sink->users.count == 0)
		refuse(s, "503 5.5.1 Error: authentication not enabled");
	else if (!m->has_helo || !m->envelope.is_esmtp)
		refuse(s, "503 5.5.1 Error: send EHLO first");
	else if (s->is_authed)
		refuse(s, "503 5.5.1 Error: already authenticated");
	else if (m->has_mail)
		refuse(s, "503 5.5.1 Error: MAIL transaction in progress");
	else if (arg.n == 0)
		refuse(s, "501 5.5.4 Syntax: AUTH mechanism");
	else
		session_auth(s, arg);
}

/* One parameter of MAIL. NULL: taken; else the reply that refuses it. */
static const char *mail_parameter(struct smtpd *m, struct bytes word)
{
	struct bytes key = bytes_head(word, bytes_find(word, '='));
	struct bytes value = bytes_skip(word, key.n + 1);
	uint64_t size;

	if (bytes_equal_nocase(key, BYTES("SIZE"))) {
		if (!bytes_is_uint(value, UINT64_MAX, &size))
			return "501 5.5.4 Error: bad SIZE value";
		if (size > m->s.sink->message_max)
			return "552 5.3.4 Message size exceeds fixed limit";
		return NULL;
	}
	if (bytes_equal_nocase(key, BYTES("BODY")))
		return bytes_equal_nocase(value, BYTES("8BITMIME")) ||
						bytes_equal_nocase(value, BYTES("7BIT")) ?
				NULL :
				"501 5.5.4 Error: bad BODY value";
	if (bytes_equal_nocase(word, BYTES("SMTPUTF8"))) {
		m->envelope.is_utf8 = true;
		return NULL;
	}
	if (bytes_equal_nocase(key, BYTES("RET")) || bytes_equal_nocase(key, BYTES("ENVID")))
		return value.n > 0 ? NULL : "501 5.5.4 Error: bad DSN value";
	if (bytes_equal_nocase(key, BYTES("AUTH")) && value.n > 0 && m->s.sink->users.count > 0)
		return NULL; /* RFC 4954 5: whose message it is; nobody here needs to know */
	return "555 5.5.4 Unsupported option";
}

/* The path behind "FROM:" or "TO:"; what follows it stays in arg. False: said so. */
static bool take_path(struct session *s, const char *keyword, struct bytes *arg, struct bytes *path)
{
	bool bare;

	if (!bytes_starts_nocase(*arg, bytes_of(keyword))) {
		refuse(s,
				*keyword == 'F' ? "501 5.5.4 Syntax: MAIL FROM:<address>" :
						  "501 5.5.4 Syntax: RCPT TO:<address>");
		return false;
	}
	*arg = bytes_skip(*arg, bytes_of(keyword).n);
	if (!envelope_path(arg, path, &bare) || path->n > ENVELOPE_PATH_MAX) {
		refuse(s,
				*keyword == 'F' ? "501 5.1.7 Bad sender address syntax" :
						  "501 5.1.3 Bad recipient address syntax");
		return false;
	}
	if (bare)
		session_note(s, "the address has no angle brackets (RFC 5321 4.1.2 wants them)");
	return true;
}

static void do_mail(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);
	const char *trouble = NULL;
	struct bytes path, word;

	if (!m->has_helo) {
		refuse(s, "503 5.5.1 Error: send HELO/EHLO first");
		return;
	}
	if (m->has_mail) {
		refuse(s, "503 5.5.1 Error: nested MAIL command");
		return;
	}
	if (!take_path(s, "FROM:", &arg, &path))
		return;
	while (!trouble && bytes_word(&arg, &word))
		trouble = mail_parameter(m, word);
	if (!trouble && !bytes_is_ascii(path) && !m->envelope.is_utf8)
		trouble = "553 5.6.7 Error: non-ASCII address without SMTPUTF8";
	if (trouble) {
		m->envelope.is_utf8 = false;
		refuse(s, trouble);
		return;
	}
	if (!store_book(&s->sink->store, 0)) {
		m->envelope.is_utf8 = false;
		session_reply(s, "452 4.3.1 Insufficient system storage");
		return;
	}
	buf_put(&m->envelope.from, path);
	m->has_mail = true;
	session_reply(s, "250 2.1.0 Ok");
}

/* NOTIFY and ORCPT of RFC 3461: taken, and no report is ever sent. */
static bool dsn_only(struct bytes rest)
{
	struct bytes word;

	while (bytes_word(&rest, &word))
		if (!bytes_starts_nocase(word, BYTES("NOTIFY=")) &&
				!bytes_starts_nocase(word, BYTES("ORCPT=")))
			return false;
	return true;
}

static void do_rcpt(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);
	struct bytes path;

	if (!m->has_mail) {
		refuse(s, "503 5.5.1 Error: need MAIL command");
		return;
	}
	m->refused_recipients++; /* until it is taken */
	if (!take_path(s, "TO:", &arg, &path))
		return;
	if (path.n == 0)
		refuse(s, "501 5.1.3 Bad recipient address syntax");
	else if (!dsn_only(arg))
		refuse(s, "555 5.5.4 Unsupported option");
	else if (!bytes_is_ascii(path) && !m->envelope.is_utf8)
		refuse(s, "553 5.6.7 Error: non-ASCII address without SMTPUTF8");
	else if (!envelope_add(&m->envelope, path))
		session_reply(s, "452 4.5.3 Error: too many recipients");
	else {
		m->refused_recipients--;
		session_reply(s, "250 2.1.5 Ok");
	}
}

/* False: said why there is nobody to take a message for. */
static bool has_recipients(struct smtpd *m)
{
	if (m->envelope.recipient_count > 0)
		return true;
	if (m->refused_recipients > 0)
		refuse(&m->s, "554 5.5.1 Error: no valid recipients");
	else
		refuse(&m->s,
				m->has_mail ? "503 5.5.1 Error: need RCPT command" :
					      "503 5.5.1 Error: need MAIL command");
	return false;
}

static void begin_data(struct smtpd *m)
{
	m->dot = (struct dot_reader){ .crlf_only = true };
	m->data = BUF(m->s.sink->message_max + 1); /* one more tells that it is too big */
	m->fate = FATE_KEEP;
}

static void do_data(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (arg.n > 0) {
		refuse(s, "501 5.5.4 Syntax: DATA");
	} else if (m->has_chunks) {
		refuse(s, "503 5.5.1 Error: BDAT was begun");
	} else if (has_recipients(m)) {
		session_reply(s, "354 End data with <CR><LF>.<CR><LF>");
		begin_data(m);
		s->in_data = true;
	}
}

static void drop_data(struct smtpd *m, enum fate fate)
{
	m->fate = fate;
	store_unbook(&m->s.sink->store, m->booked);
	m->booked = 0;
	buf_free(&m->data);
}

/* The answer to a whole message; LMTP: once for each recipient (RFC 2033 4.2). */
static void answer_data(struct smtpd *m, const char *text)
{
	unsigned count = is_lmtp(&m->s) ? m->envelope.recipient_count : 1;

	for (unsigned i = 0; i < count; i++)
		session_reply(&m->s, "%s", text);
}

static void keep_message(struct smtpd *m)
{
	struct session *s = &m->s;
	struct envelope *v = &m->envelope;
	char id[STORE_ID_MAX];
	struct err e = { 0 };

	v->is_lmtp = is_lmtp(s);
	v->is_tls = s->is_tls;
	v->is_authed = s->is_authed;
	v->peer_ip = s->peer_ip;
	v->host = s->sink->name;
	if (s->sink->discard)
		store_id(&s->sink->store, id);
	else if (!store_add(&s->sink->store, v, buf_bytes(&m->data), id, &e)) {
		session_note(s, e.text);
		answer_data(m, "451 4.3.0 Error: queue file write error");
		return;
	}
	struct buf with = BUF(ENVELOPE_NAME_MAX);
	envelope_with(v, &with);
	journal_message(&s->sink->journal, &s->at,
			&(struct journal_message){
					.id = id,
					.with = buf_text(&with),
					.helo = buf_bytes(&v->helo),
					.from = buf_bytes(&v->from),
					.recipients = buf_bytes(&v->recipients),
					.octets = m->dot.octets,
					.bare_lf = m->dot.bare_lf,
			});
	buf_free(&with);
	struct buf text = BUF(SESSION_LINE_MAX);
	buf_printf(&text, "250 2.0.0 Ok: queued as %s", id);
	answer_data(m, buf_text(&text));
	buf_free(&text);
}

static void end_data(struct smtpd *m)
{
	struct session *s = &m->s;

	s->in_data = false;
	store_unbook(&s->sink->store, m->booked);
	m->booked = 0;
	if (m->fate == FATE_KEEP && !store_book(&s->sink->store, m->data.n))
		m->fate = FATE_FULL; /* others were faster */
	else if (m->fate == FATE_KEEP)
		store_unbook(&s->sink->store, m->data.n);
	if (!session_stage(s, "dot"))
		; /* and not kept */
	else if (m->fate == FATE_TOO_BIG)
		answer_data(m, "552 5.3.4 Error: message file too big");
	else if (m->fate == FATE_FULL)
		answer_data(m, "452 4.3.1 Insufficient system storage");
	else
		keep_message(m);
	end_transaction(m);
}

static void end_chunk(struct smtpd *m)
{
	struct session *s = &m->s;

	s->in_data = false;
	if (m->fate == FATE_NOBODY) {
		end_transaction(m);
		refuse(s, "503 5.5.1 Error: no recipient before BDAT");
	} else if (m->is_last) {
		end_data(m);
	} else {
		session_reply(s, "250 2.0.0 Ok: %" PRIu64 " octets so far", m->dot.octets);
	}
}

/* RFC 3030 2: the octets follow at once, wanted or not. */
static void do_bdat(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);
	struct bytes size = { 0 };

	bytes_word(&arg, &size);
	m->is_last = bytes_equal_nocase(bytes_trim(arg), BYTES("LAST"));
	if (!bytes_is_uint(size, UINT32_MAX, &m->chunk_left) ||
			(!m->is_last && bytes_trim(arg).n > 0)) {
		refuse(s, "501 5.5.4 Syntax: BDAT size [LAST]");
		return;
	}
	if (!m->has_chunks)
		begin_data(m);
	if (m->envelope.recipient_count == 0)
		m->fate = FATE_NOBODY;
	m->has_chunks = true;
	s->in_data = true;
	if (m->chunk_left == 0)
		end_chunk(m);
}

/* What is behind before in data was just added: is there room for it? */
static void book_data(struct smtpd *m, size_t before)
{
	if (m->fate != FATE_KEEP)
		return;
	if (m->data.n > m->s.sink->message_max)
		drop_data(m, FATE_TOO_BIG);
	else if (store_book(&m->s.sink->store, m->data.n - before))
		m->booked += m->data.n - before;
	else
		drop_data(m, FATE_FULL);
}

static void take_chunk(struct smtpd *m, struct bytes *in)
{
	struct bytes piece =
			bytes_head(*in, m->chunk_left < DATA_PIECE ? m->chunk_left : DATA_PIECE);

	buf_put(&m->data, piece);
	*in = bytes_skip(*in, piece.n);
	m->chunk_left -= piece.n;
	m->dot.octets += piece.n;
}

static void take_data(struct session *s, struct bytes *in)
{
	struct smtpd *m = smtpd_of(s);
	struct bytes piece = bytes_head(*in, DATA_PIECE);
	size_t given = in->n;

	if (m->fate != FATE_KEEP)
		buf_clear(&m->data);
	size_t before = m->data.n, taken = piece.n;
	if (m->has_chunks) {
		take_chunk(m, in);
	} else {
		dot_read(&m->dot, &piece, &m->data);
		*in = bytes_skip(*in, taken - piece.n);
	}
	m->since_step += given - in->n;
	if (m->since_step >= DATA_STEP) {
		m->since_step = 0;
		s->steps++;
	}
	book_data(m, before);
	if (m->has_chunks && m->chunk_left == 0)
		end_chunk(m);
	else if (m->dot.is_done)
		end_data(m);
}

static void do_rset(struct session *s, struct bytes arg)
{
	struct smtpd *m = smtpd_of(s);

	if (arg.n > 0) {
		refuse(s, "501 5.5.4 Syntax: RSET");
		return;
	}
	end_transaction(m);
	session_reply(s, "250 2.0.0 Ok");
}

static void do_noop(struct session *s, struct bytes arg)
{
	(void)arg; /* RFC 5321 4.1.1.9: a string may stand there */
	session_reply(s, "250 2.0.0 Ok");
}

static void do_vrfy(struct session *s, struct bytes arg)
{
	if (arg.n == 0)
		refuse(s, "501 5.5.4 Syntax: VRFY address");
	else
		session_reply(s, "252 2.0.0 Every address is taken here");
}

static void do_help(struct session *s, struct bytes arg)
{
	(void)arg;
	session_reply(s,
			"214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT");
}

static void do_quit(struct session *s, struct bytes arg)
{
	if (arg.n > 0) {
		refuse(s, "501 5.5.4 Syntax: QUIT");
		return;
	}
	session_reply(s, "221 2.0.0 Bye");
	s->is_over = true;
}

#define COMMON_COMMANDS                                                                   \
	{ "AUTH", 0, do_auth }, { "BDAT", 0, do_bdat }, { "DATA", 0, do_data },           \
			{ "HELP", BEFORE_TLS, do_help }, { "MAIL", 0, do_mail },          \
			{ "NOOP", BEFORE_TLS, do_noop }, { "QUIT", BEFORE_TLS, do_quit }, \
			{ "RCPT", 0, do_rcpt }, { "RSET", BEFORE_TLS, do_rset },          \
			{ "STARTTLS", BEFORE_TLS, do_starttls }, { "VRFY", 0, do_vrfy },  \
			{ "XCLIENT", BEFORE_TLS, do_xclient },                            \
	{                                                                                 \
		0                                                                         \
	}

static const struct session_command commands[] = {
	{ "EHLO", BEFORE_TLS, do_ehlo },
	{ "HELO", BEFORE_TLS, do_helo },
	COMMON_COMMANDS,
};
static const struct session_command lmtp_commands[] = {
	{ "LHLO", BEFORE_TLS, do_ehlo }, /* RFC 2033 4.1 */
	COMMON_COMMANDS,
};

static void take_line(struct session *s, struct bytes line)
{
	struct bytes arg = bytes_trim(line), verb = { 0 };
	const struct session_command *command;

	bytes_word(&arg, &verb);
	command = session_find(s, verb);
	session_show(s, line, command != NULL);
	if (!session_stage(s, command ? command->verb : NULL))
		return;
	if (!command || bytes_has_control(line))
		refuse(s, "500 5.5.2 Error: command not recognized");
	else if (s->sink->require_tls && !s->is_tls && !(command->when & BEFORE_TLS))
		refuse(s, "530 5.7.0 Must issue a STARTTLS command first");
	else
		command->run(s, bytes_trim(arg));
}

static void line_too_long(struct session *s)
{
	if (s->login.mech) { /* RFC 4954 4 */
		login_end(&s->login);
		refuse(s, "500 5.5.6 Error: authentication exchange line is too long");
	} else {
		refuse(s, "500 5.5.2 Error: line too long");
	}
}

/* RFC 3207 4.2: what was said before TLS counts for nothing. */
static void tls_on(struct session *s)
{
	forget_all(smtpd_of(s));
}

static void leave(struct session *s, bool is_idle)
{
	if (is_idle)
		session_reply(s, "421 4.4.2 %s Error: timeout exceeded", s->sink->name);
	else
		session_reply(s, "421 4.3.2 %s Service shutting down", s->sink->name);
}

static void end(struct session *s)
{
	struct smtpd *m = smtpd_of(s);

	end_transaction(m);
	envelope_free(&m->envelope);
}

#define PROTO(which, table)                                                           \
	{                                                                             \
		.name = which, .challenge = "334", .commands = table, .greet = greet, \
		.line = take_line, .line_too_long = line_too_long, .data = take_data, \
		.tls_on = tls_on, .auth_end = auth_end, .leave = leave, .end = end,   \
	}

const struct session_proto smtpd_proto = PROTO("smtp", commands);
const struct session_proto smtpd_lmtp = PROTO("lmtp", lmtp_commands);

static struct session *make(struct sink *sink, const struct session_peer *peer,
		const struct session_proto *proto)
{
	struct smtpd *m = xmalloc(sizeof(*m));

	envelope_init(&m->envelope);
	session_start(&m->s, proto, sink, peer);
	return &m->s;
}

struct session *smtpd_new(struct sink *sink, const struct session_peer *peer)
{
	return make(sink, peer, &smtpd_proto);
}

struct session *smtpd_new_lmtp(struct sink *sink, const struct session_peer *peer)
{
	return make(sink, peer, &smtpd_lmtp);
}
