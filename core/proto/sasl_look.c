/* sasl_look - names the SASL message that a decoded string is
 * SPDX-License-Identifier: MIT
 *
 * One recogniser a kind, asked in turn. Each is sure of its kind when it says yes; the order only
 * matters where one kind could pass for another: a prompt that ends in NUL, any text.
 */
#include "proto/sasl_look.h"

enum { HEX_MD5 = 32, SCRAM_SIGNATURE_MIN = 28 /* base64 of SHA-1's 20 octets */ };

static bool is_hex(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (bytes_find(BYTES("0123456789abcdefABCDEF"), in.p[i]) == 22)
			return false;
	return true;
}

static bool is_alpha(unsigned char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool has(struct bytes in, struct bytes what)
{
	return bytes_search(in, what) < in.n;
}

/* Takes what stands before the first c off in, c too. False when there is no c. */
static bool take_until(struct bytes *in, unsigned char c, struct bytes *head)
{
	size_t n = bytes_find(*in, c);

	if (n == in->n)
		return false;
	*head = bytes_head(*in, n);
	*in = bytes_skip(*in, n + 1);
	return true;
}

/* Takes "x=value" and the comma behind it, if any, off the front of in (RFC 5802 7). */
static bool take_attribute(struct bytes *in, unsigned char name, struct bytes *value)
{
	if (in->n < 3 || in->p[0] != name || in->p[1] != '=')
		return false;
	*in = bytes_skip(*in, 2);
	if (!take_until(in, ',', value)) {
		*value = *in;
		*in = (struct bytes){ 0 };
	}
	return value->n > 0;
}

/* "n,a=someone," and its kin (RFC 5801 4), before SCRAM's and OAUTHBEARER's first messages. */
static bool take_gs2(struct bytes *in, struct bytes *authzid)
{
	struct bytes flag, identity;

	if (!take_until(in, ',', &flag) || !take_until(in, ',', &identity))
		return false;
	if (!bytes_equal(flag, BYTES("n")) && !bytes_equal(flag, BYTES("y")) &&
			!bytes_starts(flag, BYTES("p=")))
		return false;
	if (identity.n > 0 && !bytes_starts(identity, BYTES("a=")))
		return false;
	*authzid = bytes_skip(identity, 2);
	return true;
}

/* MS-NLMP 2.2.1: the signature, then the message type 1, 2 or 3. */
static bool look_ntlm(struct bytes in, struct sasl_look_fields *f)
{
	bool is = bytes_starts(in, BYTES("NTLMSSP\0")) && in.n >= 12 && in.p[8] >= 1 &&
			in.p[8] <= 3 &&
			bytes_equal(bytes_head(bytes_skip(in, 9), 3), BYTES("\0\0\0"));

	if (is && in.p[8] == 3) /* two answers made of the password, anywhere in it */
		f->password = in;
	return is;
}

static bool look_plain(struct bytes in, struct sasl_look_fields *f)
{
	if (!take_until(&in, '\0', &f->authzid) || !take_until(&in, '\0', &f->user))
		return false;
	f->password = in;
	return !has(in, BYTES("\0"));
}

/* More NULs than two are a mistake, or no PLAIN at all: in UTF-16 each second octet is NUL. */
static bool look_plain_many_nuls(struct bytes in, struct sasl_look_fields *f)
{
	if (!take_until(&in, '\0', &f->authzid) || !take_until(&in, '\0', &f->user))
		return false;
	f->password = in;
	return f->user.n > 1 && !bytes_has_control(f->user) && !bytes_has_control(f->authzid);
}

/* Servers ask "Username:" and "Password:"; draft-murchison-sasl-login says "User Name\0". */
static bool look_login_prompt(struct bytes in, struct sasl_look_fields *f)
{
	static const char *const prompts[] = { "username", "user name", "user", "login", "password",
		"pass", "passwd" };
	size_t end = in.n;

	(void)f;
	while (end > 0 && (in.p[end - 1] == ' ' || in.p[end - 1] == ':' || in.p[end - 1] == '\0'))
		end--;
	if (end == in.n)
		return false;
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
		if (bytes_equal_nocase(bytes_head(in, end), bytes_of(prompts[i])))
			return true;
	return false;
}

/* "user\0password", or "\0userpassword" without the NUL between. */
static bool look_plain_one_nul(struct bytes in, struct sasl_look_fields *f)
{
	if (!take_until(&in, '\0', &f->user))
		return false;
	f->password = in;
	return !has(in, BYTES("\0"));
}

size_t sasl_look_typed_nul(struct bytes in, size_t *n)
{
	static const char *const forms[] = { "\\000", "\\x00", "\\0" };

	*n = 0;
	for (size_t at = 0; at < in.n; at++)
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			struct bytes form = bytes_of(forms[i]);
			if (bytes_starts(bytes_skip(in, at), form)) {
				*n = form.n;
				return at;
			}
		}
	return in.n;
}

/* "\0user\0password", "user\0password" */
static bool look_plain_no_nul(struct bytes in, struct sasl_look_fields *f)
{
	size_t n, at = sasl_look_typed_nul(in, &n);

	if (at == in.n)
		return false;
	f->user = bytes_head(in, at);
	f->password = bytes_skip(in, at + n);
	at = sasl_look_typed_nul(f->password, &n);
	if (at < f->password.n) {
		f->authzid = f->user;
		f->user = bytes_head(f->password, at);
		f->password = bytes_skip(f->password, at + n);
	}
	return true;
}

static bool look_cram_challenge(struct bytes in, struct sasl_look_fields *f)
{
	(void)f;
	return bytes_starts(in, BYTES("<")) && bytes_find(in, '>') == in.n - 1 &&
			has(in, BYTES("@"));
}

static bool look_cram_response(struct bytes in, struct sasl_look_fields *f)
{
	if (in.n < HEX_MD5 + 2 || in.p[in.n - HEX_MD5 - 1] != ' ')
		return false;
	f->user = bytes_head(in, in.n - HEX_MD5 - 1);
	f->password = bytes_skip(in, in.n - HEX_MD5);
	return is_hex(f->password);
}

/* The value of a directive of RFC 2831 7.1: name="value" or name=value. */
static bool digest_value(struct bytes in, struct bytes name, struct bytes *value)
{
	for (size_t at = 0; at + name.n < in.n; at++) {
		struct bytes rest = bytes_skip(in, at);
		bool is_begin = at == 0 || in.p[at - 1] == ',' || in.p[at - 1] == ' ';
		if (!is_begin || !bytes_starts_nocase(rest, name) || rest.p[name.n] != '=')
			continue;
		rest = bytes_skip(rest, name.n + 1);
		unsigned char end = bytes_starts(rest, BYTES("\"")) ? '"' : ',';
		rest = bytes_skip(rest, end == '"');
		*value = bytes_head(rest, bytes_find(rest, end));
		return true;
	}
	return false;
}

static bool look_digest_challenge(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes value;

	(void)f;
	return digest_value(in, BYTES("nonce"), &value) &&
			!digest_value(in, BYTES("response"), &value);
}

static bool look_digest_response(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes nonce;

	digest_value(in, BYTES("authzid"), &f->authzid);
	digest_value(in, BYTES("username"), &f->user);
	return digest_value(in, BYTES("nonce"), &nonce) &&
			digest_value(in, BYTES("response"), &f->password);
}

static bool look_digest_end(struct bytes in, struct sasl_look_fields *f)
{
	(void)f;
	return bytes_starts(in, BYTES("rspauth=")) && in.n == 8 + HEX_MD5 &&
			is_hex(bytes_skip(in, 8));
}

static bool look_scram_first(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes nonce;

	return take_gs2(&in, &f->authzid) && take_attribute(&in, 'n', &f->user) &&
			take_attribute(&in, 'r', &nonce);
}

static bool look_scram_server(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes nonce, salt, rounds;
	uint64_t number;

	(void)f;
	return take_attribute(&in, 'r', &nonce) && take_attribute(&in, 's', &salt) &&
			take_attribute(&in, 'i', &rounds) &&
			bytes_is_uint(rounds, UINT32_MAX, &number);
}

static bool look_scram_final(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes binding, nonce;

	return take_attribute(&in, 'c', &binding) && take_attribute(&in, 'r', &nonce) &&
			take_attribute(&in, 'p', &f->password);
}

static bool look_scram_end(struct bytes in, struct sasl_look_fields *f)
{
	struct bytes value;

	(void)f;
	if (take_attribute(&in, 'v', &value))
		return in.n == 0 && value.n >= SCRAM_SIGNATURE_MIN;
	if (!take_attribute(&in, 'e', &value))
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (!is_alpha(value.p[i]) && value.p[i] != '-')
			return false;
	return in.n == 0;
}

/* "\1auth=Bearer TOKEN\1": finds TOKEN. */
static bool find_token(struct bytes in, struct bytes *token)
{
	size_t at = bytes_search(in, BYTES("\1auth="));

	if (at == in.n)
		return false;
	in = bytes_skip(in, at + 6);
	if (bytes_starts_nocase(in, BYTES("Bearer ")))
		in = bytes_skip(in, 7);
	*token = bytes_head(in, bytes_find(in, '\1'));
	return true;
}

static bool look_xoauth2(struct bytes in, struct sasl_look_fields *f)
{
	if (!bytes_starts(in, BYTES("user=")) || !find_token(in, &f->password))
		return false;
	in = bytes_skip(in, 5);
	return take_until(&in, '\1', &f->user);
}

static bool look_oauthbearer(struct bytes in, struct sasl_look_fields *f)
{
	return take_gs2(&in, &f->authzid) && find_token(in, &f->password);
}

static bool look_oauth_error(struct bytes in, struct sasl_look_fields *f)
{
	(void)f;
	in = bytes_trim(in);
	return bytes_starts(in, BYTES("{")) && bytes_ends(in, BYTES("}")) &&
			has(in, BYTES("\"status\""));
}

/* No controls, but for a line end behind: a user name by "echo name | base64" is text too. */
static bool look_text(struct bytes in, struct sasl_look_fields *f)
{
	(void)f;
	if (bytes_ends(in, BYTES("\n")))
		in.n--;
	if (bytes_ends(in, BYTES("\r")))
		in.n--;
	return in.n > 0 && !bytes_has_control(in);
}

bool sasl_look_is_token(struct bytes word)
{
	size_t dots = 0;

	if (!bytes_starts(word, BYTES("eyJ"))) /* {" */
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = word.p[i];
		dots += c == '.';
		if (!is_alpha(c) && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return dots == 2;
}

static const struct {
	enum sasl_look look;
	bool (*is)(struct bytes in, struct sasl_look_fields *f);
} recognisers[] = {
	{ SASL_LOOK_NTLM, look_ntlm },
	{ SASL_LOOK_LOGIN_PROMPT, look_login_prompt },
	{ SASL_LOOK_PLAIN, look_plain },
	{ SASL_LOOK_PLAIN_ONE_NUL, look_plain_one_nul },
	{ SASL_LOOK_PLAIN_MANY_NULS, look_plain_many_nuls },
	{ SASL_LOOK_XOAUTH2, look_xoauth2 },
	{ SASL_LOOK_OAUTHBEARER, look_oauthbearer },
	{ SASL_LOOK_OAUTH_ERROR, look_oauth_error },
	{ SASL_LOOK_SCRAM_FIRST, look_scram_first },
	{ SASL_LOOK_SCRAM_SERVER, look_scram_server },
	{ SASL_LOOK_SCRAM_FINAL, look_scram_final },
	{ SASL_LOOK_SCRAM_END, look_scram_end },
	{ SASL_LOOK_DIGEST_CHALLENGE, look_digest_challenge },
	{ SASL_LOOK_DIGEST_RESPONSE, look_digest_response },
	{ SASL_LOOK_DIGEST_END, look_digest_end },
	{ SASL_LOOK_CRAM_CHALLENGE, look_cram_challenge },
	{ SASL_LOOK_CRAM_RESPONSE, look_cram_response },
	{ SASL_LOOK_PLAIN_NO_NUL, look_plain_no_nul },
	{ SASL_LOOK_TEXT, look_text },
};

enum sasl_look sasl_look_at(struct bytes decoded, struct sasl_look_fields *fields)
{
	for (size_t i = 0; i < sizeof(recognisers) / sizeof(recognisers[0]); i++) {
		struct sasl_look_fields f = { 0 };
		if (!recognisers[i].is(decoded, &f))
			continue;
		if (fields)
			*fields = f;
		return recognisers[i].look;
	}
	if (fields)
		*fields = (struct sasl_look_fields){ 0 };
	return SASL_LOOK_NOTHING;
}

const char *sasl_look_name(enum sasl_look look)
{
	static const char *const names[SASL_LOOK_COUNT] = {
		[SASL_LOOK_NOTHING] = "no SASL message that is known here",
		[SASL_LOOK_PLAIN] = "AUTH PLAIN response",
		[SASL_LOOK_PLAIN_NO_NUL] = "AUTH PLAIN response with NUL typed as \\0",
		[SASL_LOOK_PLAIN_ONE_NUL] = "AUTH PLAIN response that lacks a NUL byte",
		[SASL_LOOK_PLAIN_MANY_NULS] = "AUTH PLAIN response with a NUL byte too many",
		[SASL_LOOK_LOGIN_PROMPT] = "AUTH LOGIN prompt of a server",
		[SASL_LOOK_CRAM_CHALLENGE] = "CRAM-MD5 challenge or APOP time stamp",
		[SASL_LOOK_CRAM_RESPONSE] = "CRAM-MD5 response",
		[SASL_LOOK_DIGEST_CHALLENGE] = "DIGEST-MD5 challenge",
		[SASL_LOOK_DIGEST_RESPONSE] = "DIGEST-MD5 response",
		[SASL_LOOK_DIGEST_END] = "DIGEST-MD5 end, the server's proof",
		[SASL_LOOK_SCRAM_FIRST] = "SCRAM first message of a client",
		[SASL_LOOK_SCRAM_SERVER] = "SCRAM challenge (first message of a server)",
		[SASL_LOOK_SCRAM_FINAL] = "SCRAM response (final message of a client)",
		[SASL_LOOK_SCRAM_END] = "SCRAM end, the server's proof or error",
		[SASL_LOOK_XOAUTH2] = "XOAUTH2 response",
		[SASL_LOOK_OAUTHBEARER] = "OAUTHBEARER response",
		[SASL_LOOK_OAUTH_ERROR] = "OAuth error of a server",
		[SASL_LOOK_NTLM] = "NTLM message",
		[SASL_LOOK_APOP] = "user and digest of APOP",
		[SASL_LOOK_TOKEN] = "web token (JWT), as XOAUTH2 and OAUTHBEARER carry it",
		[SASL_LOOK_TEXT] = "text, as the user name or password of AUTH LOGIN",
	};

	return names[look];
}
