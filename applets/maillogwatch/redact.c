/* redact - a log that can be shown around
 * SPDX-License-Identifier: MIT
 *
 * The same is always replaced by the same, so that threads stay readable: user7@domain3.example for
 * addresses, user7 for login names, host5.example for names, 240.0.0.0/4 and 2001:db8::/32 for IP
 * addresses, which are nobody's, and 10.0.0.0/8 and fd00::/8 for private ones. Queue ids, times,
 * loopback and the server's own short name stay.
 * Passwords are hidden, also where nothing else is replaced. Of a name only a hash with a secret
 * key is kept: numbers for the first million, by their order; the hash itself stands for those
 * beyond, so that no name ever has two.
 */
#include "applets/maillogwatch/maillogwatch.h"
#include "net/addr.h"
#include "proto/hash.h"
#include "sys/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUOTED_MAX = 70, /* RFC 5321 4.5.3.1.1: a local part has 64 octets */
	LINE_MAX = 256 * 1024,
	NAME_MAX_BYTES = 400, /* that are told apart */
	SESSION_MIN = 16,     /* of an IPv4 client */
	ROOM_FIRST = 1024
};

_Static_assert(REDACT_NAMES_MAX < 1 << 24, "24 bits of an IPv4 address are ours");

struct redact {
	bool is_all; /* else passwords only */
	unsigned char key[REDACT_KEY_SIZE];
	uint64_t *hashes; /* by number - 1 */
	uint32_t *index;  /* of numbers, by hash, twice as long; 0 = free */
	size_t count, room;
	struct buf line; /* of the event handed out last */
	struct syslog_reader reader;
};

struct redact *redact_new(struct bytes key, bool is_all)
{
	struct redact *r = xmalloc(sizeof(*r));

	*r = (struct redact){ .is_all = is_all, .line = BUF(LINE_MAX) };
	memcpy(r->key, key.p, key.n < sizeof(r->key) ? key.n : sizeof(r->key));
	syslog_init(&r->reader, 0);
	return r;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	free(r->hashes);
	free(r->index);
	buf_free(&r->line);
	syslog_free(&r->reader);
	free(r);
}

static uint32_t *slot_of(const struct redact *r, uint64_t hash)
{
	size_t mask = 2 * r->room - 1, at = (size_t)hash & mask;

	while (r->index[at] && r->hashes[r->index[at] - 1] != hash)
		at = (at + 1) & mask;
	return &r->index[at];
}

static void grow(struct redact *r)
{
	r->room = r->room ? 2 * r->room : ROOM_FIRST;
	r->hashes = xrealloc(r->hashes, r->room * sizeof(r->hashes[0]));
	free(r->index);
	r->index = xcalloc(2 * r->room, sizeof(r->index[0]));
	for (size_t i = 0; i < r->count; i++)
		*slot_of(r, r->hashes[i]) = (uint32_t)i + 1;
}

/* The number of a name, which goes on having it; beyond REDACT_NAMES_MAX a hash. */
static uint64_t number_of(struct redact *r, struct bytes word)
{
	unsigned char lower[NAME_MAX_BYTES], hash[HASH_MAX];
	uint64_t n;

	word = bytes_head(word, sizeof(lower));
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i];
		lower[i] = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
	}
	const struct bytes parts[] = { { r->key, sizeof(r->key) }, { lower, word.n } };
	hash_of(HASH_SHA256, parts, 2, hash);
	memcpy(&n, hash, sizeof(n));
	n |= (uint64_t)1 << 63; /* never a number */
	if (r->count == r->room && r->room < REDACT_NAMES_MAX)
		grow(r);
	uint32_t *slot = slot_of(r, n);
	if (!*slot && r->count < r->room) {
		r->hashes[r->count] = n;
		*slot = (uint32_t)++r->count;
	}
	return *slot ? *slot : n;
}

static void put_name(struct redact *r, const char *kind, struct bytes word, struct buf *out)
{
	uint64_t n = number_of(r, word);

	buf_printf(out, n <= REDACT_NAMES_MAX ? "%s%" PRIu64 : "%s%" PRIx64, kind, n);
}

static bool is_letter(unsigned char c)
{
	return (unsigned)((c | 32) - 'a') < 26;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* PLAIN: by its own looks. */
enum kind { PLAIN, USER, HOST };

/* What a word is made of; what ends one is ours to keep. */
static bool is_part(unsigned char c)
{
	return c > ' ' && c != 0x7f && !strchr("<>(),;\"[]'{}/?|", c);
}

/* Octets of the key in front that a login name without "@" stands behind; 0: none. */
static size_t user_key(struct bytes word)
{
	size_t n = bytes_find(word, '=') + 1;

	if (n <= word.n &&
			bytes_among(bytes_head(word, n),
					"sasl_username= ruser= user= set_id= authid="
					" from= to= ctladdr= U="))
		return n;
	return bytes_among(bytes_head(word, 8), "A=plain: A=login:") ? 8 :
								       0; /* Exim's A=login:NAME */
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
	return bytes_among(top_of(w),
			"db cf conf so c log lmtp pem key sock pid py pl crt sh gz service"
			" cache index ctl socket sieve lmdb lock tmp inc map txt cnf lua");
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

static void put_ip(struct redact *r, struct bytes ip, struct buf *out)
{
	static const struct bytes mapped = BYTES("::ffff:");
	bool is_private = addr_is_private(ip);
	struct bytes inner = bytes_skip(ip, mapped.n);

	if (bytes_starts_nocase(ip, mapped) && is_v4(inner)) {
		buf_put(out, mapped);
		ip = inner;
	}
	uint64_t n = number_of(r, ip);
	if (is_v4(ip) && n <= REDACT_NAMES_MAX) {
		buf_printf(out, "%d.%u.%u.%u", is_private ? 10 : 240, (unsigned)(n >> 16),
				(unsigned)(n >> 8 & 255), (unsigned)(n & 255));
		return;
	}
	buf_puts(out, is_private ? "fd00:" : "2001:db8:");
	for (int shift = 48; shift >= 0; shift -= 16)
		if (n >> shift)
			buf_printf(out, ":%x", (unsigned)(n >> shift & 0xffff));
}

/* Not loopback, nor 0.0.0.0, where servers listen. */
static bool is_client_v4(struct bytes w)
{
	return is_v4(w) && !bytes_starts(w, BYTES("127.")) && !bytes_equal(w, BYTES("0.0.0.0"));
}

/* A part without a colon, or with an address in it. */
static void put_plain(struct redact *r, struct bytes w, enum kind kind, struct buf *out)
{
	size_t at = bytes_find(w, '@');

	if (at + 1 < w.n) {
		if (at > 0)
			put_name(r, "user", bytes_head(w, at), out);
		put_name(r, "@domain", bytes_skip(w, at + 1), out);
		buf_puts(out, ".example");
	} else if (is_client_v4(w)) {
		put_ip(r, w, out);
	} else if (kind == USER && w.n > 0 && !is_v4(w)) {
		put_name(r, "user", w, out);
	} else if (is_host(w) ||
			(kind == HOST && !is_v4(w) && !bytes_equal(w, BYTES("localhost")))) {
		put_name(r, "host", w, out);
		buf_puts(out, bytes_find(w, '.') < w.n ? ".example" : "");
	} else {
		buf_put(out, w);
	}
}

/* Parts between colons ("smtp:192.0.2.1", "192.0.2.1:25"), of which one may be an IPv6 address. */
static void put_parts(struct redact *r, struct bytes w, enum kind kind, struct buf *out)
{
	for (;;) {
		struct bytes bare = bytes_head(w, bytes_find(w, '%')); /* fe80::1%eth0 */
		if (is_v6(bare) && !bytes_equal(bare, BYTES("::1"))) {
			put_ip(r, bare, out);
			buf_put(out, bytes_skip(w, bare.n));
			return;
		}
		struct bytes part = bytes_head(w, bytes_find(w, ':'));
		if (bytes_find(w, '@') < w.n)
			part = w;
		put_plain(r, part, kind, out);
		if (part.n == w.n)
			return;
		buf_putc(out, ':');
		w = bytes_skip(w, part.n + 1);
	}
}

/* A word without what is glued to it: "key=", a full stop or colon at its end. */
static void put_word(struct redact *r, struct bytes w, enum kind kind, struct buf *out)
{
	size_t key = user_key(w), tail;

	kind = key > 0 ? USER : kind;
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
	put_parts(r, bytes_head(w, tail), kind, out);
	buf_put(out, bytes_skip(w, tail));
}

/* Services and drivers behind which Dovecot has a login name in brackets. */
static bool is_user_in_brackets(struct bytes before)
{
	size_t from = before.n - 1; /* where the "(" is */

	while (from > 0 &&
			(is_letter(before.p[from - 1]) || is_digit(before.p[from - 1]) ||
					before.p[from - 1] == '-'))
		from--;
	return bytes_among((struct bytes){ before.p + from, before.n - 1 - from },
			"imap pop3 lmtp lda pam sql ldap passwd-file shadow managesieve static passwd lua"
			" oauth2 submission auth indexer-worker doveadm quota-status");
}

/* What a word is by what it stands between; Exim has a local part behind an arrow. */
static enum kind kind_of(struct bytes before, struct bytes word, struct bytes behind)
{
	static const struct {
		char before[13], behind[16], kind;
	} rows[] = {
		{ "user=<", ">", USER },
		{ "from=<", ">", USER },
		{ "to=<", ">", USER },
		{ "for user ", "", USER },
		{ "about user ", "", USER },
		{ "user: \"", "\"", USER },
		{ "] plaintext ", "", USER }, /* Cyrus */
		{ "] ", " plaintext", USER },
		{ " <= ", " ", USER },
		{ " => ", " ", USER },
		{ " -> ", " <", USER },
		{ " ** ", " ", USER },
		{ " == ", " ", USER },
		{ "helo=<", ">", HOST },
		{ "<", ">: Helo command", HOST },
		{ "H=(", ")", HOST },
	};

	if (bytes_ends(before, BYTES("(")) && is_user_in_brackets(before))
		return USER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bytes_ends(before, bytes_of(rows[i].before)) &&
				bytes_starts(behind, bytes_of(rows[i].behind)))
			return (enum kind)rows[i].kind;
	return bytes_ends(before, BYTES("user ")) && bytes_ends(word, BYTES(":")) ? USER : PLAIN;
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

/* Octets of a Dovecot session's id at the front of in, which is made of its client's address and
 * port (2.3: login-common/client-common.c); 0: none. */
static size_t session_size(struct bytes before, struct bytes in)
{
	bool is_pid = bytes_ends(before, BYTES(")<")); /* or, in 2.4, a session */
	size_t n = 0;

	if (!is_pid && !bytes_ends(before, BYTES("session=<")) &&
			!bytes_ends(before, BYTES(",<")) && !bytes_ends(before, BYTES("><")))
		return 0;
	while (n < in.n && (is_letter(in.p[n]) || is_digit(in.p[n]) || memchr("+/=", in.p[n], 3)))
		n++;
	return n < in.n && in.p[n] != '@' && !(is_pid && n < SESSION_MIN) ? n : 0;
}

/* What is written otherwise than as words at the front of in. Octets taken, 0: none. */
static size_t put_special(struct redact *r, struct bytes before, struct bytes in, struct buf *out)
{
	size_t n = quoted_size(in);

	if (n > 0) {
		put_plain(r, bytes_head(in, n), PLAIN, out);
		return n;
	}
	n = session_size(before, in);
	if (n > 0)
		put_name(r, "session", bytes_head(in, n), out);
	return n;
}

static void put_words(struct redact *r, struct bytes line, struct buf *out)
{
	bool is_mail_path = false;

	for (size_t i = 0; i < line.n;) {
		struct bytes before = bytes_head(line, i);
		size_t from = i, special = put_special(r, before, bytes_skip(line, i), out);
		i += special;
		if (special > 0)
			continue;
		while (i < line.n && is_part(line.p[i]))
			i++;
		struct bytes word = { line.p + from, i - from };
		if (from > 0 && line.p[from - 1] != '/')
			is_mail_path = false;
		enum kind kind = kind_of(before, word, bytes_skip(line, i));
		if (word.n > 0 && is_mail_path && !is_mail_directory(before, word) &&
				!is_host(word)) {
			kind = is_file(word) ? PLAIN : USER;
			is_mail_path = false;
		} else if (bytes_ends(before, BYTES("/")) && is_mail_directory(before, word)) {
			is_mail_path = true;
		}
		if (word.n > 0)
			put_word(r, word, kind, out);
		if (i < line.n)
			buf_putc(out, line.p[i++]);
	}
}

/* Dovecot's auth_verbose_passwords: "(given password: x)", "(SHA1 of given password: x)". */
static const struct bytes secret_mark = BYTES("given password: ");

bool redact_touches(const struct redact *r, struct bytes text)
{
	return r && (r->is_all || bytes_search(text, secret_mark) < text.n);
}

void redact_line(struct redact *r, struct bytes line, struct buf *out)
{
	size_t at = bytes_search(line, secret_mark) + secret_mark.n, end = line.n;

	at = at < line.n ? at : line.n;
	while (end > at && line.p[end - 1] != ')')
		end--;
	struct bytes parts[] = { bytes_head(line, at),
		bytes_skip(line, end > at ? end - 1 : line.n) };
	for (size_t i = 0; i < 2; i++) {
		if (i > 0 && at < line.n)
			buf_printf(out, "<hidden, %zu bytes>", line.n - at - parts[1].n);
		if (r->is_all)
			put_words(r, parts[i], out);
		else
			buf_put(out, parts[i]);
	}
}

bool redact_event(struct redact *r, const struct log_event *e, struct log_event *out)
{
	struct syslog_line at;

	if (!redact_touches(r, e->at.line)) {
		*out = *e;
		return true;
	}
	syslog_keep(&r->reader);
	buf_clear(&r->line);
	redact_line(r, e->at.line, &r->line);
	r->reader.now_s = e->at.wall_s == SYSLOG_NO_TIME ? 0 : e->at.wall_s;
	if (!syslog_read(&r->reader, buf_bytes(&r->line), &at))
		return false;
	at.wall_s = e->at.wall_s; /* the year may have come from elsewhere */
	maillog_read(&at, out);
	return true;
}
