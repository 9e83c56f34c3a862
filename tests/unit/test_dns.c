/* test_dns - names to addresses: messages, files, servers
 * SPDX-License-Identifier: MIT */
#include "net/dns.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakes/fake_world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { LIMIT_MS = 10000 };

static int setup(void **state)
{
	struct fake_world *f = test_calloc(1, sizeof(*f));

	fake_world_init(f);
	fake_world_real_clock(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fake_world_free(*state);
	test_free(*state);
	return 0;
}

/* --- messages --- */

#define HEAD(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION(type) "\1a\7example\0\0" type "\0\1"
#define OWNER "\xc0\x0c"
#define RR(owner, type, size, data) owner "\0" type "\0\1\0\0\0\x3c\0" size data
#define MESSAGE(text) text, sizeof(text) - 1

static const struct message_case {
	const char *name, *message;
	size_t n;
	enum dns_type type;
	bool ok;
	enum err_kind kind;
	size_t count;
	const char *first; /* name or address of the first record */
} messages[] = {
	{ "one address",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR(OWNER, "\1", "\4", "\xc0\0\2\1")),
			DNS_A, true, ERR_NONE, 1, "192.0.2.1" },
	{ "two addresses",
			MESSAGE(HEAD("\x81\x80", "\2") QUESTION("\1") RR(OWNER, "\1", "\4",
					"\xc0\0\2\1") RR(OWNER, "\1", "\4", "\xc0\0\2\2")),
			DNS_A, true, ERR_NONE, 2, "192.0.2.1" },
	{ "IPv6",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\x1c") RR(OWNER, "\x1c", "\x10",
					" \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1")),
			DNS_AAAA, true, ERR_NONE, 1, "2001:db8::1" },
	{ "letters of either case",
			MESSAGE(HEAD("\x81\x80", "\1") "\1A\7eXample\0\0\1\0\1" RR("\1a\7EXAMPLE\0",
					"\1", "\4", "\xc0\0\2\1")),
			DNS_A, true, ERR_NONE, 1, "192.0.2.1" },
	{ "alias, then the address",
			MESSAGE(HEAD("\x81\x80", "\2") QUESTION("\1") RR(OWNER, "\5", "\4",
					"\1b\xc0\x0e") RR("\1b\xc0\x0e", "\1", "\4", "\xc0\0\2\1")),
			DNS_A, true, ERR_NONE, 1, "192.0.2.1" },
	{ "address before its alias",
			MESSAGE(HEAD("\x81\x80", "\2") QUESTION("\1") RR("\1b\xc0\x0e", "\1", "\4",
					"\xc0\0\2\1") RR(OWNER, "\5", "\4", "\1b\xc0\x0e")),
			DNS_A, true, ERR_NONE, 1, "192.0.2.1" },
	{ "alias of itself",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1") RR(OWNER, "\5", "\2", OWNER)),
			DNS_A, true, ERR_NONE, 0, NULL },
	{ "address of another name",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION(
					"\1") RR("\1b\xc0\x0e", "\1", "\4", "\xc0\0\2\1")),
			DNS_A, true, ERR_NONE, 0, NULL },
	{ "another class",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1") OWNER
					"\0\1\0\3\0\0\0\x3c\0\4\xc0\0\2\1"),
			DNS_A, true, ERR_NONE, 0, NULL },
	{ "MX",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION(
					"\xf") RR(OWNER, "\xf", "\6", "\0\x0a\1m\xc0\x0e")),
			DNS_MX, true, ERR_NONE, 1, "m.example" },
	{ "null MX (RFC 7505)",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\xf")
							RR(OWNER, "\xf", "\3", "\0\0\0")),
			DNS_MX, true, ERR_NONE, 1, "" },
	{ "TLSA",
			MESSAGE(HEAD("\x81\xa0", "\1") QUESTION("\x34")
							RR(OWNER, "\x34", "\5", "\3\1\1\xab\xcd")),
			DNS_TLSA, true, ERR_NONE, 1, "" },
	{ "TLSA without data",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\x34")
							RR(OWNER, "\x34", "\3", "\3\1\1")),
			DNS_TLSA, false, ERR_PROTOCOL, 0, NULL },
	{ "name with odd octets",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\x0c")
							RR(OWNER, "\x0c", "\7", "\5a.\033\\ \0")),
			DNS_PTR, true, ERR_NONE, 1, "a\\046\\027\\092\\032" },
	{ "CNAME itself",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\5")
							RR(OWNER, "\5", "\4", "\1b\xc0\x0e")),
			DNS_CNAME, true, ERR_NONE, 1, "b.example" },
	{ "nothing", MESSAGE(HEAD("\x81\x80", "\0") QUESTION("\1")), DNS_A, true, ERR_NONE, 0,
			NULL },
	{ "no such name", MESSAGE(HEAD("\x81\x83", "\0") QUESTION("\1")), DNS_A, true, ERR_NONE, 0,
			NULL },
	{ "SERVFAIL", MESSAGE(HEAD("\x81\x82", "\0") QUESTION("\1")), DNS_A, false, ERR_DNS, 0,
			NULL },
	{ "REFUSED", MESSAGE(HEAD("\x81\x85", "\0") QUESTION("\1")), DNS_A, false, ERR_DNS, 0,
			NULL },
	{ "FORMERR without the question", MESSAGE("\x12\x34\x81\x81\0\0\0\0\0\0\0\0"), DNS_A, false,
			ERR_DNS, 0, NULL },
	{ "no question", MESSAGE("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"), DNS_A, false, ERR_PROTOCOL, 0,
			NULL },
	{ "another id", MESSAGE("\x12\x35\x81\x80\0\1\0\0\0\0\0\0" QUESTION("\1")), DNS_A, false,
			ERR_PROTOCOL, 0, NULL },
	{ "a question, no answer", MESSAGE(HEAD("\1\0", "\0") QUESTION("\1")), DNS_A, false,
			ERR_PROTOCOL, 0, NULL },
	{ "answer to another name", MESSAGE(HEAD("\x81\x80", "\0") "\1b\7example\0\0\1\0\1"), DNS_A,
			false, ERR_PROTOCOL, 0, NULL },
	{ "answer to another type", MESSAGE(HEAD("\x81\x80", "\0") QUESTION("\x1c")), DNS_A, false,
			ERR_PROTOCOL, 0, NULL },
	{ "name that points at itself",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR("\xc0\x1b", "\1", "\4", "\xc0\0\2\1")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
	{ "name that points ahead",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR("\xc0\x20", "\1", "\4", "\xc0\0\2\1")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
	{ "reserved label kind",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR("\x80", "\1", "\4", "\xc0\0\2\1")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
	{ "address of three octets",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR(OWNER, "\1", "\3", "\xc0\0\2")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
	{ "data longer than the message",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\1")
							RR(OWNER, "\1", "\5", "\xc0\0\2\1")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
	{ "name shorter than its data",
			MESSAGE(HEAD("\x81\x80", "\1") QUESTION("\x0c")
							RR(OWNER, "\x0c", "\5", "\1b\0xx")),
			DNS_PTR, false, ERR_PROTOCOL, 0, NULL },
	{ "fewer records than told",
			MESSAGE(HEAD("\x81\x80", "\2") QUESTION("\1")
							RR(OWNER, "\1", "\4", "\xc0\0\2\1")),
			DNS_A, false, ERR_PROTOCOL, 0, NULL },
};

static bool parse_copy(const char *p, size_t n, enum dns_type type, struct dns_answer *answer,
		struct err *e)
{
	/* a block of just this size, so that the sanitizer sees a read past its end */
	unsigned char *copy = malloc(n ? n : 1);
	struct dns_question q = { .id = 0x1234, .name = "a.example.", .type = type };

	memcpy(copy, p, n);
	bool ok = dns_parse((struct bytes){ copy, n }, &q, answer, e);
	free(copy);
	return ok;
}

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		const struct message_case *c = &messages[i];
		struct dns_answer answer;
		struct err e = { .kind = ERR_NONE };
		char text[ADDR_TEXT_MAX];
		bool ok = parse_copy(c->message, c->n, c->type, &answer, &e);
		if (ok != c->ok || e.kind != c->kind || (ok && answer.count != c->count))
			fail_msg("%s: %zu records, %s", c->name, answer.count, e.text);
		if (!ok || !c->first)
			continue;
		addr_ip(&answer.at[0].addr, text);
		bool is_address = c->type == DNS_A || c->type == DNS_AAAA;
		assert_string_equal(is_address ? text : answer.at[0].name, c->first);
	}
}

static void test_messages_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++)
		for (size_t n = 0; messages[i].ok && n < messages[i].n; n++) {
			struct dns_answer answer;
			struct err e = { .kind = ERR_NONE };
			assert_false(parse_copy(messages[i].message, n, messages[i].type, &answer,
					&e));
			assert_int_equal(e.kind, ERR_PROTOCOL);
		}
}

static void test_flags(void **state)
{
	static const char message[] = HEAD("\x83\xa3", "\0") QUESTION("\xf");
	struct dns_answer answer;
	struct dns_question q = { .id = 0x1234, .name = "a.example", .type = DNS_MX };
	struct err e;

	(void)state;
	assert_true(dns_parse((struct bytes){ (const unsigned char *)message, sizeof(message) - 1 },
			&q, &answer, &e));
	assert_true(answer.is_truncated);
	assert_true(answer.nxdomain);
	assert_true(answer.authentic);
}

static void test_questions(void **state)
{
	static const char plain[] = "\x12\x34\1\x20\0\1\0\0\0\0\0\0" QUESTION("\1");
	static const char edns[] = "\x12\x34\1\x20\0\1\0\0\0\0\0\1" QUESTION(
			"\1") "\0\0\x29\4\xd0\0\0\0\0\0\0";
	static const char *const no_names[] = { "", ".", "a..b", ".a", "a..",
		"a234567890123456789012345678901234567890123456789012345678901234.example" };
	struct dns_question q = { .id = 0x1234, .name = "a.example.", .type = DNS_A };
	struct buf out = BUF(DNS_QUERY_MAX);
	struct err e;
	char longest[260];

	(void)state;
	assert_true(dns_ask(&out, &q, false, &e));
	assert_int_equal(out.n, sizeof(plain) - 1);
	assert_memory_equal(out.p, plain, out.n);
	buf_clear(&out);
	q.name = "a.example";
	assert_true(dns_ask(&out, &q, true, &e));
	assert_int_equal(out.n, sizeof(edns) - 1);
	assert_memory_equal(out.p, edns, out.n);
	for (size_t i = 0; i < COUNT(no_names); i++) {
		buf_clear(&out);
		q.name = no_names[i];
		assert_false(dns_ask(&out, &q, true, &e));
		assert_int_equal(e.kind, ERR_USAGE);
	}
	for (size_t n = 252; n <= 254; n++) { /* 253 octets is the longest name there is */
		for (size_t i = 0; i < n; i++)
			longest[i] = i % 64 == 63 ? '.' : 'x';
		longest[n] = '\0';
		buf_clear(&out);
		q.name = longest;
		assert_int_equal(dns_ask(&out, &q, true, &e), n <= 253);
	}
	buf_free(&out);
}

static void test_ptr_names(void **state)
{
	static const struct {
		const char *ip, *name;
	} cases[] = {
		{ "192.0.2.1", "1.2.0.192.in-addr.arpa" },
		{ "::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa" },
		{ "2001:db8::2:1",
				"1.0.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
	};
	char name[ADDR_HOST_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(addr_parse(&a, cases[i].ip, 0, NULL));
		dns_ptr_name(&a, name);
		assert_string_equal(name, cases[i].name);
	}
}

/* --- files --- */

static void test_resolv_conf(void **state)
{
	static const struct {
		const char *name, *text, *servers, *search;
		unsigned timeout_s, attempts;
	} cases[] = {
		{ "empty: the local one", "", "127.0.0.1:53 ", "", 5, 2 },
		{ "two", "nameserver 192.0.2.1\nnameserver 2001:db8::1\n",
				"192.0.2.1:53 [2001:db8::1]:53 ", "", 5, 2 },
		{ "three at most",
				"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
				"nameserver 1.1.1.4",
				"1.1.1.1:53 1.1.1.2:53 1.1.1.3:53 ", "", 5, 2 },
		{ "comments, tabs, CRLF", "# x\n;y\r\n\tnameserver\t192.0.2.1 # z\r\n",
				"192.0.2.1:53 ", "", 5, 2 },
		{ "no address", "nameserver localhost\nnameserver\nnameserver 1.2.3\n",
				"127.0.0.1:53 ", "", 5, 2 },
		{ "options", "options ndots:5 timeout:1 attempts:3\n", "127.0.0.1:53 ", "", 1, 3 },
		{ "options out of range", "options timeout:0 attempts:99 timeout:x\n",
				"127.0.0.1:53 ", "", 1, 2 },
		{ "the last search line counts", "domain a.example\nsearch b.example c.example\n",
				"127.0.0.1:53 ", "b.example c.example ", 5, 2 },
		{ "word that only begins alike", "nameservers 192.0.2.1\n", "127.0.0.1:53 ", "", 5,
				2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_conf conf;
		struct buf servers = BUF(1000), search = BUF(1000);
		char text[ADDR_TEXT_MAX];
		dns_conf_parse(&conf, bytes_of(cases[i].text));
		for (size_t k = 0; k < conf.server_count; k++) {
			addr_text(&conf.servers[k], text);
			buf_printf(&servers, "%s ", text);
		}
		for (size_t k = 0; k < conf.search_count; k++)
			buf_printf(&search, "%s ", conf.search[k]);
		assert_string_equal(buf_text(&servers), cases[i].servers);
		assert_string_equal(buf_text(&search), cases[i].search);
		assert_int_equal(conf.timeout_s, cases[i].timeout_s);
		assert_int_equal(conf.attempts, cases[i].attempts);
		buf_free(&servers);
		buf_free(&search);
	}
}

static void test_hosts(void **state)
{
	static const char file[] = "127.0.0.1 localhost # mail.example.com\n"
				   "::1\tlocalhost ip6-localhost\n"
				   "\n# 192.0.2.9 mail.example.com\n"
				   "192.0.2.1 Mail.Example.com mail\r\n"
				   "192.0.2.2 mail.example.com.evil\n"
				   "nonsense mail\n"
				   "2001:db8::1 mail";
	static const struct {
		const char *host;
		int family;
		const char *want;
	} cases[] = {
		{ "localhost", AF_UNSPEC, "127.0.0.1:25 [::1]:25 " },
		{ "LOCALHOST", AF_INET6, "[::1]:25 " },
		{ "mail.example.com", AF_UNSPEC, "192.0.2.1:25 " },
		{ "mail.example.com.", AF_UNSPEC, "192.0.2.1:25 " },
		{ "mail", AF_UNSPEC, "192.0.2.1:25 [2001:db8::1]:25 " },
		{ "mail", AF_INET, "192.0.2.1:25 " },
		{ "example.com", AF_UNSPEC, "" },
		{ "192.0.2.1", AF_UNSPEC, "" },
		{ "nonsense", AF_UNSPEC, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr_list list = { .count = 0 };
		struct buf out = BUF(1000);
		char text[ADDR_TEXT_MAX];
		assert_int_equal(dns_hosts_find(bytes_of(file), cases[i].host, 25, cases[i].family,
						 &list),
				cases[i].want[0] != '\0');
		for (size_t k = 0; k < list.count; k++) {
			addr_text(&list.at[k], text);
			buf_printf(&out, "%s ", text);
		}
		assert_string_equal(buf_text(&out), cases[i].want);
		buf_free(&out);
	}
}

/* --- a server in a child process, on UDP and TCP of one port --- */

struct server {
	pid_t pid;
	char text[ADDR_TEXT_MAX]; /* for dns_options.server */
	char ip[ADDR_TEXT_MAX];
};

/* The name decides: what the fake server answers to a question. */
static size_t make_answer(unsigned char *m, size_t n, bool tcp)
{
	static const unsigned char a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1 };
	static const unsigned char aaaa[] = { 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1,
		0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const unsigned char ptr[] = { 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, 3, 1, 'p', 0 };
	struct bytes in = { m, n };
	size_t name = bytes_find(bytes_skip(in, 12), 0) + 12; /* its end */
	unsigned type = m[name + 2];
	bool is_edns = m[11] == 1;
	const unsigned char *rr = type == 1 ? a : type == 28 ? aaaa : ptr;
	size_t rr_n = type == 1 ? sizeof(a) : type == 28 ? sizeof(aaaa) : sizeof(ptr);
	const char *first = (const char *)m + 13;

	n = name + 5; /* the question alone */
	m[2] = 0x81;
	m[3] = 0x80;
	m[11] = 0;
	if (strncmp(first, "nx", 2) == 0)
		m[3] = 0x83;
	else if (strncmp(first, "fail", 4) == 0)
		m[3] = 0x82;
	else if (strncmp(first, "old", 3) == 0 && is_edns)
		m[3] = 0x81;
	else if (strncmp(first, "big", 3) == 0 && !tcp)
		m[2] |= 2;
	else if (strncmp(first, "four", 4) == 0 && type == 28)
		;
	else if (strncmp(first, "half", 4) == 0 && type == 28)
		m[3] = 0x82;
	else if (strncmp(first, "none", 4) != 0) {
		m[7] = 1;
		memcpy(m + n, rr, rr_n);
		n += rr_n;
	}
	return n;
}

static void serve_udp(int fd)
{
	unsigned char m[600], forged[600];
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	ssize_t n = recvfrom(fd, m, sizeof(m) - 64, 0, (struct sockaddr *)&from, &size);

	if (n < 20 || strncmp((char *)m + 13, "silent", 6) == 0)
		return;
	if (strncmp((char *)m + 13, "forged", 6) == 0) { /* an answer with a wrong id comes first */
		memcpy(forged, m, sizeof(forged));
		size_t k = make_answer(forged, (size_t)n, false);
		forged[0] ^= 1;
		forged[k - 1] = 66;
		sendto(fd, forged, k, 0, (struct sockaddr *)&from, size);
		sendto(fd, "?", 1, 0, (struct sockaddr *)&from, size);
	}
	size_t k = make_answer(m, (size_t)n, false);
	sendto(fd, m, k, 0, (struct sockaddr *)&from, size);
}

static void serve_tcp(int listener)
{
	unsigned char m[600];
	int fd = accept(listener, NULL, NULL);
	ssize_t n = recv(fd, m, 2, MSG_WAITALL);

	n = n == 2 ? recv(fd, m + 2, m[1], MSG_WAITALL) : 0;
	if (n >= 20) {
		size_t k = make_answer(m + 2, (size_t)n, true);
		m[0] = 0;
		m[1] = (unsigned char)k;
		for (size_t i = 0; i < k + 2; i++) /* octet by octet */
			if (send(fd, m + i, 1, MSG_NOSIGNAL) != 1)
				break;
	}
	close(fd);
}

static struct server server_start(void)
{
	struct server s;
	struct addr a;
	int udp, tcp;

	do { /* until a port is free for both */
		assert_true(addr_parse(&a, "127.0.0.1", 0, NULL));
		tcp = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(tcp, (struct sockaddr *)&a.sa, a.len), 0);
		assert_int_equal(listen(tcp, 5), 0);
		assert_int_equal(getsockname(tcp, (struct sockaddr *)&a.sa, &a.len), 0);
		udp = socket(AF_INET, SOCK_DGRAM, 0);
		if (bind(udp, (struct sockaddr *)&a.sa, a.len) == 0)
			break;
		close(udp);
		close(tcp);
	} while (true);
	addr_text(&a, s.text);
	addr_ip(&a, s.ip);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		struct pollfd fds[2] = { { .fd = udp, .events = POLLIN },
			{ .fd = tcp, .events = POLLIN } };
		alarm(60);
		while (poll(fds, 2, -1) > 0) {
			if (fds[0].revents)
				serve_udp(udp);
			if (fds[1].revents)
				serve_tcp(tcp);
		}
		_exit(0);
	}
	close(udp);
	close(tcp);
	return s;
}

static void server_end(struct server *s)
{
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
}

static void test_resolve(void **state)
{
	static const struct {
		const char *name, *host;
		int family;
		const char *want; /* NULL: fails */
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ "both, no IPv6 route to it or one", "both.example", AF_UNSPEC, "", ERR_NONE,
				NULL },
		{ "IPv4 only asked", "both.example", AF_INET, "192.0.2.1:25 ", ERR_NONE, NULL },
		{ "IPv6 only asked", "both.example", AF_INET6, "[2001:db8::1]:25 ", ERR_NONE,
				NULL },
		{ "IPv4 only there", "four.example", AF_UNSPEC, "192.0.2.1:25 ", ERR_NONE, NULL },
		{ "one type fails", "half.example", AF_UNSPEC, "192.0.2.1:25 ", ERR_NONE, NULL },
		{ "truncated: TCP", "big.example", AF_INET, "192.0.2.1:25 ", ERR_NONE, NULL },
		{ "a server without EDNS", "old.example", AF_INET, "192.0.2.1:25 ", ERR_NONE,
				NULL },
		{ "forged answers first", "forged.example", AF_INET, "192.0.2.1:25 ", ERR_NONE,
				NULL },
		{ "no such name", "nx.example", AF_UNSPEC, NULL, ERR_RESOLVE,
				"does not exist (said by 127.0.0.1:" },
		{ "no address", "none.example", AF_UNSPEC, NULL, ERR_RESOLVE,
				"no address (said by 127.0.0.1:" },
		{ "no IPv6 address", "four.example", AF_INET6, NULL, ERR_RESOLVE,
				"no IPv6 address" },
		{ "SERVFAIL", "fail.example", AF_UNSPEC, NULL, ERR_DNS, ": SERVFAIL" },
		{ "no name", "a..b", AF_UNSPEC, NULL, ERR_USAGE, "no domain name" },
	};
	struct fake_world *f = *state;
	struct server s = server_start();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_options o = { .family = cases[i].family,
			.port = 25,
			.server = s.text,
			.deadline_ms = f->w.mono_ms(&f->w) + LIMIT_MS };
		struct addr_list list;
		struct err e = { .kind = ERR_NONE };
		struct buf out = BUF(1000);
		char text[ADDR_TEXT_MAX];
		bool ok = dns_resolve(&f->w, cases[i].host, &o, &list, &e);
		if (ok != (cases[i].want != NULL) || (!ok && e.kind != cases[i].kind))
			fail_msg("%s: %s", cases[i].name, e.text);
		for (size_t k = 0; k < list.count; k++) {
			addr_text(&list.at[k], text);
			buf_printf(&out, "%s ", text);
		}
		if (!ok)
			assert_non_null(strstr(e.text, cases[i].says));
		else if (cases[i].want[0])
			assert_string_equal(buf_text(&out), cases[i].want);
		else
			assert_int_equal(list.count, 2); /* their order is this machine's */
		if (ok) {
			assert_memory_equal(list.source, "dns 127.0.0.1:", 14);
		}
		buf_free(&out);
	}
	server_end(&s);
}

static void test_ptr_query(void **state)
{
	struct fake_world *f = *state;
	struct server s = server_start();
	struct dns_options o = { .server = s.text, .deadline_ms = f->w.mono_ms(&f->w) + LIMIT_MS };
	struct dns_answer answer;
	struct addr a;
	struct err e = { .kind = ERR_NONE };

	assert_true(addr_parse(&a, "192.0.2.1", 0, NULL));
	assert_true(dns_ptr(&f->w, &a, &o, &answer, &e));
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.at[0].name, "p");
	assert_string_equal(answer.server, s.text);
	server_end(&s);
}

static void test_silent_and_dead_servers(void **state)
{
	struct fake_world *f = *state;
	struct server s = server_start();
	struct dns_options o = { .family = AF_INET, .server = s.text };
	struct addr_list list;
	struct err e;

	o.deadline_ms = f->w.mono_ms(&f->w) + 200;
	assert_false(dns_resolve(&f->w, "silent.example", &o, &list, &e));
	assert_int_equal(e.kind, ERR_DNS);
	assert_non_null(strstr(e.text, ": no answer in time"));
	assert_true(f->w.mono_ms(&f->w) >= o.deadline_ms);
	server_end(&s);

	o.deadline_ms = f->w.mono_ms(&f->w) + LIMIT_MS;
	assert_false(dns_resolve(&f->w, "a.example", &o, &list, &e)); /* nobody listens any more */
	assert_int_equal(e.kind, ERR_DNS);
	assert_non_null(strstr(e.text, "Connection refused"));
}

static void test_without_a_server(void **state)
{
	static const struct {
		const char *host;
		int family;
		size_t count; /* 0: fails */
		enum err_kind kind;
		const char *source;
	} cases[] = {
		{ "192.0.2.1", AF_UNSPEC, 1, ERR_NONE, "numeric" },
		{ "2001:db8::1", AF_INET6, 1, ERR_NONE, "numeric" },
		{ "192.0.2.1", AF_INET6, 0, ERR_RESOLVE, "is no IPv6 address" },
		{ "2001:db8::1", AF_INET, 0, ERR_RESOLVE, "is no IPv4 address" },
		{ "fe80::1", AF_UNSPEC, 0, ERR_USAGE, "needs its interface" },
		{ "localhost", AF_UNSPEC, 2, ERR_NONE, "built-in" },
		{ "a.LOCALHOST.", AF_INET6, 1, ERR_NONE, "built-in" },
	};
	struct fake_world *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) { /* nobody listens there, and nobody is asked */
		struct dns_options o = { .family = cases[i].family,
			.port = 25,
			.server = "127.0.0.1:1",
			.deadline_ms = f->w.mono_ms(&f->w) + LIMIT_MS };
		struct addr_list list;
		struct err e = { .kind = ERR_NONE };
		assert_int_equal(dns_resolve(&f->w, cases[i].host, &o, &list, &e),
				cases[i].count > 0);
		assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(list.count, cases[i].count);
		assert_non_null(strstr(cases[i].count ? list.source : e.text, cases[i].source));
	}
}

static void test_bad_server_option(void **state)
{
	static const char *const bad[] = { "resolver.example.com", "", "127.0.0.1:0", "unix:/x" };
	struct fake_world *f = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct dns_options o = { .server = bad[i],
			.deadline_ms = f->w.mono_ms(&f->w) + LIMIT_MS };
		struct addr_list list;
		struct err e = { .kind = ERR_NONE };
		assert_false(dns_resolve(&f->w, "a.example", &o, &list, &e));
		assert_int_equal(e.kind, ERR_USAGE);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_messages),
		TEST(test_messages_cut_anywhere),
		TEST(test_flags),
		TEST(test_questions),
		TEST(test_ptr_names),
		TEST(test_resolv_conf),
		TEST(test_hosts),
		TEST(test_resolve),
		TEST(test_ptr_query),
		TEST(test_silent_and_dead_servers),
		TEST(test_without_a_server),
		TEST(test_bad_server_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
