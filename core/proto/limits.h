/* limits - thresholds of a mailbox check: "messages=100,oldest=2h"
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

enum limits_what { LIMITS_MESSAGES, LIMITS_OLDEST, LIMITS_NEWEST, LIMITS_COUNT };

/* Zeroed = none is given. */
struct limits {
	bool given[LIMITS_COUNT];
	uint64_t most[LIMITS_COUNT]; /* messages; seconds of age; more than that is too much */
};

/* NAME=NUMBER, parted by commas. An age has s, m, h, d or w behind it, or is in seconds. False: it
 * is no such list, or a name comes twice. */
bool limits_parse(struct bytes text, struct limits *l);
