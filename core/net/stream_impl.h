/* stream_impl - the inside of a stream, for its transports
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"

struct stream {
	struct world *w;
	const struct stream_ops *ops;
	void *impl;
	bool is_local;
	char peer[ADDR_HOST_MAX + 8]; /* "unix:" or "exec:" and a path or command */
	char peer_ip[ADDR_TEXT_MAX];
	char local_ip[ADDR_TEXT_MAX];
};

/* A socket (or, with child > 0, the socket to that child) as a stream; taken over. */
struct stream *stream_of_fd(struct world *w, int fd, pid_t child);

/* Waits on a transport that a filter has under itself. */
bool stream_ops_wait(struct world *w, const struct stream_ops *ops, void *impl, short wants,
		uint64_t deadline_ms);
