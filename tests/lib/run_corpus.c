/* run_corpus - runs a fuzz target once over files, without libFuzzer
 * SPDX-License-Identifier: MIT
 *
 * usage: fuzz_NAME DIRECTORY; prints TAP, one test a file. A fault ends the process: the
 * sanitizer says where, and the missing lines of the plan make the run a failed one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		abort();
	/* a block of just this size, so that the sanitizer sees a read past its end */
	size = (size_t)st.st_size;
	data = malloc(size > 0 ? size : 1);
	if (data == NULL || fread(data, 1, size, f) != size)
		abort();
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

int main(int argc, char **argv)
{
	struct dirent **names;
	int n = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
	int test = 0;

	if (n < 0) {
		fprintf(stderr, "run_corpus: cannot read the corpus directory\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", n - 2);
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0) {
			feed(path);
			printf("ok %d - %s\n", ++test, names[i]->d_name);
		}
		free(names[i]);
	}
	free(names);
	return 0;
}
