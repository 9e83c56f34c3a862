/* tls_store - the CA certificates that are trusted
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/tls.h"

/* Certificates in DER, each behind its length in two octets, high one first: the layout of the
 * roots in the binary (roots.h). They are not parsed: of 150 only the two or three that a
 * chain asks for are. */
struct tls_store {
	struct buf packed;
	size_t count;
	char text[TLS_TEXT_MAX]; /* "built-in (148 roots)", "/etc/ssl/certs/ca-certificates.crt" */
};

/* From ca_file, else $SSL_CERT_FILE, else the first well-known bundle that holds a
 * certificate, else the roots in the binary. False (ERR_LOCAL): a file that the user named
 * cannot be read or holds none. The store is to be freed either way. */
bool tls_store_open(struct tls_store *store, struct world *w, const char *ca_file, struct err *e);
void tls_store_free(struct tls_store *store);

/* Takes the next certificate off the front of rest (begin with buf_bytes(&store->packed)). */
bool tls_store_next(struct bytes *rest, struct bytes *der);

/* The subject of a certificate in DER, tag and length included; false when it is none. Pure. */
bool tls_store_subject(struct bytes der, struct bytes *subject);

/* Appends every certificate of a PEM text (or the one of a DER file) to the store; those that
 * are broken are left out. Pure. */
void tls_store_add(struct tls_store *store, struct bytes file);
