/* fuzz_smtp - EHLO lists, banners, queue ids, path commands
 * SPDX-License-Identifier: MIT */
#include "proto/smtp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_be_in(struct bytes part, struct bytes whole)
{
	must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void check_text(struct bytes text)
{
	struct bytes part;

	if (smtp_banner_software(text, &part)) {
		must(part.n > 0);
		must_be_in(part, text);
	}
	if (smtp_queue_id(text, &part)) {
		must(part.n > 0 && !bytes_has_control(part));
		must_be_in(part, text);
	}
	must_be_in(smtp_keyword(text), text);
	part = smtp_banner_host(text);
	must_be_in(part, text);
	must(!bytes_has_control(part));
	must(!smtp_helo_ok(text) || !bytes_has_control(text));
}

/* One path, whatever the address: the only '>' outside of quotes is ours. */
static void check_command(struct bytes addr, struct bytes params)
{
	struct buf out = BUF(512);

	if (smtp_path_command(&out, "MAIL FROM", addr, params)) {
		must(!bytes_has_control(buf_bytes(&out)));
		must(bytes_starts(buf_bytes(&out), BYTES("MAIL FROM:<")));
		must(out.n == 12 + addr.n + params.n + (params.n > 0));
	} else {
		must(out.n == 0);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct bytes rest = in;
	struct smtp_caps caps;
	struct reply r;

	reply_init(&r, PROTO_SMTP);
	reply_feed(&r, &rest);
	smtp_caps_read(&r, &caps);
	must(caps.size_max == 0 || (caps.has & SMTP_SIZE));
	must(caps.mechs == 0 || (caps.has & (SMTP_AUTH | SMTP_AUTH_OLD)));
	for (size_t i = 0; i < r.line_count; i++)
		check_text(reply_text(&r, i));
	reply_free(&r);
	check_text(in);
	size_t half = bytes_find(in, '\n');
	check_command(bytes_head(in, half), bytes_skip(in, half + 1));
	return 0;
}
