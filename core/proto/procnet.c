/* procnet - listening sockets from Linux's /proc/net/tcp
 * SPDX-License-Identifier: MIT */
#include "proto/procnet.h"

#include <string.h>

static bool read_hex(struct bytes in, uint32_t *out)
{
	*out = 0;
	if (in.n == 0 || in.n > 8)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		int digit = bytes_hex(in.p[i]);
		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

/* The kernel prints each 32-bit word of the address as a number of this machine: in memory it is in
 * network order again. */
static bool read_address(struct bytes in, struct procnet_row *row)
{
	struct bytes ip = bytes_head(in, bytes_find(in, ':'));
	uint32_t word, port;

	if (ip.n != 8 && ip.n != 32)
		return false;
	row->is_v6 = ip.n == 32;
	for (size_t i = 0; i < ip.n / 8; i++) {
		if (!read_hex(bytes_head(bytes_skip(ip, 8 * i), 8), &word))
			return false;
		memcpy(row->ip + 4 * i, &word, sizeof(word));
	}
	if (!read_hex(bytes_skip(in, ip.n + 1), &port) || port > 65535)
		return false;
	row->port = (uint16_t)port;
	return true;
}

bool procnet_read(struct bytes line, struct procnet_row *row)
{
	enum { SL, LOCAL, REMOTE, STATE, QUEUES, TIMER, RETRANSMITS, UID, TIMEOUT, INODE, FIELDS };
	struct bytes field[FIELDS];
	uint32_t state;
	uint64_t uid;

	*row = (struct procnet_row){ 0 };
	for (size_t i = 0; i < FIELDS; i++)
		if (!bytes_word(&line, &field[i]))
			return false;
	if (!bytes_ends(field[SL], BYTES(":")) || !read_address(field[LOCAL], row) ||
			!read_hex(field[STATE], &state) ||
			!bytes_is_uint(field[UID], UINT32_MAX, &uid) ||
			!bytes_is_uint(field[INODE], UINT64_MAX, &row->inode))
		return false;
	row->state = state;
	row->uid = (uint32_t)uid;
	return true;
}
