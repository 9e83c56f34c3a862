#!/usr/bin/env bats
# mailbox - pop3talk and imaptalk against mailsink
# SPDX-License-Identifier: MIT

load ../lib/common

setup() { sink --port 0 --no-tls --user sample:password; }

send() { # SUBJECT
	smtptalk "localhost:$SMTP" --from a@example.com --to b@example.com --subject "$1" >sent </dev/null
}

imap() { try imaptalk "localhost:$IMAP" -u sample --pass-file pass "$@"; }

pop3() { try pop3talk "localhost:$POP3" -u sample --pass-file pass "$@"; }

waits() { # WORD: when it is seen, what is waited for comes
	local sender
	send one
	(soon grep -q "$1" out && send "the token") 3>&- &
	sender=$!
	imap --find "the token" --wait 60 --read last
	exits 0
	says "| Subject: the token" "2 messages"
	wait "$sender"
}

@test "imaptalk --wait is told by IDLE" {
	waits "^S: + idling"
	says "C: DONE"
	says_not NOOP
}

@test "imaptalk --wait asks by NOOP where IDLE is not offered, or refused" {
	local fault
	for fault in 'capability=swap IDLE X' 'idle=NO not today'; do
		kill "$SINK_PID"
		sink --port 0 --no-tls --user sample:password --fault "$fault"
		waits "asks by NOOP every 5 s"
	done
}

@test "what came to nothing in the time given is said" {
	imap --wait 1
	exits 2
	says "no new message came in 1 s" "[nothing-new]"
	pop3 --find token --wait 1
	exits 2
	says "no such message came in 1 s" "pop3-not-found"
	pop3 --wait 20 -t 10
	exits 3
	complains "--timeout 10 ends the run before --wait 20 does"
}

@test "--nagios: count and age of messages against thresholds" {
	imap --nagios -w messages=0 -c newest=1h
	exits 2
	says "IMAPTALK CRITICAL - mailbox: no message at all" "messages=0;0;"
	send one
	for talk in imap pop3; do
		$talk --nagios -w messages=5,oldest=1d -c messages=9,newest=1h
		exits 0
		says "TALK OK - mailbox:" "messages=1;5;9 oldest=" "s;86400; newest=" "s;;3600"
		[ "$(wc -l <out)" -eq 1 ]
		$talk --nagios -w messages=0 -c messages=9
		exits 1
		says "TALK WARNING - mailbox: 1 message, more than 0"
	done
}

@test "--check: each thing a server does wrong is a finding, and no end" {
	local row fault ids
	mkdir -p box/new
	printf 'From: a@example.com\nSubject: x\n\n.dot\nbody\n' >box/new/1
	for row in 'stat=lie 7:pop3-list-differs' 'list=lie 9:pop3-list-differs pop3-size-differs' 'retr=unstuffed:pop3-dot-unstuffed' \
		'retr=lf:pop3-bare-lf' 'uidl*1=lie 77:pop3-uidl-unstable' 'retr=-ERR gone:pop-refused'; do
		fault=${row%:*} ids=${row##*:}
		kill "$SINK_PID"
		sink --pop3 0 --no-tls --user sample:password --maildir box --fault "$fault"
		pop3 --check
		for id in $ids; do says "[$id]"; done
		says_not "in order"
		says "OK mailbox: 1 message"
	done
}

@test "imaptalk --check: the same" {
	kill "$SINK_PID"
	mkdir -p box/new
	printf 'From: a@example.com\nSubject: x\n\nbody\n' >box/new/1
	sink --imap 0 --no-tls --user sample:password --maildir box
	imap --check
	exits 0
	says "sizes, line ends and UIDs are in order"
}

@test "--check and --dump of a mailbox in which two messages have one unique id" {
	send one
	send two
	kill "$SINK_PID"
	mkdir -p box/new
	printf 'Subject: a\n\n1\n' >box/new/1
	printf 'Subject: b\n\n2\n' >box/new/2
	sink --pop3 0 --no-tls --user sample:password --maildir box --fault 'uidl=lie 7'
	pop3 --check
	exits 1
	says "pop3-uidl-twice"
	pop3 --dump copy
	exits 1
	[ "$(cat copy/new/* | grep -c '^Subject: [ab]$')" -eq 2 ]
}

@test "pop3talk: a message by its unique id" {
	send one
	send two
	pop3 --uidl
	uid=$(sed -n 's/^S: 2 //p' out)
	[ -n "$uid" ]
	pop3 --read "uid:$uid"
	exits 0
	says "C: RETR 2" "| Subject: two"
	pop3 --read uid:none
	exits 2
	says "there is no message uid:none: the mailbox has 2"
	pop3 --delete "uid:$uid" --yes
	exits 0
	says "C: DELE 2" "1 deleted"
	pop3 --read uid:
	exits 2
}

# RFC 1939 6: a session that does not end by the client's QUIT removes nothing.
@test "pop3talk -i: DELE counts when QUIT was among the lines" {
	send one
	printf 'DELE 1\n' >lines
	INPUT=lines pop3 -i
	exits 0
	says "C: RSET" "no QUIT was among the lines, so nothing is deleted"
	printf 'DELE 1\nRSET\n' >lines
	INPUT=lines pop3 -i
	says_not "no QUIT was"
	printf 'DELE 1\nQUIT\n' >lines
	INPUT=lines pop3 -i
	exits 0
	says_not "C: RSET"
	pop3
	says "0 messages"
}

@test "pop3talk --delete asks, and names what" {
	send one
	send two
	terminal wait "Delete 1, last for good? Type yes: " type 'no\r' wait nothing -- \
		pop3talk "127.0.0.1:$POP3" --tls none -u sample --pass-file pass --delete 1 --delete last
	exits 0
	pop3
	says "2 messages"
	terminal wait "Type yes: " type 'yes\r' wait '2 deleted' -- pop3talk "127.0.0.1:$POP3" --tls none -u sample --pass-file pass --delete 1 --delete last
	exits 0
	pop3
	says "0 messages"
}

@test "imaptalk --delete: by number and by UID, and not what another program has marked" {
	for subject in one two three four; do send $subject; done
	imap --delete 2 </dev/null
	exits 3
	complains "without one it needs --yes"
	terminal wait "Delete 2, uid:4 for good? Type yes: " type 'no\r' wait "nothing is deleted" -- \
		imaptalk "127.0.0.1:$IMAP" --tls none -u sample --pass-file pass --delete 2 --delete uid:4
	exits 0
	imap --delete 2 --delete uid:4 --yes
	exits 0
	says 'SELECT "INBOX"' 'UID STORE 2,4 +FLAGS.SILENT (\Deleted)' "INBOX: 2 messages; 2 deleted"
	imap --list
	says " one" " three"
	says_not " two" " four"
	imap --delete uid:4 --yes
	exits 2
	says "there is no message uid:4"
	printf 'x SELECT INBOX\nx STORE 1 +FLAGS (\\Deleted)\nx LOGOUT\n' >lines
	INPUT=lines imap -i
	imap --delete 2 --yes
	exits 2
	says "other messages are marked as deleted and would go, too: nothing was deleted"
	imap --stat
	says "2 messages"
}

@test "imaptalk --delete: a FETCH that comes unasked names nobody; what is refused is taken back" {
	peer 'send * OK' 'expect a1' 'raw * CAPABILITY IMAP4rev1 UIDPLUS\r\na1 OK\r\n' 'expect a2 LOGIN' 'send a2 OK' \
		'expect a3' 'raw * CAPABILITY IMAP4rev1 UIDPLUS\r\na3 OK\r\n' 'expect a4 SELECT' 'raw * 3 EXISTS\r\na4 OK\r\n' \
		'expect a5 FETCH 2 (UID)' 'raw * 3 FETCH (UID 33 FLAGS (\\Seen))\r\n* 2 FETCH (UID 22)\r\na5 OK\r\n' \
		'expect a6 UID STORE 22 +FLAGS.SILENT' 'send a6 OK' 'expect a7 UID EXPUNGE 22' 'send a7 NO [NOPERM] not you' \
		'expect a8 UID STORE 22 -FLAGS.SILENT' 'send a8 OK' 'expect a9 LOGOUT' 'send a9 OK'
	try imaptalk "127.0.0.1:$PORT" --tls none -u sample --pass-file pass --delete 2 --yes
	exits 2
	says "the marks are taken back" "NO [NOPERM] not you"
	peer_done
}

@test "imaptalk --delete: not when the numbers have changed" {
	peer 'send * OK' 'expect a1' 'send a1 OK' 'expect a2 LOGIN' 'send a2 OK' 'expect a3' 'send a3 OK' \
		'expect a4 SELECT' 'raw * 3 EXISTS\r\na4 OK\r\n' 'expect a5 UID FETCH 11' 'raw * 1 FETCH (UID 11)\r\n* 1 EXPUNGE\r\na5 OK\r\n' \
		'expect a6 FETCH 2' 'raw * 2 FETCH (UID 33)\r\na6 OK\r\n' 'expect a7 LOGOUT' 'send a7 OK'
	try imaptalk "127.0.0.1:$PORT" --tls none -u sample --pass-file pass --delete uid:11 --delete 2 --yes
	exits 2
	says "nothing was deleted"
	peer_done
}
