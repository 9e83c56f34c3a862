/* roots_unpack - unpacks the CA certificates of the binary
 * SPDX-License-Identifier: MIT */
#include "net/roots.h"

#include <zlib.h>

bool net_roots_unpack(struct buf *out)
{
	size_t fits;
	unsigned char *to = buf_room(out, net_roots_raw_size, &fits);
	uLongf n = net_roots_raw_size;

	if (fits < net_roots_raw_size)
		return false;
	if (uncompress(to, &n, net_roots_zlib, net_roots_zlib_size) != Z_OK ||
			n != net_roots_raw_size)
		return false;
	buf_added(out, n);
	return true;
}

const char *net_roots_zlib_version(void)
{
	return zlibVersion();
}
