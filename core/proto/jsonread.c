/* jsonread - reads JSON texts piece by piece
 * SPDX-License-Identifier: MIT */
#include "proto/jsonread.h"

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct bytes *in)
{
	while (in->n > 0 && is_blank(in->p[0]))
		*in = bytes_skip(*in, 1);
}

/* Octets of the string at the front of in, with its quotes; 0 when it has no end. */
static size_t string_size(struct bytes in)
{
	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == '"')
			return i + 1;
		if (in.p[i] < 0x20)
			return 0;
		if (in.p[i] == '\\')
			i++;
	}
	return 0;
}

/* Octets of the array or object at the front of in, up to the bracket that closes it. */
static size_t nested_size(struct bytes in)
{
	unsigned char open[JSONREAD_DEPTH_MAX];
	size_t depth = 0, i = 0;

	while (i < in.n) {
		unsigned char c = in.p[i];
		if (c == '"') {
			size_t n = string_size(bytes_skip(in, i));
			if (n == 0)
				return 0;
			i += n;
			continue;
		}
		i++;
		if (c == '{' || c == '[') {
			if (depth == JSONREAD_DEPTH_MAX)
				return 0;
			open[depth++] = c;
		} else if (c == '}' || c == ']') {
			if (open[depth - 1] != (c == '}' ? '{' : '['))
				return 0;
			if (--depth == 0)
				return i;
		}
	}
	return 0;
}

static size_t word_size(struct bytes in)
{
	size_t n = 0;

	while (n < in.n &&
			((in.p[n] >= 'a' && in.p[n] <= 'z') || in.p[n] == 'E' || in.p[n] == '-' ||
					in.p[n] == '+' || in.p[n] == '.' ||
					(in.p[n] >= '0' && in.p[n] <= '9')))
		n++;
	return n;
}

static bool is_number(struct bytes in)
{
	if (in.n > 0 && in.p[0] == '-')
		in = bytes_skip(in, 1);
	if (in.n == 0 || in.p[0] < '0' || in.p[0] > '9')
		return false;
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] >= 'a' && in.p[i] <= 'z' && in.p[i] != 'e')
			return false;
	return true;
}

static bool read_word(struct bytes word, struct jsonread_value *v)
{
	v->text = word;
	if (bytes_equal(word, BYTES("null")))
		v->kind = JSONREAD_NULL;
	else if (bytes_equal(word, BYTES("true")) || bytes_equal(word, BYTES("false")))
		v->kind = JSONREAD_BOOL;
	else if (is_number(word))
		v->kind = JSONREAD_NUMBER;
	else
		return false;
	return true;
}

bool jsonread_take(struct bytes *in, struct jsonread_value *v)
{
	struct bytes rest = *in;
	size_t n;

	skip_blanks(&rest);
	if (rest.n == 0)
		return false;
	unsigned char c = rest.p[0];
	if (c == '"' || c == '{' || c == '[') {
		n = c == '"' ? string_size(rest) : nested_size(rest);
		if (n == 0)
			return false;
		v->kind = c == '"' ? JSONREAD_STRING : c == '{' ? JSONREAD_OBJECT : JSONREAD_ARRAY;
		v->text = bytes_head(bytes_skip(rest, 1), n - 2);
	} else {
		n = word_size(rest);
		if (!read_word(bytes_head(rest, n), v))
			return false;
	}
	*in = bytes_skip(rest, n);
	skip_blanks(in);
	return true;
}

/* The comma behind a member or item, or the end. */
static bool take_comma(struct bytes *rest)
{
	if (rest->n == 0)
		return true;
	if (rest->p[0] != ',' || rest->n == 1)
		return false;
	*rest = bytes_skip(*rest, 1);
	return true;
}

bool jsonread_item(struct bytes *rest, struct jsonread_value *v)
{
	struct bytes at = *rest;

	if (!jsonread_take(&at, v) || !take_comma(&at)) {
		skip_blanks(rest);
		return false;
	}
	*rest = at;
	return true;
}

bool jsonread_member(struct bytes *rest, struct bytes *key, struct jsonread_value *v)
{
	struct bytes at = *rest;
	struct jsonread_value name;

	if (!jsonread_take(&at, &name) || name.kind != JSONREAD_STRING || at.n == 0 ||
			at.p[0] != ':') {
		skip_blanks(rest);
		return false;
	}
	at = bytes_skip(at, 1);
	if (!jsonread_take(&at, v) || !take_comma(&at))
		return false;
	*key = name.text;
	*rest = at;
	return true;
}

bool jsonread_find(struct bytes object, const char *key, struct jsonread_value *v)
{
	struct bytes name;

	while (jsonread_member(&object, &name, v))
		if (bytes_equal(name, bytes_of(key)))
			return true;
	return false;
}

static bool hex4(struct bytes in, uint32_t *out)
{
	*out = 0;
	if (in.n < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = in.p[i] | 0x20;
		if (c >= '0' && c <= '9')
			*out = *out << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			*out = *out << 4 | (c - 'a' + 10u);
		else
			return false;
	}
	return true;
}

static void put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_putc(out, (unsigned char)code);
		return;
	}
	if (code >= 0x10000) {
		buf_putc(out, (unsigned char)(0xf0 | code >> 18));
		buf_putc(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
	} else if (code >= 0x800) {
		buf_putc(out, (unsigned char)(0xe0 | code >> 12));
	} else {
		buf_putc(out, (unsigned char)(0xc0 | code >> 6));
	}
	if (code >= 0x800)
		buf_putc(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
	buf_putc(out, (unsigned char)(0x80 | (code & 0x3f)));
}

/* in begins behind "\u". */
static bool put_unicode(struct bytes *in, struct buf *out)
{
	uint32_t code, low;

	if (!hex4(*in, &code))
		return false;
	*in = bytes_skip(*in, 4);
	if (code >= 0xd800 && code < 0xdc00 && bytes_starts(*in, BYTES("\\u")) &&
			hex4(bytes_skip(*in, 2), &low) && low >= 0xdc00 && low < 0xe000) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		*in = bytes_skip(*in, 6);
	}
	put_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
	return true;
}

bool jsonread_string(const struct jsonread_value *v, struct buf *out)
{
	static const char to[] = "\"\\/\b\f\n\r\t";
	struct bytes in = v->text;

	if (v->kind != JSONREAD_STRING)
		return false;
	while (in.n > 0) {
		size_t plain = bytes_find(in, '\\');
		buf_put(out, bytes_head(in, plain));
		in = bytes_skip(in, plain);
		if (in.n == 0)
			break;
		if (in.n < 2)
			return false;
		unsigned char c = in.p[1];
		in = bytes_skip(in, 2);
		if (c == 'u') {
			if (!put_unicode(&in, out))
				return false;
			continue;
		}
		size_t i = bytes_find(BYTES("\"\\/bfnrt"), c);
		if (i == sizeof(to) - 1)
			return false;
		buf_putc(out, (unsigned char)to[i]);
	}
	return !out->overflow;
}

bool jsonread_int(const struct jsonread_value *v, int64_t *out)
{
	struct bytes digits = v->text;
	bool negative = digits.n > 0 && digits.p[0] == '-';
	uint64_t value;

	if (negative)
		digits = bytes_skip(digits, 1);
	if (v->kind != JSONREAD_NUMBER || !bytes_is_uint(digits, INT64_MAX, &value))
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}
