/* fuzz_punycode - international host names, there and back
 * SPDX-License-Identifier: MIT */
#include "proto/punycode.h"
#include "proto/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static unsigned digit(unsigned char c)
{
	must((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
	return c >= 'a' ? (unsigned)c - 'a' : (unsigned)c - '0' + 26;
}

/* RFC 3492 6.2 */
static size_t decode(struct bytes in, uint32_t *out)
{
	size_t n = 0, dash = in.n;
	uint32_t next = 128, i = 0, bias = 72;

	for (size_t k = 0; k < in.n; k++)
		if (in.p[k] == '-')
			dash = k;
	for (size_t k = 0; dash < in.n && k < dash; k++)
		out[n++] = in.p[k];
	in = dash < in.n ? bytes_skip(in, dash + 1) : in;
	while (in.n > 0) {
		uint32_t old = i, w = 1;
		for (uint32_t k = 36;; k += 36) {
			must(in.n > 0);
			uint32_t d = digit(in.p[0]);
			in = bytes_skip(in, 1);
			i += d * w;
			uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
			if (d < t)
				break;
			w *= 36 - t;
		}
		uint32_t delta = (i - old) / (old == 0 ? 700 : 2), k = 0;
		delta += delta / (uint32_t)(n + 1);
		for (; delta > 455; k += 36)
			delta /= 35;
		bias = k + 36 * delta / (delta + 38);
		next += i / (uint32_t)(n + 1);
		i %= (uint32_t)(n + 1);
		must(n < PUNYCODE_LABEL_MAX);
		memmove(out + i + 1, out + i, (n - i) * sizeof(out[0]));
		out[i++] = next;
		n++;
	}
	return n;
}

static void check_encode(struct bytes in)
{
	uint32_t points[PUNYCODE_LABEL_MAX], back[PUNYCODE_LABEL_MAX];
	struct buf out = BUF(4096);
	size_t n = 0;

	while (n < PUNYCODE_LABEL_MAX && utf8_take(&in, &points[n]))
		n++;
	punycode_encode(points, n, &out);
	must(!out.overflow && bytes_is_ascii(buf_bytes(&out)));
	must(decode(buf_bytes(&out), back) == n);
	must(n == 0 || memcmp(points, back, n * sizeof(points[0])) == 0);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct buf out = BUF(255);
	const char *why = NULL;

	if (punycode_host(in, &out, &why)) {
		must(bytes_is_ascii(buf_bytes(&out)) && !out.overflow);
		must(bytes_is_ascii(in) || !bytes_has_control(buf_bytes(&out)));
	} else {
		must(bytes_is_ascii(in) || why);
	}
	buf_free(&out);
	check_encode(in);
	return 0;
}
