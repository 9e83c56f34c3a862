#!/usr/bin/env bats
# maillogwatch - what it makes of logs: lines, filters, sums, merges, traces
# SPDX-License-Identifier: MIT
load ../lib/common

MEMORY_KB=49152 # whatever the log
NOW='2025-03-04 00:00:00'

setup() {
	cat >log <<-'EOF'
	Mar  3 04:05:00 mx1 postfix/smtpd[10]: connect from mail.example.org[192.0.2.1]
	Mar  3 04:05:01 mx1 postfix/smtpd[10]: 3F1A2B4C5D: client=mail.example.org[192.0.2.1]
	Mar  3 04:05:01 mx1 postfix/cleanup[11]: 3F1A2B4C5D: message-id=<m1@example.org>
	Mar  3 04:05:01 mx1 postfix/qmgr[12]: 3F1A2B4C5D: from=<a@example.org>, size=1795, nrcpt=1 (queue active)
	Mar  3 04:05:02 mx1 postfix/smtp[13]: 3F1A2B4C5D: to=<b@example.com>, relay=filter[127.0.0.1]:10024, delay=1, delays=0.9/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1A2B4C5D)
	Mar  3 04:05:02 mx1 postfix/qmgr[12]: 3F1A2B4C5D: removed
	Mar  3 04:05:02 mx1 postfix/smtpd[14]: 4F1A2B4C5D: client=localhost[127.0.0.1]
	Mar  3 04:05:02 mx1 postfix/cleanup[11]: 4F1A2B4C5D: message-id=<m1@example.org>
	Mar  3 04:05:02 mx1 postfix/qmgr[12]: 4F1A2B4C5D: from=<a@example.org>, size=1999, nrcpt=1 (queue active)
	Mar  3 04:35:02 mx1 postfix/smtp[15]: 4F1A2B4C5D: to=<b@example.com>, relay=none, delay=150, delays=0.1/0/150/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)
	Mar  3 05:05:02 mx1 postfix/qmgr[12]: 4F1A2B4C5D: from=<a@example.org>, size=1999, nrcpt=1 (queue active)
	Mar  3 05:05:03 mx1 postfix/smtp[15]: 4F1A2B4C5D: to=<b@example.com>, relay=none, delay=1800, delays=1650/0/150/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)
	Mar  3 05:05:04 mx1 postfix/smtpd[16]: NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 <x@example.net>: Relay access denied; from=<s@example.net> to=<x@example.net> proto=ESMTP helo=<h>
	Mar  3 05:05:05 mx1 postfix/smtpd[16]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=admin
	Mar  3 05:05:06 mx1 dovecot: imap-login: Login: user=<b@example.com>, method=PLAIN, rip=2001:db8::1, lip=192.0.2.2, mpid=7, TLS, session=<S>
	Mar  3 05:05:07 mx1 postfix/tlsmgr[17]: fatal: open database /var/lib/postfix/smtpd_scache.db: No such file or directory
	Mar  3 05:05:08 mx1 postfix/master[1]: warning: process tlsmgr pid 17 exit status 1
	EOF
	sed -n '1,10p' log >part1
	sed -n '11,$p' log >part2
}

watch() { try maillogwatch --now "$NOW" "$@"; }

@test "lines come as they are, a control byte escaped" {
	printf 'Mar  3 04:05:00 mx1 postfix/smtpd[1]: warning: \033]0;x\007\n' >hostile
	watch hostile
	exits 0
	says 'warning: \x1b]0;x\x07'
}

@test "filters: a network, a user, a time, a level, words" {
	watch --ip 203.0.113.0/24 log
	[ "$(grep -c '^Mar' out)" -eq 2 ] || fail "two lines have that address"
	watch --ip 2001:db8::/32 log
	[ "$(grep -c '^Mar' out)" -eq 1 ] || fail "one line has that address"
	watch --user admin -q log
	[ "$(wc -l <out)" -eq 1 ] || fail "one line has that user"
	watch --since 05:05 --now '2025-03-03 06:00' -q log
	[ "$(wc -l <out)" -eq 7 ] || fail "seven lines are of 05:05"
	watch --since 04:00 --until 04:30 --now '2025-03-03 06:00' -q log
	[ "$(wc -l <out)" -eq 9 ] || fail "nine lines are before 04:30"
	watch --level fatal -q log
	[ "$(wc -l <out)" -eq 1 ] || fail "one line is fatal"
	watch --match RELAY -q --to x@ --from example.net --program smtpd log
	[ "$(wc -l <out)" -eq 1 ] || fail "one line is refused relaying"
}

@test "a wrong time and a wrong address are said" {
	watch --since whenever log
	exits 3
	complains '"whenever" is no time'
	watch --ip 300.1.1.1 log
	exits 3
	complains 'is no address'
}

@test "one job at a time" {
	watch --follow --summary log
	exits 3
	complains '--follow and --summary: one at a time'
	for what in '--trace 3F1A2B4C5D --why 3F1A2B4C5D' '--all -f'; do
		watch $what log
		exits 3
		complains 'one at a time'
	done
}

@test "on a terminal lines are broken at blanks, a packed log is read, one that can grow is followed" {
	gzip -k log
	terminal -- maillogwatch --match scache "$PWD/log.gz"
	exits 0
	grep -q '^  .*No such file or directory' out || fail "the line is not broken"
	says_not following
	terminal wait '[tlsmgr-no-data-directory]' kill -- maillogwatch --match scache "$PWD/log"
	exits 0
	says 'following; Ctrl-C ends it'
}

@test "notes: a reply as a reply, a program's words as a log's, and what nobody knows is said" {
	printf '%s\n' 'Mar  3 04:05:06 mx1 dovecot-auth: pam_unix(dovecot:auth): check pass; user unknown' \
		'Mar  3 04:05:07 mx1 postfix/smtpd[1]: warning: the cat sat on the mat' >words
	watch words
	says '[pam-user-unknown]' 'trouble that is not known here'
	says_not '[user-unknown]'
	watch --match Relay log
	says '[postfix-relay-denied]'
	watch --match scache log
	says '[tlsmgr-no-data-directory]'
}

@test "the year comes from a long queue id further down" {
	printf '%s\n' 'Jul  5 06:52:10 mx1 dovecot: imap-login: Login: user=<a>' \
		'Jul  5 06:52:11 mx1 postfix/qmgr[1]: 3mPVKl0Mhjz7sXv: removed' >old
	watch --json old
	[ "$(grep -c '"time":"2015-07-05T' out)" -eq 2 ] || fail "not both lines are of 2015"
}

@test "a log without years: the newest that its file can hold, also over several new years" {
	login() { echo "$1 04:05:06 mx1 dovecot: imap-login: Login: user=<a>, method=PLAIN, rip=192.0.2.1"; }
	years() { [ "$(grep -o '"time":"[0-9]*' out | tr -dc '0-9\n' | tr '\n' ' ')" = "$1 " ] || fail "not $1"; }
	{ login 'Dec 31'; login 'Jan  1'; login 'Dec 31'; login 'Jan  1'; } >year
	touch -d 2025-01-02 year
	watch --json year
	years '2024 2025 2024 2025'
	touch -d 2023-06-01 year
	watch --json year
	years '2022 2023 2022 2023'
	{ login 'Nov  2'; login 'Mar  3'; login 'Nov  5'; login 'Jan  2'; } >years
	touch -d 2023-01-15 years
	watch --json years
	years '2021 2022 2022 2023'
	touch -d 2020-02-29 -r years years
	gzip -k years
	watch --json years.gz year
	[ "$(grep -c . out)" -eq 8 ] || fail "eight lines"
	seq 0 1499 | awk '{ printf "%s %2d 04:05:06 mx1 dovecot: x\n",
		substr("JanFebMarAprMayJunJulAugSepOctNovDec", int($1 / 28) % 12 * 3 + 1, 3), $1 % 28 + 1 }' >long
	touch -d 2024-06-20 long
	watch --json long
	[[ $(head -n 1 out) == *'"time":"2020-01-01T'* ]] || fail "$(head -n 1 out)"
	[[ $(tail -n 1 out) == *'"time":"2024-06-16T'* ]] || fail "$(tail -n 1 out)"
}

@test "an hour ago is an hour ago, whatever the zone of the log" {
	printf '%s mx1 dovecot: %s\n' 2025-03-03T22:30:00Z early 2025-03-03T23:30:00Z late \
		2025-03-04T08:30:00+09:00 late 'Mar  4 08:30:00' here 'Mar  4 07:30:00' earlier >zones
	TZ=JST-9 watch -q --since 1h --now '2025-03-04 09:00' zones
	[ "$(grep -c 'late\|here' out)" -eq 3 ] || fail "three lines are of the last hour"
	[ "$(wc -l <out)" -eq 3 ] || fail "no others"
	TZ=JST-9 watch -q --since 23:00 --until 23:59 --now '2025-03-03 23:59' zones
	says 'late'
	says_not 'early' 'T08:30'
}

@test "several gzip members in one file, and one that is cut: all lines that are whole" {
	gzip -c part1 >1.gz
	gzip -c part2 >2.gz
	cat 1.gz 2.gz >both.gz
	watch --json both.gz
	exits 0
	[ "$(wc -l <out)" -eq "$(wc -l <log)" ] || fail "not all lines of both members"
	seq -f 'Mar  3 04:05:06 mx1 dovecot: line %.0f' 20000 | gzip -c >whole.gz
	head -c $(($(wc -c <whole.gz) / 2)) whole.gz >half.gz
	want=$(gzip -dc half.gz 2>/dev/null | grep -c 'line [0-9]*$') || :
	watch -q half.gz
	exits 1
	complains 'cut off in the middle'
	got=$(wc -l <out)
	[ "$got" -ge $((want - 1)) ] && [ "$got" -gt 5000 ] || fail "$got of $want lines"
}

@test "repeated messages count as often as they were" {
	printf '%s\n' 'Mar  3 04:05:06 mx1 postfix/smtpd[1]: connect from a.example[192.0.2.1]' \
		'Mar  3 04:05:07 mx1 last message repeated 5 times' \
		'Mar  3 04:05:08 mx1 postfix/smtpd[1]: message repeated 3 times: [ connect from a.example[192.0.2.1]]' >repeats
	watch --summary --json repeats
	says '"connect":9'
}

@test "totals are what grep and awk count, whole and in packed pieces" {
	for _ in 1 2 3 4 5 6 7 8; do cat log; done >big
	for part in 1 2 3 4; do
		sed -n "$((part * 34 - 33)),$((part * 34))p" big | gzip -c >"big.$part.gz"
	done
	for names in big 'big.1.gz big.2.gz big.3.gz big.4.gz'; do
		watch --prom m.prom $names
		exits 0
		for row in 'sent status=sent' 'deferred status=deferred' 'rejected NOQUEUE:.reject' \
			'received :.client=' 'login Login:.user' 'login-failed authentication.failed' \
			'removed removed' 'fatal fatal:' 'connect ]:.connect.from'; do
			want=$(grep -c "${row#* }" big)
			grep -q "^maillog_lines{class=\"${row%% *}\"} $want\$" m.prom ||
				fail "${row%% *} is not $want in $names"
		done
		grep -q "^maillog_total{of=\"lines\"} $(awk 'END { print NR }' big)\$" m.prom ||
			fail "lines in $names"
	done
}

@test "events as JSON" {
	watch --json --level fatal log
	exits 0
	says '"time":"2025-03-03T05:05:07"' '"class":"fatal"' '"daemon":"tlsmgr"'
	watch --json --match 4F1A2B4C5D log
	says '"next_id":"4F1A2B4C5D"' '"connect_ms":150000' '"to":"b@example.com"'
}

@test "the summary counts mails and attempts apart" {
	watch --summary log
	exits 0
	says 'received 2' 'delivered 1' 'deferred mails 1' 'deferrals 2' 'rejected 1' 'logins 1' \
		'logins failed 1' 'something does not work' 'smtpd_scache.db' '203.0.113.7 (1)' '17 lines'
}

@test "refusals that are our own trouble are alarms, and who hides behind a bridge is not blamed" {
	for i in 1 2 3; do
		echo "Mar  3 04:05:0$i mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from m$i.example.org[192.0.2.1$i]: 554 5.7.1 Service unavailable; Client host [192.0.2.1$i] blocked using sbl.spamhaus.org; Error: open resolver; https://www.spamhaus.org/returnc/pub/198.51.100.1; from=<a$i@example.org> to=<b@example.com> proto=ESMTP helo=<h$i>"
	done >own
	for i in $(seq 40); do
		echo "Mar  3 04:05:0$((i % 10)) mx1 postfix/smtpd[9]: warning: unknown[172.18.0.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=u$((i % 7))"
	done >>own
	watch --summary own
	says 'ALARMS something does not work: 3 smtpd: 554' 'WE refuse everybody' '[postfix-blocklist-error]' \
		'40 172.18.0.1 (7)' 'a proxy or NAT hides who tries (likely)'
	sed 's/172.18.0.1/192.0.2.9/; 60q' own >outside
	watch --summary outside
	says_not 'a proxy or NAT'
	watch --nagios own
	exits 2
	sed '/172.18/d; s/; Error: open resolver//' own >listed
	watch --nagios listed
	exits 0
}

@test "lines that the log daemons left out are told, not counted away" {
	printf '%s\n' 'Mar  3 04:05:06 mx1 rsyslogd: imuxsock lost 432 messages from pid 9832 due to rate-limiting' \
		'Mar  3 04:05:07 mx1 systemd-journald[230]: Suppressed 7124 messages from postfix@-.service' \
		'Mar  3 04:05:08 mx1 rsyslogd[9]: imjournal: 4 messages lost due to rate-limiting (20000 allowed within 600 seconds)' >gaps
	watch --summary --json gaps
	says '"lost_lines":7560'
	watch gaps
	says '[log-lines-lost]' '[journal-lines-lost]'
}

@test "mails that are never done with take no more memory than others, and that is said" {
	awk 'BEGIN { for (i = 4096; i < 104096; i++) {
		printf "Mar  3 %02d:%02d:%02d mx1 postfix/smtpd[1]: %010X: client=a.example[192.0.2.1]\n",
			i / 6000, i / 60 % 60, i % 60, i
		printf "Mar  3 %02d:%02d:%02d mx1 postfix/smtp[1]: %010X: to=<%d.%d@b%d.example>, relay=mx%d.example[192.0.2.9]:25, delay=1, delays=0/0/1/0, dsn=4.0.0, status=deferred (no)\n",
			i / 6000, i / 60 % 60, i % 60, i, i, i * 7, i, i
	} }' >many
	watch --summary many
	exits 0
	says 'received 100,000' 'deferred mails 100,000' 'deferrals 100,000' \
		'mails were forgotten before they were done with' 'left out for room'
}

@test "rotated, packed and in any order: the same sum" {
	watch --summary --json log
	cp out whole
	gzip -c part1 >log.2.gz
	watch --summary --json part2 log.2.gz
	sed 's/"octets":[0-9]*//' whole >a
	sed 's/"octets":[0-9]*//' out >b
	cmp a b || fail "the sums differ"
}

@test "as docker, journalctl -o json and -o export write it: the same sum" {
	wrap() { # FORM
		sed -E 's/^Mar  3 ([0-9:]+) (mx1) ([^:[]+)(\[([0-9]+)\])?: (.*)$/\1|\2|\3|\5|\6/' log | awk -F '|' -v form="$1" '
			function field(key, value) { printf form == "json" ? "\"%s\":\"%s\"," : "%s=%s\n", key, value }
			{
				split($1, at, ":")
				us = 1740960000 + at[1] * 3600 + at[2] * 60 + at[3] "000000"
				if (form == "docker") {
					printf "{\"log\":\"%s%s: %s\\n\",\"stream\":\"stdout\",", $3, $4 ? "[" $4 "]" : "", $5
					printf "\"time\":\"2025-03-03T%s.5Z\"}\n", $1
					next
				}
				printf form == "json" ? "{" : ""
				field("__CURSOR", NR)
				field("__REALTIME_TIMESTAMP", us)
				field("_HOSTNAME", $2)
				field("SYSLOG_IDENTIFIER", $3)
				if ($4)
					field("_PID", $4)
				field("MESSAGE", $5)
				print form == "json" ? "\"PRIORITY\":\"6\"}" : ""
			}'
	}
	watch --summary log
	sed 1d out >whole
	for form in docker json export; do
		wrap "$form" >"$form.log"
		watch --summary "$form.log"
		exits 0
		sed 1d out | diff whole - || fail "$form gives another sum"
		watch --trace a@example.org "$form.log"
		says 'received from mail.example.org' '= b@example.com: deferred, 2 tries'
	done
}

@test "merging the sums of parts gives the sum of the whole" {
	watch --summary log
	sed 1d out >whole
	watch --summary --json part1
	cp out 1.json
	watch --summary --json part2
	cp out 2.json
	for order in '1.json 2.json' '2.json 1.json'; do
		watch --merge $order
		exits 0
		sed 1d out | diff whole - || fail "merging $order differs"
	done
	watch --merge 1.json log
	exits 3
	complains 'log: no summary'
}

@test "nagios: an alarm is critical, none is OK, nothing read is unknown" {
	watch --nagios log
	exits 2
	says 'CRITICAL' 'open database' 'rejected=1'
	watch --nagios part1
	exits 0
	watch --nagios /nonexistent/log
	exits 3
}

@test "the node exporter's file is whole or not there" {
	watch --prom m.prom log
	exits 0
	grep -q '^maillog_lines{class="deferred"} 2$' m.prom || fail "no count of deferrals"
	grep -q '^maillog_alarms 1$' m.prom || fail "no count of alarms"
	watch --prom /nonexistent/m.prom log
	exits 3
}

@test "redacted: no address is left, the same stays the same" {
	watch --redact -q log
	exits 0
	says_not example.org example.com 192.0.2.1 203.0.113.7 2001:db8::1, sasl_username=admin
	says 3F1A2B4C5D 'status=deferred'
	[ "$(grep -o 'from=<[^>]*>' out | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')" -eq 3 ] ||
		fail "one sender became several"
}

@test "redacted: what is looked for is what stands in the log; what is shown is not" {
	for what in '--from a@example.org' '--ip 203.0.113.0/24' '--user admin' '--match Relay' \
		'--trace a@example.org' '--trace 4F1A2B4C5D' '--why 4F1A2B4C5D' '--json' '--summary'; do
		watch --redact $what log
		exits 0
		[ -s out ] || fail "nothing is shown with $what"
		says_not example.org example.com 192.0.2. 203.0.113. 2001:db8::1, admin
	done
	INPUT=log watch --redact --trace a@example.org -
	says '= user' 'deferred, 2 tries'
	says_not example.org
}

@test "a password in a log is hidden, unless it is asked for" {
	printf 'Mar  3 04:05:06 mx1 dovecot: auth: passwd-file(bob,192.0.2.1,<DsZLZGhhVOt/AAAB>): Password mismatch (given password: %s two)\n' "$CANARY" >plain
	for what in -q --json --redact '--trace DsZLZGhhVOt/AAAB' --summary; do
		watch $what plain
		exits 0
	done
	watch plain
	says 'Password mismatch (given password: <hidden, 15 bytes>)' '[dovecot-password-logged]'
	"$BIN/maillogwatch" -q --show-secrets plain >shown
	grep -q "$CANARY two" shown || fail "it is not shown"
}

@test "redacted: a client that is not private does not look so" {
	for i in $(seq 20); do
		echo "Mar  3 04:05:$((i + 10)) mx postfix/smtpd[9]: warning: unknown[198.51.100.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
	done >one
	watch --redact one
	says_not 'one private address'
	sed 's/198.51.100.1/172.18.0.1/' one >bridge
	watch --redact bridge
	says 'one private address'
	says_not 172.18
}

@test "a trace follows the mail through the filter, from any word that names it" {
	for what in 3F1A2B4C5D 4F1A2B4C5D m1@example.org '<m1@example.org>' a@example.org; do
		watch --trace "$what" log
		exits 0
		says 'received from mail.example.org' 'sent, to b@example.com' 'deferred, to b@example.com' \
			'= b@example.com: deferred, 2 tries' 'Connection timed out'
	done
	watch --trace 3F1A2B4C5E log
	exits 2
	complains 'no line of these logs has it'
	INPUT=log watch --trace 3F1A2B4C5D -
	exits 0
	says 'deferred, to b@example.com'
}

@test "a trace through amavis, rspamd and Dovecot's LMTP to the notice, from any of their ids" {
	cat >filters <<-'EOF'
	Mar  3 04:05:00 mx1 postfix/smtpd[10]: connect from mail.example.org[192.0.2.1]
	Mar  3 04:05:01 mx1 postfix/smtpd[10]: 3F1A2B4C5D: client=mail.example.org[192.0.2.1], sasl_method=PLAIN, sasl_username=a@example.org
	Mar  3 04:05:01 mx1 postfix/cleanup[11]: 3F1A2B4C5D: message-id=<m1@example.org>
	2025-03-03 04:05:01 #123(rspamd_proxy) <c474cc>; task; rspamd_task_write_log: id: <m1@example.org>, qid: <3F1A2B4C5D>, ip: 192.0.2.1, user: a@example.org, from: <a@example.org>, (default: F (no action): [1.20/15.00] [X(0.00){}]), len: 1795, time: 100.1ms, dns req: 2, digest: <abc>, rcpts: <b@example.com>, mime_rcpts: <b@example.com>
	Mar  3 04:05:01 mx1 postfix/qmgr[12]: 3F1A2B4C5D: from=<a@example.org>, size=1795, nrcpt=2 (queue active)
	Mar  3 04:05:02 mx1 amavis[77]: (00077-01) Passed CLEAN {RelayedInbound}, [192.0.2.1]:51234 [192.0.2.1] <a@example.org> -> <b@example.com>,<c@example.com>, Queue-ID: 3F1A2B4C5D, Message-ID: <m1@example.org>, mail_id: Xyz123abcDEF, Hits: -0.1, size: 1795, queued_as: 4F1A2B4C5E, 300 ms
	Mar  3 04:05:02 mx1 postfix/smtp[13]: 3F1A2B4C5D: to=<b@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0.9/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1A2B4C5E)
	Mar  3 04:05:02 mx1 postfix/smtp[13]: 3F1A2B4C5D: to=<c@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0.9/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1A2B4C5E)
	Mar  3 04:05:02 mx1 postfix/qmgr[12]: 3F1A2B4C5D: removed
	Mar  3 04:05:02 mx1 postfix/smtpd[14]: 4F1A2B4C5E: client=localhost[127.0.0.1]
	Mar  3 04:05:02 mx1 postfix/cleanup[11]: 4F1A2B4C5E: message-id=<m1@example.org>
	Mar  3 04:05:02 mx1 postfix/qmgr[12]: 4F1A2B4C5E: from=<a@example.org>, size=2100, nrcpt=2 (queue active)
	Mar  3 04:05:03 mx1 dovecot: lmtp(900): Connect from local
	Mar  3 04:05:03 mx1 dovecot: lmtp(b@example.com)<900><sEsSioN11111111>: sieve: msgid=<m1@example.org>: stored mail into mailbox 'Junk'
	Mar  3 04:05:03 mx1 postfix/lmtp[15]: 4F1A2B4C5E: to=<b@example.com>, relay=mx1[private/dovecot-lmtp], delay=0.4, delays=0.1/0/0.1/0.2, dsn=2.0.0, status=sent (250 2.0.0 <b@example.com> sEsSioN11111111 Saved)
	Mar  3 04:05:03 mx1 postfix/lmtp[15]: 4F1A2B4C5E: to=<c@example.com>, relay=mx1[private/dovecot-lmtp], delay=0.4, delays=0.1/0/0.1/0.2, dsn=5.1.1, status=bounced (host mx1[private/dovecot-lmtp] said: 550 5.1.1 <c@example.com> User doesn't exist: c@example.com (in reply to RCPT TO command))
	Mar  3 04:05:03 mx1 postfix/bounce[16]: 4F1A2B4C5E: sender non-delivery notification: 5F1A2B4C5F
	Mar  3 04:05:03 mx1 postfix/cleanup[11]: 5F1A2B4C5F: message-id=<20250303040503.5F1A2B4C5F@mx1>
	Mar  3 04:05:03 mx1 postfix/qmgr[12]: 5F1A2B4C5F: from=<>, size=4000, nrcpt=1 (queue active)
	Mar  3 04:05:03 mx1 postfix/qmgr[12]: 4F1A2B4C5E: removed
	Mar  3 04:05:05 mx1 postfix/smtp[17]: 5F1A2B4C5F: to=<a@example.org>, relay=mail.example.org[192.0.2.1]:25, delay=2, delays=0/0/1/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABCDEF12)
	Mar  3 04:05:05 mx1 postfix/qmgr[12]: 5F1A2B4C5F: removed
	EOF
	for what in 3F1A2B4C5D 4F1A2B4C5E 5F1A2B4C5F m1@example.org b@example.com; do
		watch --trace "$what" filters
		exits 0
		says 'F (no action): [1.20/15.00]' 'handed on as 4F1A2B4C5E' 'stored for b@example.com in Junk' \
			'the sender is told, by 5F1A2B4C5F' '= b@example.com: sent, 1 try' '= c@example.com: bounced, 1 try' \
			'[user-unknown]' '= a@example.org: sent, 1 try (the notice to the sender)'
		says_not 'no delivery in these logs' 'next: smtptalk'
		[ "$(grep -c '^[^ ]' out)" -eq 1 ] || fail "one mail became several from $what"
	done
	watch --why 3F1A2B4C5D filters
	says '5F1A2B4C5F <> -> a@example.org, sent at' 'c@example.com, bounced at'
}

@test "a trace follows sendmail's notices of failure" {
	printf '%s\n' 'Mar  3 04:05:06 mx1 sm-mta[5]: 6ATB6YZh024855: from=<a@example.net>, size=373, class=0, nrcpts=1, msgid=<m@example.net>, proto=ESMTP, daemon=MTA, relay=a.example [192.0.2.1]' \
		'Mar  3 04:05:07 mx1 sm-mta[5]: 6ATB6YZh024855: to=<x@example.org>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30373, relay=example.org., dsn=5.1.2, stat=Host unknown (Name server: example.org.: host not found)' \
		'Mar  3 04:05:07 mx1 sm-mta[5]: 6ATB6YZh024855: 6ATB6YZi024855: DSN: Host unknown (Name server: example.org.: host not found)' \
		'Mar  3 04:05:08 mx1 sm-mta[5]: 6ATB6YZi024855: to=<a@example.net>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=31397, relay=a.example. [192.0.2.1], dsn=2.0.0, stat=Sent' >bounce
	watch --trace 6ATB6YZh024855 bounce
	exits 0
	says 'the sender is told, by 6ATB6YZi024855' '= x@example.org: bounced, 1 try' '[sendmail-host-unknown]' \
		'= a@example.net: sent, 1 try'
}

@test "a trace follows Exim's notices of failure" {
	printf '%s\n' '2026-11-29 11:46:10 1xXdMA-000000001bz-1cx1 <= a@example.net H=c.example [192.0.2.1] P=esmtp S=563 id=m@example.net' \
		'2026-11-29 11:46:10 1xXdMA-000000001bz-1cx1 ** u@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<u@example.org>: 554 5.7.1 <u@example.org>: Relay access denied' \
		'2026-11-29 11:46:10 1xXdMA-000000001c4-1yEm <= <> R=1xXdMA-000000001bz-1cx1 U=Debian-exim P=local S=2013' \
		'2026-11-29 11:46:10 1xXdMA-000000001bz-1cx1 Completed' \
		'2026-11-29 11:46:10 1xXdMA-000000001c4-1yEm ** a@example.net: Unrouteable address' \
		'2026-11-29 11:46:10 1xXdMA-000000001c4-1yEm Frozen (delivery error message)' >exim
	watch --trace u@example.org exim
	exits 0
	says 'the notice about 1xXdMA-000000001bz-1cx1' '= u@example.org: bounced, 1 try' '[relay-denied]' \
		'= a@example.net: bounced, 1 try (the notice to the sender)' '[exim-unrouteable]' '[exim-frozen]'
	watch --why 1xXdMA-000000001bz-1cx1 exim
	says '1xXdMA-000000001c4-1yEm <> -> a@example.net, bounced at'
}

@test "what can be read only once is read once" {
	gzip -k log
	try bash -c 'exec maillogwatch --now "$0" --trace 3F1A2B4C5D <(zcat log.gz)' "$NOW"
	exits 0
	says 'deferred, to b@example.com'
	try bash -c 'exec maillogwatch --now "$0" --json --summary <(cat part1) <(cat part2)' "$NOW"
	exits 0
	says '"lines":17'
}

@test "why: who, since when, how often, where it is stuck, when it is tried again" {
	watch --why 4F1A2B4C5D log
	exits 0
	says '4F1A2B4C5D a@example.org -> b@example.com, deferred since 2025-03-03 04:35:02 (2 tries), no next hop' \
		'reached. 150 of 150 s went into connecting. Last said: connect to mx.example.com' \
		'Next try: when its queue manager' 'postqueue -i 4F1A2B4C5D' '[postfix-connect-timeout]'
	says_not '1650'
	cp log gone
	echo 'Mar  3 06:00:00 mx1 postfix/qmgr[12]: 4F1A2B4C5D: removed' >>gone
	watch --why 4F1A2B4C5D gone
	says 'Next try: none, it was taken out of the queue since.'
	sed '/04:35:02/,$d' log >handed
	watch --why 3F1A2B4C5D handed
	says '3F1A2B4C5D a@example.org -> b@example.com, sent at 2025-03-03 04:05:02 (1 try), by filter'
}

@test "a mail that Postfix gave up after all its tries is no waiting one" {
	cat >expired <<-'EOF'
	Mar  3 04:05:01 mx1 postfix/qmgr[12]: 4F1A2B4C5D: from=<a@example.org>, size=1795, nrcpt=2 (queue active)
	Mar  3 04:05:02 mx1 postfix/smtp[13]: 4F1A2B4C5D: to=<c@example.net>, relay=mx.example.net[192.0.2.8]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 Ok)
	Mar  8 04:05:02 mx1 postfix/smtp[13]: 4F1A2B4C5D: to=<b@example.com>, relay=none, delay=432030, delays=432000/0/30/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)
	Mar  8 04:05:03 mx1 postfix/qmgr[12]: 4F1A2B4C5D: from=<a@example.org>, status=expired, returned to sender
	Mar  8 04:05:03 mx1 postfix/bounce[16]: 4F1A2B4C5D: sender non-delivery notification: 5F1A2B4C5E
	Mar  8 04:05:03 mx1 postfix/qmgr[12]: 4F1A2B4C5D: removed
	EOF
	watch --now '2025-03-09 00:00' --trace 4F1A2B4C5D expired
	says '= b@example.com: expired, 1 try' '= c@example.net: sent, 1 try' '[postfix-connect-timeout]'
	watch --now '2025-03-09 00:00' --why 4F1A2B4C5D expired
	says 'b@example.com, expired at 2025-03-08 04:05:03' 'Last said: connect to mx.example.com'
	says_not 'Next try'
}

@test "why: of Exim, and of a mail that was given up" {
	printf '%s\n' '2025-03-03 04:05:06 1tp0ab-00003f-1X <= a@example.com H=m.example.com [192.0.2.1] P=esmtp S=500' \
		'2025-03-03 04:05:07 1tp0ab-00003f-1X == b@example.org R=dnslookup T=remote_smtp defer (-53): retry time not reached for any host' >exim
	watch --why 1tp0ab-00003f-1X exim
	says 'a@example.com -> b@example.org, deferred since 2025-03-03 04:05:07 (1 try)' \
		'exinext example.org; at once: exim -M 1tp0ab-00003f-1X' '[exim-retry-wait]'
	echo '2025-03-04 04:05:07 1tp0ab-00003f-1X ** b@example.org R=dnslookup T=remote_smtp: retry timeout exceeded' >>exim
	watch --why 1tp0ab-00003f-1X exim
	says 'bounced at' 'Last said: retry timeout exceeded. Before that: retry time not reached' '[exim-retry-timeout]'
	says_not 'Next try'
}

@test "a child that stalls is ended with us; a fault names its log once" {
	"$BIN/maillogwatch" 'exec:sleep 60' >stalled 2>stalled.err </dev/null 3>&- &
	pid=$!
	OTHER_PIDS=$pid
	child() { pgrep -P $pid >child; }
	needs pgrep
	soon child
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	! grep -q 'no answer in time' stalled.err || fail "that was not its fault"
	gone() { ! kill -0 "$(<child)"; }
	soon gone
	mkdir logs
	watch logs
	exits 3
	[ "$complaint" = 'maillogwatch: read logs: Is a directory' ] || fail "$complaint"
}

@test "a damaged log is read as far as it goes, and that is said" {
	gzip -c log | head -c 500 >cut.gz
	watch --summary cut.gz
	exits 1
	complains 'cut off in the middle'
	watch --summary /nonexistent/log
	exits 3
}
