/* talk_tls - what a talk applet tells of TLS and certificates
 * SPDX-License-Identifier: MIT */
#include "applets/talk.h"

#include <string.h>

static void put_days(const struct talk *t, const struct tls_cert *cert, struct buf *out)
{
	int64_t days = (cert->not_after - t->w->wall_s(t->w)) / 86400;

	if (t->common->stable)
		return;
	if (cert->not_before > t->w->wall_s(t->w))
		buf_printf(out, ", valid in %lld days",
				(long long)(cert->not_before - t->w->wall_s(t->w)) / 86400);
	else if (cert->not_after < t->w->wall_s(t->w))
		buf_printf(out, ", expired %lld days ago", (long long)-days);
	else
		buf_printf(out, ", %lld days left", (long long)days);
}

static void put_tls(const struct talk *t, struct buf *out)
{
	const struct tls_facts *f = &t->facts.tls;

	if (f->handshake_done)
		buf_printf(out, "%s, certificate %s", f->version,
				f->faults & TLS_CERT_FAULTS ? "NOT ok" : "ok");
	else
		buf_puts(out, "TLS failed");
}

static void json_tls(struct talk *t)
{
	const struct tls_facts *f = &t->facts.tls;
	struct buf line = BUF(64 * 1024);
	struct json j;

	json_begin(&j, &line);
	json_str(&j, "type", "tls");
	json_str(&j, "version", f->version);
	json_str(&j, "suite", f->suite);
	json_str(&j, "sni", f->sni);
	json_str(&j, "name", f->name);
	json_str(&j, "store", f->store);
	json_array(&j, "faults");
	for (unsigned bit = 1; bit & TLS_CERT_FAULTS; bit <<= 1)
		if (f->faults & bit)
			json_item(&j, bytes_of(tls_fault_name(bit)));
	json_close(&j);
	json_array(&j, "chain");
	for (size_t i = 0; i < f->chain_count; i++) {
		json_item_object(&j);
		json_str(&j, "subject", f->chain[i].subject);
		json_str(&j, "issuer", f->chain[i].issuer);
		json_str(&j, "names", f->chain[i].names);
		json_str(&j, "key", f->chain[i].key);
		json_str(&j, "signature", f->chain[i].signature);
		json_str(&j, "sha256", f->chain[i].sha256);
		json_int(&j, "not_before", f->chain[i].not_before);
		json_int(&j, "not_after", f->chain[i].not_after);
		json_close(&j);
	}
	json_close(&j);
	json_end(&j);
	out_put(&t->w->out, buf_bytes(&line));
	buf_free(&line);
}

void talk_put_certificate(const struct talk *t, struct buf *out)
{
	const struct tls_cert *leaf = &t->facts.tls.chain[0];

	buf_puts(out, leaf->subject);
	if (leaf->names[0])
		buf_printf(out, " (%s)", leaf->names);
	buf_printf(out, ", by %s, %s", leaf->issuer, leaf->key);
	put_days(t, leaf, out);
}

static void show_certificate(struct talk *t)
{
	const struct tls_facts *f = &t->facts.tls;
	struct buf text = BUF(2048);

	if (t->transcript.json) {
		json_tls(t);
		return;
	}
	if (f->chain_count == 0)
		return;
	buf_puts(&text, "certificate: ");
	talk_put_certificate(t, &text);
	transcript_note(&t->transcript, buf_text(&text));
	buf_clear(&text);
	buf_printf(&text, "checked for \"%s\" with %s; %zu sent; %s", f->name, f->store,
			f->chain_count, f->suite);
	transcript_note(&t->transcript, buf_text(&text));
	buf_free(&text);
}

void talk_show_tls(struct talk *t)
{
	struct buf text = BUF(2048);
	const struct stream *s = t->d.s;

	buf_puts(&text, talk_peer(t));
	if (!t->common->stable && stream_peer_ip(s)[0]) {
		buf_printf(&text, " [%s]:%u", stream_peer_ip(s), t->ep.port);
		if (stream_local_ip(s)[0])
			buf_printf(&text, " from %s", stream_local_ip(s));
	}
	buf_puts(&text, ", ");
	if (stream_is_tls(s))
		put_tls(t, &text);
	else
		buf_puts(&text, "plain text");
	transcript_head(&t->transcript, buf_text(&text));
	buf_free(&text);
	if (stream_is_tls(s) && t->facts.tls.handshake_done)
		show_certificate(t);
}

/* A certificate fault ends the run (CRITICAL) when the user asked for TLS by name or by CA file.
 * It is a WARNING when TLS was only taken because it was offered (MTAs go on then), with -k, and
 * where talk_may_login has the last word. */
bool talk_certificate(struct talk *t)
{
	struct tls_facts *facts = &t->facts.tls;
	const struct opt_common *c = t->common;
	unsigned faults = facts->faults & TLS_CERT_FAULTS;
	bool asked_for = c->tls == OPT_TLS_STARTTLS || c->tls == OPT_TLS_IMPLICIT || c->ca_file;
	bool login_decides = t->creds.user.n > 0 && !stream_is_local(t->d.s);
	bool is_fatal = asked_for && !c->insecure && !login_decides;
	bool ok = true;

	if (faults & TLS_CLOCK && !(faults & ~TLS_CLOCK))
		is_fatal = false;
	for (unsigned bit = 1; bit & TLS_CERT_FAULTS; bit <<= 1) {
		if (!(faults & bit))
			continue;
		struct finding f = talk_finding(t, "cert");
		struct report_verdict v = { .stage = "cert" };
		struct buf fact = BUF(2 * TLS_TEXT_MAX);
		f.error = tls_fault_name(bit);
		buf_puts(&fact, tls_fault_text(bit));
		if (bit == TLS_WRONG_NAME && facts->chain_count > 0)
			buf_printf(&fact, ": wanted \"%s\", it names %s", facts->name,
					facts->chain[0].names[0] ? facts->chain[0].names :
								   facts->chain[0].subject);
		if (bit & (TLS_EXPIRED | TLS_NOT_YET) && facts->chain_count > 0)
			put_days(t, &facts->chain[0], &fact);
		v.fact = buf_text(&fact);
		v.status = bit == TLS_CLOCK ? REPORT_UNKNOWN :
				is_fatal    ? REPORT_CRITICAL :
					      REPORT_WARNING;
		if (strcmp(t->cert_told, facts->chain[0].sha256) != 0)
			report_advise(&t->report, &v, &f);
		buf_free(&fact);
		ok = !is_fatal;
	}
	memcpy(t->cert_told, facts->chain[0].sha256, sizeof(t->cert_told));
	return ok;
}

struct tls_options talk_tls_options(const struct talk *t)
{
	const struct opt_common *c = t->common;

	return (struct tls_options){
		.sni = c->sni,
		/* a socket or a child has no name but that of this machine */
		.host = c->sni && c->sni[0]            ? c->sni :
				t->ep.kind == ADDR_TCP ? t->ep.host :
							 "localhost",
		.ca_file = c->ca_file,
		.insecure = true, /* looked at by talk_certificate and auth_may_send */
		.min_version = t->tls_min,
		.max_version = t->tls_max,
		.cert_file = t->cert_file,
		.key_file = t->key_file,
	};
}
