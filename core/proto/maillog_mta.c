/* maillog_mta - what Exim, Sendmail and OpenSMTPD log
 * SPDX-License-Identifier: MIT
 *
 * Exim: its specification, chapter "Log files". Sendmail 8: op.me 2.1.1. OpenSMTPD: 5.x and 6.x.
 */
#include "proto/maillog_impl.h"

static void read_size(struct log_event *e, struct bytes value)
{
	uint64_t n;

	if (!bytes_is_uint(value, UINT32_MAX, &n))
		return;
	e->size = (uint32_t)n;
	e->has_size = true;
}

/* The address in brackets that stand by themselves: those in "([192.0.2.1])" are what the client
 * said of itself. */
static struct bytes exim_ip(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '[' || (i > 0 && in.p[i - 1] != ' ' && in.p[i - 1] != '='))
			continue;
		struct bytes ip = maillog_between(bytes_skip(in, i), "[", "]");
		if (maillog_is_ip(ip))
			return ip;
	}
	return (struct bytes){ NULL, 0 };
}

/* Exim's "H=name (helo) [ip]:port" */
static void read_exim_host(struct log_event *e, struct bytes in, struct bytes *name,
		struct bytes *ip)
{
	size_t at = bytes_search(in, BYTES("H="));
	struct bytes rest = bytes_skip(in, at + 2), word;

	if (at >= in.n || (at > 0 && in.p[at - 1] != ' '))
		return;
	*ip = exim_ip(rest);
	while (bytes_word(&rest, &word) && word.p[0] != '[') {
		if (word.p[0] == '(')
			e->helo = bytes_head(bytes_skip(word, 1), word.n > 2 ? word.n - 2 : 0);
		else if (!memchr(word.p, '=', word.n))
			*name = word;
	}
}

static struct bytes exim_value(struct bytes in, struct bytes key)
{
	for (size_t from = 0; from < in.n;) {
		size_t at = from + bytes_search(bytes_skip(in, from), key);
		if (at >= in.n)
			break;
		if (at > 0 && in.p[at - 1] == ' ') {
			struct bytes rest = bytes_skip(in, at + key.n), word;
			if (rest.n > 0 && rest.p[0] == '"')
				return maillog_between(rest, "\"", "\"");
			bytes_word(&rest, &word);
			return word;
		}
		from = at + key.n;
	}
	return (struct bytes){ NULL, 0 };
}

static void read_exim_arrival(struct log_event *e, struct bytes rest)
{
	struct bytes in = rest, word;

	if (!bytes_word(&in, &word))
		return;
	e->from = IS(word, "<>") ? bytes_head(bytes_skip(word, 1), 0) : word;
	if (STARTS(rest, "<> R="))
		e->id2 = exim_value(rest, BYTES("R="));
	read_exim_host(e, in, &e->client, &e->ip);
	read_size(e, exim_value(in, BYTES("S=")));
	e->message_id = exim_value(in, BYTES("id="));
	struct bytes auth = exim_value(in, BYTES("A="));
	size_t colon = bytes_find(auth, ':');
	e->method = bytes_head(auth, colon);
	e->user = bytes_skip(auth, colon + 1);
	e->user = bytes_head(e->user, bytes_find(e->user, ','));
	e->is_tls = exim_value(in, BYTES("X=")).n > 0;
	e->is_inbound = true;
}

/* "SMTP error from remote mail server after RCPT TO:<b@example.org>: host x [ip]: 550 5.1.1 no" */
static void read_exim_said(struct log_event *e, struct bytes in)
{
	struct bytes said =
			bytes_skip(in, bytes_search(in, BYTES(" error from remote mail server")));

	for (size_t at; (at = bytes_search(said, BYTES(": "))) < said.n;) {
		said = bytes_skip(said, at + 2);
		maillog_reply(e, said);
	}
}

/* "user <user@dom> R=router T=transport H=host [ip] X=.. C="250 .."" */
static void read_exim_delivery(struct log_event *e, struct bytes rest)
{
	struct bytes in = rest, word;
	size_t fields = bytes_search(rest, BYTES(" R="));

	if (!bytes_word(&in, &word))
		return;
	if (word.p[word.n - 1] == ':')
		word.n--;
	e->to = word;
	struct bytes head = bytes_head(rest, fields), inner = maillog_between(head, "<", ">");
	if (inner.n > 0 && fields < rest.n)
		e->to = inner;
	e->to = maillog_bare(e->to);
	read_exim_host(e, in, &e->relay, &e->relay_ip);
	e->reason = exim_value(in, BYTES("C="));
	if (e->class != LOG_SENT) {
		size_t colon = bytes_search(in, BYTES(": "));
		e->reason = bytes_trim(colon < in.n ? bytes_skip(in, colon + 2) : in);
		read_exim_said(e, in);
	} else {
		maillog_reply(e, e->reason);
		struct bytes delay = exim_value(in, BYTES("QT="));
		e->has_delay = delay.n > 0;
		e->delay_ms = maillog_ms(delay);
	}
}

/* "H=host [ip] F=<from> rejected RCPT <to>: reason" */
static bool read_exim_reject(struct log_event *e, struct bytes text)
{
	size_t at = bytes_search(text, BYTES("rejected "));
	struct bytes rest = bytes_skip(text, at + 9);

	if (at >= text.n || (at > 0 && text.p[at - 1] != ' ' && at > 30))
		return false;
	e->class = LOG_REJECTED;
	bytes_word(&rest, &e->verb);
	if (STARTS(rest, " <"))
		e->to = maillog_between(rest, "<", ">");
	else if (IS(e->verb, "RCPT"))
		bytes_word(&rest, &e->to);
	size_t colon = bytes_search(rest, BYTES(": "));
	e->reason = colon < rest.n ? bytes_skip(rest, colon + 2) : bytes_skip(text, at);
	if (e->to.n > 0 && e->to.p[e->to.n - 1] == ':')
		e->to.n--;
	e->from = maillog_bare(exim_value(bytes_head(text, at), BYTES("F=")));
	read_exim_host(e, text, &e->client, &e->ip);
	if (e->ip.n == 0)
		e->ip = maillog_ip(text);
	struct bytes auth = exim_value(text, BYTES("A="));
	e->user = bytes_skip(auth, bytes_find(auth, ':') + 1);
	return true;
}

static const struct maillog_phrase exim_phrases[] = {
	PHRASE("authenticator failed for", LOG_LOGIN_FAILED),
	PHRASE("SMTP connection from", LOG_CONNECT),
	PHRASE("no host name found for IP address", LOG_ROUTINE),
	PHRASE("no IP address found for host", LOG_ROUTINE),
	PHRASE("TLS error on connection", LOG_TLS_FAILED),
	PHRASE("TLS session: ", LOG_TLS_FAILED),
	PHRASE("unexpected disconnection while reading SMTP", LOG_LOST),
	PHRASE("lost while reading message data", LOG_LOST),
	PHRASE("SMTP command timeout", LOG_LOST),
	PHRASE("SMTP data timeout", LOG_LOST),
	PHRASE("SMTP protocol synchronization error", LOG_ATTACK),
	PHRASE("SMTP protocol error", LOG_ATTACK),
	PHRASE("SMTP syntax error", LOG_ATTACK),
	PHRASE("SMTP call from", LOG_ATTACK),
	PHRASE("too many nonmail commands", LOG_ATTACK),
	PHRASE("too many syntax or protocol errors", LOG_ATTACK),
	PHRASE("queue run:", LOG_ROUTINE),
	PHRASE("daemon started", LOG_ROUTINE),
	PHRASE("SIGHUP received", LOG_ROUTINE),
	PHRASE("Connection from ", LOG_TROUBLE),
	PHRASE("Warning: ", LOG_TROUBLE),
	PHRASE("no immediate delivery", LOG_ROUTINE),
	PHRASE("message too big", LOG_REJECTED),
	PHRASE("Connection refused", LOG_TROUBLE),
	PHRASE("Remote host closed connection", LOG_TROUBLE),
	PHRASE("Tainted ", LOG_TROUBLE),
	PHRASE("onnection timed out", LOG_TROUBLE),
	PHRASE("ailed", LOG_TROUBLE),
	PHRASE("rror", LOG_TROUBLE),
	PHRASE("cwd=", LOG_ROUTINE),
};

static void read_exim_session(struct log_event *e, struct bytes text)
{
	if (!HAS(text, "authenticator failed for") && read_exim_reject(e, text))
		return;
	e->class = maillog_phrases(text, exim_phrases, COUNT(exim_phrases));
	e->reason = text;
	struct bytes host = text; /* the last H=: what the client said is in front of it */
	for (size_t at; (at = bytes_search(bytes_skip(host, 1), BYTES(" H="))) + 1 < host.n;)
		host = bytes_skip(host, at + 2);
	read_exim_host(e, host, &e->client, &e->ip);
	if (e->ip.n == 0)
		e->ip = exim_ip(text);
	if (e->ip.n == 0)
		e->ip = maillog_ip(text);
	if (HAS(text, " error from remote mail server")) {
		e->relay = e->client;
		e->relay_ip = e->ip;
		read_exim_said(e, text);
	}
	if (e->class != LOG_LOGIN_FAILED)
		return;
	bytes_word(&text, &e->method);
	struct bytes user = maillog_between(text, "(set_id=", ")");
	e->user = user;
	size_t said = bytes_search(text, BYTES(": "));
	e->reason = bytes_skip(text, said + 2);
	maillog_reply(e, e->reason);
}

static const struct maillog_start exim_rows[] = {
	START("<= ", LOG_RECEIVED, read_exim_arrival),
	START("=> ", LOG_SENT, read_exim_delivery),
	START("-> ", LOG_SENT, read_exim_delivery),
	START(">> ", LOG_SENT, read_exim_delivery),
	START("*> ", LOG_ROUTINE, read_exim_delivery),
	START("== ", LOG_DEFERRED, read_exim_delivery),
	START("** ", LOG_BOUNCED, read_exim_delivery),
	START("(= ", LOG_REJECTED, read_exim_arrival),
	START("Completed", LOG_REMOVED, NULL),
	START("Frozen", LOG_HELD, NULL),
	START("Message is frozen", LOG_HELD, NULL),
	START("Unfrozen", LOG_ROUTINE, NULL),
	START("DKIM: ", LOG_FILTERED, NULL),
	START("SA: ", LOG_FILTERED, NULL), /* sa-exim */
	START("removed by ", LOG_REMOVED, NULL),
	START("cancelled by ", LOG_BOUNCED, NULL),
};

void maillog_exim(struct log_event *e)
{
	struct bytes text = e->at.text, word;

	if (text.n > 3 && text.p[0] == '[') { /* "[pid] ", "[1/2] " */
		size_t close = bytes_find(text, ']');
		if (close < 12 && close + 2 < text.n)
			text = bytes_skip(text, close + 2);
	}
	struct bytes rest = text;
	if (bytes_word(&rest, &word) && maillog_id_kind(word, &e->arrived_s) == LOG_ID_EXIM) {
		e->id_kind = LOG_ID_EXIM;
		e->id = word;
		text = bytes_trim(rest);
		if (maillog_starts(e, text, exim_rows, COUNT(exim_rows)))
			return;
	}
	read_exim_session(e, text);
}

static const struct maillog_key sendmail_keys[] = {
	KEY("from", from),
	KEY("to", to),
	KEY("msgid", message_id),
	KEY("dsn", dsn),
	KEY("mech", method),
	KEY("reject", reason),
	KEY("arg1", to),
	KEY("authid", user),
	KEY("stat", reason),
};

/* "host.example.com [192.0.2.1]", "[192.0.2.1]", "name [192.0.2.1] (may be forged)" */
static void read_sendmail_relay(struct bytes value, struct bytes *name, struct bytes *ip)
{
	struct bytes rest = value;

	*ip = maillog_between(value, "[", "]");
	if (ip->n == 0 || value.p[0] != '[')
		bytes_word(&rest, name);
	if (STARTS(*ip, "IPv6:"))
		*ip = bytes_skip(*ip, 5);
}

static enum log_class sendmail_status(struct bytes stat)
{
	if (STARTS(stat, "Sent"))
		return LOG_SENT;
	if (STARTS(stat, "Deferred") || STARTS(stat, "deferred") || STARTS(stat, "Transient"))
		return LOG_DEFERRED;
	return STARTS(stat, "queued") ? LOG_ROUTINE : LOG_BOUNCED;
}

/* "k=v, k=v, stat=text to the end" */
static void read_sendmail_mail(struct log_event *e, struct bytes in)
{
	struct bytes relay = maillog_between(in, "relay=", ", "), rest = in, key, value;
	bool is_arrival = STARTS(in, "from="), is_delivery = STARTS(in, "to=");

	if (relay.n == 0 && HAS(in, "relay="))
		relay = bytes_skip(in, bytes_search(in, BYTES("relay=")) + 6);
	while (maillog_field(&rest, false, &key, &value)) {
		if (IS(key, "size"))
			read_size(e, value);
		else if (IS(key, "delay")) {
			e->delay_ms = maillog_ms(value);
			e->has_delay = true;
		} else if (IS(key, "nrcpts")) {
			uint64_t n;
			e->recipients = bytes_is_uint(value, UINT32_MAX, &n) ? (uint32_t)n : 0;
		}
		if (STARTS(rest, " (")) /* "ctladdr=<x> (0/0), " */
			rest = bytes_skip(rest, bytes_find(rest, ')') + 1);
	}
	rest = in;
	maillog_fields(e, &rest, false, sendmail_keys, COUNT(sendmail_keys));
	size_t stat = bytes_search(in, BYTES("stat=")), reject = bytes_search(in, BYTES("reject="));
	if (stat < in.n)
		e->reason = bytes_skip(in, stat + 5);
	if (reject < in.n)
		e->reason = bytes_skip(in, reject + 7);
	e->class = LOG_ROUTINE;
	if (is_delivery && stat < in.n)
		e->class = sendmail_status(e->reason);
	else if (is_arrival && !HAS(in, "nrcpts=0,")) /* no recipient was taken, nor a mail */
		e->class = LOG_RECEIVED;
	else if (reject < in.n)
		e->class = LOG_REJECTED;
	if (is_delivery)
		read_sendmail_relay(relay, &e->relay, &e->relay_ip);
	else
		read_sendmail_relay(relay, &e->client, &e->ip);
	if (is_delivery) {
		e->to = maillog_value(bytes_head(in, bytes_search(in, BYTES(", "))), BYTES("to="));
		e->dsn = maillog_value(in, BYTES("dsn="));
	}
	if (e->class == LOG_REJECTED)
		maillog_reply(e, e->reason);
	if (STARTS(e->reason, "Deferred: "))
		maillog_reply(e, bytes_skip(e->reason, 10));
	struct bytes reply = maillog_between(in, ", reply=", ", stat=");
	if (reply.n > 3 && is_delivery) {
		maillog_reply(e, reply);
		e->reason = reply;
	}
	if (STARTS(in, "AUTH=server"))
		e->class = LOG_LOGIN;
	if (STARTS(in, "STARTTLS="))
		e->class = HAS(in, "verify=FAIL") || HAS(in, " error: ") ? LOG_TLS_FAILED : LOG_TLS;
	e->is_inbound = STARTS(in, "STARTTLS=server") || e->class == LOG_LOGIN;
}

static void read_auth_failure(struct log_event *e, struct bytes rest)
{
	e->method = bytes_head(rest, bytes_find(rest, ')'));
	e->reason = bytes_skip(bytes_head(rest, bytes_search(rest, BYTES(", user="))),
			e->method.n + 3);
	read_sendmail_relay(maillog_last(rest, BYTES(", relay=")), &e->client, &e->ip);
	e->user = maillog_value(rest, BYTES("user="));
}

static void read_any_ip(struct log_event *e, struct bytes rest)
{
	(void)rest;
	e->ip = maillog_ip(e->at.text);
	e->reason = e->at.text;
}

static const struct maillog_start sendmail_rows[] = {
	START("AUTH failure (", LOG_LOGIN_FAILED, read_auth_failure),
	START("rejecting commands from ", LOG_REJECTED, read_any_ip),
	START("rejecting connections", LOG_FATAL, read_any_ip),
	START("lost input channel from", LOG_LOST, read_any_ip),
	START("timeout waiting for input", LOG_LOST, read_any_ip),
	START("collect: ", LOG_LOST, read_any_ip),
	START("ruleset=", LOG_REJECTED, NULL),
	START("starting daemon", LOG_ROUTINE, NULL),
	START("alias database", LOG_ROUTINE, NULL),
	START("SYSERR", LOG_FATAL, read_any_ip),
	START("NOQUEUE: SYSERR", LOG_FATAL, read_any_ip),
	START("NOQUEUE: connect from ", LOG_CONNECT, read_any_ip),
	START("NOQUEUE: ", LOG_ROUTINE, read_any_ip),
	START("clone: ", LOG_ROUTINE, NULL),
	START("Authentication-Warning", LOG_ROUTINE, NULL),
	START("Milter", LOG_FILTERED, NULL),
	START("milter", LOG_FILTERED, NULL),
	START("done; delay=", LOG_REMOVED, NULL),
};

static struct bytes take_sendmail_id(struct bytes *text)
{
	size_t n = bytes_search(bytes_head(*text, 18), BYTES(": "));
	struct bytes word = bytes_head(*text, n);

	if (n >= 18 || maillog_id_kind(word, NULL) != LOG_ID_SENDMAIL)
		return (struct bytes){ NULL, 0 };
	*text = bytes_skip(*text, n + 2);
	return word;
}

void maillog_sendmail(struct log_event *e)
{
	struct bytes text = e->at.text;

	e->id = take_sendmail_id(&text);
	if (e->id.n > 0) {
		e->id_kind = LOG_ID_SENDMAIL;
		e->id2 = take_sendmail_id(&text);
	}
	if (e->id2.n > 0) { /* "id: id of the notice: DSN: why", "...: return to sender: why" */
		e->class = LOG_NOTICE;
		e->reason = text;
		return;
	}
	if (maillog_starts(e, text, sendmail_rows, COUNT(sendmail_rows)) &&
			!STARTS(text, "ruleset="))
		return;
	if (STARTS(text, "from=") || STARTS(text, "to=") || STARTS(text, "ruleset=") ||
			STARTS(text, "AUTH=") || STARTS(text, "STARTTLS=")) {
		read_sendmail_mail(e, text);
		return;
	}
	static const struct maillog_phrase phrases[] = {
		PHRASE("did not issue MAIL/EXPN/VRFY/ETRN", LOG_ATTACK),
		PHRASE("possible SMTP attack", LOG_ATTACK),
		PHRASE("probable open proxy", LOG_ATTACK),
		PHRASE("due to traffic before response", LOG_ATTACK),
		PHRASE("User unknown", LOG_REJECTED),
	};
	e->class = maillog_phrases(text, phrases, COUNT(phrases));
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_by_level(e->level);
	e->to = maillog_bare(bytes_head(text, STARTS(text, "<") ? bytes_find(text, '>') + 1 : 0));
	read_any_ip(e, text);
}

static const struct maillog_key opensmtpd_keys[] = {
	KEY("address", ip),
	KEY("host", client),
	KEY("from", from),
	KEY("to", to),
	KEY("rcpt", orig_to),
	KEY("user", user),
	KEY("command", verb),
	KEY("result", reason),
	KEY("stat", reason),
	KEY("reason", reason),
	KEY("msgid", id),
	KEY("evpid", id),
	KEY("relay", relay),
};

static enum log_class opensmtpd_class(struct bytes text, struct bytes result)
{
	static const struct maillog_phrase phrases[] = {
		PHRASE("smtp connected", LOG_CONNECT),
		PHRASE("reason=\"io-error: handshake failed", LOG_TLS_FAILED),
		PHRASE("smtp disconnected", LOG_DISCONNECT),
		PHRASE("smtp bad-input", LOG_ATTACK),
		PHRASE("failed-command command=\"AUTH ",
				LOG_LOGIN_DETAIL), /* "smtp authentication" counts */
		PHRASE("smtp message ", LOG_RECEIVED),
		PHRASE("smtp envelope ", LOG_ROUTINE),
		PHRASE("smtp failed-command", LOG_REJECTED),
		PHRASE("smtp tls", LOG_TLS),
		PHRASE("smtp starttls", LOG_TLS),
		PHRASE("mta tls", LOG_TLS),
		PHRASE("mta starttls", LOG_TLS),
		PHRASE("mta connect", LOG_ROUTINE),
		PHRASE("mta disconnected", LOG_ROUTINE),
		PHRASE("smtp authentication", LOG_LOGIN),
		PHRASE("New session", LOG_CONNECT),
		PHRASE("Accepted message", LOG_RECEIVED),
		PHRASE("Failed command", LOG_REJECTED),
		PHRASE("authentication failed", LOG_LOGIN_FAILED),
		PHRASE("mta error", LOG_TROUBLE),
		PHRASE("warn: ", LOG_TROUBLE),
		PHRASE("fatal: ", LOG_FATAL),
		PHRASE("fatal in ", LOG_FATAL),
	};
	bool is_delivery = HAS(text, "delivery evpid=") || HAS(text, " for ");

	if (is_delivery &&
			(STARTS(result, "Ok") || HAS(text, "relay: Ok") ||
					HAS(text, "delivery: Ok")))
		return LOG_SENT;
	if (is_delivery && HAS(text, "TempFail"))
		return LOG_DEFERRED;
	if (is_delivery && HAS(text, "PermFail"))
		return LOG_BOUNCED;
	return maillog_phrases(text, phrases, COUNT(phrases));
}

void maillog_opensmtpd(struct log_event *e)
{
	struct bytes text = e->at.text, rest = text, word;

	if (bytes_word(&rest, &word) && word.n == 16) {
		e->session = word;
		text = rest;
	}
	struct bytes fields = text;
	while (bytes_word(&fields, &word) && !memchr(word.p, '=', word.n))
		;
	if (word.n > 0)
		fields = (struct bytes){ word.p, (size_t)(text.p + text.n - word.p) };
	struct bytes result = bytes_skip(fields, bytes_search(fields, BYTES("result=")) + 7);
	result = bytes_skip(result, STARTS(result, "\""));
	maillog_fields(e, &fields, true, opensmtpd_keys, COUNT(opensmtpd_keys));
	e->class = opensmtpd_class(text, result);
	if (e->id.n > 8) /* an envelope's id begins with its message's */
		e->id = bytes_head(e->id, 8);
	e->id_kind = e->id.n ? LOG_ID_OTHER : LOG_ID_NONE;
	struct bytes relay = e->relay;
	size_t open = bytes_find(relay, '(');
	e->relay_ip = maillog_between(relay, "(", ")");
	e->relay = bytes_head(relay, open > 0 && open < relay.n ? open - 1 : relay.n);
	if (maillog_is_ip(e->relay)) { /* "192.0.2.1 (mx.example.org)", 6.4 and later */
		relay = e->relay;
		e->relay = e->relay_ip;
		e->relay_ip = relay;
	}
	struct bytes delay = maillog_value(text, BYTES("delay="));
	e->has_delay = delay.n > 0;
	e->delay_ms = maillog_ms(delay);
	read_size(e, maillog_value(text, BYTES("size=")));
	maillog_reply(e, e->reason);
	if (e->class == LOG_LOGIN && !HAS(text, "result=ok"))
		e->class = LOG_LOGIN_FAILED;
	if (e->class == LOG_REJECTED && e->code == 535)
		e->class = LOG_LOGIN_FAILED;
	if (e->ip.n == 0 && e->class != LOG_SENT)
		e->ip = maillog_ip(text);
}
