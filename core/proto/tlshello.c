/* tlshello - a ClientHello for any version, and its answer
 * SPDX-License-Identifier: MIT */
#include "proto/tlshello.h"

#include <string.h>

enum {
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURES = 13,
	EXT_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	GROUP_X25519 = 29,
	RECORD_HEAD = 5,
	HANDSHAKE_HEAD = 4,
	SESSION_MAX = 32,
};

static const uint16_t suites_13[] = { 0x1301, 0x1302, 0x1303, 0x1304 };

/* ECDHE, DHE and plain RSA with AES, 3DES and RC4: what servers that old have had. */
static const uint16_t suites_old[] = { 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009,
	0xc013, 0xc00a, 0xc014, 0x009e, 0x009f, 0x0033, 0x0039, 0x009c, 0x009d, 0x002f, 0x0035,
	0xc007, 0xc011, 0x0016, 0x000a, 0x0005, 0x0004, 0x00ff };

static const uint16_t groups[] = { GROUP_X25519, 23, 24, 25 };
static const uint16_t signatures[] = { 0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806,
	0x0401, 0x0501, 0x0601, 0x0203, 0x0201 };

static void put16(struct buf *out, unsigned value)
{
	buf_putc(out, (unsigned char)(value >> 8));
	buf_putc(out, (unsigned char)value);
}

/* Leaves room for a length of width octets; close_length fills it in. */
static size_t open_length(struct buf *out, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		buf_putc(out, 0);
	return out->n;
}

static void close_length(struct buf *out, size_t begin, unsigned width)
{
	size_t n = out->n - begin;

	if (out->overflow)
		return;
	for (unsigned i = 0; i < width; i++)
		out->p[begin - 1 - i] = (unsigned char)(n >> 8 * i);
}

static void put_list(struct buf *out, const uint16_t *list, size_t count)
{
	size_t begin = open_length(out, 2);

	for (size_t i = 0; i < count; i++)
		put16(out, list[i]);
	close_length(out, begin, 2);
}

static void put_list_extension(struct buf *out, unsigned type, const uint16_t *list, size_t count)
{
	put16(out, type);
	size_t begin = open_length(out, 2);
	put_list(out, list, count);
	close_length(out, begin, 2);
}

static void put_server_name(struct buf *out, const char *sni)
{
	put16(out, EXT_SERVER_NAME);
	size_t extension = open_length(out, 2), list = open_length(out, 2);
	buf_putc(out, 0); /* host_name */
	size_t name = open_length(out, 2);
	buf_puts(out, sni);
	close_length(out, name, 2);
	close_length(out, list, 2);
	close_length(out, extension, 2);
}

/* Any 32 octets are a public key of x25519. */
static void put_tls13(struct buf *out, const unsigned char key[32])
{
	static const unsigned char versions[] = { 0, EXT_VERSIONS, 0, 3, 2, 3, 4 };

	buf_put(out, (struct bytes){ versions, sizeof(versions) });
	put16(out, EXT_KEY_SHARE);
	size_t extension = open_length(out, 2), list = open_length(out, 2);
	put16(out, GROUP_X25519);
	put16(out, 32);
	buf_put(out, (struct bytes){ key, 32 });
	close_length(out, list, 2);
	close_length(out, extension, 2);
}

static void put_extensions(struct buf *out, enum tlshello_version version, const char *sni,
		const unsigned char *random)
{
	static const unsigned char point_formats[] = { 0, EXT_POINT_FORMATS, 0, 2, 1, 0 };
	size_t begin;

	if (version == TLSHELLO_SSL3) /* knows none */
		return;
	begin = open_length(out, 2);
	if (sni)
		put_server_name(out, sni);
	put_list_extension(out, EXT_GROUPS, groups, sizeof(groups) / sizeof(groups[0]));
	buf_put(out, (struct bytes){ point_formats, sizeof(point_formats) });
	if (version >= TLSHELLO_TLS12)
		put_list_extension(out, EXT_SIGNATURES, signatures,
				sizeof(signatures) / sizeof(signatures[0]));
	if (version == TLSHELLO_TLS13)
		put_tls13(out, random + 32);
	close_length(out, begin, 2);
}

bool tlshello_make(struct buf *out, enum tlshello_version version, const char *sni,
		const unsigned char random[TLSHELLO_RANDOM])
{
	bool is_13 = version == TLSHELLO_TLS13;
	unsigned legacy = is_13 ? TLSHELLO_TLS12 : version; /* RFC 8446 4.1.2 */

	buf_putc(out, RECORD_HANDSHAKE);
	put16(out, version == TLSHELLO_SSL3 ? TLSHELLO_SSL3 : TLSHELLO_TLS10);
	size_t record = open_length(out, 2);
	buf_putc(out, CLIENT_HELLO);
	size_t hello = open_length(out, 3);
	put16(out, legacy);
	buf_put(out, (struct bytes){ random, 32 });
	buf_putc(out, 0); /* no session to resume */
	put_list(out, is_13 ? suites_13 : suites_old,
			is_13 ? sizeof(suites_13) / sizeof(suites_13[0]) :
				sizeof(suites_old) / sizeof(suites_old[0]));
	buf_putc(out, 1);
	buf_putc(out, 0); /* no compression */
	put_extensions(out, version, sni, random);
	close_length(out, hello, 3);
	close_length(out, record, 2);
	return !out->overflow;
}

static unsigned get16(struct bytes in)
{
	return (unsigned)in.p[0] << 8 | in.p[1];
}

/* The version of TLS 1.3 stands in an extension; body begins behind the compression method. */
static unsigned chosen_version(struct bytes body, unsigned legacy)
{
	if (body.n < 2)
		return legacy;
	body = bytes_head(bytes_skip(body, 2), get16(body));
	while (body.n >= 4) {
		unsigned type = get16(body), n = get16(bytes_skip(body, 2));
		body = bytes_skip(body, 4);
		if (type == EXT_VERSIONS && n == 2 && body.n >= 2)
			return get16(body);
		body = bytes_skip(body, n);
	}
	return legacy;
}

/* in: the ServerHello without its head. */
static void read_hello(struct bytes in, struct tlshello_answer *out)
{
	enum { FIXED = 2 + 32 + 1 };

	if (in.n < FIXED || in.p[FIXED - 1] > SESSION_MAX || in.n < FIXED + in.p[FIXED - 1] + 3u) {
		out->kind = TLSHELLO_PLAIN;
		return;
	}
	struct bytes rest = bytes_skip(in, FIXED + in.p[FIXED - 1]);
	out->kind = TLSHELLO_HELLO;
	out->suite = get16(rest);
	out->version = chosen_version(bytes_skip(rest, 3), get16(in));
}

void tlshello_read(struct bytes in, struct tlshello_answer *out)
{
	*out = (struct tlshello_answer){ .kind = TLSHELLO_MORE };
	if (in.n == 0)
		return;
	if (in.p[0] != RECORD_ALERT && in.p[0] != RECORD_HANDSHAKE)
		out->kind = TLSHELLO_PLAIN;
	if (in.n < RECORD_HEAD || out->kind == TLSHELLO_PLAIN)
		return;
	size_t size = get16(bytes_skip(in, 3));
	struct bytes record = bytes_head(bytes_skip(in, RECORD_HEAD), size);
	if (in.p[1] != 3 || size > TLSHELLO_ANSWER_MAX - RECORD_HEAD) {
		out->kind = TLSHELLO_PLAIN;
		return;
	}
	if (record.n < size)
		return;
	if (in.p[0] == RECORD_ALERT) {
		out->kind = record.n >= 2 ? TLSHELLO_ALERT : TLSHELLO_PLAIN;
		out->alert = record.n >= 2 ? record.p[1] : 0;
	} else if (record.n < HANDSHAKE_HEAD || record.p[0] != SERVER_HELLO) {
		out->kind = TLSHELLO_PLAIN;
	} else {
		size_t hello = (size_t)record.p[1] << 16 | get16(bytes_skip(record, 2));
		read_hello(bytes_head(bytes_skip(record, HANDSHAKE_HEAD), hello), out);
	}
}

const char *tlshello_name(unsigned version)
{
	static const char *const names[] = { "SSL 3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3" };

	return version >= TLSHELLO_SSL3 && version <= TLSHELLO_TLS13 ?
			names[version - TLSHELLO_SSL3] :
			"?";
}
