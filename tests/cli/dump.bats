#!/usr/bin/env bats
# dump - mailboxes are copied from servers that lack something or break
# SPDX-License-Identifier: MIT
load ../lib/common

mailbox() { # MAILSINK-OPTION...
	"$BATS_TEST_DIRNAME/../lib/mkmail" "${MESSAGES:-20}" box
	sink --pop3 0 --imap 0 --maildir box --user sample:password "$@"
}

dump() { # APPLET PORT TARGET
	try "$1" "127.0.0.1:$2" --tls none -t 15 -u sample --pass-file pass --dump "$3"
}

sums() { "$BATS_TEST_DIRNAME/../lib/mkmail" sums "$@"; }

@test "without UIDL: all are copied, once; a second run into the same place is refused" {
	local target
	mailbox --fault uidl='-ERR What?'
	for target in copy copy.mbox; do
		dump pop3talk "$POP3" $target
		exits 0
		says "no unique ids (UIDL) here" "20 kept now"
		dump pop3talk "$POP3" $target
		exits 3
		says "has messages, and this server has no UIDL to tell which"
	done
	sums copy/new >kept
	sums box | cmp - kept
	[ "$(grep -c '^From MAILER-DAEMON' copy.mbox)" -eq 20 ]
}

@test "a server that does not double dots: what was cut is not kept" {
	MESSAGES=hard mailbox --fault retr=unstuffed
	dump pop3talk "$POP3" copy
	exits 2
	says "message 2: text came behind the final dot" pop3-dot-early
	[ "$(ls copy/new | wc -l)" -eq 1 ]
}

@test "refused messages do not keep the others from being copied" {
	mailbox --fault 'retr*3=-ERR gone' --fault 'fetch*3=NO gone'
	dump pop3talk "$POP3" copy
	exits 2
	says "17 kept now, 0 before; 3 refused"
	dump imaptalk "$IMAP" copy2
	exits 2
	says "17 kept now, 0 before; 3 refused"
	[ "$(ls copy/new | wc -l) $(ls copy2/new | wc -l)" = "17 17" ]
}

@test "when all are refused, it is given up" {
	peer "send +OK" "expect CAPA" "send -ERR" "expect USER" "send +OK" "expect PASS" "send +OK" \
		"expect STAT" "send +OK 1000 1000" "expect LIST" "raw +OK\r\n$(printf '%s 1\\r\\n' {1..1000}).\r\n" \
		"expect UIDL" "raw +OK\r\n$(printf '%s u%s\\r\\n' {1..1000} {1..1000}).\r\n" \
		"flood -ERR no\r\n"
	dump pop3talk "$PORT" copy
	exits 2
	[ "$(grep -ac RETR "$PEER_LOG")" -le 51 ]
}

@test "the connection ends in the middle: what is whole is kept, and the next run goes on" {
	local target begin=("send +OK" "expect CAPA" "send -ERR" "expect USER" "send +OK" "expect PASS" "send +OK"
		"expect STAT" "send +OK 2 18" "expect LIST" "raw +OK\r\n1 9\r\n2 9\r\n.\r\n"
		"expect UIDL" "raw +OK\r\n1 a\r\n2 b\r\n.\r\n")
	for target in copy copy.mbox; do
		peer "${begin[@]}" "expect RETR 1" "raw +OK\r\nA: b\r\n\r\n1\r\n.\r\n" "expect RETR 2" "raw +OK\r\nA: b\r\n"
		dump pop3talk "$PORT" $target
		exits 2
		says "not whole"
		peer_done
		peer "${begin[@]}" "expect RETR 2" "raw +OK\r\nA: b\r\n\r\n2\r\n.\r\n" "expect QUIT" "send +OK"
		dump pop3talk "$PORT" $target
		exits 0
		says "1 kept now, 1 before"
		peer_done
	done
	cat copy/new/*.a.mtabox copy/new/*.b.mtabox >got
	printf 'A: b\n\n1A: b\n\n2' | cmp - got
	grep -v '^From ' copy.mbox | cmp - <(printf 'A: b\n\n1\n\nA: b\n\n2\n\n')
}

@test "a terminal shows how far it is, on a line of its own" {
	mailbox --fault 'retr*1=delay 1'
	terminal -- pop3talk "127.0.0.1:$POP3" --tls none -t 15 --color never -u sample --pass-file pass --dump copy
	exits 0
	says "of 20 messages, 0 MB"
	tr '\r' '\n' <out | grep -q '^C: QUIT'
}

@test "imaptalk: fewer messages are named than there are: told, and what is named is copied" {
	peer "send * OK" "expect a1 CAPABILITY" "raw a1 OK\r\n" "expect a2 LOGIN" "raw a2 OK\r\n" "expect a3" "raw a3 OK\r\n" \
		"expect a4 EXAMINE" 'raw * 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\na4 OK\r\n' "expect a5 UID SEARCH ALL" \
		'raw * SEARCH 7\r\na5 OK\r\n' "expect a6 UID FETCH 7" 'raw * 1 FETCH (UID 7 BODY[] {3}\r\nx\r\n)\r\na6 OK\r\n' \
		"expect a7 LOGOUT" 'raw a7 OK\r\n'
	dump imaptalk "$PORT" copy
	exits 1
	says "EXISTS says 3 messages, SEARCH named 1" imap-list-differs "1 kept now"
	peer_done
}
