/* dns - a name server that knows what it is told
 * SPDX-License-Identifier: MIT
 *
 * usage: dns [-a] NAME TYPE RDATA...   three arguments a record; RDATA in octets as \xNN
 *
 * Listens on a free UDP port of 127.0.0.1, prints it, and answers for 60 seconds. -a: with the AD
 * bit. A name that is in no record does not exist; one that is has no record of other types.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1232, HEAD = 12 };

static size_t unescape(unsigned char *to, const char *in)
{
	size_t n = 0;

	for (; *in && n < 500; in++) {
		if (in[0] == '\\' && in[1] == 'x' && isxdigit((unsigned char)in[2]) &&
				isxdigit((unsigned char)in[3])) {
			to[n++] = (unsigned char)strtoul((char[]){ in[2], in[3], '\0' }, NULL, 16);
			in += 3;
		} else {
			to[n++] = (unsigned char)*in;
		}
	}
	return n;
}

/* The question's name as text; returns the offset behind it. */
static size_t read_name(const unsigned char *m, size_t size, char name[256])
{
	size_t at = HEAD, n = 0;

	while (at < size && m[at] && n + m[at] + 1 < 255 && at + m[at] < size) {
		memcpy(name + n, m + at + 1, m[at]);
		n += m[at];
		name[n++] = '.';
		at += m[at] + 1u;
	}
	name[n ? n - 1 : 0] = '\0';
	return at + 1;
}

static size_t add_record(unsigned char *m, size_t at, unsigned type, const char *data)
{
	unsigned char fixed[12] = { 0xc0, HEAD, (unsigned char)(type >> 8), (unsigned char)type, 0,
		1, 0, 0, 0, 60 };
	size_t n = unescape(m + at + sizeof(fixed), data);

	fixed[11] = (unsigned char)n;
	fixed[10] = (unsigned char)(n >> 8);
	memcpy(m + at, fixed, sizeof(fixed));
	return at + sizeof(fixed) + n;
}

static size_t answer(unsigned char *m, size_t size, char **rows, int count, int authentic)
{
	char name[256];
	size_t at = read_name(m, size, name);
	unsigned type, answers = 0;
	int exists = 0;

	if (at + 4 > size)
		return 0;
	type = (unsigned)(m[at] << 8 | m[at + 1]);
	at += 4;
	for (int i = 0; i + 2 < count; i += 3) {
		if (strcasecmp(rows[i], name) != 0)
			continue;
		exists = 1;
		if (strtoul(rows[i + 1], NULL, 10) == type && at + 520 < MESSAGE_MAX) {
			at = add_record(m, at, type, rows[i + 2]);
			answers++;
		}
	}
	m[2] = 0x85; /* a response, authoritative, recursion desired */
	m[3] = (unsigned char)(0x80 | (authentic ? 0x20 : 0) | (exists ? 0 : 3));
	m[7] = (unsigned char)answers;
	memset(m + 8, 0, 4);
	return at;
}

int main(int argc, char **argv)
{
	int authentic = argc > 1 && strcmp(argv[1], "-a") == 0;
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned char m[MESSAGE_MAX];

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return 3;
	getsockname(fd, (struct sockaddr *)&sa, &len);
	printf("%d\n", ntohs(sa.sin_port));
	fflush(stdout);
	alarm(60);
	for (;;) {
		ssize_t n = recvfrom(fd, m, sizeof(m), 0, (struct sockaddr *)&sa, &len);
		size_t out = n > HEAD ? answer(m, (size_t)n, argv + 1 + authentic,
							argc - 1 - authentic, authentic) :
					0;
		if (out > 0)
			sendto(fd, m, out, 0, (struct sockaddr *)&sa, len);
	}
}
