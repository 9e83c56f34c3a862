/* words - short notes on capability keywords and SASL mechanisms
 * SPDX-License-Identifier: MIT
 */
#pragma once

#include <stdbool.h>

#include "sys/buf.h"
#include "sys/bytes.h"

enum words_table {
	WORDS_EHLO, /* SMTP: one line of the EHLO reply, without its code */
	WORDS_CAPA, /* POP3: one line of the CAPA reply */
	WORDS_IMAP, /* IMAP: one word of CAPABILITY */
	WORDS_MECH  /* SASL: a mechanism name */
};

enum { WORDS_NOTE_MAX = 45 }; /* a note fits right of its line in 80 columns */

/*
 * Appends the note with the line's own parameters worked in ("SIZE 10485760": "largest message
 * 10 MiB"). False, and nothing appended, when the keyword is not known. Only our own words and
 * digits are written, never bytes of the line.
 */
bool words_put(struct buf *out, enum words_table table, struct bytes line);
