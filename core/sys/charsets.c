/* charsets - the tables of libc's iconv, packed in the binary
 * SPDX-License-Identifier: MIT
 *
 * scripts/mkcharsets tells why. The linker left zeros where the tables are to be.
 */
#include "sys/charsets.h"

#include "sys/gz.h"
#include "sys/mem.h"

#include <stdint.h>

/* the linker's; not there in a program that was linked without charsets.ld */
extern uint16_t charsets_tables[] __attribute__((weak));

void charsets_unpack(void)
{
	struct bytes packed = { charsets_packed, charsets_packed_size };
	struct buf octets = BUF(charsets_raw_size);
	uint16_t value = 0;

	if (charsets_count == 0 || !charsets_tables || charsets_tables[0] != 0)
		return;
	if (!gz_unpack(packed, charsets_raw_size, &octets))
		bug("charsets");
	const unsigned char *step = octets.p, *high = step + charsets_count;
	const unsigned char *low = high + (charsets_raw_size - charsets_count) / 2;
	for (size_t i = 0; i < charsets_count; i++) {
		value = (uint16_t)(step[i] == 255 ? *high++ << 8 | *low++ : value + step[i] - 100);
		charsets_tables[i] = value;
	}
	buf_free(&octets);
}
