/* maillogwatch - what its parts share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/maillog.h"
#include "sys/world.h"
#include "ui/opt.h"

/* What a part of the applet is told, in the order of the log. */
struct watch_options {
	struct opt_list match, from, to, ip, user, program;
	const char *since, *until, *now;
	const char *trace, *why, *level, *prom;
	bool all, follow, summary, merge, redact;
};
