/* message - the test message smtptalk sends, built or from a file
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/message.h"

#include "proto/mailtext.h"

static bool is_plain(const char *what, const char *value, struct err *e)
{
	if (bytes_has_control(bytes_of(value)))
		return err_set(e, ERR_USAGE, "%s holds a line end or another control character",
				what);
	struct buf encoded = BUF(MESSAGE_MAX);
	bool ok = mailtext_encode(bytes_of(value), &encoded);
	buf_free(&encoded);
	return ok || err_set(e, ERR_USAGE, "%s is not UTF-8", what);
}

/* A header as the user gives it: a field name (RFC 5322 2.2), a colon, a value. */
static bool header_ok(const char *text, struct err *e)
{
	struct bytes header = bytes_of(text);
	size_t colon = bytes_find(header, ':');
	struct bytes name = bytes_head(header, colon);

	if (colon == 0 || colon == header.n || bytes_find(name, ' ') < name.n)
		return err_set(e, ERR_USAGE, "--header \"%s\": not of the form \"Name: value\"",
				text);
	return is_plain("--header", text, e);
}

static bool user_gives(const struct message_parts *m, const char *name)
{
	for (size_t i = 0; i < m->headers->count; i++) {
		struct bytes header = bytes_of(m->headers->at[i]);
		if (bytes_equal_nocase(bytes_head(header, bytes_find(header, ':')), bytes_of(name)))
			return true;
	}
	return false;
}

static void put_header(const struct message_parts *m, const char *name, const char *value,
		struct buf *out)
{
	if (user_gives(m, name))
		return;
	buf_printf(out, "%s: ", name);
	mailtext_encode(bytes_of(value), out);
	buf_puts(out, "\r\n");
}

static void put_user_headers(const struct message_parts *m, struct buf *out)
{
	for (size_t i = 0; i < m->headers->count; i++) {
		struct bytes header = bytes_of(m->headers->at[i]);
		size_t colon = bytes_find(header, ':');
		buf_put(out, bytes_head(header, colon));
		buf_puts(out, ": ");
		mailtext_encode(bytes_trim(bytes_skip(header, colon + 1)), out);
		buf_puts(out, "\r\n");
	}
}

/* LF and CRLF become CRLF; a last line without end gets one. */
static void put_body(const char *body, struct buf *out)
{
	struct bytes rest = bytes_of(body), line;

	while (bytes_line(&rest, &line)) {
		buf_put(out, line);
		buf_puts(out, "\r\n");
	}
}

static bool has_eight_bit(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text > 127)
			return true;
	return false;
}

static void put_recipients(const struct message_parts *m, struct buf *out)
{
	struct buf to = BUF(16 * 1024);

	for (size_t i = 0; i < m->to->count; i++)
		buf_printf(&to, "%s<%s>", i > 0 ? ",\r\n " : "", m->to->at[i]);
	if (!user_gives(m, "To"))
		buf_printf(out, "To: %s\r\n", buf_text(&to));
	buf_free(&to);
}

static void put_identity(struct world *w, const struct message_parts *m, const char *token,
		struct buf *out)
{
	struct bytes from = bytes_of(m->from);
	struct bytes domain = bytes_skip(from, bytes_find(from, '@') + 1);
	struct buf line = BUF(1024);
	char date[40];

	mailtext_format_date(w->wall_s(w), date);
	put_header(m, "Date", date, out);
	if (!user_gives(m, "From"))
		buf_printf(out, "From: <%s>\r\n", m->from);
	put_recipients(m, out);
	buf_printf(&line, "mtabox test%s%s", m->stable ? "" : " ", m->stable ? "" : token);
	put_header(m, "Subject", m->subject ? m->subject : buf_text(&line), out);
	buf_clear(&line);
	buf_printf(&line, "<%s.%lld@", token, (long long)w->wall_s(w));
	if (domain.n > 0)
		buf_put(&line, domain);
	else
		buf_puts(&line, m->ehlo_name);
	buf_puts(&line, ">");
	if (!user_gives(m, "Message-ID"))
		buf_printf(out, "Message-ID: %s\r\n", buf_text(&line));
	buf_free(&line);
}

bool message_build(struct world *w, const struct message_parts *m, struct buf *out, struct err *e)
{
	static const char default_body[] =
			"test mail\n"
			"-- \n"
			"Sent by smtptalk of mtabox to see whether mail is accepted here.\n";
	const char *body = m->body ? m->body : default_body;
	unsigned char random[4];
	char token[9];

	if (!is_plain("--from", m->from, e) ||
			(m->subject && !is_plain("--subject", m->subject, e)))
		return false;
	for (size_t i = 0; i < m->to->count; i++)
		if (!is_plain("--to", m->to->at[i], e))
			return false;
	for (size_t i = 0; i < m->headers->count; i++)
		if (!header_ok(m->headers->at[i], e))
			return false;
	w->random(w, random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		token[2 * i] = "0123456789abcdef"[random[i] >> 4];
		token[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
	}
	token[8] = '\0';
	put_identity(w, m, token, out);
	put_header(m, "Auto-Submitted", "auto-generated", out); /* RFC 3834: no vacation answers */
	put_header(m, "MIME-Version", "1.0", out);
	put_header(m, "Content-Type", "text/plain; charset=utf-8", out);
	put_header(m, "Content-Transfer-Encoding", has_eight_bit(body) ? "8bit" : "7bit", out);
	put_user_headers(m, out);
	buf_puts(out, "\r\n");
	put_body(body, out);
	if (out->overflow)
		return err_set(e, ERR_USAGE,
				"a message of over %d octets: give it with --data FILE",
				MESSAGE_MAX);
	return true;
}
