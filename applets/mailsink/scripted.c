/* scripted - a session that goes as a file says
 * SPDX-License-Identifier: MIT
 *
 * The file is what the talk applets show of a session, so that one from a ticket can be played to
 * another client; the rest of the steps begin with a slash, as there.
 */
#include "applets/mailsink/scripted.h"

#include "sys/mem.h"

enum step { NOTHING, SEND, EXPECT, UNTIL, RAW, WAIT, TLS, CLOSE, RESET };

enum { WAIT_MAX_S = 86400 };

struct scripted {
	struct session s; /* first */
	struct bytes rest;
	struct bytes due; /* what the client is to begin with */
	bool is_until;    /* sooner or later */
};

static struct scripted *scripted_of(struct session *s)
{
	return (struct scripted *)s;
}

/* False: the line is none of the steps. arg: unescaped. */
static bool read_step(struct bytes line, enum step *step, struct bytes *arg)
{
	static const struct {
		const char *start;
		enum step step;
		bool has_arg;
	} rows[] = {
		{ "S:", SEND, true },
		{ "C:", EXPECT, true },
		{ "/until", UNTIL, true },
		{ "/send", RAW, true },
		{ "/wait", WAIT, true },
		{ "/tls", TLS, false },
		{ "/close", CLOSE, false },
		{ "/reset", RESET, false },
		/* what stands between the lines of a transcript */
		{ "#", NOTHING, true },
		{ " ", NOTHING, true },
		{ "==", NOTHING, true },
	};
	uint64_t seconds;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes start = bytes_of(rows[i].start);
		if (!bytes_starts(line, start))
			continue;
		*step = rows[i].step;
		*arg = bytes_skip(line, start.n);
		if (arg->n > 0 && arg->p[0] == ' ')
			*arg = bytes_skip(*arg, 1);
		if (*step == WAIT)
			return bytes_is_uint(*arg, WAIT_MAX_S, &seconds);
		return rows[i].has_arg || arg->n == 0;
	}
	*step = NOTHING;
	return line.n == 0;
}

/* What was hidden in a transcript may be anything, and the notes behind a line are ours. */
static bool unescape(enum step step, struct bytes arg, struct buf *out)
{
	static const char *const ends[] = { "<hidden", "  <- ", "  \xe2\x86\x90 " };

	for (size_t i = 0; i < 3 && (step == EXPECT || step == SEND); i++) {
		size_t n = bytes_search(arg, bytes_of(ends[i]));
		while (n < arg.n && n > 0 && arg.p[n - 1] == ' ')
			n--;
		arg = bytes_head(arg, n);
	}
	return faults_unescape(arg, out);
}

bool scripted_check(struct bytes text, unsigned *number)
{
	struct bytes line, arg;
	enum step step;

	for (*number = 1; bytes_line(&text, &line); ++*number) {
		struct buf out = BUF(SESSION_LINE_MAX);
		bool ok = read_step(line, &step, &arg) &&
				(step == NOTHING || unescape(step, arg, &out));
		buf_free(&out);
		if (!ok)
			return false;
	}
	return true;
}

static void wait(struct session *s, struct bytes seconds)
{
	uint64_t n = 0;

	bytes_uint(&seconds, WAIT_MAX_S, &n);
	s->fault.pause_at = s->out.n;
	s->fault.pause_ms = (unsigned)n * 1000;
}

/* One step, but for waiting for the client. */
static void run_step(struct session *s, enum step step, struct bytes arg)
{
	struct buf text = BUF(SESSION_LINE_MAX);

	unescape(step, arg, &text);
	if (step == SEND) {
		session_reply_long(s, buf_bytes(&text));
	} else if (step == RAW) {
		journal_line(&s->sink->journal, &s->at, 'S', buf_bytes(&text));
		buf_put(&s->out, buf_bytes(&text));
	} else if (step == WAIT) {
		wait(s, arg);
	} else if (step == TLS) {
		s->starts_tls = s->sink->can_tls && !s->is_tls;
		s->is_over = !s->starts_tls;
	} else {
		s->fault.resets = step == RESET;
		s->is_over = true;
	}
	buf_free(&text);
}

static void pour(struct session *s)
{
	struct scripted *c = scripted_of(s);
	enum step step = NOTHING;
	struct bytes line, arg = { 0 };

	while (step == NOTHING) {
		if (!bytes_line(&c->rest, &line)) {
			step = CLOSE;
			break;
		}
		read_step(line, &step, &arg);
	}
	s->is_pouring = step == SEND || step == RAW || step == WAIT;
	c->is_until = step == UNTIL;
	if (step == EXPECT || step == UNTIL)
		c->due = arg;
	else
		run_step(s, step, arg);
}

static void go_on(struct session *s)
{
	s->is_pouring = true;
}

static void take_line(struct session *s, struct bytes line)
{
	struct scripted *c = scripted_of(s);
	struct buf due = BUF(SESSION_LINE_MAX);
	bool fits = unescape(EXPECT, c->due, &due) && bytes_starts_nocase(line, buf_bytes(&due));

	/* a line that the script does not know may be a password */
	session_show(s, line, fits && due.n > 0);
	if (fits) {
		go_on(s);
	} else if (!c->is_until) {
		session_note(s, "not what the script expects: ended");
		s->is_over = true;
	}
	buf_free(&due);
}

static void line_too_long(struct session *s)
{
	s->is_over = true;
}

static void leave(struct session *s, bool is_idle)
{
	(void)s;
	(void)is_idle;
}

static const struct session_command commands[] = { { 0 } };

static const struct session_proto scripted_proto = {
	.name = "script",
	.challenge = "",
	.commands = commands,
	.greet = go_on,
	.line = take_line,
	.line_too_long = line_too_long,
	.pour = pour,
	.tls_on = go_on,
	.leave = leave,
	.end = go_on,
};

struct session *scripted_new(struct sink *sink, const struct session_peer *peer)
{
	struct scripted *c = xmalloc(sizeof(*c));

	c->rest = sink->script;
	session_start(&c->s, &scripted_proto, sink, peer);
	return &c->s;
}
