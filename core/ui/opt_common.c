/* opt_common - the options that every applet has
 * SPDX-License-Identifier: MIT */
#include "ui/opt.h"

#include <stddef.h>

#define AT(member) offsetof(struct opt_common, member)

/* The tables share these rows; a longer one begins with what a user looks for first. */
/* clang-format off */
#define REACH_ROWS \
	{.help = "Connection"}, \
	{'4', "ipv4", NULL, OPT_FLAG, AT(ipv4), "use IPv4 only", 0, 0}, \
	{'6', "ipv6", NULL, OPT_FLAG, AT(ipv6), "use IPv6 only", 0, 0}, \
	{'t', "timeout", "S", OPT_NUMBER, AT(timeout_s), \
		"end the whole run after S seconds, 10 with --nagios; else each wait has its own limit", 1, 86400}, \
	{0, "dns", "ADDR", OPT_TEXT, AT(dns), "ask this name server, not those of /etc/resolv.conf", 0, 0}, \
	{0, "ca-file", "FILE", OPT_TEXT, AT(ca_file), \
		"trust the certificates in this PEM file instead of the machine's or the built-in ones", 0, 0}

#define TALK_ROWS \
	{'b', "bind", "ADDR", OPT_TEXT, AT(bind), "connect from this address of this machine", 0, 0}, \
	{0, "tls", "auto|starttls|implicit|none", OPT_CHOICE, AT(tls), \
		"auto: TLS from the first byte on ports 465, 993 and 995, elsewhere STARTTLS when it is" \
		" offered; starttls: insist on it; implicit: from the first byte; none: clear text", 0, 0}, \
	{0, "sni", "NAME", OPT_TEXT, AT(sni), \
		"server name to ask for (SNI) and to look for in the certificate; \"\" asks for none", 0, 0}, \
	{'k', "insecure", NULL, OPT_FLAG, AT(insecure), \
		"go on whatever the certificate is, and send a password even in clear text", 0, 0}

#define LOGIN_ROWS \
	{.help = "Login"}, \
	{'u', "user", "NAME", OPT_TEXT, AT(user), "user name to log in with", 0, 0}, \
	{0, "pass-file", "FILE", OPT_TEXT, AT(pass_file), \
		"the first line of FILE is the password; \"-\" takes it from standard input", 0, 0}, \
	{0, "pass-fd", "N", OPT_FD, AT(pass_fd_plus1), "the same from open descriptor N", 0, 0}, \
	{0, "netrc", "[FILE]", OPT_TEXT, AT(netrc), \
		"user name and password from FILE, else from ~/.netrc", 0, 0}, \
	{'p', "pass", "PASS", OPT_SECRET, AT(password), \
		"the password itself; ps and the shell's history show it to others", 0, 0}

#define OUTPUT_ROWS \
	{.help = "Output"}, \
	{'q', "quiet", NULL, OPT_FLAG, AT(quiet), "verdicts only, no transcript", 0, 0}, \
	{'v', "verbose", NULL, OPT_COUNT, AT(verbose), "tell more; may be repeated", 0, 0}, \
	{'j', "json", NULL, OPT_FLAG, AT(json), "one JSON object a line", 0, 0}, \
	{0, "nagios", NULL, OPT_FLAG, AT(nagios), "one line with performance data, for monitoring", 0, 0}, \
	{0, "color", "auto|always|never", OPT_CHOICE, AT(color), \
		"auto: on a terminal, unless NO_COLOR is set or TERM is dumb", 0, 0}, \
	{0, "show-secrets", NULL, OPT_FLAG, AT(show_secrets), \
		"show passwords, in whatever encoding, instead of their length", 0, 0}, \
	{0, "stable", NULL, OPT_FLAG, AT(stable), \
		"no times, dates, ports or random values: two runs can be compared", 0, 0}, \
	{'h', "help", NULL, OPT_FLAG, AT(help), "this help", 0, 0}, \
	{0}
/* clang-format on */

const struct opt opt_common_output[] = { OUTPUT_ROWS };
const struct opt opt_common_login[] = { LOGIN_ROWS, OUTPUT_ROWS };
const struct opt opt_common_net[] = { LOGIN_ROWS, REACH_ROWS, TALK_ROWS, OUTPUT_ROWS };
const struct opt opt_common_reach[] = { REACH_ROWS, OUTPUT_ROWS };

void opt_common_free(struct opt_common *c)
{
	buf_free(&c->password);
	c->has_password = false;
}
