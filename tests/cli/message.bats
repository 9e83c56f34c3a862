#!/usr/bin/env bats
# message - what smtptalk sends, read by another program (Python's email package)
# SPDX-License-Identifier: MIT

load ../lib/common

setup() {
	command -v python3 >/dev/null || skip "no python3"
	sink --smtp 0 --no-tls --maildir box
	cat >read.py <<'PY'
import email, email.policy, glob, hashlib, sys
message = email.message_from_bytes(open(glob.glob("box/new/*")[-1], "rb").read(), policy=email.policy.default)
for name in sys.argv[1:]:
    print(name + ": " + str(message[name]))
for part in message.walk():
    assert not part.defects, part.defects
    if part.is_multipart():
        continue
    body = part.get_payload(decode=True)
    print(part.get_content_type(), part["Content-Transfer-Encoding"], part.get_filename(), hashlib.sha256(body).hexdigest())
PY
}

send() { try smtptalk "localhost:$SMTP" --from sample@example.com "$@"; }

got() { PYTHONIOENCODING=utf-8 python3 read.py "$@" >parsed || fail "not to be read: $(cat box/new/*)"; }

has() { grep -qxF -e "$1" parsed || fail "not in the message: $1" "$(cat parsed)"; }

# A Maildir keeps lines by LF; what came in base64 has its CRLF still.
hash_of() { sha256sum | cut -d ' ' -f 1; }

@test "subject, body, Cc and Reply-To in UTF-8; Bcc is nowhere" {
	send --to a@example.net --to b@example.net --cc c@example.net --bcc d@example.net \
		--subject 'Grüße aus 日本' --header 'Reply-To: "Jörg X." <j@example.com>' \
		--body $'äöü = gut \n.\n..zwei\nlast'
	exits 0
	says 'RCPT TO:<d@example.net>' 'accepted for 4 of 4 recipients'
	got Subject To Cc Reply-To
	has 'Subject: Grüße aus 日本'
	has 'To: a@example.net, b@example.net'
	has 'Cc: c@example.net'
	has 'Reply-To: "Jörg X." <j@example.com>'
	has "text/plain quoted-printable None $(printf 'äöü = gut \n.\n..zwei\nlast\n' | hash_of)"
	! grep -rq '^To:.*d@example.net\|^Bcc' box/new || fail 'Bcc is told'
}

@test "a body of other letters is base64, long lines are folded, ASCII stays as it is" {
	send --to a@example.net --body "Привет, мир, привет, мир"
	got
	has "text/plain base64 None $(printf 'Привет, мир, привет, мир\r\n' | hash_of)"
	rm box/new/*
	long=$(head -c 3000 /dev/zero | tr '\0' a)
	send --to a@example.net --body "$long"
	got
	has "text/plain quoted-printable None $(printf '%s\n' "$long" | hash_of)"
	rm box/new/*
	send --to a@example.net --body 'plain = text'
	got
	has "text/plain 7bit None $(printf 'plain = text\n' | hash_of)"
}

@test "attachments arrive as they were, by their names and types" {
	head -c 100000 /dev/urandom >'Gr"ün 100%.bin'
	printf 'a\rb\n.\n\0' >t.txt
	: >empty:a.pdf
	send --to a@example.net --attach 'Gr"ün 100%.bin' --attach t.txt --attach t.txt:image/png --attach empty:a.pdf
	exits 0
	got
	has "application/octet-stream base64 Gr\"ün 100%.bin $(hash_of <'Gr"ün 100%.bin')"
	has "text/plain base64 t.txt $(hash_of <t.txt)"
	has "image/png base64 t.txt $(hash_of <t.txt)"
	has "application/pdf base64 empty:a.pdf $(hash_of </dev/null)"
}

@test "what cannot be sent is refused before anything is" {
	send --to a@example.net --attach nowhere.bin
	exits 3
	says 'nowhere.bin'
	says_not 'MAIL FROM'
	: >a
	send --to a@example.net --attach a:message/rfc822
	exits 3
	send --to a@example.net --attach a --header 'Content-Type: text/html'
	exits 3
	send --to a@example.net --header $'X\xc3\xa4: y'
	exits 3
	send --to a@example.net --subject $'a\nBcc: x@y'
	exits 3
	send --attach a
	exits 3
	complains 'at least one --to'
}

@test "subjects in Chinese and Japanese charsets, a seventh of their characters" {
	mkdir -p cjk/new
	python3 - cjk/new >wanted <<-'PY'
		import base64, sys
		number = 0
		for charset in "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc-jp", "iso-2022-jp":
		    known = []
		    for c in map(chr, range(0x4e00, 0x9fa6)):
		        try:
		            if c.encode(charset)[0] != 0x8f: # JIS X 0212 in EUC-JP, which musl has not
		                known.append(c)
		        except UnicodeEncodeError:
		            pass
		    known = known[::7]
		    for at in range(0, len(known), 60):
		        text = "".join(known[at:at + 60])
		        number += 1
		        with open("%s/%05d" % (sys.argv[1], number), "w") as f:
		            f.write("Subject: =?%s?B?%s?=\n\n" % (charset, base64.b64encode(text.encode(charset)).decode()))
		        sys.stdout.buffer.write(text.encode() + b"\n")
	PY
	[ "$(wc -l <wanted)" -gt 150 ]
	kill "$SINK_PID"
	sink --pop3 0 --maildir cjk --user sample:password
	try pop3talk "localhost:$POP3" --tls none -u sample --pass-file pass --list --max 1000 --json
	exits 0
	sed -n 's/^{"type":"message".*"subject":"\([^"]*\)".*/\1/p' out >listed
	cmp wanted listed
}
