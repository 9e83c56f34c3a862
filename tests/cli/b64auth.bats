#!/usr/bin/env bats
# b64auth - the applet as it is called from a shell
# SPDX-License-Identifier: MIT
load ../lib/common

# The product of this applet is the very string that no other may show.
setup() { SECRETS=("$CANARY"); }

# Octets in, octets out: not for try, which looks for what may not go to a terminal.
filter() { # IN COMMAND...
	local in=$1
	shift
	status=0
	bash -c 'ulimit -v "$0"; exec "$@"' "$MEMORY_KB" "$@" <"$in" >out 2>err || status=$?
	complaint=$(<err)
}

@test "the examples of --help run and do what they say" {
	b64auth --help >help
	sed -n '/^Examples:/,/^Exit:/s/^  \([^ ].*\)/\1/p' help >examples
	[ "$(wc -l <examples)" -ge 2 ]
	local n=0
	while read -r line; do
		n=$((n + 1))
		sh -c "$line" >answer.$n || fail "$line: exit code $?"
	done <examples
	[ "$(<answer.1)" = AHNhbXBsZQBwYXNzd29yZA== ]
	grep -qx 'OK well formed' answer.2
}

@test "--help fits 24 lines of 80 columns" {
	try b64auth --help
	exits 0
	[ "$(wc -l <out)" -le 24 ] || fail "$(wc -l <out) lines"
	[ "$(wc -L <out)" -le 80 ] || fail "$(wc -L <out) columns"
}

@test "what base64 makes of the article's response is what plain makes" {
	try b64auth plain -u sample --pass-file pass
	exits 0
	[ "$output" = "$(printf '\0sample\0password' | base64)" ]
}

@test "taken apart, the password is hidden until it is asked for" {
	try b64auth -d "$(printf '\0sample\0%s' "$CANARY" | base64)"
	exits 0
	says '\0 sample \0 ********' "looks like: AUTH PLAIN response" "user: sample" "OK well formed"
	SECRETS=()
	try b64auth -d --show-secrets "$(printf '\0sample\0%s' "$CANARY" | base64)"
	says "\\0sample\\0$CANARY"
}

@test "a usage error repeats nothing of what may be a secret" {
	try b64auth "$CANARY"
	exits 3
	try b64auth plain sample "$CANARY"
	exits 3
	try b64auth encode "$CANARY"
	exits 3
	try b64auth cram-md5 -u sample --pass-file pass "$CANARY"
	exits 3
}

@test "encode and decode agree with base64(1), in both directions" {
	local n
	head -c 300000 "$MTABOX" >data
	for n in 0 1 2 3 57 76 77 65536 65537 299999 300000; do
		head -c "$n" data >part
		base64 -w0 part >text
		filter part b64auth encode
		exits 0
		cmp text out
		filter text b64auth decode
		exits 0
		cmp part out
		base64 part >text
		filter part b64auth encode -w 76
		cmp text out
		filter text b64auth decode
		exits 0
		cmp part out
	done
}

@test "a big file goes through in constant memory" {
	MEMORY_KB=2048
	truncate -s 64M data
	filter data b64auth encode -w 76
	exits 0
	base64 data | cmp - out
	mv out text
	filter text b64auth decode
	exits 0
	cmp data out
}

@test "input that comes in small pieces is one input" {
	{ printf Zm; sleep 0.1; printf 9v; sleep 0.1; printf 'Yg'; sleep 0.1; printf '==\n'; } |
		b64auth decode >out
	[ "$(<out)" = foob ]
	{ printf f; sleep 0.1; printf oo; sleep 0.1; printf b; } | b64auth encode >out
	[ "$(<out)" = Zm9vYg== ]
}

@test "the first fault is told with its offset, what came before it is written" {
	head -c 99999 "$MTABOX" | base64 -w0 >text
	printf '!' >>text
	filter text b64auth decode
	exits 2
	complains "offset 133332: not a base64 digit"
	head -c 99999 "$MTABOX" | cmp - out
}

@test "output that is lost is not a success" {
	printf 'Zm9v' >text
	local job
	INPUT=text
	for job in encode decode -d; do
		try sh -c "exec b64auth $job >/dev/full"
		exits 3
		complains "standard output was not written"
		try sh -c "exec b64auth $job >&-"
		exits 3
	done
	yes | head -c 10000000 >text
	{ b64auth encode <text 2>/dev/null || echo $? >code; } | head -c 1 >/dev/null
	[ "$(<code)" -eq 3 ]
}

@test "standard input closed, a directory" {
	try sh -c 'exec b64auth encode <&-'
	exits 3
	complains "standard input is closed"
	try sh -c 'exec b64auth decode </'
	exits 3
	complains "read standard input"
}

@test "-p works, and warns" {
	SECRETS=()
	try b64auth plain -u sample -p password
	exits 0
	complains "warning"
	[ "$output" = AHNhbXBsZQBwYXNzd29yZA== ]
}

@test "the password comes from a descriptor, netrc or the environment" {
	local plain
	plain=$(printf '\0sample\0%s' "$CANARY" | base64)
	try b64auth plain -u sample --pass-fd 7 7<canary-pass
	[ "$output" = "$plain" ]
	try env MTABOX_PASS="$CANARY" b64auth plain -u sample
	[ "$output" = "$plain" ]
	printf 'default login sample password %s\n' "$CANARY" >netrc
	chmod 600 netrc
	try b64auth plain --netrc=netrc
	[ "$output" = "$plain" ]
}

@test "CRAM-MD5 and APOP as the RFCs print them" {
	echo tanstaaftanstaaf >secret
	try b64auth cram-md5 -u tim --pass-file secret '<1896.697170952@postoffice.reston.mci.net>'
	[ "$(base64 -d <out)" = "tim b913a602c7eda7a495b4e6e7334d3890" ]
	echo tanstaaf >secret
	try b64auth apop -u mrose --pass-file secret '+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>'
	[ "$output" = c4c9334bac560ecc979e58001b3e22fb ]
}

@test "compared with the password that is given, which is not shown" {
	try b64auth -d -u sample --pass-file canary-pass "$(printf '\0sample\0%s' "$CANARY" | base64)"
	exits 0
	try b64auth -d -u sample --pass-file canary-pass AHNhbXBsZQBwYXNzd29yZA==
	exits 2
	says "the password, of 8 bytes, is not the one" b64-other-password
	try b64auth -d -u sample c2FtcGxlcGFzc3dvcmQ=
	exits 2
	says b64-no-nul
}
