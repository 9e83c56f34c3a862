/* test_gz - unit tests of sys/gz
 * SPDX-License-Identifier: MIT */
#include "sys/gz.h"

#include "sys/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void pack(struct buf *out, const char *text, size_t n)
{
	unsigned char room[65536];
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)text;
	z.avail_in = (uInt)n;
	z.next_out = room;
	z.avail_out = sizeof(room);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_put(out, (struct bytes){ room, z.total_out });
	deflateEnd(&z);
}

/* Unpacks file, the first before octets handed over, step octets at a time. */
static unsigned unpack_by(bool is_beside, struct bytes file, size_t before, size_t step,
		struct buf *out)
{
	char path[] = "/tmp/test_gz.XXXXXX";
	int fd = mkstemp(path);
	unsigned char room[4096];
	struct err e = { 0 };
	ssize_t n;

	unlink(path);
	before = before < file.n ? before : file.n;
	assert_int_equal(write(fd, file.p, file.n), file.n);
	lseek(fd, (off_t)before, SEEK_SET);
	struct gz *g = gz_new(fd, "test.gz", bytes_head(file, before));
	if (is_beside)
		gz_beside(g);
	while ((n = gz_read(g, room, step, &e)) > 0)
		buf_put(out, (struct bytes){ room, (size_t)n });
	assert_int_equal(n, 0);
	assert_int_equal(gz_read(g, room, step, &e), 0); /* and stays there */
	unsigned faults = gz_faults(g);
	gz_free(g);
	close(fd);
	return faults;
}

/* The same in this process and in a child. */
static unsigned unpack(struct bytes file, size_t before, size_t step, struct buf *out)
{
	struct buf again = BUF(out->max);
	unsigned faults = unpack_by(false, file, before, step, out);

	assert_int_equal(unpack_by(true, file, before, step, &again), faults);
	assert_true(bytes_equal(buf_bytes(&again), buf_bytes(out)));
	buf_free(&again);
	return faults;
}

static void check(struct buf *file, const char *text, unsigned faults)
{
	static const size_t steps[] = { 1, 7, 4096 };
	static const size_t befores[] = { 0, 4, 512 };

	for (size_t i = 0; i < COUNT(steps); i++)
		for (size_t j = 0; j < COUNT(befores); j++) {
			struct buf out = BUF(1 << 20);
			assert_int_equal(unpack(buf_bytes(file), befores[j], steps[i], &out),
					faults);
			assert_string_equal(buf_text(&out), text);
			buf_free(&out);
		}
	buf_free(file);
}

static void test_members(void **state)
{
	struct buf file = BUF(1 << 20);

	(void)state;
	pack(&file, "one\n", 4);
	check(&file, "one\n", 0);
	pack(&file, "one\n", 4);
	pack(&file, "", 0);
	pack(&file, "two\nthree\n", 10);
	check(&file, "one\ntwo\nthree\n", 0);
	pack(&file, "one\n", 4);
	buf_put(&file, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0")); /* as tapes and dd pad */
	check(&file, "one\n", 0);
	pack(&file, "one\n", 4);
	buf_puts(&file, "not a member at all");
	check(&file, "one\n", GZ_GARBAGE);
	pack(&file, "one\n", 4);
	buf_puts(&file, "not a member at all");
	pack(&file, "two\n", 4);
	check(&file, "one\ntwo\n", GZ_GARBAGE);
	check(&file, "", 0);
}

/* Cut everywhere: what was unpacked is a beginning of the text, and the cut is told. */
static void test_cut(void **state)
{
	static const char text[] = "the first line of it\nthe second line of it\nthe third\n";
	struct buf file = BUF(1 << 20);

	(void)state;
	pack(&file, text, sizeof(text) - 1);
	for (size_t n = 10; n < file.n; n++) {
		struct buf out = BUF(1 << 16);
		assert_int_equal(unpack(bytes_head(buf_bytes(&file), n), 4, 100, &out), GZ_CUT);
		assert_true(out.n > 0 && out.p[out.n - 1] == '\n'); /* what broke off is ended */
		out.n--;
		assert_true(bytes_starts(bytes_of(text), buf_bytes(&out)));
		buf_free(&out);
	}
	buf_free(&file);
}

/* A damaged member costs what it held, not the members behind it. */
static void test_damaged(void **state)
{
	struct buf file = BUF(1 << 20), out = BUF(1 << 20);

	(void)state;
	pack(&file, "one\n", 4);
	size_t at = file.n;
	pack(&file, "lost lost lost\n", 15);
	file.p[at + 10] = 0x07; /* block type 3, which there is not */
	pack(&file, "three\n", 6);
	assert_int_equal(unpack(buf_bytes(&file), 4, 100, &out), GZ_DAMAGED | GZ_GARBAGE);
	assert_true(bytes_starts(buf_bytes(&out), BYTES("one\n")));
	assert_true(bytes_ends(buf_bytes(&out), BYTES("\nthree\n")));
	assert_int_equal(out.n, strlen("one\n\nthree\n"));
	buf_clear(&out);

	buf_clear(&file);
	pack(&file, "one\n", 4);
	file.p[file.n - 8] ^= 1; /* the checksum */
	pack(&file, "two\n", 4);
	assert_int_equal(unpack(buf_bytes(&file), 4, 100, &out) & GZ_DAMAGED, GZ_DAMAGED);
	assert_true(bytes_ends(buf_bytes(&out), BYTES("\ntwo\n")));
	buf_free(&file);
	buf_free(&out);
}

static void test_magic(void **state)
{
	(void)state;
	assert_true(gz_is_magic(BYTES("\x1f\x8b\x08\x00")));
	assert_false(gz_is_magic(BYTES("\x1f\x8b\x08")));
	assert_false(gz_is_magic(BYTES("\x1f\x8b\x08\xff")));
	assert_false(gz_is_magic(BYTES("BZh9")));
}

static void test_unreadable(void **state)
{
	unsigned char room[10];
	struct err e = { 0 };
	struct gz *g = gz_new(-1, "mail.log.2.gz", BYTES(""));

	(void)state;
	assert_int_equal(gz_read(g, room, sizeof(room), &e), -1);
	assert_non_null(strstr(e.text, "read mail.log.2.gz: "));
	gz_free(g);
	g = gz_new(-1, "mail.log.2.gz", BYTES(""));
	gz_beside(g);
	assert_int_equal(gz_read(g, room, sizeof(room), &e), -1);
	assert_non_null(strstr(e.text, "read mail.log.2.gz: Bad file descriptor"));
	assert_int_equal(gz_read(g, room, sizeof(room), &e), 0);
	gz_free(g);
}

/* A child that has more to say than is read ends with it. */
static void test_left_early(void **state)
{
	char path[] = "/tmp/test_gz.XXXXXX";
	int fd = mkstemp(path);
	static const char zeros[65536];
	struct buf file = BUF(1 << 20);
	unsigned char room[10];
	struct err e = { 0 };

	(void)state;
	unlink(path);
	for (int i = 0; i < 64; i++)
		pack(&file, zeros, sizeof(zeros));
	assert_int_equal(write(fd, file.p, file.n), file.n);
	lseek(fd, 0, SEEK_SET);
	struct gz *g = gz_new(fd, "test.gz", BYTES(""));
	gz_beside(g);
	assert_int_equal(gz_read(g, room, sizeof(room), &e), sizeof(room));
	gz_free(g);
	close(fd);
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_left_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
