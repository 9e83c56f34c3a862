#!/usr/bin/env bats
# lint - each rule finds the file that breaks it
# SPDX-License-Identifier: MIT

setup() {
	top=$BATS_TEST_DIRNAME/../..
	cd "$BATS_TEST_TMPDIR" || exit
	mkdir -p core/sys core/proto core/net core/know core/ui applets tests/unit tests/fuzz scripts
	cp "$top/scripts/lint" "$top/scripts/lint.awk" scripts
	cp "$top/Makefile" "$top/.clang-format" .
	cp "$top/core/sys/bytes.h" core/sys
	printf 'int one_main(int argc);\nint two_main(int argc);\n' >applets/applet.h
	c core/sys/nothing.c
}

# c PATH LINE...: a file with the right head. Its object is built, as lint looks at that too.
c() {
	local path=$1 name
	name=$(basename "${path%.*}")
	shift
	mkdir -p "${path%/*}" "build/musl/${path%/*}"
	printf '%s\n' "/* $name - a file" ' * SPDX-License-Identifier: MIT' ' */' "$@" >"$path"
	case $path in
	*.c) gcc -w -Wno-error=implicit-function-declaration -c -Icore -I. -o "build/musl/${path%.c}.o" "$path" ;;
	esac
}

# finds RULE FILE: lint says so
finds() {
	run scripts/lint
	[ "$status" -eq 1 ]
	grep -E "^$2:[0-9]+: $1: " <<<"$output" || { echo "no $1 for $2 in: $output"; return 1; }
}

# passes FILE: lint has nothing against it
passes() {
	run scripts/lint
	! grep "^$1:" <<<"$output"
}

@test "a file that keeps the rules passes" {
	c core/sys/good.c '#include "sys/bytes.h"' '' 'int good_sum(int a, int b);' \
		'int good_sum(int a, int b)' '{' '	return a + b;' '}'
	passes core/sys/good.c
}

@test "head, SPDX, pragma once" {
	printf 'int x_;\n' >core/sys/x.c
	finds head core/sys/x.c
	c core/sys/y.h 'int y_sum(int a);'
	finds head core/sys/y.h
	printf '#!/bin/sh\nset -eu\n' >scripts/thing
	finds head scripts/thing
}

@test "layers: sys uses nothing, ui and talk do not know each other, applets neither" {
	c core/net/a.h '#pragma once'
	c core/talk/a.h '#pragma once'
	c applets/two.h '#pragma once'
	c core/sys/x.c '#include "net/a.h"'
	finds layer core/sys/x.c
	c core/proto/x.c '#include "net/a.h"'
	finds layer core/proto/x.c
	c core/ui/x.c '#include "talk/a.h"'
	finds layer core/ui/x.c
	c applets/one.c '#include "applets/two.h"'
	finds layer applets/one.c
	c applets/two.c '#include "applets/two.h"'
	passes applets/two.c
}

@test "libraries: mbedTLS and zlib are for their wrappers" {
	mkdir -p build/deps/musl/include/mbedtls
	: >build/deps/musl/include/mbedtls/ssl.h
	printf '#include <mbedtls/ssl.h>\n' >core/net/x.c
	finds layer core/net/x.c
	printf '#include <zlib.h>\n' >core/ui/y.c
	finds layer core/ui/y.c
}

@test "proto is pure" {
	c core/proto/x.c '#include <stdio.h>'
	finds pure core/proto/x.c
	c core/proto/y.c 'void *malloc(unsigned long);' 'static void *f(void)' '{' \
		'	return malloc(1);' '}'
	finds pure core/proto/y.c
}

@test "banned calls, also with a blank; not in strings, comments and longer names" {
	c core/sys/x.c 'static int f(char *p)' '{' '	return sprintf (p, "x");' '}'
	finds banned core/sys/x.c
	c core/sys/y.c '/* sprintf() and atoi() are not used */' 'int y_atoi(int a);' \
		'int y_atoi(int a)' '{' '	return a;' '}' \
		'const char y_text[] = "system(1)"; /* popen(" */'
	passes core/sys/y.c
}

@test "clock, streams and exit are for the world" {
	c core/net/x.c 'static long f(void)' '{' '	return time(0);' '}'
	finds world core/net/x.c
	c core/net/y.c '#include <stdio.h>' 'static void f(void)' '{' '	fputs("x", stderr);' '}'
	finds world core/net/y.c
	c core/net/z.c 'static void f(void)' '{' '	exit(1);' '}'
	finds exit core/net/z.c
}

@test "long functions, unless they say why" {
	body=$(for i in $(seq 61); do echo '	a++;'; done)
	c core/sys/x.c 'int x_f(int a);' 'int x_f(int a)' '{' "$body" '	return a;' '}'
	finds long core/sys/x.c
	c core/sys/y.c 'int y_f(int a);' '/* lint: long - a list of steps */' 'int y_f(int a)' \
		'{' "$body" '	return a;' '}'
	passes core/sys/y.c
}

@test "more than five parameters" {
	c core/sys/x.c 'static int f(int a, int b, int c,' '		int d, int e, int g)' \
		'{' '	return a;' '}'
	finds params core/sys/x.c
	c core/sys/y.c 'int y_f(int (*a)(int, int), int b, int c, int d, int e);' \
		'int y_f(int (*a)(int, int), int b, int c, int d, int e)' '{' '	return b;' '}'
	passes core/sys/y.c
}

@test "state outside sys, and names without their module" {
	c core/net/x.c 'static int count;' 'int x_next(void);' 'int x_next(void)' '{' \
		'	return ++count;' '}'
	finds state core/net/x.c
	c core/net/y.c 'int other(void);' 'int other(void)' '{' '	return 1;' '}'
	finds name core/net/y.c
	c core/net/z.c 'const char *const z_names[] = { "a", "b" };'
	passes core/net/z.c
}

@test "a parser without unit test or fuzz target" {
	c core/proto/x.h '#pragma once'
	finds test core/proto/x.h
	c tests/unit/test_x.c
	c tests/fuzz/fuzz_x.c
	finds test tests/fuzz/fuzz_x.c # it has no corpus
	passes core/proto/x.h
}

@test "comments: dead code, an errand without an issue" {
	c core/sys/x.c '/* x_f(1, 2); */'
	finds dead core/sys/x.c
	c core/sys/y.c "/* TO""DO: think */"
	finds todo core/sys/y.c
	c core/sys/z.c '/* returns a value; the caller frees it; */'
	passes core/sys/z.c
}

@test "wide lines, blanks at the end, struct typedefs" {
	c core/sys/x.c "int x_$(printf 'a%.0s' $(seq 100));"
	finds width core/sys/x.c
	c core/sys/y.c 'extern int y_a; '
	finds blank core/sys/y.c
	c core/sys/z.c 'typedef struct { int a; } z_t;'
	finds typedef core/sys/z.c
}

@test "a header that does not compile alone" {
	c core/sys/x.h '#pragma once' 'struct bytes x_get(size_t n);'
	finds header core/sys/x.h
}

@test "top level and traces" {
	: >notes.txt
	finds tree notes.txt
	c core/sys/x.c '/* see /wor''k/main/x */'
	finds tree core/sys/x.c
}

@test "format" {
	command -v clang-format >/dev/null || skip 'no clang-format'
	c core/sys/x.c 'static int f( int a )' '{ return a; }'
	finds format core/sys/x.c
}

@test "scripts: shellcheck and set -eu" {
	printf '#!/bin/sh\n# x - a script\n# SPDX-License-Identifier: MIT\necho $1\n' >scripts/x
	finds shell scripts/x
}
