#!/usr/bin/env bats
# maillogwatch_follow - logs that are rotated, cut and damaged while they are followed
# SPDX-License-Identifier: MIT
#
# The writer is a shell of its own that keeps the log open, as a syslog daemon does.
load ../lib/common

setup() {
	echo 'Mar  3 04:05:00 mx postfix/smtpd[1]: first' >log
}

line() { printf 'Mar  3 04:05:%02d mx postfix/smtpd[1]: %s\n' "$((RANDOM % 60))" "$1"; }

follow() { # LOG OPTION...
	: >seen
	: >told
	"$BIN/maillogwatch" -f "$@" >seen 2>told </dev/null 3>&- 8>&- &
	WATCH_PID=$!
	OTHER_PIDS="${OTHER_PIDS:-} $WATCH_PID"
}

follow_json() { # LOG
	: >json
	"$BIN/maillogwatch" -f --json --now '2025-12-31 00:00' "$@" >json 2>told.json </dev/null 3>&- 8>&- &
	WATCH_PID=${WATCH_PID:-$!}
	OTHER_PIDS="${OTHER_PIDS:-} $!"
}

# A shell that holds log open, for appending or at an offset of its own; write says what to write.
writer() { # append|offset
	mkfifo orders
	case $1 in
	append) exec 7>>log ;;
	offset) exec 7>log ;;
	esac
	while IFS= read -r text; do printf '%s\n' "$text"; done <orders >&7 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	exec 7>&- 8>orders
}

write() { line "$1" >&8; }
seen() { soon grep -qaF -e "$1" seen; }
told() { soon grep -qF -e "$1" told; }
once() { [ "$(grep -caF -e "$1" seen)" -eq 1 ] || fail "not once: $1"; }

stop_watch() {
	kill -TERM "$WATCH_PID"
	status=0
	wait "$WATCH_PID" || status=$?
	exits 0
	no_raw_bytes seen
	no_raw_bytes told
}

@test "the last ten lines come first, then what is written; SIGTERM ends it in order" {
	for i in 1 2 3 4 5 6 7 8 9 10 11; do line "old $i."; done >>log
	writer append
	follow log
	seen 'old 11.'
	[ "$(wc -l <seen)" -eq 10 ] || fail "ten lines"
	write new
	seen ': new'
	[ "$(wc -l <seen)" -eq 11 ] || fail "one more line"
	stop_watch
}

@test "renamed and made anew: a line written late to the old file is not lost" {
	writer append
	follow log
	seen ': first'
	mv log log.1
	write late-one
	line early-new >log
	write late-two
	seen late-one
	seen late-two
	seen early-new
	line new-two >>log
	seen new-two
	told 'another file has this name now'
	for i in late-one late-two early-new new-two; do once "$i"; done
	stop_watch
}

@test "an inode that is used again is no old file" {
	follow log
	seen ': first'
	for i in 1 2 3; do
		rm log
		line "generation-$i" >log
		seen "generation-$i"
	done
	for i in 1 2 3; do once "generation-$i"; done
	stop_watch
}

@test "copied and truncated: goes on from the beginning and says that lines may be lost" {
	writer append
	write second
	follow log
	seen ': second'
	cp log log.1
	: >log
	write after-cut
	seen after-cut
	told 'possibly lost'
	once after-cut
	stop_watch
}

@test "truncated and refilled larger than before: the new content is read whole" {
	follow log
	seen ': first'
	kill -STOP "$WATCH_PID"
	: >log
	for i in 1 2 3 4 5 6 7 8 9; do line "refill-$i."; done >>log
	kill -CONT "$WATCH_PID"
	for i in 1 2 3 4 5 6 7 8 9; do seen "refill-$i."; done
	told 'possibly lost'
	for i in 1 2 3 4 5 6 7 8 9; do once "refill-$i."; done
	stop_watch
}

@test "truncated and refilled to the same size: the new content is read whole" {
	follow log
	seen ': first'
	kill -STOP "$WATCH_PID"
	cp log log.1
	size=$(wc -c <log)
	: >log
	printf 'Mar  3 04:05:01 mx postfix/smtpd[1]: fresh\n' >>log
	[ "$(wc -c <log)" -eq "$size" ] || fail "this test is to make the same size"
	kill -CONT "$WATCH_PID"
	seen ': fresh'
	told 'possibly lost'
	once ': first'
	once ': fresh'
	stop_watch
}

@test "started anew while the log is copied and truncated: no line comes twice" {
	writer append
	for i in 1 2 3; do write "before-$i."; done
	follow log
	seen 'before-3.'
	stop_watch
	cp log log.1
	: >log
	write after-1.
	follow log
	seen after-1.
	write after-2.
	seen after-2.
	! grep -q before- seen || fail "the copy is read, too"
	once after-1.
	once after-2.
	stop_watch
}

@test "what a terminal would act on, and what is no UTF-8, comes escaped" {
	needs python3
	writer append
	follow log
	follow_json log
	seen ': first'
	printf 'Mar  3 04:05:07 mx postfix/smtpd[1]: warning: non-SMTP command from x[192.0.2.7]: %b\n' \
		'\033]0;x\007 \x9b31m \xc2\x9b32m \xe2\x80\xae bidi' '<\264x@a>' >&8
	seen '\x1b]0;x\x07'
	seen '\x9b31m'
	seen '<\xb4x@a>'
	! grep -qaP '\xe2\x80\xae|\xc2\x9b' seen || fail "a control is shown as it is"
	soon grep -q '\\u001b\]0;x' json
	soon grep -q '<.*x@a>' json
	no_raw_bytes json
	python3 -c 'import json, sys
for line in open("json", encoding="utf-8"):
	assert json.loads(line)["type"] == "event"'
	stop_watch
}

@test "each line is read by itself: forms, ids, names and months of all kinds" {
	writer append
	follow_json log
	soon grep -q '"text":"first"' json
	n=0
	while IFS='|' read -r line want; do
		n=$((n + 1))
		printf '%s\n' "$line" >&8
		for part in $want; do
			soon eval "sed -n $((n + 1))p json | grep -qF -e '$part'" ||
				fail "not $part: $line" "$(sed -n "$((n + 1))p" json)"
		done
	done <<-'END'
	Mar  3 04:05:06 mx postfix/qmgr[1]: 4cDCnd66Hyz1XPWFF: removed|"class":"removed" "id":"4cDCnd66Hyz1XPWFF"
	2025-03-03T04:05:07.123456+01:00 mx postfix/qmgr[1]: 3F1A2B4C5D: removed|"time":"2025-03-03T04:05:07.123456+01:00" "class":"removed"
	Mar  3 04:05:08 mx postfix/qmgr[1]: 4cDCnd66Hyz1XPWFFzzz: removed|"id":"4cDCnd66Hyz1XPWFFzzz"
	Mar  3 04:05:08 mx postfix-example.com/smtpd[1]: connect from a.example[192.0.2.1]|"class":"connect" "daemon":"smtpd" "program":"postfix-example.com/smtpd"
	Mar  3 04:05:08 mx postfix-mx/content-filter/smtp[1]: 3F1A2B4C5D: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (x)|"class":"deferred" "daemon":"smtp"
	Mar  3 04:05:08 mx postfix/error[1]: 3F1A2B4C5D: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to a[192.0.2.9]:25: Connection refused)|"class":"deferred" "daemon":"error"
	Mar  3 04:05:08 mx postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to a[192.0.2.9]:25: No route to host)|"class":"deferred"
	Mar  3 04:05:08 mx postfix/smtpd[1]: NOQUEUE: lost connection after CONNECT from a[192.0.2.1]|"class":"lost" "ip":"192.0.2.1"
	Mar  3 04:05:08 mx postfix/smtpd[1]: lost connection after CONNECT from a[192.0.2.2]|"class":"lost" "ip":"192.0.2.2"
	Mar  3 04:05:08 mx postfix/smtpd[1]: NOQUEUE: reject: CONNECT from a[192.0.2.1]: 554 5.7.1 x; proto=SMTP|"class":"rejected" "verb":"CONNECT"
	Mar  3 04:05:08 mx dovecot: message repeated 4 times: [ auth-worker(9): pam(u,192.0.2.1): unknown user]|"count":4 "user":"u" "class":"login-detail"
	ott 13 00:40:47 mx postfix/smtpd[1]: connect from a[192.0.2.1]|-10-13T00:40:47" "class":"connect"
	févr. 14 00:40:47 mx postfix/smtpd[1]: connect from a[192.0.2.1]|-02-14T00:40:47" "class":"connect"
	août 19 00:40:47 mx postfix/smtpd[1]: connect from a[192.0.2.1]|-08-19T00:40:47" "class":"connect"
	Απρ 15 00:40:47 mx postfix/smtpd[1]: connect from a[192.0.2.1]|-04-15T00:40:47" "class":"connect"
	END
	kill -TERM "$WATCH_PID"
}

@test "half a line is shown when its end is there" {
	: >other
	follow log other
	seen ': first'
	printf 'Mar  3 04:05:09 mx postfix/smtpd[1]: half' >>log
	line meanwhile >>other
	seen meanwhile
	! grep -q half seen || fail "shown before its end"
	printf ' and half\n' >>log
	seen 'half and half'
	printf 'Mar  3 04:05:09 mx postfix/smtpd[1]: no end' >>log
	line afterwards >>other
	seen afterwards
	stop_watch
	grep -q 'no end' seen || fail "what has no end is lost"
	told 'its last line has no end'
}

@test "a writer that kept its offset leaves a hole of NUL octets; what follows is read" {
	writer offset
	write one
	write two
	follow log
	seen ': two'
	: >log
	write behind-the-cut
	seen ': behind-the-cut'
	truncate -s +3M log
	line behind-the-hole >>log
	seen ': behind-the-hole'
	once behind-the-cut
	once behind-the-hole
	stop_watch
	[ "$(wc -c <seen)" -lt 1000 ] || fail "the hole was printed"
}

@test "a line of 5 MB is cut and does not end the watch" {
	follow log
	seen ': first'
	{ head -c 5000000 /dev/zero | tr '\0' x; echo; line behind-the-giant; } >>log
	seen behind-the-giant
	stop_watch
	[ "$(wc -c <seen)" -lt 500000 ] || fail "the giant was printed whole"
}

@test "a log that is not there yet, and one that goes away for a while" {
	rm log
	follow log
	told 'waiting for it'
	line newborn >log
	seen newborn
	mv log log.1
	told 'waiting for it'
	line reborn >log
	seen reborn
	once newborn
	once reborn
	stop_watch
}

@test "a log that may not be read, and then may: its last lines, and what is written" {
	needs setpriv
	[ "$(id -u)" -eq 0 ] || skip "to be refused as another user takes root"
	for i in 1 2 3 4 5 6 7 8 9 10 11; do line "old $i."; done >>log
	chmod 600 log
	chmod 755 . .. "$BATS_RUN_TMPDIR" "$BIN"
	: >seen
	setpriv --reuid 65534 --regid 65534 --clear-groups "$BIN/maillogwatch" -f log >seen 2>told </dev/null 3>&- &
	WATCH_PID=$!
	OTHER_PIDS=$!
	told 'not readable; trying on: Permission denied'
	line unseen >>log
	[ ! -s seen ] || fail "it was readable all the time"
	chmod 644 log
	seen unseen
	told 'it is there now'
	[ "$(wc -l <seen)" -eq 10 ] || fail "ten lines"
	line afterwards >>log
	seen afterwards
	stop_watch
}

@test "with a filter the last ten lines are those that pass it" {
	for i in $(seq 30); do line "wanted $i."; line "other $i."; done >>log
	line 'other end' >>log
	follow log --match wanted
	seen 'wanted 30.'
	[ "$(wc -l <seen)" -eq 10 ] || fail "ten lines"
	! grep -q other seen || fail "the filter is not applied"
	line 'wanted later' >>log
	seen 'wanted later'
	stop_watch
	follow log --since 2000-01-01 --match wanted
	seen 'wanted 1.'
	seen 'wanted later'
	[ "$(wc -l <seen)" -eq 31 ] || fail "all since then"
	stop_watch
}

@test "what cannot grow is read to its end: a packed log, a named pipe" {
	gzip -k log
	mkfifo pipe
	cat log >pipe 3>&- &
	OTHER_PIDS=$!
	for name in log.gz pipe; do
		MEMORY_KB=65536 DEADLINE_S=5 try maillogwatch -f $name
		exits 0
		says ': first'
	done
	MEMORY_KB=65536 DEADLINE_S=5 try maillogwatch -f .
	exits 3
	complains 'Is a directory'
	xz -k log || skip "no xz"
	MEMORY_KB=65536 DEADLINE_S=5 try maillogwatch -f log.xz
	exits 3
	complains 'xz -dc log.xz | mtabox maillogwatch -'
}

@test "the same note is not shown twice in a minute, but counted" {
	writer append
	follow log
	seen ': first'
	for i in 1 2 3; do
		echo "Mar  3 04:05:0$i mx postfix/smtpd[1]: warning: SASL: Connect to private/auth failed: No such file or directory" >&8
	done
	soon grep -q '05:03 mx .*private/auth' seen
	stop_watch
	[ "$(grep -c '^    ! ' seen)" -eq 1 ] || fail "one note"
	grep -q '2 more of these since' seen || fail "the others are counted"
}

@test "a line is shown at once, and waiting costs nothing" {
	writer append
	follow log
	seen ': first'
	for i in 1 2 3 4 5; do
		write "prompt-$i"
		seen "prompt-$i"
	done
	before=$(cut -d' ' -f14,15 "/proc/$WATCH_PID/stat")
	sleep 2
	read -r user system <<<"$(cut -d' ' -f14,15 "/proc/$WATCH_PID/stat")"
	[ $((user + system - ${before% *} - ${before#* })) -le 1 ] || fail "busy while it waits"
	stop_watch
}

@test "the end of a pipe is the end of the watch" {
	INPUT=log MEMORY_KB=65536 DEADLINE_S=5 try maillogwatch -f -
	exits 0
	says ': first'
}
