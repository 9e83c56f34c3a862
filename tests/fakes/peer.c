/* peer - a scripted TCP peer that misbehaves as told
 * SPDX-License-Identifier: MIT
 *
 * Serves one connection after another by the same steps, and keeps in a file every byte that
 * the client sent, also those that no step asked for: a test asserts on what crossed the wire.
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT_MAX 65536 /* longest text of one step, unescaped; longest line read */

static const char help[] =
		"usage: peer [-a ADDR] [-l FILE] [-n COUNT] [-t SECONDS] STEP...\n"
		"\n"
		"Listens on a free port of 127.0.0.1, prints the port, and serves COUNT connections (1) by\n"
		"the steps, each one argument. Ends after SECONDS (60) in any case.\n"
		"\n"
		"  -a ADDR    listen on this address, v4 or v6\n"
		"  -l FILE    append what the clients sent to FILE, byte for byte\n"
		"\n"
		"  send TEXT      TEXT and CRLF, in one write\n"
		"  raw TEXT       TEXT only\n"
		"  drip MS TEXT   TEXT, one byte every MS milliseconds\n"
		"  flood TEXT     TEXT again and again, until the client hangs up\n"
		"  read           read a line, whatever it is\n"
		"  expect PREFIX  read a line; if it does not begin so (case ignored), complain and exit 1\n"
		"  until LINE     read lines up to one that is LINE\n"
		"  delay MS       wait\n"
		"  hang           say nothing until the client hangs up\n"
		"  shut           close our direction only\n"
		"  reset          close by RST\n"
		"\n"
		"After the last step the connection is closed. TEXT knows \\r \\n \\\\ and \\xNN. A client that\n"
		"hangs up early ends its connection, and that is no failure unless a line was expected.\n"
		"Exit: 0 all served, 1 a line was not as expected, 3 usage or no socket.\n";

enum outcome { GO_ON, CLIENT_GONE, MISMATCH };

struct peer {
	int fd;
	FILE *log;
	char text[TEXT_MAX + 3]; /* the step's text, unescaped; room for CRLF and NUL */
	size_t n;
	char line[TEXT_MAX + 1]; /* the line last read, without its end */
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "peer: %s%s: %s\n", what, name, errno ? strerror(errno) : "see --help");
	exit(3);
}

static void unescape(struct peer *p, const char *in)
{
	p->n = 0;
	for (; *in && p->n < TEXT_MAX; in++) {
		char c = *in;

		if (c == '\\' && in[1]) {
			c = *++in;
			if (c == 'x' && isxdigit((unsigned char)in[1]) &&
					isxdigit((unsigned char)in[2])) {
				c = (char)strtoul((char[]){ in[1], in[2], '\0' }, NULL, 16);
				in += 2;
			} else {
				c = c == 'r' ? '\r' : c == 'n' ? '\n' : c;
			}
		}
		p->text[p->n++] = c;
	}
	p->text[p->n] = '\0';
}

static enum outcome put(struct peer *p, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(p->fd, text, n, MSG_NOSIGNAL);

		if (sent < 0)
			return CLIENT_GONE;
		text += sent;
		n -= (size_t)sent;
	}
	return GO_ON;
}

/* The steps. Each finds its text in p->text. */

static enum outcome step_send(struct peer *p)
{
	p->text[p->n++] = '\r';
	p->text[p->n++] = '\n';
	return put(p, p->text, p->n);
}

static enum outcome step_raw(struct peer *p)
{
	return put(p, p->text, p->n);
}

static enum outcome step_drip(struct peer *p)
{
	char *byte;
	int ms = (int)strtol(p->text, &byte, 10);

	for (byte += *byte == ' '; byte < p->text + p->n; byte++) {
		if (put(p, byte, 1) != GO_ON)
			return CLIENT_GONE;
		poll(NULL, 0, ms);
	}
	return GO_ON;
}

static enum outcome step_flood(struct peer *p)
{
	size_t unit = p->n;

	for (; unit > 0 && p->n + unit <= TEXT_MAX; p->n += unit)
		memcpy(p->text + p->n, p->text, unit);
	while (put(p, p->text, p->n) == GO_ON)
		continue;
	return CLIENT_GONE;
}

static enum outcome step_read(struct peer *p)
{
	size_t n = 0;
	char c = 0;

	while (c != '\n' && recv(p->fd, &c, 1, 0) == 1) {
		if (p->log)
			putc((unsigned char)c, p->log);
		if (n < TEXT_MAX)
			p->line[n++] = c;
	}
	while (c == '\n' && n > 0 && (p->line[n - 1] == '\n' || p->line[n - 1] == '\r'))
		n--;
	p->line[n] = '\0';
	return c == '\n' ? GO_ON : CLIENT_GONE;
}

static enum outcome step_expect(struct peer *p)
{
	enum outcome got = step_read(p);

	if (got == GO_ON && strncasecmp(p->line, p->text, p->n) == 0)
		return GO_ON;
	fprintf(stderr, "peer: expected \"%s\", got \"%s\"%s\n", p->text, p->line,
			got == GO_ON ? "" : " and the end of the connection");
	return MISMATCH;
}

static enum outcome step_until(struct peer *p)
{
	do {
		if (step_read(p) != GO_ON)
			return CLIENT_GONE;
	} while (strcmp(p->line, p->text) != 0);
	return GO_ON;
}

static enum outcome step_delay(struct peer *p)
{
	poll(NULL, 0, (int)strtol(p->text, NULL, 10));
	return GO_ON;
}

static enum outcome step_hang(struct peer *p)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(p->fd, bytes, sizeof(bytes), 0)) > 0)
		if (p->log)
			fwrite(bytes, 1, (size_t)n, p->log);
	return CLIENT_GONE;
}

static enum outcome step_shut(struct peer *p)
{
	return shutdown(p->fd, SHUT_WR) == 0 ? GO_ON : CLIENT_GONE;
}

static enum outcome step_reset(struct peer *p)
{
	static const struct linger at_once = { 1, 0 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(p->fd);
	p->fd = -1;
	return CLIENT_GONE;
}

static enum outcome step_run(struct peer *p, const char *step)
{
	static const struct {
		const char *name;
		enum outcome (*run)(struct peer *p);
	} steps[] = {
		{ "send", step_send },
		{ "raw", step_raw },
		{ "drip", step_drip },
		{ "flood", step_flood },
		{ "read", step_read },
		{ "expect", step_expect },
		{ "until", step_until },
		{ "delay", step_delay },
		{ "hang", step_hang },
		{ "shut", step_shut },
		{ "reset", step_reset },
	};
	size_t n = strcspn(step, " ");
	size_t i;

	unescape(p, step + n + (step[n] == ' '));
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strlen(steps[i].name) == n && memcmp(steps[i].name, step, n) == 0)
			return steps[i].run(p);
	errno = 0;
	die("no such step: ", step);
	return MISMATCH;
}

static int listen_on(const char *address)
{
	const char *node = address ? address : "127.0.0.1";
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	struct addrinfo *ai;
	char port[8];
	int fd;

	if (getaddrinfo(node, "0", &hints, &ai))
		die("not an address: ", node);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 8) ||
			getsockname(fd, (struct sockaddr *)&bound, &size))
		die("listen on ", node);
	freeaddrinfo(ai);
	getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
	puts(port);
	fflush(stdout);
	return fd;
}

/* A second is given to what the client still sends: the log shall hold it. */
static void hang_up(struct peer *p)
{
	static const struct timeval one_second = { 1, 0 };

	if (p->fd >= 0) {
		shutdown(p->fd, SHUT_WR);
		setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &one_second, sizeof(one_second));
		step_hang(p);
		close(p->fd);
	}
}

static enum outcome serve(int listener, FILE *log, char **script)
{
	static const int on = 1;
	static struct peer p;
	enum outcome got = GO_ON;

	p.fd = accept(listener, NULL, NULL);
	p.log = log;
	if (p.fd < 0)
		die("accept", "");
	setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while (*script && got == GO_ON)
		got = step_run(&p, *script++);
	hang_up(&p);
	return got;
}

int main(int argc, char **argv)
{
	const char *address = NULL;
	FILE *log = NULL;
	long count = 1, seconds = 60;
	int c, listener;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) < 0 ? 3 : 0;
	while ((c = getopt(argc, argv, "+a:l:n:t:")) != -1) {
		if (c == 'a')
			address = optarg;
		else if (c == 'l' && !(log = fopen(optarg, "ab")))
			die("", optarg);
		else if (c == 'n')
			count = strtol(optarg, NULL, 10);
		else if (c == 't')
			seconds = strtol(optarg, NULL, 10);
		else if (c == '?')
			return 3;
	}
	if (log)
		setbuf(log, NULL); /* a test reads it while we wait */
	alarm((unsigned)seconds);
	listener = listen_on(address);
	for (; count > 0; count--)
		if (serve(listener, log, argv + optind) == MISMATCH)
			return 1;
	return 0;
}
