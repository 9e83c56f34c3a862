/* unwrap - JSON and export entries of logs, made plain lines
 * SPDX-License-Identifier: MIT */
#include "proto/unwrap.h"

#include "proto/jsonread.h"
#include "proto/syslog.h"

#include <string.h>

enum part { MICROSECONDS, TIME, HOST, NAME, COMMAND, PID, PRIORITY, TEXT };

enum { FACILITY_MAIL = 2 << 3, WARNING = 4 };

static const char *const keys[UNWRAP_PARTS] = {
	[MICROSECONDS] = "__REALTIME_TIMESTAMP",
	[TIME] = "time",
	[HOST] = "_HOSTNAME",
	[NAME] = "SYSLOG_IDENTIFIER",
	[COMMAND] = "_COMM",
	[PID] = "_PID",
	[PRIORITY] = "PRIORITY",
	[TEXT] = "MESSAGE",
};

static const struct bytes export_head = BYTES("__CURSOR=");

static void clear(struct unwrap *u)
{
	for (size_t i = 0; i < UNWRAP_PARTS; i++)
		buf_clear(&u->parts[i]);
	u->is_open = u->has_text = u->is_binary = false;
	u->left = 0;
}

void unwrap_init(struct unwrap *u)
{
	*u = (struct unwrap){ .is_open = false };
	for (size_t i = 0; i < UNWRAP_PARTS; i++)
		u->parts[i].max = i == TEXT ? UNWRAP_TEXT_MAX : 256;
}

void unwrap_free(struct unwrap *u)
{
	for (size_t i = 0; i < UNWRAP_PARTS; i++)
		buf_free(&u->parts[i]);
}

static int part_of(struct bytes key)
{
	for (int i = 0; i < UNWRAP_PARTS; i++)
		if (bytes_equal(key, bytes_of(keys[i])))
			return i;
	return -1;
}

/* "1740974706123456" as a time of day in UTC. */
static void put_time(struct buf *out, struct bytes microseconds)
{
	uint64_t us;

	if (!bytes_is_uint(microseconds, 253402300799999999, &us)) /* the year 9999 */
		return;
	struct syslog_date d = syslog_date((int64_t)(us / 1000000));
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ ", d.year, d.month, d.day, d.hour,
			d.minute, d.second, (unsigned)(us % 1000000));
}

static void put_word(struct buf *out, struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		buf_putc(out, word.p[i] > ' ' ? word.p[i] : '_');
}

static void put_text(struct buf *out, struct bytes text)
{
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			buf_puts(out, "#012");
		else if (text.p[i] != '\0')
			buf_putc(out, text.p[i]);
	buf_putc(out, '\n');
}

static void put_entry(struct unwrap *u, struct buf *out)
{
	struct buf *parts = u->parts;
	uint64_t priority;

	if (bytes_is_uint(buf_bytes(&parts[PRIORITY]), WARNING, &priority))
		buf_printf(out, "<%u>", FACILITY_MAIL + (unsigned)priority);
	put_time(out, buf_bytes(&parts[MICROSECONDS]));
	put_word(out, parts[HOST].n ? buf_bytes(&parts[HOST]) : BYTES("-"));
	buf_putc(out, ' ');
	const struct buf *name = &parts[parts[NAME].n ? NAME : COMMAND];
	put_word(out, name->n ? buf_bytes(name) : BYTES("unknown"));
	if (parts[PID].n > 0) {
		buf_putc(out, '[');
		put_word(out, buf_bytes(&parts[PID]));
		buf_putc(out, ']');
	}
	buf_puts(out, ": ");
	put_text(out, buf_bytes(&parts[TEXT]));
}

/* An array of the octets of a text that is no UTF-8, or of values: the first counts. */
static bool put_array(struct bytes items, struct buf *out)
{
	struct jsonread_value v;
	int64_t octet;

	while (jsonread_item(&items, &v)) {
		if (v.kind == JSONREAD_STRING)
			return jsonread_string(&v, out);
		if (!jsonread_int(&v, &octet) || octet < 0 || octet > 255)
			return false;
		buf_putc(out, (unsigned char)octet);
	}
	return items.n == 0;
}

static bool put_value(const struct jsonread_value *v, struct buf *out)
{
	switch (v->kind) {
	case JSONREAD_STRING:
		return jsonread_string(v, out) || out->overflow;
	case JSONREAD_NUMBER:
		return buf_put(out, v->text);
	case JSONREAD_ARRAY:
		return put_array(v->text, out);
	case JSONREAD_NULL: /* journalctl(1), --all */
		return buf_puts(out, "(over 4096 octets: journalctl gives it with --all)");
	default:
		return false;
	}
}

/* {"type":"login","session":2,"proto":"smtp",...} of mailsink. False: not of that form. */
static bool put_event(struct bytes members, struct buf *out)
{
	static const char *const head[] = { "session", "proto", "type" };
	static const char *const before[] = { "mailsink[", "]: ", ": " };
	struct jsonread_value v;
	struct bytes key;
	struct buf text = BUF(UNWRAP_TEXT_MAX);

	for (size_t i = 0; i < 3; i++) {
		if (!jsonread_find(members, head[i], &v) ||
				v.kind != (i > 0 ? JSONREAD_STRING : JSONREAD_NUMBER))
			return false;
		buf_puts(out, before[i]);
		put_word(out, v.text);
	}
	for (const char *comma = " "; jsonread_member(&members, &key, &v);) {
		if (bytes_equal(key, bytes_of(head[0])) || bytes_equal(key, bytes_of(head[1])) ||
				bytes_equal(key, bytes_of(head[2])))
			continue;
		bool is_text = v.kind == JSONREAD_STRING || v.kind == JSONREAD_ARRAY;
		buf_puts(&text, comma);
		buf_put(&text, key);
		buf_puts(&text, is_text ? "=<" : "=");
		if (!is_text)
			buf_put(&text, v.text);
		else if (!put_value(&v, &text) && !text.overflow)
			break;
		buf_puts(&text, is_text ? ">" : "");
		comma = ", ";
	}
	put_text(out, buf_bytes(&text));
	buf_free(&text);
	return true;
}

/* False: another object, or none. */
static bool read_object(struct unwrap *u, struct bytes line, struct buf *out)
{
	struct jsonread_value v;
	struct bytes key;
	bool is_docker = false;

	if (!jsonread_take(&line, &v) || v.kind != JSONREAD_OBJECT || line.n > 0)
		return false;
	const struct bytes members = v.text;
	struct bytes rest = members;
	while (jsonread_member(&rest, &key, &v)) {
		bool is_line = bytes_equal(key, BYTES("log"));
		int part = is_line ? TEXT : part_of(key);
		if (part < 0 || u->parts[part].n > 0)
			continue;
		if (!put_value(&v, &u->parts[part]))
			return false;
		is_docker = is_docker || is_line;
		u->has_text = u->has_text || part == TEXT;
	}
	if (rest.n == 0 && !u->has_text)
		return put_event(members, out);
	if (!u->has_text || rest.n > 0 || is_docker == (u->parts[MICROSECONDS].n > 0))
		return false;
	if (!is_docker) {
		put_entry(u, out);
		return true;
	}
	if (u->parts[TIME].n > 0) {
		put_word(out, buf_bytes(&u->parts[TIME]));
		buf_putc(out, ' ');
	}
	put_text(out, buf_bytes(&u->parts[TEXT]));
	return true;
}

static void put_binary(struct unwrap *u, struct bytes piece)
{
	if (u->binary >= 0)
		buf_put(&u->parts[u->binary], piece);
}

/* A value behind its length, whose 64 bits (the lowest octet first) have lost their NULs: the
 * octets that give the length of what follows, or of more when it has line feeds. */
static void begin_binary(struct unwrap *u, struct bytes line)
{
	uint64_t length = u->low;
	size_t octets = 0;

	if (line.n == 0) {
		u->low = '\n';
		u->low_n = 1;
		return;
	}
	for (unsigned shift = 8u * u->low_n; length < line.n - octets && octets < 3; shift += 8)
		length |= (uint64_t)line.p[octets++] << shift;
	u->nuls += 8 - u->low_n - octets;
	line = bytes_skip(line, octets);
	put_binary(u, line);
	u->left = length > line.n ? length - line.n : 0;
	u->is_binary = false;
}

/* A line within the rest of a value. */
static void go_on(struct unwrap *u, struct bytes line)
{
	put_binary(u, BYTES("\n"));
	put_binary(u, line);
	u->left = u->left > line.n + 1 ? u->left - line.n - 1 : 0;
}

static void read_field(struct unwrap *u, struct bytes line, struct buf *out)
{
	size_t eq = bytes_find(line, '=');
	int part = part_of(bytes_head(line, eq));

	if (u->left > 0) {
		go_on(u, line);
	} else if (u->is_binary) {
		begin_binary(u, line);
	} else if (line.n == 0) {
		if (u->has_text)
			put_entry(u, out);
		clear(u);
	} else if (eq == line.n) {
		u->is_binary = true;
		u->low = u->low_n = 0;
		u->binary = part >= 0 && u->parts[part].n == 0 ? part : -1;
		u->has_text = u->has_text || part == TEXT;
	} else if (part >= 0 && u->parts[part].n == 0) {
		buf_put(&u->parts[part], bytes_skip(line, eq + 1));
		u->has_text = u->has_text || part == TEXT;
	}
}

static void read_line(struct unwrap *u, struct bytes line, struct buf *out)
{
	size_t had = out->n;

	if (u->is_open || bytes_starts(line, export_head)) {
		u->is_open = true;
		read_field(u, line, out);
		return;
	}
	if (line.n > 0 && line.p[0] == '{') {
		bool is_read = read_object(u, line, out);
		clear(u);
		if (is_read)
			return;
		out->n = had;
	}
	buf_put(out, line);
	buf_putc(out, '\n');
}

void unwrap_lines(struct unwrap *u, struct buf *lines, size_t offset)
{
	struct bytes fresh = bytes_skip(buf_bytes(lines), offset);
	struct buf copy = BUF(fresh.n);

	if (!u->is_open && !bytes_begins_line(fresh, '{', export_head.p[0]))
		return; /* nothing to do, which costs next to nothing */
	buf_put(&copy, fresh);
	lines->n = offset;
	fresh = buf_bytes(&copy);
	while (fresh.n > 0) { /* a carriage return counts in a length: no bytes_line() */
		struct bytes line = bytes_head(fresh, bytes_find(fresh, '\n'));
		read_line(u, line, lines);
		fresh = bytes_skip(fresh, line.n + 1);
	}
	buf_free(&copy);
}

void unwrap_finish(struct unwrap *u, struct buf *lines)
{
	if (u->has_text)
		put_entry(u, lines);
	clear(u);
}
