/* users - who may log in, and whether a proof is right
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"
#include "sys/err.h"

enum { USERS_MAX = 1000, USERS_SPEC_MAX = 512 };

struct user {
	struct buf name;
	struct buf password; /* secret */
};

/* Zeroed = nobody. */
struct users {
	struct user *at;
	size_t count;
};

void users_free(struct users *u);

/* Adds "NAME:PASS"; the first colon parts them. False: no name, no password, a control octet, a
 * name given twice; the password is not in e. */
bool users_add(struct users *u, struct bytes spec, struct err *e);

/* Adds one user a line; empty lines and those that begin with '#' are passed over. */
bool users_load(struct users *u, const char *path, struct err *e);

/* The user's password; empty, as none is, when there is no such user. name is compared octet by
 * octet. */
struct bytes users_password(const struct users *u, struct bytes name);
bool users_check_password(const struct users *u, struct bytes name, struct bytes password);

/* Equal, in a time that does not tell where they differ. */
bool users_same(struct bytes a, struct bytes b);
