/* jsonread - reads JSON texts piece by piece
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* RFC 8259. Nothing is copied: a value is a slice of the text, to be taken apart when it is wanted.
 * Nesting is limited, and no input takes more than one pass over it for each level that is asked
 * for. */
enum { JSONREAD_DEPTH_MAX = 64 };

enum jsonread_kind {
	JSONREAD_NULL,
	JSONREAD_BOOL,
	JSONREAD_NUMBER,
	JSONREAD_STRING,
	JSONREAD_ARRAY,
	JSONREAD_OBJECT
};

/* text: a string without its quotes, still escaped; what is between the brackets of an array or
 * object; else the word itself. */
struct jsonread_value {
	enum jsonread_kind kind;
	struct bytes text;
};

/* Takes a whole value off the front of in, blanks around it too. False: there is none, or it is
 * malformed; in has not moved. */
bool jsonread_take(struct bytes *in, struct jsonread_value *v);

/* Takes the next member off the text of an object, the next item off the text of an array, with
 * the comma behind it. False at the end, or where it is malformed: then rest.n is not 0. Keys are
 * compared as they stand, escapes not resolved. */
bool jsonread_member(struct bytes *rest, struct bytes *key, struct jsonread_value *v);
bool jsonread_item(struct bytes *rest, struct jsonread_value *v);

/* The member of that name. */
bool jsonread_find(struct bytes object, const char *key, struct jsonread_value *v);

/* Appends a string's octets: escapes resolved, \uNNNN as UTF-8 (a lone surrogate as U+FFFD). False:
 * no string, a malformed escape, or out is full. */
bool jsonread_string(const struct jsonread_value *v, struct buf *out);

/* A number without fraction and exponent that fits. */
bool jsonread_int(const struct jsonread_value *v, int64_t *out);
