/* test_explain - unit tests of the explain command
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"
#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARGS_MAX = 8 };

static const struct {
	const char *name;
	const char *args[ARGS_MAX];
	int code;
	const char *out; /* stands in the output; NULL: there is none */
} rows[] = {
	{ "an id", { "relay-denied" }, 0, "[relay-denied]" },
	{ "a reply line", { "554 5.7.1 <b@example.org>: Relay access denied" }, 0,
			"CRITICAL reply: 554 5.7.1 <b@example.org>: Relay access denied\n" },
	{ "a reply line in words", { "535", "5.7.8", "Error:", "authentication", "failed" }, 0,
			"[auth-failed]" },
	{ "the second cause is told too", { "535 5.7.8 Error: authentication failed" }, 0,
			"[auth-user-is-address]" },
	{ "the user decides", { "-u", "sample@example.com", "535 5.7.8 authentication failed" }, 0,
			"likely: it knows \"sample\", not the mail address\n" },
	{ "an unknown name stays open", { "535 5.7.8 Error: authentication failed" }, 0,
			"doveadm auth test <user>" },
	{ "a refusal of POP3 is no option", { "-ERR [AUTH] Authentication failed." }, 0,
			"[pop-auth-failed]" },
	{ "nor is one in words", { "-u", "bob", "-ERR", "[IN-USE]", "no" }, 0, "[pop-in-use]" },
	{ "a phrase", { "connection refused" }, 0, "[port-refused]" },
	{ "the list", { "--list" }, 0, "\nauth-failed " },
	{ "JSON", { "-j", "relay-denied" }, 0, "\"id\":\"relay-denied\"" },
	{ "an escape is shown, not sent", { "554 Relay access denied \033[2J" }, 0, "\\x1b[2J" },
	{ "nothing known", { "qwertyuiop" }, 3, NULL },
	{ "nothing asked", { NULL }, 3, NULL },
	{ "no test, no nagios line", { "--nagios", "relay-denied" }, 3, NULL },
};

static void answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char words[ARGS_MAX][200] = { "explain" };
		char *argv[ARGS_MAX + 1] = { words[0] };
		int argc = 1;
		struct fake_world f;
		fake_world_init(&f);
		for (; rows[i].args[argc - 1]; argc++) {
			memcpy(words[argc], rows[i].args[argc - 1],
					strlen(rows[i].args[argc - 1]) + 1);
			argv[argc] = words[argc];
		}
		int code = explain_main(&f.w, argc, argv);
		const char *out = fake_world_out(&f);
		const char *err = fake_world_err(&f);
		if (code != rows[i].code)
			fail_msg("%s: exit code %d", rows[i].name, code);
		if (rows[i].out ? !strstr(out, rows[i].out) : out[0] != '\0')
			fail_msg("%s: %s", rows[i].name, out);
		if ((code == 0) != (err[0] == '\0') || strchr(out, '\033'))
			fail_msg("%s: %s", rows[i].name, err);
		fake_world_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
