/* test_unwrap - unit tests of proto/unwrap
 * SPDX-License-Identifier: MIT */
#include "proto/unwrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT "\"__REALTIME_TIMESTAMP\":\"1740974706123456\","
#define FROM "\"_HOSTNAME\":\"mx1\",\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"123\","
#define HEAD "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1740974706123456\n_HOSTNAME=mx1\n"
#define PLAIN "2025-03-03T04:05:06.123456Z mx1 postfix/smtpd[123]: "
#define OCTETS_266                                                      \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"0123456789012345678901"

/* Lengths stand without their NULs, as the reader of logs leaves them. */
static const struct row {
	const char *name, *in, *out;
} rows[] = {
	{ "a plain line stays", "Mar  3 04:05:06 mx1 dovecot: {\"a\"}\nx\r\n",
			"Mar  3 04:05:06 mx1 dovecot: {\"a\"}\nx\r\n" },
	{ "JSON", "{" AT FROM "\"PRIORITY\":\"6\",\"MESSAGE\":\"connect from a\"}\n",
			PLAIN "connect from a\n" },
	{ "JSON, members in any order", "{\"MESSAGE\":\"x\"," FROM AT "\"PRIORITY\":\"6\"}\n",
			PLAIN "x\n" },
	{ "JSON, a warning keeps its priority",
			"{" AT FROM "\"PRIORITY\":\"3\",\"MESSAGE\":\"x\"}\n", "<19>" PLAIN "x\n" },
	{ "JSON, octets that are no UTF-8", "{" AT FROM "\"MESSAGE\":[104,195,40,10,255,0]}\n",
			PLAIN "h\xc3(#012\xff\n" },
	{ "JSON, a message that journalctl left out", "{" AT FROM "\"MESSAGE\":null}\n",
			PLAIN "(over 4096 octets: journalctl gives it with --all)\n" },
	{ "JSON, a field with two values", "{" AT FROM "\"MESSAGE\":[\"one\",\"two\"]}\n",
			PLAIN "one\n" },
	{ "JSON, escapes", "{" AT FROM "\"MESSAGE\":\"a\\u003cb\\u003e\\n\\u001b\\\"c\\\"\"}\n",
			PLAIN "a<b>#012\x1b\"c\"\n" },
	{ "JSON, no identifier: the command",
			"{" AT "\"_HOSTNAME\":\"mx1\",\"_COMM\":\"my prog\",\"MESSAGE\":\"x\"}\n",
			"2025-03-03T04:05:06.123456Z mx1 my_prog: x\n" },
	{ "JSON, no message is no line of a log", "{" AT FROM "\"PRIORITY\":\"6\"}\n",
			"{" AT FROM "\"PRIORITY\":\"6\"}\n" },
	{ "mailsink's events",
			"{\"type\":\"connect\",\"session\":1,\"proto\":\"smtp\",\"peer\":\"[::1]:5\","
			"\"tls\":false}\n{\"type\":\"message\",\"session\":1,\"proto\":\"smtp\","
			"\"id\":\"0F486D0001\",\"from\":\"a@example.com\",\"to\":[\"b\",\"c\"],"
			"\"octets\":396}\n{\"type\":\"end\",\"session\":1,\"proto\":\"smtp\"}\n",
			"mailsink[1]: smtp: connect peer=<[::1]:5>, tls=false\n"
			"mailsink[1]: smtp: message id=<0F486D0001>, from=<a@example.com>, to=<b>,"
			" octets=396\n"
			"mailsink[1]: smtp: end\n" },
	{ "JSON of somebody else", "{\"MESSAGE\":\"x\"}\n{\"level\":1}\n{\n{]\n",
			"{\"MESSAGE\":\"x\"}\n{\"level\":1}\n{\n{]\n" },
	{ "JSON, no such octet", "{" AT FROM "\"MESSAGE\":[256]}\n",
			"{" AT FROM "\"MESSAGE\":[256]}\n" },
	{ "docker",
			"{\"log\":\"Mar  3 04:05:06 mx1 postfix/smtpd[1]: client=\\u003ca\\u003e\\n\","
			"\"stream\":\"stdout\",\"time\":\"2025-03-03T04:05:07.123456789Z\"}\n",
			"2025-03-03T04:05:07.123456789Z"
			" Mar  3 04:05:06 mx1 postfix/smtpd[1]: client=<a>\n" },
	{ "docker, no time", "{\"log\":\"dovecot: x\\r\\n\"}\n", "dovecot: x\n" },
	{ "export", HEAD "SYSLOG_IDENTIFIER=postfix/smtpd\n_PID=123\nPRIORITY=6\nMESSAGE=a=b\n\n",
			PLAIN "a=b\n" },
	{ "export, two entries, the last not closed",
			HEAD "_COMM=a\nMESSAGE=one\n\n" HEAD "PRIORITY=2\n_COMM=b\nMESSAGE=two\n",
			"2025-03-03T04:05:06.123456Z mx1 a: one\n"
			"<18>2025-03-03T04:05:06.123456Z mx1 b: two\n" },
	{ "export, lines of a message",
			HEAD "_COMM=a\nMESSAGE\n\x09one\n\ntwo\n\nOTHER\n\x01x\n_PID=7\n\n",
			"2025-03-03T04:05:06.123456Z mx1 a[7]: one#012#012two\n" },
	{ "export, a length of ten is a line feed", HEAD "_COMM=a\nMESSAGE\n\nabcdefghij\n\n",
			"2025-03-03T04:05:06.123456Z mx1 a: abcdefghij\n" },
	{ "export, a length of two octets, the first a line feed",
			HEAD "_COMM=a\nMESSAGE\n\n\x01" OCTETS_266 "\n\n",
			"2025-03-03T04:05:06.123456Z mx1 a: " OCTETS_266 "\n" },
	{ "export, a carriage return counts",
			HEAD "_COMM=a\nMESSAGE\n\x04"
			     "foo\r\n\nb\n",
			"2025-03-03T04:05:06.123456Z mx1 a: foo\nb\n" },
	{ "export, then plain lines", HEAD "_COMM=a\nMESSAGE=x\n\nMar  3 04:05:06 b: y\n",
			"2025-03-03T04:05:06.123456Z mx1 a: x\nMar  3 04:05:06 b: y\n" },
	{ "export, an entry without message", HEAD "\nx\n", "x\n" },
};

static void make_plain(struct bytes in, size_t step, struct buf *out)
{
	struct unwrap j;

	unwrap_init(&j);
	buf_clear(out);
	while (in.n > 0) { /* some whole lines at a time */
		size_t n = 0;
		for (size_t i = 0; i < step && n < in.n; i++)
			n += bytes_find(bytes_skip(in, n), '\n') + 1;
		size_t had = out->n;
		buf_put(out, bytes_head(in, n));
		unwrap_lines(&j, out, had);
		in = bytes_skip(in, n);
	}
	unwrap_finish(&j, out);
	unwrap_free(&j);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t step = 1; step < 20; step++) {
			struct buf out = BUF(8192);
			make_plain(bytes_of(rows[i].in), step, &out);
			if (!bytes_equal(buf_bytes(&out), bytes_of(rows[i].out)))
				fail_msg("%s, %zu lines at a time: %s", rows[i].name, step,
						buf_text(&out));
			buf_free(&out);
		}
}

/* A giant is cut, and what follows is read. */
static void test_long(void **state)
{
	struct buf in = BUF(1024 * 1024), out = BUF(1024 * 1024);

	(void)state;
	buf_puts(&in, "{" AT FROM "\"MESSAGE\":\"");
	for (size_t i = 0; i < 300000; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\"}\n{" AT FROM "\"MESSAGE\":\"y\"}\n");
	make_plain(buf_bytes(&in), 1, &out);
	assert_true(out.n < UNWRAP_TEXT_MAX + 200);
	assert_true(bytes_ends(buf_bytes(&out), BYTES("\n" PLAIN "y\n")));
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
