/* judge - what is wrong with a string that was taken apart
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "applets/b64auth/b64auth.h"
#include "know/advice.h"
#include "proto/sasl.h"
#include "proto/utf8.h"
#include "ui/show.h"

enum { FACT_MAX = 300, RIGHT_MAX = 1024, SHOWN_NAME_MAX = 60 };

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
	struct buf fact, right, next;
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

/* Messages that are made of a name and a secret alone, and those of which the command is known. */
static const struct maker {
	unsigned char look;
	unsigned mech; /* 0: not without the server's challenge */
	const char *verb, *rest;
} makers[] = {
	{ SASL_LOOK_PLAIN, SASL_PLAIN, "plain", "" }, /* and whatever is not in the list */
	{ SASL_LOOK_TEXT, SASL_LOGIN, "login", "" },
	{ SASL_LOOK_XOAUTH2, SASL_XOAUTH2, "xoauth2", "" },
	{ SASL_LOOK_TOKEN, 0, "xoauth2", "" },
	{ SASL_LOOK_OAUTHBEARER, SASL_OAUTHBEARER, "oauthbearer", "" },
	{ SASL_LOOK_SCRAM_FIRST, 0, "scram-sha-256", "" },
	{ SASL_LOOK_SCRAM_FINAL, 0, "scram-sha-256", " <challenge>" },
	{ SASL_LOOK_CRAM_RESPONSE, 0, "cram-md5", " <challenge>" },
	{ SASL_LOOK_DIGEST_RESPONSE, 0, "digest-md5", " <challenge>" },
	{ SASL_LOOK_NTLM, 0, "ntlm", " <challenge>" },
	{ SASL_LOOK_APOP, 0, "apop", " <greeting>" },
};

static const struct maker *maker_of(const struct b64auth_taken *t)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (makers[i].look == t->look && !t->is_plain_due)
			return &makers[i];
	return &makers[0];
}

/* Without what came along by mistake: a mark at the front, an option of echo, blanks, line ends and
 * NULs. */
static struct bytes clean(struct bytes in)
{
	if (bytes_starts(in, BYTES("\xef\xbb\xbf")))
		in = bytes_skip(in, 3);
	if (bytes_starts(in, BYTES("-e ")) || bytes_starts(in, BYTES("-ne ")))
		in = bytes_skip(in, bytes_find(in, ' '));
	in = bytes_trim(in);
	while (in.n > 0 && in.p[in.n - 1] == '\0')
		in.n--;
	return bytes_trim(in);
}

/* User name and secret as they were meant, as far as they can be told. */
static struct sasl_creds creds_meant(const struct b64auth_taken *t)
{
	struct bytes user = t->want_user, secret = t->want_password, all = clean(t->decoded);

	if (bytes_starts(all, BYTES("\0")))
		all = bytes_skip(all, 1);
	bool leads = t->f.user.n == 0 && user.n > 0 && bytes_starts(all, user);
	if (user.n == 0)
		user = clean(t->f.user);
	if (secret.n == 0)
		secret = leads ? bytes_skip(all, user.n) : clean(t->f.password);
	return (struct sasl_creds){ .user = user, .password = secret };
}

/* The message as it should have been, its secret hidden. */
static void put_right(struct verdict *d, const struct b64auth_taken *t, struct bytes message)
{
	struct b64auth_taken right = { .decoded = message };

	right.look = sasl_look_at(message, &right.f);
	if (right.look == SASL_LOOK_TEXT && t->f.password.n > 0)
		right.f.password = message;
	if (right.look != SASL_LOOK_NOTHING)
		b64auth_put_octets(&d->right, &right, false, false);
}

/* What makes it right: the string, where name and secret are known, and the command. */
static void next_is_make(struct verdict *d, const struct b64auth_taken *t)
{
	const struct sasl_creds creds = creds_meant(t);
	const struct maker *m = maker_of(t);
	struct bytes user = user_for_command(t);
	struct buf message = BUF_SECRET(B64AUTH_LINE_MAX);
	const char *why;
	struct sasl s;

	if (m->mech == SASL_LOGIN) {
		buf_put(&message,
				t->f.password.n > 0             ? creds.password :
						t->f.user.n > 0 ? creds.user :
								  clean(t->decoded));
	} else if (m->mech) {
		sasl_begin(&s, m->mech, &creds);
		sasl_step(&s, BYTES(""), &message, &why);
		sasl_end(&s);
	}
	if (!bytes_equal(buf_bytes(&message), t->decoded))
		put_right(d, t, buf_bytes(&message));
	buf_free(&message);
	buf_printf(&d->next, "b64auth %s -u ", m->verb);
	buf_put(&d->next, user.n > 0 ? user : BYTES("<user>"));
	buf_puts(&d->next, m->rest);
}

static void critical(struct verdict *d, const char *id, const char *fact)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = id;
	buf_puts(&d->fact, fact);
}

/* The other alphabet, blanks inside and pads are put right; what else is wrong stays. */
static void put_repaired(struct verdict *d, const struct b64auth_taken *t)
{
	struct buf text = BUF_SECRET(t->text.n + 4), message = BUF_SECRET(t->text.n);
	size_t end = t->text.n;

	while (end > 0 && t->text.p[end - 1] == '=')
		end--;
	for (size_t i = 0; i < end; i++) {
		unsigned char c = t->text.p[i];
		if (c != ' ' && c != '\t')
			buf_putc(&text, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (text.n % 4 != 0)
		buf_putc(&text, '=');
	enum b64_fault fault = b64_decode(buf_bytes(&text), &message, NULL);
	if (fault == B64_OK || t->fault == B64_BITS) /* else a digit is missing, not a pad */
		put_right(d, t, buf_bytes(&message));
	buf_free(&text);
	buf_free(&message);
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
	put_repaired(d, t);
}

static void judge_wrapped(struct verdict *d, const struct b64auth_taken *t)
{
	d->v.status = REPORT_CRITICAL;
	d->v.id = "b64-wrapped";
	buf_printf(&d->fact, "the string is wrapped into %zu lines", t->lines);
	put_right(d, t, t->decoded);
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

/* Offset of the first octet over 127; in.n when there is none. */
static size_t first_eight_bit(struct bytes in)
{
	size_t at = 0;

	while (at < in.n && in.p[at] < 128)
		at++;
	return at;
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

/* The user name or the secret has a line end behind it. */
static bool judge_line_ends(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_text = t->look == SASL_LOOK_TEXT;
	const char *what = ends_in_line_end(t->f.user)          ? "user name" :
			ends_in_line_end(t->f.password)         ? b64auth_secret_name(t->look) :
			is_text && ends_in_line_end(t->decoded) ? "text" :
								  NULL;

	if (!what)
		return false;
	d->v.status = REPORT_WARNING;
	d->v.id = "b64-line-end";
	buf_printf(&d->fact, "the %s ends in a line end", what);
	next_is_make(d, t);
	return true;
}

/* Characters that a user name and password may have, but seldom mean to. */
static void judge_characters(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_text = t->look == SASL_LOOK_TEXT;
	struct bytes user = is_text ? t->decoded : t->f.user;
	size_t mark = bytes_search(t->decoded, BYTES("\xef\xbb\xbf"));
	size_t odd = utf8_prefix(t->decoded), high = first_eight_bit(t->decoded);

	if (judge_line_ends(d, t) || t->match == B64AUTH_SAME) /* then they belong to it */
		return;
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

bool b64auth_is_encoded(struct bytes text, struct buf *inner)
{
	text = bytes_trim(text);
	return text.n >= 8 && b64_decode(text, inner, NULL) == B64_OK &&
			(bytes_ends(text, BYTES("=")) ||
					bytes_find(buf_bytes(inner), '\0') < inner->n);
}

static void judge_encoded_twice(struct verdict *d, const struct b64auth_taken *t)
{
	struct buf inner = BUF_SECRET(t->decoded.n), more = BUF_SECRET(t->decoded.n);

	critical(d, "b64-double-encoded", "what was decoded is base64 again");
	if (b64auth_is_encoded(t->decoded, &inner) && !b64auth_is_encoded(buf_bytes(&inner), &more))
		put_right(d, t, buf_bytes(&inner));
	buf_free(&inner);
	buf_free(&more);
}

/* Against the -u that was given with it. */
static bool is_other_user(const struct b64auth_taken *t)
{
	return t->want_user.n > 0 && t->f.user.n > 0 && !bytes_equal(t->want_user, t->f.user);
}

/* perl in double quotes takes "@name" for a variable, an empty one: user@example.com becomes
 * user.com. */
static bool is_name_lost(struct bytes wanted, struct bytes user)
{
	size_t at = bytes_find(wanted, '@'), end = at + 1;

	while (end < wanted.n && wanted.p[end] != '.' && wanted.p[end] != '-')
		end++;
	struct bytes tail = bytes_skip(wanted, end);
	return at < wanted.n && user.n == at + tail.n &&
			bytes_starts(user, bytes_head(wanted, at)) && bytes_ends(user, tail);
}

static void judge_other_user(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_lost = is_name_lost(t->want_user, t->f.user);

	critical(d, is_lost ? "b64-lost-domain" : "b64-other-user", "the user name is \"");
	show_quoted(&d->fact, t->f.user, false);
	buf_puts(&d->fact, "\", not \"");
	show_quoted(&d->fact, t->want_user, false);
	buf_putc(&d->fact, '"');
	next_is_make(d, t);
}

/* Nobody said what the user name should be. */
static void judge_domain_without_at(struct verdict *d, const struct b64auth_taken *t)
{
	static const char *const ends[] = { ".com", ".net", ".org" };
	struct bytes user = t->f.user;

	if (t->want_user.n > 0 || bytes_find(user, '@') < user.n)
		return;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (bytes_ends(user, bytes_of(ends[i]))) {
			d->v.status = REPORT_WARNING;
			d->v.id = "b64-lost-domain";
			d->v.means = "the user name ends like a mail address, but has no @ (possible)";
			buf_puts(&d->fact, "the user name is \"");
			show_quoted(&d->fact, bytes_head(user, SHOWN_NAME_MAX), false);
			buf_putc(&d->fact, '"');
			return;
		}
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
	if (t->f.user.n == 0)
		critical(d, "b64-no-user", "the user name is empty");
	else if (t->f.password.n == 0)
		critical(d, "b64-no-password", "the password is empty");
	if (d->v.id) {
		next_is_make(d, t);
		return;
	}
	judge_characters(d, t);
	if (!d->v.id && t->f.authzid.n > 0)
		judge_authzid(d, t);
}

/* The first line of what base64 and perl (76 columns), mimencode (72) or openssl (64) wrapped, or a
 * message of tokens without its end. */
static bool judge_cut(struct verdict *d, const struct b64auth_taken *t)
{
	size_t n = t->text.n;
	bool is_oauth = t->look == SASL_LOOK_XOAUTH2 || t->look == SASL_LOOK_OAUTHBEARER;

	if (is_oauth) {
		if (bytes_ends(t->decoded, BYTES("\1\1")))
			return false;
		critical(d, "b64-cut", "the message ends without its two octets \\x01");
		d->v.means = "it was cut when it was copied, or at the end of a line (likely)";
	} else if (t->look == SASL_LOOK_PLAIN && !bytes_ends(t->text, BYTES("=")) &&
			(n == 76 || n == 72 || n == 64)) {
		d->v.status = REPORT_WARNING;
		d->v.id = "b64-cut";
		buf_printf(&d->fact, "the string has %zu columns and no \"=\": a whole line", n);
	} else {
		return false;
	}
	next_is_make(d, t);
	return true;
}

static void judge_token(struct verdict *d, const struct b64auth_taken *t)
{
	int64_t until;

	if (!b64auth_expiry(t->f.password, &until) || until > t->now_s)
		return;
	critical(d, "b64-token-expired", "the token expired on ");
	b64auth_put_time(&d->fact, until);
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
	bool is_utf8 = utf8_prefix(t->decoded) == t->decoded.n;

	if (t->is_answer && (t->fault || t->look == SASL_LOOK_NOTHING || !is_utf8)) {
		critical(d, "b64-plain-text",
				"what answers the server's prompt is no base64 of UTF-8 text");
	} else if (t->fault) {
		judge_fault(d, t);
	} else if (t->lines > 1) {
		judge_wrapped(d, t);
	} else if (t->is_encoded) {
		judge_encoded_twice(d, t);
	} else if (has_echo_option(t->decoded)) {
		critical(d, "b64-echo-option", "it begins with an option of echo, as text");
		next_is_make(d, t);
	} else if (is_other_user(t)) {
		judge_other_user(d, t);
	} else if (lacks_nuls(t)) {
		struct b64auth_taken plain = *t;
		plain.is_plain_due = true;
		critical(d, "b64-no-nul", "not an AUTH PLAIN response: no NUL byte in it");
		next_is_make(d, &plain);
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
	case SASL_LOOK_XOAUTH2:
	case SASL_LOOK_OAUTHBEARER:
	case SASL_LOOK_TOKEN:
		judge_token(d, t);
		if (!d->v.id)
			judge_characters(d, t);
		break;
	case SASL_LOOK_TEXT:
	case SASL_LOOK_SCRAM_FIRST:
	case SASL_LOOK_CRAM_RESPONSE:
		judge_characters(d, t);
		break;
	case SASL_LOOK_NOTHING:
		d->v.status = REPORT_UNKNOWN;
		d->v.id = "b64-unknown";
		buf_puts(&d->fact, "well-formed base64, but no SASL message that is known here");
		break;
	default:
		break;
	}
}

/* Against what the password that was given makes. */
static void judge_match(struct verdict *d, const struct b64auth_taken *t)
{
	bool is_end = t->look == SASL_LOOK_DIGEST_END || t->look == SASL_LOOK_SCRAM_END;
	bool is_secret = maker_of(t)->mech || t->look == SASL_LOOK_TOKEN;
	const char *name = b64auth_secret_name(t->look);

	if (t->match == B64AUTH_NO_CHALLENGE) {
		buf_puts(&d->fact,
				"well formed; not compared with the password: what came before"
				" it is missing here");
	} else if (t->match == B64AUTH_SAME && is_end) {
		buf_puts(&d->fact, "the server's proof is right: it knows the password");
	} else if (t->match == B64AUTH_SAME) {
		buf_printf(&d->fact, "well formed, and its %s is the one of the password given",
				name);
	} else if (t->match == B64AUTH_OTHER && is_end) {
		critical(d, "b64-other-proof", "the server's proof is not of the password given");
	} else if (t->match == B64AUTH_OTHER && !is_secret) {
		critical(d, "b64-other-digest", "the ");
		buf_printf(&d->fact, "%s is not the one of the password given", name);
		next_is_make(d, t);
	} else if (t->match == B64AUTH_OTHER) {
		critical(d, "b64-other-password", "the ");
		buf_printf(&d->fact, "%s, of %zu bytes, is not the one of %zu that was given", name,
				t->f.password.n, t->want_password.n);
		next_is_make(d, t);
	}
}

void b64auth_judge(struct report *r, const struct b64auth_taken *t)
{
	struct verdict d = { .v = { .status = REPORT_OK },
		.fact = BUF(FACT_MAX),
		.right = BUF(RIGHT_MAX),
		.next = BUF(FACT_MAX) };

	if (!judge_string(&d, t))
		judge_message(&d, t);
	if (!d.v.id)
		judge_match(&d, t);
	if (!d.v.id && t->match != B64AUTH_SAME && !judge_cut(&d, t))
		judge_domain_without_at(&d, t);
	if (d.fact.n == 0)
		buf_puts(&d.fact, "well formed");
	d.v.fact = buf_text(&d.fact);
	if (d.right.n > 0 && !d.right.overflow)
		d.v.right = buf_text(&d.right);
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
	buf_free(&d.right);
	buf_free(&d.next);
}
