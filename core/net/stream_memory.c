/* stream_memory - a peer made of prepared chunks, for tests
 * SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <string.h>

#include "net/stream_impl.h"

static size_t chunk_size(const struct stream_chunk *c)
{
	return c->n ? c->n : strlen(c->data);
}

static void skip_read_chunks(struct stream_memory *m)
{
	while (m->at < m->count && m->offset == chunk_size(&m->chunks[m->at])) {
		m->at++;
		m->offset = 0;
		m->seen_written = m->written.n;
	}
}

static ssize_t memory_read(void *impl, unsigned char *to, size_t n, short *wants, struct err *e)
{
	struct stream_memory *m = impl;

	(void)e;
	*wants = POLLIN;
	skip_read_chunks(m);
	if (m->at == m->count)
		return m->hang ? -1 : 0;
	const struct stream_chunk *c = &m->chunks[m->at];
	if (c->after_write && m->offset == 0 && m->written.n <= m->seen_written)
		return -1;
	size_t left = chunk_size(c) - m->offset;
	if (n > left)
		n = left;
	if (m->max_read && n > m->max_read)
		n = m->max_read;
	memcpy(to, c->data + m->offset, n);
	m->offset += n;
	skip_read_chunks(m);
	return (ssize_t)n;
}

static ssize_t memory_write(void *impl, const unsigned char *from, size_t n, short *wants,
		struct err *e)
{
	struct stream_memory *m = impl;

	*wants = POLLOUT;
	if (m->max_write && n > m->max_write)
		n = m->max_write;
	if (!buf_put(&m->written, (struct bytes){ from, n })) {
		err_set(e, ERR_LOCAL, "memory stream: written is full");
		return -2;
	}
	return (ssize_t)n;
}

static bool memory_wait(void *impl, short wants, uint64_t deadline_ms)
{
	struct stream_memory *m = impl;

	(void)wants;
	if (m->advance)
		m->advance(m->w, deadline_ms);
	return false;
}

static void memory_close(void *impl)
{
	(void)impl;
}

struct stream *stream_memory(struct world *w, struct stream_memory *m)
{
	static const struct stream_ops ops = {
		.read = memory_read,
		.write = memory_write,
		.close = memory_close,
		.wait = memory_wait,
	};

	m->w = w;
	if (m->written.max == 0)
		m->written.max = STREAM_MEMORY_MAX;
	struct stream *s = stream_new(w, &ops, m);
	s->is_local = !m->is_remote;
	memcpy(s->peer, "memory", sizeof("memory"));
	return s;
}
