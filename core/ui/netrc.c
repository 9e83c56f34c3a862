/* netrc - one login out of a netrc file
 * SPDX-License-Identifier: MIT */
#include "ui/netrc.h"

struct entry {
	bool is_wanted; /* it serves the host */
	bool has_password;
	struct buf *login, *password;
};

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the next word off the front of in. False at the end, and when it is too long. */
static bool take_word(struct bytes *in, struct buf *word)
{
	size_t i = 0;

	buf_clear(word);
	while (i < in->n && is_blank(in->p[i]))
		i++;
	*in = bytes_skip(*in, i);
	if (in->n == 0)
		return false;
	bool is_quoted = in->p[0] == '"';
	for (i = is_quoted; i < in->n; i++) {
		unsigned char c = in->p[i];
		if (is_quoted ? c == '"' : is_blank(c))
			break;
		if (is_quoted && c == '\\' && i + 1 < in->n)
			c = in->p[++i];
		if (!buf_putc(word, c))
			return false;
	}
	*in = bytes_skip(*in, i + is_quoted);
	return true;
}

static void begin(struct entry *entry, bool is_wanted)
{
	entry->is_wanted = is_wanted;
	entry->has_password = false;
	buf_clear(entry->login);
	buf_clear(entry->password);
}

static bool answers(const struct entry *entry, const char *user)
{
	struct bytes login = buf_bytes(entry->login);

	return entry->is_wanted && entry->has_password &&
			(!user || login.n == 0 || bytes_equal(login, bytes_of(user)));
}

/* A macro runs up to an empty line (netrc(5)). */
static void skip_macro(struct bytes *in)
{
	struct bytes line;

	while (bytes_line(in, &line))
		if (bytes_trim(line).n == 0)
			return;
}

static void skip_comment(struct bytes *in)
{
	*in = bytes_skip(*in, bytes_find(*in, '\n'));
}

/* The value behind a keyword; without one (cut off, too long) it is as if it were not there. */
static bool read_value(struct bytes *in, struct buf *word, struct buf *to)
{
	buf_clear(to);
	return take_word(in, word) && buf_put(to, buf_bytes(word));
}

/* What belongs to the entry begun: word is the keyword, in stands behind it. */
static void read_field(struct entry *entry, struct buf *word, struct bytes *in)
{
	struct bytes key = buf_bytes(word); /* until the next word is taken */

	if (bytes_equal(key, BYTES("login")))
		read_value(in, word, entry->login);
	else if (bytes_equal(key, BYTES("password")))
		entry->has_password = read_value(in, word, entry->password);
	else if (bytes_equal(key, BYTES("account")))
		take_word(in, word);
	else if (bytes_equal(key, BYTES("macdef")))
		skip_macro(in);
	else if (bytes_starts(key, BYTES("#")))
		skip_comment(in);
}

bool netrc_find(struct bytes text, const char *host, const char *user, struct buf *login,
		struct buf *password)
{
	struct buf word = BUF_SECRET(NETRC_WORD_MAX);
	struct entry entry = { .login = login, .password = password };

	begin(&entry, false);
	while (take_word(&text, &word)) {
		bool is_default = bytes_equal(buf_bytes(&word), BYTES("default"));
		bool is_machine = bytes_equal(buf_bytes(&word), BYTES("machine"));
		if ((is_default || is_machine) && answers(&entry, user))
			break;
		if (is_default)
			begin(&entry, true);
		else if (is_machine && take_word(&text, &word))
			begin(&entry, bytes_equal_nocase(buf_bytes(&word), bytes_of(host)));
		else
			read_field(&entry, &word, &text);
	}
	bool found = answers(&entry, user);
	if (!found)
		begin(&entry, false);
	buf_free(&word);
	return found;
}
