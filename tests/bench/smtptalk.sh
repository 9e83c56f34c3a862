# smtptalk - a message, a login, and load, beside swaks, curl and smtp-source
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench; the ports of the servers' file

twenty() { # COMMAND...
	# shellcheck disable=SC2016 # for that sh
	ms sh -c 'i=0; while [ $i -lt 20 ]; do "$@" </dev/null; i=$((i + 1)); done' sh "$@"
}

# processor_time COMMAND...: of twenty runs, user and system together, in ms, into $took
processor_time() {
	for _ in 1 2 3; do
		# shellcheck disable=SC2016 # for that sh
		env time -f '%U %S' sh -c 'i=0; while [ $i -lt 20 ]; do "$@" </dev/null >/dev/null 2>&1; i=$((i + 1)); done' \
			sh "$@" 2>&1 | tail -n 1 | awk '{ printf "%d\n", ($1 + $2) * 1000 }'
	done | sort -n | head -n 1 >"$BENCH_DIR/took"
	took=$(cat "$BENCH_DIR/took")
}

MESSAGE="From: a@example.com
To: b@example.net
Subject: bench

test mail"

one_message() {
	twenty "$MTABOX" --version
	empty=$took
	twenty "$MTABOX" smtptalk "127.0.0.1:$SINK_PORT" --tls none --from a@example.com --to b@example.net
	mine=$took
	remark="$(((mine - empty) * 10 / 200)).$(((mine - empty) * 10 / 20 % 10)) ms above an empty process each"
	if ! missing swaks; then
		twenty swaks --server "127.0.0.1:$SINK_PORT" --from a@example.com --to b@example.net --helo x.example.com
		row "20 times a plain message" "$mine" swaks "$took" "$remark"
	fi
	! missing curl || return 0
	echo "$MESSAGE" >"$BENCH_DIR/message"
	twenty curl -s "smtp://127.0.0.1:$SINK_PORT" --mail-from a@example.com --mail-rcpt b@example.net -T "$BENCH_DIR/message"
	row "20 times a plain message" "$mine" curl "$took"
}

with_tls() {
	! missing time && ! missing curl || return 0
	echo password >"$BENCH_DIR/pass"
	set -- "$MTABOX" smtptalk "localhost:$SMTP_PORT" -4 --tls starttls --ca-file "$PKI/root.pem" -u sample \
		--pass-file "$BENCH_DIR/pass" --from sample@example.com --to sample@gmail.com
	processor_time "$@" --auth plain
	mine=$took
	resident=$(env time -f %M "$@" 2>&1 >/dev/null </dev/null | tail -n 1)
	processor_time curl -s -4 --ssl-reqd --cacert "$PKI/root.pem" "smtp://localhost:$SMTP_PORT" \
		--login-options AUTH=PLAIN -u sample:password --mail-from sample@example.com \
		--mail-rcpt sample@gmail.com -T "$BENCH_DIR/message"
	row "20 STARTTLS, AUTH, message: CPU time" "$mine" curl "$took" "$resident kB resident"
}

load() { # OPTION-OF-SMTPTALK OPTION-OF-SMTP-SOURCE REMARK
	# shellcheck disable=SC2086 # a word or none
	ms "$MTABOX" smtptalk "127.0.0.1:$SINK_PORT" -q --tls none --from a@example.com --to b@example.net \
		--repeat 5000 --parallel 20 $1
	mine=$took
	# shellcheck disable=SC2086
	ms chroot "$ROOT" /usr/sbin/smtp-source $2 -s 20 -m 5000 -f a@example.com -t b@example.net "127.0.0.1:$SINK_PORT"
	row "5000 messages, 20 at a time, $3" "$mine" smtp-source "$took"
}

if env_file=$(tests/lib/servers start core); then
	# shellcheck disable=SC1090 # it has the ports
	. "$env_file"
	ROOT=${MAILDIR%/var/mail/*}
	trap 'rm -rf "$BENCH_DIR"; tests/lib/servers stop core' EXIT
	one_message
	with_tls
	load '' '' 'one each'
	load --reuse -d 'kept open'
	tests/lib/servers stop core
else
	echo "no servers here: left out"
fi
