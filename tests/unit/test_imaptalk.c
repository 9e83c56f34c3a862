/* test_imaptalk - whole sessions over a memory stream
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"

#include "tests/fakes/fake_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HELLO "* OK ready\r\n"
#define CAPS1 "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK\r\n"
#define IN "a2 OK logged in\r\n"
#define CAPS3 "* CAPABILITY IMAP4rev1\r\na3 OK\r\n"
#define IDLES "* CAPABILITY IMAP4rev1 IDLE\r\na3 OK\r\n"
#define OPENED "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\na4 OK [READ-ONLY] done\r\n"
#define BYE(tag) "* BYE\r\n" tag " OK\r\n"
#define LOGIN "-u", "sample", "-p", "password"
#define SENT_LOGIN "a1 CAPABILITY\r\na2 LOGIN \"sample\" \"password\"\r\na3 CAPABILITY\r\n"

static const struct fake_session cases[] = {
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
			{ "localhost", LOGIN, "--find", "\xc3\xbc" }, 2,
			{ "search found no message" }, NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 SEARCH CHARSET UTF-8 TEXT {2}\r\n\xc3\xbc\r\n"
			"a6 LOGOUT\r\n",
			NULL, false, false },
	{ "IDLE until a new message comes",
			{ HELLO, CAPS1, IN, IDLES, OPENED,
					"+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\na5 OK\r\n",
					"+ idling\r\n* 2 EXISTS\r\na6 OK\r\n", BYE("a7") },
			{ "localhost", LOGIN, "--wait", "60" }, 0,
			{ "OK mailbox: INBOX: 2 messages" }, NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 IDLE\r\nDONE\r\na6 IDLE\r\nDONE\r\na7 LOGOUT\r\n",
			NULL, false, false },
	{ "IDLE is begun anew: some servers tell nothing before DONE",
			{ HELLO, CAPS1, IN, IDLES, OPENED, "* SEARCH\r\na5 OK\r\n", "+ idling\r\n",
					"a6 OK\r\n", "+ idling\r\n", "a7 OK\r\n", BYE("a8") },
			{ "localhost", LOGIN, "--find", "token", "--wait", "50" }, 2,
			{ "no such message came in 50 s", "IDLE anew every 30 s",
					"[imap-not-found]" },
			NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 SEARCH TEXT \"token\"\r\na6 IDLE\r\nDONE\r\n"
			"a7 IDLE\r\nDONE\r\na8 LOGOUT\r\n",
			NULL, false, false },
	{ "a search again when something came, and not before",
			{ HELLO, CAPS1, IN, CAPS3, OPENED, "* SEARCH\r\na5 OK\r\n", "a6 OK\r\n",
					"* 3 EXISTS\r\na7 OK\r\n", "* SEARCH 3\r\na8 OK\r\n",
					"* 3 FETCH (UID 9 RFC822.SIZE 10 BODY[HEADER.FIELDS (DATE FROM SUBJECT)] "
					"\"Subject: token\")\r\na9 OK\r\n",
					BYE("a10") },
			{ "localhost", LOGIN, "--find", "token", "--wait", "60" }, 0,
			{ "asks by NOOP every 5 s", "token", "INBOX: 3 messages" }, NULL,
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 SEARCH TEXT \"token\"\r\na6 NOOP\r\na7 NOOP\r\n"
			"a8 SEARCH TEXT \"token\"\r\n"
			"a9 FETCH 3 (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])\r\n"
			"a10 LOGOUT\r\n",
			NULL, false, false },
	{ "IDLE offered and refused: NOOP",
			{ HELLO, CAPS1, IN, IDLES, OPENED, "a5 NO not now\r\n",
					"* 3 EXISTS\r\na6 OK\r\n", BYE("a7") },
			{ "localhost", LOGIN, "--wait", "60" }, 0, { "INBOX: 3 messages" }, NULL,
			SENT_LOGIN "a4 EXAMINE \"INBOX\"\r\na5 IDLE\r\na6 NOOP\r\na7 LOGOUT\r\n",
			NULL, false, false },
	{ "BYE while idling",
			{ HELLO, CAPS1, IN, IDLES, OPENED, "+ idling\r\n* BYE going down\r\n" },
			{ "localhost", LOGIN, "--wait", "60" }, 2,
			{ "CRITICAL fetch:", "going down" }, NULL, NULL, NULL, false, false },
	{ "the connection ends while idling", { HELLO, CAPS1, IN, IDLES, OPENED, "+ idling\r\n" },
			{ "localhost", LOGIN, "--wait", "60" }, 2, { "CRITICAL fetch:", "closed" },
			NULL, NULL, NULL, false, false },
	{ "check: sizes, line ends and UIDs, each told",
			{ HELLO, CAPS1, IN, CAPS3, "* 4 EXISTS\r\na4 OK\r\n",
					"* 1 FETCH (UID 5 RFC822.SIZE 6 BODY[] {6}\r\na: b\r\n)\r\n"
					"* 1 FETCH (FLAGS (\\Seen))\r\n"
					"* 2 FETCH (UID 5 RFC822.SIZE 9 BODY[] {5}\r\na: b\n)\r\n"
					"* 3 FETCH (UID 7 RFC822.SIZE 9 BODY[] \"a\")\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--check", "--nagios" }, 1,
			{ "IMAPTALK WARNING - fetch: message 2: RFC822.SIZE says 9 octets, 5 came" },
			"in order",
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])\r\na6 LOGOUT\r\n" SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 FETCH 1:3 (UID)\r\na6 LOGOUT\r\n",
			NULL, false, false },
	{ "check: the others of its findings",
			{ HELLO, CAPS1, IN, CAPS3, "* 4 EXISTS\r\na4 OK\r\n",
					"* 1 FETCH (UID 5 RFC822.SIZE 7 BODY[] {7}\r\na: b\r\r\n)\r\n"
					"* 2 FETCH (UID 5 RFC822.SIZE 5 BODY[] {5}\r\na: b\n)\r\n"
					"* 3 FETCH (UID 4 RFC822.SIZE 1 BODY[] {1}\r\n\n)\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--check" }, 1,
			{ "message 2: it came with bare LF line ends",
					"message 2: UID 5 behind UID 5",
					"EXISTS says 4 messages, FETCH gave 3",
					"2 messages in all whose UID is no greater" },
			"in order", NULL, NULL, false, false },
	{ "check: an empty folder",
			{ HELLO, CAPS1, IN, CAPS3, "* 0 EXISTS\r\na4 OK\r\n", BYE("a5") },
			{ "localhost", LOGIN, "--check" }, 0,
			{ "sizes, line ends and UIDs are in order" }, NULL, NULL, NULL, false,
			false },
	{ "thresholds: how many, and how old by INTERNALDATE",
			{ HELLO, CAPS1, IN, CAPS3, OPENED,
					"* 1 FETCH (UID 1 INTERNALDATE \"15-Jan-2025 11:59:00 +0000\")\r\n"
					"* 2 FETCH (UID 2 INTERNALDATE \"15-Jan-2025 12:00:00 +0200\")\r\n"
					"a5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "-w", "messages=1", "-c", "oldest=1h,newest=60" }, 2,
			{ "WARNING mailbox: 2 messages, more than 1\n",
					"CRITICAL mailbox: the oldest message came 2h 00m ago, more than 1h 00m\n",
					"OK mailbox: INBOX: 2 messages" },
			"the newest",
			SENT_LOGIN
			"a4 EXAMINE \"INBOX\"\r\na5 FETCH 1:* (UID INTERNALDATE)\r\na6 LOGOUT\r\n",
			NULL, false, false },
	{ "thresholds: beside a list of folders",
			{ HELLO, CAPS1, IN, CAPS3, "* LIST () \".\" INBOX\r\na4 OK\r\n",
					"* STATUS INBOX (MESSAGES 5 UNSEEN 2)\r\na5 OK\r\n",
					BYE("a6") },
			{ "localhost", LOGIN, "--folders", "-c", "messages=4" }, 2,
			{ "CRITICAL mailbox: 5 messages, more than 4" }, NULL, NULL, NULL, false,
			false },
	{ "thresholds: nothing is new in an empty folder",
			{ HELLO, CAPS1, IN, CAPS3, "* 0 EXISTS\r\na4 OK\r\n", BYE("a5") },
			{ "localhost", LOGIN, "--nagios", "-w", "oldest=1h,newest=1d", "--stable" },
			1,
			{ "IMAPTALK WARNING - mailbox: no message at all, so none that is new enough | "
			  "messages=0\n" },
			NULL, NULL, NULL, false, false },
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

static void test_sessions(void **state)
{
	(void)state;
	fake_session_run(imaptalk_main, cases, COUNT(cases));
}

static void test_usage_errors(void **state)
{
	static const char *const wrong[][FAKE_SESSION_WORDS] = {
		{ "imaptalk" },
		{ "imaptalk", "localhost", "--list" },
		{ "imaptalk", "localhost", "-u", "a", "--auth", "FOO" },
		{ "imaptalk", "localhost", "-u", "a", "--folder", "\xff" },
		{ "imaptalk", "localhost", "-u", "a", "--wait", "60", "-t", "60" },
		{ "imaptalk", "localhost", "-u", "a", "-w", "oldest=1y" },
		{ "imaptalk", "localhost", "-c", "messages=1" },
		{ "imaptalk", "localhost", "-u", "a", "--check", "--dump", "x" },
	};

	(void)state;
	fake_session_wrong(imaptalk_main, wrong, COUNT(wrong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_usage_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
