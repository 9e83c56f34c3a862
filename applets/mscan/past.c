/* past - the JSON of another scan
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/past.h"

#include "applets/mscan/show.h"
#include "proto/jsonread.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The string member of that name, cut to size; "" when there is none. */
static void take_text(struct bytes object, const char *key, char *out, size_t size)
{
	struct jsonread_value v;
	struct buf text = BUF(size - 1);

	if (jsonread_find(object, key, &v))
		jsonread_string(&v, &text);
	snprintf(out, size, "%s", buf_text(&text));
	buf_free(&text);
}

/* False: another kind of line. */
static bool read_port(struct bytes object, struct past_port *out)
{
	struct jsonread_value v;
	char word[32];
	int64_t port;

	take_text(object, "type", word, sizeof(word));
	if (strcmp(word, "port") != 0 || !jsonread_find(object, "port", &v) ||
			!jsonread_int(&v, &port) || port < 1 || port > PORTS_LAST)
		return false;
	*out = (struct past_port){ .port = (uint16_t)port };
	take_text(object, "addr", out->addr, sizeof(out->addr));
	take_text(object, "state", word, sizeof(word));
	out->state = (unsigned char)mscan_state_of(bytes_of(word));
	take_text(object, "reason", word, sizeof(word));
	out->by_icmp = strcmp(word, "icmp") == 0;
	take_text(object, "icmp_from", out->icmp_from, sizeof(out->icmp_from));
	if (jsonread_find(object, "tls", &v) && v.kind == JSONREAD_OBJECT &&
			jsonread_find(v.text, "cert", &v) && v.kind == JSONREAD_OBJECT)
		take_text(v.text, "sha256", out->sha256, sizeof(out->sha256));
	return true;
}

bool past_read(struct past *p, const char *path, struct err *e)
{
	struct buf file = BUF(PAST_FILE_MAX);
	bool ok = file_read(path, &file, e);
	struct bytes rest = buf_bytes(&file);
	struct jsonread_value v;
	size_t room = 0;

	*p = (struct past){ 0 };
	while (ok && jsonread_take(&rest, &v)) {
		if (v.kind != JSONREAD_OBJECT)
			continue;
		if (p->count == room) {
			room = room ? 2 * room : 32;
			p->at = xrealloc(p->at, room * sizeof(p->at[0]));
		}
		p->count += read_port(v.text, &p->at[p->count]);
	}
	if (ok && (rest.n > 0 || p->count == 0))
		ok = err_set(e, ERR_USAGE, "%s: not what mscan --json writes", path);
	buf_free(&file);
	return ok;
}

void past_free(struct past *p)
{
	free(p->at);
	*p = (struct past){ 0 };
}

const struct past_port *past_find(const struct past *p, const char *addr, unsigned port)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].port == port && strcmp(p->at[i].addr, addr) == 0)
			return &p->at[i];
	return NULL;
}
