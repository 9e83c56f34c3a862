/* test_match - finding entries fast is finding the same entries
 * SPDX-License-Identifier: MIT */
#include "know/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct example {
	const char *id, *proto, *stage, *user, *error, *host, *mech, *line;
} examples[] = {
#include "advice_examples.inc"
};

static const enum advice_proto protos[] = { ADVICE_SMTP, ADVICE_POP3, ADVICE_IMAP, ADVICE_NET,
	ADVICE_LOG };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct match match;

static void compare(const struct finding *f)
{
	struct advice_binds slow = { 0 }, fast = { 0 };
	const struct advice *a = advise(f, &slow);

	assert_ptr_equal(match_find(&match, f, &fast), a);
	assert_int_equal(fast.n, slow.n);
	for (size_t i = 0; i < slow.n; i++)
		assert_ptr_equal(fast.bind[i].value.p, slow.bind[i].value.p);
}

static void it_answers_what_advise_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = &examples[i];
		for (size_t p = 0; p < COUNT(protos); p++) {
			struct finding f = { .proto = protos[p],
				.stage = e->stage[0] ? e->stage : NULL,
				.error = e->error[0] ? e->error : NULL,
				.user = bytes_of(e->user),
				.host = bytes_of(e->host),
				.mech = bytes_of(e->mech) };
			advice_read_reply(bytes_of(e->line), &f);
			f.is_partial = true;
			compare(&f);
			f.is_partial = false;
			compare(&f);
			f.text.n /= 2;
			compare(&f);
			f.is_partial = true;
			f.proto = (enum advice_proto)0;
			compare(&f);
		}
	}
}

static void every_example_of_a_log_is_found(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct finding f = { .proto = ADVICE_LOG, .text = bytes_of(examples[i].line) };
		if (strcmp(examples[i].proto, "log") != 0)
			continue;
		const struct advice *a = match_find(&match, &f, NULL);
		assert_non_null(a);
		assert_string_equal(a->id, examples[i].id);
		n++;
	}
	assert_true(n > 150);
}

static void few_entries_have_to_be_weighed_for_every_line(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < match.always_count; i++)
		n += (match.always[i].protos & ADVICE_LOG) != 0;
	assert_true(n < 8);
}

static int begin(void **state)
{
	(void)state;
	match_init(&match);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_answers_what_advise_answers),
		cmocka_unit_test(every_example_of_a_log_is_found),
		cmocka_unit_test(few_entries_have_to_be_weighed_for_every_line),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
