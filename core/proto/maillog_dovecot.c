/* maillog_dovecot - what Dovecot logs
 * SPDX-License-Identifier: MIT
 *
 * Dovecot 1.2 to 2.4: "service(user)<pid><session>: Level: text", the level left out by syslog.
 */
#include "proto/maillog_impl.h"

static const struct maillog_key keys[] = {
	KEY("user", user),
	KEY("method", method),
	KEY("rip", ip),
	KEY("session", session),
};

bool maillog_dovecot_service(struct bytes program)
{
	static const struct bytes names[] = { BYTES("imap-login"), BYTES("pop3-login"),
		BYTES("managesieve-login"), BYTES("submission-login"), BYTES("submission"),
		BYTES("imap"), BYTES("pop3"), BYTES("lmtp"), BYTES("lda"), BYTES("auth"),
		BYTES("auth-worker"), BYTES("master"), BYTES("config"), BYTES("log"),
		BYTES("anvil"), BYTES("stats"), BYTES("indexer"), BYTES("indexer-worker"),
		BYTES("managesieve"), BYTES("doveadm"), BYTES("deliver"), BYTES("ssl-params"),
		BYTES("imap-hibernate"), BYTES("dict"), BYTES("replicator") };
	size_t n = 0;

	while (n < program.n && program.p[n] != '(' && program.p[n] != '<')
		n++;
	for (size_t i = 0; i < COUNT(names); i++)
		if (bytes_equal(bytes_head(program, n), names[i]))
			return true;
	return false;
}

/* "(user)<123><session>" or "(user,ip,<session>)" behind the service's name; text is left behind
 * ": ". False: no service stands here. */
static bool take_service(struct log_event *e, struct bytes *text)
{
	struct bytes rest = *text;
	size_t n = 0;

	while (n < rest.n &&
			(maillog_is_letter(rest.p[n]) || rest.p[n] == '-' ||
					(rest.p[n] >= '0' && rest.p[n] <= '9')))
		n++;
	struct bytes name = bytes_head(rest, n);
	rest = bytes_skip(rest, n);
	if (n == 0 || rest.n == 0)
		return false;
	if (rest.p[0] == '(') {
		size_t close = bytes_find(rest, ')');
		if (close >= rest.n)
			return false;
		struct bytes inner = { rest.p + 1, close - 1 };
		e->user = bytes_head(inner, bytes_find(inner, ','));
		rest = bytes_skip(rest, close + 1);
	}
	for (bool is_first = true; rest.n > 0 && rest.p[0] == '<'; is_first = false) {
		size_t close = bytes_find(rest, '>');
		if (close >= rest.n)
			return false;
		if (!is_first)
			e->session = (struct bytes){ rest.p + 1, close - 1 };
		rest = bytes_skip(rest, close + 1);
	}
	if (rest.n > 0 && rest.p[0] == '[') /* old: imap(user)[pid] */
		rest = bytes_skip(rest, bytes_find(rest, ']') + 1);
	if (rest.n < 2 || rest.p[0] != ':' || rest.p[1] != ' ')
		return false;
	e->daemon = name;
	*text = bytes_skip(rest, 2);
	return true;
}

/* "user=<..>, method=.., rip=.., lip=.., mpid=.., TLS, session=<..>" */
static void read_fields(struct log_event *e, struct bytes rest)
{
	while (rest.n > 0) {
		size_t had = rest.n;
		maillog_fields(e, &rest, false, keys, COUNT(keys));
		if (STARTS(rest, ", TLS") || STARTS(rest, "TLS") || STARTS(rest, " TLS"))
			e->is_tls = true;
		if (STARTS(rest, ", secured"))
			e->is_inbound = true;
		if (rest.n == had || rest.n > 0) {
			size_t next = bytes_find(bytes_skip(rest, 1), ',') + 1;
			rest = bytes_skip(rest, next);
		}
	}
}

static void read_login(struct log_event *e, struct bytes rest)
{
	e->is_inbound = true;
	read_fields(e, rest);
}

/* imap-login and its like: the session ended before a login succeeded. */
static void read_login_end(struct log_event *e, struct bytes text)
{
	static const struct maillog_phrase rows[] = {
		PHRASE("auth failed", LOG_LOGIN_FAILED),
		PHRASE("Login failed", LOG_LOGIN_FAILED),
		PHRASE("plaintext auth", LOG_LOGIN_FAILED),
		PHRASE("cleartext auth", LOG_LOGIN_FAILED),
		PHRASE("no auth attempts", LOG_LOST),
		PHRASE("disconnected before auth", LOG_LOST),
		PHRASE("unsupported auth mechanism", LOG_LOGIN_FAILED),
		PHRASE("Maximum number of connections", LOG_TROUBLE),
		PHRASE("auth process communication", LOG_TROUBLE),
		PHRASE("auth service not ready", LOG_TROUBLE),
		PHRASE("TLS handshaking", LOG_TLS_FAILED),
	};
	/* what is behind "session closed" only repeats it */
	size_t fields = bytes_search(text, BYTES("user=<"));

	if (fields >= text.n)
		fields = bytes_search(text, BYTES("rip="));
	struct bytes head = bytes_head(text, fields);
	e->class = maillog_phrases(text, rows, COUNT(rows));
	if (e->class == LOG_UNKNOWN)
		e->class = LOG_LOST;
	e->reason = head.n > 2 ? bytes_head(head, head.n - 2) : head;
	read_fields(e, bytes_skip(text, fields));
	if (e->class == LOG_LOST &&
			(HAS(text, "TLS handshaking") || HAS(text, "SSL_accept() failed")))
		e->class = LOG_TLS_FAILED;
}

/* "sieve: msgid=<..>: stored mail into mailbox 'INBOX'", "msgid=<..>: saved mail to INBOX" */
static bool read_stored(struct log_event *e, struct bytes text)
{
	size_t at = bytes_search(bytes_head(text, 20), BYTES("msgid="));

	if (at > 14 || at >= text.n)
		return false;
	struct bytes rest = bytes_skip(text, at + 6);
	if (rest.n > 0 && rest.p[0] == '<') {
		size_t close = bytes_search(rest, BYTES(">:"));
		e->message_id = bytes_head(bytes_skip(rest, 1), close > 0 ? close - 1 : 0);
		rest = bytes_skip(rest, close + 1);
	} else {
		e->message_id = bytes_head(rest, bytes_find(rest, ':'));
		rest = bytes_skip(rest, e->message_id.n);
	}
	rest = bytes_trim(STARTS(rest, ":") ? bytes_skip(rest, 1) : rest);
	static const struct bytes saved[] = { BYTES("stored mail into mailbox "),
		BYTES("saved mail to ") };
	for (size_t i = 0; i < COUNT(saved); i++)
		if (bytes_starts(rest, saved[i])) {
			e->class = LOG_STORED;
			e->mailbox = bytes_skip(rest, saved[i].n);
		}
	if (e->mailbox.n > 1 && e->mailbox.p[0] == '\'')
		e->mailbox = maillog_between(e->mailbox, "'", "'");
	if (e->class != LOG_STORED) {
		e->class = STARTS(rest, "save failed") || HAS(rest, "failed") ? LOG_TROUBLE :
										LOG_FILTERED;
		e->reason = rest;
	}
	return true;
}

/* Passdb drivers, in auth and auth-worker: "pam(user,ip,<session>): unknown user" */
static bool read_passdb(struct log_event *e, struct bytes text)
{
	static const struct maillog_phrase rows[] = {
		PHRASE("unknown user", LOG_LOGIN_DETAIL),
		PHRASE("assword mismatch", LOG_LOGIN_DETAIL),
		PHRASE("pam_authenticate() failed", LOG_LOGIN_DETAIL),
		PHRASE("invalid credentials", LOG_LOGIN_DETAIL),
		PHRASE("Authentication failure", LOG_LOGIN_DETAIL),
		PHRASE("account is", LOG_LOGIN_DETAIL),
		PHRASE("User not known", LOG_LOGIN_DETAIL),
		PHRASE("Username character disallowed", LOG_LOGIN_DETAIL),
	};
	size_t open = bytes_find(bytes_head(text, 30), '('), close;

	struct bytes inner = bytes_skip(text, open + 1);
	close = bytes_search(inner, BYTES("): "));
	if (open >= text.n || open >= 30 || close >= inner.n || memchr(text.p, ' ', open))
		return false;
	struct bytes rest = bytes_skip(inner, close + 3);
	inner = bytes_head(inner, close);
	e->user = bytes_head(inner, bytes_find(inner, ','));
	struct bytes ip = bytes_skip(inner, e->user.n + 1);
	ip = bytes_head(ip, bytes_find(ip, ','));
	if (maillog_is_ip(ip))
		e->ip = ip;
	e->session = maillog_between(inner, "<", ">");
	maillog_level(e, &rest);
	e->reason = rest;
	e->class = maillog_phrases(rest, rows, COUNT(rows));
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_by_level(e->level);
	if (e->class == LOG_UNKNOWN)
		e->class = LOG_ROUTINE;
	return true;
}

static void read_auth(struct log_event *e, struct bytes text)
{
	/* "conn unix:auth-worker (pid=811,uid=109): auth-worker<7>: pam(...)" */
	for (int i = 0; i < 3; i++) {
		struct bytes word = bytes_head(text, bytes_search(text, BYTES(": ")));
		if (STARTS(word, "conn unix") || STARTS(word, "auth-worker<"))
			text = bytes_skip(text, word.n + 2);
		else
			break;
	}
	maillog_level(e, &text);
	if (read_passdb(e, text))
		return;
	e->class = maillog_by_level(e->level);
	if (e->class == LOG_UNKNOWN && STARTS(text, "login("))
		e->class = LOG_LOGIN_DETAIL;
	e->reason = text;
	if (e->ip.n == 0)
		e->ip = maillog_value(text, BYTES("rip="));
	static const struct bytes no[] = { BYTES("assword mismatch"), BYTES("nknown user"),
		BYTES("oauth2 failed") };
	for (size_t i = 0; i < COUNT(no); i++)
		if (e->class == LOG_UNKNOWN && bytes_search(text, no[i]) < text.n)
			e->class = LOG_LOGIN_DETAIL;
}

static const struct maillog_start rows[] = {
	START("Login: ", LOG_LOGIN, read_login),
	START("Logged in: ", LOG_LOGIN, read_login), /* 2.4 */
	START("proxy(", LOG_ROUTINE, NULL),
	START("Connect from", LOG_CONNECT, NULL),
	START("Disconnect from", LOG_DISCONNECT, NULL),
	START("Dovecot v", LOG_ROUTINE, NULL),
	START("Logged out", LOG_LOGOUT, NULL),
	START("Disconnected", LOG_LOGOUT, NULL),
	START("Connection closed", LOG_LOGOUT, NULL),
	START("Server shutting down", LOG_LOGOUT, NULL),
	START("SIGHUP received", LOG_ROUTINE, NULL),
	START("Successfully relayed message", LOG_ROUTINE,
			NULL), /* submission: the next server logs it */
	START("relay: Successfully relayed", LOG_ROUTINE, NULL), /* 2.4 */
	START("expunge: ", LOG_ROUTINE, NULL),
	START("delete: ", LOG_ROUTINE, NULL),
	START("copy from ", LOG_ROUTINE, NULL),
	START("Effective uid=", LOG_ROUTINE, NULL),
};

static bool is_login_service(struct bytes name)
{
	return bytes_ends(name, BYTES("-login"));
}

void maillog_dovecot(struct log_event *e)
{
	struct bytes text = e->at.text;

	if (STARTS(text, "dovecot: "))
		text = bytes_skip(text, 9);
	if (!STARTS(e->at.program, "dovecot")) { /* its own file: the program is the service */
		struct bytes program = e->at.program;
		e->daemon = bytes_head(program, bytes_find(program, '('));
		struct bytes who = maillog_between(program, "(", ")");
		e->user = bytes_head(who, bytes_find(who, ','));
		struct bytes ip = bytes_skip(who, e->user.n + 1);
		ip = bytes_head(ip, bytes_find(ip, ','));
		if (maillog_is_ip(ip))
			e->ip = ip;
		maillog_level(e, &text);
	} else {
		maillog_level(e, &text);
		if (take_service(e, &text))
			maillog_level(e, &text);
	}
	bool is_auth = STARTS(e->daemon, "auth");
	if (is_auth) {
		read_auth(e, text);
	} else if (is_login_service(e->daemon) &&
			(STARTS(text, "Disconnected") || STARTS(text, "Aborted login") ||
					STARTS(text, "Maximum number of") ||
					STARTS(text, "Login aborted") ||
					STARTS(text, "Login failed: ") ||
					STARTS(text, "Authenticate "))) {
		read_login_end(e, text);
	} else if (!read_stored(e, text) && !maillog_starts(e, text, rows, COUNT(rows))) {
		e->class = maillog_by_level(e->level);
		e->reason = text;
		if (e->class == LOG_UNKNOWN && STARTS(text, "sieve: "))
			e->class = LOG_FILTERED;
		read_fields(e, bytes_skip(text, bytes_search(text, BYTES("rip="))));
	}
}
