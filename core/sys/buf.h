/* buf - owned octets that grow up to a stated maximum
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

#include <stdarg.h>

/* Appending past max keeps what fits, sets overflow and returns false; nothing is lost silently.
 * A secret buf is wiped whenever its storage is given up. Zeroed struct + max is a valid empty
 * buf. */
struct buf {
	unsigned char *p;
	size_t n;
	size_t size;
	size_t max;
	bool secret;
	bool overflow;
};

/* For initialisers: an empty buf of at most max octets. */
#define BUF(limit) ((struct buf){ .max = (limit) })
#define BUF_SECRET(limit) ((struct buf){ .max = (limit), .secret = true })

void buf_init(struct buf *b, size_t max);
void buf_init_secret(struct buf *b, size_t max);

/* Frees the storage (wiped first when secret); the buf is empty and usable again. */
void buf_free(struct buf *b);

/* Empties without giving up the storage; clears overflow. Wipes when secret. */
void buf_clear(struct buf *b);

bool buf_put(struct buf *b, struct bytes data);
bool buf_putc(struct buf *b, unsigned char c);
bool buf_puts(struct buf *b, const char *text);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *format, va_list args)
		__attribute__((format(printf, 2, 0)));

/* Drops the first n octets. */
void buf_drop(struct buf *b, size_t n);

/* Room for want more octets at the end, for read(): returns where they go and how many fit (at
 * least 1 unless the maximum is reached, then NULL). buf_added says how many came. */
unsigned char *buf_room(struct buf *b, size_t want, size_t *fits);
void buf_added(struct buf *b, size_t n);

/* The content as a slice, valid until the next change. */
struct bytes buf_bytes(const struct buf *b);

/* The content as a C string (a NUL is kept behind the last octet); valid until the next change. */
const char *buf_text(struct buf *b);
