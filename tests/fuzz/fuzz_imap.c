/* fuzz_imap - responses whole and in pieces, items, folder names
 * SPDX-License-Identifier: MIT
 *
 * First octet: size of the pieces.
 */
#include "proto/imap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static enum imap_state feed(struct imap_reader *r, struct bytes in, size_t piece_size,
		struct buf *streamed)
{
	enum imap_state state = IMAP_MORE;
	struct bytes part;

	while (in.n > 0 && state == IMAP_MORE) {
		struct bytes piece = bytes_head(in, piece_size);
		size_t offered = piece.n;
		while ((state = imap_feed(r, &piece, &part)) == IMAP_PART) {
			must(part.n > 0);
			buf_put(streamed, part);
		}
		must(state != IMAP_MORE || piece.n == 0);
		in = bytes_skip(in, offered - piece.n);
	}
	return state;
}

static void decode(struct bytes text)
{
	struct imap_untagged u;
	struct imap_fetch f = { 0 };
	struct imap_folder folder;
	struct imap_caps caps = { 0 };
	struct imap_item item;
	uint64_t a, b;
	int64_t date;

	if (!imap_untagged(text, &u))
		return;
	must(u.rest.p + u.rest.n == text.p + text.n);
	imap_fetch(u.rest, &f);
	imap_list(u.rest, &folder);
	imap_status(u.rest, "MESSAGES", &a);
	imap_quota(u.rest, "STORAGE", &a, &b);
	imap_date(u.rest, &date);
	imap_caps_add(&caps, u.rest);
	while (imap_next(&u.rest, &item))
		must(item.text.n == 0 ||
				(item.text.p >= text.p &&
						item.text.p + item.text.n <= text.p + text.n));
}

/* What can be encoded comes back the same. */
static void names(struct bytes in)
{
	struct buf coded = BUF(1 << 20), back = BUF(1 << 20);

	imap_utf7_decode(in, &back);
	buf_clear(&back);
	in = bytes_head(in, 200);
	if (imap_utf7_encode(in, &coded)) {
		imap_utf7_decode(buf_bytes(&coded), &back);
		must(bytes_equal(buf_bytes(&back), in));
	}
	buf_free(&coded);
	buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_reader whole = { .text.max = IMAP_TEXT_MAX }, pieces = whole;
	struct buf a = BUF(1 << 24), b = BUF(1 << 24);

	if (size < 2)
		return 0;
	struct bytes in = { data + 1, size - 1 };
	enum imap_state state = feed(&whole, in, in.n, &a);
	must(feed(&pieces, in, data[0] % 16 + 1u, &b) == state);
	must(bytes_equal(buf_bytes(&whole.text), buf_bytes(&pieces.text)));
	must(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
	must(whole.literal_left == pieces.literal_left);
	if (state == IMAP_DONE)
		decode(buf_bytes(&whole.text));
	names(in);
	buf_free(&whole.text);
	buf_free(&pieces.text);
	buf_free(&a);
	buf_free(&b);
	return 0;
}
