/* listen - sockets that wait for connections
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"

/* One listening TCP socket. fd is -1 when closed; poll() it for POLLIN. */
struct listen_socket {
	int fd;
	unsigned port; /* the one in use, also when any free one was asked for */
};

/* Listens on a numeric address; port 0 = any free one. False (e): the address is not here, the port
 * is taken or privileged, ... */
bool listen_open(struct listen_socket *l, const char *ip, unsigned port, struct err *e);
void listen_close(struct listen_socket *l);

enum listen_result {
	LISTEN_OK,
	LISTEN_NONE /* nobody waits */,
	LISTEN_FAILED /* no more descriptors; e */
};

/* Takes a connection that waits, never blocking. */
enum listen_result listen_accept(struct world *w, struct listen_socket *l, struct stream **s,
		struct err *e);
