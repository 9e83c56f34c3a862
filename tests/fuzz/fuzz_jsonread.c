/* fuzz_jsonread - fuzzes the JSON reader
 * SPDX-License-Identifier: MIT */
#include "proto/jsonread.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void walk(const struct jsonread_value *v)
{
	struct bytes rest = v->text, key;
	struct jsonread_value inner;
	struct buf out = BUF(1 << 20);
	int64_t number;

	if (v->kind == JSONREAD_OBJECT)
		while (jsonread_member(&rest, &key, &inner))
			walk(&inner);
	else if (v->kind == JSONREAD_ARRAY)
		while (jsonread_item(&rest, &inner))
			walk(&inner);
	jsonread_string(v, &out);
	if (out.n > 3 * v->text.n)
		abort();
	jsonread_int(v, &number);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = { data, n };
	struct jsonread_value v;

	while (jsonread_take(&rest, &v))
		walk(&v);
	return 0;
}
