/* tls - TLS on a running stream, and its facts
 * SPDX-License-Identifier: MIT
 *
 * The library is told to accept any certificate, and the chain is judged by tls_cert.c after the
 * handshake and before the first octet of the session: so it is reported whatever the verdict. */
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/pem.h>

#include <psa/crypto.h>

#include "net/tls_impl.h"
#include "net/tls_store.h"
#include "sys/mem.h"

enum {
	RECORD_FIRST = MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC, /* 20 to 24: RFC 8446 5.1, RFC 6520 */
	RECORD_LAST = 24,
	PLAIN_REST_MS = 500, /* to wait for the rest of a first line in clear text */
};

static const struct fault {
	unsigned bit;
	const char *name, *text;
} faults[] = {
	{ TLS_EXPIRED, "expired", "the certificate has expired" },
	{ TLS_NOT_YET, "not-yet", "the certificate is not valid yet" },
	{ TLS_WRONG_NAME, "wrong-name", "the certificate is for another name" },
	{ TLS_SELF_SIGNED, "self-signed", "the certificate is self-signed and not trusted here" },
	{ TLS_UNKNOWN_ROOT, "unknown-root", "the certificate's root is not trusted here" },
	{ TLS_NO_INTERMEDIATE, "no-intermediate",
			"the server sends only its own certificate, and its issuer is not known here" },
	{ TLS_WEAK, "weak", "the certificate has a weak key or signature" },
	{ TLS_BAD_CERT, "bad-cert", "the certificate is not acceptable" },
	{ TLS_CLOCK, "clock", "this machine's clock is wrong: dates could not be checked" },
	{ TLS_NO_STORE, "no-store", "the CA file cannot be used" },
	{ TLS_PEER_PLAIN, "peer-plain", "answers in clear text, not in TLS" },
	{ TLS_PEER_SILENT, "peer-silent", "does not answer the TLS greeting" },
	{ TLS_PEER_CLOSED, "peer-closed", "ended the connection during the TLS handshake" },
	{ TLS_VERSION, "version", "has no TLS version in common with us" },
	{ TLS_NO_COMMON, "no-common", "no common TLS parameters" },
	{ TLS_ALERT, "alert", "refused TLS" },
	{ TLS_CLIENT_CERT, "client-cert", "wants a certificate of ours" },
	{ TLS_SNI, "sni", "does not know the server name (SNI)" },
	{ TLS_INTERNAL, "internal", "has trouble of its own" },
};

static const struct fault *lowest(unsigned bits)
{
	static const struct fault none = { 0, "", "" };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (bits & faults[i].bit)
			return &faults[i];
	return &none;
}

const char *tls_fault_text(unsigned bits)
{
	return lowest(bits)->text;
}

const char *tls_fault_name(unsigned bits)
{
	return lowest(bits)->name;
}

const char *tls_failure_name(const struct tls_facts *f)
{
	if (f->handshake_done || !f->faults)
		return NULL;
	if (f->by_starttls && f->faults & TLS_PEER_PLAIN)
		return "starttls-plain";
	if (f->by_starttls && f->faults & TLS_PEER_SILENT)
		return "starttls-silent";
	return tls_fault_name(f->faults);
}

int tls_random(void *p, unsigned char *to, size_t n)
{
	struct world *w = p;

	w->random(w, to, n);
	return 0;
}

#ifdef MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
/* The library's own key exchange asks here, and there is no way to hand it a world. */
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *ctx,
		uint8_t *to, size_t n, size_t *got_n)
{
	(void)ctx;
	world_random(to, n);
	*got_n = n;
	return PSA_SUCCESS;
}
#endif

/* --- between mbedTLS and the transport --- */

static void note_first(struct tls_impl *t, const unsigned char *p, size_t n)
{
	if (t->first_n == 0 && (p[0] < RECORD_FIRST || p[0] > RECORD_LAST))
		t->is_plain = true;
	if (n > sizeof(t->first) - t->first_n)
		n = sizeof(t->first) - t->first_n;
	memcpy(t->first + t->first_n, p, n);
	t->first_n += n;
}

static int bio_read(void *ctx, unsigned char *to, size_t n)
{
	struct tls_impl *t = ctx;
	short wants;

	/* A peer that never stops sending must not hold us beyond the deadline. */
	if (t->handshake_ms != UINT64_MAX && t->w->mono_ms(t->w) >= t->handshake_ms)
		return MBEDTLS_ERR_SSL_WANT_READ;
	ssize_t got = t->below->read(t->below_impl, to, n, &wants, &t->below_err);
	if (got == -1)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (got < 0)
		return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	if (got > 0 && t->first_n < sizeof(t->first))
		note_first(t, to, (size_t)got);
	return t->is_plain ? MBEDTLS_ERR_SSL_INVALID_RECORD : (int)got;
}

static int bio_write(void *ctx, const unsigned char *from, size_t n)
{
	struct tls_impl *t = ctx;
	short wants;

	ssize_t put = t->below->write(t->below_impl, from, n, &wants, &t->below_err);
	if (put == -1)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	return put < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)put;
}

/* --- errors --- */

/* RFC 8446 6. */
static const struct alert {
	unsigned char number;
	unsigned fault;
	const char *name;
} alerts[] = {
	{ 10, TLS_ALERT, "unexpected_message" },
	{ 20, TLS_ALERT, "bad_record_mac" },
	{ 22, TLS_ALERT, "record_overflow" },
	{ 40, TLS_NO_COMMON, "handshake_failure" },
	{ 42, TLS_CLIENT_CERT, "bad_certificate" },
	{ 43, TLS_CLIENT_CERT, "unsupported_certificate" },
	{ 44, TLS_CLIENT_CERT, "certificate_revoked" },
	{ 45, TLS_CLIENT_CERT, "certificate_expired" },
	{ 46, TLS_CLIENT_CERT, "certificate_unknown" },
	{ 47, TLS_ALERT, "illegal_parameter" },
	{ 48, TLS_CLIENT_CERT, "unknown_ca" },
	{ 49, TLS_ALERT, "access_denied" },
	{ 50, TLS_ALERT, "decode_error" },
	{ 51, TLS_ALERT, "decrypt_error" },
	{ 70, TLS_VERSION, "protocol_version" },
	{ 71, TLS_NO_COMMON, "insufficient_security" },
	{ 80, TLS_INTERNAL, "internal_error" },
	{ 86, TLS_ALERT, "inappropriate_fallback" },
	{ 90, TLS_ALERT, "user_canceled" },
	{ 109, TLS_ALERT, "missing_extension" },
	{ 112, TLS_SNI, "unrecognized_name" },
	{ 116, TLS_CLIENT_CERT, "certificate_required" },
	{ 120, TLS_ALERT, "no_application_protocol" },
};

static struct alert alert_of(int number)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].number == number)
			return alerts[i];
	return (struct alert){ .fault = TLS_ALERT, .name = "" };
}

void tls_library_text(int code, char *out, size_t size)
{
	static const struct {
		int code;
		const char *text;
	} rows[] = {
		{ MBEDTLS_ERR_SSL_INVALID_MAC,
				"a record was damaged on the way, or the keys differ" },
		{ MBEDTLS_ERR_SSL_INVALID_RECORD, "what came is no TLS record" },
		{ MBEDTLS_ERR_SSL_DECODE_ERROR, "a handshake message is malformed" },
		{ MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "a handshake message came out of order" },
		{ MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, "no common application protocol" },
		{ MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "nothing that both sides can do" },
		{ MBEDTLS_ERR_SSL_ALLOC_FAILED, "out of memory" },
		{ MBEDTLS_ERR_PK_PASSWORD_REQUIRED, "the key is encrypted" },
		{ MBEDTLS_ERR_PK_KEY_INVALID_FORMAT, "no key of a known form" },
		{ MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT, "no PEM text" },
		{ MBEDTLS_ERR_X509_INVALID_FORMAT, "no certificate of a known form" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code) {
			snprintf(out, size, "%s", rows[i].text);
			return;
		}
	snprintf(out, size, "error -0x%04x of mbedTLS", (unsigned)-code);
}

static void set_library_error(struct err *e, int code)
{
	char text[160];

	tls_library_text(code, text, sizeof(text));
	err_set(e, ERR_TLS, "TLS: %s", text);
}

/* What the library's own verdict means; its codes of X.509 are one block (mbedtls/x509.h). */
static unsigned fault_of_code(int code)
{
	enum { X509_FIRST = -0x2080, X509_LAST = -0x3000 };

	if (code == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION)
		return TLS_VERSION;
	if (code == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE || code == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER)
		return TLS_NO_COMMON;
	if (code == MBEDTLS_ERR_SSL_BAD_CERTIFICATE || (code <= X509_FIRST && code >= X509_LAST))
		return TLS_BAD_CERT;
	return 0;
}

/* Fills e for a failed call of the library, and returns the fault bits. */
static unsigned explain(struct tls_impl *t, int code, struct err *e)
{
	if (t->is_plain) {
		err_set(e, ERR_TLS, "%s", tls_fault_text(TLS_PEER_PLAIN));
		return TLS_PEER_PLAIN;
	}
	if (t->below_err.kind != ERR_NONE) {
		if (e)
			*e = t->below_err;
		return t->below_err.kind == ERR_RESET ? TLS_PEER_CLOSED : 0;
	}
	if (code == MBEDTLS_ERR_SSL_CONN_EOF) {
		err_set(e, ERR_CLOSED, "%s", tls_fault_text(TLS_PEER_CLOSED));
		return TLS_PEER_CLOSED;
	}
	if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		int number = t->ssl.MBEDTLS_PRIVATE(in_msg)[1];
		struct alert alert = alert_of(number);
		if (t->facts)
			t->facts->alert = number;
		err_set(e, ERR_TLS, "%s (TLS alert %d%s%s)", tls_fault_text(alert.fault), number,
				alert.name[0] ? ", " : "", alert.name);
		return alert.fault;
	}
	set_library_error(e, code);
	if (code == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION)
		err_set(e, ERR_TLS, "%s", tls_fault_text(TLS_VERSION));
	return fault_of_code(code);
}

/* --- the filter --- */

static ssize_t tls_result(struct tls_impl *t, int code, short *wants, struct err *e)
{
	if (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE) {
		*wants = code == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT;
		return -1;
	}
	bool is_over = mbedtls_ssl_is_handshake_over(&t->ssl);
	unsigned fault = explain(t, code, e);
	/* TLS 1.3 servers refuse a missing client certificate after the handshake, by an alert */
	if (t->facts && (!is_over || code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE))
		t->facts->faults |= fault;
	if (!is_over)
		err_wrap(e, "TLS handshake");
	return -2;
}

static ssize_t tls_read(void *impl, unsigned char *to, size_t n, short *wants, struct err *e)
{
	struct tls_impl *t = impl;
	int got;

	t->below_err.kind = ERR_NONE;
	do
		got = mbedtls_ssl_read(&t->ssl, to, n);
	while (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	if (got > 0)
		return got;
	if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	if (got < 0)
		return tls_result(t, got, wants, e);
	if (t->facts) /* 0: the transport ended without it */
		t->facts->closed_without_notify = true;
	return 0;
}

/* What the library took in but could not send is already a record; it must be offered again
 * with the same length, or the difference would count as sent and be lost. */
static ssize_t tls_write(void *impl, const unsigned char *from, size_t n, short *wants,
		struct err *e)
{
	struct tls_impl *t = impl;

	t->below_err.kind = ERR_NONE;
	if (t->stuck > 0)
		n = t->stuck;
	int put = mbedtls_ssl_write(&t->ssl, from, n);
	t->stuck = put == MBEDTLS_ERR_SSL_WANT_WRITE ? n : 0;
	return put >= 0 ? put : tls_result(t, put, wants, e);
}

/* One try: a peer that takes nothing any more does not get our goodbye. */
static void tls_shut(void *impl)
{
	struct tls_impl *t = impl;

	if (mbedtls_ssl_is_handshake_over(&t->ssl))
		mbedtls_ssl_close_notify(&t->ssl);
	if (t->below->shut)
		t->below->shut(t->below_impl);
}

static void tls_free(struct tls_impl *t)
{
	mbedtls_ssl_free(&t->ssl);
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->crt);
	mbedtls_pk_free(&t->key);
	free(t);
}

static void tls_close(void *impl)
{
	struct tls_impl *t = impl;

	t->below->close(t->below_impl);
	tls_free(t);
}

static bool tls_wait(void *impl, short wants, uint64_t deadline_ms)
{
	struct tls_impl *t = impl;

	return stream_ops_wait(t->w, t->below, t->below_impl, wants, deadline_ms);
}

static int tls_fd(void *impl)
{
	struct tls_impl *t = impl;

	return t->below->fd ? t->below->fd(t->below_impl) : -1;
}

static bool tls_pending(void *impl)
{
	struct tls_impl *t = impl;

	return mbedtls_ssl_check_pending(&t->ssl) != 0;
}

struct tls_impl *tls_new(struct world *w)
{
	struct tls_impl *t = xmalloc(sizeof(*t));

	t->w = w;
	t->handshake_ms = UINT64_MAX;
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_ssl_init(&t->ssl);
	mbedtls_x509_crt_init(&t->crt);
	mbedtls_pk_init(&t->key);
	return t;
}

bool tls_push(struct tls_impl *t, struct stream *s, const mbedtls_ssl_config *conf, struct err *e)
{
	static const struct stream_ops ops = {
		.read = tls_read,
		.write = tls_write,
		.shut = tls_shut,
		.close = tls_close,
		.wait = tls_wait,
		.fd = tls_fd,
		.pending = tls_pending,
		.is_tls = true,
	};
	int code = mbedtls_ssl_setup(&t->ssl, conf);

	if (code != 0) {
		set_library_error(e, code);
		tls_free(t);
		return false;
	}
	mbedtls_ssl_set_bio(&t->ssl, t, bio_write, bio_read, NULL);
	t->below = s->ops;
	t->below_impl = s->impl;
	s->ops = &ops;
	s->impl = t;
	return true;
}

bool tls_conf_init(mbedtls_ssl_config *conf, struct world *w, int endpoint, struct err *e)
{
	/* mbedTLS 3.6.6 stops with -0x6600 at a TLS-1.2-only OpenSSL 3 server with an RSA key
	 * unless RSA-PKCS1 stands before RSA-PSS (test_tls: "TLS 1.2 server with an RSA key"). */
	static const uint16_t algorithms[] = {
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
		MBEDTLS_TLS1_3_SIG_NONE,
	};
	/* P-256 first: every server has it (RFC 8446 section 9.1), and here it is quicker. */
	static const uint16_t groups[] = {
		MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
		MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
	};

	if (psa_crypto_init() != PSA_SUCCESS)
		return err_set(e, ERR_LOCAL, "no random numbers for TLS");
	int code = mbedtls_ssl_config_defaults(conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
			MBEDTLS_SSL_PRESET_DEFAULT);
	if (code != 0) {
		set_library_error(e, code);
		return false;
	}
	mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_rng(conf, tls_random, w);
	mbedtls_ssl_conf_sig_algs(conf, algorithms);
	mbedtls_ssl_conf_groups(conf, groups);
	return true;
}

/* --- client --- */

/* The rest of the line that came instead of TLS: its first octets were read by the handshake. */
static void collect_plain(struct tls_impl *t, uint64_t deadline_ms)
{
	uint64_t until = t->w->mono_ms(t->w) + PLAIN_REST_MS;
	struct err ignored;
	short wants;

	if (until > deadline_ms)
		until = deadline_ms;
	while (t->first_n < sizeof(t->first) && !memchr(t->first, '\n', t->first_n)) {
		ssize_t got = t->below->read(t->below_impl, t->first + t->first_n,
				sizeof(t->first) - t->first_n, &wants, &ignored);
		if (got > 0)
			t->first_n += (size_t)got;
		else if (got != -1 || !tls_wait(t, POLLIN, until))
			break;
	}
	memcpy(t->facts->first, t->first, t->first_n);
	t->facts->first_n = t->first_n;
}

static bool timed_out(struct tls_impl *t, struct err *e)
{
	if (t->first_n > 0)
		return err_set(e, ERR_TIMEOUT, "the TLS handshake did not end in time");
	t->facts->faults |= TLS_PEER_SILENT;
	return err_set(e, ERR_TIMEOUT, "%s", tls_fault_text(TLS_PEER_SILENT));
}

static bool handshake(struct tls_impl *t, uint64_t deadline_ms, struct err *e)
{
	short wants;

	t->handshake_ms = deadline_ms;
	for (;;) {
		int code = mbedtls_ssl_handshake(&t->ssl);
		if (code == 0)
			break;
		if (tls_result(t, code, &wants, e) == -2) {
			if (t->is_plain)
				collect_plain(t, deadline_ms);
			return false;
		}
		if (t->w->mono_ms(t->w) >= deadline_ms || !tls_wait(t, wants, deadline_ms))
			return timed_out(t, e);
	}
	t->handshake_ms = UINT64_MAX;
	t->facts->handshake_done = true;
	return true;
}

void tls_agreed(const struct tls_impl *t, char version[16], char suite[64])
{
	const char *text = mbedtls_ssl_get_version(&t->ssl); /* "TLSv1.3" */

	snprintf(version, 16, "TLS%s", strncmp(text, "TLSv", 4) ? "?" : text + 4);
	snprintf(suite, 64, "%s", mbedtls_ssl_get_ciphersuite(&t->ssl));
}

static void collect_facts(struct tls_impl *t)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);
	struct tls_facts *f = t->facts;

	tls_agreed(t, f->version, f->suite);
	for (; crt && f->chain_count < TLS_CHAIN_MAX; crt = crt->next)
		tls_cert_facts(&f->chain[f->chain_count++], crt);
}

/* So that the server's log says what we did not like. */
static void send_alert(struct tls_impl *t, unsigned bits)
{
	unsigned char alert = MBEDTLS_SSL_ALERT_MSG_BAD_CERT;

	if (bits & (TLS_SELF_SIGNED | TLS_UNKNOWN_ROOT | TLS_NO_INTERMEDIATE))
		alert = MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA;
	else if (bits & TLS_EXPIRED)
		alert = MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED;
	mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert);
}

static bool refuse(struct tls_impl *t, struct err *e)
{
	struct buf text = BUF(ERR_TEXT_MAX);
	unsigned bits = t->facts->faults & TLS_CERT_FAULTS;

	for (unsigned bit = 1; bit & TLS_CERT_FAULTS; bit <<= 1)
		if (bits & bit)
			buf_printf(&text, "%s%s", text.n ? "; " : "", tls_fault_text(bit));
	if (bits & TLS_WRONG_NAME)
		buf_printf(&text, " (it is for %s, not for %s)",
				t->facts->chain[0].names[0] ? t->facts->chain[0].names : "no name",
				t->facts->name);
	err_set(e, ERR_CERT, "%s", buf_text(&text));
	buf_free(&text);
	send_alert(t, bits);
	return false;
}

/* Without the root's dot, which no certificate carries. */
static void set_name(char out[ADDR_HOST_MAX], const char *name)
{
	struct bytes in = bytes_of(name);

	if (in.n > 0 && in.p[in.n - 1] == '.')
		in.n--;
	snprintf(out, ADDR_HOST_MAX, "%.*s", (int)in.n, name);
}

static struct tls_impl *begin_client(struct stream *s, const struct tls_options *o,
		struct tls_facts *f, struct err *e)
{
	struct tls_impl *t = tls_new(s->w);

	struct tls_pair pair = { &t->crt, &t->key, o->cert_file, o->key_file };

	t->facts = f;
	if (!tls_conf_init(&t->conf, s->w, MBEDTLS_SSL_IS_CLIENT, e) ||
			(o->cert_file && !tls_pair_load(&pair, &t->conf, s->w, e))) {
		tls_free(t);
		return NULL;
	}
	mbedtls_ssl_conf_min_tls_version(&t->conf,
			o->min_version == 13 ? MBEDTLS_SSL_VERSION_TLS1_3 :
					       MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(&t->conf,
			o->max_version == 12 ? MBEDTLS_SSL_VERSION_TLS1_2 :
					       MBEDTLS_SSL_VERSION_TLS1_3);
	if (!tls_push(t, s, &t->conf, e))
		return NULL;
	int code = mbedtls_ssl_set_hostname(&t->ssl, f->sni[0] ? f->sni : NULL);
	if (code != 0) {
		set_library_error(e, code);
		return NULL;
	}
	return t;
}

/* The handshake is over: whether what came is to be trusted. */
static bool judge(struct tls_impl *t, const struct tls_options *o, const struct tls_store *store,
		struct err *e)
{
	struct tls_facts *f = t->facts;

	f->faults |= tls_cert_verify(mbedtls_ssl_get_peer_cert(&t->ssl), store, f->name, t->w);
	return !(f->faults & TLS_CERT_FAULTS) || o->insecure || refuse(t, e);
}

static bool run_client(struct stream *s, const struct tls_options *o, uint64_t deadline_ms,
		struct tls_facts *f, struct err *e)
{
	struct tls_store store;
	bool is_good = tls_store_open(&store, s->w, o->ca_file, e);
	struct tls_impl *t = NULL;

	if (!is_good)
		f->faults = TLS_NO_STORE;
	memcpy(f->store, store.text, sizeof(f->store));
	if (is_good)
		t = begin_client(s, o, f, e);
	is_good = t && handshake(t, deadline_ms, e);
	if (is_good)
		collect_facts(t);
	is_good = is_good && judge(t, o, &store, e);
	tls_store_free(&store);
	return is_good;
}

static void begin_facts(struct tls_facts *facts, const struct tls_options *o)
{
	*facts = (struct tls_facts){ .alert = -1 };
	set_name(facts->name, o->host ? o->host : "");
	if (o->sni)
		set_name(facts->sni, o->sni);
	else if (!addr_is_numeric(facts->name)) /* RFC 6066 3: no addresses */
		set_name(facts->sni, facts->name);
}

bool tls_client_begin(struct stream *s, const struct tls_options *o, struct tls_facts *facts,
		struct err *e)
{
	begin_facts(facts, o);
	struct tls_impl *t = begin_client(s, o, facts, e);
	if (t)
		t->options = o;
	return t || err_wrap(e, "%s", s->peer);
}

enum io tls_client_step(struct stream *s, short *wants, struct err *e)
{
	struct tls_impl *t = s->impl;
	struct tls_store store;

	int code = mbedtls_ssl_handshake(&t->ssl);
	if (code != 0 && tls_result(t, code, wants, e) == -1)
		return IO_TIMEOUT;
	if (code != 0) {
		if (t->is_plain) /* what there is of the line */
			collect_plain(t, 0);
		err_wrap(e, "%s", s->peer);
		return IO_FAILED;
	}
	t->facts->handshake_done = true;
	collect_facts(t);
	if (t->options->known_sha256 && t->facts->chain_count > 0 &&
			strcmp(t->options->known_sha256, t->facts->chain[0].sha256) == 0)
		return IO_OK;
	bool ok = tls_store_open(&store, t->w, t->options->ca_file, e);
	if (!ok)
		t->facts->faults |= TLS_NO_STORE;
	memcpy(t->facts->store, store.text, sizeof(t->facts->store));
	ok = ok && judge(t, t->options, &store, e);
	tls_store_free(&store);
	return ok ? IO_OK : IO_FAILED;
}

bool tls_client(struct stream *s, const struct tls_options *o, uint64_t deadline_ms,
		struct tls_facts *facts, struct err *e)
{
	uint64_t begun_ms = s->w->mono_ms(s->w);

	begin_facts(facts, o);
	bool ok = run_client(s, o, deadline_ms, facts, e);
	facts->handshake_ms = s->w->mono_ms(s->w) - begun_ms;
	return ok || err_wrap(e, "%s", s->peer);
}

const char *tls_library(void)
{
	return "mbedTLS " MBEDTLS_VERSION_STRING;
}
