/* fake_session - sessions of a talk applet as rows of a table
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void run(int (*applet)(struct world *w, int argc, char **argv), const struct fake_session *c,
		size_t cut)
{
	struct fake_peer p;
	const char *words[COUNT(c->words) + 2] = { "talk" };

	fake_peer_init(&p, c->replies);
	p.is_remote = c->is_remote;
	p.max_read = cut;
	p.world.w.utf8 = c->utf8;
	p.world.w.columns = 200;
	if (c->input)
		fake_world_stdin(&p.world, bytes_of(c->input));
	for (size_t i = 0; c->words[i]; i++)
		words[i + 1] = c->words[i];
	int code = fake_peer_run(&p, applet, words);
	const char *out = fake_world_out(&p.world);
	if (code != c->code)
		fail_msg("%s: exit code %d\n%s%s", c->name, code, out, fake_world_err(&p.world));
	for (size_t i = 0; i < COUNT(c->shown) && c->shown[i]; i++)
		if (!strstr(out, c->shown[i]))
			fail_msg("%s: \"%s\" is not shown:\n%s", c->name, c->shown[i], out);
	if (c->hidden && strstr(out, c->hidden))
		fail_msg("%s: \"%s\" is shown:\n%s", c->name, c->hidden, out);
	if (c->sent && strcmp(fake_peer_sent(&p), c->sent) != 0)
		fail_msg("%s: sent\n%s", c->name, fake_peer_sent(&p));
	for (const char *q = out; *q; q++)
		if ((unsigned char)*q < 0x20 && *q != '\n')
			fail_msg("%s: a raw control character", c->name);
	fake_peer_free(&p);
}

void fake_session_run(int (*applet)(struct world *w, int argc, char **argv),
		const struct fake_session *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t cut = 0; cut < 8; cut++)
			run(applet, &cases[i], cut);
}

void fake_session_wrong(int (*applet)(struct world *w, int argc, char **argv),
		const char *const (*wrong)[FAKE_SESSION_WORDS], size_t count)
{
	static const char *const silent[] = { NULL };

	for (size_t i = 0; i < count; i++) {
		struct fake_peer p;
		fake_peer_init(&p, silent);
		assert_int_equal(fake_peer_run(&p, applet, wrong[i]), 3);
		assert_string_equal(fake_world_out(&p.world), "");
		assert_int_equal(p.dialled, 0);
		fake_peer_free(&p);
	}
}
