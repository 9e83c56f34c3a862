/* mailbox - what pop3talk and imaptalk share
 * SPDX-License-Identifier: MIT */
#include "applets/mailbox.h"

#include "proto/pop3.h"
#include "proto/software.h"
#include "sys/file.h"
#include "ui/show.h"

#include <stdio.h>
#include <string.h>

bool mailbox_wanted(const struct mailbox_options *o)
{
	return o->stat || o->list || o->read || o->headers || o->find || o->dump || o->wait_s > 0 ||
			o->delete.count > 0 || o->warning || o->critical;
}

static bool limits_ok(const char *option, const char *text, struct limits *l, struct talk *t)
{
	if (!text || limits_parse(bytes_of(text), l))
		return true;
	opt_wrong(t->w, t->applet->spec, "--%s %s: as messages=100,oldest=2h,newest=1d", option,
			text);
	return false;
}

bool mailbox_options_ok(struct mailbox_options *o, struct talk *t)
{
	unsigned limit = t->common->timeout_s;

	if (!limits_ok("warning", o->warning, &o->warn, t) ||
			!limits_ok("critical", o->critical, &o->crit, t))
		return false;
	if (o->delete.count > 0 && !o->yes && !t->w->in_tty) {
		opt_wrong(t->w, t->applet->spec,
				"--delete asks on a terminal; without one it needs --yes");
		return false;
	}
	if (o->wait_s == 0 || limit == 0 || limit > o->wait_s)
		return true;
	opt_wrong(t->w, t->applet->spec, "--timeout %u ends the run before --wait %u does", limit,
			o->wait_s);
	return false;
}

bool mailbox_greet(struct talk *t, unsigned port, unsigned tls_port)
{
	const struct opt_common *c = t->common;
	struct addr a;
	bool is_loopback = bytes_equal_nocase(bytes_of(t->ep.host), BYTES("localhost")) ||
			(addr_parse(&a, t->ep.host, 0, NULL) && addr_is_loopback(&a));
	bool clear = c->tls == OPT_TLS_NONE || c->tls == OPT_TLS_STARTTLS ||
			(c->tls == OPT_TLS_AUTO && is_loopback);

	if (!talk_open(t, clear ? port : tls_port))
		return false;
	return dialog_is_ok(&t->d) || talk_refused(t, "banner", NULL);
}

void mailbox_note_greeting(struct bytes text, struct buf *note)
{
	struct buf host = BUF(TALK_SHOWN_MAX);
	struct bytes software;

	if (pop3_greeting_software(text, &software)) {
		buf_puts(note, "the greeting names the software: ");
		buf_put(note, bytes_head(software, TALK_SHOWN_MAX));
	} else {
		buf_puts(note, "software name hidden");
	}
	if (software_hidden_host(text, &host))
		buf_printf(note, "; the host that answers: %s", buf_text(&host));
	buf_free(&host);
}

/* ---- lines from standard input ---- */

struct typed {
	struct talk *t;
	struct mailview_lines *lines;
	unsigned sent, refused;
	bool has_deleted; /* POP3: by DELE, which counts with QUIT only */
};

static void on_answered(void *ctx, struct bytes shown)
{
	struct typed *typed = ctx;
	enum reply_status status = typed->t->d.reply.status;

	struct bytes verb = { NULL, 0 };

	bytes_word(&shown, &verb);
	if (typed->t->proto == PROTO_POP3 && status == REPLY_OK &&
			(bytes_equal_nocase(verb, BYTES("DELE")) ||
					bytes_equal_nocase(verb, BYTES("RSET"))))
		typed->has_deleted = bytes_equal_nocase(verb, BYTES("DELE"));
	typed->sent++;
	if (status == REPLY_NO || status == REPLY_BAD) {
		typed->refused++;
		talk_refused(typed->t, typed->t->stage, NULL);
	}
}

static bool on_data(void *ctx, struct bytes part)
{
	struct typed *typed = ctx;

	return mailview_lines_take(typed->lines, part);
}

bool mailbox_typed(struct talk *t, struct mailview_lines *lines)
{
	struct typed typed = { .t = t, .lines = lines };
	struct buf fact = BUF(TALK_NOTE_MAX);
	bool ok = talk_script(t, on_answered, on_data, &typed);

	mailview_lines_end(lines);
	if (typed.has_deleted && !t->is_quit && !t->d.is_over) {
		dialog_ask(&t->d, "RSET");
		transcript_note(&t->transcript,
				"RSET: no QUIT was among the lines, so nothing is deleted");
	}
	buf_printf(&fact, "%u line%s answered, none refused", typed.sent,
			typed.sent == 1 ? "" : "s");
	bool had_none = ok && typed.sent == 0 && !t->o.interactive && !t->w->in_tty;
	if (ok && typed.refused == 0 && !had_none)
		talk_ok(t, "quit", NULL, buf_text(&fact), NULL);
	buf_free(&fact);
	return !had_none;
}

/* ---- verdicts ---- */

void mailbox_logged_in(struct talk *t)
{
	struct buf fact = BUF(TALK_NOTE_MAX);

	talk_quit(t);
	buf_puts(&fact, "user \"");
	buf_put(&fact, t->creds.user);
	buf_puts(&fact, "\" logged in");
	talk_ok(t, "auth", NULL, buf_text(&fact), "that the mailbox can be read");
	buf_free(&fact);
}

void mailbox_speaks(struct talk *t)
{
	char fact[60];

	talk_quit(t);
	snprintf(fact, sizeof(fact), "the server speaks %s%s",
			t->proto == PROTO_POP3 ? "POP3" : "IMAP",
			stream_is_tls(t->d.s) ? ", TLS works" : "");
	talk_ok(t, "ehlo", NULL, fact, "that logins work");
}

bool mailbox_not_found(struct talk *t, const struct mailbox_options *o)
{
	char fact[120];

	snprintf(fact, sizeof(fact), "no %s message came in %u s", o->find ? "such" : "new",
			o->wait_s);
	t->stage = "fetch";
	return talk_own(t, REPORT_CRITICAL, o->find ? "not-found" : "nothing-new",
			o->wait_s > 0 ? fact :
					t->proto == PROTO_POP3 ?
					"no message looked at holds the text" :
					"the server's search found no message");
}

bool mailbox_confirms_delete(struct talk *t, const struct mailbox_options *o)
{
	struct world *w = t->w;
	struct buf answer = BUF(100);
	struct err e;

	if (o->yes)
		return true;
	out_puts(&w->err, "Delete");
	for (size_t i = 0; i < o->delete.count; i++)
		out_printf(&w->err, "%s %s", i > 0 ? "," : "", o->delete.at[i]);
	out_puts(&w->err, " for good? Type yes: ");
	out_flush(&w->err);
	bool yes = file_read_line(w->in_fd, "standard input", &answer, &e) &&
			bytes_equal(bytes_trim(buf_bytes(&answer)), BYTES("yes"));
	buf_free(&answer);
	if (!yes)
		transcript_note(&t->transcript, "not confirmed: nothing is deleted");
	return yes;
}

bool mailbox_lacks(struct talk *t, const char *which, uint64_t count)
{
	char fact[160];
	struct report_verdict v = { .status = REPORT_CRITICAL, .stage = "fetch", .fact = fact };

	snprintf(fact, sizeof(fact), "there is no message %.80s: the %s has %llu", which,
			t->proto == PROTO_POP3 ? "mailbox" : "folder", (unsigned long long)count);
	report_add(&t->report, &v);
	return false;
}

/* ---- --wait ---- */

void mailbox_wait_begin(struct mailbox_wait *wait, struct talk *t, const struct mailbox_options *o,
		uint64_t count)
{
	wait->until_ms = t->w->mono_ms(t->w) + o->wait_s * UINT64_C(1000);
	wait->count = count;
}

uint64_t mailbox_wait_left(const struct mailbox_wait *wait, struct talk *t)
{
	uint64_t now = t->w->mono_ms(t->w);

	return now < wait->until_ms ? wait->until_ms - now : 0;
}

void mailbox_wait_end(struct talk *t)
{
	t->transcript.off = t->common->quiet || t->common->nagios;
}

/* ---- thresholds ---- */

bool mailbox_wants_ages(const struct mailbox_options *o)
{
	return o->warn.given[LIMITS_OLDEST] || o->crit.given[LIMITS_OLDEST] ||
			o->warn.given[LIMITS_NEWEST] || o->crit.given[LIMITS_NEWEST];
}

void mailbox_add_time(struct mailbox_figures *f, int64_t seconds)
{
	if (!f->has_times || seconds < f->oldest)
		f->oldest = seconds;
	if (!f->has_times || seconds > f->newest)
		f->newest = seconds;
	f->has_times = true;
}

static void put_threshold(const struct limits *l, enum limits_what what, struct buf *out)
{
	buf_putc(out, ';');
	if (l->given[what])
		buf_printf(out, "%llu", (unsigned long long)l->most[what]);
}

/* The fact of a threshold that is passed, by messages or seconds. */
static void put_excess(struct talk *t, enum limits_what what, uint64_t value, uint64_t most,
		struct buf *out)
{
	if (what == LIMITS_MESSAGES) {
		buf_printf(out, "%llu message%s, more than %llu", (unsigned long long)value,
				value == 1 ? "" : "s", (unsigned long long)most);
		return;
	}
	buf_printf(out, "the %s message came ", what == LIMITS_OLDEST ? "oldest" : "newest");
	if (!t->common->stable) {
		show_duration(out, value * 1000);
		buf_puts(out, " ago, ");
	}
	buf_puts(out, "more than ");
	show_duration(out, most * 1000);
	buf_puts(out, t->common->stable ? " ago" : "");
}

static void judge_one(struct talk *t, const struct mailbox_options *o, enum limits_what what,
		uint64_t value)
{
	const char *const labels[] = { "messages", "oldest", "newest" };
	bool is_critical = o->crit.given[what] && value > o->crit.most[what];
	bool is_warning = o->warn.given[what] && value > o->warn.most[what];
	struct buf text = BUF(TALK_NOTE_MAX);

	if (o->warn.given[what] || o->crit.given[what]) {
		put_threshold(&o->warn, what, &text);
		put_threshold(&o->crit, what, &text);
	}
	report_perf_limits(&t->report, labels[what], (double)value,
			what == LIMITS_MESSAGES ? "" : "s", buf_text(&text));
	buf_clear(&text);
	if (is_critical || is_warning) {
		put_excess(t, what, value, (is_critical ? &o->crit : &o->warn)->most[what], &text);
		report_add(&t->report,
				&(struct report_verdict){
						.status = is_critical ? REPORT_CRITICAL :
									REPORT_WARNING,
						.stage = "fetch",
						.subject = "mailbox",
						.fact = buf_text(&text),
				});
	}
	buf_free(&text);
}

static uint64_t age(const struct talk *t, int64_t seconds)
{
	int64_t now = t->w->wall_s(t->w);

	return now > seconds ? (uint64_t)(now - seconds) : 0;
}

void mailbox_judge(struct talk *t, const struct mailbox_options *o, const struct mailbox_figures *f)
{
	bool wants_newest = o->warn.given[LIMITS_NEWEST] || o->crit.given[LIMITS_NEWEST];
	struct report_verdict v = { .status = REPORT_UNKNOWN,
		.stage = "fetch",
		.subject = "mailbox",
		.fact = "the messages bear no time that can be read" };

	judge_one(t, o, LIMITS_MESSAGES, f->messages);
	if (!mailbox_wants_ages(o))
		return;
	if (f->has_times) {
		judge_one(t, o, LIMITS_OLDEST, age(t, f->oldest));
		judge_one(t, o, LIMITS_NEWEST, age(t, f->newest));
		return;
	}
	if (f->messages == 0 && !wants_newest)
		return; /* none is too old */
	if (f->messages == 0) {
		v.status = o->crit.given[LIMITS_NEWEST] ? REPORT_CRITICAL : REPORT_WARNING;
		v.fact = "no message at all, so none that is new enough";
	}
	report_add(&t->report, &v);
}

/* ---- --dump ---- */

bool mailbox_dump_redirect(struct mailbox_dump *d, struct talk *t, const char *path)
{
	struct world *w = t->w;

	if (!path || strcmp(path, "-") != 0)
		return true;
	if (w->out.tty) {
		opt_wrong(w, t->applet->spec, "--dump -: not to a terminal");
		return false;
	}
	d->data = w->out;
	w->out = (struct out){ .fd = w->err.fd, .capture = w->err.capture, .tty = w->err.tty };
	return true;
}

bool mailbox_dump_open(struct mailbox_dump *d, struct talk *t, const char *path)
{
	d->t = t;
	d->begun_ms = t->w->mono_ms(t->w);
	return keep_open(&d->keep, path, &d->data) || mailbox_dump_failed(d);
}

/* The same message has the same name in each run, and no other message has it: FNV-1a of user,
 * host, folder and UID, and the UID as far as a file's name can hold it (RFC 1939 7: 70 octets). */
static void kept_name(const struct mailbox_dump *d, struct bytes folder, struct bytes uid,
		char name[KEEP_NAME_MAX])
{
	enum { UID_MAX = 70 };
	const struct bytes parts[] = { d->t->creds.user, bytes_of(d->t->ep.host), folder, uid };
	struct buf text = BUF(3 * UID_MAX);
	uint64_t hash = BYTES_HASH;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hash = bytes_hash(bytes_hash(hash, parts[i]), BYTES("\0"));
	for (size_t i = 0; i < uid.n && i < UID_MAX; i++) {
		unsigned char c = uid.p[i], low = c | 0x20;
		if ((c >= '0' && c <= '9') || (low >= 'a' && low <= 'z'))
			buf_putc(&text, c);
		else
			buf_printf(&text, "=%02X", c);
	}
	snprintf(name, KEEP_NAME_MAX, "%016llx.%s.mtabox", (unsigned long long)hash,
			buf_text(&text));
	buf_free(&text);
}

struct renumbered {
	const struct mailbox_dump *d;
	struct bytes folder;
	uint64_t validity;
};

/* Is it of this folder, "V1U2", but from before the server numbered the messages anew? */
static bool is_renumbered(void *ctx, struct bytes name)
{
	enum { HASH = 16 };
	const struct renumbered *r = ctx;
	struct bytes rest = bytes_skip(name, HASH + 2), uid = bytes_skip(name, HASH + 1);
	char same[KEEP_NAME_MAX];
	uint64_t validity, number;

	if (!bytes_starts(uid, BYTES("V")) || !bytes_uint(&rest, UINT32_MAX, &validity) ||
			validity == r->validity || !bytes_starts(rest, BYTES("U")))
		return false;
	rest = bytes_skip(rest, 1);
	if (!bytes_uint(&rest, UINT32_MAX, &number))
		return false;
	uid.n -= rest.n;
	kept_name(r->d, r->folder, uid, same);
	return bytes_equal(name, bytes_of(same));
}

bool mailbox_dump_renumbered(struct mailbox_dump *d, struct bytes folder, uint64_t validity)
{
	struct renumbered r = { d, folder, validity };

	return keep_find(&d->keep, is_renumbered, &r);
}

static void put_progress(const struct mailbox_dump *d, uint64_t now)
{
	struct world *w = d->t->w;
	uint64_t left = d->total - d->at;

	out_printf(&w->err, "\r   .. %llu of %llu messages, %llu MB", (unsigned long long)d->at,
			(unsigned long long)d->total, (unsigned long long)(d->octets >> 20));
	if (d->keep.kept > 0 && left > 0)
		out_printf(&w->err, ", about %llu s left  ",
				(unsigned long long)((now - d->begun_ms) * left / d->keep.kept /
						1000));
	out_flush(&w->err);
}

static void show_progress(struct mailbox_dump *d)
{
	enum { EVERY_MS = 200 };
	struct world *w = d->t->w;
	uint64_t now = w->mono_ms(w);

	if (!w->err.tty || d->t->common->quiet || now < d->shown_ms + EVERY_MS)
		return;
	d->shown_ms = now;
	put_progress(d, now);
}

bool mailbox_dump_begin(struct mailbox_dump *d, struct bytes folder, struct bytes uid)
{
	char name[KEEP_NAME_MAX];

	d->at++;
	show_progress(d);
	kept_name(d, folder, uid, name);
	return keep_begin(&d->keep, name);
}

bool mailbox_dump_refused(struct mailbox_dump *d, struct talk *t)
{
	bool goes_on = ++d->refused_row < MAILBOX_REFUSED_MAX && !t->d.is_over;

	if (d->refused++ == 0 || !goes_on)
		talk_refused(t, "fetch", NULL);
	return goes_on;
}

bool mailbox_dump_part(void *dump, struct bytes part)
{
	struct mailbox_dump *d = dump;

	d->octets += part.n;
	show_progress(d);
	return keep_part(&d->keep, part);
}

/* Each second, so that little is lost when the run is cut off. */
bool mailbox_dump_end(struct mailbox_dump *d)
{
	enum { EVERY_MS = 1000 };
	uint64_t now = d->t->w->mono_ms(d->t->w);
	bool ok = keep_end(&d->keep);

	if (ok && now >= d->synced_ms + EVERY_MS) {
		ok = keep_sync(&d->keep);
		d->synced_ms = now;
	}
	return ok || mailbox_dump_failed(d);
}

bool mailbox_dump_failed(struct mailbox_dump *d)
{
	d->t->d.err = d->keep.err;
	return talk_failed(d->t, "local");
}

bool mailbox_dump_close(struct mailbox_dump *d, bool ok)
{
	if (d->shown_ms > 0) {
		put_progress(d, d->shown_ms);
		out_puts(&d->t->w->err, "                      \n"); /* over the time left */
		out_flush(&d->t->w->err);
	}
	if (!keep_sync(&d->keep) && ok)
		ok = mailbox_dump_failed(d);
	keep_close(&d->keep);
	buf_free(&d->data.pending);
	return ok;
}

void mailbox_dump_fact(const struct mailbox_dump *d, struct buf *fact)
{
	buf_printf(fact, "; %llu kept now, %llu before", (unsigned long long)d->keep.kept,
			(unsigned long long)d->keep.had);
	uint64_t came = d->keep.kept + d->keep.had + d->refused;
	if (d->refused > 0)
		buf_printf(fact, "; %u refused", d->refused);
	if (came < d->total)
		buf_printf(fact, "; %llu did not come", (unsigned long long)(d->total - came));
}
