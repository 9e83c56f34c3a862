/* cpu - what the processor can do
 * SPDX-License-Identifier: MIT */
#include "sys/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

static bool is_asked, has;

bool cpu_has_ssse3(void)
{
	unsigned a, b, c, d;

	if (!is_asked) {
		has = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSSE3;
		is_asked = true;
	}
	return has;
}

#else

bool cpu_has_ssse3(void)
{
	return false;
}

#endif
