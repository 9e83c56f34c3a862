/* maillog - what a line of a mail log says, as facts
 * SPDX-License-Identifier: MIT */
#include "proto/maillog.h"

#include "proto/maillog_impl.h"

enum { ID_MAX = 24 };

static const char *const family_names[LOG_FAMILIES] = { "other", "postfix", "dovecot", "exim",
	"sendmail", "opensmtpd", "cyrus", "courier", "pam", "saslauthd", "opendkim", "rspamd",
	"amavis", "spamd", "clamav", "postgrey", "policyd", "fail2ban", "mailsink", "kernel",
	"systemd" };

static const char *const class_names[LOG_CLASSES] = { "unknown", "routine", "connect", "disconnect",
	"lost", "tls", "tls-failed", "received", "identified", "queued", "sent", "deferred",
	"bounced", "expired", "held", "discarded", "rejected", "removed", "notice", "filtered",
	"stored", "login", "login-failed", "login-detail", "logout", "banned", "attack", "trouble",
	"fatal" };

const char *maillog_family_name(enum log_family family)
{
	return family_names[family];
}

const char *maillog_class_name(enum log_class class)
{
	return class_names[class];
}

static struct bytes head_of(const struct maillog_start *row)
{
	return (struct bytes){ (const unsigned char *)row->head, row->head_n };
}

bool maillog_starts(struct log_event *e, struct bytes text, const struct maillog_start *rows,
		size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct maillog_start *row = &rows[i];
		if (text.n < row->head_n || text.p[0] != (unsigned char)row->head[0] ||
				!bytes_equal(bytes_head(text, row->head_n), head_of(row)))
			continue;
		e->class = (enum log_class)row->class;
		if (row->read)
			row->read(e, bytes_skip(text, row->head_n));
		return true;
	}
	return false;
}

enum log_class maillog_phrases(struct bytes text, const struct maillog_phrase *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_search(text,
				    (struct bytes){ (const unsigned char *)rows[i].phrase,
						    rows[i].phrase_n }) < text.n)
			return (enum log_class)rows[i].class;
	return LOG_UNKNOWN;
}

/* ", key=" or the end of the fields: what follows a value. */
static bool is_after_value(struct bytes in)
{
	size_t i = 2;

	if (in.n == 0 || in.p[0] != ',')
		return in.n == 0 || in.p[0] == ' ' || in.p[0] == ';' || in.p[0] == ')';
	while (i < in.n && (maillog_is_letter(in.p[i]) || in.p[i] == '_' || in.p[i] == '-'))
		i++;
	return i < 3 || i >= in.n || in.p[i] == '=' || in.p[i] == ':' || in.p[i] == ',';
}

/* The end of a value in <>: a quoted local part may hold a ">" too. */
static size_t angle_end(struct bytes in)
{
	for (size_t i = 1; i < in.n; i++) {
		i += bytes_find((struct bytes){ in.p + i, in.n - i }, '>');
		if (i < in.n && is_after_value((struct bytes){ in.p + i + 1, in.n - i - 1 }))
			return i;
	}
	return in.n;
}

static size_t plain_end(struct bytes in, bool by_blank)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] > ',') /* neither that nor a blank */
			continue;
		if (in.p[i] == ' ' && by_blank)
			return i;
		if (in.p[i] == ',' && (i + 1 == in.n || in.p[i + 1] == ' '))
			return i;
		if (in.p[i] == ' ' && i + 1 < in.n && in.p[i + 1] == '(')
			return i;
	}
	return in.n;
}

enum { SEPARATOR = 1, LATER = 2, LETTER = 4, KEY_MAX = 24 }; /* LATER: not the first of a key */
static const unsigned char field_octets[256] = { [' '] = SEPARATOR,
	[','] = SEPARATOR,
	[';'] = SEPARATOR,
	['-'] = LATER,
	['0' ... '9'] = LETTER,
	['A' ... 'Z'] = LETTER,
	['_'] = LETTER,
	['a' ... 'z'] = LETTER };

bool maillog_field(struct bytes *in, bool by_blank, struct bytes *key, struct bytes *value)
{
	if (in->n == 0) /* then p may be NULL */
		return false;
	const unsigned char *p = in->p, *end = p + in->n;

	while (p < end && field_octets[*p] == SEPARATOR)
		p++;
	const unsigned char *from = p;
	if (p < end && field_octets[*p] == LETTER)
		while (p < end && field_octets[*p] >= LATER && p < from + KEY_MAX)
			p++;
	if (p == from || p >= end || *p != '=')
		return false;
	*key = (struct bytes){ from, (size_t)(p - from) };
	struct bytes rest = { p + 1, (size_t)(end - p) - 1 };
	size_t skip = 0, n;
	if (rest.n > 0 && rest.p[0] == '<') {
		skip = 1;
		n = angle_end(rest);
	} else if (rest.n > 1 && rest.p[0] == '"') {
		struct bytes inner = { rest.p + 1, rest.n - 1 };
		skip = 1;
		n = 1 + bytes_find(inner, '"');
	} else {
		n = plain_end(rest, by_blank);
	}
	*value = (struct bytes){ rest.p + skip, n - skip };
	*in = (struct bytes){ rest.p + n, rest.n - n };
	if (skip && in->n > 0)
		*in = (struct bytes){ in->p + 1, in->n - 1 };
	return true;
}

void maillog_fields(struct log_event *e, struct bytes *in, bool by_blank,
		const struct maillog_key *keys, size_t count)
{
	struct bytes key, value;

	while (maillog_field(in, by_blank, &key, &value))
		for (size_t i = 0; i < count; i++)
			if (keys[i].key_n == key.n && memcmp(keys[i].key, key.p, key.n) == 0) {
				memcpy((char *)e + keys[i].offset, &value, sizeof(value));
				break;
			}
}

bool maillog_peer(struct bytes *in, struct bytes *name, struct bytes *ip)
{
	static const unsigned char ends[4] = { '[', ' ', '[', ' ' };
	size_t open = bytes_find_any(*in, ends);

	if (open >= in->n || in->p[open] != '[')
		return false;
	struct bytes inner = { in->p + open + 1, in->n - open - 1 };
	size_t n = bytes_find(bytes_head(inner, 256), ']');
	if (n >= inner.n || n >= 256)
		return false;
	*name = bytes_head(*in, open);
	*ip = bytes_head(inner, n);
	*in = bytes_skip(inner, n + 1);
	if (in->n > 1 && in->p[0] == ':' && in->p[1] >= '0' && in->p[1] <= '9') {
		uint64_t port;
		*in = bytes_skip(*in, 1);
		bytes_uint(in, 65535, &port);
	}
	return true;
}

struct bytes maillog_between(struct bytes in, const char *open, const char *close)
{
	struct bytes o = bytes_of(open), c = bytes_of(close);
	size_t at = bytes_search(in, o);
	struct bytes inner = bytes_skip(in, at + o.n);
	size_t n = bytes_search(inner, c);

	if (at >= in.n || n >= inner.n)
		return (struct bytes){ NULL, 0 };
	return bytes_head(inner, n);
}

struct bytes maillog_last(struct bytes in, struct bytes what)
{
	struct bytes last = { NULL, 0 };

	for (size_t at; (at = bytes_search(in, what)) < in.n;)
		last = in = bytes_skip(in, at + what.n);
	return last;
}

struct bytes maillog_bare(struct bytes a)
{
	if (a.n > 1 && a.p[0] == '<' && a.p[a.n - 1] == '>')
		return (struct bytes){ a.p + 1, a.n - 2 };
	return a;
}

struct bytes maillog_value(struct bytes in, struct bytes key)
{
	size_t from = 0;

	for (;;) {
		size_t at = bytes_search(bytes_skip(in, from), key);
		if (at + from >= in.n)
			return (struct bytes){ NULL, 0 };
		from += at;
		if (from == 0 || memchr(" ,;([", in.p[from - 1], 5))
			break;
		from += key.n;
	}
	struct bytes value = bytes_skip(in, from + key.n);
	if (value.n > 0 && value.p[0] == '<')
		return maillog_bare(bytes_head(value, angle_end(value) + 1));
	size_t n = 0;
	while (n < value.n && !memchr(" ,;)]", value.p[n], 5))
		n++;
	return bytes_head(value, n);
}

bool maillog_is_ip(struct bytes word)
{
	size_t dots = 0, colons = 0;

	if (bytes_starts_nocase(word, BYTES("IPv6:")))
		word = bytes_skip(word, 5);
	word = bytes_head(word, bytes_find(word, '%'));
	if (word.n < 3 || word.n > 45)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i];
		dots += c == '.';
		colons += c == ':';
		if ((bytes_hex(c) < 0 && c != '.' && c != ':') || (c > '9' && c != ':' && dots > 0))
			return false;
	}
	if (colons == 0)
		return dots == 3;
	/* a time of day has two colons, too */
	return colons > 2 || (colons == 2 && HAS(word, "::"));
}

static bool is_ip_part(unsigned char c)
{
	return (c >= '0' && c <= ':') || c == '.' || c == '%' || maillog_is_letter(c);
}

struct bytes maillog_ip(struct bytes in)
{
	struct bytes found = { NULL, 0 };

	for (size_t i = 0; i < in.n;) {
		size_t from = i;
		while (i < in.n && is_ip_part(in.p[i]))
			i++;
		struct bytes word = { in.p + from, i - from };
		if (word.n > 1 &&
				(word.p[word.n - 1] == '.' ||
						(word.p[word.n - 1] == ':' &&
								word.p[word.n - 2] != ':')))
			word.n--;
		bool in_brackets = from > 0 && in.p[from - 1] == '[' && i < in.n && in.p[i] == ']';
		if (word.n >= 3 && (in_brackets || found.n == 0) && maillog_is_ip(word)) {
			if (in_brackets)
				return word;
			found = word;
		}
		i += i < in.n;
	}
	return found;
}

static bool is_dsn(struct bytes word)
{
	return word.n >= 5 && word.n <= 9 &&
			(word.p[0] == '2' || word.p[0] == '4' || word.p[0] == '5') &&
			word.p[1] == '.' && bytes_find(bytes_skip(word, 2), '.') < 4;
}

void maillog_reply(struct log_event *e, struct bytes text)
{
	uint64_t code;
	struct bytes rest = text, word;

	if (!bytes_uint(&rest, 599, &code) || code < 200 || rest.n == 0 ||
			(rest.p[0] != ' ' && rest.p[0] != '-'))
		return;
	e->code = (unsigned)code;
	rest = bytes_skip(rest, 1);
	if (bytes_word(&rest, &word) && is_dsn(word))
		e->dsn = word;
}

uint32_t maillog_ms(struct bytes text)
{
	uint64_t part = 0, days = 0, s = 0;

	for (size_t n = 0; n < 4 && bytes_uint(&text, 4000000, &part); n++) {
		s = s * 60 + part;
		if (text.n == 0 || (text.p[0] != ':' && text.p[0] != '+'))
			break;
		if (text.p[0] == '+') {
			days = s;
			s = 0;
		}
		text = bytes_skip(text, 1);
	}
	uint64_t ms = (days * 86400 + s) * 1000;
	for (uint32_t scale = 100, i = 1; text.n > i && i < 4 && text.p[0] == '.' &&
			text.p[i] >= '0' && text.p[i] <= '9';
			i++, scale /= 10)
		ms += (uint64_t)(text.p[i] - '0') * scale;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

enum log_class maillog_by_level(enum syslog_level level)
{
	if (level <= SYSLOG_CRIT)
		return LOG_FATAL;
	return level <= SYSLOG_WARNING ? LOG_TROUBLE : LOG_UNKNOWN;
}

bool maillog_level(struct log_event *e, struct bytes *text)
{
	static const struct {
		struct bytes word;
		enum syslog_level level;
	} rows[] = { { BYTES("warning: "), SYSLOG_WARNING }, { BYTES("fatal: "), SYSLOG_CRIT },
		{ BYTES("error: "), SYSLOG_ERR }, { BYTES("panic: "), SYSLOG_EMERG },
		{ BYTES("info: "), SYSLOG_INFO }, { BYTES("debug: "), SYSLOG_DEBUG } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (text->n == 0 || (text->p[0] | 32) != rows[i].word.p[0] ||
				!bytes_starts_nocase(*text, rows[i].word))
			continue;
		e->level = rows[i].level;
		*text = bytes_skip(*text, rows[i].word.n);
		return true;
	}
	return false;
}

/* What an octet may be part of: a short id (hexadecimal digits), a long one, whose digits count
 * from 0 on (digits and consonants; Postfix 2.9, safe_ultostr). */
enum { OF_SHORT = 64, OF_LONG = 128, DIGIT = 63 };
static const unsigned char id_octets[256] = { 0, ['0'] = 192, 193, 194, 195, 196, 197, 198, 199,
	200, 201, ['A'] = 64, 202, 203, 204, 64, 205, 142, 143, ['J'] = 144, 145, 146, 147,
	148, ['P'] = 149, 150, 151, 152, 153, ['V'] = 154, 155, 156, 157, 158, ['b'] = 159, 160,
	161, ['f'] = 162, 163, 164, ['j'] = 165, 166, 167, 168, 169, ['p'] = 170, 171, 172, 173,
	174, ['v'] = 175, 176, 177, 178, 179 };

/* Long: 6 digits of seconds, 4 of microseconds, "z", the inode in base 51. */
size_t maillog_queue_id(struct bytes in, enum log_id_kind *kind, int64_t *arrived_s)
{
	size_t n = 0, end = in.n <= ID_MAX ? in.n : ID_MAX + 1;
	unsigned all = OF_SHORT | OF_LONG;

	for (unsigned octet; n < end && (octet = id_octets[in.p[n]]) != 0; n++)
		all &= octet;
	*arrived_s = 0;
	*kind = LOG_ID_NONE;
	if ((all & OF_SHORT) && n >= 6 && n <= ID_MAX)
		*kind = LOG_ID_SHORT;
	if (*kind || !(all & OF_LONG) || n < 11 || n > 22 || in.p[10] != 'z')
		return *kind ? n : 0;
	*kind = LOG_ID_LONG;
	for (size_t i = 0; i < 6; i++)
		*arrived_s = *arrived_s * 52 + (id_octets[in.p[i]] & DIGIT);
	return n;
}

static int value62(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

static int64_t number62(struct bytes word)
{
	int64_t n = 0;

	for (size_t i = 0; i < word.n; i++) {
		int v = value62(word.p[i]);
		if (v < 0)
			return -1;
		n = n * 62 + v;
	}
	return n;
}

/* 6-6-2, since 4.97 6-11-4; the first part is the time in base 62. */
static bool is_exim_id(struct bytes w, int64_t *arrived_s)
{
	if ((w.n != 16 && w.n != 23) || w.p[6] != '-' || w.p[w.n == 16 ? 13 : 18] != '-')
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (value62(w.p[i]) < 0 && w.p[i] != '-')
			return false;
	*arrived_s = number62(bytes_head(w, 6));
	return *arrived_s >= 0;
}

/* "x23AbCdE123456": year, month, day, hour, minute, second, sequence, pid. */
static bool is_sendmail_id(struct bytes w)
{
	if (w.n < 12 || w.n > 16)
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (value62(w.p[i]) < 0)
			return false;
	for (size_t i = w.n - 5; i < w.n; i++)
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
	return true;
}

enum log_id_kind maillog_id_kind(struct bytes word, int64_t *arrived_s)
{
	int64_t when = 0, *to = arrived_s ? arrived_s : &when;
	enum log_id_kind kind;

	if (maillog_queue_id(word, &kind, to) == word.n && kind)
		return kind;
	*to = 0;
	if (is_exim_id(word, to))
		return LOG_ID_EXIM;
	return is_sendmail_id(word) ? LOG_ID_SENDMAIL : LOG_ID_NONE;
}

static void read_system(struct log_event *e)
{
	static const struct maillog_phrase rows[] = {
		PHRASE("Out of memory: Kill", LOG_FATAL),
		PHRASE("oom-kill", LOG_FATAL),
		PHRASE("No space left on device", LOG_FATAL),
		PHRASE("Remounting filesystem read-only", LOG_FATAL),
		PHRASE("EXT4-fs error", LOG_FATAL),
		PHRASE("I/O error", LOG_FATAL),
		PHRASE("Failed with result", LOG_FATAL),
		PHRASE("Failed to start", LOG_FATAL),
		PHRASE("tart request repeated too quickly", LOG_FATAL),
		PHRASE("entered failed state", LOG_FATAL),
		PHRASE("segfault at", LOG_FATAL),
		PHRASE("possible SYN flooding", LOG_TROUBLE),
		PHRASE("nf_conntrack: table full", LOG_TROUBLE),
		PHRASE("Main process exited", LOG_TROUBLE),
	};

	e->class = maillog_phrases(e->at.text, rows, COUNT(rows));
	if (e->class == LOG_UNKNOWN)
		e->class = maillog_by_level(e->level);
	if (e->class == LOG_UNKNOWN)
		e->class = LOG_ROUTINE;
	else
		e->reason = e->at.text;
}

static void read_banned(struct log_event *e)
{
	if (HAS(e->at.text, "] Ban ") || HAS(e->at.text, "] Restore Ban "))
		e->class = LOG_BANNED;
	else
		e->class = LOG_ROUTINE;
	e->ip = maillog_ip(e->at.text);
}

static void read_other(struct log_event *e)
{
	struct bytes text = e->at.text;

	e->ip = maillog_ip(text);
	maillog_level(e, &text);
	e->class = maillog_by_level(e->level);
	/* rsyslogd: "imuxsock lost 432 messages ..", systemd-journald: "Suppressed 7124 messages .." */
	if ((STARTS(e->at.program, "rsyslogd") && HAS(text, " lost ")) ||
			(STARTS(e->at.program, "systemd-journal") && STARTS(text, "Suppressed ")))
		e->class = LOG_TROUBLE;
	e->reason = text;
}

/* By the program's name, its beginning when is_head. */
static const struct {
	struct bytes name;
	enum log_family family;
	bool is_head;
} programs[] = {
	{ BYTES("dovecot"), LOG_DOVECOT, true },
	{ BYTES("exim"), LOG_EXIM, true },
	{ BYTES("opendkim"), LOG_OPENDKIM, false },
	{ BYTES("opendmarc"), LOG_OPENDKIM, false },
	{ BYTES("sm-mta"), LOG_SENDMAIL, false },
	{ BYTES("sendmail"), LOG_SENDMAIL, true },
	{ BYTES("sm-"), LOG_SENDMAIL, true },
	{ BYTES("mimedefang"), LOG_SENDMAIL, true },
	{ BYTES("rspamd"), LOG_RSPAMD, true },
	{ BYTES("amavis"), LOG_AMAVIS, true },
	{ BYTES("spamd"), LOG_SPAMD, true },
	{ BYTES("clam"), LOG_CLAMAV, true },
	{ BYTES("freshclam"), LOG_CLAMAV, false },
	{ BYTES("postgrey"), LOG_POSTGREY, true },
	{ BYTES("policyd"), LOG_POLICYD, true },
	{ BYTES("postfix-policyd"), LOG_POLICYD, true },
	{ BYTES("fail2ban"), LOG_FAIL2BAN, true },
	{ BYTES("mailsink"), LOG_MAILSINK, false },
	{ BYTES("saslauthd"), LOG_SASLAUTHD, false },
	{ BYTES("unix_chkpwd"), LOG_PAM, false },
	{ BYTES("kernel"), LOG_KERNEL, false },
	{ BYTES("systemd"), LOG_SYSTEMD, false },
	{ BYTES("imapd-ssl"), LOG_COURIER, false },
	{ BYTES("pop3d-ssl"), LOG_COURIER, false },
	{ BYTES("courier"), LOG_COURIER, true },
	{ BYTES("authdaemond"), LOG_COURIER, false },
	{ BYTES("cyrus"), LOG_CYRUS, true },
	{ BYTES("ctl_cyrusdb"), LOG_CYRUS, false },
	{ BYTES("lmtpunix"), LOG_CYRUS, false },
	{ BYTES("smtpd"), LOG_OPENSMTPD, false },
};

/* Cyrus and Courier both have an imapd and a pop3d. */
static enum log_family imapd_family(struct bytes text)
{
	return STARTS(text, "LOG") || STARTS(text, "Connection, ip=") ||
					STARTS(text, "DISCONNECTED") || STARTS(text, "chdir") ||
					STARTS(text, "TIMEOUT") ?
			LOG_COURIER :
			LOG_CYRUS;
}

static bool is_postfix_daemon(struct bytes name)
{
	return bytes_among(name,
			"smtpd qmgr cleanup smtp lmtp local virtual pipe pickup bounce error retry"
			" anvil scache master postscreen dnsblog tlsproxy tlsmgr trivial-rewrite"
			" proxymap verify showq spawn discard oqmgr nqmgr flush qmqpd postlogd"
			" postdrop postsuper postqueue postmap postalias sendmail postfix-script"
			" proxywrite postlog postmulti defer trace");
}

/* A program of one word. */
static bool is_postfix_program(struct bytes name)
{
	static const struct bytes names[] = { BYTES("postfix"), BYTES("postqueue"),
		BYTES("postsuper"), BYTES("postdrop"), BYTES("postlogd"), BYTES("postmulti"),
		BYTES("postfix-script"), BYTES("postscreen"), BYTES("qmgr") };

	for (size_t i = 0; i < COUNT(names); i++)
		if (bytes_equal(name, names[i]))
			return true;
	return false;
}

/* "postfix/submission/smtpd", "example.com/smtp": the last part is the daemon. */
static bool take_postfix(struct log_event *e, struct bytes program)
{
	bool is_named = STARTS(program, "postfix");
	size_t first = bytes_find(program, '/');
	struct bytes daemon = bytes_skip(program, first + 1);

	if (first == program.n) {
		e->daemon = program;
		return program.n > 0 && (program.p[0] == 'p' || program.p[0] == 'q') &&
				is_postfix_program(program);
	}
	for (size_t slash; (slash = bytes_find(daemon, '/')) < daemon.n;)
		daemon = bytes_skip(daemon, slash + 1);
	if (!is_named && !is_postfix_daemon(daemon))
		return false;
	e->daemon = daemon;
	if (is_named && first + 1 + daemon.n < program.n)
		e->service = (struct bytes){ program.p + first + 1,
			program.n - first - daemon.n - 2 };
	return true;
}

/* "499180d826c0df6c smtp connected ...": OpenSMTPD in the foreground, as in a container. */
static bool is_opensmtpd(struct bytes text)
{
	size_t n = 0;
	struct bytes what = bytes_skip(text, 17);

	while (n < text.n && bytes_hex(text.p[n]) >= 0)
		n++;
	return n == 16 && (STARTS(what, "smtp ") || STARTS(what, "mta ") || STARTS(what, "mda "));
}

static enum log_family family_of(struct log_event *e)
{
	struct bytes program = e->at.program, text = e->at.text;

	if (take_postfix(e, program))
		return LOG_POSTFIX;
	e->daemon = program;
	if (STARTS(text, "pam_") || STARTS(text, "(pam_") || STARTS(text, "PAM "))
		return LOG_PAM;
	for (size_t i = 0; i < COUNT(programs); i++)
		if (programs[i].is_head ? bytes_starts(program, programs[i].name) :
					  bytes_equal(program, programs[i].name))
			return programs[i].family;
	if (IS(program, "imapd") || IS(program, "pop3d") || IS(program, "imaps") ||
			IS(program, "pop3s") || IS(program, "imap") || IS(program, "pop3"))
		return imapd_family(text);
	if (maillog_dovecot_service(program))
		return LOG_DOVECOT;
	if (program.n == 0 && is_opensmtpd(text))
		return LOG_OPENSMTPD;
	return LOG_OTHER;
}

void maillog_read(const struct syslog_line *line, struct log_event *out)
{
	static void (*const readers[LOG_FAMILIES])(struct log_event *) = {
		[LOG_OTHER] = read_other,
		[LOG_POSTFIX] = maillog_postfix,
		[LOG_DOVECOT] = maillog_dovecot,
		[LOG_EXIM] = maillog_exim,
		[LOG_SENDMAIL] = maillog_sendmail,
		[LOG_OPENSMTPD] = maillog_opensmtpd,
		[LOG_CYRUS] = maillog_login,
		[LOG_COURIER] = maillog_login,
		[LOG_PAM] = maillog_login,
		[LOG_SASLAUTHD] = maillog_login,
		[LOG_OPENDKIM] = maillog_filter,
		[LOG_RSPAMD] = maillog_filter,
		[LOG_AMAVIS] = maillog_filter,
		[LOG_SPAMD] = maillog_filter,
		[LOG_CLAMAV] = maillog_filter,
		[LOG_POSTGREY] = maillog_filter,
		[LOG_POLICYD] = maillog_filter,
		[LOG_FAIL2BAN] = read_banned,
		[LOG_MAILSINK] = maillog_mailsink,
		[LOG_KERNEL] = read_system,
		[LOG_SYSTEMD] = read_system,
	};

	memset((char *)out + sizeof(out->at), 0, sizeof(*out) - sizeof(out->at));
	if (line != &out->at)
		out->at = *line;
	out->level = line->level;
	out->family = family_of(out);
	readers[out->family](out);
}
