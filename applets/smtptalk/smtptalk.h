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
	const char *from, *subject, *body, *data_file, *ehlo, *auth, *script, *expect, *cert, *key;
	struct opt_list to, headers, xclient;
	int proxy;            /* 0, or the version */
	int tls_min, tls_max; /* 0 = any, 1 = TLS 1.2, 2 = TLS 1.3 */
	int quit_after;       /* enum smtptalk_stage */
	bool auth_only, interactive, expect_rejection, mx, lmtp;
};

struct smtptalk {
	struct talk talk; /* first: talk's callbacks get this pointer */
	struct opt_common common;
	struct smtptalk_options o;
	struct smtp_caps caps;
	char ehlo_name[ADDR_HOST_MAX];
	char queue_id[128];
	size_t accepted; /* recipients */
};

/* What an administrator wants to know about one line of a reply. */
void smtptalk_annotate(struct talk *t, const struct reply *r, size_t i, struct buf *note);

/* MAIL, RCPT and DATA as the options say; false: a verdict was added and the session is to end
 * with QUIT. */
bool smtptalk_send(struct smtptalk *s);
