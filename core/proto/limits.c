/* limits - thresholds of a mailbox check: "messages=100,oldest=2h"
 * SPDX-License-Identifier: MIT */
#include "proto/limits.h"

enum { NUMBER_MAX = 1000 * 1000 * 1000 };

static bool take_age_unit(struct bytes *rest, uint64_t *value)
{
	static const struct {
		unsigned char letter;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };

	for (size_t i = 0; rest->n > 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (rest->p[0] == units[i].letter) {
			*value *= units[i].seconds;
			*rest = bytes_skip(*rest, 1);
			break;
		}
	return rest->n == 0;
}

static bool take_one(struct bytes word, struct limits *l)
{
	static const char *const names[LIMITS_COUNT] = { "messages", "oldest", "newest" };
	size_t equals = bytes_find(word, '=');
	struct bytes name = bytes_head(word, equals), rest = bytes_skip(word, equals + 1);

	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		if (!bytes_equal(name, bytes_of(names[i])))
			continue;
		if (l->given[i] || !bytes_uint(&rest, NUMBER_MAX, &l->most[i]))
			return false;
		l->given[i] = true;
		return i == LIMITS_MESSAGES ? rest.n == 0 : take_age_unit(&rest, &l->most[i]);
	}
	return false;
}

bool limits_parse(struct bytes text, struct limits *l)
{
	bool ok = text.n > 0;

	while (ok && text.n > 0) {
		size_t comma = bytes_find(text, ',');
		ok = take_one(bytes_head(text, comma), l) && comma + 1 != text.n;
		text = bytes_skip(text, comma + 1);
	}
	return ok;
}
