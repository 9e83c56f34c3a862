/* explain - what a log line says beyond its entry
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/explain.h"

#include <string.h>

enum { DELAY_NOTABLE_MS = 10 * 1000 };

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

/* delays=a/b/c/d (postconf(5) delay_logging_resolution_limit): the part that took most. */
static void put_delays(struct buf *out, const struct log_event *e)
{
	static const char *const parts[] = { "waiting before the queue manager took it",
		"waiting in the queue manager", "connecting", "sending" };
	size_t most = 0;

	for (size_t i = 1; i < 4; i++)
		if (e->delays_ms[i] > e->delays_ms[most])
			most = i;
	if (e->delays_ms[most] >= DELAY_NOTABLE_MS)
		buf_printf(out, "%u of %u s went into %s.", e->delays_ms[most] / 1000,
				e->delay_ms / 1000, parts[most]);
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
	if (e->has_delays && (e->class == LOG_DEFERRED || e->class == LOG_BOUNCED))
		put_delays(out, e);
	put_prompt(out, e->at.text);
}
