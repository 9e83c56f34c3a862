/* test_opt - unit tests of ui/opt
 * SPDX-License-Identifier: MIT */
#include "tests/fakes/fake_world.h"
#include "ui/opt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MAX = 12, WORD_MAX = 200 };

struct values {
	bool flag;
	const char *from;
	struct opt_list to;
	unsigned port;
	int mode;
};

static const struct opt own[] = {
	{ 'f', "flag", NULL, OPT_FLAG, offsetof(struct values, flag), "a flag", 0, 0 },
	{ 0, "from", "ADDRESS", OPT_TEXT, offsetof(struct values, from), "sender", 0, 0 },
	{ 0, "to", "ADDRESS", OPT_LIST, offsetof(struct values, to), "recipient", 0, 0 },
	{ 'P', "port", "N", OPT_NUMBER, offsetof(struct values, port), "port", 1, 65535 },
	{ 0, "mode", "one|two|three", OPT_CHOICE, offsetof(struct values, mode), "mode", 0, 0 },
	{ 0 },
};
static const char *const more[] = { "A paragraph.", NULL };
static const char *const examples[] = { "probe localhost", "asks localhost", NULL };
static const struct opt_spec spec = {
	.name = "probe",
	.what = "Asks a server.",
	.usage = "probe [options] HOST",
	.more = more,
	.options = own,
	.common = opt_common_net,
	.examples = examples,
	.operands_min = 0,
	.operands_max = 2,
};

/* One parser run with words that may be written to, as argv may. */
struct run {
	struct fake_world f;
	struct values values;
	struct opt_common common;
	struct opt_list operands;
	char words[WORDS_MAX][WORD_MAX];
	char *argv[WORDS_MAX + 1];
	enum opt_result result;
};

static void run_begin(struct run *r, const struct opt_spec *s, const char *const *words)
{
	int argc = 0;

	memset(r, 0, sizeof(*r));
	fake_world_init(&r->f);
	snprintf(r->words[argc], WORD_MAX, "probe");
	r->argv[argc] = r->words[argc];
	for (argc = 1; *words; words++, argc++) {
		snprintf(r->words[argc], WORD_MAX, "%s", *words);
		r->argv[argc] = r->words[argc];
	}
	r->result = opt_parse(&r->f.w, s, argc, r->argv,
			&(struct opt_into){ &r->values, &r->common, &r->operands });
}

static void run_end(struct run *r)
{
	opt_common_free(&r->common);
	fake_world_free(&r->f);
}

/* What was understood, in one line: only what differs from nothing. */
static void describe(const struct run *r, struct buf *out)
{
	const struct values *v = &r->values;
	const struct opt_common *c = &r->common;

	if (v->flag)
		buf_puts(out, "flag ");
	if (v->from)
		buf_printf(out, "from=%s ", v->from);
	for (size_t i = 0; i < v->to.count; i++)
		buf_printf(out, "to=%s ", v->to.at[i]);
	if (v->port)
		buf_printf(out, "port=%u ", v->port);
	if (v->mode)
		buf_printf(out, "mode=%d ", v->mode);
	if (c->timeout_s)
		buf_printf(out, "t=%u ", c->timeout_s);
	if (c->verbose)
		buf_printf(out, "v=%u ", c->verbose);
	if (c->tls)
		buf_printf(out, "tls=%d ", c->tls);
	if (c->pass_fd_plus1)
		buf_printf(out, "fd+1=%u ", c->pass_fd_plus1);
	if (c->use_netrc)
		buf_printf(out, "netrc=%s ", c->netrc);
	if (c->quiet)
		buf_puts(out, "quiet ");
	for (size_t i = 0; i < r->operands.count; i++)
		buf_printf(out, "[%s]", r->operands.at[i]);
}

static const struct {
	const char *name;
	const char *words[WORDS_MAX];
	const char *out;
} good_rows[] = {
	{ "nothing", { NULL }, "" },
	{ "operands", { "a", "b" }, "[a][b]" },
	{ "options after operands", { "a", "-f", "b" }, "flag [a][b]" },
	{ "bundled letters", { "-fqvv" }, "flag v=2 quiet " },
	{ "value glued to the letter", { "-t5" }, "t=5 " },
	{ "value behind the letter", { "-t", "5" }, "t=5 " },
	{ "bundle that ends in a value", { "-ft5", "-qP", "25" }, "flag port=25 t=5 quiet " },
	{ "long with =", { "--from=a=b" }, "from=a=b " },
	{ "long with the next word", { "--from", "-x" }, "from=-x " },
	{ "empty value", { "--from=" }, "from= " },
	{ "shortened", { "--fl", "--ti=7" }, "flag t=7 " },
	{ "a whole name wins over a longer one", { "--to", "x" }, "to=x " },
	{ "repeated list", { "--to", "x", "--to=y" }, "to=x to=y " },
	{ "choice", { "--mode", "three", "--tls=implicit" }, "mode=2 tls=2 " },
	{ "double dash ends options", { "--", "-f", "--from" }, "[-f][--from]" },
	{ "a dash is an operand", { "-" }, "[-]" },
	{ "descriptor 0 is one", { "--pass-fd", "0" }, "fd+1=1 " },
	{ "netrc alone takes no word", { "--netrc", "host" }, "netrc= [host]" },
	{ "netrc with a file", { "--netrc=f", "host" }, "netrc=f [host]" },
	{ "--nagios sets a limit", { "--nagios" }, "t=10 " },
	{ "unless told", { "--nagios", "-t", "30" }, "t=30 " },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good_rows); i++) {
		struct buf out = BUF(1000);
		struct run r;
		print_message("%s\n", good_rows[i].name);
		run_begin(&r, &spec, good_rows[i].words);
		assert_string_equal(fake_world_err(&r.f), "");
		assert_int_equal(r.result, OPT_RUN);
		describe(&r, &out);
		assert_string_equal(buf_text(&out), good_rows[i].out);
		buf_free(&out);
		run_end(&r);
	}
}

static const struct {
	const char *name;
	const char *words[WORDS_MAX];
	const char *err;
} wrong_rows[] = {
	{ "unknown, near", { "--form" }, "probe: unknown option --form, nearest: --from\n" },
	{ "unknown, near a common one", { "--tsl=none" },
			"probe: unknown option --tsl, nearest: --tls\n" },
	{ "unknown, far", { "--xyzzy" }, "probe: unknown option --xyzzy; see probe --help\n" },
	{ "unknown letter", { "-fZ" }, "probe: unknown option -Z; see probe --help\n" },
	{ "ambiguous", { "--pass-f" }, "probe: --pass-f may be --pass-file or --pass-fd\n" },
	{ "no value", { "--from" }, "probe: --from needs a value: ADDRESS\n" },
	{ "no value for a letter", { "-ft" }, "probe: --timeout needs a value: S\n" },
	{ "value for a flag", { "--flag=x" }, "probe: --flag takes no value\n" },
	{ "no number", { "-t", "5s" },
			"probe: --timeout takes a number from 1 to 86400, not \"5s\"\n" },
	{ "negative number", { "-P", "-1" },
			"probe: --port takes a number from 1 to 65535, not \"-1\"\n" },
	{ "number too small", { "-P0" },
			"probe: --port takes a number from 1 to 65535, not \"0\"\n" },
	{ "number too large", { "-P65536" },
			"probe: --port takes a number from 1 to 65535, not \"65536\"\n" },
	{ "number far too large", { "-P", "18446744073709551617" },
			"probe: --port takes a number from 1 to 65535, not \"18446744073709551617\"\n" },
	{ "choice, near", { "--tls", "startls" },
			"probe: --tls takes auto|starttls|implicit|none, not \"startls\"; nearest: starttls\n" },
	{ "choice, far", { "--mode", "fourteen" },
			"probe: --mode takes one|two|three, not \"fourteen\"\n" },
	{ "choices are not shortened", { "--mode=tw" },
			"probe: --mode takes one|two|three, not \"tw\"; nearest: two\n" },
	{ "too many operands", { "a", "b", "c" },
			"probe: \"c\" is one word too many; usage: probe [options] HOST\n" },
	{ "JSON and nagios", { "-j", "--nagios" },
			"probe: --json and --nagios exclude each other\n" },
	{ "both families", { "-46" }, "probe: --ipv4 and --ipv6 exclude each other\n" },
	{ "escape in an option", { "--\033[2J" },
			"probe: unknown option --\\x1b[2J; see probe --help\n" },
	{ "no name", { "--=x" }, "probe: unknown option --; see probe --help\n" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong_rows); i++) {
		struct run r;
		print_message("%s\n", wrong_rows[i].name);
		run_begin(&r, &spec, wrong_rows[i].words);
		assert_int_equal(r.result, OPT_WRONG);
		assert_string_equal(fake_world_err(&r.f), wrong_rows[i].err);
		assert_string_equal(fake_world_out(&r.f), "");
		run_end(&r);
	}
}

static void test_operand_missing(void **state)
{
	struct opt_spec strict = spec;
	struct run r;

	(void)state;
	strict.operands_min = 1;
	run_begin(&r, &strict, (const char *const[]){ "-q", NULL });
	assert_int_equal(r.result, OPT_WRONG);
	assert_string_equal(fake_world_err(&r.f),
			"probe: operand missing; usage: probe [options] HOST\n");
	run_end(&r);
}

static void test_list_full(void **state)
{
	static char word[] = "--to=x";
	static char *argv[OPT_LIST_MAX + 3];
	struct fake_world f;
	struct values v = { 0 };
	struct opt_common c = { 0 };
	struct opt_list operands;
	const struct opt_into into = { &v, &c, &operands };

	(void)state;
	for (size_t i = 0; i < OPT_LIST_MAX + 2; i++)
		argv[i] = word;
	fake_world_init(&f);
	assert_int_equal(opt_parse(&f.w, &spec, OPT_LIST_MAX + 1, argv, &into), OPT_RUN);
	v = (struct values){ 0 };
	assert_int_equal(opt_parse(&f.w, &spec, OPT_LIST_MAX + 2, argv, &into), OPT_WRONG);
	assert_string_equal(fake_world_err(&f), "probe: --to: given more than 100 times\n");
	fake_world_free(&f);
}

static void test_secret(void **state)
{
	static const struct {
		const char *words[3];
		size_t at, offset; /* of the secret in argv */
	} rows[] = {
		{ { "-p", "hunter2" }, 2, 0 },
		{ { "-phunter2" }, 1, 2 },
		{ { "--pass=hunter2" }, 1, 7 },
		{ { "--pass", "hunter2" }, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char zeros[7] = { 0 };
		struct run r;
		run_begin(&r, &spec, rows[i].words);
		assert_int_equal(r.result, OPT_RUN);
		assert_true(r.common.has_password && r.common.password.secret);
		assert_string_equal(buf_text(&r.common.password), "hunter2");
		assert_memory_equal(r.words[rows[i].at] + rows[i].offset, zeros, 7);
		assert_non_null(strstr(fake_world_err(&r.f), "warning: -p shows the password"));
		assert_null(strstr(fake_world_err(&r.f), "hunter2"));
		run_end(&r);
	}
}

static void test_empty_secret(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r, &spec, (const char *const[]){ "--pass=", NULL });
	assert_true(r.common.has_password);
	assert_int_equal(r.common.password.n, 0);
	run_end(&r);
	run_begin(&r, &spec, (const char *const[]){ "-p", "one", "-p", "two", NULL });
	assert_string_equal(buf_text(&r.common.password), "two");
	run_end(&r);
}

static void test_help(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r, &spec, (const char *const[]){ "--he", "--nonsense", NULL });
	assert_int_equal(r.result, OPT_HELPED);
	assert_string_equal(fake_world_out(&r.f),
			"usage: probe [options] HOST\n"
			"Asks a server.\n"
			"  -f, --flag              a flag\n"
			"      --from ADDRESS      sender\n"
			"      --to ADDRESS        recipient\n"
			"  -P, --port N            port\n"
			"      --mode one|two|three\n"
			"                          mode\n"
			"Login:       -u NAME --pass-file FILE --pass-fd N --netrc[=FILE] -p PASS\n"
			"Connection:  -4 -6 -t S --dns ADDR --ca-file FILE -b ADDR\n"
			"             --tls auto|starttls|implicit|none --sni NAME -k\n"
			"Output:      -q -v -j --nagios --color auto|always|never --show-secrets --stable\n"
			"             -h\n"
			"A paragraph.\n"
			"Examples:\n"
			"  probe localhost\n"
			"      asks localhost\n"
			"Exit: 0 OK, 1 WARNING, 2 CRITICAL (the answer is no), 3 UNKNOWN (not tested).\n"
			"All of it: mtabox --man probe | man -l -\n");
	assert_string_equal(fake_world_err(&r.f), "");
	run_end(&r);
}

/* Names alone where the heading says so, and no paragraphs where the options fill the screen. */
static void test_help_is_short(void **state)
{
	static const struct opt many[] = {
		{ .help = "Steps", .max = OPT_NAMES_ONLY },
		{ 0, "mx", NULL, OPT_FLAG, 0, "told in the man page", 0, 0 },
		{ 'x', "xclient", "ATTR", OPT_TEXT, 0, "told in the man page", 0, 0 },
		{ .help = "Session" },
		{ 'i', "interactive", NULL, OPT_FLAG, 0, "told here", 0, 0 },
		{ 0 },
	};
#define THREE                                                                               \
	{ 0, "a", NULL, OPT_FLAG, 0, "a", 0, 0 }, { 0, "b", NULL, OPT_FLAG, 0, "b", 0, 0 }, \
	{                                                                                   \
		0, "c", NULL, OPT_FLAG, 0, "c", 0, 0                                        \
	}
	static const struct opt fifteen[] = { THREE, THREE, THREE, THREE, THREE, { 0 } };
#undef THREE
	struct opt_spec brief = { .name = "brief",
		.what = "Brief.",
		.usage = "brief",
		.options = many,
		.more = more };
	struct run r;

	(void)state;
	run_begin(&r, &brief, (const char *const[]){ "--help", NULL });
	assert_string_equal(fake_world_out(&r.f),
			"usage: brief\n"
			"Brief.\n"
			"Steps:       --mx -x ATTR\n"
			"Session:\n"
			"  -i, --interactive       told here\n"
			"A paragraph.\n"
			"Exit: 0 OK, 1 WARNING, 2 CRITICAL (the answer is no), 3 UNKNOWN (not tested).\n"
			"All of it: mtabox --man brief | man -l -\n");
	fake_world_clear(&r.f);
	brief.common = opt_common_net; /* now they are too many for the paragraph */
	brief.options = fifteen;
	opt_help(&r.f.w, &brief);
	assert_null(strstr(fake_world_out(&r.f), "A paragraph."));
	fake_world_clear(&r.f);
	brief.options = many;
	opt_man(&r.f.w, &brief);
	assert_non_null(strstr(fake_world_out(&r.f), "told in the man page"));
	run_end(&r);
}

static void test_help_without_common(void **state)
{
	struct opt_spec bare = { .name = "bare", .what = "Bare.", .usage = "bare" };
	struct run r;

	(void)state;
	run_begin(&r, &bare, (const char *const[]){ "-h", NULL });
	assert_int_equal(r.result, OPT_HELPED);
	assert_memory_equal(fake_world_out(&r.f), "usage: bare\nBare.\n", 18);
	run_end(&r);
}

/* Every common option has its name, value and explanation in the page; roff takes nothing for its
 * own. */
static void test_man(void **state)
{
	const char *const odd_more[] = { ".begins with a dot, and \\ stays", NULL };
	struct opt_spec odd = spec;
	struct fake_world f;

	(void)state;
	odd.more = odd_more;
	fake_world_init(&f);
	opt_man(&f.w, &odd);
	const char *page = fake_world_out(&f);
	assert_memory_equal(page, ".TH probe 1 ", 12);
	assert_non_null(strstr(page, "\n\\&.begins with a dot, and \\e stays\n"));
	assert_non_null(strstr(page, "\n.SS Connection\n"));
	assert_non_null(strstr(page, ".TP\n\\fB\\-t, \\-\\-timeout S\\fR\n"));
	assert_non_null(strstr(page, ".TP\n\\fB\\-\\-netrc[=FILE]\\fR\n"));
	for (const struct opt *o = opt_common_net; o->name || o->help; o++) {
		struct buf text = BUF(1000);
		for (const char *p = o->help; *p; p++)
			if (strchr("-'~", *p))
				buf_puts(&text, *p == '-' ? "\\-" : *p == '~' ? "\\(ti" : "\\(aq");
			else
				buf_putc(&text, (unsigned char)*p);
		buf_putc(&text, '\n');
		assert_non_null(strstr(page, buf_text(&text)));
		buf_free(&text);
	}
	fake_world_free(&f);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "smtptalk", "pop3talk", "b64auth", "help", "ab" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "smtptlk", "smtptalk" },
		{ "smptalk", "smtptalk" },
		{ "pop3tlak", "pop3talk" },
		{ "b64uath", "b64auth" },
		{ "hlep", "help" },
		{ "telnet", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "xy", NULL }, /* two edits of two letters are another word */
		{ "a-very-long-word-that-no-applet-is-like", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = opt_nearest(bytes_of(rows[i].word), names, COUNT(names));
		if (rows[i].nearest)
			assert_string_equal(got, rows[i].nearest);
		else
			assert_null(got);
	}
}

/* Where the password comes from. files: what the temporary files hold. */
static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static char directory[] = "/tmp/test_opt.XXXXXX";
static char pass_path[64], netrc_path[64];

static int files_begin(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(pass_path, sizeof(pass_path), "%s/pass", directory);
	snprintf(netrc_path, sizeof(netrc_path), "%s/.netrc", directory);
	write_file(pass_path, "from file\r\nsecond\n", 0600);
	write_file(netrc_path, "machine mail.example.com login sample password from-netrc\n", 0600);
	return 0;
}

static int files_end(void **state)
{
	(void)state;
	unlink(pass_path);
	unlink(netrc_path);
	return rmdir(directory);
}

static void test_password_order(void **state)
{
	const char *const words[] = { "-p", "from option", NULL };
	struct buf secret = BUF_SECRET(100);
	struct err e = { 0 };
	struct run r;

	(void)state;
	run_begin(&r, &spec, words);
	int fd = open(pass_path, O_RDONLY);
	assert_true(fd >= 0);
	r.common.pass_fd_plus1 = (unsigned)fd + 1;
	r.common.pass_file = "-";
	r.common.netrc = "";
	r.common.use_netrc = true;
	fake_world_setenv(&r.f, "HOME", directory);
	fake_world_setenv(&r.f, "MTABOX_PASS", "from environment");
	fake_world_stdin(&r.f, BYTES("from stdin\nEHLO x\n"));
	const char *const expect[] = { "from option", "from file", "from stdin", "from-netrc",
		"from environment" };
	for (size_t i = 0; i < COUNT(expect); i++) {
		buf_clear(&secret);
		assert_true(opt_password(&r.f.w, &r.common, "mail.example.com", &secret, &e));
		assert_string_equal(buf_text(&secret), expect[i]);
		switch (i) {
		case 0:
			r.common.has_password = false;
			break;
		case 1:
			r.common.pass_fd_plus1 = 0;
			break;
		case 2:
			r.common.pass_file = NULL;
			break;
		default:
			r.common.use_netrc = false;
		}
	}
	char rest[20] = "";
	assert_int_equal(read(r.f.w.in_fd, rest, sizeof(rest)), 7); /* the script is still there */
	assert_string_equal(rest, "EHLO x\n");
	close(fd);
	buf_free(&secret);
	run_end(&r);
}

static void test_password_failures(void **state)
{
	static const struct {
		const char *name;
		const char *words[4];
		const char *err;
	} rows[] = {
		{ "nothing said, no terminal", { NULL },
				"no password: none given, and standard input is no terminal to ask on; "
				"use --pass-file, --pass-fd, --netrc or $MTABOX_PASS" },
		{ "standard input closed", { "--pass-file=-" },
				"--pass-file -: standard input is closed" },
		{ "no such file", { "--pass-file=/nonexistent/x" },
				"--pass-file: open /nonexistent/x: No such file or directory" },
		{ "descriptor not open", { "--pass-fd=999" },
				"read --pass-fd: Bad file descriptor" },
		{ "no netrc file", { "--netrc=/nonexistent/x" },
				"--netrc: open /nonexistent/x: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf secret = BUF_SECRET(100);
		struct err e = { 0 };
		struct run r;
		print_message("%s\n", rows[i].name);
		run_begin(&r, &spec, rows[i].words);
		assert_false(opt_password(&r.f.w, &r.common, "h", &secret, &e));
		assert_string_equal(e.text, rows[i].err);
		buf_free(&secret);
		run_end(&r);
	}
}

static void test_netrc_user(void **state)
{
	struct buf secret = BUF_SECRET(100);
	struct err e = { 0 };
	struct run r;

	(void)state;
	run_begin(&r, &spec, (const char *const[]){ "--netrc", NULL });
	fake_world_setenv(&r.f, "HOME", directory);
	assert_true(opt_password(&r.f.w, &r.common, "MAIL.example.com", &secret, &e));
	assert_string_equal(r.common.user, "sample");
	assert_string_equal(fake_world_err(&r.f), "");
	r.common.user = "other";
	assert_false(opt_password(&r.f.w, &r.common, "mail.example.com", &secret, &e));
	assert_non_null(strstr(e.text, "the netrc file has none for this host and user"));
	chmod(netrc_path, 0644);
	opt_password(&r.f.w, &r.common, "mail.example.com", &secret, &e);
	assert_non_null(strstr(fake_world_err(&r.f), "is open to others; chmod 600 it"));
	chmod(netrc_path, 0600);
	buf_free(&secret);
	run_end(&r);
}

/* A terminal of our own. */
static int open_terminal(int *terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	const char *name = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ?
			ptsname(master) :
			NULL;

	if (!name)
		return -1;
	*terminal = open(name, O_RDWR | O_NOCTTY);
	return master;
}

static bool echoes(int terminal)
{
	struct termios t;

	return tcgetattr(terminal, &t) == 0 && (t.c_lflag & ECHO);
}

/* Waits until the prompt's process has switched echo off: up to 5 s. */
static bool wait_quiet(int terminal)
{
	for (int i = 0; i < 5000 && echoes(terminal); i++)
		usleep(1000);
	return !echoes(terminal);
}

/* The child asks; its exit status says what it got. */
static pid_t start_prompt(int terminal)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	struct fake_world f;
	struct opt_common c = { .user = "sam\033ple" };
	struct buf secret = BUF_SECRET(100);
	struct err e = { 0 };
	fake_world_init(&f);
	f.w.in_fd = terminal;
	f.w.in_tty = true;
	bool ok = opt_password(&f.w, &c, "h", &secret, &e) &&
			strcmp(buf_text(&secret), "hunter2") == 0 &&
			strcmp(fake_world_err(&f), "Password for sam\\x1bple: ") == 0;
	_exit(ok ? 0 : 1);
}

static void test_prompt(void **state)
{
	int terminal = -1;
	int master = open_terminal(&terminal);
	int status = -1;

	(void)state;
	if (master < 0 || terminal < 0)
		skip();
	assert_true(echoes(terminal));
	pid_t pid = start_prompt(terminal);
	assert_true(wait_quiet(terminal));
	assert_int_equal(write(master, "hunter2\n", 8), 8);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(echoes(terminal));
	char shown[100] = "";
	assert_true(read(master, shown, sizeof(shown) - 1) > 0);
	assert_null(strstr(shown, "hunter2"));
	close(terminal);
	close(master);
}

static void test_prompt_killed(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++) {
		int terminal = -1;
		int master = open_terminal(&terminal);
		int status = -1;
		if (master < 0 || terminal < 0)
			skip();
		pid_t pid = start_prompt(terminal);
		assert_true(wait_quiet(terminal));
		assert_int_equal(write(master, "hunt", 4), 4);
		kill(pid, signals[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
		assert_true(echoes(terminal));
		close(terminal);
		close(master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_operand_missing),
		cmocka_unit_test(test_list_full),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_empty_secret),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_help_without_common),
		cmocka_unit_test(test_help_is_short),
		cmocka_unit_test(test_man),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_password_order),
		cmocka_unit_test(test_password_failures),
		cmocka_unit_test(test_netrc_user),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_prompt_killed),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
