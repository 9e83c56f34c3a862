/* tls_cert - what a certificate says, and whether to trust it
 * SPDX-License-Identifier: MIT
 *
 * mbedTLS builds the path and checks signatures; dates (against the world's clock) and the name are
 * checked here, and "not trusted" is taken apart into its causes by what was sent and what is known. */
#include "net/tls_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>

#include "net/tls_store.h"
#include "sys/mem.h"
#include "sys/version.h"

enum { SAN_DNS = 2, SAN_IP = 7, SAN_KIND = 0x1f }; /* RFC 5280 4.2.1.6, context tags */

static struct bytes slice(const mbedtls_asn1_buf *b)
{
	return (struct bytes){ b->p, b->len };
}

/* --- facts --- */

/* A certificate text may hold a NUL to look shorter than it is (CVE-2009-2408). */
static void put_text(char *out, size_t size, struct bytes in)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		size_t takes = in.p[i] ? 1 : 4;
		if (n + takes >= size)
			break;
		if (in.p[i])
			out[n] = (char)in.p[i];
		else
			memcpy(out + n, "\\x00", 4);
		n += takes;
	}
	out[n] = '\0';
}

static void put_name(char out[TLS_TEXT_MAX], const mbedtls_x509_name *name)
{
	for (const mbedtls_x509_name *at = name; at; at = at->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &at->oid) == 0) {
			put_text(out, TLS_TEXT_MAX, slice(&at->val));
			return;
		}
	if (mbedtls_x509_dn_gets(out, TLS_TEXT_MAX, name) < 0)
		out[0] = '\0';
}

/* One SAN as text: "" for the kinds we have no use for (mail addresses, URIs). */
static void san_text(const mbedtls_asn1_buf *san, char out[TLS_TEXT_MAX])
{
	int kind = san->tag & SAN_KIND;

	out[0] = '\0';
	if (kind == SAN_DNS)
		put_text(out, TLS_TEXT_MAX, slice(san));
	else if (kind == SAN_IP && (san->len == 4 || san->len == 16))
		inet_ntop(san->len == 4 ? AF_INET : AF_INET6, san->p, out, TLS_TEXT_MAX);
}

static void put_sans(char out[TLS_TEXT_MAX], const mbedtls_x509_crt *crt)
{
	enum { DOTS = sizeof(" ...") };
	size_t n = 0;
	char text[TLS_TEXT_MAX];

	for (const mbedtls_x509_sequence *at = &crt->subject_alt_names; at; at = at->next) {
		san_text(&at->buf, text);
		if (!text[0])
			continue;
		if (n + 1 + strlen(text) + DOTS > TLS_TEXT_MAX) {
			snprintf(out + n, TLS_TEXT_MAX - n, "%s...", n ? " " : "");
			return;
		}
		n += (size_t)snprintf(out + n, TLS_TEXT_MAX - n, "%s%s", n ? " " : "", text);
	}
}

/* Days since 1970 of a date in the Gregorian calendar, counted in years that begin in March. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int64_t seconds_of(const mbedtls_x509_time *t)
{
	return days_of(t->year, t->mon, t->day) * 86400 + t->hour * 3600 + t->min * 60 + t->sec;
}

static void put_key(char out[32], const mbedtls_pk_context *pk)
{
	static const struct {
		mbedtls_ecp_group_id id;
		const char *name;
	} curves[] = {
		{ MBEDTLS_ECP_DP_SECP256R1, "P-256" },
		{ MBEDTLS_ECP_DP_SECP384R1, "P-384" },
		{ MBEDTLS_ECP_DP_SECP521R1, "P-521" },
	};

	snprintf(out, 32, "%s %zu", mbedtls_pk_get_name(pk), mbedtls_pk_get_bitlen(pk));
	if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_ECKEY))
		return;
	mbedtls_ecp_group_id id = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk));
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].id == id)
			snprintf(out, 32, "EC %s", curves[i].name);
}

static bool is_self_issued(const mbedtls_x509_crt *crt)
{
	return bytes_equal(slice(&crt->subject_raw), slice(&crt->issuer_raw));
}

static void put_sha256(char out[65], const mbedtls_x509_buf *der)
{
	unsigned char sum[32];

	mbedtls_sha256(der->p, der->len, sum, 0);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

void tls_cert_facts(struct tls_cert *out, const mbedtls_x509_crt *crt)
{
	const char *signature = NULL;

	*out = (struct tls_cert){ .not_before = seconds_of(&crt->valid_from),
		.not_after = seconds_of(&crt->valid_to),
		.is_self_signed = is_self_issued(crt),
		.is_ca = mbedtls_x509_crt_get_ca_istrue(crt) == 1 };
	put_name(out->subject, &crt->subject);
	put_name(out->issuer, &crt->issuer);
	put_sans(out->names, crt);
	put_key(out->key, &crt->pk);
	if (mbedtls_oid_get_sig_alg_desc(&crt->sig_oid, &signature) != 0)
		signature = "unknown";
	snprintf(out->signature, sizeof(out->signature), "%s", signature);
	put_sha256(out->sha256, &crt->raw);
	put_sha256(out->key_sha256, &crt->pk_raw);
}

/* --- the name --- */

bool tls_name_matches(struct bytes pattern, struct bytes host)
{
	if (!bytes_starts(pattern, BYTES("*.")))
		return pattern.n > 0 && bytes_equal_nocase(pattern, host);
	struct bytes parent = bytes_skip(pattern, 2);
	size_t dot = bytes_find(host, '.');
	return dot > 0 && dot < host.n && bytes_find(parent, '.') < parent.n &&
			bytes_equal_nocase(bytes_skip(host, dot + 1), parent);
}

/* Only SANs count; a CN is not looked at, as RFC 6125 6.4.4 has it and every browser and
 * OpenSSL's clients of today. */
static bool carries_name(const mbedtls_x509_crt *crt, const char *name)
{
	unsigned char ip[16];
	size_t ip_n = inet_pton(AF_INET, name, ip) == 1 ? 4 : 0;

	if (ip_n == 0 && addr_is_numeric(name)) {
		char plain[ADDR_HOST_MAX];
		snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(name, "%"), name);
		ip_n = inet_pton(AF_INET6, plain, ip) == 1 ? 16 : 0;
	}
	for (const mbedtls_x509_sequence *at = &crt->subject_alt_names; at; at = at->next) {
		struct bytes san = slice(&at->buf);
		int kind = at->buf.tag & SAN_KIND;
		if (ip_n > 0 && kind == SAN_IP && bytes_equal(san, (struct bytes){ ip, ip_n }))
			return true;
		if (ip_n == 0 && kind == SAN_DNS && tls_name_matches(san, bytes_of(name)))
			return true;
	}
	return false;
}

/* --- the chain --- */

struct verdict {
	struct world *w;
	unsigned faults;
	const mbedtls_x509_crt *top; /* where the path ends */
	bool is_trusted;             /* and it ends at a trusted certificate */
	int depth;
};

static unsigned date_faults(const mbedtls_x509_crt *crt, struct world *w)
{
	int64_t now = w->wall_s(w);

	if (now < version_epoch)
		return TLS_CLOCK;
	return (seconds_of(&crt->valid_to) < now ? TLS_EXPIRED : 0u) |
			(seconds_of(&crt->valid_from) > now ? TLS_NOT_YET : 0u);
}

/* Called by mbedTLS for each certificate of the path, its end first. */
static int look_at(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	enum {
		WEAK = MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
				MBEDTLS_X509_BADCERT_BAD_KEY,
		/* dates are ours; a library built to check them has its own clock */
		OURS = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE,
	};
	struct verdict *v = ctx;
	uint32_t other = *flags & ~(uint32_t)(WEAK | OURS | MBEDTLS_X509_BADCERT_NOT_TRUSTED);
	bool is_untrusted = *flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED;

	v->faults |= date_faults(crt, v->w);
	if (*flags & WEAK)
		v->faults |= TLS_WEAK;
	if (!v->top) {
		v->top = crt;
		v->depth = depth;
		v->is_trusted = !is_untrusted;
	} else if (is_untrusted) {
		v->faults |= TLS_BAD_CERT; /* its issuer was found, the signature is wrong */
	}
	if (other)
		v->faults |= TLS_BAD_CERT;
	return 0;
}

/* A certificate with the name of top's issuer is there, and yet the path did not go on. */
static bool issuer_is_there(const mbedtls_x509_crt *top, const mbedtls_x509_crt *list)
{
	for (; list && list->raw.p; list = list->next)
		if (list != top && bytes_equal(slice(&list->subject_raw), slice(&top->issuer_raw)))
			return true;
	return false;
}

static unsigned why_untrusted(const struct verdict *v, const mbedtls_x509_crt *sent,
		const mbedtls_x509_crt *trusted)
{
	if (is_self_issued(v->top))
		return v->depth == 0 ? TLS_SELF_SIGNED : TLS_UNKNOWN_ROOT;
	if (issuer_is_there(v->top, sent) || issuer_is_there(v->top, trusted))
		return TLS_BAD_CERT;
	return v->depth == 0 ? TLS_NO_INTERMEDIATE : TLS_UNKNOWN_ROOT;
}

/* Parses those certificates of the store that could be the issuer of one sent, or all of them.
 * The list points into the store. */
static void pick(mbedtls_x509_crt *list, const struct tls_store *store,
		const mbedtls_x509_crt *sent, bool all)
{
	struct bytes rest = buf_bytes(&store->packed);
	struct bytes der, subject;

	mbedtls_x509_crt_init(list);
	while (tls_store_next(&rest, &der)) {
		bool is_wanted = all;
		if (!is_wanted && tls_store_subject(der, &subject))
			for (const mbedtls_x509_crt *at = sent; at && !is_wanted; at = at->next)
				is_wanted = bytes_equal(subject, slice(&at->issuer_raw));
		if (is_wanted)
			mbedtls_x509_crt_parse_der_nocopy(list, der.p, der.n);
	}
}

/* The chain once more, those out of date behind the others: mbedTLS takes the first that fits,
 * and a server often still sends an old intermediate beside its successor. The leaf stays
 * first. */
static void copy_chain(mbedtls_x509_crt *list, const mbedtls_x509_crt *sent, struct world *w)
{
	mbedtls_x509_crt_init(list);
	mbedtls_x509_crt_parse_der_nocopy(list, sent->raw.p, sent->raw.len);
	for (int is_late = 0; is_late <= 1; is_late++)
		for (const mbedtls_x509_crt *at = sent->next; at; at = at->next)
			if ((date_faults(at, w) & (TLS_EXPIRED | TLS_NOT_YET)) ? is_late : !is_late)
				mbedtls_x509_crt_parse_der_nocopy(list, at->raw.p, at->raw.len);
}

static unsigned walk(mbedtls_x509_crt *sent, mbedtls_x509_crt *trusted, struct world *w)
{
	struct verdict v = { .w = w };
	uint32_t flags;

	int code = mbedtls_x509_crt_verify_with_profile(sent, trusted, NULL,
			&mbedtls_x509_crt_profile_default, NULL, &flags, look_at, &v);
	if (!v.top || (code != 0 && code != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED))
		return v.faults | TLS_BAD_CERT;
	return v.faults | (v.is_trusted ? 0u : why_untrusted(&v, sent, trusted));
}

unsigned tls_cert_verify(const mbedtls_x509_crt *chain, const struct tls_store *store,
		const char *name, struct world *w)
{
	enum { UNTRUSTED = TLS_SELF_SIGNED | TLS_UNKNOWN_ROOT | TLS_NO_INTERMEDIATE };
	mbedtls_x509_crt sent, trusted;

	if (!chain)
		return TLS_BAD_CERT;
	copy_chain(&sent, chain, w);
	pick(&trusted, store, chain, false);
	unsigned faults = walk(&sent, &trusted, w);
	if (faults & UNTRUSTED) { /* equal names may be encoded differently (RFC 5280 7.1) */
		mbedtls_x509_crt_free(&trusted);
		pick(&trusted, store, chain, true);
		faults = walk(&sent, &trusted, w);
	}
	if (name[0] && !carries_name(chain, name))
		faults |= TLS_WRONG_NAME;
	if (mbedtls_x509_crt_check_extended_key_usage(chain, MBEDTLS_OID_SERVER_AUTH,
			    MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
		faults |= TLS_BAD_CERT;
	mbedtls_x509_crt_free(&trusted);
	mbedtls_x509_crt_free(&sent);
	return faults;
}
