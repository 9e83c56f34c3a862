# maillogwatch - speed of the summary and the trace, and what it reads out of others' sample logs
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench
#
# MAILLOG=FILE: a log to measure with, else one is made of the lines of the fuzz corpus.
# MAILLOG_CORPUS=DIR: sample logs of fail2ban with the addresses that are expected in each line
# ("# failJSON: {...}" before it), in DIR/fail2ban.

log=${MAILLOG-}
if [ -z "$log" ]; then
	log=$BENCH_DIR/log
	cat tests/fuzz/corpus/maillog/* >"$BENCH_DIR/lines"
	while [ "$(wc -c <"$BENCH_DIR/lines")" -lt 50000000 ]; do
		cat "$BENCH_DIR/lines" "$BENCH_DIR/lines" >"$log"
		mv "$log" "$BENCH_DIR/lines"
	done
	mv "$BENCH_DIR/lines" "$log"
fi
echo "$(($(wc -c <"$log") / 1000000)) MB of log"
ms "$MTABOX" maillogwatch --summary "$log"
summary=$took
ms awk '/status=/ { n[$6]++ } END { for (i in n) print n[i], i }' "$log"
row "--summary; awk counts one word" "$summary" awk "$took"
if ! missing pflogsumm; then
	ms pflogsumm "$log"
	row "--summary" "$summary" pflogsumm "$took"
fi
ms "$MTABOX" maillogwatch --trace 0123456789 "$log"
trace=$took
ms grep -F 0123456789 "$log"
row "--trace of an id that is not there" "$trace" "grep -F" "$took"

# A program's lines: how many have the address that is expected.
share() {
	awk -v lines="$BENCH_DIR/in" -v hosts="$BENCH_DIR/want" '
		/^# failJSON:/ { want = $0; next }
		/^#/ || !NF { next }
		want ~ /"match": true/ && match(want, /"host": *"[^"]*"/) {
			host = substr(want, RSTART, RLENGTH)
			sub(/.*: *"/, "", host)
			sub(/"$/, "", host)
			print host >hosts
			print >lines
		}
		{ want = "" }' "$1"
	"$MTABOX" maillogwatch --json --now '2005-08-14 12:00' - <"$BENCH_DIR/in" >"$BENCH_DIR/out"
	paste "$BENCH_DIR/want" "$BENCH_DIR/out" | awk -F '\t' -v name="${1##*/}" '
		{
			n++
			has = index($2, "\"ip\":\"" $1 "\"") || index($2, "\"ip\":\"::ffff:" $1 "\"") ||
				index($2, "\"ip\":\"IPv6:" $1 "\"") || index($2, "\"client\":\"" $1 "\"")
			good += has > 0
			if (!has)
				missed = missed "    " $1 ": " substr($2, 1, 150) "\n"
		}
		END { printf "%-16s %3d of %3d  %5.1f %%\n%s", name, good, n, 100 * good / (n ? n : 1), missed }'
}

if [ -d "${MAILLOG_CORPUS-}/fail2ban" ]; then
	for name in postfix dovecot exim sendmail-auth courier-smtp cyrus-imap pam-generic; do
		share "$MAILLOG_CORPUS/fail2ban/$name"
	done
else
	echo "no MAILLOG_CORPUS: what is read out of sample logs is not measured"
fi
