/* journal - the sessions told as they happen
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/journal.h"

#include "ui/json.h"
#include "ui/show.h"

enum { TEXT_MAX = 64 * 1024, OBJECT_MAX = 512 * 1024, SHOWN_MAX = 1000 };

static void begin(const struct journal_at *at, struct json *object, struct buf *text,
		const char *type)
{
	*text = BUF(OBJECT_MAX);
	json_begin(object, text);
	json_str(object, "type", type);
	json_int(object, "session", at->session);
	json_str(object, "proto", at->proto);
}

static void end(struct journal *j, struct json *object, struct buf *text)
{
	json_end(object);
	out_put(&j->w->out, buf_bytes(text));
	buf_free(text);
}

/* The last part of a line for people. */
static void put_safe(struct journal *j, struct bytes text)
{
	struct buf safe = BUF(TEXT_MAX);

	show_safe(&safe, bytes_head(text, SHOWN_MAX), j->w->utf8);
	out_put(&j->w->out, buf_bytes(&safe));
	if (text.n > SHOWN_MAX)
		out_printf(&j->w->out, "... (%zu octets)", text.n);
	buf_free(&safe);
}

void journal_connect(struct journal *j, const struct journal_at *at, const char *peer,
		const char *peer_ip, bool is_tls)
{
	const char *shown = j->stable ? peer_ip : peer;
	struct json object;
	struct buf text;

	if (!j->w)
		return;
	if (j->json) {
		begin(at, &object, &text, "connect");
		json_str(&object, "peer", shown);
		json_bool(&object, "tls", is_tls);
		end(j, &object, &text);
	} else if (j->lines) {
		out_printf(&j->w->out, "[%u] %s%s from ", at->session, at->proto,
				is_tls ? " over TLS" : "");
		put_safe(j, bytes_of(shown));
		out_puts(&j->w->out, "\n");
	}
}

void journal_line(struct journal *j, const struct journal_at *at, char who, struct bytes line)
{
	struct json object;
	struct buf text;

	if (!j->w || !j->lines)
		return;
	if (j->json) {
		begin(at, &object, &text, "line");
		json_text(&object, "dir", (struct bytes){ (const unsigned char *)&who, 1 });
		json_text(&object, "text", line);
		end(j, &object, &text);
	} else {
		out_printf(&j->w->out, "[%u] %c: ", at->session, who);
		put_safe(j, line);
		out_puts(&j->w->out, "\n");
	}
}

void journal_note(struct journal *j, const struct journal_at *at, const char *key,
		const char *format, ...)
{
	struct buf note = BUF(TEXT_MAX);
	struct json object;
	struct buf text;
	va_list args;

	if (!j->w || !(j->json || j->lines))
		return;
	va_start(args, format);
	buf_vprintf(&note, format, args);
	va_end(args);
	if (j->json) {
		begin(at, &object, &text, key);
		json_text(&object, "text", buf_bytes(&note));
		end(j, &object, &text);
	} else {
		out_printf(&j->w->out, "[%u]    ", at->session);
		put_safe(j, buf_bytes(&note));
		out_puts(&j->w->out, "\n");
	}
	buf_free(&note);
}

static void message_object(struct journal *j, const struct journal_at *at,
		const struct journal_message *m)
{
	struct bytes rest = m->recipients, one;
	struct json object;
	struct buf text;

	begin(at, &object, &text, "message");
	json_str(&object, "id", m->id);
	json_str(&object, "with", m->with);
	json_text(&object, "helo", m->helo);
	json_text(&object, "from", m->from);
	json_array(&object, "to");
	while (bytes_line(&rest, &one))
		json_item(&object, one);
	json_close(&object);
	json_int(&object, "octets", (int64_t)m->octets);
	json_int(&object, "bare_lf", (int64_t)m->bare_lf);
	end(j, &object, &text);
}

void journal_message(struct journal *j, const struct journal_at *at,
		const struct journal_message *m)
{
	struct bytes first = bytes_head(m->recipients, bytes_find(m->recipients, '\n'));

	if (!j->w)
		return;
	if (j->json) {
		message_object(j, at, m);
		return;
	}
	journal_note(j, at, "message", "message %s from <%.*s> to <%.*s>%s: %llu octets, %s%s",
			m->id, (int)m->from.n, (const char *)m->from.p, (int)first.n,
			(const char *)first.p, first.n + 1 < m->recipients.n ? " and others" : "",
			(unsigned long long)m->octets, m->with,
			m->bare_lf > 0 ? ", with bare LF" : "");
}
