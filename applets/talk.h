/* talk - what the talk applets share: open, TLS, log in, explain
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/applet.h"
#include "know/advice.h"
#include "talk/auth.h"
#include "talk/open.h"
#include "talk/script.h"
#include "ui/report.h"
#include "ui/transcript.h"

enum { TALK_NOTE_MAX = 400, TALK_SHOWN_MAX = 80, TALK_KEPT_MAX = 512 * 1024, TALK_STAGES = 12 };

/* --expect CODE[,STAGE]: a reply that makes the run OK, also when it refuses. */
struct talk_expect {
	char code[4];      /* digits, or 'x' for any; "" = none is expected */
	const char *stage; /* NULL = any */
	bool any_refusal;  /* --expect-rejection: 4xx or 5xx */
	bool is_met;
};

/* False: text is no CODE[,STAGE]. It is borrowed. */
bool talk_expect_parse(struct talk_expect *x, const char *text);

/* Options that every talk applet has. */
struct talk_options {
	bool interactive, auth_only, probe;
	const char *auth; /* a SASL mechanism */
};

struct talk;

/* What makes a talk applet. Its own struct begins with a struct talk, and the offsets of its
 * option table are those in it. */
struct talk_applet {
	const struct opt_spec *spec;
	enum proto proto;
	/* Writes the note to one line of a reply; may leave it empty. */
	void (*annotate)(struct talk *t, const struct reply *r, size_t i, struct buf *note);
	bool (*options_ok)(struct talk *t);              /* false: said what the table cannot say */
	const char *(*needs_user)(const struct talk *t); /* what was asked for that does; or NULL */
	void (*session)(struct talk *t);
	/* of a session, for talk_session; false: its verdict was added */
	bool (*greet)(struct talk *t);
	bool (*lines)(struct talk *t); /* from standard input; false: there was none */
	void (*steps)(struct talk *t, bool lines_follow);
};

/* One run of a talk applet: talk_run fills it and frees it. Verdicts are added as things fail; a
 * false return below means that one was added and the run is to end. */
struct talk {
	const struct talk_applet *applet;
	struct talk_options o;
	struct world *w;
	struct opt_common given, *common; /* which points there */
	enum proto proto;
	struct endpoint ep;
	struct report report;
	struct transcript transcript;
	struct dialog_observer observer;
	struct dialog d;
	struct open_facts facts;
	struct buf password;
	struct sasl_creds creds;
	const char *stage; /* of what was asked last: for notes and findings */
	bool is_terminal;  /* lines are typed on one, which shows them */
	bool is_typed;     /* what is sent now is such a line */
	struct buf kept;   /* the transcript, for /save */
	char typed_user[OPT_USER_MAX];
	bool is_mid_command;   /* 354, 334, "+": what is sent next is no command */
	unsigned mech;         /* of the login, 0 = none or USER/PASS */
	bool is_unlisted;      /* which the server does not offer */
	const char *from, *to; /* for findings */
	uint64_t begun_ms;
	/* set before talk_open */
	unsigned proxy;                   /* version of the PROXY protocol, 0 = none */
	int tls_min, tls_max;             /* 12, 13; 0 = what the library does */
	const char *cert_file, *key_file; /* ours */
	bool is_cert_mine; /* the server's certificate is judged by the applet: talk_certificate */
	struct talk_expect expect; /* set by options_ok, as is script */
	const char *script;        /* file to read lines from; NULL = standard input */
	int script_fd;
	uint64_t stage_ms[TALK_STAGES]; /* spent waiting; by talk.c's table */
	unsigned stages_seen;           /* bits of the same */
	bool is_quit;                   /* QUIT was answered */
	char cert_told[65];             /* sha256 of the certificate whose faults were told */
	bool hangs_up;                  /* the session ends without it */
};

/* The whole run, from the options (t holds applet and defaults) to the exit code. */
int talk_run(struct talk *t, struct world *w, int argc, char **argv);

/* Greeting, lines, steps, QUIT. As with telnet, lines come first: nothing is said before the user
 * does, unless STARTTLS or a login is to come before. has_steps: there is something else to do. */
void talk_session(struct talk *t, bool has_steps);

/* Resolves, connects, TLS where it comes first, greeting; port when the user named none. Its two
 * parts, for who has other hosts to try: talk_connect adds no verdict when it fails. */
bool talk_open(struct talk *t, unsigned port);
bool talk_connect(struct talk *t, unsigned port);
bool talk_opened(struct talk *t);

/* The host, or "unix:..." or "exec:..." as the user wrote it. */
const char *talk_peer(const struct talk *t);

/* What the options say of TLS; borrowed from t. */
struct tls_options talk_tls_options(const struct talk *t);

/* Ends the connection; the run goes on with another. */
void talk_reset(struct talk *t);

/* The line that tells peer and TLS, and the certificate where there is one. */
void talk_show_tls(struct talk *t);

/* The verdicts on the server's certificate. */
bool talk_certificate(struct talk *t);

/* The server's certificate in a line: names, issuer, key, days left. Foreign octets. */
void talk_put_certificate(const struct talk *t, struct buf *out);

/* STARTTLS or STLS as --tls says. offered: it is in the capability list. *started tells whether
 * the lists have to be asked for again. */
bool talk_starttls(struct talk *t, bool offered, bool *started);

/* May the password be sent here? A no is an UNKNOWN verdict: nothing was tested. */
bool talk_may_login(struct talk *t);

/* Verdicts. talk_failed: d.err says why (connection, protocol, our refusal). talk_refused:
 * d.reply says no. fact NULL: made from the reply. Both ask the knowledge base and return false. */
bool talk_failed(struct talk *t, const char *stage);
bool talk_refused(struct talk *t, const char *stage, const char *fact);

/* A finding of our own: error is its name in the knowledge base, which explains it. Returns
 * false. */
bool talk_own(struct talk *t, enum report_status status, const char *error, const char *fact);

/* What stands for the peer and the login in every finding. */
struct finding talk_finding(const struct talk *t, const char *stage);

/* --auth's mechanism is tried also when it is not offered; a refusal is then no word on the
 * password. */
void talk_take_mech(struct talk *t, unsigned offered);

/* The login's outcome as a verdict; d.reply is the server's answer. */
bool talk_login_verdict(struct talk *t, const char *how);

/* An OK verdict; the run's time is added to the fact. */
void talk_ok(struct talk *t, const char *stage, const char *subject, const char *fact,
		const char *not_proves);

/* The note to a challenge (334, "+"): what its base64 says, for whoever typed AUTH by hand. */
void talk_note_challenge(struct bytes text, struct buf *note);

/* QUIT, and the wait for its answer. A peer that closes instead is no fault of the session. */
void talk_quit(struct talk *t);

/* Seconds since talk_begin, as " (0.41 s)"; empty with --stable. */
void talk_elapsed(const struct talk *t, struct buf *out);

/* Runs lines from standard input. Explains refusals on the way; the verdict is the first of
 * them. */
bool talk_script(struct talk *t, void (*answered)(void *ctx, struct bytes shown),
		bool (*data)(void *ctx, struct bytes part), void *ctx);
