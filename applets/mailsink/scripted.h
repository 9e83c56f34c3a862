/* scripted - a session that goes as a file says
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/session.h"

enum { SCRIPTED_MAX = 256 * 1024 };

/* False: line number of text is no step of a script (mailsink --man tells which there are). */
bool scripted_check(struct bytes text, unsigned *number);

/* sink->script was found good; it is followed from its start. */
struct session *scripted_new(struct sink *sink, const struct session_peer *peer);
