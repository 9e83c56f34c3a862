#!/usr/bin/env bats
# mailsink - the server as a process: ports, limits, signals, files
# SPDX-License-Identifier: MIT
load ../lib/common

# One connection without TLS: all is said at once, ending with QUIT; what comes back is in the file got.
talk() { # PORT TEXT
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$1"
	printf '%b' "$2" >sent
	cat sent >&"$fd" # one write: the shell would make one of each line
	timeout 10 cat <&"$fd" >got
	exec {fd}>&-
}

# The same, but the sending half is closed behind it: the shell cannot.
talk_and_shut() { # PORT TEXT
	needs perl
	# shellcheck disable=SC2016 # perl's own
	printf '%b' "$2" | timeout 10 perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => shift) or die;
		print $s $_ while <STDIN>;
		$s->shutdown(1);
		print while <$s>;' "$1" >got
}

got_not() { ! grep -q -e "$1" got || fail "the answer has $1"; }

MAIL='EHLO client.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<sample@example.com>\r\nDATA\r\n'
TEXT='Subject: from bats\r\n\r\n..dot\r\n.\r\nQUIT\r\n'

ended() { ! kill -0 "$SINK_PID" 2>/dev/null; }

# The exit code of mailsink, which has ended or is to end within 5 s.
sink_exits() { # CODE
	soon ended
	status=0
	wait "$SINK_PID" || status=$?
	SINK_PID=
	[ "$status" -eq "$1" ] || fail "mailsink: exit code $status, not $1: $(<sink.err)"
}

@test "the ready line names the ports, each is another, all on loopback" {
	sink --port 0
	[ "$(<sink.out)" = "ready smtp=$SMTP smtps=$SMTPS pop3=$POP3 pop3s=$POP3S imap=$IMAP imaps=$IMAPS" ]
	[ "$(printf '%s\n' "$SMTP" "$SMTPS" "$POP3" "$POP3S" "$IMAP" "$IMAPS" | sort -u | wc -l)" -eq 6 ]
	needs ss
	[ "$(ss -Hltn | grep -cE "127\.0\.0\.1:($SMTP|$SMTPS|$POP3|$POP3S|$IMAP|$IMAPS) ")" -eq 6 ]
}

@test "only the ports that are named are served" {
	sink --pop3 0
	[ "$(<sink.out)" = "ready pop3=$POP3" ]
}

@test "--no-tls: no TLS ports, no STARTTLS" {
	sink --no-tls
	[ "$(<sink.out)" = "ready smtp=$SMTP pop3=$POP3 imap=$IMAP" ]
	talk "$SMTP" 'EHLO x\r\nQUIT\r\n'
	got_not 'STARTTLS'
}

@test "SIGTERM, SIGINT: a goodbye to whoever is there, exit 0" {
	local signal fd
	for signal in TERM INT; do
		sink --smtp 0
		exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
		read -r line <&"$fd"
		[[ $line == "220 mailsink.localhost ESMTP mailsink"* ]]
		kill -"$signal" "$SINK_PID"
		timeout 5 cat <&"$fd" >got
		exec {fd}>&-
		grep -q '^421 4.3.2 mailsink.localhost Service shutting down' got
		sink_exits 0
	done
}

@test "--once ends after the first session, --for after a time" {
	sink --smtp 0 --once
	talk "$SMTP" 'QUIT\r\n'
	grep -q '^221 2.0.0 Bye' got
	sink_exits 0
	sink --smtp 0 --for 1
	sink_exits 0
}

@test "a client that sends all at once and closes its half gets every answer" {
	sink --smtp 0
	talk "$SMTP" "$MAIL$TEXT"
	[ "$(grep -c '^250 2' got)" -eq 3 ]
	grep -q '^221 2.0.0 Bye' got
	talk_and_shut "$SMTP" 'NOOP\r\nNOOP\r\n'
	[ "$(grep -c '^250 2.0.0 Ok' got)" -eq 2 ]
}

@test "what SMTP takes, POP3 gives" {
	sink --smtp 0 --pop3 0 --user sample:password
	talk "$SMTP" "$MAIL$TEXT"
	talk "$POP3" 'USER sample\r\nPASS password\r\nRETR 1\r\nQUIT\r\n'
	grep -qx $'Delivered-To: sample@example.com\r' got
	grep -qx $'\\.\\.dot\r' got
}

@test "the password is not to be seen in ps" {
	sink --smtp 0 --user "sample:$CANARY" --user="other:$CANARY"
	no_secret "/proc/$SINK_PID/cmdline"
	grep -qa -- --user "/proc/$SINK_PID/cmdline"
}

@test "--user-file" {
	printf '# people\n\nsample:%s\n' "$CANARY" >users
	sink --pop3 0 --user-file users
	talk "$POP3" "USER sample\r\nPASS $CANARY\r\nQUIT\r\n"
	grep -q 'Logged in' got
	printf 'sample:%s\nbroken\n' "$CANARY" >users
	try mailsink --pop3 0 --user-file users
	exits 3
	complains "users, line 2"
}

@test "--show tells the session, without secrets and without raw bytes" {
	sink --smtp 0 --user "sample:$CANARY" --show
	talk "$SMTP" "EHLO x\r\nAUTH PLAIN $(printf '\0sample\0%s' "$CANARY" | base64)\r\nFOO \e[2J\r\nQUIT\r\n"
	soon grep -q closed sink.out
	no_secret sink.out
	no_raw_bytes sink.out
	grep -qxF "[1] C: AUTH PLAIN <hidden: user \"sample\", password ${#CANARY} bytes>" sink.out
	grep -qxF '[1]    login of "sample" by PLAIN accepted' sink.out
	grep -qxF '[1] C: FOO \x1b[2J' sink.out
}

@test "--json: one object for each event" {
	"$BIN/mailsink" --smtp 0 --json --stable --once >sink.out 3>&- &
	SINK_PID=$!
	soon grep -q ready sink.out
	SMTP=$(sed -n 's/.*"smtp":\([0-9]*\).*/\1/p' sink.out)
	talk "$SMTP" "$MAIL$TEXT"
	sink_exits 0
	# talk does not wait for the greeting, which may or may not be noticed
	sed -e '/before the greeting/d' -e 's/"smtp":[0-9]*/"smtp":PORT/' sink.out >events
	diff events - <<-'END'
		{"type":"ready","smtp":PORT}
		{"type":"connect","session":1,"proto":"smtp","peer":"127.0.0.1","tls":false}
		{"type":"message","session":1,"proto":"smtp","id":"0000000001","with":"ESMTP","helo":"client.example","from":"a@example.com","to":["sample@example.com"],"octets":28,"bare_lf":0}
		{"type":"end","session":1,"proto":"smtp","text":"closed"}
	END
}

@test "AUTH: each mechanism, by each protocol; a wrong password is refused" {
	local mech
	sink --smtp 0 --pop3 0 --imap 0 --user sample:password --auth NTLM --auth "SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2" \
		--auth "DIGEST-MD5 CRAM-MD5 PLAIN LOGIN OAUTHBEARER ANONYMOUS" --show
	for mech in NTLM SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 DIGEST-MD5 CRAM-MD5 PLAIN LOGIN OAUTHBEARER; do
		try smtptalk "localhost:$SMTP" --tls none -u sample --pass-file pass --auth $mech --auth-only
		exits 0
		try smtptalk "localhost:$SMTP" --tls none -u sample --pass-file wrong-pass --auth $mech --auth-only
		exits 2
		soon grep -q "login of \"sample\" by $mech refused" sink.out
		try pop3talk "localhost:$POP3" --tls none -u sample --pass-file pass --auth $mech --stat
		exits 0
		try imaptalk "localhost:$IMAP" --tls none -u sample --pass-file pass --auth $mech --stat
		exits 0
	done
	try smtptalk "localhost:$SMTP" --tls none -u me@example.com --auth ANONYMOUS --auth-only
	exits 0
	no_secret sink.out
}

@test "AUTH: only what is named is offered, NTLM and ANONYMOUS only then" {
	sink --smtp 0 --user sample:password
	talk "$SMTP" 'EHLO x\r\nAUTH NTLM\r\nAUTH ANONYMOUS\r\nQUIT\r\n'
	grep -qx $'250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 DIGEST-MD5 CRAM-MD5 PLAIN LOGIN\r' got
	[ "$(grep -c '^504 5.5.4' got)" -eq 2 ]
	sink --smtp 0 --user sample:password --auth plain
	talk "$SMTP" 'EHLO x\r\nQUIT\r\n'
	grep -qx $'250-AUTH PLAIN\r' got
}

@test "--client-ca: EXTERNAL for whoever has a certificate by it, and for nobody else" {
	local certs=$TOP/tests/data/certs version
	for version in 1.2 1.3; do
		sink --smtp 0 --smtps 0 --user mail.example.com:x --client-ca "$certs/root.pem" --cert-out sink.pem --show \
			--tls-version $version
		try smtptalk "localhost:$SMTP" --ca-file sink.pem --cert "$certs/client-only.pem" --key "$certs/leaf.key" \
			-u mail.example.com --auth EXTERNAL --auth-only
		exits 0
		soon grep -qx '\[1\]    certificate of "mail.example.com", by a trusted authority' sink.out
		soon grep -qx '\[1\]    login of "mail.example.com" by EXTERNAL accepted' sink.out
		try smtptalk "localhost:$SMTPS" --tls implicit --ca-file sink.pem --cert "$certs/unknown-root.pem" \
			--key "$certs/leaf.key" -u mail.example.com --auth EXTERNAL --auth-only
		exits 2
		says_not "250-AUTH EXTERNAL"
		soon grep -qx '\[2\]    certificate of "mail.example.com", not to be trusted' sink.out
		kill "$SINK_PID"
	done
}

@test "--proxy-protocol: the client is who the header says, also before TLS" {
	sink --smtp 0 --smtps 0 --pop3 0 --proxy-protocol --show --user sample:password --cert-out sink.pem
	talk "$SMTP" "PROXY TCP4 192.0.2.7 192.0.2.8 1234 25\r\n$MAIL$TEXT"
	soon grep -qx '\[1\]    the client is 192.0.2.7, says PROXY' sink.out
	talk "$POP3" "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0USER sample\r\nPASS password\r\nRETR 1\r\nQUIT\r\n"
	grep -q '^Received: from client.example (\[192.0.2.7\])' got
	for version in v1 v2; do
		try smtptalk "localhost:$SMTPS" --tls implicit --ca-file sink.pem --proxy-protocol $version -u sample --pass-file pass --auth-only
		exits 0
	done
	[ "$(grep -c 'the client is 127.0.0.1, says PROXY' sink.out)" -eq 2 ]
	try smtptalk "localhost:$SMTP" --tls none -t 3
	exits 3
	talk "$SMTP" "PROXY TCP4 192.0.2.7 example.com 1 2\r\nQUIT\r\n"
	[ ! -s got ]
	soon grep -q 'PROXY header: not of the form' sink.out
}

@test "--xclient: the client is who XCLIENT says" {
	sink --smtp 0 --xclient --show --discard
	try smtptalk "localhost:$SMTP" --tls none --xclient ADDR=192.0.2.7 --xclient HELO=other.example \
		--from a@example.com --to b@example.com
	exits 0
	soon grep -qx '\[1\]    the client is 192.0.2.7, says XCLIENT' sink.out
}

@test "--script: a transcript of smtptalk is played to it again" {
	sink --smtp 0 --user sample:password --banner "mail.example.com ESMTP unknown"
	try smtptalk "localhost:$SMTP" --tls none -u sample --pass-file pass --auth CRAM-MD5 --auth-only
	exits 0
	sed '/^OK/,$d' out >once.talk
	grep -q '^S: 235' once.talk
	sed 's/^S: 235.*/S: 454 4.7.0 Temporary authentication failure/; s/^S: 221.*/\/reset/' once.talk >now.talk
	kill "$SINK_PID"
	sink --smtp 0 --script now.talk --show
	try smtptalk "localhost:$SMTP" --tls none -u sample --pass-file pass --auth CRAM-MD5 --auth-only
	exits 2
	says "[auth-backend-down]" "250-CHUNKING"
	no_secret sink.out
	sed "s/^C: <hidden.*/C: $(printf 'sample 0123456789abcdef0123456789abcdef' | base64 -w 0)/" once.talk >client.talk
	try smtptalk "localhost:$SMTP" --tls none --script client.talk # the same file plays the client
	exits 2
	says "454 4.7.0 Temporary authentication failure"
	talk "$SMTP" 'NOOP\r\n'
	soon grep -q 'not what the script expects' sink.out
}

@test "--script: waits, octets as they are, TLS, a message passed over, no end" {
	cat >file.talk <<-'END'
		# a teaser, an answer in two parts
		/send 220-
		/wait 1
		/send sink.example\r\n220 ESMTP\r\n
		C: EHLO
		S: 250-sink.example
		S: 250 STARTTLS
		C: STARTTLS
		S: 220 go
		/tls
		C: EHLO
		S: 250-sink.example
		S: 250 8BITMIME               <- a note
		C: MAIL FROM:<a@example.com>
		S: 250 ok
		C: RCPT
		S: 250 ok
		C: DATA
		S: 354 go
		/until .
		/close
	END
	sink --smtp 0 --script file.talk --cert-out sink.pem
	try smtptalk "localhost:$SMTP" --ca-file sink.pem --from a@example.com --to b@example.com
	exits 3
	says "250 8BITMIME" "UNKNOWN data"
}

@test "--maildir: a message that was accepted is there after kill -9" {
	sink --smtp 0 --maildir box
	talk "$SMTP" "$MAIL$TEXT"
	grep -q 'queued as' got
	kill -9 "$SINK_PID"
	wait "$SINK_PID" || :
	[ "$(find box/new -type f | wc -l)" -eq 1 ]
	[ "$(find box/tmp -type f | wc -l)" -eq 0 ]
	grep -qx '.dot' box/new/*
	[ -z "$(grep -l $'\r' box/new/*)" ]
	sink --pop3 0 --maildir box --user sample:password
	talk "$POP3" 'USER sample\r\nPASS password\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n'
	grep -qx $'Subject: from bats\r' got
	[ "$(find box/new -type f | wc -l)" -eq 0 ]
}

@test "--maildir: killed amid deliveries, each message that was accepted is whole" {
	needs python3
	sink --smtp 0 --maildir box
	python3 - "$SMTP" "$SINK_PID" >accepted <<-'END'
		import os, signal, smtplib, sys, threading
		accepted, done = [], threading.Event()
		def send(who):
		    try:
		        with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=10) as s:
		            for i in range(1000):
		                name = '%d-%d' % (who, i)
		                s.sendmail('a@example.com', 'b@example.com', 'Subject: %s\n\n%send\n' % (name, 'text\n' * 2000))
		                accepted.append(name)
		                if len(accepted) > 40:
		                    done.set()
		    except (OSError, smtplib.SMTPException):
		        pass
		threads = [threading.Thread(target=send, args=(i,)) for i in range(8)]
		for t in threads:
		    t.start()
		done.wait(10)
		os.kill(int(sys.argv[2]), signal.SIGKILL)
		for t in threads:
		    t.join()
		print('\n'.join(accepted))
	END
	wait "$SINK_PID" || :
	SINK_PID=
	[ "$(wc -l <accepted)" -gt 40 ]
	while read -r name; do
		[ "$(grep -lx "Subject: $name" box/new/* | wc -l)" -eq 1 ] || fail "$name is not there"
	done <accepted
	[ "$(tail -qn 1 box/new/* | sort | uniq -c | wc -l)" -eq 1 ] || fail "a message in new/ is not whole"
}

@test "a full store says 452, a message that is too big 552" {
	sink --smtp 0 --max-messages 1 --max-size 40
	talk "$SMTP" "${MAIL}123456789012345678901234567890123456789\r\n.\r\nQUIT\r\n"
	grep -q '^552 5.3.4' got
	talk "$SMTP" "${MAIL}x\r\n.\r\nQUIT\r\n"
	grep -q '^250 2.0.0 Ok: queued as' got
	talk "$SMTP" "${MAIL}QUIT\r\n"
	grep -q '^452 4.3.1' got
}

@test "300 sessions at a time, no message lost" {
	local i fds=() fd
	sink --smtp 0 --pop3 0 --user sample:password
	for ((i = 0; i < 300; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
		fds+=("$fd")
	done
	for fd in "${fds[@]}"; do
		printf '%b' "$MAIL" >&"$fd"
	done
	for fd in "${fds[@]}"; do
		printf '%b' "$TEXT" >&"$fd"
	done
	for fd in "${fds[@]}"; do
		timeout 10 cat <&"$fd" >>answers
		exec {fd}>&-
	done
	[ "$(grep -c 'queued as' answers)" -eq 300 ]
	talk "$POP3" 'USER sample\r\nPASS password\r\nSTAT\r\nQUIT\r\n'
	grep -q '^+OK 300 ' got
	[ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$SINK_PID/status")" -lt "$MEMORY_KB" ]
}

@test "no descriptors left: waits, and serves again when there are some" {
	local i fds=() fd
	(
		ulimit -n 12
		exec "$BIN/mailsink" --smtp 0
	) >sink.out 2>sink.err </dev/null 3>&- &
	SINK_PID=$!
	soon grep -q ready sink.out
	SMTP=$(sed -n 's/^ready smtp=//p' sink.out)
	for ((i = 0; i < 20; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
		fds+=("$fd")
	done
	for fd in "${fds[@]}"; do
		printf 'QUIT\r\n' >&"$fd"
		timeout 10 cat <&"$fd" >>answers
		exec {fd}>&-
	done
	[ "$(grep -c '^221' answers)" -eq 20 ]
	# it slept while it waited: 0.5 s of processor time would be a busy loop
	[ "$(awk '{ print $14 + $15 }' "/proc/$SINK_PID/stat")" -lt 50 ]
}

drip() { while printf x; do sleep 0.3; done; }

@test "silence and drips end by --idle" {
	local fd
	sink --smtp 0 --idle 2
	exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
	drip 2>/dev/null >&"$fd" 3>&- &
	OTHER_PIDS="${OTHER_PIDS:-} $!"
	timeout 10 cat <&"$fd" >got || fail "still there after 10 s"
	exec {fd}>&-
	grep -q '^421 4.4.2 mailsink.localhost Error: timeout exceeded' got
}

@test "a client that does not read costs no memory" {
	local fd
	sink --smtp 0 --idle 2
	exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
	timeout 4 sh -c 'yes HELP' >&"$fd" 2>/dev/null || :
	exec {fd}>&-
	[ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$SINK_PID/status")" -lt 8192 ]
	talk "$SMTP" 'QUIT\r\n'
	grep -q '^221' got
}

@test "clear text behind STARTTLS ends the session" {
	sink --smtp 0 --show
	talk "$SMTP" 'EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@example.com>\r\n'
	grep -q '^220 2.0.0' got
	got_not '^250 2.1.0'
	soon grep -q 'CVE-2011-0411' sink.out
}

@test "clear text that arrives when TLS was begun ends the session as well" {
	local fd
	sink --smtp 0 --show
	exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
	printf 'EHLO x\r\nSTARTTLS\r\n' >&"$fd"
	soon grep -q 'TLS begins' sink.out
	printf 'MAIL FROM:<evil@example.com>\r\n' >&"$fd"
	soon grep -q 'CVE-2011-0411' sink.out
	cat <&"$fd" >got || fail "reset before all was read"
	grep -q '^220 2.0.0' got
	exec {fd}>&-
}

@test "the journal tells version and suite of TLS" {
	needs openssl
	sink --smtp 0 --smtps 0 --show
	printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -tls1_2 -connect "127.0.0.1:$SMTPS" >got 2>tls.err
	soon grep -q '   TLS1.2, ' sink.out
	printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -tls1_3 -connect "127.0.0.1:$SMTPS" >got 2>tls.err
	soon grep -q '   TLS1.3, ' sink.out
}

@test "TLS: the certificate written is the one shown, for localhost and 127.0.0.1, 1.2 and 1.3" {
	local version
	needs openssl
	sink --smtp 0 --smtps 0 --cert-out cert.pem
	for version in tls1_2 tls1_3; do
		for name in "-verify_hostname localhost" "-verify_ip 127.0.0.1"; do
			# shellcheck disable=SC2086 # words
			printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -$version -connect "127.0.0.1:$SMTPS" \
				-CAfile cert.pem -verify_return_error $name >got 2>tls.err || fail "$(<tls.err)"
			grep -q '^221' got
		done
	done
	: | timeout 10 openssl s_client -starttls smtp -connect "127.0.0.1:$SMTP" -CAfile cert.pem \
		-verify_return_error >got 2>&1
	grep -q 'Verify return code: 0 (ok)' got
}

@test "a certificate of one's own; a wrong one is refused at the start" {
	needs openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=own.example \
		-addext subjectAltName=DNS:own.example >/dev/null 2>&1
	sink --smtps 0 --cert cert.pem --key key.pem
	printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -connect "127.0.0.1:$SMTPS" -CAfile cert.pem \
		-verify_return_error -verify_hostname own.example >got 2>tls.err || fail "$(<tls.err)"
	grep -q '^221' got
	try mailsink --smtps 0 --cert pass
	exits 3
	complains "pass"
	try mailsink --smtps 0 --cert missing.pem
	exits 3
	complains "missing.pem"
}

@test "--cert-fault: a client is told what is wrong with it" {
	local kind word
	while read -r kind word; do
		sink --smtps 0 --cert-fault "$kind" --cert-out cert.pem
		try smtptalk "localhost:$SMTPS" --tls implicit --ca-file cert.pem --quit-after ehlo
		exits 2
		says "$word"
		kill "$SINK_PID"
	done <<-'END'
		expired expired
		early not valid yet
		wrong-name another.example
		weak weak key or signature
	END
}

@test "--tls-version: no other is spoken" {
	needs openssl
	sink --smtps 0 --tls-version 1.2
	printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -tls1_2 -connect "127.0.0.1:$SMTPS" >got 2>tls.err
	grep -q '^221' got
	! printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -tls1_3 -connect "127.0.0.1:$SMTPS" >got 2>tls.err
}

@test "--discard: accepted, not kept" {
	sink --smtp 0 --pop3 0 --user sample:password --discard
	talk "$SMTP" "$MAIL$TEXT"
	grep -q 'queued as' got
	talk "$POP3" 'USER sample\r\nPASS password\r\nSTAT\r\nQUIT\r\n'
	grep -q '^+OK 0 0' got
}

@test "a fault's times are counted over all sessions" {
	sink --smtp 0 --fault 'rcpt*1=450 4.2.0 Greylisted'
	talk "$SMTP" "${MAIL}QUIT\r\n"
	grep -q '^450 4.2.0 Greylisted' got
	talk "$SMTP" "$MAIL$TEXT"
	grep -q 'queued as' got
}

@test "who speaks before the greeting, and who sends Telnet options, is told" {
	sink --smtp 0 --show
	kill -STOP "$SINK_PID"
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$SMTP"
	printf 'HELO x\xff\xfd\x01\r\n' >&"$fd"
	kill -CONT "$SINK_PID"
	soon grep -q 'Telnet options' sink.out
	grep -q 'speaks before the greeting' sink.out
	exec {fd}>&-
}

@test "--require-tls: nothing but STARTTLS in clear text" {
	sink --smtp 0 --pop3 0 --user sample:password --require-tls
	talk "$SMTP" 'EHLO x\r\nMAIL FROM:<>\r\nQUIT\r\n'
	grep -q '^530 5.7.0' got
	got_not 'AUTH'
	talk "$POP3" 'CAPA\r\nUSER sample\r\nQUIT\r\n'
	grep -q '^-ERR \[AUTH\]' got
	got_not '^USER'
}

@test "an address that is not loopback must be asked for, and is warned of" {
	netns
	"${NETNS[@]}" "$BIN/mailsink" --smtp 0 --bind 192.0.2.10 >sink.out 2>sink.err </dev/null 3>&- &
	SINK_PID=$!
	soon grep -q ready sink.out
	[ "$(<sink.err)" = "mailsink: takes mail from anybody who reaches 192.0.2.10" ]
}

@test "wrong options: one line, exit 3, nothing listens" {
	local row
	while read -r row; do
		# shellcheck disable=SC2086 # words
		try mailsink $row
		exits 3
		[ "$(wc -l <err)" -eq 1 ] || fail "not one line: $row"
		[ ! -s out ]
	done <<-'END'
		--smtp 65536
		--port 65531
		--port 2525 --pop3 0
		--user sample
		--user sample:a --user sample:b
		--bind localhost
		--bind 192.0.2.77
		--key key.pem
		--no-tls --pop3s 0
		--no-tls --require-tls
		--no-tls --client-ca pass
		--smtp 0 --client-ca pass
		--maildir pass
		--smpt 0
		--fault rctp=close
		--fault rcpt=delay
		--auth GSSAPI
		--script pass
		--script missing.talk
	END
	try mailsink --banner $'a\nb'
	exits 3
}

@test "a port that is taken is named" {
	sink --smtp 0
	try mailsink --smtp "$SMTP"
	exits 3
	complains "127.0.0.1:$SMTP" "in use"
}

@test "standard output that cannot be written ends it" {
	status=0
	timeout 5 "$BIN/mailsink" --smtp 0 >/dev/full 2>err || status=$?
	exits 3
}

@test "the examples of --help start a server" {
	local n=0
	netns # they name ports
	mailsink --help >help
	sed -n '/^Examples:/,/^Exit:/s/^  \([^ ].*\)/\1/p' help >examples
	while read -r line; do
		n=$((n + 1))
		"${NETNS[@]}" sh -c "$line --for 1" >answer || fail "$line: exit code $?"
		grep -q '^ready smtp=[1-9]' answer
	done <examples
	[ "$n" -eq 2 ]
}
