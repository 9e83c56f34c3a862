/* err - why a step of ours failed
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

/* What went wrong on our side of the wire. A timeout, a close and a refusal are three different
 * errors and stay apart: the knowledge base is asked by this kind. */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,       /* the caller's words: option, address, script line */
	ERR_LOCAL,       /* this machine: file, descriptor, memory limit, full disk */
	ERR_RESOLVE,     /* a name that does not resolve: NXDOMAIN, no address */
	ERR_DNS,         /* the resolver failed: no answer, SERVFAIL */
	ERR_REFUSED,     /* ECONNREFUSED */
	ERR_UNREACHABLE, /* EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL: no route, no family here */
	ERR_TIMEOUT,     /* the deadline passed in silence or in drips */
	ERR_RESET,       /* ECONNRESET, EPIPE */
	ERR_CLOSED,      /* end of file where more was due */
	ERR_PROTOCOL,    /* the peer broke the protocol (limits passed, garbage, wrong protocol) */
	ERR_EXCHANGE,    /* the peer broke the rules of the login's mechanism */
	ERR_TLS,         /* the handshake failed; fault bits in struct tls_facts */
	ERR_CERT,        /* the handshake went well, the certificate is not to be trusted */
	ERR_POLICY,      /* we refuse: secret in clear, bytes before TLS */
};

enum { ERR_TEXT_MAX = 300 };

/* Zeroed = no error. The text names step and object: "connect to 192.0.2.1:25: ...". Never holds a
 * secret; foreign bytes in it are not escaped yet (show_* does that). */
struct err {
	enum err_kind kind;
	int sys_errno; /* 0 when none */
	char text[ERR_TEXT_MAX];
};

/* Each sets err (kind, text) and returns false, so that a caller can `return err_set(...)`. A
 * NULL err is allowed. A text that does not fit is cut. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the words for the errno number added. */
bool err_sys(struct err *e, enum err_kind kind, int number, const char *format, ...)
		__attribute__((format(printf, 4, 5)));

/* Puts "context: " in front of the text that is there. */
bool err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The kind that belongs to an errno value of connect(), read() or write(). */
enum err_kind err_kind_of(int number);

/* The kind as the knowledge base and JSON name it: "timeout", "refused", ... */
const char *err_name(enum err_kind kind);
