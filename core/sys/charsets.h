/* charsets - the tables of libc's iconv, packed in the binary
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* To be called before iconv_open: puts the tables where libc looks for them, once. */
void charsets_unpack(void);

/* Made by scripts/mkcharsets, which tells their form. Characters in the tables: 0 where libc has
 * such tables of its own. */
extern const size_t charsets_count, charsets_raw_size, charsets_packed_size;
extern const unsigned char charsets_packed[];
