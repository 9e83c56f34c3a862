/* load - smtptalk's --repeat: many messages, some at a time
 * SPDX-License-Identifier: MIT
 *
 * The session before it was an ordinary one and has settled all that can be: address, TLS and
 * certificate, EHLO list, login. Here that is done again as it was, by one loop over all
 * connections ("lanes"), and the time of each answer is counted.
 */
#include "applets/smtptalk/load.h"

#include "net/proxy.h"
#include "proto/b64.h"
#include "sys/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FD_SPARE = 16, /* for all that is no connection */
	EVENTS = 64,
	TICK_MS = 250,          /* how exact deadlines are */
	LAST_QUIT_MS = 2000,    /* when all is sent: for the answers to QUIT */
	COPIED_MAX = 16 * 1024, /* of a message; the rest is sent from where it stands */
	AUTH_LINE = 12288,      /* RFC 4954 4 */
};

/* Whose answer is awaited. */
enum awaited {
	NOTHING, /* the lane is closed */
	CONNECT,
	TLS,
	BANNER,
	EHLO,
	STARTTLS,
	AUTH,
	MAIL,
	RCPT,
	DATA,
	DOT,
	RSET,
	QUIT,
};

struct lane {
	struct load *load;
	int fd; /* until s has it */
	struct stream *s;
	enum awaited awaits;
	unsigned number; /* of the message */
	bool is_counted; /* as accepted or failed */
	uint32_t events; /* epoll's */
	uint64_t begun_us, asked_us, due_us;
	struct buf in, out;
	size_t sent;        /* of out */
	struct bytes rest;  /* of the message, behind out */
	struct bytes rcpts; /* still to be said */
	unsigned dots;      /* answers that are due */
	struct reply reply;
	struct tls_facts *tls;
	struct sasl sasl;
	char nonce[AUTH_NONCE_MAX];
};

struct load {
	struct smtptalk *s;
	struct load_figures f;
	struct smtptalk_letter letter;
	struct tls_options tls;
	struct addr to;
	bool is_implicit;
	unsigned dots; /* answers to the dot; LMTP has one for each recipient (RFC 2033 4.2) */
	int epoll;
	unsigned begun; /* messages */
	uint64_t begun_us, due_us;
	struct lane *lanes;
};

static enum load_stage stage_of(enum awaited awaits)
{
	static const enum load_stage stages[] = { LOAD_CONNECT, LOAD_CONNECT, LOAD_TLS, LOAD_BANNER,
		LOAD_EHLO, LOAD_TLS, LOAD_AUTH, LOAD_MAIL, LOAD_RCPT, LOAD_DATA, LOAD_DATA,
		LOAD_TOTAL, LOAD_TOTAL };

	return stages[awaits];
}

/* ---- outcomes ---- */

static void count_time(struct lane *n, enum load_stage stage, uint64_t since_us, uint64_t now_us)
{
	spread_add(&n->load->f.times[stage], now_us - since_us);
}

static void fail(struct lane *n, const struct load_failure *failure)
{
	struct load *l = n->load;

	if (n->is_counted)
		return;
	n->is_counted = true;
	l->f.failed++;
	l->f.elapsed_us = world_mono_us() - l->begun_us;
	load_count_failure(&l->f, failure);
}

static void fail_by_reply(struct lane *n)
{
	struct load_failure failure = { .stage = stage_of(n->awaits) };
	struct bytes enhanced = reply_enhanced(&n->reply, 0);
	struct buf text = BUF(LOAD_TEXT_MAX - 1), code = BUF(sizeof(failure.code) - 1);

	buf_printf(&code, "%03d ", n->reply.code);
	buf_put(&code, bytes_head(enhanced, sizeof(failure.code) - 5));
	memcpy(failure.code, buf_text(&code), code.n + 1);
	buf_put(&text, bytes_head(reply_line(&n->reply, 0), LOAD_TEXT_MAX - 1));
	memcpy(failure.text, buf_text(&text), text.n + 1);
	buf_free(&text);
	buf_free(&code);
	fail(n, &failure);
}

static void lane_close(struct lane *n)
{
	sasl_end(&n->sasl);
	n->sasl = (struct sasl){ 0 };
	if (n->s)
		stream_close(n->s);
	else if (n->fd >= 0)
		close(n->fd);
	n->s = NULL;
	n->fd = -1;
	n->awaits = NOTHING;
}

static void fail_by_err(struct lane *n, const struct err *e)
{
	struct load_failure failure = { .stage = stage_of(n->awaits), .kind = e->kind };

	snprintf(failure.text, sizeof(failure.text), "%.*s", LOAD_TEXT_MAX - 1, e->text);
	fail(n, &failure);
	lane_close(n);
}

/* ---- sending ---- */

static void watch(struct lane *n, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = n };

	if (n->events == events)
		return;
	epoll_ctl(n->load->epoll, n->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
			n->s ? stream_get_fd(n->s) : n->fd, &event);
	n->events = events;
}

static void awaits(struct lane *n, enum awaited what, uint64_t ms)
{
	n->awaits = what;
	n->asked_us = world_mono_us();
	n->due_us = n->asked_us + ms * 1000;
}

/* What is left of out, then the rest of the message, as far as they go. */
static void flush(struct lane *n)
{
	struct err e = { 0 };
	short wants = POLLIN;
	size_t put;

	while (n->sent < n->out.n || n->rest.n > 0) {
		bool is_out = n->sent < n->out.n;
		enum io io = stream_try_write(n->s,
				is_out ? bytes_skip(buf_bytes(&n->out), n->sent) : n->rest, &put,
				&wants, &e);
		if (io == IO_TIMEOUT)
			break;
		if (io != IO_OK) {
			fail_by_err(n, &e);
			return;
		}
		if (is_out)
			n->sent += put;
		else
			n->rest = bytes_skip(n->rest, put);
		wants = POLLIN;
	}
	/* whatever is written, the peer may speak */
	watch(n, EPOLLIN | (wants & POLLOUT ? EPOLLOUT : 0));
}

static void say(struct lane *n, enum awaited what, struct bytes line)
{
	buf_clear(&n->out);
	n->sent = 0;
	buf_put(&n->out, line);
	awaits(n, what, DIALOG_REPLY_MS);
	flush(n);
}

static void say_hello(struct lane *n)
{
	char line[ADDR_HOST_MAX + 16];

	snprintf(line, sizeof(line), "%s %s\r\n", n->load->s->hello, n->load->s->ehlo_name);
	say(n, EHLO, bytes_of(line));
}

static void say_mail(struct lane *n)
{
	if (n->load->s->o.reuse)
		n->begun_us = world_mono_us();
	n->rcpts = buf_bytes(&n->load->letter.rcpts);
	say(n, MAIL, buf_bytes(&n->load->letter.mail));
}

static void say_rcpt(struct lane *n)
{
	size_t end = bytes_find(n->rcpts, '\n') + 1;
	struct bytes line = bytes_head(n->rcpts, end);

	n->rcpts = bytes_skip(n->rcpts, end);
	say(n, RCPT, line);
}

/* No two messages have the same Message-ID. */
static void say_text(struct lane *n)
{
	const struct smtptalk_letter *letter = &n->load->letter;
	struct bytes text = buf_bytes(&letter->text);
	uint64_t asked_us = n->asked_us;

	buf_clear(&n->out);
	n->sent = 0;
	buf_put(&n->out, bytes_head(text, COPIED_MAX));
	n->rest = bytes_skip(text, COPIED_MAX);
	if (letter->id_at > 0 && letter->id_at + 16 < n->out.n) {
		char digits[9];
		snprintf(digits, sizeof(digits), "%08x", n->number);
		memcpy(n->out.p + letter->id_at + 8, digits, 8);
	}
	awaits(n, DOT, DIALOG_FINAL_DOT_MS);
	n->asked_us = asked_us; /* the stage begins with the command */
	n->dots = n->load->dots;
	flush(n);
}

/* ---- TLS and login ---- */

static void step_tls(struct lane *n)
{
	struct err e = { 0 };
	short wants = 0;
	enum io io = tls_client_step(n->s, &wants, &e);

	if (io == IO_TIMEOUT) {
		watch(n, wants == POLLOUT ? EPOLLOUT : EPOLLIN);
		return;
	}
	if (io != IO_OK) {
		fail_by_err(n, &e);
		return;
	}
	count_time(n, LOAD_TLS, n->asked_us, world_mono_us());
	watch(n, EPOLLIN);
	if (n->load->is_implicit)
		awaits(n, BANNER, DIALOG_REPLY_MS);
	else
		say_hello(n);
}

static void begin_tls(struct lane *n)
{
	struct err e = { 0 };
	uint64_t asked_us = n->asked_us;
	bool is_command = n->awaits == STARTTLS;

	if (!n->tls)
		n->tls = xmalloc(sizeof(*n->tls));
	awaits(n, TLS, TLS_HANDSHAKE_MS);
	if (is_command)
		n->asked_us = asked_us;
	if (!tls_client_begin(n->s, &n->load->tls, n->tls, &e))
		fail_by_err(n, &e);
	else
		step_tls(n);
}

/* The first session has found that the password may be sent; to a server that shows another
 * certificate now that is asked again. */
static bool may_login(struct lane *n)
{
	const struct talk *t = &n->load->s->talk;
	struct err e = { 0 };
	bool is_known = n->tls &&
			strcmp(n->tls->chain[0].sha256, t->facts.tls.chain[0].sha256) == 0;

	if (is_known || auth_may_send(n->s, n->tls, t->common->insecure, &e))
		return true;
	fail_by_err(n, &e);
	return false;
}

static void send_auth(struct lane *n, struct buf *line, bool has_message, struct bytes challenge)
{
	struct buf message = BUF_SECRET(AUTH_LINE);
	const char *why = NULL;
	struct err e = { 0 };

	if (has_message && sasl_step(&n->sasl, challenge, &message, &why) == SASL_FAILED) {
		err_set(&e, ERR_EXCHANGE, "%s", why);
		fail_by_err(n, &e);
	} else {
		if (line->n > 0 && has_message)
			buf_puts(line, message.n == 0 ? " =" : " ");
		b64_encode(buf_bytes(&message), line);
		buf_puts(line, "\r\n");
		say(n, AUTH, buf_bytes(line));
	}
	buf_free(&message);
}

static void begin_auth(struct lane *n)
{
	const struct talk *t = &n->load->s->talk;
	struct auth_how how = { .mech = t->mech, .creds = &t->creds };
	struct buf line = BUF_SECRET(AUTH_LINE);

	if (may_login(n)) {
		bool has_initial = auth_start(&n->sasl, n->nonce, n->s, PROTO_SMTP, &how);
		buf_printf(&line, "AUTH %s", sasl_mech_name(t->mech));
		send_auth(n, &line, has_initial, BYTES(""));
	}
	buf_free(&line);
}

static void answer_challenge(struct lane *n)
{
	struct buf challenge = BUF(AUTH_LINE), line = BUF_SECRET(AUTH_LINE);

	uint64_t asked_us = n->asked_us;

	b64_decode(bytes_trim(reply_text(&n->reply, 0)), &challenge, NULL);
	send_auth(n, &line, true, buf_bytes(&challenge));
	n->asked_us = asked_us;
	buf_free(&challenge);
	buf_free(&line);
}

/* ---- one message after another ---- */

static bool take_message(struct lane *n)
{
	struct load *l = n->load;

	if (l->begun == l->f.wanted || world_stopping())
		return false;
	n->number = l->begun++;
	n->is_counted = false;
	return true;
}

static void connected(struct lane *n)
{
	struct load *l = n->load;
	struct buf header = BUF(256);

	count_time(n, LOAD_CONNECT, n->begun_us, world_mono_us());
	n->s = stream_fd(l->s->talk.w, n->fd);
	awaits(n, BANNER, DIALOG_REPLY_MS);
	buf_clear(&n->out);
	n->sent = 0;
	if (l->s->talk.proxy) {
		proxy_header(&header, l->s->talk.proxy, n->s);
		buf_put(&n->out, buf_bytes(&header));
		buf_free(&header);
	}
	flush(n);
	if (n->s && l->is_implicit)
		begin_tls(n);
}

/* False: it failed at once, and was counted. */
static bool lane_open(struct lane *n)
{
	struct load *l = n->load;
	struct err e = { 0 };

	n->begun_us = world_mono_us();
	awaits(n, CONNECT, STREAM_CONNECT_MS);
	buf_clear(&n->in);
	reply_reset(&n->reply);
	n->rest = (struct bytes){ NULL, 0 };
	n->events = 0;
	n->fd = stream_dial(&l->to, l->s->talk.common->bind, &e);
	if (n->fd < 0) {
		fail_by_err(n, &e);
		return false;
	}
	watch(n, EPOLLOUT);
	return true;
}

/* The lane's next message, or the end of it. */
static void lane_next(struct lane *n)
{
	while (n->awaits == NOTHING && take_message(n))
		if (lane_open(n))
			return;
}

static void message_done(struct lane *n, bool is_refused)
{
	if (!n->load->s->o.reuse || !take_message(n))
		say(n, QUIT, BYTES("QUIT\r\n"));
	else if (is_refused)
		say(n, RSET, BYTES("RSET\r\n"));
	else
		say_mail(n);
}

static void accepted(struct lane *n, uint64_t now_us)
{
	struct load *l = n->load;

	n->is_counted = true;
	l->f.accepted++;
	l->f.elapsed_us = now_us - l->begun_us;
	count_time(n, LOAD_TOTAL, n->begun_us, now_us);
	message_done(n, false);
}

static void after_hello(struct lane *n)
{
	const struct smtptalk *s = n->load->s;

	if (s->has_started_tls && !stream_is_tls(n->s))
		say(n, STARTTLS, BYTES("STARTTLS\r\n"));
	else if (s->talk.creds.user.n > 0)
		begin_auth(n);
	else
		say_mail(n);
}

/* The answer was the wanted one. */
static void go_on(struct lane *n, uint64_t now_us)
{
	struct err e = { 0 };

	switch (n->awaits) {
	case BANNER:
		say_hello(n);
		break;
	case EHLO:
		after_hello(n);
		break;
	case STARTTLS:
		if (n->in.n == 0) {
			begin_tls(n);
			break;
		}
		err_set(&e, ERR_POLICY, "clear text behind the go-ahead for TLS");
		fail_by_err(n, &e);
		break;
	case AUTH:
	case RSET:
		say_mail(n);
		break;
	case MAIL:
		say_rcpt(n);
		break;
	case RCPT:
		if (n->rcpts.n > 0)
			say_rcpt(n);
		else
			say(n, DATA, BYTES("DATA\r\n"));
		break;
	case DATA:
		say_text(n);
		break;
	case DOT:
		if (--n->dots == 0)
			accepted(n, now_us);
		break;
	default:
		lane_close(n);
	}
}

static void answered(struct lane *n)
{
	uint64_t now_us = world_mono_us();
	const struct reply *r = &n->reply;
	const char *why = NULL;
	struct err e = { 0 };
	bool is_ok = r->status == (n->awaits == DATA ? REPLY_CONTINUE : REPLY_OK);

	if (n->awaits == AUTH && r->status == REPLY_CONTINUE) {
		answer_challenge(n);
		return;
	}
	if (n->awaits == AUTH && is_ok && !sasl_may_believe(&n->sasl, &why)) {
		err_set(&e, ERR_EXCHANGE, "%s", why);
		fail_by_err(n, &e);
		return;
	}
	if (is_ok && n->awaits != STARTTLS && n->awaits != DATA && n->awaits != QUIT &&
			n->awaits != RSET)
		count_time(n, stage_of(n->awaits), n->asked_us, now_us);
	if (is_ok || n->awaits == QUIT || n->awaits == RSET) {
		go_on(n, now_us);
		return;
	}
	bool is_in_mail = n->awaits >= MAIL && r->code != 421;
	if (n->awaits == AUTH) /* no second attempt */
		n->load->begun = n->load->f.wanted;
	fail_by_reply(n);
	if (is_in_mail)
		message_done(n, true);
	else if (r->code == 421)
		lane_close(n);
	else
		say(n, QUIT, BYTES("QUIT\r\n"));
}

static void take_replies(struct lane *n)
{
	struct err e = { 0 };

	while (n->awaits != NOTHING && n->awaits != TLS) {
		struct bytes in = buf_bytes(&n->in);
		enum reply_state state = reply_feed(&n->reply, &in);
		buf_drop(&n->in, n->in.n - in.n);
		if (state == REPLY_MORE)
			return;
		if (state == REPLY_BROKEN) {
			err_set(&e, ERR_PROTOCOL, "the answer is no reply of this protocol");
			fail_by_err(n, &e);
			return;
		}
		answered(n);
		reply_reset(&n->reply);
	}
}

static void read_some(struct lane *n)
{
	struct err e = { 0 };
	short wants;

	do {
		enum io io = stream_try_read(n->s, &n->in, &wants, &e);
		if (io == IO_TIMEOUT)
			return;
		if (io != IO_OK) {
			fail_by_err(n, &e);
			return;
		}
		take_replies(n);
	} while (n->s && stream_pending(n->s));
}

static void on_event(struct lane *n, uint32_t events)
{
	struct err e = { 0 };
	int number = 0;
	socklen_t size = sizeof(number);

	if (n->awaits == CONNECT) {
		getsockopt(n->fd, SOL_SOCKET, SO_ERROR, &number, &size);
		if (number == 0) {
			connected(n);
		} else {
			err_sys(&e, err_kind_of(number), number, "connect");
			fail_by_err(n, &e);
		}
	} else if (n->awaits == TLS) {
		step_tls(n);
	} else {
		if (events & EPOLLOUT)
			flush(n);
		if (n->awaits != NOTHING && events & ~(uint32_t)EPOLLOUT)
			read_some(n);
	}
}

/* ---- the loop ---- */

static void check_deadlines(struct load *l, uint64_t now_us)
{
	struct err e = { 0 };

	for (unsigned i = 0; i < l->f.parallel; i++) {
		struct lane *n = &l->lanes[i];
		if (n->awaits == NOTHING || n->due_us > now_us)
			continue;
		err_set(&e, ERR_TIMEOUT, "no answer in time");
		fail_by_err(n, &e);
		lane_next(n);
	}
}

static void progress(const struct load *l, uint64_t now_us, uint64_t *told_us)
{
	const struct talk *t = &l->s->talk;

	if (!t->w->err.tty || t->common->quiet || now_us - *told_us < 1000000)
		return;
	*told_us = now_us;
	out_printf(&t->w->err, "   .. %u of %u, %u failed\n", l->f.accepted + l->f.failed,
			l->f.wanted, l->f.failed);
	out_flush(&t->w->err);
}

static bool is_busy(const struct load *l)
{
	for (unsigned i = 0; i < l->f.parallel; i++)
		if (l->lanes[i].awaits != NOTHING)
			return true;
	return false;
}

static void run(struct load *l)
{
	struct epoll_event events[EVENTS];
	uint64_t told_us = l->begun_us, checked_us = told_us, quit_us = 0;

	for (unsigned i = 0; i < l->f.parallel; i++)
		lane_next(&l->lanes[i]);
	while (is_busy(l) && !world_stopping()) {
		int count = epoll_wait(l->epoll, events, EVENTS, TICK_MS);
		for (int i = 0; i < count; i++) {
			struct lane *n = events[i].data.ptr;
			if (n->awaits == NOTHING)
				continue;
			on_event(n, events[i].events);
			lane_next(n);
		}
		uint64_t now_us = world_mono_us();
		if (now_us >= l->due_us)
			break;
		if (now_us - checked_us >= TICK_MS * 1000) {
			checked_us = now_us;
			check_deadlines(l, now_us);
			progress(l, now_us, &told_us);
		}
		if (l->f.accepted + l->f.failed < l->f.wanted)
			quit_us = now_us;
		else if (now_us - quit_us >= LAST_QUIT_MS * 1000)
			break;
	}
}

/* So many at a time as this process may have. */
static void limit_parallel(struct load *l)
{
	struct rlimit limit;
	char text[80];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (l->f.parallel + FD_SPARE <= limit.rlim_cur)
		return;
	l->f.parallel = limit.rlim_cur > FD_SPARE ? (unsigned)limit.rlim_cur - FD_SPARE : 1;
	snprintf(text, sizeof(text), "%u at a time: this process may open no more", l->f.parallel);
	transcript_note(&l->s->talk.transcript, text);
}

static void lanes_make(struct load *l)
{
	l->lanes = xcalloc(l->f.parallel, sizeof(l->lanes[0]));
	for (unsigned i = 0; i < l->f.parallel; i++) {
		struct lane *n = &l->lanes[i];
		*n = (struct lane){ .load = l,
			.fd = -1,
			.in = BUF(REPLY_LINE_MAX),
			.out = BUF_SECRET(COPIED_MAX) };
		reply_init(&n->reply, PROTO_SMTP);
	}
}

static void lanes_free(struct load *l)
{
	for (unsigned i = 0; i < l->f.parallel; i++) {
		struct lane *n = &l->lanes[i];
		lane_close(n);
		buf_free(&n->in);
		buf_free(&n->out);
		reply_free(&n->reply);
		free(n->tls);
	}
	free(l->lanes);
}

void smtptalk_load(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct load *l = xcalloc(1, sizeof(*l));

	*l = (struct load){
		.s = s,
		.f = { .wanted = s->o.repeat, .parallel = s->o.parallel ? s->o.parallel : 1 },
		.tls = talk_tls_options(t),
		.is_implicit = stream_is_tls(t->d.s) && !s->has_started_tls,
		.due_us = t->d.deadline_ms > UINT64_MAX / 1000 ? UINT64_MAX :
								 t->d.deadline_ms * 1000,
	};
	l->tls.known_sha256 = t->facts.tls.chain[0].sha256;
	if (l->f.parallel > l->f.wanted)
		l->f.parallel = l->f.wanted;
	if (!addr_parse(&l->to, stream_peer_ip(t->d.s), t->ep.port, &t->d.err)) {
		err_set(&t->d.err, ERR_USAGE, "--repeat goes over TCP only");
		talk_failed(t, "local");
	} else if (smtptalk_letter(s, &l->letter)) {
		talk_quit(t);
		struct bytes rcpts = buf_bytes(&l->letter.rcpts), line;
		l->dots = !s->o.lmtp;
		while (s->o.lmtp && bytes_line(&rcpts, &line))
			l->dots++;
		limit_parallel(l);
		world_catch_stop();
		l->epoll = epoll_create1(EPOLL_CLOEXEC);
		l->begun_us = world_mono_us();
		lanes_make(l);
		run(l);
		lanes_free(l);
		close(l->epoll);
		t->to = s->o.to.count > 0 ? s->o.to.at[0] : NULL;
		load_tell(s, &l->f);
	}
	smtptalk_letter_free(&l->letter);
	free(l);
}
