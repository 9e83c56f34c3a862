/* judge - what is wrong with a string that was taken apart
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "ui/show.h"

enum { FACT_MAX = 300 };

/* Faults of the base64 itself. Whoever decodes laxly sees none of them: what the server makes of
 * the string is not known then. */
static const struct {
	const char *id, *means;
} faults[] = {
	[B64_ALPHABET] = { "b64-foreign-byte",
			"it is plain text that was not encoded, or more was"
			" copied than the string (likely)" },
	[B64_URL] = { "b64-url-alphabet",
			"this is base64url, as web tokens have it: '-' and '_'"
			" stand for '+' and '/' (certain)" },
	[B64_WHITESPACE] = { "b64-blank-inside",
			"a server takes the part before it, or refuses all (certain)" },
	[B64_PADDING] = { "b64-padding",
			"the string was cut, or two were joined, when it was"
			" copied (likely)" },
	[B64_BITS] = { "b64-spare-bits",
			"most servers overlook it, but no program writes it: the"
			" last letter was mistyped (likely)" },
	[B64_LENGTH] = { "b64-length", "the string was cut when it was copied (likely)" },
	[B64_ROOM] = { NULL, NULL },
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

static void next_is_plain(struct verdict *d, const struct b64auth_taken *t)
{
	buf_puts(&d->next, "b64auth plain -u ");
	if (is_plain_word(t->f.user))
		buf_put(&d->next, t->f.user);
	else
		buf_puts(&d->next, "<user>");
}

static void judge_fault(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = t->fault == B64_BITS ? REPORT_WARNING : REPORT_CRITICAL;
	d->v.id = faults[t->fault].id;
	d->v.means = faults[t->fault].means;
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
	d->v.means = "a server takes the first line for the whole string (certain); base64 and perl's"
		     " encode_base64 wrap at 76 columns";
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
		d->v.means = "a NUL typed as \\0 before a digit made another byte of both: type \\000"
			     " (likely)";
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
	d->v.means = "RFC 4616 allows none in a password: a server refuses this (likely)";
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
	d->v.means = "it was made with echo, which adds one (likely); a server takes it for part of"
		     " the text";
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
		d->v.means = "the echo of this shell does not know the option (certain)";
	} else if (t->f.user.n == 0 || t->f.password.n == 0) {
		d->v.status = REPORT_CRITICAL;
		d->v.id = t->f.user.n == 0 ? "b64-no-user" : "b64-no-password";
		buf_printf(&d->fact, "the %s is empty",
				t->f.user.n == 0 ? "user name" : "password");
		d->v.means = "RFC 4616 forbids it: a server refuses this (likely)";
	} else if (ends_in_line_end(t->f.password)) {
		judge_line_end(d, "password");
	} else {
		return;
	}
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
	report_add(r, &d.v);
	buf_free(&d.fact);
	buf_free(&d.next);
}
