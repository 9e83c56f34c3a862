/* maillog_postfix - what Postfix's daemons log
 * SPDX-License-Identifier: MIT
 *
 * By the sources of Postfix 2.3 to 3.10: "ID: key=value, ..." for a mail, free text for sessions,
 * "warning: ..." for trouble. Old logs have addresses without their angle brackets.
 */
#include "proto/maillog_impl.h"

static const struct maillog_key mail_keys[] = {
	KEY("to", to),
	KEY("orig_to", orig_to),
	KEY("from", from),
	KEY("helo", helo),
	KEY("dsn", dsn),
	KEY("sasl_method", method),
	KEY("sasl_username", user),
	KEY("message-id", message_id),
	KEY("resent-message-id", message_id),
};

static void put_peer(struct log_event *e, struct bytes *rest)
{
	maillog_peer(rest, &e->client, &e->ip);
}

static void read_client(struct log_event *e, struct bytes rest)
{
	put_peer(e, &rest);
	maillog_fields(e, &rest, false, mail_keys, COUNT(mail_keys));
}

static void read_ids(struct log_event *e, struct bytes rest)
{
	e->message_id = maillog_bare(bytes_trim(rest));
}

static void read_relay(struct log_event *e, struct bytes relay)
{
	if (IS(relay, "none"))
		return;
	e->relay = relay;
	maillog_peer(&relay, &e->relay, &e->relay_ip);
}

static void read_delays(struct log_event *e, struct bytes value)
{
	for (size_t i = 0; i < 4; i++) {
		e->delays_ms[i] = maillog_ms(value);
		size_t slash = bytes_find(value, '/');
		if (i < 3 && slash >= value.n)
			return;
		value = bytes_skip(value, slash + 1);
	}
	e->has_delays = true;
}

static enum log_class status_class(struct bytes status)
{
	static const struct {
		struct bytes word;
		enum log_class class;
	} rows[] = { { BYTES("sent"), LOG_SENT }, { BYTES("deferred"), LOG_DEFERRED },
		{ BYTES("bounced"), LOG_BOUNCED }, { BYTES("expired"), LOG_EXPIRED },
		{ BYTES("force-expired"), LOG_EXPIRED }, { BYTES("deliverable"), LOG_ROUTINE },
		{ BYTES("undeliverable"), LOG_ROUTINE }, { BYTES("expanded"), LOG_ROUTINE } };

	for (size_t i = 0; i < COUNT(rows); i++)
		if (bytes_equal(status, rows[i].word))
			return rows[i].class;
	return LOG_ROUTINE;
}

/* "... said: 550 5.1.1 ...", "... refused to talk to me: 421 ...", "250 2.0.0 Ok" */
static void read_reason(struct log_event *e, struct bytes text)
{
	static const struct bytes before[] = { BYTES(" said: "), BYTES("refused to talk to me: ") };
	struct bytes dsn = e->dsn;

	e->reason = text;
	if (e->class == LOG_SENT) {
		struct bytes queued = maillog_value(text, BYTES("queued as "));
		if (STARTS(text, "forwarded as ")) /* local(8): .forward, an alias */
			queued = bytes_skip(text, 13);
		e->id2 = maillog_id_kind(queued, NULL) ? queued : e->id2;
		maillog_reply(e, text);
	} else {
		for (size_t i = 0; i < COUNT(before); i++) {
			size_t at = bytes_search(text, before[i]);
			if (at < text.n)
				maillog_reply(e, bytes_skip(text, at + before[i].n));
		}
	}
	if (dsn.n > 0)
		e->dsn = dsn;
	if (e->class != LOG_SENT)
		e->verb = maillog_between(text, "(in reply to ", " command");
}

/* What follows status=: the word, then "(...)" to the end. */
static void read_status(struct log_event *e, struct bytes rest)
{
	size_t n = 0;

	while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ',')
		n++;
	e->class = status_class(bytes_head(rest, n));
	rest = bytes_skip(rest, n);
	if (!STARTS(rest, " (")) {
		e->reason = bytes_trim(STARTS(rest, ", ") ? bytes_skip(rest, 2) : rest);
		return;
	}
	rest = bytes_skip(rest, 2);
	if (rest.n > 0 && rest.p[rest.n - 1] == ')')
		rest.n--;
	read_reason(e, rest);
}

/* "NAMEvalueEND" at the front of *in, which is moved to END. */
static bool take_value(struct bytes *in, struct bytes name, unsigned char end, struct bytes *value)
{
	struct bytes rest = bytes_skip(*in, name.n);

	if (!bytes_starts(*in, name))
		return false;
	*value = bytes_head(rest, bytes_find(rest, end));
	*in = bytes_skip(rest, value->n);
	return in->n > 0;
}

/* The fields as most lines of a log have them; what is otherwise is read one by one. False: it is,
 * and nothing was read. *in is moved behind "status=". */
static bool take_usual(struct log_event *e, struct bytes *in)
{
	static const struct bytes status = BYTES(", status=");
	struct bytes rest = *in, to, orig = { NULL, 0 }, relay, delay, delays, dsn;

	if (!take_value(&rest, BYTES("to=<"), '>', &to) ||
			(STARTS(rest, ">, orig_to=<") &&
					!take_value(&rest, BYTES(">, orig_to=<"), '>', &orig)) ||
			!take_value(&rest, BYTES(">, relay="), ',', &relay) ||
			!take_value(&rest, BYTES(", delay="), ',', &delay) ||
			!take_value(&rest, BYTES(", delays="), ',', &delays) ||
			!take_value(&rest, BYTES(", dsn="), ',', &dsn) ||
			!bytes_starts(rest, status) || bytes_find(relay, ' ') < relay.n)
		return false;
	e->to = to;
	e->orig_to = orig;
	read_relay(e, relay);
	e->delay_ms = maillog_ms(delay);
	e->has_delay = true;
	read_delays(e, delays);
	e->dsn = dsn;
	*in = bytes_skip(rest, status.n);
	return true;
}

/* "to=<..>, relay=.., delay=.., status=sent (..)" */
static void read_delivery(struct log_event *e, struct bytes in)
{
	struct bytes key, value;

	if (take_usual(e, &in)) {
		read_status(e, in);
		return;
	}
	e->class = LOG_ROUTINE;
	for (;;) {
		struct bytes before = in;
		if (!maillog_field(&in, false, &key, &value))
			return;
		switch (key.p[0]) {
		case 't':
			e->to = value;
			break;
		case 'o':
			e->orig_to = value;
			break;
		case 'r':
			if (key.n == 5)
				read_relay(e, value);
			break;
		case 'd':
			if (IS(key, "delay")) {
				e->delay_ms = maillog_ms(value);
				e->has_delay = true;
			} else if (IS(key, "delays")) {
				read_delays(e, value);
			} else if (IS(key, "dsn")) {
				e->dsn = value;
			}
			break;
		case 's':
			if (!IS(key, "status"))
				break;
			read_status(e,
					bytes_skip(before,
							bytes_search(before, BYTES("status=")) +
									7));
			return;
		default:
			break;
		}
	}
}

/* "from=<..>, size=1, nrcpt=1 (queue active)", "from=<..>, status=expired, returned to sender" */
static void read_queued(struct log_event *e, struct bytes in)
{
	struct bytes key, value;
	uint64_t n;

	e->class = LOG_QUEUED;
	while (maillog_field(&in, false, &key, &value)) {
		if (IS(key, "from")) {
			e->from = value;
		} else if (IS(key, "size") && bytes_is_uint(value, UINT32_MAX, &n)) {
			e->size = (uint32_t)n;
			e->has_size = true;
		} else if (IS(key, "nrcpt") && bytes_is_uint(value, UINT32_MAX, &n)) {
			e->recipients = (uint32_t)n;
		} else if (IS(key, "status")) {
			e->class = status_class(value);
			e->reason = bytes_trim(in);
			if (STARTS(e->reason, ", "))
				e->reason = bytes_skip(e->reason, 2);
			return;
		} else if (IS(key, "to")) {
			e->to = value;
		}
	}
}

/* pickup: "uid=0 from=<root>" */
static void read_pickup(struct log_event *e, struct bytes rest)
{
	e->from = maillog_value(rest, BYTES("from="));
}

static void read_id2(struct log_event *e, struct bytes rest)
{
	e->id2 = bytes_trim(rest);
}

/* "RCPT from name[ip]: 550 5.1.1 <to>: reason; from=<..> to=<..> proto=.. helo=<..>" */
static void read_reject(struct log_event *e, struct bytes rest)
{
	size_t from = bytes_search(rest, BYTES(" from "));

	if (from < rest.n) {
		e->verb = bytes_head(rest, from);
		rest = bytes_skip(rest, from + 6);
		put_peer(e, &rest);
	} else {
		e->verb = bytes_head(rest, bytes_find(rest, ':'));
		rest = bytes_skip(rest, e->verb.n);
	}
	while (rest.n > 0 && (rest.p[0] == ':' || rest.p[0] == ' '))
		rest = bytes_skip(rest, 1);
	size_t end = bytes_search(rest, BYTES("; from="));
	if (end >= rest.n)
		end = bytes_search(rest, BYTES("; proto="));
	if (end >= rest.n)
		end = bytes_search(rest, BYTES("; helo="));
	struct bytes fields = bytes_skip(rest, end);
	e->reason = bytes_head(rest, end);
	maillog_reply(e, e->reason);
	maillog_fields(e, &fields, true, mail_keys, COUNT(mail_keys));
}

/* "RSET from name[ip]", "after RCPT (12 bytes) from name[ip]", "from name[ip]: ..." */
static void read_from(struct log_event *e, struct bytes rest)
{
	size_t at = bytes_search(rest, BYTES("from "));

	if (at < rest.n && at < 60) {
		e->verb = bytes_head(rest, at > 0 ? at - 1 : 0);
		if (STARTS(e->verb, "after "))
			e->verb = bytes_skip(e->verb, 6);
		e->verb = bytes_head(e->verb, bytes_search(e->verb, BYTES(" (")));
		rest = bytes_skip(rest, at + 5);
	}
	put_peer(e, &rest);
	if (STARTS(rest, ": "))
		e->reason = bytes_skip(rest, 2);
}

static void read_peer(struct log_event *e, struct bytes rest)
{
	put_peer(e, &rest);
	while (rest.n > 0 && (rest.p[0] == ':' || rest.p[0] == ' '))
		rest = bytes_skip(rest, 1);
	e->reason = rest;
}

/* "Anonymous TLS connection established from name[ip]: TLSv1.3 ...", "... reused to name[ip]:25" */
static bool read_tls(struct log_event *e, struct bytes text)
{
	static const struct bytes what = BYTES("TLS connection ");
	size_t at = bytes_search(bytes_head(text, 26), what);
	struct bytes rest = bytes_skip(text, at + what.n), word;

	if (at > 10 || !bytes_word(&rest, &word) || !bytes_word(&rest, &word))
		return false;
	e->class = LOG_TLS;
	e->is_tls = true;
	e->is_inbound = IS(word, "from");
	rest = bytes_skip(rest, 1);
	if (e->is_inbound)
		read_peer(e, rest);
	else
		maillog_peer(&rest, &e->relay, &e->relay_ip);
	return true;
}

static void read_next_hop(struct log_event *e, struct bytes rest)
{
	maillog_peer(&rest, &e->relay, &e->relay_ip);
	read_reason(e, e->at.text);
}

static void read_workarounds(struct log_event *e, struct bytes rest)
{
	rest = bytes_skip(rest, bytes_search(rest, BYTES(" for ")) + 5);
	maillog_peer(&rest, &e->relay, &e->relay_ip);
}

/* postscreen: "11 after 0.05 from [ip]:port: EHLO", "rank 3 for [ip]:port", "[ip]:port" */
static void read_screen(struct log_event *e, struct bytes rest)
{
	struct bytes tail = bytes_skip(rest, bytes_find(rest, ']')), word;
	size_t after = bytes_search(tail, BYTES(" after "));

	e->ip = maillog_between(rest, "[", "]");
	e->reason = e->at.text;
	tail = bytes_skip(tail, after + 7);
	if (bytes_word(&tail, &word))
		e->verb = bytes_head(word, bytes_find(word, ':'));
}

/* anvil: "statistics: max connection rate 3/60s for (smtp:192.0.2.1) at ..." */
static void read_statistics(struct log_event *e, struct bytes rest)
{
	struct bytes who = maillog_between(rest, "(", ")");

	while (who.n > 0 && !maillog_is_ip(who)) /* "(192.0.2.2:25:192.0.2.1)" */
		who = bytes_skip(who, bytes_find(who, ':') + 1);
	e->ip = who;
}

/* dnsblog: "192.0.2.1 listed by domain zen.example.net as 127.0.0.2" */
static void read_listed(struct log_event *e, struct bytes rest)
{
	struct bytes word;

	if (bytes_word(&rest, &word))
		e->ip = word;
	if (HAS(rest, " as 127.255.255.")) { /* no listing: the list does not serve us */
		e->class = LOG_TROUBLE;
		e->reason = e->at.text;
	}
}

static const struct maillog_start mail_rows[] = {
	START("client=", LOG_RECEIVED, read_client),
	START("message-id=", LOG_IDENTIFIED, read_ids),
	START("resent-message-id=", LOG_IDENTIFIED, read_ids),
	START("removed", LOG_REMOVED, NULL),
	START("uid=", LOG_RECEIVED, read_pickup),
	START("reject: ", LOG_REJECTED, read_reject),
	START("abort: ", LOG_TLS_FAILED, read_reject),
	START("milter-reject: ", LOG_REJECTED, read_reject),
	START("proxy-reject: ", LOG_REJECTED, read_reject),
	START("proxy-accept: ", LOG_ROUTINE, read_reject),
	START("reject_warning: ", LOG_ROUTINE, read_reject),
	START("hold: ", LOG_HELD, read_reject),
	START("milter-hold: ", LOG_HELD, read_reject),
	START("discard: ", LOG_DISCARDED, read_reject),
	START("milter-discard: ", LOG_DISCARDED, read_reject),
	START("filter: ", LOG_ROUTINE, read_reject),
	START("redirect: ", LOG_ROUTINE, read_reject),
	START("warn: ", LOG_ROUTINE, read_reject),
	START("info: ", LOG_ROUTINE, read_reject),
	START("prepend: ", LOG_ROUTINE, read_reject),
	START("replace: ", LOG_ROUTINE, read_reject),
	START("sender non-delivery notification: ", LOG_NOTICE, read_id2),
	START("sender delivery status notification: ", LOG_NOTICE, read_id2),
	START("sender delay notification: ", LOG_NOTICE, read_id2),
	START("postmaster non-delivery notification: ", LOG_NOTICE, read_id2),
	START("host ", LOG_TROUBLE, read_next_hop),
	START("lost connection with ", LOG_TROUBLE, read_next_hop),
	START("conversation with ", LOG_TROUBLE, read_next_hop),
	START("enabling PIX workarounds", LOG_ROUTINE, read_workarounds),
	START("SASL authentication failed; server ", LOG_TROUBLE, read_next_hop),
	START("Cannot start TLS: ", LOG_TLS_FAILED, read_next_hop),
	START("skipped, still being delivered", LOG_ROUTINE, NULL),
	START("placed on hold", LOG_HELD, NULL),
	START("released from hold", LOG_ROUTINE, NULL),
	START("expired", LOG_ROUTINE, NULL),
	START("requeued", LOG_ROUTINE, NULL),
};

static const struct maillog_start session_rows[] = {
	START("connect from ", LOG_CONNECT, read_peer),
	START("disconnect from ", LOG_DISCONNECT, read_peer),
	START("lost connection after ", LOG_LOST, read_from),
	START("timeout after ", LOG_LOST, read_from),
	START("too many errors after ", LOG_LOST, read_from),
	START("SSL_accept error from ", LOG_TLS_FAILED, read_peer),
	START("SSL_connect error to ", LOG_TLS_FAILED, read_next_hop),
	START("certificate verification failed for ", LOG_TLS_FAILED, read_next_hop),
	START("server certificate verification failed for ", LOG_TLS_FAILED, read_next_hop),
	START("CA certificate verification failed for ", LOG_TLS_FAILED, read_next_hop),
	START("TLS handshake failed for service=", LOG_TLS_FAILED, read_screen),
	START("cannot load ", LOG_TROUBLE, NULL),
	START("Host offered STARTTLS: ", LOG_ROUTINE, NULL),
	START("setting up TLS connection", LOG_ROUTINE, NULL),
	START("discarding EHLO keywords", LOG_ROUTINE, NULL),
	START("NOQUEUE: lost connection after ", LOG_LOST, read_from),
	START("statistics: ", LOG_ROUTINE, read_statistics),
	START("PREGREET ", LOG_ATTACK, read_screen),
	START("DNSBL rank ", LOG_ATTACK, read_screen),
	START("HANGUP after ", LOG_LOST, read_screen),
	START("COMMAND ", LOG_ATTACK, read_screen),
	START("BARE NEWLINE", LOG_ATTACK, read_screen),
	START("NON-SMTP COMMAND", LOG_ATTACK, read_screen),
	START("improper command pipelining ", LOG_ATTACK, read_from),
	START("CONNECT from ", LOG_CONNECT, read_screen),
	START("DISCONNECT ", LOG_DISCONNECT, read_screen),
	START("PASS ", LOG_ROUTINE, read_screen),
	START("WHITELISTED ", LOG_ROUTINE, read_screen),
	START("ALLOWLISTED ", LOG_ROUTINE, read_screen),
	START("WHITELIST VETO ", LOG_ROUTINE, read_screen),
	START("ALLOWLIST VETO ", LOG_ROUTINE, read_screen),
	START("BLACKLISTED ", LOG_ATTACK, read_screen),
	START("DENYLISTED ", LOG_ATTACK, read_screen),
	START("connect to ", LOG_TROUBLE, read_next_hop),
	START("addr ", LOG_ROUTINE, read_listed),
	START("cache ", LOG_ROUTINE, NULL),
	START("close database", LOG_ROUTINE, NULL),
	START("daemon started", LOG_ROUTINE, NULL),
	START("reload ", LOG_ROUTINE, NULL),
	START("terminating on signal", LOG_ROUTINE, NULL),
	START("starting the Postfix", LOG_ROUTINE, NULL),
	START("stopping the Postfix", LOG_ROUTINE, NULL),
	START("refreshing the Postfix", LOG_ROUTINE, NULL),
	START("table ", LOG_ROUTINE, NULL),
	START("Deleted: ", LOG_ROUTINE, NULL),
	START("Placed on hold: ", LOG_ROUTINE, NULL),
	START("Released from hold: ", LOG_ROUTINE, NULL),
	START("Requeued: ", LOG_ROUTINE, NULL),
	START("name_mask: ", LOG_ROUTINE, NULL),
	START("using backwards-compatible default", LOG_ROUTINE, NULL),
};

/* "name[ip]: SASL LOGIN authentication failed: reason, sasl_username=x" */
static bool read_sasl_failure(struct log_event *e, struct bytes text)
{
	struct bytes rest = text;
	struct bytes name, ip;

	if (!maillog_peer(&rest, &name, &ip) || !STARTS(rest, ": SASL "))
		return false;
	rest = bytes_skip(rest, 7);
	size_t n = bytes_search(rest, BYTES(" authentication "));
	if (n >= rest.n)
		return false;
	e->client = name;
	e->ip = ip;
	e->method = bytes_head(rest, n);
	rest = bytes_skip(rest, n + 16);
	e->class = STARTS(rest, "failed") || STARTS(rest, "aborted") ? LOG_LOGIN_FAILED :
								       LOG_TROUBLE;
	rest = bytes_skip(rest, bytes_find(rest, ':') + 1);
	size_t user = bytes_search(rest, BYTES(", sasl_username="));
	e->reason = bytes_trim(bytes_head(rest, user));
	e->user = bytes_skip(rest, user + 16);
	return true;
}

/* Trouble that comes from outside and says nothing about this server. */
static const struct maillog_phrase warnings[] = {
	PHRASE("does not resolve to address", LOG_ROUTINE),
	PHRASE("hostname nor servname", LOG_ROUTINE),
	PHRASE("address not listed for hostname", LOG_ROUTINE),
	PHRASE("non-SMTP command from ", LOG_ATTACK),
	PHRASE("TLS library problem", LOG_TLS_FAILED),
	PHRASE("Connection rate limit exceeded", LOG_ATTACK),
	PHRASE("Connection concurrency limit exceeded", LOG_ATTACK),
	PHRASE("numeric hostname", LOG_ROUTINE),
	PHRASE("malformed domain name", LOG_ROUTINE),
	PHRASE("Illegal address syntax from ", LOG_ROUTINE),
	PHRASE("valid_hostname", LOG_ROUTINE),
};

static void read_warning(struct log_event *e, struct bytes text)
{
	static const struct bytes froms[] = { BYTES(" from "), BYTES(": host "),
		BYTES("exceeded: ") };

	e->reason = text;
	if (e->level == SYSLOG_WARNING && read_sasl_failure(e, text))
		return;
	e->class = e->level == SYSLOG_WARNING ? maillog_phrases(text, warnings, COUNT(warnings)) :
						maillog_by_level(e->level);
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_by_level(e->level);
	for (size_t i = 0; i < COUNT(froms) && e->ip.n == 0; i++) {
		struct bytes rest = bytes_skip(text, bytes_search(text, froms[i]) + froms[i].n);
		put_peer(e, &rest);
	}
	if (e->ip.n == 0) {
		struct bytes rest = text;
		put_peer(e, &rest);
	}
	if (e->ip.n == 0 && STARTS(text, "hostname "))
		e->ip = maillog_ip(text);
}

/* Takes "ID: " off the front of *text. */
static void take_id(struct log_event *e, struct bytes *text)
{
	size_t n = 7;

	if (text->n == 0 || text->p[0] > 'Z') /* the first digit tells decades: no small letter */
		return;
	if (STARTS(*text, "NOQUEUE: ")) {
		*text = bytes_skip(*text, n + 2);
		return;
	}
	n = maillog_queue_id(*text, &e->id_kind, &e->arrived_s);
	if (n == 0 || n + 1 >= text->n || text->p[n] != ':' || text->p[n + 1] != ' ') {
		e->id_kind = LOG_ID_NONE;
		e->arrived_s = 0;
		return;
	}
	e->id = bytes_head(*text, n);
	*text = bytes_skip(*text, n + 2);
}

/* The forms that most lines have which name no mail. */
static bool read_session(struct log_event *e, struct bytes text)
{
	bool may_be_tls =
			text.n > 0 && memchr("ATUV", text.p[0], 4); /* "Anonymous TLS connection" */

	return (may_be_tls && read_tls(e, text)) ||
			maillog_starts(e, text, session_rows, COUNT(session_rows));
}

void maillog_postfix(struct log_event *e)
{
	struct bytes text = e->at.text;

	take_id(e, &text);
	if (STARTS(text, "to=")) {
		read_delivery(e, text);
		return;
	}
	if (STARTS(text, "from=")) {
		read_queued(e, text);
		return;
	}
	bool is_warning = STARTS(text, "warning: "); /* no row begins so */
	if (!is_warning && e->id.n == 0 && read_session(e, text))
		return;
	if (!is_warning && maillog_starts(e, text, mail_rows, COUNT(mail_rows)))
		return;
	if (maillog_level(e, &text)) {
		if (e->id.n == 0)
			take_id(e, &text);
		read_warning(e, text);
		return;
	}
	if (e->id.n > 0 && read_session(e, text))
		return;
	e->class = maillog_by_level(e->level);
	e->reason = text;
}
