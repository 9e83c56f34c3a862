/* judge - what is wrong with a string that was taken apart
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "know/advice.h"
#include "proto/utf8.h"
#include "ui/show.h"

enum { FACT_MAX = 300 };

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

static void next_is_plain(struct verdict *d, const struct b64auth_taken *t)
{
	struct bytes user = user_for_command(t);

	buf_puts(&d->next, "b64auth plain -u ");
	buf_put(&d->next, user.n > 0 ? user : BYTES("<user>"));
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
	next_is_plain(d, t);
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
	next_is_plain(d, t);
}

static void judge_many_nuls(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-many-nuls";
	buf_puts(&d->fact, "not an AUTH PLAIN response: more than two NUL bytes");
	next_is_plain(d, t);
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

static bool is_utf8(struct bytes in)
{
	uint32_t code;

	while (utf8_take(&in, &code)) {
	}
	return in.n == 0;
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
	d->v.status = REPORT_WARNING;
	if (bytes_search(t->decoded, BYTES("\xef\xbb\xbf")) < t->decoded.n) {
		d->v.status = REPORT_CRITICAL;
		d->v.id = "b64-bom";
		buf_printf(&d->fact, "a byte order mark stands at offset %zu",
				bytes_search(t->decoded, BYTES("\xef\xbb\xbf")));
	} else if (!is_utf8(t->decoded)) {
		d->v.id = "b64-latin1";
		buf_puts(&d->fact, "user name or password is not UTF-8");
	} else if (has_smart_quotes(t->decoded)) {
		d->v.id = "b64-smart-quotes";
		buf_puts(&d->fact, "typographic quotes in user name or password");
	} else if (has_outer_blank(t->f.user) || has_outer_blank(t->f.password)) {
		d->v.id = "b64-blank-at-end";
		buf_printf(&d->fact, "a blank at the beginning or end of the %s",
				has_outer_blank(t->f.user) ? "user name" : "password");
	} else {
		d->v.status = REPORT_OK;
	}
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

static void judge_plain(struct verdict *d, const struct b64auth_taken *t)
{
	bool has_echo_option = bytes_starts(t->f.authzid, BYTES("-ne ")) ||
			bytes_starts(t->f.authzid, BYTES("-en ")) ||
			bytes_starts(t->f.authzid, BYTES("-e "));

	if (has_echo_option) {
		d->v.status = REPORT_CRITICAL;
		d->v.id = "b64-echo-option";
		buf_puts(&d->fact, "it begins with an option of echo, as text");
	} else if (t->f.user.n == 0 || t->f.password.n == 0) {
		d->v.status = REPORT_CRITICAL;
		d->v.id = t->f.user.n == 0 ? "b64-no-user" : "b64-no-password";
		buf_printf(&d->fact, "the %s is empty",
				t->f.user.n == 0 ? "user name" : "password");
	} else if (ends_in_line_end(t->f.password)) {
		judge_line_end(d, "password");
	} else {
		judge_characters(d, t);
	}
	if (d->v.id)
		next_is_plain(d, t);
}

void b64auth_judge(struct report *r, const struct b64auth_taken *t)
{
	struct verdict d = { .v = { .status = REPORT_OK },
		.fact = BUF(FACT_MAX),
		.next = BUF(FACT_MAX) };

	if (t->fault) {
		judge_fault(&d, t);
	} else if (t->lines > 1) {
		judge_wrapped(&d, t);
	} else if (is_encoded_twice(t)) {
		d.v.status = REPORT_CRITICAL;
		d.v.id = "b64-double-encoded";
		buf_puts(&d.fact, "what was decoded is base64 again");
	} else if (is_other_user(t)) {
		judge_other_user(&d, t);
	} else if (t->look == SASL_LOOK_PLAIN_NO_NUL) {
		judge_typed_nul(&d, t);
	} else if (t->look == SASL_LOOK_PLAIN_ONE_NUL) {
		judge_one_nul(&d, t);
	} else if (t->look == SASL_LOOK_PLAIN_MANY_NULS) {
		judge_many_nuls(&d, t);
	} else if (t->look == SASL_LOOK_PLAIN) {
		judge_plain(&d, t);
	} else if (t->look == SASL_LOOK_TEXT && ends_in_line_end(t->decoded)) {
		judge_line_end(&d, "text");
		buf_puts(&d.next, "printf %s <text> | b64auth encode");
	} else if (t->look == SASL_LOOK_NOTHING) {
		d.v.status = REPORT_UNKNOWN;
		buf_puts(&d.fact, "well-formed base64, but no SASL message that is known here");
	}
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
