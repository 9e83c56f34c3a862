/* test_cutter - unit tests of sys/cutter
 * SPDX-License-Identifier: MIT */
#include "sys/cutter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NULS8 "\0\0\0\0\0\0\0\0"

static const struct row {
	const char *name;
	struct bytes in;
	const char *lines, *rest;
	uint64_t nuls;
} rows[] = {
	{ "nothing", { NULL, 0 }, "", "", 0 },
	{ "a line", BYTES("one\n"), "one\n", "", 0 },
	{ "CR stays", BYTES("one\r\n"), "one\r\n", "", 0 },
	{ "half a line", BYTES("one\ntw"), "one\n", "tw\n", 0 },
	{ "empty lines", BYTES("\n\n\n"), "\n\n\n", "", 0 },
	{ "a NUL in a line", BYTES("o\0ne\n"), "one\n", "", 1 },
	{ "a hole between lines", BYTES("one\n" NULS8 NULS8 "two\n"), "one\ntwo\n", "", 16 },
	{ "a hole ends a line", BYTES("on" NULS8 "two\n"), "on\ntwo\n", "", 8 },
	{ "only a hole", BYTES(NULS8), "", "", 8 },
};

static void feed(struct cutter *c, struct bytes in, struct buf *out, bool in_place)
{
	if (!in_place) {
		cutter_feed(c, in, out);
		return;
	}
	size_t begun = cutter_begin(c, out);
	in = bytes_head(in, CUTTER_IN_PLACE_MAX);
	buf_put(out, in);
	cutter_end(c, out, begun, in.n);
}

static void check(const struct row *row, size_t step, size_t first, bool in_place)
{
	struct buf out = BUF(1 << 20);
	struct cutter c;
	struct bytes rest = row->in;

	cutter_init(&c);
	for (size_t n = first; rest.n > 0; n = step) {
		feed(&c, bytes_head(rest, n), &out, in_place);
		rest = bytes_skip(rest, n);
	}
	if (strcmp(buf_text(&out), row->lines) != 0)
		fail_msg("%s: \"%s\"", row->name, buf_text(&out));
	buf_clear(&out);
	assert_int_equal(cutter_flush(&c, &out), *row->rest != '\0');
	assert_string_equal(buf_text(&out), row->rest);
	assert_int_equal(c.nuls, row->nuls);
	cutter_free(&c);
	buf_free(&out);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		const struct row *row = &rows[i / 2];
		check(row, 1000, 1000, i % 2);
		check(row, 1, 1, i % 2);
		for (size_t cut = 1; cut < row->in.n; cut++)
			check(row, 1000, cut, i % 2);
	}
}

/* However it is fed, a long line gives its first part, and the next line is there. */
static void test_long_lines(void **state)
{
	static const size_t lengths[] = { CUTTER_LINE_MAX - 1, CUTTER_LINE_MAX, CUTTER_LINE_MAX + 1,
		5 * CUTTER_LINE_MAX };
	static const size_t steps[] = { 1000, CUTTER_LINE_MAX, CUTTER_LINE_MAX + 1,
		CUTTER_IN_PLACE_MAX };
	static unsigned char in[6 * CUTTER_LINE_MAX];

	(void)state;
	memset(in, 'x', sizeof(in));
	for (size_t i = 0; i < COUNT(lengths); i++)
		for (size_t k = 0; k < 2 * COUNT(steps); k++) {
			size_t j = k / 2;
			size_t n = lengths[i];
			bool is_long = n > CUTTER_LINE_MAX;
			struct buf out = BUF(1 << 20);
			struct cutter c;

			memset(in, 'x', n);
			memcpy(in + n, "\nok\n", 4);
			cutter_init(&c);
			for (struct bytes rest = { in, n + 4 }; rest.n > 0;
					rest = bytes_skip(rest, steps[j]))
				feed(&c, bytes_head(rest, steps[j]), &out, k % 2);
			assert_int_equal(c.long_lines, is_long);
			assert_true(bytes_ends(buf_bytes(&out), BYTES("x\nok\n")));
			assert_true(out.n <= CUTTER_LINE_MAX + 4);
			assert_true(is_long || out.n == n + 4);
			assert_int_equal(c.partial.n, 0);
			cutter_free(&c);
			buf_free(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
