/* stream - octets to and from a peer, with absolute deadlines
 * SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <stdlib.h>

#include "net/stream_impl.h"
#include "sys/mem.h"

/* Half of what a TLS record holds; enough for any reply, small for a server of hundreds. */
enum { READ_CHUNK = 8192 };

struct stream *stream_new(struct world *w, const struct stream_ops *ops, void *impl)
{
	struct stream *s = xmalloc(sizeof(*s));

	*s = (struct stream){ .w = w, .ops = ops, .impl = impl, .is_local = true };
	return s;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->ops->shut)
		s->ops->shut(s->impl);
	s->ops->close(s->impl);
	free(s);
}

bool stream_ops_wait(struct world *w, const struct stream_ops *ops, void *impl, short wants,
		uint64_t deadline_ms)
{
	if (ops->wait)
		return ops->wait(impl, wants, deadline_ms);
	struct pollfd fd = { .fd = ops->fd(impl), .events = wants };
	return world_poll(w, &fd, 1, deadline_ms) > 0;
}

bool stream_wait(struct stream *s, short wants, uint64_t deadline_ms)
{
	return stream_ops_wait(s->w, s->ops, s->impl, wants, deadline_ms);
}

enum io stream_try_read(struct stream *s, struct buf *in, short *wants, struct err *e)
{
	size_t fits;
	unsigned char *to = buf_room(in, READ_CHUNK, &fits);

	*wants = 0;
	if (!to) {
		err_set(e, ERR_LOCAL, "%s: more than %zu octets came", s->peer, in->max);
		return IO_FAILED;
	}
	ssize_t n = s->ops->read(s->impl, to, fits, wants, e);
	if (n > 0) {
		buf_added(in, (size_t)n);
		return IO_OK;
	}
	if (n == -1)
		return IO_TIMEOUT;
	if (n == 0) {
		err_set(e, ERR_CLOSED, "%s: closed the connection", s->peer);
		return IO_CLOSED;
	}
	err_wrap(e, "%s", s->peer);
	return IO_FAILED;
}

enum io stream_try_write(struct stream *s, struct bytes data, size_t *written, short *wants,
		struct err *e)
{
	*written = 0;
	*wants = 0;
	ssize_t n = s->ops->write(s->impl, data.p, data.n, wants, e);
	if (n >= 0) {
		*written = (size_t)n;
		return IO_OK;
	}
	if (n == -1)
		return IO_TIMEOUT;
	err_wrap(e, "%s", s->peer);
	return IO_FAILED;
}

static bool is_over(const struct stream *s, uint64_t deadline_ms)
{
	return deadline_ms != 0 && s->w->mono_ms(s->w) >= deadline_ms;
}

enum io stream_read(struct stream *s, struct buf *in, uint64_t deadline_ms, struct err *e)
{
	short wants = POLLIN;

	while (!is_over(s, deadline_ms)) {
		enum io io = stream_try_read(s, in, &wants, e);
		if (io != IO_TIMEOUT)
			return io;
		if (!stream_wait(s, wants, deadline_ms))
			break;
	}
	err_set(e, ERR_TIMEOUT, "%s: no answer in time", s->peer);
	return IO_TIMEOUT;
}

enum io stream_write(struct stream *s, struct bytes data, uint64_t deadline_ms, struct err *e)
{
	short wants = POLLOUT;

	while (data.n > 0 && !is_over(s, deadline_ms)) {
		size_t written;
		enum io io = stream_try_write(s, data, &written, &wants, e);
		if (io == IO_FAILED)
			return io;
		data = bytes_skip(data, written);
		if (io == IO_TIMEOUT && !stream_wait(s, wants, deadline_ms))
			break;
	}
	if (data.n == 0)
		return IO_OK;
	err_set(e, ERR_TIMEOUT, "%s: does not take what we send", s->peer);
	return IO_TIMEOUT;
}

int stream_get_fd(const struct stream *s)
{
	return s->ops->fd ? s->ops->fd(s->impl) : -1;
}

bool stream_pending(const struct stream *s)
{
	return s->ops->pending && s->ops->pending(s->impl);
}

bool stream_is_local(const struct stream *s)
{
	return s->is_local;
}

bool stream_is_tls(const struct stream *s)
{
	return s->ops->is_tls;
}

const char *stream_peer(const struct stream *s)
{
	return s->peer;
}

const char *stream_peer_ip(const struct stream *s)
{
	return s->peer_ip;
}

const char *stream_local_ip(const struct stream *s)
{
	return s->local_ip;
}

struct world *stream_world(const struct stream *s)
{
	return s->w;
}
