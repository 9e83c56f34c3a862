/* test_pop3 - CAPA, STAT, LIST, UIDL, APOP stamp, multi-line commands
 * SPDX-License-Identifier: MIT */
#include "proto/pop3.h"

#include "proto/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An initialiser, not a block. */
/* clang-format off */
#define B(literal) { (const unsigned char *)(literal), sizeof(literal) - 1 }
/* clang-format on */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_caps(void **state)
{
	static const struct {
		const char *name;
		const char *lines; /* split by LF */
		struct pop3_caps want;
	} rows[] = {
		{ "Dovecot", "CAPA\nTOP\nUIDL\nRESP-CODES\nPIPELINING\nAUTH-RESP-CODE\nSTLS\nUSER\nSASL PLAIN LOGIN",
				{ POP3_TOP | POP3_UIDL | POP3_RESP_CODES | POP3_PIPELINING |
								POP3_AUTH_RESP_CODE | POP3_STLS |
								POP3_USER | POP3_SASL,
						SASL_PLAIN | SASL_LOGIN, 0 } },
		{ "Courier", "UTF8 USER\nLOGIN-DELAY 10\nIMPLEMENTATION Courier Mail Server",
				{ POP3_UTF8, 0, 0 } },
		{ "mailutils glues a word", "EXPIRENEVER\nTOP", { POP3_TOP, 0, 0 } },
		{ "SASL with an empty list", "SASL", { POP3_SASL, 0, 0 } },
		{ "SASL with a blank only", "SASL ", { POP3_SASL, 0, 0 } },
		{ "lower case", "stls\nsasl plain", { POP3_STLS | POP3_SASL, SASL_PLAIN, 0 } },
		{ "unknown mechanisms are counted", "SASL CRAM-SHA1 CRAM-MD5 GSSAPI",
				{ POP3_SASL, SASL_CRAM_MD5, 2 } },
		{ "a dot before a keyword makes another", ".x-capability\n.TOP", { 0, 0, 0 } },
		{ "glued", "TOPX\nUSERS\nSTL", { 0, 0, 0 } },
		{ "empty line", "\n", { 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pop3_caps got = { 0 };
		struct bytes in = bytes_of(rows[i].lines);
		struct bytes line;
		while (bytes_line(&in, &line))
			pop3_caps_add(&got, line);
		if (got.has != rows[i].want.has || got.mechs != rows[i].want.mechs ||
				got.other_mechs != rows[i].want.other_mechs)
			fail_msg("%s: has %#x mechs %#x other %zu", rows[i].name, got.has,
					got.mechs, got.other_mechs);
	}
}

static void test_two_numbers(void **state)
{
	static const struct {
		const char *in;
		bool is_ok;
		uint64_t first, second;
	} rows[] = {
		{ "2 320", true, 2, 320 },
		{ "0 0", true, 0, 0 },
		{ "1  120", true, 1, 120 },
		{ "1\t120", true, 1, 120 },
		{ "2 320 octets", true, 2, 320 },
		{ " 1 120 ", true, 1, 120 },
		{ "1 5000000000", true, 1, 5000000000 },
		{ "1 18446744073709551615", true, 1, UINT64_MAX },
		{ "1 18446744073709551616", false, 0, 0 },
		{ "2 messages (320 octets)", false, 0, 0 },
		{ "1", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "1 -5", false, 0, 0 },
		{ "-1 5", false, 0, 0 },
		{ "1,5", false, 0, 0 },
		{ "1 5x", false, 0, 0 },
		{ "1x 5", false, 0, 0 },
		{ "+1 5", false, 0, 0 },
		{ "one two", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes in = bytes_of(rows[i].in);
		uint64_t a = 0, b = 0, c = 0, d = 0;
		bool stat_ok = pop3_stat(in, &a, &b);
		bool list_ok = pop3_list_line(in, &c, &d);
		if (stat_ok != rows[i].is_ok || list_ok != rows[i].is_ok || a != rows[i].first ||
				b != rows[i].second || c != rows[i].first || d != rows[i].second)
			fail_msg("\"%s\"", rows[i].in);
	}
}

#define U10 "0123456789"
#define U70 U10 U10 U10 U10 U10 U10 U10

static void test_uidl(void **state)
{
	static const struct {
		const char *name;
		struct bytes in;
		const char *uid; /* NULL: no such line */
		bool odd;
	} rows[] = {
		{ "RFC 1939", B("7 whqtswO00WBw418f9t5JxYwZ"), "whqtswO00WBw418f9t5JxYwZ", false },
		{ "two blanks", B("7  a"), "a", false },
		{ "all marks", B("7 !\"~"), "!\"~", false },
		{ "70 octets", B("7 " U70), U70, false },
		{ "71 octets are odd", B("7 " U70 "x"), U70 "x", true },
		{ "blank inside is odd", B("7 a b"), "a b", true },
		{ "8-bit is odd", B("7 a\xff"), "a\xff", true },
		{ "ESC is odd", B("7 a\x1b"), "a\x1b", true },
		{ "no uid", B("7"), NULL, false },
		{ "empty uid", B("7 "), NULL, false },
		{ "no number", B("x a"), NULL, false },
		{ "number too large", B("99999999999999999999 a"), NULL, false },
		{ "empty", B(""), NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t number = 0;
		struct bytes uid = { NULL, 0 };
		bool odd = false;
		bool found = pop3_uidl_line(rows[i].in, &number, &uid, &odd);
		if (found != (rows[i].uid != NULL) || odd != rows[i].odd ||
				number != (found ? 7 : 0) ||
				!bytes_equal(uid, bytes_of(rows[i].uid)))
			fail_msg("%s", rows[i].name);
	}
}

/* Text in, slice out; NULL: none. */
struct find_row {
	const char *in;
	const char *want;
};

static void check_find(const struct find_row *row, bool found, struct bytes got)
{
	if (found != (row->want != NULL))
		fail_msg("\"%s\": %s", row->in, found ? "found" : "not found");
	if (found && !bytes_equal(got, bytes_of(row->want)))
		fail_msg("\"%s\": \"%.*s\"", row->in, (int)got.n, (const char *)got.p);
}

static void test_stamp(void **state)
{
	static const struct find_row rows[] = {
		{ "POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
				"<1896.697170952@dbc.mtview.ca.us>" },
		{ "<1@a> ready", "<1@a>" },
		{ "a < b <1@a>", "<1@a>" },
		{ "<host> <1@a>", "<1@a>" },
		{ "> <1@a>", "<1@a>" },
		{ "<1@a> <2@b>", "<1@a>" },
		{ "ready", NULL },
		{ "<1.a>", NULL },
		{ "<@a>", NULL },
		{ "<1@>", NULL },
		{ "<@>", NULL },
		{ "<>", NULL },
		{ "<1@a@b>", NULL },
		{ "<1@a@>", NULL },
		{ "<!~@~!>", "<!~@~!>" },
		{ "<1 @a>", NULL },
		{ "<1@a", NULL },
		{ "1@a>", NULL },
		{ "<\x80..@a>", NULL },
		{ "<1\x1b@a>", NULL },
		{ "", NULL },
	};
	struct bytes stamp;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_find(&rows[i], pop3_apop_stamp(bytes_of(rows[i].in), &stamp), stamp);
}

static void test_software(void **state)
{
	static const struct find_row rows[] = {
		{ "Dovecot (Debian) ready. <1f2.1.65@mail>", "Dovecot (Debian)" },
		{ "Dovecot ready.", "Dovecot" },
		{ "host Cyrus POP3 3.6.1-4+deb12u3 server ready <1@host>",
				"Cyrus POP3 3.6.1-4+deb12u3" },
		{ "Gpop ready for requests from 192.0.2.1 x", "Gpop" },
		{ "The Microsoft Exchange POP3 service is ready.", "Microsoft Exchange" },
		{ "Qpopper (version 4.0.5) at x starting.", "Qpopper (version 4.0.5)" },
		{ "POP3 Ready <1@dovecot>", NULL },
		{ "Hello there.", NULL },
		{ "POP3 ready.", NULL },
		{ "", NULL },
	};
	struct bytes got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_find(&rows[i], pop3_greeting_software(bytes_of(rows[i].in), &got), got);
}

static void test_multiline(void **state)
{
	static const struct {
		const char *command;
		bool is_multiline;
	} rows[] = {
		{ "LIST", true },
		{ "list", true },
		{ "LIST ", true },
		{ "LIST\r\n", true },
		{ "LIST 1", false },
		{ "UIDL", true },
		{ "UIDL 1", false },
		{ "RETR 1", true },
		{ "TOP 1 0", true },
		{ "CAPA", true },
		{ "CAPA x", true },
		{ "AUTH", true },
		{ "AUTH PLAIN", false },
		{ "LANG", true },
		{ "LANG en", false },
		{ "STAT", false },
		{ "DELE 1", false },
		{ "LISTS", false },
		{ "QUIT", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (pop3_is_multiline(bytes_of(rows[i].command)) != rows[i].is_multiline)
			fail_msg("\"%s\"", rows[i].command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_two_numbers),
		cmocka_unit_test(test_uidl),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_software),
		cmocka_unit_test(test_multiline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
