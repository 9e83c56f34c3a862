/* mx - the mail hosts of a domain, one after another
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/mem.h"

static void sort_by_priority(struct dns_answer *mx)
{
	for (size_t i = 1; i < mx->count; i++)
		for (size_t k = i; k > 0 && mx->at[k].priority < mx->at[k - 1].priority; k--) {
			struct dns_record r = mx->at[k];
			mx->at[k] = mx->at[k - 1];
			mx->at[k - 1] = r;
		}
}

static bool ask_mx(struct talk *t, struct dns_answer *mx)
{
	struct dns_options dns = { .server = t->common->dns, .deadline_ms = t->d.deadline_ms };
	struct dns_question q = { .name = t->ep.host, .type = DNS_MX };

	t->stage = "dns";
	if (!dns_query(t->w, &q, &dns, mx, &t->d.err))
		return talk_failed(t, "dns");
	if (mx->count == 1 && (!mx->at[0].name[0] || strcmp(mx->at[0].name, ".") == 0))
		return talk_own(t, REPORT_CRITICAL, "null-mx",
				"the domain takes no mail: its MX record is \".\"");
	if (mx->count == 0) { /* RFC 5321 5.1: then the name itself is the host */
		transcript_note(&t->transcript, "no MX record: the domain's own address it is");
		mx->count = 1;
		snprintf(mx->at[0].name, sizeof(mx->at[0].name), "%s", t->ep.host);
	}
	sort_by_priority(mx);
	return true;
}

static void next_host(struct talk *t, const char *host)
{
	struct buf fact = BUF(TALK_NOTE_MAX);
	struct report_verdict v = { .status = REPORT_WARNING, .stage = t->facts.stage };

	buf_printf(&fact, "%s: ", host);
	if (t->d.err.kind != ERR_NONE)
		buf_puts(&fact, t->d.err.text);
	else
		buf_put(&fact, bytes_head(reply_line(&t->d.reply, 0), 200));
	buf_puts(&fact, "; the next MX host was tried");
	v.fact = buf_text(&fact);
	report_add(&t->report, &v);
	buf_free(&fact);
	talk_reset(t);
}

static void note_mx(struct talk *t, const struct dns_answer *mx, size_t i)
{
	struct buf text = BUF(TALK_NOTE_MAX);

	buf_printf(&text, "MX %zu of %zu: %s, priority %u", i + 1, mx->count, mx->at[i].name,
			mx->at[i].priority);
	transcript_note(&t->transcript, buf_text(&text));
	buf_clear(&text);
	buf_printf(&text, "the MX record names an address, %s, where a host's name is due",
			mx->at[i].name);
	t->stage = "dns";
	if (addr_is_numeric(mx->at[i].name))
		talk_own(t, REPORT_WARNING, "mx-address", buf_text(&text));
	buf_free(&text);
}

bool smtptalk_open_mx(struct talk *t, unsigned port)
{
	struct dns_answer *mx = xmalloc(sizeof(*mx));
	bool ok = t->ep.kind == ADDR_TCP && ask_mx(t, mx);
	bool is_own = ok && strcmp(mx->at[0].name, t->ep.host) == 0;
	char domain[sizeof(t->ep.host)];

	memcpy(domain, t->ep.host, sizeof(domain));
	for (size_t i = 0; ok && i < mx->count; i++) {
		memcpy(t->ep.host, domain, sizeof(domain)); /* which advice is to name */
		note_mx(t, mx, i);
		memcpy(t->ep.host, mx->at[i].name, sizeof(t->ep.host));
		bool greeted = talk_connect(t, port);
		if (greeted && dialog_is_ok(&t->d)) {
			ok = talk_opened(t);
			break;
		}
		t->stage = t->facts.stage;
		if (i + 1 < mx->count)
			next_host(t, mx->at[i].name);
		else if (!greeted && t->d.err.kind == ERR_RESOLVE && !is_own)
			ok = talk_own(t, REPORT_CRITICAL, "mx-dangling", t->d.err.text);
		else
			ok = greeted || talk_failed(t, t->facts.stage);
	}
	free(mx);
	return ok;
}
