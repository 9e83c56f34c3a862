/* summary_prom - a summary as the node exporter's textfile
 * SPDX-License-Identifier: MIT
 *
 * The text format of Prometheus 0.0.4. A log that is rotated makes the counts fall: hence gauges.
 */
#include "applets/maillogwatch/summary.h"
#include "know/advice.h"

#include <inttypes.h>

static void put_head(struct buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP maillog_%s %s\n# TYPE maillog_%s gauge\n", name, help, name);
}

void summary_prom(struct summary *s, struct buf *out)
{
	put_head(out, "lines", "Lines of the log by what happened.");
	for (size_t i = 0; i < LOG_CLASSES; i++)
		buf_printf(out, "maillog_lines{class=\"%s\"} %" PRIu64 "\n",
				maillog_class_name((enum log_class)i), s->counts[i]);
	put_head(out, "total", "Numbers of the whole log.");
	for (size_t i = 0; i < summary_number_count; i++)
		buf_printf(out, "maillog_total{of=\"%s\"} %" PRIu64 "\n", summary_numbers[i].name,
				*summary_number(s, i));
	put_head(out, "alarms", "Kinds of messages that say something does not work.");
	buf_printf(out, "maillog_alarms %zu\n", s->tables[SUMMARY_ALARMS].count);
	put_head(out, "faults", "Lines that an entry of the knowledge base explains.");
	for (size_t i = 0; i < advice_count; i++)
		if (s->faults[i].count > 0)
			buf_printf(out, "maillog_faults{id=\"%s\"} %" PRIu64 "\n",
					advice_list()[i].id, s->faults[i].count);
	put_head(out, "unexplained",
			"Lines that tell of problems which the knowledge base does not know.");
	buf_printf(out, "maillog_unexplained %" PRIu64 "\n",
			tally_sum(&s->tables[SUMMARY_UNEXPLAINED]));
	put_head(out, "failed_login_addresses", "Addresses with failed logins.");
	buf_printf(out, "maillog_failed_login_addresses %zu\n",
			s->tables[SUMMARY_FAILED_IPS].count);
	if (s->segment_count == 0)
		return;
	put_head(out, "newest_line_seconds", "Time of the newest line, by the log's own clock.");
	buf_printf(out, "maillog_newest_line_seconds %" PRId64 "\n",
			s->segments[s->segment_count - 1].to_s);
}
