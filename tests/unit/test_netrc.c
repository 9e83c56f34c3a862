/* test_netrc - unit tests of ui/netrc
 * SPDX-License-Identifier: MIT */
#include "ui/netrc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name;
	struct bytes text;
	const char *user;
	const char *login, *password; /* NULL: none found */
} rows[] = {
	{ "one line", BYTES("machine mail login a password p"), NULL, "a", "p" },
	{ "several lines", BYTES("machine mail\n\tlogin a\r\n\tpassword p\n"), NULL, "a", "p" },
	{ "case of the host", BYTES("machine MAIL login a password p"), NULL, "a", "p" },
	{ "another host", BYTES("machine mail2 login a password p"), NULL, NULL, NULL },
	{ "the first that fits",
			BYTES("machine mail login a password p machine mail login b password q"),
			NULL, "a", "p" },
	{ "the one of the user",
			BYTES("machine mail login a password p machine mail login b password q"),
			"b", "b", "q" },
	{ "no such user", BYTES("machine mail login a password p"), "c", NULL, NULL },
	{ "an entry without login serves all", BYTES("machine mail password p"), "c", "", "p" },
	{ "an entry without password serves none",
			BYTES("machine mail login a default login b password q"), NULL, "b", "q" },
	{ "default last", BYTES("machine other login x password y default login a password p"),
			NULL, "a", "p" },
	{ "password before login", BYTES("machine mail password p login a"), NULL, "a", "p" },
	{ "quotes", BYTES("machine mail login \"a b\" password \"p \\\"q\\\\\""), NULL, "a b",
			"p \"q\\" },
	{ "a quote inside a word is itself", BYTES("machine mail login a password p\"q"), NULL, "a",
			"p\"q" },
	{ "a # in a password", BYTES("machine mail login a password #p"), NULL, "a", "#p" },
	{ "comment", BYTES("# machine mail login x password y\nmachine mail login a password p"),
			NULL, "a", "p" },
	{ "macro", BYTES("macdef init\nmachine mail login x password y\n\nmachine mail login a password p"),
			NULL, "a", "p" },
	{ "account is passed over", BYTES("machine mail login a account password password p"), NULL,
			"a", "p" },
	{ "cut off", BYTES("machine mail login a password"), NULL, NULL, NULL },
	{ "quote left open", BYTES("machine mail login a password \"p q"), NULL, "a", "p q" },
	{ "empty quoted password", BYTES("machine mail login a password \"\""), NULL, "a", "" },
	{ "nothing", BYTES(""), NULL, NULL, NULL },
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf login = BUF(100);
		struct buf password = BUF_SECRET(100);
		print_message("%s\n", rows[i].name);
		bool found = netrc_find(rows[i].text, "mail", rows[i].user, &login, &password);
		assert_int_equal(found, rows[i].password != NULL);
		assert_string_equal(buf_text(&login), rows[i].login ? rows[i].login : "");
		assert_string_equal(buf_text(&password), rows[i].password ? rows[i].password : "");
		buf_free(&login);
		buf_free(&password);
	}
}

static void test_long_word(void **state)
{
	static char text[NETRC_WORD_MAX + 100] = "machine mail login a password ";
	struct buf login = BUF(100);
	struct buf password = BUF_SECRET(10000);

	(void)state;
	memset(text + strlen(text), 'x', NETRC_WORD_MAX + 1);
	assert_false(netrc_find(bytes_of(text), "mail", NULL, &login, &password));
	assert_int_equal(password.n, 0);
	buf_free(&login);
	buf_free(&password);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_long_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
