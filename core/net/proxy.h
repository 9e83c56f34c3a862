/* proxy - the PROXY protocol's header
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"

/* Appends the header of version 1 (a line) or 2 (binary) that says what the connection itself says
 * (haproxy's proxy-protocol.txt, 2.1 and 2.2): whoever checks a server behind a load balancer is
 * that balancer for once. What is no TCP connection is told as UNKNOWN (1) or LOCAL (2). */
void proxy_header(struct buf *out, unsigned version, const struct stream *s);
