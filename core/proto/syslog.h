/* syslog - the prefix of a log line: when, where, who
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* What stands in front of a program's own words, in every form that syslog daemons, journalctl,
 * container runtimes and the programs' own log files write: told apart line by line, because an
 * upgrade or a copied log changes the form in the middle of a file. */

#define SYSLOG_NO_TIME INT64_MIN
enum { SYSLOG_NO_ZONE = 10000 }; /* minutes; no zone is that far away */

/* Severities as RFC 5424 6.2.1 counts them; SYSLOG_NONE: the line names none. */
enum syslog_level {
	SYSLOG_EMERG,
	SYSLOG_ALERT,
	SYSLOG_CRIT,
	SYSLOG_ERR,
	SYSLOG_WARNING,
	SYSLOG_NOTICE,
	SYSLOG_INFO,
	SYSLOG_DEBUG,
	SYSLOG_NONE
};

/* All slices point into the line that was read, or into the reader. */
struct syslog_line {
	struct bytes line;       /* all of it, without its end */
	struct bytes when;       /* the time as it stands there, for people; empty = none */
	struct bytes host;       /* empty = not named */
	struct bytes program;    /* "postfix/submission/smtpd", "dovecot"; empty = none */
	struct bytes text;       /* what the program said */
	int64_t wall_s;          /* the writer's wall clock, in seconds since 1970 as if it were
				     UTC; SYSLOG_NO_TIME = none */
	uint32_t micro_s;        /* its fraction */
	int zone_min;            /* minutes east of UTC; SYSLOG_NO_ZONE = not said */
	enum syslog_level level; /* of the prefix only */
	uint32_t pid;            /* 0 = not named */
	uint32_t count;          /* "message repeated N times": N, else 1 */
	bool is_repeat;          /* "last message repeated": the other members are that message's */
};

/* What has to be known of the lines before. Zeroed + syslog_init is the start of a log. */
struct syslog_reader {
	int64_t now_s;  /* where a line without a year is later than this, it is a year old */
	int64_t last_s; /* wall_s of the newest line; SYSLOG_NO_TIME = none */
	unsigned char day_key[10]; /* the date that was read last, as it stands there */
	unsigned char day_key_n;
	int64_t day_s;          /* and its midnight */
	unsigned char clock[8]; /* the time of day that was read last, mostly once more */
	int clock_s;
	struct bytes last; /* the line before, for "last message repeated" */
	struct buf kept;   /* owns last when syslog_keep was called */
	unsigned char head
			[64]; /* " mx1 " as it stood between time and program: mostly does again */
	unsigned char head_n;
};

/* now_s: wall clock of now, as wall_s above. */
void syslog_init(struct syslog_reader *r, int64_t now_s);
void syslog_free(struct syslog_reader *r);

/* Reads one line (no LF). Always fills out: a line without any prefix has text only. False when it
 * is no message: empty, or one of journalctl's own ("-- Boot ...", "-- No entries --"). */
bool syslog_read(struct syslog_reader *r, struct bytes line, struct syslog_line *out);

/* To be called before the octets of the lines read so far go away. */
void syslog_keep(struct syslog_reader *r);

/* A year that is known from elsewhere (the time in a queue id, seconds since 1970 UTC) for the line
 * just read: moves it and the reader there when the line itself names no year. */
void syslog_hint(struct syslog_reader *r, struct syslog_line *line, int64_t epoch_s);

/* wall_s as year, month (1-12), day, hour, minute, second. */
struct syslog_date {
	int year, month, day, hour, minute, second;
};
struct syslog_date syslog_date(int64_t wall_s);
int64_t syslog_wall(const struct syslog_date *d);

const char *syslog_level_name(enum syslog_level level); /* "warning"; "" for none */
