/* install - links named like the applets
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/applet.h"

/* Makes a link in dir to the running binary (found by /proc/self/exe, else by argv0) for each
 * applet of the list: hard links, or symbolic ones. A link that is there already is fine; another
 * file of that name is left alone and named. Returns the exit code: 0, 1 when names were taken, 3
 * when it failed. */
int install_links(struct world *w, const struct applet *list, const char *argv0, const char *dir,
		bool is_symbolic);
