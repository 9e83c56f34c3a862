/* install - links named like the applets
 * SPDX-License-Identifier: MIT */
#include "applets/install.h"

#include "ui/show.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct install {
	struct world *w;
	const char *dir;
	bool is_symbolic;
	char self[PATH_MAX];
	struct stat self_stat;
	const char *target; /* what a symbolic link holds */
	unsigned made, taken;
};

static int failed(struct world *w, const char *what, const char *path, const char *why)
{
	struct buf line = BUF(PATH_MAX * 4);

	show_safe(&line, bytes_of(path), w->utf8);
	out_printf(&w->err, "mtabox: %s %s: %s\n", what, buf_text(&line), why);
	buf_free(&line);
	return 3;
}

/* A chroot or a rescue system may have no /proc: then argv[0] has to be a path. */
static bool find_self(struct install *in, const char *argv0)
{
	ssize_t n = readlink("/proc/self/exe", in->self, sizeof(in->self) - 1);

	if (n > 0)
		in->self[n] = '\0';
	else if (!strchr(argv0, '/') || !realpath(argv0, in->self))
		return false;
	return stat(in->self, &in->self_stat) == 0;
}

/* In the binary's own directory a link needs no path: so it survives the move of a staged tree. */
static void choose_target(struct install *in)
{
	struct stat own;
	struct stat dir;
	char *slash = strrchr(in->self, '/');
	bool is_same;

	*slash = '\0';
	is_same = stat(*in->self ? in->self : "/", &own) == 0 && stat(in->dir, &dir) == 0 &&
			own.st_dev == dir.st_dev && own.st_ino == dir.st_ino;
	*slash = '/';
	in->target = is_same ? slash + 1 : in->self;
}

/* Never over something that is there: link() and symlink() refuse that by themselves. */
static int install_one(struct install *in, const char *name)
{
	struct buf path = BUF(PATH_MAX);
	struct stat there;
	int code = 0;

	buf_printf(&path, "%s/%s", in->dir, name);
	const char *to = buf_text(&path);
	if ((in->is_symbolic ? symlink(in->target, to) : link(in->self, to)) == 0) {
		in->made++;
	} else if (errno == EEXIST) {
		bool is_self = stat(to, &there) == 0 && there.st_dev == in->self_stat.st_dev &&
				there.st_ino == in->self_stat.st_ino;
		if (!is_self) {
			failed(in->w, "not overwritten:", to, "another file has this name");
			in->taken++;
		}
	} else {
		code = failed(in->w, "link", to,
				errno == EXDEV ? "another file system; use -s" : strerror(errno));
	}
	buf_free(&path);
	return code;
}

int install_links(struct world *w, const struct applet *list, const char *argv0, const char *dir,
		bool is_symbolic)
{
	struct install in = { .w = w, .dir = dir, .is_symbolic = is_symbolic };

	if (!find_self(&in, argv0))
		return failed(w, "where is this binary?", argv0,
				"/proc is not there; call it by its whole path");
	choose_target(&in);
	for (; list->name; list++) {
		int code = list->no_link ? 0 : install_one(&in, list->name);
		if (code)
			return code;
	}
	out_printf(&w->out, "%u new %s in %s\n", in.made, in.made == 1 ? "link" : "links", dir);
	return in.taken > 0;
}
