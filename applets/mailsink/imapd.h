/* imapd - one IMAP session, the server's side
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/session.h"

/* A session with its greeting in out; freed by session_free. Speaks as much of IMAP4rev1 (RFC
 * 3501) as a client needs that logs in and reads the one folder: CAPABILITY NOOP LOGOUT STARTTLS
 * LOGIN AUTHENTICATE LIST STATUS SELECT EXAMINE CLOSE SEARCH FETCH UID, SASL-IR (4959), LITERAL+
 * (7888). One session at a time has the folder, as with POP3. */
struct session *imapd_new(struct sink *sink, const struct session_peer *peer);

extern const struct session_proto imapd_proto;
