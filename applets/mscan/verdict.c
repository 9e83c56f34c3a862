/* verdict - what a scan means
 * SPDX-License-Identifier: MIT
 *
 * One verdict a cause, not one a port: ports that share what was seen stand in one line. What
 * cannot be told from outside (which firewall drops) is not told.
 */
#include "applets/mscan/verdict.h"

#include "applets/mscan/show.h"
#include "applets/mscan/tell.h"

#include <inttypes.h>
#include <string.h>

enum { FACT_MAX = 400, LIST_SHOWN = 12 };

/* --- what is expected --- */

static bool add_pairs(struct expectations *x, struct bytes spec, enum mscan_state state,
		struct err *e)
{
	struct ports p;

	if (!ports_parse(&p, spec, e))
		return err_wrap(e, "--expect");
	for (size_t i = 0; i < p.count; i++, x->count++) {
		uint16_t pair[2] = { (uint16_t)ports_at(&p, i), (uint16_t)state };
		buf_put(&x->list, (struct bytes){ (const unsigned char *)pair, sizeof(pair) });
	}
	ports_free(&p);
	return true;
}

bool verdict_expect_parse(struct expectations *x, struct bytes text, struct err *e)
{
	*x = (struct expectations){ .list = BUF((PORTS_LAST + 1) * 8) };
	while (text.n > 0) {
		struct bytes spec = bytes_head(text, bytes_find(text, '='));
		struct bytes rest = bytes_skip(text, spec.n + 1);
		struct bytes name = bytes_head(rest, bytes_find(rest, ','));
		enum mscan_state state = spec.n < text.n ? mscan_state_of(name) : MSCAN_OPEN;
		if (state == MSCAN_NONE)
			return err_set(e, ERR_USAGE,
					"--expect: \"%.*s\" is no state: open, closed, filtered, unreachable",
					(int)(name.n < 60 ? name.n : 60), (const char *)name.p);
		if (!add_pairs(x, spec, state, e))
			return false;
		text = bytes_skip(rest, name.n + 1);
	}
	return x->count > 0 || err_set(e, ERR_USAGE, "--expect: nothing is expected");
}

static void pair_at(const struct expectations *x, size_t i, uint16_t pair[2])
{
	memcpy(pair, x->list.p + i * 2 * sizeof(pair[0]), 2 * sizeof(pair[0]));
}

bool verdict_expect_ports(const struct expectations *x, struct ports *p, struct err *e)
{
	struct buf spec = BUF((PORTS_LAST + 1) * 6);
	uint16_t pair[2];

	for (size_t i = 0; i < x->count; i++) {
		pair_at(x, i, pair);
		buf_printf(&spec, "%s%u", i ? "," : "", pair[0]);
	}
	bool ok = ports_parse(p, buf_bytes(&spec), e);
	buf_free(&spec);
	return ok;
}

/* --- one verdict --- */

struct judge {
	const struct mscan_run *run;
	const struct verdict_options *o;
	size_t host;
	struct tell tell;
};

static const struct mscan_port *at(const struct judge *j, size_t port)
{
	return mscan_result(j->run, j->host, port);
}

/* About the host. */
static void tell_host(struct judge *j, struct told v)
{
	const struct mscan_host *h = &j->run->hosts[j->host];

	tell_now(&j->tell, j->run->host_count > 1 ? h->ip : h->name, &v);
}

/* About ports that are listed. */
static void tell_ports(struct judge *j, struct buf *ports, struct told v)
{
	struct buf subject = BUF(FACT_MAX);

	buf_printf(&subject, "%s%s", j->tell.prefix ? j->tell.prefix : "", buf_text(ports));
	tell_now(&j->tell, buf_text(&subject), &v);
	buf_free(&subject);
}

static void tell_about(struct judge *j, size_t port, struct told v)
{
	static const enum advice_proto protos[] = {
		[PORT_TALK_SMTP] = ADVICE_SMTP,
		[PORT_TALK_POP3] = ADVICE_POP3,
		[PORT_TALK_IMAP] = ADVICE_IMAP,
		[PORT_TALK_ANY] = 0,
	};
	const struct mscan_answer *a = at(j, port)->answer;

	if (a && a->tls && a->tls->by_starttls)
		v.starttls = protos[a->talk];
	tell_port(&j->tell, ports_at(&j->run->ports, port), &v);
}

/* --- states --- */

static bool is_mail(const struct judge *j, size_t port)
{
	const struct port_info *info = ports_info(ports_at(&j->run->ports, port));
	const struct mscan_answer *a = at(j, port)->answer;

	return (info && info->talk != PORT_TALK_NONE) || (a && a->greeted);
}

/* Those whose silence a mail administrator wants to know of. */
static bool is_service(const struct judge *j, size_t port)
{
	static const uint16_t services[] = { 25, 465, 587, 110, 995, 143, 993 };

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (services[i] == ports_at(&j->run->ports, port))
			return true;
	return false;
}

struct counts {
	size_t by_state[MSCAN_STATES];
	size_t mail_open, rejected;
};

static struct counts count(const struct judge *j)
{
	struct counts c = { .mail_open = 0 };

	for (size_t i = 0; i < j->run->ports.count; i++) {
		c.by_state[at(j, i)->state]++;
		c.mail_open += at(j, i)->state == MSCAN_OPEN && is_mail(j, i);
		c.rejected += at(j, i)->reason == MSCAN_BY_ICMP;
	}
	return c;
}

struct match {
	enum mscan_state state;
	enum mscan_reason reason;
	int sender; /* of ICMP; -1 = any */
	bool services_only;
};

/* Collects the ports that match; returns how many. */
static size_t list_ports(const struct judge *j, const struct match *m, struct buf *out)
{
	size_t found = 0;

	for (size_t i = 0; i < j->run->ports.count; i++) {
		const struct mscan_port *r = at(j, i);
		if (r->state != m->state || r->reason != m->reason ||
				(m->services_only && !is_service(j, i)) ||
				(m->sender >= 0 && r->sender != m->sender))
			continue;
		if (found++ < LIST_SHOWN)
			buf_printf(out, "%s%u", out->n ? "," : "", ports_at(&j->run->ports, i));
	}
	if (found > LIST_SHOWN)
		buf_printf(out, " and %zu more", found - LIST_SHOWN);
	return found;
}

static void judge_silent(struct judge *j, const struct counts *c)
{
	struct buf ports = BUF(FACT_MAX);
	static const struct match silent = { MSCAN_FILTERED, MSCAN_BY_SILENCE, -1, true };
	size_t found = list_ports(j, &silent, &ports);
	bool only_25 = found == 1 && bytes_equal(buf_bytes(&ports), BYTES("25")) &&
			c->mail_open > 0;

	if (found > 0)
		tell_ports(j, &ports,
				(struct told){ .status = REPORT_WARNING,
						.error = only_25 ? "port-25-dropped" :
								   "port-dropped",
						.stage = "connect",
						.fact = c->rejected ?
								"no reply; other ports are rejected by ICMP, which is often sent only once a second" :
								"no reply, while other ports answer" });
	buf_free(&ports);
}

static void judge_rejected(struct judge *j)
{
	const struct mscan_host *h = &j->run->hosts[j->host];

	for (size_t s = 0; s < j->run->sender_count; s++) {
		struct buf ports = BUF(FACT_MAX), fact = BUF(FACT_MAX);
		char ip[ADDR_TEXT_MAX];
		addr_ip(&j->run->senders[s], ip);
		bool own = strcmp(ip, h->source) == 0, host = strcmp(ip, h->ip) == 0;
		if (list_ports(j, &(struct match){ MSCAN_FILTERED, MSCAN_BY_ICMP, (int)s, false },
				    &ports) > 0) {
			buf_printf(&fact, "rejected by ICMP from %s", ip);
			tell_ports(j, &ports,
					(struct told){ .status = own && !host ? REPORT_UNKNOWN :
										REPORT_WARNING,
							.error = own && !host ?
									"port-rejected-here" :
									host ?
									"port-rejected-host" :
									"port-rejected-router",
							.stage = "connect",
							.fact = buf_text(&fact) });
		}
		buf_free(&ports);
		buf_free(&fact);
	}
}

static enum mscan_state state_of_port(const struct judge *j, unsigned port)
{
	for (size_t i = 0; i < j->run->ports.count; i++)
		if (ports_at(&j->run->ports, i) == port)
			return (enum mscan_state)at(j, i)->state;
	return MSCAN_NONE;
}

/* Closed alone is no fault; closed beside its open twin is worth a word. */
static void judge_closed(struct judge *j)
{
	static const struct {
		uint16_t port, twin;
	} pairs[] = { { 993, 143 }, { 143, 993 }, { 995, 110 }, { 110, 995 } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf subject = BUF(20), fact = BUF(FACT_MAX);
		if (state_of_port(j, pairs[i].port) == MSCAN_CLOSED &&
				state_of_port(j, pairs[i].twin) == MSCAN_OPEN &&
				pairs[i].port > 900) {
			buf_printf(&subject, "%u", pairs[i].port);
			buf_printf(&fact, "closed, while %u is open", pairs[i].twin);
			tell_ports(j, &subject,
					(struct told){ .status = REPORT_WARNING,
							.error = "port-closed-pair",
							.stage = "connect",
							.fact = buf_text(&fact),
							.port = pairs[i].port });
		}
		buf_free(&subject);
		buf_free(&fact);
	}
}

static void judge_manners(struct judge *j)
{
	const struct mscan_host *h = &j->run->hosts[j->host];
	struct buf fact = BUF(FACT_MAX);

	if (h->limit > 0) {
		buf_printf(&fact, "takes about %u new connections a second", h->limit);
		tell_host(j,
				(struct told){ .status = REPORT_WARNING,
						.error = "scan-limited",
						.stage = "connect",
						.fact = buf_text(&fact) });
	}
	if (h->is_blocked)
		tell_host(j,
				(struct told){ .status = REPORT_UNKNOWN,
						.error = "scan-blocked",
						.stage = "connect",
						.fact = "answered at first, then no more" });
	buf_free(&fact);
}

/* False: there is nothing more to say of this host. */
static bool judge_host(struct judge *j, const struct counts *c)
{
	size_t answers = c->by_state[MSCAN_OPEN] + c->by_state[MSCAN_CLOSED];

	if (answers > 0 && c->mail_open == 0 && j->run->ports.count > 1)
		tell_host(j,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "scan-no-mail-port",
						.stage = "connect",
						.fact = "no mail port is open" });
	if (answers > 0 || c->rejected > 0)
		return true;
	if (c->by_state[MSCAN_UNREACHABLE] > 0)
		tell_host(j,
				(struct told){ .status = REPORT_UNKNOWN,
						.error = "scan-no-way",
						.stage = "connect",
						.fact = "cannot be reached from this machine" });
	else if (c->by_state[MSCAN_FILTERED] > 0)
		tell_host(j,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "scan-host-silent",
						.stage = "connect",
						.fact = "no answer from any port" });
	return false;
}

/* --- answers --- */

static void judge_greeting(struct judge *j, size_t port, const struct mscan_answer *a)
{
	struct buf fact = BUF(FACT_MAX);

	if (ports_info(ports_at(&j->run->ports, port)) == NULL && !a->greeted && !a->is_flood)
		return; /* nobody said what it ought to be */
	if (a->is_flood) {
		tell_about(j, port,
				(struct told){ .status = REPORT_WARNING,
						.error = "port-flood",
						.stage = "banner",
						.fact = "an answer without end" });
	} else if (a->is_silent && a->step == PROBE_GREETING) {
		tell_about(j, port,
				(struct told){ .status = REPORT_WARNING,
						.error = "port-silent",
						.stage = "banner",
						.fact = "accepts, and no greeting came in 5 s" });
	} else if (!a->greeted && a->other) {
		buf_printf(&fact, "answers as %s", a->other);
		tell_about(j, port,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "port-other",
						.stage = "banner",
						.fact = buf_text(&fact) });
	} else if (a->is_refusal) {
		buf_put(&fact, buf_bytes(&a->greeting));
		tell_about(j, port,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "port-refuses",
						.stage = "banner",
						.fact = buf_text(&fact) });
	}
	buf_free(&fact);
}

static const struct tls_cert *leaf_of(const struct mscan_answer *a)
{
	return a && a->tls && a->tls->handshake_done && a->tls->chain_count > 0 ?
			&a->tls->chain[0] :
			NULL;
}

/* The port of this host whose certificate has this one's subject and ends later; or count. */
static size_t newer_twin(const struct judge *j, const struct tls_cert *c)
{
	for (size_t i = 0; i < j->run->ports.count; i++) {
		const struct tls_cert *other = leaf_of(at(j, i)->answer);
		if (other && strcmp(other->sha256, c->sha256) && !strcmp(other->names, c->names) &&
				other->not_after > c->not_after)
			return i;
	}
	return j->run->ports.count;
}

static void put_days(struct buf *out, int64_t days)
{
	if (days < 0)
		buf_printf(out, "certificate expired %" PRId64 " day%s ago", -days,
				days == -1 ? "" : "s");
	else
		buf_printf(out, "certificate ends in %" PRId64 " day%s", days,
				days == 1 ? "" : "s");
}

static void judge_certificate(struct judge *j, size_t port, const struct mscan_answer *a)
{
	const struct tls_cert *c = leaf_of(a);
	unsigned faults = a->tls->faults & TLS_CERT_FAULTS;
	struct buf fact = BUF(FACT_MAX);
	enum report_status status = REPORT_WARNING;
	const char *error = NULL;
	int64_t days = mscan_days(j->run, c->not_after);
	size_t twin = newer_twin(j, c);

	if (faults) {
		error = tls_fault_name(faults);
		status = faults & TLS_CLOCK ? REPORT_UNKNOWN : REPORT_CRITICAL;
		if (faults & TLS_EXPIRED)
			put_days(&fact, days);
		else
			buf_puts(&fact, tls_fault_text(faults));
	} else if (days < j->o->warning) {
		error = "cert-ends-soon";
		status = days < j->o->critical ? REPORT_CRITICAL : REPORT_WARNING;
		put_days(&fact, days);
	}
	if (twin < j->run->ports.count) {
		buf_printf(&fact, "%s%u serves a newer one",
				fact.n ? "; " : "an older certificate: ",
				ports_at(&j->run->ports, twin));
		if (!faults || (faults & TLS_EXPIRED))
			error = "cert-renewed-not-loaded";
	}
	if (error)
		tell_about(j, port,
				(struct told){ .status = status,
						.error = error,
						.stage = "cert",
						.fact = buf_text(&fact) });
	buf_free(&fact);
}

static void judge_tls(struct judge *j, size_t port, const struct mscan_answer *a)
{
	const struct tls_facts *f = a->tls;

	if (f && f->handshake_done && f->chain_count > 0) {
		judge_certificate(j, port, a);
	} else if (f && f->faults & TLS_PEER_PLAIN && !a->offers_tls) {
		tell_about(j, port,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "port-no-wrapper",
						.stage = "tls",
						.fact = "clear text where TLS is due" });
	} else if (f && !f->handshake_done) {
		const char *error = tls_failure_name(f);
		tell_about(j, port,
				(struct told){ .status = REPORT_CRITICAL,
						.error = error ? error : "tls",
						.stage = "tls",
						.fact = a->err.text[0] ? a->err.text :
									 "no TLS came about" });
	} else if (a->refused_tls) {
		tell_about(j, port,
				(struct told){ .status = REPORT_CRITICAL,
						.error = "port-starttls-refused",
						.stage = "tls",
						.fact = "STARTTLS is offered, and refused" });
	} else if (a->greeted && !a->is_refusal && !a->offers_tls && a->step >= PROBE_QUIT &&
			a->talk != PORT_TALK_LMTP) {
		tell_about(j, port,
				(struct told){ .status = REPORT_WARNING,
						.error = "port-no-starttls",
						.stage = "tls",
						.fact = "no TLS is offered" });
	}
}

static void judge_answers(struct judge *j)
{
	for (size_t i = 0; i < j->run->ports.count; i++) {
		size_t port = j->run->by_number[i];
		const struct mscan_answer *a = at(j, port)->answer;
		if (!a)
			continue;
		judge_greeting(j, port, a);
		judge_tls(j, port, a);
	}
	tell_flush(&j->tell);
}

/* --- the whole --- */

static void judge_expected(struct judge *j)
{
	for (size_t i = 0; i < j->o->expect->count; i++) {
		struct buf fact = BUF(FACT_MAX), subject = BUF(20);
		uint16_t pair[2];
		pair_at(j->o->expect, i, pair);
		enum mscan_state found = state_of_port(j, pair[0]);
		if (found != pair[1]) {
			buf_printf(&subject, "%u", pair[0]);
			buf_printf(&fact, "%s, should be %s", mscan_state_name(found),
					mscan_state_name(pair[1]));
			tell_ports(j, &subject,
					(struct told){ .status = found == MSCAN_NONE ?
									REPORT_UNKNOWN :
									REPORT_CRITICAL,
							.error = "port-not-as-expected",
							.stage = "connect",
							.fact = buf_text(&fact),
							.port = pair[0] });
		}
		buf_free(&fact);
		buf_free(&subject);
	}
}

static void tell_good(struct judge *j, const struct counts *c)
{
	const struct mscan_host *h = &j->run->hosts[j->host];
	struct buf fact = BUF(FACT_MAX);

	for (unsigned i = MSCAN_OPEN; i < MSCAN_STATES; i++)
		if (c->by_state[i] > 0)
			buf_printf(&fact, "%s%zu %s", fact.n ? ", " : "", c->by_state[i],
					mscan_state_name(i));
	report_add(j->tell.report,
			&(struct report_verdict){ .status = REPORT_OK,
					.stage = "connect",
					.subject = j->run->host_count > 1 ? h->ip : h->name,
					.fact = buf_text(&fact),
					.not_proves = "that others reach these ports: each network has its own firewalls" });
	buf_free(&fact);
}

static void judge_one(struct judge *j)
{
	struct counts c = count(j);

	if (j->o->expect) {
		judge_expected(j);
		judge_answers(j);
	} else if (judge_host(j, &c)) {
		judge_silent(j, &c);
		judge_rejected(j);
		judge_closed(j);
		judge_manners(j);
		judge_answers(j);
	}
	if (j->tell.count == 0 && c.by_state[MSCAN_NONE] == 0)
		tell_good(j, &c);
}

void mscan_verdicts(const struct mscan_run *run, struct report *report,
		const struct verdict_options *o)
{
	if (run->was_stopped)
		report_add(report,
				&(struct report_verdict){ .status = REPORT_UNKNOWN,
						.stage = "connect",
						.subject = "scan",
						.fact = "stopped before its end: what is undecided was not tested" });
	for (size_t i = 0; i < run->host_count; i++) {
		struct judge j = { .run = run, .o = o, .host = i, .tell = { .report = report } };
		struct buf prefix = BUF(ADDR_TEXT_MAX + 2);
		buf_printf(&prefix, "%s ", run->hosts[i].ip);
		j.tell.host = run->hosts[i].name;
		j.tell.prefix = run->host_count > 1 ? buf_text(&prefix) : NULL;
		judge_one(&j);
		buf_free(&prefix);
	}
}
