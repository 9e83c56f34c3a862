/* test_json - unit tests of ui/json
 * SPDX-License-Identifier: MIT */
#include "ui/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	struct bytes in;
	const char *out;
} text_rows[] = {
	{ "plain", BYTES("250 ok"), "{\"k\":\"250 ok\"}\n" },
	{ "quote and backslash", BYTES("\"\\"), "{\"k\":\"\\\"\\\\\"}\n" },
	{ "controls", BYTES("\0\n\033\177"), "{\"k\":\"\\u0000\\u000a\\u001b\\u007f\"}\n" },
	{ "UTF-8 is kept", BYTES("\xc3\xbc\xf0\x9f\x98\x80"),
			"{\"k\":\"\xc3\xbc\xf0\x9f\x98\x80\"}\n" },
	{ "C1 and bidi are escaped", BYTES("\xc2\x9b\xe2\x80\xae"),
			"{\"k\":\"\\u009b\\u202e\"}\n" },
	{ "a tag needs a surrogate pair", BYTES("\xf3\xa0\x81\x81"),
			"{\"k\":\"\\udb40\\udc41\"}\n" },
	{ "no UTF-8: base64 beside it", BYTES("M\xfcller"),
			"{\"k_raw\":\"TfxsbGVy\",\"k\":\"M\\u00fcller\"}\n" },
	{ "surrogate octets are no UTF-8", BYTES("\xed\xa0\x80"),
			"{\"k_raw\":\"7aCA\",\"k\":\"\\u00ed\\u00a0\\u0080\"}\n" },
	{ "empty", BYTES(""), "{\"k\":\"\"}\n" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(text_rows); i++) {
		struct buf out = BUF(1000);
		struct json j;
		print_message("%s\n", text_rows[i].name);
		json_begin(&j, &out);
		json_text(&j, "k", text_rows[i].in);
		json_end(&j);
		assert_string_equal(buf_text(&out), text_rows[i].out);
		buf_free(&out);
	}
}

static void test_shape(void **state)
{
	struct buf out = BUF(1000);
	struct json j;

	(void)state;
	json_begin(&j, &out);
	json_str(&j, "a", NULL);
	json_str(&j, "b", "x");
	json_int(&j, "min", INT64_MIN);
	json_real(&j, "r", 0.25);
	json_real(&j, "nan", (double)NAN);
	json_bool(&j, "t", true);
	json_array(&j, "list");
	json_item(&j, BYTES("1"));
	json_item_object(&j);
	json_bool(&j, "f", false);
	json_close(&j);
	json_item(&j, BYTES("3\xff"));
	json_close(&j);
	json_object(&j, "o");
	json_array(&j, "empty");
	json_end(&j);
	assert_string_equal(buf_text(&out),
			"{\"b\":\"x\",\"min\":-9223372036854775808,\"r\":0.25,\"nan\":null,\"t\":true,"
			"\"list\":[\"1\",{\"f\":false},\"3\\u00ff\"],\"o\":{\"empty\":[]}}\n");
	buf_free(&out);
}

static void test_empty(void **state)
{
	struct buf out = BUF(10);
	struct json j;

	(void)state;
	json_begin(&j, &out);
	json_end(&j);
	assert_string_equal(buf_text(&out), "{}\n");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
