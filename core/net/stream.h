/* stream - octets to and from a peer, with absolute deadlines
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/addr.h"
#include "sys/world.h"

#include <poll.h>
#include <sys/types.h>

enum io {
	IO_OK,
	IO_TIMEOUT, /* the deadline passed */
	IO_CLOSED,  /* orderly end; with TLS also without close_notify (said in facts) */
	IO_FAILED,  /* err says why (reset, TLS record, ...) */
};

struct stream;

/* Transport below a stream: what tcp, unix, child, memory and TLS implement. All non-blocking:
 * read and write return the octets moved, 0 at the end (read only), -1 with *wants = POLLIN or
 * POLLOUT when they would block, -2 with err filled. Names of peers are put in front of err by
 * the stream. */
struct stream_ops {
	ssize_t (*read)(void *impl, unsigned char *to, size_t n, short *wants, struct err *e);
	ssize_t (*write)(void *impl, const unsigned char *from, size_t n, short *wants,
			struct err *e);
	void (*shut)(void *impl);  /* optional: polite end (close_notify), before close */
	void (*close)(void *impl); /* frees impl */
	/* NULL: poll() on fd. Memory streams move the fake clock instead. False at the
	 * deadline. */
	bool (*wait)(void *impl, short wants, uint64_t deadline_ms);
	int (*fd)(void *impl);       /* -1 when there is none */
	bool (*pending)(void *impl); /* optional: octets wait inside although poll() is silent */
	bool is_tls;
};

/* A stream over a transport of the caller's own (tests, fuzzers); it counts as local. */
struct stream *stream_new(struct world *w, const struct stream_ops *ops, void *impl);

/* Tries the list's addresses in order (each at most connect_ms, all until deadline_ms). tried
 * (may be NULL) gets one line for each that failed: "connect to 192.0.2.1:25: Connection
 * refused". bind_ip NULL = any. The error is the last one's; kinds as err.h. */
enum { STREAM_CONNECT_MS = 10000 };
struct stream_connect {
	const char *bind_ip;
	unsigned connect_ms; /* 0 = STREAM_CONNECT_MS */
	uint64_t deadline_ms;
	struct buf *tried;
};
struct stream *stream_connect(struct world *w, const struct addr_list *list,
		const struct stream_connect *o, struct err *e);
/* Begins a connect without waiting for it, for poll loops: the descriptor can be written once it is
 * done, and SO_ERROR tells how; stream_fd takes it. -1: e says why not. */
int stream_dial(const struct addr *to, const char *bind_ip, struct err *e);

struct stream *stream_unix(struct world *w, const char *path, uint64_t deadline_ms, struct err *e);

/* A child on a socket pair, its stderr is ours: command split on blanks, no shell. On close
 * its input ends; when it is not gone within STREAM_CHILD_MS it gets SIGTERM, after the same
 * time again SIGKILL, and is reaped. */
enum { STREAM_CHILD_MS = 2000, STREAM_ARGS_MAX = 64 };
struct stream *stream_exec(struct world *w, const char *command, struct err *e);

/* A connected socket (mailsink's accept()); taken over. */
struct stream *stream_fd(struct world *w, int fd);

/* Ends it politely (TLS close_notify where TLS runs) and frees it. NULL is allowed. */
void stream_close(struct stream *s);

/* Appends what comes, at least one octet, to in; waits until the absolute deadline (0 = look
 * only). Past the deadline nothing is read any more, so that neither drips nor floods stretch
 * it. IO_FAILED with ERR_LOCAL when in is full. After a failed write reading goes on: the
 * peer's last words are often there. err is filled for every result but IO_OK. */
enum io stream_read(struct stream *s, struct buf *in, uint64_t deadline_ms, struct err *e);

/* All of data, in as few writes as the transport allows (one line one write). */
enum io stream_write(struct stream *s, struct bytes data, uint64_t deadline_ms, struct err *e);

/* One try without waiting, for poll loops: IO_TIMEOUT when nothing moved, and *wants tells
 * what to poll for. A write that moved something is IO_OK; *written says how much. */
enum io stream_try_read(struct stream *s, struct buf *in, short *wants, struct err *e);
enum io stream_try_write(struct stream *s, struct bytes data, size_t *written, short *wants,
		struct err *e);

/* Waits until the transport can do what wants says; false at the deadline. */
bool stream_wait(struct stream *s, short wants, uint64_t deadline_ms);

/* The descriptor to poll, -1 for memory. Octets may wait inside (TLS) although poll() is silent:
 * stream_pending. */
int stream_get_fd(const struct stream *s);
bool stream_pending(const struct stream *s);

/* True for 127/8, ::1, UNIX sockets, children and memory streams: secrets in clear are allowed
 * there. */
bool stream_is_local(const struct stream *s);
bool stream_is_tls(const struct stream *s);

/* "192.0.2.10:25", "unix:/path", "exec:..."; the ip forms without port, "" where there is
 * none. Owned by the stream. */
const char *stream_peer(const struct stream *s);
const char *stream_peer_ip(const struct stream *s);
const char *stream_local_ip(const struct stream *s);
struct world *stream_world(const struct stream *s);

/* Test double: what the peer says is a list of chunks. A chunk becomes readable once
 * everything before it was read and, when after_write is set, the client has written since.
 * max_read cuts reads to so many octets (0 = no cut), max_write the same for writes. At the
 * end of the list: end of stream, or silence when hang is set. A wait in silence moves the
 * world's fake clock to the deadline by calling advance (NULL: the wait just ends). written
 * collects what the client sent, at most STREAM_MEMORY_MAX unless its max is set. */
enum { STREAM_MEMORY_MAX = 1 << 20 };
struct stream_chunk {
	const char *data;
	size_t n; /* 0 = strlen(data) */
	bool after_write;
};
struct stream_memory {
	const struct stream_chunk *chunks;
	size_t count;
	size_t max_read, max_write;
	bool hang;
	bool is_remote; /* as if not on loopback */
	struct buf written;
	void (*advance)(struct world *w, uint64_t to_ms);
	struct world *w; /* from here on stream_memory's own */
	size_t at, offset, seen_written;
};
struct stream *stream_memory(struct world *w, struct stream_memory *m); /* m stays the caller's */
