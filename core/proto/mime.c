/* mime - the parts of a message, line by line
 * SPDX-License-Identifier: MIT */
#include "proto/mime.h"

#include "proto/mailtext.h"

#include <string.h>

enum { SECTIONS_MAX = 30 }; /* of one parameter: a file's name is done by then */

/* ---- parameters (RFC 2045 5.1, RFC 2231) ---- */

/* Takes the next parameter off the front of rest; value keeps its quotes; NULL: it has none. */
static void next_param(struct bytes *rest, struct bytes *key, struct bytes *value)
{
	*rest = bytes_skip(*rest, 1); /* the ';' */
	size_t equals = bytes_find(*rest, '='), end = bytes_find(*rest, ';');
	bool has_value = equals < end;
	*key = bytes_trim(bytes_head(*rest, has_value ? equals : end));
	*rest = bytes_skip(*rest, has_value ? equals + 1 : end);
	while (has_value && rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t'))
		*rest = bytes_skip(*rest, 1);
	end = 0;
	if (has_value && rest->n > 0 && rest->p[0] == '"')
		for (end = 1; end < rest->n && rest->p[end] != '"'; end++)
			end += rest->p[end] == '\\' && end + 1 < rest->n;
	if (has_value)
		end += bytes_find(bytes_skip(*rest, end), ';');
	*value = has_value ? bytes_head(*rest, end) : (struct bytes){ NULL, 0 };
	*rest = bytes_skip(*rest, end);
}

static void put_unquoted(struct bytes value, struct buf *out)
{
	if (value.n == 0 || value.p[0] != '"') {
		buf_put(out, bytes_trim(value));
		return;
	}
	for (size_t i = 1; i < value.n && value.p[i] != '"'; i++) {
		i += value.p[i] == '\\' && i + 1 < value.n;
		buf_putc(out, value.p[i]);
	}
}

/* "%41=", with '=' or '%' before the digits; a sign without them stands for itself. */
static void put_hex(struct bytes text, unsigned char sign, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == sign && i + 2 < text.n ? bytes_hex(text.p[i + 1]) : -1;
		int low = high >= 0 ? bytes_hex(text.p[i + 2]) : -1;
		buf_putc(out, low >= 0 ? (unsigned char)(high * 16 + low) : text.p[i]);
		i += low >= 0 ? 2 : 0;
	}
}

/* A value, and its sections (RFC 2231 3): "name=", "name*=", "name*0=", "name*1*=". */
struct param {
	struct bytes plain;
	struct {
		struct bytes value;
		bool is_coded; /* a star ends the name: octets as %41 */
	} sections[SECTIONS_MAX];
};

/* rest: what stands behind the name. The first of each counts. */
static void take_param(struct param *p, struct bytes rest, struct bytes value)
{
	uint64_t number = 0;
	bool is_coded = bytes_ends(rest, BYTES("*"));

	if (rest.n == 0 && !p->plain.p)
		p->plain = value;
	if (rest.n == 0 || rest.p[0] != '*')
		return;
	rest = bytes_head(bytes_skip(rest, 1), rest.n - 1 - (is_coded && rest.n > 1));
	if (rest.n > 0 && !bytes_is_uint(rest, SECTIONS_MAX - 1, &number))
		return;
	if (p->sections[number].value.p)
		return;
	p->sections[number].value = value;
	p->sections[number].is_coded = is_coded;
}

/* The first section begins with charset'language' where it is coded (RFC 2231 4). */
static void put_sections(const struct param *p, struct buf *out)
{
	struct buf text = BUF(MAILTEXT_VALUE_MAX), octets = BUF(MAILTEXT_VALUE_MAX);
	struct buf charset = BUF(MIME_NAME_MAX);

	for (size_t i = 0; i < SECTIONS_MAX && p->sections[i].value.p; i++) {
		buf_clear(&text);
		put_unquoted(p->sections[i].value, &text);
		struct bytes rest = buf_bytes(&text);
		size_t quote = bytes_find(rest, '\'');
		if (i == 0 && p->sections[i].is_coded && quote < rest.n) {
			buf_put(&charset, bytes_head(rest, quote));
			rest = bytes_skip(rest, quote + 1);
			rest = bytes_skip(rest, bytes_find(rest, '\'') + 1);
		}
		if (p->sections[i].is_coded)
			put_hex(rest, '%', &octets);
		else
			buf_put(&octets, rest);
	}
	mailtext_convert(buf_bytes(&charset), buf_bytes(&octets), out);
	buf_free(&text);
	buf_free(&octets);
	buf_free(&charset);
}

bool mime_param(struct bytes value, const char *name, struct buf *out)
{
	struct bytes rest = bytes_skip(value, bytes_find(value, ';')), key, one;
	struct param p = { 0 };

	while (rest.n > 0) {
		next_param(&rest, &key, &one);
		if (one.p && bytes_starts_nocase(key, bytes_of(name)))
			take_param(&p, bytes_skip(key, bytes_of(name).n), one);
	}
	if (p.sections[0].value.p)
		put_sections(&p, out);
	else
		put_unquoted(p.plain, out);
	return p.sections[0].value.p || p.plain.p;
}

static void put_file_name(struct bytes disposition, struct bytes type, struct buf *out)
{
	struct buf value = BUF(MAILTEXT_VALUE_MAX);

	if (mime_param(disposition, "filename", &value) || mime_param(type, "name", &value))
		mailtext_decode(buf_bytes(&value), out); /* RFC 2047, which many write here */
	buf_free(&value);
}

/* ---- parts ---- */

static struct bytes header(struct bytes head, const char *name)
{
	struct bytes value = { NULL, 0 };

	mailtext_header(head, name, &value);
	return value;
}

/* True: the part is a multipart, and its boundary is the innermost now. */
static bool push_boundary(struct mime *m, struct bytes type)
{
	struct buf boundary = BUF(MIME_BOUNDARY_MAX);
	bool is_multi = bytes_starts_nocase(type, BYTES("multipart/")) &&
			m->depth < MIME_DEPTH_MAX && mime_param(type, "boundary", &boundary) &&
			boundary.n > 0 && !boundary.overflow;

	if (is_multi) {
		unsigned char *to = m->boundary_octets[m->depth];
		memcpy(to, boundary.p, boundary.n);
		m->boundaries[m->depth++] = (struct bytes){ to, boundary.n };
	}
	buf_free(&boundary);
	return is_multi;
}

static void take_text(struct mime *m, struct bytes type, struct bytes head)
{
	struct bytes encoding = bytes_trim(header(head, "Content-Transfer-Encoding"));
	struct bytes charset;

	m->has_text = m->current.is_shown = true;
	buf_clear(&m->charset);
	mime_param(type, "charset", &m->charset);
	charset = buf_bytes(&m->charset);
	m->encoding = bytes_equal_nocase(encoding, BYTES("quoted-printable")) ? 'q' :
			bytes_equal_nocase(encoding, BYTES("base64"))         ? 'b' :
										0;
	m->b64 = (struct b64_decoder){ .skip_line_ends = true };
	m->is_plain = !m->encoding &&
			(charset.n == 0 || bytes_equal_nocase(charset, BYTES("us-ascii")) ||
					bytes_equal_nocase(charset, BYTES("utf-8")));
	buf_clear(&m->octets);
}

static void begin_part(struct mime *m, struct bytes head)
{
	struct bytes type = header(head, "Content-Type");
	struct bytes disposition = header(head, "Content-Disposition");

	m->in_head = m->in_part = false;
	if (push_boundary(m, type))
		return;
	m->in_part = true;
	m->current.number++;
	m->current.octets = 0;
	m->current.is_shown = m->current.is_cut = false;
	buf_clear(&m->current.type);
	buf_clear(&m->current.name);
	buf_put(&m->current.type, bytes_trim(bytes_head(type, bytes_find(type, ';'))));
	if (m->current.type.n == 0)
		buf_puts(&m->current.type, "text/plain"); /* RFC 2045 5.2 */
	put_file_name(disposition, type, &m->current.name);
	if (!m->has_text && bytes_starts_nocase(buf_bytes(&m->current.type), BYTES("text/")) &&
			!bytes_starts_nocase(disposition, BYTES("attachment")))
		take_text(m, type, head);
}

static void end_text(struct mime *m)
{
	struct buf text = BUF(4 * MIME_TEXT_MAX);
	struct bytes rest, line;

	if (m->encoding == 'b' && !b64_decoder_end(&m->b64, &m->octets))
		m->current.is_cut = true;
	if (m->octets.overflow)
		m->current.is_cut = true;
	mailtext_convert(buf_bytes(&m->charset), buf_bytes(&m->octets), &text);
	rest = buf_bytes(&text);
	while (bytes_line(&rest, &line))
		m->text(m->ctx, line);
	buf_free(&text);
	buf_clear(&m->octets);
}

static void end_part(struct mime *m)
{
	if (!m->in_part)
		return;
	if (m->current.is_shown && !m->is_plain)
		end_text(m);
	m->part(m->ctx, &m->current);
	m->in_part = false;
}

static void add_text(struct mime *m, struct bytes line)
{
	if (m->is_plain) {
		m->text(m->ctx, line);
	} else if (m->encoding == 'b') {
		if (!b64_decoder_put(&m->b64, bytes_trim(line), &m->octets))
			m->current.is_cut = true;
	} else if (m->encoding == 'q') {
		while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
			line.n--; /* RFC 2045 6.7 (3) */
		bool is_soft = line.n > 0 && line.p[line.n - 1] == '=';
		put_hex(bytes_head(line, line.n - is_soft), '=', &m->octets);
		if (!is_soft)
			buf_putc(&m->octets, '\n');
	} else {
		buf_put(&m->octets, line);
		buf_putc(&m->octets, '\n');
	}
}

/* Is line a delimiter of a multipart that is open? Then what was inside of it ends. */
static bool delimits(struct mime *m, struct bytes line)
{
	if (!bytes_starts(line, BYTES("--")))
		return false;
	for (unsigned i = m->depth; i-- > 0;) {
		struct bytes rest = bytes_skip(line, 2);
		if (!bytes_starts(rest, m->boundaries[i]))
			continue;
		rest = bytes_skip(rest, m->boundaries[i].n);
		bool is_last = bytes_starts(rest, BYTES("--"));
		if (bytes_trim(bytes_skip(rest, is_last ? 2 : 0)).n > 0)
			continue;
		end_part(m);
		m->depth = is_last ? i : i + 1;
		m->in_head = !is_last;
		buf_clear(&m->head);
		return true;
	}
	return false;
}

void mime_begin(struct mime *m, struct bytes head)
{
	m->current.type = BUF(MIME_NAME_MAX);
	m->current.name = BUF(MIME_NAME_MAX);
	m->head = BUF(MIME_HEAD_MAX);
	m->charset = BUF(MIME_NAME_MAX);
	m->octets = BUF(MIME_TEXT_MAX);
	begin_part(m, head);
}

void mime_line(struct mime *m, struct bytes line)
{
	if (delimits(m, line))
		return;
	if (m->in_head && line.n == 0) {
		begin_part(m, buf_bytes(&m->head));
	} else if (m->in_head) {
		buf_put(&m->head, line);
		buf_putc(&m->head, '\n');
	} else if (m->in_part) {
		m->current.octets += line.n + 2;
		if (m->current.is_shown)
			add_text(m, line);
	}
}

void mime_end(struct mime *m)
{
	end_part(m);
	buf_free(&m->current.type);
	buf_free(&m->current.name);
	buf_free(&m->head);
	buf_free(&m->charset);
	buf_free(&m->octets);
}
