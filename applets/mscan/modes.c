/* modes - views of a scan: local, compared, to the outside
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/modes.h"

#include "applets/mscan/show.h"
#include "applets/mscan/tell.h"
#include "know/advice.h"
#include "ui/json.h"
#include "ui/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 400 };

/* --- local --- */

/* The states of the port on the addresses of one kind, "open" or "open/closed"; "" for none. */
static void states_on(const struct mscan_run *run, size_t port, bool loopback, struct buf *out)
{
	unsigned seen = 0;

	for (size_t i = 0; i < run->host_count; i++)
		if (addr_is_loopback(&run->hosts[i].addr) == loopback)
			seen |= 1u << mscan_result(run, i, port)->state;
	for (unsigned state = 0; state < MSCAN_STATES; state++)
		if (seen >> state & 1)
			buf_printf(out, "%s%s", out->n ? "/" : "", mscan_state_name(state));
}

static bool is_open_on(const struct mscan_run *run, size_t port, bool loopback)
{
	for (size_t i = 0; i < run->host_count; i++)
		if (addr_is_loopback(&run->hosts[i].addr) == loopback &&
				mscan_result(run, i, port)->state == MSCAN_OPEN)
			return true;
	return false;
}

static const char *rule_text(enum local_rule rule)
{
	static const char *const texts[] = {
		[LOCAL_RULE_UNKNOWN] = "unknown",
		[LOCAL_RULE_NONE] = "no rules",
		[LOCAL_RULE_OTHER] = "not named",
		[LOCAL_RULE_ACCEPT] = "accepts",
		[LOCAL_RULE_DROP] = "drops",
	};

	return texts[rule];
}

struct view {
	const struct mscan_run *run;
	const struct local *local;
	const struct past *outside;
	struct table table;
	struct tell tell;
	unsigned listening;
};

static void local_json(const struct view *v, size_t port, const struct local_port *p,
		enum local_rule rule)
{
	struct buf text = BUF(8192);
	struct bytes rest = buf_bytes(&p->addresses), word;
	struct json j;

	json_begin(&j, &text);
	json_str(&j, "type", "local");
	json_int(&j, "port", ports_at(&v->run->ports, port));
	json_array(&j, "listens");
	while (bytes_word(&rest, &word))
		json_item(&j, word);
	json_close(&j);
	if (p->process[0])
		json_text(&j, "process", bytes_of(p->process));
	json_bool(&j, "loopback_open", is_open_on(v->run, port, true));
	json_bool(&j, "own_address_open", is_open_on(v->run, port, false));
	json_str(&j, "firewall", rule_text(rule));
	json_end(&j);
	out_put(&v->run->w->out, buf_bytes(&text));
	buf_free(&text);
}

static void local_row(struct view *v, size_t port, const struct local_port *p, enum local_rule rule)
{
	const struct port_info *info = ports_info(ports_at(&v->run->ports, port));
	struct buf loopback = BUF(TEXT_MAX), own = BUF(TEXT_MAX);
	char number[8];

	snprintf(number, sizeof(number), "%u", ports_at(&v->run->ports, port));
	states_on(v->run, port, true, &loopback);
	states_on(v->run, port, false, &own);
	struct bytes cells[] = { bytes_of(number), bytes_of(info ? info->name : ""),
		p->any ? buf_bytes(&p->addresses) : BYTES("nobody"),
		bytes_of(p->process[0] ? p->process : "?"), buf_bytes(&loopback), buf_bytes(&own),
		bytes_of(rule_text(rule)) };
	if (!p->any)
		cells[3] = BYTES("");
	table_row(&v->table, cells, v->run->w->utf8);
	buf_free(&loopback);
	buf_free(&own);
}

/* What this machine alone can tell. */
static void judge_local(struct view *v, size_t port, const struct local_port *p)
{
	struct buf fact = BUF(TEXT_MAX);

	if (p->any && !p->others) {
		buf_puts(&fact, "listens on ");
		buf_put(&fact, buf_bytes(&p->addresses));
		buf_puts(&fact, " only");
		tell_port(&v->tell, ports_at(&v->run->ports, port),
				&(struct told){ .status = REPORT_WARNING,
						.error = "local-loopback-only",
						.stage = "local",
						.fact = buf_text(&fact) });
	}
	buf_free(&fact);
}

/* --- local and outside --- */

static struct told told_here(enum report_status status, const char *error, const char *fact)
{
	return (struct told){ .status = status, .error = error, .stage = "local", .fact = fact };
}

/* A firewall keeps the outside away, and the daemon listens: whose? */
static struct told whose_firewall(const struct past_port *seen, enum local_rule rule)
{
	if (seen->by_icmp && strcmp(seen->icmp_from, seen->addr) == 0)
		return told_here(REPORT_CRITICAL, "local-host-firewall",
				"listens here, and this machine rejects it outside");
	if (seen->by_icmp)
		return told_here(REPORT_CRITICAL, "local-network-firewall",
				"listens here, and something on the way rejects it");
	if (rule == LOCAL_RULE_DROP)
		return told_here(REPORT_CRITICAL, "local-host-firewall",
				"listens here, dropped outside; a rule here drops it");
	if (rule == LOCAL_RULE_NONE || rule == LOCAL_RULE_ACCEPT)
		return told_here(REPORT_CRITICAL, "local-network-firewall",
				"listens here, dropped outside; no rule here drops it");
	return told_here(REPORT_CRITICAL, "local-some-firewall", "listens here, dropped outside");
}

static struct told join(const struct past_port *seen, const struct local_port *p,
		enum local_rule rule)
{
	bool is_v6 = strchr(seen->addr, ':') != NULL;
	bool reaches = is_v6 ? p->v6 : p->v4;

	if (seen->state == MSCAN_OPEN && p->any)
		return told_here(REPORT_OK, NULL, "fine: listens here, open outside");
	if (seen->state == MSCAN_OPEN)
		return told_here(REPORT_WARNING, "local-other-answers",
				"open outside, and nothing listens here");
	if (!p->any)
		return told_here(REPORT_WARNING, "local-daemon-down", "nothing listens here");
	if (!p->others)
		return told_here(REPORT_CRITICAL, "local-loopback-only",
				"listens for this machine alone");
	if (!reaches)
		return told_here(REPORT_WARNING, "local-family",
				is_v6 ? "does not listen for IPv6" : "does not listen for IPv4");
	if (seen->state == MSCAN_CLOSED)
		return told_here(REPORT_CRITICAL, "local-reset", "listens here, closed outside");
	return whose_firewall(seen, rule);
}

static bool is_wanted(unsigned port)
{
	const struct port_info *info = ports_info(port);

	return info && info->talk != PORT_TALK_NONE;
}

/* Ports that nobody misses: neither open outside nor listened on here, and none of the usual. */
static bool is_of_interest(const struct past_port *seen, const struct local_port *p)
{
	const struct port_info *info = ports_info(seen->port);
	bool is_usual = info && info->is_default && info->talk != PORT_TALK_NONE &&
			info->talk != PORT_TALK_LMTP && info->talk != PORT_TALK_SIEVE &&
			seen->port != 2525;

	return p->any || seen->state == MSCAN_OPEN || is_usual;
}

static void judge_seen(struct view *v, struct tell *t, const struct past_port *seen)
{
	struct local_port p;
	struct bytes line;

	local_look(v->local, seen->port, &p);
	if (is_of_interest(seen, &p)) {
		struct told told = join(seen, &p, local_rule_of(v->local, seen->port, &line));
		tell_port(t, seen->port, &told);
	}
	buf_free(&p.addresses);
}

static void judge_outside(struct view *v)
{
	struct buf suffix = BUF(ADDR_TEXT_MAX + 8);
	struct tell t = { .report = v->tell.report, .host = "localhost" };

	for (size_t i = 0; i < v->outside->count; i++) {
		const struct past_port *seen = &v->outside->at[i];
		if (i == 0 || strcmp(seen->addr, seen[-1].addr) != 0) {
			tell_flush(&t);
			buf_clear(&suffix);
			buf_printf(&suffix, " at %s", seen->addr);
			t.suffix = buf_text(&suffix);
		}
		judge_seen(v, &t, seen);
	}
	tell_flush(&t);
	buf_free(&suffix);
}

static void look_at_port(struct view *v, size_t port, bool show)
{
	unsigned number = ports_at(&v->run->ports, port);
	struct local_port p;
	struct bytes line;

	local_look(v->local, number, &p);
	enum local_rule rule = local_rule_of(v->local, number, &line);
	v->listening += p.any && is_wanted(number);
	if (v->tell.report->json)
		local_json(v, port, &p, rule);
	else if (show && (p.any || is_wanted(number)))
		local_row(v, port, &p, rule);
	if (!v->outside)
		judge_local(v, port, &p);
	buf_free(&p.addresses);
}

static void sum_up_local(struct view *v)
{
	struct buf fact = BUF(TEXT_MAX);

	tell_flush(&v->tell);
	buf_printf(&fact, "%u listened on", v->listening);
	if (v->listening == 0)
		tell_now(&v->tell, "mail ports",
				&(struct told){ .status = REPORT_CRITICAL,
						.error = "local-daemon-down",
						.stage = "local",
						.fact = "nobody listens on any" });
	else if (v->tell.count == 0)
		report_add(v->tell.report,
				&(struct report_verdict){
						.status = REPORT_OK,
						.stage = "local",
						.subject = "mail ports",
						.fact = buf_text(&fact),
						.not_proves = "that they are reached from outside",
				});
	buf_free(&fact);
}

void modes_local(const struct mscan_run *run, struct report *report, const struct past *outside,
		bool show)
{
	static const struct table_column columns[] = {
		{ .title = "PORT", .right = true },
		{ .title = "SERVICE" },
		{ .title = "LISTENS ON", .may_shrink = true, .min = 12 },
		{ .title = "PROCESS" },
		{ .title = "LOOPBACK" },
		{ .title = "OWN ADDR" },
		{ .title = "FIREWALL" },
	};
	struct local local;
	struct view v = { .run = run,
		.local = &local,
		.outside = outside,
		.tell = { .report = report, .host = "localhost" } };

	local_read(&local, run->w);
	if (!local.is_readable) {
		tell_now(&v.tell, "listeners",
				&(struct told){ .status = REPORT_UNKNOWN,
						.error = "local-unreadable",
						.stage = "local",
						.fact = "/proc/net/tcp is not there" });
		local_free(&local);
		return;
	}
	table_init(&v.table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < run->ports.count; i++)
		look_at_port(&v, run->by_number[i], show);
	if (v.table.rows > 0)
		table_print(&v.table, run->w);
	if (v.table.rows > 0 && !local.knows_firewall)
		out_printf(&run->w->out, "firewall unknown: %s\n", local.why_not);
	table_free(&v.table);
	if (outside)
		judge_outside(&v);
	else
		sum_up_local(&v);
	local_free(&local);
}

/* --- since --- */

static bool is_same(const struct past_port *before, const struct mscan_port *now)
{
	const struct mscan_answer *a = now->answer;
	const char *sha = a && a->tls && a->tls->chain_count ? a->tls->chain[0].sha256 : "";

	return before->state == now->state &&
			(!before->sha256[0] || !sha[0] || !strcmp(sha, before->sha256));
}

static void judge_change(const struct mscan_run *run, size_t host, size_t port,
		const struct past *before, struct tell *t)
{
	const struct mscan_port *now = mscan_result(run, host, port);
	const struct past_port *old =
			past_find(before, run->hosts[host].ip, ports_at(&run->ports, port));
	struct buf fact = BUF(TEXT_MAX);

	if (!old || is_same(old, now))
		return;
	if (old->state == now->state)
		buf_puts(&fact, "another certificate than before");
	else
		buf_printf(&fact, "%s, was %s", mscan_state_name(now->state),
				mscan_state_name(old->state));
	tell_port(t, old->port,
			&(struct told){ .status = REPORT_WARNING,
					.error = "scan-changed",
					.stage = "connect",
					.fact = buf_text(&fact) });
	buf_free(&fact);
}

void modes_since(const struct mscan_run *run, struct report *report, const struct past *before)
{
	struct tell t = { .report = report };

	for (size_t h = 0; h < run->host_count; h++) {
		struct buf suffix = BUF(ADDR_TEXT_MAX + 8);
		buf_printf(&suffix, " at %s", run->hosts[h].ip);
		t.suffix = buf_text(&suffix);
		t.host = run->hosts[h].name;
		for (size_t i = 0; i < run->ports.count; i++)
			judge_change(run, h, run->by_number[i], before, &t);
		tell_flush(&t);
		buf_free(&suffix);
	}
	if (t.count == 0)
		tell_now(&t, "changes",
				&(struct told){ .status = REPORT_OK,
						.stage = "connect",
						.fact = "none since the scan before" });
}

/* --- egress --- */

struct family {
	const char *name;
	int family;
	unsigned hosts, open_25, closed_25, icmp_25, answers, unreachable;
};

static void count_family(const struct mscan_run *run, struct family *f)
{
	for (size_t h = 0; h < run->host_count; h++) {
		if (run->hosts[h].addr.sa.ss_family != f->family)
			continue;
		f->hosts++;
		for (size_t i = 0; i < run->ports.count; i++) {
			const struct mscan_port *r = mscan_result(run, h, i);
			bool is_25 = ports_at(&run->ports, i) == 25;
			f->open_25 += is_25 && r->state == MSCAN_OPEN;
			f->closed_25 += is_25 && r->state == MSCAN_CLOSED;
			f->icmp_25 += is_25 && r->reason == MSCAN_BY_ICMP;
			f->answers += !is_25 &&
					(r->state == MSCAN_OPEN || r->state == MSCAN_CLOSED);
			f->unreachable += r->state == MSCAN_UNREACHABLE;
		}
	}
}

/* False: nothing can be said of this family. Not having IPv6 is no fault; having no way at all is
 * told by modes_egress. */
static bool judge_family(const struct mscan_run *run, struct tell *t, struct family *f)
{
	struct told v = { .status = REPORT_CRITICAL, .stage = "connect", .port = 25 };

	count_family(run, f);
	if (f->hosts == 0 || (f->open_25 == 0 && f->unreachable > 0 && f->answers == 0))
		return false;
	if (f->open_25 > 0) {
		v.status = REPORT_OK;
		v.fact = "port 25 outside is reached";
	} else if (f->icmp_25 > 0) {
		v.error = "egress-25-rejected";
		v.fact = "port 25 outside is rejected";
	} else if (f->closed_25 > 0) {
		v.error = "egress-25-rejected";
		v.fact = "port 25 outside is answered with a reset";
	} else if (f->answers > 0) {
		v.error = "egress-25-dropped";
		v.fact = "port 25 outside is silent, other ports answer";
	} else {
		v.status = REPORT_UNKNOWN;
		v.error = "egress-no-network";
		v.fact = "nothing outside answers";
	}
	tell_now(t, f->name, &v);
	return true;
}

void modes_egress(const struct mscan_run *run, struct report *report)
{
	struct family families[] = { { .name = "IPv4", .family = AF_INET },
		{ .name = "IPv6", .family = AF_INET6 } };
	struct tell t = { .report = report, .host = run->hosts[0].name };
	bool any = false;

	for (size_t i = 0; i < 2; i++)
		any = judge_family(run, &t, &families[i]) || any;
	if (!any)
		tell_now(&t, "network",
				&(struct told){ .status = REPORT_UNKNOWN,
						.error = "egress-no-network",
						.stage = "connect",
						.fact = "no way from this machine to the outside" });
}

/* --- certificates --- */

static const struct tls_facts *tls_of(const struct mscan_run *run, size_t host, size_t i)
{
	const struct mscan_answer *a = mscan_result(run, host, run->by_number[i])->answer;

	return a && a->tls && a->tls->chain_count > 0 ? a->tls : NULL;
}

/* The ports that show this certificate; "" when an earlier one has told it. */
static void ports_with(const struct mscan_run *run, size_t host, size_t first, struct buf *out)
{
	const char *sha = tls_of(run, host, first)->chain[0].sha256;

	for (size_t i = 0; i < run->ports.count; i++) {
		const struct tls_facts *f = tls_of(run, host, i);
		if (!f || strcmp(f->chain[0].sha256, sha) != 0)
			continue;
		if (i < first)
			return;
		buf_printf(out, "%s%u", out->n ? "," : "",
				ports_at(&run->ports, run->by_number[i]));
	}
}

void modes_certs(const struct mscan_run *run, size_t host)
{
	static const struct table_column columns[] = {
		{ .title = "PORTS" },
		{ .title = "NAMES", .may_shrink = true, .min = 16 },
		{ .title = "ISSUER", .may_shrink = true, .min = 12 },
		{ .title = "DAYS", .right = true },
		{ .title = "KEY" },
		{ .title = "VERDICT" },
	};
	struct table t;

	table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < run->ports.count; i++) {
		const struct tls_facts *f = tls_of(run, host, i);
		struct buf ports = BUF(TEXT_MAX);
		char days[24];
		if (f)
			ports_with(run, host, i, &ports);
		if (ports.n > 0) {
			const struct tls_cert *c = &f->chain[0];
			unsigned faults = f->faults & TLS_CERT_FAULTS;
			snprintf(days, sizeof(days), "%" PRId64, mscan_days(run, c->not_after));
			struct bytes cells[] = { buf_bytes(&ports),
				bytes_of(c->names[0] ? c->names : c->subject), bytes_of(c->issuer),
				bytes_of(days), bytes_of(c->key),
				bytes_of(faults ? tls_fault_name(faults) : "ok") };
			table_row(&t, cells, run->w->utf8);
		}
		buf_free(&ports);
	}
	if (t.rows > 0)
		table_print(&t, run->w);
	else
		out_puts(&run->w->out, "no certificate was shown\n");
	table_free(&t);
}
