/* take - takes strings apart: every byte visible, fields named, judged
 * SPDX-License-Identifier: MIT */
#include "applets/b64auth/take.h"

#include "applets/b64auth/b64auth.h"
#include "applets/b64auth/line.h"
#include "know/advice.h"
#include "proto/sasl.h"
#include "sys/file.h"
#include "ui/json.h"
#include "ui/show.h"

enum {
	SHOWN_MAX = 10 * B64AUTH_INPUT_MAX, /* an octet takes up to ten when shown: \u{10fffd} */
	KIND_MAX = 256,
	SIZE_AT = 32,
	FIELD_AT = 12,
	WRAP_MIN = 60, /* base64(1) wraps at 76, PEM at 64 */
};

struct take {
	struct b64auth *b;
	struct report report;
	struct buf shown;
	struct bytes want_password;
	struct b64auth_kept kept;
	bool is_transcript; /* some line is one of a protocol: of the others only answers count */
	bool is_one_line;
	bool is_open;          /* an exchange: its command or a challenge went by */
	bool is_asked;         /* the line before was a challenge */
	unsigned mech;         /* of the exchange; 0: not known */
	unsigned answers;      /* of the client, in it */
	bool is_password_next; /* a prompt asked for it, or the user name went by */
	bool is_answer_next;   /* a prompt was the last that was seen */
	bool any;
};

/* "  user:     sample", wrapped. */
static void put_field(struct take *k, const char *name, struct bytes text)
{
	struct buf *out = &k->shown;

	buf_printf(out, "  %s:", name);
	size_t n = bytes_of(name).n + 3;
	show_blanks(out, n < FIELD_AT ? FIELD_AT - n : 1);
	show_wrap(out, text, FIELD_AT, FIELD_AT, k->b->w->columns);
	buf_putc(out, '\n');
}

/* The value of a field, in quotes where one would not see its end. */
static void put_value(void *ctx, const char *name, struct bytes value)
{
	struct take *k = ctx;
	struct buf safe = BUF_SECRET(SHOWN_MAX);
	uint64_t at;
	bool is_odd = value.n == 0 || value.p[0] == ' ' || value.p[value.n - 1] == ' ';

	buf_puts(&safe, is_odd ? "\"" : "");
	show_quoted(&safe, value, k->b->w->utf8);
	buf_puts(&safe, is_odd ? "\"" : "");
	if (b64auth_is_time(name) && bytes_is_uint(value, UINT32_MAX, &at)) {
		buf_puts(&safe, ", ");
		b64auth_put_time(&safe, (int64_t)at);
	}
	put_field(k, name, value.n > 0 ? buf_bytes(&safe) : BYTES("(empty)"));
	buf_free(&safe);
}

static const char *secret_name(const struct b64auth_taken *t)
{
	return t->is_encoded ? "message" : b64auth_secret_name(t->look);
}

static void put_secret(struct take *k, const struct b64auth_taken *t)
{
	struct buf kind = BUF(KIND_MAX);
	const char *name = secret_name(t);

	b64auth_put_kind(&kind, t->f.password);
	if (t->f.password.n > 0)
		buf_puts(&kind, "   (--show-secrets shows it)");
	if (k->b->common.show_secrets)
		put_value(k, name, t->f.password);
	else
		put_field(k, name, buf_bytes(&kind));
	buf_free(&kind);
}

static void put_text(struct take *k, const struct b64auth_taken *t)
{
	struct buf *out = &k->shown;
	bool is_plain = t->look == SASL_LOOK_PLAIN;

	b64auth_put_octets(out, t, k->b->common.show_secrets, k->b->w->utf8);
	size_t at = show_width(buf_bytes(out));
	show_blanks(out, at + 2 < SIZE_AT ? SIZE_AT - at : 2);
	buf_printf(out, "%zu byte%s\n", t->decoded.n, t->decoded.n == 1 ? "" : "s");
	if (t->look == SASL_LOOK_NOTHING || (t->fault && t->look == SASL_LOOK_TEXT))
		return;
	buf_printf(out, "looks like: %s\n", sasl_look_name(t->look));
	if (t->f.authzid.n > 0 || is_plain)
		put_value(k, "authzid", t->f.authzid);
	if (t->f.user.n > 0 || is_plain)
		put_value(k, "user", t->f.user);
	if (t->f.password.n > 0 || is_plain)
		put_secret(k, t);
	b64auth_fields(t, &(struct b64auth_sink){ put_value, k });
}

static void put_json_field(void *ctx, const char *name, struct bytes value)
{
	json_text(ctx, name, value);
}

static void put_json(struct take *k, const struct b64auth_taken *t)
{
	bool show = k->b->common.show_secrets;
	struct json j;

	json_begin(&j, &k->shown);
	json_str(&j, "type", "string");
	json_int(&j, "bytes", (int64_t)t->decoded.n);
	json_str(&j, "looks_like", sasl_look_name(t->look));
	if (t->f.authzid.n > 0)
		json_text(&j, "authzid", t->f.authzid);
	if (t->f.user.n > 0)
		json_text(&j, "user", t->f.user);
	if (t->f.password.n > 0) {
		json_str(&j, "secret", secret_name(t));
		json_int(&j, "secret_bytes", (int64_t)t->f.password.n);
	}
	if (t->f.password.n > 0 && show)
		json_text(&j, "secret_text", t->f.password);
	if (t->f.password.n == 0 || show)
		json_text(&j, "decoded", t->decoded);
	json_object(&j, "fields");
	b64auth_fields(t, &(struct b64auth_sink){ put_json_field, &j });
	json_end(&j);
}

/* LOGIN's answers are bare text. The second, or the one that follows the prompt for it, or another
 * text, is a password, and treated as one. */
static void see_login(struct take *k, struct b64auth_taken *t, bool is_client)
{
	bool is_text = t->look == SASL_LOOK_TEXT, is_login = is_client && k->mech == SASL_LOGIN;

	/* typed in clear it decodes to anything, and tells as much */
	t->is_answer = k->is_answer_next || is_login;
	bool is_password = is_login ? k->answers >= 2 : k->is_password_next;
	bool is_user = is_login ? k->answers == 1 : k->is_answer_next && !is_password;
	if (is_password && (is_text || t->is_answer))
		t->f = (struct sasl_look_fields){ .password = t->decoded };
	else if (is_user && is_text)
		t->f = (struct sasl_look_fields){ .user = t->decoded };
	k->is_answer_next = t->look == SASL_LOOK_LOGIN_PROMPT;
	if (t->look == SASL_LOOK_LOGIN_PROMPT)
		k->is_password_next = bytes_starts_nocase(t->decoded, BYTES("pass"));
	else
		k->is_password_next = is_text && !k->is_password_next;
}

/* kind tells what stands in the line as it is, and what in base64. */
static void take_string(struct take *k, struct bytes text, size_t lines, enum b64auth_kind kind)
{
	struct buf decoded = BUF_SECRET(text.n), inner = BUF_SECRET(text.n);
	struct b64auth_taken t = { .text = text,
		.lines = lines,
		.want_user = bytes_of(k->b->common.user),
		.want_password = k->want_password,
		.is_plain_due = k->mech == SASL_PLAIN,
		.show_secrets = k->b->common.show_secrets,
		.now_s = k->b->w->wall_s(k->b->w) };
	bool is_token = sasl_look_is_token(text);

	if (is_token || kind == B64AUTH_STAMP || kind == B64AUTH_APOP)
		buf_put(&decoded, text);
	else
		t.fault = b64_decode(text, &decoded, &t.fault_at);
	t.decoded = buf_bytes(&decoded);
	t.look = sasl_look_at(t.decoded, &t.f);
	if (is_token) {
		t.look = SASL_LOOK_TOKEN;
		t.f = (struct sasl_look_fields){ .password = t.decoded };
	} else if (kind == B64AUTH_APOP && t.look == SASL_LOOK_CRAM_RESPONSE) {
		t.look = SASL_LOOK_APOP;
	}
	see_login(k, &t, kind != B64AUTH_CHALLENGE);
	t.is_encoded = !t.fault && b64auth_is_encoded(t.decoded, &inner);
	if (t.is_encoded)
		t.f = (struct sasl_look_fields){ .password = t.decoded };
	b64auth_compare(&k->kept, &t);
	if (t.decoded.n > 0 && k->b->common.json)
		put_json(k, &t);
	else if (t.decoded.n > 0 && !k->b->common.quiet && !k->b->common.nagios)
		put_text(k, &t);
	out_put(&k->b->w->out, buf_bytes(&k->shown));
	buf_clear(&k->shown);
	b64auth_judge(&k->report, &t);
	buf_free(&decoded);
	buf_free(&inner);
	k->any = true;
}

/* A line that base64(1) or perl broke, and that goes on in the next: full, and digits only. */
static bool goes_on(struct bytes text, struct bytes rest)
{
	struct b64auth_line next;
	struct bytes line;

	if (text.n < WRAP_MIN || text.n % 4 != 0 || !b64auth_is_digits(text) ||
			text.p[text.n - 1] == '=' || !bytes_line(&rest, &line))
		return false;
	b64auth_read_line(line, &next);
	return next.kind == B64AUTH_WORD && next.text.n <= text.n && b64auth_is_digits(next.text);
}

/* The string in a line, with those lines taken off rest that it goes on in. */
static void take_whole(struct take *k, const struct b64auth_line *line, struct bytes *rest)
{
	struct buf string = BUF_SECRET(B64AUTH_INPUT_MAX);
	struct b64auth_line next = *line;
	struct bytes text = line->text, raw;
	size_t lines = 1;

	if (goes_on(text, *rest)) {
		buf_put(&string, text);
		for (; goes_on(next.text, *rest); lines++) {
			bytes_line(rest, &raw);
			b64auth_read_line(raw, &next);
			buf_put(&string, next.text);
		}
		text = buf_bytes(&string);
	}
	if (text.n > 0)
		take_string(k, text, lines, line->kind);
	buf_free(&string);
}

/* Takes the first line of rest apart, and those that it goes on in. */
static void take_line(struct take *k, struct b64auth_line *line, struct bytes *rest)
{
	bool was_asked = k->is_asked, is_answer;

	k->is_asked = line->kind == B64AUTH_CHALLENGE;
	switch (line->kind) {
	case B64AUTH_STATUS:
		k->is_open = false;
		k->mech = 0;
		return;
	case B64AUTH_COMMAND:
		k->mech = line->mech;
		k->answers = line->text.n > 0;
		/* fall through */
	case B64AUTH_CHALLENGE:
		k->is_open = true;
		break;
	case B64AUTH_WORD:
	case B64AUTH_WORDS:
		is_answer = line->kind == B64AUTH_WORD ? k->is_open : was_asked;
		if (is_answer)
			k->answers += line->text.n > 0;
		else if (line->kind == B64AUTH_WORD && k->is_transcript)
			return;
		else if (line->kind == B64AUTH_WORDS)
			line->text = b64auth_find(line->text, !k->is_one_line);
		break;
	default:
		break;
	}
	take_whole(k, line, rest);
}

static void take_all(struct take *k, struct bytes input)
{
	struct bytes rest = bytes_trim(input), raw;
	struct b64auth_line line;

	k->is_one_line = bytes_find(rest, '\n') == rest.n;
	while (!k->is_transcript && bytes_line(&rest, &raw)) {
		b64auth_read_line(raw, &line);
		k->is_transcript = line.kind > B64AUTH_WORD;
	}
	while (bytes_line(&input, &raw)) {
		b64auth_read_line(raw, &line);
		take_line(k, &line, &input);
	}
}

/* The operands as one line, as a shell split it up, or standard input. */
static bool get_input(struct b64auth *b, struct buf *input)
{
	struct err e = { 0 };

	if (b->words.count > 0 && !b64auth_words(b, input))
		err_set(&e, ERR_USAGE, "the string is empty or too long");
	else if (b->words.count == 0 && b->w->in_fd < 0)
		err_set(&e, ERR_USAGE, "no string, and standard input is closed");
	else if (b->words.count == 0)
		file_read_fd(b->w->in_fd, "standard input", input, &e);
	if (e.kind)
		b64auth_wrong(b, "%s", e.text);
	return !e.kind;
}

/* A password that was given, not one to be asked for. */
static bool get_password(struct b64auth *b, struct buf *password)
{
	const struct opt_common *c = &b->common;
	struct err e = { 0 };

	if (!c->has_password && !c->pass_file && !c->pass_fd_plus1 && !c->use_netrc)
		return true;
	if (opt_password(b->w, &b->common, NULL, password, &e))
		return true;
	b64auth_wrong(b, "%s", e.text);
	return false;
}

int b64auth_take(struct b64auth *b)
{
	struct buf password = BUF_SECRET(OPT_SECRET_MAX);
	struct take k = { .b = b, .shown = BUF_SECRET(SHOWN_MAX), .kept = B64AUTH_KEPT };
	struct buf input = BUF_SECRET(B64AUTH_INPUT_MAX);
	int code = 3;

	if (get_password(b, &password) && get_input(b, &input)) {
		k.want_password = buf_bytes(&password);
		report_init(&k.report, b->w, "b64auth", NULL, &b->common);
		take_all(&k, buf_bytes(&input));
		if (!k.any)
			report_advise(&k.report,
					&(struct report_verdict){ .status = REPORT_UNKNOWN,
							.fact = "no base64 string in this" },
					&(struct finding){ .proto = ADVICE_SMTP,
							.stage = "local",
							.error = "b64-none" });
		code = report_finish(&k.report);
		report_free(&k.report);
	}
	buf_free(&password);
	buf_free(&input);
	buf_free(&k.shown);
	b64auth_kept_free(&k.kept);
	return code;
}
