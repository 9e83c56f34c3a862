/* mem - allocation that ends the process when memory runs out
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* Out of memory is the one error that is not passed upwards: these print one line and exit 3. The
 * result is zeroed (xrealloc: only what realloc keeps). */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *text);

/* A broken invariant of ours: says where and aborts. */
_Noreturn void mem_bug(const char *file, int line, const char *what);
#define bug(what) mem_bug(__FILE__, __LINE__, (what))

/* Overwrites p in a way the compiler keeps. */
void mem_wipe(void *p, size_t n);
