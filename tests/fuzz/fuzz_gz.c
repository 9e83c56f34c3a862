/* fuzz_gz - fuzzes the reader of gzip files
 * SPDX-License-Identifier: MIT */
#include "sys/gz.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 22 }; /* a small file may unpack to a thousand times its size */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned char room[4096];
	struct err e = { 0 };
	size_t total = 0;
	ssize_t got;
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct gz *g = gz_new(fd, "fuzz", (struct bytes){ 0 });
	while (total < OUT_MAX && (got = gz_read(g, room, sizeof(room), &e)) > 0)
		total += (size_t)got;
	gz_free(g);
	close(fd);
	return 0;
}
