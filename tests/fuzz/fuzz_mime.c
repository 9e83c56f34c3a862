/* fuzz_mime - parts of a message, text decoded
 * SPDX-License-Identifier: MIT */
#include "proto/mime.h"

#include "proto/mailtext.h"
#include "proto/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_text(void *ctx, struct bytes line)
{
	bool *is_streamed = ctx;
	uint32_t code;

	while (!*is_streamed && utf8_take(&line, &code))
		continue;
	if (!*is_streamed && line.n > 0)
		abort(); /* what was converted is UTF-8 */
}

static void on_part(void *ctx, const struct mime_part *part)
{
	(void)ctx;
	if (part->number == 0 || part->type.n == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes message = { data, size }, body = message, name, value, line;
	bool is_streamed = false;
	struct mime m = { .ctx = &is_streamed, .text = on_text, .part = on_part };

	while (mailtext_next(&body, &name, &value))
		continue;
	mime_begin(&m, bytes_head(message, message.n - body.n));
	while (bytes_line(&body, &line)) {
		is_streamed = m.is_plain && m.in_part;
		mime_line(&m, line);
	}
	is_streamed = m.is_plain && m.in_part;
	mime_end(&m);
	return 0;
}
