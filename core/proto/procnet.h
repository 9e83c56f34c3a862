/* procnet - listening sockets from Linux's /proc/net/tcp
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

/* One row of /proc/net/tcp or tcp6 (Linux 2.4 to 6.18: "sl local_address rem_address st ... inode"). */
struct procnet_row {
	bool is_v6;
	unsigned char ip[16]; /* network order; 4 or 16 octets */
	uint16_t port;
	unsigned state; /* PROCNET_LISTEN, ... */
	uint32_t uid;
	uint64_t inode; /* of the socket: what /proc/PID/fd/N points to */
};

enum { PROCNET_LISTEN = 10 }; /* TCP_LISTEN of the kernel */

/* False: no row (the heading, or something else). */
bool procnet_read(struct bytes line, struct procnet_row *row);
