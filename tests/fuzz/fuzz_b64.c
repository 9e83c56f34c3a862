/* fuzz_b64 - base64: what decodes encodes back, cuts change nothing
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses alphabet, line ends and the place of the cut; the rest is the input.
 */
#include "proto/b64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void encode(const struct b64_encoder *how, struct bytes in, size_t cut, struct buf *out)
{
	struct b64_encoder e = *how;

	must(b64_encoder_put(&e, bytes_head(in, cut), out));
	must(b64_encoder_put(&e, bytes_skip(in, cut), out));
	must(b64_encoder_end(&e, out));
}

static void decode(struct b64_decoder *d, struct bytes in, size_t cut, struct buf *out)
{
	if (b64_decoder_put(d, bytes_head(in, cut), out) &&
			b64_decoder_put(d, bytes_skip(in, cut), out))
		b64_decoder_end(d, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct bytes in = { data + 1, size - 1 };
	bool url = data[0] & 1, skip = data[0] & 2;
	size_t cut = data[0] >> 2, most = 8 * size + 16;
	struct b64_decoder whole = { .url = url, .skip_line_ends = skip }, parts = whole,
			   back = whole;
	struct buf out = BUF(most), again = BUF(most), text = BUF(most);

	decode(&whole, in, in.n, &out);
	decode(&parts, in, cut, &again);
	must(whole.fault == parts.fault && whole.fault_at == parts.fault_at);
	must(bytes_equal(buf_bytes(&out), buf_bytes(&again)));
	must(whole.fault_at <= in.n);

	/* strict decoding admits one text for each content */
	encode(&(struct b64_encoder){ .url = url }, buf_bytes(&out), cut, &text);
	if (!whole.fault && !skip && !url)
		must(bytes_equal(buf_bytes(&text), in));

	buf_clear(&text);
	buf_clear(&again);
	encode(&(struct b64_encoder){ .url = url, .wrap = skip ? data[0] >> 2 : 0 }, in, cut,
			&text);
	decode(&back, buf_bytes(&text), cut, &again);
	must(!back.fault && bytes_equal(buf_bytes(&again), in));

	buf_free(&out);
	buf_free(&again);
	buf_free(&text);
	return 0;
}
