# mailsink - 5000 messages of smtp-source over 20 sessions, against smtp-sink
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench

source_to() { # PORT
	ms "$root/usr/sbin/smtp-source" -s 20 -m 5000 -f a@example.com -t b@example.com "inet:127.0.0.1:$1"
}

sink_bench() { # ROOT of an unpacked Postfix
	root=$1 as=
	[ "$(id -u)" -ne 0 ] || as="-u nobody"
	LD_LIBRARY_PATH=$root/usr/lib/postfix:$root/usr/lib/x86_64-linux-gnu
	export LD_LIBRARY_PATH
	"$MTABOX" mailsink --smtp 0 --pop3 0 --user sample:password --max-messages 20000 >"$BENCH_DIR/ready" &
	sink=$!
	until grep -qs ready "$BENCH_DIR/ready"; do sleep 0.1; done
	# smtp-sink gets the port after it
	port=$(sed 's/.*smtp=\([0-9]*\).*/\1/' "$BENCH_DIR/ready") pop3=$(sed 's/.*pop3=//' "$BENCH_DIR/ready")
	source_to "$port"
	mine=$took
	kept=$(MTABOX_PASS=password "$MTABOX" pop3talk "localhost:$pop3" --tls none -u sample --stat |
		sed -n 's/^OK mailbox: \([0-9]*\) messages.*/\1/p')
	kill $sink
	# shellcheck disable=SC2086 # words
	"$root/usr/sbin/smtp-sink" $as "127.0.0.1:$port" 100 2>"$BENCH_DIR/err" &
	sink=$!
	sleep 1
	source_to "$port"
	kill $sink
	row "5000 messages over 20 sessions" "$mine" smtp-sink "$took" "kept $kept of 15000"
}

for root in / build/servers/*/core/root; do
	[ ! -x "$root/usr/sbin/smtp-sink" ] || break
done
if [ -x "$root/usr/sbin/smtp-sink" ]; then
	sink_bench "$root"
else
	echo "smtp-sink is not there (Postfix; make real unpacks it): left out"
fi
