/* fuzz_netrc - netrc files of any content
 * SPDX-License-Identifier: MIT */
#include "ui/netrc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const users[] = { NULL, "sample" };

	for (size_t i = 0; i < 2; i++) {
		struct buf login = BUF(255);
		struct buf password = BUF_SECRET(1024);
		bool found = netrc_find((struct bytes){ data, size }, "mail", users[i], &login,
				&password);
		if (!found && (login.n > 0 || password.n > 0))
			abort();
		if (found && users[i] && login.n > 0 &&
				!bytes_equal(buf_bytes(&login), bytes_of(users[i])))
			abort();
		buf_free(&login);
		buf_free(&password);
	}
	return 0;
}
