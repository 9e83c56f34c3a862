/* redact - a log that can be shown around
 * SPDX-License-Identifier: MIT
 *
 * The same is always replaced by the same, so that threads stay readable: user7@domain3.example for
 * addresses, user7 for login names, host5.example for names, 100.64.0.0/10 and 2001:db8::/32 for IP
 * addresses, which are nobody's. Queue ids, times, loopback and the server's own short name stay.
 */
#include "applets/maillogwatch/maillogwatch.h"
#include "applets/maillogwatch/tally.h"
#include "sys/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTED_MAX = 70 }; /* RFC 5321 4.5.3.1.1: a local part has 64 octets */

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
	return c > ' ' && c != 0x7f && !strchr("<>(),;\"[]'{}/?|", c);
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

/* What is behind the last dot; empty: no dot. */
static struct bytes top_of(struct bytes w)
{
	size_t last = w.n;

	while (last > 0 && w.p[last - 1] != '.')
		last--;
	return last > 0 ? bytes_skip(w, last) : (struct bytes){ NULL, 0 };
}

static bool is_file(struct bytes w)
{
	static const char *const tops[] = { "db", "cf", "conf", "so", "c", "log", "lmtp", "pem",
		"key", "sock", "pid", "py", "pl", "crt", "sh", "gz", "service", "cache", "index",
		"ctl", "socket", "sieve", "lmdb", "lock", "tmp", "inc", "map", "txt", "cnf",
		"lua" };

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (bytes_equal(top_of(w), bytes_of(tops[i])))
			return true;
	return false;
}

/* "mail.example.com", "mail._domainkey.example.com"; not "smtpd_scache.db" or "1.2.3". */
static bool is_host(struct bytes w)
{
	struct bytes top = top_of(w);

	if (w.n < top.n + 2 || top.n < 2 || is_file(w) ||
			(memchr(w.p, '_', w.n) && bytes_search(w, BYTES("._")) == w.n))
		return false;
	for (size_t i = 0; i < top.n; i++)
		if (!is_letter(top.p[i]) && top.p[i] < 0x80 && !(top.n > 4 && top.p[0] == 'x'))
			return false;
	return true;
}

/* A part without a colon, or with an address in it. */
static void put_plain(struct redact *r, struct bytes w, bool is_user, struct buf *out)
{
	size_t at = bytes_find(w, '@');

	if (at + 1 < w.n) {
		if (at > 0)
			buf_printf(out, "user%" PRIu64, number_of(r, bytes_head(w, at)));
		buf_printf(out, "@domain%" PRIu64 ".example", number_of(r, bytes_skip(w, at + 1)));
	} else if (is_v4(w) && !bytes_starts(w, BYTES("127."))) {
		uint64_t n = number_of(r, w);
		buf_printf(out, "100.%u.%u.%u", 64 + (unsigned)(n >> 16 & 63),
				(unsigned)(n >> 8 & 255), (unsigned)(n & 255));
	} else if (is_user && w.n > 0 && !is_v4(w)) {
		buf_printf(out, "user%" PRIu64, number_of(r, w));
	} else if (is_host(w)) {
		buf_printf(out, "host%" PRIu64 ".example", number_of(r, w));
	} else {
		buf_put(out, w);
	}
}

/* Parts between colons ("smtp:192.0.2.1", "192.0.2.1:25"), of which one may be an IPv6 address. */
static void put_parts(struct redact *r, struct bytes w, bool is_user, struct buf *out)
{
	for (;;) {
		struct bytes bare = bytes_head(w, bytes_find(w, '%')); /* fe80::1%eth0 */
		if (is_v6(bare) && !bytes_equal(bare, BYTES("::1"))) {
			buf_printf(out, "2001:db8::%" PRIx64, number_of(r, bare));
			buf_put(out, bytes_skip(w, bare.n));
			return;
		}
		struct bytes part = bytes_head(w, bytes_find(w, ':'));
		if (bytes_find(w, '@') < w.n)
			part = w;
		put_plain(r, part, is_user, out);
		if (part.n == w.n)
			return;
		buf_putc(out, ':');
		w = bytes_skip(w, part.n + 1);
	}
}

/* A word without what is glued to it: "key=", a full stop or colon at its end. */
static void put_word(struct redact *r, struct bytes w, bool is_user, struct buf *out)
{
	size_t key = user_key(w), tail;

	is_user = is_user || key > 0;
	while (key < w.n && (is_letter(w.p[key]) || w.p[key] == '_' || w.p[key] == '-'))
		key++;
	if (key < w.n && w.p[key] == '=' && key > 0)
		key++;
	else
		key = user_key(w);
	buf_put(out, bytes_head(w, key));
	w = bytes_skip(w, key);
	for (tail = w.n; tail > 0 && (w.p[tail - 1] == ':' || w.p[tail - 1] == '.'); tail--)
		if (bytes_ends(bytes_head(w, tail), BYTES("::")))
			break;
	put_parts(r, bytes_head(w, tail), is_user, out);
	buf_put(out, bytes_skip(w, tail));
}

/* What stands in front of a login name: Dovecot has it in brackets behind a service or a driver. */
static bool is_before_user(struct bytes before, struct bytes word)
{
	static const struct bytes names[] = { BYTES("imap("), BYTES("pop3("), BYTES("lmtp("),
		BYTES("lda("), BYTES("pam("), BYTES("sql("), BYTES("ldap("), BYTES("passwd-file("),
		BYTES("shadow("), BYTES("managesieve("), BYTES("static("), BYTES("user=<"),
		BYTES("for user "), BYTES("about user "), BYTES("user: \""), BYTES("] plaintext "),
		BYTES("A=plain:"), BYTES("A=login:") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes_ends(before, names[i]))
			return true;
	return bytes_ends(before, BYTES("user ")) && bytes_ends(word, BYTES(":"));
}

/* On a path the user's name follows these, perhaps behind the domain's. */
static bool is_mail_directory(struct bytes before, struct bytes word)
{
	return bytes_equal(word, BYTES("home")) || bytes_equal(word, BYTES("vmail")) ||
			(bytes_equal(word, BYTES("mail")) && !bytes_ends(before, BYTES("/etc/")) &&
					!bytes_ends(before, BYTES("/log/")));
}

/* Octets of a quoted local part, its "@" and the domain at the front of in; 0: none. */
static size_t quoted_size(struct bytes in)
{
	size_t n = bytes_search(bytes_head(in, QUOTED_MAX), BYTES("\"@"));

	if (in.n == 0 || in.p[0] != '"' || n == 0 || n + 2 >= in.n || n >= QUOTED_MAX)
		return 0;
	for (n += 2; n < in.n && is_part(in.p[n]);)
		n++;
	return n;
}

void redact_line(struct redact *r, struct bytes line, struct buf *out)
{
	bool is_mail_path = false;

	for (size_t i = 0; i < line.n;) {
		size_t from = i, quoted = quoted_size(bytes_skip(line, i));
		if (quoted > 0) {
			put_plain(r, bytes_head(bytes_skip(line, i), quoted), false, out);
			i += quoted;
			continue;
		}
		while (i < line.n && is_part(line.p[i]))
			i++;
		struct bytes word = { line.p + from, i - from }, before = bytes_head(line, from);
		if (from > 0 && line.p[from - 1] != '/')
			is_mail_path = false;
		bool is_user = is_before_user(before, word);
		if (word.n > 0 && is_mail_path && !is_mail_directory(before, word) &&
				!is_host(word)) {
			is_user = !is_file(word);
			is_mail_path = false;
		} else if (bytes_ends(before, BYTES("/")) && is_mail_directory(before, word)) {
			is_mail_path = true;
		}
		if (word.n > 0)
			put_word(r, word, is_user, out);
		if (i < line.n)
			buf_putc(out, line.p[i++]);
	}
}
