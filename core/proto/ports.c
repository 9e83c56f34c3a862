/* ports - TCP ports of mail hosts by name and number
 * SPDX-License-Identifier: MIT */
#include "proto/ports.h"

#include <string.h>

enum { SET_OCTETS = (PORTS_LAST + 1) / 8 };

/* In the order they are scanned and shown to matter. */
static const struct port_info table[] = {
	{ 25, "smtp", PORT_TALK_SMTP, false, true },
	{ 465, "submissions", PORT_TALK_SMTP, true, true },
	{ 587, "submission", PORT_TALK_SMTP, false, true },
	{ 110, "pop3", PORT_TALK_POP3, false, true },
	{ 995, "pop3s", PORT_TALK_POP3, true, true },
	{ 143, "imap", PORT_TALK_IMAP, false, true },
	{ 993, "imaps", PORT_TALK_IMAP, true, true },
	{ 4190, "sieve", PORT_TALK_SIEVE, false, true },
	{ 2525, "smtp-alt", PORT_TALK_SMTP, false, true },
	{ 24, "lmtp", PORT_TALK_LMTP, false, true },
	{ 22, "ssh", PORT_TALK_NONE, false, true },
	{ 80, "http", PORT_TALK_NONE, false, true },
	{ 443, "https", PORT_TALK_NONE, true, true },
	{ 113, "ident", PORT_TALK_NONE, false, true },
	{ 26, "smtp-alt", PORT_TALK_SMTP, false, false },
	{ 2000, "sieve-old", PORT_TALK_SIEVE, false, false },
	{ 106, "poppassd", PORT_TALK_NONE, false, false },
	{ 109, "pop2", PORT_TALK_NONE, false, false },
	{ 209, "qmtp", PORT_TALK_NONE, false, false },
	{ 366, "odmr", PORT_TALK_SMTP, false, false },
	{ 53, "domain", PORT_TALK_NONE, false, false },
	{ 389, "ldap", PORT_TALK_NONE, false, false },
	{ 636, "ldaps", PORT_TALK_NONE, true, false },
	{ 783, "spamd", PORT_TALK_NONE, false, false },
	{ 10024, "amavis", PORT_TALK_SMTP, false, false },
	{ 10025, "reinject", PORT_TALK_SMTP, false, false },
	{ 11332, "rspamd-proxy", PORT_TALK_NONE, false, false },
	{ 11333, "rspamd", PORT_TALK_NONE, false, false },
	{ 11334, "rspamd-web", PORT_TALK_NONE, false, false },
	{ 12340, "dovecot-auth", PORT_TALK_NONE, false, false },
};
enum { TABLE = sizeof(table) / sizeof(table[0]) };

const struct port_info *ports_info(unsigned port)
{
	for (size_t i = 0; i < TABLE; i++)
		if (table[i].port == port)
			return &table[i];
	return NULL;
}

unsigned ports_at(const struct ports *p, size_t i)
{
	uint16_t value;

	memcpy(&value, p->list.p + i * sizeof(value), sizeof(value));
	return value;
}

static bool has(const unsigned char *set, unsigned port)
{
	return set[port / 8] >> port % 8 & 1;
}

static void add(unsigned char *set, unsigned port)
{
	set[port / 8] |= (unsigned char)(1 << port % 8);
}

static bool wrong(struct err *e, struct bytes item, const char *why)
{
	return err_set(e, ERR_USAGE, "ports: \"%.*s\": %s", (int)(item.n < 60 ? item.n : 60),
			(const char *)item.p, why);
}

static bool add_name(unsigned char *set, struct bytes name)
{
	bool all = bytes_equal_nocase(name, BYTES("mail")), any = false;

	for (size_t i = 0; i < TABLE; i++)
		if (all || bytes_equal_nocase(name, bytes_of(table[i].name))) {
			add(set, table[i].port);
			any = true;
		}
	return any;
}

/* One end of a range, or the value when there is none. */
static bool take_end(struct bytes text, uint64_t missing, uint64_t *out)
{
	*out = missing;
	return text.n == 0 || (bytes_is_uint(text, PORTS_LAST, out) && *out > 0);
}

static bool add_item(unsigned char *set, struct bytes item, struct err *e)
{
	size_t dash = bytes_find(item, '-');
	struct bytes left = bytes_head(item, dash), right = bytes_skip(item, dash + 1);
	uint64_t from, to;

	if (item.n == 0)
		return err_set(e, ERR_USAGE, "ports: a port is missing beside a comma");
	if (add_name(set, item))
		return true;
	if (!take_end(left, 1, &from) || !take_end(right, dash < item.n ? PORTS_LAST : from, &to))
		return wrong(e, item, "neither a port (1 to 65535), a range, nor a known name");
	if (to < from)
		return wrong(e, item, "this range runs backwards");
	while (from <= to)
		add(set, (unsigned)from++);
	return true;
}

static void keep(struct ports *p, unsigned char *set, unsigned port)
{
	if (!has(set, port))
		return;
	uint16_t value = (uint16_t)port;
	buf_put(&p->list, (struct bytes){ (const unsigned char *)&value, sizeof(value) });
	p->count++;
	set[port / 8] &= (unsigned char)~(1 << port % 8);
}

static void put_in_order(struct ports *p, unsigned char *set)
{
	*p = (struct ports){ .list = BUF((PORTS_LAST + 1) * sizeof(uint16_t)) };
	for (size_t i = 0; i < TABLE; i++)
		keep(p, set, table[i].port);
	for (unsigned port = 1; port <= PORTS_LAST; port++)
		keep(p, set, port);
}

bool ports_parse(struct ports *p, struct bytes spec, struct err *e)
{
	unsigned char set[SET_OCTETS] = { 0 };

	*p = (struct ports){ 0 };
	for (;;) {
		struct bytes item = bytes_head(spec, bytes_find(spec, ','));
		if (!add_item(set, bytes_trim(item), e))
			return false;
		if (item.n == spec.n)
			break;
		spec = bytes_skip(spec, item.n + 1);
	}
	put_in_order(p, set);
	return true;
}

void ports_default(struct ports *p)
{
	unsigned char set[SET_OCTETS] = { 0 };

	for (size_t i = 0; i < TABLE; i++)
		if (table[i].is_default)
			add(set, table[i].port);
	put_in_order(p, set);
}

void ports_free(struct ports *p)
{
	buf_free(&p->list);
	*p = (struct ports){ 0 };
}
