/* fuzz_b64auth - whatever is pasted into b64auth -d
 * SPDX-License-Identifier: MIT
 *
 * The first octet chooses the options; the rest is standard input.
 */
#include "applets/applet.h"
#include "applets/b64auth/line.h"

#include "tests/fakes/fake_world.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_lines(struct bytes in)
{
	struct bytes line;

	while (bytes_line(&in, &line)) {
		struct b64auth_line l;
		b64auth_read_line(line, &l);
		must(l.text.n == 0 ||
				(l.text.p >= line.p && l.text.p + l.text.n <= line.p + line.n));
		for (int is_strict = 0; is_strict < 2; is_strict++) {
			struct bytes found = b64auth_find(l.text, is_strict);
			must(found.n <= l.text.n);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[4][4] = { { "-v" }, { "--json", "-psecret" },
		{ "-utest@example.com", "-psecret" }, { "--show-secrets", "-q" } };
	char words[6][32] = { "b64auth", "-d" };
	char *argv[7] = { words[0], words[1] };
	struct fake_world f;
	int argc = 2;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < 4 && options[data[0] % 4][i]; i++) {
		memcpy(words[argc], options[data[0] % 4][i], strlen(options[data[0] % 4][i]) + 1);
		argv[argc] = words[argc];
		argc++;
	}
	const struct bytes in = { data + 1, size - 1 };
	const bool is_json = data[0] % 4 == 1; /* has UTF-8 as it is */
	read_lines(in);
	fake_world_init(&f);
	fake_world_stdin(&f, in);
	int code = b64auth_main(&f.w, argc, argv);
	must(code >= 0 && code <= 3);
	for (const char *p = fake_world_out(&f); *p; p++) /* nothing that acts on a terminal */
		must(*p == '\n' || (*p >= ' ' && *p < 127) || (is_json && (*p & 0x80)));
	fake_world_free(&f);
	return 0;
}
