# corpus - what maillogwatch reads out of others' sample logs, beside what they expect
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# MAILLOG_CORPUS=DIR: sample logs of other projects as they publish them, each in DIR/PROJECT; what is
# not there is left out. Nothing of them is in this repository.

rows=$BENCH_DIR/rows

# measure NAME <ROWS: a row is a line, a tab and what its event must have: "key=value", tabs between.
measure() {
	cat >"$rows"
	cut -f1 "$rows" | "$MTABOX" maillogwatch --json --now '2005-08-14 12:00' - >"$BENCH_DIR/events"
	if [ "$(wc -l <"$rows")" -ne "$(wc -l <"$BENCH_DIR/events")" ]; then
		echo "$1: not an event for each line"
		return
	fi
	paste "$BENCH_DIR/events" "$rows" | awk -F '\t' -v name="$1" '
		function has(event, want,   eq, key, value) {
			eq = index(want, "=")
			key = substr(want, 1, eq - 1)
			value = substr(want, eq + 1)
			gsub(/["\\]/, "\\\\&", value)
			return index(event, "\"" key "\":\"" value "\"") ||
				index(event, "\"" key "\":" value ",") ||
				(key == "ip" && (index(event, "\"ip\":\"::ffff:" value "\"") ||
					index(event, "\"ip\":\"IPv6:" value "\"") ||
					index(event, "\"client\":\"" value "\"") ||
					index(event, "\"relay_ip\":\"" value "\"")))
		}
		{
			n++
			miss = ""
			for (i = 3; i <= NF; i++)
				if ($i != "" && !has($1, $i))
					miss = miss " " $i
			good += miss == ""
			if (miss != "" && ++shown <= 12)
				misses = misses "    not" miss ": " substr($2, 1, 150) "\n"
		}
		END {
			printf "%-28s %5d of %5d  %5.1f %%\n%s", name, good, n, 100 * good / (n ? n : 1), misses
		}'
}

# have PROJECT: its samples are there
have() { [ -e "$MAILLOG_CORPUS/$1" ] || { echo "$1: not in MAILLOG_CORPUS, left out"; return 1; }; }

# "# failJSON: {...}" in front of a line
fail2ban() {
	awk '
		/^# failJSON:/ { want = $0; next }
		/^#/ || !NF { next }
		want ~ /"match": true/ && match(want, /"host": *"[^"]*"/) {
			host = substr(want, RSTART, RLENGTH)
			sub(/.*: *"/, "", host)
			sub(/"$/, "", host)
			print $0 "\tip=" host
		}
		{ want = "" }' "$MAILLOG_CORPUS/fail2ban/$1" | measure "fail2ban $1"
}

# One file a text: "data:", then "key: value" of what is in it
grok() {
	awk '
		BEGIN {
			split("queueid id client_ip ip client_hostname client relay_hostname relay relay_ip relay_ip status class " \
				"status_code_enhanced dsn status_code code message-id message_id bounce_queueid next_id " \
				"smtp_stage verb", words, " ")
			for (i = 1; i in words; i += 2)
				key["postfix_" words[i]] = words[i + 1]
		}
		function value(text) {
			sub(/^[^:]*: */, "", text)
			if (text ~ /^".*"$/) {
				text = substr(text, 2, length(text) - 2)
				gsub(/\\"/, "\"", text)
				gsub(/\\\\/, "\\", text)
			} else if (text ~ /^\047.*\047$/) {
				text = substr(text, 2, length(text) - 2)
			}
			return text
		}
		function flush() {
			if (data != "")
				print "Mar  3 04:05:06 mx1 postfix/" daemon "[1]: " data wants
			data = wants = ""
		}
		FNR == 1 { flush() }
		/^pattern:/ {
			daemon = tolower($0)
			sub(/.*postfix_/, "", daemon)
			sub(/}.*/, "", daemon)
			gsub(/_/, "-", daemon)
			if (daemon ~ /delays|tls|command|keyvalue|relay/)
				data = "skip"
		}
		/^data:/ && data != "skip" { data = value($0) }
		/^ +postfix_/ {
			name = $1
			sub(/:$/, "", name)
			if (!(name in key) || value($0) ~ /^(NOQUEUE|<>|)$/)
				next
			want = value($0)
			if (key[name] == "class" && want ~ /deliverable/)
				want = "routine" # of a probe, no mail
			if (key[name] == "message_id")
				gsub(/^<|>$/, "", want)
			wants = wants "\t" key[name] "=" want
		}
		data == "skip" { data = ""; nextfile }
		END { flush() }' "$MAILLOG_CORPUS"/postfix-grok-patterns/*.yaml | measure postfix-grok-patterns
}

# {"line":"...","obj":{"qid":"...",...}}
postfix_parser() {
	awk '
		BEGIN {
			split("qid id message-id message_id from from to to orig_to orig_to size size dsn dsn status class prog program " \
				"pid pid host host sasl_method method sasl_username user forwardedAs next_id", words, " ")
			for (i = 1; i in words; i += 2)
				key[words[i]] = words[i + 1]
		}
		function text(name,   at) {
			if (!match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\""))
				return "\001"
			at = substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5)
			gsub(/\\"/, "\"", at)
			gsub(/\\\\/, "\\", at)
			return at
		}
		/"obj":/ {
			line = text("line")
			if (line !~ /^[A-Z][a-z][a-z] [ 0-9]/)
				line = "Mar  3 04:05:06 mx1 postfix/" ($0 ~ /"set":"smtpd/ ? "smtpd" : "smtp") "[1]: " line
			sub(/.*"obj":/, "")
			for (name in key) {
				want = text(name)
				if (want == "\001" || (name == "host" && text("prog") == "\001"))
					continue
				if (name == "status") {
					sub(/ .*/, "", want)
					sub(/^forwarded$/, "sent", want)
				}
				line = line "\t" key[name] "=" want
			}
			print line
		}' "$MAILLOG_CORPUS/postfix-parser/lines.jsonl" | measure postfix-parser
}

# parser.assert: results["s00-raw"][...][N].Evt.Parsed["program"] == "..."
crowdsec() {
	for dir in "$MAILLOG_CORPUS"/crowdsec-hub/[!n]*; do # nginx is none of our programs
		for log in "$dir"/*.log; do
			awk '
				FNR == NR {
					if (!match($0, /\[[0-9]+\]\.Evt\./))
						next
					n = substr($0, RSTART + 1) + 0
					split($0, part, "\"")
					value = $0
					sub(/^[^=]* == "/, "", value)
					sub(/"$/, "", value)
					if ($0 ~ /s00-raw/ && $0 ~ /Parsed\["message"\]/)
						message[n] = value
					else if ($0 ~ /s00-raw/ && $0 ~ /Parsed\["pid"\]/)
						wants[n] = wants[n] "\tpid=" value
					else if ($0 ~ /s01-parse/ && $0 ~ /Meta\["source_ip"\]/)
						ip[n] = value
					else if ($0 ~ /s01-parse/ && $0 ~ /Meta\["username"\]/ && $0 !~ /exim/)
						user[n] = value
					next
				}
				NF {
					want = wants[i] (i in ip ? "\tip=" ip[i] : "") (i in user ? "\tuser=" user[i] : "")
					if (want != "")
						print $0 want
					i++
				}' "$dir/parser.assert" "$log"
		done
	done | measure crowdsec-hub
}

# What large providers said, and the codes that were read out of it
sisimai() {
	awk '
		function text(name, from) {
			if (!match($0, "\"" name "\": *" from "\"([^\"\\\\]|\\\\.)*\""))
				return ""
			at = substr($0, RSTART, RLENGTH)
			sub(/^"[a-z]*": *\[?"/, "", at)
			at = substr(at, 1, length(at) - 1)
			gsub(/\\"/, "\"", at)
			return at
		}
		{
			said = text("said", "\\[")
			if (said == "") {
				said = text("diagnostic", "\\[")
				sub(/^(smtp|SMTP); /, "said: ", said)
			}
			code = text("code", "")
			dsn = text("dsn", "")
			if (substr(said, 1, 9) != "said: " code)
				next # a bounce of another kind
			print "Mar  3 04:05:06 mx1 postfix/smtp[1]: 3F1A2B4C5D: to=<b@example.org>, relay=mx.example.org" \
				"[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=" dsn ", status=bounced (host mx.example.org" \
				"[192.0.2.9] " said " (in reply to RCPT TO command))\tcode=" code "\tdsn=" dsn \
				"\tto=b@example.org\tclass=bounced"
		}' "$MAILLOG_CORPUS/sisimai/diagnostics.jsonl" | measure sisimai
	cut -f1 "$rows" | while IFS= read -r line; do
		printf '%s\n' "$line" | "$MTABOX" maillogwatch - | grep -E '^ +\[[a-z0-9-]+\]$' || echo none
	done | awk '{ n++; known += !/none/; code += /\[smtp-/ }
		END { printf "    explained: %d of %d, %d of them by their code alone\n", known, n, code }'
}

# "log 1 pass = LINE" and the rule that it hits
wazuh() {
	awk '
		BEGIN {
			class[9701] = "login"
			class[9703] = "routine"
			class[3300] = class[3301] = class[3302] = class[3303] = class[3306] = "rejected"
			class[3320] = class[3330] = "rejected"
		}
		function flush(   i) {
			for (i = 1; i <= n; i++)
				if (rule in class)
					print line[i] "\tfamily=" family "\tclass=" class[rule]
				else
					print line[i] "\tfamily=" family
			n = 0
			rule = ""
		}
		FNR == 1 { flush(); family = FILENAME ~ /dovecot/ ? "dovecot" : "postfix" }
		/^\[/ { flush() }
		/^log [0-9]+ pass *=/ { sub(/^[^=]*= */, ""); line[++n] = $0 }
		/^rule *=/ { rule = $3 }
		END { flush() }' "$MAILLOG_CORPUS"/wazuh-ruleset/dovecot.ini "$MAILLOG_CORPUS"/wazuh-ruleset/postfix.ini |
		measure "wazuh-ruleset dovecot, postfix"
	awk '/ spamd\[/ { print $0 "\tfamily=spamd" }' "$MAILLOG_CORPUS/wazuh-ruleset/spamd" |
		measure "wazuh-ruleset spamd"
}

# Exim's own tests: what a line says is regular, by the manual's chapter on log files
exim_testsuite() {
	cat "$MAILLOG_CORPUS"/exim-testsuite/log-*.log | awk '
		BEGIN {
			class["<="] = "received"; class["=>"] = class["->"] = class[">>"] = "sent"
			class["=="] = "deferred"; class["**"] = "bounced"; class["Completed"] = "removed"
		}
		/\t/ { next }
		/^[0-9]+-[0-9][0-9]-[0-9][0-9] [0-9:]+ [0-9A-Za-z]+-[0-9A-Za-z]+-[0-9A-Za-z]+ / && ($4 in class) {
			want = "id=" $3 "\tclass=" class[$4]
			if ($4 == "<=")
				want = want "\tfrom=" ($5 == "<>" ? "" : $5)
			else if ($4 ~ /[>=]$/ && $5 ~ /^[^"|\/:<>]+$/ && $6 ~ /^<[^<>]*>$/)
				want = want "\tto=" substr($6, 2, length($6) - 2)
			else if ($4 ~ /[>=*]$/ && $5 ~ /^[^"|\/:<>]+$/ && $6 ~ /^R=/)
				want = want "\tto=" $5
			print $0 "\t" want
		}' | measure exim-testsuite
}

grok_exporter() {
	awk '!/\t/ && match($0, / rejected RCPT <[^>]*>/) {
		to = substr($0, RSTART + 16, RLENGTH - 17)
		print $0 "\tclass=rejected\tto=" to
	}' "$MAILLOG_CORPUS/grok_exporter/exim-rejected-RCPT-examples.log" | measure grok_exporter
}

# Nothing is expected of these line by line: how many have no known form
unknown() {
	for name in postfix-log-parser digineo-exporter postfix-logsums ddgrey; do
		have "$name" || continue
		for log in "$MAILLOG_CORPUS/$name"/*log*; do
			"$MTABOX" maillogwatch --json "$log" | awk -v name="$name" '
				{ n++; bad += /"class":"unknown"/ && !/"family":"other"/ }
				END { printf "%-28s %5d of %5d  have no known form\n", name, bad, n }'
		done
	done
}

if [ -d "${MAILLOG_CORPUS-}" ]; then
	if have fail2ban; then
		for name in postfix dovecot exim sendmail-auth courier-smtp cyrus-imap pam-generic; do
			fail2ban "$name"
		done
	fi
	! have postfix-grok-patterns || grok
	! have postfix-parser || postfix_parser
	! have crowdsec-hub || crowdsec
	! have sisimai || sisimai
	! have wazuh-ruleset || wazuh
	! have exim-testsuite || exim_testsuite
	! have grok_exporter || grok_exporter
	unknown
else
	echo "no MAILLOG_CORPUS: what is read out of sample logs is not measured"
fi
