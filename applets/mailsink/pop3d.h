/* pop3d - one POP3 session, the server's side
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/session.h"

/* A session with its greeting in out; freed by session_free. Speaks RFC 1939 with APOP, TOP and
 * UIDL, CAPA and RESP-CODES (2449), AUTH-RESP-CODE (3206), STLS (2595), AUTH (5034). Every user
 * sees all messages; one session at a time has them. */
struct session *pop3d_new(struct sink *sink, const struct session_peer *peer);

extern const struct session_proto pop3d_proto;
