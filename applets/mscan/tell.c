/* tell - verdicts of a scan, one a cause
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/tell.h"

#include <string.h>

void tell_now(struct tell *t, const char *subject, const struct told *v)
{
	struct finding f = { .proto = v->starttls ? v->starttls : ADVICE_NET,
		.is_starttls = v->starttls,
		.stage = v->stage,
		.error = v->error,
		.port = v->port,
		.host = bytes_of(t->host) };
	struct report_verdict verdict = { .status = v->status,
		.stage = v->stage,
		.subject = subject,
		.fact = v->fact };

	if (v->error)
		report_advise(t->report, &verdict, &f);
	else
		report_add(t->report, &verdict);
	t->count++;
}

static bool is_same(const struct tell_held *h, const struct told *v)
{
	bool same_error = h->told.error && v->error ? strcmp(h->told.error, v->error) == 0 :
						      h->told.error == v->error;

	return same_error && bytes_equal(buf_bytes(&h->fact), bytes_of(v->fact));
}

void tell_port(struct tell *t, unsigned port, const struct told *v)
{
	struct tell_held *h = t->held;

	while (h < t->held + t->held_count && !is_same(h, v))
		h++;
	if (h == t->held + TELL_HELD_MAX)
		return;
	if (h == t->held + t->held_count) {
		t->held_count++;
		*h = (struct tell_held){ *v, BUF(TELL_FACT_MAX), BUF(TELL_FACT_MAX) };
		h->told.port = port;
		buf_puts(&h->fact, v->fact);
	}
	buf_printf(&h->ports, "%s%u", h->ports.n ? "," : t->prefix ? t->prefix : "", port);
}

void tell_flush(struct tell *t)
{
	for (size_t i = 0; i < t->held_count; i++) {
		struct tell_held *h = &t->held[i];
		h->told.fact = buf_text(&h->fact);
		if (t->suffix)
			buf_puts(&h->ports, t->suffix);
		tell_now(t, buf_text(&h->ports), &h->told);
		buf_free(&h->fact);
		buf_free(&h->ports);
	}
	t->held_count = 0;
}
