/* socket - one connection attempt and what came of it
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"

/* Begins to connect, without waiting: IP_RECVERR is set, so that ICMP errors are told with their
 * sender, and closing resets the connection, so that nothing is left behind here. The
 * descriptor, or -1 and errno in *error. */
int mscan_connect(const struct addr *to, int *error);

/* What an event on it means, as the port's state, reason and ICMP message; sender gets who sent
 * that (len 0: nobody). MSCAN_NONE: nothing yet. */
struct mscan_event {
	enum mscan_state state;
	enum mscan_reason reason;
	unsigned char icmp_type, icmp_code;
	int error;
	struct addr sender;
};
void mscan_look(int fd, const struct addr *to, struct mscan_event *out);

/* The same for an errno that connect() returned at once. True: it says nothing of the port but that
 * this machine is short of something (ports, descriptors, memory); try again later. */
bool mscan_connect_failed(int error, struct mscan_event *out);

/* Keeps the connection of an open port: closing it is polite from now on. */
void mscan_keep(int fd);
