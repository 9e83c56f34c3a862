/* summary_json - a summary written out, and added up again
 * SPDX-License-Identifier: MIT */
#include "applets/maillogwatch/summary.h"
#include "know/advice.h"
#include "proto/b64.h"
#include "proto/jsonread.h"
#include "ui/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX INT64_C(253402300799) /* the end of year 9999, in seconds since 1970 */

enum { TEXT_MAX = 4096, VERSION = 2 };

static void put_numbers(struct json *j, const char *key, const uint64_t *n, size_t count)
{
	char name[3] = "00";

	json_object(j, key);
	for (size_t i = 0; i < count; i++) {
		name[0] = (char)('0' + i / 10);
		name[1] = (char)('0' + i % 10);
		json_int(j, name, (int64_t)n[i]);
	}
	json_close(j);
}

static void put_tally(struct json *j, const char *key, struct tally *t)
{
	tally_sort(t);
	json_object(j, key);
	json_int(j, "dropped", (int64_t)t->dropped);
	json_array(j, "rows");
	for (size_t i = 0; i < t->count; i++) {
		json_item_object(j);
		json_text(j, "text", tally_text(t, &t->rows[i]));
		json_int(j, "n", (int64_t)t->rows[i].count);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

/* Times that are not known are left out. */
static void put_seconds(struct json *j, const char *key, int64_t s)
{
	if (s != SYSLOG_NO_TIME)
		json_int(j, key, s);
}

static void put_faults(struct json *j, const struct summary *s)
{
	json_array(j, "faults");
	for (size_t i = 0; i < advice_count; i++) {
		const struct summary_fault *fault = &s->faults[i];
		if (fault->count == 0)
			continue;
		json_item_object(j);
		json_str(j, "id", advice_list()[i].id);
		json_int(j, "n", (int64_t)fault->count);
		put_seconds(j, "first", fault->first_s);
		put_seconds(j, "last", fault->last_s);
		json_close(j);
	}
	json_close(j);
}

static void put_mails(struct json *j, struct summary *s)
{
	struct summary_lives list = { .count = 0 };

	summary_mails_list(s, &list);
	json_array(j, "open");
	for (size_t i = 0; i < list.count; i++) {
		const struct summary_life *life = &list.at[i];
		json_item_object(j);
		json_int(j, "id", (int64_t)life->hash);
		json_int(j, "flags", life->flags);
		put_seconds(j, "first", life->first_s);
		put_seconds(j, "last", life->last_s);
		if ((life->flags & SUMMARY_QUEUED) && !(life->flags & SUMMARY_BEGUN)) {
			json_int(j, "size", life->size);
			json_text(j, "sender", bytes_of((const char *)s->senders.p + life->sender));
		}
		json_close(j);
	}
	json_close(j);
	free(list.at);
}

void summary_json(struct summary *s, struct buf *out)
{
	struct json j;

	json_begin(&j, out);
	json_str(&j, "type", "summary");
	json_int(&j, "version", VERSION);
	json_bool(&j, "damaged", s->is_damaged);
	summary_mails_join(s);
	for (size_t i = 0; i < summary_number_count; i++)
		json_int(&j, summary_numbers[i].name, (int64_t)*summary_number(s, i));
	json_object(&j, "classes");
	for (size_t i = 0; i < LOG_CLASSES; i++)
		json_int(&j, maillog_class_name((enum log_class)i), (int64_t)s->counts[i]);
	json_close(&j);
	put_numbers(&j, "hours", s->hours, 24);
	put_numbers(&j, "stage_ms", s->stage_ms, 4);
	put_numbers(&j, "delays", s->delay_steps, SUMMARY_DELAY_STEPS);
	json_array(&j, "segments");
	for (size_t i = 0; i < s->segment_count; i++) {
		json_item_object(&j);
		json_int(&j, "from", s->segments[i].from_s);
		json_int(&j, "to", s->segments[i].to_s);
		json_close(&j);
	}
	json_close(&j);
	json_object(&j, "tables");
	for (size_t i = 0; i < SUMMARY_TABLES; i++)
		put_tally(&j, summary_table_names[i], &s->tables[i]);
	json_close(&j);
	put_faults(&j, s);
	put_mails(&j, s);
	json_end(&j);
}

static int64_t number_of(struct bytes object, const char *key, int64_t unless)
{
	struct jsonread_value v;
	int64_t n;

	return jsonread_find(object, key, &v) && jsonread_int(&v, &n) ? n : unless;
}

static int64_t time_of(struct bytes object, const char *key)
{
	int64_t s = number_of(object, key, SYSLOG_NO_TIME);

	return s >= -TIME_MAX && s <= TIME_MAX ? s : SYSLOG_NO_TIME;
}

/* A text as its octets were; is empty where there is none. */
static void read_text(struct bytes object, const char *key, struct buf *out)
{
	struct jsonread_value v;
	struct buf raw = BUF(TEXT_MAX), name = BUF(40);

	buf_clear(out);
	buf_printf(&name, "%s_raw", key);
	if (jsonread_find(object, buf_text(&name), &v) && jsonread_string(&v, &raw))
		b64_decode(buf_bytes(&raw), out, NULL);
	else if (jsonread_find(object, key, &v))
		jsonread_string(&v, out);
	buf_free(&raw);
	buf_free(&name);
}

static void add_numbers(struct bytes object, const char *key, uint64_t *n, size_t count)
{
	struct jsonread_value v, item;
	struct bytes name;
	uint64_t i;
	int64_t value;

	if (!jsonread_find(object, key, &v))
		return;
	while (jsonread_member(&v.text, &name, &item))
		if (bytes_is_uint(name, count - 1, &i) && jsonread_int(&item, &value))
			n[i] += (uint64_t)value;
}

static void add_classes(struct summary *s, struct bytes object)
{
	struct jsonread_value v;

	if (!jsonread_find(object, "classes", &v))
		return;
	for (size_t i = 0; i < LOG_CLASSES; i++)
		s->counts[i] += (uint64_t)number_of(v.text, maillog_class_name((enum log_class)i),
				0);
}

/* When the log of this summary begins. */
static int64_t add_segments(struct summary *s, struct bytes object)
{
	struct jsonread_value v, item;
	int64_t log_s = SYSLOG_NO_TIME;

	if (!jsonread_find(object, "segments", &v))
		return log_s;
	while (jsonread_item(&v.text, &item)) {
		struct summary_segment segment = { time_of(item.text, "from"),
			time_of(item.text, "to") };
		if (segment.from_s == SYSLOG_NO_TIME || segment.to_s < segment.from_s)
			continue;
		log_s = log_s == SYSLOG_NO_TIME ? segment.from_s : log_s;
		summary_add_segment(s, segment);
	}
	return log_s;
}

static void add_table(struct tally *t, struct bytes object)
{
	struct jsonread_value v, item;
	struct buf text = BUF(TEXT_MAX);

	t->dropped += (uint64_t)number_of(object, "dropped", 0);
	if (jsonread_find(object, "rows", &v))
		while (jsonread_item(&v.text, &item)) {
			read_text(item.text, "text", &text);
			tally_add(t, buf_bytes(&text), (uint64_t)number_of(item.text, "n", 0));
		}
	buf_free(&text);
}

static void add_tables(struct summary *s, struct bytes object)
{
	struct jsonread_value v, table;
	struct bytes name;

	if (!jsonread_find(object, "tables", &v))
		return;
	while (jsonread_member(&v.text, &name, &table))
		for (size_t i = 0; i < SUMMARY_TABLES; i++)
			if (bytes_equal(name, bytes_of(summary_table_names[i])))
				add_table(&s->tables[i], table.text);
}

/* Of another version's knowledge base some may not be in ours: those are not known, then. */
static void add_faults(struct summary *s, struct bytes object)
{
	struct jsonread_value v, item;
	struct buf id = BUF(TEXT_MAX);

	if (!jsonread_find(object, "faults", &v))
		return;
	while (jsonread_item(&v.text, &item)) {
		read_text(item.text, "id", &id);
		struct summary_fault more = { (uint64_t)number_of(item.text, "n", 0),
			time_of(item.text, "first"), time_of(item.text, "last") };
		const struct advice *a = advice_by_id(buf_bytes(&id));
		if (a)
			summary_add_fault(s, a, &more);
		else if (id.n > 0 && more.count > 0)
			tally_add(&s->tables[SUMMARY_UNEXPLAINED], buf_bytes(&id), more.count);
	}
	buf_free(&id);
}

static void add_mails(struct summary *s, struct bytes object, int64_t log_s)
{
	struct jsonread_value v, item;
	struct buf sender = BUF(TEXT_MAX);

	if (!jsonread_find(object, "open", &v))
		return;
	while (jsonread_item(&v.text, &item)) {
		struct summary_life life = { .hash = (uint64_t)number_of(item.text, "id", 0),
			.first_s = time_of(item.text, "first"),
			.last_s = time_of(item.text, "last"),
			.size = (uint32_t)number_of(item.text, "size", 0),
			.flags = (uint32_t)number_of(item.text, "flags", 0) };
		if (life.hash == 0 || life.flags == 0)
			continue;
		read_text(item.text, "sender", &sender);
		summary_mails_add(s, &life, buf_bytes(&sender), log_s);
	}
	buf_free(&sender);
}

bool summary_merge(struct summary *s, struct bytes json)
{
	struct jsonread_value v, type;

	if (!jsonread_take(&json, &v) || v.kind != JSONREAD_OBJECT ||
			!jsonread_find(v.text, "type", &type) ||
			!bytes_equal(type.text, BYTES("summary")) ||
			number_of(v.text, "version", 0) != VERSION)
		return false;
	if (jsonread_find(v.text, "damaged", &type) && bytes_equal(type.text, BYTES("true")))
		s->is_damaged = true;
	for (size_t i = 0; i < summary_number_count; i++)
		*summary_number(s, i) += (uint64_t)number_of(v.text, summary_numbers[i].name, 0);
	add_classes(s, v.text);
	add_numbers(v.text, "hours", s->hours, 24);
	add_numbers(v.text, "stage_ms", s->stage_ms, 4);
	add_numbers(v.text, "delays", s->delay_steps, SUMMARY_DELAY_STEPS);
	int64_t log_s = add_segments(s, v.text);
	add_tables(s, v.text);
	add_faults(s, v.text);
	add_mails(s, v.text, log_s);
	return true;
}
