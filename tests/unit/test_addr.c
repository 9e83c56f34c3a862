/* test_addr - addresses and endpoints as users write them
 * SPDX-License-Identifier: MIT */
#include "net/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_addresses(void **state)
{
	static const struct {
		const char *in, *ip, *text; /* NULL: refused */
		bool is_loopback;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1:25", false },
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1:25", true },
		{ "127.255.255.254", "127.255.255.254", "127.255.255.254:25", true },
		{ "126.255.255.255", "126.255.255.255", "126.255.255.255:25", false },
		{ "128.0.0.1", "128.0.0.1", "128.0.0.1:25", false },
		{ "2001:DB8:0::1", "2001:db8::1", "[2001:db8::1]:25", false },
		{ "::1", "::1", "[::1]:25", true },
		{ "::2", "::2", "[::2]:25", false },
		{ "::ffff:127.0.0.1", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]:25", true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:25", false },
		{ "fe80::1%lo", "fe80::1%lo", "[fe80::1%lo]:25", false },
		{ "fe80::1%1", "fe80::1%lo", "[fe80::1%lo]:25", false },
		{ "fe80::1", NULL, "needs its interface", false },
		{ "fe80::1%nosuch0", NULL, "no such interface", false },
		{ "fe80::1%", NULL, "no such interface", false },
		{ "", NULL, "not an IP", false },
		{ "127.1", NULL, "not an IP", false },
		{ "0x7f.0.0.1", NULL, "not an IP", false },
		{ "256.0.0.1", NULL, "not an IP", false },
		{ "1.2.3.4.5", NULL, "not an IP", false },
		{ " 1.2.3.4", NULL, "not an IP", false },
		{ "[::1]", NULL, "not an IP", false },
		{ "1::2::3", NULL, "not an IP", false },
		{ "mail.example.com", NULL, "not an IP", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a;
		struct err e = { .kind = ERR_NONE };
		char text[ADDR_TEXT_MAX];
		bool ok = addr_parse(&a, cases[i].in, 25, &e);
		if (ok != (cases[i].ip != NULL))
			fail_msg("'%s': %s", cases[i].in, e.text);
		if (!ok) {
			assert_int_equal(e.kind, ERR_USAGE);
			assert_non_null(strstr(e.text, cases[i].text));
			continue;
		}
		addr_ip(&a, text);
		assert_string_equal(text, cases[i].ip);
		addr_text(&a, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(addr_is_loopback(&a), cases[i].is_loopback);
		assert_true(addr_is_numeric(cases[i].in));
		addr_set_port(&a, 65535);
		assert_int_equal(addr_port(&a), 65535);
	}
}

static void test_private(void **state)
{
	static const char *const yes[] = { "10.0.0.0", "10.255.255.255", "172.16.0.0",
		"172.31.255.255", "192.168.0.1", "100.64.0.0", "100.127.255.255", "169.254.1.1",
		"::ffff:10.1.2.3", "::ffff:172.20.0.1", "fc00::1", "fdff::1", "fe80::1",
		"fe80::1%lo", "febf::1" };
	static const char *const no[] = { "9.255.255.255", "11.0.0.0", "172.15.255.255",
		"172.32.0.0", "172.217.1.1", "192.167.255.255", "192.169.0.0", "100.63.255.255",
		"100.128.0.0", "100.20.1.1", "169.253.1.1", "127.0.0.1", "::1", "::ffff:8.8.8.8",
		"2001:db8::1", "fbff::1", "fe00::1", "fec0::1", "", "10.1", "mail.example.com",
		"10.0.0.1 " };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		if (!addr_is_private(bytes_of(yes[i])))
			fail_msg("%s is private", yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		if (addr_is_private(bytes_of(no[i])))
			fail_msg("%s is not private", no[i]);
}

static void test_unknown_family(void **state)
{
	struct addr a = { .len = 0 };
	char text[ADDR_TEXT_MAX];

	(void)state;
	addr_ip(&a, text);
	assert_string_equal(text, "");
	addr_text(&a, text);
	assert_string_equal(text, "");
	addr_set_port(&a, 25);
	assert_int_equal(addr_port(&a), 0);
	assert_false(addr_is_loopback(&a));
}

#define NAME63 "a23456789012345678901234567890123456789012345678901234567890123"
#define LONG_NAME NAME63 "." NAME63 "." NAME63 "." NAME63
#define TCP(host_, port_)                                      \
	{                                                      \
		.kind = ADDR_TCP, .host = host_, .port = port_ \
	}
#define URL(host_, port_, user_, proto_, tls_)                                                    \
	{                                                                                         \
		.kind = ADDR_TCP, .host = host_, .port = port_, .user = user_, .has_proto = true, \
		.proto = proto_, .tls = tls_                                                      \
	}

static const struct {
	const char *in;
	struct endpoint want;
} good[] = {
	{ "mail.example.com", TCP("mail.example.com", 0) },
	{ "mail.example.com:587", TCP("mail.example.com", 587) },
	{ "mail.example.com.:25", TCP("mail.example.com.", 25) },
	{ "my_host", TCP("my_host", 0) },
	{ "xn--mller-kva.example", TCP("xn--mller-kva.example", 0) },
	{ "M\xc3\xbcller.example:25", TCP("xn--mller-kva.example", 25) },
	{ "192.0.2.1", TCP("192.0.2.1", 0) },
	{ "192.0.2.1:1", TCP("192.0.2.1", 1) },
	{ "192.0.2.1:65535", TCP("192.0.2.1", 65535) },
	{ "[192.0.2.1]:25", TCP("192.0.2.1", 25) },
	{ "[mail.example.com]:587", TCP("mail.example.com", 587) },
	{ "2001:db8::25", TCP("2001:db8::25", 0) },
	{ "[2001:db8::25]", TCP("2001:db8::25", 0) },
	{ "[2001:db8::25]:25", TCP("2001:db8::25", 25) },
	{ "[IPv6:2001:db8::25]:25", TCP("2001:db8::25", 25) },
	{ "::1", TCP("::1", 0) },
	{ "fe80::1%eth0", TCP("fe80::1%eth0", 0) },
	{ "[fe80::1%eth0]:25", TCP("fe80::1%eth0", 25) },
	{ "smtp://mail.example.com", URL("mail.example.com", 25, "", PROTO_SMTP, ADDR_TLS_NONE) },
	{ "SMTP://mail.example.com/", URL("mail.example.com", 25, "", PROTO_SMTP, ADDR_TLS_NONE) },
	{ "smtps://mail.example.com",
			URL("mail.example.com", 465, "", PROTO_SMTP, ADDR_TLS_IMPLICIT) },
	{ "submission://h:2525", URL("h", 2525, "", PROTO_SMTP, ADDR_TLS_NONE) },
	{ "submissions://h", URL("h", 465, "", PROTO_SMTP, ADDR_TLS_IMPLICIT) },
	{ "pop3://h", URL("h", 110, "", PROTO_POP3, ADDR_TLS_NONE) },
	{ "pop3s://[::1]:1995/", URL("::1", 1995, "", PROTO_POP3, ADDR_TLS_IMPLICIT) },
	{ "imap://h", URL("h", 143, "", PROTO_IMAP, ADDR_TLS_NONE) },
	{ "imaps://h", URL("h", 993, "", PROTO_IMAP, ADDR_TLS_IMPLICIT) },
	{ "lmtp://h",
			{ .host = "h",
					.port = 24,
					.has_proto = true,
					.proto = PROTO_SMTP,
					.is_lmtp = true,
					.tls = ADDR_TLS_NONE } },
	{ "pop3://sample@h", URL("h", 110, "sample", PROTO_POP3, ADDR_TLS_NONE) },
	{ "pop3://sample%40example.com@h",
			URL("h", 110, "sample@example.com", PROTO_POP3, ADDR_TLS_NONE) },
	{ "pop3://sample@example.com@h",
			URL("h", 110, "sample@example.com", PROTO_POP3, ADDR_TLS_NONE) },
	{ "unix:/run/dovecot/lmtp", { .kind = ADDR_UNIX, .host = "/run/dovecot/lmtp" } },
	{ "exec:sendmail -bs", { .kind = ADDR_EXEC, .host = "sendmail -bs" } },
};

static const struct {
	const char *name, *in, *says;
} bad[] = {
	{ "empty", "", "no host name" },
	{ "port only", ":25", "no host name" },
	{ "port missing", "h:", "1 to 65535" },
	{ "port 0", "h:0", "1 to 65535" },
	{ "port too high", "h:65536", "1 to 65535" },
	{ "port with a sign", "h:+25", "1 to 65535" },
	{ "port with a name", "h:smtp", "1 to 65535" },
	{ "octets behind the port", "h:25x", "1 to 65535" },
	{ "bracket missing", "[::1", "']' is missing" },
	{ "octets behind the bracket", "[::1]25", "1 to 65535" },
	{ "nearly an IPv6 address", "2001:db8::zz", "no IPv6 address" },
	{ "empty brackets", "[]", "no host name" },
	{ "blank", "a b", "no host name" },
	{ "line end", "a\r\nb", "no host name" },
	{ "escape", "a\033[0m", "no host name" },
	{ "escape in a scope id", "[fe80::1%\033]", "no host name" },
	{ "blank in a scope id", "fe80::1%a b", "no IPv6 address" },
	{ "not UTF-8", "m\xfcller.example", "not UTF-8" },
	{ "two dots", "a..b", "no host name" },
	{ "dot in front", ".a", "no host name" },
	{ "only a dot", ".", "no host name" },
	{ "half an address", "127.1", "no IP address" },
	{ "five numbers", "1.2.3.4.5", "no IP address" },
	{ "name of 255 octets", LONG_NAME, "no host name" },
	{ "name of 319 octets", LONG_NAME "." NAME63, "too long" },
	{ "unknown scheme", "http://h", "unknown scheme 'http://'" },
	{ "no scheme", "://h", "unknown scheme" },
	{ "path", "smtp://h/client.example.com", "nothing may follow" },
	{ "no user", "pop3://@h", "user before" },
	{ "bad encoding", "pop3://a%4@h", "user before" },
	{ "bad hex", "pop3://a%zz@h", "user before" },
	{ "encoded NUL", "pop3://a%00b@h", "user before" },
	{ "encoded line end", "pop3://a%0d%0aDELE@h", "user before" },
	{ "no path", "unix:", "1 to 255" },
	{ "no command", "exec: ", "1 to 255" },
	{ "control in a path", "unix:/a\nb", "1 to 255" },
};

static void test_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct endpoint *want = &good[i].want;
		struct endpoint ep;
		struct err e = { .kind = ERR_NONE };
		if (!endpoint_parse(&ep, good[i].in, &e))
			fail_msg("%s: %s", good[i].in, e.text);
		assert_int_equal(ep.kind, want->kind);
		assert_string_equal(ep.host, want->host);
		assert_int_equal(ep.port, want->port);
		assert_string_equal(ep.user, want->user);
		assert_int_equal(ep.has_proto, want->has_proto);
		assert_int_equal(ep.proto, want->proto);
		assert_int_equal(ep.is_lmtp, want->is_lmtp);
		assert_int_equal(ep.tls, want->tls);
	}
}

static void test_refused_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct endpoint ep;
		struct err e = { .kind = ERR_NONE };
		if (endpoint_parse(&ep, bad[i].in, &e))
			fail_msg("%s: taken", bad[i].name);
		assert_int_equal(e.kind, ERR_USAGE);
		if (!strstr(e.text, bad[i].says))
			fail_msg("%s: %s", bad[i].name, e.text);
	}
}

static void test_password_is_refused_and_not_shown(void **state)
{
	struct endpoint ep;
	struct err e;

	(void)state;
	assert_false(endpoint_parse(&ep, "pop3://sample:s3cret@h", &e));
	assert_int_equal(e.kind, ERR_USAGE);
	assert_non_null(strstr(e.text, "--pass-file"));
	assert_null(strstr(e.text, "s3cret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_unknown_family),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_refused_endpoints),
		cmocka_unit_test(test_password_is_refused_and_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
