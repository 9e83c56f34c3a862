/* test_jsonread - unit tests of proto/jsonread
 * SPDX-License-Identifier: MIT */
#include "proto/jsonread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Writes a value back in one form: what the reader made of it. */
static void print(struct buf *out, const struct jsonread_value *v)
{
	struct bytes rest = v->text, key;
	struct jsonread_value inner;

	if (v->kind == JSONREAD_OBJECT) {
		buf_putc(out, '{');
		while (jsonread_member(&rest, &key, &inner)) {
			buf_put(out, key);
			buf_putc(out, ':');
			print(out, &inner);
			buf_putc(out, ';');
		}
		buf_puts(out, rest.n ? "!}" : "}");
	} else if (v->kind == JSONREAD_ARRAY) {
		buf_putc(out, '[');
		while (jsonread_item(&rest, &inner)) {
			print(out, &inner);
			buf_putc(out, ';');
		}
		buf_puts(out, rest.n ? "!]" : "]");
	} else if (v->kind == JSONREAD_STRING) {
		buf_putc(out, '\'');
		if (!jsonread_string(v, out))
			buf_putc(out, '!');
		buf_putc(out, '\'');
	} else {
		buf_put(out, v->text);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *in, *out, *rest;
	} rows[] = {
		{ "null", "null", "" },
		{ " true , 1", "true", ", 1" },
		{ "-12", "-12", "" },
		{ "1.5e+3", "1.5e+3", "" },
		{ "\"\"", "''", "" },
		{ "\"a b\"x", "'a b'", "x" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\b\f\n\r\t'", "" },
		{ "\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00\"",
				"'A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80'", "" },
		{ "\"\\ud83d\"", "'\xef\xbf\xbd'", "" },
		{ "\"\\udc00\\ud83dx\"", "'\xef\xbf\xbd\xef\xbf\xbdx'", "" },
		{ "\"\\x\"", "'!'", "" },
		{ "\"\\u12\"", "'!'", "" },
		{ "[]", "[]", "" },
		{ "[ 1 , [ 2 ] , {} ]", "[1;[2;];{};]", "" },
		{ "{\"a\":1,\"b\":{\"c\":[true]}}", "{a:1;b:{c:[true;];};}", "" },
		{ "{ \"a\" : \"]}\" }", "{a:']}';}", "" },
		{ "{\"a\":\"\\\"}\"}", "{a:'\"}';}", "" },
		{ "[1,]", "[!]", "" },
		{ "[1 2]", "[!]", "" },
		{ "{\"a\" 1}", "{!}", "" },
		{ "{a:1}", "{!}", "" },
		{ "{\"a\":1,}", "{!}", "" },
		{ "{\"a\":1}\n{\"b\":2}", "{a:1;}", "{\"b\":2}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes in = bytes_of(rows[i].in);
		struct jsonread_value v;
		struct buf out = BUF(1000);
		assert_true(jsonread_take(&in, &v));
		print(&out, &v);
		if (strcmp(buf_text(&out), rows[i].out) != 0)
			fail_msg("%s: %s", rows[i].in, buf_text(&out));
		assert_true(bytes_equal(in, bytes_of(rows[i].rest)));
		buf_free(&out);
	}
}

static void test_none(void **state)
{
	static const char *const rows[] = { "", "  ", "x", "nul", "nulll", "+1", "-", ".5", "tru",
		"\"", "\"a", "\"a\\\"", "\"a\nb\"", "[", "[1", "{\"a\":1", "[}", "{]", "]", ",",
		":" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes in = bytes_of(rows[i]);
		struct jsonread_value v;
		if (jsonread_take(&in, &v))
			fail_msg("%s", rows[i]);
		assert_int_equal(in.n, strlen(rows[i]));
	}
}

static void test_depth(void **state)
{
	struct jsonread_value v;
	char text[2 * (JSONREAD_DEPTH_MAX + 1)];

	(void)state;
	for (size_t depth = JSONREAD_DEPTH_MAX; depth <= JSONREAD_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		struct bytes in = { (const unsigned char *)text, 2 * depth };
		assert_int_equal(jsonread_take(&in, &v), depth <= JSONREAD_DEPTH_MAX);
	}
}

static void test_find_and_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "-7", true, -7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "1.0", false, 0 },
		{ "true", false, 0 },
		{ "\"1\"", false, 0 },
	};
	struct jsonread_value v;
	int64_t number;

	(void)state;
	assert_true(jsonread_find(BYTES("\"a\":{\"b\":1},\"b\":2"), "b", &v));
	assert_true(jsonread_int(&v, &number));
	assert_int_equal(number, 2);
	assert_false(jsonread_find(BYTES("\"a\":{\"b\":1}"), "b", &v));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes in = bytes_of(rows[i].text);
		assert_true(jsonread_take(&in, &v));
		number = 0;
		assert_int_equal(jsonread_int(&v, &number), rows[i].ok);
		assert_true(number == rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_find_and_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
