/* file - whole files and first lines, with a ceiling
 * SPDX-License-Identifier: MIT */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_CHUNK = 65536 };

bool file_read_fd(int fd, const char *name, struct buf *out, struct err *e)
{
	for (;;) {
		size_t fits;
		unsigned char spare;
		unsigned char *to = buf_room(out, READ_CHUNK, &fits);
		ssize_t n = to ? read(fd, to, fits) : read(fd, &spare, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_LOCAL, errno, "read %s", name);
		if (n == 0)
			return true;
		if (!to)
			return err_set(e, ERR_LOCAL, "%s: larger than %zu octets", name, out->max);
		buf_added(out, (size_t)n);
	}
}

bool file_read_some(int fd, const char *name, struct buf *out, struct err *e)
{
	size_t fits;
	unsigned char *to = buf_room(out, READ_CHUNK, &fits);
	ssize_t n;

	do
		n = read(fd, to, fits);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, ERR_LOCAL, errno, "read %s", name);
	buf_added(out, (size_t)n);
	return true;
}

bool file_read(const char *path, struct buf *out, struct err *e)
{
	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, "standard input", out, e);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, ERR_LOCAL, errno, "open %s", path);
	bool ok = file_read_fd(fd, path, out, e);
	close(fd);
	return ok;
}

bool file_read_line(int fd, const char *name, struct buf *out, struct err *e)
{
	bool any = false;

	for (;;) {
		unsigned char c;
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_LOCAL, errno, "read %s", name);
		if (n == 0 && !any)
			return err_set(e, ERR_LOCAL, "%s: empty", name);
		any = true;
		if (n == 0 || c == '\n')
			break;
		if (c == '\0')
			return err_set(e, ERR_LOCAL, "%s: NUL octet in the first line", name);
		if (!buf_putc(out, c))
			return err_set(e, ERR_LOCAL, "%s: first line longer than %zu octets", name,
					out->max);
	}
	if (out->n > 0 && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

bool file_write(const char *path, struct bytes content, bool replace, struct err *e)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL);
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return err_sys(e, ERR_LOCAL, errno, "create %s", path);
	while (content.n > 0) {
		ssize_t n = write(fd, content.p, content.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(e, ERR_LOCAL, errno, "write %s", path);
			close(fd);
			return false;
		}
		content = bytes_skip(content, (size_t)n);
	}
	bool kept = fsync(fd) == 0 || errno == EINVAL ||
			errno == EROFS; /* a pipe or tty has no disk */
	int number = errno;
	if (close(fd) < 0 || !kept)
		return err_sys(e, ERR_LOCAL, kept ? errno : number, "write %s", path);
	return true;
}
