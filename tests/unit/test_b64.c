/* test_b64 - base64 both ways, whole and cut anywhere
 * SPDX-License-Identifier: MIT */
#include "proto/b64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static void assert_bytes(struct bytes got, struct bytes wanted, const char *name)
{
	if (!bytes_equal(got, wanted))
		fail_msg("%s: got %zu octets \"%.*s\", wanted %zu \"%.*s\"", name, got.n,
				(int)got.n, (const char *)got.p, wanted.n, (int)wanted.n,
				(const char *)wanted.p);
}

struct fault_case {
	const char *name;
	struct bytes in;
	enum b64_fault fault;
	size_t at;
	struct bytes out;
};

/* The first eight are what base64(1), openssl, busybox, perl and python disagree about. */
static const struct fault_case faults[] = {
	{ "one pad of two", BYTES("Zm9vYg="), B64_PADDING, 7, BYTES("foob") },
	{ "no pads", BYTES("Zm9vYg"), B64_PADDING, 6, BYTES("foob") },
	{ "pad inside", BYTES("Zm9v=YmFy"), B64_PADDING, 4, BYTES("foo") },
	{ "two strings in a row", BYTES("Zg==Zm9v"), B64_PADDING, 4, BYTES("f") },
	{ "blank inside", BYTES("Zm9v YmFy"), B64_WHITESPACE, 4, BYTES("foo") },
	{ "foreign octet", BYTES("Zm9v!YmFy"), B64_ALPHABET, 4, BYTES("foo") },
	{ "unused bits set", BYTES("Zh=="), B64_BITS, 1, BYTES("f") },
	{ "a digit left over", BYTES("Zm9vY"), B64_LENGTH, 4, BYTES("foo") },
	{ "base64url minus", BYTES("Pz8_Pj4-"), B64_URL, 3, BYTES("") },
	{ "base64url alone", BYTES("-w=="), B64_URL, 0, BYTES("") },
	{ "LF inside", BYTES("Zm9v\nYmFy"), B64_WHITESPACE, 4, BYTES("foo") },
	{ "CR LF behind", BYTES("Zm9v\r\n"), B64_WHITESPACE, 4, BYTES("foo") },
	{ "tab in front", BYTES("\tZm9v"), B64_WHITESPACE, 0, BYTES("") },
	{ "NUL inside", BYTES("Zm\0v"), B64_ALPHABET, 2, BYTES("") },
	{ "octet over 127", BYTES("Zm9vYm\xc3y"), B64_ALPHABET, 6, BYTES("foo") },
	{ "three pads", BYTES("Zg==="), B64_PADDING, 4, BYTES("f") },
	{ "pads alone", BYTES("===="), B64_PADDING, 0, BYTES("") },
	{ "pad behind one digit", BYTES("Zm9vY==="), B64_PADDING, 5, BYTES("foo") },
	{ "pad behind a whole group", BYTES("Zm9v="), B64_PADDING, 4, BYTES("foo") },
	{ "data between the pads", BYTES("Zg=Z"), B64_PADDING, 3, BYTES("f") },
	{ "unused bits set, two octets", BYTES("Zm9="), B64_BITS, 2, BYTES("fo") },
	{ "unused bits set, pads missing", BYTES("Zh"), B64_PADDING, 2, BYTES("f") },
	{ "nothing", BYTES(""), B64_OK, 0, BYTES("") },
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault_case *c = &faults[i];
		struct buf out = BUF(ROOM);
		size_t at = 99;
		enum b64_fault fault = b64_decode(c->in, &out, &at);
		if (fault != c->fault || at != c->at)
			fail_msg("%s: fault %d at %zu, wanted %d at %zu", c->name, (int)fault, at,
					(int)c->fault, c->at);
		assert_bytes(buf_bytes(&out), c->out, c->name);
		buf_free(&out);
	}
}

static void test_fault_is_the_same_wherever_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault_case *c = &faults[i];
		for (size_t cut = 0; cut <= c->in.n; cut++) {
			struct b64_decoder d = { 0 };
			struct buf out = BUF(ROOM);
			b64_decoder_put(&d, bytes_head(c->in, cut), &out);
			b64_decoder_put(&d, bytes_skip(c->in, cut), &out);
			b64_decoder_end(&d, &out);
			assert_int_equal(d.fault, c->fault);
			assert_int_equal(d.fault_at, c->at);
			assert_bytes(buf_bytes(&out), c->out, c->name);
			buf_free(&out);
		}
	}
}

static void test_every_fault_has_words(void **state)
{
	(void)state;
	for (int fault = B64_OK; fault <= B64_ROOM; fault++)
		assert_true(strlen(b64_fault_text((enum b64_fault)fault)) > 4);
}

static void test_line_ends_are_passed_over_on_demand(void **state)
{
	static const struct {
		const char *name;
		struct bytes in;
		enum b64_fault fault;
		uint64_t at;
		struct bytes out;
	} cases[] = {
		{ "as base64(1) writes", BYTES("Zm9v\nYmFy\n"), B64_OK, 0, BYTES("foobar") },
		{ "CR LF", BYTES("Zm9v\r\nYmFy\r\n"), B64_OK, 0, BYTES("foobar") },
		{ "inside a group and before pads", BYTES("Zm9\nvYg\n==\n"), B64_OK, 0,
				BYTES("foob") },
		{ "a blank is still a fault", BYTES("Zm9v \n"), B64_WHITESPACE, 4, BYTES("foo") },
		{ "the digit, not the LF, has the bits", BYTES("Zh\n=="), B64_BITS, 1, BYTES("f") },
		{ "the digit, not the LF, is left over", BYTES("Zm9vY\n"), B64_LENGTH, 4,
				BYTES("foo") },
		{ "offset counts line ends", BYTES("Zm9v\n!"), B64_ALPHABET, 5, BYTES("foo") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t cut = 0; cut <= cases[i].in.n; cut++) {
			struct b64_decoder d = { .skip_line_ends = true };
			struct buf out = BUF(ROOM);
			b64_decoder_put(&d, bytes_head(cases[i].in, cut), &out);
			b64_decoder_put(&d, bytes_skip(cases[i].in, cut), &out);
			b64_decoder_end(&d, &out);
			assert_int_equal(d.fault, cases[i].fault);
			assert_int_equal(d.fault_at, cases[i].at);
			assert_bytes(buf_bytes(&out), cases[i].out, cases[i].name);
			buf_free(&out);
		}
}

static void test_base64url(void **state)
{
	static const struct {
		const char *name;
		struct bytes in;
		enum b64_fault fault;
		uint64_t at;
		struct bytes out;
	} cases[] = {
		{ "both digits of its own", BYTES("Pz8_Pj4-"), B64_OK, 0, BYTES("?\?\?>>>") },
		{ "with padding", BYTES("-w=="), B64_OK, 0, BYTES("\xfb") },
		{ "without padding", BYTES("-w"), B64_OK, 0, BYTES("\xfb") },
		{ "half its padding", BYTES("-w="), B64_PADDING, 3, BYTES("\xfb") },
		{ "plus is none of its digits", BYTES("+w=="), B64_ALPHABET, 0, BYTES("") },
		{ "slash is none of its digits", BYTES("Pz8/"), B64_ALPHABET, 3, BYTES("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct b64_decoder d = { .url = true };
		struct buf out = BUF(ROOM);
		if (b64_decoder_put(&d, cases[i].in, &out))
			b64_decoder_end(&d, &out);
		assert_int_equal(d.fault, cases[i].fault);
		assert_int_equal(d.fault_at, cases[i].at);
		assert_bytes(buf_bytes(&out), cases[i].out, cases[i].name);
		buf_free(&out);
	}
	struct b64_encoder e = { .url = true };
	struct buf out = BUF(ROOM);
	assert_true(b64_encoder_put(&e, BYTES("?\?\?>>>\xfb"), &out) && b64_encoder_end(&e, &out));
	assert_bytes(buf_bytes(&out), BYTES("Pz8_Pj4--w=="), "encoded");
	buf_free(&out);
}

/* Long strings are taken sixteen digits at a time: what is no digit is found at every place all the
 * same, and what stands before its group comes out. */
static void test_every_octet_at_every_place(void **state)
{
	enum { DIGITS = 68 };
	static const char good[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char text[DIGITS];

	(void)state;
	for (unsigned i = 0; i < 256 * DIGITS; i++) {
		unsigned char c = (unsigned char)(i / DIGITS);
		size_t at = i % DIGITS, found = 0;
		struct buf out = BUF(ROOM);
		for (size_t k = 0; k < DIGITS; k++)
			text[k] = (unsigned char)good[k % 64];
		text[at] = c;
		enum b64_fault fault = b64_decode((struct bytes){ text, DIGITS }, &out, &found);
		bool is_digit = c != '\0' && strchr(good, c);
		if ((fault == B64_OK) != is_digit)
			fail_msg("octet %u at %zu: fault %d", c, at, (int)fault);
		if (!is_digit)
			assert_int_equal(found, fault == B64_BITS ? at - 1 : at);
		assert_true(out.n >= at / 4 * 3);
		buf_free(&out);
	}
}

/* The octets 0 to 255 and again, so that every digit and both stage borders come up. */
static void fill(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(i * 7 + i / 256);
}

static void test_decode_of_encode_is_the_input(void **state)
{
	enum { LONGEST = 5000 };
	static unsigned char raw[LONGEST];

	(void)state;
	fill(raw, sizeof(raw));
	for (size_t n = 0; n <= LONGEST; n += n < 40 ? 1 : 31) {
		struct buf text = BUF(2 * LONGEST), back = BUF(LONGEST);
		struct bytes in = { raw, n };
		assert_true(b64_encode(in, &text));
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		assert_int_equal(b64_decode(buf_bytes(&text), &back, NULL), B64_OK);
		assert_bytes(buf_bytes(&back), in, "round trip");
		buf_free(&text);
		buf_free(&back);
	}
}

static void test_encoder_cut_anywhere(void **state)
{
	unsigned char raw[20];
	struct bytes in = { raw, sizeof(raw) };

	(void)state;
	fill(raw, sizeof(raw));
	for (size_t wrap = 0; wrap < 12; wrap++) {
		struct buf whole = BUF(ROOM);
		struct b64_encoder one = { .wrap = wrap };
		assert_true(b64_encoder_put(&one, in, &whole) && b64_encoder_end(&one, &whole));
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct b64_encoder e = { .wrap = wrap };
			struct buf out = BUF(ROOM);
			assert_true(b64_encoder_put(&e, bytes_head(in, cut), &out));
			for (size_t i = cut; i < in.n; i++)
				assert_true(b64_encoder_put(&e, (struct bytes){ raw + i, 1 },
						&out));
			assert_true(b64_encoder_end(&e, &out));
			assert_bytes(buf_bytes(&out), buf_bytes(&whole), "cut");
			buf_free(&out);
		}
		buf_free(&whole);
	}
}

static void test_wrap(void **state)
{
	static const struct {
		const char *name;
		size_t wrap;
		const char *in, *out;
		bool crlf;
	} cases[] = {
		{ "CRLF", 4, "foobarf", "Zm9v\r\nYmFy\r\nZg==\r\n", true },
		{ "CRLF behind a short line", 6, "foobar", "Zm9vYm\r\nFy\r\n", true },
		{ "no wrap, no line end", 0, "foobar", "Zm9vYmFy", false },
		{ "exactly full lines", 4, "foobar", "Zm9v\nYmFy\n", false },
		{ "a line end inside a group", 3, "foobar", "Zm9\nvYm\nFy\n", false },
		{ "one column", 1, "f", "Z\ng\n=\n=\n", false },
		{ "line longer than the text", 76, "foobar", "Zm9vYmFy\n", false },
		{ "nothing stays nothing", 76, "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct b64_encoder e = { .wrap = cases[i].wrap, .crlf = cases[i].crlf };
		struct buf out = BUF(ROOM);
		assert_true(b64_encoder_put(&e, bytes_of(cases[i].in), &out));
		assert_true(b64_encoder_end(&e, &out));
		assert_bytes(buf_bytes(&out), bytes_of(cases[i].out), cases[i].name);
		buf_free(&out);
	}
}

static void test_full_output_is_told(void **state)
{
	(void)state;
	for (size_t room = 0; room < 8; room++) {
		struct buf out = BUF(room);
		assert_false(b64_encode(BYTES("foobar"), &out));
		buf_free(&out);
	}
	for (size_t room = 0; room < 6; room++) {
		struct buf out = BUF(room);
		assert_int_equal(b64_decode(BYTES("Zm9vYmFy"), &out, NULL), B64_ROOM);
		assert_int_equal(out.n, room);
		buf_free(&out);
	}
	struct buf out = BUF(3);
	assert_int_equal(b64_decode(BYTES("Zm9vYg=="), &out, NULL), B64_ROOM);
	buf_free(&out);
}

static void test_article(void **state)
{
	struct buf out = BUF(ROOM);

	(void)state;
	assert_true(b64_encode(BYTES("\0sample\0password"), &out));
	assert_bytes(buf_bytes(&out), BYTES("AHNhbXBsZQBwYXNzd29yZA=="), "sample/password");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_every_octet_at_every_place),
		cmocka_unit_test(test_fault_is_the_same_wherever_cut),
		cmocka_unit_test(test_every_fault_has_words),
		cmocka_unit_test(test_line_ends_are_passed_over_on_demand),
		cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_decode_of_encode_is_the_input),
		cmocka_unit_test(test_encoder_cut_anywhere),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_full_output_is_told),
		cmocka_unit_test(test_article),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
