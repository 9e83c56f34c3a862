/* test_proxy - the PROXY header of connections of each kind
 * SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp4),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_no_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
