/* vectors - reads the published test vectors of tests/data/vectors.tsv
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/file.h"

enum { VECTORS_INPUTS = 3, VECTORS_FIELDS = 7 };

struct vector {
	struct bytes id, kind, source, in[VECTORS_INPUTS], expected;
};

static inline unsigned vectors_hex(unsigned char c)
{
	return c <= '9' ? c - 48u : (c | 32u) - 87u;
}

/* Turns \xNN into octets, in place: the text only gets shorter. */
static inline struct bytes vectors_unescape(unsigned char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] == '\\' && i + 3 < n && p[i + 1] == 'x') {
			p[to++] = (unsigned char)(vectors_hex(p[i + 2]) << 4 |
					vectors_hex(p[i + 3]));
			i += 3;
		} else {
			p[to++] = p[i];
		}
	return (struct bytes){ p, to };
}

/* Calls test with each vector of one kind; returns how many there were. */
static inline size_t vectors_each(const char *kind, void (*test)(const struct vector *v))
{
	struct buf file = BUF(65536);
	size_t count = 0;

	if (!file_read("tests/data/vectors.tsv", &file, NULL))
		return 0;
	for (unsigned char *p = file.p, *end = p + file.n; p < end;) {
		struct bytes field[VECTORS_FIELDS] = { { 0 } };
		struct bytes line = { p, bytes_find((struct bytes){ p, (size_t)(end - p) }, '\n') };
		for (size_t i = 0; i < VECTORS_FIELDS; i++) {
			struct bytes rest = { p, (size_t)(line.p + line.n - p) };
			size_t n = bytes_find(rest, '\t');
			field[i] = vectors_unescape(p, n);
			p += n < rest.n ? n + 1 : n;
		}
		p++;
		if (!bytes_equal(field[1], bytes_of(kind)))
			continue;
		test(&(struct vector){ field[0], field[1], field[2],
				{ field[3], field[4], field[5] }, field[6] });
		count++;
	}
	buf_free(&file);
	return count;
}
