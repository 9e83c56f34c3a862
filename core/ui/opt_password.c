/* opt_password - the password: from where the user said, or asked for
 * SPDX-License-Identifier: MIT */
#include "sys/file.h"
#include "ui/netrc.h"
#include "ui/opt.h"
#include "ui/show.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Larger than any netrc file that was written by hand; longest path that is opened. */
enum { NETRC_FILE_MAX = 256 * 1024, NETRC_PATH_MAX = 4096 };

static bool from_pass_file(struct world *w, const char *path, struct buf *secret, struct err *e)
{
	if (strcmp(path, "-") == 0) {
		if (w->in_fd < 0)
			return err_set(e, ERR_USAGE, "--pass-file -: standard input is closed");
		return file_read_line(w->in_fd, "--pass-file: standard input", secret, e);
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, ERR_LOCAL, errno, "--pass-file: open %s", path);
	bool ok = file_read_line(fd, path, secret, e);
	close(fd);
	return ok;
}

static void warn(struct world *w, const char *path, const char *what)
{
	struct buf line = BUF(NETRC_PATH_MAX * 4);

	show_safe(&line, bytes_of(path), w->utf8);
	out_printf(&w->err, "warning: %s %s\n", buf_text(&line), what);
	out_flush(&w->err);
	buf_free(&line);
}

static bool read_netrc(struct world *w, const char *path, struct buf *text, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_sys(e, ERR_LOCAL, errno, "--netrc: open %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		warn(w, path, "is open to others; chmod 600 it");
	bool ok = file_read_fd(fd, path, text, e);
	close(fd);
	return ok;
}

/* Whom the password is for, and where it goes. */
struct request {
	struct world *w;
	struct opt_common *c;
	const char *host;
	struct buf *secret;
	struct err *e;
};

/* *found says whether an entry answered; false is an error: the file cannot be read. */
static bool from_netrc(const struct request *q, bool *found)
{
	struct opt_common *c = q->c;
	struct buf path = BUF(NETRC_PATH_MAX);
	struct buf text = BUF_SECRET(NETRC_FILE_MAX);
	struct buf login = BUF(OPT_USER_MAX - 1);
	const char *home = q->w->env(q->w, "HOME");

	if (c->netrc && *c->netrc)
		buf_puts(&path, c->netrc);
	else
		buf_printf(&path, "%s/.netrc", home ? home : "");
	bool ok = read_netrc(q->w, buf_text(&path), &text, q->e);
	*found = ok &&
			netrc_find(buf_bytes(&text), q->host ? q->host : "", c->user, &login,
					q->secret);
	if (*found && !c->user && login.n > 0) {
		memcpy(c->netrc_user, buf_text(&login), login.n + 1);
		c->user = c->netrc_user;
	}
	buf_free(&path);
	buf_free(&text);
	buf_free(&login);
	return ok;
}

enum answer { ANSWER_LINE, ANSWER_SIGNAL, ANSWER_FAILED };

/* Reads the line, unless one of the blocked signals is pending: it stays so, for the caller to let
 * through once the terminal is itself again. */
static enum answer read_answer(struct world *w, int signals, struct buf *secret, struct err *e)
{
	struct pollfd fds[2] = { { .fd = w->in_fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };

	for (;;) {
		unsigned char c;
		if (world_poll(w, fds, 2, WORLD_FOREVER) == 0 || fds[1].revents)
			return ANSWER_SIGNAL;
		ssize_t n = read(w->in_fd, &c, 1);
		if (n == 1 && c == '\n')
			return ANSWER_LINE;
		if (n == 1 && buf_putc(secret, c))
			continue;
		if (n == 1)
			err_set(e, ERR_USAGE, "password longer than %zu bytes", secret->max);
		else if (n == 0)
			err_set(e, ERR_USAGE, "no password typed");
		else
			err_sys(e, ERR_LOCAL, errno, "read the password");
		return ANSWER_FAILED;
	}
}

/* The signals that would leave the terminal without echo are held back, not handled: no handler, no
 * state. */
static enum answer ask_once(struct world *w, struct bytes prompt, struct buf *secret, struct err *e)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct termios was;
	struct termios quiet;
	sigset_t set;
	sigset_t old;

	if (tcgetattr(w->in_fd, &was) < 0) {
		err_sys(e, ERR_LOCAL, errno, "the password prompt: terminal");
		return ANSWER_FAILED;
	}
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL | ICANON;
	tcsetattr(w->in_fd, TCSAFLUSH, &quiet);
	/* only now, lest who is quick is echoed */
	out_put(&w->err, prompt);
	out_flush(&w->err);
	enum answer answer = read_answer(w, signals, secret, e);
	tcsetattr(w->in_fd, TCSAFLUSH, &was);
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_SETMASK, &old, NULL); /* what is pending strikes here */
	return answer;
}

static bool from_prompt(struct world *w, const char *user, struct buf *secret, struct err *e)
{
	struct buf prompt = BUF(2048);
	enum answer answer;

	buf_puts(&prompt, "Password");
	if (user && *user) {
		buf_puts(&prompt, " for ");
		show_safe(&prompt, bytes_of(user), w->utf8);
	}
	buf_puts(&prompt, ": ");
	do { /* again after a stop and continue */
		buf_clear(secret);
		answer = ask_once(w, buf_bytes(&prompt), secret, e);
	} while (answer == ANSWER_SIGNAL && !world_stopping());
	buf_free(&prompt);
	if (answer == ANSWER_SIGNAL)
		return err_set(e, ERR_LOCAL, "interrupted at the password prompt");
	return answer == ANSWER_LINE;
}

bool opt_password(struct world *w, struct opt_common *c, const char *host, struct buf *secret,
		struct err *e)
{
	const char *env = w->env(w, "MTABOX_PASS");
	bool found = false;

	if (c->has_password)
		return buf_put(secret, buf_bytes(&c->password)) ||
				err_set(e, ERR_USAGE, "--pass: longer than %zu bytes", secret->max);
	if (c->pass_fd_plus1 > 0)
		return file_read_line((int)c->pass_fd_plus1 - 1, "--pass-fd", secret, e);
	if (c->pass_file)
		return from_pass_file(w, c->pass_file, secret, e);
	if (c->use_netrc && !from_netrc(&(struct request){ w, c, host, secret, e }, &found))
		return false;
	if (found)
		return true;
	if (env && *env)
		return buf_puts(secret, env) ||
				err_set(e, ERR_USAGE, "$MTABOX_PASS: longer than %zu bytes",
						secret->max);
	if (w->in_tty)
		return from_prompt(w, c->user, secret, e);
	return err_set(e, ERR_USAGE,
			"no password: %s and standard input is no terminal to ask on; "
			"use --pass-file, --pass-fd, --netrc or $MTABOX_PASS",
			c->use_netrc ? "the netrc file has none for this host and user," :
				       "none given,");
}
