/* engine - the inside of the scan loop
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "applets/mscan/pace.h"

#define ENGINE_NONE UINT32_MAX

enum { ENGINE_CANARIES = 12, ENGINE_CHECKS = 4, ENGINE_WINDOW = 8 };

/* One connection that is being tried; in the pool. */
struct
try {
	int fd;                       /* -1 = free */
	uint32_t slot;                /* index of the result */
	uint32_t next_open;           /* of the same port */
	uint32_t previous, following; /* in the order of sending, while it is waited for */
	uint64_t sent_ms;
	bool is_canary, is_waiting;
};

/* How a host is treated. */
enum host_mode {
	HOST_FAST,
	HOST_PAUSE, /* canaries were lost: is it the number of connections? */
	HOST_CHECK, /* canaries one by one tell */
	HOST_SLOW,  /* it is: windows of ENGINE_WINDOW ports between two canaries */
	HOST_BLOCKED
};

struct engine_host {
	struct pace_rtt rtt;
	unsigned sent, lost; /* tries to ports that answer */
	bool answered;
	bool had_canaries;
	unsigned char mode;
	/* canaries: to known ports, to see what is lost */
	unsigned planned, out, asked, unheard;
	size_t canary_at; /* port to begin the search for the next one at */
	uint64_t next_ms; /* HOST_PAUSE, HOST_CHECK, HOST_SLOW: when to go on */
	/* slow pass */
	size_t slow_at;
	uint32_t window[ENGINE_WINDOW];
	unsigned step, in_window;
	unsigned slow_rate;              /* tries in 10 s */
	unsigned slow_sum, slow_windows; /* for the average */
};

struct engine {
	struct mscan_run *run;
	int epoll;
	struct try *tries;
	uint32_t try_max, try_free, try_count;
	uint32_t first, last; /* waited for, in the order of sending */
	struct engine_host *hosts;
	size_t fresh;                     /* next port that was not tried yet */
	uint32_t retry_first, retry_last; /* results to try again */
	uint32_t settle_first;            /* results that wait for canaries */
	size_t undecided;
	struct pace_bucket bucket;
	uint64_t slowest_ms;     /* round trip of the slowest host that answered */
	unsigned short_count;    /* times in a row that this machine was short of something */
	uint64_t short_until_ms; /* this machine was short of something: no tries before */
	unsigned busy;           /* hosts that need canaries or are not HOST_FAST */
	struct active *active;   /* probes */
	size_t active_count, active_room;
};

uint64_t engine_now(const struct engine *e);
uint64_t engine_rto(const struct engine *e, size_t host);
size_t engine_host_of(const struct engine *e, uint32_t slot);
uint32_t engine_slot(const struct engine *e, size_t host, size_t port);

/* One try to the port of slot. False: nothing was sent; this machine is short of something. */
bool engine_send(struct engine *e, uint32_t slot, bool is_canary);
void engine_decide(struct engine *e, uint32_t slot, enum mscan_state state,
		enum mscan_reason reason);
void engine_retry(struct engine *e, uint32_t slot);

/* Gives up the port's open tries: the kernel repeats their SYNs as long as they are there. */
void engine_end_tries(struct engine *e, uint32_t slot);

/* --- throttle.c: hosts that lose tries --- */

/* A port of this host was silent for the first time: plans canaries. */
void throttle_silence(struct engine *e, size_t host);

/* What became of a canary. */
void throttle_canary(struct engine *e, size_t host, bool answered);

/* Sends what is due. */
void throttle_work(struct engine *e);

/* A try of a port was silent while its host is not HOST_FAST. */
bool throttle_holds(const struct engine *e, size_t host);

/* When throttle_work has something to do next; WORLD_FOREVER. */
uint64_t throttle_due_ms(const struct engine *e);
