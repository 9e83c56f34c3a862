/* pop3 - CAPA, LIST, STAT, greeting stamp (RFC 1939, 2449)
 * SPDX-License-Identifier: MIT */
#include "proto/pop3.h"

#include "proto/sasl.h"
#include "proto/software.h"

enum { UID_MAX = 70 }; /* RFC 1939 7 */

void pop3_caps_add(struct pop3_caps *caps, struct bytes line)
{
	static const struct {
		const char *keyword;
		unsigned cap;
	} table[] = {
		{ "TOP", POP3_TOP },
		{ "USER", POP3_USER },
		{ "UIDL", POP3_UIDL },
		{ "STLS", POP3_STLS },
		{ "SASL", POP3_SASL },
		{ "RESP-CODES", POP3_RESP_CODES },
		{ "AUTH-RESP-CODE", POP3_AUTH_RESP_CODE },
		{ "PIPELINING", POP3_PIPELINING },
		{ "UTF8", POP3_UTF8 },
	};
	struct bytes rest = line;
	struct bytes keyword;

	if (!bytes_word(&rest, &keyword))
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!bytes_equal_nocase(keyword, bytes_of(table[i].keyword)))
			continue;
		caps->has |= table[i].cap;
		if (table[i].cap == POP3_SASL)
			sasl_mechs_add(rest, &caps->mechs, &caps->other_mechs);
	}
}

static bool two_numbers(struct bytes text, uint64_t *first, uint64_t *second)
{
	struct bytes word;
	uint64_t a;
	uint64_t b;

	if (!bytes_word(&text, &word) || !bytes_is_uint(word, UINT64_MAX, &a))
		return false;
	if (!bytes_word(&text, &word) || !bytes_is_uint(word, UINT64_MAX, &b))
		return false;
	*first = a;
	*second = b;
	return true;
}

bool pop3_stat(struct bytes text, uint64_t *count, uint64_t *octets)
{
	return two_numbers(text, count, octets);
}

bool pop3_list_line(struct bytes line, uint64_t *number, uint64_t *octets)
{
	return two_numbers(line, number, octets);
}

bool pop3_uidl_line(struct bytes line, uint64_t *number, struct bytes *uid, bool *odd)
{
	struct bytes word;
	uint64_t value;

	if (!bytes_word(&line, &word) || !bytes_is_uint(word, UINT64_MAX, &value))
		return false;
	struct bytes rest = bytes_trim(line);
	if (rest.n == 0)
		return false;
	*number = value;
	*uid = rest;
	*odd = rest.n > UID_MAX;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] <= ' ' || rest.p[i] > '~')
			*odd = true;
	return true;
}

/* The octets between the brackets. */
static bool is_msg_id(struct bytes id)
{
	size_t at = bytes_find(id, '@');

	if (at == 0 || at + 1 >= id.n || bytes_find(bytes_skip(id, at + 1), '@') < id.n - at - 1)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return true;
}

bool pop3_apop_stamp(struct bytes greeting, struct bytes *stamp)
{
	while (greeting.n > 0) {
		size_t end = bytes_find(greeting, '>');
		size_t start = end;
		if (end == greeting.n)
			return false;
		while (start > 0 && greeting.p[start] != '<')
			start--;
		struct bytes found = bytes_skip(bytes_head(greeting, end + 1), start);
		if (found.p[0] == '<' && is_msg_id(bytes_skip(bytes_head(found, found.n - 1), 1))) {
			*stamp = found;
			return true;
		}
		greeting = bytes_skip(greeting, end + 1);
	}
	return false;
}

bool pop3_greeting_software(struct bytes text, struct bytes *software)
{
	struct bytes stamp;

	/* The stamp holds a host name, and that may look like anything. */
	if (pop3_apop_stamp(text, &stamp))
		text = bytes_head(text, (size_t)(stamp.p - text.p));
	return software_find(text, software);
}

bool pop3_is_multiline(struct bytes command)
{
	static const struct {
		const char *verb;
		bool with_argument;
	} verbs[] = {
		{ "LIST", false },
		{ "UIDL", false },
		{ "AUTH", false },
		{ "LANG", false },
		{ "RETR", true },
		{ "TOP", true },
		{ "CAPA", true },
	};
	struct bytes verb;

	bytes_word(&command, &verb);
	bool has_argument = bytes_trim(command).n > 0;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (bytes_equal_nocase(verb, bytes_of(verbs[i].verb)))
			return verbs[i].with_argument || !has_argument;
	return false;
}
