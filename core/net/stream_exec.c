/* stream_exec - a child process as a stream
 * SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/stream_impl.h"
#include "sys/mem.h"

/* Cuts text at its blanks; the pointers go into text. */
static size_t split(char *text, char *args[STREAM_ARGS_MAX + 1])
{
	size_t count = 0;

	while (count < STREAM_ARGS_MAX) {
		text += strspn(text, " \t");
		if (!*text)
			break;
		args[count++] = text;
		text += strcspn(text, " \t");
		if (*text)
			*text++ = '\0';
	}
	bool is_all = text[strspn(text, " \t")] == '\0';
	args[count] = NULL;
	return is_all ? count : 0;
}

/* posix_spawnp tells of a missing program in its return value, which fork and exec would not. */
static int spawn(char *const args[], int fd, pid_t *child)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t pipe_signal;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE); /* which we ignore, and a child would inherit that */
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, 0);
	posix_spawn_file_actions_adddup2(&files, fd, 1);
	int number = posix_spawnp(child, args[0], &files, &attr, args, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return number;
}

struct stream *stream_exec(struct world *w, const char *command, struct err *e)
{
	char *args[STREAM_ARGS_MAX + 1];
	struct stream *s = NULL;
	char *text = xstrdup(command);
	pid_t child;
	int fd[2];

	if (split(text, args) == 0) {
		err_set(e, ERR_USAGE, "exec:%s: a command of 1 to %d words is needed", command,
				STREAM_ARGS_MAX);
		free(text);
		return NULL;
	}
	int number = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0 ? errno : 0;
	if (number == 0) {
		number = spawn(args, fd[1], &child);
		close(fd[1]);
		if (number != 0)
			close(fd[0]);
	}
	if (number == 0) {
		s = stream_of_fd(w, fd[0], child);
		snprintf(s->peer, sizeof(s->peer), "exec:%s", command);
	} else {
		err_sys(e, ERR_LOCAL, number, "exec:%s", command);
	}
	free(text);
	return s;
}
