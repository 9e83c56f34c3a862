/* json - objects written key by key, one a line
 * SPDX-License-Identifier: MIT */
#include "ui/json.h"

#include "proto/b64.h"
#include "proto/utf8.h"
#include "sys/mem.h"
#include "ui/show.h"

#include <math.h>

static void put_unit(struct buf *out, uint32_t unit)
{
	buf_printf(out, "\\u%04x", (unsigned)unit);
}

/* RFC 8259 7: beyond U+FFFF as a surrogate pair. */
static void put_code(struct buf *out, uint32_t code)
{
	if (code <= 0xffff) {
		put_unit(out, code);
		return;
	}
	put_unit(out, 0xd800 + ((code - 0x10000) >> 10));
	put_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void put_string(struct buf *out, struct bytes in)
{
	buf_putc(out, '"');
	while (in.n > 0) {
		uint32_t code;
		size_t n = show_utf8(in, &code);
		if (n == 0) {
			put_unit(out, in.p[0]);
			n = 1;
		} else if (code == '"' || code == '\\') {
			buf_putc(out, '\\');
			buf_putc(out, (unsigned char)code);
		} else if (show_is_hidden(code)) {
			put_code(out, code);
		} else {
			buf_put(out, bytes_head(in, n));
		}
		in = bytes_skip(in, n);
	}
	buf_putc(out, '"');
}

static void put_comma(struct json *j)
{
	if (j->need_comma)
		buf_putc(j->out, ',');
	j->need_comma = true;
}

static void put_key(struct json *j, const char *key, const char *suffix)
{
	put_comma(j);
	buf_printf(j->out, "\"%s%s\":", key, suffix);
}

static void open_level(struct json *j, bool is_array)
{
	if (j->depth == JSON_DEPTH_MAX)
		bug("JSON nested too deep");
	buf_putc(j->out, is_array ? '[' : '{');
	j->depth++;
	if (is_array)
		j->arrays |= UINT32_C(1) << j->depth;
	else
		j->arrays &= ~(UINT32_C(1) << j->depth);
	j->need_comma = false;
}

void json_begin(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
	open_level(j, false);
}

void json_close(struct json *j)
{
	if (j->depth == 0)
		bug("JSON closed twice");
	buf_putc(j->out, j->arrays >> j->depth & 1 ? ']' : '}');
	j->depth--;
	j->need_comma = true;
}

void json_end(struct json *j)
{
	while (j->depth > 0)
		json_close(j);
	buf_putc(j->out, '\n');
}

void json_text(struct json *j, const char *key, struct bytes value)
{
	if (utf8_prefix(value) < value.n) {
		put_key(j, key, "_raw");
		buf_putc(j->out, '"');
		b64_encode(value, j->out);
		buf_putc(j->out, '"');
	}
	put_key(j, key, "");
	put_string(j->out, value);
}

void json_str(struct json *j, const char *key, const char *value)
{
	if (value)
		json_text(j, key, bytes_of(value));
}

void json_int(struct json *j, const char *key, int64_t value)
{
	put_key(j, key, "");
	buf_printf(j->out, "%lld", (long long)value);
}

void json_real(struct json *j, const char *key, double value)
{
	put_key(j, key, "");
	if (isfinite(value))
		buf_printf(j->out, "%.9g", value);
	else
		buf_puts(j->out, "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key, "");
	buf_puts(j->out, value ? "true" : "false");
}

void json_object(struct json *j, const char *key)
{
	put_key(j, key, "");
	open_level(j, false);
}

void json_array(struct json *j, const char *key)
{
	put_key(j, key, "");
	open_level(j, true);
}

void json_item(struct json *j, struct bytes value)
{
	put_comma(j);
	put_string(j->out, value);
}

void json_item_object(struct json *j)
{
	put_comma(j);
	open_level(j, false);
}
