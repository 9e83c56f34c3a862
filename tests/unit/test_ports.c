/* test_ports - unit tests of proto/ports
 * SPDX-License-Identifier: MIT */
#include "proto/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void check_list(const struct ports *p, const char *expect)
{
	struct buf text = BUF(1000);

	for (size_t i = 0; i < p->count; i++)
		buf_printf(&text, "%s%u", i ? " " : "", ports_at(p, i));
	assert_string_equal(buf_text(&text), expect);
	buf_free(&text);
}

static void test_good(void **state)
{
	static const struct {
		const char *spec, *list;
	} rows[] = {
		{ "25", "25" },
		{ "smtp", "25" },
		{ "IMAPS,Pop3", "110 993" },
		{ "587,25,25,smtp", "25 587" },
		{ "1-5", "1 2 3 4 5" },
		{ "23-26,993", "25 993 24 26 23" },
		{ "-3", "1 2 3" },
		{ "65533-", "65533 65534 65535" },
		{ " 25 , 26 ", "25 26" },
		{ "smtp-alt", "2525 26" },
		{ "5-5", "5" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ports p;
		struct err e = { 0 };
		if (!ports_parse(&p, bytes_of(rows[i].spec), &e))
			fail_msg("%s: %s", rows[i].spec, e.text);
		check_list(&p, rows[i].list);
		ports_free(&p);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *spec, *error;
	} rows[] = {
		{ "", "missing" },
		{ ",", "missing" },
		{ "25,,110", "missing" },
		{ "25,", "missing" },
		{ "0", "\"0\": neither" },
		{ "70000", "\"70000\": neither" },
		{ "25x", "\"25x\": neither" },
		{ "25,100-50", "\"100-50\": this range runs backwards" },
		{ "1-70000", "\"1-70000\": neither" },
		{ "1-2-3", "\"1-2-3\": neither" },
		{ "--", "\"--\": neither" },
		{ "+25", "\"+25\": neither" },
		{ "smpt", "\"smpt\": neither" },
		{ "99999999999999999999", "neither" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ports p;
		struct err e = { 0 };
		assert_false(ports_parse(&p, bytes_of(rows[i].spec), &e));
		assert_int_equal(e.kind, ERR_USAGE);
		if (!strstr(e.text, rows[i].error))
			fail_msg("%s: %s", rows[i].spec, e.text);
	}
}

static void test_all(void **state)
{
	struct ports p;
	struct err e;

	(void)state;
	assert_true(ports_parse(&p, BYTES("-"), &e));
	assert_int_equal(p.count, 65535);
	assert_int_equal(ports_at(&p, 0), 25); /* mail first */
	assert_int_equal(ports_at(&p, 65534), 65535);
	ports_free(&p);
	assert_true(ports_parse(&p, BYTES("mail"), &e));
	assert_int_equal(p.count, 30);
	ports_free(&p);
	ports_default(&p);
	check_list(&p, "25 465 587 110 995 143 993 4190 2525 24 22 80 443 113");
	ports_free(&p);
}

static void test_info(void **state)
{
	(void)state;
	assert_string_equal(ports_info(465)->name, "submissions");
	assert_true(ports_info(465)->is_tls);
	assert_null(ports_info(1));
	assert_null(ports_info(70000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_info),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
