/* journal - JSON and export entries of logs, made plain lines
 * SPDX-License-Identifier: MIT */
#include "proto/journal.h"

#include "proto/jsonread.h"
#include "proto/syslog.h"

#include <string.h>

enum part { MICROSECONDS, TIME, HOST, NAME, COMMAND, PID, PRIORITY, TEXT };

enum { FACILITY_MAIL = 2 << 3, WARNING = 4 };

static const char *const keys[JOURNAL_PARTS] = {
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

static void clear(struct journal *j)
{
	for (size_t i = 0; i < JOURNAL_PARTS; i++)
		buf_clear(&j->parts[i]);
	j->is_open = j->has_text = j->is_binary = false;
	j->left = 0;
}

void journal_init(struct journal *j)
{
	*j = (struct journal){ .is_open = false };
	for (size_t i = 0; i < JOURNAL_PARTS; i++)
		j->parts[i].max = i == TEXT ? JOURNAL_TEXT_MAX : 256;
}

void journal_free(struct journal *j)
{
	for (size_t i = 0; i < JOURNAL_PARTS; i++)
		buf_free(&j->parts[i]);
}

static int part_of(struct bytes key)
{
	for (int i = 0; i < JOURNAL_PARTS; i++)
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

static void put_entry(struct journal *j, struct buf *out)
{
	struct buf *parts = j->parts;
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

/* False: another object, or none. */
static bool read_object(struct journal *j, struct bytes line, struct buf *out)
{
	struct jsonread_value v;
	struct bytes key;
	bool is_docker = false;

	if (!jsonread_take(&line, &v) || v.kind != JSONREAD_OBJECT || line.n > 0)
		return false;
	struct bytes rest = v.text;
	while (jsonread_member(&rest, &key, &v)) {
		bool is_line = bytes_equal(key, BYTES("log"));
		int part = is_line ? TEXT : part_of(key);
		if (part < 0 || j->parts[part].n > 0)
			continue;
		if (!put_value(&v, &j->parts[part]))
			return false;
		is_docker = is_docker || is_line;
		j->has_text = j->has_text || part == TEXT;
	}
	if (!j->has_text || rest.n > 0 || is_docker == (j->parts[MICROSECONDS].n > 0))
		return false;
	if (!is_docker) {
		put_entry(j, out);
		return true;
	}
	if (j->parts[TIME].n > 0) {
		put_word(out, buf_bytes(&j->parts[TIME]));
		buf_putc(out, ' ');
	}
	put_text(out, buf_bytes(&j->parts[TEXT]));
	return true;
}

static void put_binary(struct journal *j, struct bytes piece)
{
	if (j->binary >= 0)
		buf_put(&j->parts[j->binary], piece);
}

/* A value behind its length, whose 64 bits (the lowest octet first) have lost their NULs: the
 * octets that give the length of what follows, or of more when it has line feeds. */
static void begin_binary(struct journal *j, struct bytes line)
{
	uint64_t length = j->low;
	size_t octets = 0;

	if (line.n == 0) {
		j->low = '\n';
		j->low_n = 1;
		return;
	}
	for (unsigned shift = 8u * j->low_n; length < line.n - octets && octets < 3; shift += 8)
		length |= (uint64_t)line.p[octets++] << shift;
	j->nuls += 8 - j->low_n - octets;
	line = bytes_skip(line, octets);
	put_binary(j, line);
	j->left = length > line.n ? length - line.n : 0;
	j->is_binary = false;
}

/* A line within the rest of a value. */
static void go_on(struct journal *j, struct bytes line)
{
	put_binary(j, BYTES("\n"));
	put_binary(j, line);
	j->left = j->left > line.n + 1 ? j->left - line.n - 1 : 0;
}

static void read_field(struct journal *j, struct bytes line, struct buf *out)
{
	size_t eq = bytes_find(line, '=');
	int part = part_of(bytes_head(line, eq));

	if (j->left > 0) {
		go_on(j, line);
	} else if (j->is_binary) {
		begin_binary(j, line);
	} else if (line.n == 0) {
		if (j->has_text)
			put_entry(j, out);
		clear(j);
	} else if (eq == line.n) {
		j->is_binary = true;
		j->low = j->low_n = 0;
		j->binary = part >= 0 && j->parts[part].n == 0 ? part : -1;
		j->has_text = j->has_text || part == TEXT;
	} else if (part >= 0 && j->parts[part].n == 0) {
		buf_put(&j->parts[part], bytes_skip(line, eq + 1));
		j->has_text = j->has_text || part == TEXT;
	}
}

static void read_line(struct journal *j, struct bytes line, struct buf *out)
{
	size_t had = out->n;

	if (j->is_open || bytes_starts(line, export_head)) {
		j->is_open = true;
		read_field(j, line, out);
		return;
	}
	if (line.n > 0 && line.p[0] == '{') {
		bool is_read = read_object(j, line, out);
		clear(j);
		if (is_read)
			return;
		out->n = had;
	}
	buf_put(out, line);
	buf_putc(out, '\n');
}

/* Nothing to do here, which costs next to nothing. */
static bool is_plain(const struct journal *j, struct bytes lines)
{
	for (size_t at = 0; (at += bytes_find(bytes_skip(lines, at), '{')) < lines.n; at++)
		if (at == 0 || lines.p[at - 1] == '\n')
			return false;
	return !j->is_open && bytes_search(lines, export_head) == lines.n;
}

void journal_plain(struct journal *j, struct buf *lines, size_t offset)
{
	struct bytes fresh = bytes_skip(buf_bytes(lines), offset);
	struct buf copy = BUF(fresh.n);

	if (is_plain(j, fresh))
		return;
	buf_put(&copy, fresh);
	lines->n = offset;
	fresh = buf_bytes(&copy);
	while (fresh.n > 0) { /* a carriage return counts in a length: no bytes_line() */
		struct bytes line = bytes_head(fresh, bytes_find(fresh, '\n'));
		read_line(j, line, lines);
		fresh = bytes_skip(fresh, line.n + 1);
	}
	buf_free(&copy);
}

void journal_finish(struct journal *j, struct buf *lines)
{
	if (j->has_text)
		put_entry(j, lines);
	clear(j);
}
