/* buf - owned octets that grow up to a stated maximum
 * SPDX-License-Identifier: MIT */
#include "sys/buf.h"

#include "sys/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = BUF(max);
}

void buf_init_secret(struct buf *b, size_t max)
{
	*b = BUF_SECRET(max);
}

void buf_free(struct buf *b)
{
	if (b->secret && b->p)
		mem_wipe(b->p, b->size);
	free(b->p);
	*b = (struct buf){ .max = b->max, .secret = b->secret };
}

void buf_clear(struct buf *b)
{
	if (b->secret && b->p)
		mem_wipe(b->p, b->size);
	b->n = 0;
	b->overflow = false;
}

/* One octet more than n is kept, so that buf_text can end the string without failing. A secret is
 * moved by hand: realloc would leave the old copy behind. */
static void grow(struct buf *b, size_t n)
{
	if (n < b->size)
		return;
	size_t size = b->size ? b->size : 64;
	while (size <= n)
		size *= 2;
	if (!b->secret) {
		b->p = xrealloc(b->p, size);
	} else {
		unsigned char *p = xmalloc(size);
		if (b->p) {
			memcpy(p, b->p, b->n);
			mem_wipe(b->p, b->size);
			free(b->p);
		}
		b->p = p;
	}
	b->size = size;
}

bool buf_put(struct buf *b, struct bytes data)
{
	size_t fits = data.n <= b->max - b->n ? data.n : b->max - b->n;

	if (fits > 0) {
		grow(b, b->n + fits);
		memcpy(b->p + b->n, data.p, fits);
		b->n += fits;
	}
	if (fits < data.n)
		b->overflow = true;
	return fits == data.n;
}

bool buf_putc(struct buf *b, unsigned char c)
{
	return buf_put(b, (struct bytes){ &c, 1 });
}

bool buf_puts(struct buf *b, const char *text)
{
	return buf_put(b, bytes_of(text));
}

bool buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		bug("vsnprintf");
	char *text = xmalloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	bool fits = buf_put(b, (struct bytes){ (unsigned char *)text, (size_t)n });
	if (b->secret)
		mem_wipe(text, (size_t)n);
	free(text);
	return fits;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool fits = buf_vprintf(b, format, args);
	va_end(args);
	return fits;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	if (b->secret)
		mem_wipe(b->p + b->n - n, n);
	b->n -= n;
}

unsigned char *buf_room(struct buf *b, size_t want, size_t *fits)
{
	if (b->n >= b->max) {
		*fits = 0;
		return NULL;
	}
	*fits = want <= b->max - b->n ? want : b->max - b->n;
	grow(b, b->n + *fits);
	return b->p + b->n;
}

void buf_added(struct buf *b, size_t n)
{
	b->n += n;
}

struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->p, b->n };
}

const char *buf_text(struct buf *b)
{
	grow(b, b->n);
	b->p[b->n] = '\0';
	return (const char *)b->p;
}
