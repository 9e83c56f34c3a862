/* advice - explains replies and failures from the knowledge base
 * SPDX-License-Identifier: MIT
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/buf.h"
#include "sys/bytes.h"

enum {
	ADVICE_LIKELY_MAX = 2, /* more alternatives than two are no explanation */
	ADVICE_BINDS_MAX = 4,  /* captures in one text pattern; gen-advice checks it */
	ADVICE_GUESS_MAX = 3,
	ADVICE_TEXT_MAX = 2048 /* bytes of the peer's text that are looked at */
};

/* What was spoken when it happened. Bits: an entry may serve several. */
enum advice_proto {
	ADVICE_SMTP = 1,
	ADVICE_POP3 = 2,
	ADVICE_IMAP = 4,
	ADVICE_TLS = 8,
	ADVICE_NET = 16,
	ADVICE_DNS = 32,
	ADVICE_LOG = 64
};

/* In the order of the exit codes. */
enum advice_severity { ADVICE_OK, ADVICE_WARNING, ADVICE_CRITICAL, ADVICE_UNKNOWN };

/*
 * One thing that happened, as facts. Zero it, then set what is known. All texts are borrowed
 * and may hold any byte.
 *
 * error is our own failure, by the names of err_name() and tls_fault_name() and a few more that the
 * head of advice.txt lists. Entries for net, tls and dns are consulted whenever error is set,
 * whatever proto says.
 */
struct finding {
	enum advice_proto proto;
	const char *stage;     /* dns connect banner ehlo tls cert auth mail rcpt data quit ... */
	int code;              /* SMTP reply code, else 0 */
	struct bytes enh;      /* enhanced status code, "5.7.8" */
	struct bytes respcode; /* POP3 and IMAP response code, without brackets: "SYS/TEMP" */
	const char *error;     /* our error kind, or NULL when the peer answered */
	struct bytes text;     /* the peer's text after the code, lines joined by blanks */
	struct bytes user, host, mech, from, to, id; /* host: or "unix:..." or "exec:..." */
	unsigned port;
	bool is_lmtp;     /* smtptalk spoke it: what is advised does too */
	bool is_starttls; /* TLS came, or was to come, by STARTTLS */
	bool is_partial;  /* what is not set is unknown, not absent (a pasted line) */
	bool is_peers;    /* another host said it of itself: what is to be looked at is there */
};

/* What the {captures} of the matching pattern caught; slices of finding.text. */
struct advice_binds {
	size_t n;
	struct {
		struct bytes name, value;
	} bind[ADVICE_BINDS_MAX];
};

/* One entry. Optional texts are NULL. All texts but id, source and when are templates. */
struct advice {
	const char *id; /* stable: a promise to scripts */
	const char *means, *likely[ADVICE_LIKELY_MAX], *proves, *not_proves, *next, *source;
	const char *when;      /* the conditions, packed by scripts/gen-advice: see advice.c */
	unsigned short when_n; /* octets of it before the first pattern on text */
	unsigned short protos, rank;
	unsigned char severity; /* enum advice_severity */
	unsigned char is_fallback;
};

/* The whole knowledge base, advice_count entries sorted by id, from the text files beside this;
 * unpacked when it is first asked for. */
const struct advice *advice_list(void);
extern const size_t advice_count;

/* What scripts/gen-advice makes of it, for advice_list. */
extern const unsigned char advice_packed[];
extern const size_t advice_packed_size, advice_raw_size;

/*
 * The entry that fits f best, or NULL. binds (may be NULL) gets the captures. The most specific
 * entry wins; fallback entries are asked only when no other fits. Same finding, same answer.
 */
const struct advice *advise(const struct finding *f, struct advice_binds *binds);

/* How well one entry fits: 0 not at all, else the more the better. Fills binds (may be NULL). */
unsigned advice_score(const struct advice *a, const struct finding *f, struct advice_binds *binds);

/* The same where it is known already what the patterns of a are worth: the best that fits of those
 * that a line of when begins with "t" for, and with "p" for; 0 = none fits. Entries that have no "t"
 * and texts that are unknown are for advice_score. */
unsigned advice_weigh(const struct advice *a, const struct finding *f, unsigned text,
		unsigned phrase);

/* What a pattern is worth, when it fits the whole text. */
unsigned advice_pattern_worth(struct bytes pattern);
bool advice_pattern_fits(struct bytes pattern, struct bytes text);

/* An octet as patterns see it: letters in lower case, tabs and line ends as blanks. */
extern const unsigned char advice_flips[256];
static inline unsigned char advice_fold(unsigned char c)
{
	return c ^ advice_flips[c];
}

/* The entry with this id, or NULL. */
const struct advice *advice_by_id(struct bytes id);

/*
 * Reads the first line of a reply ("535 5.7.8 ...", "-ERR [AUTH] ...", "a1 NO [LIMIT] ...") into
 * code, enh, respcode and text of *f, and into proto when that is 0. False when it looks like no
 * reply; the whole line is then the text.
 */
bool advice_read_reply(struct bytes line, struct finding *f);

/*
 * For text that somebody pasted: a reply line ("535 5.7.8 ...", "-ERR [AUTH] ...", "a1 NO ..."),
 * a log fragment that quotes one, or a phrase. Adds to *f (zeroed, or with the names that are
 * known) what was read out of it and makes it partial; fills found[] with up to ADVICE_GUESS_MAX
 * entries, best first; returns their number.
 */
size_t advice_guess(struct bytes line, struct finding *f,
		const struct advice *found[ADVICE_GUESS_MAX]);

/*
 * Appends template with its {names} replaced: user, local, domain, fromdomain, todomain, host,
 * port, mech, from, to, id from f, talk as the applet of f->proto, starttls as the option that this
 * STARTTLS needs of openssl s_client, others from b (may be NULL). A value goes into a command
 * line that the reader may paste into a root shell, so it is quoted unless plain, and a value that
 * is unset, holds anything but printable ASCII or begins with "-", "@" or "+" comes out as its
 * name: <user>.
 */
void advice_expand(struct buf *out, const char *template, const struct finding *f,
		const struct advice_binds *b);
