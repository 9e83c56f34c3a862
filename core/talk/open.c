/* open - from an endpoint to a greeted dialog
 * SPDX-License-Identifier: MIT */
#include "talk/open.h"

#include "net/proxy.h"

enum { TRIED_MAX = 8192 };

static unsigned port_of(const struct open_options *o)
{
	return o->ep->port ? o->ep->port : o->port;
}

static bool resolve(struct dialog *d, struct world *w, const struct open_options *o,
		struct open_facts *f)
{
	struct dns_options dns = {
		.family = o->family,
		.port = port_of(o),
		.server = o->dns_server,
		.deadline_ms = d->deadline_ms,
	};

	f->stage = "dns";
	if (o->ep->kind != ADDR_TCP || w->dial)
		return true;
	uint64_t begun = w->mono_ms(w);
	bool ok = dns_resolve(w, o->ep->host, &dns, &f->addrs, &d->err);
	f->dns_ms = w->mono_ms(w) - begun;
	return ok;
}

static struct stream *connect_to(struct dialog *d, struct world *w, const struct open_options *o,
		struct open_facts *f)
{
	uint64_t begun = w->mono_ms(w);
	struct stream *s;

	f->stage = "connect";
	if (w->dial) {
		s = w->dial(w, o->ep->host, port_of(o), &d->err);
	} else if (o->ep->kind == ADDR_UNIX) {
		uint64_t until = begun + STREAM_CONNECT_MS;
		s = stream_unix(w, o->ep->host, until < d->deadline_ms ? until : d->deadline_ms,
				&d->err);
	} else if (o->ep->kind == ADDR_EXEC) {
		s = stream_exec(w, o->ep->host, &d->err);
	} else {
		struct stream_connect c = {
			.bind_ip = o->bind_ip,
			.deadline_ms = d->deadline_ms,
			.tried = &f->tried,
		};
		s = stream_connect(w, &f->addrs, &c, &d->err);
	}
	f->connect_ms = w->mono_ms(w) - begun;
	return s;
}

static bool send_proxy(struct dialog *d, unsigned version)
{
	struct buf header = BUF(256);

	proxy_header(&header, version, d->s);
	bool ok = dialog_send_raw(d, buf_bytes(&header));
	buf_free(&header);
	return ok;
}

static bool begin_plain(struct dialog *d, struct world *w, const struct open_options *o,
		struct open_facts *f)
{
	struct stream *s = connect_to(d, w, o, f);

	if (!s)
		return false;
	if (d->s)
		dialog_end(d);
	d->is_over = false;
	dialog_begin(d, w, s, o->proto);
	return o->proxy == 0 || send_proxy(d, o->proxy);
}

/* The certificate is looked at whatever it is, so the handshake itself never insists on it. */
static bool begin_tls(struct dialog *d, const struct open_options *o, struct open_facts *f,
		uint64_t ms)
{
	struct tls_options tls = o->tls_options;

	f->stage = "tls";
	tls.insecure = true;
	if (tls_client(d->s, &tls, dialog_deadline(d, ms), &f->tls, &d->err))
		return true;
	f->tls_port_plain = f->tls.faults & TLS_PEER_PLAIN;
	d->is_over = true;
	return false;
}

static bool wants_tls_first(const struct open_options *o)
{
	unsigned port = port_of(o);

	if (o->tls == OPEN_IMPLICIT)
		return true;
	if (o->tls != OPEN_AUTO || o->ep->kind != ADDR_TCP)
		return false;
	return o->ep->tls == ADDR_TLS_IMPLICIT || port == 465 || port == 993 || port == 995;
}

/* The port is silent. Some servers only greet late, others wait for our ClientHello; a second
 * connection asks, so that the first is not spoilt by talking before the greeting. True: d now
 * is that second one, in TLS. */
static bool silent_port_is_tls(struct dialog *d, const struct open_options *o, struct open_facts *f)
{
	struct dialog second = { .deadline_ms = dialog_deadline(d, OPEN_PROBE_MS), .ob = d->ob };
	bool is_tls = begin_plain(&second, d->w, o, f) && begin_tls(&second, o, f, OPEN_PROBE_MS);

	/* an alert is TLS too, even when we cannot come to terms */
	f->plain_port_tls = is_tls || f->tls.alert > 0;
	if (!is_tls || o->tls != OPEN_AUTO) {
		dialog_end(&second);
		f->tls = (struct tls_facts){ .alert = -1 };
		f->tls_port_plain = false;
		return false;
	}
	second.deadline_ms = d->deadline_ms;
	second.show_secrets = d->show_secrets;
	dialog_end(d);
	*d = second;
	return true;
}

static bool read_greeting(struct dialog *d, const struct open_options *o, struct open_facts *f)
{
	uint64_t begun = d->w->mono_ms(d->w);
	bool may_ask = !stream_is_tls(d->s) && o->ep->kind == ADDR_TCP;

	f->stage = "banner";
	if (may_ask && !dialog_wait(d, OPEN_SILENCE_MS)) {
		if (d->err.kind != ERR_TIMEOUT)
			return false;
		if (!silent_port_is_tls(d, o, f) && f->plain_port_tls) {
			d->is_over = true; /* it would take a QUIT for a broken ClientHello */
			return err_set(&d->err, ERR_PROTOCOL,
					"%s: silent in clear text, answers to TLS",
					stream_peer(d->s));
		}
		f->stage = "banner";
	}
	/* POP3's and IMAP's too may be late */
	bool is_told = d->deadline_ms != WORLD_FOREVER;
	bool ok = dialog_read_reply(d, is_told ? d->deadline_ms : DIALOG_REPLY_MS);
	f->greeting_ms = d->w->mono_ms(d->w) - begun;
	return ok;
}

bool open_dialog(struct dialog *d, struct world *w, const struct open_options *o,
		struct open_facts *f)
{
	*f = (struct open_facts){ .tried = BUF(TRIED_MAX), .tls.alert = -1 };
	if (d->deadline_ms == 0)
		d->deadline_ms = WORLD_FOREVER;
	if (!resolve(d, w, o, f) || !begin_plain(d, w, o, f))
		return false;
	if (wants_tls_first(o) && !begin_tls(d, o, f, TLS_HANDSHAKE_MS)) {
		if (!f->tls_port_plain || o->tls == OPEN_IMPLICIT)
			return false;
		f->tls = (struct tls_facts){ .alert = -1 }; /* what fails from here on is not TLS */
		if (!begin_plain(d, w, o, f))
			return false;
	}
	return read_greeting(d, o, f);
}

void open_facts_free(struct open_facts *f)
{
	buf_free(&f->tried);
}
