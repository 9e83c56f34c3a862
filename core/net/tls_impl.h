/* tls_impl - the inside of TLS streams, for tls*.c
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream_impl.h"
#include "net/tls.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

/* The filter on a stream: both sides. */
struct tls_impl {
	struct world *w;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config
			conf; /* the client's own; a server's is shared and in struct tls_server */
	const struct stream_ops *below;
	void *below_impl;
	struct tls_facts *facts;           /* the client's; NULL at a server */
	const struct tls_options *options; /* the client's, between begin and the last step */
	uint64_t handshake_ms;             /* its deadline; UINT64_MAX when there is none */
	struct err below_err;              /* .kind set: the transport failed */
	unsigned char first[80];           /* the first octets that came */
	size_t first_n;
	bool is_plain; /* and they are no TLS record */
	size_t stuck;  /* octets of a write that was taken in but not sent */
	/* the client's own, where it has one */
	mbedtls_x509_crt crt;
	mbedtls_pk_context key;
};

/* Reads a certificate with its chain, and its key (key_file NULL: from the same file), and gives
 * them to conf. They must outlive it. */
struct tls_pair {
	mbedtls_x509_crt *crt;
	mbedtls_pk_context *key;
	const char *cert_file, *key_file;
};
bool tls_pair_load(const struct tls_pair *p, mbedtls_ssl_config *conf, struct world *w,
		struct err *e);

/* mbedTLS's random function over the world's; p is the world. */
int tls_random(void *p, unsigned char *to, size_t n);

/* What the library's error code means: MBEDTLS_ERROR_C would take 14 kB. */
void tls_library_text(int code, char *out, size_t size);

/* Common settings of client and server; conf is initialised already, and the caller's to free. */
bool tls_conf_init(mbedtls_ssl_config *conf, struct world *w, int endpoint, struct err *e);

/* A filter without a stream; tls_push puts it on s, or frees it and leaves s as it was. */
struct tls_impl *tls_new(struct world *w);
bool tls_push(struct tls_impl *t, struct stream *s, const mbedtls_ssl_config *conf, struct err *e);

/* Version and suite, once the handshake is over. */
void tls_agreed(const struct tls_impl *t, char version[16], char suite[64]);

/* Reads what is to be reported of a certificate. */
void tls_cert_facts(struct tls_cert *out, const mbedtls_x509_crt *crt);

/* Checks the peer's chain against the store, the name and the world's clock; the faults found. */
struct tls_store;
unsigned tls_cert_verify(const mbedtls_x509_crt *chain, const struct tls_store *store,
		const char *name, struct world *w);
