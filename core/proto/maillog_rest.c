/* maillog_rest - what filters, and programs that check passwords, log
 * SPDX-License-Identifier: MIT */
#include "proto/maillog_impl.h"

/* "ID: text" of a milter */
static struct bytes take_id(struct log_event *e, struct bytes text)
{
	size_t n = bytes_search(bytes_head(text, 28), BYTES(": "));
	enum log_id_kind kind = n < 26 ? maillog_id_kind(bytes_head(text, n), NULL) : LOG_ID_NONE;

	if (kind == LOG_ID_NONE)
		return text;
	e->id_kind = kind;
	e->id = bytes_head(text, n);
	return bytes_skip(text, n + 2);
}

static void set_id(struct log_event *e, struct bytes id)
{
	e->id_kind = maillog_id_kind(id, NULL);
	e->id = e->id_kind ? id : e->id;
}

static const struct maillog_phrase filter_phrases[] = {
	PHRASE("starting", LOG_ROUTINE),
	PHRASE("Starting", LOG_ROUTINE),
	PHRASE("terminating", LOG_ROUTINE),
	PHRASE("database is up", LOG_ROUTINE),
	PHRASE("can't load key", LOG_FATAL),
	PHRASE("key data is not secure", LOG_TROUBLE),
	PHRASE("bad signature data", LOG_FILTERED),
	PHRASE("error loading key", LOG_TROUBLE),
	PHRASE("no signing table match", LOG_TROUBLE),
	PHRASE("cannot connect to ", LOG_TROUBLE),
	PHRASE(" timed out", LOG_TROUBLE),
	PHRASE("is unavailable for reading", LOG_TROUBLE),
	PHRASE("(!", LOG_TROUBLE), /* amavis; "(!!)" too */
	PHRASE("refused", LOG_TROUBLE),
	PHRASE("ERROR", LOG_TROUBLE),
	PHRASE("WARN", LOG_TROUBLE),
	PHRASE("fatal", LOG_FATAL),
};

/* (12345-01) Passed CLEAN {RelayedInbound}, [ip]:port [ip] <from> -> <to>,<to>, Queue-ID: X, ... */
static void read_amavis(struct log_event *e, struct bytes text)
{
	size_t at = bytes_search(text, BYTES("Passed "));

	if (at >= text.n)
		at = bytes_search(text, BYTES("Blocked "));
	if (at >= text.n && (HAS(text, ") ...") || HAS(text, "dkim_sd=")))
		e->class = LOG_ROUTINE; /* the rest of a long line */
	if (at >= text.n)
		return;
	struct bytes rest = bytes_skip(text, at), head = bytes_head(rest, bytes_find(rest, ','));
	e->class = LOG_FILTERED;
	bytes_word(&rest, &e->verb);
	e->reason = head;
	e->ip = maillog_ip(text);
	size_t arrow = bytes_search(text, BYTES("> -> <"));
	if (arrow < text.n) {
		size_t open = arrow;
		while (open > 0 && text.p[open] != '<')
			open--;
		e->from = (struct bytes){ text.p + open + 1, arrow - open - 1 };
		e->to = maillog_between(bytes_skip(text, arrow + 5), "<", ">");
	}
	set_id(e, maillog_between(text, "Queue-ID: ", ","));
	e->message_id = maillog_bare(maillog_between(text, "Message-ID: ", ","));
	struct bytes next = maillog_value(text, BYTES("queued_as: "));
	if (next.n == 0)
		next = maillog_between(text, "queued_as: ", ",");
	e->id2 = bytes_head(next, bytes_find(next, '/'));
}

static const struct maillog_key postgrey_keys[] = {
	KEY("action", verb),
	KEY("reason", reason),
	KEY("client_name", client),
	KEY("client_address", ip),
	KEY("sender", from),
	KEY("recipient", to),
	KEY("identity", verb),
	KEY("client-ip", ip),
	KEY("client_ip", ip),
	KEY("helo", helo),
	KEY("envelope-from", from),
	KEY("receiver", to),
	KEY("mailfrom", from),
};

static void read_policy(struct log_event *e, struct bytes text)
{
	struct bytes rest = text;

	if (!maillog_field(&(struct bytes){ rest.p, rest.n }, false, &(struct bytes){ 0 },
			    &(struct bytes){ 0 })) {
		size_t sep = bytes_search(rest, BYTES("; "));
		if (sep >= rest.n)
			sep = bytes_search(rest, BYTES(": "));
		rest = bytes_skip(rest, sep + 2);
	}
	while (rest.n > 0) {
		maillog_fields(e, &rest, true, postgrey_keys, COUNT(postgrey_keys));
		struct bytes word;
		bytes_word(&rest, &word);
	}
	struct bytes *const values[] = { &e->verb, &e->reason, &e->client, &e->ip, &e->from,
		&e->helo };
	for (size_t i = 0; i < COUNT(values); i++)
		if (values[i]->n > 0 && memchr(";,", values[i]->p[values[i]->n - 1], 2))
			values[i]->n--;
	e->class = e->ip.n > 0 || e->verb.n > 0 ? LOG_FILTERED : LOG_UNKNOWN;
	if (e->reason.n == 0)
		e->reason = text;
}

static void read_rspamd(struct log_event *e, struct bytes text)
{
	e->message_id = maillog_between(text, "id: <", ">");
	set_id(e, maillog_between(text, "qid: <", ">"));
	e->ip = maillog_value(text, BYTES("ip: "));
	e->from = maillog_between(text, "from: <", ">");
	e->user = maillog_between(text, "user: ", ",");
	struct bytes said = bytes_skip(text, bytes_search(text, BYTES("(default: ")) + 10);
	e->reason = bytes_head(said, bytes_find(said, ']') + 1); /* the action and its score */
	if (HAS(text, "rspamd_task_write_log"))
		e->class = LOG_FILTERED;
}

static void read_found(struct log_event *e, struct bytes text)
{
	if (HAS(text, " FOUND") || HAS(text, "nfected by"))
		e->class = LOG_FILTERED;
	e->reason = text;
}

static void read_spamd(struct log_event *e, struct bytes text)
{
	if (HAS(text, "identified spam") || HAS(text, "clean message") || HAS(text, "result: "))
		e->class = LOG_FILTERED;
	else if (HAS(text, "connection from ") || HAS(text, "processing message") ||
			HAS(text, "prefork: ") || HAS(text, "handled cleanup"))
		e->class = LOG_ROUTINE;
	e->message_id = maillog_between(text, "mid=<", ">");
	e->reason = text;
}

static void read_reason(struct log_event *e, struct bytes rest)
{
	(void)rest;
	e->reason = bytes_skip(e->at.text, e->id.n + 2);
}

/* What is said about every mail. */
static const struct maillog_start dkim_rows[] = {
	START("DKIM verification successful", LOG_FILTERED, read_reason),
	START("DKIM-Signature field added", LOG_FILTERED, read_reason),
	START("s=", LOG_FILTERED, read_reason),
};

void maillog_filter(struct log_event *e)
{
	struct bytes text = take_id(e, e->at.text);

	if (e->family == LOG_OPENDKIM && e->id.n > 0 &&
			maillog_starts(e, text, dkim_rows, COUNT(dkim_rows)))
		return;
	maillog_level(e, &text);
	e->reason = text;
	switch (e->family) {
	case LOG_AMAVIS:
		read_amavis(e, text);
		break;
	case LOG_RSPAMD:
		read_rspamd(e, text);
		break;
	case LOG_POSTGREY:
	case LOG_POLICYD:
		read_policy(e, text);
		break;
	case LOG_SPAMD:
		read_spamd(e, text);
		break;
	case LOG_CLAMAV:
		read_found(e, text);
		break;
	default:
		e->ip = maillog_ip(text);
		break;
	}
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_phrases(text, filter_phrases, COUNT(filter_phrases));
	if (e->class == LOG_UNKNOWN && e->id.n > 0)
		e->class = LOG_FILTERED;
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_by_level(e->level);
}

/* mailsink, as core/proto/unwrap.c writes its events: "smtp: message id=<..>, from=<..>" */
static const struct maillog_key sink_keys[] = {
	KEY("id", id),
	KEY("helo", helo),
	KEY("from", from),
	KEY("to", to),
	KEY("peer", ip),
};

static void read_sink(struct log_event *e, struct bytes rest)
{
	e->reason = bytes_trim(rest);
	maillog_fields(e, &rest, false, sink_keys, COUNT(sink_keys));
	uint64_t octets;
	e->has_size = bytes_is_uint(maillog_value(e->reason, BYTES("octets=")), UINT32_MAX,
			&octets);
	e->size = e->has_size ? (uint32_t)octets : 0;
	size_t port = e->ip.n;
	while (port > 0 && e->ip.p[port - 1] != ':')
		port--;
	e->ip = bytes_head(e->ip, port - (port > 0));
	if (e->ip.n > 1 && e->ip.p[0] == '[')
		e->ip = maillog_between(e->ip, "[", "]");
	set_id(e, e->id);
	e->is_inbound = e->is_tls = e->class == LOG_TLS;
}

/* text=<login of "sample" by PASS refused> */
static void read_sink_login(struct log_event *e, struct bytes rest)
{
	struct bytes said = maillog_last(rest, BYTES("\" by "));

	e->reason = rest;
	bytes_word(&said, &e->method);
	e->class = STARTS(bytes_trim(said), "refused") ? LOG_LOGIN_FAILED : LOG_LOGIN;
	struct bytes user = bytes_skip(rest, bytes_find(rest, '"') + 1);
	e->user = bytes_head(user, bytes_find(user, '"'));
}

void maillog_mailsink(struct log_event *e)
{
	static const struct maillog_start rows[] = {
		START("connect ", LOG_CONNECT, read_sink),
		START("login ", LOG_LOGIN, read_sink_login),
		START("message ", LOG_RECEIVED, read_sink),
		START("tls ", LOG_TLS, read_sink),
		START("end ", LOG_DISCONNECT, NULL),
		START("note ", LOG_ROUTINE, NULL),
		START("line ", LOG_ROUTINE, NULL),
		START("error ", LOG_TROUBLE, read_sink),
	};
	struct bytes text = e->at.text;

	e->daemon = bytes_head(text, bytes_find(text, ':'));
	e->reason = text;
	maillog_starts(e, bytes_skip(text, e->daemon.n + 2), rows, COUNT(rows));
}

/* Another program logs the attempt itself: these lines only tell more about it. */
static bool is_asked_by_dovecot(const struct log_event *e)
{
	return HAS(e->at.text, "dovecot") || STARTS(e->at.program, "dovecot");
}

static void read_pam(struct log_event *e, struct bytes text)
{
	struct bytes said = bytes_skip(text, bytes_find(text, ' ') + 1);

	e->reason = said;
	e->class = LOG_LOGIN_DETAIL;
	if (HAS(said, "authentication failure;")) {
		e->user = maillog_value(said, BYTES("user="));
		struct bytes asked = maillog_between(said, "ruser=", " rhost=");
		if (asked.n > 0)
			e->user = asked;
		/* names are the client's to choose: the empty one says what is behind it, else the
		 * last host counts, but for what is behind the user's name */
		struct bytes host = maillog_last(
				bytes_head(said, said.n - maillog_last(said, BYTES("  user=")).n),
				BYTES("rhost="));
		if (HAS(said, "ruser= rhost="))
			host = bytes_skip(said, bytes_search(said, BYTES("ruser= rhost=")) + 13);
		e->ip = bytes_head(host, bytes_find(host, ' '));
		if (!maillog_is_ip(e->ip)) {
			e->client = e->ip;
			e->ip = (struct bytes){ NULL, 0 };
		}
		if (!is_asked_by_dovecot(e))
			e->class = LOG_LOGIN_FAILED;
	} else if (HAS(said, "failed for user (")) { /* unix_chkpwd, which another program asked */
		e->user = maillog_between(said, "user (", ")");
	} else if (HAS(said, "about user ")) {
		e->user = bytes_skip(said, bytes_search(said, BYTES("about user ")) + 11);
	} else if (HAS(said, "session opened") || HAS(said, "session closed")) {
		e->class = LOG_ROUTINE;
	}
}

static const struct maillog_key courier_keys[] = {
	KEY("user", user),
	KEY("ip", ip),
	KEY("method", method),
	KEY("relay", ip),
	KEY("from", from),
	KEY("to", to),
};

static void read_courier(struct log_event *e, struct bytes rest)
{
	size_t comma = bytes_find(rest, ',');

	rest = bytes_skip(rest, rest.n > 0 && rest.p[0] == ',' ? 1 : comma + 1);
	maillog_fields(e, &rest, false, courier_keys, COUNT(courier_keys));
	if (e->ip.n > 1 && e->ip.p[0] == '[')
		e->ip = maillog_between(e->ip, "[", "]");
}

/* "host [ip] PLAIN [SASL(-13): ..." and "host [ip] user PLAIN User logged in" */
static void read_cyrus(struct log_event *e, struct bytes rest)
{
	struct bytes word;

	e->ip = maillog_ip(rest);
	if (rest.n > 0 && rest.p[0] != '[')
		bytes_word(&rest, &e->client);
	rest = bytes_skip(rest, bytes_search(rest, BYTES("] ")) + 2);
	e->reason = rest;
	if (e->class == LOG_LOGIN) {
		bytes_word(&rest, &e->user);
		bytes_word(&rest, &e->method);
	} else if (bytes_word(&rest, &e->method)) {
		struct bytes after = rest;
		if (IS(e->method, "plaintext") && bytes_word(&after, &word) && word.p[0] != '[')
			e->user = STARTS(word, "(") ? maillog_between(word, "(", ")") : word;
		if (HAS(rest, "user="))
			e->user = maillog_value(rest, BYTES("user="));
	}
}

/* "auth failure: [user=x] [service=smtp] [realm=] [mech=pam] [reason=..]" */
static void read_saslauthd(struct log_event *e, struct bytes rest)
{
	e->user = maillog_between(rest, "[user=", "]");
	e->method = maillog_between(rest, "[mech=", "]");
	e->reason = maillog_between(rest, "[reason=", "]");
}

static void read_text(struct log_event *e, struct bytes rest)
{
	(void)rest;
	e->ip = maillog_ip(e->at.text);
	e->reason = e->at.text;
}

static const struct maillog_start login_rows[] = {
	START("LOGIN FAILED", LOG_LOGIN_FAILED, read_courier),
	START("LOGIN", LOG_LOGIN, read_courier),
	START("LOGOUT", LOG_LOGOUT, read_courier),
	START("DISCONNECTED", LOG_LOST, read_courier),
	START("TIMEOUT", LOG_LOST, read_courier),
	START("Connection, ip=", LOG_CONNECT, read_text),
	START("error,relay=", LOG_REJECTED, read_text),
	START("badlogin: ", LOG_LOGIN_FAILED, read_cyrus),
	START("login: ", LOG_LOGIN, read_cyrus),
	START("accepted connection", LOG_CONNECT, NULL),
	START("starttls: ", LOG_TLS, NULL),
	START("STARTTLS failed: ", LOG_TLS_FAILED, read_text),
	START("imaps TLS negotiation failed", LOG_TLS_FAILED, read_text),
	START("pop3s failed: ", LOG_TLS_FAILED, read_text),
	START("USAGE ", LOG_ROUTINE, NULL),
	START("counts: ", LOG_ROUTINE, NULL),
	START("inittls: ", LOG_ROUTINE, NULL),
	START("Delivered: ", LOG_STORED, NULL),
	START("delivered", LOG_STORED, NULL),
	START("duplicate_check", LOG_ROUTINE, NULL),
	START("IOERROR", LOG_TROUBLE, read_text),
	START("DBERROR", LOG_TROUBLE, read_text),
	START("auth failure: ", LOG_LOGIN_DETAIL, read_saslauthd),
};

void maillog_login(struct log_event *e)
{
	struct bytes text = e->at.text;

	if (e->family == LOG_PAM) {
		read_pam(e, text);
		return;
	}
	size_t colon = bytes_search(text, BYTES(": "));
	if (e->family == LOG_SASLAUTHD && colon < 24 && colon > 0 && text.p[colon - 1] == ' ')
		text = bytes_skip(text, colon + 2); /* "do_auth         : " */
	if (maillog_starts(e, text, login_rows, COUNT(login_rows)))
		return;
	maillog_level(e, &text);
	e->class = maillog_by_level(e->level);
	read_text(e, text);
}
