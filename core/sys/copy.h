/* copy - memcpy and memmove, quick for what is short
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* In a build with musl these two are memcpy and memmove themselves: on x86_64 musl's are one string
 * instruction, which takes some 30 cycles to begin, and TLS copies numbers of 32 octets. */
void *copy_apart(void *restrict to, const void *restrict from, size_t n);
void *copy_any(void *to, const void *from, size_t n);
