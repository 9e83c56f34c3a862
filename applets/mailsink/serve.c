/* serve - the loop that drives all sessions of mailsink
 * SPDX-License-Identifier: MIT
 *
 * Each connection has one small buffer for input and the session's out. Nothing is read while out
 * is full, so a client that does not read stops itself. A connection's time runs out when neither a
 * whole line nor a fair piece of data moved: single octets do not stretch it.
 */
#include "applets/mailsink/serve.h"

#include "applets/mailsink/imapd.h"
#include "applets/mailsink/pop3d.h"
#include "applets/mailsink/scripted.h"
#include "applets/mailsink/smtpd.h"
#include "net/proxy.h"
#include "sys/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	IN_MAX = 16 * 1024,
	ROUNDS_MAX = 16,    /* reads of one connection before the next has its turn */
	SENT_STEP = 4096,   /* octets sent that count as progress */
	SMTP_IDLE_S = 300,  /* RFC 5321 4.5.3.2.7 */
	POP3_IDLE_S = 600,  /* RFC 1939 3 */
	IMAP_IDLE_S = 1800, /* RFC 9051 5.4 */
	SIGNAL_MS = 1000,   /* a signal just before poll() is seen after so long */
	DRAINS_MAX = 16,    /* reads of what nobody asked for */
};

struct conn {
	struct stream *stream;
	struct session *session;
	struct buf in;
	bool eof, dead;
	bool awaits_proxy;   /* its header, before anything else; it gathers in in */
	bool tls_by_command; /* STARTTLS or STLS, not from the first octet */
	bool tls_told;
	bool has_spoken; /* we, to the client */
	short read_wants, write_wants;
	size_t sent;    /* since the last step */
	uint64_t steps; /* of the session when the deadline was set */
	uint64_t idle_ms, deadline_ms;
	uint64_t resume_ms; /* a fault: nothing is sent before */
};

static const struct kind {
	const char *name;
	bool is_tls;
	unsigned idle_s;
	const struct session_proto *proto;
	struct session *(*make)(struct sink *sink, const struct session_peer *peer);
} kinds[SERVE_PORTS] = {
	[SERVE_SMTP] = { "smtp", false, SMTP_IDLE_S, &smtpd_proto, smtpd_new },
	[SERVE_SMTPS] = { "smtps", true, SMTP_IDLE_S, &smtpd_proto, smtpd_new },
	[SERVE_POP3] = { "pop3", false, POP3_IDLE_S, &pop3d_proto, pop3d_new },
	[SERVE_POP3S] = { "pop3s", true, POP3_IDLE_S, &pop3d_proto, pop3d_new },
	[SERVE_IMAP] = { "imap", false, IMAP_IDLE_S, &imapd_proto, imapd_new },
	[SERVE_IMAPS] = { "imaps", true, IMAP_IDLE_S, &imapd_proto, imapd_new },
	[SERVE_LMTP] = { "lmtp", false, SMTP_IDLE_S, &smtpd_lmtp, smtpd_new_lmtp },
};

const char *serve_port_name(enum serve_port port)
{
	return kinds[port].name;
}

bool serve_port_is_tls(enum serve_port port)
{
	return kinds[port].is_tls;
}

static void close_ports(struct serve *v)
{
	for (size_t i = 0; i < SERVE_PORTS; i++)
		listen_close(&v->listen[i]);
}

bool serve_open(struct serve *v, struct sink *sink, const struct serve_options *o, struct err *e)
{
	*v = (struct serve){ .sink = sink, .options = o };
	for (size_t i = 0; i < SERVE_PORTS; i++)
		v->listen[i].fd = -1;
	for (size_t i = 0; i < SERVE_PORTS; i++) {
		if (o->port[i] == SERVE_UNUSED)
			continue;
		if (!listen_open(&v->listen[i], o->bind, o->port[i], e)) {
			close_ports(v);
			return false;
		}
		v->ports[v->port_count++] = (enum serve_port)i;
	}
	v->conns = xcalloc(o->sessions_max, sizeof(v->conns[0]));
	return true;
}

static uint64_t now_ms(const struct serve *v)
{
	return v->sink->w->mono_ms(v->sink->w);
}

static void fail(struct conn *c, const char *doing, const struct err *e)
{
	/* what the client had pipelined may also arrive after TLS was begun */
	if (c->tls_by_command && tls_server_seen(c->stream).is_plain)
		session_note_injected(c->session);
	journal_note(&c->session->sink->journal, &c->session->at, "error", "%s: %s", doing,
			e->text);
	c->dead = true;
}

static bool start_tls(struct serve *v, struct conn *c)
{
	struct err e = { 0 };

	if (!session_may_tls(c->session))
		return false;
	if (tls_server_start(c->stream, v->options->tls, &e))
		return true;
	fail(c, "TLS", &e);
	return false;
}

static void tell_tls(struct conn *c)
{
	struct tls_seen seen = { 0 };

	if (!c->tls_told && stream_is_tls(c->stream))
		seen = tls_server_seen(c->stream);
	if (!seen.handshake_done)
		return;
	c->tls_told = true;
	journal_note(&c->session->sink->journal, &c->session->at, "tls", "%s, %s", seen.version,
			seen.suite);
	if (!seen.has_certificate)
		return;
	journal_note(&c->session->sink->journal, &c->session->at, "tls",
			"certificate of \"%s\", %s", seen.subject,
			seen.is_verified ? "by a trusted authority" : "not to be trusted");
	if (seen.is_verified)
		memcpy(c->session->certificate, seen.subject, sizeof(c->session->certificate));
}

static bool is_paused(const struct serve *v, const struct conn *c)
{
	return now_ms(v) < c->resume_ms;
}

static void open_conn(struct serve *v, enum serve_port port, struct stream *stream)
{
	struct conn *c = &v->conns[v->conn_count++];
	const struct kind *kind = &kinds[port];
	struct session_peer peer = { ++v->serial, stream_peer_ip(stream), kind->is_tls };

	journal_connect(&v->sink->journal, &(struct journal_at){ peer.number, kind->proto->name },
			stream_peer(stream), peer.ip, peer.is_tls);
	*c = (struct conn){
		.stream = stream,
		.session = v->sink->script.n > 0 ? scripted_new(v->sink, &peer) :
						   kind->make(v->sink, &peer),
		.in = BUF_SECRET(IN_MAX),
		.read_wants = POLLIN,
		.write_wants = POLLOUT,
		.idle_ms = (v->options->idle_s ? v->options->idle_s : kind->idle_s) *
				(uint64_t)1000,
	};
	c->deadline_ms = now_ms(v) + c->idle_ms;
	c->awaits_proxy = v->options->proxy;
	if (peer.is_tls && !c->awaits_proxy)
		start_tls(v, c);
}

/* Octet by octet: what follows the header may be for TLS. */
static void take_proxy(struct serve *v, struct conn *c)
{
	enum proxy_result result = PROXY_MORE;
	const char *why = "closed before its end";
	unsigned char octet;
	struct addr from;
	ssize_t n;

	while (result == PROXY_MORE &&
			(n = recv(stream_get_fd(c->stream), &octet, 1, MSG_DONTWAIT)) == 1) {
		buf_putc(&c->in, octet);
		result = proxy_read(buf_bytes(&c->in), &from, &why);
	}
	if (result == PROXY_MORE && n < 0 && errno == EAGAIN)
		return;
	buf_clear(&c->in);
	c->awaits_proxy = false;
	if (result != PROXY_OK) {
		journal_note(&c->session->sink->journal, &c->session->at, "error",
				"PROXY header: %s", why);
		c->dead = true;
		return;
	}
	if (from.len > 0)
		session_set_client(c->session, &from, "PROXY");
	if (c->session->is_tls)
		start_tls(v, c);
}

static void close_conn(struct conn *c)
{
	bool is_reset = c->session->fault.resets;
	int fd = stream_get_fd(c->stream);
	char rest[4096];

	if (is_reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 },
				sizeof(struct linger));

	/* input that nobody read would make TCP reset the connection, and our last words with it */
	for (int i = 0; i < DRAINS_MAX && !is_reset; i++)
		if (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) <= 0)
			break;
	journal_note(&c->session->sink->journal, &c->session->at, "end", "closed");
	stream_close(c->stream);
	session_free(c->session);
	buf_free(&c->in);
}

/* How much of out may go now: a fault may want less than all. */
static size_t due(const struct serve *v, struct conn *c)
{
	struct fault_state *f = &c->session->fault;
	size_t n = c->session->out.n;

	if (c->awaits_proxy || is_paused(v, c))
		return 0;
	if (f->pause_ms > 0 && f->pause_at == 0) {
		c->resume_ms = now_ms(v) + f->pause_ms;
		f->pause_ms = 0;
		return 0;
	}
	if (f->pause_ms > 0 && f->pause_at < n)
		n = f->pause_at;
	return f->by_octet && n > 0 ? 1 : n;
}

static void was_sent(const struct serve *v, struct conn *c, size_t n)
{
	struct session *s = c->session;
	struct fault_state *f = &s->fault;

	c->has_spoken = true;
	buf_drop(&s->out, n);
	f->pause_at -= f->pause_at < n ? f->pause_at : n;
	if (f->by_octet && f->octet_ms > 0 && n > 0)
		c->resume_ms = now_ms(v) + f->octet_ms;
	if (s->out.n == 0)
		f->by_octet = false;
	c->sent += n;
	if (c->sent >= SENT_STEP) {
		c->sent = 0;
		s->steps++;
	}
}

/* True when something moved. */
static bool send_out(const struct serve *v, struct conn *c)
{
	struct bytes out = bytes_head(buf_bytes(&c->session->out), due(v, c));
	struct err e = { 0 };
	size_t written;

	if (out.n == 0)
		return false;
	switch (stream_try_write(c->stream, out, &written, &c->write_wants, &e)) {
	case IO_OK:
		c->write_wants = POLLOUT;
		was_sent(v, c, written);
		return written > 0;
	case IO_TIMEOUT:
		return false;
	case IO_CLOSED:
	case IO_FAILED:
		fail(c, "write", &e);
		return false;
	}
	return false;
}

static bool may_read(const struct conn *c)
{
	const struct session *s = c->session;

	return !c->eof && !s->is_over && !s->starts_tls && !s->is_pouring && c->in.n < c->in.max &&
			s->out.n < SESSION_OUT_HIGH;
}

static bool receive(struct conn *c)
{
	struct err e = { 0 };

	if (!may_read(c))
		return false;
	switch (stream_try_read(c->stream, &c->in, &c->read_wants, &e)) {
	case IO_OK:
		c->read_wants = POLLIN;
		tell_tls(c);
		if (!c->has_spoken)
			session_note(c->session, "the client speaks before the greeting");
		return true;
	case IO_TIMEOUT:
		return false;
	case IO_CLOSED: /* perhaps only its sending half: what it sent is answered */
		c->eof = true;
		return true;
	case IO_FAILED:
		fail(c, "read", &e);
		return false;
	}
	return false;
}

static bool work(struct serve *v, struct conn *c)
{
	struct session *s = c->session;
	struct bytes in = buf_bytes(&c->in);
	size_t had_in = in.n, had_out = s->out.n;

	session_feed(s, &in);
	buf_drop(&c->in, had_in - in.n);
	if (s->starts_tls && s->out.n == 0) {
		if (start_tls(v, c)) {
			c->tls_by_command = true;
			session_note(s, "TLS begins");
			session_tls_on(s);
		}
		return true;
	}
	return in.n != had_in || s->out.n != had_out;
}

static bool is_finished(const struct conn *c)
{
	const struct session *s = c->session;

	if (c->dead || c->awaits_proxy)
		return c->dead;
	return s->out.n == 0 && !session_has_work(s, false) &&
			(s->is_over || (c->eof && c->in.n == 0));
}

static void drive(struct serve *v, struct conn *c)
{
	if (c->awaits_proxy)
		take_proxy(v, c);
	for (int i = 0; i < ROUNDS_MAX && !is_finished(c) && !c->awaits_proxy; i++) {
		bool moved = receive(c);
		if (!c->dead)
			moved = work(v, c) || moved;
		if (!c->dead)
			moved = send_out(v, c) || moved;
		if (!moved)
			break;
	}
	if (c->steps != c->session->steps) {
		c->steps = c->session->steps;
		c->deadline_ms = now_ms(v) + c->idle_ms;
	} else if (now_ms(v) >= c->deadline_ms) {
		session_leave(c->session, true);
		send_out(v, c);
		c->dead = true;
	}
}

static void accept_some(struct serve *v, enum serve_port port)
{
	struct stream *stream;
	struct err e = { 0 };

	while (!v->done && v->conn_count < v->options->sessions_max) {
		switch (listen_accept(v->sink->w, &v->listen[port], &stream, &e)) {
		case LISTEN_NONE:
			return;
		case LISTEN_FAILED:
			v->no_descriptors = true;
			return;
		case LISTEN_OK:
			open_conn(v, port, stream);
			v->done = v->options->once;
		}
	}
}

/* What can be done without waiting for the client. */
static bool has_work(const struct conn *c)
{
	const struct session *s = c->session;

	if (c->awaits_proxy)
		return c->dead;
	if (is_finished(c) || (may_read(c) && stream_pending(c->stream)))
		return true;
	if (s->starts_tls && s->out.n == 0)
		return true;
	return session_has_work(s, c->in.n > 0);
}

static short events_of(const struct serve *v, const struct conn *c)
{
	short events = 0;

	if (c->awaits_proxy)
		return POLLIN;
	if (c->session->out.n > 0 && !is_paused(v, c))
		events |= c->write_wants;
	if (may_read(c))
		events |= c->read_wants;
	return events;
}

/* Fills fds: first the ports, then the connections in their order. Returns when poll() must end. */
static uint64_t prepare(struct serve *v, struct pollfd *fds)
{
	uint64_t deadline = now_ms(v) + SIGNAL_MS;
	bool accepts = !v->done && !v->no_descriptors && v->conn_count < v->options->sessions_max;

	if (v->options->deadline_ms < deadline)
		deadline = v->options->deadline_ms;
	for (size_t i = 0; i < v->port_count; i++)
		fds[i] = (struct pollfd){ .fd = accepts ? v->listen[v->ports[i]].fd : -1,
			.events = POLLIN };
	for (size_t i = 0; i < v->conn_count; i++) {
		const struct conn *c = &v->conns[i];
		fds[v->port_count + i] = (struct pollfd){ .fd = stream_get_fd(c->stream),
			.events = events_of(v, c) };
		if (c->deadline_ms < deadline)
			deadline = c->deadline_ms;
		if (is_paused(v, c) && c->resume_ms < deadline)
			deadline = c->resume_ms;
		if (has_work(c))
			deadline = 0;
	}
	return deadline;
}

static void drop_finished(struct serve *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->conn_count; i++) {
		if (is_finished(&v->conns[i])) {
			close_conn(&v->conns[i]);
			v->no_descriptors = false;
		} else {
			v->conns[kept++] = v->conns[i];
		}
	}
	v->conn_count = kept;
}

static void take_turn(struct serve *v, struct pollfd *fds)
{
	size_t before = v->conn_count;

	world_poll(v->sink->w, fds, v->port_count + before, prepare(v, fds));
	for (size_t i = 0; i < before; i++) {
		struct conn *c = &v->conns[i];
		if (fds[v->port_count + i].revents || has_work(c) || now_ms(v) >= c->deadline_ms ||
				(c->resume_ms > 0 && !is_paused(v, c)))
			drive(v, c);
	}
	for (size_t i = 0; i < v->port_count; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			accept_some(v, v->ports[i]);
	for (size_t i = before; i < v->conn_count; i++)
		drive(v, &v->conns[i]);
	drop_finished(v);
}

void serve_run(struct serve *v)
{
	struct world *w = v->sink->w;
	struct pollfd *fds = xcalloc(SERVE_PORTS + v->options->sessions_max, sizeof(fds[0]));

	while (!world_stopping() && now_ms(v) < v->options->deadline_ms && out_flush(&w->out) &&
			!(v->done && v->conn_count == 0))
		take_turn(v, fds);
	close_ports(v);
	for (size_t i = 0; i < v->conn_count; i++) {
		session_leave(v->conns[i].session, false);
		send_out(v, &v->conns[i]);
		close_conn(&v->conns[i]);
	}
	v->conn_count = 0;
	out_flush(&w->out);
	free(v->conns);
	free(fds);
}
