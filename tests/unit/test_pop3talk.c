/* test_pop3talk - whole sessions over a memory stream
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"

#include "tests/fakes/fake_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define CAPA "+OK\r\nTOP\r\nUSER\r\nUIDL\r\n.\r\n"
#define MAIL_HEAD "Return-Path: <x@example.com>\r\nSubject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\r\n"
#define MAIL MAIL_HEAD "From: Ex sample\r\n\r\nTest mail\r\n..stuffed\r\n"
#define MAIL_OCTETS "115"

static const struct fake_session cases[] = {
	{ "the article's session",
			{ "+OK POP3 ready.\r\n", CAPA, "+OK\r\n", "+OK Logged in.\r\n",
					"+OK 1 " MAIL_OCTETS "\r\n", "+OK 1 " MAIL_OCTETS "\r\n",
					"+OK " MAIL_OCTETS " octets\r\n" MAIL ".\r\n",
					"+OK Logging out.\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "1" }, 0,
			{ "software name hidden", "| Subject: \xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
					"| .stuffed",
					"OK mailbox: 1 message, " MAIL_OCTETS
					" octets; sizes agree" },
			"PASS password",
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nLIST 1\r\nRETR 1\r\nQUIT\r\n",
			NULL, false, true },
	{ "a list, newest by TOP",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 100\r\n",
					"+OK\r\n1 100\r\n.\r\n",
					"+OK\r\nSubject: hello\r\nFrom: Ex <x@example.com>\r\n\r\n.\r\n",
					"+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--list" }, 0,
			{ "hello", "Ex", "nothing was deleted" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nLIST\r\nTOP 1 0\r\nQUIT\r\n",
			NULL, false, false },
	{ "LIST does not add up to STAT",
			{ "+OK ready\r\n", "-ERR\r\n", "+OK\r\n", "+OK\r\n", "+OK 2 100\r\n",
					"+OK\r\n1 90\r\n.\r\n", "+OK\r\n\r\n.\r\n",
					"+OK\r\n\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--list" }, 1,
			{ "STAT says 2 messages, 100 octets" }, NULL, NULL, NULL, false, false },
	{ "more comes than LIST says",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 50\r\n",
					"+OK 1 50\r\n", "+OK\r\n" MAIL ".\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "last" }, 1,
			{ "LIST says 50 octets, " MAIL_OCTETS " came" }, NULL, NULL, NULL, false,
			false },
	{ "the last line had no line end: no finding",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 113\r\n",
					"+OK 1 113\r\n", "+OK\r\n" MAIL ".\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "last" }, 0,
			{ "2 octets more than LIST says" }, NULL, NULL, NULL, false, false },
	{ "the connection ends inside a message",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 50\r\n",
					"+OK 1 50\r\n", "+OK\r\nSubject: half" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "1" }, 2,
			{ "CRITICAL fetch:", "not whole" }, NULL, NULL, NULL, false, false },
	{ "no such message",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 50\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "2" }, 2,
			{ "there is no message 2" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nQUIT\r\n", NULL, false,
			false },
	{ "a wrong password",
			{ "+OK ready\r\n", CAPA, "+OK\r\n",
					"-ERR [AUTH] Authentication failed.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "wrong" }, 2,
			{ "CRITICAL auth: user \"sample\" refused (USER/PASS, 1 attempt)" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS wrong\r\nQUIT\r\n", NULL, false, false },
	{ "the mailbox is locked, which is no wrong password",
			{ "+OK ready\r\n", CAPA, "+OK\r\n",
					"-ERR [IN-USE] Mailbox is locked by another POP3 session.\r\n",
					"+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password" }, 1, { "WARNING auth:" },
			"wrong", NULL, NULL, false, false },
	{ "no password in clear text to another host", { "+OK ready\r\n", CAPA, "+OK\r\n" },
			{ "mail.example.com:110", "-u", "sample", "-p", "password", "--tls",
					"none" },
			3, { "UNKNOWN auth:", "password was not sent" }, NULL, "CAPA\r\nQUIT\r\n",
			NULL, true, false },
	{ "APOP",
			{ "+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n", CAPA, "+OK\r\n",
					"+OK 0 0\r\n", "+OK\r\n" },
			{ "localhost", "-u", "mrose", "-p", "tanstaaf", "--apop" }, 0,
			{ "offers APOP", "OK mailbox: 0 messages" },
			"c4c9334bac560ecc979e58001b3e22fb",
			"CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\nSTAT\r\nQUIT\r\n",
			NULL, false, false },
	{ "APOP without a valid stamp", { "+OK ready <no stamp>\r\n", CAPA, "+OK\r\n" },
			{ "localhost", "-u", "mrose", "-p", "tanstaaf", "--apop" }, 2,
			{ "no valid APOP stamp" }, NULL, "CAPA\r\nQUIT\r\n", NULL, false, false },
	{ "DELE only by --delete --yes",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 50\r\n",
					"+OK deleted\r\n", "+OK bye\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--delete", "1", "--yes" },
			0, { "1 deleted" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nDELE 1\r\nQUIT\r\n", NULL,
			false, false },
	{ "a refused DELE takes the others back",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 2 50\r\n",
					"+OK deleted\r\n", "-ERR no\r\n", "+OK\r\n",
					"+OK bye\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--delete", "1",
					"--delete", "2", "--yes" },
			2, { "RSET: after the failure nothing is deleted" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nDELE 1\r\nDELE 2\r\nRSET\r\nQUIT\r\n",
			NULL, false, false },
	{ "QUIT after DELE is not answered: not known to be deleted",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 50\r\n",
					"+OK deleted\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--delete", "1", "--yes" },
			3, { "UNKNOWN quit:" }, "1 deleted", NULL, NULL, false, false },
	{ "a server without CAPA", { "+OK\r\n", "-ERR\r\n", "+OK\r\n" }, { "localhost" }, 0,
			{ "no capability list here" }, NULL, "CAPA\r\nQUIT\r\n", NULL, false,
			false },
	{ "found by TOP, newest first, as a reader sees the header",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 2 100\r\n",
					"+OK\r\n1 40\r\n2 60\r\n.\r\n",
					"+OK\r\nSubject: other\r\n\r\n.\r\n",
					"+OK\r\nSubject: =?utf-8?Q?a_to=6ben?=\r\n\r\n.\r\n",
					"+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--find", "TOKEN" }, 0,
			{ "a token" }, "other",
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nLIST\r\nTOP 2 0\r\nTOP 1 0\r\nQUIT\r\n",
			NULL, false, false },
	{ "found in a body, when no header has it",
			{ "+OK ready\r\n", "-ERR\r\n", "+OK\r\n", "+OK\r\n", "+OK 1 40\r\n",
					"+OK\r\n1 40\r\n.\r\n", "+OK\r\nSubject: it\r\n\r\n.\r\n",
					"+OK\r\nSubject: it\r\n\r\nthe token\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--find", "token" }, 0,
			{ "it" }, NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nLIST\r\nTOP 1 0\r\nRETR 1\r\nQUIT\r\n",
			NULL, false, false },
	{ "not found",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 0 0\r\n",
					"+OK\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--find", "token" }, 2,
			{ "no message looked at holds the text", "[pop3-not-found]" }, NULL, NULL,
			NULL, false, false },
	{ "two messages with one unique id, sizes that differ, bare LF",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 2 20\r\n",
					"+OK\r\n1 10\r\n2 10\r\n.\r\n",
					"+OK\r\n1 same\r\n2 same\r\n.\r\n",
					"+OK\r\nA: b\r\n\r\nxy\n.\r\n.\r\n",
					"+OK\r\nA: b\r\n\r\nx\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--check" }, 1,
			{ "two messages have the same unique id",
					"message 1: LIST says 10 octets, 14 came", "bare LF",
					"2 messages in all whose size differs" },
			"in order", NULL, NULL, false, false },
	{ "thresholds: the last server's Received tells the age, else Date",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 2 100\r\n",
					"+OK\r\nReceived: from a by b; Wed, 15 Jan 2025 11:59:50\r\n"
					"\t+0000 (UTC)\r\nReceived: by c; Wed, 1 Jan 2025 00:00:00 +0000\r\n"
					"Date: Wed, 1 Jan 2025 00:00:00 +0000\r\n\r\n.\r\n",
					"+OK\r\nReceived: nonsense\r\n"
					"Date: Wed, 15 Jan 2025 11:00:00 +0000\r\n\r\n.\r\n",
					"+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--nagios", "-w",
					"messages=1,oldest=600,newest=10s", "-c", "messages=9" },
			1,
			{ "POP3TALK WARNING - mailbox: 2 messages, more than 1 | messages=2;1;9 "
			  "oldest=3600s;600; newest=10s;10; octets=100B" },
			NULL,
			"CAPA\r\nUSER sample\r\nPASS password\r\nSTAT\r\nTOP 2 0\r\nTOP 1 0\r\nQUIT\r\n",
			NULL, false, false },
	{ "thresholds: no time that can be read is not tested",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 100\r\n",
					"+OK\r\nSubject: x\r\n\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "-c", "newest=1h" }, 3,
			{ "UNKNOWN mailbox: the messages bear no time" }, NULL, NULL, NULL, false,
			false },
	{ "a probe does not log in", { "+OK ready\r\n", CAPA, "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--probe" }, 1,
			{ "OK banner", "WARNING tls: STLS is not", "OK auth: USER" }, NULL,
			"CAPA\r\nQUIT\r\n", NULL, false, false },
	{ "AUTH where USER is not offered",
			{ "+OK ready\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n", "+OK\r\n", "+OK 0 0\r\n",
					"+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password" }, 0, { "0 messages" },
			NULL, "CAPA\r\nAUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nSTAT\r\nQUIT\r\n",
			NULL, false, false },
	{ "an mbox on standard output, all else on standard error",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 24\r\n",
					"+OK\r\n1 24\r\n.\r\n", "+OK\r\n1 a\r\n.\r\n",
					"+OK\r\nA: b\r\n\r\nFrom me\r\n>From\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--dump", "-" }, 0,
			{ "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nA: b\n\n>From me\n>From\n\n" },
			"VERDICT", NULL, NULL, false, false },
	{ "escapes in a message never reach the terminal",
			{ "+OK ready\r\n", CAPA, "+OK\r\n", "+OK\r\n", "+OK 1 19\r\n",
					"+OK 1 19\r\n",
					"+OK\r\nA: b\r\n\r\n\x1b[31mred\x07\r\n.\r\n", "+OK\r\n" },
			{ "localhost", "-u", "sample", "-p", "password", "--read", "1" }, 0,
			{ "| \\x1b[31mred\\x07" }, NULL, NULL, NULL, false, false },
	{ "the article's session as typed",
			{ "+OK POP3 ready.\r\n", "+OK\r\n", "+OK Logged in.\r\n",
					"+OK 1 " MAIL_OCTETS "\r\n",
					"+OK 1 messages:\r\n1 " MAIL_OCTETS "\r\n.\r\n",
					"+OK " MAIL_OCTETS " octets\r\n" MAIL ".\r\n",
					"+OK Logging out.\r\n" },
			{ "-i", "localhost" }, 0,
			{ "C: PASS <hidden, 8 bytes>", "S: Test mail", "none refused" },
			"PASS password",
			"USER sample\r\nPASS password\r\nSTAT\r\nLIST\r\nRETR 1\r\nQUIT\r\n",
			"USER sample\nPASS password\nSTAT\nLIST\nRETR 1\nQUIT\n", false, false },
};

static void test_sessions(void **state)
{
	(void)state;
	fake_session_run(pop3talk_main, cases, COUNT(cases));
}

static void test_usage_errors(void **state)
{
	static const char *const wrong[][FAKE_SESSION_WORDS] = {
		{ "pop3talk" },
		{ "pop3talk", "localhost", "--list" },
		{ "pop3talk", "localhost", "-u", "a", "--auth", "FOO" },
		{ "pop3talk", "localhost", "-u", "a", "--delete", "1" },
		{ "pop3talk", "localhost", "-u", "a", "--auth", "PLAIN", "--apop" },
		{ "pop3talk", "localhost", "-u", "a", "--dump", "-", "--check" },
		{ "pop3talk", "localhost", "--dump", "x" },
	};

	(void)state;
	fake_session_wrong(pop3talk_main, wrong, COUNT(wrong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_usage_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
