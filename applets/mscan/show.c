/* show - what a scan found, for people and for programs
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/show.h"

#include "proto/sasl.h"
#include "ui/json.h"
#include "ui/show.h"
#include "ui/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INFO_MAX = 600, CLOSED_SHOWN = 20, NAMED_SHOWN = 32, DAY_S = 86400 };

const char *mscan_state_name(enum mscan_state state)
{
	static const char *const names[] = {
		[MSCAN_NONE] = "undecided",
		[MSCAN_OPEN] = "open",
		[MSCAN_CLOSED] = "closed",
		[MSCAN_FILTERED] = "filtered",
		[MSCAN_UNREACHABLE] = "unreachable",
	};

	return names[state];
}

enum mscan_state mscan_state_of(struct bytes name)
{
	for (unsigned i = MSCAN_OPEN; i < MSCAN_STATES; i++)
		if (bytes_equal_nocase(name, bytes_of(mscan_state_name(i))))
			return (enum mscan_state)i;
	return MSCAN_NONE;
}

static const struct {
	const char *word, *text;
} reasons[] = {
	[MSCAN_BY_NOTHING] = { "stopped", "stopped before it was decided" },
	[MSCAN_BY_SYN_ACK] = { "syn-ack", "syn-ack" },
	[MSCAN_BY_RESET] = { "reset", "reset" },
	[MSCAN_BY_SELF] = { "self-connect", "reset" },
	[MSCAN_BY_SILENCE] = { "no-reply", "no reply" },
	[MSCAN_BY_ICMP] = { "icmp", "" },
	[MSCAN_BY_ERRNO] = { "errno", "" },
	[MSCAN_BY_NO_ROUTE] = { "no-route", "no route from here" },
	[MSCAN_BY_PROHIBITED] = { "prohibited-here", "this machine forbids it" },
	[MSCAN_BY_NO_NEIGHBOUR] = { "no-neighbour", "nobody has this address on the link" },
	[MSCAN_BY_NO_FAMILY] = { "no-family", "no such protocol on this machine" },
	[MSCAN_BY_BLOCK] = { "blocked", "host stopped answering" },
};

const char *mscan_reason_word(const struct mscan_port *r)
{
	return reasons[r->reason].word;
}

/* RFC 792, 1122, 1812 and RFC 4443. */
void mscan_icmp(const struct mscan_host *h, const struct mscan_port *r, struct buf *out)
{
	static const struct {
		unsigned char type, code;
		const char *name;
	} v4[] = {
		{ 3, 0, "net-unreachable" },	 { 3, 1, "host-unreachable" },
		{ 3, 2, "proto-unreachable" },	 { 3, 3, "port-unreachable" },
		{ 3, 9, "net-prohibited" },	 { 3, 10, "host-prohibited" },
		{ 3, 13, "admin-prohibited" },	 { 11, 0, "ttl-exceeded" },
	}, v6[] = {
		{ 1, 0, "no-route" },		 { 1, 1, "admin-prohibited" },
		{ 1, 3, "address-unreachable" }, { 1, 4, "port-unreachable" },
		{ 1, 5, "policy-failed" },	 { 1, 6, "route-rejected" },
		{ 3, 0, "ttl-exceeded" },
	};
	bool is_v6 = h->addr.sa.ss_family == AF_INET6;
	size_t count = is_v6 ? sizeof(v6) / sizeof(v6[0]) : sizeof(v4) / sizeof(v4[0]);

	for (size_t i = 0; i < count; i++) {
		unsigned type = is_v6 ? v6[i].type : v4[i].type;
		unsigned code = is_v6 ? v6[i].code : v4[i].code;
		if (type == r->icmp_type && code == r->icmp_code) {
			buf_puts(out, is_v6 ? v6[i].name : v4[i].name);
			return;
		}
	}
	buf_printf(out, "icmp %u/%u", r->icmp_type, r->icmp_code);
}

static const struct mscan_host *host_of(const struct mscan_run *run, const struct mscan_port *r)
{
	return &run->hosts[(size_t)(r - run->results) / run->ports.count];
}

void mscan_reason(const struct mscan_run *run, const struct mscan_port *r, bool stable,
		struct buf *out)
{
	char sender[ADDR_TEXT_MAX];

	if (r->reason == MSCAN_BY_ICMP) {
		addr_ip(&run->senders[r->sender], sender);
		mscan_icmp(host_of(run, r), r, out);
		buf_printf(out, " from %s", sender);
		return;
	}
	if (r->reason == MSCAN_BY_ERRNO) {
		buf_puts(out, strerror(r->error));
		return;
	}
	buf_puts(out, reasons[r->reason].text);
	if (r->reason == MSCAN_BY_SILENCE)
		buf_printf(out, " (%u)", r->tries);
	else if (!stable && (r->reason == MSCAN_BY_SYN_ACK || r->reason == MSCAN_BY_RESET))
		buf_printf(out, r->rtt_ms ? " %u ms" : " <1 ms", r->rtt_ms);
}

int64_t mscan_days(const struct mscan_run *run, int64_t t)
{
	int64_t left = t - run->w->wall_s(run->w);

	return left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
}

/* --- what answers --- */

static void comma(struct buf *out, size_t begin)
{
	if (out->n > begin)
		buf_puts(out, ", ");
}

static void put_tls(const struct mscan_run *run, const struct mscan_answer *a, struct buf *out,
		size_t begin)
{
	const struct tls_facts *f = a->tls;

	comma(out, begin);
	if (!f->handshake_done) {
		buf_puts(out,
				f->faults & TLS_PEER_PLAIN ? "no TLS: answers in clear text" :
							     "TLS failed");
		return;
	}
	buf_printf(out, "%s", f->version);
	if (f->faults & TLS_CERT_FAULTS)
		buf_printf(out, ", %s", tls_fault_text(f->faults & TLS_CERT_FAULTS));
	else if (f->chain_count > 0)
		buf_printf(out, ", %s, %" PRId64 " days", f->chain[0].subject,
				mscan_days(run, f->chain[0].not_after));
}

static void put_banner(const struct mscan_answer *a, struct buf *out)
{
	struct bytes software = mscan_answer_software(a);

	if (!a->greeted && a->other)
		buf_printf(out, "speaks %s", a->other);
	else if (a->is_flood)
		buf_puts(out, "an answer without end");
	else if (a->is_silent && a->step == PROBE_GREETING)
		buf_puts(out, "silent: no greeting");
	else if (!a->greeted && a->greeting.n == 0)
		buf_puts(out, "hangs up without a word");
	else if (a->is_refusal || !a->greeted)
		buf_put(out, buf_bytes(&a->greeting));
	else if (software.n > 0)
		buf_put(out, software);
	else
		buf_puts(out, "software hidden");
}

void mscan_info(const struct mscan_run *run, const struct mscan_port *r, struct buf *out)
{
	const struct mscan_answer *a = r->answer;
	size_t begin = out->n;

	if (!a)
		return;
	bool is_tls_port = a->tls && !a->offers_tls;
	if (!is_tls_port || a->tls->handshake_done)
		put_banner(a, out);
	if (a->offers_tls && (a->refused_tls || !a->tls)) {
		comma(out, begin);
		buf_puts(out, a->refused_tls ? "STARTTLS refused" : "STARTTLS");
	} else if (a->greeted && !a->tls && !a->is_refusal) {
		comma(out, begin);
		buf_puts(out, a->talk == PORT_TALK_POP3 ? "no STLS" : "no STARTTLS");
	}
	if (a->offers_tls && a->tls) {
		comma(out, begin);
		buf_puts(out, a->talk == PORT_TALK_POP3 ? "STLS" : "STARTTLS");
	}
	if (a->tls)
		put_tls(run, a, out, begin);
}

/* --- the table --- */

static bool is_mail(const struct mscan_run *run, size_t port)
{
	const struct port_info *info = ports_info(ports_at(&run->ports, port));

	return info && info->is_default && info->talk != PORT_TALK_NONE;
}

static bool is_shown(const struct mscan_run *run, size_t host, size_t port, bool all, size_t closed)
{
	const struct mscan_port *r = mscan_result(run, host, port);

	if (all || r->state == MSCAN_OPEN || r->reason == MSCAN_BY_ICMP)
		return true;
	if (r->state == MSCAN_CLOSED && closed <= CLOSED_SHOWN)
		return true;
	return is_mail(run, port) && r->state != MSCAN_NONE && port < NAMED_SHOWN;
}

static void put_row(const struct mscan_run *run, struct table *t, size_t host, size_t port,
		const struct mscan_view *view)
{
	const struct mscan_port *r = mscan_result(run, host, port);
	const struct port_info *info = ports_info(ports_at(&run->ports, port));
	struct buf reason = BUF(INFO_MAX), text = BUF(INFO_MAX);
	char number[8];

	snprintf(number, sizeof(number), "%u", ports_at(&run->ports, port));
	mscan_reason(run, r, view->stable, &reason);
	if (view->reason && !view->stable)
		buf_printf(&reason, ", %u %s, after %u ms", r->tries,
				r->tries == 1 ? "try" : "tries", r->after_ms);
	mscan_info(run, r, &text);
	struct bytes cells[] = { bytes_of(number), bytes_of(mscan_state_name(r->state)),
		bytes_of(info ? info->name : ""), buf_bytes(&reason), buf_bytes(&text) };
	table_row(t, cells, run->w->utf8);
	buf_free(&reason);
	buf_free(&text);
}

static void put_head(const struct mscan_run *run, const struct mscan_host *h, bool stable,
		struct buf *out)
{
	buf_puts(out, "mscan of ");
	show_safe(out, bytes_of(h->name), run->w->utf8);
	if (strcmp(h->name, h->ip) != 0)
		buf_printf(out, " [%s]", h->ip);
	if (h->source[0] && !stable)
		buf_printf(out, " from %s", h->source);
	if (h->answered && !stable)
		buf_printf(out, h->rtt_ms ? "   RTT %u ms" : "   RTT <1 ms", h->rtt_ms);
	if (h->loss_percent > 0 && h->limit == 0 && !stable)
		buf_printf(out, "   loss %u %%", h->loss_percent);
	buf_putc(out, '\n');
}

void mscan_table(const struct mscan_run *run, size_t host, const struct mscan_view *view)
{
	static const struct table_column columns[] = {
		{ .title = "PORT", .right = true },
		{ .title = "STATE" },
		{ .title = "SERVICE" },
		{ .title = "REASON" },
		{ .title = "INFO", .may_shrink = true, .min = 16 },
	};
	size_t hidden[MSCAN_STATES] = { 0 }, closed = 0;
	struct buf head = BUF(1000);
	struct table t;

	put_head(run, &run->hosts[host], view->stable, &head);
	out_put(&run->w->out, buf_bytes(&head));
	table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < run->ports.count; i++)
		closed += mscan_result(run, host, i)->state == MSCAN_CLOSED;
	for (size_t i = 0; i < run->ports.count; i++) {
		size_t port = run->by_number[i];
		if (is_shown(run, host, port, view->all && run->ports.count <= NAMED_SHOWN, closed))
			put_row(run, &t, host, port, view);
		else
			hidden[mscan_result(run, host, port)->state]++;
	}
	if (t.rows > 0)
		table_print(&t, run->w);
	table_free(&t);
	buf_clear(&head);
	for (unsigned state = 0; state < MSCAN_STATES; state++)
		if (hidden[state] > 0)
			buf_printf(&head, "%s%zu %s", head.n ? ", " : "Not shown: ", hidden[state],
					mscan_state_name(state));
	if (head.n > 0)
		out_printf(&run->w->out, "%s\n", buf_text(&head));
	buf_free(&head);
}

/* --- more of what answers --- */

static void put_words(struct buf *out, const char *title, struct bytes lines, bool utf8)
{
	struct buf words = BUF(PROBE_ANSWER_MAX), safe = BUF(PROBE_ANSWER_MAX * 6);
	struct bytes line;

	while (bytes_line(&lines, &line))
		buf_printf(&words, "%s%.*s", words.n ? ", " : "", (int)line.n,
				(const char *)line.p);
	if (words.n > 0) {
		show_safe(&safe, buf_bytes(&words), utf8);
		buf_printf(out, "      %-8s", title);
		show_wrap(out, buf_bytes(&safe), 14, 14, 80);
		buf_putc(out, '\n');
	}
	buf_free(&words);
	buf_free(&safe);
}

void mscan_details(const struct mscan_run *run, size_t host)
{
	for (size_t i = 0; i < run->ports.count; i++) {
		const struct mscan_port *r = mscan_result(run, host, run->by_number[i]);
		const struct mscan_answer *a = r->answer;
		struct buf text = BUF(PROBE_ANSWER_MAX * 8), cert = BUF(INFO_MAX * 2);
		if (!a)
			continue;
		buf_printf(&text, "%5u\n", ports_at(&run->ports, run->by_number[i]));
		put_words(&text, "banner", buf_bytes(&a->greeting), run->w->utf8);
		put_words(&text, "clear", buf_bytes(&a->caps), run->w->utf8);
		put_words(&text, "in TLS", buf_bytes(&a->caps_tls), run->w->utf8);
		if (a->tls && a->tls->chain_count > 0) {
			const struct tls_cert *c = &a->tls->chain[0];
			buf_printf(&cert, "%s, %s; certificate for %s by %s, %s", a->tls->version,
					a->tls->suite, c->names, c->issuer, c->key);
			put_words(&text, "TLS", buf_bytes(&cert), run->w->utf8);
		}
		out_put(&run->w->out, buf_bytes(&text));
		buf_free(&text);
		buf_free(&cert);
	}
}

/* --- for programs --- */

void mscan_grep(const struct mscan_run *run, size_t host)
{
	const struct mscan_host *h = &run->hosts[host];
	struct buf line = BUF(65536 * 24);

	show_safe(&line, bytes_of(h->name), run->w->utf8);
	buf_printf(&line, " %s", h->ip);
	for (size_t i = 0; i < run->ports.count; i++) {
		size_t port = run->by_number[i];
		const struct mscan_port *r = mscan_result(run, host, port);
		if (r->state == MSCAN_FILTERED && run->ports.count > NAMED_SHOWN)
			continue;
		buf_printf(&line, " %u/%s/%s", ports_at(&run->ports, port),
				mscan_state_name(r->state), mscan_reason_word(r));
	}
	out_printf(&run->w->out, "%s\n", buf_text(&line));
	buf_free(&line);
}

static void json_words(struct json *j, const char *key, struct bytes lines)
{
	struct bytes line;

	json_array(j, key);
	while (bytes_line(&lines, &line))
		json_item(j, line);
	json_close(j);
}

static void json_mechs(struct json *j, const char *key, unsigned mechs)
{
	json_array(j, key);
	for (unsigned bit = 1; bit && bit <= mechs; bit <<= 1)
		if (mechs & bit)
			json_item(j, bytes_of(sasl_mech_name(bit)));
	json_close(j);
}

static void json_tls(struct json *j, const struct mscan_run *run, const struct tls_facts *f)
{
	const struct tls_cert *c = &f->chain[0];

	json_object(j, "tls");
	json_bool(j, "ok", f->handshake_done);
	if (f->handshake_done) {
		json_str(j, "version", f->version);
		json_str(j, "suite", f->suite);
	}
	if (f->faults)
		json_str(j, "fault", tls_fault_name(f->faults));
	if (f->chain_count > 0) {
		json_object(j, "cert");
		json_text(j, "subject", bytes_of(c->subject));
		json_text(j, "issuer", bytes_of(c->issuer));
		json_text(j, "names", bytes_of(c->names));
		json_int(j, "not_before", c->not_before);
		json_int(j, "not_after", c->not_after);
		json_int(j, "days", mscan_days(run, c->not_after));
		json_str(j, "key", c->key);
		json_str(j, "sha256", c->sha256);
		json_close(j);
		json_str(j, "store", f->store);
	}
	json_close(j);
}

static void json_answer(struct json *j, const struct mscan_run *run, const struct mscan_answer *a)
{
	struct bytes software = mscan_answer_software(a);

	json_text(j, "banner", buf_bytes(&a->greeting));
	if (software.n > 0)
		json_text(j, "software", software);
	if (a->greeted && !a->is_refusal && a->caps.n > 0)
		json_words(j, "caps", buf_bytes(&a->caps));
	if (a->caps_tls.n > 0)
		json_words(j, "caps_tls", buf_bytes(&a->caps_tls));
	json_mechs(j, "auth", a->mechs);
	json_mechs(j, "auth_tls", a->mechs_tls);
	json_bool(j, "starttls", a->offers_tls && !a->refused_tls);
	if (a->tls)
		json_tls(j, run, a->tls);
	if (a->err.kind != ERR_NONE)
		json_text(j, "error", bytes_of(a->err.text));
}

static void json_port(const struct mscan_run *run, size_t host, size_t port, bool stable)
{
	const struct mscan_port *r = mscan_result(run, host, port);
	const struct mscan_host *h = &run->hosts[host];
	const struct port_info *info = ports_info(ports_at(&run->ports, port));
	struct buf text = BUF(4 * PROBE_ANSWER_MAX * 6), icmp = BUF(100);
	char sender[ADDR_TEXT_MAX];
	struct json j;

	json_begin(&j, &text);
	json_str(&j, "type", "port");
	json_text(&j, "host", bytes_of(h->name));
	json_str(&j, "addr", h->ip);
	json_int(&j, "port", ports_at(&run->ports, port));
	json_str(&j, "service", info ? info->name : NULL);
	json_str(&j, "state", mscan_state_name(r->state));
	json_str(&j, "reason", mscan_reason_word(r));
	if (r->reason == MSCAN_BY_ICMP) {
		mscan_icmp(h, r, &icmp);
		addr_ip(&run->senders[r->sender], sender);
		json_str(&j, "icmp", buf_text(&icmp));
		json_str(&j, "icmp_from", sender);
	}
	json_int(&j, "tries", r->tries);
	if (!stable) {
		json_int(&j, "rtt_ms", r->rtt_ms);
		json_int(&j, "after_ms", r->after_ms);
	}
	if (r->answer)
		json_answer(&j, run, r->answer);
	json_end(&j);
	out_put(&run->w->out, buf_bytes(&text));
	buf_free(&text);
	buf_free(&icmp);
}

void mscan_json(const struct mscan_run *run, size_t host, bool stable)
{
	for (size_t i = 0; i < run->ports.count; i++)
		json_port(run, host, run->by_number[i], stable);
}
