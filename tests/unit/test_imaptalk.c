/* test_imaptalk - whole sessions over a memory stream
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"

#include "tests/fakes/fake_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HELLO "* OK ready\r\n"
#define CAPS1 "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK\r\n"
#define IN "a2 OK logged in\r\n"
#define CAPS3 "* CAPABILITY IMAP4rev1\r\na3 OK\r\n"
#define OPENED "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\na4 OK [READ-ONLY] done\r\n"
#define BYE(tag) "* BYE\r\n" tag " OK\r\n"
#define LOGIN "-u", "sample", "-p", "password"
#define SENT_LOGIN "a1 CAPABILITY\r\na2 LOGIN \"sample\" \"password\"\r\na3 CAPABILITY\r\n"

struct session_case {
	const char *name;
	const char *replies[12];
	const char *words[12];
	int code;
	const char *shown[4]; /* all of them stand in the output */
	const char *hidden;   /* and this does not */
	const char *sent;     /* NULL: not looked at; else all that was sent */
	const char *input;    /* standard input, NULL = closed */
	bool is_remote, utf8;
};

static const struct session_case cases[] = {
	{ "no user: what the server offers", { HELLO, CAPS1, BYE("a2") }, { "localhost" }, 0,
			{ "AUTH=PLAIN: login", "the server speaks IMAP" }, NULL,
			"a1 CAPABILITY\r\na2 LOGOUT\r\n", NULL, false, false },
	{ "the default: how many messages",
			{ HELLO, CAPS1, IN, CAPS3,
					"* STATUS INBOX (MESSAGES 5 UNSEEN 2)\r\na4 OK\r\n",
					BYE("a5") },
			{ "localhost", LOGIN }, 0, { "OK mailbox: INBOX: 5 messages" },
			"password\"",
			SENT_LOGIN
			"a4 STATUS \"INBOX\" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)\r\n"
			"a5 LOGOUT\r\n",
			NULL, false, false },
	{ "a message, by parts, without making it seen",
			{ HELLO, CAPS1, IN, CAPS3, OPENED,
					"* 2 FETCH (UID 9 RFC822.SIZE 25 BODY[] {25}\r\n"
					"Subject: x\r\n\r\na\x1b[31m\r\nend)\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--read", "last" }, 0,
			{ "| Subject: x", "| a\\x1b[31m", "| end",
					"nothing was deleted or changed there" },
			NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 FETCH 2 (UID RFC822.SIZE BODY.PEEK[])\r\n"
			"a6 LOGOUT\r\n",
			NULL, false, false },
	{ "more comes than the size says",
			{ HELLO, CAPS1, IN, CAPS3, OPENED,
					"* 2 FETCH (UID 9 RFC822.SIZE 3 BODY[] \"a: b\")\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--read", "2" }, 1,
			{ "RFC822.SIZE says 3 octets, 4 came" }, NULL, NULL, NULL, false, false },
	{ "a uid that is not there",
			{ HELLO, CAPS1, IN, CAPS3, OPENED, "a5 OK nothing\r\n", BYE("a6") },
			{ "localhost", LOGIN, "--read", "uid:77" }, 2,
			{ "there is no message uid:77" }, NULL, NULL, NULL, false, false },
	{ "a list, with news in between",
			{ HELLO, CAPS1, IN, CAPS3, OPENED,
					"* 1 FETCH (UID 4 RFC822.SIZE 10 BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {14}\r\n"
					"Subject: one\r\n)\r\n* 3 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n"
					"* 2 FETCH (UID 5 RFC822.SIZE 11 BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {14}\r\n"
					"Subject: two\r\n)\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--list" }, 0, { "1    10", "one", "2    11", "two" },
			NULL, NULL, NULL, false, false },
	{ "a search with 8-bit text waits for the go-ahead",
			{ HELLO, CAPS1, IN, CAPS3, OPENED, "+ go on\r\n", "* SEARCH\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--find", "\xc3\xbc" }, 2, { "no message was found" },
			NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 SEARCH CHARSET UTF-8 TEXT {2}\r\n\xc3\xbc\r\n"
			"a6 LOGOUT\r\n",
			NULL, false, false },
	{ "folders with decoded names",
			{ HELLO, CAPS1, IN, CAPS3,
					"* LIST (\\HasNoChildren) \".\" INBOX\r\n"
					"* LIST (\\Sent) \".\" {12}\r\nEntw&APw-rfe\r\na4 OK\r\n",
					BYE("a5") },
			{ "localhost", LOGIN, "--folders" }, 0,
			{ "INBOX", "Entw\xc3\xbcrfe", "\\Sent", "folders listed" }, NULL, NULL,
			NULL, false, true },
	{ "a wrong password",
			{ HELLO, CAPS1, "a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n",
					BYE("a3") },
			{ "localhost", LOGIN }, 2,
			{ "CRITICAL auth: user \"sample\" refused (LOGIN, 1 attempt)" }, NULL, NULL,
			NULL, false, false },
	{ "LOGINDISABLED is honoured",
			{ HELLO, "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na1 OK\r\n", BYE("a2") },
			{ "localhost", LOGIN }, 2, { "CRITICAL auth: the server forbids LOGIN" },
			NULL, "a1 CAPABILITY\r\na2 LOGOUT\r\n", NULL, false, false },
	{ "PLAIN without SASL-IR waits for the go-ahead", { HELLO, CAPS1, "+ \r\n", IN, BYE("a3") },
			{ "localhost", LOGIN, "--auth", "PLAIN", "--auth-only" }, 0,
			{ "logged in" }, "AHNhbXBsZQ",
			"a1 CAPABILITY\r\na2 AUTHENTICATE PLAIN\r\nAHNhbXBsZQBwYXNzd29yZA==\r\n"
			"a3 LOGOUT\r\n",
			NULL, false, false },
	{ "and with it not",
			{ HELLO, "* CAPABILITY IMAP4rev1 SASL-IR\r\na1 OK\r\n", IN, BYE("a3") },
			{ "localhost", LOGIN, "--auth", "PLAIN", "--auth-only" }, 0,
			{ "logged in" }, "AHNhbXBsZQ",
			"a1 CAPABILITY\r\na2 AUTHENTICATE PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n"
			"a3 LOGOUT\r\n",
			NULL, false, false },
	{ "no password in clear text to another host", { HELLO, CAPS1, BYE("a2") },
			{ "mail.example.com:143", LOGIN, "--tls", "none" }, 3,
			{ "UNKNOWN auth:", "password was not sent" }, NULL,
			"a1 CAPABILITY\r\na2 LOGOUT\r\n", NULL, true, false },
	{ "BYE instead of an answer", { HELLO, "* BYE shutting down\r\n" }, { "localhost" }, 2,
			{ "shutting down" }, NULL, NULL, NULL, false, false },
	{ "the connection ends inside a message",
			{ HELLO, CAPS1, IN, CAPS3, OPENED,
					"* 2 FETCH (UID 9 RFC822.SIZE 25 BODY[] {25}\r\nSubj" },
			{ "localhost", LOGIN, "--read", "2" }, 2, { "CRITICAL fetch:", "closed" },
			NULL, NULL, NULL, false, false },
	{ "a POP3 server", { "+OK ready\r\n" }, { "localhost" }, 2,
			{ "the peer speaks POP3, not IMAP" }, NULL, NULL, NULL, false, false },
	{ "lines as typed, literals shown, the password not",
			{ HELLO, "x1 OK in\r\n",
					"* 1 FETCH (BODY[] {5}\r\na\x07\r\nb)\r\nx2 OK\r\n",
					"* BYE\r\nx3 OK\r\n" },
			{ "-i", "localhost" }, 0,
			{ "C: x1 LOGIN <hidden, 15 bytes>", "S: a\\x07", "S: x2 OK",
					"none refused" },
			"password",
			"x1 LOGIN sample password\r\nx2 FETCH 1 BODY[]\r\nx3 LOGOUT\r\n",
			"x1 LOGIN sample password\nx2 FETCH 1 BODY[]\nx3 LOGOUT\n", false, false },
};

static void run_session(const struct session_case *c, size_t cut)
{
	struct fake_peer p;
	const char *words[16] = { "imaptalk" };

	fake_peer_init(&p, c->replies);
	p.is_remote = c->is_remote;
	p.max_read = cut;
	p.world.w.utf8 = c->utf8;
	p.world.w.columns = 200;
	if (c->input)
		fake_world_stdin(&p.world, bytes_of(c->input));
	for (size_t i = 0; c->words[i]; i++)
		words[i + 1] = c->words[i];
	int code = fake_peer_run(&p, imaptalk_main, words);
	const char *out = fake_world_out(&p.world);
	if (code != c->code)
		fail_msg("%s: exit code %d\n%s%s", c->name, code, out, fake_world_err(&p.world));
	for (size_t i = 0; i < COUNT(c->shown) && c->shown[i]; i++)
		if (!strstr(out, c->shown[i]))
			fail_msg("%s: \"%s\" is not shown:\n%s", c->name, c->shown[i], out);
	if (c->hidden && strstr(out, c->hidden))
		fail_msg("%s: \"%s\" is shown:\n%s", c->name, c->hidden, out);
	if (c->sent && strcmp(fake_peer_sent(&p), c->sent) != 0)
		fail_msg("%s: sent\n%s", c->name, fake_peer_sent(&p));
	for (const char *q = out; *q; q++)
		if ((unsigned char)*q < 0x20 && *q != '\n')
			fail_msg("%s: a raw control character", c->name);
	fake_peer_free(&p);
}

static void test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t cut = 0; cut < 8; cut++)
			run_session(&cases[i], cut);
}

static void test_usage_errors(void **state)
{
	static const char *const wrong[][8] = {
		{ "imaptalk" },
		{ "imaptalk", "localhost", "--list" },
		{ "imaptalk", "localhost", "-u", "a", "--auth", "FOO" },
		{ "imaptalk", "localhost", "-u", "a", "--folder", "\xff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct fake_peer p;
		fake_peer_init(&p, cases[0].replies);
		assert_int_equal(fake_peer_run(&p, imaptalk_main, wrong[i]), 3);
		assert_string_equal(fake_world_out(&p.world), "");
		assert_int_equal(p.dialled, 0);
		fake_peer_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_usage_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
