/* listen - sockets that wait for connections
 * SPDX-License-Identifier: MIT */
#include "net/listen.h"

#include <errno.h>
#include <unistd.h>

bool listen_open(struct listen_socket *l, const char *ip, unsigned port, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	struct addr at;

	*l = (struct listen_socket){ .fd = -1 };
	if (!addr_parse(&at, ip, port, e))
		return false;
	addr_text(&at, text);
	int fd = socket(at.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, err_kind_of(errno), errno, "listen on %s", text);
	/* a port whose last connection is in TIME_WAIT is free */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&at.sa, at.len) < 0 || listen(fd, SOMAXCONN) < 0 ||
			getsockname(fd, (struct sockaddr *)&at.sa, &at.len) < 0) {
		err_sys(e, ERR_LOCAL, errno, "listen on %s", text);
		close(fd);
		return false;
	}
	*l = (struct listen_socket){ .fd = fd, .port = addr_port(&at) };
	return true;
}

void listen_close(struct listen_socket *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

enum listen_result listen_accept(struct world *w, struct listen_socket *l, struct stream **s,
		struct err *e)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		*s = stream_fd(w, fd);
		return LISTEN_OK;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		err_sys(e, ERR_LOCAL, errno, "accept a connection");
		return LISTEN_FAILED;
	}
	/* also what became of a connection before it was taken is its own affair (accept(2)) */
	return LISTEN_NONE;
}
