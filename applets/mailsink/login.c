/* login - the server's side of one SASL exchange
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/login.h"

#include "proto/b64.h"
#include "proto/sasl.h"
#include "proto/sasl_look.h"

#include <inttypes.h>

enum { MESSAGE_MAX = 4096 };

bool login_begin(struct login *l, struct world *w, unsigned mech, const char *name)
{
	uint64_t random[2];

	login_end(l);
	if (mech != SASL_PLAIN && mech != SASL_LOGIN && mech != SASL_CRAM_MD5)
		return false;
	l->mech = mech;
	l->user.max = MESSAGE_MAX;
	l->challenge.max = MESSAGE_MAX;
	if (mech == SASL_CRAM_MD5) {
		w->random(w, random, sizeof(random));
		buf_printf(&l->challenge, "<%" PRIu64 ".%" PRIu64 "@%s>", random[0], random[1],
				name);
	}
	return true;
}

void login_end(struct login *l)
{
	buf_free(&l->user);
	buf_free(&l->challenge);
	*l = (struct login){ 0 };
}

struct bytes login_initial(struct bytes word)
{
	return bytes_equal(word, BYTES("=")) ? BYTES("") : word;
}

/* RFC 4616: authzid NUL authcid NUL passwd, none of them with a NUL. */
static enum login_result check_plain(struct login *l, const struct users *users,
		struct bytes message)
{
	struct bytes authzid = bytes_head(message, bytes_find(message, '\0'));
	struct bytes rest = bytes_skip(message, authzid.n + 1);
	struct bytes user = bytes_head(rest, bytes_find(rest, '\0'));
	struct bytes password = bytes_skip(rest, user.n + 1);

	if (user.n == 0 || password.n == 0 || bytes_find(password, '\0') < password.n)
		return LOGIN_BAD_FORM;
	buf_put(&l->user, user);
	if (authzid.n > 0 && !bytes_equal(authzid, user)) /* nobody acts for another */
		return LOGIN_REFUSED;
	return users_check_password(users, user, password) ? LOGIN_OK : LOGIN_REFUSED;
}

static enum login_result ask(const char *prompt, struct buf *challenge)
{
	b64_encode(bytes_of(prompt), challenge);
	return LOGIN_MORE;
}

static enum login_result step_login(struct login *l, const struct users *users,
		struct bytes message, struct buf *challenge)
{
	if (l->step == 1) {
		buf_put(&l->user, message);
		l->step = 2;
		return ask("Password:", challenge);
	}
	return users_check_password(users, buf_bytes(&l->user), message) ? LOGIN_OK : LOGIN_REFUSED;
}

/* RFC 2195 2: the user's name, a blank, the digest. The name may hold blanks, the digest none. */
static enum login_result check_cram(struct login *l, const struct users *users,
		struct bytes message)
{
	size_t name_end = message.n;

	while (name_end > 0 && message.p[name_end - 1] != ' ')
		name_end--;
	if (name_end < 2)
		return LOGIN_BAD_FORM;
	struct bytes name = bytes_head(message, name_end - 1);
	buf_put(&l->user, name);
	return users_check_cram_md5(users, buf_bytes(&l->challenge), name, message) ? LOGIN_OK :
										      LOGIN_REFUSED;
}

/* The client has said nothing yet: it is asked. */
static enum login_result open_exchange(struct login *l, struct buf *challenge)
{
	l->step = 1;
	if (l->mech == SASL_LOGIN)
		return ask("Username:", challenge);
	if (l->mech == SASL_CRAM_MD5)
		b64_encode(buf_bytes(&l->challenge), challenge);
	return LOGIN_MORE;
}

enum login_result login_step(struct login *l, const struct users *users, const struct bytes *line,
		struct buf *challenge)
{
	struct buf message = BUF_SECRET(MESSAGE_MAX);
	enum login_result result;

	if (!line)
		return open_exchange(l, challenge);
	if (bytes_equal(*line, BYTES("*")))
		return LOGIN_CANCELLED;
	if (b64_decode(*line, &message, NULL) != B64_OK)
		result = LOGIN_BAD_BASE64;
	else if (l->mech == SASL_PLAIN)
		result = check_plain(l, users, buf_bytes(&message));
	else if (l->mech == SASL_CRAM_MD5 && l->step == 0) /* the server speaks first here */
		result = LOGIN_BAD_FORM;
	else if (l->mech == SASL_CRAM_MD5)
		result = check_cram(l, users, buf_bytes(&message));
	else {
		if (l->step == 0)
			l->step = 1;
		result = step_login(l, users, buf_bytes(&message), challenge);
	}
	buf_free(&message);
	return result;
}
