/* open - from an endpoint to a greeted dialog
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/dns.h"
#include "talk/dialog.h"

enum open_tls { OPEN_AUTO, OPEN_STARTTLS, OPEN_IMPLICIT, OPEN_NONE };

enum {
	/* so long a greeting may be missing before we ask whether the port wants TLS */
	OPEN_SILENCE_MS = 4000,
	OPEN_PROBE_MS = 5000, /* and so long the asking may take */
};

struct open_options {
	const struct endpoint *ep;
	enum proto proto;
	unsigned port; /* used when the endpoint names none */
	enum open_tls tls;
	int family;
	const char *bind_ip, *dns_server;
	unsigned proxy; /* version of the PROXY protocol to begin with, 0 = none */
	struct tls_options tls_options;
};

/* What was found out on the way, also when it failed. */
struct open_facts {
	const char *stage; /* where it ended: dns connect tls banner */
	struct addr_list addrs;
	struct buf tried; /* one line for each address that failed */
	struct tls_facts tls;
	bool tls_port_plain; /* TLS was begun, clear text came (facts.tls.first) */
	bool plain_port_tls; /* clear text was awaited at a port that wants TLS at once */
	uint64_t dns_ms, connect_ms, greeting_ms; /* what each took, be it that it failed */
};

/* Resolves, connects, does implicit TLS where due, reads the greeting. AUTO never goes by the
 * port number alone: TLS is begun first at 465, 993, 995 and for smtps:// and kin; when clear
 * text answers, a new connection goes on in clear text. Elsewhere the greeting is awaited; after
 * OPEN_SILENCE_MS of silence a second connection offers TLS, and if that is answered, it is
 * used. A certificate fault does not end it (facts.tls.faults): what follows from it is the
 * caller's. True: d is begun and d->reply is the greeting, whatever it says. False: d->err and
 * f->stage; d is begun or untouched, dialog_end is safe when d was zeroed (deadline_ms, ob and
 * show_secrets may be set before). */
bool open_dialog(struct dialog *d, struct world *w, const struct open_options *o,
		struct open_facts *f);
void open_facts_free(struct open_facts *f);
