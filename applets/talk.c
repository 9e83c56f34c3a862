/* talk - what the talk applets share: open, TLS, log in, explain
 * SPDX-License-Identifier: MIT */
#include "applets/talk.h"

#include "applets/hand.h"
#include "proto/b64.h"
#include "proto/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what crosses the wire is shown ---- */

/* What a command is about, in the words of verdicts. */
static const char *stage_of(enum proto proto, struct bytes line)
{
	static const struct {
		const char *verb, *stage;
	} verbs[] = {
		{ "EHLO", "ehlo" },
		{ "HELO", "ehlo" },
		{ "LHLO", "ehlo" },
		{ "CAPA", "ehlo" },
		{ "CAPABILITY", "ehlo" },
		{ "LOGIN", "auth" },
		{ "AUTHENTICATE", "auth" },
		{ "LOGOUT", "quit" },
		{ "STARTTLS", "tls" },
		{ "STLS", "tls" },
		{ "AUTH", "auth" },
		{ "USER", "auth" },
		{ "PASS", "auth" },
		{ "APOP", "auth" },
		{ "MAIL", "mail" },
		{ "RCPT", "rcpt" },
		{ "DATA", "data" },
		{ "BDAT", "data" },
		{ "QUIT", "quit" },
	};
	struct bytes word;

	if (!bytes_word(&line, &word) || (proto == PROTO_IMAP && !bytes_word(&line, &word)))
		return NULL;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(verbs[i].verb)))
			return verbs[i].stage;
	return proto == PROTO_SMTP ? "command" : "fetch";
}

static void on_sent(void *ctx, struct bytes shown)
{
	struct talk *t = ctx;
	const char *stage = stage_of(t->proto, shown);

	/* the lines of a message and the answers to challenges are no commands */
	if (stage && !t->is_mid_command)
		t->stage = stage;
	if (t->is_typed)
		transcript_typed(&t->transcript, shown);
	else
		transcript_line(&t->transcript, 'C', shown, NULL);
}

static void fault_note(const struct reply *r, struct buf *note)
{
	static const struct {
		unsigned bit;
		const char *text;
	} faults[] = {
		{ REPLY_UNASKED, "came without being asked for" },
		{ REPLY_NOT_PROTO, "no reply of this protocol" },
		{ REPLY_CUT, "the connection ended here" },
		{ REPLY_BARE_LF, "line end is a bare LF" },
		{ REPLY_NUL, "holds NUL octets" },
		{ REPLY_CONTROL, "holds control characters" },
		{ REPLY_EIGHT_BIT, "holds 8-bit octets" },
		{ REPLY_CODE_MIX, "lines with different codes" },
		{ REPLY_TOO_LONG,
				"longer than 64 kB a line or 1 MB in all; the rest was not read" },
		{ REPLY_TOO_MANY, "more than 4096 lines; the rest was not read" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (r->faults & faults[i].bit)
			buf_printf(note, "%s%s", note->n > 0 ? "; " : "", faults[i].text);
}

/* What takes time in a session; --expect takes those between, which SMTP has replies to. */
static const char *const stages[TALK_STAGES] = { "dns", "connect", "banner", "ehlo", "tls", "auth",
	"mail", "rcpt", "data", "quit", "command", "fetch" };

enum { STAGES_EXPECT_FROM = 2, STAGES_EXPECT_TO = TALK_STAGES - 1 };

static void count_time(struct talk *t, const char *stage, uint64_t ms)
{
	for (size_t i = 0; i < TALK_STAGES; i++)
		if (strcmp(stages[i], stage) == 0) {
			t->stage_ms[i] += ms;
			t->stages_seen |= 1u << i;
		}
}

/* The steps of a connection; a step that was not come to has none. */
static void count_opening(struct talk *t)
{
	const struct open_facts *f = &t->facts;

	if (t->ep.kind == ADDR_TCP)
		count_time(t, "dns", f->dns_ms);
	if (strcmp(f->stage, "dns") == 0)
		return;
	count_time(t, "connect", f->connect_ms);
	if (strcmp(f->stage, "tls") == 0 || (t->d.s && stream_is_tls(t->d.s)))
		count_time(t, "tls", f->tls.handshake_ms);
	if (strcmp(f->stage, "banner") == 0)
		count_time(t, "banner", f->greeting_ms);
}

static void report_times(struct talk *t)
{
	for (size_t i = 0; i < TALK_STAGES && !t->common->stable; i++)
		if (t->stages_seen & 1u << i)
			report_perf(&t->report, stages[i], (double)t->stage_ms[i] / 1000, "s");
}

/* ---- --expect ---- */

bool talk_expect_parse(struct talk_expect *x, const char *text)
{
	struct bytes code = bytes_of(text);
	size_t comma = bytes_find(code, ',');
	bool is_known = comma == code.n;

	x->stage = is_known ? NULL : text + comma + 1;
	for (size_t i = STAGES_EXPECT_FROM; x->stage && i < STAGES_EXPECT_TO; i++)
		is_known = is_known || strcmp(x->stage, stages[i]) == 0;
	for (size_t i = 0; comma == 3 && i < 3; i++) {
		bool is_any = i > 0 && (text[i] == 'x' || text[i] == 'X');
		if (!is_any && (text[i] < (i > 0 ? '0' : '2') || text[i] > (i > 0 ? '9' : '5')))
			is_known = false;
		x->code[i] = is_any ? 'x' : text[i];
	}
	return is_known && comma == 3;
}

static bool is_expected(const struct talk *t, const char *stage, const struct reply *r)
{
	const struct talk_expect *x = &t->expect;
	char code[16];

	if (x->any_refusal)
		return r->status == REPLY_NO;
	if (!x->code[0] || (x->stage && strcmp(x->stage, stage) != 0))
		return false;
	snprintf(code, sizeof(code), "%03d", r->code);
	for (size_t i = 0; i < 3; i++)
		if (x->code[i] != 'x' && x->code[i] != code[i])
			return false;
	return true;
}

static void expect_end(struct talk *t)
{
	const struct talk_expect *x = &t->expect;
	struct buf fact = BUF(TALK_NOTE_MAX);
	struct report_verdict v = { .status = REPORT_CRITICAL,
		.stage = x->stage ? x->stage : t->stage };

	if (x->is_met || !t->stage || (!x->code[0] && !x->any_refusal))
		return;
	buf_printf(&fact, "expected was %s%s%s, which did not come",
			x->any_refusal ? "a refusal" : x->code, x->stage ? " at " : "",
			x->stage ? x->stage : "");
	v.fact = buf_text(&fact);
	report_add(&t->report, &v);
	buf_free(&fact);
}

/* A wait that the user will have noticed; with -v each. */
static void note_wait(struct talk *t, uint64_t ms)
{
	struct buf text = BUF(TALK_NOTE_MAX);
	bool is_slow = ms >= DIALOG_WAIT_NOTE_MS;

	buf_printf(&text, "answered after %llu.%03llu s", (unsigned long long)ms / 1000,
			(unsigned long long)ms % 1000);
	if (is_slow && strcmp(t->stage, "banner") == 0)
		buf_puts(&text, ": a delay on purpose, or a slow look-up of our name");
	if ((is_slow || t->common->verbose > 0) && !t->common->stable)
		transcript_note(&t->transcript, buf_text(&text));
	buf_free(&text);
}

static void show_reply(struct talk *t, const struct reply *r, uint64_t waited_ms)
{
	enum { LINES_SHOWN_MAX = 200 };

	if (is_expected(t, t->stage, r))
		t->expect.is_met = true;
	t->is_mid_command = r->status == REPLY_CONTINUE;
	for (size_t i = 0; i < r->line_count; i++) {
		struct buf note = BUF(TALK_NOTE_MAX);
		bool is_last = i + 1 == r->line_count;
		if (i == LINES_SHOWN_MAX && !is_last) {
			char text[80];
			snprintf(text, sizeof(text), "%zu more lines not shown",
					r->line_count - i - 1);
			transcript_note(&t->transcript, text);
			i = r->line_count - 1;
			is_last = true;
		}
		t->applet->annotate(t, r, i, &note);
		if (is_last)
			fault_note(r, &note);
		transcript_line(&t->transcript, 'S', reply_line(r, i), buf_text(&note));
		buf_free(&note);
	}
	note_wait(t, waited_ms);
	out_flush(&t->w->out);
}

static void on_replied(void *ctx, const struct reply *r)
{
	struct talk *t = ctx;
	uint64_t waited_ms = t->w->mono_ms(t->w) - t->d.asked_ms;

	count_time(t, t->stage, waited_ms);
	show_reply(t, r, waited_ms);
}

static void on_waiting(void *ctx, unsigned seconds)
{
	struct talk *t = ctx;

	if (!t->w->err.tty || t->common->quiet)
		return;
	out_printf(&t->w->err, "   .. waiting, %u s\n", seconds);
	out_flush(&t->w->err);
}

/* ---- begin and end ---- */

static uint64_t run_deadline(struct world *w, const struct opt_common *c)
{
	return c->timeout_s ? w->mono_ms(w) + c->timeout_s * 1000ull : WORLD_FOREVER;
}

static bool read_password(struct talk *t)
{
	struct err e = { 0 };

	if (!t->common->user && t->ep.user[0])
		t->common->user = t->ep.user;
	if (!t->common->user && !t->common->netrc)
		return true;
	unsigned mech = t->o.auth ? sasl_mech_of(bytes_of(t->o.auth)) : 0;
	bool needs_none = mech == SASL_EXTERNAL || mech == SASL_ANONYMOUS;
	if (!needs_none && !opt_password(t->w, t->common, t->ep.host, &t->password, &e)) {
		out_printf(&t->w->err, "%s: %s\n", t->report.applet, e.text);
		return false;
	}
	t->creds = (struct sasl_creds){
		.user = bytes_of(t->common->user),
		.password = buf_bytes(&t->password),
		.few_rounds = t->common->insecure,
	};
	return true;
}

/* Endpoint, password (asked for before the server waits), report and transcript. False: said on
 * stderr. */
static bool begin(struct talk *t, const char *target)
{
	const struct opt_spec *spec = t->applet->spec;
	struct world *w = t->w;
	struct err e = { 0 };

	t->begun_ms = w->mono_ms(w);
	t->observer = (struct dialog_observer){ t, on_sent, on_replied, on_waiting };
	t->d.ob = &t->observer;
	t->d.show_secrets = t->common->show_secrets;
	buf_init_secret(&t->password, OPT_SECRET_MAX);
	if (!endpoint_parse(&t->ep, target, &e)) {
		opt_wrong(w, spec, "%s", e.text);
		return false;
	}
	if (t->script && strcmp(t->script, "-") == 0) {
		t->script = NULL;
		t->o.interactive = true;
	}
	if (t->script && (t->script_fd = open(t->script, O_RDONLY | O_CLOEXEC)) < 0) {
		opt_wrong(w, spec, "--script %s: %s", t->script, strerror(errno));
		return false;
	}
	report_init(&t->report, w, spec->name, target, t->common);
	t->report.at_end = true;
	transcript_init(&t->transcript, w, t->common);
	t->kept = BUF(TALK_KEPT_MAX);
	t->transcript.keep = &t->kept;
	if (!read_password(t))
		return false;
	t->d.deadline_ms = run_deadline(w, t->common); /* the prompt's time is not the server's */
	return true;
}

static int end(struct talk *t)
{
	int code = REPORT_UNKNOWN;

	dialog_end(&t->d);
	open_facts_free(&t->facts);
	buf_free(&t->password);
	buf_free(&t->kept);
	if (t->script_fd > 0)
		close(t->script_fd);
	if (t->report.w) {
		expect_end(t);
		report_times(t);
		code = report_finish(&t->report);
		report_free(&t->report);
	}
	return code;
}

static bool options_ok(struct talk *t)
{
	const char *auth = t->o.auth;

	if (!auth || sasl_mech_of(bytes_of(auth)) & SASL_IMPLEMENTED)
		return t->applet->options_ok(t);
	opt_wrong(t->w, t->applet->spec, "--auth %s: no mechanism that is known here", auth);
	return false;
}

/* Known only now: the user may stand in the URL or in the netrc file. */
static bool user_ok(struct talk *t)
{
	const char *what = t->o.auth_only ? "--auth-only" :
			t->o.auth         ? "--auth" :
					    t->applet->needs_user(t);

	if (t->creds.user.n > 0 || !what)
		return true;
	opt_wrong(t->w, t->applet->spec, "%s needs a user (-u)", what);
	return false;
}

int talk_run(struct talk *t, struct world *w, int argc, char **argv)
{
	struct opt_list operands = { 0 };
	int code = REPORT_UNKNOWN;

	t->w = w;
	t->proto = t->applet->proto;
	t->common = &t->given;
	switch (opt_parse(w, t->applet->spec, argc, argv,
			&(struct opt_into){ t, t->common, &operands })) {
	case OPT_HELPED:
		code = REPORT_OK;
		break;
	case OPT_WRONG:
		break;
	case OPT_RUN:
		if (!options_ok(t))
			break;
		if (begin(t, operands.at[0]) && user_ok(t))
			t->applet->session(t);
		code = end(t);
		break;
	}
	opt_common_free(t->common);
	return code;
}

void talk_elapsed(const struct talk *t, struct buf *out)
{
	uint64_t ms = t->w->mono_ms(t->w) - t->begun_ms;

	if (!t->common->stable)
		buf_printf(out, "   (%llu.%02llu s)", (unsigned long long)ms / 1000,
				(unsigned long long)ms % 1000 / 10);
}

/* ---- findings and verdicts ---- */

const char *talk_peer(const struct talk *t)
{
	return t->ep.kind == ADDR_TCP ? t->ep.host : t->report.target;
}

struct finding talk_finding(const struct talk *t, const char *stage)
{
	static const enum advice_proto protos[] = {
		[PROTO_SMTP] = ADVICE_SMTP,
		[PROTO_POP3] = ADVICE_POP3,
		[PROTO_IMAP] = ADVICE_IMAP,
	};
	struct finding f = {
		.proto = protos[t->proto],
		.stage = stage,
		.user = t->creds.user,
		.host = bytes_of(talk_peer(t)),
		.mech = bytes_of(t->mech ? sasl_mech_name(t->mech) : NULL),
		.from = bytes_of(t->from),
		.to = bytes_of(t->to),
		.port = t->ep.port,
		.is_lmtp = t->ep.is_lmtp,
		.is_starttls = t->facts.tls.by_starttls,
	};

	return f;
}

/* The knowledge base grades what it knows; what it does not know keeps the caller's grade. */
static void add_verdict(struct talk *t, struct report_verdict *v, const struct finding *f)
{
	static const enum report_status grades[] = {
		[ADVICE_OK] = REPORT_OK,
		[ADVICE_WARNING] = REPORT_WARNING,
		[ADVICE_CRITICAL] = REPORT_CRITICAL,
		[ADVICE_UNKNOWN] = REPORT_UNKNOWN,
	};
	const struct advice *a = advise(f, NULL);

	/* our own refusals and faults stay UNKNOWN whatever the kind of trouble is */
	if (a && v->status != REPORT_UNKNOWN)
		v->status = grades[a->severity];
	report_advise(&t->report, v, f);
}

static const char *error_name(const struct talk *t)
{
	const struct err *e = &t->d.err;

	if (t->facts.plain_port_tls)
		return "wants-tls";
	if (e->kind == ERR_POLICY)
		return "injected";
	if (t->facts.tls.faults & TLS_VERSION && (t->tls_min || t->tls_max))
		return "version-bounds";
	const char *tls = tls_failure_name(&t->facts.tls);
	return tls ? tls : err_name(e->kind);
}

/* Addresses that failed. A single one is what the verdict tells anyway. */
static void show_tried(struct talk *t)
{
	struct bytes tried = buf_bytes(&t->facts.tried), line;

	if (!t->d.s && t->facts.addrs.count < 2)
		return;
	while (bytes_line(&tried, &line)) {
		struct buf text = BUF(TALK_NOTE_MAX);
		buf_puts(&text, "tried ");
		buf_put(&text, line);
		transcript_note(&t->transcript, buf_text(&text));
		buf_free(&text);
	}
}

static const char *proto_name(enum proto proto)
{
	return proto == PROTO_SMTP ? "SMTP" : proto == PROTO_POP3 ? "POP3" : "IMAP";
}

bool talk_failed(struct talk *t, const char *stage)
{
	struct finding f = talk_finding(t, stage);
	const struct err *e = &t->d.err;
	bool is_ours = e->kind == ERR_LOCAL || e->kind == ERR_USAGE || e->kind == ERR_DNS;
	struct report_verdict v = {
		.status = is_ours ? REPORT_UNKNOWN : REPORT_CRITICAL,
		.stage = stage,
		.fact = e->text,
	};
	struct buf fact = BUF(TALK_NOTE_MAX);

	f.error = error_name(t);
	if (t->facts.tls.faults & TLS_PEER_PLAIN) {
		f.text = (struct bytes){ t->facts.tls.first, t->facts.tls.first_n };
		struct bytes rest = f.text, line = { 0 };
		bytes_line(&rest, &line);
		buf_puts(&fact, "TLS was begun, clear text came back: \"");
		buf_put(&fact, bytes_head(line, TALK_SHOWN_MAX));
		buf_puts(&fact, "\"");
		v.fact = buf_text(&fact);
	} else if (e->kind == ERR_PROTOCOL && t->d.reply.line_count > 0) {
		f.text = reply_line(&t->d.reply, 0);
		const char *spoken = reply_guess_proto(f.text);
		if (spoken && strcmp(spoken, proto_name(t->proto)) != 0) {
			buf_printf(&fact, "the peer speaks %s, not %s", spoken,
					proto_name(t->proto));
			v.fact = buf_text(&fact);
		}
	}
	add_verdict(t, &v, &f);
	buf_free(&fact);
	return false;
}

/* The text of all lines behind their codes, joined by blanks, as the knowledge base's patterns
 * read it. */
static void finding_reply(struct finding *f, const struct reply *r, struct buf *text)
{
	advice_read_reply(reply_line(r, 0), f);
	buf_put(text, f->text);
	for (size_t i = 1; i < r->line_count && text->n < ADVICE_TEXT_MAX; i++) {
		struct bytes line = reply_text(r, i);
		line = bytes_trim(bytes_skip(line, reply_enhanced(r, i).n));
		buf_putc(text, ' ');
		buf_put(text, line);
	}
	f->text = buf_bytes(text);
}

bool talk_refused(struct talk *t, const char *stage, const char *fact)
{
	struct finding f = talk_finding(t, stage);
	struct buf text = BUF(ADVICE_TEXT_MAX), line = BUF(TALK_NOTE_MAX);
	struct report_verdict v = { .status = REPORT_CRITICAL, .stage = stage, .fact = fact };

	finding_reply(&f, &t->d.reply, &text);
	if (!fact) {
		buf_puts(&line, "refused: ");
		buf_put(&line, bytes_head(reply_line(&t->d.reply, 0), 200));
		v.fact = buf_text(&line);
	}
	if (is_expected(t, stage, &t->d.reply)) {
		v.status = REPORT_OK;
		v.proves = "this refusal was expected";
		report_add(&t->report, &v);
	} else {
		add_verdict(t, &v, &f);
	}
	buf_free(&text);
	buf_free(&line);
	return false;
}

/* ---- open and TLS ---- */

bool talk_connect(struct talk *t, unsigned port)
{
	const struct opt_common *c = t->common;
	struct open_options o = {
		.ep = &t->ep,
		.proto = t->proto,
		.port = port,
		.tls = (enum open_tls)c->tls,
		.family = c->ipv4       ? AF_INET :
				c->ipv6 ? AF_INET6 :
					  AF_UNSPEC,
		.bind_ip = c->bind,
		.dns_server = c->dns,
		.proxy = t->proxy,
		.tls_options = talk_tls_options(t),
	};

	t->stage = "banner";
	if (t->ep.port == 0)
		t->ep.port = port;
	t->observer.replied = NULL; /* the greeting is shown below the head line */
	bool ok = open_dialog(&t->d, t->w, &o, &t->facts);
	t->observer.replied = on_replied;
	count_opening(t);
	show_tried(t);
	if (t->d.s)
		talk_show_tls(t);
	if (t->d.reply.line_count > 0)
		show_reply(t, &t->d.reply, t->facts.greeting_ms);
	return ok;
}

bool talk_opened(struct talk *t)
{
	if (t->facts.tls_port_plain)
		transcript_note(&t->transcript,
				"this port speaks clear text first: went on without implicit TLS");
	if (t->facts.plain_port_tls)
		transcript_note(&t->transcript,
				"silent in clear text: this port wants TLS at once, used it");
	return !stream_is_tls(t->d.s) || t->is_cert_mine || talk_certificate(t);
}

bool talk_open(struct talk *t, unsigned port)
{
	return talk_connect(t, port) ? talk_opened(t) : talk_failed(t, t->facts.stage);
}

void talk_reset(struct talk *t)
{
	dialog_end(&t->d);
	open_facts_free(&t->facts);
	t->is_quit = false;
	t->d = (struct dialog){
		.deadline_ms = t->d.deadline_ms,
		.ob = t->d.ob,
		.show_secrets = t->d.show_secrets,
	};
}

static bool starttls_missing(struct talk *t)
{
	struct finding f = talk_finding(t, "tls");
	struct report_verdict v = {
		.status = REPORT_CRITICAL,
		.stage = "tls",
		.fact = "STARTTLS is not offered, --tls starttls wants it",
	};

	if (t->proto == PROTO_POP3)
		v.fact = "STLS is not offered, --tls starttls wants it";
	f.error = "starttls-missing";
	add_verdict(t, &v, &f);
	return false;
}

bool talk_starttls(struct talk *t, bool offered, bool *started)
{
	struct tls_options o = talk_tls_options(t);
	bool must = t->common->tls == OPT_TLS_STARTTLS;

	*started = false;
	if (stream_is_tls(t->d.s) || t->common->tls == OPT_TLS_NONE || (!offered && !must))
		return true;
	if (!offered)
		return starttls_missing(t);
	t->stage = "tls";
	bool ok = dialog_starttls(&t->d, &o, &t->facts.tls);
	if (t->facts.tls.by_starttls)
		count_time(t, "tls", t->facts.tls.handshake_ms);
	if (!ok) {
		if (t->d.err.kind != ERR_NONE)
			return talk_failed(t, "tls");
		talk_refused(t, "tls", NULL);
		return !must && !t->d.is_over;
	}
	*started = true;
	talk_show_tls(t);
	return t->is_cert_mine || talk_certificate(t);
}

/* ---- log in, quit ---- */

bool talk_own(struct talk *t, enum report_status status, const char *error, const char *fact)
{
	struct finding f = talk_finding(t, t->stage);
	struct report_verdict v = { .status = status, .stage = t->stage, .fact = fact };

	f.error = error;
	report_advise(&t->report, &v, &f);
	return false;
}

bool talk_may_login(struct talk *t)
{
	struct err e = { 0 };

	if (utf8_prefix(t->creds.password) < t->creds.password.n ||
			utf8_prefix(t->creds.user) < t->creds.user.n)
		transcript_note(&t->transcript,
				"user or password is not UTF-8, which servers take it for (RFC 4616 2):"
				" perhaps Latin-1");
	if (auth_may_send(t->d.s, &t->facts.tls, t->common->insecure, &e))
		return true;
	t->stage = "auth";
	return talk_own(t, REPORT_UNKNOWN, "secret-not-sent", e.text);
}

void talk_take_mech(struct talk *t, unsigned offered)
{
	t->mech = sasl_mech_of(bytes_of(t->o.auth));
	t->is_unlisted = !(offered & t->mech);
	if (t->is_unlisted)
		transcript_note(&t->transcript,
				"this mechanism is not offered; tried because --auth names it");
}

bool talk_login_verdict(struct talk *t, const char *how)
{
	struct buf fact = BUF(TALK_NOTE_MAX);
	bool ok = dialog_is_ok(&t->d);

	buf_puts(&fact, "user \"");
	buf_put(&fact, t->creds.user);
	buf_printf(&fact, "\" %s (%s, 1 attempt)", ok ? "logged in" : "refused", how);
	if (!ok && t->is_unlisted && !t->expect.any_refusal && !t->expect.code[0])
		talk_own(t, REPORT_CRITICAL, "mech-unlisted", buf_text(&fact));
	else if (!ok)
		talk_refused(t, "auth", buf_text(&fact));
	buf_free(&fact);
	return ok;
}

void talk_ok(struct talk *t, const char *stage, const char *subject, const char *fact,
		const char *not_proves)
{
	struct buf text = BUF(TALK_NOTE_MAX);
	struct report_verdict v = { .status = REPORT_OK,
		.stage = stage,
		.subject = subject,
		.not_proves = not_proves };

	buf_puts(&text, fact);
	talk_elapsed(t, &text);
	v.fact = buf_text(&text);
	report_add(&t->report, &v);
	buf_free(&text);
}

void talk_note_challenge(struct bytes text, struct buf *note)
{
	struct buf plain = BUF(TALK_NOTE_MAX);

	if (b64_decode(bytes_trim(text), &plain, NULL) == B64_OK && plain.n > 0) {
		/* RFC 7628 3.2.2: the real refusal comes after an empty answer */
		buf_puts(note,
				plain.p[0] == '{' ?
						"the server's error, answer with an empty line: \"" :
						"base64 of \"");
		buf_put(note, buf_bytes(&plain));
		buf_puts(note, "\"");
	}
	buf_free(&plain);
}

void talk_quit(struct talk *t)
{
	enum { QUIT_MS = 10 * 1000 };

	t->stage = "quit";
	if (!t->d.s || t->d.is_over || t->is_quit)
		return;
	if (t->proto == PROTO_SMTP) /* RFC 5321 4.1.1.10: nothing hangs on the answer */
		t->is_quit = dialog_command(&t->d, BYTES("QUIT"), BYTES("QUIT"), QUIT_MS);
	else
		t->is_quit = dialog_ask(&t->d, t->proto == PROTO_IMAP ? "LOGOUT" : "QUIT");
	if (!t->is_quit)
		transcript_note(&t->transcript,
				t->proto == PROTO_IMAP ? "no answer to LOGOUT" :
							 "no answer to QUIT");
}

/* ---- lines from standard input ---- */

/* Are lines to be read? -i, or nothing else to do and somebody (a terminal) or something (a pipe
 * or a file, not /dev/null) is there. */
static bool wants_lines(const struct talk *t, bool has_steps)
{
	const struct world *w = t->w;
	struct stat st;

	if (t->o.interactive || t->script)
		return true;
	if (has_steps || t->creds.user.n > 0 || t->common->nagios || w->in_fd < 0)
		return false;
	return w->in_tty ||
			(fstat(w->in_fd, &st) == 0 &&
					(S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode)));
}

void talk_session(struct talk *t, bool has_steps)
{
	const struct talk_applet *a = t->applet;
	bool lines = wants_lines(t, has_steps);
	bool lines_first = lines && t->creds.user.n == 0 && t->common->tls != OPT_TLS_STARTTLS;

	if (a->greet(t) && !(lines_first && a->lines(t)))
		a->steps(t, lines && !lines_first);
	if (t->hangs_up && t->d.s && !t->d.is_over)
		transcript_note(&t->transcript, "hung up here, without QUIT");
	else
		talk_quit(t);
}

bool talk_script(struct talk *t, void (*answered)(void *ctx, struct bytes shown),
		bool (*data)(void *ctx, struct bytes part), void *ctx)
{
	struct tls_options tls = talk_tls_options(t);
	struct hand hand = { .t = t, .answered = answered, .data = data, .ctx = ctx };
	struct script s = {
		.d = &t->d,
		.in_fd = t->script ? t->script_fd : t->w->in_fd,
		.tls_options = &tls,
		.tls = &t->facts.tls,
		.insecure = t->common->insecure,
		.answered = hand_answered,
		.data = hand_data,
		.ctx = &hand,
		.look = hand_look,
		.look_ctx = &hand,
	};

	t->report.at_end = false; /* by hand each refusal is explained where it stands */
	t->is_terminal = t->is_typed = !t->script && t->w->in_tty && t->w->out.tty;
	s.input = hand_editor(&hand);
	if (t->is_terminal)
		transcript_note(&t->transcript, "what you type is sent; /help lists what is not");
	enum script_end end = script_run(&s);
	t->is_terminal = t->is_typed = false;
	hand_free(&hand);
	switch (end) {
	case SCRIPT_ENDED:
		return true;
	case SCRIPT_QUIT:
		t->is_quit = true;
		return true;
	case SCRIPT_CUT: /* answered() judged a refusal */
	case SCRIPT_PEER_LEFT:
		if (end == SCRIPT_CUT && t->d.reply.status != REPLY_OK && t->d.err.kind == ERR_NONE)
			return true;
		if (t->d.err.kind == ERR_NONE)
			return talk_refused(t, t->stage, NULL);
		return talk_failed(t, t->stage);
	case SCRIPT_UNENDED:
		if (s.state == SCRIPT_DATA)
			return talk_own(t, REPORT_UNKNOWN, "script-unended",
					"the input ended inside the message");
		return talk_own(t, REPORT_UNKNOWN, "script-unanswered",
				"the input ended where an answer was due");
	case SCRIPT_FAILED:
		break;
	}
	if (t->d.err.kind == ERR_POLICY && !t->d.is_over)
		return talk_may_login(t) && talk_failed(t, "local");
	return talk_failed(t, t->stage);
}
