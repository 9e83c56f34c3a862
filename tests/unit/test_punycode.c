/* test_punycode - RFC 3492's samples, and international host names
 * SPDX-License-Identifier: MIT */
#include "proto/punycode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "proto/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 3492 7.1, (A) to (S), as UTF-8. */
static void test_samples(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn" },
		{ "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye" },
		{ "他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb" },
		{ "Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a" },
		{ "למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b" },
		{ "यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd" },
		{ "なぜみんな日本語を話してくれないのか",
				"n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa" },
		{ "세계의모든사람들이한국어를이해한다면얼마나좋을까",
				"989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c" },
		{ "почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l" },
		{ "PorquénopuedensimplementehablarenEspañol",
				"PorqunopuedensimplementehablarenEspaol-fmd56a" },
		{ "TạisaohọkhôngthểchỉnóitiếngViệt",
				"TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g" },
		{ "3年B組金八先生", "3B-ww4c5e180e575a65lsy2b" },
		{ "安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n" },
		{ "Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b" },
		{ "ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v" },
		{ "MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e" },
		{ "パフィーdeルンバ", "de-jg4avhby1noc0d" },
		{ "そのスピードで", "d9juau41awczczp" },
		{ "-> $1.00 <-", "-> $1.00 <--" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes in = bytes_of(cases[i].in);
		struct buf out = BUF(256);
		uint32_t points[PUNYCODE_LABEL_MAX];
		size_t n = 0;
		while (n < COUNT(points) && utf8_take(&in, &points[n]))
			n++;
		assert_int_equal(in.n, 0);
		punycode_encode(points, n, &out);
		assert_string_equal(buf_text(&out), cases[i].out);
		buf_free(&out);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused, because of why */
		const char *why;
	} cases[] = {
		{ "bücher.example", "xn--bcher-kva.example", NULL },
		{ "BÜCHER.Example", "xn--bcher-kva.example", NULL },
		{ "mail.bücher.example.", "mail.xn--bcher-kva.example.", NULL },
		{ "faß.de", "xn--fa-hia.de", NULL },
		{ "ΒΌΛΟΣ.com", "xn--nxasmq6b.com", NULL }, /* the final sigma is not made */
		{ "ΠΑΡΆΔΕΙΓΜΑ.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp", NULL },
		{ "ПРИМЕР.испытание", "xn--e1afmkfd.xn--80akhbyknj4f", NULL },
		{ "ЁЖ.example", "xn--f1a7c.example", NULL },
		{ "ŽLUŤOUČKÝ.example", "xn--luouk-uva4it5a4g.example", NULL },
		{ "例え。テスト", "xn--r8jz45g.xn--zckzah", NULL },
		{ "例え．テスト｡", "xn--r8jz45g.xn--zckzah.", NULL },
		{ "l·l.cat", "xn--ll-0ea.cat", NULL },
		{ "plain.Example", "plain.Example", NULL },
		{ "a b", "a b", NULL }, /* ASCII is the caller's to judge */
		{ "", "", NULL },
		{ "bu\xcc\x88"
		  "cher.example",
				NULL, "accent" },
		{ "b\xfc"
		  "cher.example",
				NULL, "UTF-8" },
		{ "bü cher.example", NULL, "no name" },
		{ "bü@cher.example", NULL, "no name" },
		{ "bü\xe2\x80\x8b.example", NULL, "no name" },
		{ "ü\r\nx", NULL, "no name" },
		{ "-ü.example", NULL, "hyphen" },
		{ "ü-.example", NULL, "hyphen" },
		{ "İ.example", NULL, "no name" },
		{ "üaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", NULL,
				"too long" },
		{ "ü.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
				NULL, "too long" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF(256);
		const char *why = NULL;
		bool ok = punycode_host(bytes_of(cases[i].in), &out, &why);
		if (ok != (cases[i].out != NULL))
			fail_msg("%s: %s", cases[i].in, ok ? buf_text(&out) : why);
		if (ok)
			assert_string_equal(buf_text(&out), cases[i].out);
		else
			assert_non_null(strstr(why, cases[i].why));
		buf_free(&out);
	}
}

static void test_no_room(void **state)
{
	struct buf out = BUF(10);
	const char *why;

	(void)state;
	assert_false(punycode_host(bytes_of("bücher.example"), &out, &why));
	assert_non_null(strstr(why, "too long"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
