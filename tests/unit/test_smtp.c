/* test_smtp - EHLO lists, banners, queue ids, path commands
 * SPDX-License-Identifier: MIT */
#include "proto/smtp.h"

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

static const struct {
	const char *name;
	const char *in;
	struct smtp_caps want;
} caps_rows[] = {
	{ "Postfix",
			"250-mail.example.com\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
			"250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
			"250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n",
			{ SMTP_PIPELINING | SMTP_SIZE | SMTP_STARTTLS | SMTP_AUTH | SMTP_ENHANCED |
							SMTP_8BITMIME | SMTP_DSN | SMTP_SMTPUTF8 |
							SMTP_CHUNKING,
					10240000, SASL_PLAIN | SASL_LOGIN, 0 } },
	{ "the greeting is no keyword", "250 STARTTLS\r\n", { 0, 0, 0, 0 } },
	{ "HELO-like answer", "250 mail.example.com Hello\r\n", { 0, 0, 0, 0 } },
	{ "lower case", "250-x\r\n250-starttls\r\n250 auth plain\r\n",
			{ SMTP_STARTTLS | SMTP_AUTH, 0, SASL_PLAIN, 0 } },
	{ "old AUTH=", "250-x\r\n250 AUTH=LOGIN PLAIN\r\n",
			{ SMTP_AUTH_OLD, 0, SASL_LOGIN | SASL_PLAIN, 0 } },
	{ "AUTH= and a blank", "250-x\r\n250 AUTH= LOGIN\r\n",
			{ SMTP_AUTH_OLD, 0, SASL_LOGIN, 0 } },
	{ "AUTH and AUTH= are joined", "250-x\r\n250-AUTH CRAM-MD5\r\n250 AUTH=LOGIN\r\n",
			{ SMTP_AUTH | SMTP_AUTH_OLD, 0, SASL_CRAM_MD5 | SASL_LOGIN, 0 } },
	{ "double blanks and tabs", "250-x\r\n250-AUTH\tPLAIN  \tLOGIN \r\n250  SIZE  7 \r\n",
			{ SMTP_AUTH | SMTP_SIZE, 7, SASL_PLAIN | SASL_LOGIN, 0 } },
	{ "AUTH without mechanisms", "250-x\r\n250 AUTH\r\n", { SMTP_AUTH, 0, 0, 0 } },
	{ "unknown mechanisms are counted", "250-x\r\n250 AUTH GSSAPI X-FOO PLAIN\r\n",
			{ SMTP_AUTH, 0, SASL_PLAIN, 2 } },
	{ "X-EXPS is not AUTH", "250-x\r\n250 X-EXPS GSSAPI NTLM\r\n", { 0, 0, 0, 0 } },
	{ "SIZE without number", "250-x\r\n250 SIZE\r\n", { SMTP_SIZE, 0, 0, 0 } },
	{ "SIZE 0 means no limit", "250-x\r\n250 SIZE 0\r\n", { SMTP_SIZE, 0, 0, 0 } },
	{ "SIZE past 64 bits", "250-x\r\n250 SIZE 99999999999999999999\r\n",
			{ SMTP_SIZE, 0, 0, 0 } },
	{ "SIZE with a word", "250-x\r\n250 SIZE many\r\n", { SMTP_SIZE, 0, 0, 0 } },
	{ "masked by a firewall", "250-x\r\n250-XXXXXXXA\r\n250 XXXB\r\n",
			{ SMTP_MASKED, 0, 0, 0 } },
	{ "shortest masked keyword", "250-x\r\n250 XXXA\r\n", { SMTP_MASKED, 0, 0, 0 } },
	{ "last masked letter", "250-x\r\n250 XXXXZ\r\n", { SMTP_MASKED, 0, 0, 0 } },
	{ "a digit is no mask", "250-x\r\n250-XXXX1\r\n250 XXXXa\r\n", { 0, 0, 0, 0 } },
	{ "X keywords are not masked", "250-x\r\n250-XVERP\r\n250-XXX\r\n250 X\r\n",
			{ 0, 0, 0, 0 } },
	{ "keyword glued to more", "250-x\r\n250-STARTTLSX\r\n250 SIZ\r\n", { 0, 0, 0, 0 } },
	{ "empty last line (smtp-sink)", "250-x\r\n250-DSN\r\n250 \r\n", { SMTP_DSN, 0, 0, 0 } },
	{ "bare last code", "250-x\r\n250-DSN\r\n250\r\n", { SMTP_DSN, 0, 0, 0 } },
	{ "bare LF", "250-x\n250 DSN\n", { SMTP_DSN, 0, 0, 0 } },
};

static void test_caps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(caps_rows); i++) {
		struct reply r;
		struct bytes in = bytes_of(caps_rows[i].in);
		struct smtp_caps got;
		reply_init(&r, PROTO_SMTP);
		assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
		smtp_caps_read(&r, &got);
		if (got.has != caps_rows[i].want.has ||
				got.size_max != caps_rows[i].want.size_max ||
				got.mechs != caps_rows[i].want.mechs ||
				got.other_mechs != caps_rows[i].want.other_mechs)
			fail_msg("%s: has %#x size %llu mechs %#x other %zu", caps_rows[i].name,
					got.has, (unsigned long long)got.size_max, got.mechs,
					got.other_mechs);
		reply_free(&r);
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

static void test_keyword(void **state)
{
	static const struct find_row rows[] = {
		{ "SIZE 10", "SIZE" },
		{ "AUTH=LOGIN PLAIN", "AUTH=" },
		{ "AUTH= LOGIN", "AUTH=" },
		{ "AUTH", "AUTH" },
		{ "  DSN", "DSN" },
		{ "", "" },
		{ "\tSIZE\t1", "SIZE" },
		{ "=", "=" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_find(&rows[i], true, smtp_keyword(bytes_of(rows[i].in)));
}

static void test_software(void **state)
{
	static const struct find_row rows[] = {
		{ "mail.example.com ESMTP Postfix", "Postfix" },
		{ "mail.example.com ESMTP Postfix (Debian/GNU)", "Postfix (Debian/GNU)" },
		{ "mail.example.com ESMTP Postfix (2.6.6", "Postfix" },
		{ "mail.example.com ESMTP postfix", "postfix" },
		{ "mail.example.com ESMTP Exim 4.96 Sun, 19 Jan 2014 00:37:34 +0900", "Exim 4.96" },
		{ "mail.example.com ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-2; Sun, 19 Jan 2014",
				"Sendmail 8.17.1.9/8.17.1.9/Debian-2" },
		{ "mail.example.com ESMTP OpenSMTPD", "OpenSMTPD" },
		{ "mail.example.com ESMTP chasquid", "chasquid" },
		{ "mail.example.com Dovecot (Debian) ready.", "Dovecot (Debian)" },
		{ "mail.example.com Dovecot ready.", "Dovecot" },
		{ "mail.example.com Microsoft ESMTP MAIL Service ready at Sun",
				"Microsoft ESMTP MAIL Service" },
		{ "mail.example.com Microsoft ESMTP MAIL Service, Version: 6.0",
				"Microsoft ESMTP MAIL Service" },
		{ "mail.example.com ESMTP Haraka/3.0.2 ready", "Haraka/3.0.2" },
		{ "mx.google.com ESMTP 5-20020a05 - gsmtp", "gsmtp" },
		{ "mail.example.com ESMTP server ready", NULL },
		{ "mail.example.com ESMTP", NULL },
		{ "postfix.example.com ESMTP", NULL },
		{ "[192.0.2.1] ESMTP Exim 4.", "Exim 4" },
		{ "ESMTP welcome to exim-users, postfix.example, a_exim_b, exim@x", NULL },
		{ "ESMTP unexim then Exim 4.97", "Exim 4.97" },
		{ "ESMTP x.exim x-exim x@exim x_exim eximx exim9 0exim zexim", NULL },
		{ "ESMTP Exim; Exim 4.97", "Exim" },
		{ "ESMTP Exim 4.97, x", "Exim 4.97" },
		{ "ESMTP (Exim 4.97)", "Exim 4.97" },
		{ "ESMTP Exim.", "Exim" },
		{ "ESMTP Exim v4.9", "Exim v4.9" },
		{ "ESMTP Exim very", "Exim" },
		{ "ESMTP Exim v", "Exim" },
		{ "****************", NULL },
		{ "", NULL },
	};
	struct bytes got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_find(&rows[i], smtp_banner_software(bytes_of(rows[i].in), &got), got);
}

static void test_host(void **state)
{
	static const struct find_row rows[] = {
		{ "mail.example.com ESMTP Postfix", "mail.example.com" },
		{ "mail.example.com", "mail.example.com" },
		{ "[192.0.2.1] ESMTP", "[192.0.2.1]" },
		{ "[IPv6:2001:db8::1] ESMTP", "[IPv6:2001:db8::1]" },
		{ "localhost ESMTP", "localhost" },
		{ "fake Hello you", "fake" },
		{ "ESMTP SMTP", "" },
		{ "Welcome to example.com", "" },
		{ "OK", "" },
		{ "ESMTP ready", "" },
		{ "mail_1.example.com ESMTP", "" },
		{ "-a.example.com", "" },
		{ "a-.example.com", "" },
		{ "a..example.com", "" },
		{ ".example.com", "" },
		{ "example.com.", "" },
		{ "*******", "" },
		{ "[192.0.2.1", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_find(&rows[i], true, smtp_banner_host(bytes_of(rows[i].in)));
}

static const struct find_row queue_id_rows[] = {
	{ "2.0.0 Ok: queued as 3FB99A9054C", "3FB99A9054C" },
	{ "2.0.0 Ok: queued as 4cDCnd66Hyz1XPWFF", "4cDCnd66Hyz1XPWFF" },
	{ "2.0.0 Ok: 476 bytes queued as 526562BE062", "526562BE062" },
	{ "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as ABCDEF0", "ABCDEF0" },
	{ "OK id=1xW3A1-0003pj-01", "1xW3A1-0003pj-01" },
	{ "OK id=1rM8xT-00000000abC-1xyZ", "1rM8xT-00000000abC-1xyZ" },
	{ "OK id=1rM8xT-00000000abC-1xy", NULL },
	{ "2.0.0 6AP2tPQt015284 Message accepted for delivery", "6AP2tPQt015284" },
	{ "2.0.0 28bde2f7 Message accepted for delivery", "28bde2f7" },
	{ "2.0.0: 28bde2f7 Message accepted for delivery", "28bde2f7" },
	{ "2.0.0 Your Message accepted", NULL },
	{ "2.0.0 Ok Message accepted", NULL },
	{ "Message accepted for delivery", NULL },
	{ "2.6.0 <a@b> [InternalId=9328, Hostname=x.example] 1 bytes in 0.1, 2 KB/sec Queued mail for delivery",
			"9328" },
	{ "2.6.0  <a@b.example> Queued mail for delivery", NULL },
	{ "2.0.0 OK  1700000000 d2e1a72fcca58-7a1b2c3d4esi123.45 - gsmtp",
			"d2e1a72fcca58-7a1b2c3d4esi123.45" },
	{ "ok 1700000000 qp 12345", "12345" },
	{ "ok qp none", NULL },
	{ "Ok. 00000000000A1B2C.0000000065A1B2C3.00001234",
			"00000000000A1B2C.0000000065A1B2C3.00001234" },
	{ "Ok. Thank you.", NULL },
	{ "2.0.0 <alice@example.test> 4JmHMVy2UmU2DgAAxzkF4w Saved", "4JmHMVy2UmU2DgAAxzkF4w" },
	{ "2.0.0 <sample> XDvCFZcMDGsBdQAAYIgGOA Saved", "XDvCFZcMDGsBdQAAYIgGOA" },
	{ "2.0.0 Message Saved", NULL },
	{ "2.0.0 Congratulations Saved", NULL },
	{ "Message Queued (B7E7F8A0-1234-4ABC-9DEF-0123456789AB.1)",
			"B7E7F8A0-1234-4ABC-9DEF-0123456789AB.1" },
	{ "Message Queued (0.016 seconds)", NULL },
	{ "Queued (0.016 seconds)", NULL },
	{ "2.0.0 Message queued with id 1a2b3c4d5e.", "1a2b3c4d5e" },
	{ "OK ids=d7ef132b5d7711eea8c8000c29c33806", "d7ef132b5d7711eea8c8000c29c33806" },
	{ "2.0.0 Ok: queued as ", NULL },
	{ "2.0.0 Ok: queued as a\x1b[31m", NULL },
	{ "28bde2f728bde2f7 Message accepted for delivery", "28bde2f728bde2f7" },
	{ "28bde2f728bde2f71 Message accepted for delivery", NULL },
	{ "2.0.0 Whatever Message accepted", NULL },
	{ "2.0.0 a-b-c-d-1 Message accepted", NULL },
	{ "2.0.0\t28bde2f7\tMessage accepted", NULL },
	{ "Ok. 0123456789AB", NULL },
	{ "Ok. 1.2.3", NULL },
	{ "Ok. 0000000A.0.C", "0000000A.0.C" },
	{ "2.0.0 Everything! Saved", NULL },
	{ "2.0.0 x1 Saved", NULL },
	{ "2.0.0 4JmHMVy2UmU2 Saved", "4JmHMVy2UmU2" },
	{ "Message Queued (B7E7F8A0-1234-4ABC-9DEF-0123456789AB)",
			"B7E7F8A0-1234-4ABC-9DEF-0123456789AB" },
	{ "Message Queued (B7E7F8A0-1234-4ABC-9DEF-0123456789ABx)", NULL },
	{ "Message Queued (B7E7F8A0-1234-4ABC-9DEF-0123456789AB.x)", NULL },
	{ "Ok: queued as abc", NULL },
	{ "Ok: queued as abcd", "abcd" },
	{ "Ok: queued as abc-d", NULL },
	{ "OK id=1xW3A1_0003pj-01", NULL },
	{ "OK id=1xW3A1-0003pj-", NULL },
	{ "2.0.0 It is done", NULL },
	{ "", NULL },
};

static void test_queue_id(void **state)
{
	struct bytes id;

	(void)state;
	for (size_t i = 0; i < COUNT(queue_id_rows); i++)
		check_find(&queue_id_rows[i], smtp_queue_id(bytes_of(queue_id_rows[i].in), &id),
				id);
}

static void test_path_command(void **state)
{
	static const struct {
		const char *name;
		struct bytes addr, params;
		const char *want; /* NULL: refused */
	} rows[] = {
		{ "plain", B("a@example.com"), B(""), "MAIL FROM:<a@example.com>" },
		{ "null path", B(""), B(""), "MAIL FROM:<>" },
		{ "parameters", B("a@b"), B("SIZE=1 BODY=8BITMIME"),
				"MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME" },
		{ "blank in quotes", B("\"a b\"@c"), B(""), "MAIL FROM:<\"a b\"@c>" },
		{ "brackets in quotes", B("\"<a>\"@c"), B(""), "MAIL FROM:<\"<a>\"@c>" },
		{ "quote quoted", B("\"a\\\" b\"@c"), B(""), "MAIL FROM:<\"a\\\" b\"@c>" },
		{ "UTF-8", B("j\xc3\xb6rg@b"), B("SMTPUTF8"),
				"MAIL FROM:<j\xc3\xb6rg@b> SMTPUTF8" },
		{ "source route", B("@a,@b:c@d"), B(""), "MAIL FROM:<@a,@b:c@d>" },
		{ "CRLF", B("a@b>\r\nRCPT TO:<x"), B(""), NULL },
		{ "LF", B("a@b\n"), B(""), NULL },
		{ "CR", B("a@b\r"), B(""), NULL },
		{ "NUL", B("a\0@b"), B(""), NULL },
		{ "tab", B("a\t@b"), B(""), NULL },
		{ "DEL", B("a\x7f@b"), B(""), NULL },
		{ "control in quotes", B("\"a\n\"@b"), B(""), NULL },
		{ "own angle brackets", B("<a@b>"), B(""), NULL },
		{ "closing bracket", B("a@b>"), B(""), NULL },
		{ "blank", B("a b@c"), B(""), NULL },
		{ "quote not closed", B("\"a@b"), B(""), NULL },
		{ "quote closed by a quoted quote only", B("\"a\\\"@b"), B(""), NULL },
		{ "backslash at the end of an open quote", B("\"a\\"), B(""), NULL },
		{ "CRLF in parameters", B("a@b"), B("SIZE=1\r\nDATA"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = BUF(200);
		buf_puts(&out, "x");
		bool done = smtp_path_command(&out, "MAIL FROM", rows[i].addr, rows[i].params);
		if (done != (rows[i].want != NULL))
			fail_msg("%s: %s", rows[i].name, done ? "built" : "refused");
		if (strcmp(buf_text(&out) + 1, done ? rows[i].want : "") != 0)
			fail_msg("%s: \"%s\"", rows[i].name, buf_text(&out));
		buf_free(&out);
	}
}

static void test_path_command_full(void **state)
{
	struct buf out = BUF(12);

	(void)state;
	buf_puts(&out, "x");
	assert_false(smtp_path_command(&out, "RCPT TO", BYTES("a@b.example"), BYTES("")));
	assert_string_equal(buf_text(&out), "x");
	buf_free(&out);
}

static void test_helo(void **state)
{
	static const struct {
		const char *name;
		bool is_ok;
	} rows[] = {
		{ "mail.example.com", true },
		{ "a.b", true },
		{ "1.example", true },
		{ "xn--bcher-kva.example", true },
		{ "[192.0.2.1]", true },
		{ "[IPv6:2001:db8::1]", true },
		{ "[ipv6:::1]", true },
		{ "[IPv6:::ffff:192.0.2.1]", true },
		{ "[IPv6:1:2:3:4:5:6:7:8]", true },
		{ "192.0.2.1]", false },
		{ "localhost", false },
		{ "mail", false },
		{ "", false },
		{ ".", false },
		{ "a.", false },
		{ ".a", false },
		{ "a..b", false },
		{ "-a.b", false },
		{ "a-.b", false },
		{ "a.b-", false },
		{ "a_b.example", false },
		{ "b\xc3\xbc"
		  "cher.example",
				false },
		{ "a b.example", false },
		{ "192.0.2.1", false },
		{ "[192.0.2]", false },
		{ "[192.0.2.256]", false },
		{ "[192.0.2.1.5]", false },
		{ "[192.0.2.1", false },
		{ "[]", false },
		{ "[", false },
		{ "[2001:db8::1]", false },
		{ "[IPv6:]", false },
		{ "[IPv6:1:2]", false },
		{ "[IPv6:1:2:3:4:5:6:7:8:9]", false },
		{ "[IPv6:g::1]", false },
		{ "a.b\r\n", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (smtp_helo_ok(bytes_of(rows[i].name)) != rows[i].is_ok)
			fail_msg("\"%s\"", rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_keyword),
		cmocka_unit_test(test_software),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_queue_id),
		cmocka_unit_test(test_path_command),
		cmocka_unit_test(test_path_command_full),
		cmocka_unit_test(test_helo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
