/* stream_socket - TCP and UNIX sockets as streams
 * SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/stream_impl.h"
#include "sys/mem.h"

struct socket_impl {
	int fd;
	pid_t child;   /* 0 = none */
	bool owes_ack; /* octets came, and none were sent since */
};

static ssize_t socket_read(void *impl, unsigned char *to, size_t n, short *wants, struct err *e)
{
	struct socket_impl *k = impl;
	ssize_t got;

	do
		got = recv(k->fd, to, n, 0);
	while (got < 0 && errno == EINTR);
	k->owes_ack = k->owes_ack || got > 0;
	if (got >= 0)
		return got;
	*wants = POLLIN;
	if (errno == EAGAIN) {
		/* A server that writes twice sends the second when the first is acknowledged, which
		 * the kernel puts off for 40 ms: courier-imap 5.1, each FETCH; Postfix 3.7, its
		 * greeting behind TLS 1.3's session tickets. */
		if (k->owes_ack)
			setsockopt(k->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
		k->owes_ack = false;
		return -1;
	}
	err_sys(e, err_kind_of(errno), errno, "read");
	return -2;
}

static ssize_t socket_write(void *impl, const unsigned char *from, size_t n, short *wants,
		struct err *e)
{
	struct socket_impl *k = impl;
	ssize_t put;

	do
		put = send(k->fd, from, n, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	k->owes_ack = k->owes_ack && put < 0;
	if (put >= 0)
		return put;
	*wants = POLLOUT;
	if (errno == EAGAIN)
		return -1;
	err_sys(e, err_kind_of(errno), errno, "write");
	return -2;
}

static int socket_fd(void *impl)
{
	return ((struct socket_impl *)impl)->fd;
}

/* Whether the child has gone within STREAM_CHILD_MS. It is a wait for a process, so the real time
 * counts, not the world's. */
static bool reap(pid_t child)
{
	enum { STEP_MS = 10 };

	for (int ms = 0; ms < STREAM_CHILD_MS; ms += STEP_MS) {
		pid_t got = waitpid(child, NULL, WNOHANG);
		if (got == child || (got < 0 && errno != EINTR))
			return true;
		poll(NULL, 0, STEP_MS);
	}
	return false;
}

static void socket_close(void *impl)
{
	struct socket_impl *k = impl;

	close(k->fd);
	if (k->child > 0 && !reap(k->child)) {
		kill(k->child, SIGTERM);
		if (!reap(k->child)) {
			kill(k->child, SIGKILL);
			while (waitpid(k->child, NULL, 0) < 0 && errno == EINTR)
				;
		}
	}
	free(k);
}

static void name_ends(struct stream *s, int fd)
{
	struct addr a = { .len = sizeof(a.sa) };

	if (getpeername(fd, (struct sockaddr *)&a.sa, &a.len) == 0 && a.sa.ss_family != AF_UNIX) {
		addr_text(&a, s->peer);
		addr_ip(&a, s->peer_ip);
		s->is_local = addr_is_loopback(&a);
	}
	a = (struct addr){ .len = sizeof(a.sa) };
	if (getsockname(fd, (struct sockaddr *)&a.sa, &a.len) == 0)
		addr_ip(&a, s->local_ip);
}

struct stream *stream_of_fd(struct world *w, int fd, pid_t child)
{
	static const struct stream_ops ops = {
		.read = socket_read,
		.write = socket_write,
		.close = socket_close,
		.fd = socket_fd,
	};
	struct socket_impl *k = xmalloc(sizeof(*k));

	*k = (struct socket_impl){ .fd = fd, .child = child };
	struct stream *s = stream_new(w, &ops, k);
	memcpy(s->peer, "unix", sizeof("unix"));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* one command is one segment: nothing is gained by waiting for more (fails on UNIX
	 * sockets) */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	name_ends(s, fd);
	return s;
}

struct stream *stream_fd(struct world *w, int fd)
{
	return stream_of_fd(w, fd, 0);
}

static bool bind_to(int fd, const struct addr *to, const char *ip, struct err *e)
{
	struct addr from;

	if (!ip)
		return true;
	if (!addr_parse(&from, ip, 0, e))
		return false;
	if (from.sa.ss_family != to->sa.ss_family)
		return err_set(e, ERR_LOCAL, "not of the family of our address %s", ip);
	if (bind(fd, (struct sockaddr *)&from.sa, from.len) < 0)
		return err_sys(e, ERR_LOCAL, errno, "from our address %s", ip);
	return true;
}

int stream_dial(const struct addr *to, const char *bind_ip, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	addr_text(to, text);
	if (fd >= 0 && !bind_to(fd, to, bind_ip, e)) {
		err_wrap(e, "connect to %s", text);
		close(fd);
		return -1;
	}
	/* after EINTR it goes on by itself (POSIX connect()) */
	if (fd >= 0 &&
			(connect(fd, (const struct sockaddr *)&to->sa, to->len) == 0 ||
					errno == EINPROGRESS || errno == EINTR))
		return fd;
	err_sys(e, err_kind_of(errno), errno, "connect to %s", text);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_one(struct world *w, const struct addr *to, const struct stream_connect *o,
		struct err *e)
{
	uint64_t until = w->mono_ms(w) + (o->connect_ms ? o->connect_ms : STREAM_CONNECT_MS);
	int fd = stream_dial(to, o->bind_ip, e), number = 0;
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(number);
	char text[ADDR_TEXT_MAX];

	if (fd < 0)
		return -1;
	addr_text(to, text);
	if (world_poll(w, &wait, 1, until < o->deadline_ms ? until : o->deadline_ms) == 0)
		err_set(e, ERR_TIMEOUT, "connect to %s: no answer in time", text);
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &n) < 0 || number != 0)
		err_sys(e, err_kind_of(number), number, "connect to %s", text);
	else
		return fd;
	close(fd);
	return -1;
}

struct stream *stream_connect(struct world *w, const struct addr_list *list,
		const struct stream_connect *o, struct err *e)
{
	struct err last = { .kind = ERR_NONE }, now;
	char to[ADDR_TEXT_MAX];

	err_set(&last, ERR_RESOLVE, "no address to connect to");
	for (size_t i = 0; i < list->count; i++) {
		addr_text(&list->at[i], to);
		if (w->mono_ms(w) >= o->deadline_ms) {
			if (o->tried)
				buf_printf(o->tried, "connect to %s: not tried, the time was up\n",
						to);
			if (i == 0)
				err_set(&last, ERR_TIMEOUT,
						"connect to %s: not tried, the time was up", to);
			continue;
		}
		int fd = connect_one(w, &list->at[i], o, &now);
		if (fd >= 0)
			return stream_of_fd(w, fd, 0);
		if (o->tried)
			buf_printf(o->tried, "%s\n", now.text);
		/* what one address answers is not hidden by our having no way to another */
		if (now.kind != ERR_LOCAL || i == 0)
			last = now;
	}
	if (e)
		*e = last;
	return NULL;
}

struct stream *stream_unix(struct world *w, const char *path, uint64_t deadline_ms, struct err *e)
{
	enum { AGAIN_MS = 50 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path)) {
		err_set(e, ERR_USAGE,
				"unix:%s: longer than the %zu octets a socket's path can have",
				path, sizeof(to.sun_path) - 1);
		return NULL;
	}
	memcpy(to.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int number = fd < 0 ? errno : 0;
	while (number == 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		number = errno;
		uint64_t now = w->mono_ms(w);
		/* a full queue is EAGAIN, and there is nothing to poll for (unix(7)) */
		if (number == EAGAIN && now < deadline_ms) {
			world_poll(w, NULL, 0, now + AGAIN_MS);
			number = 0;
		}
	}
	if (number == 0) {
		struct stream *s = stream_of_fd(w, fd, 0);
		snprintf(s->peer, sizeof(s->peer), "unix:%s", path);
		return s;
	}
	enum err_kind kind = number == ECONNREFUSED ? ERR_REFUSED : ERR_LOCAL;
	err_sys(e, number == EAGAIN ? ERR_TIMEOUT : kind, number, "unix:%s", path);
	if (fd >= 0)
		close(fd);
	return NULL;
}
