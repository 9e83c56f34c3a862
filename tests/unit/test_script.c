/* test_script - lines from standard input: order, secrets, ends
 * SPDX-License-Identifier: MIT */
#include "talk/script.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct shown_case {
	const char *name;
	enum proto proto;
	enum script_state state;
	const char *line, *shown;
	bool is_secret;
};

static void test_shown(void **state)
{
	static const struct shown_case cases[] = {
		{ "a command stays", PROTO_SMTP, SCRIPT_COMMAND, "MAIL FROM:<a@b>",
				"MAIL FROM:<a@b>", false },
		{ "AUTH's initial response", PROTO_SMTP, SCRIPT_COMMAND,
				"AUTH PLAIN AHNhbXBsZQ==", "AUTH PLAIN <hidden, 12 bytes>", true },
		{ "in lower case, with odd blanks", PROTO_SMTP, SCRIPT_COMMAND,
				"auth  plain   AHNh", "auth  plain <hidden, 4 bytes>", true },
		{ "AUTH without response is none", PROTO_SMTP, SCRIPT_COMMAND, "AUTH LOGIN",
				"AUTH LOGIN", false },
		{ "an answer to 334", PROTO_SMTP, SCRIPT_CHALLENGED,
				"cGFzc3dvcmQ=", "<hidden, 12 bytes>", true },
		{ "a password typed in clear at 334", PROTO_SMTP, SCRIPT_CHALLENGED, "my password",
				"<hidden, 11 bytes>", true },
		{ "the cancel", PROTO_SMTP, SCRIPT_CHALLENGED, "*", "*", false },
		{ "PASS", PROTO_POP3, SCRIPT_COMMAND, "PASS two words", "PASS <hidden, 9 bytes>",
				true },
		{ "pass", PROTO_POP3, SCRIPT_COMMAND, " pass x", " pass <hidden, 1 bytes>", true },
		{ "APOP", PROTO_POP3, SCRIPT_COMMAND,
				"APOP sample c4c9334bac560ecc979e58001b3e22fb",
				"APOP sample <hidden, 32 bytes>", true },
		{ "USER is no secret", PROTO_POP3, SCRIPT_COMMAND, "USER sample", "USER sample",
				false },
		{ "message text", PROTO_SMTP, SCRIPT_DATA, "AUTH PLAIN is text here",
				"AUTH PLAIN is text here", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf shown = BUF(1000);
		bool is_secret = script_shown(cases[i].proto, cases[i].state,
				bytes_of(cases[i].line), &shown);
		if (is_secret != cases[i].is_secret ||
				strcmp(buf_text(&shown), cases[i].shown) != 0)
			fail_msg("%s: \"%s\"", cases[i].name, buf_text(&shown));
		buf_free(&shown);
	}
}

struct run_case {
	const char *name;
	enum proto proto;
	const char *input;
	const char *replies[8];
	enum script_end end;
	const char *sent;
	bool is_remote;
	enum err_kind kind;
};

static bool take(void *ctx, struct bytes part)
{
	return buf_put(ctx, part);
}

static void run(const struct run_case *c)
{
	struct fake_world world;
	struct stream_chunk chunks[COUNT(c->replies)] = { { 0 } };
	struct buf data = BUF(4096);
	size_t count = 0;
	struct dialog d = { 0 };
	const struct tls_options options = { .host = "x.example" };
	struct tls_facts facts = { 0 };

	fake_world_init(&world);
	fake_world_stdin(&world, bytes_of(c->input));
	for (; count < COUNT(c->replies) && c->replies[count]; count++)
		chunks[count] = (struct stream_chunk){ .data = c->replies[count],
			.after_write = count > 0 };
	struct stream_memory memory = { .chunks = chunks,
		.count = count,
		.is_remote = c->is_remote,
		.advance = fake_world_advance };
	dialog_begin(&d, &world.w, stream_memory(&world.w, &memory), c->proto);
	assert_true(dialog_read_reply(&d, DIALOG_REPLY_MS));
	struct script s = { .d = &d,
		.in_fd = world.w.in_fd,
		.tls_options = &options,
		.tls = &facts,
		.data = take,
		.ctx = &data };
	enum script_end end = script_run(&s);
	if (end != c->end)
		fail_msg("%s: ended as %d: %s", c->name, (int)end, d.err.text);
	if (c->kind != ERR_NONE)
		assert_int_equal(d.err.kind, c->kind);
	assert_string_equal(buf_text(&memory.written), c->sent);
	dialog_end(&d);
	buf_free(&memory.written);
	buf_free(&data);
	fake_world_free(&world);
}

static void test_runs(void **state)
{
	static const struct run_case cases[] = {
		{ "a session, LF and CRLF mixed", PROTO_SMTP, "EHLO a.example\r\nQUIT\n",
				{ "220 a\r\n", "250-a\r\n250 b\r\n", "221\r\n" }, SCRIPT_QUIT,
				"EHLO a.example\r\nQUIT\r\n", false, ERR_NONE },
		{ "no line end behind the last line", PROTO_SMTP, "NOOP",
				{ "220 a\r\n", "250 ok\r\n" }, SCRIPT_ENDED, "NOOP\r\n", false,
				ERR_NONE },
		{ "an empty line asks nothing", PROTO_SMTP, "\n\nNOOP\n",
				{ "220 a\r\n", "250 ok\r\n" }, SCRIPT_ENDED, "NOOP\r\n", false,
				ERR_NONE },
		{ "a transcript: what the client said", PROTO_SMTP,
				"# by hand\n== localhost [127.0.0.1]:25\nS: 220 a\n                <- note\n"
				"C: NOOP\nS: 250 ok\nC: QUIT\nS: 221\n",
				{ "220 a\r\n", "250 ok\r\n", "221\r\n" }, SCRIPT_QUIT,
				"NOOP\r\nQUIT\r\n", false, ERR_NONE },
		{ "a transcript's hidden secret", PROTO_SMTP,
				"C: NOOP\nC: AUTH PLAIN <hidden, 12 bytes>\nC: QUIT\n",
				{ "220 a\r\n", "250 ok\r\n", "221\r\n" }, SCRIPT_FAILED, "NOOP\r\n",
				false, ERR_USAGE },
		{ "message text is no transcript", PROTO_SMTP, "DATA\nC: x\nS: y\n.\nQUIT\n",
				{ "220 a\r\n", "354 go\r\n", "250 queued\r\n", "221\r\n" },
				SCRIPT_QUIT, "DATA\r\nC: x\r\nS: y\r\n.\r\nQUIT\r\n", false,
				ERR_NONE },
		{ "message lines go as they are until the dot", PROTO_SMTP,
				"DATA\nSUBJECT x\n\n..y\n.\nQUIT\n",
				{ "220 a\r\n", "354 go\r\n", "250 queued\r\n", "221\r\n" },
				SCRIPT_QUIT, "DATA\r\nSUBJECT x\r\n\r\n..y\r\n.\r\nQUIT\r\n", false,
				ERR_NONE },
		{ "no dot", PROTO_SMTP, "DATA\nhello\n", { "220 a\r\n", "354 go\r\n" },
				SCRIPT_UNENDED, "DATA\r\nhello\r\n", false, ERR_NONE },
		{ "no answer: it is cancelled", PROTO_SMTP, "AUTH LOGIN\n",
				{ "220 a\r\n", "334 x\r\n", "501 no\r\n" }, SCRIPT_UNENDED,
				"AUTH LOGIN\r\n*\r\n", false, ERR_NONE },
		{ "no answer to IMAP's +", PROTO_IMAP, "a1 IDLE\n",
				{ "* OK a\r\n", "+ idling\r\n" }, SCRIPT_UNENDED, "a1 IDLE\r\n",
				false, ERR_NONE },
		{ "421 in the middle", PROTO_SMTP, "NOOP\nNOOP\n", { "220 a\r\n", "421 bye\r\n" },
				SCRIPT_CUT, "NOOP\r\n", false, ERR_NONE },
		{ "hung up", PROTO_SMTP, "NOOP\nNOOP\n", { "220 a\r\n", "250 ok\r\n" },
				SCRIPT_PEER_LEFT, "NOOP\r\nNOOP\r\n", false, ERR_CLOSED },
		{ "a refusal does not end it", PROTO_SMTP, "FOO\nQUIT\n",
				{ "220 a\r\n", "502 no\r\n", "221\r\n" }, SCRIPT_QUIT,
				"FOO\r\nQUIT\r\n", false, ERR_NONE },
		{ "multi-line data is read before the next line", PROTO_POP3, "LIST\nQUIT\n",
				{ "+OK\r\n", "+OK\r\n1 10\r\n.\r\n", "+OK\r\n" }, SCRIPT_QUIT,
				"LIST\r\nQUIT\r\n", false, ERR_NONE },
		{ "PASS in clear to another host is not sent", PROTO_POP3, "USER a\nPASS b\n",
				{ "+OK\r\n", "+OK\r\n" }, SCRIPT_FAILED, "USER a\r\n", true,
				ERR_POLICY },
		{ "a clear-text answer to 334 neither", PROTO_SMTP, "AUTH LOGIN\nsecret\n",
				{ "220 a\r\n", "334 x\r\n", "501 no\r\n" }, SCRIPT_FAILED,
				"AUTH LOGIN\r\n*\r\n", true, ERR_POLICY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		run(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
