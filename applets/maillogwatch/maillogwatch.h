/* maillogwatch - what its parts share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/match.h"
#include "proto/maillog.h"
#include "sys/err.h"
#include "sys/world.h"
#include "ui/opt.h"

/* How much a line matters; also the argument of --level, in this order. */
enum watch_rank { WATCH_NOISE, WATCH_NORMAL, WATCH_PROBLEM, WATCH_FATAL };

/* Values of the command line. */
struct watch_options {
	struct opt_list match, from, to, ip, user, program;
	const char *since, *until, *now;
	const char *trace, *why, *prom;
	int level; /* enum watch_rank */
	bool all, follow, summary, merge, redact;
	struct opt_common common;
};

/* One run over logs. take gets every line that passes the filters, in the order of the log. */
struct watch {
	struct world *w;
	struct watch_options *o;
	struct syslog_reader reader;
	int64_t now_s, zone_s; /* this machine's wall clock (or --now), and its zone: east of UTC */
	int64_t since_s,
			until_s; /* wall clock, as syslog_line.wall_s; INT64_MIN, INT64_MAX: none */
	bool is_since_ago, is_until_ago; /* by this machine's clock, whatever zone a log is in */
	bool has_filter;
	struct redact *redact;                             /* NULL = nothing is replaced */
	void (*feed)(struct watch *t, struct bytes lines); /* reader_feed; trace has its own */
	void (*take)(void *ctx, const struct log_event *e);
	void *ctx;
	uint64_t lines, octets;
	struct buf troubles; /* what was not in order about the files, a line each */
	bool is_damaged;     /* a file could not be read, or not to its end */
};

enum { WATCH_TROUBLES_MAX = 64 * 1024 };

/* filter.c. False: a time or an address is none (said on standard error). */
bool filter_init(struct watch *t);
bool filter_passes(const struct watch *t, const struct log_event *e);
enum watch_rank filter_rank(const struct log_event *e);
/* "192.0.2.0/24", "2001:db8::1": the address is in it; IPv4 also as ::ffff:192.0.2.1 */
bool filter_ip_in(struct bytes ip, struct bytes net);
/* A time of --since, --until and --now. is_ago (may be NULL): it is counted from now. */
bool filter_time(struct bytes text, int64_t now_s, int64_t *wall_s, bool *is_ago);

/* reader.c. Feeds whole lines. */
void reader_feed(struct watch *t, struct bytes lines);
/* Reads the logs, the oldest first whatever their order here. False: none could be read. */
bool reader_read(struct watch *t, const struct opt_list *names);

bool reader_is_pipe(const char *name);
/* Prints and clears troubles. */
void reader_tell(struct watch *t);

/* event.c */
struct json;
void event_json(struct json *j, const struct log_event *e);
/* What the knowledge base knows of a line: f is filled for advice_expand, and binds if not NULL. */
struct finding;
struct advice;
struct advice_binds;
const struct advice *event_advice(const struct match *m, const struct log_event *e,
		struct finding *f, struct advice_binds *binds);
/* "2025-03-03 04:05:06", with the zone where it is known. */
void event_time(struct buf *out, int64_t wall_s);
/* Appends the text with what differs from line to line (addresses, ids, numbers) taken out:
 * "<addr>", "<ip>", "<id>", "N"; for counting. */
void event_normal(struct buf *out, struct bytes text);

/* redact.c. Addresses, host names and IP addresses by others, the same by the same, and passwords
 * hidden; not is_all: only those. key is random, at most REDACT_KEY_SIZE octets; copied. */
enum { REDACT_KEY_SIZE = 16, REDACT_NAMES_MAX = 1024 * 1024 /* that get short numbers */ };
struct redact *redact_new(struct bytes key, bool is_all);
void redact_free(struct redact *r);
/* Something in text would be replaced. r may be NULL. */
bool redact_touches(const struct redact *r, struct bytes text);
void redact_line(struct redact *r, struct bytes line, struct buf *out);
/* The event of the redacted line: good until the next call. False: nothing is left of it. */
bool redact_event(struct redact *r, const struct log_event *e, struct log_event *out);
