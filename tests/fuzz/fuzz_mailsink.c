/* fuzz_mailsink - whole sessions of mailsink
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses: 'P' for POP3, 'I' for IMAP, 'T' for a script that ends with NUL, any
 * other for SMTP. The session is held
 * twice, whole and octet by octet: what is said, and what the journal shows, must be the same.
 */
#include "applets/mailsink/imapd.h"
#include "applets/mailsink/pop3d.h"
#include "applets/mailsink/scripted.h"
#include "applets/mailsink/smtpd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stands in the input for: the client begins TLS. */
enum { TLS_MARK = 0x1d };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void fake_random(struct world *w, void *p, size_t n)
{
	(void)w;
	memset(p, 1, n);
}

static int64_t fake_wall(struct world *w)
{
	(void)w;
	return 1390059454;
}

static void feed(struct session *s, struct bytes in, struct buf *out)
{
	do {
		size_t before = in.n;
		session_feed(s, &in);
		must(!s->out.overflow && in.n <= before);
		if (s->out.n == 0 && in.n == before)
			break;
		buf_put(out, buf_bytes(&s->out));
		buf_clear(&s->out);
	} while (!s->is_over && (in.n > 0 || s->is_pouring));
}

/* The whole session, in pieces of at most step octets. What was said is in out. */
static void converse(struct sink *sink, struct bytes in, size_t step, struct buf *out)
{
	struct session_peer peer = { .number = 1, .ip = "192.0.2.1" };
	bool is_pop3 = bytes_starts(in, BYTES("P"));
	bool is_imap = bytes_starts(in, BYTES("I"));
	bool is_script = bytes_starts(in, BYTES("T"));
	unsigned number;

	in = bytes_skip(in, 1);
	if (is_script) {
		sink->script = bytes_head(in, bytes_find(in, '\0'));
		in = bytes_skip(in, sink->script.n + 1);
		if (!scripted_check(sink->script, &number))
			return;
	}
	struct session *s = is_pop3 ? pop3d_new(sink, &peer) :
			is_imap     ? imapd_new(sink, &peer) :
			is_script   ? scripted_new(sink, &peer) :
				      smtpd_new(sink, &peer);

	feed(s, (struct bytes){ NULL, 0 }, out);
	while (in.n > 0 && !s->is_over) {
		struct bytes piece = bytes_head(in, step);
		piece.n = bytes_find(piece, TLS_MARK);
		feed(s, piece, out);
		in = bytes_skip(in, piece.n);
		if (in.n > 0 && in.p[0] == TLS_MARK) {
			in = bytes_skip(in, 1);
			if (s->starts_tls)
				session_tls_on(s);
		}
	}
	must(s->line.n <= SESSION_LINE_MAX);
	session_free(s);
	must(!sink->store.locked);
}

static void run(struct bytes in, size_t step, struct buf *out, struct buf *shown)
{
	struct world w = { .random = fake_random, .wall_s = fake_wall, .out = { .fd = -1 } };
	struct sink sink = { .w = &w,
		.name = "sink.example",
		.can_tls = true,
		.xclient = true,
		.mechs = SASL_IMPLEMENTED,
		.message_max = 2000 };
	struct envelope v;
	struct err e;
	char id[STORE_ID_MAX];

	w.out.capture = shown;
	sink.journal = (struct journal){ &w, true, false, false, true };
	sink.store = (struct store){ .w = &w,
		.stable = true,
		.messages_max = 4,
		.bytes_max = 9000 };
	must(users_add(&sink.users, BYTES("sample:password"), &e));
	envelope_init(&v);
	v.peer_ip = "192.0.2.1";
	v.host = sink.name;
	must(store_add(&sink.store, &v, BYTES("Subject: x\r\n\r\n.\r\nbody\r\n"), id, &e));
	envelope_free(&v);
	converse(&sink, in, step, out);
	uint64_t octets = 0;
	for (size_t i = 0; i < sink.store.count; i++)
		octets += sink.store.at[i].octets;
	must(octets == sink.store.bytes); /* nothing stays booked */
	store_close(&sink.store);
	users_free(&sink.users);
	out_flush(&w.out);
	buf_free(&w.out.pending);
}

static void must_be_safe(struct bytes shown)
{
	for (size_t i = 0; i < shown.n; i++)
		must(shown.p[i] == '\n' || (shown.p[i] >= ' ' && shown.p[i] < 0x7f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out[2] = { BUF(SIZE_MAX), BUF(SIZE_MAX) };
	struct buf shown[2] = { BUF(SIZE_MAX), BUF(SIZE_MAX) };
	struct bytes in = { data, size };

	run(in, size + 1, &out[0], &shown[0]);
	run(in, 1, &out[1], &shown[1]);
	must(bytes_equal(buf_bytes(&out[0]), buf_bytes(&out[1])));
	must(bytes_equal(buf_bytes(&shown[0]), buf_bytes(&shown[1])));
	must_be_safe(buf_bytes(&shown[0]));
	for (size_t i = 0; i < 2; i++) {
		buf_free(&out[i]);
		buf_free(&shown[i]);
	}
	return 0;
}
