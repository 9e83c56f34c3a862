/* mscan - what the parts of the port scanner share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/addr.h"
#include "proto/ports.h"
#include "sys/world.h"

enum {
	MSCAN_HOSTS_MAX = 65536,
	MSCAN_ENDPOINTS_MAX = 4096, /* more need --yes */
	MSCAN_SENDERS_MAX = 64,     /* of ICMP errors that are told apart */
	MSCAN_RATE = 3000,          /* tries a second; 1.4 Mbit/s of SYNs */
};

enum mscan_state {
	MSCAN_NONE, /* not decided yet; at the end: undecided */
	MSCAN_OPEN,
	MSCAN_CLOSED,
	MSCAN_FILTERED,
	MSCAN_UNREACHABLE,
	MSCAN_STATES
};

enum mscan_reason {
	MSCAN_BY_NOTHING, /* stopped before it was decided */
	MSCAN_BY_SYN_ACK,
	MSCAN_BY_RESET,
	MSCAN_BY_SELF, /* loopback: the kernel joined the try to itself; nothing listens */
	MSCAN_BY_SILENCE,
	MSCAN_BY_ICMP,
	MSCAN_BY_ERRNO, /* a kernel that does not tell the ICMP message */
	MSCAN_BY_NO_ROUTE,
	MSCAN_BY_PROHIBITED,   /* by a route or a filter of this machine */
	MSCAN_BY_NO_NEIGHBOUR, /* on this link nobody answers for the address */
	MSCAN_BY_NO_FAMILY,    /* no IPv6 (or IPv4) on this machine */
	MSCAN_BY_BLOCK,        /* not decided: the host stopped answering during the scan */
};

struct mscan_answer; /* what the probe found out */

struct mscan_port {
	unsigned char state;  /* enum mscan_state */
	unsigned char reason; /* enum mscan_reason */
	unsigned char tries;
	unsigned char icmp_type, icmp_code, sender; /* sender: index into mscan_run.senders */
	uint16_t rtt_ms;
	uint32_t after_ms;           /* from the first try to the decision */
	int error;                   /* errno */
	struct mscan_answer *answer; /* NULL: not asked */
	/* the engine's own */
	uint32_t first_ms, open_try, next;
	unsigned char silent;
	bool is_decided, is_queued;
};

/* One address. */
struct mscan_host {
	char *name; /* as the user gave it; owned */
	struct addr addr;
	char ip[ADDR_TEXT_MAX];
	char source[ADDR_TEXT_MAX]; /* our address towards it, "" when unknown */
	unsigned rtt_ms;            /* 0 when nothing has answered, or under 1 ms */
	bool answered;
	unsigned loss_percent; /* of tries to ports that answer */
	unsigned limit;        /* connections a second that it takes, 0 = no limit seen */
	bool is_blocked;       /* it stopped answering during the scan */
};

struct mscan_run {
	struct world *w;
	struct mscan_host *hosts;
	size_t host_count;
	struct ports ports;
	struct mscan_port *results; /* [host * ports.count + port] */
	uint32_t *by_number; /* indices of ports, sorted by port: the order to show them in */
	struct addr senders[MSCAN_SENDERS_MAX];
	size_t sender_count;
	unsigned rate;
	unsigned tries;      /* 0 = as many as the loss asks for */
	const char *ca_file; /* NULL = as tls_options has it */
	bool probes;         /* ask what answers */
	uint64_t begun_ms, deadline_ms;
	bool was_stopped; /* by a signal or the deadline: results are partial */
	/* Says how far it is, about once a second; may be NULL. */
	void (*progress)(struct mscan_run *run, size_t decided, size_t total);
};

struct mscan_port *mscan_result(const struct mscan_run *run, size_t host, size_t port);

/* Tries all ports of all hosts. False: e (no descriptors to work with at all). */
bool mscan_engine(struct mscan_run *run, struct err *e);

/* --- the probe, as the engine sees it: one connection for each open port, never waiting --- */

struct mscan_probe;

/* Takes the connected socket over. NULL: this port is not asked; the socket is closed (reset). */
struct mscan_probe *mscan_probe_new(struct mscan_run *run, size_t host, size_t port, int fd);

/* Goes on as far as it can. False: it is finished; the answer is in the result. */
bool mscan_probe_step(struct mscan_probe *p);
int mscan_probe_fd(const struct mscan_probe *p);
short mscan_probe_wants(const struct mscan_probe *p); /* POLLIN, POLLOUT */
uint64_t mscan_probe_due_ms(const struct mscan_probe *p);
void mscan_probe_free(struct mscan_probe *p);
