/* version - version and date of this build
 * SPDX-License-Identifier: MIT
 *
 * The Makefile defines both; no other file sees them, so that a commit recompiles one file.
 */
#include "sys/version.h"

const char version_text[] = MTABOX_VERSION;
const int64_t version_epoch = MTABOX_BUILD_EPOCH;
