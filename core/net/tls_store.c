/* tls_store - the CA certificates that are trusted
 * SPDX-License-Identifier: MIT */
#include "net/tls_store.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/base64.h>

#include "net/roots.h"
#include "sys/file.h"

enum {
	STORE_FILE_MAX = 8 * 1024 * 1024, /* the usual bundle has 0.2 MB */
	CERT_MAX = 65535,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0,
};

/* Debian and Alpine; Fedora, RHEL 6; OpenBSD, macOS; RHEL 7 and later; openSUSE; FreeBSD. */
static const char *const places[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/ca-bundle.pem",
	"/usr/local/share/certs/ca-root-nss.crt",
};

/* Takes one DER element off the front of in: whole with its head, content without (X.690 8.1). */
static bool der_take(struct bytes *in, struct bytes *whole, struct bytes *content)
{
	if (in->n < 2)
		return false;
	size_t head = 2, n = in->p[1];
	if (n > 0x80) {
		size_t count = n & 0x7f;
		if (count > 4 || in->n < 2 + count)
			return false;
		n = 0;
		for (size_t i = 0; i < count; i++)
			n = n << 8 | in->p[2 + i];
		head += count;
	}
	if (in->p[1] == 0x80 || n > in->n - head)
		return false;
	*whole = bytes_head(*in, head + n);
	*content = bytes_skip(*whole, head);
	*in = bytes_skip(*in, head + n);
	return true;
}

bool tls_store_subject(struct bytes der, struct bytes *subject)
{
	/* RFC 5280 4.1: [version] serial signature issuer validity subject */
	enum { BEFORE_SUBJECT = 4 };
	struct bytes whole, certificate, tbs;

	if (!der_take(&der, &whole, &certificate) || whole.p[0] != DER_SEQUENCE || der.n > 0)
		return false;
	if (!der_take(&certificate, &whole, &tbs) || whole.p[0] != DER_SEQUENCE)
		return false;
	if (tbs.n > 0 && tbs.p[0] == DER_VERSION && !der_take(&tbs, &whole, &certificate))
		return false;
	for (int i = 0; i < BEFORE_SUBJECT; i++)
		if (!der_take(&tbs, &whole, &certificate))
			return false;
	return der_take(&tbs, subject, &certificate) && subject->p[0] == DER_SEQUENCE;
}

bool tls_store_next(struct bytes *rest, struct bytes *der)
{
	if (rest->n < 2)
		return false;
	size_t n = (size_t)rest->p[0] << 8 | rest->p[1];
	*rest = bytes_skip(*rest, 2);
	*der = bytes_head(*rest, n);
	*rest = bytes_skip(*rest, n);
	return der->n == n;
}

static void add_der(struct tls_store *store, struct bytes der)
{
	struct bytes subject;

	if (der.n > CERT_MAX || !tls_store_subject(der, &subject))
		return;
	if (store->packed.max - store->packed.n < der.n + 2)
		return;
	buf_putc(&store->packed, (unsigned char)(der.n >> 8));
	buf_putc(&store->packed, (unsigned char)der.n);
	buf_put(&store->packed, der);
	store->count++;
}

static void add_base64(struct tls_store *store, struct bytes text)
{
	struct buf der = BUF(CERT_MAX);
	size_t fits, n;
	unsigned char *to = buf_room(&der, text.n, &fits);

	if (mbedtls_base64_decode(to, fits, &n, text.p, text.n) == 0) {
		buf_added(&der, n);
		add_der(store, buf_bytes(&der));
	}
	buf_free(&der);
}

void tls_store_add(struct tls_store *store, struct bytes file)
{
	static const struct bytes begin = { (const unsigned char *)"-----BEGIN CERTIFICATE-----",
		27 };
	static const struct bytes end = { (const unsigned char *)"-----END CERTIFICATE-----", 25 };

	if (file.n > 0 && file.p[0] == DER_SEQUENCE) {
		add_der(store, file);
		return;
	}
	for (;;) {
		file = bytes_skip(file, bytes_search(file, begin));
		if (file.n == 0)
			return;
		file = bytes_skip(file, begin.n);
		size_t n = bytes_search(file, end);
		if (n == file.n)
			return;
		add_base64(store, bytes_head(file, n));
		file = bytes_skip(file, n);
	}
}

static bool add_file(struct tls_store *store, const char *path, struct err *e)
{
	struct buf file = BUF(STORE_FILE_MAX);
	bool is_read = file_read(path, &file, e);

	if (is_read) {
		tls_store_add(store, buf_bytes(&file));
		snprintf(store->text, sizeof(store->text), "%s", path);
	}
	buf_free(&file);
	return is_read;
}

bool tls_store_open(struct tls_store *store, struct world *w, const char *ca_file, struct err *e)
{
	const char *by_env = w->env(w, "SSL_CERT_FILE");

	*store = (struct tls_store){ .packed = BUF(STORE_FILE_MAX) };
	if (!ca_file && by_env && *by_env)
		ca_file = by_env;
	if (ca_file) {
		if (!add_file(store, ca_file, e))
			return err_wrap(e, "CA file");
		return store->count > 0 ||
				err_set(e, ERR_LOCAL, "CA file: %s: holds no certificate", ca_file);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (add_file(store, places[i], NULL) && store->count > 0)
			return true;
	if (!net_roots_unpack(&store->packed))
		return err_set(e, ERR_LOCAL, "the CA certificates in this program are damaged");
	store->count = net_roots_count;
	snprintf(store->text, sizeof(store->text), "built-in (%zu roots)", net_roots_count);
	return true;
}

void tls_store_free(struct tls_store *store)
{
	buf_free(&store->packed);
}
