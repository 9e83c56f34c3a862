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

static void test_hidden_host(void **state)
{
	static const struct {
		const char *greeting, *host; /* NULL: none */
	} rows[] = {
		{ "The Microsoft Exchange POP3 service is ready. "
		  "[QwBIADIAUABSADEANABDAEEAMAAwADAAOAAuAG4AYQBtAHAAcgBkADEANAAuAHAAcgBvAGQALgBvAHUA"
		  "dABsAG8AbwBrAC4AYwBvAG0A]",
				"CH2PR14CA0008.namprd14.prod.outlook.com" },
		{ "* OK ready [QQAtADEA] ", "A-1" },
		{ "[QQAtADEA] ready", NULL }, /* not at the end */
		{ "ready [QQAtADEB]", NULL }, /* beyond Latin */
		{ "ready [QQAgADEA]", NULL }, /* a blank */
		{ "ready [QQAbADEA]", NULL }, /* an escape */
		{ "ready [QUJDREVG]", NULL }, /* not wide */
		{ "ready [QQA=]", NULL },     /* one letter is by chance */
		{ "ready [QQAtADEA", NULL },
		{ "ready [CAPABILITY IMAP4rev1]", NULL },
		{ "ready []", NULL },
		{ "]", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf host = BUF(100);
		bool is_there = software_hidden_host(bytes_of(rows[i].greeting), &host);
		assert_int_equal(is_there, rows[i].host != NULL);
		assert_string_equal(buf_text(&host), is_there ? rows[i].host : "");
		buf_free(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find),
		cmocka_unit_test(test_hidden_host) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
