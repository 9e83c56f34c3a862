/* test_dialog - one client conversation over a memory stream
 * SPDX-License-Identifier: MIT */
#include "talk/dialog.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Everything a test needs; what observers were told is collected in seen. */
struct rig {
	struct fake_world world;
	struct stream_memory memory;
	struct dialog d;
	struct dialog_observer ob;
	struct buf seen;
	unsigned waits;
};

static void on_sent(void *ctx, struct bytes shown)
{
	struct rig *rig = ctx;

	buf_puts(&rig->seen, "C:");
	buf_put(&rig->seen, shown);
	buf_putc(&rig->seen, '\n');
}

static void on_replied(void *ctx, const struct reply *r)
{
	struct rig *rig = ctx;

	for (size_t i = 0; i < r->line_count; i++) {
		buf_puts(&rig->seen, r->faults & REPLY_UNASKED ? "U:" : "S:");
		buf_put(&rig->seen, reply_line(r, i));
		buf_putc(&rig->seen, '\n');
	}
}

static void on_waiting(void *ctx, unsigned seconds)
{
	struct rig *rig = ctx;

	(void)seconds;
	rig->waits++;
}

static void rig_begin(struct rig *rig, enum proto proto, const struct stream_chunk *chunks,
		size_t count, size_t cut)
{
	*rig = (struct rig){ .seen = BUF(1 << 22) };
	fake_world_init(&rig->world);
	rig->memory = (struct stream_memory){
		.chunks = chunks,
		.count = count,
		.max_read = cut,
		.advance = fake_world_advance,
	};
	rig->ob = (struct dialog_observer){ rig, on_sent, on_replied, on_waiting };
	rig->d.ob = &rig->ob;
	dialog_begin(&rig->d, &rig->world.w, stream_memory(&rig->world.w, &rig->memory), proto);
}

static void rig_end(struct rig *rig)
{
	dialog_end(&rig->d);
	buf_free(&rig->memory.written);
	buf_free(&rig->seen);
	fake_world_free(&rig->world);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A whole session gives the same whatever the sizes are that it arrives in. */
static void test_cut_anywhere(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ .data = "220-a\r\n220 b\r\n" },
		{ .data = "250-mail.example.com\r\n250 SIZE 1000\r\n", .after_write = true },
		{ .data = "221\r\n", .after_write = true },
	};
	static const char wanted[] =
			"S:220-a\nS:220 b\nC:EHLO me.example\nS:250-mail.example.com\nS:250 SIZE 1000\n"
			"C:QUIT\nS:221\n";

	(void)state;
	for (size_t cut = 0; cut < 40; cut++) {
		struct rig rig;
		rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), cut);
		assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
		assert_true(dialog_ask(&rig.d, "EHLO me.example"));
		assert_true(dialog_is_ok(&rig.d));
		assert_true(dialog_ask(&rig.d, "QUIT"));
		assert_string_equal(buf_text(&rig.seen), wanted);
		assert_string_equal(buf_text(&rig.memory.written), "EHLO me.example\r\nQUIT\r\n");
		rig_end(&rig);
	}
}

struct end_case {
	const char *name, *data;
	bool hang;
	enum err_kind kind;
	unsigned faults;
};

static void test_how_it_ends(void **state)
{
	static const struct end_case cases[] = {
		{ "silence is a timeout", "", true, ERR_TIMEOUT, 0 },
		{ "half a line and silence is a timeout", "220 ma", true, ERR_TIMEOUT, 0 },
		{ "a multi-line reply without its last line is a timeout", "220-a\r\n", true,
				ERR_TIMEOUT, 0 },
		{ "closed before the first octet", "", false, ERR_CLOSED, REPLY_CUT },
		{ "closed in mid line of a multi-line reply", "220-a\r\n220-b", false, ERR_CLOSED,
				REPLY_CUT },
		{ "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", true, ERR_PROTOCOL,
				REPLY_NOT_PROTO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct stream_chunk chunk = { .data = cases[i].data,
			.n = strlen(cases[i].data) };
		struct rig rig;
		rig_begin(&rig, PROTO_SMTP, &chunk, cases[i].data[0] ? 1 : 0, 0);
		rig.memory.hang = cases[i].hang;
		assert_false(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
		if (rig.d.err.kind != cases[i].kind)
			fail_msg("%s: error %s (%s)", cases[i].name, err_name(rig.d.err.kind),
					rig.d.err.text);
		if (cases[i].faults && !(rig.d.reply.faults & cases[i].faults))
			fail_msg("%s: faults %x", cases[i].name, rig.d.reply.faults);
		if (cases[i].kind == ERR_TIMEOUT)
			assert_int_equal(rig.world.now_ms, DIALOG_REPLY_MS);
		rig_end(&rig);
	}
}

static void test_waiting_is_told(void **state)
{
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, NULL, 0, 0);
	rig.memory.hang = true;
	assert_false(dialog_read_reply(&rig.d, 20 * 1000));
	assert_int_equal(rig.waits, 4); /* after 3, 8, 13 and 18 s */
	rig_end(&rig);
}

static void test_run_deadline_caps_each_wait(void **state)
{
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, NULL, 0, 0);
	rig.memory.hang = true;
	rig.d.deadline_ms = 5000;
	assert_false(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_int_equal(rig.world.now_ms, 5000);
	rig_end(&rig);
}

/* -t is the user's word on how long an SMTP server may think. */
static void test_run_deadline_stretches_a_reply(void **state)
{
	static const struct {
		enum proto proto;
		uint64_t wait_ms, ends_ms;
	} rows[] = {
		{ PROTO_SMTP, DIALOG_REPLY_MS, 300 * 1000 },
		{ PROTO_SMTP, DIALOG_FINAL_DOT_MS, 300 * 1000 },
		{ PROTO_SMTP, 1000, 1000 },
		{ PROTO_POP3, DIALOG_REPLY_MS, DIALOG_REPLY_MS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig rig;
		rig_begin(&rig, rows[i].proto, NULL, 0, 0);
		rig.memory.hang = true;
		rig.d.deadline_ms = 300 * 1000;
		assert_false(dialog_read_reply(&rig.d, rows[i].wait_ms));
		assert_int_equal(rig.world.now_ms, rows[i].ends_ms);
		rig_end(&rig);
	}
}

/* A flood ends by its limit, in bounded memory. */
static void test_endless_line(void **state)
{
	struct buf flood = BUF(4 << 20);
	struct rig rig;

	(void)state;
	buf_puts(&flood, "220 ");
	while (flood.n < 3u << 20)
		buf_puts(&flood,
				"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	const struct stream_chunk chunk = { .data = buf_text(&flood), .n = flood.n };
	rig_begin(&rig, PROTO_SMTP, &chunk, 1, 0);
	assert_false(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_int_equal(rig.d.err.kind, ERR_PROTOCOL);
	assert_true(rig.d.reply.faults & REPLY_TOO_LONG);
	assert_true(rig.d.reply.raw.size <= 2 * REPLY_TOTAL_MAX);
	rig_end(&rig);
	buf_free(&flood);
}

static void test_unasked_reply_is_passed_over(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ .data = "220 a\r\n250 two at once\r\n" },
		{ .data = "250 hello\r\n", .after_write = true },
	};
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), 0);
	assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_true(dialog_ask(&rig.d, "EHLO x.example"));
	assert_string_equal(buf_text(&rig.seen),
			"S:220 a\nU:250 two at once\nC:EHLO x.example\nS:250 hello\n");
	rig_end(&rig);
}

static void test_last_word_is_not_hidden(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ .data = "220 a\r\n421 4.3.2 going down\r\n" }
	};
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), 0);
	assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_true(dialog_ask(&rig.d, "EHLO x.example"));
	assert_int_equal(rig.d.reply.code, 421);
	assert_true(rig.d.is_over);
	assert_int_equal(rig.memory.written.n,
			0); /* nothing is said to a peer that said good-bye */
	rig_end(&rig);
}

static void test_line_end_in_command_is_refused(void **state)
{
	static const struct stream_chunk chunks[] = { { .data = "220 a\r\n" } };
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), 0);
	assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_false(dialog_send_line(&rig.d, BYTES("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>")));
	assert_int_equal(rig.d.err.kind, ERR_POLICY);
	assert_false(dialog_send_line(&rig.d, BYTES("NO\0OP")));
	assert_int_equal(rig.memory.written.n, 0);
	rig_end(&rig);
}

/* CVE-2011-0411 and kin: what stands behind the go-ahead in clear text is never read as if it
 * came through TLS. */
static void test_starttls_injection(void **state)
{
	static const char *const extra[] = { "250 injected\r\n", "2", "\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(extra); i++) {
		struct buf go = BUF(200);
		buf_printf(&go, "220 go\r\n%s", extra[i]);
		const struct stream_chunk chunks[] = { { .data = "220 a\r\n" },
			{ .data = buf_text(&go), .after_write = true } };
		const struct tls_options options = { .host = "x.example" };
		struct tls_facts facts = { 0 };
		struct rig rig;
		rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), 0);
		assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
		assert_false(dialog_starttls(&rig.d, &options, &facts));
		assert_int_equal(rig.d.err.kind, ERR_POLICY);
		assert_string_equal(buf_text(&rig.memory.written),
				"STARTTLS\r\n"); /* no ClientHello */
		rig_end(&rig);
		buf_free(&go);
	}
}

static void test_starttls_refused_is_an_answer(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ .data = "220 a\r\n" },
		{ .data = "454 4.7.0 TLS not available due to local problem\r\n",
				.after_write = true },
	};
	const struct tls_options options = { .host = "x.example" };
	struct tls_facts facts = { 0 };
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_SMTP, chunks, COUNT(chunks), 0);
	assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_false(dialog_starttls(&rig.d, &options, &facts));
	assert_int_equal(rig.d.err.kind, ERR_NONE);
	assert_int_equal(rig.d.reply.code, 454);
	rig_end(&rig);
}

static bool take(void *ctx, struct bytes part)
{
	return buf_put(ctx, part);
}

static void test_data(void **state)
{
	static const struct stream_chunk chunks[] = {
		{ .data = "+OK 12 octets\r\na\r\n..b\r\n\r\n.\r\n+OK next\r\n" },
	};

	(void)state;
	for (size_t cut = 0; cut < 30; cut++) {
		struct buf got = BUF(1000);
		struct dot_reader dots = { 0 };
		struct rig rig;
		rig_begin(&rig, PROTO_POP3, chunks, COUNT(chunks), cut);
		assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
		assert_true(dialog_read_data(&rig.d, &dots, take, &got));
		assert_string_equal(buf_text(&got), "a\r\n.b\r\n\r\n");
		assert_int_equal(dots.octets, 9);
		assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
		rig_end(&rig);
		buf_free(&got);
	}
}

static void test_data_cut_off(void **state)
{
	static const struct stream_chunk chunks[] = { { .data = "+OK\r\nhalf a mess" } };
	struct buf got = BUF(1000);
	struct dot_reader dots = { 0 };
	struct rig rig;

	(void)state;
	rig_begin(&rig, PROTO_POP3, chunks, COUNT(chunks), 0);
	assert_true(dialog_read_reply(&rig.d, DIALOG_REPLY_MS));
	assert_false(dialog_read_data(&rig.d, &dots, take, &got));
	assert_int_equal(rig.d.err.kind, ERR_CLOSED);
	assert_string_equal(buf_text(&got), "half a mess");
	rig_end(&rig);
	buf_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_how_it_ends),
		cmocka_unit_test(test_waiting_is_told),
		cmocka_unit_test(test_run_deadline_caps_each_wait),
		cmocka_unit_test(test_run_deadline_stretches_a_reply),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_unasked_reply_is_passed_over),
		cmocka_unit_test(test_last_word_is_not_hidden),
		cmocka_unit_test(test_line_end_in_command_is_refused),
		cmocka_unit_test(test_starttls_injection),
		cmocka_unit_test(test_starttls_refused_is_an_answer),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_data_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
