/* message - the test message smtptalk sends, built from its options
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/message.h"

#include "proto/mailtext.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	bool ok = colon > 0 && colon < header.n;

	for (size_t i = 0; i < colon; i++)
		ok = ok && header.p[i] > ' ' && header.p[i] < 127;
	if (!ok)
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

/* An encoded word cannot stand inside an address (RFC 2047 5): of "name <address>" only the name
 * is encoded. */
static void put_value(struct bytes value, struct buf *out)
{
	enum { COLUMNS = 76 }; /* RFC 2047 2: of a line with an encoded word */
	size_t angle = value.n;

	if (value.n > 0 && value.p[value.n - 1] == '>' && !bytes_is_ascii(value))
		angle = bytes_find(value, '<');
	struct bytes name = bytes_trim(bytes_head(value, angle));
	if (angle < value.n && name.n > 1 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = bytes_skip(bytes_head(name, name.n - 1), 1);
	if (angle == value.n || bytes_is_ascii(name)) {
		name = bytes_head(value, angle);
		mailtext_encode(name, out);
	} else {
		mailtext_encode(name, out);
		size_t column = 0;
		while (column < out->n && out->p[out->n - 1 - column] != '\n')
			column++;
		buf_puts(out, column + 1 + value.n - angle > COLUMNS ? "\r\n " : " ");
	}
	buf_put(out, bytes_skip(value, angle));
	buf_puts(out, "\r\n");
}

static void put_user_headers(const struct message_parts *m, struct buf *out)
{
	for (size_t i = 0; i < m->headers->count; i++) {
		struct bytes header = bytes_of(m->headers->at[i]);
		size_t colon = bytes_find(header, ':');
		buf_put(out, bytes_head(header, colon));
		buf_puts(out, ": ");
		put_value(bytes_trim(bytes_skip(header, colon + 1)), out);
	}
}

static void put_addresses(const struct message_parts *m, const char *name,
		const struct opt_list *list, struct buf *out)
{
	if (user_gives(m, name) || list->count == 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		buf_printf(out, "%s%s<%s>", i > 0 ? "," : name, i > 0 ? "\r\n " : ": ",
				list->at[i]);
	buf_puts(out, "\r\n");
}

static void put_identity(struct world *w, const struct message_parts *m, const char *token,
		struct buf *out)
{
	struct bytes from = bytes_of(m->from);
	struct bytes domain = bytes_skip(from, bytes_find(from, '@') + 1);
	struct buf line = BUF(1024);
	char date[40];

	if (m->from[0])
		buf_puts(&line, m->from);
	else /* a From field cannot be empty */
		buf_printf(&line, "MAILER-DAEMON@%s", m->ehlo_name);
	mailtext_format_date(w->wall_s(w), date);
	put_header(m, "Date", date, out);
	put_addresses(m, "From", &(struct opt_list){ .at = { buf_text(&line) }, .count = 1 }, out);
	buf_clear(&line);
	put_addresses(m, "To", m->to, out);
	put_addresses(m, "Cc", m->cc, out);
	buf_printf(&line, "mtabox test%s%s", m->stable ? "" : " ", m->stable ? "" : token);
	put_header(m, "Subject", m->subject ? m->subject : buf_text(&line), out);
	if (!user_gives(m, "Message-ID")) {
		buf_printf(out, "Message-ID: <%s.%lld@", token, (long long)w->wall_s(w));
		buf_put(out, domain.n > 0 ? domain : bytes_of(m->ehlo_name));
		buf_puts(out, ">\r\n");
	}
	buf_free(&line);
}

/* ---- bodies ---- */

static bool has_long_line(struct bytes text)
{
	enum { LINE_MAX_OCTETS = 998 }; /* RFC 5322 2.1.1 */
	struct bytes line;

	while (bytes_line(&text, &line))
		if (line.n > LINE_MAX_OCTETS)
			return true;
	return false;
}

/* MIME fields of a text, the empty line, the text. */
static void put_text(const struct message_parts *m, const char *body, struct buf *out)
{
	struct buf lines = BUF(MESSAGE_MAX), quoted = BUF(MESSAGE_MAX);
	const char *encoding = "7bit";

	mailtext_crlf(bytes_of(body), &lines);
	struct bytes text = buf_bytes(&lines);
	if (user_gives(m, "Content-Transfer-Encoding")) {
		encoding = NULL; /* the user says what it is */
	} else if (!bytes_is_ascii(text) || has_long_line(text)) {
		mailtext_quoted(text, &quoted);
		encoding = quoted.n > text.n / 2 * 3 ? "base64" : "quoted-printable";
	}
	put_header(m, "Content-Type", "text/plain; charset=utf-8", out);
	if (encoding)
		put_header(m, "Content-Transfer-Encoding", encoding, out);
	if (!m->attach->count)
		put_user_headers(m, out);
	buf_puts(out, "\r\n");
	if (quoted.n == 0)
		buf_put(out, text);
	else if (encoding[0] == 'b')
		mailtext_base64(text, out);
	else
		buf_put(out, buf_bytes(&quoted));
	buf_free(&lines);
	buf_free(&quoted);
}

static bool is_type(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash > text && slash[1] && !strpbrk(text, " ;\"\\") &&
			!strchr(slash + 1, '/') && bytes_is_ascii(bytes_of(text));
}

static const char *type_of(struct bytes file)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{ ".txt", "text/plain" },
		{ ".html", "text/html" },
		{ ".pdf", "application/pdf" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (bytes_ends(file, bytes_of(types[i].end)))
			return types[i].type;
	return "application/octet-stream";
}

/* RFC 2183; a name that is not plain goes by RFC 2231. */
static void put_disposition(struct bytes name, struct buf *out)
{
	bool is_simple = true;

	for (size_t i = 0; i < name.n; i++)
		is_simple = is_simple && name.p[i] >= ' ' && name.p[i] < 127 && name.p[i] != '"' &&
				name.p[i] != '\\';
	buf_puts(out, "Content-Disposition: attachment;\r\n filename");
	buf_puts(out, is_simple ? "=\"" : "*=utf-8''");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];
		bool is_word = c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				(c >= 'a' && c <= 'z');
		buf_printf(out, is_simple || is_word ? "%c" : "%%%02X", c);
	}
	buf_puts(out, is_simple ? "\"\r\n" : "\r\n");
}

int message_open(const char *path, int in_fd, struct stat *st, struct err *e)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(in_fd, F_DUPFD_CLOEXEC, 3) :
					  open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		err_sys(e, ERR_LOCAL, errno, "open %s", path);
		return -1;
	}
	int trouble = fstat(fd, st) != 0 ? errno : S_ISDIR(st->st_mode) ? EISDIR : 0;
	if (!trouble)
		return fd;
	err_sys(e, ERR_LOCAL, trouble, "read %s", path);
	close(fd);
	return -1;
}

static bool open_file(const char *path, int in_fd, struct message_file *f, struct err *e)
{
	struct stat st;

	f->fd = message_open(path, in_fd, &st, e);
	if (f->fd < 0)
		return false;
	f->is_sized = S_ISREG(st.st_mode);
	f->size = f->is_sized ? (uint64_t)st.st_size : 0;
	return true;
}

/* FILE or FILE:TYPE; a file whose name only looks so comes first. */
static bool put_attachment(const char *what, int in_fd, struct message *out, struct err *e)
{
	struct message_file *f = &out->files[out->count];
	struct buf path = BUF(4096);
	const char *colon = strrchr(what, ':');
	bool has_type = colon && is_type(colon + 1) && access(what, F_OK) != 0;
	struct bytes file =
			bytes_head(bytes_of(what), has_type ? (size_t)(colon - what) : SIZE_MAX);
	const char *type = has_type ? colon + 1 : type_of(file);

	*f = (struct message_file){ .name = what, .fd = -1 };
	out->count++;
	buf_put(&path, file);
	bool ok = is_plain("--attach", what, e) && open_file(buf_text(&path), in_fd, f, e);
	if (ok &&
			(bytes_starts_nocase(bytes_of(type), BYTES("message/")) ||
					bytes_starts_nocase(bytes_of(type), BYTES("multipart/"))))
		ok = err_set(e, ERR_USAGE, "--attach %s: this type may not be base64 (RFC 2046 5)",
				what);
	if (ok) {
		const char *slash = strrchr(buf_text(&path), '/');
		buf_printf(&out->text, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n",
				type);
		put_disposition(bytes_of(slash ? slash + 1 : buf_text(&path)), &out->text);
		buf_puts(&out->text, "\r\n");
		f->at = out->text.n;
	}
	buf_free(&path);
	return ok;
}

static bool put_parts(const struct message_parts *m, const char *body, const char *token,
		struct message *out, struct err *e)
{
	struct buf *text = &out->text;
	bool ok = true;

	if (user_gives(m, "Content-Type") || user_gives(m, "Content-Transfer-Encoding"))
		return err_set(e, ERR_USAGE, "a --header Content-... does not go with --attach");
	buf_printf(text, "Content-Type: multipart/mixed; boundary=\"=_%s\"\r\n", token);
	put_user_headers(m, text);
	buf_printf(text, "\r\n--=_%s\r\n", token);
	put_text(m, body, text);
	out->files = xcalloc(m->attach->count, sizeof(out->files[0]));
	for (size_t i = 0; ok && i < m->attach->count; i++) {
		buf_printf(text, "\r\n--=_%s\r\n", token);
		ok = put_attachment(m->attach->at[i], m->in_fd, out, e);
	}
	buf_printf(text, "\r\n--=_%s--\r\n", token);
	return ok;
}

static bool parts_ok(const struct message_parts *m, struct err *e)
{
	bool ok = is_plain("--from", m->from, e) &&
			(!m->subject || is_plain("--subject", m->subject, e));

	for (size_t i = 0; ok && i < m->to->count; i++)
		ok = is_plain("--to", m->to->at[i], e);
	for (size_t i = 0; ok && i < m->cc->count; i++)
		ok = is_plain("--cc", m->cc->at[i], e);
	for (size_t i = 0; ok && i < m->headers->count; i++)
		ok = header_ok(m->headers->at[i], e);
	return ok;
}

bool message_build(struct world *w, const struct message_parts *m, struct message *out,
		struct err *e)
{
	static const char default_body[] =
			"test mail\n"
			"-- \n"
			"Sent by smtptalk of mtabox to see whether mail is accepted here.\n";
	const char *body = m->body ? m->body : default_body;
	unsigned char random[8];
	char token[2 * sizeof(random) + 1];

	*out = (struct message){ .text = BUF(MESSAGE_MAX), .encoder = MAILTEXT_BASE64 };
	if (!parts_ok(m, e))
		return false;
	w->random(w, random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		token[2 * i] = "0123456789abcdef"[random[i] >> 4];
		token[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
	}
	token[2 * sizeof(random)] = '\0';
	put_identity(w, m, token, &out->text);
	put_header(m, "Auto-Submitted", "auto-generated",
			&out->text); /* RFC 3834: no vacation answers */
	put_header(m, "MIME-Version", "1.0", &out->text);
	if (m->attach->count == 0)
		put_text(m, body, &out->text);
	else if (!put_parts(m, body, token, out, e))
		return false;
	if (out->text.overflow)
		return err_set(e, ERR_USAGE,
				"a message of over %d octets: give it with --data FILE",
				MESSAGE_MAX);
	return true;
}

void message_free(struct message *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->files[i].fd >= 0)
			close(m->files[i].fd);
	free(m->files);
	buf_free(&m->text);
	m->files = NULL;
	m->count = 0;
}

uint64_t message_size(const struct message *m)
{
	uint64_t size = m->text.n;

	for (size_t i = 0; i < m->count; i++) {
		if (!m->files[i].is_sized)
			return 0;
		size += mailtext_base64_size(m->files[i].size);
	}
	return size;
}

static bool next_octets(struct message *m, struct message_file *f, struct buf *part, struct err *e)
{
	struct buf octets = BUF(part->max / 2);
	bool ok = file_read_some(f->fd, f->name, &octets, e);

	f->done += octets.n;
	if (ok && octets.n > 0) {
		b64_encoder_put(&m->encoder, buf_bytes(&octets), part);
	} else if (ok) {
		b64_encoder_end(&m->encoder, part);
		m->file++;
	}
	if (ok && f->is_sized && (f->done > f->size || (octets.n == 0 && f->done < f->size)))
		ok = err_set(e, ERR_LOCAL, "%s: changed while it was read", f->name);
	buf_free(&octets);
	return ok;
}

bool message_next(struct message *m, struct buf *part, struct err *e)
{
	while (part->n == 0) {
		struct message_file *f = m->file < m->count ? &m->files[m->file] : NULL;
		size_t due = (f ? f->at : m->text.n) - m->at;
		if (due == 0 && !f)
			return true;
		if (due == 0 && !next_octets(m, f, part, e))
			return false;
		struct bytes text = bytes_head(bytes_skip(buf_bytes(&m->text), m->at), due);
		text = bytes_head(text, part->max);
		buf_put(part, text);
		m->at += text.n;
	}
	return true;
}
