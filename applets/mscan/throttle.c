/* throttle - tells a lossy path from a host that limits connections
 * SPDX-License-Identifier: MIT
 *
 * Canaries are tries to ports that are known to answer. They give the share of tries that gets
 * lost, from which follows how many silent ones make "filtered"; and when nearly all are lost, a
 * second look tells whether the host takes only so many connections a second, has shut us out, or
 * the path is just bad. A host that limits them is then asked slowly, and a silence counts only
 * between two canaries that were answered.
 */
#include "applets/mscan/engine.h"

enum {
	SUSPICIOUS_PERCENT = 60,
	SUSPICIOUS_MIN = 3,
	PAUSE_MS = 1000,
	CHECK_GAP_MS = 100,
	SLOW_BEGIN = 100, /* tries in 10 s */
	SLOW_LEAST = 50,
	SLOW_SILENCES = 2,
	WINDOW_STEPS = ENGINE_WINDOW + 2, /* with its two canaries */
};

bool throttle_holds(const struct engine *e, size_t host)
{
	return e->hosts[host].mode != HOST_FAST;
}

static bool is_busy(const struct engine_host *h)
{
	return h->planned > 0 || h->mode == HOST_PAUSE || h->mode == HOST_CHECK ||
			h->mode == HOST_SLOW;
}

static void count_busy(struct engine *e)
{
	e->busy = 0;
	for (size_t i = 0; i < e->run->host_count; i++)
		e->busy += is_busy(&e->hosts[i]);
}

/* The next port that is known to answer: closed ones, which no service sees, then open ones; then
 * closed ones again, and open ones when there are hardly any others. ENGINE_NONE: none. */
static uint32_t next_canary(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];
	size_t count = e->run->ports.count, closed = 0, open = 0;

	for (size_t i = 0; i < count; i++) {
		closed += mscan_result(e->run, host, i)->state == MSCAN_CLOSED;
		open += mscan_result(e->run, host, i)->state == MSCAN_OPEN;
	}
	bool again = closed == 0 && (open < ENGINE_CHECKS || h->mode != HOST_FAST);
	for (size_t n = 0; n < 4 * count; n++, h->canary_at++) {
		size_t round = h->canary_at / count;
		enum mscan_state want =
				round % 2 && (round == 1 || again) ? MSCAN_OPEN : MSCAN_CLOSED;
		if (mscan_result(e->run, host, h->canary_at % count)->state == want)
			return engine_slot(e, host, h->canary_at++ % count);
	}
	return ENGINE_NONE;
}

void throttle_silence(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];

	if (h->had_canaries || !h->answered || h->mode != HOST_FAST || e->run->tries)
		return;
	h->had_canaries = true;
	h->planned = ENGINE_CANARIES;
	e->busy++;
}

/* Every port of the host that is not decided begins anew. */
static void restart_ports(struct engine *e, size_t host, bool retry)
{
	for (size_t i = 0; i < e->run->ports.count; i++) {
		struct mscan_port *r = mscan_result(e->run, host, i);
		if (r->is_decided)
			continue;
		r->silent = 0;
		if (retry && (r->tries > 0 || e->fresh > i * e->run->host_count + host))
			engine_retry(e, engine_slot(e, host, i));
	}
}

static void set_mode(struct engine *e, size_t host, enum host_mode mode)
{
	struct engine_host *h = &e->hosts[host];

	h->mode = (unsigned char)mode;
	h->planned = 0;
	h->asked = h->unheard = 0;
	switch (mode) {
	case HOST_PAUSE: /* what is open would go on knocking */
		for (size_t i = 0; i < e->run->ports.count; i++)
			engine_end_tries(e, engine_slot(e, host, i));
		h->next_ms = engine_now(e) + PAUSE_MS;
		break;
	case HOST_FAST:
		restart_ports(e, host, true);
		break;
	case HOST_SLOW:
		restart_ports(e, host, false);
		h->slow_rate = SLOW_BEGIN;
		h->step = h->in_window = 0;
		h->next_ms = engine_now(e);
		break;
	case HOST_BLOCKED:
		for (size_t i = 0; i < e->run->ports.count; i++)
			engine_decide(e, engine_slot(e, host, i), MSCAN_NONE, MSCAN_BY_BLOCK);
		break;
	case HOST_CHECK:
		h->planned = ENGINE_CHECKS;
		break;
	}
}

/* All canaries of this round are back or lost. */
static void judge(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];

	if (h->mode == HOST_FAST && h->asked >= ENGINE_CHECKS && h->unheard >= SUSPICIOUS_MIN &&
			h->unheard * 100 >= SUSPICIOUS_PERCENT * h->asked)
		set_mode(e, host, HOST_PAUSE);
	else if (h->mode == HOST_CHECK && h->asked - h->unheard >= ENGINE_CHECKS - 1)
		set_mode(e, host, HOST_SLOW);
	else if (h->mode == HOST_CHECK && h->unheard == h->asked)
		set_mode(e, host, HOST_BLOCKED);
	else if (h->mode == HOST_CHECK)
		set_mode(e, host, HOST_FAST);
	count_busy(e);
}

void throttle_canary(struct engine *e, size_t host, bool answered)
{
	struct engine_host *h = &e->hosts[host];

	if (h->out > 0)
		h->out--;
	h->asked++;
	h->unheard += !answered;
	if (h->mode == HOST_FAST) { /* else they tell of the limit, not of the path */
		h->sent++;
		h->lost += !answered;
	}
	if (h->planned == 0 && h->out == 0 && h->mode != HOST_SLOW)
		judge(e, host);
}

/* True: one was sent, or there is none to send. */
static bool send_canary(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];
	uint32_t slot = next_canary(e, host);

	if (slot == ENGINE_NONE) {
		h->planned = 0;
		if (h->out == 0)
			judge(e, host);
		return true;
	}
	h->out++;
	if (engine_send(e, slot, true))
		return true;
	h->out--;
	return false;
}

/* --- the slow pass --- */

static uint32_t next_silent(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];
	size_t count = e->run->ports.count;

	for (size_t n = 0; n < count; n++) {
		size_t port = h->slow_at++ % count;
		if (!mscan_result(e->run, host, port)->is_decided)
			return engine_slot(e, host, port);
	}
	return ENGINE_NONE;
}

static void end_window(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];
	bool counts = h->asked == 2 && h->unheard == 0;

	for (unsigned i = 0; i < h->in_window; i++) {
		struct mscan_port *r = &e->run->results[h->window[i]];
		engine_end_tries(e, h->window[i]);
		if (!r->is_decided && !counts && r->silent > 0)
			r->silent--;
		else if (!r->is_decided && r->silent >= SLOW_SILENCES)
			engine_decide(e, h->window[i], MSCAN_FILTERED, MSCAN_BY_SILENCE);
	}
	h->next_ms = engine_now(e);
	h->slow_sum += h->slow_rate;
	h->slow_windows++;
	if (counts) {
		h->slow_rate += h->slow_rate / 10;
	} else {
		h->slow_rate = h->slow_rate / 2 > SLOW_LEAST ? h->slow_rate / 2 : SLOW_LEAST;
		h->next_ms += PAUSE_MS;
	}
	h->step = h->in_window = 0;
	h->asked = h->unheard = 0;
}

/* A canary, the ports, a canary, the wait for the last answers. */
static void slow_step(struct engine *e, size_t host)
{
	struct engine_host *h = &e->hosts[host];
	bool is_canary = h->step == 0 || h->step == WINDOW_STEPS - 1;
	uint32_t slot;

	if (h->step == WINDOW_STEPS) {
		end_window(e, host);
		return;
	}
	if (is_canary && !send_canary(e, host))
		return;
	if (!is_canary && (slot = next_silent(e, host)) != ENGINE_NONE) {
		if (!engine_send(e, slot, false)) {
			h->slow_at--;
			return;
		}
		h->window[h->in_window++] = slot;
	}
	h->step++;
	uint64_t gap = h->step == WINDOW_STEPS ? engine_rto(e, host) + 1 : 10000 / h->slow_rate;
	h->next_ms = engine_now(e) + gap;
}

/* --- the whole --- */

static bool has_undecided(const struct engine *e, size_t host)
{
	for (size_t i = 0; i < e->run->ports.count; i++)
		if (!mscan_result(e->run, host, i)->is_decided)
			return true;
	return false;
}

static void work_on(struct engine *e, size_t host, uint64_t now)
{
	struct engine_host *h = &e->hosts[host];

	while (h->mode == HOST_FAST && h->planned > 0 && pace_take(&e->bucket, now)) {
		h->planned--;
		if (!send_canary(e, host)) {
			h->planned++;
			return;
		}
	}
	if (h->mode == HOST_FAST || h->next_ms > now)
		return;
	if (h->mode == HOST_PAUSE) {
		set_mode(e, host, HOST_CHECK);
	} else if (h->mode == HOST_CHECK && h->planned > 0) {
		h->planned--;
		send_canary(e, host);
		h->next_ms = now + CHECK_GAP_MS;
	} else if (h->mode == HOST_SLOW) {
		if (has_undecided(e, host))
			slow_step(e, host);
		else
			h->next_ms = WORLD_FOREVER;
	}
}

void throttle_work(struct engine *e)
{
	uint64_t now = engine_now(e);

	if (e->busy == 0)
		return;
	for (size_t i = 0; i < e->run->host_count; i++)
		work_on(e, i, now);
	count_busy(e);
}

uint64_t throttle_due_ms(const struct engine *e)
{
	uint64_t due = WORLD_FOREVER;

	for (size_t i = 0; e->busy > 0 && i < e->run->host_count; i++) {
		const struct engine_host *h = &e->hosts[i];
		if (!is_busy(h))
			continue;
		uint64_t own = h->mode == HOST_FAST ? pace_next(&e->bucket, engine_now(e)) :
						      h->next_ms;
		if (h->mode == HOST_CHECK && h->planned == 0)
			continue; /* the last ones are waited for */
		due = own < due ? own : due;
	}
	return due;
}
