/* explain - what a log line says beyond its entry
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/explain.h"

#include "sys/world.h"
#include "ui/show.h"

#include <string.h>

enum { DELAY_NOTABLE_MS = 10 * 1000, TEXT_MAX = 16384, INDENT = 4 };

bool explain_is_consequence(const struct advice *a)
{
	static const char *const ids[] = { "dovecot-settings-invalid", "postfix-exit-status",
		"postfix-milter-reject", "postfix-no-sasl-mechanisms", "postfix-throttling",
		"postfix-wrapper-dropped", "sieve-store-failed" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (strcmp(a->id, ids[i]) == 0)
			return true;
	return false;
}

const char *const explain_stages[4] = { "before this try", "in the queue manager", "connecting",
	"talking" };

static void put_delays(struct buf *out, const struct log_event *e)
{
	size_t most = 1;
	uint32_t sum_ms = 0;

	for (size_t i = 1; e->has_delays && i < 4; i++) {
		sum_ms += e->delays_ms[i];
		most = e->delays_ms[i] > e->delays_ms[most] ? i : most;
	}
	if (e->has_delays && e->delays_ms[most] >= DELAY_NOTABLE_MS)
		buf_printf(out, "%u of %u s went into %s%s.", e->delays_ms[most] / 1000,
				sum_ms / 1000, most == 1 ? "waiting " : "", explain_stages[most]);
}

/* Only the two known prompts are decoded: anything else there may be somebody's secret. */
static void put_prompt(struct buf *out, struct bytes text)
{
	static const struct {
		const char *coded, *plain;
	} prompts[] = { { "UGFzc3dvcmQ6", "Password:" }, { "VXNlcm5hbWU6", "Username:" } };

	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
		if (bytes_search(text, bytes_of(prompts[i].coded)) < text.n)
			buf_printf(out, "%s is base64 for \"%s\": the server's prompt, no secret.",
					prompts[i].coded, prompts[i].plain);
}

void explain_facts(struct buf *out, const struct log_event *e)
{
	put_delays(out, e);
	if (bytes_search(e->reason, BYTES("delivery temporarily suspended")) < e->reason.n)
		buf_printf(out,
				"%sPostfix did not try this mail: after failed tries it leaves that"
				" destination alone for a while.",
				out->n && out->p[out->n - 1] != ' ' ? " " : "");
	put_prompt(out, e->at.text);
}

static void put_wrapped(struct world *w, struct bytes text)
{
	struct buf out = BUF(TEXT_MAX);

	show_blanks(&out, INDENT);
	show_wrap(&out, text, INDENT, INDENT, w->columns);
	out_printf(&w->out, "%s\n", buf_text(&out));
	buf_free(&out);
}

static void put_template(struct world *w, const char *head, const char *template,
		const struct finding *f, const struct advice_binds *b)
{
	struct buf text = BUF(TEXT_MAX);

	if (template) {
		buf_puts(&text, head);
		advice_expand(&text, template, f, b);
		put_wrapped(w, buf_bytes(&text));
	}
	buf_free(&text);
}

void explain_note(struct world *w, const struct advice *a, const struct finding *f,
		const struct advice_binds *b, const struct log_event *e)
{
	struct buf facts = BUF(TEXT_MAX);

	put_template(w, "! ", a->means, f, b);
	if (e)
		explain_facts(&facts, e);
	if (facts.n > 0)
		put_wrapped(w, buf_bytes(&facts));
	buf_free(&facts);
	for (size_t i = 0; i < ADVICE_LIKELY_MAX; i++)
		put_template(w, "likely: ", a->likely[i], f, b);
	put_template(w, "next: ", a->next, f, b);
	out_printf(&w->out, "%*s[%s]\n", INDENT, "", a->id);
}
