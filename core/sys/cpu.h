/* cpu - what the processor can do
 * SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* x86's SSSE3 (2006). The processor is asked once: that is a trap in a virtual machine, and takes
 * as long as 30 kB of base64. */
bool cpu_has_ssse3(void);
