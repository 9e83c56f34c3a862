/* offers - what is offered before TLS, and with it
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/talk.h"

enum { OFFERS_MAX = 64 * 1024 }; /* of a list: a line for each capability */

/* talk_starttls; and when TLS was begun, ask is to get the list anew, as what was learned in clear
 * text must be forgotten (RFC 3207 4.2): notes on what differs, if anything does but that TLS
 * cannot be started again. False: a verdict was added. */
bool offers_secure(struct talk *t, bool offered, struct buf *list, bool (*ask)(struct talk *t));
