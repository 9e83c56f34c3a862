/* version - version and date of this build
 * SPDX-License-Identifier: MIT
 */
#pragma once

#include <stdint.h>

/* "0.1" */
extern const char version_text[];

/* Date of the commit this was built from, in seconds since 1970; 0 when not known. A clock that
 * shows less is wrong. */
extern const int64_t version_epoch;
