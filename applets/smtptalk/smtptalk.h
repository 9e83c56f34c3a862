/* smtptalk - an annotated SMTP conversation: parts shared by its files
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/talk.h"
#include "proto/smtp.h"

/* How far to go; the order of a session. */
enum smtptalk_stage {
	SMTPTALK_ALL,
	SMTPTALK_BANNER,
	SMTPTALK_EHLO,
	SMTPTALK_TLS,
	SMTPTALK_AUTH,
	SMTPTALK_MAIL,
	SMTPTALK_RCPT,
	SMTPTALK_DATA,
};

struct smtptalk_options {
	const char *from, *subject, *body, *data_file, *ehlo, *script, *expect, *cert, *key;
	struct opt_list to, cc, bcc, headers, attach, xclient, mail_params, rcpt_params;
	const char *notify, *envid, *orcpt;
	int ret;                    /* 0 = not said, 1 = full, 2 = headers */
	int proxy;                  /* 0, or the version */
	int tls_min, tls_max;       /* 0 = any, 1 = TLS 1.2, 2 = TLS 1.3 */
	int quit_after, drop_after; /* enum smtptalk_stage */
	struct opt_list vrfy;
	unsigned repeat, parallel; /* 0 = not said */
	bool reuse, smuggle, inject;
	bool pipelining, chunking, raw, caps, relay;
	bool expect_rejection, mx, lmtp, all_mechs, dane;
};

struct smtptalk {
	struct talk talk; /* first: talk's callbacks get this pointer */
	struct smtptalk_options o;
	struct smtp_caps caps;
	char ehlo_name[ADDR_HOST_MAX];
	char banner_host[ADDR_HOST_MAX];   /* what the greeting says; "" = no name */
	char *ascii[3 * OPT_LIST_MAX + 1]; /* addresses whose domain was made ASCII */
	size_t ascii_count;
	const char *hello;    /* the command that was answered well */
	bool has_started_tls; /* by STARTTLS */
	struct buf list;      /* of EHLO before TLS, a line each */
	char queue_id[128];
	size_t accepted;                     /* recipients */
	bool needs_utf8;                     /* an address does */
	char typed_from[256], typed_to[256]; /* of MAIL and RCPT by hand: RFC 5321 4.5.3.1.3 */
};

/* What an administrator wants to know about one line of a reply. */
void smtptalk_annotate(struct talk *t, const struct reply *r, size_t i, struct buf *note);

/* Notes on the mechanisms of the EHLO answer in d.reply. */
void smtptalk_note_mechs(struct smtptalk *s);

/* MAIL, RCPT and DATA as the options say; false: a verdict was added and the session is to end
 * with QUIT. */
bool smtptalk_send(struct smtptalk *s);

/* One message as it goes over the wire, for --repeat: MAIL, the RCPT commands, the text with its
 * dot, lines with CRLF. To be freed either way; false: a verdict was added. */
struct smtptalk_letter {
	struct buf mail, rcpts, text;
	size_t id_at; /* in text: digits of the Message-ID that may be written over; 0 = none */
};
bool smtptalk_letter(struct smtptalk *s, struct smtptalk_letter *l);
void smtptalk_letter_free(struct smtptalk_letter *l);

/* --repeat: ends the session, which has shown how it is done, then sends the message so many times,
 * --parallel at a time. Adds the verdicts. */
void smtptalk_load(struct smtptalk *s);

/* AUTH, by --auth or the strongest that is offered; false: a verdict was added. */
bool smtptalk_login(struct smtptalk *s);
void smtptalk_login_done(struct smtptalk *s); /* the verdict of a login that went well */

/* One attempt with each mechanism offered, each in its own session; verdicts are added. */
void smtptalk_login_all(struct smtptalk *s, bool (*reopen)(struct smtptalk *s));

/* Whether a foreign sender and recipient are taken, in the classic forms of such addresses; stops
 * before DATA. UNKNOWN from loopback, a private address or a login. Adds the verdict. */
void smtptalk_relay_test(struct smtptalk *s);

/* --smuggle: one message as it is due, then one for each other end of data; adds the verdict. */
void smtptalk_smuggle(struct smtptalk *s, bool (*reopen)(struct smtptalk *s));

/* talk_open with every mail host of a domain in the order of its MX records, as an MTA does, until
 * one greets well. The endpoint's host is the domain, and then the host. */
bool smtptalk_open_mx(struct talk *t, unsigned port);

/* --inject: is a NOOP that comes in clear behind STARTTLS answered in TLS? Adds the verdict. */
void smtptalk_inject(struct smtptalk *s);

/* The server's name out of the greeting, and whether the address's PTR agrees, as a note. */
void smtptalk_banner_name(struct smtptalk *s);
void smtptalk_check_ptr(struct smtptalk *s);

/* A warning for the keyword that a firewall wrote X over. */
void smtptalk_masked(struct smtptalk *s);

/* The certificate against the TLSA records of host and port (RFC 7672), as a verdict: UNKNOWN when
 * the resolver does not say that they are authentic. What matches them is not judged otherwise. */
bool smtptalk_dane(struct smtptalk *s);
