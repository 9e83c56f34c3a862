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
	# SIZE is what goes out
	[ "$(sed -n 's/.* SIZE=\([0-9]*\).*/\1/p' out)" -eq "$(sed -n 's/^C: (message, \([0-9]*\) bytes) .*/\1/p' out)" ]
}

@test "a large attachment is never held in memory; from a pipe its size is not known" {
	head -c 6000000 /dev/urandom >large.bin
	MEMORY_KB=4096
	send --to a@example.net --attach large.bin
	exits 0
	got
	has "application/octet-stream base64 large.bin $(hash_of <large.bin)"
	mkfifo pipe.txt
	rm box/new/*
	cat large.bin >pipe.txt 3>&- &
	send --to a@example.net --attach pipe.txt
	exits 0
	says_not 'SIZE='
	got
	has "text/plain base64 pipe.txt $(hash_of <large.bin)"
}

@test "what cannot be sent is refused before anything is" {
	send --to a@example.net --attach nowhere.bin
	exits 3
	says 'nowhere.bin'
	says_not 'MAIL FROM'
	send --to a@example.net --attach box
	exits 3
	says 'box: Is a directory'
	says_not 'MAIL FROM'
	for file in nowhere.eml box; do
		send --to a@example.net --data "$file"
		exits 3
		says "UNKNOWN local" "$file: "
		says_not 'MAIL FROM'
	done
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
		    if charset == "gb18030":
		        known += map(chr, range(0x1f300, 0x1f650, 3)) # four octets each
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

@test "messages of any content are what Python's parser makes of them" {
	mkdir -p box/new
	cat >many.py <<'PY'
import email, email.header, email.policy, glob, os, random, subprocess, sys
r = random.Random(7)
letters = ["abc XYZ.,;:!?()<>[]\"\\'@/=_-", "äöüßÄÖÜéèñ ", "Привет мир ", "日本語の本文 ", "🙂\u200d\u0301 "]

def text(most, alphabets):
    return "".join(r.choice(r.choice(alphabets)) for _ in range(r.randint(1, most)))

def word(most):
    return text(most, r.sample(letters, r.randint(1, len(letters)))).strip() or "x"

def body():
    ends = ["\n", "\r\n", "\n\n", "\n.\n", "\n..\n", " \n", "\t\n", "\nFrom x\n", "\n--=_\n"]
    lines = r.randint(0, 12)
    made = "".join(word(r.choice([3, 40, 200, 1200])) + r.choice(ends) for _ in range(lines))
    return made + r.choice(["", word(30), ".", "="])

def lines_of(value):
    made = value.replace("\r\n", "\n").replace("\r", "\n")
    return made if made.endswith("\n") or not made else made + "\n"

for number in range(40):
    subject, name = word(r.choice([5, 60, 200])), "".join(c for c in word(30) if c not in letters[0][7:]) or "x"
    said, files = body(), []
    command = ["smtptalk", "-q", "127.0.0.1:" + sys.argv[1], "--from", "a@example.com", "--to", "b@example.net",
               "--cc", "c@example.net", "--subject", subject, "--body", said, "--header", "Reply-To: " + name + " <d@example.com>"]
    for _ in range(r.choice([0, 0, 1, 3])):
        path = "".join(r.choice("ab ü日%'()&") for _ in range(r.randint(1, 12))).strip() or "f"
        path = "%s-%d.%s" % (path, len(files), r.choice(["bin", "txt", "pdf", "png"]))
        content = r.randbytes(r.choice([0, 1, 56, 57, 58, 24575, 24576, 24577, 32768, 65537]))
        open(path, "wb").write(content)
        files.append((path, content))
        command += ["--attach", path]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    assert run.returncode == 0, (command, run)
    file = glob.glob("box/new/*")[0]
    raw = open(file, "rb").read()
    os.unlink(file)
    head = raw[raw.index(b"\nDate: ") : raw.index(b"\n\n")] # what is ours
    assert all(len(line) <= (76 if b"=?" in line else 998) for line in head.split(b"\n")), head
    assert all(octet < 128 for octet in raw), raw
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert all(not part.defects for part in message.walk())
    assert str(message["Subject"]) == subject, (str(message["Subject"]), subject)
    # the new interface puts a blank between the words of a name (Python 3.11)
    who = str(email.header.make_header(email.header.decode_header(email.message_from_bytes(raw)["Reply-To"])))
    assert who.split() == (name + " <d@example.com>").split(), (who, name)
    assert message["Reply-To"].addresses[0].addr_spec == "d@example.com"
    assert message["To"].addresses[0].addr_spec == "b@example.net" and message["Cc"].addresses[0].addr_spec == "c@example.net"
    assert message["Message-ID"] and message["Date"].datetime and message["Auto-Submitted"] == "auto-generated"
    parts = [part for part in message.walk() if not part.is_multipart()]
    got = parts[0].get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")
    assert got == lines_of(said), (got, said)
    assert [(p.get_filename(), p.get_payload(decode=True)) for p in parts[1:]] == files, files
PY
	python3 many.py "$SMTP" >parsed 2>&1 || fail "$(tail -c 3000 parsed)"
}
