/* software - names of mail software in greetings
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/bytes.h"

/* Finds the first words of text that name a known mail server, with the version behind them when
 * there is one ("Exim 4.96", "Postfix (Debian/GNU)", "Haraka/3.0.2"); software points into text.
 * False: none is named. */
bool software_find(struct bytes text, struct bytes *software);
