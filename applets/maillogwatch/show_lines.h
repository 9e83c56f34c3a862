/* show_lines - prints a log with a note under what matters
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/maillogwatch/maillogwatch.h"

/* The exit code. */
int show_lines(struct watch *t, const struct opt_list *names);
