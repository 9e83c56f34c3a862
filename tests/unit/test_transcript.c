/* test_transcript - unit tests of ui/transcript
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_world.h"
#include "ui/show.h"
#include "ui/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	char who;
	struct bytes text;
	const char *note;
	bool utf8;
	unsigned columns;
	const char *out;
} line_rows[] = {
	{ "no note", 'C', BYTES("QUIT"), NULL, false, 80, "C: QUIT\n" },
	{ "empty note", 'S', BYTES("221 Bye"), "", false, 80, "S: 221 Bye\n" },
	{ "note beside", 'S', BYTES("250-SIZE 10485760"), "largest message 10 MiB", false, 80,
			"S: 250-SIZE 10485760            <- largest message 10 MiB\n" },
	{ "UTF-8 arrow", 'S', BYTES("250 ok"), "fine", true, 80,
			"S: 250 ok                       \xe2\x86\x90 fine\n" },
	{ "a line of 31 columns has it beside", 'S', BYTES("1234567890123456789012345678"), "x",
			false, 80, "S: 1234567890123456789012345678 <- x\n" },
	{ "one of 32 has it below", 'S', BYTES("12345678901234567890123456789"), "x", false, 80,
			"S: 12345678901234567890123456789\n"
			"                                <- x\n" },
	{ "45 octets fit beside", 'S', BYTES("x"), "123456789 123456789 123456789 123456789 12345",
			false, 80,
			"S: x                            <- 123456789 123456789 123456789 123456789 12345\n" },
	{ "a longer note wraps", 'S', BYTES("250-AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5"),
			"PLAIN, LOGIN show the password to whoever reads the wire; no TLS here",
			false, 80,
			"S: 250-AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5\n"
			"                                <- PLAIN, LOGIN show the password to whoever\n"
			"                                   reads the wire; no TLS here\n" },
	{ "narrow terminal", 'S', BYTES("250 ok"), "one two three four five six seven", false, 40,
			"S: 250 ok\n"
			"      <- one two three four five six\n"
			"         seven\n" },
	{ "foreign octets", 'S', BYTES("220 \033[2J\0\xff"), "n", false, 80,
			"S: 220 \\x1b[2J\\x00\\xff          <- n\n" },
	{ "nor in a note", 'S', BYTES("x"), "\033]0;", false, 80,
			"S: x                            <- \\x1b]0;\n" },
};

static void test_keep(void **state)
{
	struct opt_common c = { .color = SHOW_ALWAYS };
	struct fake_world f;
	struct transcript t;
	struct buf kept = BUF(1000);

	(void)state;
	fake_world_init(&f);
	transcript_init(&t, &f.w, &c);
	t.keep = &kept;
	transcript_head(&t, "host");
	transcript_typed(&t, BYTES("EHLO x"));
	transcript_line(&t, 'S', BYTES("250 ok\033"), "note");
	transcript_note(&t, "end");
	assert_string_equal(buf_text(&kept),
			"== host\n"
			"C: EHLO x\n"
			"S: 250 ok\\x1b                   <- note\n"
			"   .. end\n");
	assert_null(strstr(buf_text(&f.out), "EHLO")); /* the terminal has it already */
	buf_free(&kept);
	fake_world_free(&f);
}

static void test_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(line_rows); i++) {
		struct opt_common c = { 0 };
		struct fake_world f;
		struct transcript t;
		print_message("%s\n", line_rows[i].name);
		fake_world_init(&f);
		f.w.utf8 = line_rows[i].utf8;
		f.w.columns = line_rows[i].columns;
		transcript_init(&t, &f.w, &c);
		transcript_line(&t, line_rows[i].who, line_rows[i].text, line_rows[i].note);
		assert_string_equal(buf_text(&f.out), line_rows[i].out); /* flushed by itself */
		fake_world_free(&f);
	}
}

static void test_long_line(void **state)
{
	static char text[9013];
	struct opt_common c = { 0 };
	struct fake_world f;
	struct transcript t;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 999, "\xc3\xbc", 2); /* not to be cut in two */
	fake_world_init(&f);
	f.w.utf8 = true;
	transcript_init(&t, &f.w, &c);
	transcript_line(&t, 'S', bytes_of(text), NULL);
	const char *out = fake_world_out(&f);
	assert_int_equal(strspn(out + 3, "x"), 999);
	assert_string_equal(out + 3 + 999, "... (9012 bytes, cut here)\n");
	fake_world_clear(&f);
	t.json = true;
	transcript_line(&t, 'S', bytes_of(text), NULL);
	assert_true(f.out.n > 9012);
	fake_world_free(&f);
}

static void test_json(void **state)
{
	struct opt_common c = { .json = true };
	struct fake_world f;
	struct transcript t;

	(void)state;
	fake_world_init(&f);
	transcript_init(&t, &f.w, &c);
	transcript_head(&t, "host");
	transcript_line(&t, 'S', BYTES("220 \xff\n"), "note");
	transcript_line(&t, 'C', BYTES("QUIT"), NULL);
	transcript_note(&t, "waiting");
	assert_string_equal(fake_world_out(&f),
			"{\"type\":\"head\",\"text\":\"host\"}\n"
			"{\"type\":\"line\",\"dir\":\"S\",\"text_raw\":\"MjIwIP8K\",\"text\":\"220 \\u00ff\\u000a\","
			"\"note\":\"note\"}\n"
			"{\"type\":\"line\",\"dir\":\"C\",\"text\":\"QUIT\"}\n"
			"{\"type\":\"note\",\"text\":\"waiting\"}\n");
	fake_world_free(&f);
}

static void test_off(void **state)
{
	const struct opt_common off[] = { { .quiet = true }, { .nagios = true },
		{ .quiet = true, .json = true } };

	(void)state;
	for (size_t i = 0; i < COUNT(off); i++) {
		struct fake_world f;
		struct transcript t;
		fake_world_init(&f);
		transcript_init(&t, &f.w, &off[i]);
		transcript_head(&t, "host");
		transcript_line(&t, 'S', BYTES("220"), "note");
		transcript_note(&t, "waiting");
		assert_string_equal(fake_world_out(&f), "");
		assert_string_equal(fake_world_err(&f), "");
		fake_world_free(&f);
	}
}

static void test_head_and_note(void **state)
{
	struct opt_common c = { 0 };
	struct fake_world f;
	struct transcript t;

	(void)state;
	fake_world_init(&f);
	transcript_init(&t, &f.w, &c);
	transcript_head(&t, "localhost [127.0.0.1]:25\033");
	transcript_note(&t, "waiting for the greeting, 5 s");
	assert_string_equal(fake_world_out(&f),
			"== localhost [127.0.0.1]:25\\x1b\n   .. waiting for the greeting, 5 s\n");
	fake_world_free(&f);
}

static void test_color(void **state)
{
	struct opt_common c = { .color = 1 };
	struct fake_world f;
	struct transcript t;

	(void)state;
	fake_world_init(&f);
	transcript_init(&t, &f.w, &c);
	transcript_line(&t, 'C', BYTES("QUIT"), "n");
	assert_string_equal(fake_world_out(&f),
			"\033[1mC: QUIT\033[0m                         \033[2m<- n\033[0m\n");
	fake_world_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_head_and_note),
		cmocka_unit_test(test_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
