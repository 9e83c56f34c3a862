/* netrc - one login out of a netrc file
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* A word longer than this is no login and no password of ours: the file is read no further. */
enum { NETRC_WORD_MAX = 1024 };

/* Looks in text, the content of a netrc file, for the first entry that serves host ("machine HOST",
 * case ignored, or "default") and has a password, and whose login is user (NULL: any). Words may
 * stand in double quotes with backslash escapes, as curl reads them. login is empty when the entry
 * names none. False when there is none. */
bool netrc_find(struct bytes text, const char *host, const char *user, struct buf *login,
		struct buf *password);
