/* offers - what is offered before TLS, and with it
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/talk.h"

enum { OFFERS_MAX = 64 * 1024 }; /* of a list: a line for each capability */

/* Notes on what differs, if anything does but that TLS cannot be started again. */
void offers_compare(struct talk *t, struct bytes before, struct bytes after);
