/* probe - what a port said when it was asked
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "net/tls.h"

enum {
	PROBE_MS = 5000,         /* of one port, from the connection on */
	PROBE_TEASER_MS = 15000, /* when the greeting begins with "220-": postscreen waits 6 s */
	PROBE_UNKNOWN = 32,      /* of so few ports even those are asked that are not known */
	PROBE_LINE_MAX = 4096,
	PROBE_ANSWER_MAX = 16 * 1024, /* of one answer; what comes behind is a flood */
};

/* How far it came. */
enum probe_step {
	PROBE_GREETING, /* nothing, or not the whole greeting */
	PROBE_TLS,      /* in the handshake */
	PROBE_CAPS,
	PROBE_STARTTLS,
	PROBE_CAPS_TLS,
	PROBE_QUIT,
	PROBE_DONE
};

struct mscan_answer {
	unsigned char step; /* enum probe_step */
	unsigned char talk; /* enum port_talk that was spoken */
	bool greeted;       /* the greeting is whole and of this protocol */
	bool is_flood, is_silent;
	bool is_refusal;           /* the greeting says no: 421, 554, -ERR, * BYE */
	bool offers_tls;           /* STARTTLS or STLS */
	bool refused_tls;          /* offered, and then not done */
	bool wants_tls;            /* answered in TLS where clear text was due */
	const char *other;         /* what it speaks instead, as reply_guess_proto names it */
	struct buf greeting;       /* first line, as sent */
	struct buf caps;           /* words of EHLO, CAPA, CAPABILITY in clear, one a line */
	struct buf caps_tls;       /* the same inside TLS */
	unsigned mechs, mechs_tls; /* SASL_* bits */
	uint32_t greeting_ms;
	struct tls_facts *tls; /* NULL: no handshake was tried */
	struct err err;        /* why it did not come further; ERR_NONE */
};

void mscan_answer_free(struct mscan_answer *a);

/* The words of a list that name the software, or empty: it is hidden. */
struct bytes mscan_answer_software(const struct mscan_answer *a);
