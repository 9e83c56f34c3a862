/* faults - a server that lies, stalls and breaks on purpose
 * SPDX-License-Identifier: MIT
 *
 * Faults act on the octets of an answer after the session made it, and on when they are sent. The
 * session knows of none of them but that a command may be refused in its place.
 */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

enum {
	FAULTS_MAX = 32, /* one bit each in fault_state.active */
	FAULT_TEXT_MAX = 8 * 1024,
	FAULT_TAIL_MAX = 256 * 1024,
	FAULT_STAGES_MAX = 80,
};

/* Stages that are no command. A session is at TLS when it is to begin, at DOT when a message
 * is complete, at PROOF when an answer to a challenge came. */
#define FAULT_STAGES "GREETING", "TLS", "DOT", "PROOF", "ANY"

struct fault_action;

/* One --fault. */
struct fault {
	const struct fault_action *action;
	struct bytes stage;
	bool is_limited;
	uint64_t left;    /* times, where is_limited */
	uint64_t number;  /* of the action, in its own unit */
	struct buf old;   /* what text stands for instead */
	struct buf text;  /* of the action, escapes decoded */
	const char *spec; /* as given; borrowed */
};

/* All of a run. Zeroed = none. */
struct faults {
	struct fault at[FAULTS_MAX];
	size_t count;
};

/* What they do to one session. Zeroed = nothing. */
struct fault_state {
	uint32_t active;            /* those that hold for the answer under way */
	bool is_begun;              /* a part of that answer was made */
	bool is_swapped;            /* in what was then put into base64 */
	bool is_mute;               /* nothing is said any more, whatever comes */
	bool ends, resets;          /* the connection is to be closed, by an RST */
	size_t pause_at;            /* once so many octets are sent, ... */
	unsigned pause_ms;          /* ... nothing is for so long; 0 = no pause */
	bool by_octet;              /* each octet is a write of its own, until all are sent */
	unsigned octet_ms;          /* and so long apart */
	char fill[8];               /* what each filling line begins with */
	uint64_t filled, fill_left; /* filling lines; UINT64_MAX = for ever */
	uint64_t long_left;         /* octets to make a line long */
	struct buf tail;            /* what stands behind the filling */
	struct bytes tag;           /* IMAP's, of the command under way; borrowed */
};

/* Reads "STAGE[*N]=ACTION[ ARG]"; stages: the names allowed, NULL-ended. False: e names what is
 * wrong, and the nearest name. */
bool faults_add(struct faults *f, const char *spec, const char *const *stages, struct err *e);
void faults_free(struct faults *f);

/* Appends in with \r \n \0 \\ \xNN decoded; false at any other escape, or when out is full. */
bool faults_unescape(struct bytes in, struct buf *out);

/* The session comes to a stage, or (empty name) to a command that it does not know: the faults for
 * it hold from here to the end of the answer. Returns the one that refuses the command, or NULL. */
const struct fault *faults_begin(struct faults *f, struct fault_state *s, struct bytes stage);

/* Tells of each fault that holds. */
#define FAULTS_EACH(f, s, i)                    \
	for (size_t i = 0; i < (f)->count; i++) \
		if ((s)->active & (UINT32_C(1) << i))

/* Changes what a line of a reply is made of: the message that it holds in base64. */
void faults_message(const struct faults *f, struct fault_state *s, struct buf *message);

/* Changes one line of a reply; its end is there. */
void faults_line(const struct faults *f, const struct fault_state *s, struct buf *line);

/* Changes the part of an answer that begins at in out; is_last: the answer ends with it. */
void faults_answer(const struct faults *f, struct fault_state *s, struct buf *out, size_t at,
		bool is_last);

/* Filling that is still to be made, and some of it. */
bool faults_pours(const struct fault_state *s);
void faults_pour(struct fault_state *s, struct buf *out, size_t high);

/* Nothing is to be done before what is in out is sent in its own time. */
bool faults_wait(const struct fault_state *s, const struct buf *out);

/* A message is sent as it is, dots and all. */
bool faults_unstuffed(const struct faults *f, const struct fault_state *s);

void faults_end(struct fault_state *s);
