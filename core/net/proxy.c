/* proxy - the PROXY protocol's header, of both sides
 * SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

enum {
	V1_MAX = 107, /* proxy-protocol.txt 2.1 */
	V2_HEAD = 16,
	IS_LOCAL = 0x20,
	IS_PROXY = 0x21,
	TCP4 = 0x11,
	TCP6 = 0x21,
};

struct ends {
	struct addr from, to;
	bool is_v6;
};

static bool ends_of(const struct stream *s, struct ends *ends)
{
	int fd = stream_get_fd(s);

	ends->from.len = ends->to.len = sizeof(ends->from.sa);
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&ends->from.sa, &ends->from.len) < 0 ||
			getpeername(fd, (struct sockaddr *)&ends->to.sa, &ends->to.len) < 0)
		return false;
	ends->is_v6 = ends->from.sa.ss_family == AF_INET6;
	return ends->is_v6 || ends->from.sa.ss_family == AF_INET;
}

static void put_v1(struct buf *out, const struct ends *ends)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	addr_ip(&ends->from, from);
	addr_ip(&ends->to, to);
	buf_printf(out, "PROXY %s %s %s %u %u\r\n", ends->is_v6 ? "TCP6" : "TCP4", from, to,
			addr_port(&ends->from), addr_port(&ends->to));
}

static void put_ip(struct buf *out, const struct addr *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->sa;

	if (a->sa.ss_family == AF_INET6)
		buf_put(out, (struct bytes){ (const unsigned char *)&v6->sin6_addr, 16 });
	else
		buf_put(out, (struct bytes){ (const unsigned char *)&v4->sin_addr, 4 });
}

static void put16(struct buf *out, unsigned n)
{
	buf_putc(out, (unsigned char)(n >> 8));
	buf_putc(out, (unsigned char)n);
}

static void put_v2(struct buf *out, const struct ends *ends)
{
	buf_put(out, BYTES(SIGNATURE));
	buf_putc(out, ends ? IS_PROXY : IS_LOCAL);
	buf_putc(out, !ends ? 0 : ends->is_v6 ? TCP6 : TCP4);
	put16(out, !ends ? 0 : ends->is_v6 ? 36 : 12);
	if (!ends)
		return;
	put_ip(out, &ends->from);
	put_ip(out, &ends->to);
	put16(out, addr_port(&ends->from));
	put16(out, addr_port(&ends->to));
}

void proxy_header(struct buf *out, unsigned version, const struct stream *s)
{
	struct ends ends;
	bool is_known = ends_of(s, &ends);

	if (version == 2)
		put_v2(out, is_known ? &ends : NULL);
	else if (is_known)
		put_v1(out, &ends);
	else
		buf_puts(out, "PROXY UNKNOWN\r\n");
}

static enum proxy_result bad(const char **why, const char *text)
{
	*why = text;
	return PROXY_BAD;
}

static void set_from(struct addr *from, bool is_v6, const unsigned char *ip, unsigned port)
{
	if (is_v6) {
		from->sa.ss_family = AF_INET6;
		from->len = sizeof(struct sockaddr_in6);
		memcpy(&((struct sockaddr_in6 *)&from->sa)->sin6_addr, ip, 16);
	} else {
		from->sa.ss_family = AF_INET;
		from->len = sizeof(struct sockaddr_in);
		memcpy(&((struct sockaddr_in *)&from->sa)->sin_addr, ip, 4);
	}
	addr_set_port(from, port);
}

/* "TCP4 192.0.2.1 192.0.2.2 1234 25" behind "PROXY "; UNKNOWN may have anything behind it. */
static enum proxy_result read_v1(struct bytes line, struct addr *from, const char **why)
{
	unsigned char ip[2][16];
	char text[ADDR_TEXT_MAX];
	struct bytes word = { 0 };
	uint64_t port[2];

	bytes_word(&line, &word);
	if (bytes_equal(word, BYTES("UNKNOWN")))
		return PROXY_OK;
	bool is_v6 = bytes_equal(word, BYTES("TCP6"));
	bool ok = is_v6 || bytes_equal(word, BYTES("TCP4"));
	for (size_t i = 0; i < 2 && ok; i++) {
		ok = bytes_word(&line, &word);
		snprintf(text, sizeof(text), "%.*s", (int)word.n, (const char *)word.p);
		ok = ok && inet_pton(is_v6 ? AF_INET6 : AF_INET, text, ip[i]) == 1;
	}
	for (size_t i = 0; i < 2; i++)
		ok = ok && bytes_word(&line, &word) && bytes_is_uint(word, 65535, &port[i]);
	if (!ok || bytes_trim(line).n > 0)
		return bad(why, "not of the form PROXY TCP4 address address port port");
	set_from(from, is_v6, ip[0], (unsigned)port[0]);
	return PROXY_OK;
}

static enum proxy_result read_v2(struct bytes in, struct addr *from, const char **why)
{
	struct bytes ends = bytes_skip(in, V2_HEAD);
	size_t size = in.n < V2_HEAD ? 0 : (size_t)in.p[14] << 8 | in.p[15];

	if (V2_HEAD + size > PROXY_MAX)
		return bad(why, "too long");
	if (in.n < V2_HEAD || ends.n < size)
		return PROXY_MORE;
	if (in.p[12] == IS_LOCAL)
		return PROXY_OK;
	if (in.p[12] != IS_PROXY)
		return bad(why, "neither PROXY nor LOCAL of version 2");
	if (in.p[13] != TCP4 && in.p[13] != TCP6)
		return PROXY_OK;
	size_t n = in.p[13] == TCP6 ? 16 : 4;
	if (size < 2 * n + 4)
		return bad(why, "too short for its addresses");
	set_from(from, n == 16, ends.p, (unsigned)ends.p[2 * n] << 8 | ends.p[2 * n + 1]);
	return PROXY_OK;
}

enum proxy_result proxy_read(struct bytes in, struct addr *from, const char **why)
{
	const struct bytes v1 = BYTES("PROXY "), v2 = BYTES(SIGNATURE);

	*from = (struct addr){ 0 };
	if (bytes_starts(v2, bytes_head(in, v2.n)) && in.n < v2.n)
		return PROXY_MORE;
	if (bytes_starts(in, v2))
		return read_v2(in, from, why);
	if (!bytes_starts(v1, bytes_head(in, v1.n)))
		return bad(why, "none: the connection begins otherwise");
	if (bytes_ends(in, BYTES("\r\n")))
		return read_v1(bytes_skip(bytes_head(in, in.n - 2), v1.n), from, why);
	return in.n < V1_MAX ? PROXY_MORE : bad(why, "too long");
}
