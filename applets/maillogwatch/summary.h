/* summary - a log in numbers that can be added up
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/maillogwatch/tally.h"
#include "proto/maillog.h"

struct advice;
struct match;

enum summary_table {
	SUMMARY_REASONS, /* why mail was deferred, bounced, rejected: "deferred 4.4.1: ..." */
	SUMMARY_SENDERS,
	SUMMARY_RECIPIENTS,
	SUMMARY_DOMAINS, /* of recipients */
	SUMMARY_RELAYS,
	SUMMARY_SLOW, /* milliseconds spent in connecting to and talking with a relay */
	SUMMARY_REJECTED_IPS,
	SUMMARY_FAILED_IPS,
	SUMMARY_FAILED_USERS,
	SUMMARY_FAILED_PAIRS, /* "ip user" */
	SUMMARY_ALARMS,       /* what does not work: "daemon: text" */
	SUMMARY_TROUBLES,
	SUMMARY_UNKNOWN,     /* samples of lines that have no known form */
	SUMMARY_UNEXPLAINED, /* problems that the knowledge base does not know: "daemon: text" */
	SUMMARY_TABLES
};

enum {
	SUMMARY_IDS_MAX = 64 * 1024, /* mails that may be open at once */
	SUMMARY_SEGMENTS_MAX = 256,
	SUMMARY_GAP_S = 2 * 3600, /* a silence to be told; summer time makes one of an hour */
	SUMMARY_DELAY_STEPS = 6   /* up to 1 s, 10 s, 1 min, 10 min, 1 h, more */
};

enum summary_flag {
	SUMMARY_BEGUN = 1,    /* the line that gave the id out is there */
	SUMMARY_QUEUED = 2,   /* sender and size are known */
	SUMMARY_DEFERRED = 4, /* at least once */
	SUMMARY_DONE = 8,     /* "removed"; what is logged late may follow */
	SUMMARY_OVER = 16,    /* nothing may follow */
	SUMMARY_NAMED = 32    /* begins with its message-id: a bounce, or the rest is elsewhere */
};

/* A mail, as far as a log has it: of one that is begun all is counted as it goes. */
struct summary_life {
	uint64_t hash; /* 63 bits, of host and id; 0 = free */
	int64_t first_s, last_s;
	int64_t log_s;  /* of parts: when the log begins that it is from, */
	uint32_t order; /* and its place there */
	uint32_t size;
	uint32_t sender; /* offset in senders; its text ends with a NUL; 0 = none */
	uint32_t flags;
};

struct summary_lives {
	struct summary_life *at;
	size_t count, room;
};

struct summary_segment {
	int64_t from_s, to_s;
};

/* How often an entry of the knowledge base explained a line. */
struct summary_fault {
	uint64_t count;
	int64_t first_s, last_s; /* SYSLOG_NO_TIME: the lines have no times */
};

struct summary {
	uint64_t counts[LOG_CLASSES];
	uint64_t lines, octets, foreign; /* foreign: lines of programs that have no part in mail */
	uint64_t deferred_mails, mail_octets, tls_in, tls_out, lost_lines, forgotten_ids;
	uint64_t hours[24]; /* mails received, refusals, logins and failed ones */
	uint64_t stage_ms[4], staged, delay_steps[SUMMARY_DELAY_STEPS];
	struct tally tables[SUMMARY_TABLES];
	struct summary_fault *faults; /* in the order of advice_list */
	struct match *match;
	struct summary_segment segments[SUMMARY_SEGMENTS_MAX]; /* in order, no gap within */
	size_t segment_count;
	struct summary_life *lives; /* the last one of each id; open addressing by hash */
	size_t life_count, slots;   /* slots: a power of two */
	struct summary_lives over;  /* not begun; of one id in their order */
	struct summary_lives parts; /* of other summaries, to be joined */
	struct buf senders;
	struct buf text; /* scratch */
	bool is_damaged; /* parts of the logs could not be read */
};

void summary_init(struct summary *s);
void summary_free(struct summary *s);
void summary_event(struct summary *s, const struct log_event *e);

void summary_add_segment(struct summary *s, struct summary_segment segment);
void summary_add_fault(struct summary *s, const struct advice *a, const struct summary_fault *more);

/* summary_mails.c */
void summary_mails_init(struct summary *s);
void summary_mails_free(struct summary *s);
/* A line tells about the mail e->id; flags: one of the first four, or BEGUN | NAMED. */
void summary_mail(struct summary *s, const struct log_event *e, unsigned flags);
/* Appends what another summary has to know; at is the caller's to free. */
void summary_mails_list(struct summary *s, struct summary_lives *list);
/* Adds one of those, in their order there. log_s: when that log begins. Logs of one host may come
 * in any order until summary_mails_join, which the two others do first. */
void summary_mails_add(struct summary *s, const struct summary_life *life, struct bytes sender,
		int64_t log_s);
void summary_mails_join(struct summary *s);
void summary_mails_close(struct summary *s);

/* After all is counted: what mails without a beginning add. */
void summary_close(struct summary *s);

extern const char *const summary_table_names[SUMMARY_TABLES];

/* The plain numbers by name, for JSON and --prom. */
struct summary_number {
	const char *name;
	size_t offset;
};
extern const struct summary_number summary_numbers[];
extern const size_t summary_number_count;
uint64_t *summary_number(struct summary *s, size_t i);

/* summary_json.c: written before summary_close. */
void summary_json(struct summary *s, struct buf *out);
/* Adds a summary as summary_json wrote it. False: it is none. */
bool summary_merge(struct summary *s, struct bytes json);

/* summary_text.c, after summary_close. name: of the logs. */
struct world;
void summary_print(struct summary *s, struct world *w, const char *name);

/* summary_prom.c, after summary_close: the node exporter's text format. */
void summary_prom(struct summary *s, struct buf *out);
