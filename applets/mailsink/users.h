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

/* Each says whether the proof is that of the user; name is compared octet by octet. */
bool users_check_password(const struct users *u, struct bytes name, struct bytes password);
bool users_check_cram_md5(const struct users *u, struct bytes challenge, struct bytes name,
		struct bytes response);
bool users_check_apop(const struct users *u, struct bytes stamp, struct bytes name,
		struct bytes digest);
