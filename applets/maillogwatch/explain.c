/* explain - what a log line says beyond its entry
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/explain.h"

#include "proto/b64.h"
#include "sys/world.h"
#include "ui/show.h"

#include <string.h>

enum { DELAY_NOTABLE_MS = 10 * 1000, TEXT_MAX = 16384, INDENT = 4, PROMPT_MAX = 300 };

bool explain_is_consequence(const struct advice *a)
{
	return bytes_among(bytes_of(a->id),
			"dovecot-settings-invalid postfix-exit-status"
			" postfix-milter-reject postfix-no-sasl-mechanisms"
			" postfix-throttling postfix-wrapper-dropped"
			" sieve-store-failed");
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

/* Postfix logs what the server said last: a prompt of LOGIN, the challenge of CRAM-MD5 (RFC 2195 2)
 * or DIGEST-MD5 (RFC 2831 2.1.1). Only such are decoded: what looks otherwise may be a secret. */
static void put_prompt(struct buf *out, struct bytes text)
{
	static const struct bytes mark = BYTES("authentication failed: ");
	struct bytes coded, rest = bytes_skip(text, bytes_search(text, mark) + mark.n);
	struct buf plain = BUF(PROMPT_MAX);

	bytes_word(&rest, &coded);
	coded = bytes_head(coded, bytes_find(coded, ','));
	if (coded.n == 0 || b64_decode(coded, &plain, NULL) != B64_OK ||
			!bytes_is_ascii(buf_bytes(&plain)) || bytes_has_control(buf_bytes(&plain)))
		plain.n = 0;
	struct bytes said = buf_bytes(&plain);
	bool is_prompt = bytes_ends(said, BYTES(":"));
	if (is_prompt || (bytes_starts(said, BYTES("<")) && bytes_ends(said, BYTES(">"))) ||
			bytes_search(said, BYTES("nonce=\"")) < said.n) {
		buf_put(out, coded);
		buf_puts(out, " is base64 for \"");
		buf_put(out, said);
		buf_printf(out, "\": the server's %s, no secret.",
				is_prompt ? "prompt" : "challenge");
	}
	buf_free(&plain);
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

/* Commands that ask over the network, or our own queue; others look into files and daemons. */
static bool is_for_here(const char *next)
{
	struct bytes rest = bytes_of(next ? next : ""), command;

	return bytes_word(&rest, &command) &&
			bytes_among(command,
					"{talk} smtptalk mscan dig openssl b64auth postqueue"
					" maillogwatch");
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
	/* what our own server answers is no reason to talk to the client that got it */
	bool is_ours = f->proto != ADVICE_LOG && !f->is_peers, talks = is_for_here(a->next);
	if (!is_ours || !talks)
		put_template(w, f->is_peers && !talks ? "next, on that host: " : "next: ", a->next,
				f, b);
	out_printf(&w->out, "%*s[%s]\n", INDENT, "", a->id);
}
