/* find - the base64 string in a line that somebody pasted
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/b64auth.h"

#include "proto/b64.h"
#include "proto/sasl.h"

enum { SHORTEST = 4 };

static bool is_digit_of_base64(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
}

bool b64auth_is_digits(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!is_digit_of_base64(word.p[i]))
			return false;
	return word.n > 0;
}

/* Words that stand before the string: "AUTH PLAIN", "a1 AUTHENTICATE LOGIN", "334", "+". */
static bool is_protocol(struct bytes word)
{
	return sasl_mech_of(word) || bytes_equal_nocase(word, BYTES("AUTH")) ||
			bytes_equal_nocase(word, BYTES("AUTHENTICATE")) ||
			bytes_equal(word, BYTES("334")) || bytes_equal(word, BYTES("+"));
}

/* Has what words of a language do not have: a pad, a digit, a capital behind a small letter. */
static bool looks_encoded(struct bytes word)
{
	bool has_small = false;

	if (word.n < SHORTEST || !b64auth_is_digits(word) || is_protocol(word))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i];
		has_small = has_small || (c >= 'a' && c <= 'z');
		if (c == '=' || (has_small && ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))))
			return true;
	}
	return word.p[word.n - 1] >= '0' && word.p[word.n - 1] <= '9';
}

static bool is_well_formed(struct bytes word)
{
	struct buf decoded = BUF_SECRET(word.n);
	bool ok = b64_decode(word, &decoded, NULL) == B64_OK;

	buf_free(&decoded);
	return ok;
}

/* "failed: UGFzc3dvcmQ6, sasl_username=..." */
static struct bytes strip_punctuation(struct bytes word)
{
	while (word.n > 1 && !is_digit_of_base64(word.p[word.n - 1]))
		word.n--;
	return word;
}

struct bytes b64auth_find(struct bytes line)
{
	struct bytes rest = line, word, last = { 0 }, encoded = { 0 }, good = { 0 };
	bool all_digits = true, any_protocol = false, is_behind_protocol = false;
	size_t count = 0;

	for (; bytes_word(&rest, &word); count++) {
		is_behind_protocol = is_protocol(last);
		any_protocol = any_protocol || is_protocol(word);
		all_digits = all_digits && b64auth_is_digits(word);
		last = word;
		struct bytes bare = strip_punctuation(word);
		if (!looks_encoded(bare))
			continue;
		encoded = bare;
		if (is_well_formed(bare))
			good = bare;
	}
	if (count == 1)
		return last;
	if (all_digits && !any_protocol && encoded.n > 0)
		return bytes_trim(line);
	if (good.n > 0)
		return good;
	if (encoded.n > 0)
		return encoded;
	return is_behind_protocol && !is_protocol(last) ? last : (struct bytes){ 0 };
}
