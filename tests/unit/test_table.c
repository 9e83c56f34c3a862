/* test_table - unit tests of ui/table
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_world.h"
#include "ui/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column mailbox[] = {
	{ "#", true, false, 0 },
	{ "size", true, false, 0 },
	{ "from", false, true, 6 },
	{ "subject", false, true, 8 },
};

static void print_mailbox(struct fake_world *f, bool utf8)
{
	const struct bytes rows[][4] = {
		{ BYTES("1"), BYTES("1795"), BYTES("Ex sample"), BYTES("this is test") },
		{ BYTES("12"), BYTES("9"), BYTES("\xe6\x97\xa5\xe6\x9c\xac"), BYTES("bell \a") },
		{ BYTES("3"), BYTES(""), BYTES(""), BYTES("") },
	};
	struct table t;

	f->w.utf8 = utf8;
	table_init(&t, mailbox, 4);
	for (size_t i = 0; i < 3; i++)
		table_row(&t, rows[i], utf8);
	table_print(&t, &f->w);
	table_free(&t);
}

static void test_layout(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	print_mailbox(&f, true);
	assert_string_equal(fake_world_out(&f),
			" #  size  from       subject\n"
			" 1  1795  Ex sample  this is test\n"
			"12     9  \xe6\x97\xa5\xe6\x9c\xac       bell \\x07\n"
			" 3\n");
	fake_world_free(&f);
}

static void test_shrink(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	f.w.columns = 30;
	print_mailbox(&f, true);
	assert_string_equal(fake_world_out(&f),
			" #  size  from       subject\n"
			" 1  1795  Ex sample  this i...\n"
			"12     9  \xe6\x97\xa5\xe6\x9c\xac       bell \\x07\n"
			" 3\n");
	fake_world_clear(&f);
	f.w.columns = 10; /* down to the minima, then it is too wide */
	print_mailbox(&f, true);
	assert_string_equal(fake_world_out(&f),
			" #  size  from    subject\n"
			" 1  1795  Ex ...  this ...\n"
			"12     9  \xe6\x97\xa5\xe6\x9c\xac    bell ...\n"
			" 3\n");
	fake_world_free(&f);
}

static void test_full(void **state)
{
	static const struct table_column one[] = { { "x", false, false, 0 } };
	static char text[TABLE_CELL_MAX + 1];
	struct fake_world f;
	struct table t;
	struct bytes cell = { (unsigned char *)text, TABLE_CELL_MAX };
	const size_t rows = TABLE_CELLS_MAX / (TABLE_CELL_MAX + 1);

	(void)state;
	memset(text, 'x', sizeof(text));
	fake_world_init(&f);
	table_init(&t, one, 1);
	for (size_t i = 0; i < rows + 3; i++)
		table_row(&t, &cell, false);
	assert_int_equal(t.rows, rows);
	table_print(&t, &f.w);
	const char *out = fake_world_out(&f);
	assert_string_equal(out + strlen(out) - 14, "(3 more rows)\n");
	table_free(&t);
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
