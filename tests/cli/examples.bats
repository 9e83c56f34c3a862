#!/usr/bin/env bats
# examples - the examples in the talk applets' help do what they say
# SPDX-License-Identifier: MIT

load ../lib/common

# Ports 25, 110 and 143 are taken in a network namespace only.
setup() {
	netns
	"${NETNS[@]}" "$BIN/mailsink" --smtp 25 --pop3 110 --imap 143 --no-tls --user sample:password \
		>sink.out 2>sink.err </dev/null 3>&- &
	SINK_PID=$!
	soon grep -q '^ready ' sink.out
	export MTABOX_PASS=password
	"${NETNS[@]}" "$BIN/smtptalk" localhost --from a@example.com --to b@example.com >/dev/null </dev/null
}

run_examples() { # APPLET
	local line count=0
	"$BIN/$1" --help >help
	[ "$(wc -l <help)" -le 30 ] || fail "the help is longer than a screen"
	sed -n '/^Examples:/,/^Exit:/s/^  \([a-z]\)/\1/p' help >examples
	while read -r line; do
		# shellcheck disable=SC2086 # words, as the user types them
		try $line
		exits 0
		count=$((count + 1))
	done <examples
	[ "$count" -ge 2 ]
}

@test "smtptalk" { run_examples smtptalk; }

@test "pop3talk" { run_examples pop3talk; }

@test "imaptalk" { run_examples imaptalk; }
