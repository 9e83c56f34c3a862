/* imaptalk - an annotated IMAP conversation
 * SPDX-License-Identifier: MIT */
#include "applets/imaptalk/imaptalk.h"

#include "applets/offers.h"
#include "applets/probe.h"
#include "know/words.h"

#include <string.h>

enum { PORT_IMAP = 143, PORT_IMAPS = 993 };

#define TALK(member) offsetof(struct imaptalk, talk.o.member)
#define OWN(member) offsetof(struct imaptalk, own.member)
#define AT(member) offsetof(struct imaptalk, o.member)

static const struct opt options[] = {
	{ .help = "Session", .max = OPT_NAMES_ONLY },
	{ 'i', "interactive", NULL, OPT_FLAG, TALK(interactive),
			"send typed or piped lines, with their tags", 0, 0 },
	{ 0, "auth", "MECH", OPT_TEXT, TALK(auth), "log in by AUTHENTICATE MECH, not LOGIN", 0, 0 },
	{ 0, "auth-only", NULL, OPT_FLAG, TALK(auth_only), "leave after the login", 0, 0 },
	{ 0, "probe", NULL, OPT_FLAG, TALK(probe),
			"no login: a verdict on banner, list, TLS, certificate, logins", 0, 0 },
	{ .help = "Mailbox" },
	{ 0, "folders", NULL, OPT_FLAG, OWN(folders), "table of all folders", 0, 0 },
	{ 0, "folder", "NAME", OPT_TEXT, OWN(folder), "this one instead of INBOX", 0, 0 },
	{ 0, "list", NULL, OPT_FLAG, AT(list), "table of messages: size, date, from, subject", 0,
			0 },
	{ 0, "find", "TEXT", OPT_TEXT, AT(find), "the same of those that hold TEXT", 0, 0 },
	{ 0, "wait", "S", OPT_NUMBER, AT(wait_s), "until --find finds, or a new message comes", 1,
			86400 },
	{ 0, "max", "N", OPT_NUMBER, AT(max), "only the newest N of them; else 50", 1, 5000 },
	{ 0, "read", "WHICH", OPT_TEXT, AT(read), "show a message: its number, last, or uid:N", 0,
			0 },
	{ 0, "headers", "WHICH", OPT_TEXT, AT(headers), "show only its headers", 0, 0 },
	{ 0, "dump", "TO", OPT_TEXT, AT(dump),
			"copy all to a DIR (Maildir), FILE.mbox or -; resumes", 0, 0 },
	{ 0, "check", NULL, OPT_FLAG, OWN(check), "read all; look at sizes, line ends, UIDs", 0,
			0 },
	{ 'w', "warning", "LIMITS", OPT_TEXT, AT(warning),
			"WARNING above messages=100,oldest=2h,newest=1d", 0, 0 },
	{ 'c', "critical", "LIMITS", OPT_TEXT, AT(critical), "CRITICAL above such limits", 0, 0 },
	{ 0, "delete", "WHICH", OPT_LIST, AT(delete), "delete a message; may be repeated", 0, 0 },
	{ .help = "More", .max = OPT_NAMES_ONLY },
	{ 0, "stat", NULL, OPT_FLAG, AT(stat), "number of messages, quota (the default)", 0, 0 },
	{ 0, "source", NULL, OPT_FLAG, AT(source), "with --read: as it came, nothing decoded", 0,
			0 },
	{ 0, "yes", NULL, OPT_FLAG, AT(yes), "do not ask before --delete", 0, 0 },
	{ 0 },
};

static const char *const more[] = {
	"Connects, waits for the greeting, asks for the capabilities, takes STARTTLS when it is offered, logs in"
	" when a user is given, does what was asked, and logs out. Folders are opened read-only (EXAMINE) and"
	" messages fetched by BODY.PEEK: nothing is deleted, unless --delete says so, and nothing becomes seen.",
	"Without a port, port 143 is tried on loopback and port 993 (TLS at once) elsewhere.",
	"--find is the server's own search. --wait is told of new mail by IDLE (anew every 30 s), or asks by NOOP every 5 s where IDLE"
	" is not offered.",
	"--dump keeps each message once, by UIDVALIDITY and UID; a run that was cut off goes on where it ended."
	" Each message is on the disk before it counts.",
	"--warning and --critical count messages, and tell the age of the oldest and the newest of them by when they"
	" came here (INTERNALDATE). An age is in seconds, or has s, m, h, d or w behind it.",
	"A password is only sent to loopback or through TLS with a good certificate, unless -k is given. One"
	" login attempt is made.",
	NULL,
};

static const char *const examples[] = {
	"imaptalk localhost:143 -u sample --folders",
	"log in and list the folders",
	"imaptalk localhost:143 -u sample --read last",
	"show the newest message",
	NULL,
};

const struct opt_spec imaptalk_spec = {
	.name = "imaptalk",
	.what = "an annotated IMAP conversation: login, list, search and read a mailbox",
	.usage = "imaptalk [options] HOST[:PORT]",
	.more = more,
	.options = options,
	.common = opt_common_net,
	.examples = examples,
	.operands_min = 1,
	.operands_max = 1,
};

/* RFC 9051 7.1: to be shown to who uses the mailbox. */
static void note_alert(struct talk *t, struct bytes line, struct buf *note)
{
	struct finding f = talk_finding(t, t->stage);
	struct advice_binds binds;

	advice_read_reply(line, &f);
	const struct advice *a = advise(&f, &binds);
	if (a)
		advice_expand(note, a->means, &f, &binds);
	else
		buf_puts(note, "the server wants its users to see this");
}

static void annotate(struct talk *t, const struct reply *r, size_t i, struct buf *note)
{
	struct bytes line = reply_line(r, i);

	if (strcmp(t->stage, "banner") == 0 && r->status == REPLY_OK) {
		mailbox_note_greeting(line, note);
		if (bytes_starts_nocase(line, BYTES("* PREAUTH")))
			buf_puts(note, "; logged in already, by other means than a password");
	} else if (strcmp(t->stage, "auth") == 0 && r->status == REPLY_CONTINUE) {
		talk_note_challenge(reply_text(r, i), note);
	} else if (bytes_starts(line, BYTES("* ")) &&
			bytes_search(line, BYTES("[ALERT]")) < line.n) {
		note_alert(t, line, note);
	} else if (r->status == REPLY_BYE) {
		buf_puts(note, "the server ends the session");
	}
}

/* ---- capabilities ---- */

/* Each word once: the lists before and after TLS and login repeat most of them. */
static void explain_word(struct imaptalk *im, struct bytes word)
{
	struct buf note = BUF(TALK_NOTE_MAX), key = BUF(TALK_NOTE_MAX);

	buf_putc(&key, ' ');
	buf_put(&key, bytes_head(word, 100));
	buf_putc(&key, ' ');
	if (bytes_search(buf_bytes(&im->explained), buf_bytes(&key)) == im->explained.n &&
			words_put(&note, WORDS_IMAP, word)) {
		buf_put(&im->explained, buf_bytes(&key));
		buf_clear(&key);
		buf_put(&key, bytes_head(word, 100));
		buf_puts(&key, ": ");
		buf_put(&key, buf_bytes(&note));
		transcript_note(&im->talk.transcript, buf_text(&key));
	}
	buf_free(&note);
	buf_free(&key);
}

static void on_capability(struct imaptalk *im, const struct imap_untagged *u)
{
	struct bytes rest = u->rest, word;

	if (!bytes_equal_nocase(u->word, BYTES("CAPABILITY")))
		return;
	imap_caps_add(&im->caps, u->rest);
	while (bytes_word(&rest, &word)) {
		explain_word(im, bytes_trim(word));
		buf_put(&im->offers, bytes_trim(word));
		buf_putc(&im->offers, '\n');
	}
}

static bool capability(struct talk *t)
{
	struct imaptalk *im = (struct imaptalk *)t;

	im->caps = (struct imap_caps){ 0 };
	buf_clear(&im->offers);
	im->on_untagged = on_capability;
	bool ok = imaptalk_ask(im, "CAPABILITY", BYTES(""));
	im->on_untagged = NULL;
	return ok;
}

/* ---- greeting, TLS, login ---- */

static bool is_preauth(const struct imaptalk *im)
{
	return bytes_starts_nocase(reply_line(&im->talk.d.reply, 0), BYTES("* PREAUTH"));
}

static bool authenticate(struct imaptalk *im)
{
	struct talk *t = &im->talk;

	return auth_run(&t->d,
			&(struct auth_how){
					.mech = t->mech,
					.creds = &t->creds,
					.no_initial = !(im->caps.has & IMAP_SASL_IR),
			});
}

static bool log_in(struct imaptalk *im)
{
	struct talk *t = &im->talk;

	t->stage = "auth";
	if (!talk_may_login(t))
		return false;
	if (t->o.auth)
		talk_take_mech(t, im->caps.mechs);
	else if (im->caps.has & IMAP_LOGINDISABLED || !bytes_is_ascii(t->creds.user) ||
			!bytes_is_ascii(t->creds.password)) /* what LOGIN's strings cannot hold */
		t->mech = auth_pick(im->caps.mechs);
	if (!t->mech && im->caps.has & IMAP_LOGINDISABLED)
		return talk_own(t, REPORT_CRITICAL, "login-disabled",
				"the server forbids LOGIN here and offers no AUTH we speak");
	bool ok = t->mech ? authenticate(im) : auth_login(&t->d, &t->creds);
	return ok ? talk_login_verdict(t, t->mech ? sasl_mech_name(t->mech) : "LOGIN") :
		    talk_failed(t, "auth");
}

/* ---- lines from standard input ---- */

static void on_data_line(void *ctx, struct bytes line)
{
	struct imaptalk *im = ctx;

	transcript_line(&im->talk.transcript, 'S', line, NULL);
}

static bool on_typed_part(struct imaptalk *im, struct bytes part)
{
	return mailview_lines_take(im->ctx, part);
}

static bool run_lines(struct talk *t)
{
	struct imaptalk *im = (struct imaptalk *)t;
	struct mailview_lines lines;

	mailview_lines_begin(&lines, on_data_line, im);
	imaptalk_take(im, &lines, on_typed_part);
	im->on_untagged = on_capability;
	bool had_some = mailbox_typed(t, &lines);
	im->on_untagged = NULL;
	imaptalk_take(im, NULL, NULL);
	return had_some;
}

/* ---- the session ---- */

static bool found(struct imaptalk *im)
{
	bool is_found;

	return imaptalk_find(im, &is_found) && (is_found || mailbox_not_found(&im->talk, &im->o));
}

/* Is no folder's number of messages asked for? */
static bool lists_only(const struct imaptalk *im)
{
	return im->own.folders && !im->o.warning && !im->o.critical;
}

static bool transactions(struct imaptalk *im)
{
	const struct mailbox_options *o = &im->o;
	bool wants_open = o->list || o->find || o->read || o->headers || o->dump || o->wait_s > 0 ||
			mailbox_wants_ages(o) || im->own.check || o->delete.count > 0;

	if (im->check.count > 0)
		return imaptalk_open(im) && imaptalk_check_again(im);
	if (im->caps.has & IMAP_ID && !imaptalk_ask(im, "ID NIL", BYTES("")))
		return false;
	if (im->own.folders && !imaptalk_folders(im))
		return false;
	if ((o->stat || !(wants_open || lists_only(im))) && !imaptalk_stat(im))
		return false;
	if (wants_open && !imaptalk_open(im))
		return false;
	if (o->wait_s > 0 ? !imaptalk_wait(im) : o->find && !found(im))
		return false;
	if (o->list && !imaptalk_list(im))
		return false;
	if (mailbox_wants_ages(o) && !imaptalk_ages(im))
		return false;
	if (im->own.check && !imaptalk_check(im))
		return false;
	if (o->dump && !imaptalk_dump(im))
		return false;
	if (o->headers && !imaptalk_read(im, o->headers, true))
		return false;
	if (o->read && !imaptalk_read(im, o->read, false))
		return false;
	return o->delete.count == 0 || imaptalk_delete(im);
}

static void mailbox_verdict(struct imaptalk *im)
{
	struct buf fact = BUF(TALK_NOTE_MAX);

	if (im->is_open || !lists_only(im) || im->o.stat) {
		buf_puts(&fact, im->own.folder);
		buf_printf(&fact, ": %llu message%s", (unsigned long long)im->exists,
				im->exists == 1 ? "" : "s");
		if (im->o.dump)
			mailbox_dump_fact(&im->dump, &fact);
		if (im->own.check && !im->check.is_odd)
			buf_puts(&fact, "; sizes, line ends and UIDs are in order");
		if (im->deleted > 0)
			buf_printf(&fact, "; %llu deleted", (unsigned long long)im->deleted);
		else
			buf_puts(&fact, "; nothing was deleted or changed there");
		im->figures.messages = im->exists;
		mailbox_judge(&im->talk, &im->o, &im->figures);
	} else {
		buf_puts(&fact, "folders listed; nothing was changed");
	}
	talk_ok(&im->talk, "fetch", "mailbox", buf_text(&fact), NULL);
	buf_free(&fact);
}

static void after_login(struct imaptalk *im)
{
	if (im->talk.o.auth_only) {
		mailbox_logged_in(&im->talk);
	} else if (capability(&im->talk)) {
		bool ok = transactions(im);
		talk_quit(&im->talk);
		if (ok && !im->is_again)
			mailbox_verdict(im);
	}
}

static void steps(struct talk *t, bool lines_follow)
{
	struct imaptalk *im = (struct imaptalk *)t;
	bool is_in = is_preauth(im);
	bool has_user = t->creds.user.n > 0 && !t->o.probe;

	if (t->o.probe)
		probe_banner(t);
	if (!capability(t))
		return;
	bool has_starttls = im->caps.has & IMAP_STARTTLS;
	if ((!is_in && !offers_secure(t, has_starttls, &im->offers, capability)) ||
			(has_user && !is_in && !log_in(im))) {
		/* told */
	} else if (lines_follow && run_lines(t)) {
		/* told */
	} else if (t->o.probe) {
		bool has_login = !(im->caps.has & IMAP_LOGINDISABLED);
		probe_rest(t,
				&(struct probe_offer){
						.words = buf_bytes(&im->offers),
						.mechs = im->caps.mechs,
						.password = has_login ? "LOGIN" : NULL,
						.has_starttls = has_starttls,
				});
	} else if (has_user || is_in) {
		after_login(im);
	} else {
		mailbox_speaks(t);
	}
}

static bool greet(struct talk *t)
{
	return mailbox_greet(t, PORT_IMAP, PORT_IMAPS);
}

static void session(struct talk *t)
{
	struct imaptalk *im = (struct imaptalk *)t;

	im->untagged = (struct dialog_untagged){ im, imaptalk_response, imaptalk_part };
	do {
		im->is_again = im->is_open = false;
		t->d.untagged = &im->untagged;
		talk_session(t, t->o.probe);
		if (im->is_again)
			talk_reset(t);
	} while (im->is_again);
}

static bool folder_ok(struct imaptalk *im)
{
	struct buf name = BUF(4 * IMAP_NAME_MAX);
	bool ok = imap_utf7_encode(bytes_of(im->own.folder), &name) &&
			imap_quote(buf_bytes(&name), &im->folder);

	buf_free(&name);
	if (!ok)
		opt_wrong(im->talk.w, &imaptalk_spec, "--folder: the name is not UTF-8");
	return ok;
}

static bool options_ok(struct talk *t)
{
	struct imaptalk *im = (struct imaptalk *)t;

	if (im->o.dump && im->own.check) {
		opt_wrong(t->w, &imaptalk_spec, "--dump and --check exclude each other");
		return false;
	}
	return mailbox_options_ok(&im->o, t) && mailbox_dump_redirect(&im->dump, t, im->o.dump) &&
			folder_ok(im);
}

static const char *needs_user(const struct talk *t)
{
	const struct imaptalk *im = (const struct imaptalk *)t;

	return im->own.folders || im->own.check || mailbox_wanted(&im->o) ? "a mailbox" : NULL;
}

int imaptalk_main(struct world *w, int argc, char **argv)
{
	static const struct talk_applet applet = {
		.spec = &imaptalk_spec,
		.proto = PROTO_IMAP,
		.annotate = annotate,
		.options_ok = options_ok,
		.needs_user = needs_user,
		.session = session,
		.greet = greet,
		.lines = run_lines,
		.steps = steps,
	};
	struct imaptalk im = {
		.talk.applet = &applet,
		.explained = BUF(8192),
		.offers = BUF(OFFERS_MAX),
		.folder = BUF(8 * IMAP_NAME_MAX),
		.o.max = 50,
		.own.folder = "INBOX",
	};
	int code = talk_run(&im.talk, w, argc, argv);

	buf_free(&im.explained);
	buf_free(&im.offers);
	buf_free(&im.folder);
	return code;
}
