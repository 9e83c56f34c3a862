/* saslprep - prepares names and passwords for comparison (RFC 4013)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* Appends in as RFC 4013 prepares it. False, and why: not UTF-8, a prohibited character, a mix of
 * writing directions, or a character that only the full tables of Unicode could normalise. Those
 * that are known here: ASCII, Latin, Greek and Cyrillic letters, Hebrew, Arabic, kana, the common
 * Han and Hangul, full-width ASCII, Roman numerals. */
bool saslprep_put(struct bytes in, struct buf *out, const char **why);
