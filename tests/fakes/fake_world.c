/* fake_world - a world for unit tests: fake clock, captured output
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_world.h"

#include "sys/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct fake_world *fake_of(struct world *w)
{
	return (struct fake_world *)w; /* w is the first member */
}

static uint64_t fake_mono_ms(struct world *w)
{
	return fake_of(w)->now_ms;
}

static int64_t fake_wall_s(struct world *w)
{
	return FAKE_WORLD_EPOCH + (int64_t)(fake_of(w)->now_ms / 1000);
}

/* A linear congruential generator (Knuth, MMIX): all a test needs is the same octets each time. */
static void fake_random(struct world *w, void *p, size_t n)
{
	unsigned char *to = p;
	struct fake_world *f = fake_of(w);

	for (size_t i = 0; i < n; i++) {
		f->seed = f->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		to[i] = (unsigned char)(f->seed >> 56);
	}
}

static const char *fake_env(struct world *w, const char *name)
{
	struct fake_world *f = fake_of(w);

	for (size_t i = f->env_count; i-- > 0;)
		if (strcmp(f->env[i].name, name) == 0)
			return f->env[i].value;
	return NULL;
}

void fake_world_init(struct fake_world *f)
{
	*f = (struct fake_world){
			.w = {
					.out = {.fd = -1},
					.err = {.fd = -1},
					.in_fd = -1,
					.columns = 80,
					.mono_ms = fake_mono_ms,
					.wall_s = fake_wall_s,
					.random = fake_random,
					.env = fake_env,
			},
			.out = BUF(SIZE_MAX),
			.err = BUF(SIZE_MAX),
	};
	f->w.out.capture = &f->out;
	f->w.err.capture = &f->err;
}

void fake_world_free(struct fake_world *f)
{
	if (f->w.in_fd >= 0)
		close(f->w.in_fd);
	buf_free(&f->w.out.pending);
	buf_free(&f->w.err.pending);
	buf_free(&f->out);
	buf_free(&f->err);
}

const char *fake_world_out(struct fake_world *f)
{
	out_flush(&f->w.out);
	return buf_text(&f->out);
}

const char *fake_world_err(struct fake_world *f)
{
	out_flush(&f->w.err);
	return buf_text(&f->err);
}

void fake_world_clear(struct fake_world *f)
{
	out_flush(&f->w.out);
	out_flush(&f->w.err);
	buf_clear(&f->out);
	buf_clear(&f->err);
}

void fake_world_stdin(struct fake_world *f, struct bytes text)
{
	if (f->w.in_fd >= 0)
		close(f->w.in_fd);
	f->w.in_fd = memfd_create("stdin", MFD_CLOEXEC);
	if (f->w.in_fd < 0 || write(f->w.in_fd, text.p, text.n) != (ssize_t)text.n ||
			lseek(f->w.in_fd, 0, SEEK_SET) != 0)
		abort();
}

void fake_world_setenv(struct fake_world *f, const char *name, const char *value)
{
	if (f->env_count == FAKE_WORLD_ENV_MAX)
		abort();
	f->env[f->env_count].name = name;
	f->env[f->env_count].value = value;
	f->env_count++;
}

void fake_world_advance(struct world *w, uint64_t to_ms)
{
	if (to_ms != WORLD_FOREVER && to_ms > fake_of(w)->now_ms)
		fake_of(w)->now_ms = to_ms;
}

static uint64_t real_mono_ms(struct world *w)
{
	struct timespec t;

	(void)w;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void fake_world_real_clock(struct fake_world *f)
{
	f->w.mono_ms = real_mono_ms;
}

int fake_world_run(struct world *w, int (*applet)(struct world *w, int argc, char **argv),
		const char *const *words)
{
	int argc = 0;

	while (words[argc])
		argc++;
	char **argv = xcalloc((size_t)argc + 1, sizeof(*argv));
	for (int i = 0; i < argc; i++)
		argv[i] = xstrdup(words[i]);
	int code = applet(w, argc, argv);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(argv);
	return code;
}
