/* event - lines of logs as JSON, and for counting
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"
#include "know/advice.h"
#include "ui/json.h"

#include <stddef.h>
#include <string.h>

#define MEMBER(name, member)                             \
	{                                                \
		name, offsetof(struct log_event, member) \
	}

static const struct {
	const char *key;
	size_t offset;
} members[] = {
	MEMBER("daemon", daemon),
	MEMBER("service", service),
	MEMBER("id", id),
	MEMBER("next_id", id2),
	MEMBER("session", session),
	MEMBER("message_id", message_id),
	MEMBER("to", to),
	MEMBER("orig_to", orig_to),
	MEMBER("client", client),
	MEMBER("ip", ip),
	MEMBER("helo", helo),
	MEMBER("relay", relay),
	MEMBER("relay_ip", relay_ip),
	MEMBER("user", user),
	MEMBER("method", method),
	MEMBER("mailbox", mailbox),
	MEMBER("verb", verb),
	MEMBER("dsn", dsn),
	MEMBER("reason", reason),
};

void event_time(struct buf *out, int64_t wall_s)
{
	struct syslog_date d = syslog_date(wall_s);

	buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d", d.year, d.month, d.day, d.hour, d.minute,
			d.second);
}

/* RFC 3339, without the zone where the log has none. */
static void put_time(struct json *j, const struct syslog_line *at)
{
	struct buf text = BUF(60);

	if (at->wall_s == SYSLOG_NO_TIME)
		return;
	event_time(&text, at->wall_s);
	text.p[10] = 'T';
	if (at->micro_s > 0)
		buf_printf(&text, ".%06u", (unsigned)at->micro_s);
	if (at->zone_min != SYSLOG_NO_ZONE) {
		int m = at->zone_min < 0 ? -at->zone_min : at->zone_min;
		buf_printf(&text, "%c%02d:%02d", at->zone_min < 0 ? '-' : '+', m / 60, m % 60);
	}
	json_text(j, "time", buf_bytes(&text));
	buf_free(&text);
}

static void put_some(struct json *j, const char *key, struct bytes value)
{
	if (value.n > 0)
		json_text(j, key, value);
}

/* Of delays=a/b/c/d: before the queue manager, in it, connecting, talking. */
static const char *const stages[4] = { "before_ms", "queue_ms", "connect_ms", "talk_ms" };

void event_json(struct json *j, const struct log_event *e)
{
	json_str(j, "type", "event");
	put_time(j, &e->at);
	put_some(j, "host", e->at.host);
	put_some(j, "program", e->at.program);
	if (e->at.pid > 0)
		json_int(j, "pid", e->at.pid);
	json_str(j, "family", maillog_family_name(e->family));
	json_str(j, "class", maillog_class_name(e->class));
	if (e->level < SYSLOG_NONE)
		json_str(j, "level", syslog_level_name(e->level));
	if (e->at.count > 1)
		json_int(j, "count", e->at.count);
	if (e->from.p)
		json_text(j, "from", e->from);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct bytes value;
		memcpy(&value, (const char *)e + members[i].offset, sizeof(value));
		put_some(j, members[i].key, value);
	}
	if (e->code > 0)
		json_int(j, "code", e->code);
	if (e->has_size)
		json_int(j, "size", e->size);
	if (e->recipients > 0)
		json_int(j, "recipients", e->recipients);
	if (e->has_delay)
		json_int(j, "delay_ms", e->delay_ms);
	for (size_t i = 0; e->has_delays && i < 4; i++)
		json_int(j, stages[i], e->delays_ms[i]);
	json_text(j, "text", e->at.text);
}

/* Where text goes on behind mark; 0 when it is not there. */
static size_t after(struct bytes text, struct bytes mark)
{
	size_t at = bytes_search(text, mark);

	return at < text.n ? at + mark.n : 0;
}

/* The reply that the line is about, read as a reply; *f becomes that. */
static const struct advice *advise_reply(const struct match *m, struct bytes text,
		struct finding *f, struct advice_binds *binds)
{
	struct finding reply = *f;

	reply.is_partial = true; /* the stage is not known */
	if (!advice_read_reply(text, &reply))
		return NULL;
	const struct advice *a = match_find(m, &reply, binds);
	if (a)
		*f = reply;
	return a;
}

enum { SMTP_PORT = 25 };

/* "relay=mx.example.org[192.0.2.1]:25"; others than Postfix do not say it. */
static unsigned relay_port(const struct log_event *e)
{
	struct bytes rest = e->at.text;
	uint64_t port;

	rest = bytes_skip(rest, after(rest, BYTES(" relay=")));
	rest = bytes_skip(rest, after(bytes_head(rest, bytes_find(rest, ',')), BYTES("]:")));
	return bytes_uint(&rest, UINT16_MAX, &port) ? (unsigned)port : SMTP_PORT;
}

/* What syslog has as Dovecot's text, "auth: ...", begins in its own log with what is taken for the
 * program there. */
static struct bytes said_by(const struct log_event *e)
{
	struct bytes text = e->at.text, program = e->at.program;

	if (e->family == LOG_DOVECOT && program.n > 0 && !bytes_starts(program, BYTES("dovecot")) &&
			program.p < text.p)
		return (struct bytes){ program.p, (size_t)(text.p + text.n - program.p) };
	return text;
}

/* The reply that the next hop gave, where the line quotes one; empty: it does not. */
static struct bytes peers_reply(const struct log_event *e)
{
	static const struct bytes quoted[] = { BYTES(" said: "), BYTES("refused to talk to me: ") };
	bool is_tried = e->class == LOG_DEFERRED || e->class == LOG_BOUNCED ||
			(e->class == LOG_TROUBLE && e->family == LOG_EXIM);
	struct bytes reply = e->reason, all = reply;
	const unsigned char code[3] = { (unsigned char)('0' + e->code / 100),
		(unsigned char)('0' + e->code / 10 % 10), (unsigned char)('0' + e->code % 10) };

	if (e->code == 0)
		return bytes_head(reply, 0);
	for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
		reply = bytes_skip(reply, after(reply, quoted[i]));
	if (reply.n == all.n) /* Exim, OpenSMTPD, Sendmail: "...: 550 5.1.1 ..." */
		reply = bytes_skip(all,
				is_tried ? bytes_search(all, (struct bytes){ code, 3 }) : all.n);
	return reply;
}

/* A peer's quoted words say more than our program's about them; but what our own server answers is
 * told by the log's entries, which know that it is ours. */
const struct advice *event_advice(const struct match *m, const struct log_event *e,
		struct finding *f, struct advice_binds *binds)
{
	const struct advice *a = NULL;
	struct bytes reply = peers_reply(e);

	*f = (struct finding){ .user = e->user,
		.host = e->relay.n ? e->relay : e->ip,
		.from = e->from,
		.to = e->to,
		.id = e->id,
		.is_lmtp = bytes_equal(e->daemon, BYTES("lmtp")) };
	if (reply.n > 0) {
		f->port = relay_port(e);
		a = advise_reply(m, reply, f, binds);
	}
	f->is_peers = a &&
			filter_ip_in(e->relay_ip, BYTES("::/0")); /* else a socket of this host */
	if (!a) {
		f->proto = ADVICE_LOG;
		f->text = said_by(e);
		a = match_find(m, f, binds);
	}
	if (!a && e->code > 0) {
		f->proto = (enum advice_proto)0;
		a = advise_reply(m, reply.n > 0 ? reply : e->reason, f, binds);
	}
	return a;
}

/* Octets of words, and those that make one a name or a number. */
enum { WORD = 1, TELLING = 2 };
static const unsigned char kinds[256] = {
	['0' ... '9'] = WORD | TELLING,
	['.'] = WORD | TELLING,
	[':'] = WORD | TELLING,
	['@'] = WORD | TELLING,
	['A' ... 'Z'] = WORD,
	['a' ... 'z'] = WORD,
	['_'] = WORD,
	['-'] = WORD,
	['+'] = WORD,
	['='] = WORD,
	[0x80 ... 0xff] = WORD,
};

/* A number of a reply or a port says what happened; others only which one. */
static bool is_kept_number(struct bytes word)
{
	size_t dots = 0;

	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '.')
			dots++;
		else if (word.p[i] < '0' || word.p[i] > '9')
			return false;
	return (dots == 0 && word.n <= 3) || (dots == 2 && word.n <= 7);
}

static void put_word(struct buf *out, struct bytes word)
{
	if (word.n > 1 && word.p[0] == ':') { /* "]:25:" */
		buf_putc(out, ':');
		word = bytes_skip(word, 1);
	}
	unsigned char ip_end = word.n ? word.p[word.n - 1] : 0;
	struct bytes bare = bytes_head(word,
			word.n - (ip_end == ':' || ip_end == '.' || ip_end == '-'));
	struct bytes tail = bytes_skip(word, bare.n);
	size_t n = 0, dots = 0, colons = 0;

	for (size_t i = 0; i < bare.n; i++) {
		n += bare.p[i] >= '0' && bare.p[i] <= '9';
		dots += bare.p[i] == '.';
		colons += bare.p[i] == ':';
	}
	if (memchr(bare.p, '@', bare.n))
		buf_puts(out, "<addr>");
	else if (n > 0 && is_kept_number(bare))
		buf_put(out, bare);
	else if (n + dots == bare.n && n > 0)
		buf_puts(out, dots == 3 ? "<ip>" : "N");
	else if (colons >= 2 && n > 0)
		buf_puts(out, "<ip>");
	else if (n >= 2 && n * 4 >= bare.n)
		buf_puts(out, "<id>");
	else if (dots > 0 && bytes_find(bare, '.') + 1 < bare.n && bare.n > 4 &&
			!memchr(bare.p, '_', bare.n) && (out->n == 0 || out->p[out->n - 1] != '/'))
		buf_puts(out, "<host>");
	else
		buf_put(out, bare);
	buf_put(out, tail);
}

enum { NORMAL_MAX = 160 };

void event_normal(struct buf *out, struct bytes text)
{
	size_t from = out->n, run = 0; /* at the front of text, to be put as it is */

	while (run < text.n && out->n + run - from < NORMAL_MAX) {
		size_t word = run;
		unsigned char all = 0;
		for (; run < text.n && kinds[text.p[run]]; run++)
			all |= kinds[text.p[run]];
		if (all & TELLING) {
			buf_put(out, bytes_head(text, word));
			put_word(out, (struct bytes){ text.p + word, run - word });
			text = bytes_skip(text, run);
			run = 0;
		}
		while (run < text.n && !kinds[text.p[run]])
			run++;
	}
	buf_put(out, bytes_head(text, run));
	if (run < text.n)
		buf_puts(out, "...");
}
