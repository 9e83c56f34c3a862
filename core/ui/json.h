/* json - objects written key by key, one a line
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

enum { JSON_DEPTH_MAX = 31 };

/* Writer over a buf. Any octets may be a value: UTF-8 is kept, but for control, bidi and other
 * hidden characters (\uNNNN); an octet that is no UTF-8 becomes \u00NN, and the key gets a sibling
 * in front, "<key>_raw", with the base64 of all octets. */
struct json {
	struct buf *out;
	unsigned depth;
	uint32_t arrays; /* bit n: what is open at depth n is an array */
	bool need_comma;
};

void json_begin(struct json *j, struct buf *out); /* "{" */
void json_end(struct json *j);                    /* closes all that is open: "}\n" */
void json_text(struct json *j, const char *key, struct bytes value);
void json_str(struct json *j, const char *key, const char *value); /* NULL: left out */
void json_int(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value); /* not finite: null */
void json_bool(struct json *j, const char *key, bool value);
void json_object(struct json *j, const char *key); /* opens; json_close closes */
void json_array(struct json *j, const char *key);
void json_item(struct json *j, struct bytes value); /* text in an array; no _raw form */
void json_item_object(struct json *j);              /* object in an array */
void json_close(struct json *j);
