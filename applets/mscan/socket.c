/* socket - one connection attempt and what came of it
 * SPDX-License-Identifier: MIT
 *
 * Linux since 5.8 puts the ICMP error of an attempt into the socket's error queue, with type, code
 * and sender; before, only errno is left, and a rejecting firewall looks like a closed port.
 */
#include "applets/mscan/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* struct sock_extended_err and its origins, from the kernel's linux/errqueue.h, which musl has
 * not. */
struct queued_error {
	uint32_t number;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};
enum { ORIGIN_ICMP = 2, ORIGIN_ICMP6 = 3 };

int mscan_connect(const struct addr *to, int *error)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	static const int on = 1;
	int family = to->sa.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		*error = errno;
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) == 0 || errno == EINPROGRESS)
		return fd;
	*error = errno;
	close(fd);
	return -1;
}

void mscan_keep(int fd)
{
	static const struct linger polite = { 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &polite, sizeof(polite));
}

bool mscan_connect_failed(int error, struct mscan_event *out)
{
	*out = (struct mscan_event){ .state = MSCAN_UNREACHABLE, .error = error };
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EINVAL: /* a blackhole route */
		out->reason = MSCAN_BY_NO_ROUTE;
		return false;
	case EACCES:
	case EPERM:
		out->reason = MSCAN_BY_PROHIBITED;
		return false;
	case EAFNOSUPPORT:
		out->reason = MSCAN_BY_NO_FAMILY;
		return false;
	case ECONNREFUSED: /* loopback answers at once */
		out->state = MSCAN_CLOSED;
		out->reason = MSCAN_BY_RESET;
		return false;
	default:
		return true;
	}
}

/* The newest ICMP error in the queue. */
static bool read_queue(int fd, struct mscan_event *out)
{
	union {
		char room[512];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	bool found = false;

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		struct queued_error ee;
		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
				!(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		if (ee.origin != ORIGIN_ICMP && ee.origin != ORIGIN_ICMP6)
			continue;
		out->icmp_type = ee.type;
		out->icmp_code = ee.code;
		out->error = (int)ee.number;
		out->sender.len = ee.origin == ORIGIN_ICMP6 ? sizeof(struct sockaddr_in6) :
							      sizeof(struct sockaddr_in);
		memcpy(&out->sender.sa, CMSG_DATA(c) + sizeof(ee), out->sender.len);
		found = true;
	}
	return found;
}

static bool is_self(int fd, const struct addr *to)
{
	struct addr own = { .len = sizeof(own.sa) };

	return getsockname(fd, (struct sockaddr *)&own.sa, &own.len) == 0 &&
			addr_port(&own) == addr_port(to) && addr_is_loopback(&own) &&
			addr_is_loopback(to);
}

static void by_error(struct mscan_event *out, bool has_icmp)
{
	out->state = MSCAN_FILTERED;
	out->reason = has_icmp ? MSCAN_BY_ICMP : MSCAN_BY_ERRNO;
	if (has_icmp)
		return;
	if (out->error == ECONNREFUSED || out->error == ECONNRESET) {
		out->state = MSCAN_CLOSED;
		out->reason = MSCAN_BY_RESET;
	} else if (out->error == ETIMEDOUT) {
		out->reason = MSCAN_BY_SILENCE;
	} else if (out->error == EHOSTUNREACH) {
		out->state = MSCAN_UNREACHABLE;
		out->reason = MSCAN_BY_NO_NEIGHBOUR;
	}
}

void mscan_look(int fd, const struct addr *to, struct mscan_event *out)
{
	socklen_t n = sizeof(int);
	struct sockaddr_storage peer;
	socklen_t peer_n = sizeof(peer);

	*out = (struct mscan_event){ 0 };
	bool has_icmp = read_queue(fd, out);
	int error = 0;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
	if (has_icmp || error) {
		if (!has_icmp)
			out->error = error;
		by_error(out, has_icmp);
		return;
	}
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_n) != 0)
		return;
	out->state = is_self(fd, to) ? MSCAN_CLOSED : MSCAN_OPEN;
	out->reason = is_self(fd, to) ? MSCAN_BY_SELF : MSCAN_BY_SYN_ACK;
}
