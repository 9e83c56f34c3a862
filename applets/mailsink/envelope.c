/* envelope - what SMTP knows of a message beside its text
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/envelope.h"

#include "proto/mailtext.h"

void envelope_init(struct envelope *v)
{
	*v = (struct envelope){
		.helo = BUF(ENVELOPE_NAME_MAX),
		.from = BUF(ENVELOPE_PATH_MAX),
		.recipients = BUF(ENVELOPE_RECIPIENTS_OCTETS),
	};
}

void envelope_free(struct envelope *v)
{
	buf_free(&v->helo);
	buf_free(&v->from);
	buf_free(&v->recipients);
}

void envelope_clear(struct envelope *v)
{
	buf_clear(&v->from);
	buf_clear(&v->recipients);
	v->recipient_count = 0;
	v->is_utf8 = false;
}

bool envelope_add(struct envelope *v, struct bytes recipient)
{
	if (v->recipient_count == ENVELOPE_RECIPIENTS_MAX ||
			recipient.n + 1 > v->recipients.max - v->recipients.n)
		return false;
	buf_put(&v->recipients, recipient);
	buf_putc(&v->recipients, '\n');
	v->recipient_count++;
	return true;
}

void envelope_with(const struct envelope *v, struct buf *out)
{
	buf_puts(out,
			v->is_utf8                  ? v->is_lmtp ? "UTF8LMTP" : "UTF8SMTP" :
					v->is_lmtp  ? "LMTP" :
					v->is_esmtp ? "ESMTP" :
						      "SMTP");
	if (v->is_esmtp && v->is_tls)
		buf_putc(out, 'S');
	if (v->is_esmtp && v->is_authed)
		buf_putc(out, 'A');
}

/* The client's words may not end the header's comment or look like an address of ours. */
static void put_name(struct buf *out, struct bytes name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];
		bool is_plain = c > ' ' && c != 0x7f && c != '(' && c != ')' && c != '<' &&
				c != '>' && c != '\\' && c != ';';
		buf_putc(out, is_plain ? c : '?');
	}
}

void envelope_trace(const struct envelope *v, const char *id, int64_t wall_s, struct buf *out)
{
	struct bytes rest = buf_bytes(&v->recipients), one;
	bool is_v6 = bytes_find(bytes_of(v->peer_ip), ':') < bytes_of(v->peer_ip).n;
	char date[40];

	buf_puts(out, "Return-Path: <");
	buf_put(out, buf_bytes(&v->from));
	buf_puts(out, ">\r\n");
	while (bytes_line(&rest, &one)) {
		buf_puts(out, "Delivered-To: ");
		buf_put(out, one);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "Received: from ");
	put_name(out, buf_bytes(&v->helo));
	buf_printf(out, " ([%s%s])\r\n\tby %s (mailsink) with ", is_v6 ? "IPv6:" : "", v->peer_ip,
			v->host);
	envelope_with(v, out);
	buf_printf(out, " id %s", id);
	if (v->recipient_count == 1) { /* RFC 5321 7.6: several would tell them of each other */
		buf_puts(out, "\r\n\tfor <");
		buf_put(out, bytes_head(buf_bytes(&v->recipients), v->recipients.n - 1));
		buf_putc(out, '>');
	}
	mailtext_format_date(wall_s, date);
	buf_printf(out, "; %s\r\n", date);
}

/* Octets up to the end of the path: an unquoted c, or the end. A backslash quotes inside quotes. */
static size_t unquoted(struct bytes in, const char *ends, bool *in_quotes)
{
	size_t i = 0;

	*in_quotes = false;
	for (; i < in.n; i++) {
		if (*in_quotes && in.p[i] == '\\')
			i++;
		else if (in.p[i] == '"')
			*in_quotes = !*in_quotes;
		else if (!*in_quotes && bytes_find(bytes_of(ends), in.p[i]) < bytes_of(ends).n)
			break;
	}
	return i < in.n ? i : in.n;
}

static bool is_atext(unsigned char c)
{
	const struct bytes marks = BYTES("!#$%&'*+-/=?^_`{|}~");
	bool is_alnum = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');

	return is_alnum || c > 0x7f || bytes_find(marks, c) < marks.n;
}

/* Dot-string or Quoted-string. Dots in odd places are borne: mobile carriers gave such addresses
 * out. */
static bool local_ok(struct bytes local)
{
	bool quoted = local.n >= 2 && local.p[0] == '"' && local.p[local.n - 1] == '"';

	if (local.n == 0 || local.n > 64)
		return false;
	for (size_t i = 0; !quoted && i < local.n; i++)
		if (!is_atext(local.p[i]) && local.p[i] != '.')
			return false;
	return true;
}

static bool domain_ok(struct bytes domain)
{
	bool literal = domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']';
	unsigned char before = '.';

	if (domain.n == 0 || domain.n > 255)
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		unsigned char c = domain.p[i];
		if (literal ? c <= ' ' : !(is_atext(c) || c == '.') || (c == '.' && before == '.'))
			return false;
		before = c;
	}
	return literal || before != '.';
}

/* "@one,@two:user@host": RFC 5321 4.1.1.3 has the route accepted and ignored. */
static struct bytes without_route(struct bytes path)
{
	size_t colon = bytes_find(path, ':');

	return path.n > 0 && path.p[0] == '@' && colon < path.n ? bytes_skip(path, colon + 1) :
								  path;
}

bool envelope_path(struct bytes *in, struct bytes *path, bool *bare)
{
	bool in_quotes;

	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = bytes_skip(*in, 1);
	*bare = in->n == 0 || in->p[0] != '<';
	if (!*bare)
		*in = bytes_skip(*in, 1);
	size_t n = unquoted(*in, *bare ? " \t" : ">", &in_quotes);
	if (in_quotes || bytes_has_control(*in) || (*bare ? n == 0 : n == in->n))
		return false;
	*path = without_route(bytes_head(*in, n));
	*in = bytes_skip(*in, *bare ? n : n + 1);
	if (in->n > 0 && in->p[0] != ' ' && in->p[0] != '\t')
		return false;
	if (path->n == 0)
		return true;
	size_t at = unquoted(*path, "@", &in_quotes);
	if (at == path->n) /* "postmaster", or a user of this host */
		return local_ok(*path);
	return local_ok(bytes_head(*path, at)) && domain_ok(bytes_skip(*path, at + 1));
}
