/* fake_session - sessions of a talk applet as rows of a table
 * SPDX-License-Identifier: MIT */
#pragma once

#include "tests/fakes/fake_peer.h"

struct fake_session {
	const char *name;
	const char *replies[14];
	const char *words[12]; /* behind the applet's name */
	int code;
	const char *shown[4]; /* all of them stand in the output */
	const char *hidden;   /* and this does not */
	const char *sent;     /* NULL: not looked at; else all that was sent */
	const char *input;    /* standard input, NULL = closed */
	bool is_remote, utf8;
};

/* Each row with the replies whole, and in pieces of 1 to 7 octets; fails the test where it is not
 * as it says, or a raw control character is shown. */
void fake_session_run(int (*applet)(struct world *w, int argc, char **argv),
		const struct fake_session *cases, size_t count);

/* Words that are a usage error: exit code 3, nothing on standard output, no connection. */
enum { FAKE_SESSION_WORDS = 10 };
void fake_session_wrong(int (*applet)(struct world *w, int argc, char **argv),
		const char *const (*wrong)[FAKE_SESSION_WORDS], size_t count);
