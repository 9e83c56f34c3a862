/* test_auth - what a login sends and shows
 * SPDX-License-Identifier: MIT */
#include "talk/auth.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct sasl_creds sample = {
	.user = { (const unsigned char *)"sample", 6 },
	.password = { (const unsigned char *)"password", 8 },
};

struct login_case {
	const char *name;
	enum proto proto;
	unsigned mech; /* 0 = USER/PASS */
	const char *replies[4];
	bool answered; /* what the call returns */
	enum reply_status status;
	const char *sent, *shown; /* shown NULL: not compared */
};

/* The first reply stands for the greeting. 334 texts: "Username:", "Password:", RFC 2195's challenge. */
static const struct login_case cases[] = {
	{ "the article's AUTH PLAIN", PROTO_SMTP, SASL_PLAIN, { "220 a\r\n", "235 2.0.0 ok\r\n" },
			true, REPLY_OK, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"AUTH PLAIN <hidden: user \"sample\", password 8 bytes>\n" },
	{ "PLAIN refused", PROTO_SMTP, SASL_PLAIN, { "220 a\r\n", "535 5.7.8 no\r\n" }, true,
			REPLY_NO, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n", NULL },
	{ "334 although the initial response went along", PROTO_SMTP, SASL_PLAIN,
			{ "220 a\r\n", "334\r\n", "235 ok\r\n" }, true, REPLY_OK,
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nAHNhbXBsZQBwYXNzd29yZA==\r\n",
			NULL },
	{ "LOGIN", PROTO_SMTP, SASL_LOGIN,
			{ "220 a\r\n", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n",
					"235 ok\r\n" },
			true, REPLY_OK, "AUTH LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\n",
			"AUTH LOGIN\nc2FtcGxl\n<hidden: password 8 bytes>\n" },
	{ "LOGIN, prompts that are no base64", PROTO_SMTP, SASL_LOGIN,
			{ "220 a\r\n", "334 Username:\r\n", "334\r\n", "235 ok\r\n" }, true,
			REPLY_OK, "AUTH LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\n", NULL },
	{ "NTLM, a go-ahead that is no base64", PROTO_SMTP, SASL_NTLM,
			{ "220 a\r\n", "334 NTLM supported\r\n", "535 no\r\n" }, true, REPLY_NO,
			NULL, NULL },
	{ "a challenge that is no base64 is cancelled", PROTO_SMTP, SASL_CRAM_MD5,
			{ "220 a\r\n", "334 !!!\r\n", "501 cancelled\r\n" }, false, REPLY_NO,
			"AUTH CRAM-MD5\r\n*\r\n", NULL },
	{ "a server that asks without end is cancelled", PROTO_SMTP, SASL_LOGIN,
			{ "220 a\r\n", "334\r\n", "334\r\n", "334 eA==\r\n" }, false, REPLY_NONE,
			NULL, NULL },
	{ "POP3 AUTH PLAIN", PROTO_POP3, SASL_PLAIN, { "+OK\r\n", "+OK Logged in.\r\n" }, true,
			REPLY_OK, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n", NULL },
	{ "IMAP with SASL-IR, something untagged before the answer", PROTO_IMAP, SASL_PLAIN,
			{ "* OK a\r\n", "* 3 EXISTS\r\na1 OK in\r\n" }, true, REPLY_OK,
			"a1 AUTHENTICATE PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"a1 AUTHENTICATE PLAIN <hidden: user \"sample\", password 8 bytes>\n" },
	{ "IMAP LOGIN", PROTO_IMAP, SASL_LOGIN,
			{ "* OK a\r\n", "+ VXNlcm5hbWU6\r\n", "+ UGFzc3dvcmQ6\r\n",
					"a1 NO no\r\n" },
			true, REPLY_NO, "a1 AUTHENTICATE LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\n",
			NULL },
	{ "XOAUTH2, the error is answered", PROTO_SMTP, SASL_XOAUTH2,
			{ "220 a\r\n", "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "535 no\r\n" }, true,
			REPLY_NO,
			"AUTH XOAUTH2 dXNlcj1zYW1wbGUBYXV0aD1CZWFyZXIgcGFzc3dvcmQBAQ==\r\n\r\n",
			"AUTH XOAUTH2 <hidden: user \"sample\", token 8 bytes>\n\n" },
	{ "OAUTHBEARER, the answer to the error hides nothing", PROTO_POP3, SASL_OAUTHBEARER,
			{ "+OK\r\n", "+ e30=\r\n", "-ERR no\r\n" }, true, REPLY_NO, NULL,
			"AUTH OAUTHBEARER <hidden: user \"sample\", token 8 bytes>\nAQ==\n" },
	{ "a server that says yes without its proof is not believed", PROTO_SMTP, SASL_SCRAM_SHA_1,
			{ "220 a\r\n", "235 ok\r\n" }, false, REPLY_OK, NULL, NULL },
	{ "a nonce that is not ours is cancelled", PROTO_SMTP, SASL_SCRAM_SHA_256,
			{ "220 a\r\n", "334 cj14LHM9UVNYQyxpPTQwOTY=\r\n", "501 cancelled\r\n" },
			false, REPLY_NO, NULL, NULL },
	{ "the article's USER and PASS", PROTO_POP3, 0,
			{ "+OK POP3 ready.\r\n", "+OK\r\n", "+OK Logged in.\r\n" }, true, REPLY_OK,
			"USER sample\r\nPASS password\r\n",
			"USER sample\nPASS <hidden, 8 bytes>\n" },
	{ "USER refused: no PASS", PROTO_POP3, 0,
			{ "+OK\r\n", "-ERR [AUTH] Plaintext disallowed\r\n" }, true, REPLY_NO,
			"USER sample\r\n", NULL },
};

static void on_sent(void *ctx, struct bytes shown)
{
	buf_put(ctx, shown);
	buf_putc(ctx, '\n');
}

static void run_case(const struct login_case *c)
{
	struct fake_world world;
	struct stream_chunk chunks[COUNT(c->replies)] = { { 0 } };
	size_t count = 0;
	struct buf shown = BUF(4096);
	const struct dialog_observer ob = { .ctx = &shown, .sent = on_sent };
	struct dialog d = { .ob = &ob };

	fake_world_init(&world);
	for (; count < COUNT(c->replies) && c->replies[count]; count++)
		chunks[count] = (struct stream_chunk){ .data = c->replies[count],
			.after_write = count > 0 };
	struct stream_memory memory = { .chunks = chunks,
		.count = count,
		.advance = fake_world_advance };
	dialog_begin(&d, &world.w, stream_memory(&world.w, &memory), c->proto);
	assert_true(dialog_read_reply(&d, DIALOG_REPLY_MS));
	struct auth_how how = { .mech = c->mech, .creds = &sample };
	bool answered = c->mech ? auth_run(&d, &how) : auth_user_pass(&d, &sample);
	if (answered != c->answered)
		fail_msg("%s: %s", c->name, d.err.text);
	if (c->answered)
		assert_int_equal(d.reply.status, c->status);
	if (c->sent)
		assert_string_equal(buf_text(&memory.written), c->sent);
	if (c->shown)
		assert_string_equal(buf_text(&shown), c->shown);
	assert_null(strstr(buf_text(&shown), "AHNhbXBsZQBwYXNzd29yZA"));
	assert_null(strstr(buf_text(&shown), "cGFzc3dvcmQ"));
	dialog_end(&d);
	buf_free(&memory.written);
	buf_free(&shown);
	fake_world_free(&world);
}

static void test_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		run_case(&cases[i]);
}

/* RFC 4954 4, RFC 5034 4: a response that makes the command too long waits to be asked for. */
static void test_long_responses(void **state)
{
	static const struct dialog_observer silent = { 0 };
	static const struct {
		enum proto proto;
		size_t password; /* octets */
		const char *replies[3], *begins;
	} longs[] = {
		{ PROTO_SMTP, 364, { "220 a\r\n", "235 ok\r\n" }, "AUTH PLAIN AHNhbXBsZQB4" },
		{ PROTO_SMTP, 365, { "220 a\r\n", "334 \r\n", "235 ok\r\n" },
				"AUTH PLAIN\r\nAHNhbXBsZQB4" },
		{ PROTO_POP3, 172, { "+OK\r\n", "+OK\r\n" }, "AUTH PLAIN AHNhbXBsZQB4" },
		{ PROTO_POP3, 173, { "+OK\r\n", "+ \r\n", "+OK\r\n" },
				"AUTH PLAIN\r\nAHNhbXBsZQB4" },
		{ PROTO_IMAP, 4000, { "* OK a\r\n", "a1 OK\r\n" },
				"a1 AUTHENTICATE PLAIN AHNhbXBsZQB4" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(longs); i++) {
		struct fake_world world;
		struct stream_chunk chunks[COUNT(longs[0].replies)] = { { 0 } };
		struct sasl_creds creds = sample;
		unsigned char password[4000];
		struct dialog d = { .ob = &silent };
		memset(password, 'x', sizeof(password));
		creds.password = (struct bytes){ password, longs[i].password };
		fake_world_init(&world);
		struct stream_memory memory = { .chunks = chunks, .advance = fake_world_advance };
		for (size_t n = 0; n < COUNT(chunks) && longs[i].replies[n]; n++)
			chunks[memory.count++] = (struct stream_chunk){ .data = longs[i].replies[n],
				.after_write = n > 0 };
		dialog_begin(&d, &world.w, stream_memory(&world.w, &memory), longs[i].proto);
		assert_true(dialog_read_reply(&d, DIALOG_REPLY_MS));
		assert_true(auth_run(&d,
				&(struct auth_how){ .mech = SASL_PLAIN, .creds = &creds }));
		assert_int_equal(d.reply.status, REPLY_OK);
		assert_true(bytes_starts(buf_bytes(&memory.written), bytes_of(longs[i].begins)));
		dialog_end(&d);
		buf_free(&memory.written);
		fake_world_free(&world);
	}
}

struct may_case {
	const char *name;
	bool is_remote, insecure, may;
};

static void test_may_send(void **state)
{
	static const struct may_case may[] = {
		{ "clear text on loopback", false, false, true },
		{ "clear text elsewhere", true, false, false },
		{ "clear text elsewhere, -k", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(may); i++) {
		struct fake_world world;
		struct stream_memory memory = { .is_remote = may[i].is_remote };
		struct tls_facts facts = { 0 };
		struct err e = { 0 };
		fake_world_init(&world);
		struct stream *s = stream_memory(&world.w, &memory);
		if (auth_may_send(s, &facts, may[i].insecure, &e) != may[i].may)
			fail_msg("%s", may[i].name);
		assert_int_equal(e.kind, may[i].may ? ERR_NONE : ERR_POLICY);
		stream_close(s);
		fake_world_free(&world);
	}
}

static void test_pick(void **state)
{
	(void)state;
	assert_int_equal(auth_pick(SASL_PLAIN | SASL_LOGIN | SASL_CRAM_MD5 | SASL_DIGEST_MD5),
			SASL_PLAIN);
	assert_int_equal(auth_pick(SASL_LOGIN | SASL_CRAM_MD5), SASL_LOGIN);
	assert_int_equal(auth_pick(SASL_CRAM_MD5 | SASL_NTLM), SASL_CRAM_MD5);
	assert_int_equal(auth_pick(SASL_DIGEST_MD5 | SASL_CRAM_MD5 | SASL_NTLM), SASL_DIGEST_MD5);
	assert_int_equal(auth_pick(SASL_PLAIN | SASL_SCRAM_SHA_1), SASL_SCRAM_SHA_1);
	assert_int_equal(auth_pick(SASL_PLAIN | SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256),
			SASL_SCRAM_SHA_256);
	assert_int_equal(auth_pick(SASL_NTLM), SASL_NTLM);
	assert_int_equal(auth_pick(SASL_EXTERNAL | SASL_ANONYMOUS | SASL_XOAUTH2 |
					 SASL_OAUTHBEARER),
			0);
	assert_int_equal(auth_pick(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_long_responses),
		cmocka_unit_test(test_may_send),
		cmocka_unit_test(test_pick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
