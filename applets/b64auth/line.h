/* line - what a pasted line is, and the string in it
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/sasl_look.h"

enum b64auth_kind {
	B64AUTH_WORDS,     /* prose, a log line, another command */
	B64AUTH_WORD,      /* one word alone, or nothing */
	B64AUTH_COMMAND,   /* "AUTH PLAIN text": text is the response that goes along, or empty */
	B64AUTH_CHALLENGE, /* "334 text", "+ text" */
	B64AUTH_STAMP,     /* POP3's greeting: text is its time stamp */
	B64AUTH_APOP,      /* "APOP text" */
	B64AUTH_STATUS,    /* the server decides, or somebody gives up: no more of this exchange */
};

/* Slices into the line, blanks around them and marks of a transcript ("C:") stripped. */
struct b64auth_line {
	enum b64auth_kind kind;
	unsigned mech; /* of a command */
	struct bytes text;
};

void b64auth_read_line(struct bytes line, struct b64auth_line *out);

/* The base64 string or the web token among words: the first that is a message of a login, else,
 * unless is_strict, one that looks encoded; words that all do are one string then, the blanks being
 * a mistake to be told. Empty when there is none. */
struct bytes b64auth_find(struct bytes words, bool is_strict);

/* All octets are base64 digits of either alphabet, or pads. */
bool b64auth_is_digits(struct bytes word);
