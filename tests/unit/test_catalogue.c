/* test_catalogue - what log lines of the field are explained by
 * SPDX-License-Identifier: MIT
 *
 * tests/data/catalogue.tsv has a known error of each kind that administrators ask about: its name,
 * the entry of the knowledge base that tells what it means ("-" for a message that is only repeated),
 * and a line as it was logged.
 */
#include "applets/maillogwatch/maillogwatch.h"
#include "know/advice.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_NAME "tests/data/catalogue.tsv"

enum { ROWS_MIN = 228 };

static struct match *match;
static unsigned wrong;

static struct bytes cut(struct bytes *rest)
{
	struct bytes field = bytes_head(*rest, bytes_find(*rest, '\t'));

	*rest = bytes_skip(*rest, field.n + 1);
	return field;
}

static void check(struct bytes row)
{
	struct bytes name = cut(&row), id = cut(&row);
	struct syslog_reader r;
	struct syslog_line at;
	struct log_event e;
	struct finding f;
	struct advice_binds binds;

	syslog_init(&r, 1741060000);
	assert_true(syslog_read(&r, row, &at));
	maillog_read(&at, &e);
	const struct advice *a = event_advice(match, &e, &f, &binds);
	if (bytes_equal(id, BYTES("-"))) {
		assert_true(!a && at.count > 1);
	} else if (!a || !bytes_equal(bytes_of(a->id), id)) {
		print_error("%.*s: %s, not %.*s: %.*s\n", (int)name.n, (const char *)name.p,
				a ? a->id : "nothing", (int)id.n, (const char *)id.p, (int)row.n,
				(const char *)row.p);
		wrong++;
	}
	syslog_free(&r);
}

static void test_every_row(void **state)
{
	struct buf text = BUF(1024 * 1024);
	struct err e = { 0 };
	struct bytes rest, line;
	unsigned rows = 0;

	(void)state;
	assert_true(file_read(FILE_NAME, &text, &e));
	match = xmalloc(sizeof(*match));
	match_init(match);
	for (rest = buf_bytes(&text); bytes_line(&rest, &line); rows++)
		check(line);
	free(match);
	buf_free(&text);
	assert_true(rows >= ROWS_MIN);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_row) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
