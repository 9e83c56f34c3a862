/* inflate - zlib unpacks a file, and that is all
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

enum { PIECE = 128 * 1024, GZIP = 16 };

int main(int argc, char **argv)
{
	static unsigned char in[PIECE], out[PIECE];
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	int code = Z_OK;
	z_stream z;
	ssize_t n;

	memset(&z, 0, sizeof(z));
	if (fd < 0 || inflateInit2(&z, GZIP + MAX_WBITS) != Z_OK)
		return 1;
	while (code == Z_OK && (n = read(fd, in, sizeof(in))) > 0) {
		z.next_in = in;
		z.avail_in = (uInt)n;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			code = inflate(&z, Z_NO_FLUSH);
		} while (code == Z_OK && z.avail_out == 0);
	}
	return code == Z_STREAM_END ? 0 : 1;
}
