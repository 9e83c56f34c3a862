/* b64_impl - base64 sixteen octets at a time, where the processor can
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

/* What decoding may write behind what counts: whole vectors are stored. */
enum { B64_FAST_SLACK = 4 };

/* Encodes 12 octets at a time off the front of in; *to has room for 4 digits for each 3 of them.
 * Returns the octets taken: a multiple of 12 that leaves 4 at least; 0 where there is no SSSE3. */
size_t b64_fast_encode(struct bytes in, bool url, unsigned char *to);

/* Decodes 16 digits at a time off the front of in, until a group that holds an octet that is none;
 * to has room for 3 octets for each 4 digits, and the slack. Returns the digits taken, a multiple
 * of 16; 0 for base64url and where there is no SSSE3. */
size_t b64_fast_decode(struct bytes in, unsigned char *to);
