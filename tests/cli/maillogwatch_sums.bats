#!/usr/bin/env bats
# maillogwatch_sums - what --summary counts, beside what grep and awk count; sums of parts
# SPDX-License-Identifier: MIT
load ../lib/common

MEMORY_KB=49152 # whatever the log
NOW='2025-03-09 00:00:00'

setup_file() {
	"$BATS_TEST_DIRNAME/../lib/mklog" 12000 >"$BATS_FILE_TMPDIR/log"
}

watch() { try maillogwatch --now "$NOW" "$@"; }

LOG=$BATS_FILE_TMPDIR/log

# Each row of a table of the JSON: "COUNT TEXT", sorted.
table() { # NAME
	sed "s/.*\"$1\":{\"dropped\":0,\"rows\":\[//; s/\]}.*//; s/},{/\n/g" out |
		sed 's/{*"text":"\(.*\)","n":\([0-9]*\)}*/\2 \1/' | sort
}

number() { # KEY
	grep -o "\"$1\":[0-9]*" out | head -1 | cut -d : -f 2
}

same() { # WHAT HAS SHOULD
	[ "$2" = "$3" ] || fail "$1: ${2:-none}, but the lines say $3"
}

# The number of lines that fit, beside what the summary says.
counted() { # KEY REGEX
	same "$1" "$(number "$1")" "$(grep -cE "$2" "$LOG")"
}

rows() { # TABLE FILE
	table "$1" >has
	diff has "$2" || fail "the table $1 differs"
}

@test "totals are what grep counts" {
	watch --summary --json "$LOG"
	exits 0
	counted lines ''
	same octets "$(number octets)" "$(($(wc -c <"$LOG")))"
	counted received ': client='
	counted sent 'status=sent'
	counted deferred 'status=deferred'
	counted bounced 'status=bounced'
	counted rejected 'NOQUEUE: reject:'
	counted login 'imap-login: Login:'
	counted login-failed 'authentication failed|auth failed'
	counted connect ': connect from'
	counted removed ': removed'
	counted tls_in 'TLS connection established from'
	counted fatal 'fatal:'
	counted tls-failed 'SSL_accept error'
}

@test "mails, senders and sizes are counted once a mail, whatever its id was before" {
	awk '/: message-id=/ && !/client=/ && !($6 in open) { open[$6] } # a bounce begins so
		/: client=/ || (/: message-id=/ && done[$6]) { delete queued[$6]; delete deferred[$6]; done[$6] = 0 }
		/status=deferred/ && !($6 in deferred) { deferred[$6]; mails++ }
		/qmgr.*from=/ && !($6 in queued) {
			queued[$6]
			match($0, /from=<[^>]*>/)
			sender = substr($0, RSTART + 6, RLENGTH - 7)
			n[sender == "" ? "<>" : sender]++
			match($0, /size=[0-9]*/)
			octets += substr($0, RSTART + 5, RLENGTH - 5)
		}
		/: removed/ { done[$6] = 1 }
		END {
			print mails, octets >"numbers"
			for (i in n)
				print n[i], i
		}' "$LOG" | sort >senders
	watch --summary --json "$LOG"
	same 'mails and octets' "$(number deferred_mails) $(number mail_octets)" "$(cat numbers)"
	rows senders senders
}

@test "recipients, refused and failed ones are those of the lines" {
	count() { sort | uniq -c | awk '{ n = $1; sub(/^ *[0-9]+ /, ""); print n, $0 }' | sort; }
	grep -o '[A-F0-9]: to=<[^>]*>' "$LOG" | sed 's/.*<//; s/>//' | count >recipients
	grep 'NOQUEUE' "$LOG" | grep -o 'unknown\[[^]]*\]' | sed 's/.*\[//; s/\]//' | count >refused
	grep -E 'authentication failed|auth failed' "$LOG" |
		sed 's/.*sasl_username=//; s/.*user=<\([^>]*\)>.*/\1/' | count >users
	watch --summary --json "$LOG"
	rows recipients recipients
	rows rejected_ips refused
	rows failed_users users
}

@test "each problem is a known fault or one that is not known" {
	watch --summary --json "$LOG"
	fault() { # ID REGEX
		same "$1" "$(grep -o "\"id\":\"$1\",\"n\":[0-9]*" out | grep -o '[0-9]*$')" \
			"$(grep -cE "$2" "$LOG")"
	}
	fault postfix-sasl-failed 'SASL LOGIN authentication failed'
	fault dovecot-auth-failed 'auth failed'
	fault postfix-relay-denied 'Relay access denied'
	fault postfix-connect-timeout 'Connection timed out'
	fault postfix-tls-handshake 'SSL_accept error'
	all=$(grep -o '"id":"[a-z0-9-]*","n":[0-9]*' out | awk -F : '{ n += $3 } END { print n }')
	unknown=$(table unexplained | awk '{ n += $1 } END { print n + 0 }')
	same problems $((all + unknown)) \
		"$(grep -cE 'NOQUEUE: reject|status=(deferred|bounced)|auth.* failed|fatal:|SSL_accept' "$LOG")"
	watch --summary "$LOG"
	says 'known faults' 'postfix-sasl-failed 2025-03-01 00:' 'an SMTP login was refused (certain)'
	watch --prom m.prom "$LOG"
	grep -q "^maillog_faults{id=\"postfix-relay-denied\"} $(grep -c 'Relay access denied' "$LOG")$" m.prom ||
		fail "the exporter's file says something else"
}

@test "mails without a beginning are counted, however many and whoever sent them" {
	awk 'BEGIN { for (i = 4096; i < 304096; i++) {
		at = sprintf("Mar  3 %02d:%02d:%02d mx1", i / 18000, i / 300 % 60, i / 5 % 60)
		printf "%s postfix/qmgr[1]: %010X: from=<a-rather-long-address-of-a-list-no-%d@lists.example.org>, size=10, nrcpt=1 (queue active)\n%s postfix/qmgr[1]: %010X: removed\n", at, i, i % 3, at, i
	} }' >many
	watch --summary many
	exits 0
	for i in 0 1 2; do
		says "100,000 a-rather-long-address-of-a-list-no-$i@lists.example.org"
	done
	says_not '<>'
}

@test "the sum of rotated, packed parts is that of the whole" {
	watch --summary --json "$LOG"
	cp out whole
	split -n l/7 -d -a 1 "$LOG" part.
	for i in 0 1 2 3 4 5 6; do # the last part is mail.log, the first mail.log.6.gz
		watch --summary --json "part.$i"
		cp out "$i.json"
		mv "part.$i" "mail.log.$((6 - i))"
	done
	mv mail.log.0 mail.log
	gzip mail.log.[3-6]
	watch --summary --json --all mail.log
	exits 0
	cmp whole out || fail "the parts read together give another sum"
	for order in '0 1 2 3 4 5 6' '6 5 4 3 2 1 0' '3 0 6 2 5 1 4'; do
		watch --merge --json $(printf '%s.json ' $order)
		exits 0
		cmp whole out || fail "merged as $order they give another sum"
	done
	watch --merge --nagios [0-6].json
	nagios=$output
	watch --nagios "$LOG"
	[ "$nagios" = "$output" ] || fail "the merged state is $nagios"
	watch --merge --prom m.prom [0-6].json
	watch --prom w.prom "$LOG"
	cmp m.prom w.prom || fail "the exporter's file of the merged sums differs"
}

@test "a log cut anywhere: neighbours merged, then merged with the rest, are the whole" {
	watch --summary --json "$LOG"
	cp out whole
	for at in 1 2 17 1000 3001 3002 3003 3004 3005 6500 9999 11990; do
		head -n "$at" "$LOG" | head -n $((at / 2)) >a
		head -n "$at" "$LOG" | tail -n +$((at / 2 + 1)) >b
		tail -n +$((at + 1)) "$LOG" >c
		for part in a b c; do
			watch --summary --json "$part"
			cp out "$part.json"
		done
		watch --merge --json a.json b.json
		cp out ab.json
		watch --merge --json c.json ab.json
		cmp whole out || fail "cut at line $at it gives another sum"
	done
}
