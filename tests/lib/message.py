# message - is a delivered message, to an independent parser, what was sent?
# SPDX-License-Identifier: MIT
#
# usage: python3 message.py FILE SUBJECT TEXT-FILE ATTACHED-FILE...
import email
import email.policy
import os
import sys

path, subject, text, *attached = sys.argv[1:]


def octets(name):
    with open(name, "rb") as f:
        return f.read()


message = email.message_from_bytes(octets(path), policy=email.policy.default)
found = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
# the message's last line has an end, whether the text had one or not
sent = octets(text).rstrip(b"\n")
got = message.get_body(("plain",)).get_content().encode().replace(b"\r\n", b"\n").rstrip(b"\n")
faults = [repr(defect) for part in message.walk() for defect in part.defects]
if message["Subject"] != subject:
    faults.append(f"subject: {message['Subject']!r}")
if got != sent:
    faults.append(f"text: {got!r}")
if sorted(found) != sorted(os.path.basename(name) for name in attached):
    faults.append(f"attachments: {sorted(found)}")
faults += [f"{name} differs" for name in attached if found.get(os.path.basename(name)) != octets(name)]
if faults:
    sys.exit("\n".join(faults))
