/* serve - the loop that drives all sessions of mailsink
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailsink/sink.h"
#include "net/listen.h"
#include "net/tls.h"

enum serve_port {
	SERVE_SMTP,
	SERVE_SMTPS,
	SERVE_POP3,
	SERVE_POP3S,
	SERVE_IMAP,
	SERVE_IMAPS,
	SERVE_LMTP, /* only when it is named */
	SERVE_PORTS
};

enum { SERVE_USUAL = SERVE_LMTP }; /* ports that are served when none is named */
enum { SERVE_UNUSED = 65536 };     /* a port number that stands for: not served */

struct serve_options {
	const char *bind;           /* numeric address */
	unsigned port[SERVE_PORTS]; /* 0 = any free one */
	struct tls_server *tls; /* NULL: none of the ports needs it, and sink.can_tls is false */
	bool proxy;             /* each connection begins with a PROXY header */
	bool once;              /* end with the first session */
	uint64_t deadline_ms;   /* of the whole run; WORLD_FOREVER = none */
	unsigned idle_s;        /* 0 = what the RFCs ask for */
	size_t sessions_max;
};

struct serve {
	struct sink *sink;
	const struct serve_options *options;
	struct listen_socket listen[SERVE_PORTS]; /* fd -1 where not served */
	/* those that are: poll() refuses more entries than descriptors are allowed */
	enum serve_port ports[SERVE_PORTS];
	size_t port_count;
	struct conn *conns;
	size_t conn_count;
	unsigned serial;
	bool no_descriptors; /* accept() failed: pauses until a session ends */
	bool done;
};

/* "smtp", "smtps", ... */
const char *serve_port_name(enum serve_port port);
bool serve_port_is_tls(enum serve_port port);

/* Opens the ports. False: e, and none is open. */
bool serve_open(struct serve *v, struct sink *sink, const struct serve_options *o, struct err *e);

/* Serves until the deadline, a signal (world_catch_stop), the end of the only session, or until
 * standard output cannot be written; then says goodbye to whoever is there and closes everything.
 * */
void serve_run(struct serve *v);
