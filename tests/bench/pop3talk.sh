# pop3talk - against curl, from a real Dovecot (as root)
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench, ports and places of tests/lib/servers

fill() { # COUNT OCTETS: the mailbox
	rm -rf "$MAILDIR"
	mkdir -p "$MAILDIR/new" "$MAILDIR/cur" "$MAILDIR/tmp"
	{
		printf 'From: a@example.com\nSubject: bench\n\n'
		head -c "$2" /dev/urandom | base64 -w 70 | head -c "$2"
		echo
	} >"$BENCH_DIR/message"
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		cp "$BENCH_DIR/message" "$MAILDIR/new/$i.bench"
	done
	chown -R 61005:61005 "$MAILDIR"
	curl -s -u sample:password "$plain/1" >"$BENCH_DIR/out" # Dovecot's index is there for both
}

# Both as programs: what they spend is asked of time(1), which runs no functions.
clients() {
	cat >"$BENCH_DIR/ours" <<-END
		#!/bin/sh
		exec $MTABOX pop3talk "\$1" --tls \$2 --ca-file $PKI/root.pem -u sample --pass-file $BENCH_DIR/pass -q --dump "\$3"
	END
	cat >"$BENCH_DIR/theirs" <<-END
		#!/bin/sh
		exec curl -s --cacert $PKI/root.pem -u sample:password "\$1"
	END
	chmod +x "$BENCH_DIR/ours" "$BENCH_DIR/theirs"
	echo password >"$BENCH_DIR/pass"
}

spent() { # COMMAND...: its own time on the processor, and the most memory it held
	command -v time >/dev/null || return 0
	env time -f '%U+%S s CPU, %M kB' "$@" 2>&1 >/dev/null | tail -n 1
}

compare() { # WHAT COUNT URL TLS
	ms "$BENCH_DIR/ours" "$3" "$4" -
	mine=$took
	ms "$BENCH_DIR/theirs" "$3/[1-$2]"
	row "$1" "$mine" curl "$took" "$(spent "$BENCH_DIR/ours" "$3" "$4" -); $(spent "$BENCH_DIR/theirs" "$3/[1-$2]")"
}

pop3_bench() { # FILE: ports and places
	# shellcheck disable=SC1090 # the servers'
	. "$1"
	plain=pop3://localhost:$POP3_PORT tls=pop3s://localhost:$POP3S_PORT
	clients
	fill 1000 5000
	compare "1000 messages of 5 KB, pop3" 1000 "$plain" none
	compare "1000 messages of 5 KB, pop3s" 1000 "$tls" implicit
	fill 1 50000000
	compare "one message of 50 MB, pop3" 1 "$plain" none
	compare "one message of 50 MB, pop3s" 1 "$tls" implicit
}

if [ "$(id -u)" -ne 0 ]; then
	echo "real servers need root: left out"
elif ! missing curl; then
	trap 'tests/lib/servers stop; rm -rf "$BENCH_DIR"' EXIT
	servers=$(tests/lib/servers start)
	pop3_bench "$servers"
	tests/lib/servers stop
	trap 'rm -rf "$BENCH_DIR"' EXIT
fi
