/* fuzz_mailtext - header fields, RFC 2047 words, dates
 * SPDX-License-Identifier: MIT
 *
 * First octet: how much the output may hold, in steps of 64.
 */
#include "proto/mailtext.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Whether text is UTF-8, judged by the encoder, which knows no NUL, CR and LF. */
static bool is_utf8(struct bytes text)
{
	struct buf clean = BUF(text.n + 1);
	struct buf out = BUF(8 * text.n + 100);

	for (size_t i = 0; i < text.n; i++)
		buf_putc(&clean, text.p[i] < ' ' ? ' ' : text.p[i]);
	bool is_good = mailtext_encode(buf_bytes(&clean), &out);
	buf_free(&clean);
	buf_free(&out);
	return is_good;
}

static void check_decode(struct bytes in, size_t max)
{
	struct buf part = BUF(max);
	struct buf all = BUF(1 << 20);

	mailtext_decode(in, &part);
	mailtext_decode(in, &all);
	must(is_utf8(buf_bytes(&all)) && is_utf8(buf_bytes(&part)));
	must(bytes_starts(buf_bytes(&all), buf_bytes(&part)));
	must(part.overflow || part.n == all.n);
	buf_free(&part);
	buf_free(&all);
}

static void check_encode(struct bytes in)
{
	struct buf wire = BUF(8 * in.n + 100);
	struct buf back = BUF(1 << 20);
	struct bytes line;

	if (mailtext_encode(in, &wire)) {
		mailtext_decode(buf_bytes(&wire), &back);
		must(back.overflow || bytes_equal(buf_bytes(&back), in));
		for (struct bytes rest = buf_bytes(&wire); bytes_line(&rest, &line);)
			must(line.n <= 900);
	}
	buf_free(&wire);
	buf_free(&back);
}

static void check_date(struct bytes in)
{
	int64_t seconds;
	int64_t again;
	int zone;
	char text[40];

	if (!mailtext_date(in, &seconds, &zone))
		return;
	must(zone > -6000 && zone < 6000);
	mailtext_format_date(seconds, text);
	if (seconds >= -2208988800 && seconds <= 253402300799)
		must(mailtext_date(bytes_of(text), &again, &zone) && again == seconds && zone == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes name;
	struct bytes value;

	if (size == 0)
		return 0;
	struct bytes in = { data + 1, size - 1 };
	check_decode(in, data[0] * 64u);
	check_encode(in);
	check_date(in);
	while (in.n > 0 && mailtext_next(&in, &name, &value)) {
		must(bytes_find(name, ':') == name.n && bytes_find(name, '\n') == name.n);
		if (name.n > 0)
			check_decode(value, data[0] * 64u);
		check_date(value);
	}
	in = (struct bytes){ data + 1, size - 1 };
	if (mailtext_header(in, "Subject", &value))
		must(value.n == 0 || (value.p >= in.p && value.p + value.n <= in.p + in.n));
	return 0;
}
