/* mscan - which ports of a mail host are open
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/mscan.h"

#include "applets/applet.h"
#include "applets/mscan/modes.h"
#include "applets/mscan/show.h"
#include "applets/mscan/targets.h"
#include "applets/mscan/verdict.h"
#include "applets/mscan/versions.h"
#include "sys/mem.h"
#include "ui/report.h"
#include "ui/show.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct options {
	const char *ports, *file, *expect, *compare, *since;
	struct opt_list mx;
	bool well_known, yes, no_probe, reason, grep, local, egress, certs, versions;
	unsigned rate, tries, warning, critical;
};

#define AT(member) offsetof(struct options, member)

/* clang-format off */
static const struct opt options[] = {
	{.help = "What"},
	{'p', "ports", "LIST", OPT_TEXT, AT(ports), "25,587,imaps,1-1023; \"-\" all; \"mail\" all of mail", 0, 0},
	{0, "well-known", NULL, OPT_FLAG, AT(well_known), "ports 1 to 1023", 0, 0},
	{'f', "file", "FILE", OPT_TEXT, AT(file), "targets from FILE, one a line; \"-\" standard input", 0, 0},
	{0, "mx", "DOMAIN", OPT_LIST, AT(mx), "each MX host of DOMAIN", 0, 0},
	{0, "local", NULL, OPT_FLAG, AT(local), "this machine: who listens, on which address, who keeps it away", 0, 0},
	{0, "compare", "FILE", OPT_TEXT, AT(compare), "with --local: beside the --json of a scan from outside", 0, 0},
	{0, "egress", NULL, OPT_FLAG, AT(egress), "can this machine send? to the MX hosts of TARGET (gmail.com)", 0, 0},
	{0, "yes", NULL, OPT_FLAG, AT(yes), "yes, more than 4096 ports in all", 0, 0},
	{.help = "How"},
	{0, "no-probe", NULL, OPT_FLAG, AT(no_probe), "do not ask what answers on open mail ports", 0, 0},
	{0, "rate", "N", OPT_NUMBER, AT(rate), "at most N tries a second (3000)", 1, 100000},
	{0, "tries", "N", OPT_NUMBER, AT(tries), "N silent tries make \"filtered\" (3, more on a bad path)", 1, 10},
	{.help = "Verdict"},
	{'e', "expect", "LIST", OPT_TEXT, AT(expect), "25,587=open,143=closed: CRITICAL when it is not so", 0, 0},
	{'w', "warning", "DAYS", OPT_NUMBER, AT(warning), "WARNING when a certificate has less left (14)", 0, 3650},
	{'c', "critical", "DAYS", OPT_NUMBER, AT(critical), "CRITICAL when it has less left (3)", 0, 3650},
	{0, "since", "FILE", OPT_TEXT, AT(since), "WARNING for what is not as in the --json of a scan before", 0, 0},
	{0, "certs", NULL, OPT_FLAG, AT(certs), "only the certificates: ports, and what comes without SNI", 0, 0},
	{0, "tls-versions", NULL, OPT_FLAG, AT(versions), "try SSL 3 to TLS 1.3 on each port", 0, 0},
	{0, "reason", NULL, OPT_FLAG, AT(reason), "tries and time of every port", 0, 0},
	{0, "grep", NULL, OPT_FLAG, AT(grep), "one line a host: NAME IP PORT/STATE/REASON...", 0, 0},
	{0},
};
/* clang-format on */

static const char *const more[] = {
	"A target is a host (each of its addresses), an address, HOST:PORT, a URL, 192.0.2.0/24 or"
	" 192.0.2.1-20. Without --ports: 25 465 587 110 995 143 993 4190 2525 24 22 80 443 113.",
	"open: somebody accepts; closed: the host is up and nothing listens there (or something rejects with"
	" a reset, which looks the same); filtered: silence, or an ICMP refusal and who sent it;"
	" unreachable: this machine has no way there; undecided: the scan was stopped, or the host takes"
	" too few connections a second.",
	"Needs no privilege and sends no odd packets: it is connect(), tried again as often as the loss on"
	" the path asks for. Open mail ports are asked once: greeting, capabilities, TLS, certificate; never"
	" a login.",
	NULL,
};

static const char *const examples[] = {
	"mscan localhost",
	"which mail services run here",
	"mscan --mx example.com",
	"the mail servers of a domain, each address",
	"mscan --nagios -e 25,587,993=open,143=closed mail.example.com",
	"as a check of a monitoring system",
	NULL,
};

const struct opt_spec mscan_spec = {
	.name = "mscan",
	.what = "Which ports of a mail host are open, what answers there, and why not.",
	.usage = "mscan [options] TARGET... | --local | --egress [DOMAIN...]",
	.more = more,
	.options = options,
	.common = opt_common_reach,
	.examples = examples,
	.operands_max = OPT_LIST_MAX,
};

struct mscan {
	struct options o;
	struct opt_common common;
	struct mscan_run run;
	struct report report;
	struct targets targets;
	struct expectations expect;
	struct past past; /* of --compare or --since */
};

static void unresolved(void *ctx, const char *name, const struct err *e)
{
	struct mscan *m = ctx;
	bool is_null_mx = m->targets.is_null_mx;
	struct finding f = { .proto = ADVICE_DNS,
		.stage = "dns",
		.error = is_null_mx ? "null-mx" : err_name(e->kind),
		.host = bytes_of(name) };
	/* an answer about the domain, none about whether this machine can send */
	bool is_answer = is_null_mx && !m->o.egress;

	report_advise(&m->report,
			&(struct report_verdict){ .status = is_answer ? REPORT_CRITICAL :
									REPORT_UNKNOWN,
					.stage = "dns",
					.subject = name,
					.fact = e->text },
			&f);
}

static void pass_over(void *ctx, const char *name, const struct err *e)
{
	(void)ctx;
	(void)name;
	(void)e;
}

/* The MX hosts of the domains, and the domains themselves as something to compare with. */
static bool take_egress(struct mscan *m, const struct opt_list *operands, struct err *e)
{
	static const struct opt_list usual = { .at = { "gmail.com" }, .count = 1 };
	const struct opt_list *domains = operands->count ? operands : &usual;

	for (size_t i = 0; i < domains->count; i++) {
		if (!targets_add_mx(&m->targets, domains->at[i], e)) {
			if (e->kind == ERR_USAGE)
				return false;
			unresolved(m, domains->at[i], e);
		}
		/* a domain need not have an address of its own */
		m->targets.unresolved = pass_over;
		bool ok = targets_add(&m->targets, domains->at[i], e);
		m->targets.unresolved = unresolved;
		if (!ok)
			return false;
	}
	return true;
}

static bool take_targets(struct mscan *m, const struct opt_list *operands, struct err *e)
{
	bool ok = true;

	if (m->o.local)
		return local_add_addresses(&m->run, m->targets.dns.family, e);
	if (m->o.egress)
		return take_egress(m, operands, e);
	for (size_t i = 0; ok && i < operands->count; i++)
		ok = targets_add(&m->targets, operands->at[i], e);
	if (ok && m->o.file)
		ok = targets_add_file(&m->targets, m->o.file, e);
	for (size_t i = 0; ok && i < m->o.mx.count; i++)
		if (!targets_add_mx(&m->targets, m->o.mx.at[i], e)) {
			ok = e->kind != ERR_USAGE;
			if (ok)
				unresolved(m, m->o.mx.at[i], e);
		}
	return ok;
}

/* -p and its kin, then what the targets named; the ports that are expected otherwise. */
static bool choose_ports(struct mscan *m, struct err *e)
{
	struct buf spec = BUF(16);
	bool ok = true;

	if ((m->o.ports != NULL) + m->o.well_known + (m->targets.port > 0) > 1)
		return err_set(e, ERR_USAGE,
				"ports are named twice: by --ports, --well-known or HOST:PORT");
	if (m->o.ports) /* read before the targets were */
		return true;
	if (m->o.egress)
		return ports_parse(&m->run.ports, BYTES("25,443,587"), e);
	if (m->o.well_known)
		return ports_parse(&m->run.ports, BYTES("1-1023"), e);
	if (m->targets.port > 0) {
		buf_printf(&spec, "%u", m->targets.port);
		ok = ports_parse(&m->run.ports, buf_bytes(&spec), e);
		buf_free(&spec);
	} else if (m->expect.count > 0) {
		ok = verdict_expect_ports(&m->expect, &m->run.ports, e);
	} else {
		ports_default(&m->run.ports);
	}
	return ok;
}

static bool check_size(const struct mscan *m, struct err *e)
{
	size_t total = m->run.host_count * m->run.ports.count;

	if (total > MSCAN_ENDPOINTS_MAX && !m->o.yes)
		return err_set(e, ERR_USAGE,
				"%zu addresses with %zu ports each are more than %d in all: --yes does it",
				m->run.host_count, m->run.ports.count, MSCAN_ENDPOINTS_MAX);
	return total < UINT32_MAX / 2 || err_set(e, ERR_USAGE, "too many ports in all");
}

static bool check_modes(const struct mscan *m, const struct opt_list *operands, struct err *e)
{
	const struct options *o = &m->o;
	bool has_target = operands->count > 0 || o->file || o->mx.count > 0;

	if (o->local && (o->egress || has_target))
		return err_set(e, ERR_USAGE, "--local is this machine: no target and no --egress");
	if (o->egress && (o->file || o->mx.count > 0))
		return err_set(e, ERR_USAGE, "--egress takes domains, without --file and --mx");
	if (o->compare && !o->local)
		return err_set(e, ERR_USAGE, "--compare goes with --local");
	if (o->since && (o->local || o->egress))
		return err_set(e, ERR_USAGE, "--since goes with neither --local nor --egress");
	if (!o->local && !o->egress && !has_target)
		return err_set(e, ERR_USAGE, "a target is missing; try: mscan localhost");
	return true;
}

static bool prepare(struct mscan *m, const struct opt_list *operands, struct err *e)
{
	struct opt_common *c = &m->common;
	struct world *w = m->run.w;

	if (!check_modes(m, operands, e))
		return false;
	m->run.deadline_ms = c->timeout_s ? w->mono_ms(w) + c->timeout_s * (uint64_t)1000 :
					    WORLD_FOREVER;
	m->targets = (struct targets){ .run = &m->run,
		.dns = { .family = c->ipv4 == c->ipv6   ? AF_UNSPEC :
						c->ipv4 ? AF_INET :
							  AF_INET6,
				.server = c->dns,
				.deadline_ms = m->run.deadline_ms },
		.unresolved = unresolved,
		.ctx = m };
	/* what needs no network first: a slip shall cost nothing */
	if (m->o.ports && !ports_parse(&m->run.ports, bytes_of(m->o.ports), e))
		return false;
	if ((m->o.compare || m->o.since) &&
			!past_read(&m->past, m->o.compare ? m->o.compare : m->o.since, e))
		return false;
	if (m->o.expect && !verdict_expect_parse(&m->expect, bytes_of(m->o.expect), e))
		return false;
	return take_targets(m, operands, e) && choose_ports(m, e) && check_size(m, e);
}

/* Our own address on the way to the host: a UDP socket tells it without sending anything. */
static void find_source(struct mscan_host *h)
{
	struct addr to = h->addr, own = { .len = sizeof(own.sa) };
	int fd = socket(to.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr_set_port(&to, 9);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to.sa, to.len) == 0 &&
			getsockname(fd, (struct sockaddr *)&own.sa, &own.len) == 0)
		addr_ip(&own, h->source);
	if (fd >= 0)
		close(fd);
}

static void show_progress(struct mscan_run *run, size_t decided, size_t total)
{
	uint64_t gone = run->w->mono_ms(run->w) - run->begun_ms;
	struct buf line = BUF(200);

	buf_printf(&line, "\r%zu of %zu ports", decided, total);
	if (decided > 0) {
		buf_puts(&line, ", about ");
		show_duration(&line, gone * (total - decided) / decided);
		buf_puts(&line, " to go");
	}
	buf_puts(&line, "   ");
	out_put(&run->w->err, buf_bytes(&line));
	out_flush(&run->w->err);
	buf_free(&line);
}

static void clear_progress(struct mscan *m)
{
	if (!m->run.progress)
		return;
	out_puts(&m->run.w->err, "\r                                                   \r");
	out_flush(&m->run.w->err);
}

static void show_hosts(struct mscan *m)
{
	const struct mscan_view view = { .stable = m->common.stable,
		.reason = m->o.reason,
		.all = m->o.ports || m->targets.port > 0 || m->expect.count > 0 };

	if (m->o.local)
		return;
	for (size_t i = 0; i < m->run.host_count; i++) {
		if (m->common.json)
			mscan_json(&m->run, i, m->common.stable);
		else if (m->o.grep)
			mscan_grep(&m->run, i);
		else if (m->common.nagios || m->common.quiet)
			continue;
		else if (m->o.certs)
			modes_certs(&m->run, i);
		else
			mscan_table(&m->run, i, &view);
		if (m->common.verbose && !m->common.json && !m->o.grep)
			mscan_details(&m->run, i);
	}
}

static void say_time(struct mscan *m)
{
	struct buf text = BUF(100);

	if (m->common.stable || m->common.json || m->common.nagios || m->common.quiet || m->o.grep)
		return;
	show_duration(&text, m->run.w->mono_ms(m->run.w) - m->run.begun_ms);
	size_t total = m->run.host_count * m->run.ports.count;
	out_printf(&m->run.w->out, "%zu address%s, %zu port%s, %s\n", m->run.host_count,
			m->run.host_count == 1 ? "" : "es", total, total == 1 ? "" : "s",
			buf_text(&text));
	buf_free(&text);
}

static void sort_ports(struct mscan_run *run)
{
	uint32_t *of_port = xcalloc(PORTS_LAST + 1, sizeof(of_port[0]));
	size_t n = 0;

	for (size_t i = 0; i < run->ports.count; i++)
		of_port[ports_at(&run->ports, i)] = (uint32_t)i + 1;
	run->by_number = xcalloc(run->ports.count + 1, sizeof(run->by_number[0]));
	for (size_t port = 1; port <= PORTS_LAST; port++)
		if (of_port[port])
			run->by_number[n++] = of_port[port] - 1;
	free(of_port);
}

static void judge(struct mscan *m)
{
	struct verdict_options how = { .warning = m->o.warning,
		.critical = m->o.critical,
		.expect = m->o.expect ? &m->expect : NULL };

	if (m->o.grep)
		return;
	for (size_t i = 0; m->o.versions && i < m->run.host_count; i++)
		mscan_versions(&m->run, i, &m->report, !m->common.quiet && !m->common.nagios);
	for (size_t i = 0; m->o.certs && i < m->run.host_count; i++)
		mscan_without_sni(&m->run, i, &m->report);
	if (m->o.local)
		modes_local(&m->run, &m->report, m->o.compare ? &m->past : NULL,
				!m->common.quiet && !m->common.nagios);
	else if (m->o.egress)
		modes_egress(&m->run, &m->report);
	else if (m->o.since)
		modes_since(&m->run, &m->report, &m->past);
	else
		mscan_verdicts(&m->run, &m->report, &how);
}

static bool scan(struct mscan *m, struct err *e)
{
	struct mscan_run *run = &m->run;
	size_t total = run->host_count * run->ports.count;

	run->results = xcalloc(total + 1, sizeof(run->results[0]));
	run->rate = m->o.rate;
	run->tries = m->o.tries;
	run->probes = !m->o.no_probe && !m->o.local;
	run->ca_file = m->common.ca_file;
	if (run->w->err.tty && !m->common.json && !m->common.quiet)
		run->progress = show_progress;
	for (size_t i = 0; i < run->host_count; i++)
		find_source(&run->hosts[i]);
	world_catch_stop();
	if (!mscan_engine(run, e))
		return false;
	clear_progress(m);
	sort_ports(run);
	show_hosts(m);
	say_time(m);
	judge(m);
	return true;
}

static void free_results(struct mscan_run *run)
{
	size_t total = run->results ? run->host_count * run->ports.count : 0;

	for (size_t i = 0; i < total; i++)
		mscan_answer_free(run->results[i].answer);
	free(run->results);
	free(run->by_number);
}

int mscan_main(struct world *w, int argc, char **argv)
{
	struct mscan m = { .run = { .w = w },
		.o = { .rate = MSCAN_RATE, .warning = 14, .critical = 3 } };
	struct opt_list operands;
	struct err e = { 0 };

	enum opt_result parsed = opt_parse(w, &mscan_spec, argc, argv,
			&(struct opt_into){ &m.o, &m.common, &operands });
	if (parsed != OPT_RUN)
		return parsed == OPT_HELPED ? REPORT_OK : REPORT_UNKNOWN;
	report_init(&m.report, w, "mscan", operands.count ? operands.at[0] : NULL, &m.common);
	bool ok = prepare(&m, &operands, &e) && (m.run.host_count == 0 || scan(&m, &e));
	if (!ok)
		opt_wrong(w, &mscan_spec, "%s", e.text);
	int code = ok && !m.o.grep ? report_finish(&m.report) : ok ? REPORT_OK : REPORT_UNKNOWN;
	if (ok && m.run.was_stopped)
		code = REPORT_UNKNOWN;
	report_free(&m.report);
	free_results(&m.run);
	ports_free(&m.run.ports);
	targets_free(&m.run);
	past_free(&m.past);
	buf_free(&m.expect.list);
	return code;
}
