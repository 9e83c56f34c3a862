#!/usr/bin/env bats
# binary - the file that ships needs nothing and fits anywhere
# SPDX-License-Identifier: MIT

setup() {
	binary=${MTABOX:-$BATS_TEST_DIRNAME/../../build/mtabox}
}

@test "no interpreter: nothing has to be loaded before it" {
	run readelf -lW "$binary"
	[ "$status" -eq 0 ]
	[[ $output == *LOAD* ]]
	[[ $output != *INTERP* ]]
}

@test "no needed library" {
	run readelf -dW "$binary"
	[ "$status" -eq 0 ]
	[[ $output != *NEEDED* ]]
}

@test "stripped" {
	run readelf -SW "$binary"
	[ "$status" -eq 0 ]
	[[ $output == *.text* ]]
	[[ $output != *.symtab* ]]
	[[ $output != *.debug_* ]]
}

@test "under 1 MB" {
	[ "$(wc -c <"$binary")" -lt 1000000 ]
}

@test "no stack or heap that can be executed" {
	run readelf -lW "$binary"
	[[ $output == *GNU_STACK* ]]
	[[ $output != *RWE* ]]
}

@test "names no path of the machine it was built on" {
	run grep -ac "$(cd "$BATS_TEST_DIRNAME/../.." && pwd)" "$binary"
	[ "$output" = 0 ]
}
