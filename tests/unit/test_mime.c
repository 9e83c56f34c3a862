/* test_mime - parts of a message, text decoded
 * SPDX-License-Identifier: MIT */
#include "proto/mime.h"

#include "proto/mailtext.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MULTI "Content-Type: multipart/mixed; boundary=\"x y\"\n"

static const struct {
	const char *name;
	const char *message;
	const char *seen; /* text lines "| ...", parts "NUMBER type name octets" */
} cases[] = {
	{ "no MIME at all", "Subject: a\n\none\n--two\n", "| one\n| --two\n1 text/plain  12\n" },
	{ "quoted-printable with soft line ends, Latin-1",
			"Content-Type: text/plain; charset=iso-8859-1\n"
			"Content-Transfer-Encoding: Quoted-Printable\n\ncaf=E9 =\nau=20  \nl=XY=\n",
			"| caf\xc3\xa9 au \n| l=XY\n1 text/plain  26\n" },
	{ "base64, ISO-2022-JP over several lines",
			"Content-Type: text/plain; charset=ISO-2022-JP\n"
			"Content-Transfer-Encoding: base64\n\nGyRCJUYl\nOSVIGyhC\nCg==\n",
			"| \xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\n1 text/plain  26\n" },
	{ "broken base64 is said to be cut", "Content-Transfer-Encoding: base64\n\nYQo=\n!!\n",
			"| a\n1 text/plain  10 cut\n" },
	{ "an unknown charset, and one that musl cannot be given",
			"Content-Type: text/plain; charset=euc-kr\n\n\xb0\xa1\n",
			"| \xc2\xb0\xc2\xa1\n1 text/plain  4\n" },
	{ "text and attachment; preamble and epilogue are no part",
			MULTI
			"\npreamble\n--x y\n\nhello\n--x y \nContent-Type: image/png;\n\tname=\"a \\\"b\\\".png\"\n"
			"Content-Disposition: attachment\n\nAAAA\n--x y--\nepilogue\n",
			"| hello\n1 text/plain  7\n2 image/png a \"b\".png 6\n" },
	{ "an attached text is not the text",
			MULTI "\n--x y\nContent-Disposition: attachment; filename=a.txt\n\nno\n"
			      "--x y\nContent-Type: TEXT/HTML\n\nyes\n--x y--\n",
			"1 text/plain a.txt 4\n| yes\n2 TEXT/HTML  5\n" },
	{ "an inner multipart that is never closed ends with the outer one",
			MULTI
			"\n--x y\nContent-Type: multipart/alternative; boundary=in\n\n--in\n\na\n"
			"--in\nContent-Type: text/html\n\nb\n--x y\nContent-Type: a/b\n\nc\n",
			"| a\n1 text/plain  3\n2 text/html  3\n3 a/b  3\n" },
	{ "file names of RFC 2231 and RFC 2047",
			MULTI "\n--x y\nContent-Type: a/b\n"
			      "Content-Disposition: attachment; filename*=iso-8859-1'en'%e9%20x\n\n"
			      "--x y\nContent-Type: a/b; name=\"=?utf-8?q?=C3=A9?=\"\n\n--x y--\n",
			"1 a/b \xc3\xa9 x 0\n2 a/b \xc3\xa9 0\n" },
	{ "a file name in sections, a character split over two of them",
			MULTI "\n--x y\nContent-Type: a/b\nContent-Disposition: attachment;\n"
			      " filename*0*=UTF-8'ja'%E3%83%86%E3;\n filename*1*=%82%B9%20;\n"
			      " filename*2=\"100%41.txt\"\n\n--x y--\n",
			"1 a/b \xe3\x83\x86\xe3\x82\xb9 100%41.txt 0\n" },
	{ "sections in any order, without a charset; a gap ends them",
			MULTI
			"\n--x y\nContent-Type: a/b; name*1=lo; name*0=hel; name*3=x\n\n--x y--\n",
			"1 a/b hello 0\n" },
	{ "a name in Shift_JIS; the plain one for old readers does not count",
			MULTI
			"\n--x y\nContent-Type: a/b; name=plain\nContent-Disposition: attachment;"
			" filename=\"old\"; filename*=Shift_JIS''%83e%83X.txt\n\n--x y--\n",
			"1 a/b \xe3\x83\x86\xe3\x82\xb9.txt 0\n" },
	{ "broken extended values: no quote, bad digits, unknown charset",
			MULTI "\n--x y\nContent-Type: a/b; name*=x%20y\n\n--x y\n"
			      "Content-Type: a/b; name*=utf-8''%zz%e\n\n--x y\n"
			      "Content-Type: a/b; name*0*=x-none''%e9\n\n--x y\n"
			      "Content-Type: a/b; name*0*=; name*1=z; name*2\n\n--x y--\n",
			"1 a/b x y 0\n2 a/b %zz%e 0\n3 a/b \xc3\xa9 0\n4 a/b z 0\n" },
	{ "a parameter without a value is none; the first of two counts; an open quote ends with the header",
			MULTI
			"\n--x y\nContent-Type: a/b; name; name=; ; names=no; name=x\n\n--x y\n"
			"Content-Type: a/b; name =\t\"a;b\\\"; name=no\" ; name=no\n\n--x y\n"
			"Content-Type: a/b; name=\"x\\\n\n--x y--\n",
			"1 a/b  0\n2 a/b a;b\"; name=no 0\n3 a/b x\\ 0\n" },
	{ "a boundary and a charset in sections",
			"Content-Type: multipart/mixed; boundary*0=\"x \"; boundary*1=y\n\n--x y\n"
			"Content-Type: text/plain; charset*0=iso-; charset*1=8859-1\n\n\xe9\n--x y--\n",
			"| \xc3\xa9\n1 text/plain  3\n" },
	{ "a multipart without a boundary is one part", "Content-Type: multipart/mixed\n\na\n",
			"1 multipart/mixed  3\n" },
	{ "a boundary that is the head of another", MULTI "\n--x yz\n--x y\n\na\n--x yz\n--x y--\n",
			"| a\n| --x yz\n1 text/plain  11\n" },
};

static void on_text(void *ctx, struct bytes line)
{
	struct buf *seen = ctx;

	buf_puts(seen, "| ");
	buf_put(seen, line);
	buf_putc(seen, '\n');
}

static void on_part(void *ctx, const struct mime_part *part)
{
	struct buf *seen = ctx;

	buf_printf(seen, "%u ", part->number);
	buf_put(seen, buf_bytes(&part->type));
	buf_putc(seen, ' ');
	buf_put(seen, buf_bytes(&part->name));
	buf_printf(seen, " %u%s\n", (unsigned)part->octets, part->is_cut ? " cut" : "");
}

static void walk(struct bytes message, struct buf *seen)
{
	struct mime m = { .ctx = seen, .text = on_text, .part = on_part };
	struct bytes body = message, name, value, line;

	while (mailtext_next(&body, &name, &value))
		continue;
	mime_begin(&m, bytes_head(message, message.n - body.n));
	while (bytes_line(&body, &line))
		mime_line(&m, line);
	mime_end(&m);
}

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes message = bytes_of(cases[i].message);
		struct buf seen = BUF(10000);
		walk(message, &seen);
		if (!bytes_equal(buf_bytes(&seen), bytes_of(cases[i].seen)))
			fail_msg("%s:\n%s", cases[i].name, buf_text(&seen));
		for (size_t cut = 0; cut < message.n; cut++)
			walk(bytes_head(message, cut), &seen); /* the sanitizers look on */
		buf_free(&seen);
	}
}

static void test_a_long_text_is_cut(void **state)
{
	struct buf message = BUF(1 << 20), seen = BUF(1 << 20);

	(void)state;
	buf_puts(&message, "Content-Transfer-Encoding: quoted-printable\n\n");
	while (message.n < MIME_TEXT_MAX + 1000)
		buf_puts(&message, "0123456789abcdef\n");
	walk(buf_bytes(&message), &seen);
	assert_true(bytes_ends(buf_bytes(&seen), BYTES(" cut\n")));
	buf_free(&message);
	buf_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
