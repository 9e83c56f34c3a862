# b64auth - encode and decode against base64(1), and from its start to an answer
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench

GIGABYTE=1000000000

through() { # FILE COMMAND...
	file=$1
	shift
	ms sh -c '"$@" <"$0" >/dev/null' "$file" "$@"
}

resident() { # FILE COMMAND...: the most memory it held
	file=$1
	shift
	command -v time >/dev/null || return 0
	env time -f %M "$@" <"$file" 2>&1 >/dev/null | tail -n 1 | sed 's/$/ kB resident/'
}

# In memory, so that no disk is measured.
b64_bench() {
	raw=$1/raw text=$1/text lines=$1/lines
	head -c $GIGABYTE /dev/urandom >"$raw"
	through "$raw" "$MTABOX" b64auth encode
	mine=$took
	through "$raw" base64 -w0
	row "encode 1 GB" "$mine" "base64 -w0" "$took" "$(resident "$raw" "$MTABOX" b64auth encode)"
	base64 -w0 "$raw" >"$text"
	through "$text" "$MTABOX" b64auth decode
	mine=$took
	through "$text" base64 -d
	row "decode 1 GB, one line" "$mine" "base64 -d" "$took" \
		"$(resident "$text" "$MTABOX" b64auth decode)"
	rm "$text"
	base64 "$raw" >"$lines"
	through "$lines" "$MTABOX" b64auth decode
	mine=$took
	through "$lines" base64 -d
	row "decode 1 GB, lines of 76" "$mine" "base64 -d" "$took"
}

hundred() {
	# shellcheck disable=SC2016 # for that sh
	ms sh -c 'for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do
		MTABOX_PASS=password "$@"; done; done' sh "$@"
}

memory=$(mktemp -d /dev/shm/mtabox.XXXXXX)
trap 'rm -rf "$BENCH_DIR" "$memory"' EXIT
b64_bench "$memory"
rm -rf "$memory"
hundred "$MTABOX" b64auth plain -u sample
mine=$took
# shellcheck disable=SC2016 # perl's
hundred perl -MMIME::Base64 -e 'print encode_base64("\000sample\000$ENV{MTABOX_PASS}")'
row "100 times AUTH PLAIN" "$mine" perl "$took"
