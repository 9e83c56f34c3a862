/* test_proxy - the PROXY header of connections of each kind
 * SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	struct fake_world f;
	int listener;
	struct stream *s;
	unsigned from, to; /* ports */
};

static bool open_pair(struct pair *p, const char *ip)
{
	struct addr a;
	struct addr_list list = { .count = 1 };
	struct err e = { 0 };
	int fd;

	fake_world_init(&p->f);
	assert_true(addr_parse(&a, ip, 0, &e));
	p->listener = socket(a.sa.ss_family, SOCK_STREAM, 0);
	if (bind(p->listener, (struct sockaddr *)&a.sa, a.len) < 0)
		return false;
	assert_int_equal(listen(p->listener, 1), 0);
	a.len = sizeof(a.sa);
	getsockname(p->listener, (struct sockaddr *)&a.sa, &a.len);
	p->to = addr_port(&a);
	list.at[0] = a;
	p->s = stream_connect(&p->f.w, &list,
			&(struct stream_connect){ .deadline_ms = WORLD_FOREVER }, &e);
	assert_non_null(p->s);
	fd = stream_get_fd(p->s);
	getsockname(fd, (struct sockaddr *)&a.sa, &a.len);
	p->from = addr_port(&a);
	return true;
}

static void close_pair(struct pair *p)
{
	stream_close(p->s);
	close(p->listener);
	fake_world_free(&p->f);
}

static void test_tcp4(void **state)
{
	struct pair p = { 0 };
	struct buf out = BUF(200), text = BUF(200);
	unsigned char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1....";

	(void)state;
	assert_true(open_pair(&p, "127.0.0.1"));
	proxy_header(&out, 1, p.s);
	buf_printf(&text, "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u\r\n", p.from, p.to);
	assert_string_equal(buf_text(&out), buf_text(&text));
	buf_clear(&out);
	proxy_header(&out, 2, p.s);
	v2[24] = (unsigned char)(p.from >> 8);
	v2[25] = (unsigned char)p.from;
	v2[26] = (unsigned char)(p.to >> 8);
	v2[27] = (unsigned char)p.to;
	assert_int_equal(out.n, 28);
	assert_memory_equal(out.p, v2, 28);
	buf_free(&out);
	buf_free(&text);
	close_pair(&p);
}

static void test_tcp6(void **state)
{
	struct pair p = { 0 };
	struct buf out = BUF(200), text = BUF(200);

	(void)state;
	if (!open_pair(&p, "::1"))
		skip(); /* no IPv6 here */
	proxy_header(&out, 1, p.s);
	buf_printf(&text, "PROXY TCP6 ::1 ::1 %u %u\r\n", p.from, p.to);
	assert_string_equal(buf_text(&out), buf_text(&text));
	buf_clear(&out);
	proxy_header(&out, 2, p.s);
	assert_int_equal(out.n, 16 + 36);
	assert_int_equal(out.p[13], 0x21);
	buf_free(&out);
	buf_free(&text);
	close_pair(&p);
}

static void test_no_tcp(void **state)
{
	struct fake_world f;
	struct stream_memory m = { 0 };
	struct buf out = BUF(200);

	(void)state;
	fake_world_init(&f);
	struct stream *s = stream_memory(&f.w, &m);
	proxy_header(&out, 1, s);
	assert_string_equal(buf_text(&out), "PROXY UNKNOWN\r\n");
	buf_clear(&out);
	proxy_header(&out, 2, s);
	assert_int_equal(out.n, 16);
	assert_memory_equal(out.p + 12, "\x20\0\0\0", 4);
	buf_free(&out);
	stream_close(s);
	buf_free(&m.written);
	fake_world_free(&f);
}

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define ENDS_4 "\xc0\0\2\1\xc0\0\2\2\x04\xd2\0\x19"

static const struct {
	const char *name;
	struct bytes in;
	enum proxy_result result;
	const char *from; /* "" = not said */
} headers[] = {
	{ "v1, IPv4", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\r\n"), PROXY_OK,
			"192.0.2.1:1234" },
	{ "v1, IPv6", BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"), PROXY_OK,
			"[2001:db8::1]:1" },
	{ "v1, not known", BYTES("PROXY UNKNOWN\r\n"), PROXY_OK, "" },
	{ "v1, not known, and words", BYTES("PROXY UNKNOWN ffff:: :: 1 2\r\n"), PROXY_OK, "" },
	{ "v1, an IPv4 address for IPv6", BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"),
			PROXY_BAD, NULL },
	{ "v1, mixed families", BYTES("PROXY TCP4 192.0.2.1 ::1 1 2\r\n"), PROXY_BAD, NULL },
	{ "v1, a name", BYTES("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"), PROXY_BAD, NULL },
	{ "v1, a port over 65535", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), PROXY_BAD,
			NULL },
	{ "v1, a port is missing", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), PROXY_BAD, NULL },
	{ "v1, a word too many", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), PROXY_BAD,
			NULL },
	{ "v1, another family", BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), PROXY_BAD, NULL },
	{ "v1, nothing", BYTES("PROXY \r\n"), PROXY_BAD, NULL },
	{ "v1, LF alone", BYTES("PROXY UNKNOWN\n"), PROXY_MORE, NULL },
	{ "v1, in small letters", BYTES("proxy UNKNOWN\r\n"), PROXY_BAD, NULL },
	{ "v1, endless",
			BYTES("PROXY UNKNOWN 0123456789012345678901234567890123456789"
			      "01234567890123456789012345678901234567890123456789012345"),
			PROXY_BAD, NULL },
	{ "EHLO instead", BYTES("E"), PROXY_BAD, NULL },
	{ "a TLS hello instead", BYTES("\x16"), PROXY_BAD, NULL },
	{ "v2, IPv4", BYTES(V2 "\x21\x11\0\x0c" ENDS_4), PROXY_OK, "192.0.2.1:1234" },
	{ "v2, IPv4 and a TLV", BYTES(V2 "\x21\x11\0\x10" ENDS_4 "\4\0\1x"), PROXY_OK,
			"192.0.2.1:1234" },
	{ "v2, IPv6",
			BYTES(V2 "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
				 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0\2"),
			PROXY_OK, "[2001:db8::1]:1" },
	{ "v2, LOCAL", BYTES(V2 "\x20\0\0\0"), PROXY_OK, "" },
	{ "v2, a UNIX socket", BYTES(V2 "\x21\x31\0\1x"), PROXY_OK, "" },
	{ "v2, too short for its addresses", BYTES(V2 "\x21\x11\0\x0b" ENDS_4), PROXY_BAD, NULL },
	{ "v2, another command", BYTES(V2 "\x22\x11\0\x0c" ENDS_4), PROXY_BAD, NULL },
	{ "v2, another version", BYTES(V2 "\x31\x11\0\x0c" ENDS_4), PROXY_BAD, NULL },
	{ "v2, a length of 65535", BYTES(V2 "\x21\x11\xff\xff"), PROXY_BAD, NULL },
};

/* Octet by octet, as proxy.h asks: more is wanted until the last one. */
static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct bytes in = headers[i].in;
		enum proxy_result result = PROXY_MORE;
		char text[ADDR_TEXT_MAX] = "";
		const char *why = NULL;
		struct addr from;
		size_t n = 0;
		while (result == PROXY_MORE && n < in.n)
			result = proxy_read(bytes_head(in, ++n), &from, &why);
		if (result == PROXY_OK && from.len > 0)
			addr_text(&from, text);
		if (result != headers[i].result || (result == PROXY_BAD) != (why != NULL) ||
				(result == PROXY_OK &&
						(n != in.n || strcmp(text, headers[i].from) != 0)))
			fail_msg("%s: result %d at %zu, from %s, %s", headers[i].name, result, n,
					text, why ? why : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_tcp4),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_no_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
