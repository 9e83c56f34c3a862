/* tls - TLS on a running stream, and its facts
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"

enum { TLS_HANDSHAKE_MS = 15000, TLS_CHAIN_MAX = 10, TLS_TEXT_MAX = 256 };

/* Why a certificate is not to be trusted, or a handshake failed: each told apart. */
enum tls_fault {
	TLS_EXPIRED = 0x01,
	TLS_NOT_YET = 0x02,
	TLS_WRONG_NAME = 0x04,
	/* the leaf signs itself and is not in the store */
	TLS_SELF_SIGNED = 0x08,
	/* the root is not in the store: it was sent, or it is the issuer of the last CA certificate
	 * sent (a second intermediate may be missing there as well: that cannot be told) */
	TLS_UNKNOWN_ROOT = 0x10,
	/* only the leaf was sent, and its issuer is not in the store */
	TLS_NO_INTERMEDIATE = 0x20,
	/* key or hash below what is accepted */
	TLS_WEAK = 0x40,
	/* other: signature, usage, unreadable */
	TLS_BAD_CERT = 0x80,
	/* this machine's clock is before the build: dates UNKNOWN */
	TLS_CLOCK = 0x100,
	/* the CA file named by the user cannot be read or is empty */
	TLS_NO_STORE = 0x200,

	/* handshake: the peer answered the ClientHello in clear text, facts.first */
	TLS_PEER_PLAIN = 0x10000,
	/* no octet came back */
	TLS_PEER_SILENT = 0x20000,
	/* closed or reset during the handshake */
	TLS_PEER_CLOSED = 0x40000,
	/* versions do not meet (alert 70 or our refusal) */
	TLS_VERSION = 0x80000,
	/* alerts 40, 71: suites, signature algorithms, or a certificate of ours is wanted */
	TLS_NO_COMMON = 0x100000,
	/* another alert: facts.alert */
	TLS_ALERT = 0x200000,
	/* the server wants or refuses our certificate (alerts 42 to 46, 48, 116) */
	TLS_CLIENT_CERT = 0x400000,
	/* alert 112 */
	TLS_SNI = 0x800000,
	/* alert 80: its own trouble */
	TLS_INTERNAL = 0x1000000,
};
#define TLS_CERT_FAULTS 0xffffu

/* Texts are the peer's octets (show_* them), NUL written as \x00, cut where they do not fit. */
struct tls_cert {
	char subject[TLS_TEXT_MAX]; /* CN where there is one, else the whole DN */
	char issuer[TLS_TEXT_MAX];
	char names[TLS_TEXT_MAX]; /* SANs (DNS, IP), blank-separated, whole ones only, then "..." */
	int64_t not_before, not_after; /* seconds since 1970 */
	char key[32];                  /* "RSA 2048", "EC P-256" */
	char signature[64];
	char sha256[65];
	char key_sha256[65]; /* of the public key alone (SPKI), as TLSA records have it */
	bool is_self_signed, is_ca;
};

struct tls_facts {
	bool handshake_done;
	bool by_starttls; /* set by who said it, when the handshake is over or begun */
	unsigned faults;
	char version[16]; /* "TLS1.3" */
	char suite[64];
	int alert;                            /* number received, -1 = none */
	struct tls_cert chain[TLS_CHAIN_MAX]; /* as sent, leaf first */
	size_t chain_count;
	char store[TLS_TEXT_MAX]; /* "built-in (148 roots)", "/etc/ssl/certs/ca-certificates.crt" */
	char sni[ADDR_HOST_MAX];
	char name[ADDR_HOST_MAX]; /* what the certificate was checked against */
	unsigned char first[80];  /* TLS_PEER_PLAIN: what the peer said instead */
	size_t first_n;
	bool closed_without_notify; /* cut off, or a careless peer */
	uint64_t handshake_ms;      /* of tls_client, be it that it failed */
};

struct tls_options {
	const char *sni;     /* NULL = host when it is a name, "" = none */
	const char *host;    /* name or address the certificate must carry */
	const char *ca_file; /* NULL: $SSL_CERT_FILE, well-known places, built-in roots */
	bool insecure;       /* go on whatever the certificate is; the faults are still found */
	int min_version, max_version; /* 12 or 13; 0 = default */
	/* Our own certificate and its key, PEM; NULL: none; the key may stand in cert_file. */
	const char *cert_file, *key_file;
	/* The steps only: a certificate of this fingerprint was judged before and is not again.
	 * NULL = none. */
	const char *known_sha256;
};

/* Client handshake on s. The certificate verdict is in facts; the call succeeds when the
 * handshake does and (the certificate is good or insecure is set). False: ERR_TLS, ERR_CERT,
 * ERR_TIMEOUT, ERR_CLOSED, ERR_RESET, ERR_LOCAL ... and s is only good for closing. facts must
 * live as long as s: alerts and a missing close_notify of the session are noted there. */
bool tls_client(struct stream *s, const struct tls_options *o, uint64_t deadline_ms,
		struct tls_facts *facts, struct err *e);

/* The same in steps, for poll loops: begin, then step until it is not IO_TIMEOUT; *wants tells what
 * to poll for. IO_OK: the handshake is over and the certificate judged (facts), with o->insecure
 * whatever it is. o and facts live as long as s. */
bool tls_client_begin(struct stream *s, const struct tls_options *o, struct tls_facts *facts,
		struct err *e);
enum io tls_client_step(struct stream *s, short *wants, struct err *e);

/* Words for the lowest fault bit set in faults: "the certificate has expired"; "" for none. */
const char *tls_fault_text(unsigned faults);

/* Its short name for JSON and the knowledge base: "expired", "wrong-name", ... */
const char *tls_fault_name(unsigned faults);

/* Why there was no handshake, for the knowledge base: tls_fault_name, but behind a server's yes to
 * STARTTLS clear text and silence have other causes and names of their own. NULL: no fault bit
 * tells. */
const char *tls_failure_name(const struct tls_facts *f);

/* A server's key and certificate: from PEM files, or self-made (EC P-256, valid from yesterday for
 * a year). Must outlive the streams started with it; lent a world that lives as long. */
struct tls_self_made {
	const char *const *names; /* host names and IP addresses */
	size_t count;
	/* for tests that want a bad one */
	int64_t shift_s; /* moves both dates, in seconds */
	bool is_weak;    /* signed over a SHA-1 digest */
};
struct tls_server;
struct tls_server *tls_server_make(struct world *w, const struct tls_self_made *m, struct err *e);
struct tls_server *tls_server_load(struct world *w, const char *cert_file, const char *key_file,
		struct err *e);
void tls_server_free(struct tls_server *t);

/* From now on it speaks this version only: 12 or 13. */
void tls_server_only(struct tls_server *t, int version);

/* Asks clients for a certificate by one of the file's authorities; none is needed. */
bool tls_server_ask(struct tls_server *t, const char *ca_file, struct err *e);

/* The certificates as PEM, so that a client can be told to trust a self-made one. */
bool tls_server_pem(const struct tls_server *t, struct buf *out);

/* Starts the server side on s (non-blocking: the handshake is done inside the following reads and
 * writes). */
bool tls_server_start(struct stream *s, struct tls_server *t, struct err *e);

/* What has happened so far on a stream whose server side is ours. */
struct tls_seen {
	bool is_plain;       /* the client's first octets were no TLS */
	bool handshake_done; /* the texts below are set */
	char version[16];    /* "TLS1.3" */
	char suite[64];
	bool has_certificate;       /* the client, after tls_server_ask */
	bool is_verified;           /* by an authority of the file, and of this time */
	char subject[TLS_TEXT_MAX]; /* its CN where there is one; escape it */
};
struct tls_seen tls_server_seen(const struct stream *s);

/* Pure, for tests: whether a SAN or CN pattern covers a host name (RFC 6125 6.4: one "*" as
 * the whole leftmost label, for one label, with at least two labels behind it). Names are
 * ASCII (A-labels). */
bool tls_name_matches(struct bytes pattern, struct bytes host);

/* The TLS library in the binary: "mbedTLS 3.6.6". */
const char *tls_library(void);
