/* test_smtptalk - whole sessions over a memory stream
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"

#include "tests/fakes/fake_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The article's server, and what a user sees of it. */
static const char *const article_replies[] = {
	"220 mail.example.com ESMTP unknown\r\n",
	"250-mail.example.com\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-ETRN\r\n"
	"250-AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5\r\n250-AUTH=DIGEST-MD5 PLAIN LOGIN CRAM-MD5\r\n"
	"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n",
	"235 2.0.0 Authentication successful\r\n",
	"250 2.1.0 Ok\r\n",
	"250 2.1.5 Ok\r\n",
	"354 End data with <CR><LF>.<CR><LF>\r\n",
	"250 2.0.0 Ok: queued as 526562BE062\r\n",
	"221 2.0.0 Bye\r\n",
	NULL,
};

static const char *const article_words[] = { "smtptalk", "localhost", "-u", "sample", "-p",
	"password", "--from", "sample@example.com", "--to", "sample@gmail.com", "--subject",
	"this is test", "--body", "test mail", "--stable", "--ehlo", "mail.example.com", NULL };

static const char article_shown[] =
		"== localhost, plain text\n"
		"S: 220 mail.example.com ESMTP unknown\n"
		"                                <- software name hidden\n"
		"C: EHLO mail.example.com\n"
		"S: 250-mail.example.com\n"
		"S: 250-PIPELINING               <- commands may be sent in batches\n"
		"S: 250-SIZE 10485760            <- largest message 10 MiB\n";

static void test_article(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < 20; cut++) {
		struct fake_peer p;
		fake_peer_init(&p, article_replies);
		p.max_read = cut;
		assert_int_equal(fake_peer_run(&p, smtptalk_main, article_words), 0);
		const char *out = fake_world_out(&p.world), *sent = fake_peer_sent(&p);
		assert_memory_equal(out, article_shown, sizeof(article_shown) - 1);
		assert_non_null(strstr(out, "queue id 526562BE062"));
		assert_non_null(strstr(out,
				"OK message: accepted for 1 of 1 recipient, queue id 526562BE062"));
		assert_non_null(strstr(out, "does not prove: delivery"));
		assert_non_null(strstr(sent, "\r\nAUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n"));
		assert_non_null(strstr(sent, "\r\nMAIL FROM:<sample@example.com> SIZE="));
		assert_non_null(strstr(sent, "\r\nSubject: this is test\r\n"));
		assert_non_null(strstr(sent, "\r\n\r\ntest mail\r\n.\r\nQUIT\r\n"));
		assert_null(strstr(out, "AHNhbXBsZQ"));
		assert_null(strstr(out, "password\""));
		fake_peer_free(&p);
	}
}

struct session_case {
	const char *name;
	const char *replies[12];
	const char *words[12];
	int code;
	const char *shown[4]; /* all of them stand in the output */
	const char *sent;     /* NULL: not looked at; else what was sent ends so */
	bool hang, is_remote;
};

static const struct session_case cases[] = {
	{ "the address as user name is named as a cause",
			{ "220 a.example ESMTP\r\n", "250-a.example\r\n250 AUTH PLAIN\r\n",
					"535 5.7.8 Error: authentication failed: authentication failure\r\n",
					"221 bye\r\n" },
			{ "localhost", "-u", "sample@example.com", "-p", "password",
					"--auth-only" },
			2,
			{ "CRITICAL auth: user \"sample@example.com\" refused (PLAIN, 1 attempt)",
					"it knows \"sample\", not the mail address",
					"-u sample --auth-only" },
			"QUIT\r\n", false, false },
	{ "no password in clear text to another host",
			{ "220 a.example ESMTP\r\n", "250-a.example\r\n250 AUTH PLAIN\r\n",
					"221 bye\r\n" },
			{ "mail.example.com", "-u", "sample", "-p", "password" }, 3,
			{ "UNKNOWN auth:", "is not encrypted: the password was not sent" },
			"]\r\nQUIT\r\n", false, true },
	{ "but with -k",
			{ "220 a.example ESMTP\r\n", "250-a.example\r\n250 AUTH PLAIN\r\n",
					"235 ok\r\n", "221 bye\r\n" },
			{ "mail.example.com", "-u", "sample", "-p", "password", "-k" }, 0,
			{ "OK auth:" }, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nQUIT\r\n", false,
			true },
	{ "AUTH not offered", { "220 a.example ESMTP\r\n", "250 a.example\r\n", "221 bye\r\n" },
			{ "localhost", "-u", "sample", "-p", "password" }, 2,
			{ "CRITICAL auth: AUTH is not offered" }, "QUIT\r\n", false, false },
	{ "HELO where EHLO is not known",
			{ "220 a.example SMTP\r\n", "502 5.5.2 Error: command not recognized\r\n",
					"250 a.example\r\n", "221 bye\r\n" },
			{ "localhost" }, 0, { "EHLO is not known here", "OK ehlo:" }, "QUIT\r\n",
			false, false },
	{ "421 to EHLO stays 421", { "220 a.example ESMTP\r\n", "421 4.7.0 PTR mismatch\r\n" },
			{ "localhost" }, 1, { "WARNING ehlo:", "421 4.7.0 PTR mismatch" }, "]\r\n",
			false, false },
	{ "554 instead of a greeting", { "554 5.7.1 no access\r\n", "221 bye\r\n" },
			{ "localhost" }, 2, { "CRITICAL banner:", "554 5.7.1" }, "QUIT\r\n", false,
			false },
	{ "one of two recipients is refused",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "250 ok\r\n",
					"550 5.1.1 no such user\r\n", "250 ok\r\n", "354 go\r\n",
					"250 2.0.0 Ok: queued as 3FB99A9054C\r\n", "221 bye\r\n" },
			{ "localhost", "--from", "", "--to", "a@b", "--to", "c@d" }, 2,
			{ "CRITICAL rcpt: <a@b> refused: 550 5.1.1",
					"OK message: accepted for 1 of 2 recipients" },
			"QUIT\r\n", false, false },
	{ "no recipient left: no DATA",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "250 ok\r\n",
					"554 5.7.1 <a@b>: Relay access denied\r\n", "221 bye\r\n" },
			{ "localhost", "--from", "x@y", "--to", "a@b" }, 2, { "CRITICAL rcpt:" },
			"RCPT TO:<a@b>\r\nQUIT\r\n", false, false },
	{ "closed behind the final dot is not known, never failed",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "250 ok\r\n",
					"250 ok\r\n", "354 go\r\n" },
			{ "localhost", "--from", "x@y", "--to", "a@b" }, 3, { "UNKNOWN data:" },
			"\r\n.\r\n", false, false },
	{ "closed instead of 221: the message is safe",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "250 ok\r\n",
					"250 ok\r\n", "354 go\r\n",
					"250 2.0.0 Ok: queued as 3FB99A9054C\r\n" },
			{ "localhost", "--from", "x@y", "--to", "a@b" }, 0,
			{ "no answer to QUIT", "OK message:" }, "QUIT\r\n", false, false },
	{ "an SSH server", { "SSH-2.0-OpenSSH_9.2\r\n" }, { "localhost" }, 2,
			{ "the peer speaks SSH, not SMTP" }, "", true, false },
	{ "escapes never reach the terminal",
			{ "220 a.example \x1b]0;x\x07 ESMTP\r\n", "250 a.example\r\n",
					"221 bye\r\n" },
			{ "localhost" }, 0, { "\\x1b]0;x\\x07", "holds control characters" },
			"QUIT\r\n", false, false },
	{ "STARTTLS is wanted, not offered",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "221 bye\r\n" },
			{ "localhost", "--tls", "starttls" }, 2,
			{ "CRITICAL tls: STARTTLS is not offered" }, "QUIT\r\n", false, false },
	{ "response injection",
			{ "220 a.example ESMTP\r\n", "250-a.example\r\n250 STARTTLS\r\n",
					"220 go\r\n250 x\r\n" },
			{ "localhost" }, 2,
			{ "CRITICAL tls:", "clear text behind the go-ahead for TLS" },
			"STARTTLS\r\n", true, false },
	{ "silence ends by -t", { "" }, { "localhost", "-t", "7" }, 3,
			{ "UNKNOWN banner:", "no reply in 7 s" }, NULL, true, false },
	{ "a line end in an address is refused",
			{ "220 a.example ESMTP\r\n", "250 a.example\r\n", "221 bye\r\n" },
			{ "localhost", "--from", "x@y>\r\nRCPT TO:<z@z", "--to", "a@b" }, 3,
			{ "UNKNOWN local:" }, "]\r\nQUIT\r\n", false, false },
};

static bool ends_with(const char *text, const char *tail)
{
	return bytes_ends(bytes_of(text), bytes_of(tail));
}

/* Runs of blanks and line ends as one blank: where a text wraps is not what is tested here. */
static void squeeze(const char *text, struct buf *out)
{
	for (; *text; text++) {
		bool blank = *text == ' ' || *text == '\n';
		if (!blank || out->n == 0 || out->p[out->n - 1] != ' ')
			buf_putc(out, blank ? ' ' : (unsigned char)*text);
	}
}

static void run_session(const struct session_case *c)
{
	struct fake_peer p;
	const char *words[16] = { "smtptalk" };

	fake_peer_init(&p, c->replies);
	p.hang = c->hang;
	p.is_remote = c->is_remote;
	for (size_t i = 0; c->words[i]; i++)
		words[i + 1] = c->words[i];
	int code = fake_peer_run(&p, smtptalk_main, words);
	const char *out = fake_world_out(&p.world);
	if (code != c->code)
		fail_msg("%s: exit code %d\n%s%s", c->name, code, out, fake_world_err(&p.world));
	struct buf squeezed = BUF(1 << 20);
	squeeze(out, &squeezed);
	for (size_t i = 0; i < COUNT(c->shown) && c->shown[i]; i++)
		if (!strstr(buf_text(&squeezed), c->shown[i]))
			fail_msg("%s: \"%s\" is not shown:\n%s", c->name, c->shown[i], out);
	if (c->sent && !ends_with(fake_peer_sent(&p), c->sent))
		fail_msg("%s: sent\n%s", c->name, fake_peer_sent(&p));
	for (const char *q = out; *q; q++)
		if ((unsigned char)*q < 0x20 && *q != '\n')
			fail_msg("%s: a raw control character", c->name);
	if (strstr(out, "AHNhbXBsZQBwYXNzd29yZA"))
		fail_msg("%s: the password is shown", c->name);
	buf_free(&squeezed);
	fake_peer_free(&p);
}

static void test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		run_session(&cases[i]);
}

/* The article's session as typed or piped: lower case, no angle brackets, SUBJECT as text. */
static void test_piped_lines(void **state)
{
	static const char lines[] =
			"EHLO mail.example.com\nauth plain AHNhbXBsZQBwYXNzd29yZA==\nMAIL FROM:sample@example.com\n"
			"RCPT TO:sample@gmail.com\nDATA\nSUBJECT this is test\ntest mail\n.\nQUIT\n";
	static const char *const words[] = { "smtptalk", "-i", "localhost", NULL };
	static const char wanted[] =
			"EHLO mail.example.com\r\nauth plain AHNhbXBsZQBwYXNzd29yZA==\r\nMAIL FROM:sample@example.com\r\n"
			"RCPT TO:sample@gmail.com\r\nDATA\r\nSUBJECT this is test\r\ntest mail\r\n.\r\nQUIT\r\n";
	struct fake_peer p;

	(void)state;
	fake_peer_init(&p, article_replies);
	fake_world_stdin(&p.world, bytes_of(lines));
	int code = fake_peer_run(&p, smtptalk_main, words);
	const char *out = fake_world_out(&p.world);
	if (code != 0)
		fail_msg("exit code %d\n%s", code, out);
	assert_string_equal(fake_peer_sent(&p), wanted);
	assert_null(strstr(out, "AHNhbXBsZQ"));
	assert_non_null(strstr(out, "C: auth plain <hidden, 24 bytes>"));
	assert_non_null(strstr(out, "queue id 526562BE062"));
	fake_peer_free(&p);
}

static void test_show_secrets(void **state)
{
	static const char *const words[] = { "smtptalk", "localhost", "-u", "sample", "-p",
		"password", "--auth-only", "--show-secrets", NULL };
	struct fake_peer p;

	(void)state;
	fake_peer_init(&p, article_replies);
	fake_peer_run(&p, smtptalk_main, words);
	assert_non_null(strstr(fake_world_out(&p.world), "C: AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA=="));
	fake_peer_free(&p);
}

static void test_usage_errors(void **state)
{
	static const char *const wrong[][6] = {
		{ "smtptalk" },
		{ "smtptalk", "localhost", "--to", "a@b" },
		{ "smtptalk", "localhost", "--from", "a@b" },
		{ "smtptalk", "localhost", "--auth", "FOO" },
		{ "smtptalk", "localhost", "--auth-only" },
		{ "smtptalk", "localhost:99999" },
		{ "smtptalk", "localhost", "--ehlo", "a b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct fake_peer p;
		fake_peer_init(&p, article_replies);
		assert_int_equal(fake_peer_run(&p, smtptalk_main, wrong[i]), 3);
		assert_string_equal(fake_world_out(&p.world), "");
		assert_int_equal(p.dialled, 0);
		assert_true(strlen(fake_world_err(&p.world)) > 0);
		fake_peer_free(&p);
	}
}

/* Neither -t nor the default makes a run wait long for what says nothing. */
static void test_quit_is_not_waited_for_long(void **state)
{
	static const char *const replies[] = { "220 x\r\n", "250 x\r\n", NULL };
	static const char *const words[] = { "smtptalk", "localhost", "--caps", "-t", "300", NULL };
	struct fake_peer p;

	(void)state;
	fake_peer_init(&p, replies);
	p.hang = true;
	assert_int_equal(fake_peer_run(&p, smtptalk_main, words), 0);
	assert_non_null(strstr(fake_world_out(&p.world), "no answer to QUIT"));
	assert_int_equal(p.world.now_ms, 10 * 1000);
	fake_peer_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_article),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_piped_lines),
		cmocka_unit_test(test_show_secrets),
		cmocka_unit_test(test_quit_is_not_waited_for_long),
		cmocka_unit_test(test_usage_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
