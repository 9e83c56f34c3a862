/* utf8 - UTF-8 to characters and back
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* Takes the first character off the front of in (RFC 3629: no surrogate, no overlong form, at most
 * U+10FFFF). False at the end and where it is not UTF-8; in is not moved then. */
bool utf8_take(struct bytes *in, uint32_t *code);

/* Octets at the front of in that are whole characters; in.n when all of it is UTF-8. */
size_t utf8_prefix(struct bytes in);

/* Appends a character. False when out is full. */
bool utf8_put(struct buf *out, uint32_t code);
