/* roots_unpack - unpacks the CA certificates of the binary
 * SPDX-License-Identifier: MIT */
#include "net/roots.h"

#include "sys/gz.h"

bool net_roots_unpack(struct buf *out)
{
	return gz_unpack((struct bytes){ net_roots_packed, net_roots_packed_size },
			net_roots_raw_size, out);
}
