/* fake_peer - a memory peer behind world.dial, for whole applets
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"
#include "tests/fakes/fake_world.h"

enum { FAKE_PEER_REPLIES_MAX = 40 };

/* What each connection meets: replies[0] at once, each further one after the client wrote.
 * Zeroed members: no cut, the peer closes at the end. One script serves all connections of a
 * run. */
struct fake_peer {
	struct fake_world world;
	const char *const *replies; /* NULL-ended */
	size_t max_read;
	bool hang, is_remote;
	unsigned dialled;
	struct stream_chunk chunks[FAKE_PEER_REPLIES_MAX];
	struct stream_memory memory;
	struct buf sent; /* by the client, all connections */
};

void fake_peer_init(struct fake_peer *p, const char *const *replies);
void fake_peer_free(struct fake_peer *p);

/* Runs an applet's main with these words (NULL-ended, argv[0] first); argv may be overwritten as
 * the real one may. */
int fake_peer_run(struct fake_peer *p, int (*applet)(struct world *w, int argc, char **argv),
		const char *const *words);

/* What the client sent, as a string. */
const char *fake_peer_sent(struct fake_peer *p);
