/* session - what the sides of all protocols have in common
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/login.h"
#include "applets/mailsink/sink.h"
#include "net/tls.h"

/*
 * A session is a state machine without descriptors and clock: octets in by session_feed, octets out
 * in out. Cutting the input anywhere gives the same output.
 */
enum {
	SESSION_LINE_MAX = 4096,      /* RFC 5321 4.5.3.1.4 asks for 512, RFC 2449 4 for 255 */
	SESSION_OUT_HIGH = 64 * 1024, /* no command is taken while so much waits to be sent */
	SESSION_OUT_MAX = 256 * 1024,
	SESSION_ERRORS_MAX = 20, /* refused commands, then the session is ended */
};

struct session;

/* A row of a protocol's commands; the last one is zeroed. */
struct session_command {
	const char *verb;
	unsigned when; /* it may be used; the protocol's own bits */
	void (*run)(struct session *s, struct bytes arg);
};

/* What the protocols do; each takes a line without its end. */
struct session_proto {
	const char *name;
	const char *challenge; /* what stands before one in an AUTH exchange */
	const struct session_command *commands;
	void (*greet)(struct session *s);
	void (*line)(struct session *s, struct bytes line);
	void (*line_too_long)(struct session *s);
	void (*data)(struct session *s, struct bytes *in); /* while in_data is set */
	void (*pour)(struct session *s);           /* while is_pouring is set: adds to out */
	bool (*has_news)(const struct session *s); /* NULL: never; what to say unasked, */
	void (*tell_news)(struct session *s);      /* and this says it */
	void (*tls_on)(struct session *s);         /* everything said before is forgotten */
	void (*auth_end)(struct session *s, enum login_result result); /* of session_auth */
	void (*leave)(struct session *s, bool is_idle); /* last words of a server that ends it */
	void (*end)(struct session *s);                 /* gives up what it holds */
};

/* The first member of struct smtpd, struct pop3d and struct imapd. */
struct session {
	const struct session_proto *proto;
	struct sink *sink;
	struct journal_at at;
	char peer_ip[ADDR_TEXT_MAX];
	bool is_tls;
	bool is_authed;
	bool in_data;    /* input is message text */
	bool is_pouring; /* an answer is so long that it goes out in parts */
	bool starts_tls; /* once out is sent, TLS is to begin */
	bool is_over;    /* once out is sent, the connection is to be closed */
	bool auth_tried; /* AUTH or PASS came: what is no command may be a password */
	bool told_bare_lf, told_telnet;
	unsigned errors;
	uint64_t steps;  /* lines and pieces of data so far: what the idle clock looks at */
	struct buf line; /* the line that is not whole yet; secret */
	bool line_cut;
	struct buf out;
	char certificate[TLS_TEXT_MAX]; /* the client's: whose it is; "" = none that is trusted */
	struct login login;
	struct fault_state fault;
};

/* Who calls. */
struct session_peer {
	unsigned number; /* of the session, from 1 */
	const char *ip;  /* copied */
	bool is_tls;     /* from the first octet */
};

/* s is zeroed. The greeting is put into out. */
void session_start(struct session *s, const struct session_proto *proto, struct sink *sink,
		const struct session_peer *peer);

/* Frees s too: both kinds are made by their _new. NULL is allowed. */
void session_free(struct session *s);

/* Takes octets off the front of in, as far as out has room; call again when out was sent, also with
 * empty in. Octets behind STARTTLS or STLS end the session: they came in clear and would be taken
 * for encrypted ones (CVE-2011-0411). */
void session_feed(struct session *s, struct bytes *in);

/* Somebody in between says who the client is. by: "PROXY", "XCLIENT". */
void session_set_client(struct session *s, const struct addr *a, const char *by);

/* TLS was begun because starts_tls was set. */
void session_tls_on(struct session *s);

/* TLS is to begin. False: a fault has taken its place, and what it says is in out. */
bool session_may_tls(struct session *s);

/* There is something to do that waits neither for the client nor for out to be sent. */
bool session_has_work(const struct session *s, bool has_input);

/* Says that clear text came behind the command that starts TLS. */
void session_note_injected(struct session *s);

/* The server ends the session: the client was silent for too long, or the server stops. */
void session_leave(struct session *s, bool is_idle);

/* One line of reply, CRLF added. */
void session_reply(struct session *s, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

/* The same, of any length that out has room for. */
void session_reply_long(struct session *s, struct bytes text);

/* The same, shown as something else in a journal that is to be compared with another run's. */
void session_reply_random(struct session *s, const char *sent, const char *shown);

/* What AUTH can be had with in this session, and a line of reply that lists it. */
unsigned session_mechs(const struct session *s);
void session_reply_mechs(struct session *s, const char *start, const char *before);

/* The client comes to a stage (FAULT_STAGES), or to a command of that name; NULL: to a command that
 * is not known. Faults for it hold from here on. False: one of them refuses, and has answered. */
bool session_stage(struct session *s, const char *stage);

/* The command of that name, case ignored, or NULL. */
const struct session_command *session_find(const struct session *s, struct bytes verb);

/* Runs the exchange that AUTH begins; arg: the mechanism, and an initial response where there is
 * one. The result comes by proto->auth_end. */
void session_auth(struct session *s, struct bytes arg);

/* A refused command. True when there were too many, and the session ends. */
bool session_error(struct session *s);

/* Shows a client's line with its secrets hidden; is_command: it was known as one. */
void session_show(struct session *s, struct bytes line, bool is_command);

/* Tells who logged in or was refused. */
void session_note_login(struct session *s, struct bytes user, const char *how, bool ok);
void session_note(struct session *s, const char *text);
