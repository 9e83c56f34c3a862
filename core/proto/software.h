/* software - names of mail software in greetings
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* Finds the first words of text that name a known mail server, with the version behind them when
 * there is one ("Exim 4.96", "Postfix (Debian/GNU)", "Haraka/3.0.2"); software points into text.
 * False: none is named. */
bool software_find(struct bytes text, struct bytes *software);

/* Exchange ends the greetings of POP3 and IMAP with "[QwBI...]": base64 of the name of the host that
 * answers, in UTF-16LE. Appends that name. False, out unchanged: nothing of this kind. */
bool software_hidden_host(struct bytes greeting, struct buf *host);
