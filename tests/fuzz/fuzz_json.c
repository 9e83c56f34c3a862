/* fuzz_json - any octets make valid JSON of one line
 * SPDX-License-Identifier: MIT */
#include "ui/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *value(const char *p);

static bool is_hex(char c)
{
	return c && strchr("0123456789abcdef", c);
}

/* RFC 8259 7, and what we promise beyond it: no control octet, DEL, C1 or bidi character as itself.
 * */
static const char *string(const char *p)
{
	if (*p++ != '"')
		abort();
	for (; *p != '"'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c == 0x7f)
			abort();
		if (c == 0xc2 && (unsigned char)p[1] < 0xa0)
			abort();
		if (c == 0xe2 && memcmp(p, "\xe2\x80\xae", 3) == 0)
			abort();
		if (c != '\\')
			continue;
		p++;
		if (*p == '"' || *p == '\\')
			continue;
		if (*p != 'u' || !is_hex(p[1]) || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]))
			abort();
		p += 4;
	}
	return p + 1;
}

static const char *items(const char *p, char end, bool has_keys)
{
	if (*p == end)
		return p + 1;
	for (;; p++) {
		if (has_keys) {
			p = string(p);
			if (*p++ != ':')
				abort();
		}
		p = value(p);
		if (*p == end)
			return p + 1;
		if (*p != ',')
			abort();
	}
}

static const char *value(const char *p)
{
	if (*p == '{')
		return items(p + 1, '}', true);
	if (*p == '[')
		return items(p + 1, ']', false);
	if (*p == '"')
		return string(p);
	if (strncmp(p, "null", 4) == 0 || strncmp(p, "true", 4) == 0)
		return p + 4;
	if (strncmp(p, "false", 5) == 0)
		return p + 5;
	size_t n = strspn(p, "-+.e0123456789");
	if (n == 0)
		abort();
	return p + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct buf out = BUF(SIZE_MAX);
	struct json j;
	double real = 0;
	int64_t whole = 0;

	if (size >= sizeof(real)) {
		memcpy(&real, data, sizeof(real));
		memcpy(&whole, data, sizeof(whole));
	}
	json_begin(&j, &out);
	json_text(&j, "text", in);
	json_array(&j, "list");
	for (size_t i = 0; i < 3; i++)
		json_item(&j, bytes_skip(in, i));
	json_item_object(&j);
	json_close(&j);
	json_close(&j);
	json_real(&j, "real", real);
	json_int(&j, "int", whole);
	json_bool(&j, "bool", size % 2);
	json_end(&j);
	const char *end = value(buf_text(&out));
	if (strcmp(end, "\n") != 0 || memchr(out.p, '\n', out.n - 1))
		abort();
	buf_free(&out);
	return 0;
}
