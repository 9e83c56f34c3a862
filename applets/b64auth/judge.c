/* judge - what is wrong with a string that was taken apart
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "know/advice.h"
#include "proto/utf8.h"
#include "ui/show.h"

#include <inttypes.h>

enum { FACT_MAX = 300, SHOWN_NAME_MAX = 60 };

/* Faults of the base64 itself. Whoever decodes laxly sees none of them: what the server makes of
 * the string is not known then. */
static const char *const fault_ids[] = {
	[B64_ALPHABET] = "b64-foreign-byte",
	[B64_URL] = "b64-url-alphabet",
	[B64_WHITESPACE] = "b64-blank-inside",
	[B64_PADDING] = "b64-padding",
	[B64_BITS] = "b64-spare-bits",
	[B64_LENGTH] = "b64-length",
	[B64_ROOM] = NULL,
};

/* A verdict with the texts that are made for it. */
struct verdict {
	struct report_verdict v;
	struct buf fact, next;
};

/* A user name may stand in a command that somebody pastes into a shell: others are named only. */
static bool is_plain_word(struct bytes word)
{
	if (word.n == 0 || word.n > 64 || word.p[0] == '-')
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i] | 32;
		bool is_letter = c >= 'a' && c <= 'z';
		bool is_digit = word.p[i] >= '0' && word.p[i] <= '9';
		if (!is_letter && !is_digit && bytes_find(BYTES("@._+-"), word.p[i]) == 5)
			return false;
	}
	return true;
}

/* Of the command that makes it right: the -u that was given with it, else the one in the string.
 * Empty when there is none, or none that is safe to paste. */
static struct bytes user_for_command(const struct b64auth_taken *t)
{
	struct bytes user = t->want_user.n > 0 ? t->want_user : t->f.user;

	return is_plain_word(user) ? user : (struct bytes){ 0 };
}

/* The command that makes a message of that kind, with what has to stand behind the user name. */
static void next_is_make(struct verdict *d, const struct b64auth_taken *t)
{
	static const struct {
		unsigned char look;
		const char *verb, *rest;
	} verbs[] = {
		{ SASL_LOOK_TEXT, "login", "" },
		{ SASL_LOOK_XOAUTH2, "xoauth2", "" },
		{ SASL_LOOK_OAUTHBEARER, "oauthbearer", "" },
		{ SASL_LOOK_SCRAM_FIRST, "scram-sha-256", "" },
		{ SASL_LOOK_CRAM_RESPONSE, "cram-md5", " <challenge>" },
	};
	struct bytes user = user_for_command(t);
	const char *verb = "plain", *rest = "";

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].look == t->look && !t->is_plain_due) {
			verb = verbs[i].verb;
			rest = verbs[i].rest;
		}
	buf_printf(&d->next, "b64auth %s -u ", verb);
	buf_put(&d->next, user.n > 0 ? user : BYTES("<user>"));
	buf_puts(&d->next, rest);
}

static void critical(struct verdict *d, const char *id, const char *fact)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = id;
	buf_puts(&d->fact, fact);
}

static void judge_fault(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = t->fault == B64_BITS ? REPORT_WARNING : REPORT_CRITICAL;
	d->v.id = fault_ids[t->fault];
	buf_printf(&d->fact, "not base64: %s, at offset %zu", b64_fault_text(t->fault),
			t->fault_at);
	if (t->fault_at < t->text.n && t->fault != B64_BITS && t->fault != B64_LENGTH) {
		buf_puts(&d->fact, ": \"");
		show_quoted(&d->fact, bytes_head(bytes_skip(t->text, t->fault_at), 1), false);
		buf_putc(&d->fact, '"');
	} else if (t->fault_at == t->text.n) {
		buf_puts(&d->fact, " (the end)");
	}
}

static void judge_wrapped(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-wrapped";
	buf_printf(&d->fact, "the string is wrapped into %zu lines", t->lines);
	buf_puts(&d->next, "base64 -w0, or b64auth encode");
}

static void judge_typed_nul(struct verdict *d, const struct b64auth_taken *t)
{
	size_t n, at = sasl_look_typed_nul(t->decoded, &n);

	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-literal-backslash-zero";
	buf_printf(&d->fact,
			"not an AUTH PLAIN response: no NUL byte; at offset %zu stand the %s"
			" characters \"%.*s\" where a NUL byte is meant",
			at, n == 2 ? "two" : "four", (int)n, (const char *)t->decoded.p + at);
	next_is_make(d, t);
}

/* "\0test\01234" typed for a user "test" with the password "1234": \012 is one octet, a line
 * feed. */
static bool looks_octal(const struct b64auth_taken *t)
{
	struct bytes tail = t->f.password;

	while (tail.n > 0 && (tail.p[tail.n - 1] == '\n' || tail.p[tail.n - 1] == '\r'))
		tail.n--;
	return t->f.user.n == 0 && bytes_has_control(tail);
}

static void judge_one_nul(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-one-nul";
	buf_puts(&d->fact, "not an AUTH PLAIN response: one NUL byte where there must be two");
	if (looks_octal(t)) {
		d->v.id = "b64-octal";
	} else if (t->f.user.n > 0) {
		d->v.means = "the NUL byte before the user name is missing (likely)";
	} else {
		d->v.means = "the NUL byte between user name and password is missing (likely)";
	}
	next_is_make(d, t);
}

static void judge_many_nuls(struct verdict *d, const struct b64auth_taken *t)
{
	critical(d, "b64-many-nuls", "not an AUTH PLAIN response: more than two NUL bytes");
	next_is_make(d, t);
}

static bool ends_in_line_end(struct bytes in)
{
	return bytes_ends(in, BYTES("\n")) || bytes_ends(in, BYTES("\r"));
}

static void judge_line_end(struct verdict *d, const char *what)
{
	d->v.status = REPORT_WARNING;
	d->v.id = "b64-line-end";
	buf_printf(&d->fact, "the %s ends in a line end", what);
}

/* Offset of the first octet over 127; in.n when there is none. */
static size_t first_eight_bit(struct bytes in)
{
	size_t at = 0;

	while (at < in.n && in.p[at] < 128)
		at++;
	return at;
}

/* Offset of the first octet that is no UTF-8; in.n when all is. */
static size_t first_not_utf8(struct bytes in)
{
	struct bytes rest = in;
	uint32_t code;

	while (utf8_take(&rest, &code)) {
	}
	return in.n - rest.n;
}

/* U+2018 to U+201F, as word processors write them. */
static bool has_smart_quotes(struct bytes in)
{
	uint32_t code = 0;

	while (utf8_take(&in, &code))
		if (code >= 0x2018 && code <= 0x201f)
			return true;
	return false;
}

static bool has_outer_blank(struct bytes in)
{
	return bytes_starts(in, BYTES(" ")) || bytes_ends(in, BYTES(" "));
}

/* Characters that a user name and password may have, but seldom mean to. */
static void judge_characters(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_text = t->look == SASL_LOOK_TEXT;
	struct bytes user = is_text ? t->decoded : t->f.user;
	size_t mark = bytes_search(t->decoded, BYTES("\xef\xbb\xbf"));
	size_t odd = first_not_utf8(t->decoded), high = first_eight_bit(t->decoded);

	d->v.status = REPORT_WARNING;
	if (mark < t->decoded.n) {
		d->v.status = REPORT_CRITICAL;
		d->v.id = "b64-bom";
		buf_printf(&d->fact, "a byte order mark stands at offset %zu", mark);
	} else if (odd < t->decoded.n) {
		d->v.id = "b64-latin1";
		buf_printf(&d->fact, "user name or password is not UTF-8, at offset %zu", odd);
	} else if (has_smart_quotes(t->decoded)) {
		d->v.id = "b64-smart-quotes";
		buf_puts(&d->fact, "typographic quotes in user name or password");
	} else if (has_outer_blank(user) || has_outer_blank(t->f.password)) {
		d->v.id = "b64-blank-at-end";
		buf_printf(&d->fact, "a blank at the beginning or end of the %s",
				is_text                               ? "text" :
						has_outer_blank(user) ? "user name" :
									"password");
	} else if (high < t->decoded.n) {
		d->v.id = "b64-utf8";
		buf_printf(&d->fact, "a character outside ASCII, as UTF-8, at offset %zu", high);
	} else {
		d->v.status = REPORT_OK;
	}
	if (d->v.id)
		next_is_make(d, t);
}

/* Base64 in base64. Short words of letters pass for base64 too, so a pad or a NUL has to show. */
static bool is_encoded_twice(const struct b64auth_taken *t)
{
	struct bytes inner = bytes_trim(t->decoded);
	struct buf decoded = BUF_SECRET(inner.n);
	bool is = inner.n >= 8 && b64_decode(inner, &decoded, NULL) == B64_OK &&
			(bytes_ends(inner, BYTES("=")) ||
					bytes_find(buf_bytes(&decoded), '\0') < decoded.n);

	buf_free(&decoded);
	return is;
}

/* Against the -u that was given with it. */
static bool is_other_user(const struct b64auth_taken *t)
{
	return t->want_user.n > 0 && t->f.user.n > 0 && !bytes_equal(t->want_user, t->f.user);
}

static void judge_other_user(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-other-user";
	buf_puts(&d->fact, "the user name is \"");
	show_quoted(&d->fact, t->f.user, false);
	buf_puts(&d->fact, "\", not \"");
	show_quoted(&d->fact, t->want_user, false);
	buf_putc(&d->fact, '"');
}

/* dash's echo has no options but -n. */
static bool has_echo_option(struct bytes in)
{
	return bytes_starts(in, BYTES("-ne ")) || bytes_starts(in, BYTES("-en ")) ||
			bytes_starts(in, BYTES("-e "));
}

static void judge_authzid(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_WARNING;
	d->v.id = "b64-authzid";
	buf_puts(&d->fact, "it asks to act as another user: \"");
	show_quoted(&d->fact, bytes_head(t->f.authzid, SHOWN_NAME_MAX), false);
	buf_putc(&d->fact, '"');
	next_is_make(d, t);
}

static void judge_plain(struct verdict *d, const struct b64auth_taken *t)
{
	if (t->f.user.n == 0) {
		critical(d, "b64-no-user", "the user name is empty");
	} else if (t->f.password.n == 0) {
		critical(d, "b64-no-password", "the password is empty");
	} else if (ends_in_line_end(t->f.password)) {
		judge_line_end(d, "password");
	} else {
		judge_characters(d, t);
		if (!d->v.id && t->f.authzid.n > 0)
			judge_authzid(d, t);
		return;
	}
	next_is_make(d, t);
}

static void judge_token(struct verdict *d, const struct b64auth_taken *t)
{
	int64_t until;

	if (!b64auth_expiry(t->f.password, &until) || until > t->now_s)
		return;
	critical(d, "b64-token-expired", "the token has expired: its exp is ");
	buf_printf(&d->fact, "%" PRId64, until);
	next_is_make(d, t);
}

/* Text where the message with NUL bytes is due: the line says so, or the user name leads in it. */
static bool lacks_nuls(const struct b64auth_taken *t)
{
	return t->look == SASL_LOOK_TEXT &&
			(t->is_plain_due ||
					(t->want_user.n > 0 && t->decoded.n > t->want_user.n &&
							bytes_starts(t->decoded, t->want_user)));
}

/* What is wrong whatever message it is. False: nothing. */
static bool judge_string(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_utf8 = first_not_utf8(t->decoded) == t->decoded.n;

	if (t->is_answer && (t->fault || t->look == SASL_LOOK_NOTHING || !is_utf8)) {
		critical(d, "b64-plain-text",
				"what answers the server's prompt is no base64 of UTF-8 text");
	} else if (t->fault) {
		judge_fault(d, t);
	} else if (t->lines > 1) {
		judge_wrapped(d, t);
	} else if (is_encoded_twice(t)) {
		critical(d, "b64-double-encoded", "what was decoded is base64 again");
	} else if (has_echo_option(t->decoded)) {
		critical(d, "b64-echo-option", "it begins with an option of echo, as text");
		next_is_make(d, t);
	} else if (is_other_user(t)) {
		judge_other_user(d, t);
	} else if (lacks_nuls(t)) {
		critical(d, "b64-no-nul", "not an AUTH PLAIN response: no NUL byte in it");
		next_is_make(d, t);
	}
	return d->v.id != NULL;
}

static void judge_message(struct verdict *d, const struct b64auth_taken *t)
{
	switch (t->look) {
	case SASL_LOOK_PLAIN_NO_NUL:
		judge_typed_nul(d, t);
		break;
	case SASL_LOOK_PLAIN_ONE_NUL:
		judge_one_nul(d, t);
		break;
	case SASL_LOOK_PLAIN_MANY_NULS:
		judge_many_nuls(d, t);
		break;
	case SASL_LOOK_PLAIN:
		judge_plain(d, t);
		break;
	case SASL_LOOK_TEXT:
		if (ends_in_line_end(t->decoded)) {
			judge_line_end(d, "text");
			buf_puts(&d->next, "printf %s <text> | b64auth encode");
			break;
		}
		judge_characters(d, t);
		break;
	case SASL_LOOK_XOAUTH2:
	case SASL_LOOK_OAUTHBEARER:
		judge_token(d, t);
		if (!d->v.id)
			judge_characters(d, t);
		break;
	case SASL_LOOK_SCRAM_FIRST:
	case SASL_LOOK_CRAM_RESPONSE:
		judge_characters(d, t);
		break;
	case SASL_LOOK_NOTHING:
		d->v.status = REPORT_UNKNOWN;
		buf_puts(&d->fact, "well-formed base64, but no SASL message that is known here");
		break;
	default:
		break;
	}
}

/* Against the password that was given with it, where the message has one to compare. */
static void judge_password(struct verdict *d, const struct b64auth_taken *t)
{
	struct bytes is = t->f.password, wanted = t->want_password;
	bool has = t->look == SASL_LOOK_PLAIN || t->look == SASL_LOOK_TEXT ||
			t->look == SASL_LOOK_XOAUTH2 || t->look == SASL_LOOK_OAUTHBEARER;

	if (!has || wanted.n == 0 || is.n == 0 || bytes_equal(is, wanted))
		return;
	critical(d, "b64-other-password", "the ");
	buf_printf(&d->fact, "%s, of %zu bytes, is not the one of %zu that was given",
			b64auth_secret_name(t->look), is.n, wanted.n);
	next_is_make(d, t);
}

void b64auth_judge(struct report *r, const struct b64auth_taken *t)
{
	struct verdict d = { .v = { .status = REPORT_OK },
		.fact = BUF(FACT_MAX),
		.next = BUF(FACT_MAX) };

	if (!judge_string(&d, t))
		judge_message(&d, t);
	if (!d.v.id)
		judge_password(&d, t);
	if (d.fact.n == 0)
		buf_puts(&d.fact, "well formed");
	d.v.fact = buf_text(&d.fact);
	if (d.next.n > 0)
		d.v.next = buf_text(&d.next);
	if (d.v.id)
		report_advise(r, &d.v,
				&(struct finding){ .proto = ADVICE_SMTP,
						.stage = "local",
						.error = d.v.id,
						.user = user_for_command(t) });
	else
		report_add(r, &d.v);
	buf_free(&d.fact);
	buf_free(&d.next);
}
