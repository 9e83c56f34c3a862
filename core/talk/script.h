/* script - lines typed or piped, each sent after the whole reply
 * SPDX-License-Identifier: MIT */
#pragma once

#include "talk/auth.h"
#include "talk/dialog.h"

enum { SCRIPT_LINE_MAX = 64 * 1024 };

/* What the next line is: a command, an answer to 334 or "+", or message data behind 354. */
enum script_state { SCRIPT_COMMAND, SCRIPT_CHALLENGED, SCRIPT_DATA };

enum script_end {
	SCRIPT_ENDED,     /* the input ended, all lines were answered */
	SCRIPT_QUIT,      /* QUIT was sent and answered */
	SCRIPT_PEER_LEFT, /* 421, BYE, closed, unasked: d->reply or d->err */
	SCRIPT_CUT,       /* the same in answer to a line; answered() was told */
	SCRIPT_FAILED,    /* d->err */
	SCRIPT_UNENDED,   /* the input ended inside message data, or where an answer was due */
};

/* What becomes of a line before it is sent. */
enum script_look { SCRIPT_SEND, SCRIPT_DONE /* it asked us, not the peer */, SCRIPT_BROKE };

/* A terminal's line editor, in place of lines as they are read. */
struct script_input {
	/* A line is waited for; *signals is to be polled too (-1: nothing), and when it is readable
	 * pause is called. False: no editor, lines come as they are. */
	bool (*begin)(void *ctx, enum script_state state, int *signals);
	/* Something else is to be shown, or the line is complete. */
	void (*pause)(void *ctx);
	/* Keys that came (or none); lines gets at most one line, with its LF. False: the end. */
	bool (*typed)(void *ctx, struct bytes keys, struct buf *lines);
	void *ctx;
};

struct script {
	struct dialog *d;
	int in_fd;
	const struct tls_options *tls_options; /* for a STARTTLS in the script */
	struct tls_facts *tls;
	bool insecure;
	/* Told of each command and its reply (line without its secret, d->reply); may be NULL. */
	void (*answered)(void *ctx, struct bytes shown);
	/* Takes the data of multi-line POP3 answers. */
	bool (*data)(void *ctx, struct bytes part);
	void *ctx;
	/* Sees each line but message data first, and may put another in its place, which lives
	 * until the next call; SCRIPT_BROKE: d->err. May be NULL. */
	enum script_look (*look)(void *look_ctx, enum script_state state, struct bytes *line);
	void *look_ctx;
	const struct script_input *input; /* NULL: lines come as they are */
	/* script.c's own */
	struct buf in;
	enum script_state state;
	bool at_end;
};

/* Runs the lines of in_fd until the input, the peer or the deadline ends it. Of a transcript, its
 * "C: " lines; the rest of it is passed over. A command can follow unless d->is_over. */
enum script_end script_run(struct script *s);

/* How a line may be shown: what is or may be a password (AUTH's initial response, PASS, APOP's
 * digest, any answer to a challenge) is replaced by "<hidden, N bytes>". True when something
 * was. Pure. */
bool script_shown(enum proto proto, enum script_state state, struct bytes line, struct buf *shown);
