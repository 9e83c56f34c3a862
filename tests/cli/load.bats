#!/usr/bin/env bats
# load - smtptalk --repeat: every message arrives once, failures are told by stage and reply
# SPDX-License-Identifier: MIT

load ../lib/common

talk() { # PORT OPTION...
	local port=$1
	shift
	try smtptalk "localhost:$port" -4 --from a@example.com --to b@example.net "$@"
}

arrived() { find box/new -type f | wc -l; }

# number of different Message-IDs
ids() { cat box/new/* | grep -ai '^Message-ID:' | sort -u | wc -l; }

figure() { # EXPRESSION over the load object
	needs python3
	python3 - "$1" <<'PY' || fail "not true: $1" "$(cat out)"
import json, sys
lines = [json.loads(line) for line in open("out")]
load = [line for line in lines if line["type"] == "load"][0]
result = lines[-1]
sys.exit(not eval(sys.argv[1]))
PY
}

@test "each message arrives once, with its own Message-ID" {
	sink --smtp 0 --no-tls --maildir box --show
	talk "$SMTP" --repeat 60 --parallel 7
	exits 0
	says 'OK load: 60 of 60 messages accepted, 7 at a time' 'does not prove: delivery'
	[ "$(arrived)" -eq 60 ]
	[ "$(ids)" -eq 60 ]
	soon grep -q 'C: QUIT' sink.out
	[ "$(grep -c 'C: QUIT' sink.out)" -eq 61 ] || fail "sessions: $(grep -c 'C: QUIT' sink.out)"
}

@test "--reuse: message after message over a connection" {
	sink --smtp 0 --no-tls --maildir box --show
	talk "$SMTP" --repeat 60 --parallel 4 --reuse --cc c@example.net --json
	exits 0
	[ "$(arrived)" -eq 60 ]
	[ "$(ids)" -eq 60 ]
	[ "$(grep -c 'C: EHLO' sink.out)" -eq 5 ]
	figure 'load["accepted"] == 60 and load["failed"] == 0 and load["reuse"] and load["parallel"] == 4'
	figure 'load["stages"]["connect"]["count"] == 4 and load["stages"]["data"]["count"] == 60'
	figure 'load["stages"]["rcpt"]["count"] == 120 and load["failures"] == []'
	figure 'all(s["p50_ms"] <= s["p90_ms"] <= s["p99_ms"] <= s["max_ms"] for s in load["stages"].values())'
	figure 'result["perf"]["per_second"] > 0'
}

@test "STARTTLS, TLS at once and AUTH are done as in the first session" {
	sink --smtp 0 --smtps 0 --user sample:password --cert-out cert.pem --maildir box
	for mech in PLAIN LOGIN CRAM-MD5; do
		talk "$SMTP" --ca-file cert.pem -u sample --pass-file pass --auth $mech --repeat 6 --parallel 3 --json
		exits 0
		figure 'load["stages"]["tls"]["count"] == 6 and load["stages"]["auth"]["count"] == 6'
		figure 'load["stages"]["ehlo"]["count"] == 12'
	done
	talk "$SMTPS" --tls implicit --ca-file cert.pem -u sample --pass-file pass --repeat 6 --parallel 3 --reuse --json
	exits 0
	figure 'load["stages"]["tls"]["count"] == 3 and load["stages"]["data"]["count"] == 6'
	[ "$(arrived)" -eq 24 ]
}

@test "no password goes where the first session would not send it" {
	netns
	"${NETNS[@]}" mailsink --bind 192.0.2.10 --smtp 0 --user sample:password >sink.out 2>&1 3>&- &
	SINK_PID=$!
	soon grep -q '^ready ' sink.out
	port=$(sed -n 's/.*smtp=\([0-9]*\).*/\1/p' sink.out)
	try smtptalk "192.0.2.10:$port" --from a@example.com --to b@example.net -u sample --pass-file pass --repeat 5
	exits 3
	says '[secret-not-sent]'
	says_not 'load:'
}

@test "LMTP: one answer a recipient" {
	sink --lmtp 0 --no-tls --maildir box
	talk "$LMTP" --lmtp --cc c@example.net --repeat 10 --parallel 2 --json
	exits 0
	figure 'load["accepted"] == 10 and load["stages"]["data"]["count"] == 20'
}

@test "a message larger than a socket takes at once arrives whole" {
	sink --smtp 0 --no-tls --maildir box
	yes 'a line of a long text, and nothing more' | head -n 70000 >text
	printf 'Subject: big\n\n' | cat - text >big.eml
	talk "$SMTP" --data big.eml --repeat 4 --parallel 4
	exits 0
	for f in box/new/*; do
		sed '1,/^$/d' "$f" | cmp - text || fail "$f is another text"
	done
	[ "$(arrived)" -eq 4 ]
}

@test "refusals are grouped by stage and code, with advice; a refused message costs no other" {
	sink --smtp 0 --no-tls --maildir box --fault 'rcpt*3=450 4.2.0 Greylisted, see later' \
		--fault 'dot*2=452 4.3.1 Insufficient system storage'
	for reuse in '' --reuse; do
		rm -rf box/new/*
		# shellcheck disable=SC2086 # a word or none
		talk "$SMTP" --repeat 20 --parallel 4 $reuse --json
		if [ -z "$reuse" ]; then
			exits 1
			figure 'sorted((f["stage"], f["count"]) for f in load["failures"]) == [("data", 2), ("rcpt", 3)]'
			verdict WARNING rcpt
			says '"id":"greylisted"'
			[ "$(arrived)" -eq 15 ]
		else
			exits 0
			[ "$(arrived)" -eq 20 ]
		fi
	done
	kill "$SINK_PID"
	sink --smtp 0 --no-tls --maildir box2 --fault 'mail*3=550 5.7.1 no'
	talk "$SMTP" --repeat 20 --parallel 2 --reuse
	exits 1
	says '3 of 20 failed: 550 5.7.1 no' 'WARNING load: 17 of 20 messages accepted'
}

@test "a server that hangs up, is silent, or answers nonsense: told, and no hang" {
	sink --smtp 0 --no-tls --fault 'rcpt=close'
	talk "$SMTP" --repeat 10 --parallel 2
	exits 2
	says '10 of 10 failed: ' '0 of 10 messages accepted'
	kill "$SINK_PID"
	sink --smtp 0 --no-tls --fault 'data=421 4.3.2 closing'
	talk "$SMTP" --repeat 10 --parallel 2 --reuse
	exits 2
	says '10 of 10 failed: 421 4.3.2'
	kill "$SINK_PID"
	sink --smtp 0 --no-tls --fault 'dot=silence'
	talk "$SMTP" --repeat 10 --parallel 2 -t 2
	exits 2
	says 'ended before the other 10'
	kill "$SINK_PID"
	sink --smtp 0 --no-tls --fault 'mail=endless'
	talk "$SMTP" --repeat 3 --parallel 3 -t 5
	exits 2
}

@test "a refused login is not tried again" {
	needs python3
	cat >server.py <<'PY'
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("ready smtp=%d" % listener.getsockname()[1], flush=True)
for answer in ("235 ok", "535 5.7.8 no", "535 5.7.8 once more"):
    peer = listener.accept()[0].makefile("rwb", 0)
    peer.write(b"220 x\r\n")
    for line in peer:
        verb = line[:4].upper()
        print(verb.decode(), flush=True)
        peer.write({b"EHLO": "250-x\r\n250 AUTH PLAIN", b"AUTH": answer}.get(verb, "221 bye").encode() + b"\r\n")
        if verb == b"QUIT":
            break
    peer.close()
PY
	python3 server.py >sink.out 3>&- &
	SINK_PID=$!
	soon grep -q '^ready ' sink.out
	talk "$(sed -n 's/^ready smtp=//p' sink.out)" -u sample --pass-file pass --repeat 50
	exits 2
	says '1 of 50 failed: 535 5.7.8 no' 'ended before the other 49'
	[ "$(grep -c AUTH sink.out)" -eq 2 ]
}

@test "stopped by a signal it tells what was done" {
	sink --smtp 0 --no-tls --discard --fault 'dot=delay 1'
	smtptalk "localhost:$SMTP" -4 --from a@example.com --to b@example.net --repeat 1000 --parallel 2 >out 2>err </dev/null 3>&- &
	pid=$!
	OTHER_PIDS=$pid
	soon grep -q 'C: QUIT' out
	kill -INT $pid
	status=0
	wait $pid || status=$?
	exits 2
	output=$(<out)
	says 'CRITICAL load: 0 of 1000 messages accepted' 'ended before the other 1000'
}

@test "--stable tells no times" {
	sink --smtp 0 --no-tls --discard
	talk "$SMTP" --repeat 5 --stable
	exits 0
	says 'OK load: 5 of 5 messages accepted, 1 at a time'
	says_not 'a second' ' s)' p50
}

@test "what does not go together is a usage error" {
	for wrong in '--parallel 2' --reuse '--repeat 0' '--repeat 1000001' '--repeat 5 --parallel 1001' '--repeat 5 --chunking' \
		'--repeat 5 --pipelining' '--repeat 5 --quit-after mail' '--repeat 5 --xclient NAME=x'; do
		# shellcheck disable=SC2086 # words
		talk 1 $wrong
		exits 3
		[ -n "$complaint" ]
	done
	try smtptalk localhost:1 --repeat 5
	exits 3
	try smtptalk "exec:/bin/echo 220 x" --from a@b.c --to d@e.f --repeat 5
	[ "$status" -ne 0 ]
}
