/* keep - messages kept in a Maildir, each once
 * SPDX-License-Identifier: MIT */
#include "talk/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(struct keep *k, const char *what, const char *name)
{
	return err_sys(&k->err, ERR_LOCAL, errno, "%s %s", what, name);
}

bool keep_open(struct keep *k, const char *path)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return failed(k, "create", path);
	k->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->dir < 0) {
		k->dir = 0;
		return failed(k, "open", path);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(k->dir, parts[i], 0700) < 0 && errno != EEXIST)
			return failed(k, "create", parts[i]);
	return true;
}

void keep_close(struct keep *k)
{
	if (k->fd > 0)
		close(k->fd);
	if (k->dir > 0)
		close(k->dir);
	k->fd = k->dir = 0;
}

static const char *in_folder(const char *folder, const char *name, char path[KEEP_NAME_MAX + 8])
{
	snprintf(path, KEEP_NAME_MAX + 8, "%s/%s", folder, name);
	return path;
}

bool keep_begin(struct keep *k, const char *name)
{
	char path[KEEP_NAME_MAX + 8];

	if (k->fd > 0)
		close(k->fd); /* the one before was never ended: it stays in tmp */
	k->fd = 0;
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->has_cr = false;
	if (faccessat(k->dir, in_folder("new", k->name, path), F_OK, 0) == 0) {
		k->had++;
		return false;
	}
	k->fd = openat(k->dir, in_folder("tmp", k->name, path),
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (k->fd >= 0)
		return true;
	k->fd = 0;
	return failed(k, "create", path);
}

static bool put(struct keep *k, struct bytes data)
{
	while (data.n > 0) {
		ssize_t n = write(k->fd, data.p, data.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(k, "write", k->name);
		data = bytes_skip(data, (size_t)n);
	}
	return true;
}

bool keep_part(struct keep *k, struct bytes part)
{
	while (part.n > 0) {
		if (k->has_cr && part.p[0] != '\n' && !put(k, BYTES("\r")))
			return false;
		size_t n = bytes_find(part, '\r');
		k->has_cr = n < part.n;
		if (!put(k, bytes_head(part, n)))
			return false;
		part = bytes_skip(part, n + 1);
	}
	return true;
}

bool keep_end(struct keep *k)
{
	char from[KEEP_NAME_MAX + 8], to[KEEP_NAME_MAX + 8];
	bool ok = !k->has_cr || put(k, BYTES("\r"));

	ok = ok && (fsync(k->fd) == 0 || failed(k, "write", k->name));
	if (close(k->fd) < 0 && ok)
		ok = failed(k, "write", k->name);
	k->fd = 0;
	if (!ok)
		return false;
	if (renameat(k->dir, in_folder("tmp", k->name, from), k->dir,
			    in_folder("new", k->name, to)) < 0)
		return failed(k, "rename", from);
	int folder = openat(k->dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) < 0)
		ok = failed(k, "write", "new");
	if (folder >= 0)
		close(folder);
	k->kept += ok;
	return ok;
}
