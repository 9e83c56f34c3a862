/* proxy - the PROXY protocol's header
 * SPDX-License-Identifier: MIT */
#include "net/proxy.h"

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
	enum { IS_PROXY = 0x21, IS_LOCAL = 0x20, TCP4 = 0x11, TCP6 = 0x21 };

	buf_put(out, BYTES("\r\n\r\n\0\r\nQUIT\n"));
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
