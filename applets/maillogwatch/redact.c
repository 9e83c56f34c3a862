/* redact - a log that can be shown around
 * SPDX-License-Identifier: MIT
 *
 * The same is always replaced by the same, so that threads stay readable: user7@domain3.example for
 * addresses, host5.example for names, 100.64.0.0/10 and 2001:db8::/32 for IP addresses, which are
 * nobody's. Queue ids, times and the server's own short name stay.
 */
#include "applets/maillogwatch/maillogwatch.h"
#include "applets/maillogwatch/tally.h"
#include "sys/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct redact {
	struct tally numbers; /* what a word counts is its number */
	uint64_t last;
};

struct redact *redact_new(void)
{
	return xmalloc(sizeof(struct redact));
}

void redact_free(struct redact *r)
{
	if (r)
		tally_free(&r->numbers);
	free(r);
}

static uint64_t number_of(struct redact *r, struct bytes word)
{
	struct buf lower = BUF(TALLY_KEY_MAX);

	for (size_t i = 0; i < word.n && i < TALLY_KEY_MAX; i++) {
		unsigned char c = word.p[i];
		buf_putc(&lower, c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c);
	}
	uint64_t n = tally_get(&r->numbers, buf_bytes(&lower));
	if (n == 0) {
		n = ++r->last;
		tally_add(&r->numbers, buf_bytes(&lower), n);
	}
	buf_free(&lower);
	return n;
}

static bool is_letter(unsigned char c)
{
	return (unsigned)((c | 32) - 'a') < 26;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* What a word is made of; what ends one is ours to keep. */
static bool is_part(unsigned char c)
{
	return c > ' ' && c != 0x7f && !strchr("<>(),;\"[]'", c);
}

/* The keys that a login name without "@" stands behind. */
static size_t user_key(struct bytes word)
{
	static const struct bytes keys[] = { BYTES("sasl_username="), BYTES("ruser="),
		BYTES("user="), BYTES("set_id="), BYTES("authid=") };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bytes_starts(word, keys[i]))
			return keys[i].n;
	return 0;
}

static bool is_v4(struct bytes w)
{
	size_t dots = 0;

	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] != '.' && !is_digit(w.p[i]))
			return false;
		dots += w.p[i] == '.';
	}
	return dots == 3 && w.n >= 7 && w.n <= 15;
}

static bool is_v6(struct bytes w)
{
	size_t colons = 0;
	bool has_hex = false;

	for (size_t i = 0; i < w.n; i++) {
		unsigned char c = w.p[i];
		if (c == ':')
			colons++;
		else if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f') && c != '.')
			return false;
		has_hex = has_hex || c != ':';
	}
	/* a time of day has two colons, too */
	return has_hex && (colons > 2 || (colons == 2 && bytes_search(w, BYTES("::")) < w.n));
}

/* "mail.example.com", not "smtpd_scache.db" or "1.2.3". */
static bool is_host(struct bytes w)
{
	static const char *const files[] = { "db", "cf", "conf", "so", "c", "log", "pem", "key",
		"sock", "pid", "py", "pl", "crt", "sh", "gz", "service" };
	size_t last = w.n;

	while (last > 0 && w.p[last - 1] != '.')
		last--;
	struct bytes top = bytes_skip(w, last);
	if (last < 2 || top.n < 2 || memchr(w.p, '_', w.n) || memchr(w.p, '/', w.n))
		return false;
	for (size_t i = 0; i < top.n; i++)
		if (!is_letter(top.p[i]) && top.p[i] < 0x80 && !(top.n > 4 && top.p[0] == 'x'))
			return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (bytes_equal(top, bytes_of(files[i])))
			return false;
	return true;
}

static void put_address(struct redact *r, struct bytes word, size_t at, struct buf *out)
{
	buf_printf(out, "user%" PRIu64 "@domain%" PRIu64 ".example",
			number_of(r, bytes_head(word, at)), number_of(r, bytes_skip(word, at + 1)));
}

static void put_plain(struct redact *r, struct bytes w, struct buf *out)
{
	size_t at = bytes_find(w, '@');

	if (at > 0 && at + 1 < w.n) {
		put_address(r, w, at, out);
	} else if (is_v4(w)) {
		uint64_t n = number_of(r, w);
		buf_printf(out, "100.%u.%u.%u", 64 + (unsigned)(n >> 16 & 63),
				(unsigned)(n >> 8 & 255), (unsigned)(n & 255));
	} else if (is_v6(w)) {
		buf_printf(out, "2001:db8::%" PRIx64, number_of(r, w));
	} else if (is_host(w)) {
		buf_printf(out, "host%" PRIu64 ".example", number_of(r, w));
	} else {
		buf_put(out, w);
	}
}

/* A word without what is glued to it: "key=", a port, a full stop or colon at its end. */
static void put_word(struct redact *r, struct bytes w, bool is_user, struct buf *out)
{
	size_t key = user_key(w), tail = w.n;

	if (key > 0) {
		buf_put(out, bytes_head(w, key));
		w = bytes_skip(w, key);
		is_user = w.n > 0;
	} else {
		size_t eq = 0;
		while (eq < w.n && (is_letter(w.p[eq]) || w.p[eq] == '_' || w.p[eq] == '-'))
			eq++;
		if (eq > 0 && eq < w.n && w.p[eq] == '=') {
			buf_put(out, bytes_head(w, eq + 1));
			w = bytes_skip(w, eq + 1);
		}
	}
	tail = w.n;
	while (tail > 0 && (w.p[tail - 1] == ':' || w.p[tail - 1] == '.'))
		tail--;
	struct bytes rest = bytes_skip(w, tail);
	w = bytes_head(w, tail);
	size_t colon = bytes_find(w, ':');
	if (is_v4(bytes_head(w, colon)) || (colon < w.n && is_host(bytes_head(w, colon)))) {
		put_plain(r, bytes_head(w, colon), out);
		w = bytes_skip(w, colon);
		buf_put(out, w);
	} else if (is_user && !memchr(w.p ? w.p : (const unsigned char *)"", '@', w.n) && w.n > 0) {
		buf_printf(out, "user%" PRIu64, number_of(r, w));
	} else if (w.n > 0) {
		put_plain(r, w, out);
	}
	buf_put(out, rest);
}

/* Dovecot names the user in brackets behind a service or a driver. */
static bool is_user_bracket(struct bytes before)
{
	static const struct bytes names[] = { BYTES("imap"), BYTES("pop3"), BYTES("lmtp"),
		BYTES("lda"), BYTES("pam"), BYTES("sql"), BYTES("ldap"), BYTES("passwd-file"),
		BYTES("shadow"), BYTES("managesieve"), BYTES("static") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes_ends(before, names[i]))
			return true;
	return false;
}

void redact_line(struct redact *r, struct bytes line, struct buf *out)
{
	for (size_t i = 0; i < line.n;) {
		size_t from = i;
		while (i < line.n && is_part(line.p[i]))
			i++;
		if (i > from) {
			struct bytes before = bytes_head(line, from);
			bool is_user = (bytes_ends(before, BYTES("(")) &&
						       is_user_bracket(bytes_head(before,
								       from - 1))) ||
					bytes_ends(before, BYTES("user=<")) ||
					bytes_ends(before, BYTES("user "));
			put_word(r, (struct bytes){ line.p + from, i - from }, is_user, out);
		}
		if (i < line.n)
			buf_putc(out, line.p[i++]);
	}
}
