/* fake_runs - whole applets against made-up peers and files
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_runs.h"

#include "applets/applet.h"
#include "net/stream.h"
#include "tests/fakes/fake_world.h"

#define LOGIN "-u", "sample", "-p", FAKE_RUNS_SECRET
#define MESSAGE "--from", "sample@example.com", "--to", "a@example.org", "--to", "b@example.org"

const struct fake_run fake_runs[] = {
	{ smtptalk_main, { "smtptalk", "localhost" }, false, false },
	{ smtptalk_main, { "smtptalk", "localhost", LOGIN, MESSAGE }, false, false },
	{ smtptalk_main, { "smtptalk", "localhost", LOGIN, "--all-mechs", "--json" }, false,
			false },
	{ smtptalk_main, { "smtptalk", "localhost", LOGIN, "--auth", "scram-sha-256" }, false,
			false },
	{ smtptalk_main, { "smtptalk", "localhost", LOGIN, "--auth", "ntlm" }, false, false },
	{ smtptalk_main, { "smtptalk", "localhost", MESSAGE, "--nagios" }, false, false },
	{ smtptalk_main, { "smtptalk", "localhost", "--probe" }, false, false },
	{ smtptalk_main, { "smtptalk", "localhost", "--relay-test" }, false, false },
	{ smtptalk_main, { "smtptalk", "-i", "localhost" }, true, false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--list" }, false, false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--read", "last" }, false, false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--uidl", "--check", "--json" }, false,
			false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--apop", "--find", "a" }, false,
			false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--auth", "digest-md5" }, false, false },
	{ pop3talk_main, { "pop3talk", "localhost", LOGIN, "--dump", "-" }, false, true },
	{ pop3talk_main, { "pop3talk", "-i", "localhost" }, true, false },
	{ imaptalk_main, { "imaptalk", "localhost", LOGIN, "--folders", "--list" }, false, false },
	{ imaptalk_main, { "imaptalk", "localhost", LOGIN, "--read", "last" }, false, false },
	{ imaptalk_main, { "imaptalk", "localhost", LOGIN, "--stat", "--json" }, false, false },
	{ imaptalk_main, { "imaptalk", "localhost", LOGIN, "--dump", "-" }, false, true },
	{ imaptalk_main, { "imaptalk", "localhost", "--probe", "--nagios" }, false, false },
	{ imaptalk_main, { "imaptalk", "-i", "localhost" }, true, false },
	{ b64auth_main, { "b64auth", "-d" }, true, false },
	{ b64auth_main, { "b64auth", "-d", "--json", LOGIN }, true, false },
	{ b64auth_main, { "b64auth", "decode" }, true, true },
	{ b64auth_main, { "b64auth", "encode", "-w", "10" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "-" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "--summary", "-" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "--summary", "--json", "-" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "--trace", "526562BE062", "-" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "--json", "--redact", "-" }, true, false },
	{ maillogwatch_main, { "maillogwatch", "--merge", "-" }, true, false },
};
const size_t fake_runs_count = sizeof(fake_runs) / sizeof(fake_runs[0]);

enum { CHUNKS_MAX = 64, CONNECTIONS_MAX = 100 };

struct runner {
	struct fake_world world; /* first */
	struct stream_chunk chunks[CHUNKS_MAX];
	struct stream_memory memory[CONNECTIONS_MAX]; /* a run may hold several at a time */
	size_t count, step, dialled;
};

static struct stream *dial(struct world *w, const char *host, unsigned port, struct err *e)
{
	struct runner *r = w->ctx;

	(void)host;
	(void)port;
	if (r->dialled == CONNECTIONS_MAX) {
		err_set(e, ERR_LOCAL, "too many connections");
		return NULL;
	}
	r->memory[r->dialled] = (struct stream_memory){
		.chunks = r->chunks,
		.count = r->count,
		.max_read = r->step,
		.max_write = r->step,
		.advance = fake_world_advance,
	};
	return stream_memory(w, &r->memory[r->dialled++]);
}

static void cut(struct runner *r, struct bytes in)
{
	for (bool is_first = true; in.n > 0 && r->count < CHUNKS_MAX; is_first = false) {
		struct bytes turn = bytes_head(in, bytes_find(in, FAKE_RUNS_TURN));
		in = bytes_skip(in, turn.n + 1);
		if (turn.n > 0)
			r->chunks[r->count++] = (struct stream_chunk){ (const char *)turn.p, turn.n,
				!is_first };
	}
}

int fake_runs_do(const struct fake_run *run, struct bytes in, size_t step, struct buf *shown)
{
	struct runner r = { .step = step };

	fake_world_init(&r.world);
	r.world.w.dial = dial;
	r.world.w.ctx = &r;
	if (run->stdin_first) {
		struct bytes first = bytes_head(in, bytes_find(in, FAKE_RUNS_TURN));
		fake_world_stdin(&r.world, first);
		in = bytes_skip(in, first.n + 1);
	}
	cut(&r, in);
	int code = fake_world_run(&r.world.w, run->applet, run->words);
	buf_puts(shown, fake_world_out(&r.world));
	buf_puts(shown, fake_world_err(&r.world));
	for (size_t i = 0; i < r.dialled; i++)
		buf_free(&r.memory[i].written);
	fake_world_free(&r.world);
	return code;
}
