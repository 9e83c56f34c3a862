/* smtp - EHLO lists, commands, queue ids (RFC 5321)
 * SPDX-License-Identifier: MIT */
#include "proto/smtp.h"

#include "proto/sasl.h"
#include "proto/software.h"

enum {
	DOMAIN_MAX = 255, /* RFC 5321 4.5.3.1.2 */
	LABEL_MAX = 63,   /* RFC 1035 2.3.4 */
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Cisco "inspect esmtp" writes an X over each letter of a keyword it does not let through, and a
 * letter that tells the places apart over the last one. */
static bool is_masked(struct bytes word)
{
	if (word.n < 4 || word.p[word.n - 1] < 'A' || word.p[word.n - 1] > 'Z')
		return false;
	for (size_t i = 0; i + 1 < word.n; i++)
		if (word.p[i] != 'X')
			return false;
	return true;
}

static unsigned cap_of(struct bytes keyword)
{
	static const struct {
		const char *keyword;
		unsigned cap;
	} caps[] = {
		{ "PIPELINING", SMTP_PIPELINING },
		{ "SIZE", SMTP_SIZE },
		{ "STARTTLS", SMTP_STARTTLS },
		{ "AUTH", SMTP_AUTH },
		{ "AUTH=", SMTP_AUTH_OLD },
		{ "8BITMIME", SMTP_8BITMIME },
		{ "SMTPUTF8", SMTP_SMTPUTF8 },
		{ "ENHANCEDSTATUSCODES", SMTP_ENHANCED },
		{ "DSN", SMTP_DSN },
		{ "CHUNKING", SMTP_CHUNKING },
	};

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (bytes_equal_nocase(keyword, bytes_of(caps[i].keyword)))
			return caps[i].cap;
	return is_masked(keyword) ? SMTP_MASKED : 0;
}

struct bytes smtp_keyword(struct bytes line)
{
	struct bytes word;

	bytes_word(&line, &word);
	return bytes_head(word, bytes_find(word, '=') + 1);
}

void smtp_caps_read(const struct reply *ehlo, struct smtp_caps *out)
{
	*out = (struct smtp_caps){ 0 };
	for (size_t i = 1; i < ehlo->line_count; i++) {
		struct bytes line = bytes_trim(reply_text(ehlo, i));
		struct bytes keyword = smtp_keyword(line);
		struct bytes rest = bytes_trim(bytes_skip(line, keyword.n));
		unsigned cap = cap_of(keyword);
		out->has |= cap;
		if (cap & (SMTP_AUTH | SMTP_AUTH_OLD))
			sasl_mechs_add(rest, &out->mechs, &out->other_mechs);
		if (cap == SMTP_SIZE && !bytes_uint(&rest, UINT64_MAX, &out->size_max))
			out->size_max = 0;
	}
}

/* Labels of letters, digits and inner hyphens, split by dots; *dots counts these. */
static bool is_domain(struct bytes name, size_t *dots)
{
	size_t label = 0;

	*dots = 0;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];
		if (c == '.') {
			if (label == 0 || name.p[i - 1] == '-')
				return false;
			++*dots;
			label = 0;
			continue;
		}
		if (!is_alnum(c) && (c != '-' || label == 0))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return name.n > 0 && name.n <= DOMAIN_MAX && label > 0 && name.p[name.n - 1] != '-';
}

static bool is_ipv4(struct bytes text)
{
	uint64_t octet;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && (text.n == 0 || text.p[0] != '.'))
			return false;
		if (i > 0)
			text = bytes_skip(text, 1);
		if (!bytes_uint(&text, 255, &octet))
			return false;
	}
	return text.n == 0;
}

/* Enough of RFC 4291 2.2 to tell an address from a slip of the pen. */
static bool is_ipv6(struct bytes text)
{
	size_t colons = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ':')
			colons++;
		else if (!is_hex(text.p[i]) && text.p[i] != '.')
			return false;
	}
	return colons >= 2 && colons <= 7;
}

static bool is_literal(struct bytes name)
{
	static const char ipv6[] = "IPv6:";

	if (name.n < 2 || name.p[0] != '[' || name.p[name.n - 1] != ']')
		return false;
	name = bytes_skip(bytes_head(name, name.n - 1), 1);
	if (bytes_starts_nocase(name, bytes_of(ipv6)))
		return is_ipv6(bytes_skip(name, sizeof(ipv6) - 1));
	return is_ipv4(name);
}

bool smtp_helo_ok(struct bytes name)
{
	size_t dots;

	if (is_literal(name))
		return true;
	return is_domain(name, &dots) && dots > 0 && !is_digit(name.p[name.n - 1]);
}

static bool is_greeting_word(struct bytes word)
{
	static const char *const words[] = { "ESMTP", "SMTP", "LMTP", "Hello" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal_nocase(word, bytes_of(words[i])))
			return true;
	return false;
}

struct bytes smtp_banner_host(struct bytes text)
{
	struct bytes word;
	struct bytes next;
	size_t dots;
	const struct bytes none = { NULL, 0 };

	if (!bytes_word(&text, &word))
		return none;
	if (is_literal(word))
		return word;
	if (!is_domain(word, &dots) || is_greeting_word(word))
		return none;
	if (dots == 0 && !(bytes_word(&text, &next) && is_greeting_word(next)))
		return none;
	return word;
}

bool smtp_banner_software(struct bytes text, struct bytes *software)
{
	struct bytes host = smtp_banner_host(text);
	struct bytes rest = text;

	if (host.n > 0)
		rest = bytes_skip(text, (size_t)(host.p - text.p) + host.n);
	return software_find(rest, software);
}

static bool all_of(struct bytes word, bool (*is_ok)(unsigned char))
{
	for (size_t i = 0; i < word.n; i++)
		if (!is_ok(word.p[i]))
			return false;
	return word.n > 0;
}

static bool has_digit(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		if (is_digit(word.p[i]))
			return true;
	return false;
}

/* Letters and digits, as Postfix, Stalwart and KumoMTA number. */
static bool is_plain_id(struct bytes word)
{
	return word.n >= 4 && all_of(word, is_alnum);
}

/* Sendmail 8 to 14 ("6AP2tPQt015284"), OpenSMTPD 8 hex; an English word has no digit. */
static bool is_sendmail_id(struct bytes word)
{
	return word.n >= 8 && word.n <= 16 && all_of(word, is_alnum) && has_digit(word);
}

/* Groups of letters and digits of these sizes, split by a separator; 0 ends the list. */
static bool is_grouped(struct bytes word, const size_t *sizes, unsigned char separator)
{
	for (; *sizes; sizes++) {
		if (word.n < *sizes || !all_of(bytes_head(word, *sizes), is_alnum))
			return false;
		word = bytes_skip(word, *sizes);
		if (sizes[1] && (word.n == 0 || word.p[0] != separator))
			return false;
		if (sizes[1])
			word = bytes_skip(word, 1);
	}
	return word.n == 0;
}

/* Six-six-two until Exim 4.96, six-eleven-four since 4.97. */
static bool is_exim_id(struct bytes word)
{
	static const size_t before_497[] = { 6, 6, 2, 0 };
	static const size_t since_497[] = { 6, 11, 4, 0 };

	return is_grouped(word, before_497, '-') || is_grouped(word, since_497, '-');
}

/* A UUID, then ".1" for the first mail of the connection and so on. */
static bool is_haraka_id(struct bytes word)
{
	static const size_t uuid[] = { 8, 4, 4, 4, 12, 0 };
	struct bytes rest = bytes_skip(word, 36);

	return is_grouped(bytes_head(word, 36), uuid, '-') &&
			(rest.n == 0 ||
					(rest.p[0] == '.' &&
							all_of(bytes_skip(rest, 1), is_digit)));
}

/* Three hex numbers and dots: inode, time, process. */
static bool is_courier_id(struct bytes word)
{
	size_t dots = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.')
			dots++;
		else if (!is_hex(word.p[i]))
			return false;
	}
	return dots == 2 && word.n >= 12;
}

static bool is_number(struct bytes word)
{
	return all_of(word, is_digit);
}

static bool has_inner_capital(struct bytes word)
{
	for (size_t i = 1; i < word.n; i++)
		if (word.p[i] >= 'A' && word.p[i] <= 'Z' && word.p[i - 1] >= 'a')
			return true;
	return false;
}

/* Gmail and Dovecot's LMTP: base64 and the like; at least something that no English word is. */
static bool is_token(struct bytes word)
{
	return word.n >= 12 && !bytes_has_control(word) &&
			(has_digit(word) || has_inner_capital(word));
}

/* The word in front of the end of head. */
static struct bytes last_word(struct bytes head)
{
	head = bytes_trim(head);
	size_t n = head.n;
	while (n > 0 && head.p[n - 1] != ' ' && head.p[n - 1] != '\t')
		n--;
	return bytes_skip(head, n);
}

/* The word at the start of tail, up to a blank or a mark that no id has. */
static struct bytes first_word(struct bytes tail)
{
	size_t n = 0;

	while (n < tail.n && tail.p[n] > ' ' && tail.p[n] != ',' && tail.p[n] != ')' &&
			tail.p[n] != ']' && tail.p[n] != ';')
		n++;
	while (n > 0 && tail.p[n - 1] == '.')
		n--;
	return bytes_head(tail, n);
}

/* The words around the id, as the servers named write them. */
bool smtp_queue_id(struct bytes text, struct bytes *id)
{
	static const struct {
		const char *mark;
		bool is_before; /* the id stands before the mark */
		bool (*is_id)(struct bytes word);
	} forms[] = {
		{ "[InternalId=", false, is_number }, /* Exchange 2013 and later */
		{ "queued as ", false, is_plain_id }, /* Postfix, Dovecot's relay, Halon, Mailpit */
		{ "OK id=", false, is_exim_id },      /* Exim */
		{ "OK ids=", false, is_plain_id },    /* KumoMTA */
		{ " Message accepted", true, is_sendmail_id }, /* Sendmail, OpenSMTPD */
		{ " - gsmtp", true, is_token },                /* Gmail */
		{ " qp ", false, is_number },                  /* qmail */
		{ "Ok. ", false, is_courier_id },              /* Courier */
		{ " Saved", true, is_token },                  /* Dovecot LMTP */
		{ "Message Queued (", false, is_haraka_id },   /* Haraka */
		{ "queued with id ", false, is_plain_id },     /* Stalwart */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bytes mark = bytes_of(forms[i].mark);
		size_t at = bytes_search_nocase(text, mark);
		if (at == text.n)
			continue;
		struct bytes word = forms[i].is_before ? last_word(bytes_head(text, at)) :
							 first_word(bytes_skip(text, at + mark.n));
		if (forms[i].is_id(word)) {
			*id = word;
			return true;
		}
	}
	return false;
}

/* RFC 5321 4.1.2: outside a quoted string no blank or angle bracket can stand in a mailbox;
 * inside, '\' quotes. */
static bool is_path(struct bytes addr)
{
	bool in_quotes = false;

	for (size_t i = 0; i < addr.n; i++) {
		unsigned char c = addr.p[i];
		if (c == '"')
			in_quotes = !in_quotes;
		else if (in_quotes && c == '\\')
			i++;
		else if (!in_quotes && (c == '<' || c == '>' || c == ' '))
			return false;
	}
	return !in_quotes;
}

bool smtp_path_command(struct buf *out, const char *verb, struct bytes addr, struct bytes params)
{
	size_t before = out->n;

	if (bytes_has_control(addr) || bytes_has_control(params) || !is_path(addr))
		return false;
	bool fits = buf_puts(out, verb) && buf_puts(out, ":<") && buf_put(out, addr) &&
			buf_puts(out, ">");
	if (fits && params.n > 0)
		fits = buf_puts(out, " ") && buf_put(out, params);
	if (!fits)
		out->n = before;
	return fits;
}
