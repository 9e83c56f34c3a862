/* tty - runs a command on a terminal and types as told
 * SPDX-License-Identifier: MIT
 *
 * What the command prints comes out on standard output as the terminal got it. A wait that is not
 * fulfilled ends the run with status 100: a hang is never taken for an answer.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SEEN_MAX = 1 << 20, WAIT_MS = 10000, FAILED = 100 };

static const char help[] = "usage: tty STEP... -- COMMAND ARG...\n"
			   "\n"
			   "  wait TEXT    until the command has printed TEXT since the last wait\n"
			   "  type TEXT    type it; TEXT knows \\r \\n \\\\ and \\xNN\n"
			   "  raw          the terminal does not echo by itself now, or fail\n"
			   "  cooked       it does, or fail\n"
			   "  kill         send SIGTERM\n"
			   "\n"
			   "Exit: that of the command (128 + signal), 100 when a step failed.\n";

struct tty {
	int fd;
	pid_t child;
	char seen[SEEN_MAX];
	size_t n, waited; /* of seen, and as far as waits have looked */
};

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "tty: %s %s\n", what, text);
	exit(FAILED);
}

/* False: the command has ended. */
static int take(struct tty *t, int timeout_ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, timeout_ms) == 0)
		return -1;
	n = read(t->fd, t->seen + t->n, SEEN_MAX - t->n - 1);
	if (n <= 0)
		return 0;
	fwrite(t->seen + t->n, 1, (size_t)n, stdout);
	t->n += (size_t)n;
	return 1;
}

static void wait_for(struct tty *t, const char *text)
{
	for (;;) {
		char *found = memmem(t->seen + t->waited, t->n - t->waited, text, strlen(text));
		if (found) {
			t->waited = (size_t)(found - t->seen) + strlen(text);
			return;
		}
		if (take(t, WAIT_MS) <= 0)
			fail("waited in vain for", text);
	}
}

/* At once, as what is pasted comes. */
static void type(struct tty *t, const char *in)
{
	char out[4096];
	size_t n = 0;

	for (; *in && n < sizeof(out); in++) {
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
		out[n++] = c;
	}
	if (*in || write(t->fd, out, n) != (ssize_t)n)
		fail("type", *in ? "too much" : strerror(errno));
}

static void check_echo(struct tty *t, int wanted)
{
	struct termios now = { 0 };

	for (int i = 0; i < WAIT_MS / 20; i++) {
		if (tcgetattr(t->fd, &now) == 0 && !(now.c_lflag & ECHO) == !wanted)
			return;
		take(t, 20);
	}
	fail("the terminal's echo is", wanted ? "off" : "on");
}

static int step(struct tty *t, char **argv)
{
	if (strcmp(argv[0], "wait") == 0 && argv[1])
		return wait_for(t, argv[1]), 2;
	if (strcmp(argv[0], "type") == 0 && argv[1])
		return type(t, argv[1]), 2;
	if (strcmp(argv[0], "raw") == 0)
		return check_echo(t, 0), 1;
	if (strcmp(argv[0], "cooked") == 0)
		return check_echo(t, 1), 1;
	if (strcmp(argv[0], "kill") == 0)
		return kill(t->child, SIGTERM), 1;
	fail("no such step:", argv[0]);
	return 1;
}

int main(int argc, char **argv)
{
	static struct tty t;
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int status, command = 1;

	while (command < argc && strcmp(argv[command], "--") != 0)
		command++;
	if (command + 1 >= argc) {
		fputs(help, stderr);
		return FAILED;
	}
	t.child = forkpty(&t.fd, NULL, NULL, &size);
	if (t.child < 0)
		fail("forkpty:", strerror(errno));
	if (t.child == 0) {
		execvp(argv[command + 1], argv + command + 1);
		_exit(127);
	}
	for (int i = 1; i < command;)
		i += step(&t, argv + i);
	while (take(&t, WAIT_MS) > 0)
		continue;
	kill(t.child, SIGHUP); /* does nothing to one that has ended */
	waitpid(t.child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
