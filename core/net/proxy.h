/* proxy - the PROXY protocol's header, of both sides
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"

/* Appends the header of version 1 (a line) or 2 (binary) that says what the connection itself says
 * (haproxy's proxy-protocol.txt, 2.1 and 2.2): whoever checks a server behind a load balancer is
 * that balancer for once. What is no TCP connection is told as UNKNOWN (1) or LOCAL (2). */
void proxy_header(struct buf *out, unsigned version, const struct stream *s);

/* The receiver's side: what in holds of a header so far. PROXY_OK: it is whole, and from is who
 * connected to the proxy; its len is 0 where the header does not say (UNKNOWN, LOCAL, a UNIX
 * socket). PROXY_BAD: it is none, or longer than PROXY_MAX; why says so. Feed it octet by octet:
 * what follows the header is not its affair. */
enum { PROXY_MAX = 4096 /* of version 2, with its TLVs; version 1: 107 */ };
enum proxy_result { PROXY_MORE, PROXY_OK, PROXY_BAD };
enum proxy_result proxy_read(struct bytes in, struct addr *from, const char **why);
