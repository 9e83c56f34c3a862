/* versions - which TLS versions a port takes
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/versions.h"

#include "applets/mscan/probe.h"
#include "applets/mscan/tell.h"
#include "proto/tlshello.h"
#include "sys/mem.h"
#include "talk/dialog.h"
#include "ui/json.h"
#include "ui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS = TLSHELLO_TLS13 - TLSHELLO_SSL3 + 1, CONNECT_MS = 3000, ASK_MS = 5000 };

enum taken { TAKEN_NO, TAKEN_YES, TAKEN_UNKNOWN };

struct asked {
	const struct mscan_run *run;
	const struct mscan_host *host;
	unsigned port;
	const struct mscan_answer *answer;
};

/* From a connection to the point where the ClientHello is due. */
static bool begin(const struct asked *a, struct dialog *d)
{
	static const struct {
		enum proto proto;
		const char *before, *starttls;
	} talks[] = {
		[PORT_TALK_SMTP] = { PROTO_SMTP, "EHLO mscan.invalid", "STARTTLS" },
		[PORT_TALK_LMTP] = { PROTO_SMTP, "LHLO mscan.invalid", "STARTTLS" },
		[PORT_TALK_POP3] = { PROTO_POP3, NULL, "STLS" },
		[PORT_TALK_IMAP] = { PROTO_IMAP, NULL, "a STARTTLS" },
		[PORT_TALK_ANY] = { PROTO_SMTP, NULL, NULL },
	};
	struct world *w = a->run->w;
	struct addr_list list = { .count = 1 };
	struct stream_connect how = { .connect_ms = CONNECT_MS,
		.deadline_ms = w->mono_ms(w) + CONNECT_MS };

	list.at[0] = a->host->addr;
	addr_set_port(&list.at[0], a->port);
	struct stream *s = stream_connect(w, &list, &how, &d->err);
	if (!s)
		return false;
	dialog_begin(d, w, s, talks[a->answer->talk].proto);
	if (!a->answer->offers_tls)
		return true;
	return dialog_read_reply(d, ASK_MS) && dialog_is_ok(d) &&
			(!talks[a->answer->talk].before ||
					dialog_ask(d, talks[a->answer->talk].before)) &&
			dialog_ask(d, talks[a->answer->talk].starttls) && dialog_is_ok(d);
}

static enum taken ask(const struct asked *a, enum tlshello_version version)
{
	struct world *w = a->run->w;
	struct dialog d = { .deadline_ms = w->mono_ms(w) + ASK_MS };
	struct buf hello = BUF(TLSHELLO_MAX), in = BUF(TLSHELLO_ANSWER_MAX);
	struct tlshello_answer answer = { .kind = TLSHELLO_MORE };
	unsigned char random[TLSHELLO_RANDOM];
	enum taken taken = TAKEN_UNKNOWN;
	struct err e;

	w->random(w, random, sizeof(random));
	tlshello_make(&hello, version, addr_is_numeric(a->host->name) ? NULL : a->host->name,
			random);
	if (begin(a, &d) && stream_write(d.s, buf_bytes(&hello), d.deadline_ms, &e) == IO_OK) {
		enum io io = IO_OK;
		while (answer.kind == TLSHELLO_MORE &&
				(io = stream_read(d.s, &in, d.deadline_ms, &e)) == IO_OK)
			tlshello_read(buf_bytes(&in), &answer);
		if (answer.kind == TLSHELLO_HELLO)
			taken = answer.version == version ? TAKEN_YES : TAKEN_NO;
		else if (answer.kind == TLSHELLO_ALERT || io == IO_CLOSED || io == IO_FAILED)
			taken = TAKEN_NO; /* some just hang up on what they do not know */
	}
	if (d.s)
		dialog_end(&d);
	buf_free(&hello);
	buf_free(&in);
	return taken;
}

static bool has_tls(const struct mscan_answer *a)
{
	return a && a->tls && a->talk != PORT_TALK_SIEVE && a->talk != PORT_TALK_NONE &&
			!(a->tls->faults & TLS_PEER_PLAIN);
}

static void put_json(const struct asked *a, const enum taken taken[VERSIONS])
{
	static const char *const words[] = { "no", "yes", "unknown" };
	struct buf text = BUF(1000);
	struct json j;

	json_begin(&j, &text);
	json_str(&j, "type", "tls_versions");
	json_text(&j, "host", bytes_of(a->host->name));
	json_str(&j, "addr", a->host->ip);
	json_int(&j, "port", a->port);
	for (unsigned i = 0; i < VERSIONS; i++)
		json_str(&j, tlshello_name(TLSHELLO_SSL3 + i), words[taken[i]]);
	json_end(&j);
	out_put(&a->run->w->out, buf_bytes(&text));
	buf_free(&text);
}

static void judge(struct tell *t, unsigned port, const enum taken taken[VERSIONS])
{
	static const struct told old = { .status = REPORT_WARNING,
		.error = "tls-old-version",
		.stage = "tls",
		.fact = "takes a version older than TLS 1.2" };
	static const struct told none = { .status = REPORT_CRITICAL,
		.error = "tls-no-modern-version",
		.stage = "tls",
		.fact = "takes neither TLS 1.2 nor TLS 1.3" };
	enum { TLS12 = TLSHELLO_TLS12 - TLSHELLO_SSL3, TLS13 = TLS12 + 1 };

	if (taken[TLS12] == TAKEN_NO && taken[TLS13] == TAKEN_NO)
		tell_port(t, port, &none);
	for (unsigned i = 0; i < TLS12; i++)
		if (taken[i] == TAKEN_YES) {
			tell_port(t, port, &old);
			return;
		}
}

static void look_at(const struct asked *a, struct table *table, struct tell *t)
{
	static const char *const words[] = { "-", "yes", "?" };
	enum taken taken[VERSIONS];
	struct bytes cells[VERSIONS + 1];
	char number[8];

	snprintf(number, sizeof(number), "%u", a->port);
	cells[0] = bytes_of(number);
	for (unsigned i = 0; i < VERSIONS; i++) {
		taken[i] = ask(a, TLSHELLO_SSL3 + i);
		cells[i + 1] = bytes_of(words[taken[i]]);
	}
	if (t->report->json)
		put_json(a, taken);
	else
		table_row(table, cells, false);
	judge(t, a->port, taken);
}

void mscan_versions(const struct mscan_run *run, size_t host, struct report *report, bool show)
{
	struct table_column columns[VERSIONS + 1] = { { .title = "PORT", .right = true } };
	struct tell t = { .report = report, .host = run->hosts[host].name };
	struct table table;

	for (unsigned i = 0; i < VERSIONS; i++)
		columns[i + 1] = (struct table_column){ .title = tlshello_name(TLSHELLO_SSL3 + i) };
	table_init(&table, columns, VERSIONS + 1);
	for (size_t i = 0; i < run->ports.count && !world_stopping(); i++) {
		size_t port = run->by_number[i];
		struct asked a = { run, &run->hosts[host], ports_at(&run->ports, port),
			mscan_result(run, host, port)->answer };
		if (has_tls(a.answer))
			look_at(&a, &table, &t);
	}
	if (show && table.rows > 0)
		table_print(&table, run->w);
	table_free(&table);
	tell_flush(&t);
}

static void compare_sni(const struct asked *a, struct tell *t)
{
	struct world *w = a->run->w;
	const struct tls_cert *named = &a->answer->tls->chain[0];
	struct dialog d = { .deadline_ms = w->mono_ms(w) + ASK_MS };
	struct tls_options o = { .sni = "", .ca_file = a->run->ca_file, .insecure = true };
	struct tls_facts *facts = xmalloc(sizeof(*facts));
	struct buf fact = BUF(TELL_FACT_MAX);
	struct err e;

	if (begin(a, &d) && tls_client(d.s, &o, d.deadline_ms, facts, &e) &&
			facts->chain_count > 0 &&
			strcmp(facts->chain[0].sha256, named->sha256) != 0) {
		buf_printf(&fact, "without SNI another certificate: %s", facts->chain[0].names);
		tell_port(t, a->port,
				&(struct told){ .status = REPORT_WARNING,
						.error = "cert-without-sni",
						.stage = "cert",
						.fact = buf_text(&fact) });
	}
	if (d.s)
		dialog_end(&d);
	buf_free(&fact);
	free(facts);
}

void mscan_without_sni(const struct mscan_run *run, size_t host, struct report *report)
{
	struct tell t = { .report = report, .host = run->hosts[host].name };

	if (addr_is_numeric(run->hosts[host].name)) /* none was sent before */
		return;
	for (size_t i = 0; i < run->ports.count && !world_stopping(); i++) {
		size_t port = run->by_number[i];
		struct asked a = { run, &run->hosts[host], ports_at(&run->ports, port),
			mscan_result(run, host, port)->answer };
		if (has_tls(a.answer) && a.answer->tls->chain_count > 0)
			compare_sni(&a, &t);
	}
	tell_flush(&t);
}
