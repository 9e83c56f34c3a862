/* smtpd - one SMTP session, the server's side
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/session.h"

/* A session with its greeting in out; freed by session_free. Speaks RFC 5321 with PIPELINING
 * (2920), SIZE (1870), 8BITMIME (6152), ENHANCEDSTATUSCODES (2034), SMTPUTF8 (6531), STARTTLS
 * (3207), AUTH (4954), CHUNKING (3030), DSN (3461). */
struct session *smtpd_new(struct sink *sink, const struct session_peer *peer);

/* The same as LMTP (RFC 2033): LHLO, and an answer for each recipient. */
struct session *smtpd_new_lmtp(struct sink *sink, const struct session_peer *peer);

extern const struct session_proto smtpd_proto, smtpd_lmtp;
