# maillogwatch - speed of the summary and the trace
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench
#
# MAILLOG=FILE: a log to measure with, else one is made of the lines of the fuzz corpus.

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
echo "--summary: $(($(wc -c <"$log") / 1000 / (summary > 0 ? summary : 1))) MB/s"
ms awk '/status=/ { n[$6]++ } END { for (i in n) print n[i], i }' "$log"
row "--summary; awk counts one word" "$summary" awk "$took"
# shellcheck disable=SC2016 # perl's
ms perl -ne '$n{$1}++ if /status=(\w+)/; END { print %n }' "$log"
row "--summary; perl counts one word" "$summary" perl "$took"
if ! missing pflogsumm; then
	ms pflogsumm "$log"
	row "--summary" "$summary" pflogsumm "$took"
fi
ms "$MTABOX" maillogwatch --level problem "$log"
problems=$took
ms grep -E 'warning|reject|deferred|bounced' "$log"
row "--level problem, explained" "$problems" "grep -E" "$took"
gzip -c "$log" >"$BENCH_DIR/log.gz"
ms "$MTABOX" maillogwatch --summary "$BENCH_DIR/log.gz"
packed=$took
ms gzip -dc "$BENCH_DIR/log.gz"
row "--summary of .gz; gzip only unpacks" "$packed" "gzip -dc" "$took"
if "${HOSTCC:-cc}" -O2 -o "$BENCH_DIR/inflate" tests/bench/inflate.c -lz 2>/dev/null; then
	ms "$BENCH_DIR/inflate" "$BENCH_DIR/log.gz"
	row "--summary of .gz; zlib only unpacks" "$packed" "zlib's inflate" "$took"
else
	echo "zlib.h is not installed: left out"
fi
ms "$MTABOX" maillogwatch --trace 0123456789 "$log"
trace=$took
ms grep -F 0123456789 "$log"
row "--trace of an id that is not there" "$trace" "grep -F" "$took"
