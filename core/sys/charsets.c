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
	struct buf planes = BUF(charsets_raw_size);
	size_t count = charsets_raw_size / 2;
	uint16_t value = 0;

	if (count == 0 || !charsets_tables || charsets_tables[0] != 0)
		return;
	if (!gz_unpack(packed, charsets_raw_size, &planes))
		bug("charsets");
	for (size_t i = 0; i < count; i++) {
		value = (uint16_t)(value + (planes.p[i] << 8 | planes.p[count + i]));
		charsets_tables[i] = value;
	}
	buf_free(&planes);
}
