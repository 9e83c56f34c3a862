# common - what the bats files share; `load ../lib/common`
# SPDX-License-Identifier: MIT
#
#   try COMMAND...        runs it, by the deadline $DEADLINE_S and under the memory ceiling $MEMORY_KB;
#                         sets $status, $output (stdout), $complaint (stderr). Whatever a test asks for,
#                         try fails when a raw control byte or one of $SECRETS is in either of them.
#                         Standard input is the file $INPUT.
#   exits N               $status is N
#   verdict STATUS STAGE  among the verdicts of a run with --json
#   says TEXT...          each TEXT (fixed string) is in $output; blanks and line ends count as one
#                         blank, so that a wrapped note is found. says_not, complains: alike
#   peer STEP...          starts the scripted peer (build/tests/peer --help): $PORT, $PEER_LOG
#   peer_done             it has served everything as told
#   peer_got TEXT         the client sent a line that begins so. peer_got_not: nowhere, anyhow
#   terminal STEP... -- COMMAND ARG...
#                         runs it on a terminal and types (build/tests/tty): $status, $output as
#                         the terminal got it; fails when a step, or one of $SECRETS, says so
#   names ARG...          starts the name server that knows what it is told (build/tests/dns): $DNS
#   netns                 from here on try and peer run in a network of their own, where this host
#                         is 192.0.2.10 too, which is no loopback address
#   needs COMMAND         skips where it is not installed
#   sink OPTION...        starts mailsink: $SMTP, $SMTPS, $POP3 ... are its ports
#   servers [GROUP]       loads the ports of the real servers (core), or skips
#   start_servers GROUP   for setup_file: starts them; stop_servers GROUP for teardown_file

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
MTABOX=${MTABOX:-$TOP/build/mtabox}
PEER=${PEER:-$TOP/build/tests/peer}
TTY=${TTY:-$TOP/build/tests/tty}
NAMES=${NAMES:-$TOP/build/tests/dns}
INPUT=/dev/null
DEADLINE_S=20
MEMORY_KB=16384
CANARY=cAnArY-7d1f
NETNS=()
SECRETS=("$CANARY" "$(printf %s "$CANARY" | base64)" "$(printf '\0sample\0%s' "$CANARY" | base64)"
	AHNhbXBsZQBwYXNzd29yZA== cGFzc3dvcmQ=)

# Applets by name, as they are installed; nothing of the caller's environment.
BIN=$BATS_RUN_TMPDIR/bin
if [ ! -d "$BIN" ]; then
	mkdir "$BIN"
	for applet in mscan smtptalk pop3talk imaptalk b64auth maillogwatch mailsink mailtrip mxcheck mtabox; do
		ln -s "$MTABOX" "$BIN/$applet"
	done
fi
PATH=$BIN:$PATH
unset MTABOX_PASS SSL_CERT_FILE NO_COLOR LANG LC_CTYPE
export LC_ALL=C TERM=dumb HOME=$BATS_TEST_TMPDIR

# The work of a test is done in a directory of its own, where the passwords are.
cd "${BATS_TEST_TMPDIR:-$BATS_RUN_TMPDIR}" || exit 1
printf 'password\n' >pass
printf 'wrong\n' >wrong-pass
printf '%s\n' "$CANARY" >canary-pass

fail() {
	printf '%s\n' "$@" >&2
	printf -- '--- status %s, output:\n' "${status:-?}" >&2
	head -c 4000 out err 2>/dev/null | cat -v >&2
	return 1
}

# Bytes that act on a terminal: C0 but tab and line feed, DEL, and C1 as UTF-8 or bare.
no_raw_bytes() { # FILE
	! LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]' "$1" ||
		fail "a raw control byte in $1"
}

no_secret() { # FILE
	local s
	for s in "${SECRETS[@]}"; do
		! grep -qaF -e "$s" "$1" || fail "the secret $s in $1"
	done
}

try() {
	status=0
	"${NETNS[@]}" timeout -k 2 "$DEADLINE_S" bash -c 'ulimit -c 0; ulimit -v "$0"; exec "$@"' "$MEMORY_KB" "$@" \
		>out 2>err <"$INPUT" 3>&- || status=$?
	output=$(tr -d '\000' <out)
	complaint=$(tr -d '\000' <err)
	[ "$status" -ne 124 ] || fail "not done after $DEADLINE_S s: $*"
	[ "$status" -lt 128 ] || fail "died by a signal: $*"
	no_raw_bytes out
	no_raw_bytes err
	no_secret out
	no_secret err
}

terminal() {
	status=0
	TERM=xterm timeout -k 2 "$DEADLINE_S" "$TTY" "$@" >out 2>err </dev/null 3>&- || status=$?
	output=$(tr -d '\000' <out)
	complaint=$(<err)
	[ "$status" -ne 100 ] || fail "$complaint"
	[ "$status" -ne 124 ] || fail "not done after $DEADLINE_S s: $*"
	no_secret out
}

exits() { [ "$status" -eq "$1" ] || fail "exit code $status, not $1"; }

verdict() {
	grep -q "\"type\":\"verdict\",\"status\":\"$1\",\"stage\":\"$2\"" out || fail "no verdict $1 $2"
}

flat() { tr -s ' \t\n' ' ' <<<"$1"; }

holds() { # HAYSTACK-NAME HAYSTACK NEEDLE...
	local name=$1 hay needle
	hay=$(flat "$2")
	shift 2
	for needle; do
		[[ $hay == *"$needle"* ]] || fail "not in $name: $needle"
	done
}

says() { holds output "$output" "$@"; }

complains() { holds complaint "$complaint" "$@"; }

says_not() {
	local needle
	for needle; do
		[[ $(flat "$output$complaint") != *"$needle"* ]] || fail "should not be said: $needle"
	done
}

# Waits up to 5 s for a condition.
soon() {
	local i
	for ((i = 0; i < 100; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	fail "did not come true in 5 s: $*"
}

peer() {
	PEER_LOG=$BATS_TEST_TMPDIR/peer.log
	: >peer.port
	"${NETNS[@]}" "$PEER" -l "$PEER_LOG" ${PEER_OPTIONS:+$PEER_OPTIONS} "$@" >peer.port 2>peer.err </dev/null 3>&- &
	PEER_PID=$!
	soon test -s peer.port
	PORT=$(<peer.port)
}

names() {
	: >dns.port
	"${NETNS[@]}" "$NAMES" "$@" >dns.port 2>dns.err </dev/null 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	soon test -s dns.port
	DNS=127.0.0.1:$(<dns.port)
}

peer_done() {
	wait "$PEER_PID" || fail "the peer: $(<peer.err)"
	PEER_PID=
}

peer_got() { soon grep -qai -e "^$1" "$PEER_LOG"; }

peer_got_not() { ! grep -qaiF -e "$1" "$PEER_LOG" || fail "the client sent $1"; }

needs() { command -v "$1" >/dev/null || skip "no $1"; }

netns() {
	command -v ip >/dev/null || skip "no ip command (iproute2)"
	unshare -n true 2>/dev/null || skip "no network namespaces here"
	unshare -n sleep 60 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	NETNS=(nsenter -t $! -n --)
	soon is_in_netns $!
	"${NETNS[@]}" sh -c 'ip link set lo up && ip address add 192.0.2.10/32 dev lo'
}

is_in_netns() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

sink() {
	rm -f sink.out # of one before, which ends with the test
	OTHER_PIDS="${OTHER_PIDS:-} ${SINK_PID:-}"
	"$BIN/mailsink" "$@" >sink.out 2>sink.err </dev/null 3>&- &
	SINK_PID=$!
	soon grep -q '^ready ' sink.out
	# shellcheck disable=SC2046
	declare -g $(sed -n 's/^ready //p' sink.out | tr "[:lower:]" "[:upper:]")
}

start_servers() { # GROUP
	local rc=0 env
	env=$("$TOP/tests/lib/servers" start "$1" 2>"$BATS_RUN_TMPDIR/servers.err" 3>&-) || rc=$?
	export "SERVERS_ENV_$1=$env" "SERVERS_WHY_$1=$(<"$BATS_RUN_TMPDIR/servers.err")"
	if [ $rc -ne 0 ] && [ $rc -ne 77 ]; then
		cat "$BATS_RUN_TMPDIR/servers.err" >&2
		return 1
	fi
}

stop_servers() { "$TOP/tests/lib/servers" stop "$1"; } # GROUP

servers() { # [GROUP]
	local env=SERVERS_ENV_${1:-core} why=SERVERS_WHY_${1:-core}
	[ -n "${!env:-}" ] || skip "${!why:-the servers were not started}"
	# shellcheck disable=SC1090
	. "${!env}"
}

# What a test started ends with it, also when it fails.
teardown() {
	local pid
	for pid in ${PEER_PID:-} ${SINK_PID:-} ${OTHER_PIDS:-}; do
		kill "$pid" 2>/dev/null || :
	done
}
