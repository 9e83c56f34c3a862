/* test_mailsink - its sessions, fed whole, by octets and cut anywhere
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/mailsink/imapbox.h"
#include "applets/mailsink/imapd.h"
#include "applets/mailsink/pop3d.h"
#include "applets/mailsink/scripted.h"
#include "applets/mailsink/smtpd.h"
#include "proto/b64.h"
#include "proto/sasl.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUT_MAX = 4 * 1024 * 1024 };

/* Where it stands in the input of a row, the client waits for the answer and begins TLS. */
#define TLS "\x1d"

static void fake_random(struct world *w, void *p, size_t n)
{
	(void)w;
	memset(p, 1, n);
}

static int64_t fake_wall(struct world *w)
{
	(void)w;
	return 1390059454; /* Sat, 18 Jan 2014 15:37:34 +0000 */
}

struct setting {
	bool no_users, require_tls, no_tls, xclient, show, json, show_secrets;
	unsigned mechs;
	size_t messages_max;
	uint64_t message_max, bytes_max;
	const char *maildir, *banner, *script;
	const char *fault[2];
};

struct bench {
	struct world w;
	struct sink sink;
	struct buf shown;
};

static const char *const stages[] = { FAULT_STAGES, "EHLO", "MAIL", "RCPT", "DATA", "QUIT", "AUTH",
	"LIST", "UIDL", "RETR", "CAPA", "STARTTLS", "FETCH", NULL };

static void bench_open(struct bench *b, const struct setting *t)
{
	struct err e = { 0 };

	*b = (struct bench){
			.w = {.random = fake_random, .wall_s = fake_wall},
			.shown = BUF(OUT_MAX),
			.sink = {
					.name = "sink.example",
					.banner = t->banner,
					.script = bytes_of(t->script),
					.can_tls = !t->no_tls,
					.xclient = t->xclient,
					.mechs = t->mechs,
					.require_tls = t->require_tls,
					.message_max = t->message_max ? t->message_max : 1000,
			},
	};
	if (t->mechs == 0)
		b->sink.mechs = SASL_PLAIN | SASL_LOGIN | SASL_CRAM_MD5;
	b->w.out = (struct out){ .fd = -1, .capture = &b->shown };
	b->sink.w = &b->w;
	b->sink.store = (struct store){
		.w = &b->w,
		.stable = true,
		.maildir = t->maildir,
		.messages_max = t->messages_max ? t->messages_max : 10,
		.bytes_max = t->bytes_max ? t->bytes_max : 100000,
	};
	if (t->show || t->json)
		b->sink.journal =
				(struct journal){ &b->w, t->show, t->json, t->show_secrets, true };
	if (!t->no_users)
		assert_true(users_add(&b->sink.users, BYTES("sample:password"), &e));
	for (size_t i = 0; i < 2 && t->fault[i]; i++)
		if (!faults_add(&b->sink.faults, t->fault[i], stages, &e))
			fail_msg("%s", e.text);
	assert_true(store_open(&b->sink.store, &e));
}

static void bench_close(struct bench *b)
{
	store_close(&b->sink.store);
	users_free(&b->sink.users);
	faults_free(&b->sink.faults);
	buf_free(&b->shown);
	buf_free(&b->w.out.pending);
}

/* smtpd_new or pop3d_new */
struct kind {
	struct session *(*make)(struct sink *sink, const struct session_peer *peer);
};
static const struct kind smtp = { smtpd_new }, pop3 = { pop3d_new }, imap = { imapd_new },
			 lmtp = { smtpd_new_lmtp }, scripted = { scripted_new };

static struct session *open_session(struct bench *b, const struct kind *kind)
{
	return kind->make(&b->sink, &(struct session_peer){ .number = 1, .ip = "192.0.2.1" });
}

static void drain(struct session *s, struct buf *out)
{
	buf_put(out, buf_bytes(&s->out));
	buf_clear(&s->out);
}

/* One piece of input; out is sent as soon as it is there. */
static void feed(struct session *s, struct bytes in, struct buf *out)
{
	do {
		size_t before = in.n;
		session_feed(s, &in);
		if (s->out.n == 0 && in.n == before)
			break;
		drain(s, out);
	} while (!s->is_over && (in.n > 0 || s->is_pouring));
}

/* The input in pieces of at most step octets, the first one of first. */
static void converse(struct session *s, struct bytes in, size_t first, size_t step, struct buf *out)
{
	size_t n = first;

	drain(s, out);
	while (in.n > 0 && !s->is_over) {
		struct bytes piece = bytes_head(in, n);
		piece.n = bytes_find(piece, TLS[0]);
		feed(s, piece, out);
		in = bytes_skip(in, piece.n);
		if (in.n > 0 && in.p[0] == TLS[0]) {
			in = bytes_skip(in, 1);
			if (s->starts_tls)
				session_tls_on(s);
		}
		n = step;
	}
}

struct row {
	const char *name;
	struct setting setting;
	const char *in;
	const char *out;
	bool is_over; /* the server ends it */
	size_t kept;  /* messages in the store at the end */
};

static void fail_row(const struct row *r, const char *how, struct buf *got)
{
	print_error("%s, %s:\n--- wanted\n%s--- got\n%s---\n", r->name, how, r->out, buf_text(got));
	fail();
}

static void run_once(const struct row *r, const struct kind *kind, size_t first, size_t step)
{
	struct buf out = BUF(OUT_MAX);
	struct bench b;
	char how[64];

	bench_open(&b, &r->setting);
	struct session *s = open_session(&b, kind);
	converse(s, bytes_of(r->in), first, step, &out);
	snprintf(how, sizeof(how), "first piece %zu, then %zu", first, step);
	if (!bytes_equal(buf_bytes(&out), bytes_of(r->out)) || s->is_over != r->is_over)
		fail_row(r, how, &out);
	session_free(s);
	if (b.sink.store.count != r->kept) {
		print_error("%zu messages kept, not %zu\n", b.sink.store.count, r->kept);
		fail_row(r, how, &out);
	}
	assert_false(b.sink.store.locked);
	buf_free(&out);
	bench_close(&b);
}

static void run_rows(const struct row *rows, size_t count, const struct kind *kind)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(rows[i].in);
		run_once(&rows[i], kind, n, n);
		run_once(&rows[i], kind, 1, 1);
		for (size_t cut = 1; cut < n; cut++)
			run_once(&rows[i], kind, cut, n);
	}
}

#define HELLO "220 sink.example ESMTP mailsink\r\n"
#define EHLO "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
#define EHLO_END \
	"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-DSN\r\n250 SMTPUTF8\r\n"
#define EHLO_XCLIENT                                                             \
	"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-DSN\r\n" \
	"250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\r\n250 SMTPUTF8\r\n"
#define XCLIENT_501 "501 5.5.4 Syntax: XCLIENT attribute=value...\r\n"
#define EHLO_AUTH "250-AUTH CRAM-MD5 PLAIN LOGIN\r\n"
#define EHLO_CLEAR EHLO "250-STARTTLS\r\n" EHLO_AUTH EHLO_END
#define START "EHLO client.example\r\n"
#define READY HELLO EHLO_CLEAR
#define FROM_TO "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
#define FROM_TO_OK "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
#define GO_ON "354 End data with <CR><LF>.<CR><LF>\r\n"
#define QUEUED "250 2.0.0 Ok: queued as 0000000001\r\n"
#define TEN_TIMES(s) s s s s s s s s s s
#define BYE "221 2.0.0 Bye\r\n"

static const struct row smtp_rows[] = {
	{ "the article's session", { 0 },
			START "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n"
			      "MAIL FROM:sample@example.com\r\nRCPT TO:sample@gmail.com\r\nDATA\r\n"
			      "Subject: test\r\n\r\nHi.\r\n.\r\nQUIT\r\n",
			READY "235 2.7.0 Authentication successful\r\n" FROM_TO_OK GO_ON QUEUED BYE,
			true, 1 },
	{ "nobody can log in: AUTH is not offered", { .no_users = true },
			START "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			HELLO EHLO "250-STARTTLS\r\n" EHLO_END
				   "503 5.5.1 Error: authentication not enabled\r\n",
			false, 0 },
	{ "LOGIN asks twice", { 0 }, START "AUTH LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\n",
			READY "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n"
			      "235 2.7.0 Authentication successful\r\n",
			false, 0 },
	{ "LOGIN with the name as initial response", { 0 },
			START "auth login c2FtcGxl\r\ncGFzc3dvcmQ=\r\n",
			READY "334 UGFzc3dvcmQ6\r\n235 2.7.0 Authentication successful\r\n", false,
			0 },
	{ "PLAIN without initial response", { 0 },
			START "AUTH PLAIN\r\nAHNhbXBsZQBwYXNzd29yZA==\r\n",
			READY "334 \r\n235 2.7.0 Authentication successful\r\n", false, 0 },
	{ "authzid equal to the user is borne, another is not", { 0 },
			START "AUTH PLAIN b3RoZXIAc2FtcGxlAHBhc3N3b3Jk\r\n"
			      "AUTH PLAIN c2FtcGxlAHNhbXBsZQBwYXNzd29yZA==\r\n",
			READY "535 5.7.8 Error: authentication failed\r\n"
			      "235 2.7.0 Authentication successful\r\n",
			false, 0 },
	{ "user given as a mail address", { 0 },
			START "AUTH PLAIN AHNhbXBsZUBleGFtcGxlLmNvbQBwYXNzd29yZA==\r\n",
			READY "535 5.7.8 Error: authentication failed\r\n", false, 0 },
	{ "AUTH is cancelled by a star", { 0 }, START "AUTH LOGIN\r\n*\r\nNOOP\r\n",
			READY "334 VXNlcm5hbWU6\r\n501 5.7.0 Error: authentication aborted\r\n"
			      "250 2.0.0 Ok\r\n",
			false, 0 },
	{ "an equals sign is the empty initial response", { 0 }, START "AUTH PLAIN =\r\n",
			READY "501 5.5.2 Error: authentication failed: malformed response\r\n",
			false, 0 },
	{ "backslash zero is no NUL", { 0 }, START "AUTH PLAIN XDBzYW1wbGVcMHBhc3N3b3Jk\r\n",
			READY "501 5.5.2 Error: authentication failed: malformed response\r\n",
			false, 0 },
	{ "malformed base64", { 0 }, START "AUTH PLAIN AHNhb*\r\n",
			READY "501 5.5.2 Error: authentication failed: malformed base64\r\n", false,
			0 },
	{ "CRAM-MD5 takes no initial response", { 0 }, START "AUTH CRAM-MD5 AAAA\r\n",
			READY "501 5.5.2 Error: authentication failed: malformed response\r\n",
			false, 0 },
	{ "AUTH in the wrong order", { 0 },
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nHELO x\r\nAUTH PLAIN\r\n" START
			"AUTH\r\nAUTH GSSAPI\r\nMAIL FROM:<>\r\nAUTH PLAIN\r\nRSET\r\n"
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nAUTH PLAIN\r\n",
			HELLO
			"503 5.5.1 Error: send EHLO first\r\n250 sink.example\r\n"
			"503 5.5.1 Error: send EHLO first\r\n" EHLO_CLEAR
			"501 5.5.4 Syntax: AUTH mechanism\r\n"
			"504 5.5.4 Error: unrecognized authentication mechanism\r\n250 2.1.0 Ok\r\n"
			"503 5.5.1 Error: MAIL transaction in progress\r\n250 2.0.0 Ok\r\n"
			"235 2.7.0 Authentication successful\r\n"
			"503 5.5.1 Error: already authenticated\r\n",
			false, 0 },
	{ "commands in the wrong order", { 0 },
			"MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n" START
			"DATA\r\nMAIL FROM:<>\r\nDATA\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nDATA\r\n",
			HELLO
			"503 5.5.1 Error: send HELO/EHLO first\r\n503 5.5.1 Error: need MAIL command\r\n"
			"503 5.5.1 Error: need MAIL command\r\n" EHLO_CLEAR
			"503 5.5.1 Error: need MAIL command\r\n250 2.1.0 Ok\r\n"
			"503 5.5.1 Error: need RCPT command\r\n503 5.5.1 Error: nested MAIL command\r\n"
			"501 5.1.3 Bad recipient address syntax\r\n"
			"554 5.5.1 Error: no valid recipients\r\n",
			false, 0 },
	{ "syntax faults", { 0 },
			"EHLO\r\nHELO a b\r\n" START "MAIL\r\nMAIL FROM<a>\r\nMAIL FROM:\r\n"
			"MAIL FROM:<a@b\r\nMAIL FROM:<a@b>x\r\nMAIL FROM:<a b@c>\r\nRSET x\r\nVRFY\r\n"
			"EXPN x\r\n\r\nQUIT now\r\n",
			HELLO
			"501 5.5.4 Syntax: EHLO hostname\r\n501 5.5.4 Syntax: HELO hostname\r\n" EHLO_CLEAR
			"501 5.5.4 Syntax: MAIL FROM:<address>\r\n501 5.5.4 Syntax: MAIL FROM:<address>\r\n"
			"501 5.1.7 Bad sender address syntax\r\n501 5.1.7 Bad sender address syntax\r\n"
			"501 5.1.7 Bad sender address syntax\r\n501 5.1.7 Bad sender address syntax\r\n"
			"501 5.5.4 Syntax: RSET\r\n501 5.5.4 Syntax: VRFY address\r\n"
			"500 5.5.2 Error: command not recognized\r\n"
			"500 5.5.2 Error: command not recognized\r\n501 5.5.4 Syntax: QUIT\r\n",
			false, 0 },
	{ "commands that always work", { 0 }, "noop x\r\nVRFY a\r\nHELP\r\nRSET\r\nQuit\r\n",
			HELLO
			"250 2.0.0 Ok\r\n252 2.0.0 Every address is taken here\r\n"
			"214 2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT\r\n"
			"250 2.0.0 Ok\r\n" BYE,
			true, 0 },
	{ "parameters of MAIL and RCPT", { 0 },
			START
			"MAIL FROM:<a@b> SIZE=1001\r\nMAIL FROM:<a@b> SIZE=x\r\nMAIL FROM:<a@b> BODY=9\r\n"
			"MAIL FROM:<a@b> FOO=FULL\r\nMAIL FROM:<\xc3\xa4@b>\r\n"
			"MAIL FROM:<\xc3\xa4@b> SIZE=1000 BODY=8BITMIME smtputf8 AUTH=<>\r\n"
			"RCPT TO:<\xc3\xa4@b> FOO=NEVER\r\nRCPT TO:<\xc3\xa4@b>\r\n",
			READY
			"552 5.3.4 Message size exceeds fixed limit\r\n501 5.5.4 Error: bad SIZE value\r\n"
			"501 5.5.4 Error: bad BODY value\r\n555 5.5.4 Unsupported option\r\n"
			"553 5.6.7 Error: non-ASCII address without SMTPUTF8\r\n250 2.1.0 Ok\r\n"
			"555 5.5.4 Unsupported option\r\n250 2.1.5 Ok\r\n",
			false, 0 },
	{ "SMTPUTF8 counts for one transaction only", { 0 },
			START
			"MAIL FROM:<a@b> SMTPUTF8\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xa4@b>\r\n",
			READY "250 2.1.0 Ok\r\n250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n"
			      "553 5.6.7 Error: non-ASCII address without SMTPUTF8\r\n",
			false, 0 },
	{ "paths: quoted, literal, route, no domain", { 0 },
			START
			"MAIL FROM:<\"a b\\\"<>@\"@example.com>\r\nRCPT TO:<a@[192.0.2.1]>\r\n"
			"RCPT TO: <@one,@two:b@example.com>\r\nRCPT TO:<postmaster>\r\nRCPT TO:<a@>\r\n"
			"RCPT TO:<@b>\r\nRCPT TO:<a@b..c>\r\nRCPT TO:<a@b@c>\r\nRCPT TO:<a(b)@c>\r\n",
			READY
			"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
			"501 5.1.3 Bad recipient address syntax\r\n501 5.1.3 Bad recipient address syntax\r\n"
			"501 5.1.3 Bad recipient address syntax\r\n501 5.1.3 Bad recipient address syntax\r\n"
			"501 5.1.3 Bad recipient address syntax\r\n",
			false, 0 },
	{ "pipelined, two messages, dots", { 0 },
			START FROM_TO "DATA\r\n..\r\n.x\r\n.\r\n" FROM_TO
				      "DATA\r\n.\r\nQUIT\r\nNOOP\r\n",
			READY FROM_TO_OK GO_ON QUEUED FROM_TO_OK GO_ON
			"250 2.0.0 Ok: queued as 0000000002\r\n" BYE,
			true, 2 },
	{ "LF . LF does not end the text: no smuggling", { 0 },
			START FROM_TO "DATA\r\nx\n.\nMAIL FROM:<evil@example.com>\r\n.\r\n",
			READY FROM_TO_OK GO_ON QUEUED, false, 1 },
	{ "message of exactly the size limit", { .message_max = 10 },
			"HELO x\r\n" FROM_TO "DATA\r\n12345678\r\n.\r\nNOOP\r\n",
			HELLO "250 sink.example\r\n" FROM_TO_OK GO_ON QUEUED "250 2.0.0 Ok\r\n",
			false, 1 },
	{ "one octet over the size limit", { .message_max = 10 },
			"HELO x\r\n" FROM_TO "DATA\r\n123456789\r\n.\r\nNOOP\r\n",
			HELLO "250 sink.example\r\n" FROM_TO_OK GO_ON
			      "552 5.3.4 Error: message file too big\r\n"
			      "250 2.0.0 Ok\r\n",
			false, 0 },
	{ "the store has no room for the text", { .bytes_max = 5 },
			"HELO x\r\n" FROM_TO "DATA\r\n123456789\r\n.\r\nNOOP\r\n",
			HELLO "250 sink.example\r\n" FROM_TO_OK GO_ON
			      "452 4.3.1 Insufficient system storage\r\n250 2.0.0 Ok\r\n",
			false, 0 },
	{ "the store has as many messages as it takes", { .messages_max = 1 },
			"HELO x\r\n" FROM_TO "DATA\r\n.\r\nMAIL FROM:<>\r\n",
			HELLO "250 sink.example\r\n" FROM_TO_OK GO_ON QUEUED
			      "452 4.3.1 Insufficient system storage\r\n",
			false, 1 },
	{ "STARTTLS forgets what was said", { 0 },
			START "MAIL FROM:<>\r\nSTARTTLS\r\nRSET\r\nSTARTTLS x\r\nSTARTTLS\r\n" TLS
			      "MAIL FROM:<>\r\n" START "STARTTLS\r\n",
			READY
			"250 2.1.0 Ok\r\n503 5.5.1 Error: MAIL transaction in progress\r\n"
			"250 2.0.0 Ok\r\n501 5.5.4 Syntax: STARTTLS\r\n220 2.0.0 Ready to start TLS\r\n"
			"503 5.5.1 Error: send HELO/EHLO first\r\n" EHLO EHLO_AUTH EHLO_END
			"503 5.5.1 Error: TLS already active\r\n",
			false, 0 },
	{ "clear text behind STARTTLS ends the session", { 0 },
			START "STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n",
			READY "220 2.0.0 Ready to start TLS\r\n", true, 0 },
	{ "no TLS here", { .no_tls = true }, START "STARTTLS\r\n",
			HELLO EHLO EHLO_AUTH EHLO_END
			"502 5.5.1 Error: command not implemented\r\n",
			false, 0 },
	/* 14 and 19 break this row differently */
	/* clang-format off */
	{ "TLS is required", { .require_tls = true },
			START
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nMAIL FROM:<>\r\nNOOP\r\nSTARTTLS\r\n" TLS
					START
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nMAIL FROM:<>\r\n",
			HELLO EHLO
			"250-STARTTLS\r\n" EHLO_END
			"530 5.7.0 Must issue a STARTTLS command first\r\n"
			"530 5.7.0 Must issue a STARTTLS command first\r\n250 2.0.0 Ok\r\n"
			"220 2.0.0 Ready to start TLS\r\n" EHLO EHLO_AUTH EHLO_END
			"235 2.7.0 Authentication successful\r\n250 2.1.0 Ok\r\n",
			false, 0 },
	/* clang-format on */
	{ "bare LF ends a command line", { 0 }, "NOOP\nNOOP\r\n",
			HELLO "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n", false, 0 },
	{ "control octets in a command", { 0 }, "NOOP \x1b[2J\r\nNOOP\tx\r\nNOOP\r\r\n",
			HELLO "500 5.5.2 Error: command not recognized\r\n"
			      "500 5.5.2 Error: command not recognized\r\n"
			      "500 5.5.2 Error: command not recognized\r\n",
			false, 0 },
	{ "XCLIENT begins anew", { .xclient = true, .no_users = true, .no_tls = true },
			START
			"XCLIENT ADDR=192.0.2.7 name=[UNAVAILABLE] HELO=x\r\nMAIL FROM:<>\r\n" START
			"MAIL FROM:<>\r\nXCLIENT NAME=x\r\n",
			HELLO EHLO EHLO_XCLIENT HELLO
			"503 5.5.1 Error: send HELO/EHLO first\r\n" EHLO EHLO_XCLIENT
			"250 2.1.0 Ok\r\n"
			"503 5.5.1 Error: MAIL transaction in progress\r\n",
			false, 0 },
	{ "XCLIENT, wrong", { .xclient = true },
			"XCLIENT\r\nXCLIENT FOO=1\r\nXCLIENT ADDR\r\nXCLIENT ADDR=example.com\r\n"
			"XCLIENT ADDR=192.0.2.1 PROTO\r\nXCLIENT ADDR=IPV6:2001:db8::1\r\n",
			HELLO XCLIENT_501 XCLIENT_501 XCLIENT_501 XCLIENT_501 XCLIENT_501 HELLO,
			false, 0 },
	{ "XCLIENT that is not offered", { 0 }, "XCLIENT ADDR=192.0.2.1\r\n",
			HELLO "550 5.7.0 Error: insufficient authorization\r\n", false, 0 },
	{ "a banner of one's own", { .banner = "mail.example.com ESMTP unknown" }, "QUIT\r\n",
			"220 mail.example.com ESMTP unknown\r\n" BYE, true, 0 },
};

static void test_smtp(void **state)
{
	(void)state;
	run_rows(smtp_rows, sizeof(smtp_rows) / sizeof(smtp_rows[0]), &smtp);
}

#define STAMP "<72340172838076673.72340172838076673@sink.example>"
#define POP_HELLO "+OK sink.example POP3 mailsink " STAMP "\r\n"
#define CAPA "+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
#define CAPA_LOGIN "USER\r\nSASL CRAM-MD5 PLAIN LOGIN\r\n"
#define CAPA_END "IMPLEMENTATION mailsink\r\n.\r\n"
#define LOGIN_IN "USER sample\r\nPASS password\r\n"
#define NO_AUTH "-ERR [AUTH] Authentication failed\r\n"

static const struct row pop3_rows[] = {
	{ "the article's session on an empty mailbox", { 0 },
			LOGIN_IN "STAT\r\nLIST\r\nRETR 1\r\nQUIT\r\n",
			POP_HELLO
			"+OK\r\n+OK Logged in, 0 messages\r\n+OK 0 0\r\n"
			"+OK 0 messages (0 octets)\r\n.\r\n-ERR No such message\r\n+OK Bye\r\n",
			true, 0 },
	{ "CAPA before and after the login", { 0 }, "CAPA\r\n" LOGIN_IN "capa\r\n",
			POP_HELLO CAPA
			"STLS\r\n" CAPA_LOGIN CAPA_END
			"+OK\r\n+OK Logged in, 0 messages\r\n" CAPA CAPA_LOGIN CAPA_END,
			false, 0 },
	{ "nobody can log in", { .no_users = true },
			"CAPA\r\nUSER sample\r\nAUTH PLAIN\r\nQUIT\r\n",
			"+OK sink.example POP3 mailsink\r\n" CAPA "STLS\r\n" CAPA_END
			"-ERR [AUTH] nobody can log in: mailsink was started without --user\r\n"
			"-ERR [AUTH] nobody can log in: mailsink was started without --user\r\n"
			"+OK Bye\r\n",
			true, 0 },
	{ "wrong password, then PASS without USER", { 0 },
			"USER sample\r\nPASS wrong\r\nPASS password\r\n",
			POP_HELLO "+OK\r\n" NO_AUTH "-ERR USER first\r\n", false, 0 },
	{ "blanks belong to the password", { 0 }, "USER sample\r\nPASS  password\r\n",
			POP_HELLO "+OK\r\n" NO_AUTH, false, 0 },
	{ "SASL in all forms", { 0 },
			"AUTH\r\nAUTH PLAIN\r\n*\r\nAUTH PLAIN =\r\nAUTH PLAIN !\r\nAUTH NTLM\r\n"
			"AUTH LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\nAUTH PLAIN\r\n",
			POP_HELLO
			"+OK\r\nCRAM-MD5\r\nPLAIN\r\nLOGIN\r\n.\r\n+ \r\n"
			"-ERR Authentication aborted\r\n-ERR Malformed response\r\n-ERR Malformed base64\r\n"
			"-ERR Unrecognized authentication mechanism\r\n+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n"
			"+OK Logged in, 0 messages\r\n-ERR Not possible after the login\r\n",
			false, 0 },
	{ "SASL PLAIN with initial response", { 0 },
			"AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\nNOOP\r\n",
			POP_HELLO "+OK Logged in, 0 messages\r\n+OK\r\n", false, 0 },
	{ "APOP with a wrong digest and without one", { 0 },
			"APOP sample 0123456789abcdef0123456789abcdef\r\nAPOP sample\r\n",
			POP_HELLO NO_AUTH "-ERR Syntax: APOP name digest\r\n", false, 0 },
	{ "commands in the wrong state, and unknown ones", { 0 },
			"STAT\r\nFOO\r\n\r\nNOOP\r\nRETR\x01\r\n" LOGIN_IN "USER x\r\nSTLS\r\n",
			POP_HELLO
			"-ERR Log in first\r\n-ERR Unknown command\r\n-ERR Unknown command\r\n"
			"-ERR Log in first\r\n-ERR Unknown command\r\n+OK\r\n+OK Logged in, 0 messages\r\n"
			"-ERR Not possible after the login\r\n-ERR Not possible after the login\r\n",
			false, 0 },
	{ "STLS forgets the user name", { 0 },
			"USER sample\r\nSTLS\r\n" TLS "PASS password\r\nSTLS\r\nCAPA\r\n",
			POP_HELLO "+OK\r\n+OK Begin TLS negotiation now\r\n-ERR USER first\r\n"
				  "-ERR TLS is active already\r\n" CAPA CAPA_LOGIN CAPA_END,
			false, 0 },
	{ "clear text behind STLS ends the session", { 0 }, "STLS\r\nUSER sample\r\n",
			POP_HELLO "+OK Begin TLS negotiation now\r\n", true, 0 },
	{ "TLS is required", { .require_tls = true },
			"USER sample\r\nCAPA\r\nSTLS\r\n" TLS LOGIN_IN,
			POP_HELLO "-ERR [AUTH] no login in clear text: use STLS first\r\n" CAPA
				  "STLS\r\n" CAPA_END "+OK Begin TLS negotiation now\r\n"
				  "+OK\r\n+OK Logged in, 0 messages\r\n",
			false, 0 },
	{ "no STLS here", { .no_tls = true }, "STLS\r\n", POP_HELLO "-ERR STLS is not offered\r\n",
			false, 0 },
};

static void test_pop3(void **state)
{
	(void)state;
	run_rows(pop3_rows, sizeof(pop3_rows) / sizeof(pop3_rows[0]), &pop3);
}

static void say(struct session *s, const char *in, struct buf *out)
{
	buf_clear(out);
	feed(s, bytes_of(in), out);
}

static void check_say(struct session *s, const char *in, const char *wanted)
{
	struct buf out = BUF(OUT_MAX);

	say(s, in, &out);
	assert_string_equal(buf_text(&out), wanted);
	buf_free(&out);
}

static void deliver(struct bench *b, const char *text)
{
	struct buf out = BUF(OUT_MAX);
	struct session *s = open_session(b, &smtp);

	say(s, START FROM_TO "DATA\r\n", &out);
	say(s, text, &out);
	assert_true(bytes_starts(buf_bytes(&out), BYTES("250 2.0.0 Ok: queued as ")));
	session_free(s);
	buf_free(&out);
}

#define TRACE                                                             \
	"Return-Path: <a@example.com>\r\nDelivered-To: b@example.com\r\n" \
	"Received: from client.example ([192.0.2.1])\r\n"                 \
	"\tby sink.example (mailsink) with ESMTP id 0000000001\r\n"       \
	"\tfor <b@example.com>; Sat, 18 Jan 2014 15:37:34 +0000\r\n"

/* What SMTP took comes out of POP3, with dots stuffed and the size that LIST says. */
static void check_mailbox(struct bench *b)
{
	struct buf wanted = BUF(OUT_MAX);
	struct session *s = open_session(b, &pop3);
	size_t size = sizeof(TRACE) - 1 + 17; /* without the stuffed dot */

	check_say(s, LOGIN_IN, POP_HELLO "+OK\r\n+OK Logged in, 2 messages\r\n");
	buf_printf(&wanted,
			"+OK 1 %zu\r\n+OK %zu octets\r\n" TRACE "\r\n..dot\r\nlf\r\nend\r\n.\r\n",
			size, size);
	check_say(s, "LIST 1\r\nRETR 1\r\n", buf_text(&wanted));
	check_say(s, "TOP 1 1\r\n", "+OK\r\n" TRACE "\r\n..dot\r\n.\r\n");
	check_say(s, "TOP 1 0\r\n", "+OK\r\n" TRACE "\r\n.\r\n");
	check_say(s, "TOP 1\r\nTOP 3 0\r\nRETR\r\nRETR 0\r\nLIST 99999999999\r\n",
			"-ERR Syntax: TOP number lines\r\n-ERR No such message\r\n"
			"-ERR Syntax: a message number is missing\r\n-ERR No such message\r\n"
			"-ERR Syntax: a message number is missing\r\n");
	session_free(s);
	buf_free(&wanted);
}

static void test_same_messages(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	deliver(&b, "\r\n..dot\r\nlf\nend\r\n.\r\n");
	deliver(&b, "x\r\n.\r\n");
	check_mailbox(&b);
	bench_close(&b);
}

static void test_delete_at_quit_only(void **state)
{
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	for (int i = 0; i < 3; i++)
		deliver(&b, "x\r\n.\r\n");
	struct session *s = open_session(&b, &pop3);
	say(s, LOGIN_IN "DELE 2\r\n", &out);
	check_say(s, "DELE 2\r\nRETR 2\r\nUIDL\r\n",
			"-ERR No such message\r\n-ERR No such message\r\n"
			"+OK\r\n1 0000000001\r\n3 0000000003\r\n.\r\n");
	say(s, "STAT\r\n", &out);
	assert_true(bytes_starts(buf_bytes(&out), BYTES("+OK 2 ")));
	check_say(s, "RSET\r\nUIDL 2\r\nDELE 2\r\n",
			"+OK\r\n+OK 2 0000000002\r\n+OK Marked to be deleted\r\n");
	session_free(s); /* no QUIT */
	assert_int_equal(b.sink.store.count, 3);
	s = open_session(&b, &pop3);
	say(s, LOGIN_IN "DELE 1\r\nDELE 3\r\n", &out);
	deliver(&b, "later\r\n.\r\n");
	check_say(s, "UIDL\r\nQUIT\r\n", "+OK\r\n2 0000000002\r\n.\r\n+OK Bye\r\n");
	session_free(s);
	assert_int_equal(b.sink.store.count, 2);
	assert_string_equal(b.sink.store.at[0].uid, "0000000002");
	assert_string_equal(b.sink.store.at[1].uid, "0000000004");
	buf_free(&out);
	bench_close(&b);
}

static void test_one_session_has_the_mailbox(void **state)
{
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	struct session *one = open_session(&b, &pop3);
	struct session *two = open_session(&b, &pop3);
	say(one, LOGIN_IN, &out);
	say(two, "USER sample\r\n", &out);
	check_say(two, "PASS password\r\n", "-ERR [IN-USE] another session has this mailbox\r\n");
	say(one, "QUIT\r\n", &out);
	check_say(two, LOGIN_IN, "+OK\r\n+OK Logged in, 0 messages\r\n");
	session_free(one);
	assert_true(b.sink.store.locked);
	session_free(two);
	buf_free(&out);
	bench_close(&b);
}

static void check_cram(struct session *s, struct bytes proof, const char *wanted)
{
	struct buf line = BUF(1000);

	/* STAMP in base64 */
	check_say(s, "AUTH CRAM-MD5\r\n",
			"334 PDcyMzQwMTcyODM4MDc2NjczLjcyMzQwMTcyODM4MDc2NjczQHNpbmsuZXhhbXBsZT4=\r\n");
	b64_encode(proof, &line);
	buf_puts(&line, "\r\n");
	check_say(s, buf_text(&line), wanted);
	buf_free(&line);
}

/* Both proofs depend on what the server said first. */
static void test_proofs(void **state)
{
	struct sasl_creds creds = { .user = BYTES("sample"), .password = BYTES("password") };
	struct buf out = BUF(OUT_MAX), line = BUF(1000), proof = BUF(1000);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	struct session *s = open_session(&b, &pop3);
	sasl_apop(&proof, BYTES(STAMP), creds.password);
	buf_printf(&line, "APOP sample %s\r\n", buf_text(&proof));
	say(s, buf_text(&line), &out);
	assert_string_equal(strchr(buf_text(&out), 'L'), "Logged in, 0 messages\r\n");
	session_free(s);

	s = open_session(&b, &smtp);
	say(s, START, &out);
	buf_clear(&proof);
	sasl_cram_md5(&proof, &creds, BYTES(STAMP));
	proof.p[proof.n - 1] ^= 1;
	check_cram(s, buf_bytes(&proof), "535 5.7.8 Error: authentication failed\r\n");
	check_cram(s, BYTES("sample"),
			"501 5.5.2 Error: authentication failed: malformed response\r\n");
	proof.p[proof.n - 1] ^= 1;
	check_cram(s, buf_bytes(&proof), "235 2.7.0 Authentication successful\r\n");
	session_free(s);
	buf_free(&out);
	buf_free(&line);
	buf_free(&proof);
	bench_close(&b);
}

static void test_limits(void **state)
{
	static const char *const starts[] = { "", START "AUTH PLAIN\r\n" };
	static const char *const ends[] = { "500 5.5.2 Error: line too long\r\n250 2.0.0 Ok\r\n",
		"500 5.5.6 Error: authentication exchange line is too long\r\n250 2.0.0 Ok\r\n" };
	struct buf out = BUF(OUT_MAX), line = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	for (size_t i = 0; i < 2; i++) {
		struct session *s = open_session(&b, &smtp);
		say(s, starts[i], &out);
		for (int n = 0; n < 100000; n++) {
			say(s, "x", &out);
			assert_true(out.n == 0 && s->line.size <= 2 * SESSION_LINE_MAX);
		}
		check_say(s, "\r\nNOOP\r\n", ends[i]);
		session_free(s);
	}
	struct session *s = open_session(&b, &smtp);
	for (int i = 0; i < SESSION_ERRORS_MAX; i++)
		buf_puts(&line, "FOO\r\n");
	say(s, buf_text(&line), &out);
	assert_true(s->is_over);
	assert_true(bytes_ends(buf_bytes(&out),
			BYTES("421 4.7.0 sink.example Error: too many errors\r\n")));
	session_free(s);
	buf_free(&out);
	buf_free(&line);
	bench_close(&b);
}

/* Input waits while output does: a client that does not read costs no memory. */
static void test_slow_reader(void **state)
{
	struct buf out = BUF(OUT_MAX), text = BUF(OUT_MAX), in = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ .message_max = 300000, .bytes_max = 1000000 });
	while (text.n < 200000)
		buf_puts(&text, ".. a line of seventy characters, more or less, and no two in a row, ok\r\n");
	buf_puts(&text, ".\r\n");
	deliver(&b, buf_text(&text));
	struct session *s = open_session(&b, &pop3);
	say(s, LOGIN_IN, &out);
	for (int i = 0; i < 5; i++)
		buf_puts(&in, "RETR 1\r\n");
	struct bytes rest = buf_bytes(&in);
	size_t rounds = 0, octets = 0;
	do {
		session_feed(s, &rest);
		assert_true(s->out.n < SESSION_OUT_MAX && !s->out.overflow);
		octets += s->out.n;
		buf_clear(&s->out);
		rounds++;
	} while (rest.n > 0 || s->is_pouring);
	assert_true(rounds > 10 && octets > 5 * 200000);
	session_free(s);

	s = open_session(&b, &smtp);
	buf_clear(&in);
	for (int i = 0; i < 100000; i++)
		buf_puts(&in, "NOOP\r\n");
	rest = buf_bytes(&in);
	session_feed(s, &rest);
	assert_true(rest.n > 0 && s->out.n < SESSION_OUT_MAX);
	session_free(s);
	buf_free(&out);
	buf_free(&text);
	buf_free(&in);
	bench_close(&b);
}

static void test_recipients(void **state)
{
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	struct session *s = open_session(&b, &smtp);
	say(s, START "MAIL FROM:<>\r\n", &out);
	for (int i = 0; i < ENVELOPE_RECIPIENTS_MAX; i++)
		check_say(s, "RCPT TO:<b@example.com>\r\n", "250 2.1.5 Ok\r\n");
	check_say(s, "RCPT TO:<b@example.com>\r\n", "452 4.5.3 Error: too many recipients\r\n");
	session_free(s);
	buf_free(&out);
	bench_close(&b);
}

struct shown_row {
	const char *name;
	struct setting setting;
	bool is_pop3;
	const char *in;
	const char *wanted;    /* in the journal */
	const char *forbidden; /* not in the journal; NULL = "password" and its base64 forms */
};

static const struct shown_row shown_rows[] = {
	{ "PLAIN tells user and length", { .show = true }, false,
			START "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"[1] C: AUTH PLAIN <hidden: user \"sample\", password 8 bytes>\n", NULL },
	{ "LOGIN", { .show = true }, false, START "AUTH LOGIN\r\nc2FtcGxl\r\ncGFzc3dvcmQ=\r\n",
			"[1] C: <hidden, 12 bytes>\n", NULL },
	{ "who logged in", { .show = true }, false, START "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"[1]    login of \"sample\" by PLAIN accepted\n", NULL },
	{ "AUTH that is refused, and the client goes on", { .show = true, .no_users = true }, false,
			START "AUTH PLAIN\r\nAHNhbXBsZQBwYXNzd29yZA==\r\n",
			"[1] C: <hidden: user \"sample\", password 8 bytes>\n", NULL },
	{ "PASS", { .show = true }, true, "USER sample\r\nPASS password\r\n",
			"[1] C: PASS <hidden, 8 bytes>\n", NULL },
	{ "PASS in small letters at the wrong door", { .show = true }, false, "pass password\r\n",
			"[1] C: pass <hidden, 8 bytes>\n", NULL },
	{ "IMAP at the wrong door", { .show = true }, true, "a1 LOGIN sample password\r\n",
			"[1] C: a1 LOGIN <hidden, 15 bytes>\n", NULL },
	{ "AUTH to POP3", { .show = true }, true, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"[1] C: AUTH PLAIN <hidden: user \"sample\", password 8 bytes>\n", NULL },
	{ "--show-secrets", { .show = true, .show_secrets = true }, false,
			START "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\r\n",
			"[1] C: AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\n", "\x1b" },
	{ "control octets are escaped", { .show = true }, false, "NOOP \x1b[2J\r\n",
			"[1] C: NOOP \\x1b[2J\n", "\x1b" },
	{ "bare LF is told, once", { .show = true }, false, "NOOP\nNOOP\n",
			"[1]    the client ends its lines with LF instead of CRLF\n[1] C: NOOP\n"
			"[1] S: 250 2.0.0 Ok\n[1] C: NOOP\n",
			"\x1b" },
	{ "bytes behind STARTTLS", { .show = true }, false, "STARTTLS\r\nNOOP\r\n",
			"(CVE-2011-0411)\n", NULL },
	{ "a message", { .show = true }, false, START FROM_TO "DATA\r\nx\n\r\n.\r\n",
			"[1]    message 0000000001 from <a@example.com> to <b@example.com>: 4 octets, ESMTP,"
			" with bare LF\n",
			NULL },
	{ "a message as JSON", { .json = true }, false, START FROM_TO "DATA\r\nx\r\n.\r\n",
			"{\"type\":\"message\",\"session\":1,\"proto\":\"smtp\",\"id\":\"0000000001\","
			"\"with\":\"ESMTP\",\"helo\":\"client.example\",\"from\":\"a@example.com\","
			"\"to\":[\"b@example.com\"],\"octets\":3,\"bare_lf\":0}\n",
			NULL },
	{ "lines as JSON", { .json = true, .show = true }, true, "USER sample\r\nPASS password\r\n",
			"{\"type\":\"line\",\"session\":1,\"proto\":\"pop3\",\"dir\":\"C\","
			"\"text\":\"PASS <hidden, 8 bytes>\"}\n",
			NULL },
	{ "random values are not shown with --stable", { .show = true }, true, "QUIT\r\n",
			"[1] S: +OK sink.example POP3 mailsink <stamp>\n", "7234" },
};

static void test_journal(void **state)
{
	static const char *const secrets[] = { "password\n", "password\"", "AHNhbXBs", "cGFzc3dv",
		"sample password" };

	(void)state;
	for (size_t i = 0; i < sizeof(shown_rows) / sizeof(shown_rows[0]); i++) {
		const struct shown_row *r = &shown_rows[i];
		struct buf out = BUF(OUT_MAX);
		struct bench b;
		bench_open(&b, &r->setting);
		struct session *s = open_session(&b, r->is_pop3 ? &pop3 : &smtp);
		say(s, r->in, &out);
		session_free(s);
		out_flush(&b.w.out);
		const char *shown = buf_text(&b.shown);
		bool bad = !strstr(shown, r->wanted) ||
				(r->forbidden && strstr(shown, r->forbidden));
		for (size_t k = 0; !r->forbidden && k < sizeof(secrets) / sizeof(secrets[0]); k++)
			bad = bad || strstr(shown, secrets[k]);
		if (bad) {
			print_error("%s:\n--- wanted\n%s--- got\n%s---\n", r->name, r->wanted,
					shown);
			fail();
		}
		buf_free(&out);
		bench_close(&b);
	}
}

static void remove_maildir(const char *directory)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	char path[PATH_MAX];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, parts[i]);
		DIR *d = opendir(path);
		for (struct dirent *one; d && (one = readdir(d));)
			unlinkat(dirfd(d), one->d_name, 0);
		if (d)
			closedir(d);
		rmdir(path);
	}
	rmdir(directory);
}

/* The same conversation; then a second run of mailsink finds the messages again. */
static void test_maildir(void **state)
{
	char directory[] = "/tmp/test_mailsink.XXXXXX";
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	assert_non_null(mkdtemp(directory));
	bench_open(&b, &(struct setting){ .maildir = directory });
	deliver(&b, "\r\n..dot\r\nlf\nend\r\n.\r\n");
	deliver(&b, "x\r\n.\r\n");
	check_mailbox(&b);
	char uid[STORE_UID_MAX + 1];
	snprintf(uid, sizeof(uid), "%s", b.sink.store.at[1].uid);
	bench_close(&b);

	bench_open(&b, &(struct setting){ .maildir = directory });
	check_mailbox(&b);
	assert_string_equal(b.sink.store.at[1].uid, uid);
	struct session *s = open_session(&b, &pop3);
	say(s, LOGIN_IN "DELE 1\r\nQUIT\r\n", &out);
	session_free(s);
	bench_close(&b);

	bench_open(&b, &(struct setting){ .maildir = directory });
	assert_int_equal(b.sink.store.count, 1);
	assert_string_equal(b.sink.store.at[0].uid, uid);
	bench_close(&b);
	buf_free(&out);
	remove_maildir(directory);
}

/* A write that fails is a temporary refusal, and nothing counts as kept. */
static void test_maildir_gone(void **state)
{
	char directory[] = "/tmp/test_mailsink.XXXXXX";
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	assert_non_null(mkdtemp(directory));
	bench_open(&b, &(struct setting){ .maildir = directory });
	remove_maildir(directory);
	struct session *s = open_session(&b, &smtp);
	say(s, START FROM_TO "DATA\r\n", &out);
	check_say(s, "x\r\n.\r\n", "451 4.3.0 Error: queue file write error\r\n");
	session_free(s);
	assert_int_equal(b.sink.store.count, 0);
	assert_int_equal(b.sink.store.bytes, 0);
	buf_free(&out);
	bench_close(&b);
}

static void test_users(void **state)
{
	static const char *const bad[] = { "", "sample", "sample:", ":password", "a\nb:c",
		"sample:again" };
	struct users u = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_true(users_add(&u, BYTES("sample:pass:word"), &e));
	assert_true(users_check_password(&u, BYTES("sample"), BYTES("pass:word")));
	assert_false(users_check_password(&u, BYTES("Sample"), BYTES("pass:word")));
	assert_false(users_check_password(&u, BYTES("sample"), BYTES("pass")));
	assert_false(users_check_password(&u, BYTES(""), BYTES("")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(users_add(&u, bytes_of(bad[i]), &e));
		assert_null(strstr(e.text, "again"));
	}
	assert_int_equal(u.count, 1);
	users_free(&u);
}

static void test_octets(void **state)
{
	static const struct {
		const char *in;
		uint64_t octets;
	} rows[] = { { "", 0 }, { "a", 3 }, { "a\n", 3 }, { "a\r\n", 3 }, { "a\r", 3 },
		{ "\n\n", 4 }, { "\r\r\n", 4 }, { "\r\n\n", 4 }, { ".\r\n", 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(store_octets(bytes_of(rows[i].in)), rows[i].octets);
}

#define BOX "USER sample\r\nPASS password\r\n"
#define BOX_OPEN "+OK Logged in, 0 messages\r\n"
#define POP3_HELLO \
	"+OK sink.example POP3 mailsink <72340172838076673.72340172838076673@sink.example>\r\n"

static const struct row fault_rows[] = {
	{ "a refusal stands for the command", { .fault = { "rcpt=550 5.1.1 No" } },
			START FROM_TO "DATA\r\n",
			READY "250 2.1.0 Ok\r\n550 5.1.1 No\r\n"
			      "503 5.5.1 Error: need RCPT command\r\n",
			false, 0 },
	{ "the first two times, then another", { .fault = { "rcpt*2=450 a", "RCPT*1=550 b" } },
			"EHLO client.example\r\nMAIL FROM:<a@example.com>\r\n"
			"RCPT TO:<a@a>\r\nRCPT TO:<b@b>\r\nRCPT TO:<c@c>\r\nRCPT TO:<d@d>\r\n",
			READY "250 2.1.0 Ok\r\n450 a\r\n450 a\r\n550 b\r\n250 2.1.5 Ok\r\n", false,
			0 },
	{ "a positive reply replaces the answer only", { .fault = { "data=354" } },
			START FROM_TO "DATA\r\nx\r\n.\r\nQUIT\r\n",
			READY FROM_TO_OK "354\r\n" QUEUED BYE, true, 1 },
	{ "a refused dot: nothing is kept", { .fault = { "dot=451 4.3.0 Later" } },
			START FROM_TO "DATA\r\nx\r\n.\r\n" FROM_TO,
			READY FROM_TO_OK GO_ON "451 4.3.0 Later\r\n" FROM_TO_OK, false, 0 },
	{ "no answer to the dot: kept", { .fault = { "dot=close" } },
			START FROM_TO "DATA\r\nx\r\n.\r\nQUIT\r\n", READY FROM_TO_OK GO_ON, true,
			1 },
	{ "421 ends", { .fault = { "greeting=421 4.3.2 Too busy" } }, "EHLO x\r\n",
			"421 4.3.2 Too busy\r\n", true, 0 },
	{ "silence, whatever comes", { .fault = { "mail=silence" } }, START FROM_TO "QUIT\r\n",
			READY, false, 0 },
	{ "half of it", { .fault = { "quit=cut" } }, "QUIT\r\n", HELLO "221 2.0", true, 0 },
	{ "escapes", { .fault = { "greeting=220-\\x1b[2J\\\\\\r\\n220 b" } }, "QUIT\r\n",
			"220-\x1b[2J\\\r\n220 b\r\n" BYE, true, 0 },
	{ "twice, and with LF", { .fault = { "quit=twice", "quit=lf" } }, "QUIT\r\n",
			HELLO "221 2.0.0 Bye\n221 2.0.0 Bye\n", true, 0 },
	{ "more behind it, and no end", { .fault = { "quit=insert 250 b", "quit=noeol" } },
			"QUIT\r\n", HELLO "221 2.0.0 Bye\r\n250 b", true, 0 },
	{ "stars and digits of a PIX", { .fault = { "greeting=mask" } }, "QUIT\r\n",
			"220 ************ ***** ********\r\n" BYE, true, 0 },
	{ "keywords crossed out", { .no_users = true, .no_tls = true, .fault = { "ehlo=xxxx" } },
			"EHLO x\r\n",
			HELLO "250-XXXXXXXXXXXX\r\n250-XXXXXXXXXX\r\n250-XXXX X000\r\n"
			      "250-XXXXXXXXXXXXXXXXXXX\r\n250-XXXXXXXX\r\n250-XXXXXXXX\r\n"
			      "250-XXX\r\n250 XXXXXXXX\r\n",
			false, 0 },
	{ "AUTH=, blanks", { .no_tls = true, .fault = { "ehlo=oldauth", "ehlo=spaces" } },
			"EHLO x\r\n",
			HELLO "250-sink.example \r\n250-PIPELINING \r\n250-SIZE  1000 \r\n"
			      "250-AUTH=CRAM-MD5  PLAIN  LOGIN \r\n250-ENHANCEDSTATUSCODES \r\n"
			      "250-8BITMIME \r\n250-CHUNKING \r\n250-DSN \r\n250 SMTPUTF8 \r\n",
			false, 0 },
	{ "an AUTH challenge, before it is base64, and only there",
			{ .mechs = SASL_SCRAM_SHA_1, .fault = { "auth=swap i=4096 i=1000000000" } },
			START "AUTH SCRAM-SHA-1 biwsbj1zYW1wbGUscj1hYmM=\r\n",
			HELLO EHLO "250-STARTTLS\r\n250-AUTH SCRAM-SHA-1\r\n" EHLO_END "334 "
				   "cj1hYmM3MjM0MDE3MjgzODA3NjY3My43MjM0MDE3MjgzODA3NjY3MyxzPUFR"
				   "RUJBUUVCQVFFQkFRRUJBUUVCQVE9PSxpPTEwMDAwMDAwMDA="
				   "\r\n",
			false, 0 },
	{ "words swapped, in one line", { .no_users = true, .fault = { "ehlo=swap CHUNK \\x20" } },
			START,
			HELLO EHLO "250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
				   "250- ING\r\n250-DSN\r\n250 SMTPUTF8\r\n",
			false, 0 },
	{ "lines before the last", { .fault = { "quit=count 2" } }, "QUIT\r\n",
			HELLO "221-1 EXISTS\r\n221-2 EXISTS\r\n" BYE, true, 0 },
	{ "a long line", { .fault = { "quit=long 5" } }, "QUIT\r\n", HELLO "221 2.0.0 Byexxxxx\r\n",
			true, 0 },
	{ "TLS that is none", { .fault = { "tls=500 what?" } }, START "STARTTLS\r\nNOOP\r\n",
			READY "220 2.0.0 Ready to start TLS\r\n", true, 0 },
	{ "STARTTLS refused", { .fault = { "starttls=454 4.7.0 Not now" } },
			START "STARTTLS\r\nQUIT\r\n", READY "454 4.7.0 Not now\r\n" BYE, true, 0 },
	{ "a proof refused", { .fault = { "proof=535 5.7.8 No" } },
			START "AUTH LOGIN\r\nc2FtcGxl\r\nQUIT\r\n",
			READY "334 VXNlcm5hbWU6\r\n535 5.7.8 No\r\n" BYE, true, 0 },
};

static const struct row pop3_fault_rows[] = {
	{ "a list without end, without dot", { .fault = { "capa=nodot" } }, "CAPA\r\nQUIT\r\n",
			POP3_HELLO "+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n"
				   "PIPELINING\r\nSTLS\r\nUSER\r\nSASL CRAM-MD5 PLAIN LOGIN\r\n"
				   "IMPLEMENTATION mailsink\r\n+OK Bye\r\n",
			true, 0 },
	{ "messages that are not there", { .fault = { "uidl=count 2" } }, BOX "UIDL\r\nQUIT\r\n",
			POP3_HELLO "+OK\r\n" BOX_OPEN "+OK\r\n1 100\r\n2 100\r\n.\r\n+OK Bye\r\n",
			true, 0 },
	{ "a list that stops", { .fault = { "list=silence" } }, BOX "LIST\r\nQUIT\r\n",
			POP3_HELLO "+OK\r\n" BOX_OPEN, false, 0 },
};

static void test_faults(void **state)
{
	(void)state;
	run_rows(fault_rows, sizeof(fault_rows) / sizeof(fault_rows[0]), &smtp);
	run_rows(pop3_fault_rows, sizeof(pop3_fault_rows) / sizeof(pop3_fault_rows[0]), &pop3);
}

#define IMAP_CAPS_IN(tls) \
	"CAPABILITY IMAP4rev1 LITERAL+ SASL-IR IDLE" tls " AUTH=CRAM-MD5 AUTH=PLAIN AUTH=LOGIN"
#define IMAP_CAPS IMAP_CAPS_IN(" STARTTLS")
#define IMAP_HELLO "* OK [" IMAP_CAPS "] sink.example IMAP4rev1 mailsink\r\n"
#define IMAP_IN "a LOGIN sample password\r\nb EXAMINE INBOX\r\n"
#define IMAP_OPEN IMAP_HELLO IMAP_OPENED
#define IMAP_OPENED                                                                    \
	"a OK logged in\r\n* FLAGS (" IMAPBOX_FLAGS                                    \
	")\r\n* OK [PERMANENTFLAGS ()] for this run\r\n* 0 EXISTS\r\n* 0 RECENT\r\n"   \
	"* OK [UIDVALIDITY 1] UIDs hold for this run\r\n* OK [UIDNEXT 1] the next\r\n" \
	"b OK [READ-ONLY] done\r\n"
#define IMAP_BYE "* BYE until next time\r\nz OK done\r\n"

static const struct row imap_rows[] = {
	{ "capability, logout", { 0 }, "a CAPABILITY\r\nz LOGOUT\r\n",
			IMAP_HELLO "* " IMAP_CAPS "\r\na OK done\r\n" IMAP_BYE, true, 0 },
	{ "an empty folder", { 0 }, IMAP_IN "c SEARCH ALL\r\nd FETCH 1:* FLAGS\r\nz LOGOUT\r\n",
			IMAP_OPEN "* SEARCH\r\nc OK done\r\nd OK done\r\n" IMAP_BYE, true, 0 },
	{ "nothing is changed after EXAMINE", { 0 },
			IMAP_IN "c STORE 1:* +FLAGS (\\Seen)\r\nd EXPUNGE\r\nz LOGOUT\r\n",
			IMAP_OPEN "c NO the folder was opened by EXAMINE\r\nd OK done\r\n" IMAP_BYE,
			true, 0 },
	{ "name and password as literals", { 0 },
			"a LOGIN {6}\r\nsample {8+}\r\npassword\r\nz LOGOUT\r\n",
			IMAP_HELLO "+ ready for the literal\r\na OK logged in\r\n" IMAP_BYE, true,
			0 },
	{ "AUTHENTICATE with its first response, and without", { 0 },
			"a AUTHENTICATE PLAIN AHNhbXBsZQB3cm9uZw==\r\nb AUTHENTICATE PLAIN\r\n"
			"AHNhbXBsZQBwYXNzd29yZA==\r\nz LOGOUT\r\n",
			IMAP_HELLO "a NO [AUTHENTICATIONFAILED] authentication failed\r\n+ \r\n"
				   "b OK logged in\r\n" IMAP_BYE,
			true, 0 },
	{ "not before the login", { 0 }, "a SELECT INBOX\r\nb FETCH 1 FLAGS\r\nc FOO\r\n\r\n",
			IMAP_HELLO "a BAD not in this state\r\nb BAD not in this state\r\n"
				   "c BAD unknown command\r\n* BAD unknown command\r\n",
			false, 0 },
	{ "TLS wanted, TLS begun", { .require_tls = true },
			"a LOGIN sample password\r\nb STARTTLS\r\n" TLS "c CAPABILITY\r\n",
			"* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR IDLE STARTTLS LOGINDISABLED]"
			" sink.example IMAP4rev1 mailsink\r\n"
			"a NO [PRIVACYREQUIRED] no login in clear text: use STARTTLS first\r\n"
			"b OK begin TLS negotiation now\r\n* " IMAP_CAPS_IN("") "\r\nc OK done\r\n",
			false, 0 },
	{ "IDLE, and its end", { 0 }, "a IDLE\r\n" IMAP_IN "c IDLE\r\ndone\r\nz LOGOUT\r\n",
			IMAP_HELLO "a BAD not in this state\r\n" IMAP_OPENED
				   "+ idling\r\nc OK done\r\n" IMAP_BYE,
			true, 0 },
	{ "IDLE ended by something else", { 0 }, IMAP_IN "c IDLE\r\nd NOOP\r\ne NOOP\r\n",
			IMAP_OPEN "+ idling\r\nc BAD only DONE ends IDLE\r\ne OK done\r\n", false,
			0 },
	{ "a literal that is too long", { 0 }, "a LOGIN {70000}\r\n",
			IMAP_HELLO "* BYE that literal is too long\r\n", true, 0 },
	{ "folders", { 0 },
			"a LOGIN sample password\r\nb LIST \"\" \"*\"\r\nc LIST \"\" \"\"\r\n"
			"d SELECT Other\r\ne STATUS INBOX (MESSAGES)\r\n",
			IMAP_HELLO
			"a OK logged in\r\n* LIST () \"/\" INBOX\r\nb OK done\r\n"
			"* LIST (\\Noselect) \"/\" \"\"\r\nc OK done\r\n"
			"d NO [NONEXISTENT] there is only INBOX\r\n"
			"* STATUS INBOX (MESSAGES 0 RECENT 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 1)\r\n"
			"e OK done\r\n",
			false, 0 },
	{ "a fault with the tag of the command", { .fault = { "fetch=NO gone", "list=OK" } },
			IMAP_IN "c FETCH 1 FLAGS\r\nd LIST \"\" \"*\"\r\n",
			IMAP_OPEN "c NO gone\r\nd OK\r\n", false, 0 },
};

static void test_imap(void **state)
{
	(void)state;
	run_rows(imap_rows, sizeof(imap_rows) / sizeof(imap_rows[0]), &imap);
}

/* What one message looks like: in is a command, out its answer without the tagged line. */
static void test_imap_message(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "FETCH 1 (UID FLAGS RFC822.SIZE)",
				"* 1 FETCH (UID 1 FLAGS (\\Recent) RFC822.SIZE 159)\r\n" },
		{ "FETCH 1 INTERNALDATE",
				"* 1 FETCH (INTERNALDATE \"18-Jan-2014 15:37:34 +0000\")\r\n" },
		{ "UID FETCH 1 BODY.PEEK[TEXT]",
				"* 1 FETCH (BODY[TEXT] {11}\r\nb\xc3\xb6"
				"dy\r\n.x\r\n UID 1)\r\n" },
		{ "FETCH 1:* BODY[HEADER.FIELDS (to subject)]",
				"* 1 FETCH (BODY[HEADER.FIELDS (to subject)] {14}\r\nSubject: x\r\n\r\n)\r\n" },
		{ "FETCH * BODY[TEXT]<1.3>",
				"* 1 FETCH (BODY[TEXT]<1> {3}\r\n\xc3\xb6"
				"d)\r\n" },
		{ "FETCH 1 RFC822.TEXT",
				"* 1 FETCH (RFC822.TEXT {11}\r\nb\xc3\xb6"
				"dy\r\n.x\r\n)\r\n" },
		{ "FETCH 2:3,7 FLAGS", "" },
		{ "SEARCH SUBJECT X UNSEEN", "* SEARCH 1\r\n" },
		{ "SEARCH NOT TEXT dy", "* SEARCH\r\n" },
		{ "SEARCH OR (SEEN) BODY dy", "* SEARCH 1\r\n" },
		{ "SEARCH BODY subject", "* SEARCH\r\n" },
		{ "SEARCH HEADER subject \"\" 1", "* SEARCH 1\r\n" },
		{ "UID SEARCH UID 1:5", "* SEARCH 1\r\n" },
		{ "SEARCH CHARSET UTF-8 TEXT {2+}\r\n\xc3\xb6", "* SEARCH 1\r\n" },
	};
	struct bench b;
	struct envelope v;
	char id[STORE_ID_MAX];
	struct err e;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	envelope_init(&v);
	v.peer_ip = "192.0.2.1";
	v.host = "sink.example";
	assert_true(store_add(&b.sink.store, &v,
			BYTES("Subject: x\n\nb\xc3\xb6"
			      "dy\n.x\n"),
			id, &e));
	envelope_free(&v);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session *s = open_session(&b, &imap);
		struct buf in = BUF(1000), out = BUF(OUT_MAX), due = BUF(1000);
		converse(s, bytes_of(IMAP_IN), 1000, 1000, &out);
		buf_clear(&out);
		buf_printf(&in, "t %s\r\n", rows[i].in);
		converse(s, buf_bytes(&in), 1, 7, &out);
		buf_printf(&due, "%st OK done\r\n", rows[i].out);
		assert_string_equal(buf_text(&out), buf_text(&due));
		session_free(s);
		buf_free(&in);
		buf_free(&out);
		buf_free(&due);
	}
	bench_close(&b);
}

/* RFC 2177 3: it is told when it comes, and once. */
static void test_mail_while_idle(void **state)
{
	struct buf out = BUF(OUT_MAX);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	struct session *s = open_session(&b, &imap);
	say(s, IMAP_IN, &out);
	deliver(&b, "x\r\n.\r\n");
	assert_false(session_has_work(s, false));
	check_say(s, "c IDLE\r\n", "+ idling\r\n* 1 EXISTS\r\n");
	assert_false(session_has_work(s, false));
	deliver(&b, "x\r\n.\r\n");
	assert_true(session_has_work(s, false));
	check_say(s, "", "* 2 EXISTS\r\n");
	assert_false(session_has_work(s, false));
	check_say(s, "DONE\r\nd NOOP\r\n", "c OK done\r\nd OK done\r\n");
	session_free(s);
	buf_free(&out);
	bench_close(&b);
}

/* Longer than what may wait to be sent. */
static void test_long_search(void **state)
{
	enum { MANY = 40000 };
	struct buf out = BUF(MANY * 8), due = BUF(MANY * 8);
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ .messages_max = MANY, .bytes_max = UINT32_MAX });
	buf_puts(&due, "* SEARCH");
	for (unsigned i = 1; i <= MANY; i++) {
		struct envelope v;
		struct err e;
		char id[STORE_ID_MAX];
		envelope_init(&v);
		v.peer_ip = "192.0.2.1";
		v.host = "sink.example";
		assert_true(store_add(&b.sink.store, &v, BYTES("x"), id, &e));
		envelope_free(&v);
		buf_printf(&due, " %u", i);
	}
	buf_puts(&due, "\r\nc OK done\r\n");
	struct session *s = open_session(&b, &imap);
	say(s, IMAP_IN, &out);
	buf_clear(&out);
	say(s, "c SEARCH ALL\r\n", &out);
	assert_int_equal(out.n, due.n);
	assert_memory_equal(out.p, due.p, due.n);
	session_free(s);
	buf_free(&out);
	buf_free(&due);
	bench_close(&b);
}

static const struct row chunk_rows[] = {
	{ "two chunks, one message", { 0 },
			START FROM_TO "BDAT 7\r\na: b\r\n\r"
				      "BDAT 6 LAST\r\n\n.\r\nc\n"
				      "QUIT\r\n",
			READY FROM_TO_OK "250 2.0.0 Ok: 7 octets so far\r\n" QUEUED BYE, true, 1 },
	{ "an empty last chunk", { 0 }, START FROM_TO "BDAT 3\r\nabcBDAT 0 LAST\r\nQUIT\r\n",
			READY FROM_TO_OK "250 2.0.0 Ok: 3 octets so far\r\n" QUEUED BYE, true, 1 },
	{ "chunks without recipients are read over", { 0 }, START "BDAT 6 LAST\r\nQUIT\r\nQUIT\r\n",
			READY "503 5.5.1 Error: no recipient before BDAT\r\n" BYE, true, 0 },
	{ "no DATA behind BDAT", { 0 }, START FROM_TO "BDAT 1\r\naDATA\r\nBDAT x\r\n",
			READY FROM_TO_OK "250 2.0.0 Ok: 1 octets so far\r\n"
					 "503 5.5.1 Error: BDAT was begun\r\n"
					 "501 5.5.4 Syntax: BDAT size [LAST]\r\n",
			false, 0 },
	{ "chunks that are too much", { .message_max = 1000 },
			START FROM_TO
			"BDAT 1001 LAST\r\n" TEN_TIMES(TEN_TIMES("0123456789")) "x"
										"QUIT\r\n",
			READY FROM_TO_OK "552 5.3.4 Error: message file too big\r\n" BYE, true, 0 },
	{ "DSN's parameters", { 0 },
			START "MAIL FROM:<a@example.com> RET=HDRS ENVID=1\r\n"
			      "RCPT TO:<b@example.com> NOTIFY=NEVER ORCPT=rfc822;b@example.com\r\n"
			      "RCPT TO:<b@example.com> FOO=1\r\n",
			READY FROM_TO_OK "555 5.5.4 Unsupported option\r\n", false, 0 },
};

static const struct row lmtp_rows[] = {
	{ "an answer for each recipient", { .no_users = true, .no_tls = true },
			"EHLO x\r\nLHLO x\r\n" FROM_TO
			"RCPT TO:<c@c>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n",
			"220 sink.example LMTP mailsink\r\n"
			"500 5.5.2 Error: command not recognized\r\n" EHLO EHLO_END FROM_TO_OK
			"250 2.1.5 Ok\r\n" GO_ON QUEUED QUEUED BYE,
			true, 1 },
};

static void test_chunks_and_lmtp(void **state)
{
	(void)state;
	run_rows(chunk_rows, sizeof(chunk_rows) / sizeof(chunk_rows[0]), &smtp);
	run_rows(lmtp_rows, sizeof(lmtp_rows) / sizeof(lmtp_rows[0]), &lmtp);
}

static const struct row script_rows[] = {
	{ "a transcript, with what stands between its lines",
			{ .script = "# by hand\n== localhost [127.0.0.1]:25\nS: 220 a      \xe2\x86\x90 b\n"
				    "              <- a note\nC: EHLO\nS: 250-b\nS: 250 AUTH PLAIN\n\n"
				    "C: AUTH PLAIN <hidden: user \"sample\", password 8 bytes>\n"
				    "S: 235 ok\nC: QUIT\nS: 221 bye\n" },
			"ehlo x\r\nAUTH PLAIN abc\r\nQUIT\r\nNOOP\r\n",
			"220 a\r\n250-b\r\n250 AUTH PLAIN\r\n235 ok\r\n221 bye\r\n", true, 0 },
	{ "another line than the one that is due",
			{ .script = "C: EHLO\nS: 250 a\nC: MAIL\nS: 250 b\n" },
			"EHLO x\r\nNOOP\r\nMAIL\r\n", "250 a\r\n", true, 0 },
	{ "lines passed over", { .script = "/until .\nS: 250 a\nC:\nS: 250 b\nC: \n" },
			"one\r\ntwo\r\n.\r\nany\r\n", "250 a\r\n250 b\r\n", false, 0 },
	{ "octets as they are", { .script = "/send 220-a\\n22\n/send 0 b\\r\\n\\xff\nC: x\n" },
			"x\r\n", "220-a\n220 b\r\n\xff", true, 0 },
	{ "TLS, then closed",
			{ .script = "C: STLS\nS: +OK\n/tls\nC: USER\nS: +OK\n/close\nS: x\n" },
			"STLS\r\n" TLS "USER x\r\n", "+OK\r\n+OK\r\n", true, 0 },
	{ "clear text behind TLS", { .script = "C: STLS\nS: +OK\n/tls\nC: USER\nS: +OK\n" },
			"STLS\r\nUSER x\r\n", "+OK\r\n", true, 0 },
	{ "TLS that is not to be had", { .no_tls = true, .script = "S: a\n/tls\nS: b\n" }, "x",
			"a\r\n", true, 0 },
};

static void test_scripts(void **state)
{
	static const struct {
		const char *text;
		unsigned number; /* of the first bad line; 0 = none */
	} texts[] = {
		{ "", 0 },
		{ "S: a\nC: b\n/wait 1\n/tls\n/close", 0 },
		{ "S: a\ns: b\n", 2 },
		{ "/wait\n", 1 },
		{ "/wait 86401\n", 1 },
		{ "/tls now\n", 1 },
		{ "\n/hang\n", 2 },
		{ "S: a\\q\n", 1 },
		{ "/send \\x4\n", 1 },
		{ "C: AUTH <hidden\\q\n", 0 },
	};

	(void)state;
	run_rows(script_rows, sizeof(script_rows) / sizeof(script_rows[0]), &scripted);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unsigned number;
		bool ok = scripted_check(bytes_of(texts[i].text), &number);
		if (ok ? texts[i].number != 0 : number != texts[i].number)
			fail_msg("%s: line %u", texts[i].text, number);
	}
}

/* Each row in a session of its own, on the same three messages: what one marks, the next finds. */
static void test_imap_flags(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "STORE 1 +FLAGS (\\Seen \\Flagged)",
				"* 1 FETCH (FLAGS (\\Recent \\Seen \\Flagged))\r\nt OK done\r\n" },
		{ "UID STORE 2:3 FLAGS.SILENT \\Answered", "t OK done\r\n" },
		{ "STORE 1,3 -flags (\\seen \\answered)",
				"* 1 FETCH (FLAGS (\\Recent \\Flagged))\r\n"
				"* 3 FETCH (FLAGS (\\Recent))\r\nt OK done\r\n" },
		{ "SEARCH FLAGGED", "* SEARCH 1\r\nt OK done\r\n" },
		{ "SEARCH UNANSWERED", "* SEARCH 1 3\r\nt OK done\r\n" },
		{ "FETCH 3 (BODY.PEEK[TEXT] FLAGS)",
				"* 3 FETCH (BODY[TEXT] {3}\r\ny\r\n FLAGS (\\Recent))\r\nt OK done\r\n" },
		{ "FETCH 3 (BODY[TEXT] FLAGS)",
				"* 3 FETCH (BODY[TEXT] {3}\r\ny\r\n FLAGS (\\Recent \\Seen))\r\n"
				"t OK done\r\n" },
		{ "STATUS INBOX (UNSEEN)",
				"* STATUS INBOX (MESSAGES 3 RECENT 3 UNSEEN 2 UIDNEXT 4 UIDVALIDITY 1)\r\n"
				"t OK done\r\n" },
		{ "STORE 1 +FLAGS (\\Junk)",
				"t BAD STORE takes a set of messages, FLAGS and a list of flags\r\n" },
		{ "STORE x FLAGS ()",
				"t BAD STORE takes a set of messages, FLAGS and a list of flags\r\n" },
		{ "STORE 1,3 +FLAGS.SILENT (\\Deleted)", "t OK done\r\n" },
		{ "SEARCH UNDELETED", "* SEARCH 2\r\nt OK done\r\n" },
		{ "EXPUNGE", "* 1 EXPUNGE\r\n* 2 EXPUNGE\r\nt OK done\r\n" },
		{ "UID FETCH 1:* FLAGS",
				"* 1 FETCH (FLAGS (\\Recent \\Answered) UID 2)\r\nt OK done\r\n" },
		{ "STORE 1 FLAGS.SILENT (\\Deleted)", "t OK done\r\n" },
		{ "CLOSE", "t OK done\r\n" },
		{ "EXPUNGE", "t OK done\r\n" },
	};
	struct bench b;

	(void)state;
	bench_open(&b, &(struct setting){ 0 });
	for (int i = 0; i < 3; i++)
		deliver(&b, "Subject: x\r\n\r\ny\r\n.\r\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session *s = open_session(&b, &imap);
		struct buf in = BUF(1000), out = BUF(OUT_MAX);
		converse(s, BYTES("a LOGIN sample password\r\nb SELECT INBOX\r\n"), 1000, 1000,
				&out);
		buf_clear(&out);
		buf_printf(&in, "t %s\r\n", rows[i].in);
		converse(s, buf_bytes(&in), 1, 7, &out);
		assert_string_equal(buf_text(&out), rows[i].out);
		session_free(s);
		buf_free(&in);
		buf_free(&out);
	}
	assert_int_equal(b.sink.store.count, 0);
	bench_close(&b);
}

static void test_fault_specs(void **state)
{
	static const struct {
		const char *spec, *says;
	} rows[] = {
		{ "rcpt", "takes STAGE=ACTION" },
		{ "rctp=close", "did you mean \"RCPT\"?" },
		{ "rcpt*0=close", "how many times" },
		{ "rcpt=clsoe", "did you mean \"close\"?" },
		{ "rcpt=close now", "nothing stands behind" },
		{ "rcpt=swap x", "wants OLD NEW" },
		{ "rcpt=swap \\q x", "wants OLD NEW" },
		{ "rcpt=delay", "wants a number up to 86400" },
		{ "tls=alert 256", "wants a number up to 255" },
		{ "rcpt=550 \\q", "the escapes are" },
		{ "rcpt=550 \\x1", "the escapes are" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct faults f = { 0 };
		struct err e = { 0 };
		assert_false(faults_add(&f, rows[i].spec, stages, &e));
		if (!strstr(e.text, rows[i].says))
			fail_msg("%s: %s", rows[i].spec, e.text);
		faults_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp),
		cmocka_unit_test(test_pop3),
		cmocka_unit_test(test_same_messages),
		cmocka_unit_test(test_delete_at_quit_only),
		cmocka_unit_test(test_one_session_has_the_mailbox),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_maildir),
		cmocka_unit_test(test_maildir_gone),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_imap),
		cmocka_unit_test(test_mail_while_idle),
		cmocka_unit_test(test_long_search),
		cmocka_unit_test(test_chunks_and_lmtp),
		cmocka_unit_test(test_imap_message),
		cmocka_unit_test(test_imap_flags),
		cmocka_unit_test(test_fault_specs),
		cmocka_unit_test(test_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
