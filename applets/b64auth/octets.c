/* octets - a decoded string, every octet visible, its secret hidden
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "ui/show.h"

static const char hidden[] = "********"; /* as many whatever it hides */

/* A NUL in front of a digit is \000: "\01" would read as one octet, in printf and perl too. */
static void put_nul(struct buf *out, struct bytes rest, bool spaced)
{
	bool is_digit_next = rest.n > 0 && rest.p[0] >= '0' && rest.p[0] <= '9';

	if (spaced && out->n > 0 && out->p[out->n - 1] != ' ')
		buf_putc(out, ' ');
	buf_puts(out, is_digit_next && !spaced ? "\\000" : "\\0");
	if (spaced && rest.n > 0)
		buf_putc(out, ' ');
}

static void put_part(struct buf *out, struct bytes in, bool spaced, bool utf8)
{
	while (in.n > 0) {
		size_t n = bytes_find(in, '\0');
		bool is_nul = n < in.n;
		show_quoted(out, bytes_head(in, n), utf8);
		in = bytes_skip(in, n + is_nul);
		if (is_nul)
			put_nul(out, in, spaced);
	}
}

void b64auth_put_octets(struct buf *out, const struct b64auth_taken *t, bool show_secrets,
		bool utf8)
{
	struct bytes secret = t->f.password;

	if (show_secrets || secret.n == 0) {
		put_part(out, t->decoded, !show_secrets, utf8);
		return;
	}
	size_t at = (size_t)(secret.p - t->decoded.p);
	put_part(out, bytes_head(t->decoded, at), true, utf8);
	if (at > 0 && t->decoded.p[at - 1] == '\0')
		buf_putc(out, ' ');
	buf_puts(out, hidden);
	put_part(out, bytes_skip(t->decoded, at + secret.n), true, utf8);
}

const char *b64auth_secret_name(enum sasl_look look)
{
	switch (look) {
	case SASL_LOOK_APOP:
	case SASL_LOOK_CRAM_RESPONSE:
	case SASL_LOOK_DIGEST_RESPONSE:
		return "digest";
	case SASL_LOOK_SCRAM_FINAL:
		return "proof";
	case SASL_LOOK_XOAUTH2:
	case SASL_LOOK_OAUTHBEARER:
	case SASL_LOOK_TOKEN:
		return "token";
	case SASL_LOOK_NTLM:
		return "message";
	default:
		return "password";
	}
}

void b64auth_put_kind(struct buf *out, struct bytes secret)
{
	static const char *const names[] = { "lower-case letters", "capitals", "digits", "blanks",
		"punctuation", "bytes over 127", "control bytes" };
	enum { LOWER, UPPER, DIGIT, BLANK, OTHER, EIGHT_BIT, CONTROL, KINDS };
	bool has[KINDS] = { false };

	for (size_t i = 0; i < secret.n; i++) {
		unsigned char c = secret.p[i];
		if (c >= 'a' && c <= 'z')
			has[LOWER] = true;
		else if (c >= 'A' && c <= 'Z')
			has[UPPER] = true;
		else if (c >= '0' && c <= '9')
			has[DIGIT] = true;
		else if (c == ' ')
			has[BLANK] = true;
		else
			has[c < 32 || c == 127 ? CONTROL : c > 127 ? EIGHT_BIT : OTHER] = true;
	}
	buf_printf(out, "%zu byte%s", secret.n, secret.n == 1 ? "" : "s");
	for (size_t i = 0; i < KINDS; i++)
		if (has[i])
			buf_printf(out, ", %s", names[i]);
}
