/* tls_server - key and certificate of a TLS server of ours
 * SPDX-License-Identifier: MIT */
#include "net/tls_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>
#include <mbedtls/pem.h>

#include "sys/file.h"
#include "sys/mem.h"

enum {
	PEM_FILE_MAX = 256 * 1024,
	CERT_DER_MAX = 4096, /* of a self-made one; some 60 names fit */
	NAMES_MAX = 32,
	VALID_DAYS = 365,
	DAY_S = 86400,
};

struct tls_server {
	struct world *w;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt crt, clients; /* ours, and who vouches for clients */
	mbedtls_pk_context key;
};

static struct tls_server *server_new(struct world *w, struct err *e)
{
	struct tls_server *t = xmalloc(sizeof(*t));

	t->w = w;
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_x509_crt_init(&t->crt);
	mbedtls_x509_crt_init(&t->clients);
	mbedtls_pk_init(&t->key);
	if (tls_conf_init(&t->conf, w, MBEDTLS_SSL_IS_SERVER, e))
		return t;
	tls_server_free(t);
	return NULL;
}

void tls_server_free(struct tls_server *t)
{
	if (!t)
		return;
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->crt);
	mbedtls_x509_crt_free(&t->clients);
	mbedtls_pk_free(&t->key);
	free(t);
}

static bool failed(struct err *e, const char *what, int code)
{
	char text[160];

	tls_library_text(code, text, sizeof(text));
	return err_set(e, ERR_LOCAL, "%s: %s", what, text);
}

/* --- self-made --- */

/* YYYYMMDDhhmmss; strftime would bring the locale with it. */
static void date_text(char out[16], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm date;

	gmtime_r(&t, &date);
	const int pairs[] = { 19 + date.tm_year / 100, date.tm_year % 100, date.tm_mon + 1,
		date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec };
	for (size_t i = 0; i < 7; i++) {
		out[2 * i] = (char)('0' + pairs[i] / 10 % 10);
		out[2 * i + 1] = (char)('0' + pairs[i] % 10);
	}
	out[14] = '\0';
}

/* The list borrows names, and for addresses ips. mbedTLS writes it from its end, so it is
 * linked backwards; its head is the last one. */
static void make_sans(mbedtls_x509_san_list list[NAMES_MAX], unsigned char ips[NAMES_MAX][16],
		const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool is_v4 = inet_pton(AF_INET, names[i], ips[i]) == 1;
		bool is_v6 = !is_v4 && inet_pton(AF_INET6, names[i], ips[i]) == 1;
		list[i] = (mbedtls_x509_san_list){ .next = i > 0 ? &list[i - 1] : NULL };
		mbedtls_x509_subject_alternative_name *san = &list[i].node;
		if (is_v4 || is_v6) {
			san->type = MBEDTLS_X509_SAN_IP_ADDRESS;
			san->san.unstructured_name.p = ips[i];
			san->san.unstructured_name.len = is_v4 ? 4 : 16;
		} else {
			san->type = MBEDTLS_X509_SAN_DNS_NAME;
			/* only read; mbedTLS's type has no const */
			san->san.unstructured_name.p = (unsigned char *)(uintptr_t)names[i];
			san->san.unstructured_name.len = strlen(names[i]);
		}
	}
}

static int fill_certificate(mbedtls_x509write_cert *crt, struct tls_server *t,
		const struct tls_self_made *m)
{
	static const char dn[] = "CN=self-made by mtabox";
	mbedtls_asn1_sequence usage = {
		.buf = { .tag = MBEDTLS_ASN1_OID,
				.p = (unsigned char *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH,
				.len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH) }
	};
	unsigned char serial[16];
	char from[16], to[16];
	int64_t now_s = t->w->wall_s(t->w) + m->shift_s;
	int code;

	t->w->random(t->w, serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive and of this length (RFC 5280 4.1.2.2) */
	date_text(from, now_s - DAY_S);
	date_text(to, now_s + (int64_t)VALID_DAYS * DAY_S);
	mbedtls_x509write_crt_set_version(crt, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(crt, m->is_weak ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(crt, &t->key);
	mbedtls_x509write_crt_set_issuer_key(crt, &t->key);
	if ((code = mbedtls_x509write_crt_set_subject_name(crt, dn)) != 0 ||
			(code = mbedtls_x509write_crt_set_issuer_name(crt, dn)) != 0 ||
			(code = mbedtls_x509write_crt_set_serial_raw(crt, serial,
					 sizeof(serial))) != 0 ||
			(code = mbedtls_x509write_crt_set_validity(crt, from, to)) != 0 ||
			(code = mbedtls_x509write_crt_set_basic_constraints(crt, 0, -1)) != 0 ||
			(code = mbedtls_x509write_crt_set_key_usage(crt,
					 MBEDTLS_X509_KU_DIGITAL_SIGNATURE)) != 0)
		return code;
	return mbedtls_x509write_crt_set_ext_key_usage(crt, &usage);
}

/* mbedTLS writes DER to the end of the room it is given, and returns its length. */
static int make_certificate(struct tls_server *t, const struct tls_self_made *m)
{
	mbedtls_x509_san_list sans[NAMES_MAX];
	unsigned char ips[NAMES_MAX][16];
	unsigned char der[CERT_DER_MAX];
	mbedtls_x509write_cert crt;

	make_sans(sans, ips, m->names, m->count);
	mbedtls_x509write_crt_init(&crt);
	int code = fill_certificate(&crt, t, m);
	if (code == 0)
		code = mbedtls_x509write_crt_set_subject_alternative_name(&crt,
				&sans[m->count - 1]);
	if (code == 0)
		code = mbedtls_x509write_crt_der(&crt, der, sizeof(der), tls_random, t->w);
	mbedtls_x509write_crt_free(&crt);
	if (code < 0)
		return code;
	return mbedtls_x509_crt_parse_der(&t->crt, der + sizeof(der) - code, (size_t)code);
}

struct tls_server *tls_server_make(struct world *w, const struct tls_self_made *m, struct err *e)
{
	struct tls_server *t = server_new(w, e);

	if (!t)
		return NULL;
	if (m->count == 0 || m->count > NAMES_MAX) {
		err_set(e, ERR_USAGE, "certificate: 1 to %d names are needed", NAMES_MAX);
		tls_server_free(t);
		return NULL;
	}
	int code = mbedtls_pk_setup(&t->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
	if (code == 0)
		code = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(t->key),
				tls_random, w);
	if (code == 0)
		code = make_certificate(t, m);
	if (code == 0)
		code = mbedtls_ssl_conf_own_cert(&t->conf, &t->crt, &t->key);
	if (code == 0)
		return t;
	failed(e, "certificate", code);
	tls_server_free(t);
	return NULL;
}

/* --- from files --- */

/* mbedTLS wants the NUL of a PEM text counted. */
static bool load_key(const struct tls_pair *p, struct world *w, struct err *e)
{
	const char *file = p->key_file ? p->key_file : p->cert_file;
	struct buf text = BUF_SECRET(PEM_FILE_MAX);
	bool ok = file_read(file, &text, e);

	if (ok) {
		const char *pem = buf_text(&text);
		int code = mbedtls_pk_parse_key(p->key, (const unsigned char *)pem, text.n + 1,
				NULL, 0, tls_random, w);
		ok = code == 0 || failed(e, file, code);
	}
	buf_free(&text);
	return ok;
}

static bool load_chain(mbedtls_x509_crt *to, const char *file, struct err *e)
{
	struct buf text = BUF(PEM_FILE_MAX);
	bool ok = file_read(file, &text, e);

	if (ok) {
		const char *pem = buf_text(&text);
		int code = mbedtls_x509_crt_parse(to, (const unsigned char *)pem, text.n + 1);
		ok = code == 0 || failed(e, file, code);
	}
	buf_free(&text);
	return ok;
}

bool tls_pair_load(const struct tls_pair *p, mbedtls_ssl_config *conf, struct world *w,
		struct err *e)
{
	if (!load_chain(p->crt, p->cert_file, e) || !load_key(p, w, e))
		return false;
	int code = mbedtls_pk_check_pair(&p->crt->pk, p->key, tls_random, w);
	if (code == 0)
		code = mbedtls_ssl_conf_own_cert(conf, p->crt, p->key);
	return code == 0 ||
			err_set(e, ERR_LOCAL, "%s: not the key of the certificate in %s",
					p->key_file ? p->key_file : p->cert_file, p->cert_file);
}

struct tls_server *tls_server_load(struct world *w, const char *cert_file, const char *key_file,
		struct err *e)
{
	struct tls_server *t = server_new(w, e);

	if (!t)
		return NULL;
	struct tls_pair pair = { &t->crt, &t->key, cert_file, key_file };
	if (tls_pair_load(&pair, &t->conf, w, e))
		return t;
	tls_server_free(t);
	return NULL;
}

void tls_server_only(struct tls_server *t, int version)
{
	mbedtls_ssl_protocol_version v =
			version == 12 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3;

	mbedtls_ssl_conf_min_tls_version(&t->conf, v);
	mbedtls_ssl_conf_max_tls_version(&t->conf, v);
}

bool tls_server_ask(struct tls_server *t, const char *ca_file, struct err *e)
{
	if (!load_chain(&t->clients, ca_file, e))
		return false;
	mbedtls_ssl_conf_ca_chain(&t->conf, &t->clients, NULL);
	mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
	return true;
}

bool tls_server_pem(const struct tls_server *t, struct buf *out)
{
	enum { PEM_MAX = 16384 };
	unsigned char *pem = xmalloc(PEM_MAX);
	bool ok = true;

	for (const mbedtls_x509_crt *at = &t->crt; at && ok; at = at->next) {
		size_t n;
		ok = mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
				     "-----END CERTIFICATE-----\n", at->raw.p, at->raw.len, pem,
				     PEM_MAX, &n) == 0 &&
				buf_put(out, (struct bytes){ pem, n - 1 }); /* without its NUL */
	}
	free(pem);
	return ok;
}

bool tls_server_start(struct stream *s, struct tls_server *t, struct err *e)
{
	return tls_push(tls_new(s->w), s, &t->conf, e) || err_wrap(e, "%s", s->peer);
}

struct tls_seen tls_server_seen(const struct stream *s)
{
	struct tls_seen seen = { 0 };

	if (!s->ops->is_tls)
		return seen;
	struct tls_impl *t = s->impl;
	seen.is_plain = t->is_plain;
	seen.handshake_done = mbedtls_ssl_is_handshake_over(&t->ssl);
	if (!seen.handshake_done)
		return seen;
	tls_agreed(t, seen.version, seen.suite);
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);
	if (crt) {
		struct tls_cert facts;
		tls_cert_facts(&facts, crt);
		seen.has_certificate = true;
		seen.is_verified = mbedtls_ssl_get_verify_result(&t->ssl) == 0;
		memcpy(seen.subject, facts.subject, sizeof(seen.subject));
	}
	return seen;
}
