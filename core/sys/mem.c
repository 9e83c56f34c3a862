/* mem - allocation that ends the process when memory runs out
 * SPDX-License-Identifier: MIT */
#include "sys/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t n)
{
	fprintf(stderr, "mtabox: out of memory (%zu bytes wanted)\n", n);
	exit(3);
}

void *xmalloc(size_t n)
{
	return xcalloc(1, n);
}

void *xcalloc(size_t count, size_t n)
{
	void *p = calloc(count ? count : 1, n ? n : 1);

	if (!p)
		out_of_memory(n);
	return p;
}

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		out_of_memory(n);
	return p;
}

char *xstrdup(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(xmalloc(n), text, n);
}

void mem_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "mtabox: internal error at %s:%d: %s\n", file, line, what);
	abort();
}

void mem_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}
