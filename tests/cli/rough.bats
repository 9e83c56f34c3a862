#!/usr/bin/env bats
# rough - every applet with interrupted system calls, slow pipes and little memory
# SPDX-License-Identifier: MIT

load ../lib/common

setup_file() {
	export RUNS="$BATS_FILE_TMPDIR/runs"
	cat >"$RUNS" <<-'END'
	smtptalk localhost:@TAKES@ --tls starttls -k --auth plain -u sample --pass-file pass --from a@example.com --to sample --data mail --stable
	smtptalk localhost:@SMTPS@ --probe --tls implicit -k --stable
	pop3talk localhost:@POP3@ --tls starttls -k -u sample --pass-file pass --list --stable
	pop3talk localhost:@POP3@ -u sample --pass-file pass --read 1 --stable
	imaptalk localhost:@IMAPS@ --tls implicit -k -u sample --pass-file pass --read 1 --stable
	imaptalk localhost:@IMAP@ -u sample --pass-file pass --dump - --stable
	b64auth -d AHNhbXBsZQBwYXNzd29yZA==
	b64auth decode
	maillogwatch --summary log log.gz
	maillogwatch --trace 526562BE062 log
	mscan localhost -p @SMTP@ --stable
	mtabox explain relay-denied
	END
}

setup() {
	cp "$TOP/tests/data/article.eml" mail
	for i in 1 2 3; do cat "$TOP"/tests/data/article-*.log; done >log
	gzip -k log
	seq 6000 | base64 -w0 >input
	sink --smtp 0 --user sample:password --discard --stable
	TAKES=$SMTP OTHER_PIDS="${OTHER_PIDS:-} $SINK_PID"
	sink --port 0 --user sample:password --stable
	smtptalk "localhost:$SMTP" --from a@example.com --to sample --data mail -q --tls none
	INPUT=input
}

# A run as words: ports filled in.
words() {
	local name
	for name in TAKES SMTP SMTPS POP3 POP3S IMAP IMAPS; do
		set -- "${1//@$name@/${!name}}"
	done
	read -ra WORDS <<<"$1"
}

# What differs from run to run is left out: times, queue ids, APOP stamps.
same_shown() { # FILE
	sed -E 's/[0-9.]+ m?s\b/TIME/g; s/\b0{6}[0-9]{4}\b/ID/; s/<[0-9.]+@/</' "$1"
}

@test "the shortest system calls end early, whole answers still come out" {
	needs strace
	strace -qq -o /dev/null -e inject=getpid:error=EINTR true 2>/dev/null || skip "no ptrace here"
	MEMORY_KB=unlimited
	while read -r line; do
		words "$line"
		try "${WORDS[@]}"
		code=$status
		same_shown out >wanted
		for when in 1+3 2+2 3+5; do
			try strace -qq -f -o strace.log -e trace=none \
				-e inject=read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg,poll,ppoll,fsync:error=EINTR:when=$when \
				"$BIN/${WORDS[0]}" "${WORDS[@]:1}"
			[ "$status" -eq "$code" ] || fail "$line: exit code $status, not $code, when=$when"
			same_shown out | diff wanted - >differs || fail "$line, when=$when" "$(<differs)"
		done
	done <"$RUNS"
}

@test "with too little memory every run ends by its own words" {
	while read -r line; do
		words "$line"
		for heap in 300 320 340 360 400 450 500 600 800 1300 4000 16000; do
			try bash -c 'ulimit -d "$0"; exec "$@"' "$heap" "${WORDS[@]}"
			[ "$status" -le 3 ] || fail "$line: exit code $status, $heap kB"
			ended=$status
		done
		try "${WORDS[@]}"
		exits "$ended"
	done <"$RUNS"
}

@test "mailsink keeps every message while its system calls are interrupted" {
	needs strace
	strace -qq -o /dev/null -e inject=getpid:error=EINTR true 2>/dev/null || skip "no ptrace here"
	strace -D -qq -f -o strace.log -e trace=none \
		-e inject=read,write,recvfrom,sendto,poll,fsync,accept4:error=EINTR:when=2+3 \
		"$BIN/mailsink" --smtp 0 --maildir kept --no-tls >rough.out 2>rough.err </dev/null 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	soon grep -q '^ready ' rough.out
	port=$(sed -n 's/.*smtp=\([0-9]*\).*/\1/p' rough.out)
	for i in 1 2 3 4 5; do
		try smtptalk "localhost:$port" --from a@example.com --to "u$i@example.com" --data mail --tls none
		exits 0
	done
	[ "$(find kept -path '*/new/*' -type f | wc -l)" -eq 5 ]
}
