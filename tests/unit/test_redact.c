/* test_redact - unit tests of logs that can be shown around
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/maillogwatch.h"
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { TEXT_MAX = 1024 * 1024 };

static const struct {
	const char *name, *in, *out;
} rows[] = {
	{ "an address", "from=<a@example.org>, size=1", "from=<user1@domain2.example>, size=1" },
	{ "an address in other letters is the same", "<a@example.org> <A@Example.ORG>",
			"<user1@domain2.example> <user1@domain2.example>" },
	{ "the same domain", "a@example.org b@example.org",
			"user1@domain2.example user3@domain2.example" },
	{ "host and address", "client=mail.example.org[192.0.2.1]",
			"client=host1.example[240.0.0.2]" },
	{ "a port stays", "relay=mx.example.org[192.0.2.9]:25, x",
			"relay=host1.example[240.0.0.2]:25, x" },
	{ "IPv6", "rip=2001:db8:1::5, lip=fe80::1", "rip=2001:db8::1, lip=fd00::2" },
	{ "IPv4 in IPv6 is the same", "[::ffff:192.0.2.44] [192.0.2.44]",
			"[::ffff:240.0.0.1] [240.0.0.1]" },
	{ "what is private stays so", "172.18.0.1 192.168.1.1 100.64.0.9 fd12::1 192.0.2.1",
			"10.0.0.1 10.0.0.2 10.0.0.3 fd00::4 240.0.0.5" },
	{ "where a server listens", "0.0.0.0:25", "0.0.0.0:25" },
	{ "a time is no address", "Mar  3 04:05:06 mx1 x", "Mar  3 04:05:06 mx1 x" },
	{ "a queue id, codes and delays stay",
			"4cDCnd66Hyz1XPWFF: delays=0.2/0.02/0.04/3.3, dsn=5.1.1 (550 5.1.1 no)",
			"4cDCnd66Hyz1XPWFF: delays=0.2/0.02/0.04/3.3, dsn=5.1.1 (550 5.1.1 no)" },
	{ "files stay", "open /etc/postfix/main.cf smtpd_scache.db",
			"open /etc/postfix/main.cf smtpd_scache.db" },
	{ "a login name", "sasl_username=admin", "sasl_username=user1" },
	{ "login names of Dovecot", "user=<bob>, pam(bob,192.0.2.1) imap(bob): x",
			"user=<user1>, pam(user1,240.0.0.2) imap(user1): x" },
	{ "a session's id holds its client's address",
			"pam(bob,192.0.2.1,<bQpM/HUy2tjzfN/I>): x, imap(bob)<7><bQpM/HUy2tjzfN/I>: x"
			" session=<bQpM/HUy2tjzfN/I>",
			"pam(user1,240.0.0.2,<session3>): x, imap(user1)<7><session3>: x"
			" session=<session3>" },
	{ "addresses without domain",
			"from=<root> orig_to=<bob> from=bob, 1tp0ab-00003f-1X => bob <bob@example.org>",
			"from=<user1> orig_to=<user2> from=user2, 1tp0ab-00003f-1X => user2"
			" <user2@domain3.example>" },
	{ "Exim's login", "A=plain:bob U=bob set_id=bob", "A=plain:user1 U=user1 set_id=user1" },
	{ "Cyrus' login", "login: localhost [192.0.2.1] bob plaintext User logged in",
			"login: localhost [240.0.0.1] user2 plaintext User logged in" },
	{ "a HELO without dots",
			"504 <PC7>: Helo command rejected: x; helo=<PC7> H=(localhost) helo=<a.b.example>",
			"504 <host1>: Helo command rejected: x; helo=<host1> H=(localhost)"
			" helo=<host2.example>" },
	{ "a login name of Dovecot 2.4", "auth(bob,192.0.2.1,sasl:plain)<DsZLZGhhVOt/AAAB>: x",
			"auth(user1,240.0.0.2,sasl:plain)<session3>: x" },
	{ "a password", "pam(bob,192.0.2.1): unknown user (given password: a (b) bob@x.org), y",
			"pam(user1,240.0.0.2): unknown user (given password: <hidden, 15 bytes>), y" },
	{ "a password's hash", "Password mismatch (SHA1 of given password: 1310ce)",
			"Password mismatch (SHA1 of given password: <hidden, 6 bytes>)" },
	{ "a password that a cut took the end of", "(given password: x",
			"(given password: <hidden, 1 bytes>" },
	{ "no login name", "user=<>, x", "user=<>, x" },
	{ "a message-id", "message-id=<20250303.1@host.example.org>",
			"message-id=<user1@domain2.example>" },
	{ "a full stop behind", "Name or service not known: mail.example.org.",
			"Name or service not known: host1.example." },
	{ "words that follow \"user\"", "check pass; user unknown; user zell: x; for user bob.",
			"check pass; user unknown; user user1: x; for user user2." },
	{ "loopback", "127.0.0.1[127.0.0.1]:10024 [::1]:25",
			"127.0.0.1[127.0.0.1]:10024 [::1]:25" },
	{ "an address alone", "192.0.2.1", "240.0.0.1" },
	{ "a quoted local part", "to=<\"john doe\"@example.org>, x",
			"to=<user1@domain2.example>, x" },
	{ "a service in front", "(smtp:192.0.2.44) (smtp:2001:db8:1::5) IPv6:2001:db8:1::5",
			"(smtp:240.0.0.1) (smtp:2001:db8::2) IPv6:2001:db8::2" },
	{ "a zone behind",
			"fe80::1%eth0 fe80::1: 2001:db8::", "fd00::1%eth0 fd00::1: 2001:db8::2" },
	{ "in an URL", "https://www.example.org/query?ip=192.0.2.44",
			"https://host1.example/query?ip=240.0.0.2" },
	{ "in a path", "/etc/letsencrypt/live/example.com/fullchain.pem /etc/mail/access",
			"/etc/letsencrypt/live/host1.example/fullchain.pem /etc/mail/access" },
	{ "a mailbox", "/home/alice/Maildir/x /var/vmail/example.com/bob/Maildir /var/mail/bob",
			"/home/user1/Maildir/x /var/vmail/host2.example/user3/Maildir /var/mail/user3" },
	{ "a DKIM key", "'mail._domainkey.example.com'", "'host1.example'" },
	{ "a domain alone", "@example.com a@example.com",
			"@domain1.example user2@domain1.example" },
	{ "", "", "" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct redact *r = redact_new(BYTES("0123456789abcdef"), true);
		struct buf out = BUF(TEXT_MAX);
		redact_line(r, bytes_of(rows[i].in), &out);
		if (strcmp(buf_text(&out), rows[i].out) != 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&out));
		buf_free(&out);
		redact_free(r);
	}
}

/* --- over sample logs: nothing is left, the same is the same --- */

static bool is_of(unsigned char c, const char *more)
{
	return (c >= '0' && c <= '9') || (unsigned)((c | 32) - 'a') < 26 || c >= 0x80 ||
			(c && strchr(more, c));
}

/* The next run of such octets. */
static bool next_run(struct bytes *rest, const char *more, struct bytes *run)
{
	size_t from = 0, n = 0;

	while (from < rest->n && !is_of(rest->p[from], more))
		from++;
	while (from + n < rest->n && is_of(rest->p[from + n], more))
		n++;
	*run = (struct bytes){ rest->p + from, n };
	*rest = bytes_skip(*rest, from + n);
	return n > 0;
}

static size_t count_of(struct bytes in, unsigned char c)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++)
		n += in.p[i] == c;
	return n;
}

/* What is left of it is somebody's: an octet more at an end makes another word. */
static bool has_word(struct bytes in, struct bytes word, const char *more)
{
	for (size_t at = 0; (at += bytes_search(bytes_skip(in, at), word)) < in.n; at++)
		if ((at == 0 || !is_of(in.p[at - 1], more)) &&
				(at + word.n >= in.n || !is_of(in.p[at + word.n], more)))
			return true;
	return false;
}

static bool is_ip(struct bytes run)
{
	unsigned char ip[] = "0.0.0.0/0", ip6[] = "::/0";

	return filter_ip_in(run, (struct bytes){ ip, 9 }) ||
			(count_of(run, ':') > 2 && filter_ip_in(run, (struct bytes){ ip6, 4 }));
}

/* Every run of the line that is an address or an IP address by itself is gone. */
static void check_line(struct redact *r, struct bytes line)
{
	struct buf out = BUF(TEXT_MAX), again = BUF(TEXT_MAX);
	struct bytes rest = line, run;

	redact_line(r, line, &out);
	redact_line(r, line, &again);
	assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&again)));
	while (next_run(&rest, "@.-_+", &run)) {
		size_t at = bytes_find(run, '@');
		if (at > 0 && at + 2 < run.n && has_word(buf_bytes(&out), run, "@.-_+"))
			fail_msg("%.*s is left: %s", (int)run.n, (const char *)run.p,
					buf_text(&out));
	}
	rest = line;
	while (next_run(&rest, ":.", &run)) {
		while (run.n > 0 && memchr(":.", run.p[run.n - 1], 2))
			run.n--;
		if (is_ip(run) && !filter_ip_in(run, BYTES("::1")) &&
				!filter_ip_in(run, BYTES("127.0.0.0/8")) &&
				!bytes_equal(run, BYTES("0.0.0.0")) &&
				has_word(buf_bytes(&out), run, ":."))
			fail_msg("%.*s is left: %s", (int)run.n, (const char *)run.p,
					buf_text(&out));
	}
	buf_free(&out);
	buf_free(&again);
}

static void test_sample_logs(void **state)
{
	static const char *const names[] = { "tests/data/catalogue.tsv",
		"tests/data/article-pam.log", "tests/data/article-tlsmgr.log",
		"tests/fuzz/corpus/maillog/lines0", "tests/fuzz/corpus/maillog/lines1",
		"tests/fuzz/corpus/maillog/lines2", "tests/fuzz/corpus/maillog/lines3",
		"tests/fuzz/corpus/maillog/lines4", "tests/fuzz/corpus/maillog/lines5",
		"tests/fuzz/corpus/maillog/lines6", "tests/fuzz/corpus/maillog/lines7" };
	struct redact *r = redact_new(BYTES("0123456789abcdef"), true);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf text = BUF(TEXT_MAX);
		struct err e = { 0 };
		struct bytes line;
		if (!file_read(names[i], &text, &e))
			fail_msg("%s", e.text);
		for (struct bytes rest = buf_bytes(&text); bytes_line(&rest, &line);)
			check_line(r, line);
		buf_free(&text);
	}
	redact_free(r);
}

/* --- however many names there are: the same always by the same, and no two by one --- */

enum { NAMES = REDACT_NAMES_MAX + 2000, KINDS = 4, SAMPLES = 4000, SAMPLE_MAX = 100 };

/* All kinds of names come to the limit, and past it. */
static void put_line(struct buf *out, unsigned i)
{
	static const char *const forms[KINDS][2] = { { "user=<u", ">" }, { "x h", ".example.org" },
		{ "[2001:db8:7::", "]" }, { "<u", "@a.example>" } };

	buf_clear(out);
	if (i % 5 == KINDS)
		buf_printf(out, "[23.%u.%u.%u]", i >> 16, i >> 8 & 255, i & 255);
	else
		buf_printf(out, "%s%x%s", forms[i % 5][0], i, forms[i % 5][1]);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_many_names(void **state)
{
	static char first[SAMPLES][SAMPLE_MAX];
	struct redact *r = redact_new(BYTES("0123456789abcdef"), true);
	struct buf line = BUF(SAMPLE_MAX), out = BUF(SAMPLE_MAX);

	(void)state;
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0, n = 0; i < NAMES; i++) {
			bool is_sample = i < SAMPLES / 2 || i >= NAMES - SAMPLES / 2;
			if (pass > 0 && !is_sample)
				continue;
			put_line(&line, i);
			buf_clear(&out);
			redact_line(r, buf_bytes(&line), &out);
			if (is_sample && pass == 0)
				memcpy(first[n++], buf_text(&out), out.n + 1);
			else if (is_sample)
				assert_string_equal(first[n++], buf_text(&out));
		}
	qsort(first, SAMPLES, SAMPLE_MAX, compare);
	for (size_t i = 1; i < SAMPLES; i++)
		assert_string_not_equal(first[i - 1], first[i]);
	buf_free(&line);
	buf_free(&out);
	redact_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sample_logs),
		cmocka_unit_test(test_many_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
