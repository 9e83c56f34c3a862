/* test_tls - certificates told apart, handshakes, and what is no TLS
 * SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakes/fake_world.h"
#include "net/roots.h"
#include "net/tls_store.h"
#include "sys/file.h"
#include "sys/mem.h"
#include "sys/version.h"

#define CERTS "tests/data/certs/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { LIMIT_MS = 20000 };

static int64_t wall_now;

static int64_t fake_wall_s(struct world *w)
{
	(void)w;
	return wall_now;
}

static int setup(void **state)
{
	struct fake_world *f = test_calloc(1, sizeof(*f));

	fake_world_init(f);
	fake_world_real_clock(f);
	f->w.wall_s = fake_wall_s;
	wall_now = INT64_C(2208988800); /* 2040-01-01 */
	signal(SIGPIPE, SIG_IGN);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fake_world_free(*state);
	test_free(*state);
	return 0;
}

static uint64_t limit(struct world *w)
{
	return w->mono_ms(w) + LIMIT_MS;
}

/* --- a peer in a child process --- */

struct peer {
	pid_t pid;
	struct stream *s; /* our end */
};

static struct peer peer_start(struct world *w, void (*run)(struct world *, int, const void *),
		const void *arg)
{
	int fd[2];
	struct peer p;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		close(fd[0]);
		alarm(30);
		run(w, fd[1], arg);
		_exit(0);
	}
	close(fd[1]);
	p.s = stream_fd(w, fd[0]);
	return p;
}

/* Returns whether the peer's checks held. */
static bool peer_end(struct peer *p)
{
	int status = -1;

	stream_close(p->s);
	waitpid(p->pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void must(bool ok, const char *what, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "peer: %s: %s\n", what, e ? e->text : "");
	_exit(1);
}

struct server {
	const char *cert, *key;
	bool rude; /* ends without close_notify */
};

/* Echoes one line through TLS. */
static void run_server(struct world *w, int fd, const void *arg)
{
	const struct server *a = arg;
	struct err e = { .kind = ERR_NONE };
	struct buf in = BUF(1 << 20);

	struct tls_server *t = tls_server_load(w, a->cert, a->key, &e);
	must(t, "load", &e);
	struct stream *s = stream_fd(w, fd);
	must(tls_server_start(s, t, &e), "start", &e);
	while (stream_read(s, &in, limit(w), &e) == IO_OK && in.p[in.n - 1] != '\n')
		;
	if (in.n > 0)
		must(stream_write(s, buf_bytes(&in), limit(w), &e) == IO_OK, "write", &e);
	if (a->rude)
		_exit(0);
	stream_close(s);
	tls_server_free(t);
	buf_free(&in);
}

static void run_plain(struct world *w, int fd, const void *arg)
{
	const char *text = arg;
	char got[512];

	(void)w;
	for (const char *p = text; *p; p++) /* in drips */
		must(write(fd, p, 1) == 1, "write", NULL);
	while (read(fd, got, sizeof(got)) > 0)
		;
}

/* --- certificates --- */

static const struct cert_case {
	const char *name, *cert, *key, *host;
	unsigned faults;
} cert_cases[] = {
	{ "good", "good", "leaf", "mail.example.com", 0 },
	{ "RSA key", "rsa", "rsa", "mail.example.com", 0 },
	{ "letters of either case, dot at the end", "good", "leaf", "Mail.Example.COM.", 0 },
	{ "wildcard", "good", "leaf", "a.wild.example.com", 0 },
	{ "wildcard is for one label", "good", "leaf", "a.b.wild.example.com", TLS_WRONG_NAME },
	{ "IPv4 address", "good", "leaf", "127.0.0.1", 0 },
	{ "IPv6 address", "good", "leaf", "::1", 0 },
	{ "another IPv4 address", "good", "leaf", "127.0.0.2", TLS_WRONG_NAME },
	{ "another IPv6 address", "good", "leaf", "::2", TLS_WRONG_NAME },
	{ "intermediate sent", "chain", "leaf", "mail.example.com", 0 },
	{ "old intermediate before the new one", "chain-old", "leaf", "mail.example.com", 0 },
	{ "only an expired intermediate", "chain-expired", "leaf", "mail.example.com",
			TLS_EXPIRED },
	{ "expired", "expired", "leaf", "mail.example.com", TLS_EXPIRED },
	{ "not yet valid", "early", "leaf", "mail.example.com", TLS_NOT_YET },
	{ "wrong name", "wrong-name", "leaf", "mail.example.com", TLS_WRONG_NAME },
	{ "CN alone is no name", "no-san", "leaf", "mail.example.com", TLS_WRONG_NAME },
	{ "expired and wrong name", "expired-wrong", "leaf", "mail.example.com",
			TLS_EXPIRED | TLS_WRONG_NAME },
	{ "self-signed", "self-signed", "leaf", "mail.example.com", TLS_SELF_SIGNED },
	{ "root sent and unknown", "unknown-root", "leaf", "mail.example.com", TLS_UNKNOWN_ROOT },
	{ "root not sent and unknown", "unknown-inter", "leaf", "mail.example.com",
			TLS_UNKNOWN_ROOT },
	{ "leaf only", "leaf-only", "leaf", "mail.example.com", TLS_NO_INTERMEDIATE },
	{ "bad signature", "bad-signature", "leaf", "mail.example.com", TLS_BAD_CERT },
	{ "RSA of 1024 bits", "weak", "weak", "mail.example.com", TLS_WEAK },
};

static struct server server_files(const char *cert, const char *key, char paths[2][64])
{
	snprintf(paths[0], sizeof(paths[0]), CERTS "%s.pem", cert);
	snprintf(paths[1], sizeof(paths[1]), CERTS "%s.key", key);
	return (struct server){ .cert = paths[0], .key = paths[1] };
}

/* One line there and back; false when the handshake was not accepted. */
static bool try_cert(struct world *w, const struct cert_case *c, const struct tls_options *o,
		struct tls_facts *facts, struct err *e)
{
	char paths[2][64];
	struct server server = server_files(c->cert, c->key, paths);
	struct peer p = peer_start(w, run_server, &server);
	struct buf in = BUF(1000);
	bool is_good = tls_client(p.s, o, limit(w), facts, e);

	if (is_good) {
		assert_true(stream_is_tls(p.s));
		assert_int_equal(stream_write(p.s, BYTES("NOOP\r\n"), limit(w), e), IO_OK);
		while (in.n < 6)
			assert_int_equal(stream_read(p.s, &in, limit(w), e), IO_OK);
		assert_memory_equal(in.p, "NOOP\r\n", 6);
		assert_int_equal(stream_read(p.s, &in, limit(w), e), IO_CLOSED);
		assert_false(facts->closed_without_notify);
	}
	peer_end(&p);
	buf_free(&in);
	return is_good;
}

static void test_certificates(void **state)
{
	struct fake_world *f = *state;

	for (size_t i = 0; i < 2 * COUNT(cert_cases); i++) {
		const struct cert_case *c = &cert_cases[i / 2];
		struct tls_options o = { .host = c->host,
			.ca_file = CERTS "root.pem",
			.max_version = i % 2 ? 12 : 13 };
		struct tls_facts facts;
		struct err e = { .kind = ERR_NONE };
		bool is_good = try_cert(&f->w, c, &o, &facts, &e);
		if (facts.faults != c->faults || is_good != (c->faults == 0))
			fail_msg("%s: faults %x, wanted %x: %s", c->name, facts.faults, c->faults,
					e.text);
		assert_true(facts.handshake_done);
		assert_string_equal(facts.version, i % 2 ? "TLS1.2" : "TLS1.3");
		assert_string_equal(facts.store, CERTS "root.pem");
		assert_int_equal(e.kind, c->faults ? ERR_CERT : ERR_CLOSED);
	}
}

static void test_insecure_goes_on(void **state)
{
	struct fake_world *f = *state;
	static const struct cert_case c = { "", "expired-wrong", "leaf", "", 0 };
	struct tls_options o = { .host = "mail.example.com",
		.ca_file = CERTS "root.pem",
		.insecure = true };
	struct tls_facts facts;
	struct err e;

	assert_true(try_cert(&f->w, &c, &o, &facts, &e));
	assert_int_equal(facts.faults, TLS_EXPIRED | TLS_WRONG_NAME);
}

static void test_clock_before_build(void **state)
{
	struct fake_world *f = *state;
	static const struct cert_case c = { "", "early", "leaf", "", 0 };
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct err e;

	wall_now = version_epoch - 1;
	assert_false(try_cert(&f->w, &c, &o, &facts, &e));
	assert_int_equal(facts.faults, TLS_CLOCK);
}

static void test_facts(void **state)
{
	struct fake_world *f = *state;
	static const struct cert_case c = { "", "chain", "leaf", "", 0 };
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct err e;

	assert_true(try_cert(&f->w, &c, &o, &facts, &e));
	assert_int_equal(facts.chain_count, 2);
	assert_string_equal(facts.chain[0].subject, "mail.example.com");
	assert_string_equal(facts.chain[0].issuer, "mtabox test intermediate");
	assert_string_equal(facts.chain[0].names,
			"mail.example.com *.wild.example.com 127.0.0.1 ::1");
	assert_string_equal(facts.chain[0].key, "EC P-256");
	assert_string_equal(facts.chain[0].signature, "ECDSA with SHA256");
	assert_int_equal(facts.chain[0].not_before, INT64_C(1577836800)); /* 2020-01-01T00:00:00Z */
	assert_int_equal(facts.chain[0].not_after, INT64_C(4102444799));  /* 2099-12-31T23:59:59Z */
	assert_int_equal(strlen(facts.chain[0].sha256), 64);
	assert_false(facts.chain[0].is_ca);
	assert_true(facts.chain[1].is_ca);
	assert_false(facts.chain[1].is_self_signed);
	assert_string_equal(facts.sni, "mail.example.com");
	assert_int_equal(facts.alert, -1);
	assert_non_null(strstr(facts.suite, "TLS"));
}

static void test_error_text_names_all(void **state)
{
	struct fake_world *f = *state;
	static const struct cert_case c = { "", "expired-wrong", "leaf", "", 0 };
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct err e;

	assert_false(try_cert(&f->w, &c, &o, &facts, &e));
	assert_string_equal(e.text,
			"unix: the certificate has expired; the certificate is for another "
			"name (it is for other.example.net, not for mail.example.com)");
}

/* --- the store --- */

static void test_store_of_user(void **state)
{
	struct fake_world *f = *state;
	static const char *const unusable[] = { CERTS "none.pem", CERTS "make", "/dev/null", "/" };

	for (size_t i = 0; i < 2 * COUNT(unusable); i++) {
		struct stream_memory m = { .hang = true };
		struct stream *s = stream_memory(&f->w, &m);
		struct tls_options o = { .host = "mail.example.com" };
		struct tls_facts facts;
		struct err e = { .kind = ERR_NONE };
		if (i % 2)
			o.ca_file = unusable[i / 2];
		else
			fake_world_setenv(f, "SSL_CERT_FILE", unusable[i / 2]);
		assert_false(tls_client(s, &o, limit(&f->w), &facts, &e));
		assert_int_equal(e.kind, ERR_LOCAL);
		assert_int_equal(facts.faults, TLS_NO_STORE);
		assert_int_equal(m.written.n, 0);
		fake_world_setenv(f, "SSL_CERT_FILE", NULL);
		stream_close(s);
		buf_free(&m.written);
	}
}

static void test_store_built_in(void **state)
{
	struct fake_world *f = *state;
	struct tls_store store = { .packed = BUF(1 << 20) };
	struct bytes rest, der, subject;
	struct err e;
	size_t count = 0;

	fake_world_setenv(f, "SSL_CERT_FILE", CERTS "root.pem");
	assert_true(tls_store_open(&store, &f->w, NULL, &e));
	assert_int_equal(store.count, 1);
	assert_string_equal(store.text, CERTS "root.pem");
	tls_store_free(&store);
	fake_world_setenv(f, "SSL_CERT_FILE", NULL);

	assert_true(tls_store_open(&store, &f->w, NULL, &e));
	rest = buf_bytes(&store.packed);
	while (tls_store_next(&rest, &der)) {
		assert_true(tls_store_subject(der, &subject));
		count++;
	}
	assert_int_equal(rest.n, 0);
	assert_int_equal(count, store.count);
	assert_true(count > 50);
	tls_store_free(&store);
}

static void test_roots_in_the_binary(void **state)
{
	struct buf small = BUF(1000);
	struct buf packed = BUF(1 << 20);
	struct bytes der, subject;
	size_t count = 0;

	(void)state;
	assert_false(net_roots_unpack(&small));
	assert_true(net_roots_unpack(&packed));
	struct bytes rest = buf_bytes(&packed);
	for (; tls_store_next(&rest, &der); count++)
		assert_true(tls_store_subject(der, &subject));
	assert_int_equal(rest.n, 0);
	assert_int_equal(count, net_roots_count);
	assert_true(count > 50);
	buf_free(&small);
	buf_free(&packed);
}

/* As scripts/mkroots packs them: a root's signature over itself is blank. It is trusted all the
 * same, also when the server sends its own copy, and what it has not signed is not. */
static void test_root_without_signature(void **state)
{
	enum { SIGNATURE = 64 }; /* at least so many octets of ECDSA with P-256 */
	static const struct cert_case cases[] = {
		{ "", "chain", "leaf", "", 0 },
		{ "", "good", "leaf", "", 0 },
		{ "", "bad-signature", "leaf", "", TLS_BAD_CERT },
		{ "", "unknown-root", "leaf", "", TLS_UNKNOWN_ROOT },
	};
	struct fake_world *f = *state;
	struct tls_store store = { .packed = BUF(1 << 16) };
	struct buf root = BUF(1 << 16), sent = BUF(1 << 16);
	char root_file[] = "/tmp/test_tls.XXXXXX", sent_file[] = "/tmp/test_tls.XXXXXX";
	struct tls_options o = { .host = "mail.example.com", .ca_file = root_file };
	struct server server = { .cert = sent_file, .key = CERTS "leaf.key" };
	struct tls_facts facts;
	struct bytes rest, der;
	struct err e;

	assert_true(file_read(CERTS "root.pem", &root, &e));
	tls_store_add(&store, buf_bytes(&root));
	rest = buf_bytes(&store.packed);
	assert_true(tls_store_next(&rest, &der));
	memset(store.packed.p + store.packed.n - SIGNATURE, 0, SIGNATURE);
	close(mkstemp(root_file));
	assert_true(file_write(root_file, der, true, &e));
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(try_cert(&f->w, &cases[i], &o, &facts, &e), cases[i].faults == 0);
		assert_int_equal(facts.faults, cases[i].faults);
	}
	assert_true(file_read(CERTS "chain.pem", &sent, &e));
	buf_put(&sent, buf_bytes(&root));
	close(mkstemp(sent_file));
	assert_true(file_write(sent_file, buf_bytes(&sent), true, &e));
	struct peer p = peer_start(&f->w, run_server, &server);
	assert_true(tls_client(p.s, &o, limit(&f->w), &facts, &e));
	assert_int_equal(facts.chain_count, 3);
	peer_end(&p);
	unlink(root_file);
	unlink(sent_file);
	buf_free(&root);
	buf_free(&sent);
	tls_store_free(&store);
}

static void test_store_broken_der(void **state)
{
	struct tls_store store = { .packed = BUF(1 << 20) };
	struct buf pem = BUF(1 << 16);
	struct bytes rest, der, subject;
	struct err e;
	FILE *file = fopen(CERTS "good.pem", "r");

	(void)state;
	assert_non_null(file);
	size_t fits;
	unsigned char *to = buf_room(&pem, 8000, &fits);
	buf_added(&pem, fread(to, 1, fits, file));
	fclose(file);
	(void)e;
	tls_store_add(&store, buf_bytes(&pem));
	assert_int_equal(store.count, 1);
	rest = buf_bytes(&store.packed);
	assert_true(tls_store_next(&rest, &der));
	for (size_t n = 0; n < der.n;
			n++) { /* cut at every octet: refused, and nothing read behind */
		unsigned char *part = xmalloc(n);
		if (n > 0)
			memcpy(part, der.p, n);
		assert_false(tls_store_subject((struct bytes){ part, n }, &subject));
		free(part);
	}
	buf_free(&pem);
	tls_store_free(&store);
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *pattern, *host;
		size_t pattern_n;
		bool matches;
	} cases[] = {
		{ "same", "a.example.com", "a.example.com", 0, true },
		{ "case", "A.Example.com", "a.eXample.Com", 0, true },
		{ "wildcard", "*.example.com", "a.example.com", 0, true },
		{ "wildcard needs a label", "*.example.com", "example.com", 0, false },
		{ "wildcard needs a label with octets", "*.example.com", ".example.com", 0, false },
		{ "wildcard, two labels", "*.example.com", "a.b.example.com", 0, false },
		{ "wildcard over a top-level domain", "*.com", "example.com", 0, false },
		{ "partial wildcard", "a*.example.com", "ab.example.com", 0, false },
		{ "wildcard within", "a.*.com", "a.example.com", 0, false },
		{ "bare wildcard", "*", "localhost", 0, false },
		{ "empty", "", "", 0, false },
		{ "octets behind a NUL count", "a.example.com\0.evil.net", "a.example.com", 23,
				false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = cases[i].pattern_n ? cases[i].pattern_n : strlen(cases[i].pattern);
		struct bytes pattern = { (const unsigned char *)cases[i].pattern, n };
		if (tls_name_matches(pattern, bytes_of(cases[i].host)) != cases[i].matches)
			fail_msg("%s", cases[i].name);
	}
}

/* --- what is no TLS, or ends badly --- */

static void test_peer_plain(void **state)
{
	struct fake_world *f = *state;
	static const char *const texts[] = { "220 mail.example.com ESMTP\r\n", "+OK ready\r\n",
		"* OK x\r\n" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct peer p = peer_start(&f->w, run_plain, texts[i]);
		struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
		struct tls_facts facts;
		struct err e;
		assert_false(tls_client(p.s, &o, limit(&f->w), &facts, &e));
		assert_int_equal(e.kind, ERR_TLS);
		assert_int_equal(facts.faults, TLS_PEER_PLAIN);
		assert_int_equal(facts.first_n, strlen(texts[i]));
		assert_memory_equal(facts.first, texts[i], facts.first_n);
		assert_non_null(strstr(e.text, "clear text"));
		assert_true(peer_end(&p));
	}
}

static const struct {
	const char *name, *says;
	size_t n;
	bool hang;
	unsigned faults;
	enum err_kind kind;
	int alert;
} bad_peers[] = {
	{ "silence", "", 0, true, TLS_PEER_SILENT, ERR_TIMEOUT, -1 },
	{ "end", "", 0, false, TLS_PEER_CLOSED, ERR_CLOSED, -1 },
	{ "half a record, silence", "\x16\x03\x03\x00\x40\x02", 6, true, 0, ERR_TIMEOUT, -1 },
	{ "half a record, end", "\x16\x03\x03\x00\x40\x02", 6, false, TLS_PEER_CLOSED, ERR_CLOSED,
			-1 },
	{ "three plain octets, silence", "no\n", 3, true, TLS_PEER_PLAIN, ERR_TLS, -1 },
	{ "binary octets that are no record", "\x00\x00\x00\x05zz", 6, false, TLS_PEER_PLAIN,
			ERR_TLS, -1 },
	{ "alert 40", "\x15\x03\x01\x00\x02\x02\x28", 7, false, TLS_NO_COMMON, ERR_TLS, 40 },
	{ "alert 45: our certificate is the matter", "\x15\x03\x01\x00\x02\x02\x2d", 7, false,
			TLS_CLIENT_CERT, ERR_TLS, 45 },
	{ "alert 50", "\x15\x03\x01\x00\x02\x02\x32", 7, false, TLS_ALERT, ERR_TLS, 50 },
	{ "alert of no known number", "\x15\x03\x01\x00\x02\x02\xfe", 7, false, TLS_ALERT, ERR_TLS,
			254 },
	{ "alert 70", "\x15\x03\x01\x00\x02\x02\x46", 7, false, TLS_VERSION, ERR_TLS, 70 },
	{ "alert 80", "\x15\x03\x01\x00\x02\x02\x50", 7, false, TLS_INTERNAL, ERR_TLS, 80 },
	{ "alert 112", "\x15\x03\x01\x00\x02\x02\x70", 7, false, TLS_SNI, ERR_TLS, 112 },
	{ "alert 116", "\x15\x03\x01\x00\x02\x02\x74", 7, false, TLS_CLIENT_CERT, ERR_TLS, 116 },
};

static void test_failure_names(void **state)
{
	static const struct {
		struct tls_facts facts;
		const char *name;
	} rows[] = {
		{ { .faults = 0 }, NULL },
		{ { .faults = TLS_PEER_PLAIN }, "peer-plain" },
		{ { .faults = TLS_PEER_PLAIN, .by_starttls = true }, "starttls-plain" },
		{ { .faults = TLS_PEER_SILENT }, "peer-silent" },
		{ { .faults = TLS_PEER_SILENT, .by_starttls = true }, "starttls-silent" },
		{ { .faults = TLS_INTERNAL, .by_starttls = true }, "internal" },
		{ { .faults = TLS_NO_STORE }, "no-store" },
		{ { .faults = TLS_EXPIRED, .handshake_done = true }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = tls_failure_name(&rows[i].facts);
		assert_int_equal(!name, !rows[i].name);
		if (name)
			assert_string_equal(name, rows[i].name);
	}
}

static void test_bad_peers(void **state)
{
	struct fake_world *f = *state;

	for (size_t i = 0; i < 2 * COUNT(bad_peers); i++) { /* whole, and byte by byte */
		size_t k = i / 2;
		struct stream_chunk chunk = { bad_peers[k].says, bad_peers[k].n, true };
		struct stream_memory m = { .chunks = &chunk,
			.count = bad_peers[k].n > 0,
			.hang = bad_peers[k].hang,
			.max_read = i % 2 };
		struct stream *s = stream_memory(&f->w, &m);
		struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
		struct tls_facts facts;
		struct err e = { .kind = ERR_NONE };
		assert_false(tls_client(s, &o, limit(&f->w), &facts, &e));
		if (facts.faults != bad_peers[k].faults || e.kind != bad_peers[k].kind ||
				facts.alert != bad_peers[k].alert)
			fail_msg("%s: faults %x alert %d: %s", bad_peers[k].name, facts.faults,
					facts.alert, e.text);
		assert_false(facts.handshake_done);
		stream_close(s);
		buf_free(&m.written);
	}
}

/* Endless change_cipher_spec records, which TLS 1.3 ignores one by one. */
static void run_flood(struct world *w, int fd, const void *arg)
{
	(void)w;
	(void)arg;
	for (;;)
		if (write(fd, "\x14\x03\x03\x00\x01\x01", 6) < 0)
			return;
}

static void run_drip(struct world *w, int fd, const void *arg)
{
	static const unsigned char record[64] = { 0x16, 3, 3, 0x10, 0, 2, 0, 0x0f, 0xfc };

	(void)w;
	(void)arg;
	for (size_t i = 0; i < sizeof(record) && write(fd, record + i, 1) == 1; i++)
		poll(NULL, 0, 20);
}

static void test_deadline_is_absolute(void **state)
{
	struct fake_world *f = *state;
	void (*const peers[])(struct world *, int, const void *) = { run_drip, run_flood };

	for (size_t i = 0; i < COUNT(peers); i++) {
		struct peer p = peer_start(&f->w, peers[i], NULL);
		struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
		struct tls_facts facts;
		struct err e = { .kind = ERR_NONE };
		assert_false(tls_client(p.s, &o, f->w.mono_ms(&f->w) + 300, &facts, &e));
		if (peers[i] == run_drip) /* mbedTLS may well refuse the flood by itself */
			assert_int_equal(e.kind, ERR_TIMEOUT);
		peer_end(&p);
	}
}

/* Closes with our greeting unread. */
static void run_reset(struct world *w, int fd, const void *arg)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	(void)w;
	(void)arg;
	must(poll(&wait, 1, LIMIT_MS) == 1, "poll", NULL);
	close(fd);
}

static void test_reset_in_the_handshake(void **state)
{
	struct fake_world *f = *state;
	struct peer p = peer_start(&f->w, run_reset, NULL);
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct err e = { .kind = ERR_NONE };

	assert_false(tls_client(p.s, &o, limit(&f->w), &facts, &e));
	assert_int_equal(e.kind, ERR_RESET);
	assert_int_equal(facts.faults, TLS_PEER_CLOSED);
	assert_non_null(strstr(e.text, "TLS handshake"));
	assert_true(peer_end(&p));
}

static void test_server_name_indication(void **state)
{
	static const struct {
		const char *host, *option, *sent; /* "" = none */
	} cases[] = {
		{ "mail.example.com", NULL, "mail.example.com" },
		{ "mail.example.com.", NULL, "mail.example.com" },
		{ "127.0.0.1", NULL, "" },
		{ "::1", NULL, "" },
		{ "mail.example.com", "", "" },
		{ "127.0.0.1", "other.example.com", "other.example.com" },
	};
	struct fake_world *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stream_memory m = { .count = 0 };
		struct stream *s = stream_memory(&f->w, &m);
		struct tls_options o = { .host = cases[i].host,
			.sni = cases[i].option,
			.ca_file = CERTS "root.pem" };
		struct tls_facts facts;
		struct err e;
		assert_false(tls_client(s, &o, limit(&f->w), &facts, &e));
		assert_string_equal(facts.sni, cases[i].sent);
		struct bytes hello = buf_bytes(&m.written);
		bool is_sent = bytes_search(hello, BYTES("example.com")) < hello.n;
		assert_int_equal(is_sent, cases[i].sent[0] != '\0');
		stream_close(s);
		buf_free(&m.written);
	}
}

static void test_missing_close_notify(void **state)
{
	struct fake_world *f = *state;
	struct server server = { CERTS "good.pem", CERTS "leaf.key", true };
	struct peer p = peer_start(&f->w, run_server, &server);
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct buf in = BUF(1000);
	struct err e;

	assert_true(tls_client(p.s, &o, limit(&f->w), &facts, &e));
	assert_int_equal(stream_write(p.s, BYTES("QUIT\r\n"), limit(&f->w), &e), IO_OK);
	while (in.n < 6)
		assert_int_equal(stream_read(p.s, &in, limit(&f->w), &e), IO_OK);
	assert_int_equal(stream_read(p.s, &in, limit(&f->w), &e), IO_CLOSED);
	assert_true(facts.closed_without_notify);
	assert_true(peer_end(&p));
	buf_free(&in);
}

/* --- octets there and back --- */

/* A transport that counts its writes. */
struct counter {
	int fd;
	size_t writes;
};

static ssize_t count_read(void *impl, unsigned char *to, size_t n, short *wants, struct err *e)
{
	struct counter *c = impl;

	(void)e;
	*wants = POLLIN;
	return recv(c->fd, to, n, MSG_DONTWAIT); /* -1 is "would block" here, and 0 the end */
}

static ssize_t count_write(void *impl, const unsigned char *from, size_t n, short *wants,
		struct err *e)
{
	struct counter *c = impl;

	(void)e;
	*wants = POLLOUT;
	c->writes++;
	return send(c->fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int count_fd(void *impl)
{
	return ((struct counter *)impl)->fd;
}

static void count_close(void *impl)
{
	close(count_fd(impl));
}

static void test_one_write_is_one_record(void **state)
{
	static const struct stream_ops ops = { .read = count_read,
		.write = count_write,
		.fd = count_fd,
		.close = count_close };
	struct fake_world *f = *state;
	struct server server = { CERTS "good.pem", CERTS "leaf.key", false };
	struct peer p = peer_start(&f->w, run_server, &server);
	struct counter c = { .fd = dup(stream_get_fd(p.s)) };
	struct stream *s = stream_new(&f->w, &ops, &c);
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct buf line = BUF(16384);
	struct err e = { .kind = ERR_NONE };

	while (line.n < 16000)
		buf_putc(&line, 'x');
	assert_true(tls_client(s, &o, limit(&f->w), &facts, &e));
	c.writes = 0;
	assert_int_equal(stream_write(s, BYTES("EHLO client.example.com\r"), limit(&f->w), &e),
			IO_OK);
	assert_int_equal(c.writes, 1);
	assert_int_equal(stream_write(s, buf_bytes(&line), limit(&f->w), &e), IO_OK);
	assert_int_equal(c.writes, 2);
	stream_close(s);
	peer_end(&p);
	buf_free(&line);
}

static void test_large_data_and_pending(void **state)
{
	enum { SIZE = 200000 };
	struct fake_world *f = *state;
	struct server server = { CERTS "good.pem", CERTS "leaf.key", false };
	struct peer p = peer_start(&f->w, run_server, &server);
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct buf data = BUF(SIZE), in = BUF(SIZE);
	bool was_pending = false;
	struct err e;

	for (size_t i = 0; i < SIZE; i++)
		buf_putc(&data, i + 1 < SIZE ? (unsigned char)('a' + i % 23) : '\n');
	assert_true(tls_client(p.s, &o, limit(&f->w), &facts, &e));
	assert_int_equal(stream_write(p.s, buf_bytes(&data), limit(&f->w), &e), IO_OK);
	while (in.n < SIZE) {
		assert_int_equal(stream_read(p.s, &in, limit(&f->w), &e), IO_OK);
		was_pending |= stream_pending(p.s);
	}
	assert_true(was_pending); /* a record holds more than one read takes */
	assert_memory_equal(in.p, data.p, SIZE);
	assert_true(peer_end(&p));
	buf_free(&data);
	buf_free(&in);
}

/* A peer that reads slowly: the same octets are offered again, with more behind them, as a
 * poll loop with a growing queue does. */
static void test_try_write_of_a_growing_queue(void **state)
{
	enum { SIZE = 600000, STEP = 5000 };
	struct fake_world *f = *state;
	struct server server = { CERTS "good.pem", CERTS "leaf.key", false };
	struct peer p = peer_start(&f->w, run_server, &server);
	struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
	struct tls_facts facts;
	struct buf data = BUF(SIZE), in = BUF(SIZE);
	size_t sent = 0, ready = STEP, stuck = 0;
	struct err e;

	for (size_t i = 0; i < SIZE; i++)
		buf_putc(&data, i + 1 < SIZE ? (unsigned char)('a' + i % 23) : '\n');
	assert_true(tls_client(p.s, &o, limit(&f->w), &facts, &e));
	/* what the kernel takes grows by itself unless it is told */
	int room = 65536;
	setsockopt(stream_get_fd(p.s), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	kill(p.pid, SIGSTOP); /* reads nothing until we are stuck */
	while (sent < SIZE) {
		struct bytes part = { data.p + sent, ready - sent };
		size_t n;
		short wants;
		enum io io = stream_try_write(p.s, part, &n, &wants, &e);
		assert_true(io == IO_OK || io == IO_TIMEOUT);
		sent += n;
		if (io == IO_TIMEOUT && stuck++ == 0)
			kill(p.pid, SIGCONT);
		ready = ready + STEP < SIZE ? ready + STEP : SIZE;
		if (io == IO_TIMEOUT && ready == SIZE)
			assert_true(stream_wait(p.s, wants, limit(&f->w)));
	}
	assert_true(stuck > 0);
	while (in.n < SIZE)
		assert_int_equal(stream_read(p.s, &in, limit(&f->w), &e), IO_OK);
	assert_memory_equal(in.p, data.p, SIZE);
	assert_true(peer_end(&p));
	buf_free(&data);
	buf_free(&in);
}

/* --- the self-made certificate --- */

static void run_self_made(struct world *w, int fd, const void *arg)
{
	struct tls_server *const *t = arg;
	struct err e;
	struct buf in = BUF(1000);
	struct stream *s = stream_fd(w, fd);

	must(tls_server_start(s, *t, &e), "start", &e);
	must(stream_write(s, BYTES("220 ready\r\n"), limit(w), &e) == IO_OK, "write", &e);
	must(stream_read(s, &in, limit(w), &e) == IO_OK, "read", &e);
	stream_close(s);
	buf_free(&in);
}

static void test_self_made(void **state)
{
	struct fake_world *f = *state;
	static const char *const names[] = { "sink.example.com", "localhost", "127.0.0.1", "::1" };
	static const char *const hosts[] = { "sink.example.com", "127.0.0.1", "::1", "localhost" };
	char path[] = "/tmp/test_tls.XXXXXX";
	struct buf pem = BUF(1 << 16), in = BUF(1000);
	struct err e = { .kind = ERR_NONE };
	struct tls_server *t = tls_server_make(&f->w,
			&(struct tls_self_made){ names, COUNT(names), 0, false }, &e);

	assert_non_null(t);
	assert_true(tls_server_pem(t, &pem));
	int fd = mkstemp(path);
	assert_int_equal(write(fd, pem.p, pem.n), pem.n);
	close(fd);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct peer p = peer_start(&f->w, run_self_made, &t);
		struct tls_options o = { .host = hosts[i], .ca_file = path };
		struct tls_facts facts;
		if (!tls_client(p.s, &o, limit(&f->w), &facts, &e))
			fail_msg("%s: %s", hosts[i], e.text);
		assert_string_equal(facts.chain[0].names,
				"sink.example.com localhost 127.0.0.1 ::1");
		assert_int_equal(facts.chain[0].not_before, wall_now - 86400);
		assert_int_equal(facts.chain[0].not_after, wall_now + 365 * 86400);
		buf_clear(&in);
		while (in.n < 11)
			assert_int_equal(stream_read(p.s, &in, limit(&f->w), &e), IO_OK);
		assert_int_equal(stream_write(p.s, BYTES("QUIT\r\n"), limit(&f->w), &e), IO_OK);
		assert_true(peer_end(&p));
	}
	unlink(path);
	tls_server_free(t);
	buf_free(&pem);
	buf_free(&in);
}

static void test_server_errors(void **state)
{
	struct fake_world *f = *state;
	static const struct {
		const char *cert, *key, *says;
	} cases[] = {
		{ CERTS "none.pem", CERTS "leaf.key", "none.pem" },
		{ CERTS "good.pem", CERTS "none.key", "none.key" },
		{ CERTS "good.pem", CERTS "rsa.key", "not the key" },
		{ CERTS "make", CERTS "leaf.key", "make" },
		{ CERTS "good.pem", CERTS "make", "make" },
	};
	struct err e;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(tls_server_load(&f->w, cases[i].cert, cases[i].key, &e));
		assert_int_equal(e.kind, ERR_LOCAL);
		assert_non_null(strstr(e.text, cases[i].says));
	}
	assert_null(tls_server_make(&f->w, &(struct tls_self_made){ 0 }, &e));
	assert_int_equal(e.kind, ERR_USAGE);
}

/* A client that speaks clear text at our TLS port. */
static void test_server_and_plain_client(void **state)
{
	struct fake_world *f = *state;
	static const struct stream_chunk hello = { "EHLO client.example.com\r\n", 0, false };
	struct stream_memory m = { .chunks = &hello, .count = 1 };
	struct stream *s = stream_memory(&f->w, &m);
	struct buf in = BUF(1000);
	struct err e = { .kind = ERR_NONE };
	struct tls_server *t = tls_server_load(&f->w, CERTS "good.pem", CERTS "leaf.key", &e);

	assert_non_null(t);
	assert_true(tls_server_start(s, t, &e));
	assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_FAILED);
	assert_int_equal(e.kind, ERR_TLS);
	assert_non_null(strstr(e.text, "clear text"));
	stream_close(s);
	tls_server_free(t);
	buf_free(&m.written);
	buf_free(&in);
}

/* --- OpenSSL as the server --- */

/* Starts openssl s_server on a free port and reads the port from its "ACCEPT 127.0.0.1:40000". */
static struct stream *openssl_server(struct world *w, const char *more, struct addr_list *list)
{
	char command[512];
	struct buf in = BUF(1 << 16);
	struct err e;

	snprintf(command, sizeof(command), "openssl s_server -accept 127.0.0.1:0 -naccept 1 %s",
			more);
	struct stream *s = stream_exec(w, command, &e);
	if (!s)
		return NULL;
	for (;;) {
		struct bytes at;
		uint64_t port;
		assert_int_equal(stream_read(s, &in, limit(w), &e), IO_OK);
		at = bytes_skip(buf_bytes(&in), bytes_search(buf_bytes(&in), BYTES("ACCEPT ")));
		if (bytes_find(at, '\n') == at.n)
			continue;
		at = bytes_skip(at, bytes_find(at, ':') + 1);
		assert_true(bytes_uint(&at, 65535, &port));
		*list = (struct addr_list){ .count = 1 };
		assert_true(addr_parse(&list->at[0], "127.0.0.1", (unsigned)port, &e));
		buf_free(&in);
		return s;
	}
}

static void test_openssl_servers(void **state)
{
	static const struct {
		const char *name, *options;
		unsigned faults;
		int alert;
		const char *version;
	} cases[] = {
		{ "TLS 1.2 server with an RSA key",
				"-tls1_2 -cert " CERTS "rsa.pem -key " CERTS "rsa.key", 0, -1,
				"TLS1.2" },
		{ "TLS 1.2 server with an EC key",
				"-tls1_2 -cert " CERTS "good.pem -key " CERTS "leaf.key", 0, -1,
				"TLS1.2" },
		{ "TLS 1.3 server with an RSA key",
				"-tls1_3 -cert " CERTS "rsa.pem -key " CERTS "rsa.key", 0, -1,
				"TLS1.3" },
		{ "a server with X25519 alone asks for another ClientHello",
				"-tls1_3 -groups X25519 -cert " CERTS "good.pem -key " CERTS
				"leaf.key",
				0, -1, "TLS1.3" },
		{ "both versions", "-cert " CERTS "good.pem -key " CERTS "leaf.key", 0, -1,
				"TLS1.3" },
		{ "plain RSA key exchange, CBC",
				"-tls1_2 -cipher AES128-SHA@SECLEVEL=0 -cert " CERTS
				"rsa.pem -key " CERTS "rsa.key",
				0, -1, "TLS1.2" },
		{ "a client's certificate", "-cert " CERTS "client-only.pem -key " CERTS "leaf.key",
				TLS_BAD_CERT, -1, "TLS1.3" },
		{ "only TLS 1.0",
				"-tls1 -cipher DEFAULT@SECLEVEL=0 -cert " CERTS
				"rsa.pem -key " CERTS "rsa.key",
				TLS_VERSION, 70, "" },
		{ "no common suite",
				"-tls1_2 -cipher NULL-SHA256@SECLEVEL=0 -cert " CERTS
				"rsa.pem -key " CERTS "rsa.key",
				TLS_NO_COMMON, 40, "" },
	};
	struct fake_world *f = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr_list list;
		struct stream *server = openssl_server(&f->w, cases[i].options, &list);
		if (!server)
			skip(); /* no openssl command here */
		struct stream_connect c = { .deadline_ms = limit(&f->w) };
		struct tls_options o = { .host = "mail.example.com", .ca_file = CERTS "root.pem" };
		struct tls_facts facts;
		struct err e = { .kind = ERR_NONE };
		struct stream *s = stream_connect(&f->w, &list, &c, &e);
		assert_non_null(s);
		bool is_good = tls_client(s, &o, limit(&f->w), &facts, &e);
		if (is_good != (cases[i].faults == 0) || facts.faults != cases[i].faults ||
				facts.alert != cases[i].alert ||
				strcmp(facts.version, cases[i].version) != 0)
			fail_msg("%s: faults %x alert %d %s: %s", cases[i].name, facts.faults,
					facts.alert, facts.version, e.text);
		stream_close(s);
		stream_close(server);
	}
}

/* TLS 1.2 tells in the handshake, TLS 1.3 when the session has begun. */
static void test_client_certificate_wanted(void **state)
{
	struct fake_world *f = *state;

	for (int version = 12; version <= 13; version++) {
		struct addr_list list;
		struct stream *server = openssl_server(&f->w,
				"-Verify 1 -verify_return_error -cert " CERTS "good.pem -key " CERTS
				"leaf.key",
				&list);
		if (!server)
			skip();
		struct stream_connect c = { .deadline_ms = limit(&f->w) };
		struct tls_options o = { .host = "mail.example.com",
			.ca_file = CERTS "root.pem",
			.max_version = version };
		struct tls_facts facts;
		struct buf in = BUF(100);
		struct err e = { .kind = ERR_NONE };
		struct stream *s = stream_connect(&f->w, &list, &c, &e);
		assert_non_null(s);
		bool is_good = tls_client(s, &o, limit(&f->w), &facts, &e);
		assert_int_equal(is_good, version == 13);
		if (is_good)
			assert_int_equal(stream_read(s, &in, limit(&f->w), &e), IO_FAILED);
		assert_int_equal(e.kind, ERR_TLS);
		assert_int_equal(facts.faults, version == 13 ? TLS_CLIENT_CERT : TLS_NO_COMMON);
		assert_int_equal(facts.alert, version == 13 ? 116 : 40);
		stream_close(s);
		stream_close(server);
		buf_free(&in);
	}
}

static void test_fault_names(void **state)
{
	(void)state;
	assert_string_equal(tls_fault_name(TLS_EXPIRED), "expired");
	assert_string_equal(tls_fault_name(TLS_WRONG_NAME | TLS_SELF_SIGNED), "wrong-name");
	assert_string_equal(tls_fault_name(TLS_PEER_PLAIN), "peer-plain");
	assert_string_equal(tls_fault_name(0), "");
	assert_string_equal(tls_fault_text(TLS_EXPIRED), "the certificate has expired");
	for (unsigned bit = 1; bit <= TLS_SNI; bit <<= 1) /* none without words */
		if (bit <= TLS_NO_STORE || bit >= TLS_PEER_PLAIN)
			assert_true(tls_fault_text(bit)[0] && tls_fault_name(bit)[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_certificates),
		TEST(test_insecure_goes_on),
		TEST(test_clock_before_build),
		TEST(test_facts),
		TEST(test_error_text_names_all),
		TEST(test_store_of_user),
		TEST(test_store_built_in),
		TEST(test_roots_in_the_binary),
		TEST(test_root_without_signature),
		TEST(test_store_broken_der),
		TEST(test_names),
		TEST(test_peer_plain),
		TEST(test_failure_names),
		TEST(test_bad_peers),
		TEST(test_deadline_is_absolute),
		TEST(test_reset_in_the_handshake),
		TEST(test_server_name_indication),
		TEST(test_missing_close_notify),
		TEST(test_one_write_is_one_record),
		TEST(test_large_data_and_pending),
		TEST(test_try_write_of_a_growing_queue),
		TEST(test_self_made),
		TEST(test_server_errors),
		TEST(test_server_and_plain_client),
		TEST(test_openssl_servers),
		TEST(test_client_certificate_wanted),
		TEST(test_fault_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
