/* maillog - what a line of a mail log says, as facts
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/syslog.h"

/* Who wrote it. */
enum log_family {
	LOG_OTHER,
	LOG_POSTFIX,
	LOG_DOVECOT,
	LOG_EXIM,
	LOG_SENDMAIL,
	LOG_OPENSMTPD,
	LOG_CYRUS,
	LOG_COURIER,
	LOG_PAM, /* whatever program asked it */
	LOG_SASLAUTHD,
	LOG_OPENDKIM, /* and opendmarc */
	LOG_RSPAMD,
	LOG_AMAVIS,
	LOG_SPAMD, /* SpamAssassin */
	LOG_CLAMAV,
	LOG_POSTGREY,
	LOG_POLICYD,
	LOG_FAIL2BAN,
	LOG_MAILSINK,
	LOG_KERNEL,
	LOG_SYSTEMD,
	LOG_FAMILIES
};

/* What happened. LOG_UNKNOWN: the line has none of the forms that are known here; what its program
 * said may still matter. */
enum log_class {
	LOG_UNKNOWN,
	LOG_ROUTINE,    /* known, and nothing to count */
	LOG_CONNECT,    /* client */
	LOG_DISCONNECT, /* client; commands= was read */
	LOG_LOST,       /* client went away in the middle */
	LOG_TLS,        /* a session is encrypted: is_tls_in tells the direction */
	LOG_TLS_FAILED,
	LOG_RECEIVED,   /* a mail got its id: client, user */
	LOG_IDENTIFIED, /* id and message_id */
	LOG_QUEUED,     /* id, from, size, recipients */
	LOG_SENT,       /* one recipient: delivered, or handed on by relay */
	LOG_DEFERRED,   /* one recipient, will be tried again */
	LOG_BOUNCED,    /* one recipient, given up */
	LOG_EXPIRED,    /* the whole mail, given up after all tries */
	LOG_HELD,
	LOG_DISCARDED,
	LOG_REJECTED,     /* refused before it was taken; code and dsn */
	LOG_REMOVED,      /* the mail is done with */
	LOG_NOTICE,       /* id2 is the bounce about id */
	LOG_FILTERED,     /* a filter (DKIM, DMARC, SPF, spam, virus) tells about id */
	LOG_STORED,       /* dovecot lmtp, sieve, Cyrus: into mailbox */
	LOG_LOGIN,        /* user, client, method */
	LOG_LOGIN_FAILED, /* an attempt that counts: one line of each attempt has this class */
	LOG_LOGIN_DETAIL, /* a further line about a failed attempt */
	LOG_LOGOUT,
	LOG_BANNED,  /* fail2ban acts on client */
	LOG_ATTACK,  /* pregreet, non-SMTP command, pipelining: noise from outside */
	LOG_TROUBLE, /* warning, error: text says what */
	LOG_FATAL,   /* fatal, panic, out of memory, unit failed: something does not work */
	LOG_CLASSES
};

/* The form of a queue id. */
enum log_id_kind {
	LOG_ID_NONE,
	LOG_ID_SHORT,
	LOG_ID_LONG,
	LOG_ID_EXIM,
	LOG_ID_SENDMAIL,
	LOG_ID_OTHER
};

/* One line. Zeroed but for what is there; all slices point into at.line. Addresses stand without
 * their angle brackets; an empty sender is from.p != NULL with n == 0. */
struct log_event {
	struct syslog_line at;
	enum log_family family;
	enum log_class class;
	enum syslog_level level; /* by prefix, word ("warning:") and program */
	struct bytes daemon;     /* "smtpd", "imap-login", "qmgr" */
	struct bytes service;    /* what stands between: "submission" */
	enum log_id_kind id_kind;
	struct bytes id;         /* queue id; empty for NOQUEUE */
	struct bytes id2;        /* id at the next hop ("queued as X"), or of the bounce */
	struct bytes session;    /* Dovecot's session */
	struct bytes message_id; /* without <> */
	struct bytes from, to, orig_to;
	struct bytes client; /* name as logged, "unknown" too */
	struct bytes ip;     /* address of the client, as logged */
	struct bytes helo;
	struct bytes relay; /* name of the next hop; "none" is left out */
	struct bytes relay_ip;
	struct bytes user;   /* login name */
	struct bytes method; /* SASL mechanism */
	struct bytes mailbox;
	struct bytes verb;     /* SMTP command that was answered: "RCPT", "CONNECT" */
	struct bytes reason;   /* the text that says why: reply, error; without brackets around */
	struct bytes dsn;      /* "5.1.1" */
	unsigned code;         /* SMTP reply, 0 = none */
	uint32_t size;         /* octets; has_size */
	uint32_t recipients;   /* nrcpt */
	uint32_t delay_ms;     /* total; has_delay */
	uint32_t delays_ms[4]; /* before queue manager, in it, connecting, talking; has_delays */
	int64_t arrived_s;     /* from the id, UTC; 0 = unknown */
	bool has_size, has_delay, has_delays;
	bool is_tls, is_inbound; /* of LOG_TLS and logins */
	bool is_done;            /* Exim: "Completed" and the like */
};

/* Takes a line apart that syslog_read has read; it may be out->at. Pure: the same line, the same
 * event. */
void maillog_read(const struct syslog_line *line, struct log_event *out);

const char *maillog_family_name(enum log_family family); /* "postfix" */
const char *maillog_class_name(enum log_class class);    /* "login-failed": a promise in JSON */

/* The form of a word that may be a queue id; *arrived_s (may be NULL) gets what a long Postfix id
 * or an Exim id says, else 0. */
enum log_id_kind maillog_id_kind(struct bytes word, int64_t *arrived_s);
