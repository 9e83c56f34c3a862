#!/usr/bin/env python3
# policy - a policy server (Postfix SMTPD_POLICY_README) that greylists: once "later", then yes
# SPDX-License-Identifier: MIT
#
# usage: policy.py DIRECTORY     listens at DIRECTORY/policy until it is ended
import os
import socketserver
import sys

SEEN = set()


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        request = {}
        for line in self.rfile:
            key, _, value = line.decode().rstrip("\n").partition("=")
            if key:
                request[key] = value
                continue
            triplet = request["client_address"], request["sender"], request["recipient"]
            action = "DUNNO" if triplet in SEEN else "DEFER_IF_PERMIT Greylisted, come again"
            SEEN.add(triplet)
            self.wfile.write(f"action={action}\n\n".encode())
            request = {}


os.chdir(sys.argv[1])  # the whole path may be too long for a socket's
if os.path.exists("policy"):
    os.unlink("policy")
with socketserver.ThreadingUnixStreamServer("policy", Policy) as server:
    os.chmod("policy", 0o666)
    server.daemon_threads = True
    server.serve_forever()
