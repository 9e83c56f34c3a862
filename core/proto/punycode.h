/* punycode - international domain names in ASCII (RFC 3492, RFC 5890)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum { PUNYCODE_LABEL_MAX = 63 }; /* RFC 1035 2.3.4 */

/* Appends the Punycode of n characters (at most PUNYCODE_LABEL_MAX), without the prefix; ASCII
 * stays as it is. */
void punycode_encode(const uint32_t *in, size_t n, struct buf *out);

/* Appends a domain given in UTF-8 with each label that is not ASCII as "xn--...". Capital letters
 * of the Latin, Greek, Cyrillic and Armenian scripts become small ones, the full stops of Chinese
 * and Japanese become dots. That is not all of UTS 46: nothing is normalized, so a letter with its
 * accent as a character of its own is refused, as is what no name can hold. False, and why: not to
 * be encoded; what out got is to be thrown away. ASCII is taken as it is, whatever it holds. */
bool punycode_host(struct bytes in, struct buf *out, const char **why);
