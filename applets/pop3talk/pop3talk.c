/* pop3talk - an annotated POP3 conversation
 * SPDX-License-Identifier: MIT */
#include "applets/pop3talk/pop3talk.h"

#include "applets/offers.h"
#include "applets/probe.h"
#include "know/words.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>

enum { PORT_POP3 = 110, PORT_POP3S = 995 };

#define TALK(member) offsetof(struct pop3talk, talk.o.member)
#define OWN(member) offsetof(struct pop3talk, own.member)
#define AT(member) offsetof(struct pop3talk, o.member)

static const struct opt options[] = {
	{ .help = "Session", .max = OPT_NAMES_ONLY },
	{ 'i', "interactive", NULL, OPT_FLAG, TALK(interactive),
			"send the lines of standard input, typed or piped, each after the previous reply",
			0, 0 },
	{ 0, "auth", "MECH", OPT_TEXT, TALK(auth),
			"log in by AUTH MECH (PLAIN, SCRAM-SHA-256, XOAUTH2 ...), not by USER and PASS",
			0, 0 },
	{ 0, "apop", NULL, OPT_FLAG, OWN(apop), "log in by APOP (an MD5 digest, RFC 1939)", 0, 0 },
	{ 0, "auth-only", NULL, OPT_FLAG, TALK(auth_only), "quit after the login", 0, 0 },
	{ 0, "probe", NULL, OPT_FLAG, TALK(probe),
			"no login: a verdict on banner, CAPA, TLS, certificate, logins", 0, 0 },
	{ .help = "Mailbox" },
	{ 0, "stat", NULL, OPT_FLAG, AT(stat), "number of messages and octets (the default)", 0,
			0 },
	{ 0, "list", NULL, OPT_FLAG, AT(list), "table of messages: size, date, from, subject", 0,
			0 },
	{ 0, "find", "TEXT", OPT_TEXT, AT(find), "the same of those that hold TEXT", 0, 0 },
	{ 0, "wait", "S", OPT_NUMBER, AT(wait_s), "until --find finds, or a new message comes", 1,
			86400 },
	{ 0, "max", "N", OPT_NUMBER, AT(max), "only the newest N of them; else 50", 1, 100000 },
	{ 0, "read", "WHICH", OPT_TEXT, AT(read), "show a message: its number, last, or uid:ID", 0,
			0 },
	{ 0, "headers", "WHICH", OPT_TEXT, AT(headers), "show only its headers", 0, 0 },
	{ 0, "dump", "TO", OPT_TEXT, AT(dump),
			"copy all to a DIR (Maildir), FILE.mbox or -; resumes", 0, 0 },
	{ 0, "check", NULL, OPT_FLAG, OWN(check),
			"read all; look at sizes, line ends, dots, unique ids", 0, 0 },
	{ 'w', "warning", "LIMITS", OPT_TEXT, AT(warning),
			"WARNING above messages=100,oldest=2h,newest=1d", 0, 0 },
	{ 'c', "critical", "LIMITS", OPT_TEXT, AT(critical), "CRITICAL above such limits", 0, 0 },
	{ 0, "delete", "WHICH", OPT_LIST, AT(delete),
			"delete a message; may be repeated; nothing else does", 0, 0 },
	{ .help = "More", .max = OPT_NAMES_ONLY },
	{ 0, "uidl", NULL, OPT_FLAG, OWN(uidl), "unique id of each message", 0, 0 },
	{ 0, "source", NULL, OPT_FLAG, AT(source),
			"with --read: the message as it came, nothing decoded", 0, 0 },
	{ 0, "yes", NULL, OPT_FLAG, AT(yes), "do not ask before --delete", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"Connects, waits for the greeting, asks for the capabilities, takes STLS when it is offered, logs in when a"
	" user is given, does what was asked, and quits. Each line is shown with what it means. Nothing is"
	" deleted, unless --delete says so; some servers (Dovecot) mark as seen what was read.",
	"Without a port, port 110 is tried on loopback and port 995 (TLS at once) elsewhere.",
	"--find looks at the headers of the newest messages by TOP, and at the whole text of them when no header"
	" has it. --wait logs in again every 5 s: a POP3 session does not see new mail.",
	"--dump keeps each message once, by its unique id (UIDL); a run that was cut off goes on where it ended."
	" Each message is on the disk before it counts.",
	"--warning and --critical count messages, and tell the age of the oldest and the newest of them by the last"
	" server's Received line, or by Date. An age is in seconds, or has s, m, h, d or w behind it.",
	"A password is only sent to loopback or through TLS with a good certificate, unless -k is given. One"
	" login attempt is made.",
	NULL,
};

static const char *const examples[] = {
	"pop3talk localhost -u sample --list",
	"log in and list the mailbox",
	"pop3talk localhost:110 -u sample --read last",
	"show the newest message",
	NULL,
};

const struct opt_spec pop3talk_spec = {
	.name = "pop3talk",
	.what = "an annotated POP3 conversation: login, list and read a mailbox",
	.usage = "pop3talk [options] HOST[:PORT]",
	.more = more,
	.options = options,
	.common = opt_common_net,
	.examples = examples,
	.operands_min = 1,
	.operands_max = 1,
};

static void annotate(struct talk *t, const struct reply *r, size_t i, struct buf *note)
{
	struct bytes text = reply_text(r, i), stamp;

	if (strcmp(t->stage, "banner") == 0 && r->status == REPLY_OK) {
		mailbox_note_greeting(text, note);
		if (pop3_apop_stamp(text, &stamp))
			buf_puts(note, "; offers APOP");
	} else if (strcmp(t->stage, "auth") == 0 && r->status == REPLY_CONTINUE) {
		talk_note_challenge(text, note);
	}
}

static void on_capa_line(void *ctx, struct bytes line)
{
	struct pop3talk *p = ctx;
	struct buf note = BUF(TALK_NOTE_MAX);

	pop3_caps_add(&p->caps, line);
	buf_put(&p->offers, bytes_trim(line));
	buf_putc(&p->offers, '\n');
	words_put(&note, WORDS_CAPA, line);
	transcript_line(&p->talk.transcript, 'S', line, buf_text(&note));
	buf_free(&note);
}

/* A server without CAPA (popa3d) is no failure: RFC 1939 servers have USER and PASS. */
static bool capa(struct talk *t)
{
	struct pop3talk *p = (struct pop3talk *)t;
	struct mailview_lines lines;
	struct dot_reader dots = { 0 };

	p->caps = (struct pop3_caps){ 0 };
	buf_clear(&p->offers);
	if (!dialog_ask(&t->d, "CAPA"))
		return talk_failed(t, "ehlo");
	if (!dialog_is_ok(&t->d)) {
		p->caps.has = POP3_USER | POP3_TOP;
		transcript_note(&t->transcript, "no capability list here: an old or small server");
		return !t->d.is_over || talk_refused(t, "ehlo", NULL);
	}
	mailview_lines_begin(&lines, on_capa_line, p);
	bool ok = dialog_read_data(&t->d, &dots, mailview_lines_take, &lines);
	mailview_lines_end(&lines);
	return ok || talk_failed(t, "ehlo");
}

static bool greet(struct talk *t)
{
	struct pop3talk *p = (struct pop3talk *)t;
	struct bytes stamp;

	if (!mailbox_greet(t, PORT_POP3, PORT_POP3S))
		return false;
	buf_clear(&p->stamp);
	if (pop3_apop_stamp(reply_text(&t->d.reply, 0), &stamp))
		buf_put(&p->stamp, stamp);
	return true;
}

static bool log_in(struct pop3talk *p)
{
	struct talk *t = &p->talk;
	const char *how = p->own.apop ? "APOP" : "USER/PASS";
	bool ok;

	t->stage = "auth";
	if (p->own.apop && p->stamp.n == 0)
		return talk_own(t, REPORT_CRITICAL, "apop-missing",
				"the greeting holds no valid APOP stamp, so APOP could not be tried");
	if (!talk_may_login(t))
		return false;
	/* RFC 6856 2.1: else courier 1.2 sends a notice in place of a message with UTF-8 headers */
	if (p->caps.has & POP3_UTF8 && !t->o.auth_only && !dialog_ask(&t->d, "UTF8"))
		return talk_failed(t, "auth");
	t->stage = "auth";
	if (t->o.auth)
		talk_take_mech(t, p->caps.mechs);
	else if (!p->own.apop && !(p->caps.has & POP3_USER))
		t->mech = auth_pick(p->caps.mechs); /* 0 where AUTH waits for TLS as well */
	if (t->mech) {
		how = sasl_mech_name(t->mech);
		ok = auth_sasl(&t->d, t->mech, &t->creds);
	} else if (p->own.apop) {
		ok = auth_apop(&t->d, &t->creds, buf_bytes(&p->stamp));
	} else {
		ok = auth_user_pass(&t->d, &t->creds);
	}
	return ok ? talk_login_verdict(t, how) : talk_failed(t, "auth");
}

/* Has what --wait waits for come? It sets is_again when it has not, and there is time left. */
static bool waited(struct pop3talk *p)
{
	struct talk *t = &p->talk;
	bool found = false;

	if (p->wait.until_ms == 0)
		mailbox_wait_begin(&p->wait, t, &p->o, p->count);
	if (p->o.find && !pop3talk_find(p, &found))
		return false;
	if (found || (!p->o.find && p->count > p->wait.count)) {
		mailbox_wait_end(t);
		return true;
	}
	p->is_again = mailbox_wait_left(&p->wait, t) > 0;
	return p->is_again ? false : mailbox_not_found(t, &p->o);
}

static bool found(struct pop3talk *p)
{
	bool is_found;

	return pop3talk_find(p, &is_found) && (is_found || mailbox_not_found(&p->talk, &p->o));
}

static bool transactions(struct pop3talk *p)
{
	const struct mailbox_options *o = &p->o;

	if (!pop3talk_stat(p))
		return false;
	if (p->ids.count > 0)
		return pop3talk_check_again(p);
	if (o->wait_s > 0 ? !waited(p) : o->find && !found(p))
		return false;
	if (o->list && !pop3talk_list(p))
		return false;
	if (p->own.uidl && !pop3talk_uidl(p))
		return false;
	if (o->headers && !pop3talk_read(p, o->headers, true))
		return false;
	if (o->read && !pop3talk_read(p, o->read, false))
		return false;
	if (mailbox_wants_ages(o) && !pop3talk_ages(p))
		return false;
	if ((o->dump || p->own.check) && !pop3talk_fetch_all(p))
		return false;
	if (o->delete.count == 0 || !mailbox_confirms_delete(&p->talk, o))
		return true;
	for (size_t i = 0; i < o->delete.count; i++)
		if (!pop3talk_delete(p, o->delete.at[i]))
			return false;
	return true;
}

static void mailbox_verdict(struct pop3talk *p)
{
	struct buf fact = BUF(TALK_NOTE_MAX);

	buf_printf(&fact, "%llu message%s, %llu octets", (unsigned long long)p->count,
			p->count == 1 ? "" : "s", (unsigned long long)p->octets);
	if (p->o.read && p->agrees)
		buf_puts(&fact, "; sizes agree with what was received");
	if (p->o.dump)
		mailbox_dump_fact(&p->dump, &fact);
	if (p->own.check && p->agrees && p->dump.refused == 0)
		buf_printf(&fact, "; sizes%s line ends%s are in order", p->no_uidl ? " and" : ",",
				p->no_uidl ? "" : " and unique ids");
	if (p->deleted > 0)
		buf_printf(&fact, "; %llu deleted", (unsigned long long)p->deleted);
	else
		buf_puts(&fact, "; nothing was deleted");
	p->figures.messages = p->count;
	mailbox_judge(&p->talk, &p->o, &p->figures);
	report_perf(&p->talk.report, "octets", (double)p->octets, "B");
	talk_ok(&p->talk, "fetch", "mailbox", buf_text(&fact), NULL);
	buf_free(&fact);
}

/* DELE counts only once QUIT is answered well (RFC 1939 6). */
static bool deletion_unsure(struct pop3talk *p)
{
	struct talk *t = &p->talk;

	if (p->deleted == 0 || (t->is_quit && dialog_is_ok(&t->d)))
		return false;
	talk_own(t, REPORT_UNKNOWN, "delete-unsure", "QUIT was not answered well");
	return true;
}

static void finish(struct pop3talk *p, bool ok)
{
	struct talk *t = &p->talk;

	if (!ok && p->deleted > 0 && !t->d.is_over) {
		dialog_ask(&t->d, "RSET");
		transcript_note(&t->transcript, "RSET: after the failure nothing is deleted");
		p->deleted = 0;
	}
	talk_quit(t);
	if (ok && !p->is_again && !deletion_unsure(p))
		mailbox_verdict(p);
}

/* ---- lines from standard input ---- */

static void on_data_line(void *ctx, struct bytes line)
{
	struct pop3talk *p = ctx;
	struct buf note = BUF(TALK_NOTE_MAX);

	if (strcmp(p->talk.stage, "ehlo") == 0)
		words_put(&note, WORDS_CAPA, line);
	transcript_line(&p->talk.transcript, 'S', line, buf_text(&note));
	buf_free(&note);
}

static bool run_lines(struct talk *t)
{
	struct mailview_lines lines;

	mailview_lines_begin(&lines, on_data_line, t);
	return mailbox_typed(t, &lines);
}

/* ---- the session ---- */

static void steps(struct talk *t, bool lines_follow)
{
	struct pop3talk *p = (struct pop3talk *)t;
	bool has_user = t->creds.user.n > 0 && !t->o.probe;

	if (t->o.probe)
		probe_banner(t);
	if (!capa(t))
		return;
	bool has_stls = p->caps.has & POP3_STLS;
	if (!offers_secure(t, has_stls, &p->offers, capa) || (has_user && !log_in(p)))
		return;
	if (lines_follow && run_lines(t))
		return;
	if (t->o.probe)
		probe_rest(t,
				&(struct probe_offer){
						.words = buf_bytes(&p->offers),
						.mechs = p->caps.mechs,
						.other_mechs = p->caps.other_mechs,
						.password = p->caps.has & POP3_USER ? "USER" : NULL,
						.has_starttls = has_stls,
				});
	else if (!has_user)
		mailbox_speaks(t);
	else if (t->o.auth_only)
		mailbox_logged_in(t);
	else
		finish(p, transactions(p));
}

/* Another login, after a pause: what a POP3 session shows of a mailbox does not change. */
static bool comes_again(struct pop3talk *p)
{
	struct talk *t = &p->talk;

	if (!p->is_again)
		return false;
	p->is_again = false;
	if (p->wait.until_ms > 0) {
		uint64_t left = mailbox_wait_left(&p->wait, t);
		transcript_note(&t->transcript, "nothing yet: logs in again every 5 s");
		t->transcript.off = true;
		world_poll(t->w, NULL, 0,
				t->w->mono_ms(t->w) +
						(left < MAILBOX_POLL_MS ? left : MAILBOX_POLL_MS));
	}
	talk_reset(t);
	return true;
}

static void session(struct talk *t)
{
	do
		talk_session(t, t->o.probe);
	while (comes_again((struct pop3talk *)t));
}

static const char *needs_user(const struct talk *t)
{
	const struct pop3talk *p = (const struct pop3talk *)t;
	const struct pop3talk_options *own = &p->own;

	return own->uidl || own->check || mailbox_wanted(&p->o) ? "a mailbox" :
			own->apop                               ? "--apop" :
								  NULL;
}

static bool options_ok(struct talk *t)
{
	struct pop3talk *p = (struct pop3talk *)t;
	const struct pop3talk_options *own = &p->own;

	if (t->o.auth && own->apop)
		opt_wrong(t->w, &pop3talk_spec, "--auth and --apop exclude each other");
	else if (p->o.dump && own->check)
		opt_wrong(t->w, &pop3talk_spec, "--dump checks what --check does");
	else
		return mailbox_options_ok(&p->o, t) &&
				mailbox_dump_redirect(&p->dump, t, p->o.dump);
	return false;
}

int pop3talk_main(struct world *w, int argc, char **argv)
{
	static const struct talk_applet applet = {
		.spec = &pop3talk_spec,
		.proto = PROTO_POP3,
		.annotate = annotate,
		.options_ok = options_ok,
		.needs_user = needs_user,
		.session = session,
		.greet = greet,
		.lines = run_lines,
		.steps = steps,
	};
	struct pop3talk p = {
		.talk.applet = &applet,
		.stamp = BUF(512),
		.offers = BUF(OFFERS_MAX),
		.agrees = true,
		.o.max = 50,
	};
	int code = talk_run(&p.talk, w, argc, argv);

	buf_free(&p.stamp);
	buf_free(&p.offers);
	return code;
}
