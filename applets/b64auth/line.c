/* line - what a pasted line is, and the string in it
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/line.h"

#include "proto/b64.h"
#include "proto/pop3.h"
#include "proto/sasl.h"

enum { SHORTEST = 4 };

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_digit_of_base64(unsigned char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || is_digit(c) || c == '+' || c == '/' ||
			c == '-' || c == '_' || c == '=';
}

bool b64auth_is_digits(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!is_digit_of_base64(word.p[i]))
			return false;
	return word.n > 0;
}

/* Has what words of a language do not have: a pad, a digit, a capital behind a small letter. */
static bool looks_encoded(struct bytes word)
{
	bool has_small = false;

	if (word.n < SHORTEST || !b64auth_is_digits(word))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i];
		has_small = has_small || (c >= 'a' && c <= 'z');
		if (c == '=' || (has_small && ((c >= 'A' && c <= 'Z') || is_digit(c))))
			return true;
	}
	return is_digit(word.p[word.n - 1]);
}

/* Is a message of a login for sure, or text that may be one of LOGIN's. */
static bool is_message(struct bytes word)
{
	struct buf decoded = BUF_SECRET(word.n);
	bool ok = b64_decode(word, &decoded, NULL) == B64_OK;
	enum sasl_look look = sasl_look_at(buf_bytes(&decoded), NULL);

	if (look == SASL_LOOK_TEXT)
		ok = ok && bytes_is_ascii(buf_bytes(&decoded));
	buf_free(&decoded);
	return ok && look != SASL_LOOK_NOTHING;
}

/* "failed: UGFzc3dvcmQ6, sasl_username=..." */
static struct bytes strip_punctuation(struct bytes word)
{
	while (word.n > 1 && !is_digit_of_base64(word.p[word.n - 1]))
		word.n--;
	return word;
}

struct bytes b64auth_find(struct bytes words, bool is_strict)
{
	struct bytes rest = words, word, encoded = { 0 }, message = { 0 };
	bool are_all = true;

	while (bytes_word(&rest, &word)) {
		word = strip_punctuation(word);
		if (sasl_look_is_token(word))
			return word;
		if (!looks_encoded(word)) {
			are_all = false;
			continue;
		}
		encoded = word;
		if (message.n == 0 && is_message(word))
			message = word;
	}
	if (!is_strict && are_all)
		return bytes_trim(words);
	return is_strict || message.n > 0 ? message : encoded;
}

/* "C: ", "[1] S: ", "<- ", "~> ": how smtptalk, mailsink, swaks and curl mark whose line it is. */
static struct bytes strip_mark(struct bytes line)
{
	static const char *const marks[] = { "C:", "S:", "->", "<-", "~>", "<~", "<**", "**>", "<",
		">" };
	struct bytes rest = line, word;

	if (bytes_starts(line, BYTES("[")) && bytes_find(line, ']') < 8)
		rest = line = bytes_trim(bytes_skip(line, bytes_find(line, ']') + 1));
	if (!bytes_word(&rest, &word))
		return line;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (bytes_equal(word, bytes_of(marks[i])))
			return bytes_trim(rest);
	return line;
}

/* "250-SIZE", "+OK", "a1 NO", "* CAPABILITY"; and a client's "*", which ends the exchange too. */
static bool is_status(struct bytes first, struct bytes second)
{
	static const char *const words[] = { "OK", "NO", "BAD" };

	if (bytes_equal(first, BYTES("*")) || bytes_equal(first, BYTES("+OK")) ||
			bytes_equal(first, BYTES("-ERR")))
		return true;
	if (first.n >= 3 && first.p[0] >= '2' && first.p[0] <= '5' && is_digit(first.p[1]) &&
			is_digit(first.p[2]))
		return first.n == 3 || first.p[3] == '-';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal(second, bytes_of(words[i])))
			return true;
	return false;
}

/* "AUTH PLAIN AHNh...", "a1 AUTHENTICATE PLAIN =" */
static bool read_command(struct bytes line, struct b64auth_line *out)
{
	struct bytes rest = line, word = { 0 }, mech = { 0 };

	bytes_word(&rest, &word);
	if (!bytes_equal_nocase(word, BYTES("AUTH")) &&
			!bytes_equal_nocase(word, BYTES("AUTHENTICATE")))
		bytes_word(&rest, &word);
	bool is_command = bytes_equal_nocase(word, BYTES("AUTHENTICATE")) ||
			(bytes_equal_nocase(word, BYTES("AUTH")) && word.p == line.p);
	bytes_word(&rest, &mech);
	rest = bytes_trim(rest);
	unsigned known = sasl_mech_of(mech);
	if (!is_command || !known || sasl_mech_of(bytes_head(rest, bytes_find(rest, ' '))))
		return false; /* also "AUTH PLAIN LOGIN", out of a list of what a server has */
	out->kind = B64AUTH_COMMAND;
	out->mech = known;
	out->text = bytes_equal(rest, BYTES("=")) ? BYTES("") : rest;
	return true;
}

/* "PASS ...", "a1 LOGIN ...": no SASL, and nothing to be shown. */
static bool is_other_login(struct bytes first, struct bytes second)
{
	return second.n > 0 &&
			(bytes_equal_nocase(first, BYTES("PASS")) ||
					bytes_equal_nocase(second, BYTES("LOGIN")));
}

void b64auth_read_line(struct bytes line, struct b64auth_line *out)
{
	struct bytes rest, first = { 0 }, second = { 0 };

	*out = (struct b64auth_line){ .kind = B64AUTH_WORDS };
	out->text = line = rest = strip_mark(bytes_trim(line));
	bytes_word(&rest, &first);
	bytes_word(&rest, &second);
	if (bytes_equal(first, BYTES("334")) || bytes_equal(first, BYTES("+"))) {
		out->kind = B64AUTH_CHALLENGE;
		out->text = bytes_trim(bytes_skip(line, first.n));
	} else if (bytes_equal(first, BYTES("+OK")) && pop3_apop_stamp(line, &out->text)) {
		out->kind = B64AUTH_STAMP;
	} else if (bytes_equal_nocase(first, BYTES("APOP")) && second.n > 0) {
		out->kind = B64AUTH_APOP;
		out->text = bytes_trim(bytes_skip(line, first.n));
	} else if (read_command(line, out)) {
		return;
	} else if (is_status(first, second) || is_other_login(first, second)) {
		out->kind = B64AUTH_STATUS;
	} else if (second.n == 0) {
		out->kind = B64AUTH_WORD;
	}
}
