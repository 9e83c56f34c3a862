/* opt - one option table: parser, --help and man page
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/err.h"
#include "sys/world.h"

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_COUNT,  /* unsigned, each use adds one */
	OPT_TEXT,   /* const char *, borrowed from argv */
	OPT_NUMBER, /* unsigned, between min and max */
	OPT_LIST,   /* struct opt_list: may be repeated */
	OPT_CHOICE, /* int, index into the choices that arg lists: "auto|starttls|implicit|none" */
	OPT_SECRET, /* struct buf, made secret; argv is overwritten. Given: its p is not NULL */
	OPT_FD,     /* unsigned, descriptor number plus 1, so that 0 = not said */
};

enum {
	OPT_LIST_MAX = 100,
	OPT_SECRET_MAX = 8192, /* tokens of Exchange Online have 2000 octets and more */
	OPT_USER_MAX = 256
};

struct opt_list {
	const char *at[OPT_LIST_MAX];
	size_t count;
};

/* max of a heading whose group --help shows by names only; the man page has the rest. */
enum { OPT_NAMES_ONLY = 1 };

/* The one truth about an option. Tables end with an all-zero row. A row with only help (and max)
 * set is a heading. An arg in brackets is optional and only taken from "--name=value"; without it the text
 * is "". */
struct opt {
	char letter;      /* 0 = long only */
	const char *name; /* without "--" */
	const char *arg;  /* "S", "FILE", "[FILE]"; NULL for flags and counts */
	enum opt_kind kind;
	size_t offset; /* of the member in the applet's options struct */
	const char *help;
	unsigned min, max; /* OPT_NUMBER */
};

/* What an applet tells about itself; parser, help and man page come from it. */
struct opt_spec {
	const char *name;            /* applet */
	const char *what;            /* one line */
	const char *usage;           /* "smtptalk [options] HOST[:PORT]" */
	const char *const *more;     /* paragraphs for man, NULL-ended; help has the first */
	const struct opt *options;   /* the applet's own; looked at first; may be NULL */
	const struct opt *common;    /* second table (struct opt_common), may be NULL */
	const char *const *examples; /* pairs: command, what it does; NULL-ended; run as tests */
	unsigned operands_min, operands_max;
};

enum opt_tls { OPT_TLS_AUTO, OPT_TLS_STARTTLS, OPT_TLS_IMPLICIT, OPT_TLS_NONE };

/* Options of every applet, parsed into struct opt_common by the common tables. Zeroed = nothing
 * said. */
struct opt_common {
	bool ipv4, ipv6;
	unsigned timeout_s; /* 0 = not said; --nagios sets 10 unless told */
	const char *bind, *dns;
	int tls; /* enum opt_tls */
	const char *sni, *ca_file;
	bool insecure, quiet;
	unsigned verbose;
	bool json, nagios, show_secrets, stable;
	int color; /* enum show_when */
	/* credentials */
	const char *user;
	const char *pass_file;
	const char *netrc;      /* "" = $HOME/.netrc */
	unsigned pass_fd_plus1; /* 0 = not said */
	bool use_netrc;
	struct buf password; /* secret; of -p */
	bool has_password;
	bool help;
	char netrc_user[OPT_USER_MAX]; /* what user points at when the netrc file named it */
};

/* Wipes the password. */
void opt_common_free(struct opt_common *c);

extern const struct opt opt_common_output[]; /* q v j nagios color show-secrets stable, help */
extern const struct opt opt_common_login[]; /* the above, and u and where the password comes from */
extern const struct opt opt_common_net[];   /* the above, and 4 6 t b dns tls sni ca-file k */
extern const struct opt opt_common_reach[]; /* output's, and 4 6 t dns ca-file */

enum opt_result {
	OPT_RUN,
	OPT_HELPED, /* --help was printed: exit 0 */
	OPT_WRONG,  /* said in one line on stderr: exit 3 */
};

/* Where the parser puts what it reads. What no option names keeps its value: set defaults before.
 * */
struct opt_into {
	void *values;              /* the applet's own struct, by opt.offset */
	struct opt_common *common; /* may be NULL when the spec has no common table */
	struct opt_list *operands;
};

/* Long options may be shortened when unambiguous, and take "--name=value" or "--name value";
 * letters may be bundled; "--" ends the options; options may follow operands. A wrong option names
 * the nearest one. */
enum opt_result opt_parse(struct world *w, const struct opt_spec *spec, int argc, char **argv,
		const struct opt_into *into);

void opt_help(struct world *w, const struct opt_spec *spec); /* plain text, 80 columns, to out */
void opt_man(struct world *w, const struct opt_spec *spec);  /* roff -man, to out */

/* The nearest of count names (edit distance at most 2, less than the word's length), or NULL. For
 * options, applets, mechanisms. */
const char *opt_nearest(struct bytes word, const char *const *names, size_t count);

/* One line "NAME: text" on standard error, the text escaped; returns OPT_WRONG. For what an applet
 * finds wrong with its options beyond the table. */
enum opt_result opt_wrong(struct world *w, const struct opt_spec *spec, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The password by the common options, in the order: -p, --pass-fd, --pass-file, --netrc (which also
 * gives c->user when that is not set), $MTABOX_PASS, a prompt without echo (when standard input is
 * a terminal). False: e says what was tried. secret, a secret buf, gets the password. */
bool opt_password(struct world *w, struct opt_common *c, const char *host, struct buf *secret,
		struct err *e);
