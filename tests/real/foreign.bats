#!/usr/bin/env bats
# foreign - other people's clients against mailsink
# SPDX-License-Identifier: MIT
load ../lib/common

setup() {
	sink --port 0 --user sample:password --cert-out sink.pem
}

swaks_to() { # PORT OPTION...
	local port=$1
	shift
	needs swaks
	swaks --server 127.0.0.1 --port "$port" --ehlo client.example.com --from a@example.com \
		--to sample@example.com --timeout 10 "$@" >swaks.out 2>&1 || fail "$(<swaks.out)"
}

curl_pop3() { # OPTION... URL
	needs curl
	curl -s -S --max-time 10 -u sample:password "$@" || fail "curl: $?"
}

@test "swaks: plain text, a message kept" {
	swaks_to "$SMTP" --h-Subject "by swaks"
	grep -q '250 2.0.0 Ok: queued as' swaks.out
	curl_pop3 "pop3://127.0.0.1:$POP3/1" >got
	grep -q '^Subject: by swaks' got
}

@test "swaks: each mechanism, in clear text, over STARTTLS and over TLS" {
	local mech
	for mech in PLAIN LOGIN CRAM-MD5; do
		swaks_to "$SMTP" --auth $mech -au sample -ap password --quit-after AUTH
		swaks_to "$SMTP" -tls --auth $mech -au sample -ap password --quit-after AUTH
		swaks_to "$SMTPS" -tlsc --auth $mech -au sample -ap password --quit-after AUTH
		grep -q '235 2.7.0' swaks.out
	done
}

@test "swaks: a wrong password is refused with 535" {
	needs swaks
	swaks --server 127.0.0.1 --port "$SMTP" --auth PLAIN -au sample -ap wrong --quit-after AUTH >swaks.out 2>&1 ||
		status=$?
	[ "$status" -eq 28 ]
	grep -q '535 5.7.8' swaks.out
}

@test "curl: sends by SMTP, STARTTLS and SMTPS, reads by POP3, STLS and POP3S" {
	local url
	needs curl
	printf 'From: a@example.com\r\nSubject: by curl\r\n\r\n.dot\r\n' >mail
	for url in "smtp://localhost:$SMTP" "smtps://localhost:$SMTPS"; do
		curl -s -S --max-time 10 --cacert sink.pem -u sample:password --mail-from a@example.com \
			--mail-rcpt sample@example.com -T mail "$url" || fail "curl: $?"
	done
	curl -s -S --max-time 10 --ssl-reqd --cacert sink.pem -u sample:password --mail-from a@example.com \
		--mail-rcpt sample@example.com -T mail "smtp://localhost:$SMTP" || fail "curl: $?"
	for url in "pop3://localhost:$POP3/" "pop3s://localhost:$POP3S/"; do
		curl_pop3 --cacert sink.pem "$url" >list
		[ "$(grep -c '^[123] [0-9]' list)" -eq 3 ]
	done
	curl_pop3 --ssl-reqd --cacert sink.pem "pop3://localhost:$POP3/3" >got
	grep -qx $'.dot\r' got
}

@test "curl: APOP and SASL at the POP3 port" {
	local auth
	swaks_to "$SMTP"
	for auth in +APOP PLAIN LOGIN CRAM-MD5; do
		curl_pop3 --login-options "AUTH=$auth" "pop3://127.0.0.1:$POP3/" >list
		grep -q '^1 ' list
	done
}

@test "curl: each mechanism it has, by each protocol" {
	local mech
	sink --port 0 --user sample:password --auth "NTLM DIGEST-MD5 CRAM-MD5 PLAIN LOGIN" --show
	swaks_to "$SMTP"
	for mech in NTLM DIGEST-MD5 CRAM-MD5 PLAIN LOGIN; do
		curl_pop3 --login-options "AUTH=$mech" "pop3://127.0.0.1:$POP3/" >list
		grep -q '^1 ' list
		curl_pop3 --login-options "AUTH=$mech" "imap://127.0.0.1:$IMAP/INBOX;MAILINDEX=1" >got
		curl_pop3 --login-options "AUTH=$mech" --mail-from a@example.com --mail-rcpt b@example.com -T pass \
			"smtp://127.0.0.1:$SMTP"
		[ "$(grep -c "login of \"sample\" by $mech accepted" sink.out)" -eq 3 ] || fail "$mech"
	done
	for mech in XOAUTH2 OAUTHBEARER; do # curl chooses between them
		sink --imap 0 --user sample:password --auth $mech --show
		curl -s -S -m 5 -u sample: --oauth2-bearer password --login-options "AUTH=$mech" \
			"imap://127.0.0.1:$IMAP/INBOX" -X NOOP >got
		soon grep -q "login of \"sample\" by $mech accepted" sink.out
		! curl -s -m 5 -u sample: --oauth2-bearer wrong --login-options "AUTH=$mech" \
			"imap://127.0.0.1:$IMAP/INBOX" -X NOOP >got || fail "$mech: a wrong token"
		soon grep -q "login of \"sample\" by $mech refused" sink.out
	done
}

@test "curl: --haproxy-protocol" {
	sink --smtp 0 --proxy-protocol --show
	curl_pop3 -u : --haproxy-protocol --mail-from a@example.com --mail-rcpt b@example.com -T pass \
		"smtp://127.0.0.1:$SMTP"
	soon grep -q 'the client is 127.0.0.1, says PROXY' sink.out
}

msmtp_to() { # PORT STARTTLS MECHANISM SUBJECT
	printf 'Subject: %s\n\n.dot\n' "$4" | timeout 10 msmtp --file=/dev/null --host=localhost --port="$1" --tls=on \
		--tls-starttls="$2" --tls-trust-file=sink.pem --auth="$3" --user=sample --passwordeval='echo password' \
		--from=a@example.com sample@example.com 2>msmtp.err || fail "$3: $(<msmtp.err)"
}

@test "msmtp: each mechanism, over STARTTLS and inside TLS" {
	local mech
	needs msmtp
	sink --port 0 --user sample:password --cert-out sink.pem --show
	for mech in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer; do
		msmtp_to "$SMTP" on $mech "by $mech"
		soon grep -q "login of \"sample\" by ${mech^^} accepted" sink.out
	done
	msmtp_to "$SMTPS" off on "inside TLS"
	curl_pop3 "pop3://127.0.0.1:$POP3/" >list
	[ "$(grep -c '^[0-9]' list)" -eq 9 ]
	! printf '\n\n' | timeout 10 msmtp --file=/dev/null --host=localhost --port="$SMTP" --tls=on --tls-trust-file=sink.pem \
		--auth=scram-sha-256 --user=sample --passwordeval='echo wrong' --from=a@example.com b@example.com 2>msmtp.err ||
		fail "sent with a wrong password"
	grep -q 'authentication failed' msmtp.err
}

@test "msmtp notices a server that does not know the password: SCRAM and DIGEST-MD5" {
	local mech word
	needs msmtp
	for mech in scram-sha-256:v= digest-md5:rspauth=; do
		word=${mech#*:} mech=${mech%:*}
		sink --smtp 0 --user sample:password --cert-out sink.pem --fault "proof=swap $word ${word}A"
		! msmtp_to "$SMTP" on $mech "never" 2>/dev/null || fail "$mech: believed"
		kill "$SINK_PID"
	done
}

@test "mpop: each way to log in, over STLS and inside TLS; nothing is lost" {
	local how
	needs mpop
	swaks_to "$SMTP" --body $'.dot\n..two\nlast'
	for how in user apop plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer; do
		timeout 10 mpop --file=/dev/null --host=localhost --port="$POP3" --tls=on --tls-starttls=on --tls-trust-file=sink.pem \
			--auth=$how --user=sample --passwordeval='echo password' --keep=on --uidls-file=uidls.$how \
			--delivery=mbox,mbox.$how >mpop.out 2>&1 || fail "$how: $(<mpop.out)"
		grep -qx '\.dot' mbox.$how
		grep -qx '\.\.two' mbox.$how
	done
	timeout 10 mpop --file=/dev/null --host=localhost --port="$POP3S" --tls=on --tls-starttls=off --tls-trust-file=sink.pem \
		--user=sample --passwordeval='echo password' --keep=off --uidls-file=uidls --delivery=mbox,mbox >mpop.out 2>&1
	grep -qx last mbox
	curl_pop3 "pop3://127.0.0.1:$POP3/" >list
	! grep -q '^1 ' list || fail "a message is left"
}

# Its package would set up a service: the program alone is unpacked.
fetchmail_from() { # PROTOCOL PORT OPTION...
	local protocol=$1 port=$2 dir=$TOP/build/servers/fetchmail
	shift 2
	if [ ! -x "$dir/usr/bin/fetchmail" ]; then
		mkdir -p "$dir"
		(
			cd "$dir" || exit
			apt-get -qq download fetchmail || { apt-get -qq update && apt-get -qq download fetchmail; } || exit
			dpkg-deb -x fetchmail_*.deb .
		) >download.out 2>&1 || skip "no fetchmail: $(<download.out)"
	fi
	cat >fetchmailrc <<-END
		poll localhost protocol $protocol port $port user sample password password sslproto TLS1.2+ sslcertck
		sslcertfile $PWD/sink.pem mda "cat >>$PWD/fetched" $*
	END
	chmod 600 fetchmailrc
	FETCHMAILHOME=$PWD timeout 20 "$dir/usr/bin/fetchmail" -f fetchmailrc --nodetach --nosyslog -v >fetchmail.out 2>&1 ||
		fail "$(tail -n 20 fetchmail.out)"
}

@test "fetchmail: by POP3 and IMAP over STLS and STARTTLS, inside TLS, kept and deleted" {
	local i
	for i in 1 2 3; do
		swaks_to "$SMTP" --h-Subject "number $i" --body .dot
	done
	fetchmail_from POP3 "$POP3" fetchall keep
	[ "$(grep -cx '\.dot' fetched)" -eq 3 ]
	fetchmail_from IMAP "$IMAP" keep
	[ "$(grep -cx '\.dot' fetched)" -eq 6 ]
	fetchmail_from POP3 "$POP3S" fetchall keep ssl
	fetchmail_from IMAP "$IMAPS" fetchall nokeep ssl
	[ "$(grep -c '^Subject: number [123]' fetched)" -eq 12 ]
	curl_pop3 "pop3://127.0.0.1:$POP3/" >list
	! grep -q '^1 ' list || fail "a message is left"
}

@test "openssl: STARTTLS, STLS and both TLS ports, TLS 1.2 and 1.3, certificate verified" {
	local row proto port version
	needs openssl
	for row in "smtp $SMTP" "pop3 $POP3" "- $SMTPS" "- $POP3S"; do
		read -r proto port <<<"$row"
		for version in tls1_2 tls1_3; do
			[ "$proto" = - ] && set -- || set -- -starttls "$proto"
			printf 'QUIT\r\n' | timeout 10 openssl s_client "$@" -$version -crlf -verify_return_error -CAfile sink.pem \
				-verify_hostname localhost -connect "127.0.0.1:$port" >s_client.out 2>&1 || fail "$(tail -n 20 s_client.out)"
			grep -q 'Verify return code: 0 (ok)' s_client.out
		done
	done
}

@test "smtptalk and pop3talk against mailsink, verified by its certificate" {
	try smtptalk "localhost:$SMTP" --ca-file sink.pem -u sample --pass-file pass --from a@example.com \
		--to sample@example.com --subject "own client"
	exits 0
	try pop3talk "localhost:$POP3S" --tls implicit --ca-file sink.pem -u sample --pass-file pass --read 1
	exits 0
	says "own client"
}

@test "Python: smtplib, poplib and imaplib, over TLS too" {
	needs python3
	timeout 20 python3 - "$SMTP" "$POP3S" "$IMAP" sink.pem <<-'END' || fail "python3: $?"
		import imaplib, poplib, smtplib, ssl, sys
		smtp, pop3s, imap = map(int, sys.argv[1:4])
		tls = ssl.create_default_context(cafile=sys.argv[4])
		with smtplib.SMTP('localhost', smtp, timeout=5) as s:
		    s.starttls(context=tls)
		    s.login('sample', 'password')
		    s.sendmail('a@example.com', ['b@example.com'], 'Subject: by python\r\n\r\n.dot\r\n')
		p = poplib.POP3_SSL('localhost', pop3s, timeout=5, context=tls)
		p.user('sample')
		p.pass_('password')
		assert p.stat()[0] == 1 and b'.dot' in p.retr(1)[1]
		p.quit()
		m = imaplib.IMAP4('localhost', imap)
		m.starttls(tls)
		m.authenticate('PLAIN', lambda _: b'\0sample\0password')
		assert m.select()[1] == [b'1']
		assert m.search(None, 'SUBJECT', 'python')[1] == [b'1']
		assert m.fetch('1', '(RFC822)')[1][0][1].endswith(b'\r\n\r\n.dot\r\n')
		assert m.store('1', '+FLAGS', '\\Deleted')[1][0].endswith(b'\\Deleted))')
		assert m.expunge()[1] == [b'1']
		m.logout()
	END
}

@test "Python: IDLE is told of new mail, and only DONE ends it" {
	needs python3
	timeout 20 python3 - "$SMTP" "$IMAP" sink.pem <<-'END' || fail "python3: $?"
		import imaplib, smtplib, ssl, sys
		smtp, imap = map(int, sys.argv[1:3])
		tls = ssl.create_default_context(cafile=sys.argv[3])
		m = imaplib.IMAP4('localhost', imap, timeout=10)
		m.starttls(tls)
		m.login('sample', 'password')
		assert 'IDLE' in m.capabilities
		had = int(m.select(readonly=True)[1][0])
		m.send(b'i1 IDLE\r\n') # imaplib has a command of its own only since 3.14
		assert m.readline().startswith(b'+ ')
		with smtplib.SMTP('localhost', smtp, timeout=5) as s:
		    s.starttls(context=tls)
		    for n in 1, 2:
		        s.sendmail('a@example.com', ['b@example.com'], 'Subject: news\r\n\r\n')
		        assert m.readline() == b'* %d EXISTS\r\n' % (had + n)
		m.send(b'DONE\r\n')
		assert m.readline().startswith(b'i1 OK')
		assert m.noop()[0] == 'OK'
		m.logout()
	END
}

@test "curl: reads by IMAP, STARTTLS and IMAPS" {
	local url
	needs curl
	swaks_to "$SMTP" --h-Subject "for imap"
	for url in "imap://localhost:$IMAP" "imaps://localhost:$IMAPS"; do
		curl -s -S --max-time 10 --ssl-reqd --cacert sink.pem -u sample:password "$url/INBOX;MAILINDEX=1" >got
		grep -q '^Subject: for imap' got
		curl -s -S --max-time 10 --ssl-reqd --cacert sink.pem -u sample:password "$url/INBOX?SUBJECT%20imap" >got
		grep -q '^\* SEARCH 1' got
	done
}

@test "smtp-source: 5000 messages from 20 sessions, none lost" {
	local root
	for root in / "$TOP"/build/servers/*/core/root; do
		[ ! -x "$root/usr/sbin/smtp-source" ] || break
	done
	[ -x "$root/usr/sbin/smtp-source" ] || skip "no smtp-source (postfix)"
	LD_LIBRARY_PATH=$root/usr/lib/postfix:$root/usr/lib/x86_64-linux-gnu timeout 60 \
		"$root/usr/sbin/smtp-source" -s 20 -m 5000 -f a@example.com -t b@example.com \
		"inet:127.0.0.1:$SMTP" >source.out 2>&1 || fail "$(<source.out)"
	curl_pop3 "pop3://127.0.0.1:$POP3/" >list
	[ "$(wc -l <list)" -eq 5000 ]
}
