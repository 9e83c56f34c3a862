/* roots - CA certificates compiled into the binary
 * SPDX-License-Identifier: MIT
 *
 * The table is Debian's ca-certificates, packed at build time by scripts/mkroots.
 */
#pragma once

#include "sys/buf.h"

/*
 * A zlib stream, to be unpacked into net_roots_raw_size bytes: net_roots_count certificates,
 * each a length of two bytes, high byte first, and then so many bytes of DER.
 */
extern const unsigned char net_roots_packed[];
extern const size_t net_roots_packed_size;
extern const size_t net_roots_raw_size;
extern const size_t net_roots_count;

/* Appends the unpacked table to out; false when it does not fit or the data is damaged. */
bool net_roots_unpack(struct buf *out);
