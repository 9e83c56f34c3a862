/* engine - tries ports by connect(), many at once
 * SPDX-License-Identifier: MIT
 *
 * Every try has a socket of its own, so that a repeated one takes another source port (another
 * path, another entry in firewalls on the way), and the earlier ones stay open: a late answer still
 * counts. The kernel's own repetition of SYNs is too slow to be of use (1, 2, 3 ... s).
 */
#include "applets/mscan/engine.h"

#include "applets/mscan/socket.h"
#include "sys/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	TRIES_MAX = 8192,
	TRIES_MIN = 8,
	FD_SPARE = 24,     /* descriptors for everything else */
	PROBES_BUSY = 128, /* no new ports while so many are being asked */
	EVENTS = 256,
	WAIT_MAX_MS = 500, /* a signal just before epoll_wait is seen after so long */
	SHORT_MS = 50,
	SHORT_COUNT = 200, /* in a row: then the port is given up, undecided */
	PROGRESS_MS = 1000,
};

/* What an epoll event belongs to: a try, or a probe with this bit. */
#define PROBE_BIT (UINT64_C(1) << 32)

struct active {
	struct mscan_probe *probe;
	short wants;
	int fd;
};

uint64_t engine_now(const struct engine *e)
{
	return e->run->w->mono_ms(e->run->w);
}

size_t engine_host_of(const struct engine *e, uint32_t slot)
{
	return slot / e->run->ports.count;
}

uint32_t engine_slot(const struct engine *e, size_t host, size_t port)
{
	return (uint32_t)(host * e->run->ports.count + port);
}

struct mscan_port *mscan_result(const struct mscan_run *run, size_t host, size_t port)
{
	return &run->results[host * run->ports.count + port];
}

uint64_t engine_rto(const struct engine *e, size_t host)
{
	return pace_rto(&e->hosts[host].rtt, e->slowest_ms);
}

/* --- tries --- */

static void stop_waiting(struct engine *e, struct try *t)
{
	if (!t->is_waiting)
		return;
	if (t->previous != ENGINE_NONE)
		e->tries[t->previous].following = t->following;
	else
		e->first = t->following;
	if (t->following != ENGINE_NONE)
		e->tries[t->following].previous = t->previous;
	else
		e->last = t->previous;
	t->is_waiting = false;
}

static void start_waiting(struct engine *e, uint32_t index)
{
	struct try *t = &e->tries[index];

	t->is_waiting = true;
	t->previous = e->last;
	t->following = ENGINE_NONE;
	if (e->last != ENGINE_NONE)
		e->tries[e->last].following = index;
	else
		e->first = index;
	e->last = index;
}

/* Frees the try; its descriptor is closed unless keep. */
static void end_try(struct engine *e, uint32_t index, bool keep)
{
	struct try *t = &e->tries[index];

	stop_waiting(e, t);
	if (!keep)
		close(t->fd);
	t->fd = -1;
	t->next_open = e->try_free;
	e->try_free = index;
	e->try_count--;
}

static void end_all_tries(struct engine *e, struct mscan_port *r)
{
	while (r->open_try != ENGINE_NONE) {
		uint32_t index = r->open_try;
		r->open_try = e->tries[index].next_open;
		end_try(e, index, false);
	}
}

void engine_end_tries(struct engine *e, uint32_t slot)
{
	end_all_tries(e, &e->run->results[slot]);
}

/* Takes one try out of its port's list. */
static void unlink_try(struct engine *e, uint32_t index)
{
	struct mscan_port *r = &e->run->results[e->tries[index].slot];
	uint32_t *at = &r->open_try;

	if (e->tries[index].is_canary)
		return;
	while (*at != index)
		at = &e->tries[*at].next_open;
	*at = e->tries[index].next_open;
}

/* Makes room by giving up the port's own oldest try: the list ends with it. */
static bool give_up_oldest(struct engine *e, struct mscan_port *r)
{
	uint32_t index = r->open_try;

	if (index == ENGINE_NONE)
		return false;
	while (e->tries[index].next_open != ENGINE_NONE)
		index = e->tries[index].next_open;
	unlink_try(e, index);
	end_try(e, index, false);
	return true;
}

static unsigned char sender_index(struct mscan_run *run, const struct addr *sender)
{
	size_t i = 0;

	while (i < run->sender_count &&
			(run->senders[i].len != sender->len ||
					memcmp(&run->senders[i].sa, &sender->sa, sender->len)))
		i++;
	if (i == MSCAN_SENDERS_MAX)
		return MSCAN_SENDERS_MAX - 1;
	if (i == run->sender_count)
		run->senders[run->sender_count++] = *sender;
	return (unsigned char)i;
}

static void note_event(struct engine *e, struct mscan_port *r, struct mscan_event *event)
{
	r->error = event->error;
	r->icmp_type = event->icmp_type;
	r->icmp_code = event->icmp_code;
	if (event->sender.len == 0)
		return;
	addr_set_port(&event->sender, 0);
	r->sender = sender_index(e->run, &event->sender);
}

void engine_decide(struct engine *e, uint32_t slot, enum mscan_state state,
		enum mscan_reason reason)
{
	struct mscan_port *r = &e->run->results[slot];

	if (r->is_decided)
		return;
	r->is_decided = true;
	r->state = (unsigned char)state;
	r->reason = (unsigned char)reason;
	r->after_ms = (uint32_t)(engine_now(e) - e->run->begun_ms) - r->first_ms;
	end_all_tries(e, r);
	e->undecided--;
}

void engine_retry(struct engine *e, uint32_t slot)
{
	if (e->run->results[slot].is_queued)
		return;
	e->run->results[slot].is_queued = true;
	e->run->results[slot].next = ENGINE_NONE;
	if (e->retry_first == ENGINE_NONE)
		e->retry_first = slot;
	else
		e->run->results[e->retry_last].next = slot;
	e->retry_last = slot;
}

static void short_of_something(struct engine *e)
{
	e->short_count++;
	e->short_until_ms = engine_now(e) + SHORT_MS;
}

static void count_try(struct engine *e, struct mscan_port *r)
{
	if (r->tries == 0)
		r->first_ms = (uint32_t)(engine_now(e) - e->run->begun_ms);
	if (r->tries < UINT8_MAX)
		r->tries++;
}

bool engine_send(struct engine *e, uint32_t slot, bool is_canary)
{
	struct mscan_port *r = &e->run->results[slot];
	size_t host = engine_host_of(e, slot);
	struct addr to = e->run->hosts[host].addr;
	struct mscan_event event;
	int error;

	if (e->try_free == ENGINE_NONE && (is_canary || !give_up_oldest(e, r)))
		return false;
	addr_set_port(&to, ports_at(&e->run->ports, slot % e->run->ports.count));
	int fd = mscan_connect(&to, &error);
	if (fd < 0) {
		bool is_short = mscan_connect_failed(error, &event);
		if (is_short && error == EADDRNOTAVAIL && !e->run->hosts[host].source[0]) {
			event.reason = MSCAN_BY_NO_FAMILY; /* no address of that kind here */
			is_short = false;
		}
		if (is_short && e->short_count < SHORT_COUNT) {
			short_of_something(e);
			return false;
		}
		if (is_short)
			event = (struct mscan_event){ .error = error };
		if (is_canary) {
			throttle_canary(e, host, event.state == MSCAN_CLOSED);
			return true;
		}
		count_try(e, r);
		note_event(e, r, &event);
		engine_decide(e, slot, event.state, event.reason);
		return true;
	}
	uint32_t index = e->try_free;
	struct epoll_event wants = { .events = EPOLLOUT, .data.u64 = index };
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &wants) != 0) {
		close(fd);
		short_of_something(e);
		return false;
	}
	struct try *t = &e->tries[index];
	e->short_count = 0;
	e->try_free = t->next_open;
	e->try_count++;
	*t = (struct try){ .fd = fd,
		.slot = slot,
		.sent_ms = engine_now(e),
		.is_canary = is_canary };
	t->next_open = is_canary ? ENGINE_NONE : r->open_try;
	if (!is_canary) {
		count_try(e, r);
		r->open_try = index;
	}
	start_waiting(e, index);
	return true;
}

/* --- what comes of them --- */

static unsigned tries_wanted(const struct engine *e, size_t host)
{
	const struct engine_host *h = &e->hosts[host];

	if (e->run->tries)
		return e->run->tries;
	return h->answered ? pace_tries(h->sent, h->lost) : PACE_TRIES_MIN;
}

/* The port's tries so far were silent. */
static void after_silence(struct engine *e, uint32_t slot)
{
	size_t host = engine_host_of(e, slot);
	struct mscan_port *r = &e->run->results[slot];

	if (r->is_decided || r->is_queued || throttle_holds(e, host))
		return;
	if (r->tries < tries_wanted(e, host)) {
		engine_retry(e, slot);
	} else if (e->hosts[host].planned + e->hosts[host].out > 0) {
		r->is_queued = true;
		r->next = e->settle_first;
		e->settle_first = slot;
	} else {
		engine_decide(e, slot, MSCAN_FILTERED, MSCAN_BY_SILENCE);
	}
}

static void settle(struct engine *e)
{
	uint32_t slot = e->settle_first;

	e->settle_first = ENGINE_NONE;
	while (slot != ENGINE_NONE) {
		uint32_t next = e->run->results[slot].next;
		e->run->results[slot].is_queued = false;
		after_silence(e, slot);
		slot = next;
	}
}

static void on_silence(struct engine *e, uint32_t index)
{
	struct try *t = &e->tries[index];
	size_t host = engine_host_of(e, t->slot);

	stop_waiting(e, t);
	if (t->is_canary) {
		end_try(e, index, false);
		throttle_canary(e, host, false);
		return;
	}
	e->run->results[t->slot].silent++;
	throttle_silence(e, host);
	after_silence(e, t->slot);
}

static void check_silence(struct engine *e)
{
	uint64_t now = engine_now(e);

	for (uint32_t index = e->first; index != ENGINE_NONE;) {
		struct try *t = &e->tries[index];
		uint32_t following = t->following;
		if (t->sent_ms + PACE_RTO_MIN > now)
			return;
		if (t->sent_ms + engine_rto(e, engine_host_of(e, t->slot)) <= now)
			on_silence(e, index);
		index = following;
	}
}

static void count_answer(struct engine *e, struct try *t, struct mscan_port *r)
{
	struct engine_host *h = &e->hosts[engine_host_of(e, t->slot)];
	uint64_t ms = engine_now(e) - t->sent_ms;

	h->answered = true;
	pace_sample(&h->rtt, ms);
	if (pace_rtt_ms(&h->rtt) > e->slowest_ms)
		e->slowest_ms = pace_rtt_ms(&h->rtt);
	if (!t->is_canary) {
		unsigned late = !t->is_waiting && r->silent > 0; /* was counted as silent */
		unsigned lost = r->silent - late;
		h->sent += lost + 1;
		h->lost += lost;
		r->rtt_ms = (uint16_t)(ms < UINT16_MAX ? ms : UINT16_MAX);
	}
}

static void begin_probe(struct engine *e, uint32_t slot, int fd);

static void on_event(struct engine *e, uint32_t index)
{
	struct try *t = &e->tries[index];
	uint32_t slot = t->slot;
	size_t host = engine_host_of(e, slot);
	struct mscan_port *r = &e->run->results[slot];
	struct addr to = e->run->hosts[host].addr;
	struct mscan_event event;
	int fd = t->fd;

	addr_set_port(&to, ports_at(&e->run->ports, slot % e->run->ports.count));
	mscan_look(fd, &to, &event);
	if (event.state == MSCAN_NONE)
		return;
	bool is_answer = event.state == MSCAN_OPEN || event.state == MSCAN_CLOSED;
	bool is_canary = t->is_canary;
	bool wants_probe = event.state == MSCAN_OPEN && !is_canary && e->run->probes;
	if (is_answer)
		count_answer(e, t, r);
	unlink_try(e, index);
	if (wants_probe)
		epoll_ctl(e->epoll, EPOLL_CTL_DEL, fd, NULL);
	end_try(e, index, wants_probe);
	if (is_canary) {
		throttle_canary(e, host, is_answer);
		return;
	}
	note_event(e, r, &event);
	engine_decide(e, slot, event.state, event.reason);
	if (wants_probe)
		begin_probe(e, slot, fd);
}

/* --- probes --- */

static void watch_probe(struct engine *e, size_t i, int how)
{
	struct active *a = &e->active[i];
	struct epoll_event wants = { .data.u64 = PROBE_BIT | i };

	a->wants = mscan_probe_wants(a->probe);
	a->fd = mscan_probe_fd(a->probe);
	wants.events = (a->wants & POLLIN ? EPOLLIN : 0u) | (a->wants & POLLOUT ? EPOLLOUT : 0u);
	epoll_ctl(e->epoll, how, a->fd, &wants);
}

static void end_probe(struct engine *e, size_t i)
{
	mscan_probe_free(e->active[i].probe);
	e->active[i] = e->active[--e->active_count];
	if (i < e->active_count)
		watch_probe(e, i, EPOLL_CTL_MOD);
}

static void step_probe(struct engine *e, size_t i)
{
	if (!mscan_probe_step(e->active[i].probe))
		end_probe(e, i);
	else if (e->active[i].wants != mscan_probe_wants(e->active[i].probe) ||
			e->active[i].fd != mscan_probe_fd(e->active[i].probe))
		watch_probe(e, i, EPOLL_CTL_MOD);
}

static void begin_probe(struct engine *e, uint32_t slot, int fd)
{
	size_t host = engine_host_of(e, slot);
	struct mscan_probe *p = mscan_probe_new(e->run, host, slot % e->run->ports.count, fd);

	if (!p)
		return;
	if (e->active_count == e->active_room) {
		e->active_room = e->active_room ? 2 * e->active_room : 16;
		e->active = xrealloc(e->active, e->active_room * sizeof(e->active[0]));
	}
	e->active[e->active_count] = (struct active){ .probe = p };
	watch_probe(e, e->active_count++, EPOLL_CTL_ADD);
	step_probe(e, e->active_count - 1); /* in TLS the client speaks first */
}

static void check_probes(struct engine *e)
{
	uint64_t now = engine_now(e);

	for (size_t i = e->active_count; i-- > 0;)
		if (mscan_probe_due_ms(e->active[i].probe) <= now)
			step_probe(e, i);
}

/* --- the loop --- */

static bool retry_one(struct engine *e)
{
	uint32_t slot = e->retry_first;
	struct mscan_port *r = &e->run->results[slot];

	if (!r->is_decided && !throttle_holds(e, engine_host_of(e, slot)) &&
			!engine_send(e, slot, false))
		return false;
	e->retry_first = r->next;
	r->is_queued = false;
	return true;
}

static bool fresh_one(struct engine *e)
{
	size_t hosts = e->run->host_count;
	size_t host = e->fresh % hosts, port = e->fresh / hosts;
	uint32_t slot = engine_slot(e, host, port);

	if (!e->run->results[slot].is_decided && !throttle_holds(e, host) &&
			!engine_send(e, slot, false))
		return false;
	e->fresh++;
	return true;
}

static bool has_fresh(const struct engine *e)
{
	return e->fresh < e->run->host_count * e->run->ports.count &&
			e->try_count < e->try_max / 4 * 3 && e->active_count < PROBES_BUSY;
}

static void send_due(struct engine *e)
{
	uint64_t now = engine_now(e);

	if (now < e->short_until_ms)
		return;
	throttle_work(e);
	while ((e->retry_first != ENGINE_NONE || has_fresh(e)) && pace_take(&e->bucket, now)) {
		bool sent = e->retry_first != ENGINE_NONE ? retry_one(e) : fresh_one(e);
		if (!sent)
			return;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_due(const struct engine *e, uint64_t now)
{
	uint64_t due = earlier(now + WAIT_MAX_MS, e->run->deadline_ms);

	if (e->retry_first != ENGINE_NONE || has_fresh(e))
		due = earlier(due,
				now < e->short_until_ms ? e->short_until_ms :
							  pace_next(&e->bucket, now));
	due = earlier(due, throttle_due_ms(e));
	for (uint32_t index = e->first; index != ENGINE_NONE; index = e->tries[index].following) {
		const struct try *t = &e->tries[index];
		if (t->sent_ms + PACE_RTO_MIN >= due)
			break;
		due = earlier(due, t->sent_ms + engine_rto(e, engine_host_of(e, t->slot)));
	}
	for (size_t i = 0; i < e->active_count; i++)
		due = earlier(due, mscan_probe_due_ms(e->active[i].probe));
	return due;
}

static void take_events(struct engine *e)
{
	struct epoll_event events[EVENTS];
	uint64_t now = engine_now(e), due = next_due(e, now);
	int count = epoll_wait(e->epoll, events, EVENTS, due > now ? (int)(due - now) : 0);

	/* probes from the back: one that ends is replaced by the last */
	for (int i = 0; i < count; i++)
		if (!(events[i].data.u64 & PROBE_BIT) && e->tries[events[i].data.u64].fd >= 0)
			on_event(e, (uint32_t)events[i].data.u64);
	for (size_t i = e->active_count; i-- > 0;)
		for (int k = 0; k < count; k++)
			if (events[k].data.u64 == (PROBE_BIT | i)) {
				step_probe(e, i);
				break;
			}
}

/* Until everything is decided, or the run is to stop. */
static void loop(struct engine *e)
{
	uint64_t told_ms = engine_now(e);
	size_t total = e->undecided;

	while (e->undecided > 0 || e->active_count > 0) {
		uint64_t now = engine_now(e);
		if (world_stopping() || now >= e->run->deadline_ms) {
			e->run->was_stopped = true;
			return;
		}
		send_due(e);
		take_events(e);
		check_silence(e);
		if (e->settle_first != ENGINE_NONE)
			settle(e);
		check_probes(e);
		if (e->run->progress && now - told_ms >= PROGRESS_MS) {
			told_ms = now;
			e->run->progress(e->run, total - e->undecided, total);
		}
	}
}

/* --- the beginning and the end --- */

/* As many descriptors as this process may have, less what the rest needs. */
static uint32_t count_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return TRIES_MIN;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= TRIES_MAX + FD_SPARE)
		return TRIES_MAX;
	return limit.rlim_cur > TRIES_MIN + FD_SPARE ? (uint32_t)limit.rlim_cur - FD_SPARE :
						       TRIES_MIN;
}

static void begin(struct engine *e, struct mscan_run *run)
{
	size_t total = run->host_count * run->ports.count;

	*e = (struct engine){ .run = run,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.try_max = count_descriptors(),
		.first = ENGINE_NONE,
		.last = ENGINE_NONE,
		.retry_first = ENGINE_NONE,
		.settle_first = ENGINE_NONE,
		.undecided = total };
	e->tries = xcalloc(e->try_max, sizeof(e->tries[0]));
	for (uint32_t i = 0; i < e->try_max; i++) {
		e->tries[i].fd = -1;
		e->tries[i].next_open = i + 1 < e->try_max ? i + 1 : ENGINE_NONE;
	}
	e->hosts = xcalloc(run->host_count, sizeof(e->hosts[0]));
	for (size_t i = 0; i < total; i++)
		run->results[i].open_try = ENGINE_NONE;
	run->begun_ms = engine_now(e);
	pace_begin(&e->bucket, run->rate, run->begun_ms);
}

static void end(struct engine *e)
{
	struct mscan_run *run = e->run;

	for (size_t i = 0; i < e->active_count; i++)
		mscan_probe_free(e->active[i].probe);
	for (uint32_t i = 0; i < e->try_max; i++)
		if (e->tries[i].fd >= 0)
			close(e->tries[i].fd);
	for (size_t i = 0; i < run->host_count; i++) {
		const struct engine_host *h = &e->hosts[i];
		run->hosts[i].answered = h->answered;
		run->hosts[i].rtt_ms = (unsigned)pace_rtt_ms(&h->rtt);
		run->hosts[i].loss_percent = h->sent ? 100 * h->lost / h->sent : 0;
		run->hosts[i].limit =
				h->slow_windows ? (h->slow_sum / h->slow_windows + 5) / 10 : 0;
		run->hosts[i].is_blocked = h->mode == HOST_BLOCKED;
	}
	if (e->epoll >= 0)
		close(e->epoll);
	free(e->active);
	free(e->tries);
	free(e->hosts);
}

bool mscan_engine(struct mscan_run *run, struct err *err)
{
	struct engine e;

	begin(&e, run);
	if (e.epoll < 0)
		err_sys(err, ERR_LOCAL, errno, "epoll");
	else
		loop(&e);
	bool ok = e.epoll >= 0;
	end(&e);
	return ok;
}
