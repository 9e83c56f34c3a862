/* trace - the way of a mail through its logs
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/maillogwatch/maillogwatch.h"

/* --trace and --why. The exit code: 0 found, 2 not in these logs. */
int trace_run(struct watch *t, const struct opt_list *names);
