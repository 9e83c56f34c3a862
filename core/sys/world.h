/* world - clock, random, streams and environment of a run
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

#include <poll.h>

struct stream;
struct world;

/* An output: a file descriptor, or (fd < 0) a buf that a test reads. Writes are collected and
 * flushed at each out_flush and when OUT_CHUNK octets wait. A failed write is remembered: the
 * run must not end with exit code 0 when its output was lost (full disk, closed pipe). */
struct out {
	int fd;
	struct buf *capture; /* where fd < 0 writes go; borrowed */
	bool tty;
	bool failed;
	int failed_errno;
	struct buf pending;
};

enum { OUT_CHUNK = 32768 };

void out_put(struct out *o, struct bytes data);
void out_puts(struct out *o, const char *text);
void out_printf(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes out what waits. Returns false once any write to o has failed. */
bool out_flush(struct out *o);

/* Everything an applet may know of the machine beyond the network and named files. No other code
 * calls time(), rand(), getenv() or touches descriptors 0 to 2, so that a whole applet runs in a
 * unit test: tests fill in their own functions and ctx. Owned by main (or the test); lent to
 * everybody. */
struct world {
	struct out out; /* data */
	struct out err; /* our own trouble, prompts, progress */
	int in_fd;      /* standard input; -1 = closed */
	bool in_tty;
	unsigned columns;    /* of the terminal, 80 when unknown or not one */
	bool utf8;           /* the locale's charset (LC_ALL, LC_CTYPE, LANG) is UTF-8 */
	char host_name[256]; /* gethostname(); "" when unknown */

	uint64_t (*mono_ms)(struct world *w); /* monotonic, for deadlines */
	int64_t (*wall_s)(struct world *w);   /* seconds since 1970, for display and certificates */
	void (*random)(struct world *w, void *p, size_t n);
	const char *(*env)(struct world *w, const char *name); /* NULL when unset */

	/* NULL: connect to the network. A test gives its own peer here; the caller owns the
	 * stream. */
	struct stream *(*dial)(struct world *w, const char *host, unsigned port, struct err *e);
	void *ctx; /* the test's own */
};

/* The real one: descriptors 0-2, CLOCK_MONOTONIC, getrandom(). Ignores SIGPIPE, switches core
 * dumps off. Closed standard descriptors are opened on /dev/null first, so that no socket
 * becomes number 1. */
void world_init_real(struct world *w);

/* Flushes both outputs; returns false when data was lost. */
bool world_finish(struct world *w);

/* Random octets from the kernel, for a library's hook that cannot be handed a world (mbedTLS's
 * PSA). Everybody else asks w->random. */
void world_random(void *p, size_t n);

/* Microseconds of a monotonic clock, to measure by; deadlines and what is told of them go by
 * w->mono_ms. */
uint64_t world_mono_us(void);

/* poll() until an absolute mono_ms deadline (0 = look only, WORLD_FOREVER = no end), EINTR retried.
 * Returns the number of ready descriptors, 0 when the deadline passed. */
#define WORLD_FOREVER UINT64_MAX
int world_poll(struct world *w, struct pollfd *fds, size_t count, uint64_t deadline_ms);

/* After world_catch_stop, SIGTERM and SIGINT only set what world_stopping returns and end a
 * world_poll early with 0. */
void world_catch_stop(void);
bool world_stopping(void);
