/* login - the server's side of one SASL exchange
 * SPDX-License-Identifier: MIT
 *
 * Where the password is known, the client's side can be played: what it must send is computed, and
 * compared with what came.
 */
#include "applets/mailsink/login.h"

#include "proto/b64.h"
#include "proto/digest.h"
#include "proto/ntlm.h"
#include "proto/sasl_look.h"
#include "proto/scram.h"

#include <inttypes.h>

enum { MESSAGE_MAX = 4096, SALT = 16 };

/* One client message. users: who may. */
struct turn {
	const struct users *users;
	struct bytes message;
	struct buf *challenge;
};

void login_put_mechs(struct buf *out, unsigned mechs, const char *before)
{
	for (unsigned mech = SASL_EXTERNAL; mech > 0; mech >>= 1)
		if (mechs & mech)
			buf_printf(out, "%s%s", before, sasl_mech_name(mech));
}

void login_begin(struct login *l, unsigned mech, struct world *w, const char *name,
		const char *certificate)
{
	login_end(l);
	*l = (struct login){ .mech = mech,
		.w = w,
		.name = name,
		.certificate = certificate,
		.user = BUF(MESSAGE_MAX),
		.first = BUF_SECRET(MESSAGE_MAX),
		.challenge = BUF(MESSAGE_MAX) };
}

void login_end(struct login *l)
{
	buf_free(&l->user);
	buf_free(&l->first);
	buf_free(&l->challenge);
	*l = (struct login){ 0 };
}

struct bytes login_initial(struct bytes word)
{
	return bytes_equal(word, BYTES("=")) ? BYTES("") : word;
}

static void put_random(const struct login *l, struct buf *out)
{
	uint64_t random[2];

	l->w->random(l->w, random, sizeof(random));
	buf_printf(out, "%" PRIu64 ".%" PRIu64, random[0], random[1]);
}

/* A saslname (RFC 5801 4). */
static void put_name(struct buf *out, struct bytes in)
{
	while (in.n > 0) {
		bool is_comma = bytes_starts(in, BYTES("=2C"));
		bool is_equals = bytes_starts(in, BYTES("=3D"));
		buf_putc(out, is_comma ? ',' : in.p[0]);
		in = bytes_skip(in, is_comma || is_equals ? 3 : 1);
	}
}

static struct bytes password_of(const struct login *l, const struct turn *t)
{
	return users_password(t->users, buf_bytes(&l->user));
}

static enum login_result judge(bool ok)
{
	return ok ? LOGIN_OK : LOGIN_REFUSED;
}

/* Once the server has proven itself, the client says nothing more. */
static enum login_result take_end(const struct turn *t)
{
	return t->message.n == 0 ? LOGIN_OK : LOGIN_BAD_FORM;
}

static enum login_result take_clear(struct login *l, const struct turn *t)
{
	const enum sasl_look look = l->mech == SASL_PLAIN ? SASL_LOOK_PLAIN :
			l->mech == SASL_XOAUTH2           ? SASL_LOOK_XOAUTH2 :
							    SASL_LOOK_OAUTHBEARER;
	struct sasl_look_fields f;

	if (l->is_refused) /* and the client has read why */
		return LOGIN_REFUSED;
	if (sasl_look_at(t->message, &f) != look || f.password.n == 0)
		return LOGIN_BAD_FORM;
	if (l->mech == SASL_OAUTHBEARER)
		put_name(&l->user, f.authzid);
	else
		buf_put(&l->user, f.user);
	if (l->user.n == 0)
		return LOGIN_BAD_FORM;
	/* nobody acts for another */
	bool is_own = l->mech != SASL_PLAIN || f.authzid.n == 0 || bytes_equal(f.authzid, f.user);
	bool ok = users_check_password(t->users, buf_bytes(&l->user), f.password) && is_own;
	if (ok || l->mech == SASL_PLAIN)
		return judge(ok);
	l->is_refused = true;
	buf_puts(t->challenge, "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}");
	return LOGIN_MORE;
}

static enum login_result take_login(struct login *l, const struct turn *t)
{
	if (l->step > 0)
		return judge(users_check_password(t->users, buf_bytes(&l->user), t->message));
	buf_put(&l->user, t->message);
	buf_puts(t->challenge, "Password:");
	return LOGIN_MORE;
}

/* RFC 2195 2: the user's name, a blank, the digest. The name may hold blanks, the digest none. */
static enum login_result take_cram(struct login *l, const struct turn *t)
{
	struct buf due = BUF_SECRET(MESSAGE_MAX);
	struct sasl_look_fields f;

	if (sasl_look_at(t->message, &f) != SASL_LOOK_CRAM_RESPONSE)
		return LOGIN_BAD_FORM;
	buf_put(&l->user, f.user);
	struct sasl_creds creds = { .user = f.user, .password = password_of(l, t) };
	sasl_cram_md5(&due, &creds, buf_bytes(&l->challenge));
	bool ok = creds.password.n > 0 && users_same(buf_bytes(&due), t->message);
	buf_free(&due);
	return judge(ok);
}

static enum login_result take_digest(struct login *l, const struct turn *t)
{
	struct buf authzid = BUF(MESSAGE_MAX);

	if (l->step > 0)
		return take_end(t);
	bool is_digest = digest_user(t->message, &l->user, &authzid);
	bool is_own = authzid.n == 0 || bytes_equal(buf_bytes(&authzid), buf_bytes(&l->user));
	buf_free(&authzid);
	if (!is_digest)
		return LOGIN_BAD_FORM;
	struct bytes password = password_of(l, t);
	if (is_own && password.n > 0 &&
			digest_verify(buf_bytes(&l->challenge), t->message, password, t->challenge))
		return LOGIN_MORE;
	buf_clear(t->challenge);
	return LOGIN_REFUSED;
}

/* RFC 5802 5 */
static enum login_result scram_begins(struct login *l, const struct turn *t)
{
	struct sasl_look_fields f;
	unsigned char salt[SALT];
	struct bytes nonce = bytes_skip(t->message, bytes_search(t->message, BYTES(",r=")) + 1);

	/* no channel binding: that is not offered; nothing behind the nonce */
	if (sasl_look_at(t->message, &f) != SASL_LOOK_SCRAM_FIRST ||
			bytes_starts(t->message, BYTES("p=")) || bytes_find(nonce, ',') < nonce.n)
		return LOGIN_BAD_FORM;
	put_name(&l->user, f.user);
	if (f.authzid.n > 0 && !bytes_equal(f.authzid, f.user))
		return LOGIN_REFUSED;
	buf_put(&l->first, t->message);
	buf_put(&l->challenge, nonce);
	put_random(l, &l->challenge);
	l->w->random(l->w, salt, sizeof(salt));
	buf_puts(&l->challenge, ",s=");
	b64_encode((struct bytes){ salt, sizeof(salt) }, &l->challenge);
	buf_puts(&l->challenge, ",i=4096"); /* RFC 7677 4 */
	buf_put(t->challenge, buf_bytes(&l->challenge));
	return LOGIN_MORE;
}

static enum login_result take_scram(struct login *l, const struct turn *t)
{
	struct buf right = BUF_SECRET(2 * MESSAGE_MAX);
	const struct scram_exchange x = {
		.hash = l->mech == SASL_SCRAM_SHA_1 ? HASH_SHA1 : HASH_SHA256,
		.password = password_of(l, t),
		.client_first = buf_bytes(&l->first),
		.server_first = buf_bytes(&l->challenge),
	};
	const char *why;

	if (l->step == 0)
		return scram_begins(l, t);
	if (l->step == 2)
		return take_end(t);
	bool ok = x.password.n > 0 && scram_final(&x, &right, t->challenge, &why) &&
			users_same(buf_bytes(&right), t->message);
	buf_free(&right);
	if (ok)
		return LOGIN_MORE;
	buf_clear(t->challenge);
	return LOGIN_REFUSED;
}

static enum login_result take_ntlm(struct login *l, const struct turn *t)
{
	unsigned char nonce[NTLM_CHALLENGE];
	struct ntlm_fields f;

	if (!ntlm_read(t->message, &f) || f.type != (l->step > 0 ? 3 : 1))
		return LOGIN_BAD_FORM;
	if (l->step > 0) {
		ntlm_put_text(&l->user, f.user);
		struct bytes password = password_of(l, t);
		return judge(password.n > 0 && ntlm_verify(&f, buf_bytes(&l->challenge), password));
	}
	l->w->random(l->w, nonce, sizeof(nonce));
	buf_put(&l->challenge, (struct bytes){ nonce, sizeof(nonce) });
	ntlm_challenge(t->challenge, "MAILSINK", nonce);
	return LOGIN_MORE;
}

/* RFC 4422 A: the certificate's owner, who must not be named, and acts for no other. */
static enum login_result take_external(struct login *l, const struct turn *t)
{
	struct bytes owner = bytes_of(l->certificate);

	buf_put(&l->user, t->message.n > 0 ? t->message : owner);
	return judge(bytes_equal(buf_bytes(&l->user), owner) && password_of(l, t).n > 0);
}

/* RFC 4505: anything tells who one is. */
static enum login_result take_anonymous(struct login *l, const struct turn *t)
{
	buf_put(&l->user, t->message);
	return LOGIN_OK;
}

static void ask_name(struct login *l)
{
	buf_puts(&l->challenge, "Username:");
}

static void ask_cram(struct login *l)
{
	buf_putc(&l->challenge, '<');
	put_random(l, &l->challenge);
	buf_printf(&l->challenge, "@%s>", l->name);
}

static void ask_digest(struct login *l)
{
	buf_printf(&l->challenge, "realm=\"%s\",nonce=\"", l->name);
	put_random(l, &l->challenge);
	buf_puts(&l->challenge, "\",qop=\"auth\",charset=utf-8,algorithm=md5-sess");
}

static const struct mechanism {
	unsigned mechs;
	bool is_asked; /* the server speaks first, whatever came with AUTH */
	void (*ask)(struct login *l);
	enum login_result (*take)(struct login *l, const struct turn *t);
} mechanisms[] = {
	{ SASL_PLAIN | SASL_XOAUTH2 | SASL_OAUTHBEARER, false, NULL, take_clear },
	{ SASL_LOGIN, false, ask_name, take_login },
	{ SASL_CRAM_MD5, true, ask_cram, take_cram },
	{ SASL_DIGEST_MD5, true, ask_digest, take_digest },
	{ SASL_SCRAM_SHA_1 | SASL_SCRAM_SHA_256, false, NULL, take_scram },
	{ SASL_NTLM, false, NULL, take_ntlm },
	{ SASL_EXTERNAL, false, NULL, take_external },
	{ SASL_ANONYMOUS, false, NULL, take_anonymous },
};

enum login_result login_step(struct login *l, const struct users *users, const struct bytes *line,
		struct buf *challenge)
{
	struct buf message = BUF_SECRET(MESSAGE_MAX);
	struct turn t = { .users = users, .challenge = challenge };
	const struct mechanism *m = mechanisms;
	enum login_result result;

	while (!(m->mechs & l->mech))
		m++;
	if (!line) {
		if (m->ask)
			m->ask(l);
		buf_put(challenge, buf_bytes(&l->challenge));
		return LOGIN_MORE;
	}
	if (bytes_equal(*line, BYTES("*")))
		return LOGIN_CANCELLED;
	if (b64_decode(*line, &message, NULL) != B64_OK)
		result = LOGIN_BAD_BASE64;
	else if (m->is_asked && l->challenge.n == 0)
		result = LOGIN_BAD_FORM;
	else {
		t.message = buf_bytes(&message);
		result = m->take(l, &t);
	}
	l->step++;
	buf_free(&message);
	return result;
}
