/* copy - memcpy and memmove, quick for what is short
 * SPDX-License-Identifier: MIT */
#include "sys/copy.h"

#include <stdint.h>
#include <string.h>

/* A word at any address. */
struct word {
	uint64_t v;
} __attribute__((packed, may_alias));

#define WORD(p) (*(struct word *)(p))
#define CONST_WORD(p) (*(const struct word *)(p))

/* Without it the compiler makes of a loop what the loop is here to replace. */
#define KEEP_LOOP() __asm__ volatile("" : : : "memory")

/* From the front: right too where the two overlap and to is the lower. The last word is read
 * before anything is written, and written last. */
static void forward(unsigned char *to, const unsigned char *from, size_t n)
{
	if (n < sizeof(struct word)) {
		for (; n > 0; n--) {
			*to++ = *from++;
			KEEP_LOOP();
		}
		return;
	}
	struct word last = CONST_WORD(from + n - sizeof(last));
	unsigned char *end = to + n - sizeof(last);
#ifdef __x86_64__
	if (n > 128) {
		size_t words = n / sizeof(last);

		__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	}
#endif
	for (; to < end; to += sizeof(last), from += sizeof(last)) {
		WORD(to) = CONST_WORD(from);
		KEEP_LOOP();
	}
	WORD(end) = last;
}

void *copy_apart(void *restrict to, const void *restrict from, size_t n)
{
	forward(to, from, n);
	return to;
}

void *copy_any(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		forward(d, s, n);
		return to;
	}
	while (n >= sizeof(struct word)) {
		n -= sizeof(struct word);
		WORD(d + n) = CONST_WORD(s + n);
		KEEP_LOOP();
	}
	while (n > 0) {
		n--;
		d[n] = s[n];
		KEEP_LOOP();
	}
	return to;
}

#ifndef __GLIBC__
void *memcpy(void *restrict, const void *restrict, size_t) __attribute__((alias("copy_apart")));
void *memmove(void *, const void *, size_t) __attribute__((alias("copy_any")));
#endif
