/* applet - what an applet is, and the list of them
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/world.h"
#include "ui/opt.h"

/* One row a command. main gets argv with argv[0] = what it was called as (a path, maybe) and
 * returns the exit code (report.h's map); it prints through w only. */
struct applet {
	const char *name;
	const char *what; /* one line for the list */
	int (*main)(struct world *w, int argc, char **argv);
	const struct opt_spec *spec; /* help and man page */
	bool no_link; /* --install makes no link: the name alone would say too little */
};

extern const struct applet applet_list[]; /* sorted by name, ends with a NULL name; in main.c */

int b64auth_main(struct world *w, int argc, char **argv);
int explain_main(struct world *w, int argc, char **argv);
int maillogwatch_main(struct world *w, int argc, char **argv);
int imaptalk_main(struct world *w, int argc, char **argv);
int mailsink_main(struct world *w, int argc, char **argv);
int mscan_main(struct world *w, int argc, char **argv);
int pop3talk_main(struct world *w, int argc, char **argv);
int smtptalk_main(struct world *w, int argc, char **argv);

extern const struct opt_spec b64auth_spec, explain_spec, imaptalk_spec, maillogwatch_spec,
		mailsink_spec, mscan_spec, pop3talk_spec, smtptalk_spec;
