/* smtptalk - an annotated SMTP conversation
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "applets/offers.h"
#include "applets/probe.h"
#include "proto/punycode.h"
#include "sys/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_LMTP = 24, PORT_SMTP = 25, PORT_SUBMISSIONS = 465 };

#define TALK(member) offsetof(struct smtptalk, talk.o.member)
#define AT(member) offsetof(struct smtptalk, o.member)

static const struct opt options[] = {
	{ .help = "Session" },
	{ 'i', "interactive", NULL, OPT_FLAG, TALK(interactive),
			"send typed or piped lines; /help: local commands", 0, 0 },
	{ 0, "script", "FILE", OPT_TEXT, AT(script),
			"the same with the lines of FILE; \"-\" = standard input", 0, 0 },
	{ 0, "auth-only", NULL, OPT_FLAG, TALK(auth_only), "quit after the login", 0, 0 },
	{ .help = "Steps", .max = OPT_NAMES_ONLY },
	{ 0, "quit-after", "all|banner|ehlo|tls|auth|mail|rcpt|data", OPT_CHOICE, AT(quit_after),
			"go no further than this stage", 0, 0 },
	{ 0, "drop-after", "no|banner|ehlo|tls|auth|mail|rcpt|data", OPT_CHOICE, AT(drop_after),
			"hang up there without QUIT; data: before the final dot", 0, 0 },
	{ 0, "caps", NULL, OPT_FLAG, AT(caps), "EHLO only, as --quit-after ehlo", 0, 0 },
	{ 0, "probe", NULL, OPT_FLAG, TALK(probe),
			"no login, no mail: a verdict on banner, EHLO, TLS, certificate, AUTH", 0,
			0 },
	{ 0, "repeat", "N", OPT_NUMBER, AT(repeat),
			"send the message N times and tell how long each stage takes: load, for a server"
			" of one's own",
			1, 1000000 },
	{ 0, "parallel", "M", OPT_NUMBER, AT(parallel), "with --repeat: M at a time", 1, 1000 },
	{ 0, "reuse", NULL, OPT_FLAG, AT(reuse),
			"with --repeat: message after message over one connection", 0, 0 },
	{ 0, "smuggle", NULL, OPT_FLAG, AT(smuggle),
			"send a message, then see which other line ends round the dot end one, too; "
			"OpenSMTPD 7.6 with a filter can die of it",
			0, 0 },
	{ 0, "inject", NULL, OPT_FLAG, AT(inject),
			"is a command in clear behind STARTTLS run in TLS? NOOP is sent", 0, 0 },
	{ 0, "relay-test", NULL, OPT_FLAG, AT(relay),
			"is foreign mail taken for foreign recipients? no message is sent", 0, 0 },
	{ 0, "vrfy", "ADDR", OPT_LIST, AT(vrfy), "ask by VRFY; may be repeated", 0, 0 },
	{ 0, "expect", "CODE[,STAGE]", OPT_TEXT, AT(expect),
			"OK only when this reply comes: 550,rcpt or 5xx", 0, 0 },
	{ 0, "expect-rejection", NULL, OPT_FLAG, AT(expect_rejection),
			"OK only when something is refused", 0, 0 },
	{ 0, "ehlo", "NAME", OPT_TEXT, AT(ehlo),
			"name to give in EHLO; else this machine's name, or its address in brackets",
			0, 0 },
	{ 0, "auth", "MECH", OPT_TEXT, TALK(auth),
			"log in by this SASL mechanism, not by the strongest offered", 0, 0 },
	{ 0, "all-mechs", NULL, OPT_FLAG, AT(all_mechs),
			"one login with each mechanism offered; may trip fail2ban", 0, 0 },
	{ .help = "Server", .max = OPT_NAMES_ONLY },
	{ 0, "mx", NULL, OPT_FLAG, AT(mx), "HOST is a mail domain: try its MX hosts in order", 0,
			0 },
	{ 0, "lmtp", NULL, OPT_FLAG, AT(lmtp), "speak LMTP (so does lmtp://)", 0, 0 },
	{ 0, "proxy-protocol", "no|v1|v2", OPT_CHOICE, AT(proxy),
			"begin with a PROXY header, as a load balancer does", 0, 0 },
	{ 0, "xclient", "ATTR=VALUE", OPT_LIST, AT(xclient),
			"pose as another client (Postfix); may be repeated", 0, 0 },
	{ 0, "tls-min", "any|1.2|1.3", OPT_CHOICE, AT(tls_min), "no older TLS", 0, 0 },
	{ 0, "tls-max", "any|1.2|1.3", OPT_CHOICE, AT(tls_max), "no newer TLS", 0, 0 },
	{ 0, "dane", NULL, OPT_FLAG, AT(dane), "check the certificate against TLSA records", 0, 0 },
	{ 0, "cert", "FILE", OPT_TEXT, AT(cert), "our certificate (PEM), for servers that want one",
			0, 0 },
	{ 0, "key", "FILE", OPT_TEXT, AT(key), "its key, if not in the same file", 0, 0 },
	{ .help = "Message", .max = OPT_NAMES_ONLY },
	{ 0, "from", "ADDR", OPT_TEXT, AT(from), "envelope sender and From; \"\" = <>", 0, 0 },
	{ 0, "to", "ADDR", OPT_LIST, AT(to), "recipient; may be repeated", 0, 0 },
	{ 0, "cc", "ADDR", OPT_LIST, AT(cc), "the same, named in Cc", 0, 0 },
	{ 0, "bcc", "ADDR", OPT_LIST, AT(bcc), "the same, named nowhere", 0, 0 },
	{ 0, "subject", "TEXT", OPT_TEXT, AT(subject), "subject; else a unique one", 0, 0 },
	{ 0, "header", "LINE", OPT_LIST, AT(headers), "add or replace a header; may be repeated", 0,
			0 },
	{ 0, "body", "TEXT", OPT_TEXT, AT(body), "text of the message", 0, 0 },
	{ 0, "attach", "FILE[:TYPE]", OPT_LIST, AT(attach),
			"attach a file, as TYPE (image/png); may be repeated", 0, 0 },
	{ 0, "data", "FILE", OPT_TEXT, AT(data_file),
			"send this file as the whole message; \"-\" = standard input", 0, 0 },
	{ 0, "raw", NULL, OPT_FLAG, AT(raw),
			"with --data: bytes as they are, no CRLF made, no dot doubled", 0, 0 },
	{ .help = "Envelope", .max = OPT_NAMES_ONLY },
	{ 0, "pipelining", NULL, OPT_FLAG, AT(pipelining),
			"MAIL and all RCPT at once, where offered", 0, 0 },
	{ 0, "chunking", NULL, OPT_FLAG, AT(chunking), "BDAT in place of DATA, where offered", 0,
			0 },
	{ 0, "notify", "WHEN", OPT_TEXT, AT(notify), "DSN: never, or of success,failure,delay", 0,
			0 },
	{ 0, "ret", "no|full|hdrs", OPT_CHOICE, AT(ret), "DSN: what to return of the message", 0,
			0 },
	{ 0, "envid", "ID", OPT_TEXT, AT(envid), "DSN: the envelope's name in the report", 0, 0 },
	{ 0, "orcpt", "ADDR", OPT_TEXT, AT(orcpt), "DSN: the original recipient", 0, 0 },
	{ 0, "mail-param", "TEXT", OPT_LIST, AT(mail_params),
			"add to MAIL: REQUIRETLS, MT-PRIORITY=3; may be repeated", 0, 0 },
	{ 0, "rcpt-param", "TEXT", OPT_LIST, AT(rcpt_params), "the same with RCPT", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"Connects, waits for the whole greeting, says EHLO, takes STARTTLS when it is offered, logs in when a"
	" user is given, sends a message when recipients are given, and quits. Each line is shown with what it"
	" means; at the end stands what that proves.",
	"Without a step to do and with standard input on a terminal (or a script on it) it works like telnet:"
	" what is typed is sent, and each reply is explained. --script takes a transcript as well: its \"C:\""
	" lines are sent, where \"<hidden\" stands the secret belongs (mailsink --script plays its server).",
	"A domain that is not ASCII is given its ASCII form (xn--...), small letters made of capital ones;"
	" no more of UTS 46 is done, and what would need it is refused. A name before the @ that is not"
	" ASCII needs SMTPUTF8 of the server.",
	"With -v it tells how long each answer took, and what each login mechanism is; an answer that took"
	" long is told in any case.",
	"A password is only sent to loopback or through TLS with a good certificate, unless -k is given. One"
	" login attempt is made.",
	NULL,
};

static const char *const examples[] = {
	"smtptalk localhost",
	"greeting and EHLO list, explained",
	"smtptalk localhost -u sample --from sample@example.com --to sample@example.net",
	"log in and send a test message",
	NULL,
};

const struct opt_spec smtptalk_spec = {
	.name = "smtptalk",
	.what = "an annotated SMTP conversation: login, TLS, a test message",
	.usage = "smtptalk [options] HOST[:PORT]",
	.more = more,
	.options = options,
	.common = opt_common_net,
	.examples = examples,
	.operands_min = 1,
	.operands_max = 1,
};

/* An FQDN, else the address literal of our side of the connection; never "localhost" (RFC 5321
 * 4.1.4). */
static void choose_ehlo_name(struct smtptalk *s)
{
	const struct world *w = s->talk.w;
	const char *ip = stream_local_ip(s->talk.d.s);
	struct buf name = BUF(sizeof(s->ehlo_name) - 1);

	if (s->o.ehlo)
		buf_puts(&name, s->o.ehlo);
	else if (smtp_helo_ok(bytes_of(w->host_name)) &&
			!bytes_starts_nocase(bytes_of(w->host_name), BYTES("localhost")))
		buf_puts(&name, w->host_name);
	else
		buf_printf(&name, strchr(ip, ':') ? "[IPv6:%s]" : "[%s]", ip[0] ? ip : "127.0.0.1");
	memcpy(s->ehlo_name, buf_text(&name), name.n + 1);
	buf_free(&name);
}

static bool say_hello(struct smtptalk *s, const char *verb)
{
	struct buf line = BUF(ADDR_HOST_MAX + 8);

	s->hello = verb;
	buf_printf(&line, "%s %s", verb, s->ehlo_name);
	bool ok = dialog_ask(&s->talk.d, buf_text(&line));
	buf_free(&line);
	return ok;
}

/* HELO is tried only where the answer says that EHLO is not known; a 421 or a policy refusal
 * stays what it is. */
static bool ehlo(struct talk *t)
{
	struct smtptalk *s = (struct smtptalk *)t;

	s->caps = (struct smtp_caps){ 0 };
	buf_clear(&s->list);
	if (!say_hello(s, s->o.lmtp ? "LHLO" : "EHLO"))
		return talk_failed(t, "ehlo");
	int code = t->d.reply.code;
	if ((code == 500 || code == 502 || code == 504) && !t->d.is_over && !s->o.lmtp) {
		transcript_note(&t->transcript, "EHLO is not known here: HELO, without extensions");
		if (!say_hello(s, "HELO"))
			return talk_failed(t, "ehlo");
	}
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, "ehlo", NULL);
	smtp_caps_read(&t->d.reply, &s->caps);
	for (size_t i = 1; i < t->d.reply.line_count; i++) {
		buf_put(&s->list, bytes_trim(reply_text(&t->d.reply, i)));
		buf_putc(&s->list, '\n');
	}
	if (t->common->verbose > 0)
		smtptalk_note_mechs(s);
	if (s->caps.has & SMTP_MASKED)
		smtptalk_masked(s);
	return true;
}

static bool greet(struct talk *t)
{
	struct smtptalk *s = (struct smtptalk *)t;

	t->ep.is_lmtp |= s->o.lmtp;
	s->o.lmtp = t->ep.is_lmtp;
	unsigned port = s->o.lmtp                               ? PORT_LMTP :
			s->talk.common->tls == OPT_TLS_IMPLICIT ? PORT_SUBMISSIONS :
								  PORT_SMTP;

	if (!(s->o.mx ? smtptalk_open_mx(t, port) : talk_open(t, port)))
		return false;
	choose_ehlo_name(s);
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, "banner", NULL);
	smtptalk_banner_name(s);
	smtptalk_check_ptr(s);
	return true;
}

/* Postfix's XCLIENT_README: the server greets anew, and all begins again. */
static bool pose(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct buf line = BUF(1024);

	if (s->o.xclient.count == 0)
		return true;
	buf_puts(&line, "XCLIENT");
	for (size_t i = 0; i < s->o.xclient.count; i++)
		buf_printf(&line, " %s", s->o.xclient.at[i]);
	bool ok = dialog_command(&t->d, buf_bytes(&line), buf_bytes(&line), DIALOG_REPLY_MS);
	buf_free(&line);
	if (!ok)
		return talk_failed(t, "command");
	if (!dialog_is_ok(&t->d))
		return talk_refused(t, "command", NULL);
	return ehlo(t);
}

static bool secure(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	bool is_offered = s->caps.has & SMTP_STARTTLS;

	if (s->has_started_tls && !is_offered) {
		t->stage = "tls";
		return talk_own(t, REPORT_CRITICAL, "starttls-vanished",
				"STARTTLS is not offered, and was in the session before");
	}
	bool ok = offers_secure(t, is_offered, &s->list, ehlo);
	s->has_started_tls = t->facts.tls.by_starttls && stream_is_tls(t->d.s);
	return ok;
}

/* Another session, as far as the login; for a second one. */
static bool reopen(struct smtptalk *s)
{
	talk_quit(&s->talk);
	talk_reset(&s->talk);
	return greet(&s->talk) && ehlo(&s->talk) && pose(s) && secure(s);
}

/* ---- lines from standard input ---- */

struct lines {
	struct smtptalk *s;
	unsigned sent, refused;
};

/* What advice is to name. */
static void keep_path(struct smtptalk *s, struct bytes line)
{
	bool is_mail = bytes_starts_nocase(line, BYTES("MAIL FROM:"));
	bool is_rcpt = bytes_starts_nocase(line, BYTES("RCPT TO:"));
	struct bytes path = bytes_skip(line, bytes_find(line, '<') + 1);
	char *to = is_mail ? s->typed_from : s->typed_to;

	path.n = bytes_find(path, '>');
	if ((!is_mail && !is_rcpt) || path.n >= sizeof(s->typed_to))
		return;
	snprintf(to, sizeof(s->typed_to), "%.*s", (int)path.n,
			path.n > 0 ? (const char *)path.p : "");
	s->talk.from = s->typed_from;
	s->talk.to = s->typed_to;
}

static void on_answered(void *ctx, struct bytes shown)
{
	struct lines *lines = ctx;
	struct talk *t = &lines->s->talk;
	struct bytes id;

	lines->sent++;
	keep_path(lines->s, shown);
	if (t->d.reply.status == REPLY_NO) {
		lines->refused++;
		talk_refused(t, t->stage, NULL);
	} else if (bytes_equal(shown, BYTES(".")) &&
			smtp_queue_id(reply_text(&t->d.reply, t->d.reply.line_count - 1), &id)) {
		struct buf text = BUF(sizeof(lines->s->queue_id) - 1);
		buf_put(&text, id);
		memcpy(lines->s->queue_id, buf_text(&text), text.n + 1);
		buf_free(&text);
	}
}

/* False: standard input had no line, so the plain check is what is wanted. */
static bool run_lines(struct talk *t)
{
	struct smtptalk *s = (struct smtptalk *)t;
	struct lines lines = { .s = s };
	char fact[200];

	if (!talk_script(&s->talk, on_answered, NULL, &lines) || lines.refused > 0)
		return true;
	if (lines.sent == 0 && !s->talk.o.interactive && !s->o.script && !s->talk.w->in_tty)
		return false;
	if (s->queue_id[0])
		snprintf(fact, sizeof(fact), "accepted, queue id %s", s->queue_id);
	else
		snprintf(fact, sizeof(fact), "%u line%s answered, none refused", lines.sent,
				lines.sent == 1 ? "" : "s");
	talk_ok(&s->talk, s->queue_id[0] ? "data" : "quit", NULL, fact,
			s->queue_id[0] ? "delivery" : NULL);
	return true;
}

/* ---- the session ---- */

static bool has_recipient(const struct smtptalk_options *o)
{
	return o->to.count + o->cc.count + o->bcc.count > 0;
}

static bool has_steps(const struct smtptalk *s)
{
	const struct smtptalk_options *o = &s->o;

	return has_recipient(o) || o->vrfy.count > 0 || o->relay || o->inject || s->talk.o.probe ||
			s->talk.o.auth_only || o->all_mechs || o->quit_after;
}

/* RFC 5321 3.5.3 and 4.2.4: neither yes nor no, or VRFY is not known. */
static bool is_untold(int code)
{
	return code == 252 || code == 500 || code == 502 || code == 504;
}

static void verify(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	const struct reply *r = &t->d.reply;

	for (size_t i = 0; i < s->o.vrfy.count && !t->d.is_over; i++) {
		struct buf line = BUF(1024), fact = BUF(TALK_NOTE_MAX);
		buf_printf(&line, "VRFY %s", s->o.vrfy.at[i]);
		t->to = s->o.vrfy.at[i];
		bool answered = dialog_ask(&t->d, buf_text(&line));
		t->stage = "rcpt"; /* what it is about */
		buf_printf(&fact, "%s: ", buf_text(&line));
		buf_put(&fact, bytes_head(reply_line(r, 0), 200));
		if (!answered)
			talk_failed(t, t->stage);
		else if (is_untold(r->code))
			talk_own(t, REPORT_UNKNOWN, "vrfy-untold", buf_text(&fact));
		else if (dialog_is_ok(&t->d))
			talk_ok(t, t->stage, t->to, "VRFY says that the address is known",
					"that mail to it is delivered");
		else
			talk_refused(t, t->stage, buf_text(&fact));
		buf_free(&fact);
		buf_free(&line);
	}
}

static void probe(struct smtptalk *s)
{
	probe_banner(&s->talk);
	if (!ehlo(&s->talk) || !pose(s))
		return;
	bool has_starttls = s->caps.has & SMTP_STARTTLS;
	if (!secure(s))
		return;
	if (s->o.dane && !smtptalk_dane(s))
		return;
	probe_rest(&s->talk,
			&(struct probe_offer){
					.words = buf_bytes(&s->list),
					.mechs = s->caps.mechs,
					.other_mechs = s->caps.other_mechs,
					.has_starttls = has_starttls,
			});
}

static void send_mail(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	int last = s->o.quit_after;

	t->from = s->o.from;
	if (s->o.repeat) {
		smtptalk_load(s);
		return;
	}
	if (s->o.smuggle) {
		smtptalk_smuggle(s, reopen);
		return;
	}
	bool sent = smtptalk_send(s);
	if (sent && s->o.drop_after == SMTPTALK_DATA)
		talk_ok(t, "data", NULL, "hung up before the final dot, as asked",
				"what the server made of it");
	else if (sent && (last == SMTPTALK_MAIL || last == SMTPTALK_RCPT))
		talk_ok(t, last == SMTPTALK_MAIL ? "mail" : "rcpt", NULL,
				"accepted; no message was sent",
				"that the message would be accepted");
}

static void steps(struct talk *t, bool lines_follow)
{
	struct smtptalk *s = (struct smtptalk *)t;
	int last = s->o.quit_after;
	bool has_user = t->creds.user.n > 0;

	if (t->o.probe) {
		probe(s);
		return;
	}
	if (last == SMTPTALK_BANNER) {
		talk_ok(t, "banner", NULL, "the server greets", "that it accepts mail or logins");
		return;
	}
	if (!ehlo(&s->talk) || !pose(s))
		return;
	if (s->o.inject) {
		smtptalk_inject(s);
		return;
	}
	if (last != SMTPTALK_EHLO && !secure(s))
		return;
	bool quit_early = last == SMTPTALK_EHLO || last == SMTPTALK_TLS;
	if (s->o.dane && last != SMTPTALK_EHLO && !smtptalk_dane(s))
		return;
	if (s->o.all_mechs && !quit_early) {
		smtptalk_login_all(s, reopen);
		return;
	}
	if (has_user && !quit_early && !smtptalk_login(s))
		return;
	if (lines_follow && run_lines(t))
		return;
	if (s->o.relay && !quit_early) {
		smtptalk_relay_test(s);
		return;
	}
	if (s->o.vrfy.count > 0 && !quit_early) {
		verify(s);
		return;
	}
	if (has_recipient(&s->o) && !quit_early && !s->talk.o.auth_only && last != SMTPTALK_AUTH) {
		send_mail(s);
	} else if (has_user && !quit_early) {
		smtptalk_login_done(s);
	} else {
		talk_ok(t, "ehlo", NULL,
				stream_is_tls(t->d.s) ? "the server speaks SMTP, TLS works" :
							"the server speaks SMTP",
				"that logins or mail are accepted");
	}
}

static void session(struct talk *t)
{
	talk_session(t, has_steps((struct smtptalk *)t));
}

static bool builds(const struct smtptalk_options *o)
{
	return o->subject || o->body || o->headers.count > 0 || o->attach.count > 0;
}

static bool is_condition(struct bytes word)
{
	static const char *const words[] = { "success", "failure", "delay" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(words[i])))
			return true;
	return false;
}

/* RFC 3461 4.1. */
static bool is_notify(const char *text)
{
	struct bytes rest = bytes_of(text);

	if (bytes_equal_nocase(rest, BYTES("never")))
		return true;
	for (;;) {
		struct bytes word = bytes_head(rest, bytes_find(rest, ','));
		if (!is_condition(word) || word.n == rest.n)
			return is_condition(word);
		rest = bytes_skip(rest, word.n + 1);
	}
}

static bool is_ehlo_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 250 && !bytes_has_control(bytes_of(text)) && !strchr(text, ' ');
}

/* What the table cannot say: which options need which, or exclude each other. NULL: they fit. */
static const char *misfit(const struct smtptalk *s)
{
	const struct smtptalk_options *o = &s->o;
	bool has_to = has_recipient(o), is_many = o->repeat || o->smuggle;
	const struct {
		bool is_so;
		const char *why;
	} rules[] = {
		{ o->expect && o->expect_rejection,
				"--expect and --expect-rejection: one of them" },
		{ o->tls_min && o->tls_max && o->tls_min > o->tls_max,
				"--tls-min is above --tls-max" },
		{ o->key && !o->cert, "--key needs --cert" },
		{ has_to && !o->from && !o->relay,
				"a recipient needs --from (the envelope sender; \"\" is the null"
				" sender)" },
		{ !has_to && !o->relay && (o->from || o->data_file || builds(o)),
				"a message needs at least one --to" },
		{ !has_to && !is_many && o->quit_after >= SMTPTALK_MAIL,
				"to go as far as MAIL, RCPT or DATA needs a --to" },
		{ o->data_file && builds(o),
				"--data FILE is the whole message: no --subject, --body, --header or"
				" --attach with it" },
		{ !o->repeat && (o->parallel || o->reuse), "--parallel and --reuse need --repeat" },
		{ is_many &&
						(!has_to || (o->repeat && o->smuggle) ||
								o->quit_after || o->pipelining ||
								o->chunking ||
								o->xclient.count > 0),
				"--repeat and --smuggle need a --to, and go with none of"
				" --pipelining, --chunking, --xclient, --quit-after, --drop-after" },
		{ o->raw && !o->data_file, "--raw needs --data FILE" },
		{ o->ehlo && !is_ehlo_name(o->ehlo), "--ehlo: one word of at most 250 octets" },
		{ o->notify && !is_notify(o->notify),
				"--notify: never, or of success,failure,delay" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_so)
			return rules[i].why;
	return NULL;
}

static bool is_one_job(const struct smtptalk *s)
{
	const struct smtptalk_options *o = &s->o;
	const struct {
		bool is_asked;
		const char *name;
	} jobs[] = {
		{ s->talk.o.interactive, "--interactive" },
		{ o->script, "--script" },
		{ s->talk.o.probe, "--probe" },
		{ o->all_mechs, "--all-mechs" },
		{ o->relay, "--relay-test" },
		{ o->inject, "--inject" },
		{ o->vrfy.count > 0, "--vrfy" },
		{ has_recipient(o) && !o->relay, "--to" },
	};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (!jobs[i].is_asked)
			continue;
		if (first) {
			opt_wrong(s->talk.w, &smtptalk_spec, "%s and %s: one at a time", first,
					jobs[i].name);
			return false;
		}
		first = jobs[i].name;
	}
	return true;
}

static bool options_fit(struct smtptalk *s)
{
	const char *why = misfit(s);

	if (!why && s->o.expect && !talk_expect_parse(&s->talk.expect, s->o.expect))
		why = "--expect: a code as 550 or 5xx, then perhaps a comma and banner, ehlo,"
		      " tls, auth, mail, rcpt, data, quit or command";
	if (!why)
		return is_one_job(s);
	opt_wrong(s->talk.w, &smtptalk_spec, "%s", why);
	return false;
}

static const char *needs_user(const struct talk *t)
{
	return ((const struct smtptalk *)t)->o.all_mechs ? "--all-mechs" : NULL;
}

/* RFC 5890 2.3.2.1: a domain has an ASCII form that any server takes; a local part has none, and
 * with one that is not ASCII the address goes as it is, by SMTPUTF8. */
static bool ascii_domain(struct smtptalk *s, const char **address)
{
	struct bytes in = bytes_of(*address);
	size_t at = in.n;

	while (at > 0 && in.p[at - 1] != '@')
		at--;
	if (bytes_is_ascii(in) || at == 0 || !bytes_is_ascii(bytes_head(in, at)))
		return true;
	struct buf out = BUF(1024);
	const char *why;
	buf_put(&out, bytes_head(in, at));
	bool ok = punycode_host(bytes_skip(in, at), &out, &why);
	if (ok)
		*address = s->ascii[s->ascii_count++] = xstrdup(buf_text(&out));
	else
		opt_wrong(s->talk.w, &smtptalk_spec, "the domain of \"%s\": %s", *address, why);
	buf_free(&out);
	return ok;
}

static bool ascii_domains(struct smtptalk *s)
{
	struct opt_list *lists[] = { &s->o.to, &s->o.cc, &s->o.bcc };
	bool ok = !s->o.from || ascii_domain(s, &s->o.from);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t k = 0; ok && k < lists[i]->count; k++)
			ok = ascii_domain(s, &lists[i]->at[k]);
	return ok;
}

static int tls_version(int choice)
{
	return choice ? 11 + choice : 0;
}

static bool options_ok(struct talk *t)
{
	struct smtptalk *s = (struct smtptalk *)t;
	struct smtptalk_options *o = &s->o;

	t->script = o->script;
	t->proxy = (unsigned)o->proxy;
	t->tls_min = tls_version(o->tls_min);
	t->tls_max = tls_version(o->tls_max);
	t->cert_file = o->cert;
	t->key_file = o->key;
	t->is_cert_mine = o->dane;
	t->expect.any_refusal = o->expect_rejection;
	t->hangs_up = o->drop_after;
	if (o->drop_after)
		o->quit_after = o->drop_after;
	else if (o->caps)
		o->quit_after = SMTPTALK_EHLO;
	return options_fit(s) && ascii_domains(s);
}

int smtptalk_main(struct world *w, int argc, char **argv)
{
	static const struct talk_applet applet = {
		.spec = &smtptalk_spec,
		.proto = PROTO_SMTP,
		.annotate = smtptalk_annotate,
		.options_ok = options_ok,
		.needs_user = needs_user,
		.session = session,
		.greet = greet,
		.lines = run_lines,
		.steps = steps,
	};
	struct smtptalk s = {
		.talk.applet = &applet,
		.list = BUF(OFFERS_MAX),
	};
	int code = talk_run(&s.talk, w, argc, argv);

	buf_free(&s.list);
	while (s.ascii_count > 0)
		free(s.ascii[--s.ascii_count]);
	return code;
}
