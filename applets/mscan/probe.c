/* probe - asks one open port what it is, without waiting
 * SPDX-License-Identifier: MIT
 *
 * A model client: nothing is sent before the greeting is whole, one command at a time, no AUTH, and
 * QUIT or LOGOUT at the end. All probes of a scan go on side by side: each step does what can be
 * done at once.
 */
#include "applets/mscan/probe.h"

#include "applets/mscan/socket.h"
#include "net/stream.h"
#include "proto/pop3.h"
#include "proto/sasl.h"
#include "proto/smtp.h"
#include "proto/software.h"
#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mscan_probe {
	struct mscan_run *run;
	struct mscan_port *result;
	struct mscan_answer *answer;
	struct stream *stream;
	struct tls_options tls;
	struct buf in, out;
	struct buf answer_text; /* the lines of the answer that is coming in */
	uint64_t begun_ms, due_ms;
	short wants;
	bool in_tls; /* the handshake is over */
};

/* What the protocols say at each step. */
static const struct talk {
	const char *caps, *starttls, *quit, *tls_word;
} talks[] = {
	[PORT_TALK_SMTP] = { "EHLO ", "STARTTLS\r\n", "QUIT\r\n", "STARTTLS" },
	[PORT_TALK_LMTP] = { "LHLO ", "STARTTLS\r\n", "QUIT\r\n", "STARTTLS" },
	[PORT_TALK_POP3] = { "CAPA\r\n", "STLS\r\n", "QUIT\r\n", "STLS" },
	[PORT_TALK_IMAP] = { "a CAPABILITY\r\n", "b STARTTLS\r\n", "c LOGOUT\r\n", "STARTTLS" },
	[PORT_TALK_ANY] = { "", "", "", "" },
	[PORT_TALK_SIEVE] = { "CAPABILITY\r\n", "STARTTLS\r\n", "LOGOUT\r\n", "STARTTLS" },
};

void mscan_answer_free(struct mscan_answer *a)
{
	if (!a)
		return;
	buf_free(&a->greeting);
	buf_free(&a->caps);
	buf_free(&a->caps_tls);
	free(a->tls);
	free(a);
}

struct bytes mscan_answer_software(const struct mscan_answer *a)
{
	struct bytes found = { 0 }, text = buf_bytes(&a->greeting);

	if (!software_find(text, &found) &&
			(a->talk == PORT_TALK_SMTP || a->talk == PORT_TALK_LMTP))
		smtp_banner_software(bytes_skip(text, 4), &found);
	if (found.n == 0)
		software_find(buf_bytes(&a->caps), &found);
	return found;
}

static bool begin_tls(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;

	a->step = PROBE_TLS;
	a->tls = xmalloc(sizeof(*a->tls));
	bool ok = tls_client_begin(p->stream, &p->tls, a->tls, &a->err);
	a->tls->by_starttls = a->greeted;
	return ok;
}

struct mscan_probe *mscan_probe_new(struct mscan_run *run, size_t host, size_t port, int fd)
{
	const struct port_info *info = ports_info(ports_at(&run->ports, port));
	const struct mscan_host *h = &run->hosts[host];

	enum port_talk talk = info ? (enum port_talk)info->talk : PORT_TALK_ANY;

	if (talk == PORT_TALK_NONE || (talk == PORT_TALK_ANY && run->ports.count > PROBE_UNKNOWN)) {
		close(fd);
		return NULL;
	}
	mscan_keep(fd);
	struct mscan_probe *p = xmalloc(sizeof(*p));
	p->run = run;
	p->result = mscan_result(run, host, port);
	p->answer = p->result->answer = xmalloc(sizeof(*p->answer));
	*p->answer = (struct mscan_answer){ .talk = (unsigned char)talk,
		.greeting = BUF(PROBE_LINE_MAX),
		.caps = BUF(PROBE_ANSWER_MAX),
		.caps_tls = BUF(PROBE_ANSWER_MAX) };
	p->stream = stream_fd(run->w, fd);
	/* a certificate names no addresses, as a rule: asked by address, the name is not judged */
	p->tls = (struct tls_options){ .host = addr_is_numeric(h->name) ? NULL : h->name,
		.ca_file = run->ca_file,
		.insecure = true };
	p->in = BUF(PROBE_ANSWER_MAX);
	p->out = BUF(PROBE_LINE_MAX);
	p->answer_text = BUF(PROBE_ANSWER_MAX);
	p->begun_ms = run->w->mono_ms(run->w);
	p->due_ms = p->begun_ms + PROBE_MS;
	p->wants = POLLIN;
	if (info && info->is_tls && !begin_tls(p))
		p->due_ms = 0;
	return p;
}

void mscan_probe_free(struct mscan_probe *p)
{
	stream_close(p->stream);
	buf_free(&p->in);
	buf_free(&p->out);
	buf_free(&p->answer_text);
	free(p);
}

int mscan_probe_fd(const struct mscan_probe *p)
{
	return stream_get_fd(p->stream);
}

short mscan_probe_wants(const struct mscan_probe *p)
{
	return p->wants;
}

uint64_t mscan_probe_due_ms(const struct mscan_probe *p)
{
	return p->due_ms < p->run->deadline_ms ? p->due_ms : p->run->deadline_ms;
}

/* --- what is sent --- */

static void say(struct mscan_probe *p, const char *command)
{
	buf_puts(&p->out, command);
	if (strchr(command, '\n'))
		return;
	const char *name = p->run->w->host_name; /* a greeting wants a name, RFC 5321 4.1.1.1 */
	if (smtp_helo_ok(bytes_of(name)))
		buf_printf(&p->out, "%s\r\n", name);
	else if (strchr(stream_local_ip(p->stream), ':'))
		buf_printf(&p->out, "[IPv6:%s]\r\n", stream_local_ip(p->stream));
	else
		buf_printf(&p->out, "[%s]\r\n", stream_local_ip(p->stream));
}

static void ask(struct mscan_probe *p, enum probe_step step, const char *command)
{
	p->answer->step = (unsigned char)step;
	buf_clear(&p->answer_text);
	say(p, command);
}

/* --- what comes back --- */

/* Is this line the last of its answer? */
static bool is_last(const struct mscan_probe *p, struct bytes line)
{
	enum probe_step step = p->answer->step;

	switch (p->answer->talk) {
	case PORT_TALK_SMTP:
	case PORT_TALK_LMTP:
	case PORT_TALK_ANY: /* "220-" is the only greeting in several lines that is of use here */
		return line.n < 4 || line.p[3] != '-';
	case PORT_TALK_POP3:
		if (step != PROBE_CAPS && step != PROBE_CAPS_TLS)
			return true;
		return bytes_equal(line, BYTES(".")) || bytes_starts_nocase(line, BYTES("-ERR"));
	case PORT_TALK_IMAP:
		return step == PROBE_GREETING || !bytes_starts(line, BYTES("* "));
	default: /* ManageSieve, RFC 5804 1.2 */
		return bytes_starts_nocase(line, BYTES("OK")) ||
				bytes_starts_nocase(line, BYTES("NO")) ||
				bytes_starts_nocase(line, BYTES("BYE"));
	}
}

/* The first line of an answer says yes. */
static bool is_positive(const struct mscan_probe *p)
{
	struct bytes rest = buf_bytes(&p->answer_text), line, last = { 0 };

	switch (p->answer->talk) {
	case PORT_TALK_SMTP:
	case PORT_TALK_LMTP:
		return rest.n >= 3 && rest.p[0] == '2';
	case PORT_TALK_POP3:
		return bytes_starts_nocase(rest, BYTES("+OK"));
	default:
		while (bytes_line(&rest, &line))
			last = line;
		bytes_word(&last, &line); /* the tag, or "*", or OK itself */
		return bytes_starts_nocase(line, BYTES("OK")) ||
				bytes_starts_nocase(bytes_trim(last), BYTES("OK")) ||
				bytes_starts_nocase(bytes_trim(last), BYTES("PREAUTH"));
	}
}

/* Takes whole lines off in until the answer is whole. False: more has to come. */
static bool take_answer(struct mscan_probe *p)
{
	struct bytes in = buf_bytes(&p->in);
	bool done = false;

	while (!done) {
		size_t n = bytes_find(in, '\n');
		if (n == in.n)
			break;
		struct bytes line = bytes_head(in, n);
		if (bytes_ends(line, BYTES("\r")))
			line.n--;
		buf_put(&p->answer_text, line);
		buf_putc(&p->answer_text, '\n');
		in = bytes_skip(in, n + 1);
		done = is_last(p, line);
	}
	buf_drop(&p->in, p->in.n - in.n);
	if (!done && (p->answer_text.overflow || p->in.n == p->in.max))
		p->answer->is_flood = true;
	return done;
}

static bool looks_right(const struct mscan_probe *p)
{
	struct bytes text = buf_bytes(&p->answer_text);

	switch (p->answer->talk) {
	case PORT_TALK_SMTP:
	case PORT_TALK_LMTP:
		return text.n >= 3 && text.p[0] >= '2' && text.p[0] <= '5' && text.p[1] >= '0' &&
				text.p[1] <= '9' && text.p[2] >= '0' && text.p[2] <= '9';
	case PORT_TALK_POP3:
		return bytes_starts_nocase(text, BYTES("+OK")) ||
				bytes_starts_nocase(text, BYTES("-ERR"));
	case PORT_TALK_IMAP:
		return bytes_starts(text, BYTES("* "));
	default:
		return bytes_starts(text, BYTES("\"")) || bytes_starts_nocase(text, BYTES("OK")) ||
				bytes_starts_nocase(text, BYTES("NO")) ||
				bytes_starts_nocase(text, BYTES("BYE"));
	}
}

static void keep_line(struct buf *caps, struct bytes line)
{
	buf_put(caps, bytes_trim(line));
	buf_putc(caps, '\n');
}

/* IMAP: the words of "* CAPABILITY ..." or of "[CAPABILITY ...]", one a line. */
static void keep_words(struct buf *caps, struct bytes line)
{
	struct bytes word;
	size_t at = bytes_search_nocase(line, BYTES("CAPABILITY "));

	if (at == line.n)
		return;
	line = bytes_skip(line, at + strlen("CAPABILITY "));
	line = bytes_head(line, bytes_find(line, ']'));
	buf_clear(caps);
	while (bytes_word(&line, &word))
		keep_line(caps, word);
}

static void add_mechs(unsigned *mechs, struct bytes words)
{
	struct bytes word;

	while (bytes_word(&words, &word))
		*mechs |= sasl_mech_of(word);
}

/* AUTH of SMTP, SASL of POP3, AUTH=X of IMAP, "SASL" "X Y" of ManageSieve. */
static void read_mechs(unsigned *mechs, struct bytes caps)
{
	struct bytes line, word;

	while (bytes_line(&caps, &line)) {
		struct bytes rest = line;
		if (bytes_starts_nocase(line, BYTES("AUTH="))) {
			add_mechs(mechs, bytes_skip(line, 5));
		} else if (bytes_starts_nocase(line, BYTES("\"SASL\" \""))) {
			line = bytes_skip(line, 8);
			add_mechs(mechs, bytes_head(line, bytes_find(line, '"')));
		} else if (bytes_word(&rest, &word) &&
				(bytes_equal_nocase(word, BYTES("AUTH")) ||
						bytes_equal_nocase(word, BYTES("SASL")))) {
			add_mechs(mechs, rest);
		}
	}
}

static bool has_word(struct bytes caps, const char *word)
{
	struct bytes line, first;

	while (bytes_line(&caps, &line)) {
		if (bytes_starts(line, BYTES("\"")))
			line = bytes_skip(bytes_head(line,
							  1 + bytes_find(bytes_skip(line, 1), '"')),
					1);
		if (bytes_word(&line, &first) && bytes_equal_nocase(first, bytes_of(word)))
			return true;
	}
	return false;
}

/* The list, from the lines of an answer. */
static void keep_caps(struct mscan_probe *p, struct buf *caps, unsigned *mechs)
{
	struct bytes rest = buf_bytes(&p->answer_text), line;
	bool is_smtp = p->answer->talk == PORT_TALK_SMTP || p->answer->talk == PORT_TALK_LMTP;
	bool is_imap = p->answer->talk == PORT_TALK_IMAP;
	bool first = true;

	while (bytes_line(&rest, &line)) {
		if (is_imap)
			keep_words(caps, line);
		else if (is_smtp && !first)
			keep_line(caps, bytes_skip(line, 4));
		else if (!is_smtp && !bytes_starts_nocase(line, BYTES("+OK")) &&
				!bytes_starts_nocase(line, BYTES("OK")) &&
				!bytes_equal(line, BYTES(".")))
			keep_line(caps, line);
		first = false;
	}
	read_mechs(mechs, buf_bytes(caps));
}

/* --- the steps --- */

/* Ends the talk; what was found stays. */
static bool leave(struct mscan_probe *p)
{
	ask(p, PROBE_QUIT, talks[p->answer->talk].quit);
	return true;
}

/* The protocol of a port that is not known, by its first words. */
static enum port_talk guess(struct bytes greeting)
{
	static const struct {
		const char *begin;
		enum port_talk talk;
	} rows[] = { { "220", PORT_TALK_SMTP }, { "421", PORT_TALK_SMTP },
		{ "554", PORT_TALK_SMTP }, { "+OK", PORT_TALK_POP3 }, { "-ERR", PORT_TALK_POP3 },
		{ "* OK", PORT_TALK_IMAP }, { "* BYE", PORT_TALK_IMAP },
		{ "* PREAUTH", PORT_TALK_IMAP } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_starts(greeting, bytes_of(rows[i].begin)))
			return rows[i].talk;
	return PORT_TALK_ANY;
}

static bool after_greeting(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;
	struct bytes first = buf_bytes(&p->answer_text);

	if (a->talk == PORT_TALK_ANY)
		a->talk = (unsigned char)guess(first);
	/* of several lines the last: postscreen's first one is only there to wait behind */
	for (struct bytes rest = first, line; bytes_line(&rest, &line);) {
		buf_clear(&a->greeting);
		buf_put(&a->greeting, line);
		if (a->talk != PORT_TALK_SMTP && a->talk != PORT_TALK_LMTP)
			break;
	}
	a->greeting_ms = (uint32_t)(p->run->w->mono_ms(p->run->w) - p->begun_ms);
	a->greeted = a->talk != PORT_TALK_ANY && looks_right(p);
	if (!a->greeted) {
		a->other = reply_guess_proto(buf_bytes(&a->greeting));
		return false;
	}
	a->is_refusal = !is_positive(p);
	if (a->is_refusal)
		return a->talk == PORT_TALK_SMTP ? leave(p) : false;
	if (a->talk == PORT_TALK_SIEVE) { /* its greeting is the list */
		keep_caps(p, p->in_tls ? &a->caps_tls : &a->caps,
				p->in_tls ? &a->mechs_tls : &a->mechs);
	}
	ask(p, p->in_tls ? PROBE_CAPS_TLS : PROBE_CAPS, talks[a->talk].caps);
	return true;
}

static bool after_caps(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;

	if (p->in_tls) {
		buf_clear(&a->caps_tls);
		keep_caps(p, &a->caps_tls, &a->mechs_tls);
		return leave(p);
	}
	buf_clear(&a->caps);
	keep_caps(p, &a->caps, &a->mechs);
	a->offers_tls = has_word(buf_bytes(&a->caps), talks[a->talk].tls_word);
	if (!a->offers_tls)
		return leave(p);
	ask(p, PROBE_STARTTLS, talks[a->talk].starttls);
	return true;
}

static bool after_starttls(struct mscan_probe *p)
{
	if (!is_positive(p)) {
		p->answer->refused_tls = true;
		return leave(p);
	}
	if (p->in.n > 0)
		return err_set(&p->answer->err, ERR_POLICY,
				"clear text behind the answer to STARTTLS (CVE-2011-0411)");
	return begin_tls(p);
}

static bool after_answer(struct mscan_probe *p)
{
	switch ((enum probe_step)p->answer->step) {
	case PROBE_GREETING:
		return after_greeting(p);
	case PROBE_CAPS:
	case PROBE_CAPS_TLS:
		return after_caps(p);
	case PROBE_STARTTLS:
		return after_starttls(p);
	default:
		p->answer->step = PROBE_DONE;
		return false;
	}
}

static bool step_tls(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;

	switch (tls_client_step(p->stream, &p->wants, &a->err)) {
	case IO_TIMEOUT:
		return true;
	case IO_OK:
		p->in_tls = true;
		p->wants = POLLIN;
		if (a->greeted) /* STARTTLS: the list again */
			ask(p, PROBE_CAPS_TLS, talks[a->talk].caps);
		else
			a->step = PROBE_GREETING;
		return true;
	default:
		return false;
	}
}

/* False: the talk cannot go on. */
static bool send_out(struct mscan_probe *p)
{
	size_t written;
	short wants;

	while (p->out.n > 0) {
		switch (stream_try_write(p->stream, buf_bytes(&p->out), &written, &wants,
				&p->answer->err)) {
		case IO_OK:
			buf_drop(&p->out, written);
			break;
		case IO_TIMEOUT:
			p->wants = wants;
			return true;
		default:
			return false;
		}
	}
	p->wants = POLLIN;
	return true;
}

/* False: nothing came, and *over tells whether nothing will. */
static bool read_in(struct mscan_probe *p, bool *over)
{
	struct mscan_answer *a = p->answer;
	struct err e = { 0 };
	short wants;

	*over = false;
	switch (stream_try_read(p->stream, &p->in, &wants, &e)) {
	case IO_OK:
		return true;
	case IO_TIMEOUT:
		p->wants = wants;
		return false;
	default:
		*over = true;
		if (a->step != PROBE_QUIT) /* hanging up instead of answering QUIT is no fault */
			a->err = e;
		return false;
	}
}

/* A greeting that begins with "220-" and goes on later is postscreen's test. */
static void bear_teaser(struct mscan_probe *p)
{
	if (p->answer->step == PROBE_GREETING &&
			bytes_starts(buf_bytes(&p->answer_text), BYTES("220-")))
		p->due_ms = p->begun_ms + PROBE_TEASER_MS;
}

/* What there is of a greeting that did not end. */
static void keep_part(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;
	struct bytes text = buf_bytes(p->answer_text.n > 0 ? &p->answer_text : &p->in);

	if (a->step == PROBE_GREETING && a->greeting.n == 0)
		buf_put(&a->greeting,
				bytes_head(bytes_head(text, bytes_find(text, '\n')),
						PROBE_LINE_MAX));
}

static void time_out(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;

	a->is_silent = p->in.n == 0 && p->answer_text.n == 0;
	keep_part(p);
	if (a->err.kind == ERR_NONE && a->step != PROBE_QUIT)
		err_set(&a->err, ERR_TIMEOUT, "no whole answer in time");
}

bool mscan_probe_step(struct mscan_probe *p)
{
	struct mscan_answer *a = p->answer;
	bool over = false;

	if (p->run->w->mono_ms(p->run->w) >= mscan_probe_due_ms(p)) {
		time_out(p);
		return false;
	}
	for (;;) {
		if (a->step == PROBE_TLS) {
			if (!step_tls(p))
				return false;
			if (a->step == PROBE_TLS)
				return true;
		}
		if (!send_out(p))
			return false;
		if (p->out.n > 0)
			return true;
		if (take_answer(p)) {
			if (!after_answer(p))
				return false;
			continue;
		}
		bear_teaser(p);
		if (a->is_flood) {
			keep_part(p);
			return err_set(&a->err, ERR_PROTOCOL, "an answer without end");
		}
		if (!read_in(p, &over)) {
			if (over)
				keep_part(p);
			return !over;
		}
	}
}
