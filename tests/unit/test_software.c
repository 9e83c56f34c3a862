/* test_software - which software a greeting names
 * SPDX-License-Identifier: MIT */
#include "proto/software.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *text, *software; /* NULL: hidden */
} cases[] = {
	{ "mail.example.com ESMTP unknown", NULL },
	{ "mail.example.com ESMTP Postfix", "Postfix" },
	{ "mail.example.com ESMTP Postfix (Debian/GNU)", "Postfix (Debian/GNU)" },
	{ "mail.example.com ESMTP Exim 4.96 Sun, 19 Jan 2014", "Exim 4.96" },
	{ "Dovecot ready.", "Dovecot" },
	{ "POP3 ready.", NULL },
	{ "", NULL },
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes found = { NULL, 0 };
		bool is_named = software_find(bytes_of(cases[i].text), &found);
		if (is_named != (cases[i].software != NULL) ||
				(is_named && !bytes_equal(found, bytes_of(cases[i].software))))
			fail_msg("\"%s\": \"%.*s\"", cases[i].text, (int)found.n,
					found.n ? (const char *)found.p : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
