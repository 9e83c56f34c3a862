/* users - who may log in, and whether a proof is right
 * SPDX-License-Identifier: MIT */
#include "applets/mailsink/users.h"

#include "proto/hash.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <stdlib.h>

enum { FILE_MAX = 256 * 1024 };

void users_free(struct users *u)
{
	for (size_t i = 0; i < u->count; i++) {
		buf_free(&u->at[i].name);
		buf_free(&u->at[i].password);
	}
	free(u->at);
	*u = (struct users){ 0 };
}

static const struct user *find(const struct users *u, struct bytes name)
{
	for (size_t i = 0; i < u->count; i++)
		if (bytes_equal(buf_bytes(&u->at[i].name), name))
			return &u->at[i];
	return NULL;
}

bool users_add(struct users *u, struct bytes spec, struct err *e)
{
	struct bytes name = bytes_head(spec, bytes_find(spec, ':'));
	struct bytes password = bytes_skip(spec, name.n + 1);

	if (name.n == 0 || password.n == 0 || spec.n > USERS_SPEC_MAX || bytes_has_control(spec))
		return err_set(e, ERR_USAGE, "a user is given as NAME:PASS, at most %d octets",
				USERS_SPEC_MAX);
	if (find(u, name))
		return err_set(e, ERR_USAGE, "user \"%.*s\" is given twice", (int)name.n,
				(const char *)name.p);
	if (u->count == USERS_MAX)
		return err_set(e, ERR_USAGE, "more than %d users", USERS_MAX);
	u->at = xrealloc(u->at, (u->count + 1) * sizeof(u->at[0]));
	struct user *user = &u->at[u->count++];
	buf_init(&user->name, USERS_SPEC_MAX);
	buf_init_secret(&user->password, USERS_SPEC_MAX);
	buf_put(&user->name, name);
	buf_put(&user->password, password);
	return true;
}

bool users_load(struct users *u, const char *path, struct err *e)
{
	struct buf text = BUF_SECRET(FILE_MAX);
	bool ok = file_read(path, &text, e);
	struct bytes rest = buf_bytes(&text), line;

	for (unsigned number = 1; ok && bytes_line(&rest, &line); number++) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		ok = users_add(u, line, e);
		if (!ok)
			err_wrap(e, "%s, line %u", path, number);
	}
	buf_free(&text);
	return ok;
}

bool users_same(struct bytes a, struct bytes b)
{
	return a.n == b.n && hash_equal(a.p, b.p, a.n);
}

struct bytes users_password(const struct users *u, struct bytes name)
{
	const struct user *user = find(u, name);

	return user ? buf_bytes(&user->password) : (struct bytes){ 0 };
}

bool users_check_password(const struct users *u, struct bytes name, struct bytes password)
{
	return password.n > 0 && users_same(users_password(u, name), password);
}
