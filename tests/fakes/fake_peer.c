/* fake_peer - a memory peer behind world.dial, for whole applets
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_peer.h"

#include "sys/mem.h"

static struct stream *dial(struct world *w, const char *host, unsigned port, struct err *e)
{
	struct fake_peer *p = w->ctx;
	size_t count = 0;

	(void)host;
	(void)port;
	(void)e;
	if (p->dialled++ > 0)
		buf_put(&p->sent, buf_bytes(&p->memory.written));
	buf_free(&p->memory.written);
	for (; p->replies[count]; count++) {
		if (count == FAKE_PEER_REPLIES_MAX)
			bug("too many replies");
		p->chunks[count] = (struct stream_chunk){ .data = p->replies[count],
			.after_write = count > 0 };
	}
	p->memory = (struct stream_memory){
		.chunks = p->chunks,
		.count = count,
		.max_read = p->max_read,
		.hang = p->hang,
		.is_remote = p->is_remote,
		.advance = fake_world_advance,
	};
	return stream_memory(w, &p->memory);
}

void fake_peer_init(struct fake_peer *p, const char *const *replies)
{
	*p = (struct fake_peer){ .replies = replies, .sent = BUF(1 << 24) };
	fake_world_init(&p->world);
	p->world.w.dial = dial;
	p->world.w.ctx = p;
}

void fake_peer_free(struct fake_peer *p)
{
	buf_free(&p->memory.written);
	buf_free(&p->sent);
	fake_world_free(&p->world);
}

int fake_peer_run(struct fake_peer *p, int (*applet)(struct world *w, int argc, char **argv),
		const char *const *words)
{
	return fake_world_run(&p->world.w, applet, words);
}

const char *fake_peer_sent(struct fake_peer *p)
{
	buf_put(&p->sent, buf_bytes(&p->memory.written));
	buf_free(&p->memory.written);
	return buf_text(&p->sent);
}
